//! Bytes to [`crate::contact::Contact`]: one reader per format, chosen by content.
//!
//! [`discover`] lists the files, [`Source::read`] streams the records of one of them: contacts, and rejects with a stable
//! code. Memory is bounded by one contact (for rows that are turns or messages of one, by a window of open contacts), and a
//! few hashes for each identifier.
//!
//! Counts always reconcile: `records_read == contacts + rejects`. The unit is the contact: a row or object of a file with
//! one contact per row; the rows of one contact together in a file with one row per turn, or where an identifier comes back
//! with other words (a row that cannot be read or has no contact identifier counts alone); a message of a mailbox; a
//! transcript file as a whole. A file refused as a whole, and an error that stops the reading before the end, count as one
//! record read and one reject.

mod automatic;
pub mod columns;
mod customers;
mod decode;
mod delimited;
mod dialogue;
mod discover;
mod email;
mod format;
mod group;
mod header;
mod join;
mod json;
mod lenient;
mod mbox;
mod open;
#[cfg(not(fuzzing))]
mod parquet;
mod plain;
mod platform;
mod returning;
mod row;
mod shape;
#[cfg(not(fuzzing))]
pub(crate) mod side;
mod speakers;
mod subtitle;
mod table;
#[cfg(test)]
mod testing;
mod time;
mod timing;
mod transcript;
mod value;

use std::io;

use crate::config::Settings;
use crate::contact::Contact;
use crate::error::{Error, RecordError, RejectCode, Result};

pub use customers::{Customers, normalise_identifier};
pub use discover::{InputFile, discover};
pub use email::{Mail, parse as parse_mail};
pub use format::Format;
pub use join::Beside;
pub use platform::names as platforms;
#[cfg(not(fuzzing))]
pub(crate) use row::plain as without_markup;
use shape::Shape;
#[cfg(not(fuzzing))]
pub(crate) use value::language as language_code;

/// One record of a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// A contact.
    Contact(Box<Contact>),
    /// A record that cannot become one.
    Reject(RecordError),
}

/// What was read from one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSummary {
    /// Records met; always the sum of the two counts below.
    pub records_read: u64,
    /// Contacts given to the sink.
    pub contacts: u64,
    /// Rejects given to the sink.
    pub rejects: u64,
    /// SHA-256 of the file's bytes as stored (compressed, if it is), in hexadecimal; empty when it cannot be opened.
    pub sha256: String,
    /// Size of the file as stored.
    pub bytes: u64,
    /// Format, when it was recognised.
    pub format: Option<Format>,
    /// Columns that were left unread, in a file without a column for the words.
    pub unread: Option<Unread>,
    /// What had to be assumed of the file as a whole, or was left out of it.
    pub remarks: Vec<Remark>,
}

/// What had to be assumed of a file as a whole, or was left out of it without being a record: to be told once. Only counts,
/// since the rest may be a customer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remark {
    /// Titles stand above the header row.
    LinesAboveHeader {
        /// Rows above it as a spreadsheet counts them, blank ones too.
        count: u64,
    },
    /// No date proves whether the day or the month comes first, as `25/12/2026` does.
    DateOrder {
        /// The dates were read with the month first, as lesser signs suggest; else with the day first.
        is_month_first: bool,
        /// Dates that mean another day in the other order.
        count: u64,
        /// `AM` or `PM` stands beside them, as in exports of the United States, where the month comes first.
        has_half_days: bool,
    },
    /// Some dates prove that the day comes first, others that the month does.
    TwoDateOrders {
        /// The order of most, in which all were read.
        is_month_first: bool,
        /// Dates that only the other order allows, and that could not be read.
        unread: u64,
        /// Dates that either order allows.
        count: u64,
    },
    /// Identifiers or telephone numbers of customers that a spreadsheet has rounded (`3,36E+10`): they were left out.
    RoundedCustomers {
        /// Rows that have one.
        count: u64,
    },
    /// Words that say of a customer that nobody knows who it is (`Inconnu`): these contacts have no customer.
    UnknownCustomers {
        /// Rows that have one.
        count: u64,
    },
}

/// The columns of a file that were left unread while none was recognised for the words of its contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Their number.
    pub count: usize,
    /// Their names, those that may be shown: none where the first row may be a contact rather than a header row.
    pub names: Vec<String>,
}

/// Everything needed to read files: the settings and the customer directory, loaded once.
#[derive(Debug, Clone)]
pub struct Source<'a> {
    settings: &'a Settings,
    customers: Customers,
}

/// Reads one file; see [`Source::read`], which does not load the customer directory for each file.
///
/// # Errors
///
/// Those of [`Source::new`] and [`Source::read`].
pub fn read(file: &InputFile, settings: &Settings, sink: &mut dyn FnMut(Record) -> Result<()>) -> Result<FileSummary> {
    Source::new(settings)?.read(file, sink)
}

impl<'a> Source<'a> {
    /// Loads the customer directory.
    ///
    /// # Errors
    ///
    /// Those of [`Customers::load`].
    pub fn new(settings: &'a Settings) -> Result<Self> {
        Ok(Self { settings, customers: Customers::load(settings)? })
    }

    /// The customer directory.
    pub fn customers(&self) -> &Customers {
        &self.customers
    }

    /// Streams the records of one file to the sink, in the order of the file.
    ///
    /// # Errors
    ///
    /// Only the sink's own errors: whatever is wrong with the file is a reject.
    pub fn read(&self, file: &InputFile, sink: &mut dyn FnMut(Record) -> Result<()>) -> Result<FileSummary> {
        let mut output = Output {
            sink,
            records_read: 0,
            contacts: 0,
            rejects: 0,
            unread: None,
            words_for_nobody: 0,
            remarks: Vec::new(),
        };
        let mut summary = FileSummary {
            records_read: 0,
            contacts: 0,
            rejects: 0,
            sha256: String::new(),
            bytes: 0,
            format: None,
            unread: None,
            remarks: Vec::new(),
        };
        match self.read_into(file, &mut output, &mut summary) {
            Ok(()) => {}
            Err(Failure::Sink(error)) => return Err(error),
            Err(Failure::Io(error)) => {
                let (code, message) = unreadable(&error);
                output.met();
                output.reject(RecordError::new(&file.name, None, code, message))?;
            }
        }
        summary.records_read = output.records_read;
        summary.contacts = output.contacts;
        summary.rejects = output.rejects;
        summary.unread = output.unread;
        summary.remarks = output.remarks;
        if output.words_for_nobody > 0 {
            summary.remarks.push(Remark::UnknownCustomers { count: output.words_for_nobody });
        }
        if summary.records_read != summary.contacts + summary.rejects {
            return Err(Error::bug(format!("counts of {} do not reconcile: {summary:?}", file.name)));
        }
        Ok(summary)
    }

    fn read_into(&self, file: &InputFile, output: &mut Output<'_>, summary: &mut FileSummary) -> Result<(), Failure> {
        let open::Opened { raw, head, stream, compression } = open::open(&file.path)?;
        let result = self.read_stream(file, head, stream, compression, output, summary);
        (summary.sha256, summary.bytes) = raw.finish()?;
        result
    }

    fn read_stream(
        &self,
        file: &InputFile,
        head: Vec<u8>,
        mut stream: Box<dyn io::BufRead>,
        compression: open::Compression,
        output: &mut Output<'_>,
        summary: &mut FileSummary,
    ) -> Result<(), Failure> {
        let settings = self.settings;
        let options = &settings.options;
        let place = row::Place {
            settings,
            customers: &self.customers,
            file: &file.name,
            order: time::DateOrder::configured(options).unwrap_or(time::DateOrder::DayFirst),
            derive_ids: false,
            is_order_guessed: false,
        };
        if head.is_empty() {
            // An error of the compression shows here, and is told as such; otherwise there is nothing.
            stream.fill_buf()?;
        }
        let has_returns = decode::has_bare_returns(&head);
        let head = decode::head_with_line_feeds(head, has_returns);
        let format = match format::recognise(&head, open::plain_name(&file.name), file.format, options) {
            Ok(format) => format,
            Err((code, message)) => {
                output.met();
                output.reject(place.reject_file(code, message))?;
                return Ok(());
            }
        };
        summary.format = Some(format);
        if file.is_joined {
            return Ok(());
        }
        let encoding = options.input.encoding.as_str();
        match format {
            #[cfg(not(fuzzing))]
            Format::Parquet => parquet::read(file, stream, compression, place, output),
            // The readers are fuzzed without the Parquet crate, whose instrumented build takes longer than the fuzzing.
            #[cfg(fuzzing)]
            Format::Parquet => {
                let _ = compression;
                output.met();
                output.reject(place.reject_file(RejectCode::UnsupportedFormat, "not in this build"))?;
                Ok(())
            }
            Format::Eml => email::read(&mut *stream, place, output),
            Format::Mbox => mbox::read(&mut *stream, place, output),
            text => {
                let again = || -> io::Result<Box<dyn io::BufRead>> {
                    Ok(decode::with_line_feeds(
                        decode::text_reader(open::open(&file.path)?.stream, &head, encoding),
                        has_returns,
                    ))
                };
                // A pipe can be read once only: then its head tells.
                let first_look = || {
                    if std::fs::metadata(&file.path).is_ok_and(|metadata| metadata.is_file()) {
                        return again();
                    }
                    Ok(Box::new(io::Cursor::new(decode::head_text(&head, encoding))) as Box<dyn io::BufRead>)
                };
                let mut stream = decode::with_line_feeds(decode::text_reader(stream, &head, encoding), has_returns);
                match text {
                    Format::Csv | Format::Tsv => {
                        let beside = file.beside.as_ref();
                        table::read(
                            &mut *stream,
                            &head,
                            text,
                            place,
                            &first_look,
                            &fallback(file, settings),
                            beside,
                            output,
                        )
                    }
                    Format::Jsonl => {
                        let (shape, unread) = Shape::of_lines(&mut *first_look()?, &place);
                        output.unread = unread;
                        json::read_lines(&mut *stream, &decode::head_text(&head, encoding), shape, place, output)
                    }
                    Format::Json => {
                        let (shape, unread) = Shape::of_document(&mut *first_look()?, &place);
                        output.unread = unread;
                        json::read_document(&mut *stream, shape, place, &fallback(file, settings), output)
                    }
                    Format::Txt => plain::read(&mut *stream, place, &fallback(file, settings), output),
                    _ => subtitle::read(&mut *stream, text, place, &fallback(file, settings), output),
                }
            }
        }
    }
}

/// Where records go, counting them on the way.
pub(crate) struct Output<'s> {
    sink: &'s mut dyn FnMut(Record) -> Result<()>,
    records_read: u64,
    contacts: u64,
    rejects: u64,
    /// Columns that were left unread, in a table without a column for the words.
    unread: Option<Unread>,
    /// Rows with a word that makes their customer nobody.
    words_for_nobody: u64,
    /// What is to be told of the file.
    remarks: Vec<Remark>,
}

impl Output<'_> {
    /// Counts a record as read. Readers call it when they meet a record, before they know what becomes of it.
    pub(crate) fn met(&mut self) {
        self.records_read += 1;
    }

    /// Passes on a contact or its reject.
    pub(crate) fn record(&mut self, result: Result<Contact, RecordError>) -> Result<()> {
        match result {
            Ok(contact) => {
                self.contacts += 1;
                (self.sink)(Record::Contact(Box::new(contact)))
            }
            Err(error) => self.reject(error),
        }
    }

    /// Passes on a reject.
    pub(crate) fn reject(&mut self, error: RecordError) -> Result<()> {
        self.rejects += 1;
        (self.sink)(Record::Reject(error))
    }
}

/// Why reading a file stopped.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The file: becomes a reject.
    Io(io::Error),
    /// The receiver of the records: ends the run.
    Sink(Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Sink(error)
    }
}

/// Why a file, or the rest of it, cannot be read.
fn unreadable(error: &io::Error) -> (RejectCode, String) {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => (RejectCode::Truncated, "the compressed data end in the middle".to_owned()),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
            (RejectCode::UnreadableFile, "the compressed data are damaged".to_owned())
        }
        // The system's words: "Permission denied", "No such file or directory".
        kind => (RejectCode::UnreadableFile, format!("the file cannot be read: {kind}")),
    }
}

/// Identifier and start of a transcript that states none: its name, the date in its name, else the date of the file.
fn fallback(file: &InputFile, settings: &Settings) -> json::Fallback {
    let start = time::in_file_name(&file.contact_id, settings.time_zone).or_else(|| {
        let modified = std::fs::metadata(&file.path).and_then(|metadata| metadata.modified()).ok()?;
        let seconds = modified.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs();
        let instant = chrono::DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0)?;
        Some(time::Moment { instant, flag: Some("started_at_from_file_date") })
    });
    json::Fallback { contact_id: file.contact_id.clone(), start }
}
