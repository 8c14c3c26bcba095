//! `motif sample`: contacts of a finished run for people to label.

use anyhow::Result;
use motif::evaluate::sample::draw;
use motif::report::Language;
use serde_json::json;

use super::arguments::SampleArguments;
use super::{Outcome, finished, french, print_json, say};

/// Writes the file and says how it was drawn.
pub(crate) fn run(arguments: &SampleArguments, quiet: bool) -> Result<Outcome> {
    let output = finished::folder(arguments.output.as_deref(), &finished::sources(arguments.config.as_deref()))?;
    let sample = draw(&output, arguments.contacts as usize, arguments.seed)?;
    // A French spreadsheet takes commas for decimal marks.
    let delimiter = if french::language() == Language::French { b';' } else { b',' };
    sample.write(&arguments.to, delimiter, arguments.force)?;
    let (drawn, of, path) = (sample.drawn.len(), sample.of, arguments.to.display());
    say(
        quiet || arguments.json,
        &format!("wrote {path}: {drawn} contacts of {of} with a verdict, drawn at random (seed {})", arguments.seed),
    );
    if arguments.json {
        print_json(&json!({"file": arguments.to, "drawn": drawn, "of": of, "seed": arguments.seed}))?;
    }
    Ok(Outcome::Done)
}
