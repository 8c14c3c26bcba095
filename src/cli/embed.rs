//! `motif embed`: texts to embeddings.

use anyhow::Result;

use super::arguments::EmbedArguments;
use super::{Outcome, logging, print_json};

/// Embeds; the counts go to stderr, or to stdout as JSON.
pub(crate) fn run(arguments: &EmbedArguments) -> Result<Outcome> {
    let encoder = super::models::load_chosen(&arguments.model)?;
    let counts = motif::embed::embed(&encoder, &arguments.input, &arguments.output, |_| {})?;
    if arguments.json {
        print_json(&counts)?;
    }
    logging::info(&counts.to_string());
    Ok(Outcome::Done)
}
