//! Why customers made contact: volume, avoidability, cost and sentiment by reason, and reason by channel.

use minijinja::{Value, context};

use super::super::chart;
use super::super::format;
use super::super::page::Page;
use super::super::tally::{SEVEN_DAYS, Sentiment, Share, Tally};
use super::super::view::Group;
use crate::error::Result;

/// Reasons shown before the rest is folded.
const OPEN_REASONS: usize = 12;
/// Reasons of the heat map.
const MAP_REASONS: usize = 16;
/// Reasons whose share of the cost the first sentence tells.
const DEAREST: usize = 5;

/// Table of reasons and heat map.
pub(super) fn section(page: &Page) -> Result<Value> {
    let total = &page.input.total;
    let ranked = ranked(page);
    let largest = ranked.iter().map(|(_, tally)| tally.contacts).max().unwrap_or(0);
    let rows: Vec<Value> = ranked.iter().map(|(id, tally)| row(page, id, tally, largest)).collect();
    let split = rows.len().min(OPEN_REASONS);
    let eligible = page.kpi_rate("self_service_eligible_share", self_service(page));
    let held = ranked.iter().take(DEAREST).map(|(_, tally)| tally.cost.mid).sum::<i128>() as f64;
    let lead = page.html(
        if total.cost.is_priced() && ranked.len() > DEAREST { "reasons_lead" } else { "reasons_lead_without_cost" },
        &[
            ("reasons", page.counted("reasons", ranked.len() as u64)?),
            ("share", page.percent(Some(held / (total.cost.mid.max(1) as f64)), total.contacts)),
        ],
    )?;
    Ok(context! {
        lead => lead,
        benchmark => match eligible.value {
            Some(share) => page.html("reasons_benchmark", &[
                ("share", page.percent(Some(share), eligible.n)),
                ("beside", page.beside(eligible)),
            ])?,
            None => Value::from(""),
        },
        rows => rows[..split].to_vec(),
        more => rows[split..].to_vec(),
        more_label => page.counted("more_reasons", (rows.len() - split) as u64)?,
        map => map(page, &ranked)?,
        channels => channels(page),
    })
}

/// Contacts whose reason self-service can answer, of those whose reason says.
fn self_service(page: &Page) -> Share {
    let mut share = Share::default();
    for (id, tally) in &page.input.by_reason {
        if let Some(eligible) = page.input.run.labels.reasons.get(id).and_then(|label| label.is_self_service) {
            share.known += tally.contacts;
            share.yes += if eligible { tally.contacts } else { 0 };
        }
    }
    share
}

/// Reasons, dearest first; by contacts where nothing has a price.
fn ranked<'a>(page: &'a Page) -> Vec<(&'a String, &'a Tally)> {
    let mut reasons: Vec<_> = page.input.by_reason.iter().collect();
    reasons.sort_by_key(|(_, tally)| std::cmp::Reverse((tally.cost.mid, tally.contacts)));
    reasons
}

fn row(page: &Page, id: &str, tally: &Tally, largest: u64) -> Value {
    let label = page.input.run.labels.reasons.get(id);
    context! {
        id => id,
        name => page.reason(id),
        group => page.group(id),
        is_self_service => label.is_some_and(|label| label.is_self_service == Some(true)),
        contacts => page.count(tally.contacts),
        share => page.percent(Share::new(tally.contacts, page.input.total.contacts).rate(), page.input.total.contacts),
        bar => Value::from_safe_string(chart::bar(tally.contacts as f64 / largest.max(1) as f64)),
        is_small => page.is_small(tally.contacts),
        avoidable => page.rate(page.avoidable(Group::Reason(id.to_string()), tally)),
        cost => page.money(tally.cost),
        avoidable_cost => page.money(tally.avoidable_cost.money()),
        sentiment => page.sentiment(tally),
    }
}

/// Contacts and avoidable share per reason and channel, shaded by contacts.
fn map(page: &Page, ranked: &[(&String, &Tally)]) -> Result<Value> {
    let mut reasons: Vec<_> = ranked.to_vec();
    reasons.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.contacts));
    reasons.truncate(MAP_REASONS);
    let mut channels: Vec<_> = page.input.by_channel.iter().collect();
    channels.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.contacts));
    let cell = |reason: &str, channel: &str| {
        page.input.by_reason_channel.get(&(reason.to_string(), channel.to_string())).copied().unwrap_or_default()
    };
    let largest = reasons
        .iter()
        .flat_map(|(reason, _)| channels.iter().map(|(channel, _)| cell(reason, channel).contacts))
        .max()
        .unwrap_or(0);
    let rows = reasons
        .iter()
        .map(|(reason, tally)| {
            let cells = channels
                .iter()
                .map(|(channel, _)| {
                    let cell = cell(reason, channel);
                    context! {
                        contacts => if cell.contacts > 0 { page.count(cell.contacts) } else { String::new() },
                        // Shades 0 to 8; the square root keeps small cells visible.
                        shade => (8.0 * (cell.contacts as f64 / largest.max(1) as f64).sqrt()).ceil() as u64,
                        avoidable => if page.is_small(cell.avoidable.known) || cell.avoidable.known == 0 {
                            String::new()
                        } else {
                            format::rate(page.language, cell.avoidable)
                        },
                    }
                })
                .collect::<Vec<_>>();
            context! { name => page.reason(reason), cells => cells, contacts => page.count(tally.contacts) }
        })
        .collect::<Vec<_>>();
    let left = ranked.len() - reasons.len();
    Ok(context! {
        channels => channels.iter().map(|(id, tally)| context! {
            name => page.channel(id), contacts => page.count(tally.contacts),
        }).collect::<Vec<_>>(),
        rows => rows,
        left => if left > 0 { page.counted("map_left", left as u64)? } else { String::new() },
    })
}

/// Volume, unit cost, repeats and sentiment per channel.
fn channels(page: &Page) -> Vec<Value> {
    let total = &page.input.total;
    let mut channels: Vec<_> = page.input.by_channel.iter().collect();
    channels.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.contacts));
    channels
        .into_iter()
        .map(|(id, tally)| {
            let unit = |value: f64| value / tally.cost.priced.max(1) as f64;
            let (low, mid, high) = (tally.cost.low_eur(), tally.cost.mid_eur(), tally.cost.high_eur());
            context! {
                name => page.channel(id),
                contacts => page.count(tally.contacts),
                share => page.percent(Share::new(tally.contacts, total.contacts).rate(), total.contacts),
                is_small => page.is_small(tally.contacts),
                unit => if tally.cost.is_priced() { format::euros(page.language, unit(mid)) } else { format::DASH.into() },
                unit_range => if tally.cost.is_priced() {
                    format::euro_range(page.language, unit(low), unit(high))
                } else {
                    String::new()
                },
                cost => page.money(tally.cost),
                avoidable => page.rate(page.avoidable(Group::Channel(id.clone()), tally)),
                repeat => page.rate_up_to(page.followed(Group::Channel(id.clone()), SEVEN_DAYS, tally), 0.5),
                negative => page.percent(tally.sentiment_share(Sentiment::Negative).rate(), tally.felt()),
                sentiment => page.sentiment(tally),
            }
        })
        .collect()
}
