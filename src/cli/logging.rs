//! Messages on stderr: for people, or one JSON object per line.

use std::io::Write;
use std::sync::OnceLock;

use super::arguments::LogFormat;

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

/// Something the user should know.
pub(crate) fn warning(message: &str) {
    if FORMAT.get().is_some_and(|(_, quiet)| *quiet) {
        return;
    }
    line("warning", message);
}

/// A step done.
pub(crate) fn info(message: &str) {
    if FORMAT.get().is_some_and(|(_, quiet)| *quiet) {
        return;
    }
    line("info", message);
}

/// Why the program ends: a heading, and one line per cause.
pub(crate) fn failure(error: &anyhow::Error) {
    let mut message = error.to_string();
    for cause in error.chain().skip(1) {
        message.push_str("\n  Cause: ");
        message.push_str(&cause.to_string());
    }
    line("error", &message);
}

fn line(level: &str, message: &str) {
    let mut out = std::io::stderr().lock();
    // Nowhere to report a stderr that is gone.
    let _ = if is_json() {
        writeln!(out, "{}", serde_json::json!({"level": level, "message": message}))
    } else {
        writeln!(out, "{level}: {message}")
    };
}
