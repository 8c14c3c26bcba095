//! CSV and TSV rows to contacts: one row per contact, one row per turn, or several messages under one identifier.

use std::io::BufRead;

use crate::config::Options;
use crate::error::RejectCode;

use super::columns::{self, Field, Mapping};
use super::decode;
use super::delimited::{self, Delimited, RowRead};
use super::format::Format;
use super::group::Grouper;
use super::join::{Beside, Joined};
use super::json::Fallback;
use super::platform::Sheet;
use super::returning::{self, Returning};
use super::row::{self, Place, Row};
use super::time::{DateOrder, Orders};
use super::value::Cell;
use super::{Failure, Output, transcript};

/// The delimiter and whether quotes count.
fn dialect(head: &str, format: Format, options: &Options) -> (u8, bool) {
    let stated = match options.input.delimiter.as_str() {
        "auto" => None,
        "\\t" | "tab" | "\t" => Some(b'\t'),
        other => (other.len() == 1).then(|| other.as_bytes()[0]),
    };
    if format == Format::Tsv {
        return (stated.unwrap_or(b'\t'), false);
    }
    (stated.unwrap_or_else(|| delimited::sniff_delimiter(head, options)), true)
}

/// Reads a table; `again` opens the same text a second time, to settle the order of day and month.
#[expect(clippy::too_many_arguments, reason = "what a table needs to know about its file")]
pub(crate) fn read(
    stream: &mut dyn BufRead,
    head: &[u8],
    format: Format,
    mut place: Place<'_>,
    again: &dyn Fn() -> std::io::Result<Box<dyn BufRead>>,
    fallback: &Fallback,
    beside: Option<&Beside>,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let options = &place.settings.options;
    let head = decode::head_text(head, &options.input.encoding);
    let (delimiter, quoting) = dialect(&head, format, options);
    let mut rows = Delimited::new(stream, delimiter, quoting);
    if let Some(columns) = transcript::columns(&head, delimiter, options) {
        return transcript::read(&mut rows, columns, place, fallback, output);
    }
    let Some(mut headers) = headers(&mut rows)? else {
        output.met();
        output.reject(place.reject_file(RejectCode::EmptyFile, "the file has no header row"))?;
        return Ok(());
    };
    let sheet = Sheet::of(&headers).filter(|_| options.columns.is_empty());
    if sheet.is_some() {
        headers = Sheet::headers();
    }
    let mapping = match Mapping::new(&headers, options)
        .and_then(|mapping| mapping.needed_columns(&headers).map(|()| mapping))
    {
        Ok(mapping) if senders_speak(&mapping, &head, delimiter, quoting, options) => {
            mapping.with_speakers(&headers, options)
        }
        Ok(mapping) => mapping,
        Err(absent) => {
            output.met();
            output.reject(place.reject_file(RejectCode::MissingColumn, absent.message).field(absent.field.name()))?;
            return Ok(());
        }
    };
    place.derive_ids = !mapping.has(Field::ContactId);
    if sheet.is_none() {
        place.order = order(&mapping, options, delimiter, quoting, again)?;
    }
    output.unread = columns::unread(&headers, &mapping, false).filter(|_| beside.is_none());
    let returning = if sheet.is_none() && beside.is_none() {
        returning(&mapping, delimiter, quoting, again)?
    } else {
        Returning::default()
    };
    let mut given = Given {
        is_one_row_per_turn: mapping.is_one_row_per_turn(),
        joined: beside.map(|beside| Joined::load(beside, &place, output)).transpose()?,
        grouper: (mapping.is_one_row_per_turn() || !returning.is_empty()).then(|| Grouper::new(place)),
        returning,
        place,
        is_empty: true,
    };
    let read = each_row(&mut rows, &headers, &mapping, sheet.as_ref(), &mut given, output);
    let Given { joined, grouper, is_empty, .. } = given;
    // Comments whose ticket may stand behind a break are no contacts of their own.
    if let Some(mut joined) = joined.filter(|_| read.is_ok()) {
        joined.rest(&place, output)?;
    }
    if let Some(grouper) = grouper.filter(|_| !matches!(read, Err(Failure::Sink(_)))) {
        grouper.finish(read.is_err(), output)?;
    }
    read?;
    if is_empty {
        output.met();
        output.reject(place.reject_file(
            RejectCode::EmptyFile,
            if sheet.is_some() {
                "the file has no row with words"
            } else {
                "the file has a header row and no other row"
            },
        ))?;
    }
    Ok(())
}

/// What becomes of the rows of a table.
struct Given<'a> {
    is_one_row_per_turn: bool,
    /// Identifiers whose rows are messages.
    returning: Returning,
    grouper: Option<Grouper<'a>>,
    joined: Option<Joined>,
    place: Place<'a>,
    /// No row was met.
    is_empty: bool,
}

impl Given<'_> {
    fn add(&mut self, mut row: Row, output: &mut Output<'_>) -> crate::error::Result<()> {
        match &mut self.grouper {
            Some(grouper) if self.is_one_row_per_turn || self.returning.has(&row) => {
                row.is_message = !self.is_one_row_per_turn;
                grouper.add(row, output)
            }
            _ => {
                if let Some(joined) = &mut self.joined {
                    joined.complete(&mut row, &self.place);
                }
                output.met();
                output.record(row::contact(&row, &self.place))
            }
        }
    }
}

/// Gives the rows behind the header row, which is row 1, as in a spreadsheet.
fn each_row(
    rows: &mut Delimited<'_>,
    headers: &[String],
    mapping: &Mapping,
    sheet: Option<&Sheet>,
    given: &mut Given<'_>,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let mut record = 1;
    loop {
        record += 1;
        match rows.next()? {
            RowRead::Eof => return Ok(()),
            RowRead::Bad { code, message } => {
                output.met();
                output.reject(given.place.reject(record, code, message))?;
            }
            RowRead::Row { fields, lossy } => {
                let fields = match sheet.map(|sheet| sheet.row(&fields)) {
                    Some(Some(fields)) => fields,
                    Some(None) => continue,
                    None => fields,
                };
                match row_of(record, fields, lossy, headers, mapping) {
                    Err(message) => {
                        output.met();
                        output.reject(given.place.reject(record, RejectCode::Malformed, message))?;
                    }
                    Ok(row) => given.add(row, output)?,
                }
            }
        }
        given.is_empty = false;
    }
}

/// The header row, after Excel's `sep=` line if there is one.
fn headers(rows: &mut Delimited<'_>) -> Result<Option<Vec<String>>, Failure> {
    loop {
        match rows.next()? {
            RowRead::Eof => return Ok(None),
            RowRead::Bad { .. } => {}
            RowRead::Row { fields, .. } => {
                let is_separator_line = fields.first().is_some_and(|field| field.starts_with("sep="))
                    && fields.iter().skip(1).all(|field| field.is_empty());
                if !is_separator_line {
                    return Ok(Some(
                        fields
                            .into_iter()
                            .map(|field| field.trim_start_matches('\u{feff}').trim().to_owned())
                            .collect(),
                    ));
                }
            }
        }
    }
}

/// Whether the first rows show that the sender's column names the party that speaks.
fn senders_speak(mapping: &Mapping, head: &str, delimiter: u8, quoting: bool, options: &Options) -> bool {
    const ROWS: usize = 1000;
    let (Some(sender), Some(id)) = (mapping.sender(), mapping.column(Field::ContactId)) else { return false };
    let mut reader = std::io::Cursor::new(head.as_bytes());
    let mut rows = Delimited::new(&mut reader, delimiter, quoting);
    if !matches!(headers(&mut rows), Ok(Some(_))) {
        return false;
    }
    let mut cells: Vec<(String, String)> = Vec::new();
    for _ in 0..ROWS {
        match rows.next() {
            Ok(RowRead::Row { mut fields, .. }) if fields.len() > sender.max(id) => {
                cells.push((std::mem::take(&mut fields[id]), std::mem::take(&mut fields[sender])));
            }
            Ok(RowRead::Row { .. } | RowRead::Bad { .. }) => {}
            Ok(RowRead::Eof) | Err(_) => break,
        }
    }
    columns::senders_speak(&cells, options)
}

/// Which identifiers come back with other words, so that their rows are messages; `again` opens the text a second time.
fn returning(
    mapping: &Mapping,
    delimiter: u8,
    quoting: bool,
    again: &dyn Fn() -> std::io::Result<Box<dyn BufRead>>,
) -> Result<Returning, Failure> {
    let Some((id, words, customer)) = returning::columns(mapping) else { return Ok(Returning::default()) };
    let mut stream = again()?;
    let mut rows = Delimited::new(&mut stream, delimiter, quoting);
    let mut look = returning::Look::default();
    // The header row, which is no contact.
    if !matches!(headers(&mut rows), Ok(Some(_))) {
        return Ok(Returning::default());
    }
    loop {
        match rows.next() {
            Ok(RowRead::Row { fields, .. }) => {
                let cell = |column: usize| fields.get(column).map_or("", String::as_str);
                look.see(cell(id), cell(words), customer.map(cell));
            }
            Ok(RowRead::Bad { .. }) => {}
            // A damaged end is reported by the real reading.
            Ok(RowRead::Eof) | Err(_) => return Ok(look.found()),
        }
    }
}

/// Cells by field. A row with fewer cells than headers is taken if all the mapped columns that must have a value are there.
fn row_of(record: u64, fields: Vec<String>, lossy: bool, headers: &[String], mapping: &Mapping) -> Result<Row, String> {
    // A message that does not say whether it is public may be a private note.
    let needed = [Field::ContactId, Field::StartedAt, Field::Text, Field::Public].map(|field| mapping.column(field));
    delimited::check_width(&fields, headers.len(), &needed)?;
    let is_short = fields.len() < headers.len();
    let mut row = Row::new(record);
    row.is_comment = mapping.is_comments();
    let mut cells: Vec<Option<String>> = fields.into_iter().map(Some).collect();
    for &field in Field::ALL {
        if let Some(column) = mapping.column(field) {
            // A column fills one field only, so its cell can be moved out.
            row.set(field, cells.get_mut(column).and_then(Option::take).map(Cell::Text), mapping.unit(field));
        }
    }
    if is_short {
        row.flags.push("short_row".to_owned());
    }
    if lossy {
        row.flags.push("undecodable_bytes".to_owned());
    }
    Ok(row)
}

/// Which of 03/04 is the day: as configured, else as the whole column shows, else the day first.
///
/// The column is read to its first proof, since a file sorted by date can hide it behind thousands of rows; files whose
/// dates start with the year are not read twice.
fn order(
    mapping: &Mapping,
    options: &Options,
    delimiter: u8,
    quoting: bool,
    again: &dyn Fn() -> std::io::Result<Box<dyn BufRead>>,
) -> Result<DateOrder, Failure> {
    if let Some(order) = DateOrder::configured(options) {
        return Ok(order);
    }
    let columns: Vec<usize> =
        [Field::StartedAt, Field::EndedAt].iter().filter_map(|field| mapping.column(*field)).collect();
    let mut stream = again()?;
    let mut rows = Delimited::new(&mut stream, delimiter, quoting);
    let mut orders = Orders::default();
    while !orders.is_settled() {
        let fields = match rows.next() {
            Ok(RowRead::Row { fields, .. }) => fields,
            Ok(RowRead::Bad { .. }) => continue,
            // A damaged end is reported by the real reading.
            Ok(RowRead::Eof) | Err(_) => break,
        };
        for text in columns.iter().filter_map(|column| fields.get(*column)) {
            orders.see(text);
        }
    }
    Ok(orders.order())
}
