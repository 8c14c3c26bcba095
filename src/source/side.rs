//! Tables that stand beside the contacts, such as the articles of a FAQ or the customer directory: rows of a few named fields.
//!
//! They are decoded and cut into rows as contacts are. Unlike contacts they are kept by the company, so that a row that
//! cannot be read is told and never left out.

use std::io::{self, BufRead};
use std::path::Path;

use serde_json::Value;

use super::columns::{is_name, normalise, without_small_words};
use super::decode::{self, LineRead};
use super::delimited::{self, Delimited, RowRead};
use super::format::Format;
use super::header::{self, Header};
use super::{json, open, value};
use crate::config::Options;
use crate::error::{Error, Problem};

/// Names of columns that are told at most.
const MOST_SHOWN: usize = 12;

/// Problems listed at most; the others are counted.
pub(crate) const LISTED: usize = 20;

/// Which columns fill a field.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted<'a> {
    /// The column that has the first of these normalised names that any has.
    First(&'a [&'a str]),
    /// Each column that holds one of these in its normalised name.
    Every(&'a [&'a str]),
}

/// A side table of `N` fields.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SideTable<const N: usize> {
    /// SHA-256 of the file's bytes as stored, in hexadecimal.
    pub(crate) sha256: String,
    /// Names of the columns, those that can be names and no content; of JSON lines, the keys of the first object.
    pub(crate) names: Vec<String>,
    /// Whether the file has a column for each field; of JSON lines, whether an object has the key.
    pub(crate) has: [bool; N],
    /// Rows, in the order of the file.
    pub(crate) rows: Vec<SideRow<N>>,
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SideRow<const N: usize> {
    /// As a spreadsheet numbers it, the header row being 1; of JSON lines, the line.
    pub(crate) number: u64,
    /// The cells of each field, in the order of the columns, those left out that say that there is no value.
    pub(crate) cells: Result<[Vec<String>; N], Damage>,
}

/// Why a row cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    /// A quote that is never closed, or bytes that are no text.
    NotARow,
    /// More cells than the header has.
    TooWide {
        /// Cells of the row.
        found: usize,
        /// Cells of the header.
        wanted: usize,
    },
    /// A line that is no JSON object.
    NotAnObject,
}

/// The format that the name of a side table says, compressed or not; `None` when it is none that is read.
fn format_of(path: &Path) -> Option<Format> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let (_, extension) = open::plain_name(&name).rsplit_once('.')?;
    Format::from_name(extension).filter(|format| matches!(format, Format::Csv | Format::Tsv | Format::Jsonl))
}

impl Damage {
    /// What is wrong and what to do; `example` is a line as it should be.
    pub(crate) fn told(self, example: &str) -> String {
        match self {
            Self::NotARow => "not a row of the table; check its quotes".into(),
            Self::TooWide { found, wanted } => {
                format!("{found} cells where the header has {wanted}; check the separators and the quotes")
            }
            Self::NotAnObject => format!("not a JSON object; write one a line, such as {example}"),
        }
    }
}

/// What is wrong with a side table, row by row.
pub(crate) struct Problems {
    file: String,
    found: Vec<Problem>,
    unlisted: usize,
}

impl Problems {
    /// None yet of this file.
    pub(crate) fn of(path: &Path) -> Self {
        Self { file: path.display().to_string(), found: Vec::new(), unlisted: 0 }
    }

    /// One of the file as a whole.
    pub(crate) fn of_file(&mut self, message: String) {
        self.add(String::new(), message);
    }

    /// One of a row.
    pub(crate) fn of_row(&mut self, row: u64, message: String) {
        self.add(format!("row {row}"), message);
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    fn add(&mut self, at: String, message: String) {
        if self.found.len() < LISTED {
            self.found.push(Problem { file: self.file.clone(), at, message });
        } else {
            self.unlisted += 1;
        }
    }

    /// All of them, the number of those that are not listed last.
    pub(crate) fn into_list(self) -> Vec<Problem> {
        let Self { file, mut found, unlisted } = self;
        if unlisted > 0 {
            let message = format!("further problems, not listed: {unlisted}");
            found.push(Problem { file, at: String::new(), message });
        }
        found
    }
}

impl From<Problems> for Error {
    fn from(problems: Problems) -> Self {
        Self::Config { problems: problems.into_list() }
    }
}

/// Reads a side table, or tells why there is none: its name says no format, or it cannot be read.
pub(crate) fn open_table<const N: usize>(
    path: &Path,
    wanted: [Wanted<'_>; N],
    problems: &mut Problems,
) -> Option<SideTable<N>> {
    let Some(format) = format_of(path) else {
        problems
            .of_file("expected a name that ends in .csv, .tsv or .jsonl, with .gz behind it when compressed".into());
        return None;
    };
    match read(path, format, wanted) {
        Ok(table) => Some(table),
        Err(error) => {
            problems.of_file(format!("cannot be read: {error}; check the file and its path"));
            None
        }
    }
}

/// Reads a side table.
///
/// # Errors
/// The file cannot be opened or decompressed.
fn read<const N: usize>(path: &Path, format: Format, wanted: [Wanted<'_>; N]) -> io::Result<SideTable<N>> {
    let open::Opened { raw, head, stream, .. } = open::open(path)?;
    let has_returns = decode::has_bare_returns(&head);
    let head = decode::head_with_line_feeds(head, has_returns);
    let mut text = decode::with_line_feeds(decode::text_reader(stream, &head, "auto"), has_returns);
    let mut found = SideTable { sha256: String::new(), names: Vec::new(), has: [false; N], rows: Vec::new() };
    match format {
        Format::Jsonl => read_lines(&mut *text, wanted, &mut found)?,
        _ => read_table(&mut *text, &decode::head_text(&head, "auto"), format, wanted, &mut found)?,
    }
    (found.sha256, _) = raw.finish()?;
    Ok(found)
}

fn read_table<const N: usize>(
    text: &mut dyn BufRead,
    head: &str,
    format: Format,
    wanted: [Wanted<'_>; N],
    found: &mut SideTable<N>,
) -> io::Result<()> {
    let (delimiter, quoting) = match format {
        Format::Tsv => (b'\t', false),
        _ => (delimited::sniff_delimiter(head, &Options::default()), true),
    };
    let mut rows = Delimited::new(text, delimiter, quoting);
    let Some(Header { names: headers, row: mut number, .. }) = header::read(&mut rows, 0)? else { return Ok(()) };
    let places = places(&headers, wanted);
    found.has = places.each_ref().map(|places| !places.is_empty());
    loop {
        let read = rows.next()?;
        number += 1 + rows.blank_rows();
        let cells = match read {
            RowRead::Eof => break,
            RowRead::Bad { .. } => Err(Damage::NotARow),
            RowRead::Row { fields, .. } if fields.iter().skip(headers.len()).any(|cell| !cell.trim().is_empty()) => {
                Err(Damage::TooWide { found: fields.len(), wanted: headers.len() })
            }
            RowRead::Row { fields, .. } => {
                let cell = |&column: &usize| fields.get(column).filter(|cell| !value::is_missing_mark(cell)).cloned();
                Ok(places.each_ref().map(|places| places.iter().filter_map(cell).collect()))
            }
        };
        found.rows.push(SideRow { number, cells });
    }
    found.names = shown(headers);
    Ok(())
}

fn read_lines<const N: usize>(
    text: &mut dyn BufRead,
    wanted: [Wanted<'_>; N],
    found: &mut SideTable<N>,
) -> io::Result<()> {
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        number += 1;
        let object = match decode::read_line(text, &mut line)? {
            LineRead::Eof => return Ok(()),
            LineRead::TooLong => None,
            LineRead::Line => {
                let (words, _) = decode::record_text(&line);
                match words.trim() {
                    "" => continue,
                    words => json::object_of_line(words).ok(),
                }
            }
        };
        let Some(Value::Object(object)) = object else {
            found.rows.push(SideRow { number, cells: Err(Damage::NotAnObject) });
            continue;
        };
        let mut flat = Vec::new();
        json::flatten("", &object, 0, &mut flat);
        let keys: Vec<String> = flat.iter().map(|(key, _)| key.clone()).collect();
        let places = places(&keys, wanted);
        for (has, places) in found.has.iter_mut().zip(&places) {
            *has |= !places.is_empty();
        }
        let cell = |place: &usize| json::cell(flat[*place].1).filter(|cell| !cell.is_missing()).map(|cell| cell.text());
        let cells = places.map(|places| places.iter().filter_map(cell).collect());
        found.rows.push(SideRow { number, cells: Ok(cells) });
        if found.names.is_empty() {
            found.names = shown(keys);
        }
    }
}

/// The columns of each field, among those that no field before it took.
fn places<const N: usize>(headers: &[String], wanted: [Wanted<'_>; N]) -> [Vec<usize>; N] {
    let normalised: Vec<String> = headers.iter().map(|header| normalise(header)).collect();
    let bare: Vec<String> = headers.iter().map(|header| normalise(&without_small_words(header))).collect();
    let mut taken = vec![false; headers.len()];
    wanted.map(|wanted| {
        let is_free = |column: &usize| !taken[*column];
        let places: Vec<usize> = match wanted {
            Wanted::First(names) => names
                .iter()
                .find_map(|name| {
                    let is_named = |column: &usize| normalised[*column] == *name || bare[*column] == *name;
                    (0..headers.len()).filter(is_free).find(is_named)
                })
                .into_iter()
                .collect(),
            Wanted::Every(parts) => {
                let holds_one = |column: &usize| parts.iter().any(|part| normalised[*column].contains(part));
                (0..headers.len()).filter(is_free).filter(holds_one).collect()
            }
        };
        for &column in &places {
            taken[column] = true;
        }
        places
    })
}

/// Names that may be told: a file without header row has content in its place.
fn shown(names: Vec<String>) -> Vec<String> {
    names.into_iter().filter(|name| !name.is_empty() && is_name(name)).take(MOST_SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const FIELDS: [Wanted<'_>; 2] =
        [Wanted::First(&["articleid", "idarticle", "id", "n"]), Wanted::First(&["text", "reponse"])];

    fn read_bytes(name: &str, bytes: &[u8]) -> SideTable<2> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        read(&path, format_of(&path).unwrap(), FIELDS).unwrap()
    }

    fn cells(table: &SideTable<2>) -> Vec<(u64, Option<&str>, Option<&str>)> {
        let cells = |row: &SideRow<2>| row.cells.clone();
        assert!(table.rows.iter().all(|row| cells(row).is_ok()), "{table:?}");
        table
            .rows
            .iter()
            .map(|row| {
                let [id, text] = row.cells.as_ref().unwrap();
                (row.number, id.first().map(String::as_str), text.first().map(String::as_str))
            })
            .collect()
    }

    #[test]
    fn the_formats_and_the_spellings_of_a_header_give_the_same_rows() {
        let expected = [(2, Some("A1"), Some("ça, oui")), (3, Some("A2"), None)];
        let written = "Réponse;ID de l'article\n\"ça, oui\";A1\n-;A2\n";
        let latin = encoding_rs::WINDOWS_1252.encode(written).0.into_owned();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(written.as_bytes()).unwrap();
        for (name, bytes) in [
            ("a.csv", "id,text\nA1,\"ça, oui\"\nA2,\n".as_bytes()),
            ("a.tsv", "text\tN°\nça, oui\tA1\nnull\tA2\n".as_bytes()),
            ("a.CSV", format!("\u{feff}sep=;\n{}", written.replace("ID de l'article", "id_article")).as_bytes()),
            ("a.csv", written.replace("ID de l'article", "Id_article").as_bytes()),
        ] {
            assert_eq!(cells(&read_bytes(name, bytes)), expected, "{name}");
        }
        for (name, bytes) in [("a.csv", latin), ("a.csv.gz", packed.finish().unwrap())] {
            let table = read_bytes(name, &bytes);
            assert_eq!(table.has, [false, true], "{name}: \"ID de l'article\" is no usual name");
            assert_eq!(cells(&table)[0].2, Some("ça, oui"), "{name}");
            assert_eq!(table.names, ["Réponse", "ID de l'article"]);
        }
        let lines = "\n{\"id\":1,\"answer\":{\"text\":\"x\"},\"text\":\"ça, oui\"}\n{\"id\":\"A2\",\"text\":null}\n";
        assert_eq!(
            cells(&read_bytes("a.jsonl", lines.as_bytes())),
            [(2, Some("1"), Some("ça, oui")), (3, Some("A2"), None)]
        );
    }

    #[test]
    fn rows_that_cannot_be_read_are_told_with_their_number() {
        let damage = |name: &str, text: &str| -> Vec<(u64, Damage)> {
            read_bytes(name, text.as_bytes())
                .rows
                .into_iter()
                .filter_map(|row| Some((row.number, row.cells.err()?)))
                .collect()
        };
        assert_eq!(damage("a.csv", "id,text\nA1,a,b\n\nA2,c,\n"), [(2, Damage::TooWide { found: 3, wanted: 2 })]);
        assert_eq!(damage("a.csv", "id,text\nA1,\"a\nA2,c\n"), [(2, Damage::NotARow)]);
        assert_eq!(damage("a.jsonl", "{\"id\":1}\n[1]\nx\n"), [(2, Damage::NotAnObject), (3, Damage::NotAnObject)]);
    }

    #[test]
    fn the_hash_is_that_of_the_file_and_other_names_are_not_read() {
        use sha2::{Digest as _, Sha256};
        let text = b"id,text\nA1,a\n";
        assert_eq!(read_bytes("a.csv", text).sha256, super::super::row::hex(&Sha256::digest(text)));
        for name in ["a.xlsx", "a.parquet", "a.json", "a", "a.gz"] {
            assert_eq!(format_of(Path::new(name)), None, "{name}");
        }
        assert_eq!(format_of(Path::new("faq.ndjson.gz")), Some(Format::Jsonl));
    }

    #[test]
    fn the_content_of_a_file_without_header_row_is_not_told() {
        let table = read_bytes("a.csv", b"A1,\"How do I send an article back to the shop that sold it to me?\"\n");
        assert_eq!((table.has, table.rows.len()), ([false, false], 0));
        assert_eq!(table.names, ["A1"]);
    }
}
