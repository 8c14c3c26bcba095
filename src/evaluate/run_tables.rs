//! What an evaluation needs of a finished run: one row per contact with its links, and the first level of each reason.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, BooleanArray, Float64Array, Int64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Deserialize;

use super::known::Known;
use crate::error::{Error, Result};

/// The verdicts on one contact.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunContact {
    /// Primary reason; `None` when the row is not counted.
    pub reason: Option<String>,
    /// Primary and secondary reasons, without gaps.
    pub reasons: Vec<String>,
    /// First level of the primary reason.
    pub reason_l1: Option<String>,
    /// Strict verdict.
    pub is_avoidable: Option<bool>,
    /// Lenient verdict.
    pub is_avoidable_lenient: Option<bool>,
    /// Probability of the strict verdict.
    pub avoidable_probability: Option<f64>,
    /// Criterion of the verdict.
    pub criterion: Option<String>,
    /// Sentiment.
    pub sentiment: Option<String>,
    /// Episode.
    pub episode: Option<String>,
    /// Latest earlier contact about the same issue, from the table of links.
    pub linked_from: Vec<String>,
}

/// The tables of a run, by contact.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunTables {
    /// Contacts by identifier.
    pub contacts: BTreeMap<String, RunContact>,
    /// Reasons that the run knows.
    pub reasons: Known,
    /// Criteria that the run knows.
    pub criteria: Known,
    /// First level of each reason of the run's taxonomy.
    groups: BTreeMap<String, String>,
}

/// The part of `run.json` that is read here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Record {
    reason_groups: BTreeMap<String, String>,
    labels: Names,
}

/// Names of what the run's verdicts refer to, by identifier.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Names {
    reasons: BTreeMap<String, Bilingual>,
    criteria: BTreeMap<String, Bilingual>,
}

/// A name in both languages; what else the record says of the entry is passed over.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Bilingual {
    fr: String,
    en: String,
}

const CONTACT_COLUMNS: [&str; 12] = [
    "contact_id",
    "is_counted",
    "reason_id",
    "reason_2_id",
    "reason_3_id",
    "reason_l1",
    "is_avoidable",
    "is_avoidable_lenient",
    "avoidable_probability",
    "criterion_id",
    "sentiment_label",
    "episode_id",
];

impl RunTables {
    /// Reads the tables under an output folder.
    ///
    /// # Errors
    /// A table is absent, unreadable, or lacks a column; `run.json` is damaged.
    pub fn read(output: &Path) -> Result<Self> {
        let Record { reason_groups: mut groups, labels } = record(output)?;
        let (mut reasons, mut criteria) = (known(&labels.reasons), known(&labels.criteria));
        let mut contacts: BTreeMap<String, RunContact> = BTreeMap::new();
        for batch in batches(output, "contacts", &CONTACT_COLUMNS)? {
            let texts = |name: &str| texts(&batch, name);
            let [ids, first, second, third, l1, criteria, sentiments, episodes] = [
                texts("contact_id")?,
                texts("reason_id")?,
                texts("reason_2_id")?,
                texts("reason_3_id")?,
                texts("reason_l1")?,
                texts("criterion_id")?,
                texts("sentiment_label")?,
                texts("episode_id")?,
            ];
            let counted = flags(&batch, "is_counted")?;
            let avoidable = flags(&batch, "is_avoidable")?;
            let lenient = flags(&batch, "is_avoidable_lenient")?;
            let probabilities = numbers(&batch, "avoidable_probability")?;
            for row in 0..batch.num_rows() {
                let Some(id) = text(&ids, row) else { continue };
                let contact = RunContact {
                    reason: text(&first, row),
                    reasons: [&first, &second, &third].into_iter().filter_map(|column| text(column, row)).collect(),
                    reason_l1: text(&l1, row),
                    is_avoidable: avoidable.is_valid(row).then(|| avoidable.value(row)),
                    is_avoidable_lenient: lenient.is_valid(row).then(|| lenient.value(row)),
                    avoidable_probability: probabilities.is_valid(row).then(|| probabilities.value(row)),
                    criterion: text(&criteria, row),
                    sentiment: text(&sentiments, row),
                    episode: text(&episodes, row),
                    linked_from: Vec::new(),
                };
                // A contact that was delivered twice is a row without verdicts beside the one that counts.
                if counted.is_valid(row) && !counted.value(row) {
                    contacts.entry(id).or_insert(contact);
                } else {
                    contacts.insert(id, contact);
                }
            }
        }
        for batch in batches(output, "links", &["from_contact_id", "to_contact_id"])? {
            let (from, to) = (texts(&batch, "from_contact_id")?, texts(&batch, "to_contact_id")?);
            for row in 0..batch.num_rows() {
                if let Some((from, to)) = text(&from, row).zip(text(&to, row))
                    && let Some(contact) = contacts.get_mut(&to)
                {
                    contact.linked_from.push(from);
                }
            }
        }
        for contact in contacts.values_mut() {
            contact.linked_from.sort();
            // Months of earlier runs hold entries that are no longer in the company's files.
            contact.reasons.iter().for_each(|id| reasons.add_seen(id));
            contact.criterion.iter().for_each(|id| criteria.add_seen(id));
            // Runs of before had no record of their reasons.
            if let Some((reason, group)) = contact.reason.as_ref().zip(contact.reason_l1.as_ref()) {
                groups.entry(reason.clone()).or_insert_with(|| group.clone());
            }
        }
        Ok(Self { contacts, reasons, criteria, groups })
    }

    /// First level of a reason; the reserved ones and unknown ones are their own.
    pub fn l1<'a>(&'a self, reason: &'a str) -> &'a str {
        self.groups.get(reason).map_or(reason, String::as_str)
    }
}

/// The entries of a list with their names.
fn known(names: &BTreeMap<String, Bilingual>) -> Known {
    let mut known = Known::default();
    names.iter().for_each(|(id, name)| known.add(id, [name.fr.as_str(), &name.en]));
    known
}

/// What `run.json` says of the reasons and criteria; nothing without it.
fn record(output: &Path) -> Result<Record> {
    let path = output.join("run.json");
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Record::default()),
        Err(error) => return Err(Error::io("read", &path, error)),
    };
    serde_json::from_slice(&bytes)
        .map_err(|_| Error::file(path, "not the record of a run", "give the output folder of a finished `motif run`"))
}

/// The batches of one table, its files in order of their names, with the wanted columns.
fn batches(output: &Path, table: &str, columns: &[&str]) -> Result<Vec<RecordBatch>> {
    let mut found = Vec::new();
    each_batch(output, table, columns, |batch| {
        found.push(batch.clone());
        Ok(())
    })?;
    Ok(found)
}

/// The same one after the other, for tables larger than memory.
pub(super) fn each_batch(
    output: &Path,
    table: &str,
    columns: &[&str],
    mut each: impl FnMut(&RecordBatch) -> Result<()>,
) -> Result<()> {
    let folder = output.join(table);
    let mut files = Vec::new();
    collect(&folder, &mut files)?;
    files.sort();
    if files.is_empty() {
        return Err(Error::file(folder, "no Parquet file here", "give the output folder of a finished `motif run`"));
    }
    for path in files {
        let file = File::open(&path).map_err(|error| Error::io("read", &path, error))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
        let schema = builder.schema().clone();
        if let Some(missing) = columns.iter().find(|name| schema.index_of(name).is_err()) {
            return Err(Error::file(path, format!("no column `{missing}`"), "run `motif run` again with this version"));
        }
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        for batch in builder.with_projection(mask).build()? {
            each(&batch?)?;
        }
    }
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::io("read", folder, error)),
    };
    for entry in entries {
        let path = entry.map_err(|error| Error::io("read", folder, error))?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "parquet") {
            files.push(path);
        }
    }
    Ok(())
}

fn column(batch: &RecordBatch, name: &str, data_type: &DataType) -> Result<arrow::array::ArrayRef> {
    let column = batch.column_by_name(name).ok_or_else(|| Error::bug(format!("column {name} was not projected")))?;
    Ok(cast(column, data_type)?)
}

pub(super) fn texts(batch: &RecordBatch, name: &str) -> Result<StringArray> {
    Ok(column(batch, name, &DataType::Utf8)?.as_string::<i32>().clone())
}

pub(super) fn flags(batch: &RecordBatch, name: &str) -> Result<BooleanArray> {
    Ok(column(batch, name, &DataType::Boolean)?.as_boolean().clone())
}

fn numbers(batch: &RecordBatch, name: &str) -> Result<Float64Array> {
    Ok(column(batch, name, &DataType::Float64)?.as_primitive::<Float64Type>().clone())
}

/// Whole numbers of whatever width.
pub(super) fn integers(batch: &RecordBatch, name: &str) -> Result<Int64Array> {
    Ok(column(batch, name, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
}

pub(super) fn text(column: &StringArray, row: usize) -> Option<String> {
    column.is_valid(row).then(|| column.value(row).to_owned())
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, new_null_array};
    use parquet::arrow::ArrowWriter;

    use super::*;
    use crate::table::schema::{CONTACTS, LINKS, Table};

    /// Writes a Parquet file whose named columns hold these values and whose other columns of the table are null.
    pub(crate) fn write(path: &Path, table: &Table, columns: &[(&str, ArrayRef)]) {
        let rows = columns[0].1.len();
        let arrays: Vec<(String, ArrayRef)> = table
            .columns
            .iter()
            .map(|column| {
                let data_type = column.column_type.arrow();
                let array = match columns.iter().find(|(name, _)| *name == column.name) {
                    Some((_, array)) => cast(array, &data_type).unwrap(),
                    None => new_null_array(&data_type, rows),
                };
                (column.name.to_owned(), array)
            })
            .collect();
        let batch =
            RecordBatch::try_from_iter_with_nullable(arrays.into_iter().map(|(name, array)| (name, array, true)))
                .unwrap();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    #[test]
    fn dictionary_columns_and_partitions_are_read() {
        let folder = tempfile::tempdir().unwrap();
        for (month, id) in [("2026-01", "a"), ("2026-02", "b")] {
            write(
                &folder.path().join(format!("contacts/contact_month={month}/part-0.parquet")),
                &CONTACTS,
                &[
                    ("contact_id", Arc::new(StringArray::from(vec![id]))),
                    ("reason_id", Arc::new(StringArray::from(vec!["delivery.late"]))),
                    ("reason_3_id", Arc::new(StringArray::from(vec![Some("order.change")]))),
                    ("is_avoidable", Arc::new(BooleanArray::from(vec![true]))),
                    ("avoidable_probability", Arc::new(Float64Array::from(vec![0.75]))),
                ],
            );
        }
        write(
            &folder.path().join("links/part-0.parquet"),
            &LINKS,
            &[
                ("from_contact_id", Arc::new(StringArray::from(vec!["a"]))),
                ("to_contact_id", Arc::new(StringArray::from(vec!["b"]))),
            ],
        );
        let tables = RunTables::read(folder.path()).unwrap();
        let later = &tables.contacts["b"];
        assert_eq!(later.reasons, ["delivery.late", "order.change"]);
        assert_eq!((later.is_avoidable, later.is_avoidable_lenient), (Some(true), None));
        assert_eq!(later.avoidable_probability, Some(0.75));
        assert_eq!(later.linked_from, ["a"]);
        assert!(tables.contacts["a"].linked_from.is_empty());
    }

    #[test]
    fn a_contact_delivered_twice_keeps_the_verdicts_of_the_row_that_counts() {
        // The duplicate comes first in one file and last in the other.
        for order in [[true, false], [false, true]] {
            let folder = tempfile::tempdir().unwrap();
            let of_counted = |value: &'static str| order.map(|counts| counts.then_some(value)).to_vec();
            write(
                &folder.path().join("contacts/contact_month=2026-01/part-0.parquet"),
                &CONTACTS,
                &[
                    ("contact_id", Arc::new(StringArray::from(vec!["a", "a"])) as ArrayRef),
                    ("is_counted", Arc::new(BooleanArray::from(order.to_vec()))),
                    ("reason_id", Arc::new(StringArray::from(of_counted("delivery.late")))),
                    ("is_avoidable", Arc::new(BooleanArray::from(order.map(|counts| counts.then_some(true)).to_vec()))),
                ],
            );
            write(
                &folder.path().join("links/part-0.parquet"),
                &LINKS,
                &[
                    ("from_contact_id", Arc::new(StringArray::from(Vec::<&str>::new())) as ArrayRef),
                    ("to_contact_id", Arc::new(StringArray::from(Vec::<&str>::new()))),
                ],
            );
            let tables = RunTables::read(folder.path()).unwrap();
            assert_eq!(tables.contacts.len(), 1, "{order:?}");
            let contact = &tables.contacts["a"];
            assert_eq!(
                (contact.reason.as_deref(), contact.is_avoidable),
                (Some("delivery.late"), Some(true)),
                "{order:?}"
            );
        }
    }

    #[test]
    fn the_first_level_of_a_reason_is_that_of_the_run() {
        let folder = tempfile::tempdir().unwrap();
        write(
            &folder.path().join("contacts/contact_month=2026-01/part-0.parquet"),
            &CONTACTS,
            &[
                ("contact_id", Arc::new(StringArray::from(vec!["a"])) as ArrayRef),
                ("reason_id", Arc::new(StringArray::from(vec!["livraison.retard"]))),
                ("reason_l1", Arc::new(StringArray::from(vec!["livraison"]))),
            ],
        );
        write(
            &folder.path().join("links/part-0.parquet"),
            &LINKS,
            &[
                ("from_contact_id", Arc::new(StringArray::from(Vec::<&str>::new())) as ArrayRef),
                ("to_contact_id", Arc::new(StringArray::from(Vec::<&str>::new()))),
            ],
        );
        // Without a record, from the contacts; with one, also of reasons that no contact has.
        assert_eq!(RunTables::read(folder.path()).unwrap().l1("livraison.retard"), "livraison");
        std::fs::write(folder.path().join("run.json"), r#"{"reason_groups":{"livraison.casse":"livraison"},"x":1}"#)
            .unwrap();
        let tables = RunTables::read(folder.path()).unwrap();
        assert_eq!(tables.l1("livraison.casse"), "livraison");
        assert_eq!(tables.l1("other"), "other");
        std::fs::write(folder.path().join("run.json"), "{").unwrap();
        assert!(RunTables::read(folder.path()).unwrap_err().to_string().contains("run.json"));
    }

    #[test]
    fn a_folder_without_tables_is_refused_with_advice() {
        let folder = tempfile::tempdir().unwrap();
        assert!(RunTables::read(folder.path()).unwrap_err().to_string().contains("motif run"));
    }
}
