//! Labelled contacts on disk, between the pass that makes them and the pass that writes them in order.
//!
//! Tables are ordered by customer and time, inputs are not; keeping every contact in memory to sort them would bound
//! the size of the input. So they go to one file as they come, and are read back by place.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::positional::read_at;

/// Where a record stands in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    offset: u64,
    length: u32,
}

/// The file being filled.
#[derive(Debug)]
pub struct Spill {
    path: PathBuf,
    out: BufWriter<File>,
    offset: u64,
}

impl Spill {
    /// Creates the file.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).map_err(|e| Error::io("write", path, e))?;
        Ok(Self { path: path.to_path_buf(), out: BufWriter::with_capacity(1 << 20, file), offset: 0 })
    }

    /// The bytes of a record; apart from [`Self::push`] so that threads can make them.
    ///
    /// # Errors
    /// The record cannot be written as bytes.
    pub fn bytes_of<T: Serialize>(record: &T) -> Result<Vec<u8>> {
        postcard::to_stdvec(record).map_err(|_| Error::bug("a contact could not be set aside"))
    }

    /// Adds a record.
    ///
    /// # Errors
    /// The disk is full.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Place> {
        self.out.write_all(bytes).map_err(|e| Error::io("write", &self.path, e))?;
        let place = Place { offset: self.offset, length: bytes.len() as u32 };
        self.offset += bytes.len() as u64;
        Ok(place)
    }

    /// Ends writing.
    ///
    /// # Errors
    /// The disk is full, or the file cannot be read back.
    pub fn finish(mut self) -> Result<Spilled> {
        self.out.flush().map_err(|e| Error::io("write", &self.path, e))?;
        let file = File::open(&self.path).map_err(|e| Error::io("read", &self.path, e))?;
        Ok(Spilled { path: self.path, file })
    }
}

/// The file, filled. It is deleted when dropped.
#[derive(Debug)]
pub struct Spilled {
    path: PathBuf,
    file: File,
}

impl Spilled {
    /// Reads a record back; several threads may do so at once.
    ///
    /// # Errors
    /// The file was touched.
    pub fn get<T: DeserializeOwned>(&self, place: Place) -> Result<T> {
        let mut bytes = vec![0; place.length as usize];
        read_at(&self.file, &mut bytes, place.offset).map_err(|e| Error::io("read", &self.path, e))?;
        postcard::from_bytes(&bytes).map_err(|_| Error::bug("a contact that was set aside cannot be read back"))
    }
}

impl Drop for Spilled {
    fn drop(&mut self) {
        // The staging folder that holds it is removed with the run; failing here loses nothing.
        let _ = std::fs::remove_file(&self.path);
    }
}
