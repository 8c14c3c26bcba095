//! `motif models`, and how a model's name becomes a loaded encoder.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::Path;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use motif::Error;
use motif::hub::{self, Step, fetch::Hub};
use motif::model::{
    DeviceChoice, Encoder, EncoderOptions, ModelError, ModelFiles, ModelResult, SequenceClassifier, bundled,
};
use serde_json::json;

use super::arguments::{ModelArguments, ModelsAction, ModelsArguments};
use super::{Outcome, french, installed, logging, print, print_json, say};

/// Loads a model by name: `bundled`, a folder in the Hugging Face layout, or the id of a model in the hub's cache.
pub(crate) fn load(name: &str, device: &str) -> Result<Encoder> {
    let device: DeviceChoice = device.parse()?;
    named(name, Encoder::load(&files(name)?, EncoderOptions { device, ..EncoderOptions::default() }))
}

/// Loads the model of `--model`, the bundled one by default.
pub(crate) fn load_chosen(arguments: &ModelArguments) -> Result<Encoder> {
    load(name_of(arguments), device_of(arguments))
}

/// The model of `--model`.
pub(crate) fn name_of(arguments: &ModelArguments) -> &str {
    arguments.model.as_deref().unwrap_or("bundled")
}

/// The device of `--device`.
pub(crate) fn device_of(arguments: &ModelArguments) -> &str {
    arguments.device.as_deref().unwrap_or("auto")
}

/// Loads what gives the sentiment by name; `None` when the encoder is the bundled model too, whose own head gives it in
/// the same pass.
pub(crate) fn load_classifier(name: &str, encoder: &str, device: &str) -> Result<Option<SequenceClassifier>> {
    if is_bundled(name) && is_bundled(encoder) {
        return Ok(None);
    }
    let device: DeviceChoice = device.parse()?;
    let options = EncoderOptions { device, ..EncoderOptions::default() };
    named(name, SequenceClassifier::load(&files(name)?, options)).map(Some)
}

/// Says of which model an error is: a run may load two, and a file inside a model names neither.
pub(super) fn named<T>(name: &str, loaded: ModelResult<T>) -> Result<T> {
    loaded.map_err(|error| match error {
        // Its place is in the message.
        ModelError::MissingFiles { .. } => error.into(),
        error => match Error::from(error) {
            Error::Model { reason, .. } => Error::Model { name: name.to_owned(), reason }.into(),
            other => other.into(),
        },
    })
}

/// Opens a model of the cache; an error names it as it was asked for.
fn opened(name: &str, local: &hub::Local) -> Result<ModelFiles> {
    local.open().map_err(|error| match error {
        Error::Model { reason, .. } => Error::Model { name: name.to_owned(), reason }.into(),
        other => other.into(),
    })
}

/// Refuses labels that no model was named for: they would change nothing.
pub(crate) fn check_labels(sentiment_model: Option<&str>, has_labels: bool) -> Result<()> {
    if has_labels && sentiment_model.is_none() {
        return Err(Error::usage(
            "sentiment labels are given, and no sentiment model that has them; name it with --sentiment-model",
        )
        .into());
    }
    Ok(())
}

/// `LABEL_0=negative` to the mapping of a classifier's labels.
pub(crate) fn label_mapping(pairs: &[String]) -> Result<BTreeMap<String, String>> {
    pairs
        .iter()
        .map(|pair| match pair.split_once('=') {
            Some((label, class)) => Ok((label.trim().to_owned(), class.trim().to_owned())),
            None => Err(Error::usage(format!("--sentiment-labels {pair}: write LABEL=negative")).into()),
        })
        .collect()
}

fn is_bundled(name: &str) -> bool {
    name == "bundled" || name == bundled::NAME
}

fn files(name: &str) -> Result<ModelFiles> {
    if is_bundled(name) {
        return Ok(bundled::files()?);
    }
    if Path::new(name).is_dir() {
        return named(name, ModelFiles::open(name));
    }
    let mut tried = vec![name.to_owned()];
    if let Some(cache) = hub::cache_folder() {
        if let Some(local) = hub::find(&cache, name)? {
            return opened(name, &local);
        }
        tried.push(cache.display().to_string());
    }
    let wanted = name.replacen('@', " --revision ", 1);
    Err(Error::Model {
        name: name.to_owned(),
        reason: format!(
            "not found; tried {}. Give `bundled`, a folder in the Hugging Face layout, or the id of a fetched model \
             (`motif models fetch {wanted}`); a run never downloads",
            tried.join(", ")
        ),
    }
    .into())
}

/// Lists, fetches or verifies models.
pub(crate) fn run(arguments: &ModelsArguments, quiet: bool) -> Result<Outcome> {
    match &arguments.action {
        ModelsAction::List { json } => list(*json),
        ModelsAction::Fetch { id, revision, json } => fetch(id, revision, *json, quiet),
        ModelsAction::Verify { model, json } => verify(model.as_deref().unwrap_or("bundled"), *json, quiet),
    }
}

fn list(is_json: bool) -> Result<Outcome> {
    let models = installed::all(hub::cache_folder().as_deref())?;
    if is_json {
        let told = models.iter().map(|model| {
            let mut told = model.json();
            if let Some(hash) = model.hash() {
                told["hash"] = json!(hash);
            }
            told
        });
        print_json(&told.collect::<Vec<_>>())?;
        return Ok(Outcome::Done);
    }
    for model in &models {
        print(&model.line(french::language()))?;
        if let Some(problem) = &model.problem {
            logging::warning_of(problem);
        }
    }
    Ok(Outcome::Done)
}

fn fetch(id: &str, revision: &str, is_json: bool, quiet: bool) -> Result<Outcome> {
    let mut bar = ProgressBar::hidden();
    let is_shown = !quiet && std::io::stderr().is_terminal() && !logging::is_json();
    let fetched = hub::fetch(&Hub::from_environment()?, id, revision, &mut |step| match step {
        Step::File { name, bytes, resumed } => {
            bar.finish_and_clear();
            if is_shown {
                bar = ProgressBar::new(bytes.unwrap_or_default());
                // The template is a constant; a wrong one would show in the first fetch.
                let left = super::progress::beside_bar("left");
                let template = format!("{{msg}} {{bar:30}} {{bytes}}/{{total_bytes}}, {{eta}} {left}");
                if let Ok(style) = ProgressStyle::with_template(&template) {
                    bar.set_style(style);
                }
                bar.set_message(name.to_owned());
            }
            bar.set_position(resumed);
        }
        Step::Bytes(bytes) => bar.inc(bytes),
        Step::Retry(reason) => bar.suspend(|| logging::warning(&format!("{reason}; trying again"))),
        Step::Done => bar.finish_and_clear(),
    });
    bar.finish_and_clear();
    let fetched = fetched?;
    let name = if revision == "main" { id.to_owned() } else { format!("{id}@{revision}") };
    // Said now rather than at the first run: a model of another kind was fetched whole and is of no use here.
    let usage = usage(&fetched.folder);
    if let Err(error) = &usage {
        logging::warning(&format!("{name} cannot be used: {error}"));
    }
    if fetched.unchecked > 0 {
        logging::warning(&format!(
            "{} files came without a checksum from {}: only their sizes could be compared",
            fetched.unchecked, fetched.record.endpoint
        ));
    }
    if is_json {
        print_json(&json!({
            "name": name, "place": fetched.folder, "downloaded": fetched.downloaded, "without_checksum": fetched.unchecked,
            "record": fetched.record,
        }))?;
    } else {
        say(
            quiet,
            &format!(
                "{id} at commit {}: {} files verified, {} of them downloaded now, in {}",
                fetched.record.commit,
                fetched.record.files.len(),
                fetched.downloaded,
                fetched.folder.display()
            ),
        );
        if let Ok(option) = usage {
            say(quiet, &format!("use it with {option} {name}"));
        }
    }
    Ok(Outcome::Done)
}

/// The option that takes a model: it is loaded once, as a run would, to tell.
///
/// # Errors
/// Why it can serve as nothing.
fn usage(folder: &Path) -> ModelResult<&'static str> {
    let files = ModelFiles::open(folder)?;
    let config: serde_json::Value =
        files.get("config.json").and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default();
    let mut kinds = config["architectures"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
    if kinds.any(|kind| kind.ends_with("ForSequenceClassification")) {
        return SequenceClassifier::load(&files, EncoderOptions::default()).map(|_| "--sentiment-model");
    }
    Encoder::load(&files, EncoderOptions::default()).map(|_| "--model")
}

fn verify(name: &str, is_json: bool, quiet: bool) -> Result<Outcome> {
    let fetched = match hub::cache_folder() {
        Some(cache) if !is_bundled(name) && !Path::new(name).is_dir() => hub::find(&cache, name)?,
        _ => None,
    };
    let (files, checked) = match &fetched {
        Some(local) => {
            let checked = local.verify()?;
            (opened(name, local)?, checked)
        }
        None => {
            let files = files(name)?;
            let checked = files.verify()?;
            (files, checked)
        }
    };
    if is_json {
        print_json(
            &json!({"name": name, "place": files.place(), "hash": files.model_hash(), "files_verified": checked}),
        )?;
    } else if checked == 0 {
        say(quiet, &format!("{name}: no checksums to compare with; it was not fetched by this program"));
    } else {
        say(quiet, &format!("{name}: {checked} files agree with their recorded checksums"));
    }
    Ok(Outcome::Done)
}
