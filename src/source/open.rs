//! Files to decompressed byte streams, hashed as they are read.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;
use std::rc::Rc;

use sha2::{Digest, Sha256};

use super::row::hex;

/// How much of the start is kept to recognise the format.
const HEAD_BYTES: usize = 64 << 10;

/// The raw file: every byte read goes through the hash.
struct RawFile {
    file: File,
    hash: Sha256,
    bytes: u64,
}

/// A shared handle, so that the hash can be finished after the reader on top is gone.
#[derive(Clone)]
pub(crate) struct Raw(Rc<RefCell<RawFile>>);

impl Raw {
    /// Reads what is left and gives the hash of the whole file.
    pub(crate) fn finish(&self) -> io::Result<(String, u64)> {
        let mut raw = self.0.borrow_mut();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match raw.file.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => {
                    raw.hash.update(&buffer[..count]);
                    raw.bytes += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok((hex(&raw.hash.clone().finalize()), raw.bytes))
    }
}

impl Read for Raw {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut raw = self.0.borrow_mut();
        let count = raw.file.read(buffer)?;
        raw.hash.update(&buffer[..count]);
        raw.bytes += count as u64;
        Ok(count)
    }
}

/// Compression of a file, told by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    /// None.
    None,
    /// gzip, several members allowed.
    Gzip,
    /// Zstandard.
    Zstd,
}

/// An opened file.
pub(crate) struct Opened {
    /// Raw file, to finish the hash.
    pub(crate) raw: Raw,
    /// First decompressed bytes.
    pub(crate) head: Vec<u8>,
    /// The whole decompressed stream, head included.
    pub(crate) stream: Box<dyn BufRead>,
    /// How it was compressed.
    pub(crate) compression: Compression,
}

/// Opens a file and reads its head. An error inside the compressed data shows when the stream reaches it.
pub(crate) fn open(path: &Path) -> io::Result<Opened> {
    let raw = Raw(Rc::new(RefCell::new(RawFile { file: File::open(path)?, hash: Sha256::new(), bytes: 0 })));
    let mut buffered = BufReader::with_capacity(HEAD_BYTES, raw.clone());
    let start = buffered.fill_buf()?;
    let compression = if start.starts_with(&[0x1f, 0x8b]) {
        Compression::Gzip
    } else if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        Compression::Zstd
    } else {
        Compression::None
    };
    let mut rest: Box<dyn BufRead> = match compression {
        Compression::None => Box::new(buffered),
        Compression::Gzip => {
            Box::new(BufReader::with_capacity(HEAD_BYTES, flate2::bufread::MultiGzDecoder::new(buffered)))
        }
        Compression::Zstd => {
            Box::new(BufReader::with_capacity(HEAD_BYTES, zstd::stream::read::Decoder::with_buffer(buffered)?))
        }
    };
    let mut head = Vec::new();
    let mut error = None;
    while head.len() < HEAD_BYTES {
        match rest.fill_buf() {
            Ok([]) => break,
            Ok(available) => {
                let count = available.len().min(HEAD_BYTES - head.len());
                head.extend_from_slice(&available[..count]);
                rest.consume(count);
            }
            Err(problem) if problem.kind() == io::ErrorKind::Interrupted => {}
            Err(problem) => {
                error = Some(problem);
                break;
            }
        }
    }
    let stream = Box::new(Replayed { head: Cursor::new(head.clone()), error, rest });
    Ok(Opened { raw, head, stream, compression })
}

/// A file name without the extension of its compression.
pub(crate) fn plain_name(name: &str) -> &str {
    [".gz", ".zst", ".zstd", ".gzip"].iter().find_map(|extension| name.strip_suffix(extension)).unwrap_or(name)
}

/// What `Read` is for a reader that has a buffer anyway.
pub(crate) fn read_buffered(reader: &mut impl BufRead, buffer: &mut [u8]) -> io::Result<usize> {
    let available = reader.fill_buf()?;
    let count = available.len().min(buffer.len());
    buffer[..count].copy_from_slice(&available[..count]);
    reader.consume(count);
    Ok(count)
}

/// The head again, then the error met while reading it if there was one, then the rest.
struct Replayed {
    head: Cursor<Vec<u8>>,
    error: Option<io::Error>,
    rest: Box<dyn BufRead>,
}

impl Read for Replayed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        read_buffered(self, buffer)
    }
}

impl BufRead for Replayed {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if (self.head.position() as usize) < self.head.get_ref().len() {
            return self.head.fill_buf();
        }
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        self.rest.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if (self.head.position() as usize) < self.head.get_ref().len() {
            self.head.consume(amount);
        } else {
            self.rest.consume(amount);
        }
    }
}
