//! One language of the report: figures and names to text ready to print. The sections share these habits.

use minijinja::{Value, context};

use super::chart;
use super::format::{self, DASH, Language};
use super::phrases::Phrases;
use super::tally::{Money, Part, Sentiment, Share, Tally, repeat_kpi};
use super::view::{CorrectedRate, Group, ReportInput, UNKNOWN};
use crate::config::options::ReportOptions;
use crate::error::Result;

/// One language of the report.
pub(crate) struct Page<'a> {
    /// The figures.
    pub(crate) input: &'a ReportInput,
    /// `[report]` of the configuration.
    pub(crate) options: &'a ReportOptions,
    /// The texts.
    pub(crate) phrases: &'a Phrases,
    /// The language.
    pub(crate) language: Language,
}

/// A rate with what makes it readable: its interval and the number behind it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Rate {
    /// The rate, 0 to 1.
    pub(crate) value: Option<f64>,
    /// 95 % interval.
    pub(crate) interval: Option<(f64, f64)>,
    /// Observations.
    pub(crate) n: u64,
}

impl From<Share> for Rate {
    fn from(share: Share) -> Self {
        Self { value: share.rate(), interval: share.interval(), n: share.known }
    }
}

impl Page<'_> {
    /// A text of the report, plain.
    pub(crate) fn text(&self, key: &str, places: &[(&str, String)]) -> Result<String> {
        self.phrases.plain(self.language, key, places)
    }

    /// A text of the report as HTML.
    pub(crate) fn html(&self, key: &str, places: &[(&str, String)]) -> Result<Value> {
        Ok(Value::from_safe_string(self.phrases.html(self.language, key, places)?))
    }

    /// `12 contacts`, `1 contact`: the keys are `KEY_one` and `KEY_many`. French counts 0 as singular.
    pub(crate) fn counted(&self, key: &str, n: u64) -> Result<String> {
        let is_one = n == 1 || (n == 0 && self.language == Language::French);
        let key = format!("{key}_{}", if is_one { "one" } else { "many" });
        self.text(&key, &[("n", self.count(n))])
    }

    /// A whole number.
    pub(crate) fn count(&self, n: u64) -> String {
        format::count(self.language, n)
    }

    /// A fraction as a percentage, with as many decimals as `n` observations support.
    pub(crate) fn percent(&self, fraction: Option<f64>, n: u64) -> String {
        fraction.map_or_else(
            || DASH.to_string(),
            |fraction| format::percent(self.language, fraction, format::decimals_for(n)),
        )
    }

    /// Whether a figure rests on too few observations to be read alone.
    pub(crate) fn is_small(&self, n: u64) -> bool {
        n < u64::from(self.options.min_contacts)
    }

    /// A rate for the templates.
    pub(crate) fn rate(&self, rate: impl Into<Rate>) -> Value {
        self.rate_up_to(rate, 1.0)
    }

    /// The same, drawn on a track from 0 to `max`.
    pub(crate) fn rate_up_to(&self, rate: impl Into<Rate>, max: f64) -> Value {
        let rate = rate.into();
        context! {
            rate => self.percent(rate.value, rate.n),
            interval => self.interval(rate),
            n => self.count(rate.n),
            is_known => rate.value.is_some(),
            is_small => self.is_small(rate.n),
            chart => Value::from_safe_string(chart::whisker(rate.value, rate.interval, max)),
        }
    }

    /// What stands in brackets beside a rate: its interval, where it has one, and the number behind it.
    pub(crate) fn beside(&self, rate: Rate) -> String {
        let n = format!("n = {}", self.count(rate.n));
        match self.interval(rate) {
            interval if interval.is_empty() => n,
            interval => format!("{interval}, {n}"),
        }
    }

    /// A cost with its range in brackets, since the middle alone passes for a measure: `799 € (440–1 158 €)`.
    pub(crate) fn cost(&self, money: Money) -> String {
        let mid = format::cost(self.language, money);
        match format::cost_range(self.language, money) {
            range if range.is_empty() => mid,
            range => format!("{mid} ({range})"),
        }
    }

    /// A cost for the templates.
    pub(crate) fn money(&self, money: Money) -> Value {
        context! {
            mid => format::cost(self.language, money),
            range => format::cost_range(self.language, money),
            is_known => money.is_priced(),
        }
    }

    /// The sentiment of a group for the templates.
    pub(crate) fn sentiment(&self, tally: &Tally) -> Value {
        let felt = tally.felt();
        let share = |label| tally.sentiment_share(label).rate();
        let parts: Vec<(&str, f64)> =
            Sentiment::ALL.into_iter().map(|label| (label.as_str(), share(label).unwrap_or(0.0))).collect();
        let percent = |label| self.percent(share(label), felt);
        context! {
            n => self.count(felt),
            is_known => felt > 0,
            is_small => self.is_small(felt),
            score => self.score(tally),
            negative => percent(Sentiment::Negative),
            neutral => percent(Sentiment::Neutral),
            positive => percent(Sentiment::Positive),
            chart => Value::from_safe_string(chart::stack(&parts)),
        }
    }

    /// Mean sentiment score with its sign.
    pub(crate) fn score(&self, tally: &Tally) -> String {
        tally.sentiment_score.mean().map_or_else(|| DASH.to_string(), |mean| format::signed(self.language, mean))
    }

    /// Name of a contact reason.
    pub(crate) fn reason(&self, id: &str) -> String {
        if id == UNKNOWN { self.unknown() } else { self.input.run.labels.reason(self.language, id).to_string() }
    }

    /// Name of the first level of a contact reason.
    pub(crate) fn group(&self, reason_id: &str) -> String {
        self.input.run.labels.group(self.language, reason_id).to_string()
    }

    /// Name of a criterion.
    pub(crate) fn criterion(&self, id: &str) -> String {
        if id == UNKNOWN { self.unknown() } else { self.input.run.labels.criterion(self.language, id).to_string() }
    }

    /// Name of a department. It is unknown where the criterion leaves it to the reason, and no reason was recognised.
    pub(crate) fn owner(&self, id: &str) -> String {
        if id == UNKNOWN {
            self.named("owner", "unassigned")
        } else {
            self.input.run.labels.owner(self.language, id).to_string()
        }
    }

    /// Name of a channel.
    pub(crate) fn channel(&self, id: &str) -> String {
        if id == UNKNOWN { self.unknown() } else { self.named("channel", id) }
    }

    /// A name that the texts hold under `PREFIX_id`, or the identifier.
    pub(crate) fn named(&self, prefix: &str, id: &str) -> String {
        self.phrase(&format!("{prefix}_{id}")).unwrap_or(id).to_string()
    }

    /// A text of the report without places, when there is one.
    pub(crate) fn phrase(&self, key: &str) -> Option<&str> {
        self.phrases.find(self.language, key)
    }

    /// A rate of the table kpi over all contacts and the whole period; without it, the same rate from the contacts.
    pub(crate) fn kpi_rate(&self, name: &str, otherwise: Share) -> Rate {
        match self.input.kpis.get(name) {
            Some(kpi) => {
                Rate { value: kpi.value, interval: kpi.lo.zip(kpi.hi), n: kpi.denominator.map_or(kpi.n, |d| d as u64) }
            }
            None => otherwise.into(),
        }
    }

    /// A rate of a group with the interval that the table kpi has of it; without it, that of independent contacts.
    pub(crate) fn group_rate(&self, group: Group, kpi: &str, share: Share) -> Rate {
        let rate = Rate::from(share);
        Rate { interval: self.input.intervals.get(&(group, kpi.to_string())).copied().or(rate.interval), ..rate }
    }

    /// How many contacts of a group are avoidable, strictly.
    pub(crate) fn avoidable(&self, group: Group, tally: &Tally) -> Rate {
        self.group_rate(group, "avoidable_rate", tally.avoidable)
    }

    /// How many contacts about a reason are negative.
    pub(crate) fn negative(&self, reason: &str, tally: &Tally) -> Rate {
        let share = tally.sentiment_share(Sentiment::Negative);
        self.group_rate(Group::Reason(reason.to_string()), "negative_share", share)
    }

    /// Survey answers behind no figure of a KPI; empty where none was left out.
    pub(crate) fn left_out(&self, kpi: &str) -> Result<String> {
        match self.input.left_out.of_kpi(kpi) {
            0 => Ok(String::new()),
            left_out => self.counted("left_out", left_out),
        }
    }

    /// How many contacts of a group are followed by another within a window.
    pub(crate) fn followed(&self, group: Group, window: usize, tally: &Tally) -> Rate {
        self.group_rate(group, &repeat_kpi(window), tally.recontacted[window])
    }

    /// The interval of a rate: `37–47 %`, empty when nothing is known.
    pub(crate) fn interval(&self, rate: Rate) -> String {
        rate.interval.map_or_else(String::new, |(lo, hi)| {
            format::percent_range(self.language, lo, hi, format::decimals_for(rate.n))
        })
    }

    /// Whether no contact has a known customer, so that nobody can be seen coming back.
    pub(crate) fn is_without_customers(&self) -> bool {
        self.input.total.contacts > 0 && self.input.completeness.no_customer >= self.input.total.contacts
    }

    /// A rate of the run as labels correct it, with the places of a text that tells it; `None` without labels.
    pub(crate) fn corrected(&self, name: &str) -> Option<(&CorrectedRate, [(&'static str, String); 3])> {
        let corrected = self.input.corrected.get(name)?;
        let rate = Rate { value: Some(corrected.value), interval: Some(corrected.interval), n: corrected.n };
        let places = [
            ("rate", self.percent(rate.value, rate.n)),
            ("interval", self.interval(rate)),
            ("n", self.count(corrected.n)),
        ];
        Some((corrected, places))
    }

    /// A cost of the table kpi over all contacts and the whole period; without it, the same cost from the contacts.
    pub(crate) fn kpi_cost(&self, name: &str, otherwise: Part) -> Money {
        match self.input.kpis.get(name).map(|kpi| (kpi.lo, kpi.value, kpi.hi, kpi.n)) {
            // Zero where no contact is concerned has no contacts behind it, and is known all the same.
            Some((Some(lo), Some(mid), Some(hi), n)) => Money::from_eur([lo, mid, hi], n.max(1)),
            Some(_) => Money::default(),
            None => otherwise.money(),
        }
    }

    fn unknown(&self) -> String {
        self.named("unknown", "value")
    }
}
