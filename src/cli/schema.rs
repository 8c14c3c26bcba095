//! `motif schema`: every table and column with its type and meaning.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::Result;
use motif::label::taxonomy::unknown;
use motif::report::Language;
use motif::table::schema::{TABLES, Table};

use super::arguments::SchemaArguments;
use super::{Outcome, print, print_json};

/// Prints the declaration of the tables.
pub(crate) fn run(arguments: &SchemaArguments) -> Result<Outcome> {
    let tables: Vec<&Table> = match &arguments.table {
        None => TABLES.iter().collect(),
        Some(name) => match TABLES.iter().find(|table| table.name == name) {
            Some(table) => vec![table],
            None => {
                let names: BTreeSet<&str> = TABLES.iter().map(|table| table.name).collect();
                return Err(motif::Error::usage(unknown("table", name, &names)).into());
            }
        },
    };
    if arguments.json {
        print_json(&tables)?;
        return Ok(Outcome::Done);
    }
    let is_french = arguments.language == Language::French;
    let mut text = String::new();
    for table in tables {
        // French puts a space before a colon.
        let (colon, row) = if is_french { (" :", table.row_fr) } else { (":", table.row) };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}{colon} {row}", table.name);
        for column in table.columns {
            let meaning = if is_french { column.meaning_fr } else { column.meaning };
            let column_type = format!("{:?}", column.column_type).to_lowercase();
            let null = if column.nullable { "null" } else { "" };
            let _ = writeln!(text, "  {:<26}{:<10}{:<5}{meaning}", column.name, column_type, null);
        }
        text.push('\n');
    }
    print(&text)?;
    Ok(Outcome::Done)
}
