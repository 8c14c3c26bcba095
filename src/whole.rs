//! Small files that are whole or not there.

use std::path::Path;

use crate::error::{Error, Result};

/// Writes a small file beside its place and moves it there, so that a program that is cut short leaves what was there before.
///
/// # Errors
/// The file cannot be written or renamed.
pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    let beside = path.with_extension("part");
    std::fs::write(&beside, content).map_err(|error| Error::io("write", &beside, error))?;
    std::fs::rename(&beside, path).map_err(|error| Error::io("rename", &beside, error))
}
