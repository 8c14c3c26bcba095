//! Labelled files: CSV, TSV and JSONL, compressed or not, to rows of the columns that a command asks for.
//!
//! A gold file is either right or refused: figures on the readable part of a damaged file would mislead. Errors name
//! the file, the line and the column, never the words in them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::label::taxonomy::unknown;

/// Names that the user gave to columns: `text=sentence1,label=intent`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns(BTreeMap<String, String>);

impl Columns {
    /// Reads `wanted=name` pairs separated by commas.
    ///
    /// # Errors
    /// A pair without `=` or with an empty side, or a column mapped twice.
    pub fn parse(text: &str) -> Result<Self> {
        let mut columns = BTreeMap::new();
        for pair in text.split(',').filter(|pair| !pair.trim().is_empty()) {
            let (wanted, name) = pair
                .split_once('=')
                .map(|(wanted, name)| (wanted.trim(), name.trim()))
                .filter(|(wanted, name)| !wanted.is_empty() && !name.is_empty())
                .ok_or_else(|| Error::usage(format!("--columns: `{pair}` is not of the form text=sentence1")))?;
            if columns.insert(wanted.to_owned(), name.to_owned()).is_some() {
                return Err(Error::usage(format!("--columns: `{wanted}` is mapped twice")));
            }
        }
        Ok(Self(columns))
    }

    /// Refuses a mapping of a column that the command does not read.
    fn check(&self, fields: &[Field]) -> Result<()> {
        let known: BTreeSet<&str> = fields.iter().map(|field| field.names[0]).collect();
        match self.0.keys().find(|wanted| !known.contains(wanted.as_str())) {
            Some(wanted) => Err(Error::usage(format!("--columns: {}", unknown("column", wanted, &known)))),
            None => Ok(()),
        }
    }
}

/// A column that a command reads.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The name in the documentation, then other accepted names.
    pub names: &'static [&'static str],
    /// Whether the file must have it.
    pub required: bool,
}

impl Field {
    /// A column that must be there.
    pub const fn required(names: &'static [&'static str]) -> Self {
        Self { names, required: true }
    }

    /// A column that may be absent or null.
    pub const fn optional(names: &'static [&'static str]) -> Self {
        Self { names, required: false }
    }
}

/// One row: where it is and its values, in the order of the fields. `None`: the column or the value is absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// 1-based line of the file where the row starts.
    pub line: u64,
    values: Vec<Option<String>>,
}

/// By which name a file has a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    /// It has no column or key for it.
    Absent,
    /// One of its usual names.
    Usual,
    /// The name that the user gave.
    Mapped,
}

/// A gold file.
#[derive(Debug, Clone)]
pub struct Gold {
    path: PathBuf,
    fields: Vec<&'static str>,
    /// How each of the fields was found.
    found: Vec<Found>,
    /// Rows, in the order of the file; never empty.
    pub rows: Vec<Row>,
}

impl Gold {
    /// Reads the wanted columns of a file.
    ///
    /// # Errors
    /// The file cannot be read, is of another format, lacks a required column, holds a damaged row or no row at all.
    pub fn read(path: &Path, columns: &Columns, fields: &[Field]) -> Result<Self> {
        Self::read_by(path, columns, fields, &[])
    }

    /// Reads two files that the same names are given for. Where one of them lacks the given name of a column, its usual one
    /// is taken: the two may come from different hands.
    ///
    /// # Errors
    /// As for [`Self::read`]; neither file has a given name.
    pub fn read_both([first, second]: [&Path; 2], columns: &Columns, fields: &[Field]) -> Result<[Self; 2]> {
        let mut names: Vec<&str> = fields.iter().map(|field| field.names[0]).collect();
        let both = [Self::read_by(first, columns, fields, &names)?, Self::read_by(second, columns, fields, &names)?];
        let is_lost = |place: usize| {
            columns.0.contains_key(fields[place].names[0]) && both.iter().all(|gold| gold.found[place] != Found::Mapped)
        };
        if let Some(lost) = (0..fields.len()).find(|place| is_lost(*place)) {
            // A slip of the pen is no other name: read without the usual one, the file is refused for it.
            names.remove(lost);
            Self::read_by(first, columns, fields, &names)?;
        }
        Ok(both)
    }

    /// `also_usual` names the fields whose usual names do where a given one is absent.
    fn read_by(path: &Path, columns: &Columns, fields: &[Field], also_usual: &[&str]) -> Result<Self> {
        columns.check(fields)?;
        let (format, text) = text_of(path)?;
        let reader = Reader { path, columns, fields, also_usual };
        let (rows, found) = match format {
            Format::Csv => reader.csv(&text)?,
            Format::Tsv => reader.tsv(&text)?,
            Format::Jsonl => reader.jsonl(&text)?,
        };
        if rows.is_empty() {
            return Err(Error::file(path, "it holds no row", "give a file with a header and labelled rows"));
        }
        Ok(Self { path: path.to_owned(), fields: fields.iter().map(|field| field.names[0]).collect(), found, rows })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row; never true of a file that was read.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether the file has this column, be it empty; of JSONL, whether an object has the key.
    pub fn has(&self, field: usize) -> bool {
        self.found[field] != Found::Absent
    }

    /// The value of a column, `None` when it is absent or null.
    pub fn value(&self, row: usize, field: usize) -> Option<&str> {
        self.rows[row].values[field].as_deref()
    }

    /// The value of a column that every row must fill.
    ///
    /// # Errors
    /// It is absent or null.
    pub fn text(&self, row: usize, field: usize) -> Result<&str> {
        self.value(row, field).ok_or_else(|| self.wrong(row, field, "is empty", "fill it or remove the row"))
    }

    /// All values of a column that every row must fill.
    ///
    /// # Errors
    /// One is absent or null.
    pub fn texts(&self, field: usize) -> Result<Vec<&str>> {
        (0..self.len()).map(|row| self.text(row, field)).collect()
    }

    /// All labels of a column: filled and not blank, without the blanks around them.
    ///
    /// # Errors
    /// One is absent, null or blank.
    pub fn labels(&self, field: usize) -> Result<Vec<&str>> {
        (0..self.len())
            .map(|row| match self.text(row, field)?.trim() {
                "" => Err(self.wrong(row, field, "is empty", "fill it or remove the row")),
                label => Ok(label),
            })
            .collect()
    }

    /// A finite number.
    ///
    /// # Errors
    /// It is absent or no number.
    pub fn number(&self, row: usize, field: usize) -> Result<f64> {
        let text = self.text(row, field)?.trim();
        text.parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
            .ok_or_else(|| self.wrong(row, field, "is no number", "write numbers with a decimal point, such as 3.75"))
    }

    /// A yes or no; `None` when the value is absent, null or empty.
    ///
    /// # Errors
    /// It is anything but 0, 1, true or false.
    pub fn flag(&self, row: usize, field: usize) -> Result<Option<bool>> {
        match self.value(row, field).map(|value| value.trim().to_ascii_lowercase()).as_deref() {
            None | Some("") => Ok(None),
            Some("1" | "true" | "1.0" | "yes" | "oui" | "vrai") => Ok(Some(true)),
            Some("0" | "false" | "0.0" | "no" | "non" | "faux") => Ok(Some(false)),
            Some(_) => Err(self.wrong(row, field, "is neither 0 nor 1", "write 0, 1, true or false")),
        }
    }

    /// An error about one value. The message must not hold the value.
    pub fn wrong(&self, row: usize, field: usize, problem: &str, advice: &str) -> Error {
        let message = format!("line {}: column `{}` {problem}", self.rows[row].line, self.fields[field]);
        Error::file(&self.path, message, advice)
    }
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    Tsv,
    Jsonl,
}

/// The format by extension, and the whole text, decompressed.
pub(crate) fn text_of(path: &Path) -> Result<(Format, String)> {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let inner = name.strip_suffix(".gz").unwrap_or(&name);
    let format = match inner.rsplit_once('.').map(|(_, extension)| extension) {
        Some("csv") => Format::Csv,
        Some("tsv" | "tab") => Format::Tsv,
        Some("jsonl" | "ndjson") => Format::Jsonl,
        _ => {
            return Err(Error::file(
                path,
                "the format is told by the extension, and this one is not known",
                "name the file .csv, .tsv or .jsonl, with .gz after it when it is compressed",
            ));
        }
    };
    let mut file = File::open(path).map_err(|error| Error::io("read", path, error))?;
    let mut bytes = Vec::new();
    if inner.len() == name.len() {
        file.read_to_end(&mut bytes).map_err(|error| Error::io("read", path, error))?;
    } else {
        MultiGzDecoder::new(file).read_to_end(&mut bytes).map_err(|error| Error::io("decompress", path, error))?;
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
        Error::file(path, format!("line {line}: not UTF-8"), "save the file as UTF-8")
    })?;
    Ok((format, text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)))
}

struct Reader<'a> {
    path: &'a Path,
    columns: &'a Columns,
    fields: &'a [Field],
    /// Fields whose usual names do where the given one is absent.
    also_usual: &'a [&'a str],
}

/// Where a field stands in a row, when it does, and by which name.
type Place = Option<(usize, Found)>;

impl Reader<'_> {
    /// Finds one field among the names of a header or an object.
    fn find(&self, field: &Field, names: &[&str]) -> Result<Place> {
        let place = |name: &str| {
            let exact = names.iter().position(|known| *known == name);
            exact.or_else(|| names.iter().position(|known| known.trim().eq_ignore_ascii_case(name)))
        };
        let usual = || Some((field.names.iter().find_map(|name| place(name))?, Found::Usual));
        let Some(given) = self.columns.0.get(field.names[0]) else {
            let found = usual();
            let is_missing = found.is_none() && field.required;
            return if is_missing { Err(self.missing(field, field.names[0], names)) } else { Ok(found) };
        };
        let mapped = place(given).map(|place| (place, Found::Mapped));
        let found = mapped.or_else(|| usual().filter(|_| self.also_usual.contains(&field.names[0])));
        found.map(Some).ok_or_else(|| self.missing(field, given, names))
    }

    /// A column `name` is looked for as `field` and is not there.
    fn missing(&self, field: &Field, name: &str, names: &[&str]) -> Error {
        let known: BTreeSet<&str> = names.iter().copied().collect();
        let field = field.names[0];
        Error::file(
            self.path,
            unknown("column", name, &known),
            format!("map another name with --columns {field}=NAME, or rename the column"),
        )
    }

    fn places(&self, names: &[&str]) -> Result<Vec<Place>> {
        self.fields.iter().map(|field| self.find(field, names)).collect()
    }

    fn csv(&self, text: &str) -> Result<(Vec<Row>, Vec<Found>)> {
        let first = text.lines().next().unwrap_or_default();
        // Spreadsheets of French users write semicolons.
        let delimiter = if first.contains(';') && !first.contains(',') { b';' } else { b',' };
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
        let damaged = |line: Option<u64>| {
            let expected = match line {
                Some(line) => format!("line {line}: not a CSV row"),
                None => "not a CSV row".to_owned(),
            };
            Error::file(self.path, expected, "check the quotes of this row")
        };
        let header = reader.headers().map_err(|_| damaged(Some(1)))?.clone();
        let names: Vec<&str> = header.iter().collect();
        if names.is_empty() {
            return Ok(Default::default());
        }
        let places = self.places(&names)?;
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| damaged(error.position().map(csv::Position::line)))?;
            let line = record.position().map_or(0, csv::Position::line);
            self.check_width(line, record.len(), names.len())?;
            rows.push(Row { line, values: values(&places, |place| record.get(place)) });
        }
        Ok((rows, found(&places)))
    }

    fn tsv(&self, text: &str) -> Result<(Vec<Row>, Vec<Found>)> {
        // Without quoting a row is a line; a carriage return alone is part of the text.
        let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).zip(1u64..);
        let Some((header, _)) = lines.next().filter(|(header, _)| !header.is_empty()) else {
            return Ok(Default::default());
        };
        let names: Vec<&str> = header.split('\t').collect();
        let places = self.places(&names)?;
        let mut rows = Vec::new();
        for (text, line) in lines.filter(|(text, _)| !text.is_empty()) {
            let record: Vec<&str> = text.split('\t').collect();
            self.check_width(line, record.len(), names.len())?;
            rows.push(Row { line, values: values(&places, |place| record.get(place).copied()) });
        }
        Ok((rows, found(&places)))
    }

    fn check_width(&self, line: u64, found: usize, wanted: usize) -> Result<()> {
        if found == wanted {
            return Ok(());
        }
        Err(Error::file(
            self.path,
            format!("line {line}: {found} columns where the header has {wanted}"),
            "check the separators of this row",
        ))
    }

    fn jsonl(&self, text: &str) -> Result<(Vec<Row>, Vec<Found>)> {
        let (mut rows, mut by) = (Vec::new(), vec![Found::Absent; self.fields.len()]);
        for (object, line) in objects(self.path, text)? {
            let names: Vec<&str> = object.keys().map(String::as_str).collect();
            let places = self.places(&names).map_err(|error| at_line(error, line))?;
            by.iter_mut().zip(found(&places)).for_each(|(by, found)| *by = found.max(*by));
            let values =
                places.iter().map(|place| place.and_then(|(place, _)| scalar(&object[names[place]]))).collect();
            rows.push(Row { line, values });
        }
        Ok((rows, by))
    }
}

/// The objects of a JSONL text with their 1-based lines; blank lines are passed over.
pub(crate) fn objects(path: &Path, text: &str) -> Result<Vec<(serde_json::Map<String, Value>, u64)>> {
    text.lines()
        .zip(1u64..)
        .filter(|(line, _)| !line.trim().is_empty())
        .map(|(line, number)| match serde_json::from_str(line) {
            Ok(Value::Object(object)) => Ok((object, number)),
            _ => Err(Error::file(
                path,
                format!("line {number}: not a JSON object"),
                "write one JSON object a line, such as {\"text\": \"…\", \"label\": \"…\"}",
            )),
        })
        .collect()
}

/// Adds the line to an error about a file.
fn at_line(error: Error, line: u64) -> Error {
    match error {
        Error::File { path, expected, advice } => {
            Error::File { path, expected: format!("line {line}: {expected}"), advice }
        }
        other => other,
    }
}

/// By which name each field was found.
fn found(places: &[Place]) -> Vec<Found> {
    places.iter().map(|place| place.map_or(Found::Absent, |(_, found)| found)).collect()
}

fn values<'r>(places: &[Place], get: impl Fn(usize) -> Option<&'r str>) -> Vec<Option<String>> {
    places.iter().map(|place| place.and_then(|(place, _)| get(place)).map(str::to_owned)).collect()
}

/// A JSON value as text; `None` for null. Lists and objects become their JSON.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const FIELDS: [Field; 2] = [Field::required(&["text"]), Field::required(&["label"])];

    fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        (folder, path)
    }

    fn read(name: &str, bytes: &[u8], columns: &str) -> Result<Vec<(String, String)>> {
        let (_folder, path) = file(name, bytes);
        let gold = Gold::read(&path, &Columns::parse(columns)?, &FIELDS)?;
        (0..gold.len()).map(|row| Ok((gold.text(row, 0)?.to_owned(), gold.text(row, 1)?.to_owned()))).collect()
    }

    fn pair(text: &str, label: &str) -> (String, String) {
        (text.into(), label.into())
    }

    #[test]
    fn the_three_formats_give_the_same_rows() {
        let expected = vec![pair("he said \"no\"", "a"), pair("b, c", "d")];
        let csv = "label,text\na,\"he said \"\"no\"\"\"\nd,\"b, c\"\n";
        assert_eq!(read("g.csv", csv.as_bytes(), "").unwrap(), expected);
        let tsv = "label\ttext\r\na\the said \"no\"\r\nd\tb, c\r\n";
        assert_eq!(read("g.tsv", tsv.as_bytes(), "").unwrap(), expected);
        let jsonl = "{\"text\":\"he said \\\"no\\\"\",\"label\":\"a\"}\n\n{\"label\":\"d\",\"text\":\"b, c\"}\n";
        assert_eq!(read("g.jsonl", jsonl.as_bytes(), "").unwrap(), expected);
    }

    #[test]
    fn quotes_in_a_tsv_never_swallow_lines() {
        let rows = read("g.tsv", b"text\tlabel\n\"open\ta\nb\tc\n", "").unwrap();
        assert_eq!(rows, [pair("\"open", "a"), pair("b", "c")]);
    }

    #[test]
    fn compressed_files_byte_order_marks_and_mapped_names_are_read() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all("\u{feff}sentence;intent\nça va;x\n".as_bytes()).unwrap();
        let bytes = encoder.finish().unwrap();
        assert_eq!(read("g.csv.gz", &bytes, "text=sentence, label=intent").unwrap(), [pair("ça va", "x")]);
    }

    #[test]
    fn a_missing_column_is_named_with_the_nearest_one() {
        let error = read("g.csv", b"texte,label\nsecret words,x\n", "").unwrap_err().to_string();
        assert!(error.contains("unknown column `text`; did you mean `texte`?"), "{error}");
        let error = read("g.jsonl", b"{\"text\":\"a\",\"label\":\"b\"}\n{\"text\":\"secret\"}\n", "");
        let error = error.unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("`label`") && !error.contains("secret"), "{error}");
    }

    #[test]
    fn the_advice_on_a_given_name_that_is_absent_is_about_its_field() {
        let error = read("g.csv", b"text,label\na,b\n", "text=texte").unwrap_err().to_string();
        assert!(error.contains("unknown column `texte`; did you mean `text`?"), "{error}");
        assert!(error.ends_with("map another name with --columns text=NAME, or rename the column"), "{error}");
    }

    #[test]
    fn a_name_given_for_two_files_may_be_that_of_one_alone() {
        let (_train_folder, train) = file("train.csv", b"text,label\na,b\n");
        let (_test_folder, test) = file("test.jsonl", "{\"texte\":\"ça\",\"label\":\"d\"}\n".as_bytes());
        let both = |columns: &str| Gold::read_both([&train, &test], &Columns::parse(columns).unwrap(), &FIELDS);
        let [train_gold, test_gold] = both("text=texte").unwrap();
        assert_eq!((train_gold.text(0, 0).unwrap(), test_gold.text(0, 0).unwrap()), ("a", "ça"));
        // Without the name, the second file lacks the column; a name that neither has is a mistake.
        assert!(both("").unwrap_err().to_string().contains("test.jsonl"));
        let error = both("text=texte,label=lable").unwrap_err().to_string();
        assert!(error.contains("train.csv") && error.contains("`lable`; did you mean `label`"), "{error}");
        assert!(error.contains("--columns label=NAME"), "{error}");
    }

    #[test]
    fn damaged_rows_are_refused_by_line_and_never_quoted() {
        for (name, bytes, line) in [
            ("g.tsv", b"text\tlabel\na\tb\nsecret\n".as_slice(), "line 3"),
            ("g.csv", b"text,label\nsecret,b,c\n", "line 2"),
            ("g.jsonl", b"{\"text\":\"a\",\"label\":\"b\"}\nsecret\n", "line 2"),
            ("g.csv", b"text,label\nsecret,\n\xff,b\n", "line 3"),
        ] {
            let error = read(name, bytes, "").unwrap_err().to_string();
            assert!(error.contains(line) && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn files_without_rows_and_unknown_formats_are_refused() {
        for (name, bytes) in
            [("g.csv", b"".as_slice()), ("g.tsv", b"text\tlabel\n"), ("g.jsonl", b"\n"), ("g.xls", b"x")]
        {
            assert!(read(name, bytes, "").is_err(), "{name}");
        }
    }

    #[test]
    fn a_mapping_of_a_column_that_is_not_read_is_refused() {
        let error = read("g.csv", b"text,label\na,b\n", "lable=x").unwrap_err().to_string();
        assert!(error.contains("did you mean `label`"), "{error}");
        assert!(Columns::parse("text").is_err());
        assert!(Columns::parse("text=a,text=b").is_err());
    }

    #[test]
    fn an_empty_column_is_told_from_an_absent_one() {
        let fields = [Field::required(&["text"]), Field::optional(&["label"])];
        let has = |name: &str, bytes: &[u8]| {
            let (_folder, path) = file(name, bytes);
            Gold::read(&path, &Columns::default(), &fields).unwrap().has(1)
        };
        assert!(has("g.csv", b"text,label\na,\n") && has("g.tsv", b"text\tlabel\na\t\n"));
        assert!(has("g.jsonl", b"{\"text\":\"a\"}\n{\"text\":\"b\",\"label\":null}\n"));
        assert!(!has("g.csv", b"text\na\n") && !has("g.jsonl", b"{\"text\":\"a\"}\n"));
    }

    #[test]
    fn numbers_and_flags_are_checked() {
        let (_folder, path) = file("g.csv", b"text,label\n1.5,true\nsecret,perhaps\n0,\n");
        let gold = Gold::read(&path, &Columns::default(), &FIELDS).unwrap();
        assert_eq!(gold.number(0, 0).unwrap(), 1.5);
        assert_eq!(gold.flag(0, 1).unwrap(), Some(true));
        assert!(gold.number(1, 0).is_err() && gold.flag(1, 1).is_err());
        assert_eq!(gold.flag(2, 1).unwrap(), None);
        assert!(gold.has(0) && gold.has(1));
        assert!(gold.labels(1).is_err());
    }
}
