//! Messages on stderr: for people in the language of the locale, or one JSON object per line, in English.

use std::borrow::Cow;
use std::io::Write;
use std::sync::OnceLock;

use motif::report::Language;

use super::arguments::LogFormat;
use super::french;

static FORMAT: OnceLock<(LogFormat, bool)> = OnceLock::new();

/// Fixes the form of messages for the rest of the program.
pub(crate) fn start(format: LogFormat, quiet: bool) {
    // Called once, before anything is said.
    let _ = FORMAT.set((format, quiet));
}

/// Whether messages are JSON.
pub(crate) fn is_json() -> bool {
    FORMAT.get().is_some_and(|(format, _)| *format == LogFormat::Json)
}

/// Whether messages are in French: for people, in a French locale. Scripts that read JSON rely on the English.
pub(crate) fn is_french() -> bool {
    !is_json() && french::language() == Language::French
}

/// A note in the language of the messages.
pub(crate) fn note(message: &str) -> Cow<'_, str> {
    if is_french() { french::note(message) } else { Cow::Borrowed(message) }
}

/// Something the user should know.
pub(crate) fn warning(message: &str) {
    if FORMAT.get().is_some_and(|(_, quiet)| *quiet) {
        return;
    }
    line("warning", &note(message));
}

/// A trouble with one thing of several, told as [`failure`] tells what ends the program.
pub(crate) fn warning_of(error: &anyhow::Error) {
    if FORMAT.get().is_some_and(|(_, quiet)| *quiet) {
        return;
    }
    line("warning", &words_of(error));
}

/// A step done.
pub(crate) fn info(message: &str) {
    if FORMAT.get().is_some_and(|(_, quiet)| *quiet) {
        return;
    }
    line("info", &note(message));
}

/// Why the program ends: a heading, and one line per cause.
pub(crate) fn failure(error: &anyhow::Error) {
    line("error", &words_of(error));
}

fn words_of(error: &anyhow::Error) -> String {
    if is_french() {
        return french::failure(error);
    }
    let mut message = error.to_string();
    for cause in error.chain().skip(1) {
        message.push_str("\n  Cause: ");
        message.push_str(&cause.to_string());
    }
    message
}

fn line(level: &str, message: &str) {
    let mut out = std::io::stderr().lock();
    // Nowhere to report a stderr that is gone.
    let _ = if is_json() {
        writeln!(out, "{}", serde_json::json!({"level": level, "message": message}))
    } else if is_french() {
        writeln!(out, "{} : {message}", french::level(level))
    } else {
        writeln!(out, "{level}: {message}")
    };
}
