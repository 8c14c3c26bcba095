//! Which format a file has: by its content, then by its extension; the configuration overrides both.

use std::sync::LazyLock;

use regex::Regex;
use serde::Serialize;

use crate::config::Options;
use crate::error::RejectCode;

use super::decode;

/// Formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Delimited text with a header row.
    Csv,
    /// Tab-separated text without quoting.
    Tsv,
    /// One JSON object per line.
    Jsonl,
    /// A JSON array of objects, or one object.
    Json,
    /// Parquet.
    Parquet,
    /// One e-mail.
    Eml,
    /// A mailbox file.
    Mbox,
    /// WebVTT.
    Vtt,
    /// SubRip.
    Srt,
    /// SubViewer, as YouTube writes it.
    Sbv,
    /// A labelled plain-text transcript.
    Txt,
}

impl Format {
    /// Every format.
    pub const ALL: &'static [Self] = &[
        Self::Csv,
        Self::Tsv,
        Self::Jsonl,
        Self::Json,
        Self::Parquet,
        Self::Eml,
        Self::Mbox,
        Self::Vtt,
        Self::Srt,
        Self::Sbv,
        Self::Txt,
    ];

    /// The name used in the configuration and in `run.json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Jsonl => "jsonl",
            Self::Json => "json",
            Self::Parquet => "parquet",
            Self::Eml => "eml",
            Self::Mbox => "mbox",
            Self::Vtt => "vtt",
            Self::Srt => "srt",
            Self::Sbv => "sbv",
            Self::Txt => "txt",
        }
    }

    /// Reads a name or extension.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "csv" => Self::Csv,
            "tsv" | "tab" => Self::Tsv,
            "jsonl" | "ndjson" => Self::Jsonl,
            "json" => Self::Json,
            "parquet" | "pq" => Self::Parquet,
            "eml" => Self::Eml,
            "mbox" | "mbx" => Self::Mbox,
            "vtt" | "webvtt" => Self::Vtt,
            "srt" => Self::Srt,
            "sbv" => Self::Sbv,
            "txt" | "text" => Self::Txt,
            _ => return None,
        })
    }
}

static HEADER_LINE: LazyLock<Regex> = LazyLock::new(|| constant(r"^[A-Za-z][A-Za-z0-9-]{0,60}:(\s|$)"));
static MAIL_HEADER: LazyLock<Regex> = LazyLock::new(|| {
    constant(
        r"(?im)^(from|to|cc|date|subject|received|message-id|return-path|delivered-to|mime-version|content-type|reply-to|x-[a-z-]+|dkim-signature|sender)\s?:",
    )
});
static SBV_TIMES: LazyLock<Regex> =
    LazyLock::new(|| constant(r"^\d{1,2}:\d{2}:\d{2}\.\d{1,3},\d{1,2}:\d{2}:\d{2}\.\d{1,3}\s*$"));

fn constant(text: &str) -> Regex {
    // Constant patterns, compiled by the tests of this module.
    Regex::new(text).expect("constant pattern")
}

/// Recognises a format from the first bytes (decompressed) and the file name (without `.gz` or `.zst`).
///
/// # Errors
///
/// The reject code and reason when the file cannot be read at all: nothing in it, a known foreign format, not text.
pub(crate) fn recognise(
    head: &[u8],
    name: &str,
    hint: Option<Format>,
    options: &Options,
) -> Result<Format, (RejectCode, String)> {
    if head.is_empty() {
        return Err((RejectCode::EmptyFile, "the file has no content".into()));
    }
    if head.starts_with(b"PAR1") {
        return Ok(Format::Parquet);
    }
    let stated = Format::from_name(&options.input.format);
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default();
    let by_name = Format::from_name(&extension);
    if stated == Some(Format::Parquet) || (stated.is_none() && by_name == Some(Format::Parquet)) {
        return Err((RejectCode::WrongFormat, "the file does not start as Parquet does".into()));
    }
    let is_mail = matches!(stated.or(hint).or(by_name), Some(Format::Eml | Format::Mbox));
    if let Some(foreign) = foreign(head) {
        let advice = format!(
            "{foreign} files are not read; export the contacts as CSV, JSON, Parquet, e-mail or transcript files"
        );
        return Err((RejectCode::UnsupportedFormat, advice));
    }
    if !is_mail && is_binary(head) {
        return Err((
            RejectCode::WrongFormat,
            format!(
                "the content is not text{}",
                if extension.is_empty() { String::new() } else { format!(", although the name ends in .{extension}") }
            ),
        ));
    }
    let text = decode::head_text(head, &options.input.encoding);
    if text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}').is_empty() {
        return Err((RejectCode::EmptyFile, "the file holds only blanks".into()));
    }
    if let Some(stated) = stated {
        return Ok(stated);
    }
    if let Some(hint) = hint {
        return Ok(hint);
    }
    let start = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if is_mbox(start) && !matches!(by_name, Some(Format::Csv | Format::Tsv | Format::Txt)) {
        return Ok(Format::Mbox);
    }
    if start.starts_with("WEBVTT") {
        return Ok(Format::Vtt);
    }
    match by_name {
        // These say what they are; JSON and tables are checked, since exports name them carelessly.
        Some(format @ (Format::Eml | Format::Mbox | Format::Vtt | Format::Srt | Format::Sbv)) => return Ok(format),
        Some(Format::Csv | Format::Tsv) if !start.starts_with('{') => return Ok(by_name.unwrap_or(Format::Csv)),
        _ => {}
    }
    if let Some(format) = json(start, by_name) {
        return Ok(format);
    }
    if matches!(by_name, Some(Format::Json | Format::Jsonl)) {
        return Err((
            RejectCode::WrongFormat,
            format!("the content is not JSON, although the name ends in .{extension}"),
        ));
    }
    if let Some(format) = subtitles(start) {
        return Ok(format);
    }
    if is_mail_text(start) && by_name != Some(Format::Txt) {
        return Ok(Format::Eml);
    }
    let delimiter = super::delimited::sniff_delimiter(&text, options);
    let header = start.lines().next().unwrap_or("");
    let headers: Vec<String> =
        header.split(delimiter as char).map(|header| header.trim_matches('"').to_owned()).collect();
    let is_header = |headers: &[String]| {
        let (mapping, _) = super::columns::Mapping::lenient(headers, options);
        headers.len() > 2 && mapping.recognised() > 1 && mapping.needed_columns(headers).is_ok()
    };
    if is_header(&headers) {
        return Ok(Format::Csv);
    }
    // Titles may stand above it, or the line that names the separator.
    Ok(match super::header::names_in(&text, delimiter, options).filter(|names| is_header(names)) {
        Some(_) => Format::Csv,
        None => Format::Txt,
    })
}

fn json(start: &str, by_name: Option<Format>) -> Option<Format> {
    let first_line = start.lines().next().unwrap_or("").trim();
    if start.starts_with('{') {
        let is_complete = serde_json::from_str::<serde::de::IgnoredAny>(first_line).is_ok();
        let has_more = start.lines().skip(1).any(|line| !line.trim().is_empty());
        // A long first object may not end inside the head: then its first line is the whole head.
        let is_one_long_line = by_name != Some(Format::Json) && start.lines().nth(1).is_none() && start.len() > 60_000;
        return Some(if (is_complete && has_more) || is_one_long_line { Format::Jsonl } else { Format::Json });
    }
    let after = start.strip_prefix('[')?.trim_start();
    (after.is_empty() || after.starts_with(['{', ']'])).then_some(Format::Json)
}

fn subtitles(start: &str) -> Option<Format> {
    let mut lines = start.lines().map(str::trim).filter(|line| !line.is_empty());
    let (first, second) = (lines.next()?, lines.next().unwrap_or(""));
    if SBV_TIMES.is_match(first) {
        return Some(Format::Sbv);
    }
    let is_number = first.bytes().all(|byte| byte.is_ascii_digit());
    ((is_number && second.contains("-->")) || first.contains(" --> ")).then_some(Format::Srt)
}

fn is_mbox(start: &str) -> bool {
    let mut lines = start.lines();
    lines.next().is_some_and(super::mbox::is_separator) && lines.next().is_some_and(|line| HEADER_LINE.is_match(line))
}

fn is_mail_text(start: &str) -> bool {
    let head: String = start.lines().take_while(|line| !line.trim().is_empty()).take(80).collect::<Vec<_>>().join("\n");
    head.lines().next().is_some_and(|line| HEADER_LINE.is_match(line))
        && MAIL_HEADER.find_iter(&head).take(2).count() == 2
}

/// Formats that users try and that are told by their first bytes.
fn foreign(head: &[u8]) -> Option<&'static str> {
    const MARKS: [(&[u8], &str); 14] = [
        (b"PK\x03\x04", "Excel, Word or zip"),
        (b"PK\x05\x06", "zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel, Word or Outlook .msg"),
        (b"%PDF", "PDF"),
        (b"\x7fELF", "program"),
        (b"MZ\x90", "program"),
        (b"\x89PNG", "image"),
        (b"\xff\xd8\xff", "image"),
        (b"GIF8", "image"),
        (b"ID3", "audio"),
        (b"OggS", "audio"),
        (b"fLaC", "audio"),
        (b"BZh9", "bzip2"),
        (b"\xfd7zXZ", "xz"),
    ];
    if head.starts_with(b"RIFF") && head.get(8..12).is_some_and(|kind| kind == b"WAVE" || kind == b"AVI ") {
        return Some("audio or video");
    }
    if head.starts_with(b"SQLite format 3") {
        return Some("SQLite");
    }
    if head.starts_with(b"ARROW1") {
        return Some("Arrow IPC");
    }
    MARKS.iter().find(|(mark, _)| head.starts_with(mark)).map(|(_, name)| *name)
}

/// More control characters (zeros that are not UTF-16 among them) than any text has; a few are damage of single rows.
fn is_binary(head: &[u8]) -> bool {
    if decode::wide_encoding(head).is_some() {
        return false;
    }
    let sample = &head[..head.len().min(8192)];
    let controls = sample.iter().filter(|byte| matches!(byte, 0..=8 | 11 | 14..=26 | 28..=31 | 127)).count();
    controls * 20 > sample.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(head: &str, name: &str) -> Result<Format, RejectCode> {
        recognise(head.as_bytes(), name, None, &Options::default()).map_err(|(code, _)| code)
    }

    #[test]
    fn content_tells_the_format_before_the_name() {
        assert_eq!(format("WEBVTT\n\n", "a.txt"), Ok(Format::Vtt));
        assert_eq!(format("1\n00:00:00,500 --> 00:00:07,000\nHi\n", "a"), Ok(Format::Srt));
        assert_eq!(format("0:00:00.378,0:00:11.378\nHi\n", "a"), Ok(Format::Sbv));
        assert_eq!(format("{\"a\":1}\n{\"a\":2}\n", "a.json"), Ok(Format::Jsonl));
        assert_eq!(format("{\n \"a\":1}\n", "a.jsonl"), Ok(Format::Json));
        assert_eq!(format("[{\"a\":1}]", "a"), Ok(Format::Json));
        assert_eq!(
            format("From a@example.com Thu Sep  3 09:12:00 2026\nFrom: a@example.com\n\nx", "inbox"),
            Ok(Format::Mbox)
        );
        assert_eq!(format("Received: by x\nFrom: a@example.com\nSubject: b\n\nx", "12345"), Ok(Format::Eml));
        assert_eq!(format("id_contact;date;texte\n1;03/09/2026;x\n", "export.txt"), Ok(Format::Csv));
        assert_eq!(format("Contacts\n\nid_contact;date;texte\n1;03/09/2026;x\n", "export.txt"), Ok(Format::Csv));
        assert_eq!(format("Client : bonjour\nConseiller : bonjour\n", "a.txt"), Ok(Format::Txt));
        assert_eq!(format("Appel\n\nClient : id, date, texte\nConseiller : non\n", "a.txt"), Ok(Format::Txt));
        assert_eq!(format("[00:00:01] Client : bonjour\n", "a.txt"), Ok(Format::Txt));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        assert_eq!(format("", "a.csv"), Err(RejectCode::EmptyFile));
        assert_eq!(format(" \n\n", "a.csv"), Err(RejectCode::EmptyFile));
        assert_eq!(format("a\0b\0\0\0c;d\u{1}\u{2}", "a.csv"), Err(RejectCode::WrongFormat));
        assert_eq!(format("PK\u{3}\u{4}xx", "a.xlsx"), Err(RejectCode::UnsupportedFormat));
        assert_eq!(format("hello", "a.json"), Err(RejectCode::WrongFormat));
        assert_eq!(format("hello", "a.parquet"), Err(RejectCode::WrongFormat));
    }
}
