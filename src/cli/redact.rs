//! `motif redact`: personal data replaced from stdin to stdout, by whole paragraphs; what a labelled line asks for and the
//! next answers is redacted as in a contact.

use std::io::BufWriter;

use anyhow::Result;
use motif::text::redact::{Redactor, redact_stream};

use super::arguments::RedactArguments;
use super::{Outcome, logging, say};

/// Redacts stdin. Placeholders are consistent over the whole stream.
pub(crate) fn run(arguments: &RedactArguments) -> Result<Outcome> {
    let settings = super::run::settings(&arguments.config, |_| {})?;
    let options = &settings.options;
    let redactor = Redactor::new(&options.privacy.patterns)?.serving(&options.input.company_addresses);
    let counts = redact_stream(&redactor, std::io::stdin().lock(), &mut BufWriter::new(std::io::stdout().lock()))?;
    if arguments.config.json {
        say(false, &serde_json::to_string(&counts)?);
    } else if !counts.is_empty() {
        let list: Vec<String> = counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        logging::info(&format!("replaced {}", list.join(", ")));
    }
    Ok(Outcome::Done)
}
