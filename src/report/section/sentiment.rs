//! How customers felt: by reason, along the contact, and what surveys say beside it.

use minijinja::{Value, context};

use super::super::chart;
use super::super::format;
use super::super::page::Page;
use super::super::tally::{EMOTIONS, Sentiment, Share, Tally};
use crate::error::Result;

/// Reasons shown before the rest is folded.
const OPEN_REASONS: usize = 12;
/// Labels of the trend along a contact, from worst to best.
const TRENDS: [&str; 5] = ["declining", "slightly_declining", "no_change", "slightly_improving", "improving"];

/// Stacked bars by reason, trend along the contact, words against surveys.
pub(super) fn section(page: &Page) -> Result<Value> {
    let total = &page.input.total;
    let mut reasons: Vec<(&String, &Tally)> =
        page.input.by_reason.iter().filter(|(_, tally)| tally.felt() > 0).collect();
    reasons.sort_by(|(_, a), (_, b)| {
        let rate = |tally: &Tally| tally.sentiment_share(Sentiment::Negative).rate().unwrap_or(0.0);
        let small = |tally: &Tally| page.is_small(tally.felt());
        small(a).cmp(&small(b)).then(rate(b).total_cmp(&rate(a))).then(b.felt().cmp(&a.felt()))
    });
    let rows: Vec<Value> = reasons
        .iter()
        .map(|(id, tally)| {
            context! {
                name => page.reason(id),
                is_small => page.is_small(tally.felt()),
                sentiment => page.sentiment(tally),
                interval => page.interval(page.negative(id, tally)),
            }
        })
        .collect();
    let split = rows.len().min(OPEN_REASONS);
    let negative = page.kpi_rate("negative_share", total.sentiment_share(Sentiment::Negative));
    let lead = page.html(
        if total.felt() == 0 { "sentiment_none" } else { "sentiment_lead" },
        &[
            ("rate", page.percent(negative.value, negative.n)),
            ("interval", page.interval(negative)),
            ("n", page.count(negative.n)),
        ],
    )?;
    let corrected = match page.corrected("negative_share") {
        Some((_, places)) => page.html("sentiment_corrected", &places)?,
        None => Value::from(""),
    };
    Ok(context! {
        lead => lead,
        corrected => corrected,
        rows => rows[..split].to_vec(),
        more => rows[split..].to_vec(),
        more_label => page.counted("more_reasons", (rows.len() - split) as u64)?,
        emotions => emotions(page)?,
        trend => trend(page)?,
        survey => survey(page)?,
    })
}

/// By reason, the share of contacts whose customer is frustrated or does not understand.
fn emotions(page: &Page) -> Result<Value> {
    let [frustration, confusion] = page.input.total.emotions;
    let known = |tally: &Tally| tally.emotions[0].known;
    let mut reasons: Vec<(&String, &Tally)> =
        page.input.by_reason.iter().filter(|(_, tally)| known(tally) > 0).collect();
    reasons.sort_by(|(_, a), (_, b)| {
        let both = |tally: &Tally| tally.emotions.iter().filter_map(|share| share.rate()).sum::<f64>();
        let small = |tally: &Tally| page.is_small(known(tally));
        small(a).cmp(&small(b)).then(both(b).total_cmp(&both(a))).then(known(b).cmp(&known(a)))
    });
    let rows: Vec<Value> = reasons
        .iter()
        .map(|(id, tally)| {
            let shares: Vec<Value> = tally.emotions.iter().map(|share| page.rate(*share)).collect();
            context! { name => page.reason(id), shares => shares, n => page.count(known(tally)) }
        })
        .collect();
    let split = rows.len().min(OPEN_REASONS);
    let names: Vec<String> = EMOTIONS.iter().map(|emotion| page.named("emotion", emotion)).collect();
    Ok(context! {
        is_known => frustration.known > 0,
        text => page.html("emotions_text", &[
            ("frustration", with_interval(page, frustration)),
            ("confusion", with_interval(page, confusion)),
            ("n", page.count(frustration.known)),
        ])?,
        names => names,
        rows => rows[..split].to_vec(),
        more => rows[split..].to_vec(),
        more_label => page.counted("more_reasons", (rows.len() - split) as u64)?,
    })
}

/// `12 % (9–16 %)`; the number behind several such rates is told once.
fn with_interval(page: &Page, share: Share) -> String {
    let (rate, interval) = (format::rate(page.language, share), page.interval(share.into()));
    if interval.is_empty() { rate } else { format!("{rate} ({interval})") }
}

fn trend(page: &Page) -> Result<Value> {
    let counts = TRENDS.map(|label| page.input.by_trend.get(label).copied().unwrap_or(0));
    let known = counts.iter().sum();
    let share = |n: u64| Share::new(n, known).rate();
    let parts: Vec<(&str, f64)> =
        TRENDS.iter().zip(counts).map(|(label, n)| (*label, share(n).unwrap_or(0.0))).collect();
    let labels = TRENDS
        .iter()
        .zip(counts)
        .map(|(label, n)| {
            context! { id => *label, name => page.named("trend", label), share => page.percent(share(n), known), n => page.count(n) }
        })
        .collect::<Vec<_>>();
    Ok(context! {
        is_known => known > 0,
        text => page.html("trend_text", &[("n", page.count(known))])?,
        chart => Value::from_safe_string(chart::stack(&parts)),
        labels => labels,
    })
}

/// The survey reaches those who answer; the words come from everybody.
fn survey(page: &Page) -> Result<Value> {
    let answers = page.input.total.csat.n;
    let response = Share::new(answers, page.input.total.contacts);
    let rows = Sentiment::ALL
        .into_iter()
        .map(|label| {
            let tally = &page.input.by_sentiment[label as usize];
            context! {
                id => label.as_str(),
                name => page.named("sentiment", label.as_str()),
                contacts => page.count(tally.contacts),
                response => page.percent(Share::new(tally.csat.n, tally.contacts).rate(), tally.contacts),
                mean => tally.csat.mean().map_or_else(|| format::DASH.to_string(), |mean| format::number(page.language, mean, 1)),
                satisfied => page.rate(tally.satisfied),
            }
        })
        .collect::<Vec<_>>();
    let left_out = page.left_out("csat_mean")?;
    let key = match (answers > 0, left_out.is_empty()) {
        (true, _) => "survey_text",
        (false, true) => "survey_none",
        (false, false) => "survey_none_usable",
    };
    Ok(context! {
        is_known => answers > 0,
        text => page.html(key, &[
            ("answers", page.counted("answers", answers)?),
            ("response", format::rate(page.language, response)),
        ])?,
        left_out => if left_out.is_empty() { left_out } else { page.text("survey_left_out", &[("left_out", left_out)])? },
        rows => rows,
    })
}
