//! `motif report`: makes the report of a finished run again.

use std::path::Path;

use anyhow::Result;
use motif::Error;
use motif::config::options::ReportOptions;
use motif::evaluate::Columns;
use motif::evaluate::run::evaluate;
use motif::report::{ReportInput, render};

use super::arguments::{ConfigArguments, ReportArguments};
use super::finished::Finished;
use super::{Outcome, print_json, say};

/// Writes `report.html` beside its name and renames it.
pub(crate) fn run(arguments: &ReportArguments, quiet: bool) -> Result<Outcome> {
    let finished = Finished::of(arguments.output.as_deref(), &super::run::sources(&arguments.config))?;
    // Reading the tables tells which of them another version wrote.
    finished.check(&[])?;
    let output = finished.folder;
    let record = output.join("run.json");
    // Where the output folder is that of the configuration of this folder, its words are the latest.
    let is_ours = arguments.output.is_none() && Path::new("motif.toml").exists();
    let options = options(&arguments.config, &record, is_ours)?;
    let mut input = ReportInput::from_output(&output)?;
    if let Some(gold) = &arguments.gold {
        input = input.corrected_by(&evaluate(&output, gold, &Columns::default())?);
        if input.corrected.is_empty() {
            return Err(Error::file(
                gold,
                "no row labels a contact of this run (avoidable, avoidable_lenient or sentiment)",
                "fill in the file that `motif sample` draws from this output folder",
            )
            .into());
        }
    }
    let html = render(&input, &options)?;
    let (beside, place) = (output.join("report.html.part"), output.join("report.html"));
    std::fs::write(&beside, html).map_err(|e| Error::io("write", &beside, e))?;
    std::fs::rename(&beside, &place).map_err(|e| Error::io("rename", &beside, e))?;
    if arguments.config.json {
        print_json(&serde_json::json!({"report": place}))?;
    } else {
        say(quiet, &format!("wrote {}", place.display()));
    }
    Ok(Outcome::Done)
}

/// Those with which the run made its report, changed by `--set`; those of a configuration when one is named, or stands in this folder
/// and tells where the output is.
fn options(arguments: &ConfigArguments, record: &Path, is_ours: bool) -> Result<ReportOptions> {
    let recorded = if arguments.config.is_some() || is_ours { None } else { recorded(record) };
    let Some(mut options) = recorded else {
        return Ok(super::run::settings(arguments, |_| {})?.options.report);
    };
    if arguments.overrides.is_empty() {
        return Ok(options);
    }
    let set = super::run::settings(arguments, |_| {})?.options.report;
    let keys = arguments.overrides.iter().map(|assignment| assignment.split('=').next().unwrap_or_default().trim());
    for key in keys {
        match key {
            "report" => options = set.clone(),
            "report.title" => options.title.clone_from(&set.title),
            "report.language" => options.language.clone_from(&set.language),
            "report.min_contacts" => options.min_contacts = set.min_contacts,
            // The report has no other keys, and other sections change nothing of a run that is over.
            _ => {}
        }
    }
    Ok(options)
}

/// What `run.json` says of the report; `None` when it says nothing that can be read.
fn recorded(record: &Path) -> Option<ReportOptions> {
    let record: serde_json::Value = serde_json::from_slice(&std::fs::read(record).ok()?).ok()?;
    serde_json::from_value(record["settings"]["report"].clone()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn title_language_and_threshold_are_those_of_the_run_unless_others_are_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let (record, config) = (folder.path().join("run.json"), folder.path().join("other.toml"));
        let ours = r#"{"settings": {"report": {"title": "Ma Boîte", "language": "en", "min_contacts": 10}}}"#;
        std::fs::write(&config, "[report]\ntitle = 'Autre'\n").unwrap();
        let options_of = |record_text: &str, config: Option<&Path>, overrides: &[&str]| {
            std::fs::write(&record, record_text).unwrap();
            let arguments = ConfigArguments {
                config: config.map(Path::to_path_buf),
                overrides: overrides.iter().map(|text| (*text).to_owned()).collect(),
                json: false,
            };
            let options = options(&arguments, &record, false).unwrap();
            (options.title, options.language, options.min_contacts)
        };
        let title = |text: &str| Some(text.to_owned());
        assert_eq!(options_of(ours, None, &[]), (title("Ma Boîte"), "en".to_owned(), 10));
        assert_eq!(options_of(ours, None, &["report.language=fr"]), (title("Ma Boîte"), "fr".to_owned(), 10));
        assert_eq!(options_of(ours, Some(&config), &[]), (title("Autre"), "fr".to_owned(), 5));
        // The record of another version may say nothing; then the configuration does.
        assert_eq!(options_of("{}", Some(&config), &["report.min_contacts=7"]), (title("Autre"), "fr".to_owned(), 7));
    }
}
