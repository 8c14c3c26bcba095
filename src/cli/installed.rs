//! The models on this machine for `motif models list`: name, size, revision and place, told by file names, sizes and records.
//!
//! For people nothing large is read: to hash the weights in a folder of large models takes minutes, and a list is no check. Scripts
//! get the hash too, by which `run.json` names a model. What the files
//! hold is compared with their checksums by `motif models verify`, and by whatever loads a model.

use std::fs;
use std::path::Path;

use anyhow::Result;
use motif::Error;
use motif::hub::{self, Local};
use motif::model::family::Config;
use motif::model::{ModelError, ModelFiles, ModelResult, bundled};
use motif::report::Language;
use serde_json::{Value, json};

/// The list of files that ships with the bundled model, with its sizes: the bytes themselves would be hashed as they are opened.
const BUNDLED: &str = include_str!("../../models/motif-small-fr-en/manifest.json");

/// Where the bundled model is: inside the program.
const BUNDLED_PLACE: &str = "bundled";

/// Characters of a revision that tell it from others.
const REVISION_CHARS: usize = 12;

/// One model.
#[derive(Debug, Default)]
pub(crate) struct Installed {
    /// As `--model` takes it.
    name: String,
    /// Its folder.
    place: String,
    /// Bytes of all its files.
    bytes: u64,
    /// The revision that was asked for.
    revision: Option<String>,
    /// The commit that it stands for.
    commit: Option<String>,
    /// Why it cannot be loaded, as far as names and sizes tell.
    pub(crate) problem: Option<anyhow::Error>,
}

/// The bundled model, then those of the cache, by name.
///
/// # Errors
/// A bug in the bundled model.
pub(crate) fn all(cache: Option<&Path>) -> Result<Vec<Installed>> {
    let mut models = vec![of_bundled()?];
    for name in cache.map(hub::names).unwrap_or_default() {
        models.extend(cache.and_then(|cache| of_cache(cache, &name)));
    }
    Ok(models)
}

fn of_bundled() -> Result<Installed> {
    let manifest: Value = serde_json::from_str(BUNDLED).map_err(|_| Error::bug("the manifest of the bundled model"))?;
    let files = manifest["files"].as_object().into_iter().flatten();
    Ok(Installed {
        name: bundled::NAME.to_owned(),
        place: BUNDLED_PLACE.to_owned(),
        bytes: files.filter_map(|(_, file)| file["bytes"].as_u64()).sum(),
        revision: manifest["revision"].as_str().map(str::to_owned),
        ..Installed::default()
    })
}

/// `None` for what is none of ours: models of other kinds that other tools brought.
fn of_cache(cache: &Path, name: &str) -> Option<Installed> {
    let local = match hub::find(cache, name) {
        Ok(found) => found?,
        Err(error) => {
            let place = cache.display().to_string();
            return Some(Installed {
                name: name.to_owned(),
                place,
                problem: Some(error.into()),
                ..Installed::default()
            });
        }
    };
    let problem = match (usable(&local.folder), &local.record) {
        (Err(_), None) => return None,
        (Err(error), Some(_)) => super::models::named::<()>(name, Err(error)).err(),
        (Ok(()), _) => changed(&local),
    };
    let commit = || local.folder.file_name()?.to_str().map(str::to_owned);
    Some(Installed {
        name: name.to_owned(),
        place: local.folder.display().to_string(),
        bytes: size_of(&local.folder),
        revision: local.record.as_ref().map(|record| record.revision.clone()),
        commit: local.record.as_ref().map(|record| record.commit.clone()).or_else(commit),
        problem,
    })
}

/// Whether the files are there that a model needs, and its configuration is one that can be loaded.
fn usable(folder: &Path) -> ModelResult<()> {
    let needed = ["config.json", "tokenizer.json", "model.safetensors"];
    let missing = needed.into_iter().filter(|file| !folder.join(file).is_file()).map(str::to_owned);
    let missing: Vec<String> = missing.collect();
    if !missing.is_empty() {
        return Err(ModelError::MissingFiles { place: folder.display().to_string(), missing });
    }
    let path = folder.join("config.json");
    let config = fs::read(&path).map_err(|source| ModelError::Io { path, source })?;
    Config::from_json(&config).map(drop)
}

/// What of a fetched model is gone or of another size than when it was fetched.
fn changed(local: &Local) -> Option<anyhow::Error> {
    let record = local.record.as_ref()?;
    let reason = record.files.iter().find_map(|(file, recorded)| {
        let (id, wanted) = (&record.id, recorded.bytes);
        match fs::metadata(local.folder.join(file)) {
            Ok(found) if found.len() == wanted => None,
            Ok(found) => Some(format!(
                "{file} holds {} bytes, {wanted} were fetched; run `motif models fetch {id}` again",
                found.len()
            )),
            Err(_) => Some(format!("{file} was fetched and is gone; run `motif models fetch {id}` again")),
        }
    })?;
    Some(Error::Model { name: record.id.clone(), reason }.into())
}

/// Bytes of the files under a folder; the hub's tools keep links there to files that lie elsewhere.
fn size_of(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => size_of(&entry.path()),
            _ => fs::metadata(entry.path()).map_or(0, |file| if file.is_file() { file.len() } else { 0 }),
        })
        .sum()
}

impl Installed {
    /// As JSON: what is not known is absent.
    pub(crate) fn json(&self) -> Value {
        let mut model = json!({"name": self.name, "place": self.place, "bytes": self.bytes});
        let problem = self.problem.as_ref().map(ToString::to_string);
        for (key, value) in [("revision", &self.revision), ("commit", &self.commit), ("problem", &problem)] {
            if let Some(value) = value {
                model[key] = json!(value);
            }
        }
        model
    }

    /// Identity of the model, as `run.json` has it; `None` when it cannot be loaded. Reads the whole model.
    pub(crate) fn hash(&self) -> Option<String> {
        if self.problem.is_some() {
            return None;
        }
        let files = if self.place == BUNDLED_PLACE { bundled::files() } else { ModelFiles::open(&self.place) };
        files.ok().map(|files| files.model_hash().to_owned())
    }

    /// One line for people.
    pub(crate) fn line(&self, language: Language) -> String {
        let revision = self.commit.as_ref().or(self.revision.as_ref()).map_or("", String::as_str);
        let revision: String = revision.chars().take(REVISION_CHARS).collect();
        format!(
            "{:<47} {:>9}  {revision:<REVISION_CHARS$}  {}\n",
            self.name,
            readable(self.bytes, language),
            self.place
        )
    }
}

/// A size in decimal units, as shops and file managers have it.
fn readable(bytes: u64, language: Language) -> String {
    let (value, unit) = match bytes {
        1_000_000_000.. => (bytes as f64 / 1e9, 'G'),
        _ => (bytes as f64 / 1e6, 'M'),
    };
    let text = format!("{value:.1} {unit}");
    match language {
        Language::French => format!("{}o", text.replace('.', ",")),
        Language::English => format!("{text}B"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use motif::hub::{FileRecord, Record};

    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
    /// More weights than anybody wants to have read for a list.
    const LARGE: u64 = 1 << 30;

    /// A model in a cache, with weights of [`LARGE`] bytes that take no place, and what a fetch would have recorded of it.
    fn model(cache: &Path, id: &str, family: &str, is_fetched: bool) -> PathBuf {
        let model = hub::model_folder(cache, id);
        let folder = model.join("snapshots").join(COMMIT);
        for place in [&folder, &model.join("refs"), &model.join("motif")] {
            fs::create_dir_all(place).unwrap();
        }
        fs::write(model.join("refs/main"), COMMIT).unwrap();
        let small = fs::read_to_string("models/motif-small-fr-en/config.json").unwrap();
        let config = small.replacen("\"bert\"", &format!("\"{family}\""), 1);
        fs::write(folder.join("config.json"), &config).unwrap();
        fs::write(folder.join("tokenizer.json"), "{}").unwrap();
        fs::File::create(folder.join("model.safetensors")).unwrap().set_len(LARGE).unwrap();
        if is_fetched {
            let file = |bytes: u64| FileRecord { sha256: "of other bytes".to_owned(), bytes };
            let files = BTreeMap::from([
                ("config.json".to_owned(), file(config.len() as u64)),
                ("tokenizer.json".to_owned(), file(2)),
                ("model.safetensors".to_owned(), file(LARGE)),
            ]);
            let record = Record {
                id: id.to_owned(),
                revision: "main".to_owned(),
                commit: COMMIT.to_owned(),
                endpoint: "https://hub".to_owned(),
                files,
            };
            fs::write(model.join(format!("motif/{COMMIT}.json")), serde_json::to_vec(&record).unwrap()).unwrap();
        }
        folder
    }

    #[test]
    fn a_large_model_is_listed_by_its_size_without_its_weights_being_read() {
        let cache = tempfile::tempdir().unwrap();
        model(cache.path(), "org/large", "bert", true);
        model(cache.path(), "org/others", "bert", false);
        model(cache.path(), "org/speech", "whisper", false);
        let models: Vec<Value> = all(Some(cache.path())).unwrap().iter().map(Installed::json).collect();
        let names: Vec<&str> = models.iter().map(|model| model["name"].as_str().unwrap()).collect();
        assert_eq!(names, [bundled::NAME, "org/large", "org/others"], "another kind is none of ours");
        for model in &models[1..] {
            assert!(model["bytes"].as_u64().unwrap() > LARGE && model["commit"] == COMMIT, "{model}");
            // The checksums of the record are wrong, which only a look at the bytes would tell.
            assert!(model["problem"].is_null() && model["hash"].is_null(), "{model}");
        }
        assert_eq!((&models[1]["revision"], &models[2]["revision"]), (&json!("main"), &Value::Null));
    }

    #[test]
    fn a_fetched_model_that_lost_a_part_is_listed_with_what_to_do() {
        let cache = tempfile::tempdir().unwrap();
        let folder = model(cache.path(), "org/large", "bert", true);
        let problem = || {
            let models = all(Some(cache.path())).unwrap();
            models[1].json()["problem"].as_str().map(str::to_owned).unwrap_or_default()
        };
        let again = "run `motif models fetch org/large` again";
        fs::write(folder.join("tokenizer.json"), "{").unwrap();
        assert_eq!(problem(), format!("model org/large: tokenizer.json holds 1 bytes, 2 were fetched; {again}"));
        fs::write(folder.join("tokenizer.json"), "{}").unwrap();
        fs::remove_file(folder.join("model.safetensors")).unwrap();
        assert!(problem().contains("missing model.safetensors"), "{}", problem());
        fs::write(folder.join("../../motif").join(format!("{COMMIT}.json")), "half a rec").unwrap();
        assert!(problem().contains("the record of a fetched model is damaged"), "{}", problem());
    }

    #[test]
    fn the_bundled_model_has_the_size_and_the_revision_of_its_manifest() {
        let own = &all(None).unwrap()[0];
        let bytes: u64 = ["config.json", "tokenizer.json", "model.safetensors"]
            .iter()
            .map(|file| fs::metadata(format!("models/{}/{file}", bundled::NAME)).unwrap().len())
            .sum();
        assert!(own.bytes >= bytes && own.revision.is_some(), "{own:?}");
        assert_eq!(own.hash().as_deref(), Some(bundled::files().unwrap().model_hash()));
        let line = own.line(Language::French);
        assert!(line.starts_with(bundled::NAME) && line.contains(" Mo  ") && line.ends_with("bundled\n"), "{line}");
    }

    #[test]
    fn sizes_are_told_in_the_units_of_the_language() {
        assert_eq!(readable(27_077_643, Language::English), "27.1 MB");
        assert_eq!(readable(27_077_643, Language::French), "27,1 Mo");
        assert_eq!(readable(1_340_000_000, Language::French), "1,3 Go");
        assert_eq!(readable(0, Language::English), "0.0 MB");
    }
}
