//! What each figure means, and how far the data can be trusted.

use std::collections::BTreeMap;

use minijinja::{Value, context};

use super::super::format::{self, DASH};
use super::super::page::Page;
use super::super::tally::Share;
use super::super::view::{KpiValue, UNKNOWN};
use crate::error::Result;

/// Definitions with their values, counts that must add up, and what is missing.
pub(super) fn section(page: &Page) -> Result<Value> {
    let (run, missing) = (&page.input.run, &page.input.completeness);
    let counts = &run.counts;
    let counted = page.input.total.contacts;
    let gap = |key: &str, n: u64| -> Result<Value> {
        Ok(context! {
            label => page.text(&format!("gap_{key}"), &[])?,
            n => page.count(n),
            share => page.percent(Share::new(n, counted).rate(), counted),
        })
    };
    Ok(context! {
        kpis => kpis(page)?,
        missing_kpis => run.labels.missing_kpis.iter().map(|(kpi, columns)| Ok(context! {
            name => kpi_title(page, kpi), columns => columns.clone(), left_out => page.left_out(kpi)?,
        })).collect::<Result<Vec<_>>>()?,
        balance => context! {
            records => page.count(counts.records),
            contacts => page.count(counts.contacts),
            rejects => page.count(counts.rejects),
            is_balanced => counts.records == counts.contacts + counts.rejects,
        },
        counted => page.html("quality_counted", &[
            ("counted", page.count(counted)), ("rows", page.count(missing.rows)),
        ])?,
        is_merged => missing.rows != counts.contacts,
        gaps => vec![
            gap("customer", missing.no_customer)?,
            gap("channel", missing.no_channel)?,
            gap("words", missing.no_words)?,
            gap("cost", missing.no_cost)?,
            gap("end", missing.derived_end)?,
        ],
        rejects => listed(page, "reject", &counts.by_reject_code),
        kinds => listed(page, "kind", &counts.by_record_kind),
        languages => listed(page, "language", &counts.by_language),
        flags => listed(page, "flag", &counts.by_flag),
        redactions => listed(page, "redaction", &run.redactions),
    })
}

/// Counts by name, largest first.
fn listed(page: &Page, prefix: &str, counts: &BTreeMap<String, u64>) -> Vec<Value> {
    let mut counts: Vec<_> = counts.iter().filter(|(_, n)| **n > 0).collect();
    counts.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
    counts
        .into_iter()
        .map(|(id, n)| {
            let key = if id == UNKNOWN { "unknown" } else { id.as_str() };
            let name = page.phrase(&format!("{prefix}_{key}")).unwrap_or(id);
            context! { id => id, name => name, n => page.count(*n) }
        })
        .collect()
}

fn kpi_title(page: &Page, name: &str) -> String {
    let title = page.input.run.labels.kpis.get(name).map(|kpi| kpi.title.get(page.language)).unwrap_or_default();
    if title.is_empty() { name.to_string() } else { title.to_string() }
}

/// The catalogue with the value of each KPI over everything.
fn kpis(page: &Page) -> Result<Vec<Value>> {
    let own = page.phrase("source_own").unwrap_or_default();
    let labels = &page.input.run.labels.kpis;
    let mut names: Vec<&String> = labels.keys().chain(page.input.kpis.keys()).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .map(|name| {
            let label = labels.get(name).cloned().unwrap_or_default();
            let value = page.input.kpis.get(name);
            Ok(context! {
                id => name,
                title => kpi_title(page, name),
                definition => label.definition.get(page.language),
                numerator => label.numerator.get(page.language),
                denominator => label.denominator.get(page.language),
                source => match label.source.get(page.language) {
                    "" => own,
                    source => source,
                },
                unit => &label.unit,
                value => value.map_or_else(|| DASH.to_string(), |it| in_unit(page, it.value, it, &label.unit)),
                interval => value.map_or_else(String::new, |it| range(page, it, &label.unit)),
                n => value.map_or_else(String::new, |it| page.count(it.n)),
                scale => scale(page, name)?,
                left_out => page.left_out(name)?,
            })
        })
        .collect()
}

/// The scale of a mean of survey answers, and which end of it is good where that is not plain; empty for other KPIs.
fn scale(page: &Page, kpi: &str) -> Result<String> {
    let run = &page.input.run;
    let (question, key) = match (kpi, run.ces_high_means.as_str()) {
        ("csat_mean", _) => ("csat_scale", "scale"),
        ("ces_mean", "ease") => ("ces_scale", "scale_ease"),
        ("ces_mean", "effort") => ("ces_scale", "scale_effort"),
        _ => return Ok(String::new()),
    };
    let Some([low, high]) = run.scales.get(question) else { return Ok(String::new()) };
    let places = [("low", low), ("high", high)].map(|(name, end)| (name, format::shortest(page.language, *end)));
    page.text(key, &places)
}

/// A value in its unit of the catalogue: share, eur, s, count or score.
fn in_unit(page: &Page, value: Option<f64>, kpi: &KpiValue, unit: &str) -> String {
    let Some(value) = value else { return DASH.to_string() };
    match unit {
        "share" => page.percent(Some(value), kpi.n),
        "eur" => format::euros(page.language, value),
        "s" => format!("{}\u{a0}s", format::number(page.language, value, 0)),
        "count" => format::number(page.language, value, 0),
        _ => format::number(page.language, value, 1),
    }
}

fn range(page: &Page, kpi: &KpiValue, unit: &str) -> String {
    let (Some(lo), Some(hi)) = (kpi.lo, kpi.hi) else { return String::new() };
    match unit {
        "share" => format::percent_range(page.language, lo, hi, format::decimals_for(kpi.n)),
        "eur" => format::euro_range(page.language, lo, hi),
        _ => format!("{} – {}", in_unit(page, Some(lo), kpi, unit), in_unit(page, Some(hi), kpi, unit)),
    }
}
