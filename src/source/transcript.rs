//! Tables that are one transcript: `start`, `end`, `text` and no identifier and no date, as speech recognisers write.
//!
//! Whisper's TSV has a header and whole milliseconds; its CSV has no header and is `text,start,end` in seconds.

use super::columns::{Field, Mapping, normalise};
use super::delimited::{Delimited, RowRead};
use super::dialogue::RawTurn;
use super::json::Fallback;
use super::row::{self, Place, Row};
use super::speakers::push;
use super::value::{self, Cell};
use super::{Failure, Output};
use crate::config::Options;

/// Where the parts of a turn are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Columns {
    has_header: bool,
    text: usize,
    start: usize,
    end: usize,
    speaker: Option<usize>,
    /// Seconds in one unit of time.
    unit: f64,
}

/// Recognises such a table from its head.
pub(crate) fn columns(head: &str, delimiter: u8, options: &Options) -> Option<Columns> {
    let mut reader = std::io::Cursor::new(head.as_bytes());
    let mut rows = Delimited::new(&mut reader, delimiter, delimiter != b'\t');
    let Ok(RowRead::Row { fields: first, .. }) = rows.next() else { return None };
    let is_number = |field: &String| value::number(field).is_some();
    if let [text, start, end] = first.as_slice()
        && is_number(start)
        && is_number(end)
        && !is_number(text)
    {
        return Some(Columns { has_header: false, text: 0, start: 1, end: 2, speaker: None, unit: 1.0 });
    }
    let (mapping, _) = Mapping::lenient(&first, options);
    if mapping.has(Field::ContactId) || mapping.has(Field::StartedAt) {
        return None;
    }
    let (text, start, end) =
        (mapping.column(Field::Text)?, mapping.column(Field::TurnStart)?, mapping.column(Field::TurnEnd)?);
    let are_whole = (0..50).all(|_| match rows.next() {
        Ok(RowRead::Row { fields, .. }) => [start, end]
            .iter()
            .all(|column| fields.get(*column).is_some_and(|time| time.bytes().all(|byte| byte.is_ascii_digit()))),
        _ => true,
    });
    // Bare "start" and "end" with whole numbers are milliseconds: Whisper writes them so.
    let is_whisper = normalise(&first[start]) == "start" && normalise(&first[end]) == "end" && are_whole;
    let unit = if is_whisper { 0.001 } else { mapping.unit(Field::TurnStart) };
    Some(Columns { has_header: true, text, start, end, speaker: mapping.column(Field::Speaker), unit })
}

/// Reads the table as one contact. Rows that cannot be read are left out and flagged.
pub(crate) fn read(
    rows: &mut Delimited<'_>,
    columns: Columns,
    place: Place<'_>,
    fallback: &Fallback,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let mut row = Row::new(1);
    let mut turns = Vec::new();
    let mut skip_header = columns.has_header;
    output.met();
    loop {
        let fields = match rows.next()? {
            RowRead::Eof => break,
            RowRead::Row { fields, .. } => fields,
            RowRead::Bad { .. } => {
                push(&mut row.flags, "damaged_rows");
                continue;
            }
        };
        if std::mem::take(&mut skip_header) {
            continue;
        }
        let time = |column: usize| value::seconds(&Cell::Text(fields.get(column)?.clone()), columns.unit);
        match fields.get(columns.text) {
            Some(text) => turns.push(RawTurn {
                label: columns
                    .speaker
                    .and_then(|column| fields.get(column))
                    .map(|label| label.trim().to_owned())
                    .filter(|label| !label.is_empty()),
                text: text.trim().to_owned(),
                start_s: time(columns.start),
                end_s: time(columns.end),
                ..RawTurn::default()
            }),
            None => push(&mut row.flags, "damaged_rows"),
        }
    }
    if turns.is_empty() {
        output.reject(place.reject_file(crate::error::RejectCode::EmptyFile, "the transcript has no row"))?;
        return Ok(());
    }
    row.fallback_id = Some(fallback.contact_id.clone());
    row.fallback_start = fallback.start;
    row.turns = Some(turns);
    if place.settings.default_channel.is_none() {
        row.set(Field::Channel, Some(Cell::Text("phone".into())), 1.0);
    }
    output.record(row::contact(&row, &place))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::source::testing;

    #[test]
    fn tables_of_a_speech_recogniser_are_one_transcript() {
        let (contacts, ..) =
            testing::read_bytes("2026-09-03.tsv", b"start\tend\ttext\n380\t2760\tBonjour\n2760\t3000\tOui\n");
        assert_eq!((contacts.len(), contacts[0].turns[1].start_s), (1, Some(2.76)));
        let (contacts, ..) = testing::read_bytes("2026-09-03.csv", b"\"Dis-moi, oui\",0.38,2.76\nbien,3.1,4\n");
        assert_eq!((contacts[0].turns[0].text.as_str(), contacts[0].turns[1].end_s), ("Dis-moi, oui", Some(4.0)));
    }
}
