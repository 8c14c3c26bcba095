//! `motif redact`: personal data replaced line by line, from stdin to stdout.

use std::collections::BTreeMap;
use std::io::{BufRead, BufWriter, Write};

use anyhow::{Context as _, Result};
use motif::text::redact::Redactor;

use super::arguments::RedactArguments;
use super::{Outcome, logging, say};

/// Redacts stdin. Placeholders are consistent over the whole stream.
pub(crate) fn run(arguments: &RedactArguments) -> Result<Outcome> {
    let settings = super::run::settings(&arguments.config, |_| {})?;
    let redactor = Redactor::new(&settings.options.privacy.patterns)?;
    let mut session = redactor.session();
    let mut input = std::io::stdin().lock();
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line).context("cannot read standard input")? == 0 {
            break;
        }
        let text = String::from_utf8_lossy(&line);
        let (body, end) = match text.strip_suffix('\n') {
            Some(body) => (body, "\n"),
            None => (&*text, ""),
        };
        let redacted = session.redact(body);
        for (kind, count) in &redacted.counts {
            *counts.entry(kind.clone()).or_insert(0) += u64::from(*count);
        }
        out.write_all(redacted.text.as_bytes())?;
        out.write_all(end.as_bytes())?;
    }
    out.flush()?;
    if arguments.config.json {
        say(false, &serde_json::to_string(&counts)?);
    } else if !counts.is_empty() {
        let list: Vec<String> = counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        logging::info(&format!("replaced {}", list.join(", ")));
    }
    Ok(Outcome::Done)
}
