//! Vectors of windows, remembered across runs.
//!
//! The folder `cache/` of the output holds a sub-folder for the embeddings and one for the logits of each model and kernel
//! class, with append-only segments. A segment is a header followed by records of one fixed size: 16 bytes of the SHA-256
//! of the window's text, then the embedding in half precision or the logits of the heads in single precision. Segments are
//! written beside their name and renamed, so a killed run leaves only whole segments; what it had encoded is found by the
//! next run.
//!
//! Values are rounded to half precision before anyone reads them, so a cached run and a fresh one see the same bits.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use half::f16;
use half::slice::HalfFloatSliceExt;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::positional::read_at;

const MAGIC: &[u8; 8] = b"MOTIFVC2";
const KEY_BYTES: usize = 16;
const HEADER_BYTES: usize = 20;
/// Records after which a segment is closed, so that an interrupted run loses little.
const SEGMENT_RECORDS: usize = 16_384;

/// First 16 bytes of the SHA-256 of a window's text.
pub type Key = u128;

/// Key of a text.
pub fn key_of(text: &str) -> Key {
    let digest = Sha256::digest(text.as_bytes());
    let mut bytes = [0u8; KEY_BYTES];
    bytes.copy_from_slice(&digest[..KEY_BYTES]);
    Key::from_le_bytes(bytes)
}

/// What the model says of one window.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Vector {
    /// L2-normalised embedding, `(hidden,)`, rounded to half precision.
    pub embedding: Vec<f32>,
    /// Sentiment logits in the order of the head's labels; empty when there is no such head or nobody asked it.
    pub sentiment_logits: Vec<f32>,
    /// Emotion logits in the order of the head's labels; empty when there is no such head or nobody asked it.
    pub emotion_logits: Vec<f32>,
}

/// How many numbers a model gives for one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Widths {
    /// Of the embedding.
    pub embedding: usize,
    /// Sentiment labels.
    pub sentiment: usize,
    /// Emotion labels.
    pub emotion: usize,
}

impl Widths {
    fn bytes(self) -> usize {
        self.embedding * 2 + (self.sentiment + self.emotion) * 4
    }

    /// What a segment starts with.
    fn header(self) -> [u8; HEADER_BYTES] {
        let mut header = [0; HEADER_BYTES];
        header[..8].copy_from_slice(MAGIC);
        for (place, width) in [self.embedding, self.sentiment, self.emotion].into_iter().enumerate() {
            header[8 + 4 * place..][..4].copy_from_slice(&(width as u32).to_le_bytes());
        }
        header
    }
}

/// Where a record's value starts.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// Index in `Cache::segments`, or [`PENDING`].
    segment: u32,
    offset: u64,
}

/// The value is still in memory.
const PENDING: u32 = u32::MAX;

/// Windows known for one model. Keys and places are in memory (about 40 bytes a window), values on disk but for those
/// of the segment being filled; without a folder everything stays in memory.
#[derive(Debug)]
pub struct Cache {
    folder: Option<PathBuf>,
    widths: Widths,
    places: HashMap<Key, Place>,
    segments: Vec<File>,
    data: Vec<u8>,
    pending: Vec<Key>,
    next_segment: u32,
}

impl Cache {
    /// Opens the cache of one model under `folder` (`None`: in memory only). Damaged segments are ignored, since
    /// everything in them can be computed again. A cache of no width has nothing to remember: it knows every window, and
    /// touches no file.
    ///
    /// # Errors
    /// The folder cannot be made or listed.
    pub fn open(folder: Option<&Path>, model_key: &str, widths: Widths) -> Result<Self> {
        let folder =
            folder.filter(|_| widths.bytes() > 0).map(|folder| folder.join(&model_key[..model_key.len().min(24)]));
        let mut cache = Self {
            folder,
            widths,
            places: HashMap::new(),
            segments: Vec::new(),
            data: Vec::new(),
            pending: Vec::new(),
            next_segment: 0,
        };
        let Some(folder) = cache.folder.clone() else { return Ok(cache) };
        std::fs::create_dir_all(&folder).map_err(|e| Error::io("create", &folder, e))?;
        let mut segments = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(|e| Error::io("read", &folder, e))? {
            let path = entry.map_err(|e| Error::io("read", &folder, e))?.path();
            let number = path
                .file_name()
                .and_then(|name| name.to_str())
                .and_then(|name| name.strip_prefix("vectors-")?.strip_suffix(".bin")?.parse::<u32>().ok());
            if let Some(number) = number {
                segments.push((number, path));
            }
        }
        segments.sort();
        for (number, path) in segments {
            cache.load(&path)?;
            cache.next_segment = number + 1;
        }
        Ok(cache)
    }

    /// Where it is kept; `None` in memory, and for a cache of no width.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Number of windows known.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether nothing is known yet.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether a window is known.
    pub fn contains(&self, key: Key) -> bool {
        self.widths.bytes() == 0 || self.places.contains_key(&key)
    }

    /// The vector of a window; `None` when it is not known or its segment has become unreadable.
    pub fn get(&self, key: Key) -> Option<Vector> {
        if self.widths.bytes() == 0 {
            return Some(Vector::default());
        }
        let place = *self.places.get(&key)?;
        if place.segment == PENDING {
            let start = place.offset as usize;
            return Some(self.parse(self.data.get(start..start + self.widths.bytes())?));
        }
        let mut record = vec![0; self.widths.bytes()];
        read_at(self.segments.get(place.segment as usize)?, &mut record, place.offset).ok()?;
        Some(self.parse(&record))
    }

    /// The vector that a record holds.
    fn parse(&self, record: &[u8]) -> Vector {
        let (halves, floats) = record.split_at(self.widths.embedding * 2);
        let halves: Vec<f16> = halves.chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]])).collect();
        let embedding = halves.to_f32_vec();
        let mut sentiment_logits: Vec<f32> =
            floats.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        let emotion_logits = sentiment_logits.split_off(self.widths.sentiment);
        Vector { embedding, sentiment_logits, emotion_logits }
    }

    /// Adds a window. Adding a known one changes nothing.
    ///
    /// # Errors
    /// A full segment could not be written.
    pub fn insert(&mut self, key: Key, embedding: &[f32], sentiment: &[f32], emotion: &[f32]) -> Result<()> {
        let widths = Widths { embedding: embedding.len(), sentiment: sentiment.len(), emotion: emotion.len() };
        if widths != self.widths {
            return Err(Error::bug("a vector does not have the model's size"));
        }
        if self.contains(key) {
            return Ok(());
        }
        self.places.insert(key, Place { segment: PENDING, offset: self.data.len() as u64 });
        for value in embedding {
            self.data.extend_from_slice(&f16::from_f32(*value).to_le_bytes());
        }
        for value in sentiment.iter().chain(emotion) {
            self.data.extend_from_slice(&value.to_le_bytes());
        }
        self.pending.push(key);
        if self.pending.len() >= SEGMENT_RECORDS {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what was added since the last segment.
    ///
    /// # Errors
    /// The segment could not be written or renamed.
    pub fn flush(&mut self) -> Result<()> {
        let Some(folder) = &self.folder else {
            // In memory only: the values stay where they are.
            self.pending.clear();
            return Ok(());
        };
        if self.pending.is_empty() {
            return Ok(());
        }
        let target = folder.join(format!("vectors-{:05}.bin", self.next_segment));
        let beside = folder.join(format!("vectors-{:05}.part", self.next_segment));
        let file = File::create(&beside).map_err(|e| Error::io("write", &beside, e))?;
        let mut out = BufWriter::new(file);
        let mut write = |bytes: &[u8]| out.write_all(bytes).map_err(|e| Error::io("write", &beside, e));
        write(&self.widths.header())?;
        let value_bytes = self.widths.bytes();
        for (key, value) in self.pending.iter().zip(self.data.chunks_exact(value_bytes)) {
            write(&key.to_le_bytes())?;
            write(value)?;
        }
        out.flush().map_err(|e| Error::io("write", &beside, e))?;
        drop(out);
        std::fs::rename(&beside, &target).map_err(|e| Error::io("rename", &beside, e))?;
        let segment = self.segments.len() as u32;
        self.segments.push(File::open(&target).map_err(|e| Error::io("read", &target, e))?);
        for (index, key) in self.pending.iter().enumerate() {
            let offset = (HEADER_BYTES + index * (KEY_BYTES + value_bytes) + KEY_BYTES) as u64;
            self.places.insert(*key, Place { segment, offset });
        }
        self.next_segment += 1;
        self.pending.clear();
        self.data.clear();
        Ok(())
    }

    /// Notes the whole records of one segment; a segment of another shape is passed over.
    fn load(&mut self, path: &Path) -> Result<()> {
        let file = File::open(path).map_err(|e| Error::io("read", path, e))?;
        let mut reader = BufReader::with_capacity(1 << 20, &file);
        let mut header = [0u8; HEADER_BYTES];
        if reader.read_exact(&mut header).is_err() || header != self.widths.header() {
            return Ok(());
        }
        let segment = self.segments.len() as u32;
        let mut record = vec![0u8; KEY_BYTES + self.widths.bytes()];
        let mut offset = HEADER_BYTES as u64;
        while reader.read_exact(&mut record).is_ok() {
            let mut key = [0u8; KEY_BYTES];
            key.copy_from_slice(&record[..KEY_BYTES]);
            self.places.entry(Key::from_le_bytes(key)).or_insert(Place { segment, offset: offset + KEY_BYTES as u64 });
            offset += record.len() as u64;
        }
        drop(reader);
        self.segments.push(file);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widths(embedding: usize, sentiment: usize, emotion: usize) -> Widths {
        Widths { embedding, sentiment, emotion }
    }

    #[test]
    fn a_reopened_cache_gives_the_same_bits_and_ignores_a_damaged_segment() {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = Cache::open(Some(folder.path()), "model", widths(3, 2, 1)).unwrap();
        cache.insert(7, &[0.1, 0.2, 0.3], &[1.5, -2.25], &[0.125]).unwrap();
        let fresh = cache.get(7).unwrap();
        assert_eq!(
            (fresh.sentiment_logits.as_slice(), fresh.emotion_logits.as_slice()),
            (&[1.5, -2.25][..], &[0.125][..])
        );
        cache.flush().unwrap();
        std::fs::write(folder.path().join("model/vectors-00009.bin"), b"MOTIFVC2 not a segment").unwrap();
        let cache = Cache::open(Some(folder.path()), "model", widths(3, 2, 1)).unwrap();
        assert_eq!(cache.get(7).unwrap(), fresh);
        assert_eq!(cache.len(), 1);
        assert!(cache.get(8).is_none());
    }

    #[test]
    fn a_model_of_another_size_does_not_read_the_vectors_of_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = Cache::open(Some(folder.path()), "model", widths(3, 0, 2)).unwrap();
        cache.insert(7, &[0.1, 0.2, 0.3], &[], &[1.0, 2.0]).unwrap();
        cache.flush().unwrap();
        assert!(Cache::open(Some(folder.path()), "model", widths(4, 0, 2)).unwrap().is_empty());
        assert!(Cache::open(Some(folder.path()), "model", widths(3, 2, 0)).unwrap().is_empty());
        assert_eq!(Cache::open(Some(folder.path()), "model", widths(3, 0, 2)).unwrap().len(), 1);
    }
}
