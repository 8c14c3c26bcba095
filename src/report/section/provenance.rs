//! What made the figures: program, model, settings and files, by their hashes.

use minijinja::{Value, context};

use super::super::format;
use super::super::page::Page;
use crate::config::options::CostOptions;
use crate::error::Result;

/// Characters of a hash that are enough to recognise it; the whole stands in the title of the element.
const HASH_CHARS: usize = 12;

/// What a contact may cost, in the order of the list: channels, then the kind of contact that overrides them.
const COSTS: [&str; 8] = ["phone", "email", "chat", "sms", "social", "web_form", "bot", "complex"];

/// Program, model, hashes, thresholds, cost ranges and input files.
pub(super) fn section(page: &Page) -> Result<Value> {
    let run = &page.input.run;
    let mut facts = Vec::new();
    let mut fact = |key: &str, value: &str| -> Result<()> {
        if !value.is_empty() {
            facts.push(
                context! { label => page.text(&format!("fact_{key}"), &[])?, value => short(value), full => value },
            );
        }
        Ok(())
    };
    fact("version", &run.version)?;
    fact("as_of", &run.as_of)?;
    fact("time_zone", &run.time_zone)?;
    for (key, value) in &run.model {
        fact(&format!("model_{key}"), value)?;
    }
    fact("config_hash", &run.config_hash)?;
    fact("taxonomy_hash", &run.taxonomy_hash)?;
    fact("criteria_hash", &run.criteria_hash)?;
    fact("articles_hash", &run.articles_hash)?;
    Ok(context! {
        facts => facts,
        thresholds => run.thresholds.iter().map(|(name, value)| context! {
            name => page.named("threshold", name), value => format::shortest(page.language, *value),
        }).collect::<Vec<_>>(),
        costs => costs(page)?,
        inputs => run.inputs.iter().map(|input| context! {
            file => &input.file,
            hash => short(&input.sha256),
            full => &input.sha256,
            records => page.count(input.records),
            contacts => page.count(input.contacts),
            rejects => page.count(input.rejects),
            has_rejects => input.rejects > 0,
        }).collect::<Vec<_>>(),
    })
}

/// The ranges behind every cost of the report, and which of them nobody set.
fn costs(page: &Page) -> Result<Value> {
    let shipped = serde_json::to_value(CostOptions::default()).unwrap_or_default();
    let is_default = |key: &str, range: [f64; 2]| serde_json::to_value(range).is_ok_and(|range| range == shipped[key]);
    let rows: Vec<(&str, [f64; 2])> =
        COSTS.into_iter().filter_map(|key| Some((key, *page.input.run.costs.get(key)?))).collect();
    let defaults = rows.iter().filter(|(key, range)| is_default(key, *range)).count();
    let note = match defaults {
        0 => "costs_own",
        defaults if defaults == rows.len() => "costs_default",
        _ => "costs_in_part",
    };
    Ok(context! {
        note => page.text(note, &[])?,
        rows => rows.iter().map(|(key, [low, high])| context! {
            name => if *key == "complex" { page.named("cost", key) } else { page.channel(key) },
            range => format::euro_range(page.language, *low, *high),
            is_marked => defaults < rows.len() && is_default(key, [*low, *high]),
        }).collect::<Vec<_>>(),
    })
}

/// Hashes and revisions are long runs of hexadecimal digits; everything else stays whole.
fn short(value: &str) -> String {
    let hex = value.strip_prefix("sha256:").unwrap_or(value);
    if hex.len() >= 40 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        format!("{}…", &hex[..HASH_CHARS])
    } else {
        value.to_string()
    }
}
