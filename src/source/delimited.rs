//! CSV and TSV to rows, in bounded memory, tolerant of what exports really contain.
//!
//! A quote that is never closed must not swallow the rest of the file: when a quoted field runs over several lines and then
//! ends where no field can end, or never ends, the first of these lines is refused and reading starts again at the second.
//! A stray quote inside a field of one line stays text. So is a quoted field refused whose lines are the rows of the table,
//! each with the cells of the header and an identifier of the same form. TSV is read without quoting.

use std::collections::VecDeque;
use std::io::{self, BufRead};

use crate::config::Options;
use crate::error::RejectCode;

use super::columns::Mapping;
use super::decode::{LineRead, MAX_RECORD_BYTES, read_line, record_text};
use super::header;

/// After this many unclosed quotes the rest of the file is refused, so that reading stays linear.
const MAX_RECOVERIES: usize = 1000;

/// What came next.
#[derive(Debug, PartialEq)]
pub(crate) enum RowRead {
    /// The end.
    Eof,
    /// A row with at least one field that is not blank.
    Row {
        /// Fields.
        fields: Vec<String>,
        /// Bytes were lost in decoding.
        lossy: bool,
    },
    /// Something that is not a row.
    Bad {
        /// Stable code.
        code: RejectCode,
        /// What is wrong.
        message: &'static str,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Plain,
    Quoted,
    QuoteInQuoted,
}

/// Reads rows.
pub(crate) struct Delimited<'a> {
    reader: &'a mut dyn BufRead,
    delimiter: u8,
    quoting: bool,
    /// Lines to read again after a quote that was never closed.
    again: VecDeque<Vec<u8>>,
    recoveries: usize,
    line: Vec<u8>,
    /// Cells of the header row, once it is known.
    width: Option<usize>,
    /// Blank rows since they were last asked for.
    blank: u64,
}

impl<'a> Delimited<'a> {
    /// Rows of an ASCII-compatible text.
    pub(crate) fn new(reader: &'a mut dyn BufRead, delimiter: u8, quoting: bool) -> Self {
        let again = VecDeque::new();
        Self { reader, delimiter, quoting, again, recoveries: 0, line: Vec::new(), width: None, blank: 0 }
    }

    /// Tells how many cells the header row has.
    pub(crate) fn expect_width(&mut self, width: usize) {
        self.width = Some(width);
    }

    /// Blank rows that were skipped since the last call: a spreadsheet counts them.
    pub(crate) fn blank_rows(&mut self) -> u64 {
        std::mem::take(&mut self.blank)
    }

    /// The next row; blank rows are skipped.
    pub(crate) fn next(&mut self) -> io::Result<RowRead> {
        loop {
            match self.read_row()? {
                RowRead::Row { fields, .. } if fields.iter().all(|field| field.trim().is_empty()) => self.blank += 1,
                other => return Ok(other),
            }
        }
    }

    fn next_line(&mut self) -> io::Result<LineRead> {
        if let Some(line) = self.again.pop_front() {
            self.line = line;
            return Ok(LineRead::Line);
        }
        read_line(self.reader, &mut self.line)
    }

    fn read_row(&mut self) -> io::Result<RowRead> {
        let mut fields: Vec<Vec<u8>> = Vec::new();
        let mut field: Vec<u8> = Vec::new();
        let mut state = State::FieldStart;
        let mut is_field_of_several_lines = false;
        // Lines after the first, kept to read them again if the quote turns out to be unclosed.
        let mut later: VecDeque<Vec<u8>> = VecDeque::new();
        let mut lines = 0usize;
        let mut bytes = 0usize;
        loop {
            match self.next_line()? {
                LineRead::Eof if lines == 0 => return Ok(RowRead::Eof),
                LineRead::Eof if state == State::Quoted => return self.recover(later),
                LineRead::Eof => break,
                LineRead::TooLong if lines > 0 => return self.recover(later),
                LineRead::TooLong => {
                    return Ok(RowRead::Bad { code: RejectCode::TooLong, message: "the line is longer than 256 MiB" });
                }
                LineRead::Line => {}
            }
            lines += 1;
            bytes += self.line.len();
            if lines > 1 {
                is_field_of_several_lines = true;
                later.push_back(self.line.clone());
                if bytes > MAX_RECORD_BYTES {
                    return self.recover(later);
                }
            }
            let mut has_row_ended = false;
            for index in 0..self.line.len() {
                let byte = self.line[index];
                match state {
                    State::FieldStart | State::Plain if byte == self.delimiter => {
                        fields.push(std::mem::take(&mut field));
                        state = State::FieldStart;
                    }
                    State::FieldStart | State::Plain if byte == b'\n' => {
                        if field.last() == Some(&b'\r') {
                            field.pop();
                        }
                        has_row_ended = true;
                    }
                    State::FieldStart if byte == b'"' && self.quoting => {
                        state = State::Quoted;
                        is_field_of_several_lines = false;
                    }
                    State::FieldStart | State::Plain => {
                        field.push(byte);
                        state = State::Plain;
                    }
                    State::Quoted if byte == b'"' => state = State::QuoteInQuoted,
                    State::Quoted => field.push(byte),
                    State::QuoteInQuoted if byte == b'"' => {
                        field.push(b'"');
                        state = State::Quoted;
                    }
                    State::QuoteInQuoted if byte == self.delimiter => {
                        fields.push(std::mem::take(&mut field));
                        state = State::FieldStart;
                    }
                    State::QuoteInQuoted if byte == b'\n' => has_row_ended = true,
                    State::QuoteInQuoted
                        if matches!(byte, b'\r' | b' ') && only_line_end_follows(&self.line[index..]) => {}
                    State::QuoteInQuoted if is_field_of_several_lines => return self.recover(later),
                    State::QuoteInQuoted => {
                        field.extend_from_slice(&[b'"', byte]);
                        state = State::Quoted;
                    }
                }
            }
            if has_row_ended {
                break;
            }
        }
        if field.last() == Some(&b'\r') && state == State::Plain {
            field.pop();
        }
        fields.push(field);
        if !later.is_empty() && self.are_rows(fields.first(), &later) {
            return self.recover(later);
        }
        if fields.iter().any(|field| field.contains(&0)) {
            return Ok(RowRead::Bad { code: RejectCode::Malformed, message: "the row holds bytes that are not text" });
        }
        let mut lossy = false;
        let fields = fields
            .into_iter()
            .map(|field| {
                let (text, lost) = record_text(&field);
                lossy |= lost;
                text.into_owned()
            })
            .collect();
        Ok(RowRead::Row { fields, lossy })
    }

    /// Whether the lines that a quoted field ran over are rows of their own: each has the cells of the header, and in the
    /// first one an identifier of the same form as that of the row.
    ///
    /// Caught: `1;"jamais fermé` above `2;b` and `3;écran 27"`. Not caught: a message of several lines, whose words are no
    /// identifiers.
    fn are_rows(&self, first: Option<&Vec<u8>>, later: &VecDeque<Vec<u8>>) -> bool {
        const FEWEST_CELLS: usize = 2;
        let (Some(width), Some(id)) = (self.width.filter(|width| *width >= FEWEST_CELLS), first.map(|id| form(id)))
        else {
            return false;
        };
        id.contains(&b'9')
            && later.iter().all(|line| {
                let mut cells = line.split(|byte| *byte == self.delimiter);
                let has_id = cells.next().is_some_and(|cell| form(cell) == id);
                has_id && cells.count() + 1 == width
            })
    }

    /// Refuses the first line of an unclosed quote and reads the others again.
    fn recover(&mut self, mut later: VecDeque<Vec<u8>>) -> io::Result<RowRead> {
        self.recoveries += 1;
        later.append(&mut self.again);
        self.again = later;
        if self.recoveries > MAX_RECOVERIES {
            self.again.clear();
            while read_line(self.reader, &mut self.line)? != LineRead::Eof {}
            return Ok(RowRead::Bad {
                code: RejectCode::Malformed,
                message: "too many quotes are never closed; the rest of the file was not read",
            });
        }
        Ok(RowRead::Bad {
            code: RejectCode::Malformed,
            message: "a quote is never closed; double the quotes inside quoted fields",
        })
    }
}

/// Refuses a row that has more cells than the header, or too few for the columns that must be there.
pub(crate) fn check_width(fields: &[String], headers: usize, needed: &[Option<usize>]) -> Result<(), String> {
    let count = fields.len();
    if count > headers && fields[headers..].iter().any(|field| !field.trim().is_empty()) {
        return Err(format!("the row has {count} fields, the header {headers}; quote fields that hold the delimiter"));
    }
    if count < headers && needed.iter().flatten().any(|column| *column >= count) {
        return Err(format!("the row has {count} fields, the header {headers}"));
    }
    Ok(())
}

/// The form of an identifier: `T-0042` is `a-9`.
fn form(cell: &[u8]) -> Vec<u8> {
    let mut form: Vec<u8> = Vec::new();
    for byte in cell.trim_ascii() {
        let kind = match byte {
            b'0'..=b'9' => b'9',
            byte if byte.is_ascii_alphabetic() => b'a',
            byte => *byte,
        };
        if form.last() != Some(&kind) {
            form.push(kind);
        }
    }
    form
}

fn only_line_end_follows(rest: &[u8]) -> bool {
    rest.iter().all(|byte| matches!(byte, b'\r' | b'\n' | b' '))
}

/// The delimiter of a file: the one whose header has the most known columns and whose rows agree in length. Titles above the
/// header may have none, or others.
pub(crate) fn sniff_delimiter(head: &str, options: &Options) -> u8 {
    let first = head.lines().next().unwrap_or("");
    if let Some(stated) = stated_delimiter(first) {
        return stated;
    }
    let mut best = ((0usize, 0usize, 0usize), b',');
    for delimiter in [b',', b';', b'\t', b'|'] {
        let records = header::first_records(head, delimiter, true, 30);
        let mut rows = records.iter().skip(header::above(&records, options)).map_while(Option::as_ref);
        let Some(headers) = rows.next().filter(|headers| headers.len() > 1) else { continue };
        let agreeing = rows.filter(|fields| fields.len() == headers.len()).count();
        let (mapping, _) = Mapping::lenient(headers, options);
        let score = (mapping.recognised(), agreeing, headers.len());
        if score > best.0 {
            best = (score, delimiter);
        }
    }
    best.1
}

/// Excel's first line `sep=;`.
pub(crate) fn stated_delimiter(first_line: &str) -> Option<u8> {
    let stated = first_line.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']).strip_prefix("sep=")?;
    (stated.len() == 1).then(|| stated.as_bytes()[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(text: &str) -> Vec<RowRead> {
        let mut reader = io::Cursor::new(text.as_bytes().to_vec());
        let mut rows = Delimited::new(&mut reader, b';', true);
        std::iter::from_fn(|| match rows.next().unwrap() {
            RowRead::Eof => None,
            other => Some(other),
        })
        .collect()
    }

    fn fields(text: &str) -> Vec<Vec<String>> {
        rows(text)
            .into_iter()
            .map(|row| match row {
                RowRead::Row { fields, .. } => fields,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn quoted_fields_hold_delimiters_quotes_and_line_breaks() {
        assert_eq!(fields("a;\"b;\"\"c\"\"\r\nd\";e\r\nf;g;h\r\n"), [["a", "b;\"c\"\r\nd", "e"], ["f", "g", "h"]]);
        assert_eq!(fields("a;\"b\""), [["a", "b"]]);
        assert_eq!(fields("\n;;\na;b\n\n"), [["a", "b"]]);
    }

    #[test]
    fn a_stray_quote_inside_a_line_is_text() {
        assert_eq!(fields("a;écran de 27\" neuf;c\n"), [["a", "écran de 27\" neuf", "c"]]);
        assert_eq!(fields("a;\"il dit \"non\" deux fois\";c\n"), [["a", "il dit \"non\" deux fois", "c"]]);
    }

    #[test]
    fn a_quote_that_is_never_closed_costs_one_line_only() {
        let read = rows("1;\"jamais fermé;x\n2;b;c\n3;\"d\";e\n4;f;g\n");
        assert!(matches!(read[0], RowRead::Bad { code: RejectCode::Malformed, .. }));
        assert_eq!(read.len(), 4);
        let read = rows("1;b\n2;\"jamais\n3;c");
        assert_eq!(read.len(), 3);
        assert!(matches!(read[1], RowRead::Bad { .. }));
    }

    #[test]
    fn a_quote_that_a_later_row_seems_to_close_costs_one_line_only() {
        let read = |text: &str| -> Vec<Option<usize>> {
            let mut reader = io::Cursor::new(text.as_bytes().to_vec());
            let mut rows = Delimited::new(&mut reader, b';', true);
            rows.expect_width(3);
            std::iter::from_fn(|| match rows.next().unwrap() {
                RowRead::Eof => None,
                RowRead::Row { fields, .. } => Some(Some(fields.len())),
                RowRead::Bad { .. } => Some(None),
            })
            .collect()
        };
        assert_eq!(
            read("1;03/09/2026;\"jamais fermé\n2;03/09/2026;b\n3;03/09/2026;écran 27\"\n4;03/09/2026;d\n"),
            [None, Some(3), Some(3), Some(3)]
        );
        // Messages of several lines, with marks and numbers in them.
        for message in ["Bonjour,\nune lampe; un tapis; rien", "Il manque :\n2 lampes; 1 tapis; rien\nMerci", "12\n13"]
        {
            assert_eq!(read(&format!("1;03/09/2026;\"{message}\"\n2;03/09/2026;b\n")), [Some(3), Some(3)], "{message}");
        }
    }

    #[test]
    fn the_delimiter_is_found_from_known_headers() {
        let options = Options::default();
        assert_eq!(sniff_delimiter("id_contact;date;texte\n1;03/09/2026;a, b, c, d\n", &options), b';');
        assert_eq!(sniff_delimiter("contact_id,started_at,text\n1,2026-09-03,\"a; b; c\"\n", &options), b',');
        assert_eq!(sniff_delimiter("contact_id\tstarted_at\ttext\n1\t2026-09-03\tbonjour, merci\n", &options), b'\t');
        assert_eq!(sniff_delimiter("sep=|\na|b\n", &options), b'|');
        assert_eq!(sniff_delimiter("Contacts, mails, appels\n\nid;date;texte\n1;03/09/2026;a, b\n", &options), b';');
    }

    proptest! {
        #[test]
        fn any_bytes_end_and_never_panic(bytes in prop::collection::vec(prop::sample::select(vec![b'"', b';', b'\n', b'\r', b'a', 0xe9u8, 0]), 0..200)) {
            let mut reader = io::Cursor::new(bytes.clone());
            let mut rows = Delimited::new(&mut reader, b';', true);
            let mut count = 0;
            while rows.next().unwrap() != RowRead::Eof {
                count += 1;
                prop_assert!(count <= bytes.len());
            }
        }
    }
}
