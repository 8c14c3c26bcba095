//! The output folder: one run at a time, written beside and swapped in, so that Ctrl-C, a crash or a power cut leaves
//! either the previous output or the new one.
//!
//! Everything is written under `.motif-new/`. When it is complete a marker file is added to it; from then on the swap
//! is rolled forward by whoever comes next: each entry replaces the one of the same name, and the marker goes last.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

const STAGING: &str = ".motif-new";
const MARKER: &str = "COMPLETE";
const LOCK: &str = ".motif-lock";

/// Empty file that is there when the tables belong together; gone while a run replaces them.
const SUCCESS: &str = "_SUCCESS";

/// The names that a run replaces; `cache/` and files of the user stay.
const ENTRIES: [&str; 11] = [
    "contacts",
    "turns",
    "spans",
    "links",
    "episodes",
    "kpi",
    "faq_gaps",
    "faq_articles",
    "rejects.jsonl",
    "report.html",
    "run.json",
];

/// An output folder held by this run.
#[derive(Debug)]
pub struct Output {
    dir: PathBuf,
    _lock: File,
}

impl Output {
    /// Makes the folder, takes its lock, finishes a swap that was cut short and clears what an unfinished run left.
    ///
    /// # Errors
    /// The folder cannot be made, or another run holds it.
    pub fn open(dir: &Path) -> Result<Self> {
        std::fs::create_dir_all(dir).map_err(|e| Error::io("create", dir, e))?;
        let lock_path = dir.join(LOCK);
        let lock = File::create(&lock_path).map_err(|e| Error::io("write", &lock_path, e))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::usage(format!(
                    "another run is writing to {}; wait for it, or choose another folder with --output",
                    dir.display()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", &lock_path, error)),
        }
        let output = Self { dir: dir.to_path_buf(), _lock: lock };
        if output.staging().join(MARKER).exists() {
            output.swap()?;
        }
        remove(&output.staging())?;
        Ok(output)
    }

    /// The folder itself.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the run writes; made when first asked for.
    pub fn staging(&self) -> PathBuf {
        self.dir.join(STAGING)
    }

    /// The folder of the vectors.
    pub fn cache(&self) -> PathBuf {
        self.dir.join("cache")
    }

    /// Swaps the finished run in.
    ///
    /// # Errors
    /// An entry cannot be renamed; the next run goes on from there.
    pub fn commit(&self) -> Result<()> {
        let marker = self.staging().join(MARKER);
        let file = File::create(&marker).map_err(|e| Error::io("write", &marker, e))?;
        file.sync_all().map_err(|e| Error::io("write", &marker, e))?;
        self.swap()?;
        remove(&self.staging())
    }

    fn swap(&self) -> Result<()> {
        let success = self.dir.join(SUCCESS);
        remove(&success)?;
        for name in ENTRIES {
            let (new, place) = (self.staging().join(name), self.dir.join(name));
            // An entry that is no longer in staging was swapped before the swap was cut short.
            if new.exists() {
                remove(&place)?;
                std::fs::rename(&new, &place).map_err(|e| Error::io("rename", &new, e))?;
            }
        }
        File::create(&success).map_err(|e| Error::io("write", &success, e))?;
        Ok(())
    }
}

fn remove(path: &Path) -> Result<()> {
    let result = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match result {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", path, error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn an_unfinished_run_leaves_the_previous_output() {
        let dir = tempfile::tempdir().unwrap();
        write(&dir.path().join("turns/part-0000.parquet"), "old");
        write(&dir.path().join(STAGING).join("turns/part-0000.parquet"), "half");
        let output = Output::open(dir.path()).unwrap();
        assert!(!output.staging().exists());
        assert_eq!(std::fs::read_to_string(dir.path().join("turns/part-0000.parquet")).unwrap(), "old");
    }

    #[test]
    fn a_swap_cut_short_is_finished_by_the_next_run() {
        let dir = tempfile::tempdir().unwrap();
        write(&dir.path().join("turns/part-0000.parquet"), "new already");
        write(&dir.path().join("kpi/part-0000.parquet"), "old");
        write(&dir.path().join(STAGING).join("kpi/part-0000.parquet"), "new");
        write(&dir.path().join(STAGING).join(MARKER), "");
        write(&dir.path().join("notes.txt"), "mine");
        Output::open(dir.path()).unwrap();
        assert!(dir.path().join(SUCCESS).exists());
        assert_eq!(std::fs::read_to_string(dir.path().join("kpi/part-0000.parquet")).unwrap(), "new");
        assert_eq!(std::fs::read_to_string(dir.path().join("turns/part-0000.parquet")).unwrap(), "new already");
        assert_eq!(std::fs::read_to_string(dir.path().join("notes.txt")).unwrap(), "mine");
    }

    #[test]
    fn two_runs_do_not_write_to_one_folder() {
        let dir = tempfile::tempdir().unwrap();
        let _held = Output::open(dir.path()).unwrap();
        assert!(Output::open(dir.path()).unwrap_err().to_string().contains("another run"));
    }
}
