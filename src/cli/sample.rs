//! `motif sample`: contacts of a finished run for people to label.

use anyhow::Result;
use motif::evaluate::sample::draw;
use motif::report::Language;
use motif::table::schema::{CONTACTS, TURNS};
use serde_json::json;

use super::arguments::SampleArguments;
use super::finished::{self, Finished};
use super::{Outcome, french, print_json, say};

/// What [`draw`] reads of the contacts and of their turns.
const OF_CONTACTS: [&str; 6] = ["contact_id", "started_at", "channel", "language", "is_counted", "is_avoidable"];
const OF_TURNS: [&str; 4] = ["contact_id", "turn_index", "speaker", "text"];

/// Writes the file and says how it was drawn.
pub(crate) fn run(arguments: &SampleArguments, quiet: bool) -> Result<Outcome> {
    let output = Finished::of(arguments.output.as_deref(), &finished::sources(arguments.config.as_deref()))?;
    output.check(&[(&CONTACTS, &OF_CONTACTS), (&TURNS, &OF_TURNS)])?;
    let sample = draw(&output.folder, arguments.contacts as usize, arguments.seed)?;
    // A French spreadsheet takes commas for decimal marks.
    let delimiter = if french::language() == Language::French { b';' } else { b',' };
    sample.write(&arguments.to, delimiter, arguments.force)?;
    let (drawn, of, path) = (sample.drawn.len(), sample.of, arguments.to.display());
    say(
        quiet || arguments.json,
        &format!("wrote {path}: {drawn} contacts of {of} with a verdict, drawn at random (seed {})", arguments.seed),
    );
    if arguments.json {
        print_json(&json!({"file": arguments.to, "drawn": drawn, "of": of, "seed": arguments.seed}))?;
    }
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::super::finished::tests::write;
    use super::*;

    #[test]
    fn the_columns_that_are_asked_for_are_all_that_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let columns = [(&CONTACTS, &OF_CONTACTS[..]), (&TURNS, &OF_TURNS[..])];
        let write_all = || columns.iter().for_each(|(table, columns)| write(folder.path(), table, columns));
        write_all();
        assert_eq!(draw(folder.path(), 1, 1).unwrap().drawn.len(), 1);
        for (table, columns) in columns {
            for left_out in columns {
                let rest: Vec<&str> = columns.iter().copied().filter(|column| column != left_out).collect();
                write(folder.path(), table, &rest);
                assert!(draw(folder.path(), 1, 1).is_err(), "{left_out} of {} is not read", table.name);
                write_all();
            }
        }
    }
}
