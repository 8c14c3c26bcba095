//! `motif validate`: all problems of the configuration, the taxonomy and the criteria together.

use anyhow::Result;
use motif::Error;
use motif::error::Problem;
use motif::label::Catalogue;

use super::arguments::ConfigArguments;
use super::{Outcome, print_json, say};

/// Checks; exit code 2 when there is a problem, since a run could not start.
pub(crate) fn run(arguments: &ConfigArguments, quiet: bool) -> Result<Outcome> {
    let mut problems: Vec<Problem> = Vec::new();
    let mut collect = |error: Error| match error {
        Error::Config { problems: found } => {
            problems.extend(found);
            Ok(())
        }
        other => Err(other),
    };
    let settings = match super::run::settings(arguments, |_| {}) {
        Ok(settings) => Some(settings),
        Err(error) => {
            collect(error.downcast::<Error>()?)?;
            None
        }
    };
    let catalogue = match &settings {
        Some(settings) => Catalogue::from_files(settings.reasons.as_deref(), settings.criteria.as_deref()),
        None => Catalogue::shipped(),
    };
    let found = match catalogue {
        Ok(catalogue) => (catalogue.taxonomy.reasons.len(), catalogue.criteria.criteria.len()),
        Err(error) => {
            collect(error)?;
            (0, 0)
        }
    };
    if arguments.json {
        print_json(&serde_json::json!({
            "valid": problems.is_empty(), "problems": problems, "reasons": found.0, "criteria": found.1,
        }))?;
    }
    if problems.is_empty() {
        say(quiet || arguments.json, &format!("valid: {} contact reasons, {} avoidability criteria", found.0, found.1));
        return Ok(Outcome::Done);
    }
    Err(Error::Config { problems }.into())
}
