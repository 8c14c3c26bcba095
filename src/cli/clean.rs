//! `motif clean FILE.eml`: the parts of an e-mail, as JSON.

use anyhow::Result;
use motif::Error;
use motif::text::eml::clean_eml;

use super::arguments::CleanArguments;
use super::{Outcome, print_json};

/// Prints subject, sender, time, reply, quoted history, signature, disclaimer and kind.
pub(crate) fn run(arguments: &CleanArguments) -> Result<Outcome> {
    let bytes = std::fs::read(&arguments.file).map_err(|e| Error::io("read", &arguments.file, e))?;
    print_json(&clean_eml(&bytes))?;
    Ok(Outcome::Done)
}
