//! What made the figures: program, model, settings and files, by their hashes.

use minijinja::{Value, context};

use super::super::format;
use super::super::page::Page;
use crate::error::Result;

/// Characters of a hash that are enough to recognise it; the whole stands in the title of the element.
const HASH_CHARS: usize = 12;

/// Program, model, hashes, thresholds and input files.
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
    Ok(context! {
        facts => facts,
        thresholds => run.thresholds.iter().map(|(name, value)| context! {
            name => name, value => threshold(page, *value),
        }).collect::<Vec<_>>(),
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

/// Hashes and revisions are long runs of hexadecimal digits; everything else stays whole.
fn short(value: &str) -> String {
    let hex = value.strip_prefix("sha256:").unwrap_or(value);
    if hex.len() >= 40 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        format!("{}…", &hex[..HASH_CHARS])
    } else {
        value.to_string()
    }
}

/// Up to three decimals, as few as the value needs.
fn threshold(page: &Page, value: f64) -> String {
    let decimals = (0..3).find(|&decimals| {
        let scale = 10f64.powi(decimals);
        ((value * scale).round() / scale - value).abs() < 1e-9
    });
    format::number(page.language, value, decimals.unwrap_or(3) as usize)
}
