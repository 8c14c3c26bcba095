//! `motif run`: the main job, and the summary that ends it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result};
use motif::config::{self, Settings};
use motif::pipeline::{self, Summary};

use super::arguments::{ConfigArguments, RunArguments};
use super::progress::Bars;
use super::{Outcome, print, print_json, say};

/// Runs the main job.
pub(crate) fn run(arguments: &RunArguments, quiet: bool) -> Result<Outcome> {
    let settings = settings(&arguments.config, |sources| {
        sources.inputs.clone_from(&arguments.input);
        sources.output.clone_from(&arguments.output);
        sources.as_of.clone_from(&arguments.as_of);
        sources.model.clone_from(&arguments.model.model);
        if let Some(device) = &arguments.model.device {
            sources.overrides.push(format!("model.device={device}"));
        }
        let chosen = &arguments.sentiment;
        if let Some(name) = &chosen.sentiment_model {
            sources.overrides.push(format!("model.sentiment={name}"));
        }
        for pair in &chosen.sentiment_labels {
            sources.overrides.push(format!("model.sentiment_labels.{pair}"));
        }
    })?;
    if settings.inputs.is_empty() {
        return Err(motif::Error::usage(
            "nothing to read: name files or folders with --input, or write a motif.toml with `motif init`",
        )
        .into());
    }
    let model = &settings.options.model;
    let encoder = super::models::load(&model.name, &model.device)?;
    let short = |name: &str| match Path::new(name).file_name() {
        Some(file) => file.to_string_lossy().into_owned(),
        None => name.to_owned(),
    };
    let sentiment = match &model.sentiment {
        Some(name) => {
            super::models::load_classifier(name, &model.name, &model.device)?.map(|model| (short(name), model))
        }
        None => None,
    };
    let stop = Arc::new(AtomicBool::new(false));
    let stopper = Arc::clone(&stop);
    ctrlc::set_handler(move || stopper.store(true, Ordering::Relaxed)).context("cannot listen to Ctrl-C")?;
    let bars = Bars::new(quiet);
    let model_name = short(&model.name);
    let context = pipeline::Context { encoder, model_name, sentiment, progress: &bars, stop: &stop };
    let summary = pipeline::run(&settings, context)?;
    if arguments.config.json {
        print_json(&summary)?;
    } else if !quiet {
        print(&text_of(&summary))?;
    }
    if summary.rejects > 0 {
        say(
            quiet || arguments.config.json,
            &format!(
                "{} records were rejected; see {}",
                summary.rejects,
                summary.output.join("rejects.jsonl").display()
            ),
        );
        return Ok(Outcome::DoneWithRejects);
    }
    Ok(Outcome::Done)
}

/// Reads the configuration: the named one, or the `motif.toml` of this folder.
pub(crate) fn settings(arguments: &ConfigArguments, complete: impl FnOnce(&mut config::Sources)) -> Result<Settings> {
    let default = PathBuf::from("motif.toml");
    let mut sources = config::Sources {
        config: arguments.config.clone(),
        overrides: arguments.overrides.clone(),
        ..config::Sources::default()
    };
    complete(&mut sources);
    if sources.config.is_none() && default.exists() {
        sources.config = Some(default);
    }
    Ok(config::read(&sources)?)
}

fn share(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{:.1} %", 100.0 * value))
}

fn euros(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.0} €"))
}

/// The summary for people.
fn text_of(summary: &Summary) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let mut line = |label: &str, value: String| {
        let _ = writeln!(text, "{label:<34}{value}");
    };
    let figure = |name: &str| summary.figures.get(name).copied().unwrap_or_default();
    let rate = |name: &str| {
        let figure = figure(name);
        match (figure.value, figure.lo, figure.hi) {
            (Some(_), Some(lo), Some(hi)) => {
                format!("{}  [{} to {}], n = {}", share(figure.value), share(Some(lo)), share(Some(hi)), figure.n)
            }
            _ => share(figure.value),
        }
    };
    let cost = |name: &str| {
        let figure = figure(name);
        format!("{}  [{} to {}]", euros(figure.value), euros(figure.lo), euros(figure.hi))
    };
    line("Records read", format!("{} = {} contacts + {} rejects", summary.records, summary.contacts, summary.rejects));
    for (code, count) in &summary.by_reject_code {
        line("", format!("{count} × {code}"));
    }
    if summary.kept_contacts > 0 {
        line("Contacts of other periods, kept", summary.kept_contacts.to_string());
    }
    line("Contacts by customers", summary.counted.to_string());
    line("Top reasons", String::new());
    for (_, fr, en, count) in &summary.top_reasons {
        line("", format!("{count:>6}  {fr} / {en}"));
    }
    line("Avoidable, strict", rate("avoidable_rate"));
    line("Avoidable, lenient", rate("avoidable_rate_lenient"));
    line("Repeat within 7 days", rate("repeat_rate_contact_7d"));
    line("First contact resolution", rate("fcr_demand"));
    line("Cost of all contacts", cost("cost_total_eur"));
    line("Cost of avoidable contacts", cost("avoidable_cost_eur"));
    line("Windows encoded in this run", summary.encoded.to_string());
    line("Tables", summary.output.display().to_string());
    line("Report", summary.report.display().to_string());
    text
}
