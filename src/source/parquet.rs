//! Parquet to contacts: one row per contact, with turns nested as a list of structs or not, one row per turn, or several
//! messages under one identifier.

use std::fs::File;
use std::io::{self, BufRead, Read, Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, Date64Type, Float16Type, Float32Type, Float64Type, TimeUnit};
use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::{Map, Value};

use crate::error::RejectCode;

use super::columns::{Field, Mapping, normalise};
use super::discover::InputFile;
use super::group::Grouper;
use super::open::Compression;
use super::returning::{self, Returning};
use super::row::{self, Place, Row};
use super::time::{DateOrder, OrderFound, Orders};
use super::value::Cell;
use super::{Failure, Output, json};

/// Rows decoded at a time.
const BATCH_ROWS: usize = 1024;

/// Reads a Parquet file. A compressed one is unpacked to a temporary file first, since its index is at its end.
pub(crate) fn read(
    input: &InputFile,
    mut stream: Box<dyn BufRead>,
    compression: Compression,
    place: Place<'_>,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let mut file = match compression {
        Compression::None => File::open(&input.path)?,
        Compression::Gzip | Compression::Zstd => unpacked(&mut stream)?,
    };
    let ends_well = ends_with_mark(&mut file)?;
    let refuse = |output: &mut Output<'_>, is_damaged_inside: bool| {
        output.met();
        let (code, message) = if ends_well || is_damaged_inside {
            (RejectCode::Malformed, "the Parquet file is damaged")
        } else {
            (RejectCode::Truncated, "the Parquet file ends in the middle")
        };
        output.reject(place.reject_file(code, message))
    };
    let (dates, returning) = look(&file, place);
    let place = Place { order: dates.order, is_order_guessed: dates.is_guess, ..place };
    output.remarks.extend(dates.remark);
    let Ok(builder) = ParquetRecordBatchReaderBuilder::try_new(file) else {
        refuse(output, false)?;
        return Ok(());
    };
    let Ok(reader) = builder.with_batch_size(BATCH_ROWS).build() else {
        refuse(output, true)?;
        return Ok(());
    };
    let mut table: Option<Table<'_>> = None;
    let mut record = 0u64;
    let mut is_broken = false;
    for batch in reader {
        let Ok(batch) = batch else {
            refuse(output, true)?;
            is_broken = true;
            break;
        };
        let columns = columns(&batch);
        let table = match &mut table {
            Some(table) => table,
            None => match Table::new(&columns, place) {
                Ok(new) => {
                    output.unread = new.unread(&columns);
                    table.insert(new.with(&returning))
                }
                Err(absent) => {
                    output.met();
                    output.reject(
                        place.reject_file(RejectCode::MissingColumn, absent.message).field(absent.field.name()),
                    )?;
                    return Ok(());
                }
            },
        };
        for index in 0..batch.num_rows() {
            record += 1;
            let row = table.row(record, &columns, index);
            output.words_for_nobody += u64::from(row.has_word_for_nobody);
            match &mut table.grouper {
                Some(grouper) if table.is_one_row_per_turn || row.is_message => grouper.add(row, output)?,
                _ => {
                    output.met();
                    output.record(row::contact(&row, &table.place))?;
                }
            }
        }
    }
    if let Some(grouper) = table.and_then(|table| table.grouper) {
        grouper.finish(is_broken, output)?;
    }
    if record == 0 && output.records_read == 0 {
        output.met();
        output.reject(place.reject_file(RejectCode::EmptyFile, "the file has no row"))?;
    }
    Ok(())
}

/// How the columns of a file are read.
struct Table<'a> {
    mapping: Mapping,
    /// Column of nested turns.
    turns: Option<usize>,
    place: Place<'a>,
    is_one_row_per_turn: bool,
    /// Identifiers whose rows are messages.
    returning: Returning,
    grouper: Option<Grouper<'a>>,
}

impl<'a> Table<'a> {
    fn new(columns: &[(String, ArrayRef)], mut place: Place<'a>) -> Result<Self, super::columns::AbsentColumn> {
        let headers: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
        let mut mapping = Mapping::new(&headers, &place.settings.options)?;
        if senders_speak(&mapping, columns, &place) {
            mapping = mapping.with_speakers(&headers, &place.settings.options);
        }
        let turns = mapping.column(Field::Turns).or_else(|| {
            columns.iter().position(|(name, array)| {
                matches!(array.data_type(), DataType::List(_) | DataType::LargeList(_))
                    && Field::Turns.accepts(&normalise(name))
            })
        });
        if turns.is_none() || !mapping.has(Field::StartedAt) {
            mapping.needed_columns(&headers)?;
        }
        place.derive_ids = !mapping.has(Field::ContactId);
        let is_one_row_per_turn = turns.is_none() && mapping.is_one_row_per_turn();
        let grouper = is_one_row_per_turn.then(|| Grouper::new(place));
        Ok(Self { mapping, turns, place, is_one_row_per_turn, returning: Returning::default(), grouper })
    }

    /// The same table once it is known which identifiers come back.
    fn with(mut self, returning: &Returning) -> Self {
        if !returning.is_empty() && self.grouper.is_none() {
            self.grouper = Some(Grouper::new(self.place));
            self.returning = returning.clone();
        }
        self
    }

    /// The columns left unread where none holds words.
    fn unread(&self, columns: &[(String, ArrayRef)]) -> Option<super::Unread> {
        let headers: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
        super::columns::unread(&headers, &self.mapping, true).filter(|_| self.turns.is_none())
    }

    fn row(&self, record: u64, columns: &[(String, ArrayRef)], index: usize) -> Row {
        let mut row = Row::of(record, &self.mapping);
        for &field in Field::ALL {
            if let Some(column) = self.mapping.column(field)
                && field != Field::Turns
            {
                row.set(field, cell(&columns[column].1, index), self.mapping.unit(field));
            }
        }
        row.words_beside(self.mapping.words_beside().iter().map(|column| cell(&columns[*column].1, index)));
        if let Some(column) = self.turns {
            match value(&columns[column].1, index) {
                Value::Array(elements) => row.turns = json::turns(&elements, &self.place, &mut row.flags),
                // A list stored as JSON text.
                Value::String(text) => match serde_json::from_str::<Value>(&text) {
                    Ok(Value::Array(elements)) => row.turns = json::turns(&elements, &self.place, &mut row.flags),
                    _ if row.cell(Field::Text).is_none() => row.set(Field::Text, Some(Cell::Text(text)), 1.0),
                    _ => {}
                },
                _ => {}
            }
        }
        row.is_message = self.returning.has(&row);
        row
    }
}

/// What only the whole file shows: the order of day and month in dates that are text, and which identifiers come back with
/// other words, so that their rows are messages. Damage is reported by the real reading.
fn look(file: &File, place: Place<'_>) -> (OrderFound, Returning) {
    let options = &place.settings.options;
    let (mut orders, mut back) = (Orders::default(), returning::Look::new(options));
    let is_order_stated = DateOrder::configured(options).is_some();
    let reader = file.try_clone().ok().and_then(|file| ParquetRecordBatchReaderBuilder::try_new(file).ok());
    let Some(reader) = reader.and_then(|builder| builder.with_batch_size(BATCH_ROWS).build().ok()) else {
        return (orders.found(options), back.found());
    };
    let mut places = None;
    for batch in reader.map_while(Result::ok) {
        let columns = columns(&batch);
        let (messages, dates) = places.get_or_insert_with(|| {
            let Ok(table) = Table::new(&columns, place) else { return (None, Vec::new()) };
            let is_text = |column: &usize| {
                matches!(columns[*column].1.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
            };
            let fields = [Field::StartedAt, Field::EndedAt, Field::TurnStart, Field::TurnEnd];
            let dates = fields.iter().filter_map(|field| table.mapping.column(*field)).filter(is_text).collect();
            (returning::columns(&table.mapping).filter(|_| table.turns.is_none()), dates)
        });
        if is_order_stated || orders.is_settled() {
            dates.clear();
        }
        if messages.is_none() && dates.is_empty() {
            break;
        }
        for index in 0..batch.num_rows() {
            let text = |column: usize| cell(&columns[column].1, index).map(|cell| cell.text());
            for column in dates.iter() {
                match text(*column) {
                    Some(date) => orders.see(&date),
                    None => orders.see_other(),
                }
            }
            if let Some((id, words, customer)) = *messages
                && let (Some(id), Some(words)) = (text(id), text(words))
            {
                back.see(&id, &words, customer.and_then(text).as_deref());
            }
        }
    }
    (orders.found(options), back.found())
}

/// Whether the first rows show that the sender's column names the party that speaks.
fn senders_speak(mapping: &Mapping, columns: &[(String, ArrayRef)], place: &Place<'_>) -> bool {
    let (Some(sender), Some(id)) = (mapping.sender(), mapping.column(Field::ContactId)) else { return false };
    let text = |column: usize, index: usize| cell(&columns[column].1, index).map(|cell| cell.text());
    let cells: Vec<(String, String)> = (0..columns[sender].1.len())
        .filter_map(|index| Some((text(id, index).unwrap_or_default(), text(sender, index)?)))
        .collect();
    super::columns::senders_speak(&cells, &place.settings.options)
}

/// Columns with their path; fields of structs are columns of their own, dictionaries are unpacked.
fn columns(batch: &RecordBatch) -> Vec<(String, ArrayRef)> {
    let mut columns = Vec::new();
    for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
        add_column(field.name().clone(), array, 0, &mut columns);
    }
    columns
}

fn add_column(name: String, array: &ArrayRef, depth: usize, columns: &mut Vec<(String, ArrayRef)>) {
    const DEEPEST: usize = 4;
    match array.data_type() {
        DataType::Struct(fields) if depth < DEEPEST => {
            for (field, child) in fields.iter().zip(array.as_struct().columns()) {
                add_column(format!("{name}.{}", field.name()), child, depth + 1, columns);
            }
        }
        _ => columns.push((name, unpacked_dictionary(array))),
    }
}

fn unpacked_dictionary(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Dictionary(_, values) => arrow::compute::cast(array, values).unwrap_or_else(|_| array.clone()),
        _ => array.clone(),
    }
}

/// One value as a cell.
fn cell(array: &ArrayRef, index: usize) -> Option<Cell> {
    if array.is_null(index) {
        return None;
    }
    let text = |text: &str| Some(Cell::Text(text.to_owned()));
    Some(match array.data_type() {
        DataType::Utf8 => return text(array.as_string::<i32>().value(index)),
        DataType::LargeUtf8 => return text(array.as_string::<i64>().value(index)),
        DataType::Utf8View => return text(array.as_string_view().value(index)),
        DataType::Binary => return text(&super::decode::record_text(array.as_binary::<i32>().value(index)).0),
        DataType::LargeBinary => return text(&super::decode::record_text(array.as_binary::<i64>().value(index)).0),
        DataType::BinaryView => return text(&super::decode::record_text(array.as_binary_view().value(index)).0),
        DataType::Boolean => Cell::Bool(array.as_boolean().value(index)),
        DataType::Float16 => Cell::Number(f64::from(array.as_primitive::<Float16Type>().value(index))),
        DataType::Float32 => Cell::Number(f64::from(array.as_primitive::<Float32Type>().value(index))),
        DataType::Float64 => Cell::Number(array.as_primitive::<Float64Type>().value(index)),
        DataType::Date32 => {
            let days = i64::from(array.as_primitive::<Date32Type>().value(index));
            Cell::Date(DateTime::from_timestamp(days * 86_400, 0)?.date_naive())
        }
        DataType::Date64 => {
            let milliseconds = array.as_primitive::<Date64Type>().value(index);
            let local = DateTime::from_timestamp_millis(milliseconds)?.naive_utc();
            // Some programs keep the time of day in what should be a date.
            if milliseconds % 86_400_000 == 0 { Cell::Date(local.date()) } else { Cell::Local(local) }
        }
        DataType::Timestamp(unit, zone) => timestamp(array, index, *unit, zone.is_some())?,
        // Integers, decimals, times and durations are read through their written form.
        _ => {
            let formatter =
                arrow::util::display::ArrayFormatter::try_new(array, &arrow::util::display::FormatOptions::default())
                    .ok()?;
            let written = formatter.value(index).try_to_string().ok()?;
            match (array.data_type().is_integer(), written.parse::<i64>()) {
                (true, Ok(number)) => Cell::Integer(number),
                _ => Cell::Text(written),
            }
        }
    })
}

/// Timestamps with a zone are instants; without, local times.
fn timestamp(array: &ArrayRef, index: usize, unit: TimeUnit, has_zone: bool) -> Option<Cell> {
    use arrow::datatypes::{
        TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    };
    let instant: DateTime<Utc> = match unit {
        TimeUnit::Second => DateTime::from_timestamp(array.as_primitive::<TimestampSecondType>().value(index), 0)?,
        TimeUnit::Millisecond => {
            DateTime::from_timestamp_millis(array.as_primitive::<TimestampMillisecondType>().value(index))?
        }
        TimeUnit::Microsecond => {
            DateTime::from_timestamp_micros(array.as_primitive::<TimestampMicrosecondType>().value(index))?
        }
        TimeUnit::Nanosecond => {
            DateTime::from_timestamp_nanos(array.as_primitive::<TimestampNanosecondType>().value(index))
        }
    };
    let local: NaiveDateTime = instant.naive_utc();
    Some(if has_zone { Cell::Instant(instant) } else { Cell::Local(local) })
}

/// One value, nested ones included, as JSON.
fn value(array: &ArrayRef, index: usize) -> Value {
    if array.is_null(index) {
        return Value::Null;
    }
    let list = |elements: ArrayRef| Value::Array((0..elements.len()).map(|index| value(&elements, index)).collect());
    match array.data_type() {
        DataType::List(_) => list(array.as_list::<i32>().value(index)),
        DataType::LargeList(_) => list(array.as_list::<i64>().value(index)),
        DataType::FixedSizeList(..) => list(array.as_fixed_size_list().value(index)),
        DataType::Struct(fields) => {
            let structure = array.as_struct();
            let object: Map<String, Value> = fields
                .iter()
                .zip(structure.columns())
                .map(|(field, child)| (field.name().clone(), value(&unpacked_dictionary(child), index)))
                .collect();
            Value::Object(object)
        }
        _ => match cell(&unpacked_dictionary(array), index) {
            None => Value::Null,
            Some(Cell::Text(text)) => Value::String(text),
            Some(Cell::Bool(value)) => Value::Bool(value),
            Some(Cell::Integer(number)) => Value::from(number),
            Some(Cell::Number(number)) => Value::from(number),
            Some(other) => Value::String(other.text()),
        },
    }
}

fn ends_with_mark(file: &mut File) -> io::Result<bool> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut mark = [0; 4];
    if length >= 12 {
        file.seek(SeekFrom::End(-4))?;
        file.read_exact(&mut mark)?;
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(&mark == b"PAR1")
}

/// Unpacks a stream into a temporary file that has no name any more once it is open (or is left to the system's cleaning).
fn unpacked(stream: &mut dyn BufRead) -> io::Result<File> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let name = format!("motif-{}-{}.parquet", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
    let path = std::env::temp_dir().join(name);
    let mut file = File::options().read(true).write(true).create_new(true).open(&path)?;
    // Removing an open file frees its name; the contents last as long as the handle (on systems that allow it).
    let _ = std::fs::remove_file(&path);
    io::copy(stream, &mut file)?;
    file.flush()?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ::parquet::arrow::ArrowWriter;
    use arrow::array::{Float64Array, ListArray, StringArray, StructArray, TimestampMicrosecondArray};
    use arrow::buffer::OffsetBuffer;
    use arrow::datatypes::{Field as ArrowField, Fields};

    use super::*;
    use crate::contact::Speaker;
    use crate::source::testing;

    fn bytes(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        bytes
    }

    fn flat() -> Vec<u8> {
        let times = TimestampMicrosecondArray::from(vec![1_788_419_520_000_000; 2]).with_timezone("UTC");
        bytes(vec![
            ("contact_id", Arc::new(StringArray::from(vec!["1", "2"])) as ArrayRef),
            ("started_at", Arc::new(times)),
            ("text", Arc::new(StringArray::from(vec!["bonjour", "merci"]))),
            ("csat", Arc::new(Float64Array::from(vec![Some(4.0), None]))),
        ])
    }

    #[test]
    fn one_row_per_contact_is_read_with_its_types() {
        let (contacts, rejects, summary) = testing::read_bytes("a.parquet", &flat());
        assert_eq!((contacts.len(), rejects.len(), summary.records_read), (2, 0, 2));
        assert_eq!(contacts[0].started_at.to_rfc3339(), "2026-09-03T07:12:00+00:00");
        assert_eq!((contacts[0].survey.csat, contacts[1].survey.csat), (Some(4.0), None));
    }

    #[test]
    fn nested_turns_are_read() {
        let fields = Fields::from(vec![
            ArrowField::new("speaker", DataType::Utf8, true),
            ArrowField::new("text", DataType::Utf8, true),
        ]);
        let turns = StructArray::new(
            fields.clone(),
            vec![
                Arc::new(StringArray::from(vec!["agent", "client"])),
                Arc::new(StringArray::from(vec!["Bonjour", "Panne"])),
            ],
            None,
        );
        let list = ListArray::new(
            Arc::new(ArrowField::new("item", DataType::Struct(fields), true)),
            OffsetBuffer::from_lengths([2]),
            Arc::new(turns),
            None,
        );
        let bytes = bytes(vec![
            ("contact_id", Arc::new(StringArray::from(vec!["1"])) as ArrayRef),
            ("started_at", Arc::new(StringArray::from(vec!["2026-09-03T09:12:00+02:00"]))),
            ("turns", Arc::new(list)),
        ]);
        let (contacts, ..) = testing::read_bytes("a.parquet", &bytes);
        assert_eq!(
            contacts[0].turns.iter().map(|turn| turn.speaker).collect::<Vec<_>>(),
            [Speaker::Agent, Speaker::Customer]
        );
    }

    #[test]
    fn a_typed_date_takes_the_time_of_its_own_column() {
        let text = |values: Vec<&str>| Arc::new(StringArray::from(values)) as ArrayRef;
        // 3 September 2026
        let date = Arc::new(arrow::array::Date32Array::from(vec![20_699])) as ArrayRef;
        let bytes = bytes(vec![
            ("contact_id", text(vec!["1"])),
            ("date", date),
            ("heure", text(vec!["14:30:00"])),
            ("text", text(vec!["Ma box"])),
        ]);
        let (contacts, ..) = testing::read_bytes("a.parquet", &bytes);
        assert_eq!(contacts[0].started_at.to_rfc3339(), "2026-09-03T12:30:00+00:00");
        assert!(contacts[0].flags.is_empty(), "{:?}", contacts[0].flags);
    }

    #[test]
    fn a_written_date_of_any_row_shows_the_order_of_all() {
        let text = |values: Vec<&str>| Arc::new(StringArray::from(values)) as ArrayRef;
        let table = |dates: Vec<&str>| {
            bytes(vec![("contact_id", text(vec!["1", "2"])), ("date", text(dates)), ("text", text(vec!["a", "b"]))])
        };
        let (contacts, rejects, summary) =
            testing::read_bytes("a.parquet", &table(vec!["9/3/2026 9:12", "9/25/2026 9:12"]));
        assert!(rejects.is_empty() && summary.remarks.is_empty(), "{rejects:?} {:?}", summary.remarks);
        assert_eq!(contacts[0].started_at.to_rfc3339(), "2026-09-03T07:12:00+00:00");
        let (_, _, summary) = testing::read_bytes("a.parquet", &table(vec!["03/09/2026 9:12", "04/09/2026 9:12"]));
        let open = crate::source::Remark::DateOrder { is_month_first: false, count: 2, has_half_days: false };
        assert_eq!(summary.remarks, [open]);
        // The same as categories, which is how programs write a column whose values come back.
        let categories = |dates: Vec<&str>| {
            let dates: arrow::array::DictionaryArray<arrow::datatypes::Int32Type> = dates.into_iter().collect();
            bytes(vec![
                ("contact_id", text(vec!["1", "2"])),
                ("date", Arc::new(dates) as ArrayRef),
                ("text", text(vec!["a", "b"])),
            ])
        };
        let (contacts, ..) = testing::read_bytes("a.parquet", &categories(vec!["9/3/2026 9:12", "9/25/2026 9:12"]));
        assert_eq!(contacts[0].started_at.to_rfc3339(), "2026-09-03T07:12:00+00:00");
        let (_, _, summary) = testing::read_bytes("a.parquet", &categories(vec!["03/09/2026 9:12", "04/09/2026 9:12"]));
        assert_eq!(summary.remarks, [open]);
    }

    #[test]
    fn a_typed_date_alone_says_that_it_has_no_time() {
        let text = |value: &str| Arc::new(StringArray::from(vec![value])) as ArrayRef;
        let dates = [
            (Arc::new(arrow::array::Date32Array::from(vec![20_699])) as ArrayRef, true),
            (Arc::new(arrow::array::Date64Array::from(vec![20_699 * 86_400_000])) as ArrayRef, true),
            (Arc::new(arrow::array::Date64Array::from(vec![20_699 * 86_400_000 + 33_120_000])) as ArrayRef, false),
        ];
        for (date, is_alone) in dates {
            let bytes = bytes(vec![("contact_id", text("1")), ("date", date), ("text", text("Ma box"))]);
            let (contacts, ..) = testing::read_bytes("a.parquet", &bytes);
            let expected: &[&str] = if is_alone { &["date_without_time"] } else { &[] };
            assert_eq!(contacts[0].flags, expected);
        }
    }

    #[test]
    fn the_first_author_of_a_ticket_s_comments_is_the_customer() {
        let text = |values: Vec<&str>| Arc::new(StringArray::from(values)) as ArrayRef;
        let bytes = bytes(vec![
            ("id", text(vec!["10", "11", "12"])),
            ("ticket_id", text(vec!["1", "1", "1"])),
            ("author_id", text(vec!["77", "9", "9"])),
            ("body", text(vec!["Où est mon colis ?", "à vérifier", "Il arrive demain"])),
            ("public", Arc::new(arrow::array::BooleanArray::from(vec![true, false, true]))),
            ("created_at", text(vec!["2026-09-03T07:12:00Z", "2026-09-03T07:30:00Z", "2026-09-03T08:12:00Z"])),
        ]);
        let (contacts, ..) = testing::read_bytes("a.parquet", &bytes);
        let speakers: Vec<Speaker> = contacts[0].turns.iter().map(|turn| turn.speaker).collect();
        assert_eq!((contacts.len(), speakers), (1, vec![Speaker::Customer, Speaker::Agent]));
    }

    #[test]
    fn a_sender_that_names_the_party_groups_the_rows() {
        let text = |values: Vec<&str>| Arc::new(StringArray::from(values)) as ArrayRef;
        let bytes = bytes(vec![
            ("conversation_id", text(vec!["1", "1"])),
            ("date", text(vec!["2026-09-03T09:12:00Z", "2026-09-03T09:13:00Z"])),
            ("sender", text(vec!["customer", "agent"])),
            ("message", text(vec!["Ma box", "Je regarde"])),
        ]);
        let (contacts, ..) = testing::read_bytes("a.parquet", &bytes);
        assert_eq!((contacts.len(), contacts[0].turns.len()), (1, 2));
    }

    #[test]
    fn rows_of_one_identifier_with_other_words_are_messages_and_the_same_words_are_not() {
        let text = |values: Vec<&str>| Arc::new(StringArray::from(values)) as ArrayRef;
        let bytes = bytes(vec![
            ("ticket_id", text(vec!["1", "2", "1", "2"])),
            (
                "date",
                text(vec![
                    "2026-09-03T09:12:00Z",
                    "2026-09-03T09:12:00Z",
                    "2026-09-04T09:12:00Z",
                    "2026-09-03T09:12:00Z",
                ]),
            ),
            ("message", text(vec!["Ma box", "Mon colis", "Alors ?", "Mon colis"])),
        ]);
        let (contacts, ..) = testing::read_bytes("a.parquet", &bytes);
        let told: Vec<(&str, usize)> =
            contacts.iter().map(|contact| (contact.contact_id.as_str(), contact.turns.len())).collect();
        assert_eq!(told, [("2", 1), ("2", 1), ("1", 2)]);
    }

    #[test]
    fn a_truncated_or_damaged_file_is_one_reject() {
        let whole = flat();
        let (contacts, rejects, _) = testing::read_bytes("a.parquet", &whole[..whole.len() / 2]);
        assert_eq!((contacts.len(), rejects[0].code), (0, RejectCode::Truncated));
        let mut damaged = whole.clone();
        let middle = whole.len() - 40;
        damaged[middle..middle + 20].fill(0xff);
        let (_, rejects, _) = testing::read_bytes("a.parquet", &damaged);
        assert_eq!(rejects[0].code, RejectCode::Malformed);
    }

    #[test]
    fn a_gzipped_file_is_unpacked() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&flat()).unwrap();
        let (contacts, ..) = testing::read_bytes("a.parquet.gz", &encoder.finish().unwrap());
        assert_eq!(contacts.len(), 2);
    }
}
