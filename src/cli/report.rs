//! `motif report`: makes the report of a finished run again.

use anyhow::Result;
use motif::Error;
use motif::evaluate::Columns;
use motif::evaluate::run::evaluate;
use motif::report::{ReportInput, render};

use super::arguments::ReportArguments;
use super::{Outcome, print_json, say};

/// Writes `report.html` beside its name and renames it.
pub(crate) fn run(arguments: &ReportArguments, quiet: bool) -> Result<Outcome> {
    let settings = super::run::settings(&arguments.config, |_| {})?;
    let mut input = ReportInput::from_output(&arguments.output)?;
    if let Some(gold) = &arguments.gold {
        input = input.corrected_by(&evaluate(&arguments.output, gold, &Columns::default())?);
        if input.corrected.is_empty() {
            return Err(Error::file(
                gold,
                "no row labels a contact of this run (avoidable, avoidable_lenient or sentiment)",
                "fill in the file that `motif sample` draws from this output folder",
            )
            .into());
        }
    }
    let html = render(&input, &settings.options.report)?;
    let (beside, place) = (arguments.output.join("report.html.part"), arguments.output.join("report.html"));
    std::fs::write(&beside, html).map_err(|e| Error::io("write", &beside, e))?;
    std::fs::rename(&beside, &place).map_err(|e| Error::io("rename", &beside, e))?;
    if arguments.config.json {
        print_json(&serde_json::json!({"report": place}))?;
    } else {
        say(quiet, &format!("wrote {}", place.display()));
    }
    Ok(Outcome::Done)
}
