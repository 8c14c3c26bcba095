//! Tables that are one transcript: `start`, `end`, `text` and no identifier and no date, as speech recognisers write.
//!
//! Whisper's TSV has a header and whole milliseconds; its CSV has no header and is `text,start,end` in seconds.

use super::columns::{Field, Mapping, normalise};
use super::delimited::{Delimited, RowRead};
use super::dialogue::{RawTurn, Written};
use super::group::MAY_LACK_TURNS;
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
    // Bare "start" and "end" with whole numbers are milliseconds: Whisper writes them so, and names no speaker.
    let is_whisper = normalise(&first[start]) == "start"
        && normalise(&first[end]) == "end"
        && are_whole
        && !mapping.has(Field::Speaker);
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
    let mut broken = None;
    loop {
        let fields = match rows.next() {
            Ok(RowRead::Eof) => break,
            Ok(RowRead::Row { fields, .. }) => fields,
            Ok(RowRead::Bad { .. }) => {
                push(&mut row.flags, "damaged_rows");
                continue;
            }
            Err(error) => {
                broken = Some(error);
                break;
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
                written: fields.get(columns.start).map(|time| Written::of(time)).unwrap_or_default(),
                ..RawTurn::default()
            }),
            None => push(&mut row.flags, "damaged_rows"),
        }
    }
    // The turns before a break are given all the same; the break is told by a reject of its own.
    if broken.is_some() {
        push(&mut row.flags, MAY_LACK_TURNS);
    }
    if turns.is_empty() {
        if let Some(error) = broken {
            return Err(Failure::Io(error));
        }
        output.met();
        output.reject(place.reject_file(crate::error::RejectCode::EmptyFile, "the transcript has no row"))?;
        return Ok(());
    }
    row.fallback_id = Some(fallback.contact_id.clone());
    row.fallback_start = fallback.start;
    row.turns = Some(turns);
    if place.settings.default_channel.is_none() {
        row.set(Field::Channel, Some(Cell::Text("phone".into())), 1.0);
    }
    output.met();
    output.record(row::contact(&row, &place))?;
    broken.map_or(Ok(()), |error| Err(Failure::Io(error)))
}

#[cfg(test)]
mod tests {
    use crate::source::testing;

    #[test]
    fn a_transcript_that_breaks_off_gives_its_first_turns_and_a_reject() {
        let mut text = "start\tend\ttext\n".to_owned();
        for number in 0u64..3000 {
            let words = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            text.push_str(&format!("{number}00\t{number}50\tmot {words}\n"));
        }
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut gzip, text.as_bytes()).unwrap();
        let whole = gzip.finish().unwrap();
        let (contacts, rejects, _) = testing::read_bytes("2026-09-03.tsv.gz", &whole[..whole.len() / 2]);
        assert_eq!((contacts.len(), rejects.len(), rejects[0].code), (1, 1, crate::error::RejectCode::Truncated));
        assert!((1000..2000).contains(&contacts[0].turns.len()), "{} turns", contacts[0].turns.len());
        assert!(contacts[0].flags.iter().any(|flag| flag == super::MAY_LACK_TURNS), "{:?}", contacts[0].flags);
        let (contacts, rejects, _) = testing::read_bytes("2026-09-03.tsv.gz", &whole[..20]);
        assert_eq!((contacts.len(), rejects.len()), (0, 1));
    }

    #[test]
    fn tables_of_a_speech_recogniser_are_one_transcript() {
        let (contacts, ..) =
            testing::read_bytes("2026-09-03.tsv", b"start\tend\ttext\n380\t2760\tBonjour\n2760\t3000\tOui\n");
        assert_eq!((contacts.len(), contacts[0].turns[1].start_s), (1, Some(2.76)));
        let (contacts, ..) =
            testing::read_bytes("2026-09-03.csv", b"start,end,speaker,text\n0,5,A,Bonjour\n5,9,B,Ma box\n");
        assert_eq!((contacts[0].turns[0].end_s, contacts[0].turns[1].start_s), (Some(5.0), Some(5.0)));
        let (contacts, ..) = testing::read_bytes("2026-09-03.csv", b"\"Dis-moi, oui\",0.38,2.76\nbien,3.1,4\n");
        assert_eq!((contacts[0].turns[0].text.as_str(), contacts[0].turns[1].end_s), ("Dis-moi, oui", Some(4.0)));
    }
}
