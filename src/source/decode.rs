//! Bytes to text: byte-order marks, UTF-8, UTF-16 and windows-1252.
//!
//! Files whose encoding keeps ASCII bytes (UTF-8, windows-1252) are cut into records first and decoded record by record:
//! a record that is not UTF-8 is windows-1252, unless most of its accents are valid UTF-8, in which case the broken bytes
//! become U+FFFD and the record is flagged. UTF-16 and encodings named in the configuration are converted as a stream.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Longest record or line kept in memory; longer ones are refused as too long.
pub(crate) const MAX_RECORD_BYTES: usize = 256 << 20;

/// The bytes of a file that is one record; `None` where there are more than [`MAX_RECORD_BYTES`].
pub(crate) fn whole(stream: &mut dyn BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let count = stream.take(MAX_RECORD_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok((count <= MAX_RECORD_BYTES).then_some(bytes))
}

/// Decodes one record. The flag tells that bytes were lost.
pub(crate) fn record_text(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (Cow::Borrowed(text), false),
        Err(_) => {
            let (mut valid, mut broken) = (0usize, 0usize);
            for chunk in bytes.utf8_chunks() {
                valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
                broken += usize::from(!chunk.invalid().is_empty());
            }
            if valid > broken {
                (String::from_utf8_lossy(bytes), true)
            } else {
                (WINDOWS_1252.decode_without_bom_handling(bytes).0, false)
            }
        }
    }
}

/// A reader of ASCII-compatible text: passes UTF-8 and windows-1252 through without their mark, converts the rest.
pub(crate) fn text_reader<'a>(reader: Box<dyn BufRead + 'a>, head: &[u8], label: &str) -> Box<dyn BufRead + 'a> {
    let stated = if label == "auto" { None } else { Encoding::for_label(label.trim().as_bytes()) };
    match stated.or_else(|| wide_encoding(head)) {
        None => Box::new(WithoutMark { inner: reader, at_start: true }),
        Some(encoding) if encoding == UTF_8 => Box::new(WithoutMark { inner: reader, at_start: true }),
        Some(encoding) => Box::new(BufReader::with_capacity(
            1 << 16,
            Transcoder {
                inner: reader,
                decoder: encoding.new_decoder_with_bom_removal(),
                output: Vec::new(),
                position: 0,
                done: false,
            },
        )),
    }
}

/// The head of a file as text, for recognising its format.
pub(crate) fn head_text(head: &[u8], label: &str) -> String {
    let stated = if label == "auto" { None } else { Encoding::for_label(label.trim().as_bytes()) };
    match stated.or_else(|| wide_encoding(head)) {
        Some(encoding) if encoding != UTF_8 => encoding.decode(head).0.into_owned(),
        _ => {
            let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
            // The head may end in the middle of a character.
            match std::str::from_utf8(head) {
                Err(error) if error.error_len().is_none() => {
                    String::from_utf8_lossy(&head[..error.valid_up_to()]).into_owned()
                }
                _ => record_text(head).0.into_owned(),
            }
        }
    }
}

/// Whether lines end with a carriage return alone, as one of Excel's forms of CSV for the Macintosh has it.
pub(crate) fn has_bare_returns(head: &[u8]) -> bool {
    wide_encoding(head).is_none() && head.contains(&b'\r') && !head.contains(&b'\n')
}

/// The head with line feeds for its carriage returns, where [`has_bare_returns`] found that they end the lines.
pub(crate) fn head_with_line_feeds(mut head: Vec<u8>, has_bare_returns: bool) -> Vec<u8> {
    if has_bare_returns {
        line_feeds(&mut head);
    }
    head
}

/// The same for the whole text.
pub(crate) fn with_line_feeds<'a>(reader: Box<dyn BufRead + 'a>, has_bare_returns: bool) -> Box<dyn BufRead + 'a> {
    if has_bare_returns { Box::new(BufReader::new(LineFeeds(reader))) } else { reader }
}

fn line_feeds(bytes: &mut [u8]) {
    bytes.iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b'\n');
}

/// Reads line feeds for carriage returns.
struct LineFeeds<R>(R);

impl<R: Read> Read for LineFeeds<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        line_feeds(&mut buffer[..count]);
        Ok(count)
    }
}

/// UTF-16 by its mark, or by zeros in every other byte.
pub(crate) fn wide_encoding(head: &[u8]) -> Option<&'static Encoding> {
    if head.starts_with(&[0xff, 0xfe]) {
        return Some(UTF_16LE);
    }
    if head.starts_with(&[0xfe, 0xff]) {
        return Some(UTF_16BE);
    }
    let sample = &head[..head.len().min(4096) & !1];
    if sample.len() < 8 {
        return None;
    }
    let pairs = sample.len() / 2;
    let zeros = |offset: usize| sample.iter().skip(offset).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    match (even * 100 / pairs, odd * 100 / pairs) {
        (0..=2, 70..) => Some(UTF_16LE),
        (70.., 0..=2) => Some(UTF_16BE),
        _ => None,
    }
}

/// What one line was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineRead {
    /// The end.
    Eof,
    /// A line, with its line break if it has one.
    Line,
    /// A line longer than [`MAX_RECORD_BYTES`]; skipped to its end.
    TooLong,
}

/// Reads one line into `line`, in bounded memory.
pub(crate) fn read_line(reader: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<LineRead> {
    line.clear();
    let mut is_too_long = false;
    loop {
        let available = match reader.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if available.is_empty() {
            return Ok(match (line.is_empty(), is_too_long) {
                (_, true) => LineRead::TooLong,
                (true, false) => LineRead::Eof,
                (false, false) => LineRead::Line,
            });
        }
        let (used, ends) = match available.iter().position(|byte| *byte == b'\n') {
            Some(index) => (index + 1, true),
            None => (available.len(), false),
        };
        if line.len() + used > MAX_RECORD_BYTES {
            is_too_long = true;
            line.clear();
        } else if !is_too_long {
            line.extend_from_slice(&available[..used]);
        }
        reader.consume(used);
        if ends {
            return Ok(if is_too_long { LineRead::TooLong } else { LineRead::Line });
        }
    }
}

/// Drops the UTF-8 byte-order mark.
struct WithoutMark<R> {
    inner: R,
    at_start: bool,
}

impl<R: BufRead> WithoutMark<R> {
    fn skip_mark(&mut self) -> io::Result<()> {
        if self.at_start {
            self.at_start = false;
            // The head was filled in one piece, so the mark is never split.
            if self.inner.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
                self.inner.consume(3);
            }
        }
        Ok(())
    }
}

impl<R: BufRead> Read for WithoutMark<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.skip_mark()?;
        self.inner.read(buffer)
    }
}

impl<R: BufRead> BufRead for WithoutMark<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.skip_mark()?;
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
    }
}

/// Converts a stream to UTF-8.
struct Transcoder<R> {
    inner: R,
    decoder: Decoder,
    output: Vec<u8>,
    position: usize,
    done: bool,
}

impl<R: BufRead> Read for Transcoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.position == self.output.len() && !self.done {
            let input = self.inner.fill_buf()?;
            let last = input.is_empty();
            self.output.resize(1 << 16, 0);
            let (result, read, written, _) = self.decoder.decode_to_utf8(input, &mut self.output, last);
            self.inner.consume(read);
            self.output.truncate(written);
            self.position = 0;
            self.done = last && result == CoderResult::InputEmpty;
        }
        let count = buffer.len().min(self.output.len() - self.position);
        buffer[..count].copy_from_slice(&self.output[self.position..self.position + count]);
        self.position += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(bytes: &[u8], label: &str) -> String {
        let mut text = Vec::new();
        text_reader(Box::new(io::Cursor::new(bytes.to_vec())), bytes, label).read_to_end(&mut text).unwrap();
        record_text(&text).0.into_owned()
    }

    #[test]
    fn the_same_words_come_out_of_every_encoding() {
        let text = "Réclamé ; 12 €\n";
        let mut utf16 = vec![0xff, 0xfe];
        utf16.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        let without_mark: Vec<u8> = text.repeat(3).encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(read_all(text.as_bytes(), "auto"), text);
        assert_eq!(read_all(format!("\u{feff}{text}").as_bytes(), "auto"), text);
        assert_eq!(read_all(&WINDOWS_1252.encode(text).0, "auto"), text);
        assert_eq!(read_all(&utf16, "auto"), text);
        assert_eq!(read_all(&without_mark, "auto"), text.repeat(3));
        assert_eq!(read_all(&WINDOWS_1252.encode(text).0, "windows-1252"), text);
    }

    #[test]
    fn one_broken_byte_does_not_turn_utf8_into_windows_1252() {
        let mut bytes = "été réglé".as_bytes().to_vec();
        bytes.push(0xc3);
        let (text, lossy) = record_text(&bytes);
        assert!(lossy && text.starts_with("été réglé"));
    }
}
