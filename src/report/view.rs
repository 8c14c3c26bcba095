//! What the report needs to know, as plain sums and short lists: the input of [`super::render`].
//!
//! The size of a [`ReportInput`] depends on the number of reasons, criteria, weeks and repeats, not on the number of
//! contacts, apart from one entry per customer while it is being gathered. [`ReportInput::from_output`] fills it.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::run::Run;
use super::tally::{Money, Share, Tally};

/// Everything that the report shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReportInput {
    /// The run, its counts, its provenance and the names of things.
    pub run: Run,
    /// First and last day of the counted contacts.
    pub period: Option<(NaiveDate, NaiveDate)>,
    /// How complete the contacts are.
    pub completeness: Completeness,
    /// All counted contacts.
    pub total: Tally,
    /// Counted contacts by reason.
    pub by_reason: BTreeMap<String, Tally>,
    /// By channel; [`UNKNOWN`] when the source does not tell.
    pub by_channel: BTreeMap<String, Tally>,
    /// By reason and channel: contacts and avoidability.
    pub by_reason_channel: BTreeMap<(String, String), Cell>,
    /// By week, named by its Monday.
    pub by_week: BTreeMap<NaiveDate, Tally>,
    /// By sentiment: negative, neutral, positive.
    pub by_sentiment: [Tally; 3],
    /// Contacts by label of the sentiment trend.
    pub by_trend: BTreeMap<String, u64>,
    /// Contacts with a verdict, strict or lenient, by criterion, reason and owner.
    pub causes: BTreeMap<CauseKey, Cause>,
    /// Survey answers of counted contacts that no figure holds.
    pub left_out: LeftOut,
    /// Customers who came back within 7 days, of those for whom it is known.
    pub customers: Share,
    /// The same by reason.
    pub customers_by_reason: BTreeMap<String, Share>,
    /// Issues: chains of contacts.
    pub episodes: Episodes,
    /// Questions that self-service can answer, dearest first, [`FAQ_CANDIDATES`] at most.
    pub faq: Vec<FaqCandidate>,
    /// All of them.
    pub faq_total: FaqTotal,
    /// The company's articles, when the run knew them.
    pub articles: FaqArticles,
    /// KPI values over all contacts and the whole period, by name.
    pub kpis: BTreeMap<String, KpiValue>,
    /// Rates of the run corrected by contacts that people labelled, by the name of the KPI; empty without labels.
    pub corrected: BTreeMap<String, CorrectedRate>,
    /// Intervals of the rates in which the contacts of one customer hang together, which their counts alone do not tell, by
    /// group and KPI.
    pub intervals: BTreeMap<(Group, String), (f64, f64)>,
}

/// Name of the value of a dimension when the source does not tell, as in the table kpi.
pub const UNKNOWN: &str = "(unknown)";

/// Contacts about one reason in one channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cell {
    /// Contacts.
    pub contacts: u64,
    /// Avoidable by a strict criterion, of those with a verdict.
    pub avoidable: Share,
}

impl Cell {
    /// Counts one contact by its verdict.
    pub fn add(&mut self, is_avoidable: Option<bool>) {
        self.contacts += 1;
        self.avoidable.add(is_avoidable);
    }
}

/// What a rate of the run would be without the mistakes that a labelled sample shows: see [`crate::evaluate::corrected`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CorrectedRate {
    /// The rate as the run has it, 0 to 1.
    pub said: f64,
    /// The corrected rate.
    pub value: f64,
    /// Its 95 % interval.
    pub interval: (f64, f64),
    /// Labelled contacts behind it.
    pub n: u64,
}

/// Contacts whose rates have an interval of their own in the table kpi.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Those about one reason, over the whole period.
    Reason(String),
    /// Those of one channel, over the whole period.
    Channel(String),
    /// Those of one week, named by its Monday.
    Week(NaiveDate),
}

/// How many rows lack what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Completeness {
    /// Rows of the table contacts, also those that no rate counts.
    pub rows: u64,
    /// Counted rows without a customer.
    pub no_customer: u64,
    /// Counted rows without a channel.
    pub no_channel: u64,
    /// Counted rows without an avoidability verdict, because the customer said nothing.
    pub no_words: u64,
    /// Counted rows without a cost.
    pub no_cost: u64,
    /// Counted rows whose closing time was derived.
    pub derived_end: u64,
}

/// Survey answers that were left out: no numbers, or outside the configured scale.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Satisfaction.
    pub csat: u64,
    /// Recommendation.
    pub nps: u64,
    /// Effort.
    pub ces: u64,
}

impl LeftOut {
    /// Counts the answers of one contact by its flags.
    pub fn add<'f>(&mut self, flags: impl IntoIterator<Item = &'f str>) {
        for flag in flags {
            match flag {
                "csat_out_of_scale" => self.csat += 1,
                "nps_out_of_scale" => self.nps += 1,
                "ces_out_of_scale" => self.ces += 1,
                _ => {}
            }
        }
    }

    /// Those of the question that a KPI is computed from, `csat_mean` or `nps`; 0 for the KPIs of no question.
    pub fn of_kpi(self, name: &str) -> u64 {
        match name.split('_').next() {
            Some("csat") => self.csat,
            Some("nps") => self.nps,
            Some("ces") => self.ces,
            _ => 0,
        }
    }
}

/// What an avoidable contact is due to.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct CauseKey {
    /// Avoidability criterion.
    pub criterion: String,
    /// Contact reason.
    pub reason: String,
    /// Department that can remove the cause.
    pub owner: String,
}

/// The contacts of one cause.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cause {
    /// Sums.
    pub tally: Tally,
    /// Contacts, most certain first, [`IDS_PER_CAUSE`] at most.
    pub contact_ids: Vec<String>,
    /// Words of some of them.
    pub evidence: Vec<Evidence>,
}

/// Identifiers that a cause lists at most.
pub const IDS_PER_CAUSE: usize = 40;
/// Contacts whose words a cause shows at most.
pub const EVIDENCE_PER_CAUSE: usize = 3;

/// Redacted words of a customer, the evidence between what stands around it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The contact.
    pub contact_id: String,
    /// What comes before.
    pub before: String,
    /// The evidence.
    pub words: String,
    /// What comes after.
    pub after: String,
}

/// Sums over episodes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Episodes {
    /// Issues closed with one contact, of those of known customers whose 7 days have passed.
    pub resolved_at_first: Share,
    /// The same by reason of the first contact.
    pub resolved_by_reason: BTreeMap<String, Share>,
    /// All issues.
    pub all: EpisodeSum,
    /// Issues of several contacts.
    pub repeated: EpisodeSum,
    /// Issues of several contacts that went through several channels, of those for which the channels tell.
    pub cross_channel: Share,
    /// Repeat links by channel of the earlier and of the later contact.
    pub transitions: BTreeMap<(String, String), u64>,
    /// The longest issues, longest first.
    pub longest: Vec<Episode>,
}

/// Issues, their contacts and their cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EpisodeSum {
    /// Issues.
    pub episodes: u64,
    /// Contacts.
    pub contacts: u64,
    /// Cost of the issues whose contacts all have one; `priced` counts these issues.
    pub cost: Money,
}

/// One long issue.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Episode {
    /// Identifier.
    pub episode_id: String,
    /// Reason of the first contact.
    pub reason: String,
    /// Number of contacts.
    pub contacts: u64,
    /// Cost of all its contacts; `None` unless each has one.
    pub cost: Option<Money>,
    /// Its contacts in time.
    pub steps: Vec<Step>,
}

/// One contact of a long issue.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// Start, microseconds since 1970.
    pub started_at_micros: i64,
    /// Day in the configured time zone.
    pub day: Option<NaiveDate>,
    /// Contact.
    pub contact_id: String,
    /// Channel.
    pub channel: String,
    /// Sentiment label; empty when unknown.
    pub sentiment: String,
}

/// A question that self-service can answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FaqCandidate {
    /// Identifier.
    pub faq_id: String,
    /// Reason.
    pub reason: String,
    /// Language of most contacts.
    pub language: String,
    /// Contacts.
    pub contacts: u64,
    /// Customers.
    pub customers: u64,
    /// Contacts with a verdict.
    pub avoidable_known: u64,
    /// Share of them avoidable by a strict or lenient criterion.
    pub avoidable_share: Option<f64>,
    /// Share of them that had looked and not found; `None` where no criterion of the company stands for that.
    pub info_not_found_share: Option<f64>,
    /// Share of `repeat_known` that repeat an earlier contact within 14 days.
    pub repeat_share: Option<f64>,
    /// Contacts of which it is known, whatever the answer, whether they repeat an earlier one.
    pub repeat_known: u64,
    /// Cost of those of its contacts that have one.
    pub cost: Option<Money>,
    /// The article that covers half of its contacts or more.
    pub article_id: Option<String>,
    /// Share of its contacts covered by the article that covers most of them; `None` where no articles were compared.
    pub article_share: Option<f64>,
    /// Redacted question of the most central contact.
    pub question: String,
    /// Redacted verbatims.
    pub verbatims: Vec<String>,
    /// Contacts.
    pub contact_ids: Vec<String>,
}

/// Questions that the report shows at most.
pub const FAQ_CANDIDATES: usize = 24;

/// Questions that self-service can answer, with their contacts and cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FaqTotal {
    /// Questions.
    pub questions: u64,
    /// Those of which an article covers half of the contacts or more.
    pub with_article: u64,
    /// Contacts.
    pub contacts: u64,
    /// Cost.
    pub cost: Money,
}

/// The company's articles and the contacts near them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FaqArticles {
    /// Number of articles; 0 when none were compared.
    pub total: u64,
    /// Those near no contact.
    pub unasked: u64,
    /// Contacts near one.
    pub covered: u64,
    /// Those near a contact, dearest first, [`ARTICLES`] at most.
    pub dearest: Vec<FaqArticle>,
    /// Titles of those that [`ReportInput::faq`] names, by identifier.
    pub titles: BTreeMap<String, String>,
}

/// Articles that the report shows at most.
pub const ARTICLES: usize = 10;

/// An article of the company that customers contact it about all the same.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FaqArticle {
    /// Identifier.
    pub article_id: String,
    /// Title.
    pub title: String,
    /// Languages in which it is written.
    pub languages: Vec<String>,
    /// Contacts near it.
    pub contacts: u64,
    /// Their customers.
    pub customers: u64,
    /// How many of those with a verdict had looked and not found.
    pub info_not_found: Share,
    /// How many of those of which it is known repeat an earlier contact within 14 days.
    pub repeat: Share,
    /// Cost of those of its contacts that have one.
    pub cost: Option<Money>,
}

/// One value of one KPI.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KpiValue {
    /// Value, in the unit of the catalogue.
    pub value: Option<f64>,
    /// Numerator.
    pub numerator: Option<f64>,
    /// Denominator.
    pub denominator: Option<f64>,
    /// Low end of the interval or range.
    pub lo: Option<f64>,
    /// High end.
    pub hi: Option<f64>,
    /// Contacts, customers, episodes or answers behind it.
    pub n: u64,
    /// How the interval was made.
    pub method: String,
}
