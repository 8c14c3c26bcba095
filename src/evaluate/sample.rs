//! Contacts of a finished run drawn at random, for people to label who have not seen what the run says of them.
//!
//! `output folder → Sample → CSV file`, which [`super::run`] reads once it is filled. Labels of contacts that somebody chose tell how
//! good the verdicts are on those alone; labels of these also correct the rates of the run ([`super::corrected`]).

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use arrow::array::Array;
use sha2::{Digest, Sha256};

use super::run_tables::{each_batch, flags, integers, text, texts};
use crate::error::{Error, Result};

/// Columns of the file: what the contact is, then what is to be filled.
const COLUMNS: [&str; 10] = [
    "contact_id",
    "started_at",
    "channel",
    "language",
    "text",
    "reason",
    "avoidable",
    "avoidable_lenient",
    "criterion",
    "sentiment",
];
/// How many of [`COLUMNS`] the sample fills.
const FILLED: usize = 5;

/// One contact, without any verdict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Its identifier.
    pub contact_id: String,
    /// Start, UTC, as RFC 3339 writes it.
    pub started_at: String,
    /// Channel.
    pub channel: Option<String>,
    /// Language, ISO 639-1.
    pub language: Option<String>,
    /// Its redacted turns, one a line, each after who speaks.
    pub text: String,
}

/// Contacts drawn at random, in random order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sample {
    /// The contacts.
    pub drawn: Vec<Drawn>,
    /// How many they were drawn from: those of the run that have an avoidability verdict.
    pub of: usize,
}

/// Draws `contacts` of those with an avoidability verdict, or all where there are fewer. What is drawn depends on `seed` and on the
/// identifiers alone, so that most of a sample stays when contacts are added.
///
/// # Errors
/// `contacts` is 0, or no contact has a verdict; a table is absent, unreadable, or lacks a column.
pub fn draw(output: &Path, contacts: usize, seed: u64) -> Result<Sample> {
    if contacts == 0 {
        return Err(Error::usage("--contacts: draw at least one"));
    }
    // The smallest hashes are a random sample, whatever the order of the rows.
    let mut drawn: BTreeMap<[u8; 32], Drawn> = BTreeMap::new();
    let mut of = 0;
    let columns = ["contact_id", "started_at", "channel", "language", "is_counted", "is_avoidable"];
    each_batch(output, "contacts", &columns, |batch| {
        let (ids, starts) = (texts(batch, "contact_id")?, texts(batch, "started_at")?);
        let (channels, languages) = (texts(batch, "channel")?, texts(batch, "language")?);
        let (counted, judged) = (flags(batch, "is_counted")?, flags(batch, "is_avoidable")?);
        for row in 0..batch.num_rows() {
            if !(counted.is_valid(row) && counted.value(row) && judged.is_valid(row)) {
                continue;
            }
            of += 1;
            let hash = Sha256::new().chain_update(seed.to_le_bytes()).chain_update(ids.value(row)).finalize().into();
            let is_in = drawn.len() < contacts || drawn.last_key_value().is_some_and(|(largest, _)| hash < *largest);
            if is_in {
                let contact = Drawn {
                    contact_id: ids.value(row).to_owned(),
                    started_at: text(&starts, row).unwrap_or_default(),
                    channel: text(&channels, row),
                    language: text(&languages, row),
                    text: String::new(),
                };
                drawn.insert(hash, contact);
                if drawn.len() > contacts {
                    drawn.pop_last();
                }
            }
        }
        Ok(())
    })?;
    if of == 0 {
        return Err(Error::usage("nothing to draw: no contact of this run has an avoidability verdict"));
    }
    let mut drawn: Vec<Drawn> = drawn.into_values().collect();
    let words = words_of(output, &drawn)?;
    for contact in &mut drawn {
        let turns = words.get(&contact.contact_id).into_iter().flat_map(BTreeMap::values);
        contact.text = turns.map(String::as_str).collect::<Vec<_>>().join("\n");
    }
    Ok(Sample { drawn, of })
}

/// The turns of some contacts, each after who speaks, by contact and place.
fn words_of(output: &Path, drawn: &[Drawn]) -> Result<BTreeMap<String, BTreeMap<i64, String>>> {
    let wanted: BTreeSet<&str> = drawn.iter().map(|contact| contact.contact_id.as_str()).collect();
    let mut words: BTreeMap<String, BTreeMap<i64, String>> = BTreeMap::new();
    each_batch(output, "turns", &["contact_id", "turn_index", "speaker", "text"], |batch| {
        let (ids, speakers, said) = (texts(batch, "contact_id")?, texts(batch, "speaker")?, texts(batch, "text")?);
        let places = integers(batch, "turn_index")?;
        for row in 0..batch.num_rows() {
            let Some(id) = wanted.get(ids.value(row)) else { continue };
            let turn = match (text(&speakers, row), text(&said, row).unwrap_or_default()) {
                (Some(speaker), said) => format!("{speaker}: {said}"),
                (None, said) => said,
            };
            words.entry((*id).to_owned()).or_default().insert(places.value(row), turn);
        }
        Ok(())
    })?;
    Ok(words)
}

impl Sample {
    /// Writes a CSV file with empty columns for the labels, UTF-8 with a byte order mark, without which spreadsheets take it for
    /// another encoding. `delimiter` is the one that spreadsheets of the reader's language expect.
    ///
    /// # Errors
    /// The file is there already, which may hold labels, unless `replace`; it cannot be written.
    pub fn write(&self, path: &Path, delimiter: u8, replace: bool) -> Result<()> {
        if path.exists() && !replace {
            return Err(Error::usage(format!("already there: {}; add --force to replace", path.display())));
        }
        let failed = |error: std::io::Error| Error::io("write", path, error);
        let mut file = BufWriter::new(File::create(path).map_err(failed)?);
        file.write_all("\u{feff}".as_bytes()).map_err(failed)?;
        let mut rows = csv::WriterBuilder::new().delimiter(delimiter).from_writer(file);
        let record = |rows: &mut csv::Writer<_>, cells: [&str; COLUMNS.len()]| {
            rows.write_record(cells).map_err(|error| failed(std::io::Error::other(error)))
        };
        record(&mut rows, COLUMNS)?;
        for contact in &self.drawn {
            let mut cells = [""; COLUMNS.len()];
            cells[..FILLED].copy_from_slice(&[
                contact.contact_id.as_str(),
                &contact.started_at,
                contact.channel.as_deref().unwrap_or_default(),
                contact.language.as_deref().unwrap_or_default(),
                &contact.text,
            ]);
            record(&mut rows, cells)?;
        }
        rows.flush().map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, BooleanArray, Int32Array, StringArray};

    use super::super::Columns;
    use super::super::run_tables::tests::write;
    use super::*;
    use crate::table::schema::{CONTACTS, LINKS, TURNS};

    /// A run of `contacts`, of which every tenth has no verdict and every tenth other is not counted.
    fn run(folder: &Path, contacts: usize) {
        let ids: Vec<String> = (0..contacts).map(|at| format!("c{at:03}")).collect();
        let judged: Vec<Option<bool>> = (0..contacts).map(|at| (at % 10 != 0).then_some(at % 3 == 0)).collect();
        let counted: Vec<bool> = (0..contacts).map(|at| at % 10 != 5).collect();
        let texts = |values: Vec<&str>| Arc::new(StringArray::from(values)) as ArrayRef;
        write(
            &folder.join("contacts/contact_month=2026-01/part-0.parquet"),
            &CONTACTS,
            &[
                ("contact_id", texts(ids.iter().map(String::as_str).collect())),
                ("language", texts(vec!["fr"; contacts])),
                ("is_counted", Arc::new(BooleanArray::from(counted)) as _),
                ("is_avoidable", Arc::new(BooleanArray::from(judged)) as _),
            ],
        );
        let twice: Vec<&str> = ids.iter().flat_map(|id| [id.as_str(), id.as_str()]).collect();
        write(
            &folder.join("turns/contact_month=2026-01/part-0.parquet"),
            &TURNS,
            &[
                ("contact_id", texts(twice)),
                ("turn_index", Arc::new(Int32Array::from([1, 0].repeat(contacts))) as _),
                ("speaker", texts(["agent", "customer"].repeat(contacts))),
                ("text", texts(["Oui ?", "Mon colis ; \"bleu\""].repeat(contacts))),
            ],
        );
        write(
            &folder.join("links/part-0.parquet"),
            &LINKS,
            &[("from_contact_id", texts(vec![])), ("to_contact_id", texts(vec![]))],
        );
    }

    #[test]
    fn contacts_with_a_verdict_are_drawn_by_seed_and_identifier_alone() {
        let folder = tempfile::tempdir().unwrap();
        run(folder.path(), 100);
        let sample = draw(folder.path(), 20, 1).unwrap();
        assert_eq!((sample.drawn.len(), sample.of), (20, 80));
        let numbers: Vec<usize> = sample.drawn.iter().map(|one| one.contact_id[1..].parse().unwrap()).collect();
        assert!(numbers.iter().all(|number| number % 10 != 0 && number % 10 != 5));
        assert!(!numbers.is_sorted(), "in random order");
        assert_eq!(sample.drawn[0].text, "customer: Mon colis ; \"bleu\"\nagent: Oui ?");
        assert_eq!(draw(folder.path(), 20, 1).unwrap(), sample);
        let other = draw(folder.path(), 20, 2).unwrap();
        assert_ne!(other.drawn, sample.drawn);
        assert_eq!(draw(folder.path(), 500, 1).unwrap().drawn.len(), 80);
        // Fewer contacts, the same seed: those that are left stay drawn.
        let half = tempfile::tempdir().unwrap();
        run(half.path(), 50);
        let kept = draw(half.path(), 20, 1).unwrap();
        assert!(sample.drawn.iter().filter(|one| one.contact_id.as_str() < "c050").all(|one| kept.drawn.contains(one)));
    }

    #[test]
    fn an_empty_sample_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        // The only contact has no verdict.
        run(folder.path(), 1);
        let refused = |contacts| draw(folder.path(), contacts, 1).unwrap_err().to_string();
        assert!(refused(0).contains("--contacts"), "{}", refused(0));
        assert!(refused(5).contains("verdict"), "{}", refused(5));
    }

    #[test]
    fn the_file_is_read_again_once_it_is_filled() {
        let folder = tempfile::tempdir().unwrap();
        run(folder.path(), 30);
        let sample = draw(folder.path(), 4, 7).unwrap();
        let path = folder.path().join("labels.csv");
        for delimiter in [b',', b';'] {
            sample.write(&path, delimiter, true).unwrap();
            let empty = super::super::run::evaluate(folder.path(), &path, &Columns::default()).unwrap();
            assert_eq!((empty.count_of("n"), empty.count_of("missing_in_run")), (Some(4), Some(0)));
            assert_eq!(empty.figure("avoidable_rate_corrected").unwrap().value, None);
            // Somebody finds all of them avoidable.
            let text = std::fs::read_to_string(&path).unwrap();
            let delimiter = char::from(delimiter);
            let unfilled = [""; 6].join(&delimiter.to_string());
            assert_eq!(text.matches(&unfilled).count(), 4);
            let filled = text.replace(&unfilled, &["", "", "VRAI", "1", "", ""].join(&delimiter.to_string()));
            std::fs::write(&path, filled).unwrap();
            let evaluation = super::super::run::evaluate(folder.path(), &path, &Columns::default()).unwrap();
            let corrected = evaluation.figure("avoidable_rate_corrected").unwrap();
            assert_eq!(corrected.n, 4);
            assert!(corrected.value > evaluation.figure("avoidable_rate").unwrap().value);
        }
    }

    #[test]
    fn labels_are_not_overwritten_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.csv");
        std::fs::write(&path, "contact_id,avoidable\na,1\n").unwrap();
        let error = Sample::default().write(&path, b',', false).unwrap_err().to_string();
        assert!(error.contains("--force"), "{error}");
        assert!(std::fs::read_to_string(&path).unwrap().contains("a,1"));
    }
}
