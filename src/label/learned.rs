//! What was learnt, remembered across runs.
//!
//! Learning the examples of a taxonomy takes as long as everything else of a run whose windows are known. What was learnt is
//! kept beside the vectors of its model and kernel class, one file for each classifier, with a hash of all that it depends
//! on: another taxonomy, other options or another way of learning find another hash, and learn anew. A file that is damaged
//! is passed over, since everything in it can be learnt again.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::whole;

/// Changes with the code of the fit and with what is kept: what another one learnt is not taken.
const LEARNING: &[u8; 8] = b"MOTIFHD1";

const DIGEST_BYTES: usize = 32;

type Hash = [u8; DIGEST_BYTES];

/// Hash of what a classifier depends on, beside the model and its kernel class.
#[derive(Debug, Clone)]
pub(super) struct Ground(Sha256);

impl Default for Ground {
    fn default() -> Self {
        Self(Sha256::new_with_prefix(LEARNING))
    }
}

impl Ground {
    /// Adds numbers, and how many they are, so that two lists never read like one.
    pub(super) fn add<const N: usize>(&mut self, numbers: impl IntoIterator<Item = [u8; N]>) {
        let bytes: Vec<u8> = numbers.into_iter().flatten().collect();
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }
}

/// The place of what one classifier learns.
#[derive(Debug, Clone)]
pub(super) struct Memory {
    /// `None`: nothing is kept.
    path: Option<PathBuf>,
    ground: Hash,
}

impl Memory {
    /// In `folder`, that of the vectors; `name` tells classifiers apart.
    pub(super) fn new(folder: Option<&Path>, name: &str, ground: Ground) -> Self {
        Self { path: folder.map(|folder| folder.join(format!("{name}.bin"))), ground: ground.0.finalize().into() }
    }

    /// What was learnt from the same ground, if it is here and whole.
    pub(super) fn recall<T: DeserializeOwned>(&self) -> Option<T> {
        let bytes = std::fs::read(self.path.as_ref()?).ok()?;
        let (content, digest) = bytes.split_last_chunk::<DIGEST_BYTES>()?;
        let (ground, learnt) = content.split_first_chunk::<DIGEST_BYTES>()?;
        let is_whole = Hash::from(Sha256::digest(content)) == *digest;
        (is_whole && *ground == self.ground).then(|| postcard::from_bytes(learnt).ok())?
    }

    /// Keeps what was learnt, in place of what was there.
    ///
    /// # Errors
    /// The file could not be written.
    pub(super) fn keep<T: Serialize>(&self, learnt: &T) -> Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let learnt = postcard::to_stdvec(learnt).map_err(|_| Error::bug("a classifier could not be kept"))?;
        let mut content = self.ground.to_vec();
        content.extend(learnt);
        content.extend(Sha256::digest(&content));
        whole::write(path, content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ground(of: &[&str]) -> Ground {
        let mut ground = Ground::default();
        of.iter().for_each(|text| ground.add(text.bytes().map(|byte| [byte])));
        ground
    }

    #[test]
    fn only_what_was_learnt_from_the_same_ground_is_recalled() {
        let folder = tempfile::tempdir().unwrap();
        let memory = |name, of: &[&str]| Memory::new(Some(folder.path()), name, ground(of));
        let learnt = vec![0.1_f32, -2.5];
        memory("reasons", &["late", "damaged"]).keep(&learnt).unwrap();
        let recalled = |name, of: &[&str]| memory(name, of).recall::<Vec<f32>>();
        assert_eq!(recalled("reasons", &["late", "damaged"]), Some(learnt));
        assert_eq!(recalled("reasons", &["late", "damage", "d"]), None, "another cut of the same letters");
        assert_eq!(recalled("reasons", &["damaged", "late"]), None, "another order");
        assert_eq!(recalled("criteria", &["late", "damaged"]), None, "another classifier");
        // The newest takes the place.
        memory("reasons", &["damaged", "late"]).keep(&vec![1.0_f32]).unwrap();
        assert_eq!(recalled("reasons", &["damaged", "late"]), Some(vec![1.0]));
        assert_eq!(recalled("reasons", &["late", "damaged"]), None);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_file_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::new(Some(folder.path()), "reasons", ground(&["late"]));
        memory.keep(&vec![0.5_f32; 100]).unwrap();
        let path = folder.path().join("reasons.bin");
        let whole = std::fs::read(&path).unwrap();
        for cut in [0, 31, 63, whole.len() - 1] {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert_eq!(memory.recall::<Vec<f32>>(), None, "{cut} bytes");
        }
        let mut other = whole.clone();
        other[80] ^= 1;
        std::fs::write(&path, &other).unwrap();
        assert_eq!(memory.recall::<Vec<f32>>(), None, "one bit");
        std::fs::write(&path, &whole).unwrap();
        assert_eq!(memory.recall::<Vec<f32>>(), Some(vec![0.5; 100]));
    }

    #[test]
    fn without_a_folder_nothing_is_kept() {
        let memory = Memory::new(None, "reasons", ground(&["late"]));
        memory.keep(&vec![0.5_f32]).unwrap();
        assert_eq!(memory.recall::<Vec<f32>>(), None);
    }
}
