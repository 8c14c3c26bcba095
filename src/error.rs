//! The three kinds of trouble a run can meet, kept apart because they end differently.
//!
//! - [`Error`]: the caller's mistake or the machine's (configuration, missing file, unreadable model). It ends the
//!   run with exit code 2.
//! - [`RecordError`]: one bad record. It is counted and written to `rejects.jsonl`; the run goes on.
//! - [`Error::Bug`]: a broken promise inside the program; the message asks for a report.
//!
//! The errors of the numeric and query crates are left out of the build that fuzzes the readers (`cfg(fuzzing)`), which
//! compiles `source` and `text` alone.
//!
//! Neither ever carries a customer's words: identifiers, lengths, counts and positions only.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// Result of the library's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a run cannot start or cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration, taxonomy or criteria have problems; all of them are listed together.
    #[error("{}", display_problems(.problems))]
    Config {
        /// Every problem found, in the order of the files.
        problems: Vec<Problem>,
    },
    /// A file or folder could not be read or written.
    #[error("cannot {action} {path}", path = .path.display())]
    Io {
        /// What was being done: "read", "write", "rename"…
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A file is there but is not what it should be.
    #[error("{path}: {expected}; {advice}", path = .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was expected and what was found.
        expected: String,
        /// What to do about it.
        advice: String,
    },
    /// A model could not be found, read or verified.
    #[error("model {name}: {reason}")]
    Model {
        /// Name or path as the user gave it.
        name: String,
        /// What is wrong, where it was looked for and what to do.
        reason: String,
    },
    /// Arguments that cannot work together, or nothing to do.
    #[error("{message}")]
    Usage {
        /// What is wrong and the next step.
        message: String,
    },
    /// Tensor arithmetic failed in candle.
    #[cfg(not(fuzzing))]
    #[error("tensor computation failed")]
    Tensor(#[from] candle_core::Error),
    /// Arrow refused a batch.
    #[cfg(not(fuzzing))]
    #[error("building an Arrow table failed")]
    Arrow(#[from] arrow::error::ArrowError),
    /// Parquet could not be read or written.
    #[cfg(not(fuzzing))]
    #[error("reading or writing Parquet failed")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// A KPI query failed.
    #[cfg(not(fuzzing))]
    #[error("KPI query failed")]
    Query(#[from] datafusion::error::DataFusionError),
    /// The user asked to stop (Ctrl-C). What was written before stays as it was.
    #[error("interrupted; the previous output was left as it was")]
    Interrupted,
    /// A promise inside the program was broken.
    #[error("internal error: {message}; please report it")]
    Bug {
        /// Which promise.
        message: String,
    },
}

impl Error {
    /// Wraps an input/output error with what was being done, as in `.map_err(|e| Error::io("read", path, e))`.
    pub fn io(action: &'static str, path: impl AsRef<Path>, source: std::io::Error) -> Self {
        Self::Io { action, path: path.as_ref().to_path_buf(), source }
    }

    /// A file that is not what it should be.
    pub fn file(path: impl AsRef<Path>, expected: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::File { path: path.as_ref().to_path_buf(), expected: expected.into(), advice: advice.into() }
    }

    /// A wrong call, with the next step.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage { message: message.into() }
    }

    /// A broken internal promise.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::Bug { message: message.into() }
    }
}

/// One problem of a configuration file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// The file, as the user names it.
    pub file: String,
    /// Where in it: `reason.delivery.late.examples.fr`, `columns.contact_id`…
    pub at: String,
    /// What is wrong, what was expected, and the closest valid value where there is one.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at.is_empty() {
            write!(f, "{}: {}", self.file, self.message)
        } else {
            write!(f, "{}: {}: {}", self.file, self.at, self.message)
        }
    }
}

fn display_problems(problems: &[Problem]) -> String {
    let noun = if problems.len() == 1 { "problem" } else { "problems" };
    let mut text = format!("{} configuration {noun}", problems.len());
    for problem in problems {
        text.push_str("\n  - ");
        text.push_str(&problem.to_string());
    }
    text
}

/// Stable codes of rejected records, as written in `rejects.jsonl`. Scripts may rely on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RejectCode {
    /// The file could not be opened or its compression is damaged.
    UnreadableFile,
    /// The file holds no record at all (0 bytes, or a header alone).
    EmptyFile,
    /// The content is not text, or not of the format that its name or the configuration says.
    WrongFormat,
    /// The format is recognised but not supported.
    UnsupportedFormat,
    /// The file ends in the middle (truncated Parquet, gzip, JSON).
    Truncated,
    /// A row or message cannot be parsed.
    Malformed,
    /// A needed column is absent from the whole file.
    MissingColumn,
    /// The contact has no identifier and none can be derived.
    MissingContactId,
    /// The contact has no start time.
    MissingStartedAt,
    /// A time cannot be read.
    BadTime,
    /// A time lies after "now" (`--as-of`), or more than a year after all the other contacts.
    TimeInFuture,
    /// The contact ends before it starts.
    EndsBeforeStart,
    /// A number cannot be read or lies outside its scale.
    BadNumber,
    /// The text is longer than the configured limit and was refused.
    TooLong,
}

impl RejectCode {
    /// The code as written in `rejects.jsonl`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnreadableFile => "unreadable_file",
            Self::EmptyFile => "empty_file",
            Self::WrongFormat => "wrong_format",
            Self::UnsupportedFormat => "unsupported_format",
            Self::Truncated => "truncated",
            Self::Malformed => "malformed",
            Self::MissingColumn => "missing_column",
            Self::MissingContactId => "missing_contact_id",
            Self::MissingStartedAt => "missing_started_at",
            Self::BadTime => "bad_time",
            Self::TimeInFuture => "time_in_future",
            Self::EndsBeforeStart => "ends_before_start",
            Self::BadNumber => "bad_number",
            Self::TooLong => "too_long",
        }
    }
}

/// A record that cannot become a contact: where it is, which rule it broke, what to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RecordError {
    /// The file, as given on the command line or in the configuration.
    pub file: String,
    /// 1-based row, line or message number in the file; `None` when the whole file is refused.
    pub record: Option<u64>,
    /// Stable code.
    pub code: RejectCode,
    /// The column or header at fault, when there is one.
    pub field: Option<String>,
    /// What was expected and what to do. Never the customer's words.
    pub message: String,
}

impl RecordError {
    /// A refusal of one record.
    pub fn new(file: impl Into<String>, record: Option<u64>, code: RejectCode, message: impl Into<String>) -> Self {
        Self { file: file.into(), record, code, field: None, message: message.into() }
    }

    /// Names the column or header at fault.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(record) = self.record {
            write!(f, ", record {record}")?;
        }
        if let Some(field) = &self.field {
            write!(f, ", {field}")?;
        }
        write!(f, ": {} ({})", self.message, self.code.as_str())
    }
}
