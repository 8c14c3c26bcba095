//! An output folder to a [`ReportInput`]: one pass over each table, sums instead of rows.
//!
//! Order matters: links, episodes and questions are read first, because they tell which of the contacts must be kept by
//! name; spans and turns last, because the contacts tell which words are worth showing.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use chrono::{Datelike, Days as DayCount, NaiveDate};

use super::column::{boolean_at, double_at, for_each_batch, text_at};
use super::evidence;
use super::run::Run;
use super::tally::{EMOTIONS, Row, SEVEN_DAYS, Sentiment, Share, WINDOWS};
use super::view::{
    ARTICLES, CauseKey, CorrectedRate, Episode, FAQ_CANDIDATES, FaqArticle, FaqCandidate, Group, IDS_PER_CAUSE,
    KpiValue, ReportInput, Step, UNKNOWN,
};
use crate::error::{Error, Result};
use crate::evaluate::Evaluation;
use crate::kpi::catalogue::Method;
use crate::kpi::show;
use crate::table::schema::{CONTACTS, EPISODES, FAQ_ARTICLES, FAQ_GAPS, KPI, LINKS, SPANS};

/// Issues shown contact by contact.
const LONGEST_EPISODES: usize = 6;

impl ReportInput {
    /// Gathers the report's figures from the tables and `run.json` of an output folder.
    ///
    /// # Errors
    /// `run.json` absent or not JSON, a table that cannot be read or that another version wrote.
    pub fn from_output(dir: &Path) -> Result<Self> {
        let run = read_run(dir)?;
        Self::from_contacts(dir, run.csat_satisfied_from())?.with_run(dir)
    }

    /// The part that needs neither `run.json` nor KPIs, which may be in the making. `satisfied_from` is the answer from
    /// which a customer counts as satisfied, as `run.json` will tell it.
    ///
    /// # Errors
    /// A table that cannot be read or that another version wrote.
    pub fn from_contacts(dir: &Path, satisfied_from: f64) -> Result<Self> {
        let mut input = Self::default();
        let links = read_links(dir)?;
        let undecided = read_episodes(dir, &mut input)?;
        read_faq(dir, &mut input)?;
        read_articles(dir, &mut input)?;
        read_contacts(dir, &links, undecided, satisfied_from, &mut input)?;
        evidence::read(dir, &mut input)?;
        Ok(input)
    }

    /// The other part.
    ///
    /// # Errors
    /// As for [`Self::from_output`].
    pub fn with_run(mut self, dir: &Path) -> Result<Self> {
        self.run = read_run(dir)?;
        read_kpis(dir, &mut self)?;
        Ok(self)
    }
}

impl ReportInput {
    /// Adds what [`crate::evaluate::run::evaluate`] says of the rates of the run.
    #[must_use]
    pub fn corrected_by(mut self, evaluation: &Evaluation) -> Self {
        for name in ["avoidable_rate", "avoidable_rate_lenient", "negative_share"] {
            let figures = (evaluation.figure(name), evaluation.figure(&format!("{name}_corrected")));
            let (Some(run), Some(corrected)) = figures else { continue };
            if let (Some(said), Some(value), Some(interval)) = (run.value, corrected.value, corrected.interval) {
                let rate = CorrectedRate { said, value, interval, n: corrected.n };
                self.corrected.insert(name.to_owned(), rate);
            }
        }
        self
    }
}

fn read_run(dir: &Path) -> Result<Run> {
    let path = dir.join("run.json");
    let bytes = std::fs::read(&path).map_err(|source| Error::io("read", &path, source))?;
    let json = serde_json::from_slice(&bytes).map_err(|error| {
        Error::file(&path, format!("expected JSON, found an error at line {}", error.line()), "run `motif run` again")
    })?;
    Ok(Run::from_json(&json))
}

/// Pairs of identifiers, earlier and later contact.
fn read_links(dir: &Path) -> Result<Vec<(String, String)>> {
    let mut links = Vec::new();
    for_each_batch(dir, &LINKS, &["from_contact_id", "to_contact_id"], None, |batch| {
        let (from, to) = (batch.text("from_contact_id")?, batch.text("to_contact_id")?);
        for row in 0..batch.rows() {
            links.push((from.value(row).to_string(), to.value(row).to_string()));
        }
        Ok(())
    })?;
    Ok(links)
}

/// Sums over issues. Returns those of several contacts with one known channel at most: whether they went through
/// several is known once their contacts tell that none of the channels is missing.
fn read_episodes(dir: &Path, input: &mut ReportInput) -> Result<BTreeSet<String>> {
    let columns = [
        "episode_id",
        "reason_id",
        "contacts",
        "contacts_7d",
        "channels",
        "is_resolution_known",
        "cost_low_eur",
        "cost_mid_eur",
        "cost_high_eur",
    ];
    let episodes = &mut input.episodes;
    let mut undecided = BTreeSet::new();
    for_each_batch(dir, &EPISODES, &columns, None, |batch| {
        let (ids, reasons) = (batch.text("episode_id")?, batch.text("reason_id")?);
        let (contacts, channels) = (batch.long("contacts")?, batch.lists("channels")?);
        let (known, costs) = (batch.boolean("is_resolution_known")?, batch.costs()?);
        let contacts_7d = batch.long("contacts_7d")?;
        for row in 0..batch.rows() {
            let (count, cost) = (contacts.value(row).unsigned_abs(), costs.get(row));
            let reason = text_at(&reasons, row).unwrap_or(UNKNOWN);
            // As in the KPI fcr_demand.
            if boolean_at(&known, row) == Some(true) {
                let is_resolved = Some(contacts_7d.value(row) == 1);
                episodes.resolved_at_first.add(is_resolved);
                episodes.resolved_by_reason.entry(reason.to_string()).or_default().add(is_resolved);
            }
            let sums = if count > 1 { 2 } else { 1 };
            for sum in [&mut episodes.all, &mut episodes.repeated].into_iter().take(sums) {
                sum.episodes += 1;
                sum.contacts += count;
                sum.cost.add(cost);
            }
            if count > 1 {
                if channels.get(row).len() > 1 {
                    episodes.cross_channel.add(Some(true));
                } else {
                    undecided.insert(ids.value(row).to_string());
                }
                keep_longest(
                    &mut episodes.longest,
                    Episode {
                        episode_id: ids.value(row).to_string(),
                        reason: reason.to_string(),
                        contacts: count,
                        cost,
                        steps: Vec::new(),
                    },
                );
            }
        }
        Ok(())
    })?;
    Ok(undecided)
}

fn keep_longest(longest: &mut Vec<Episode>, episode: Episode) {
    longest.push(episode);
    longest.sort_by(|a, b| {
        let mid = |episode: &Episode| episode.cost.map(|cost| cost.mid);
        b.contacts.cmp(&a.contacts).then(mid(b).cmp(&mid(a))).then_with(|| a.episode_id.cmp(&b.episode_id))
    });
    longest.truncate(LONGEST_EPISODES);
}

const CONTACT_COLUMNS: &[&str] = &[
    "contact_id",
    "customer_key",
    "channel",
    "is_counted",
    "started_at",
    "is_ended_at_derived",
    "contact_date",
    "csat",
    "reason_id",
    "is_avoidable",
    "is_avoidable_lenient",
    "avoidable_probability",
    "criterion_id",
    "owner",
    "sentiment_score",
    "sentiment_label",
    "sentiment_trend_label",
    "emotion_label",
    "is_repeat_14d",
    "is_recontacted_48h",
    "is_recontacted_72h",
    "is_recontacted_7d",
    "is_recontacted_14d",
    "is_recontact_open_7d",
    "episode_id",
    "cost_low_eur",
    "cost_mid_eur",
    "cost_high_eur",
    "flags",
];

/// `undecided` are the issues of several contacts that went through one channel, unless a contact of theirs has none.
fn read_contacts(
    dir: &Path,
    links: &[(String, String)],
    mut undecided: BTreeSet<String>,
    satisfied_from: f64,
    input: &mut ReportInput,
) -> Result<()> {
    let linked: BTreeSet<&str> = links.iter().flat_map(|(from, to)| [from.as_str(), to.as_str()]).collect();
    let mut channel_of: BTreeMap<String, String> = BTreeMap::new();
    let mut customers = Customers::default();
    let mut certain: BTreeMap<CauseKey, Vec<(f64, String)>> = BTreeMap::new();
    let scores = read_evidence_scores(dir)?;
    for_each_batch(dir, &CONTACTS, CONTACT_COLUMNS, None, |batch| {
        let text = |name: &str| batch.text(name);
        let (ids, keys, channels) = (text("contact_id")?, text("customer_key")?, text("channel")?);
        let (reasons, criteria, owners) = (text("reason_id")?, text("criterion_id")?, text("owner")?);
        let (labels, trends) = (text("sentiment_label")?, text("sentiment_trend_label")?);
        let emotions = text("emotion_label")?;
        let (episode_ids, dates) = (text("episode_id")?, batch.days("contact_date")?);
        let (counted, derived) = (batch.boolean("is_counted")?, batch.boolean("is_ended_at_derived")?);
        let (strict, lenient) = (batch.boolean("is_avoidable")?, batch.boolean("is_avoidable_lenient")?);
        let (probability, score) = (batch.double("avoidable_probability")?, batch.double("sentiment_score")?);
        let (csat, costs, started) = (batch.double("csat")?, batch.costs()?, batch.micros("started_at")?);
        let repeat = batch.boolean("is_repeat_14d")?;
        let recontacted: Vec<_> =
            WINDOWS.iter().map(|window| batch.boolean(&format!("is_recontacted_{window}"))).collect::<Result<_>>()?;
        let (open, flags) = (batch.boolean("is_recontact_open_7d")?, batch.lists("flags")?);
        for row in 0..batch.rows() {
            input.completeness.rows += 1;
            if boolean_at(&counted, row) != Some(true) {
                continue;
            }
            let id = ids.value(row);
            let sentiment = text_at(&labels, row).and_then(Sentiment::from_written);
            let answer = double_at(&csat, row);
            let contact = Row {
                is_avoidable: boolean_at(&strict, row),
                is_avoidable_lenient: boolean_at(&lenient, row),
                cost: costs.get(row),
                sentiment,
                sentiment_score: double_at(&score, row),
                emotions: EMOTIONS.map(|emotion| text_at(&emotions, row).map(|found| found == emotion)),
                is_repeat_14d: boolean_at(&repeat, row),
                is_recontacted: std::array::from_fn(|window| boolean_at(&recontacted[window], row)),
                csat: answer,
                is_satisfied: answer.map(|answer| answer >= satisfied_from),
            };
            let reason = text_at(&reasons, row).unwrap_or(UNKNOWN).to_string();
            let channel = text_at(&channels, row).unwrap_or(UNKNOWN).to_string();
            let day = dates.get(row);

            let missing = &mut input.completeness;
            missing.no_customer += u64::from(text_at(&keys, row).is_none());
            missing.no_channel += u64::from(channel == UNKNOWN);
            missing.no_words += u64::from(contact.is_avoidable.is_none());
            missing.no_cost += u64::from(contact.cost.is_none());
            missing.derived_end += u64::from(boolean_at(&derived, row) == Some(true));
            input.left_out.add(flags.get(row).iter().map(String::as_str));

            input.total.add(&contact);
            input.by_channel.entry(channel.clone()).or_default().add(&contact);
            input.by_reason.entry(reason.clone()).or_default().add(&contact);
            let cell = input.by_reason_channel.entry((reason.clone(), channel.clone())).or_default();
            cell.add(contact.is_avoidable);
            if let Some(day) = day {
                input.by_week.entry(monday(day)).or_default().add(&contact);
                input.period = Some(match input.period {
                    Some((first, last)) => (first.min(day), last.max(day)),
                    None => (day, day),
                });
            }
            if let Some(label) = sentiment {
                input.by_sentiment[label as usize].add(&contact);
            }
            if let Some(trend) = text_at(&trends, row) {
                *input.by_trend.entry(trend.to_string()).or_default() += 1;
            }
            if let Some(key) = text_at(&keys, row) {
                let is_open = boolean_at(&open, row) == Some(true);
                customers.add(&reason, key, Return::of(contact.is_recontacted[SEVEN_DAYS], is_open));
            }
            if contact.is_avoidable_lenient == Some(true) {
                let key = CauseKey {
                    criterion: text_at(&criteria, row).unwrap_or(UNKNOWN).to_string(),
                    reason: reason.clone(),
                    owner: text_at(&owners, row).unwrap_or(UNKNOWN).to_string(),
                };
                // The probability is that of the strict criteria: of a lenient one its evidence tells.
                let certainty = if contact.is_avoidable == Some(true) {
                    double_at(&probability, row)
                } else {
                    scores.get(&(id.to_string(), key.criterion.clone())).copied()
                };
                keep_certain(certain.entry(key.clone()).or_default(), certainty.unwrap_or(0.0), id);
                input.causes.entry(key).or_default().tally.add(&contact);
            }
            if linked.contains(id) {
                channel_of.insert(id.to_string(), channel.clone());
            }
            let episode_id = text_at(&episode_ids, row);
            if let (true, Some(episode_id)) = (channel == UNKNOWN, episode_id) {
                undecided.remove(episode_id);
            }
            let episode = input.episodes.longest.iter_mut().find(|it| Some(it.episode_id.as_str()) == episode_id);
            if let Some(episode) = episode {
                episode.steps.push(Step {
                    started_at_micros: started.value(row),
                    day,
                    contact_id: id.to_string(),
                    channel,
                    sentiment: text_at(&labels, row).unwrap_or_default().to_string(),
                });
            }
        }
        Ok(())
    })?;

    for _ in undecided {
        input.episodes.cross_channel.add(Some(false));
    }
    for (key, ids) in certain {
        if let Some(cause) = input.causes.get_mut(&key) {
            cause.contact_ids = ids.into_iter().map(|(_, id)| id).collect();
        }
    }
    for (from, to) in links {
        if let (Some(from), Some(to)) = (channel_of.get(from), channel_of.get(to)) {
            *input.episodes.transitions.entry((from.clone(), to.clone())).or_default() += 1;
        }
    }
    for episode in &mut input.episodes.longest {
        episode.steps.sort();
    }
    (input.customers, input.customers_by_reason) = customers.shares();
    Ok(())
}

/// The score of the strongest evidence, by contact and criterion.
fn read_evidence_scores(dir: &Path) -> Result<BTreeMap<(String, String), f64>> {
    let mut strongest: BTreeMap<(String, String), f64> = BTreeMap::new();
    for_each_batch(dir, &SPANS, &["contact_id", "kind", "ref_id", "score"], None, |batch| {
        let (ids, kinds, criteria) = (batch.text("contact_id")?, batch.text("kind")?, batch.text("ref_id")?);
        let scores = batch.double("score")?;
        for row in (0..batch.rows()).filter(|row| text_at(&kinds, *row) == Some("avoidable")) {
            let key = (ids.value(row).to_string(), criteria.value(row).to_string());
            let score = strongest.entry(key).or_default();
            *score = score.max(scores.value(row));
        }
        Ok(())
    })?;
    Ok(strongest)
}

fn monday(day: NaiveDate) -> NaiveDate {
    let days = u64::from(day.weekday().num_days_from_monday());
    day.checked_sub_days(DayCount::new(days)).unwrap_or(day)
}

/// Keeps the most certain contacts, the identifier deciding between equals.
fn keep_certain(kept: &mut Vec<(f64, String)>, probability: f64, id: &str) {
    let place = kept.partition_point(|(p, other)| {
        p.total_cmp(&probability).is_gt() || (p.total_cmp(&probability).is_eq() && other.as_str() < id)
    });
    if place < IDS_PER_CAUSE {
        kept.insert(place, (probability, id.to_string()));
        kept.truncate(IDS_PER_CAUSE);
    }
}

/// What the contacts of a customer say of their coming back, the stronger word last: a contact that cannot be compared leaves the
/// customer out, whatever the others say, since those who came back would otherwise stay in and the others not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Return {
    #[default]
    Unknown,
    Away,
    Back,
    Open,
}

impl Return {
    fn of(is_recontacted: Option<bool>, is_open: bool) -> Self {
        match is_recontacted {
            _ if is_open => Self::Open,
            Some(true) => Self::Back,
            Some(false) => Self::Away,
            None => Self::Unknown,
        }
    }
}

/// Who came back, by pseudonym: the only part of gathering that grows with the data, by one entry per customer and
/// reason.
#[derive(Default)]
struct Customers {
    all: BTreeMap<u128, Return>,
    by_reason: BTreeMap<String, BTreeMap<u128, Return>>,
}

impl Customers {
    fn add(&mut self, reason: &str, key: &str, came: Return) {
        if came == Return::Unknown {
            return;
        }
        let customer = pseudonym(key);
        let group = match self.by_reason.get_mut(reason) {
            Some(group) => group,
            None => self.by_reason.entry(reason.to_string()).or_default(),
        };
        for known in [self.all.entry(customer).or_default(), group.entry(customer).or_default()] {
            *known = came.max(*known);
        }
    }

    fn shares(self) -> (Share, BTreeMap<String, Share>) {
        let share = |group: BTreeMap<u128, Return>| {
            let count = |wanted: Return| group.values().filter(|came| **came == wanted).count() as u64;
            Share::new(count(Return::Back), count(Return::Back) + count(Return::Away))
        };
        (share(self.all), self.by_reason.into_iter().map(|(reason, group)| (reason, share(group))).collect())
    }
}

/// Pseudonyms are 32 hexadecimal digits; any other text is hashed.
fn pseudonym(key: &str) -> u128 {
    u128::from_str_radix(key, 16).unwrap_or_else(|_| {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        u128::from(hasher.finish()) | (1 << 127)
    })
}

fn read_faq(dir: &Path, input: &mut ReportInput) -> Result<()> {
    let columns: Vec<&str> =
        FAQ_GAPS.columns.iter().map(|column| column.name).filter(|name| *name != "cohesion").collect();
    for_each_batch(dir, &FAQ_GAPS, &columns, None, |batch| {
        let (ids, reasons, languages) = (batch.text("faq_id")?, batch.text("reason_id")?, batch.text("language")?);
        let (contacts, customers) = (batch.long("contacts")?, batch.long("customers")?);
        let (avoidable, repeat) = (batch.double("avoidable_share")?, batch.double("repeat_share")?);
        let (judged, observed) = (batch.long("avoidable_known")?, batch.long("repeat_known")?);
        let (not_found, costs) = (batch.double("info_not_found_share")?, batch.costs()?);
        let (questions, verbatims) = (batch.text("question")?, batch.lists("verbatims")?);
        let contact_ids = batch.lists("contact_ids")?;
        let (articles, article_shares) = (batch.text("article_id")?, batch.double("article_share")?);
        for row in 0..batch.rows() {
            let article_id = text_at(&articles, row).map(str::to_string);
            input.faq_total.questions += 1;
            input.faq_total.with_article += u64::from(article_id.is_some());
            input.faq_total.contacts += contacts.value(row).unsigned_abs();
            input.faq_total.cost.add(costs.get(row));
            input.faq.push(FaqCandidate {
                faq_id: ids.value(row).to_string(),
                reason: reasons.value(row).to_string(),
                language: text_at(&languages, row).unwrap_or_default().to_string(),
                contacts: contacts.value(row).unsigned_abs(),
                customers: customers.value(row).unsigned_abs(),
                avoidable_known: judged.value(row).unsigned_abs(),
                avoidable_share: double_at(&avoidable, row),
                info_not_found_share: double_at(&not_found, row),
                repeat_share: double_at(&repeat, row),
                repeat_known: observed.value(row).unsigned_abs(),
                cost: costs.get(row),
                article_id,
                article_share: double_at(&article_shares, row),
                question: questions.value(row).to_string(),
                verbatims: verbatims.get(row),
                contact_ids: contact_ids.get(row),
            });
        }
        input.faq.sort_by(|a, b| {
            let mid = |faq: &FaqCandidate| faq.cost.map(|cost| cost.mid);
            mid(b).cmp(&mid(a)).then(b.contacts.cmp(&a.contacts)).then_with(|| a.faq_id.cmp(&b.faq_id))
        });
        input.faq.truncate(FAQ_CANDIDATES);
        Ok(())
    })
}

/// After [`read_faq`], whose candidates name articles.
fn read_articles(dir: &Path, input: &mut ReportInput) -> Result<()> {
    let columns = [
        "article_id",
        "title",
        "languages",
        "contacts",
        "customers",
        "avoidable_known",
        "info_not_found_share",
        "repeat_known",
        "repeat_share",
        "cost_low_eur",
        "cost_mid_eur",
        "cost_high_eur",
    ];
    let named: BTreeSet<&str> = input.faq.iter().filter_map(|faq| faq.article_id.as_deref()).collect();
    let articles = &mut input.articles;
    for_each_batch(dir, &FAQ_ARTICLES, &columns, None, |batch| {
        let (ids, titles, languages) = (batch.text("article_id")?, batch.text("title")?, batch.lists("languages")?);
        let (contacts, customers) = (batch.long("contacts")?, batch.long("customers")?);
        let (judged, not_found) = (batch.long("avoidable_known")?, batch.double("info_not_found_share")?);
        let (observed, repeat) = (batch.long("repeat_known")?, batch.double("repeat_share")?);
        let costs = batch.costs()?;
        // Tables hold shares; the number of those that say yes is whole.
        let share = |share: Option<f64>, known: u64| {
            share.map_or_else(Share::default, |share| Share::new((share * known as f64).round() as u64, known))
        };
        for row in 0..batch.rows() {
            let (id, title, near) = (ids.value(row), titles.value(row), contacts.value(row).unsigned_abs());
            articles.total += 1;
            articles.unasked += u64::from(near == 0);
            articles.covered += near;
            if named.contains(id) {
                articles.titles.insert(id.to_string(), title.to_string());
            }
            if near > 0 {
                articles.dearest.push(FaqArticle {
                    article_id: id.to_string(),
                    title: title.to_string(),
                    languages: languages.get(row),
                    contacts: near,
                    customers: customers.value(row).unsigned_abs(),
                    info_not_found: share(double_at(&not_found, row), judged.value(row).unsigned_abs()),
                    repeat: share(double_at(&repeat, row), observed.value(row).unsigned_abs()),
                    cost: costs.get(row),
                });
            }
        }
        articles.dearest.sort_by(|a, b| {
            let mid = |article: &FaqArticle| article.cost.map(|cost| cost.mid);
            mid(b).cmp(&mid(a)).then(b.contacts.cmp(&a.contacts)).then_with(|| a.article_id.cmp(&b.article_id))
        });
        articles.dearest.truncate(ARTICLES);
        Ok(())
    })
}

fn read_kpis(dir: &Path, input: &mut ReportInput) -> Result<()> {
    for_each_batch(dir, &KPI, &show::COLUMNS, None, |batch| {
        let (grains, starts) = (batch.text("period_grain")?, batch.days("period_start")?);
        let (dimensions, groups) = (batch.text("dimension")?, batch.text("dimension_value")?);
        let (names, methods, n) = (batch.text("kpi")?, batch.text("method")?, batch.long("n")?);
        let (value, lo, hi) = (batch.double("value")?, batch.double("lo")?, batch.double("hi")?);
        let (numerator, denominator) = (batch.double("numerator")?, batch.double("denominator")?);
        for row in 0..batch.rows() {
            let method = text_at(&methods, row).unwrap_or_default();
            let group = match (text_at(&grains, row), text_at(&dimensions, row)) {
                (Some("all"), Some("all")) => None,
                (Some("all"), Some("reason")) => Some(Group::Reason(groups.value(row).to_string())),
                (Some("all"), Some("channel")) => Some(Group::Channel(groups.value(row).to_string())),
                (Some("week"), Some("all")) => {
                    let Some(monday) = starts.get(row) else { continue };
                    Some(Group::Week(monday))
                }
                _ => continue,
            };
            if let Some(group) = group {
                let ends = double_at(&lo, row).zip(double_at(&hi, row));
                if let (Some(ends), true) = (ends, method == Method::WilsonClustered.as_str()) {
                    input.intervals.insert((group, names.value(row).to_string()), ends);
                }
                continue;
            }
            let kpi = KpiValue {
                value: double_at(&value, row),
                numerator: double_at(&numerator, row),
                denominator: double_at(&denominator, row),
                lo: double_at(&lo, row),
                hi: double_at(&hi, row),
                n: n.value(row).unsigned_abs(),
                method: method.to_string(),
            };
            input.kpis.insert(names.value(row).to_string(), kpi);
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests;
