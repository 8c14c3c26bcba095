//! Who came back: rates by window and by reason, worst first, across channels, and the longest issues.

use minijinja::{Value, context};

use super::super::format;
use super::super::page::{Page, Rate};
use super::super::tally::{SEVEN_DAYS, Share, Tally, WINDOWS, repeat_kpi};
use super::super::view::{Episode, EpisodeSum, Group, UNKNOWN};
use super::trend;
use crate::error::Result;
use crate::kpi::interval::{Interval, low_of_the_highest};
use crate::label::taxonomy::{OTHER, UNCLEAR};

/// Reasons shown before the rest is folded.
const OPEN_REASONS: usize = 10;

/// Windows, table by reason, channels of the chains, cost, longest issues.
pub(super) fn section(page: &Page) -> Result<Value> {
    let (total, episodes) = (&page.input.total, &page.input.episodes);
    let reasons = ranked(page);
    let max = reasons
        .iter()
        .filter(|(_, tally)| !page.is_small(tally.recontacted[SEVEN_DAYS].known))
        .filter_map(|(id, tally)| followed(page, id, tally, SEVEN_DAYS).interval.map(|(_, hi)| hi))
        .fold(0.2_f64, f64::max);
    let rows: Vec<Value> = reasons.iter().map(|(id, tally)| row(page, id, tally, max)).collect();
    let split = rows.len().min(OPEN_REASONS);
    let lead = match worst(page) {
        Some((reason, rate)) => page.html(
            "repeats_lead",
            &[
                ("reason", page.reason(reason)),
                ("rate", page.percent(rate.value, rate.n)),
                ("interval", page.interval(rate)),
                ("n", page.count(rate.n)),
                ("all", format::rate(page.language, total.recontacted[SEVEN_DAYS])),
            ],
        )?,
        None if page.is_without_customers() => page.html("repeats_unknown", &[])?,
        None => page.html("repeats_none", &[])?,
    };
    let windows = (0..WINDOWS.len())
        .map(|window| {
            Ok(context! {
                label => page.text(&format!("window_{}", WINDOWS[window]), &[])?,
                rate => page.rate_up_to(page.kpi_rate(&repeat_kpi(window), total.recontacted[window]), 0.5),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let silence = match trend::silence(page) {
        Some((first, last)) => page.html(
            "repeats_silence",
            &[("first", format::date(page.language, first)), ("last", format::date(page.language, last))],
        )?,
        None => Value::from(""),
    };
    Ok(context! {
        lead => lead,
        silence => silence,
        windows => windows,
        customers => page.rate_up_to(page.kpi_rate("repeat_rate_customer_7d", page.input.customers), 0.5),
        rows => rows[..split].to_vec(),
        more => rows[split..].to_vec(),
        more_label => page.counted("more_reasons", (rows.len() - split) as u64)?,
        cross_channel => page.rate(episodes.cross_channel),
        cross_channel_text => cross_channel(page)?,
        transitions => transitions(page),
        cost => context! {
            repeat => page.money(page.kpi_cost("repeated_cost_eur", total.repeat_cost)),
            repeated => page.money(episodes.repeated.cost),
            one => page.money(one_contact(page).cost),
            per_one => per_issue(page, one_contact(page)),
            per_repeated => per_issue(page, episodes.repeated),
            one_issues => page.counted("issues", averaged(one_contact(page)))?,
            repeated_issues => page.counted("issues", averaged(episodes.repeated))?,
        },
        longest => episodes.longest.iter().map(|episode| longest(page, episode)).collect::<Result<Vec<_>>>()?,
    })
}

/// The reason after which customers come back most, among those with enough contacts, where chance does not explain that it is above
/// the rate of all; `None` where no reason stands out so.
pub(super) fn worst<'a>(page: &'a Page) -> Option<(&'a str, Rate)> {
    let all = page.input.total.recontacted[SEVEN_DAYS].rate()?;
    let compared: Vec<(&str, Rate)> = ranked(page)
        .into_iter()
        .filter(|(id, tally)| {
            ![OTHER, UNCLEAR, UNKNOWN].contains(id) && !page.is_small(tally.recontacted[SEVEN_DAYS].known)
        })
        .map(|(id, tally)| (id, followed(page, id, tally, SEVEN_DAYS)))
        .collect();
    let groups = compared.len();
    compared.into_iter().find(|(_, rate)| {
        let low = |(value, (lo, hi))| low_of_the_highest(value, Interval { lo, hi }, groups);
        rate.value.zip(rate.interval).is_some_and(|it| low(it) > all)
    })
}

/// How many contacts about a reason are followed by another within a window.
fn followed(page: &Page, reason: &str, tally: &Tally, window: usize) -> Rate {
    page.followed(Group::Reason(reason.to_string()), window, tally)
}

/// Reasons by their rate, worst first; those with few contacts follow.
fn ranked<'a>(page: &'a Page) -> Vec<(&'a str, &'a Tally)> {
    let mut reasons: Vec<(&str, &Tally)> = page
        .input
        .by_reason
        .iter()
        .filter(|(_, tally)| tally.recontacted[SEVEN_DAYS].known > 0)
        .map(|(id, tally)| (id.as_str(), tally))
        .collect();
    reasons.sort_by(|(_, a), (_, b)| {
        let (a, b) = (a.recontacted[SEVEN_DAYS], b.recontacted[SEVEN_DAYS]);
        let rate = |share: Share| share.rate().unwrap_or(0.0);
        let small = |share: Share| page.is_small(share.known);
        small(a).cmp(&small(b)).then(rate(b).total_cmp(&rate(a))).then(b.known.cmp(&a.known))
    });
    reasons
}

fn row(page: &Page, id: &str, tally: &Tally, max: f64) -> Value {
    let rate = |window: usize| page.rate_up_to(followed(page, id, tally, window), max);
    let resolved = page.input.episodes.resolved_by_reason.get(id).copied().unwrap_or_default();
    context! {
        name => page.reason(id),
        group => page.group(id),
        contacts => page.count(tally.contacts),
        is_small => page.is_small(tally.recontacted[SEVEN_DAYS].known),
        windows => (0..WINDOWS.len()).map(rate).collect::<Vec<_>>(),
        week => rate(SEVEN_DAYS),
        customers => page.rate(page.input.customers_by_reason.get(id).copied().unwrap_or_default()),
        fcr => page.rate(page.group_rate(Group::Reason(id.to_string()), "fcr_demand", resolved)),
        cost => page.money(tally.repeat_cost.money()),
    }
}

fn cross_channel(page: &Page) -> Result<Value> {
    let (share, repeated) = (page.input.episodes.cross_channel, page.input.episodes.repeated.episodes);
    let key = match share.known {
        _ if page.is_without_customers() => "cross_channel_unknown",
        0 if repeated == 0 => "cross_channel_none",
        0 => "cross_channel_unknown",
        known if known < repeated => "cross_channel_in_part",
        _ => "cross_channel",
    };
    page.html(
        key,
        &[
            ("issues", page.counted("issues", share.yes)?),
            ("all", page.count(share.known)),
            ("rate", format::rate(page.language, share)),
        ],
    )
}

/// Repeat links between channels: rows are the earlier contact, columns the later.
fn transitions(page: &Page) -> Value {
    let transitions = &page.input.episodes.transitions;
    let mut channels: Vec<&str> = transitions.keys().flat_map(|(from, to)| [from.as_str(), to.as_str()]).collect();
    channels.sort_unstable();
    channels.dedup();
    let contacts = |id: &str| page.input.by_channel.get(id).map_or(0, |tally| tally.contacts);
    channels.sort_by_key(|id| std::cmp::Reverse(contacts(id)));
    let largest = transitions.values().copied().max().unwrap_or(0);
    let rows = channels
        .iter()
        .map(|from| {
            let cells = channels
                .iter()
                .map(|to| {
                    let n = transitions.get(&(from.to_string(), to.to_string())).copied().unwrap_or(0);
                    context! {
                        links => if n > 0 { page.count(n) } else { String::new() },
                        shade => (8.0 * (n as f64 / largest.max(1) as f64).sqrt()).ceil() as u64,
                    }
                })
                .collect::<Vec<_>>();
            context! { name => page.channel(from), cells => cells }
        })
        .collect::<Vec<_>>();
    context! { channels => channels.iter().map(|id| page.channel(id)).collect::<Vec<_>>(), rows => rows }
}

fn one_contact(page: &Page) -> EpisodeSum {
    let (all, repeated) = (page.input.episodes.all, page.input.episodes.repeated);
    let mut sum = EpisodeSum {
        episodes: all.episodes.saturating_sub(repeated.episodes),
        contacts: all.contacts.saturating_sub(repeated.contacts),
        ..all
    };
    sum.cost.low -= repeated.cost.low;
    sum.cost.mid -= repeated.cost.mid;
    sum.cost.high -= repeated.cost.high;
    sum.cost.priced = sum.cost.priced.saturating_sub(repeated.cost.priced);
    sum
}

/// Cost per issue with its range: per issue whose cost is known.
fn per_issue(page: &Page, sum: EpisodeSum) -> Value {
    if !sum.cost.is_priced() {
        return context! { mid => format::DASH, range => "" };
    }
    let per_one = |eur: f64| eur / sum.cost.priced as f64;
    context! {
        mid => format::euros(page.language, per_one(sum.cost.mid_eur())),
        range => format::euro_range(page.language, per_one(sum.cost.low_eur()), per_one(sum.cost.high_eur())),
    }
}

/// Issues behind the cost per issue; all of them where none has a cost.
fn averaged(sum: EpisodeSum) -> u64 {
    if sum.cost.is_priced() { sum.cost.priced } else { sum.episodes }
}

fn longest(page: &Page, episode: &Episode) -> Result<Value> {
    let dates = match (episode.steps.first().and_then(|it| it.day), episode.steps.last().and_then(|it| it.day)) {
        (Some(first), Some(last)) => {
            format!("{} – {}", format::short_date(page.language, first), format::short_date(page.language, last))
        }
        _ => String::new(),
    };
    let steps = episode
        .steps
        .iter()
        .map(|step| {
            context! {
                contact_id => &step.contact_id,
                channel => page.channel(&step.channel),
                day => step.day.map_or_else(String::new, |day| format::short_date(page.language, day)),
                sentiment => &step.sentiment,
                sentiment_name => page.named("sentiment", &step.sentiment),
            }
        })
        .collect::<Vec<_>>();
    Ok(context! {
        reason => page.reason(&episode.reason),
        contacts => page.counted("contacts", episode.contacts)?,
        dates => dates,
        cost => page.money(episode.cost.unwrap_or_default()),
        steps => steps,
    })
}
