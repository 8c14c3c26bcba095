//! Models of the Hugging Face hub: fetched once on demand, then found on disk without any network.
//!
//! `id → folder in the Hugging Face layout`. [`fetch()`] is the only part of the program that opens a connection, and only
//! `motif models fetch` calls it. Files lie where the hub's own tools keep them (`models--ORG--NAME/snapshots/COMMIT`),
//! so that a model fetched by either is found by both; beside them, `motif/COMMIT.json` records what was verified.

mod client;
pub mod fetch;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::model::{ModelError, ModelFiles};

pub use fetch::{Fetched, Step, fetch};

/// What was fetched and verified, as written in `motif/COMMIT.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The model.
    pub id: String,
    /// The revision that was asked for: a branch, a tag or a commit.
    pub revision: String,
    /// The commit that it stood for.
    pub commit: String,
    /// Where it came from.
    pub endpoint: String,
    /// Every file.
    pub files: BTreeMap<String, FileRecord>,
}

/// One file of a [`Record`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Size.
    pub bytes: u64,
}

/// A model of the hub on this machine.
#[derive(Debug, Clone)]
pub struct Local {
    /// Its files.
    pub folder: PathBuf,
    /// What was verified when it was fetched; `None` when other tools brought it.
    pub record: Option<Record>,
}

/// Folder of the hub's cache, as the hub's own tools find it; `None` without a home.
pub fn cache_folder() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("HF_HUB_CACHE").or_else(|| home_folder().map(|home| home.join("hub")))
}

/// `HF_HOME`, or its default.
pub(crate) fn home_folder() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let caches = || variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")));
    variable("HF_HOME").or_else(|| caches().map(|caches| caches.join("huggingface")))
}

/// Folder of one model inside a cache.
pub fn model_folder(cache: &Path, id: &str) -> PathBuf {
    cache.join(format!("models--{}", id.replace('/', "--")))
}

/// Finds `ORG/NAME` (the branch `main`) or `ORG/NAME@REVISION` in a cache; `None` when it was not fetched.
///
/// # Errors
/// The record of a fetched model is damaged.
pub fn find(cache: &Path, name: &str) -> Result<Option<Local>> {
    let (id, revision) = name.split_once('@').unwrap_or((name, "main"));
    if !is_id(id) || !is_revision(revision) {
        return Ok(None);
    }
    let model = model_folder(cache, id);
    let commit = if is_commit(revision) {
        revision.to_ascii_lowercase()
    } else {
        std::fs::read_to_string(model.join("refs").join(revision)).unwrap_or_default().trim().to_owned()
    };
    let folder = model.join("snapshots").join(&commit);
    if commit.is_empty() || !folder.is_dir() {
        return Ok(None);
    }
    let path = record_path(&model, &commit);
    let record = match std::fs::read(&path) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).map_err(|_| {
            Error::file(&path, "the record of a fetched model is damaged", "run `motif models fetch` again")
        })?),
        Err(_) => None,
    };
    Ok(Some(Local { folder, record }))
}

/// Names of the models in a cache, as [`find`] takes them.
pub fn names(cache: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(cache) else { return Vec::new() };
    let mut names = Vec::new();
    for entry in entries.flatten() {
        let Some(id) =
            entry.file_name().to_str().and_then(|name| Some(name.strip_prefix("models--")?.replace("--", "/")))
        else {
            continue;
        };
        let mut named = BTreeSet::new();
        for reference in references(&entry.path().join("refs"), "") {
            named.extend(
                std::fs::read_to_string(entry.path().join("refs").join(&reference))
                    .map(|commit| commit.trim().to_owned()),
            );
            names.push(if reference == "main" { id.clone() } else { format!("{id}@{reference}") });
        }
        // A model that was asked for by its commit has no other name.
        let unnamed = inside(&entry.path().join("snapshots")).into_iter().map(|(commit, _)| commit);
        let unnamed = unnamed.filter(|commit| is_commit(commit) && !named.contains(commit));
        names.extend(unnamed.map(|commit| format!("{id}@{commit}")));
    }
    names.sort();
    names
}

/// Names in a folder, and whether each is a folder.
fn inside(folder: &Path) -> Vec<(String, bool)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path().is_dir()))).collect()
}

/// The references of a model: a branch may have slashes, and lies in folders then.
fn references(folder: &Path, before: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (name, is_folder) in inside(folder).into_iter().filter(|(name, _)| is_revision(name)) {
        let path = format!("{before}{name}");
        if is_folder {
            found.extend(references(&folder.join(&name), &format!("{path}/")));
        } else {
            found.push(path);
        }
    }
    found
}

impl Local {
    /// Opens the files; those that were verified when they were fetched must not have changed since, nor be gone: a model
    /// without its list of modules would load, and say something else.
    ///
    /// # Errors
    /// A file is gone; [`ModelError::Hash`] for the first one that differs, and those of [`ModelFiles::open`].
    pub fn open(&self) -> Result<ModelFiles> {
        let files = ModelFiles::open(&self.folder)?;
        if let Some(record) = &self.record {
            if let Some(gone) = record.files.keys().find(|name| !self.folder.join(name).is_file()) {
                return Err(Error::Model {
                    name: record.id.clone(),
                    reason: format!("{gone} was fetched and is gone; run `motif models fetch {}` again", record.id),
                });
            }
            for (name, found) in files.digests() {
                if let Some(file) = record.files.get(name) {
                    same(name, &file.sha256, found)?;
                }
            }
        }
        Ok(files)
    }

    /// Compares every recorded file with its checksum; gives their number, 0 without a record.
    ///
    /// # Errors
    /// [`ModelError::Hash`] for the first file that differs; a file is gone.
    pub fn verify(&self) -> Result<usize> {
        let Some(record) = &self.record else { return Ok(0) };
        for (name, file) in &record.files {
            let path = self.folder.join(name);
            let found = fetch::sha256_of(&path)?;
            same(name, &file.sha256, &found)?;
        }
        Ok(record.files.len())
    }
}

fn same(name: &str, expected: &str, found: &str) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    let (file, expected, found) = (name.to_owned(), expected.to_owned(), found.to_owned());
    Err(ModelError::Hash { file, expected, found }.into())
}

pub(crate) fn record_path(model: &Path, commit: &str) -> PathBuf {
    model.join("motif").join(format!("{commit}.json"))
}

/// `NAME` or `ORG/NAME`, of the characters that the hub allows; nothing that could leave the cache.
pub(crate) fn is_id(id: &str) -> bool {
    let parts: Vec<&str> = id.split('/').collect();
    let is_part = |part: &&str| {
        !part.is_empty()
            && !part.starts_with('.')
            && !part.contains("--")
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    parts.len() <= 2 && parts.iter().all(is_part)
}

/// A branch (`main`, `feature/x`), tag, reference (`refs/pr/1`) or commit; nothing that could leave the cache.
pub(crate) fn is_revision(revision: &str) -> bool {
    revision.split('/').all(|part| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    })
}

pub(crate) fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.chars().all(|c| c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_the_cache() {
        for good in ["bert-base-uncased", "org/name", "a.b/c_d-1"] {
            assert!(is_id(good), "{good}");
        }
        for bad in ["", "/", "a/b/c", "../x", "a/..", "a b/c", "org/", ".hidden/x", "a--b/c", "C:\\x"] {
            assert!(!is_id(bad), "{bad}");
        }
        for good in ["v1.0", "refs/pr/1", "feature/x"] {
            assert!(is_revision(good), "{good}");
        }
        for bad in ["", "../main", "a/../b", "/main", "main/", "a//b", "C:\\x"] {
            assert!(!is_revision(bad), "{bad}");
        }
    }

    #[test]
    fn a_model_of_another_tool_is_found_by_its_reference() {
        let cache = tempfile::tempdir().unwrap();
        let model = model_folder(cache.path(), "org/name");
        let commit = "a".repeat(40);
        std::fs::create_dir_all(model.join("snapshots").join(&commit)).unwrap();
        std::fs::create_dir_all(model.join("refs")).unwrap();
        assert!(find(cache.path(), "org/name").unwrap().is_none());
        std::fs::write(model.join("refs/main"), &commit).unwrap();
        assert!(find(cache.path(), "org/name").unwrap().unwrap().record.is_none());
        assert!(find(cache.path(), &format!("org/name@{commit}")).unwrap().is_some());
        assert_eq!(names(cache.path()), ["org/name"]);
        assert!(find(cache.path(), &format!("org/name@{}", commit.to_uppercase())).unwrap().is_some());
        // A branch with a slash lies in folders.
        std::fs::create_dir_all(model.join("refs/refs/pr")).unwrap();
        std::fs::write(model.join("refs/refs/pr/1"), &commit).unwrap();
        assert!(find(cache.path(), "org/name@refs/pr/1").unwrap().is_some());
        assert_eq!(names(cache.path()), ["org/name", "org/name@refs/pr/1"]);
        std::fs::remove_dir_all(model.join("refs/refs")).unwrap();
        // Another commit, which no reference names, has its own.
        let other = "b".repeat(40);
        std::fs::create_dir_all(model.join("snapshots").join(&other)).unwrap();
        assert_eq!(names(cache.path()), ["org/name".to_owned(), format!("org/name@{other}")]);
    }

    #[test]
    fn a_recorded_file_that_is_gone_is_missed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), "{}").unwrap();
        std::fs::write(folder.path().join("tokenizer.json"), "{}").unwrap();
        std::fs::write(folder.path().join("model.safetensors"), "").unwrap();
        let file = FileRecord { sha256: String::new(), bytes: 0 };
        let record = Record {
            id: "org/name".into(),
            revision: "main".into(),
            commit: "a".repeat(40),
            endpoint: "https://hub".into(),
            files: BTreeMap::from([("modules.json".to_owned(), file)]),
        };
        let local = Local { folder: folder.path().to_owned(), record: Some(record) };
        let error = local.open().unwrap_err().to_string();
        assert!(error.contains("modules.json was fetched and is gone"), "{error}");
    }
}
