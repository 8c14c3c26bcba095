//! The answer: what happened, what it cost, and what to fix first.

use std::cmp::Reverse;

use minijinja::{Value, context};

use super::super::format;
use super::super::page::Page;
use super::super::tally::{Money, SEVEN_DAYS, Sentiment, Share, Tally};
use super::super::view::{Cause, CauseKey, UNKNOWN};
use crate::error::Result;

/// Causes named in the answer.
const TOP_CAUSES: usize = 3;
/// Survey figures with fewer answers are greyed, unless the run says otherwise.
const MIN_ANSWERS: f64 = 30.0;

/// Title, period and the sentence on what was read.
pub(super) fn head(page: &Page) -> Result<Value> {
    let input = page.input;
    let period = match input.period {
        Some((first, last)) if first == last => format::date(page.language, first),
        Some((first, last)) => {
            format!("{} – {}", format::date(page.language, first), format::date(page.language, last))
        }
        None => String::new(),
    };
    let title = match &page.options.title {
        Some(title) => title.clone(),
        None => page.text("title", &[])?,
    };
    Ok(context! { title => title, period => period })
}

/// The sentence, the figures and the three causes.
pub(super) fn section(page: &Page) -> Result<Value> {
    let total = &page.input.total;
    let strict = page.kpi_rate("avoidable_rate", total.avoidable);
    let cost = page.kpi_cost("avoidable_cost_eur", total.avoidable_cost);
    let answer = match strict.value {
        Some(value) => {
            let places = [
                ("rate", page.percent(Some(value), strict.n)),
                ("beside", page.beside(strict)),
                ("priced", page.counted("contacts", cost.priced)?),
                ("mid", format::cost(page.language, cost)),
                ("range", format::cost_range(page.language, cost)),
            ];
            page.html(answer_key(total, cost), &places)?
        }
        None => page.html("answer_unknown", &[])?,
    };
    Ok(context! {
        answer => answer,
        // One in a hundred is not worth a sentence.
        judged => if (total.contacts - total.avoidable.known) * 100 > total.contacts {
            page.html("answer_judged", &[
                ("judged", page.count(total.avoidable.known)),
                ("contacts", page.count(total.contacts)),
            ])?
        } else {
            Value::from("")
        },
        corrected => corrected(page)?,
        tiles => tiles(page)?,
        causes => top_causes(page).into_iter().enumerate()
            .map(|(index, (key, cause))| top_cause(page, index, key, cause))
            .collect::<Result<Vec<_>>>()?,
    })
}

/// The rate of avoidable contacts as labels correct it, and which way the verdicts are off; empty without labels.
fn corrected(page: &Page) -> Result<Value> {
    let Some((corrected, places)) = page.corrected("avoidable_rate") else { return Ok(Value::from("")) };
    let (lo, hi) = corrected.interval;
    let key = if corrected.said < lo {
        "corrected_few"
    } else if corrected.said > hi {
        "corrected_many"
    } else {
        "corrected_agree"
    };
    page.html(key, &places)
}

/// The sentence that says what the avoidable contacts cost, as far as that is known.
fn answer_key(total: &Tally, avoidable_cost: Money) -> &'static str {
    if !total.cost.is_priced() {
        "answer_without_cost"
    } else if !avoidable_cost.is_priced() {
        "answer_cost_unknown"
    } else if total.avoidable.yes == 0 {
        "answer_none"
    } else if avoidable_cost.priced < total.avoidable.yes {
        "answer_in_part"
    } else {
        "answer"
    }
}

/// Causes with strict evidence. Contacts count up to the least number that can be read, since one dear contact is an accident, not
/// a cause; then come those that a department can take up; then euros decide.
fn top_causes<'a>(page: &'a Page) -> Vec<(&'a CauseKey, &'a Cause)> {
    let mut causes: Vec<_> = page.input.causes.iter().filter(|(_, cause)| cause.tally.avoidable.yes > 0).collect();
    let enough = u64::from(page.options.min_contacts);
    causes.sort_by_key(|(key, Cause { tally, .. })| {
        let has_owner = key.owner != UNKNOWN;
        Reverse((tally.avoidable.yes.min(enough), has_owner, tally.avoidable_cost.money().mid, tally.avoidable.yes))
    });
    causes.truncate(TOP_CAUSES);
    causes
}

fn top_cause(page: &Page, index: usize, key: &CauseKey, cause: &Cause) -> Result<Value> {
    let contacts = cause.tally.avoidable.yes;
    let share = Share::new(contacts, page.input.total.avoidable.yes);
    Ok(context! {
        rank => index + 1,
        criterion => page.criterion(&key.criterion),
        code => &key.criterion,
        reason => page.reason(&key.reason),
        owner => page.owner(&key.owner),
        contacts => page.counted("contacts", contacts)?,
        share => page.text("share_of_avoidable", &[("share", page.percent(share.rate(), share.known))])?,
        cost => page.money(cause.tally.avoidable_cost.money()),
        evidence => super::causes::evidence(&cause.evidence, 1),
        is_small => page.is_small(contacts),
    })
}

fn tiles(page: &Page) -> Result<Vec<Value>> {
    let (input, total) = (page.input, &page.input.total);
    let strict = page.kpi_rate("avoidable_rate", total.avoidable);
    let lenient = page.kpi_rate("avoidable_rate_lenient", total.avoidable_lenient);
    let repeat = page.kpi_rate("repeat_rate_contact_7d", total.recontacted[SEVEN_DAYS]);
    let customers = page.kpi_rate("repeat_rate_customer_7d", input.customers);
    let resolved = page.kpi_rate("fcr_demand", input.episodes.resolved_at_first);
    let lenient_detail = {
        let interval = page.interval(lenient);
        let key = if interval.is_empty() { "tile_lenient_unknown" } else { "tile_lenient" };
        page.html(key, &[("rate", page.percent(lenient.value, lenient.n)), ("interval", interval)])?
    };
    let avoidable_cost = page.kpi_cost("avoidable_cost_eur", total.avoidable_cost);
    let lenient_cost = page.kpi_cost("avoidable_cost_lenient_eur", total.lenient_cost);
    let judged = total.avoidable_cost.judged();
    let cost_share =
        (avoidable_cost.is_priced() && judged.mid > 0).then(|| avoidable_cost.mid as f64 / judged.mid as f64);
    let share_key = if judged.priced < total.cost.priced { "tile_cost_share_judged" } else { "tile_cost_share" };
    Ok(vec![
        tile(
            page,
            "contacts",
            &page.count(total.contacts),
            &[
                Value::from(if page.is_without_customers() {
                    String::new()
                } else {
                    page.counted("issues", input.episodes.all.episodes)?
                }),
                page.html("total_cost", &[("cost", page.cost(total.cost))])?,
            ],
        )?,
        rate_tile(
            page,
            "avoidable",
            page.rate(strict),
            &[
                lenient_detail,
                tile_corrected(page, "avoidable_rate", "tile_corrected")?,
                tile_corrected(page, "avoidable_rate_lenient", "tile_lenient_corrected")?,
            ],
        )?,
        tile(
            page,
            "cost",
            &format::cost(page.language, avoidable_cost),
            &[
                Value::from(format::cost_range(page.language, avoidable_cost)),
                Value::from(if cost_share.is_some() {
                    page.text(share_key, &[("share", page.percent(cost_share, strict.n))])?
                } else {
                    String::new()
                }),
                page.html("tile_cost_lenient", &[("cost", page.cost(lenient_cost))])?,
            ],
        )?,
        rate_tile(
            page,
            "repeat",
            page.rate(repeat),
            &[if customers.value.is_some() {
                page.html(
                    "tile_repeat_customers",
                    &[("rate", page.percent(customers.value, customers.n)), ("beside", page.beside(customers))],
                )?
            } else {
                Value::from("")
            }],
        )?,
        rate_tile(page, "fcr", page.rate(resolved), &[page.html("tile_fcr_detail", &[])?])?,
        context! {
            key => "sentiment",
            label => page.text("tile_sentiment", &[])?,
            value => page.score(total),
            sentiment => page.sentiment(total),
            details => sentiment_details(page)?,
        },
        csat_tile(page)?,
    ])
}

/// The scale of the mean sentiment with its interval, and the share of negative contacts.
fn sentiment_details(page: &Page) -> Result<Vec<Value>> {
    let total = &page.input.total;
    if total.felt() == 0 {
        return Ok(Vec::new());
    }
    let negative = page.kpi_rate("negative_share", total.sentiment_share(Sentiment::Negative));
    let ends = page.input.kpis.get("sentiment_mean").and_then(|kpi| kpi.lo.zip(kpi.hi));
    let scale = match ends {
        Some((lo, hi)) => {
            let ends = [("lo", lo), ("hi", hi)].map(|(name, end)| (name, format::signed(page.language, end)));
            page.html("tile_sentiment_interval", &ends)?
        }
        None => page.html("tile_sentiment_scale", &[])?,
    };
    let places = [("negative", page.percent(negative.value, negative.n)), ("beside", page.beside(negative))];
    Ok(vec![scale, page.html("tile_sentiment_detail", &places)?])
}

/// The satisfied share of the answers, with the scale that they were given on and what no figure holds.
fn csat_tile(page: &Page) -> Result<Value> {
    let (run, total) = (&page.input.run, &page.input.total);
    let csat = page.kpi_rate("csat_satisfied_rate", total.satisfied);
    let least = run.thresholds.get("csat_min_answers").copied().unwrap_or(MIN_ANSWERS);
    let is_few = (csat.n as f64) < least;
    let number = |value: f64| format::shortest(page.language, value);
    let mut details = Vec::new();
    if let Some(mean) = total.csat.mean() {
        details.push(page.html("tile_csat_mean", &[("mean", format::number(page.language, mean, 1))])?);
        if let Some([low, high]) = run.scales.get("csat_scale") {
            let places = [("from", number(run.csat_satisfied_from())), ("low", number(*low)), ("high", number(*high))];
            details.push(page.html("tile_csat_scale", &places)?);
        }
        if is_few {
            details.push(page.html("tile_csat_few", &[("min", page.count(least as u64))])?);
        }
    } else {
        details.push(page.html("tile_csat_none", &[])?);
    }
    details.push(Value::from(page.left_out("csat_satisfied_rate")?));
    Ok(context! { is_small => is_few, ..rate_tile(page, "csat", page.rate(csat), &details)? })
}

fn tile_corrected(page: &Page, name: &str, key: &str) -> Result<Value> {
    page.corrected(name).map_or_else(|| Ok(Value::from("")), |(_, places)| page.html(key, &places))
}

fn tile(page: &Page, key: &str, value: &str, details: &[Value]) -> Result<Value> {
    Ok(context! {
        key => key,
        label => page.text(&format!("tile_{key}"), &[])?,
        value => value,
        details => details.to_vec(),
    })
}

fn rate_tile(page: &Page, key: &str, rate: Value, details: &[Value]) -> Result<Value> {
    Ok(context! {
        key => key,
        label => page.text(&format!("tile_{key}"), &[])?,
        value => rate.get_attr("rate").unwrap_or_default(),
        rate => rate,
        details => details.to_vec(),
    })
}

/// What to do, in the order that pays: needless contacts, then first contact resolution, then the channels. Tools on a
/// failing process only make it fail faster, so outsourcing and automation come last.
pub(super) fn recommendations(page: &Page) -> Result<Value> {
    Ok(context! {
        needless => needless(page)?,
        resolution => resolution(page)?,
        channels => channels(page)?,
    })
}

fn needless(page: &Page) -> Result<Vec<Value>> {
    let causes = top_causes(page);
    let mut advice = Vec::new();
    if !causes.is_empty() {
        let contacts = causes.iter().map(|(_, cause)| cause.tally.avoidable.yes).sum();
        let mut cost = Money::default();
        for (_, cause) in &causes {
            cost.add(Some(cause.tally.avoidable_cost.money()));
        }
        let share = Share::new(contacts, page.input.total.avoidable.yes);
        let key = match cost.priced {
            0 => "fix_causes_without_cost",
            priced if priced < contacts => "fix_causes_in_part",
            _ => "fix_causes",
        };
        advice.push(page.html(
            key,
            &[
                ("causes", page.counted("top_causes", causes.len() as u64)?),
                ("priced", page.counted("contacts", cost.priced)?),
                ("contacts", page.counted("contacts", contacts)?),
                ("share", page.percent(share.rate(), share.known)),
                ("cost", page.cost(cost)),
            ],
        )?);
    }
    let faq = page.input.faq_total;
    if faq.questions > 0 {
        let mut places = vec![
            ("questions", page.counted("questions", faq.questions)?),
            ("contacts", page.counted("contacts", faq.contacts)?),
            ("cost", page.cost(faq.cost)),
        ];
        let is_compared = page.input.articles.total > 0;
        if is_compared {
            places.push(("existing", page.count(faq.with_article)));
        }
        advice.push(page.html(if is_compared { "fix_faq_compared" } else { "fix_faq" }, &places)?);
    }
    Ok(advice)
}

fn resolution(page: &Page) -> Result<Vec<Value>> {
    let mut advice = Vec::new();
    if page.is_without_customers() {
        return Ok(vec![page.html("repeats_unknown", &[])?]);
    }
    if let Some((reason, rate)) = super::repeats::worst(page) {
        advice.push(page.html(
            "fix_repeat",
            &[
                ("reason", page.reason(reason)),
                ("rate", page.percent(rate.value, rate.n)),
                ("interval", page.interval(rate)),
                ("n", page.count(rate.n)),
            ],
        )?);
    }
    let repeated = page.input.episodes.repeated;
    if repeated.episodes > 0 && repeated.cost.is_priced() {
        let is_whole = repeated.cost.priced >= repeated.episodes;
        advice.push(page.html(
            if is_whole { "fix_repeat_cost" } else { "fix_repeat_cost_in_part" },
            &[
                ("issues", page.counted("issues", repeated.episodes)?),
                ("contacts", page.counted("contacts", repeated.contacts)?),
                ("priced", page.counted("issues", repeated.cost.priced)?),
                ("cost", page.cost(repeated.cost)),
            ],
        )?);
    }
    Ok(advice)
}

fn channels(page: &Page) -> Result<Vec<Value>> {
    let (total, mut advice) = (&page.input.total, Vec::new());
    let dearest = page.input.by_channel.iter().max_by_key(|(_, tally)| tally.cost.mid);
    if let Some((channel, tally)) = dearest.filter(|(_, tally)| tally.cost.is_priced()) {
        let cost = tally.cost.mid as f64 / total.cost.mid.max(1) as f64;
        advice.push(page.html(
            "fix_channel",
            &[
                ("channel", page.channel(channel)),
                ("share", page.percent(Share::new(tally.contacts, total.contacts).rate(), total.contacts)),
                ("cost_share", page.percent(Some(cost), total.contacts)),
            ],
        )?);
        let simple: u64 = page
            .input
            .by_reason_channel
            .iter()
            .filter(|((reason, used), _)| {
                used == channel
                    && page.input.run.labels.reasons.get(reason).is_some_and(|it| it.is_self_service == Some(true))
            })
            .map(|(_, cell)| cell.contacts)
            .sum();
        if simple > 0 {
            advice.push(page.html(
                "fix_self_service",
                &[
                    ("contacts", page.counted("contacts", simple)?),
                    ("channel", page.channel(channel)),
                    ("share", page.percent(Share::new(simple, tally.contacts).rate(), tally.contacts)),
                ],
            )?);
        }
    }
    Ok(advice)
}
