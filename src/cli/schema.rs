//! `motif schema`: every table and column with its type and meaning.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::Result;
use motif::label::taxonomy::unknown;
use motif::report::{Bilingual, Language, flag_meanings};
use motif::table::schema::{TABLES, Table};
use serde_json::{Value, json};

use super::arguments::SchemaArguments;
use super::{Outcome, print, print_json};

/// The column of codes.
const FLAGS: &str = "flags";

/// The tables with the codes of their column of flags.
fn with_codes(mut tables: Value, flags: &[(String, Bilingual)]) -> Value {
    let codes: Vec<Value> = flags
        .iter()
        .map(|(code, meaning)| json!({"code": code, "meaning": meaning.en, "meaning_fr": meaning.fr}))
        .collect();
    for table in tables.as_array_mut().into_iter().flatten() {
        for column in table["columns"].as_array_mut().into_iter().flatten().filter(|column| column["name"] == FLAGS) {
            column["codes"] = codes.clone().into();
        }
    }
    tables
}

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
    let flags = flag_meanings()?;
    if arguments.json {
        print_json(&with_codes(serde_json::to_value(&tables)?, &flags))?;
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
            for (code, meaning) in flags.iter().filter(|_| column.name == FLAGS) {
                let meaning = if is_french { &meaning.fr } else { &meaning.en };
                let _ = writeln!(text, "    {code:<39}{meaning}");
            }
        }
        text.push('\n');
    }
    print(&text)?;
    Ok(Outcome::Done)
}
