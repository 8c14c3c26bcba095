//! `motif models`, and how a model's name becomes a loaded encoder.

use std::path::{Path, PathBuf};

use anyhow::Result;
use motif::Error;
use motif::model::{DeviceChoice, Encoder, EncoderOptions, ModelFiles, bundled};
use serde_json::json;

use super::arguments::{ModelArguments, ModelsAction, ModelsArguments};
use super::{Outcome, print, print_json, say};

/// Loads a model by name: `bundled`, a folder in the Hugging Face layout, or the id of a model in the hub's cache.
pub(crate) fn load(name: &str, device: &str) -> Result<Encoder> {
    let device: DeviceChoice = device.parse()?;
    Ok(Encoder::load(&files(name)?, EncoderOptions { device, ..EncoderOptions::default() })?)
}

/// Loads the model of `--model`, the bundled one by default.
pub(crate) fn load_chosen(arguments: &ModelArguments) -> Result<Encoder> {
    load(arguments.model.as_deref().unwrap_or("bundled"), arguments.device.as_deref().unwrap_or("auto"))
}

fn is_bundled(name: &str) -> bool {
    name == "bundled" || name == bundled::NAME
}

fn files(name: &str) -> Result<ModelFiles> {
    if is_bundled(name) {
        return Ok(bundled::files()?);
    }
    if Path::new(name).is_dir() {
        return Ok(ModelFiles::open(name)?);
    }
    let mut tried = vec![PathBuf::from(name)];
    if let Some(cache) = hub_cache() {
        let model = cache.join(format!("models--{}", name.replace('/', "--")));
        let revision = std::fs::read_to_string(model.join("refs/main")).unwrap_or_default();
        let snapshot = model.join("snapshots").join(revision.trim());
        if !revision.trim().is_empty() && snapshot.is_dir() {
            return Ok(ModelFiles::open(snapshot)?);
        }
        tried.push(model);
    }
    let tried: Vec<String> = tried.iter().map(|path| path.display().to_string()).collect();
    Err(Error::Model {
        name: name.to_owned(),
        reason: format!(
            "not found; tried {}. Give `bundled`, a folder in the Hugging Face layout, or the id of a model in the hub's cache; a run never downloads",
            tried.join(" and ")
        ),
    }
    .into())
}

/// Folder of the Hugging Face hub's cache, as its own tools find it.
fn hub_cache() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("HF_HUB_CACHE")
        .or_else(|| variable("HF_HOME").map(|home| home.join("hub")))
        .or_else(|| variable("HOME").map(|home| home.join(".cache/huggingface/hub")))
}

/// Lists or verifies models.
pub(crate) fn run(arguments: &ModelsArguments, quiet: bool) -> Result<Outcome> {
    match &arguments.action {
        ModelsAction::List { json } => list(*json),
        ModelsAction::Verify { model, json } => verify(model.as_deref().unwrap_or("bundled"), *json, quiet),
    }
}

fn list(is_json: bool) -> Result<Outcome> {
    let mut models = vec![json!({"name": bundled::NAME, "place": "bundled", "hash": bundled::files()?.model_hash()})];
    if let Some(entries) = hub_cache().and_then(|cache| std::fs::read_dir(cache).ok()) {
        let mut names: Vec<String> = entries
            .flatten()
            .filter_map(|entry| Some(entry.file_name().to_str()?.strip_prefix("models--")?.replace("--", "/")))
            .collect();
        names.sort();
        for name in names {
            if let Ok(files) = files(&name) {
                models.push(json!({"name": name, "place": files.place(), "hash": files.model_hash()}));
            }
        }
    }
    if is_json {
        print_json(&models)?;
    } else {
        for model in &models {
            let text = |key: &str| model[key].as_str().unwrap_or_default().to_owned();
            print(&format!("{:<32}{:.12}  {}\n", text("name"), text("hash"), text("place")))?;
        }
    }
    Ok(Outcome::Done)
}

fn verify(name: &str, is_json: bool, quiet: bool) -> Result<Outcome> {
    let files = files(name)?;
    let checked = files.verify()?;
    if is_json {
        print_json(
            &json!({"name": name, "place": files.place(), "hash": files.model_hash(), "files_verified": checked}),
        )?;
    } else {
        say(quiet, &format!("{name}: {checked} files agree with the manifest"));
    }
    Ok(Outcome::Done)
}
