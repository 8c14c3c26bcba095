//! Contacts set aside to ordered tables: duplicates, times in the future, repeat links, episodes, FAQ candidates.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Duration, Utc};
use rayon::prelude::*;

use super::intake::{Collected, Entry, FileRecord, inputs_hash, month_of};
use super::tally;
use crate::config::Settings;
use crate::contact::{Channel, RecordKind};
use crate::error::{Error, RecordError, RejectCode, Result};
use crate::faq::{self, ArticleIndex};
use crate::label::{Catalogue, Labelled};
use crate::progress::{Progress, Stage};
use crate::repeat::{Episode, Link, Outcome, chain, link};
use crate::table::parquet::Writer;
use crate::table::rows::{self, ContactRow, EpisodeRow, LinkRow};
use crate::table::schema::{self, Table};
use crate::table::spill::Spilled;

/// Rows handed to the writers together.
const BATCH: usize = 4096;

/// Contacts of one customer with the same words within this time are one contact, sent twice.
const RESENT: Duration = Duration::minutes(10);

/// Without `--as-of`, a few contacts that lie this far after all the others are taken for typing errors.
const IMPLAUSIBLE_GAP: Duration = Duration::days(365);

/// What the later stages need to know of the tables.
#[derive(Debug)]
pub struct Assembled {
    /// "Now".
    pub as_of: Option<DateTime<Utc>>,
    /// Start of the first and of the last contact.
    pub period: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// Rejects, ordered by file and record.
    pub rejects: Vec<RecordError>,
    /// Files.
    pub files: Vec<FileRecord>,
    /// Rows of `contacts`.
    pub contacts: u64,
    /// Rows that rates count.
    pub counted: u64,
    /// Rows by kind.
    pub by_record_kind: BTreeMap<String, u64>,
    /// Rows by language.
    pub by_language: BTreeMap<String, u64>,
    /// Flags, by code.
    pub flags: BTreeMap<String, u64>,
    /// Replaced personal data, by kind.
    pub redactions: BTreeMap<String, u64>,
    /// Contacts without customer.
    pub without_customer: u64,
    /// Contacts taken up from the previous output, and their months.
    pub kept_contacts: u64,
    /// Months taken up.
    pub kept_months: Vec<String>,
    /// Hash of all contents, whatever their order.
    pub inputs_hash: String,
    /// Questions that self-service can answer, and how many of them an article covers.
    pub questions: u64,
    /// See [`Self::questions`]; 0 without articles.
    pub covered: u64,
    /// Rows of each table written here.
    pub rows: BTreeMap<String, u64>,
    /// Key-value metadata of every Parquet file.
    pub provenance: Vec<(String, String)>,
}

/// Provenance that does not depend on the contacts.
pub fn provenance(
    settings: &Settings,
    catalogue: &Catalogue,
    articles: Option<&ArticleIndex>,
    model: &[(String, String)],
    inputs: &str,
) -> Vec<(String, String)> {
    let mut pairs = vec![
        ("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("config_sha256".to_owned(), settings.config_hash.clone()),
        ("taxonomy_sha256".to_owned(), catalogue.taxonomy_hash.clone()),
        ("criteria_sha256".to_owned(), catalogue.criteria_hash.clone()),
        ("inputs_sha256".to_owned(), inputs.to_owned()),
    ];
    pairs.extend(articles.map(|articles| ("articles_sha256".to_owned(), articles.articles().sha256.clone())));
    pairs.extend(model.iter().cloned());
    pairs
}

/// Writes the tables of contacts, turns, spans, links, episodes, FAQ candidates and articles under `staging`.
///
/// # Errors
/// The disk is full, or the user stopped.
#[allow(clippy::too_many_arguments)] // The stage's collaborators; a struct would only rename them.
pub fn assemble(
    settings: &Settings,
    catalogue: &Catalogue,
    articles: Option<&ArticleIndex>,
    model: &[(String, String)],
    mut collected: Collected,
    spilled: Spilled,
    staging: &Path,
    progress: &dyn Progress,
    stop: &dyn Fn() -> Result<()>,
) -> Result<Assembled> {
    progress.begin(Stage::Link, Some(collected.entries.len() as u64));
    collected.rejects.sort();
    let mut entries = std::mem::take(&mut collected.entries);
    let other_words = mark_duplicates(&mut entries);
    if other_words > 0 {
        *collected.flags.entry(OTHER_WORDS.to_owned()).or_insert(0) += other_words;
    }
    let entries = in_order(entries);
    let as_of = settings.as_of.or_else(|| latest(&entries));
    stop()?;
    let links = link(&entries, settings.options.repeat.max_gap_days, settings.options.repeat.threshold);
    let (episodes, outcomes) = chain(&entries, &links, as_of.unwrap_or_default());
    progress.end();
    if other_words > 0 {
        progress.warn(&format!(
            "contacts whose identifier came before with other words: {other_words}; they are duplicates, and their words are left out (flag duplicate_with_other_words)"
        ));
    }
    stop()?;

    let inputs = inputs_hash(&entries);
    let mut assembled = Assembled {
        as_of,
        period: entries
            .iter()
            .map(|entry| entry.linked.started_at)
            .min()
            .zip(entries.iter().map(|entry| entry.linked.started_at).max()),
        rejects: std::mem::take(&mut collected.rejects),
        files: std::mem::take(&mut collected.files),
        contacts: entries.len() as u64,
        counted: entries.iter().filter(|entry| entry.linked.is_counted).count() as u64,
        by_record_kind: tally(entries.iter().map(|entry| entry.kind.as_str())),
        by_language: tally(entries.iter().map(|entry| entry.language.as_deref().unwrap_or("(unknown)"))),
        flags: collected.flags,
        redactions: collected.redactions,
        without_customer: entries
            .iter()
            .filter(|entry| entry.linked.is_counted && entry.linked.customer_key.is_none())
            .count() as u64,
        kept_contacts: collected.kept_contacts,
        kept_months: collected.kept_months,
        provenance: provenance(settings, catalogue, articles, model, &inputs),
        inputs_hash: inputs,
        questions: 0,
        covered: 0,
        rows: BTreeMap::new(),
    };
    let made = Made { entries: &entries, links: &links, episodes: &episodes, outcomes: &outcomes };
    progress.begin(Stage::Write, Some(entries.len() as u64));
    let out = Out { staging, provenance: &assembled.provenance };
    let (spoken, other) = std::thread::scope(|scope| {
        let other = scope.spawn(|| -> Result<_> {
            let [links, episodes] = [write_links(&made, &out)?, write_episodes(&made, &out)?];
            let faq = write_faq(&made, articles, &spilled, &out)?;
            Ok(([links, episodes, faq.gaps, faq.articles], faq))
        });
        (write_contacts(&made, catalogue, &spilled, &out, progress, stop), other.join())
    });
    let (other, faq) = other.map_err(|_| Error::bug("the writing of a table ended before its time"))??;
    (assembled.questions, assembled.covered) = (faq.questions as u64, faq.covered as u64);
    let rows = spoken?.into_iter().chain(other);
    assembled.rows = rows.map(|(table, rows)| (table.to_owned(), rows)).collect();
    progress.end();
    Ok(assembled)
}

/// Everything known once contacts are linked.
struct Made<'a> {
    entries: &'a [Entry],
    links: &'a [Link],
    episodes: &'a [Episode],
    outcomes: &'a [Outcome],
}

/// Where tables go, and what each file says of its origin.
struct Out<'a> {
    staging: &'a Path,
    provenance: &'a [(String, String)],
}

/// A table's name and its number of rows.
type Written = (&'static str, u64);

impl Out<'_> {
    /// A file of `table` in a folder of the output.
    fn writer(&self, folder: &str, table: &Table) -> Result<Writer> {
        Writer::create(&self.staging.join(folder).join("part-0000.parquet"), table.schema(), self.provenance)
    }

    /// Writes a table whole, its rows turned into batches.
    fn write<T>(&self, table: &Table, rows: &[T], batch: impl Fn(&[T]) -> Result<RecordBatch>) -> Result<Written> {
        let mut writer = self.writer(table.name, table)?;
        for rows in rows.chunks(BATCH) {
            writer.write(&batch(rows)?)?;
        }
        Ok((table.name, writer.close()?))
    }
}

/// The entries in the [`order`] of tables. Places are sorted and each entry moved once: entries are large.
fn in_order(entries: Vec<Entry>) -> Vec<Entry> {
    let mut places: Vec<usize> = (0..entries.len()).collect();
    places.par_sort_by(|&a, &b| order(&entries[a]).cmp(&order(&entries[b])));
    let mut entries: Vec<Option<Entry>> = entries.into_iter().map(Some).collect();
    places.into_iter().filter_map(|place| entries[place].take()).collect()
}

/// Order inside a month, and of the repeat search.
fn order(entry: &Entry) -> (Option<&str>, DateTime<Utc>, &str, bool, &[u8; 16]) {
    let linked = &entry.linked;
    let is_duplicate = entry.kind == RecordKind::Duplicate;
    (linked.customer_key.as_deref(), linked.started_at, &linked.contact_id, is_duplicate, &entry.content)
}

/// The end of what is known: the latest start or plausible closing.
fn latest(entries: &[Entry]) -> Option<DateTime<Utc>> {
    entries
        .iter()
        .map(|entry| {
            let linked = &entry.linked;
            if linked.closed_at - linked.started_at < Duration::days(60) { linked.closed_at } else { linked.started_at }
        })
        .max()
}

/// Moves contacts that lie in the future from the contacts to the rejects. With `--as-of`, the future begins there.
/// Otherwise it begins after a gap of more than a year that at most one contact in a hundred (or a single one) lies
/// beyond: a mistyped year, which would otherwise become "now". Contacts of the months in `plausible` are none.
pub(super) fn reject_future(settings: &Settings, collected: &mut Collected, plausible: &BTreeSet<String>) {
    let mut times: Vec<DateTime<Utc>> = collected.entries.iter().map(|entry| entry.linked.started_at).collect();
    times.sort_unstable();
    let limit = match settings.as_of {
        Some(as_of) => as_of,
        None => {
            let most = (times.len() / 100).max(1).min(times.len().saturating_sub(1));
            let gap =
                (times.len() - most..times.len()).find(|&place| times[place] - times[place - 1] > IMPLAUSIBLE_GAP);
            match gap {
                Some(place) => times[place - 1],
                None => return,
            }
        }
    };
    let files = &mut collected.files;
    let rejects = &mut collected.rejects;
    collected.entries.retain(|entry| {
        let (file, record) = entry.provenance;
        let is_new =
            file != u32::MAX && (settings.as_of.is_some() || !plausible.contains(&month_of(entry.contact_date)));
        let is_future = entry.linked.started_at > limit && is_new;
        if is_future {
            let source = &mut files[file as usize];
            source.contacts -= 1;
            source.rejects += 1;
            let advice = if settings.as_of.is_some() {
                "the contact starts after --as-of"
            } else {
                "the contact starts more than a year after all the others; correct its date, or set --as-of"
            };
            rejects.push(
                RecordError::new(&source.file, Some(record), RejectCode::TimeInFuture, advice).field("started_at"),
            );
        }
        !is_future
    });
}

/// Customer, hash of the words, channel: what two deliveries of one message share.
type Sent<'a> = (&'a str, [u8; 16], Option<Channel>);

/// Flag: the contact is a duplicate by its identifier alone, and its words are not those of the first delivery.
const OTHER_WORDS: &str = "duplicate_with_other_words";

/// Marks the second and later deliveries of a contact: the same identifier, or the same words of the same customer
/// on the same channel within ten minutes. The number of those whose words are not the ones that are kept is returned:
/// they come from several files, or their identifier is that of two customers.
fn mark_duplicates(entries: &mut [Entry]) -> u64 {
    let mut by_time: Vec<usize> = (0..entries.len()).collect();
    by_time.par_sort_by(|&a, &b| {
        let key = |index: usize| {
            let entry: &Entry = &entries[index];
            (entry.kind == RecordKind::Duplicate, entry.linked.started_at, &entry.linked.contact_id, &entry.content)
        };
        key(a).cmp(&key(b))
    });
    let mut ids: HashMap<&str, Option<[u8; 16]>> = HashMap::new();
    let mut words: HashMap<Sent<'_>, DateTime<Utc>> = HashMap::new();
    let mut duplicates = Vec::new();
    for index in by_time {
        let entry = &entries[index];
        let linked = &entry.linked;
        let first = ids.get(linked.contact_id.as_str()).copied();
        let mut is_duplicate = first.is_some();
        let has_other_words = first.is_some_and(|said| entry.said.is_some() && entry.said != said);
        ids.entry(&linked.contact_id).or_insert(entry.said);
        if let (true, Some(customer), Some(said)) = (linked.is_counted, &linked.customer_key, entry.words) {
            let before = words.insert((customer, said, linked.channel), linked.started_at);
            is_duplicate |= before.is_some_and(|before| linked.started_at - before <= RESENT);
        }
        if is_duplicate {
            duplicates.push((index, has_other_words));
        }
    }
    for &(index, has_other_words) in &duplicates {
        let entry = &mut entries[index];
        entry.has_other_words = has_other_words;
        entry.kind = RecordKind::Duplicate;
        entry.linked.is_counted = false;
        entry.linked.meaning = None;
        entry.cost = None;
    }
    duplicates.iter().filter(|(_, has_other_words)| *has_other_words).count() as u64
}

/// The tables with words, and their numbers of rows.
fn write_contacts(
    made: &Made<'_>,
    catalogue: &Catalogue,
    spilled: &Spilled,
    out: &Out<'_>,
    progress: &dyn Progress,
    stop: &dyn Fn() -> Result<()>,
) -> Result<[Written; 3]> {
    let mut months: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, entry) in made.entries.iter().enumerate() {
        months.entry(month_of(entry.contact_date)).or_default().push(index);
    }
    let mut turns = out.writer(schema::TURNS.name, &schema::TURNS)?;
    let mut spans = out.writer(schema::SPANS.name, &schema::SPANS)?;
    let mut total = 0;
    for (month, indices) in &months {
        let mut contacts = out.writer(&format!("contacts/contact_month={month}"), &schema::CONTACTS)?;
        for batch in indices.chunks(BATCH) {
            stop()?;
            let rows = batch.par_iter().map(|&index| contact_row(made, catalogue, index, spilled));
            let rows = rows.collect::<Result<Vec<_>>>()?;
            let spoken: Vec<&ContactRow> = rows.iter().filter(|row| row.kind != RecordKind::Duplicate).collect();
            let (contacts, (turns, spans)) = rayon::join(
                || contacts.write(&rows::contacts(&rows)?),
                || rayon::join(|| turns.write(&rows::turns(&spoken)?), || spans.write(&rows::spans(&spoken)?)),
            );
            contacts.and(turns).and(spans)?;
            progress.advance(rows.len() as u64);
        }
        total += contacts.close()?;
    }
    if months.is_empty() {
        // Readers that take a pattern fail where no file matches; an empty table is a file too.
        out.writer("contacts/contact_month=1970-01", &schema::CONTACTS)?.close()?;
    }
    Ok([(schema::CONTACTS.name, total), (schema::TURNS.name, turns.close()?), (schema::SPANS.name, spans.close()?)])
}

fn contact_row(made: &Made<'_>, catalogue: &Catalogue, index: usize, spilled: &Spilled) -> Result<ContactRow> {
    let entry = &made.entries[index];
    let outcome = &made.outcomes[index];
    let mut labelled: Labelled = spilled.get(entry.place)?;
    if entry.has_other_words {
        labelled.contact.flags.push(OTHER_WORDS.to_owned());
        labelled.contact.flags.sort();
        labelled.contact.flags.dedup();
    }
    let id_of = |index: usize| made.entries[index].linked.contact_id.clone();
    Ok(ContactRow {
        kind: entry.kind,
        is_counted: entry.linked.is_counted,
        ended_at: entry.linked.closed_at,
        contact_date: entry.contact_date,
        reason_l1: entry.linked.reason.as_deref().map(|reason| catalogue.taxonomy.l1(reason).to_owned()),
        is_self_service_eligible: entry.is_self_service_eligible,
        repeat_of: outcome.repeat_of.map(id_of),
        is_repeat: outcome.is_repeat,
        is_recontacted: outcome.is_recontacted,
        is_recontact_open: outcome.is_recontact_open,
        episode_id: outcome.episode.map(|episode| made.episodes[episode].episode_id.clone()),
        cost: entry.cost,
        labelled,
    })
}

fn write_links(made: &Made<'_>, out: &Out<'_>) -> Result<Written> {
    let rows: Vec<LinkRow> = made
        .links
        .iter()
        .map(|link| LinkRow {
            from: made.entries[link.from].linked.contact_id.clone(),
            to: made.entries[link.to].linked.contact_id.clone(),
            customer_key: made.entries[link.to].linked.customer_key.clone().unwrap_or_default(),
            link: link.clone(),
        })
        .collect();
    out.write(&schema::LINKS, &rows, rows::links)
}

fn write_episodes(made: &Made<'_>, out: &Out<'_>) -> Result<Written> {
    out.write(&schema::EPISODES, &episode_rows(made), rows::episodes)
}

fn episode_rows(made: &Made<'_>) -> Vec<EpisodeRow> {
    made.episodes
        .iter()
        .filter_map(|episode| {
            let (&first, &last) = (episode.contacts.first()?, episode.contacts.last()?);
            let first_entry = &made.entries[first];
            Some(EpisodeRow {
                customer_key: first_entry.linked.customer_key.clone(),
                reason_id: first_entry.linked.reason.clone(),
                first: first_entry.linked.contact_id.clone(),
                last: made.entries[last].linked.contact_id.clone(),
                started_at: first_entry.linked.started_at,
                ended_at: made.entries[last].linked.closed_at,
                started_date: first_entry.contact_date,
                // Unknown unless each contact has one: a part would pass for the whole.
                cost: episode.contacts.iter().map(|&index| made.entries[index].cost).sum(),
                cost_7d: episode.contacts[..episode.contacts_7d].iter().map(|&index| made.entries[index].cost).sum(),
                episode: episode.clone(),
            })
        })
        .collect()
}

/// The tables of the FAQ, and what they rest on.
struct FaqWritten {
    gaps: Written,
    articles: Written,
    questions: usize,
    covered: usize,
}

fn write_faq(made: &Made<'_>, articles: Option<&ArticleIndex>, spilled: &Spilled, out: &Out<'_>) -> Result<FaqWritten> {
    let mut questions = questions(made);
    let covered = articles.map_or(0, |articles| articles.cover(&mut questions));
    let gaps = faq::clustering::cluster(&questions)
        .into_iter()
        .map(|cluster| faq::gaps::describe(&questions, cluster, articles, spilled))
        .collect::<Result<Vec<_>>>()?;
    let rows = match articles {
        Some(articles) => faq::failing::describe(&questions, articles, spilled)?,
        None => Vec::new(),
    };
    Ok(FaqWritten {
        gaps: out.write(&schema::FAQ_GAPS, &gaps, faq::gaps::batch)?,
        articles: out.write(&schema::FAQ_ARTICLES, &rows, faq::failing::batch)?,
        questions: questions.len(),
        covered,
    })
}

/// What counted contacts ask that self-service can answer.
fn questions<'m>(made: &Made<'m>) -> Vec<faq::Question<'m>> {
    made.entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry.linked.is_counted && entry.is_self_service_eligible == Some(true))
        .filter(|(_, entry)| entry.is_answerable)
        .filter_map(|(index, entry)| {
            Some(faq::Question {
                contact_id: &entry.linked.contact_id,
                reason: entry.linked.reason.as_deref()?,
                customer: entry.linked.customer_key.as_deref(),
                language: entry.language.as_deref(),
                is_avoidable: entry.is_avoidable_lenient,
                looked_in_vain: entry.looked_in_vain,
                is_repeat: made.outcomes[index].is_repeat[3].filter(|_| made.outcomes[index].is_repeat_observed[3]),
                cost: entry.cost,
                vector: entry.linked.meaning.as_ref()?.whole(),
                article: None,
                place: entry.place,
            })
        })
        .collect()
}

/// Writes the KPI table.
///
/// # Errors
/// The disk is full.
pub fn write_kpi(staging: &Path, batch: &RecordBatch, provenance: &[(String, String)]) -> Result<()> {
    let mut writer = Out { staging, provenance }.writer(schema::KPI.name, &schema::KPI)?;
    writer.write(batch)?;
    writer.close().map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::Cost;
    use crate::repeat::LinkType;
    use crate::repeat::link::tests::contact;
    use crate::table::spill::Place;

    fn entry(id: &str, hours: i64, cost: Option<Cost>) -> Entry {
        let linked = contact(id, Some("k"), hours);
        Entry {
            kind: RecordKind::Contact,
            contact_date: linked.started_at.date_naive(),
            place: Place::default(),
            content: [0; 16],
            words: None,
            said: None,
            has_other_words: false,
            provenance: (0, 1),
            is_self_service_eligible: None,
            cost,
            language: None,
            is_avoidable_lenient: None,
            is_answerable: true,
            looked_in_vain: None,
            linked,
        }
    }

    /// Cost of the episode that two contacts of these costs make.
    fn cost_of_both(costs: [Option<Cost>; 2]) -> Option<Cost> {
        let entries = [entry("a", 0, costs[0]), entry("b", 48, costs[1])];
        let link =
            Link { from: 0, to: 1, gap_s: 1.0, probability: 0.9, similarity: Some(0.8), link_type: LinkType::Meaning };
        let links = [link];
        let (episodes, outcomes) = chain(&entries, &links, entries[1].linked.closed_at);
        let made = Made { entries: &entries, links: &links, episodes: &episodes, outcomes: &outcomes };
        let rows = episode_rows(&made);
        assert_eq!((rows.len(), rows[0].episode.contacts.len()), (1, 2));
        rows[0].cost
    }

    /// Identifiers of duplicates, and whether they are flagged, of contacts given as identifier, hours and words.
    fn duplicates(given: &[(&str, i64, Option<u8>)]) -> (Vec<(String, i64, bool)>, u64) {
        let mut entries: Vec<Entry> = given
            .iter()
            .map(|(id, hours, said)| Entry { said: said.map(|said| [said; 16]), ..entry(id, *hours, None) })
            .collect();
        let start = entries.iter().map(|entry| entry.linked.started_at).min().unwrap();
        let flagged = mark_duplicates(&mut entries);
        let mut found: Vec<(String, i64, bool)> = entries
            .iter()
            .filter(|entry| entry.kind == RecordKind::Duplicate)
            .map(|entry| {
                let hours = (entry.linked.started_at - start).num_hours();
                (entry.linked.contact_id.clone(), hours, entry.has_other_words)
            })
            .collect();
        found.sort();
        (found, flagged)
    }

    #[test]
    fn a_duplicate_with_other_words_is_flagged_whatever_the_order() {
        let mut given = vec![("T1", 0, Some(1)), ("T1", 24, Some(2)), ("T1", 48, Some(1)), ("T1", 72, None)];
        let found = vec![("T1".to_owned(), 24, true), ("T1".to_owned(), 48, false), ("T1".to_owned(), 72, false)];
        assert_eq!(duplicates(&given), (found.clone(), 1));
        given.reverse();
        assert_eq!(duplicates(&given), (found, 1));
        // The first delivery had no words at all: those of the second are lost.
        let found = vec![("T1".to_owned(), 24, true)];
        assert_eq!(duplicates(&[("T1", 0, None), ("T1", 24, Some(2))]), (found, 1));
    }

    #[test]
    fn the_same_words_again_and_other_identifiers_are_not_flagged() {
        let found = vec![("T1".to_owned(), 24, false)];
        assert_eq!(duplicates(&[("T1", 0, Some(1)), ("T1", 24, Some(1))]), (found, 0));
        assert_eq!(duplicates(&[("T1", 0, Some(1)), ("T2", 24, Some(2))]), (Vec::new(), 0));
    }

    #[test]
    fn an_episode_has_a_cost_only_when_each_of_its_contacts_has_one() {
        let call = Cost { low: 3.0, high: 8.0 };
        let mail = Cost { low: 2.0, high: 5.0 };
        assert_eq!(cost_of_both([Some(call), Some(mail)]), Some(Cost { low: 5.0, high: 13.0 }));
        assert_eq!(cost_of_both([Some(call), None]), None);
    }
}
