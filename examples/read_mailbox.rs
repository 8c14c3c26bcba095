//! Reads one file of messages and cleans every message, as a run does before its model: for `benches/mbox.py`.
//!
//! Prints the number of contacts and rejects, and the characters of the new words, as JSON.

use std::path::Path;

use motif::config::{self, Sources};
use motif::source::{self, InputFile, Record};
use motif::text::Cleaner;

#[allow(clippy::print_stdout, reason = "an example prints its result")]
fn main() -> motif::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_default();
    let is_cleaned = std::env::args().nth(2).is_none_or(|what| what != "--read-only");
    let settings = config::read(&Sources { inputs: vec![path.clone().into()], ..Sources::default() })?;
    let cleaner = Cleaner::new(&settings)?;
    let mut characters = 0;
    let summary = source::read(&InputFile::new(Path::new(&path)), &settings, &mut |record| {
        if let Record::Contact(mut contact) = record {
            if is_cleaned {
                cleaner.clean(&mut contact);
            }
            characters += contact.turns.iter().map(|turn| turn.text.chars().count()).sum::<usize>();
        }
        Ok(())
    })?;
    println!(
        "{}",
        serde_json::json!({"contacts": summary.contacts, "rejects": summary.rejects, "characters": characters})
    );
    Ok(())
}
