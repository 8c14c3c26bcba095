//! Contacts of the periods that a run does not cover, read back from the tables that an earlier run wrote.
//!
//! Their words are already cleaned and redacted and their customer is already a key, so they enter the pipeline after
//! the text stages; their vectors are in the cache. That is how links reach across periods, and how a new taxonomy
//! applies to all of them.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int32Array, StringArray, TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Utc};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::contact::{
    Channel, Contact, Dimensions, Direction, Handling, Provenance, RecordKind, Speaker, Survey, Thread, TransferType,
    Turn,
};
use crate::error::{Error, Result};

/// Months (`YYYY-MM`) that an output folder holds, in order.
pub fn months(output: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(output.join("contacts")) else { return Vec::new() };
    let months: BTreeSet<String> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.strip_prefix("contact_month=").map(str::to_owned))
        .collect();
    months.into_iter().collect()
}

/// Reads the contacts of one month with their turns, and gives them to `sink` in the order of the tables. Automatic
/// replies, bounces, duplicates and outbound contacts come too.
///
/// # Errors
/// The tables cannot be read, or lack a column: they were written by another program.
pub fn contacts(output: &Path, month: &str, sink: &mut dyn FnMut(Contact) -> Result<()>) -> Result<()> {
    let folder = output.join("contacts").join(format!("contact_month={month}"));
    let mut kept: Vec<Contact> = Vec::new();
    for path in parts(&folder)? {
        for batch in batches(&path)? {
            read_contacts(&path, &batch?, &mut kept)?;
        }
    }
    // Turns are not repeated for duplicates, so they belong to the row that is none.
    let place: HashMap<String, usize> = kept
        .iter()
        .enumerate()
        .filter(|(_, contact)| contact.kind != RecordKind::Duplicate)
        .map(|(index, contact)| (contact.contact_id.clone(), index))
        .collect();
    for path in parts(&output.join("turns"))? {
        for batch in batches(&path)? {
            read_turns(&path, &batch?, &place, &mut kept)?;
        }
    }
    kept.into_iter().try_for_each(sink)
}

/// Number of contacts of one month.
///
/// # Errors
/// The table cannot be read.
pub fn count(output: &Path, month: &str) -> Result<u64> {
    let mut rows = 0;
    for path in parts(&output.join("contacts").join(format!("contact_month={month}")))? {
        let file = std::fs::File::open(&path).map_err(|e| Error::io("read", &path, e))?;
        rows += ParquetRecordBatchReaderBuilder::try_new(file)?.metadata().file_metadata().num_rows() as u64;
    }
    Ok(rows)
}

fn parts(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).map_err(|e| Error::io("read", folder, e))?;
    let mut paths: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "parquet"))
        .collect();
    paths.sort();
    Ok(paths)
}

fn batches(path: &Path) -> Result<impl Iterator<Item = Result<RecordBatch>> + use<>> {
    let file = std::fs::File::open(path).map_err(|e| Error::io("read", path, e))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)?.with_batch_size(8192).build()?;
    Ok(reader.map(|batch| batch.map_err(Error::from)))
}

/// Typed access to the columns of a batch.
struct View<'a> {
    path: &'a Path,
    batch: &'a RecordBatch,
}

impl View<'_> {
    fn column(&self, name: &str, wanted: &DataType) -> Result<ArrayRef> {
        let column = self.batch.column_by_name(name).ok_or_else(|| {
            Error::file(self.path, format!("column {name} is missing"), "choose another folder with --output")
        })?;
        Ok(cast(column, wanted)?)
    }

    fn text(&self, name: &str) -> Result<StringArray> {
        Ok(self.column(name, &DataType::Utf8)?.as_string::<i32>().clone())
    }

    fn double(&self, name: &str) -> Result<Float64Array> {
        Ok(self.column(name, &DataType::Float64)?.as_primitive().clone())
    }

    /// A column that outputs of earlier versions do not have: all null there.
    fn later(&self, name: &str, wanted: &DataType) -> Result<ArrayRef> {
        match self.batch.column_by_name(name) {
            Some(column) => Ok(cast(column, wanted)?),
            None => Ok(arrow::array::new_null_array(wanted, self.batch.num_rows())),
        }
    }

    fn later_double(&self, name: &str) -> Result<Float64Array> {
        Ok(self.later(name, &DataType::Float64)?.as_primitive().clone())
    }

    fn int(&self, name: &str) -> Result<Int32Array> {
        Ok(self.column(name, &DataType::Int32)?.as_primitive().clone())
    }

    fn boolean(&self, name: &str) -> Result<BooleanArray> {
        Ok(self.column(name, &DataType::Boolean)?.as_boolean().clone())
    }

    fn time(&self, name: &str) -> Result<TimestampMicrosecondArray> {
        let wanted = DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, Some("UTC".into()));
        Ok(self.column(name, &wanted)?.as_primitive().clone())
    }
}

fn text_at(column: &StringArray, row: usize) -> Option<String> {
    column.is_valid(row).then(|| column.value(row).to_owned())
}

fn double_at(column: &Float64Array, row: usize) -> Option<f64> {
    column.is_valid(row).then(|| column.value(row))
}

fn boolean_at(column: &BooleanArray, row: usize) -> Option<bool> {
    column.is_valid(row).then(|| column.value(row))
}

fn time_at(column: &TimestampMicrosecondArray, row: usize) -> Option<DateTime<Utc>> {
    column.is_valid(row).then(|| DateTime::from_timestamp_micros(column.value(row))).flatten()
}

fn read_contacts(path: &Path, batch: &RecordBatch, kept: &mut Vec<Contact>) -> Result<()> {
    let view = View { path, batch };
    let texts = [
        "contact_id",
        "customer_key",
        "channel",
        "direction",
        "record_kind",
        "language",
        "subject",
        "team",
        "agent_id",
        "site",
        "campaign",
        "queue",
        "segment",
        "product",
        "agent_reason",
        "transferred_to",
        "transfer_type",
        "source_file",
    ]
    .map(|name| view.text(name).map(|column| (name, column)));
    let mut text = HashMap::new();
    for column in texts {
        let (name, column) = column?;
        text.insert(name, column);
    }
    let doubles = ["wait_s", "talk_s", "hold_s", "acw_s", "csat", "nps", "ces"]
        .map(|name| view.double(name).map(|column| (name, column)));
    let mut double = HashMap::new();
    for column in doubles {
        let (name, column) = column?;
        double.insert(name, column);
    }
    let (started_at, ended_at) = (view.time("started_at")?, view.time("ended_at")?);
    let derived = view.boolean("is_ended_at_derived")?;
    let (abandoned, transferred) = (view.boolean("is_abandoned")?, view.boolean("is_transferred")?);
    let level = view.int("level")?;
    let (silence, share) = (view.later_double("silence_s")?, view.later_double("agent_talk_share")?);
    let interruptions: Int32Array = view.later("interruptions", &DataType::Int32)?.as_primitive().clone();
    let sure = view.later_double("speaker_confidence")?;
    let flags = view.column("flags", &schema_of_flags())?;
    let references = view.column("thread_references", &schema_of_flags())?;
    let message_id = view.text("message_id")?;
    for row in 0..batch.num_rows() {
        let text = |name: &str| text_at(&text[name], row);
        let number = |name: &str| double_at(&double[name], row);
        let (Some(contact_id), Some(start)) = (text("contact_id"), time_at(&started_at, row)) else {
            return Err(Error::file(path, "a row has no identifier or start", "choose another folder with --output"));
        };
        let kind = text("record_kind").and_then(|name| RecordKind::from_written(&name)).unwrap_or(RecordKind::Contact);
        let provenance = Provenance { file: text("source_file").unwrap_or_default(), record: 0 };
        let mut contact = Contact::new(contact_id, start, provenance);
        contact.customer_key = text("customer_key");
        contact.channel = text("channel").and_then(|name| Channel::from_written(&name));
        contact.direction =
            text("direction").and_then(|name| Direction::from_written(&name)).unwrap_or(Direction::Inbound);
        contact.kind = kind;
        contact.language = text("language");
        contact.ended_at = time_at(&ended_at, row).filter(|_| !derived.value(row));
        contact.subject = text("subject");
        contact.thread = Thread { message_id: text_at(&message_id, row), references: list_at(&references, row) };
        contact.dimensions = Dimensions {
            team: text("team"),
            agent_id: text("agent_id"),
            site: text("site"),
            campaign: text("campaign"),
            queue: text("queue"),
            level: level.is_valid(row).then(|| level.value(row) as u8),
            segment: text("segment"),
            product: text("product"),
        };
        contact.handling = Handling {
            wait_s: number("wait_s"),
            talk_s: number("talk_s"),
            hold_s: number("hold_s"),
            acw_s: number("acw_s"),
            is_abandoned: boolean_at(&abandoned, row),
            transferred_to: text("transferred_to"),
            transfer_type: text("transfer_type").and_then(|name| TransferType::from_written(&name)),
            is_transferred: boolean_at(&transferred, row),
            silence_s: double_at(&silence, row),
            interruptions: interruptions.is_valid(row).then(|| u32::try_from(interruptions.value(row)).ok()).flatten(),
            agent_talk_share: double_at(&share, row),
        };
        contact.speaker_confidence = double_at(&sure, row);
        contact.survey = Survey { csat: number("csat"), nps: number("nps"), ces: number("ces") };
        contact.agent_reason = text("agent_reason");
        contact.flags = list_at(&flags, row);
        kept.push(contact);
    }
    Ok(())
}

fn schema_of_flags() -> DataType {
    super::schema::ColumnType::TextList.arrow()
}

fn list_at(column: &ArrayRef, row: usize) -> Vec<String> {
    let values = column.as_list::<i32>().value(row);
    values.as_string::<i32>().iter().flatten().map(str::to_owned).collect()
}

fn read_turns(path: &Path, batch: &RecordBatch, place: &HashMap<String, usize>, kept: &mut [Contact]) -> Result<()> {
    let view = View { path, batch };
    let (id, speaker, text, language) =
        (view.text("contact_id")?, view.text("speaker")?, view.text("text")?, view.text("language")?);
    let (start_s, end_s) = (view.double("start_s")?, view.double("end_s")?);
    let confidence = view.later_double("asr_confidence")?;
    for row in 0..batch.num_rows() {
        if let Some(&index) = place.get(id.value(row)) {
            kept[index].turns.push(Turn {
                speaker: Speaker::from_written(speaker.value(row)).unwrap_or(Speaker::Unknown),
                text: text.value(row).to_owned(),
                start_s: double_at(&start_s, row),
                end_s: double_at(&end_s, row),
                language: text_at(&language, row),
                confidence: double_at(&confidence, row),
            });
        }
    }
    Ok(())
}
