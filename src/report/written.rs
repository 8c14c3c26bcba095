//! Columns of a written table → whether this version can read them.
//!
//! A run of another version may lack a column or hold it as another type. Read as it is, that ends in an error of a library
//! that knows neither the table nor the way out, or in nulls that pass for unknown answers. So the schema of every file is
//! looked at first.

use std::fs::File;
use std::path::Path;

use arrow::datatypes::{DataType, Schema};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::column::parquet_files;
use crate::error::{Error, Result};
use crate::table::schema::{ColumnType, Table};

/// What to do about a table that another version wrote.
const AGAIN: &str = "run `motif run` again: nothing is encoded twice";

/// Refuses tables that another version wrote: `wanted` are the tables that will be read, each with its columns. A table
/// without files passes, since it has no rows.
///
/// # Errors
/// [`Error::File`] with the table, the columns that it lacks or holds as another type, the version that wrote it as
/// `run.json` has it, and the way out; a file that cannot be read.
pub fn check_tables(dir: &Path, wanted: &[(&Table, &[&str])]) -> Result<()> {
    for (table, columns) in wanted {
        for path in parquet_files(&dir.join(table.name))? {
            check_columns(dir, table, columns, open(&path)?.schema())?;
        }
    }
    Ok(())
}

/// A Parquet file whose schema is read, and whose rows are not yet.
pub(super) fn open(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>> {
    let file = File::open(path).map_err(|source| Error::io("read", path, source))?;
    ParquetRecordBatchReaderBuilder::try_new(file).map_err(|_| Error::file(path, "not a Parquet file", AGAIN))
}

/// The same as [`check_tables`] for one file of a table, which has this schema.
pub(super) fn check_columns(dir: &Path, table: &Table, columns: &[&str], found: &Schema) -> Result<()> {
    let (mut missing, mut other) = (Vec::new(), Vec::new());
    for name in columns {
        let declared = table.columns.iter().find(|column| column.name == *name);
        match (found.field_with_name(name), declared) {
            (Err(_), _) => missing.push((*name).to_string()),
            (Ok(field), Some(column)) if !is_read_as(field.data_type(), column.column_type) => {
                other.push(format!("{name} ({})", field.data_type()));
            }
            _ => {}
        }
    }
    let name = table.name;
    let expected = if !missing.is_empty() {
        format!("the table {name} lacks: {}; it was written by {}", missing.join(", "), writer(dir))
    } else if !other.is_empty() {
        format!("the table {name} holds with another type: {}; it was written by {}", other.join(", "), writer(dir))
    } else {
        return Ok(());
    };
    Err(Error::file(dir.join(name), expected, AGAIN))
}

/// Whether a column of the file can be read as one of the declared type, without a value that becomes null: numbers of any
/// width, text with or without dictionary.
fn is_read_as(found: &DataType, declared: ColumnType) -> bool {
    match declared {
        ColumnType::Text | ColumnType::Enum => is_text(found),
        ColumnType::Boolean => *found == DataType::Boolean,
        ColumnType::Int | ColumnType::Long => found.is_integer(),
        ColumnType::Double | ColumnType::Float | ColumnType::Eur => found.is_numeric(),
        ColumnType::Timestamp => matches!(found, DataType::Timestamp(..)),
        ColumnType::Date => matches!(found, DataType::Date32 | DataType::Date64),
        ColumnType::TextList => match found {
            DataType::List(item) | DataType::LargeList(item) => is_text(item.data_type()),
            _ => false,
        },
    }
}

fn is_text(found: &DataType) -> bool {
    match found {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// Who wrote the tables, as far as `run.json` tells; only asked when something is amiss.
fn writer(dir: &Path) -> String {
    let own = env!("CARGO_PKG_VERSION");
    match version(dir) {
        Some(theirs) if theirs == own => format!("another build of version {own}"),
        Some(theirs) => format!("version {theirs} of motif, this is version {own}"),
        None => "another version of motif".to_string(),
    }
}

fn version(dir: &Path) -> Option<String> {
    let record: serde_json::Value = serde_json::from_slice(&std::fs::read(dir.join("run.json")).ok()?).ok()?;
    record["version"].as_str().map(str::to_string)
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::Field;

    use super::*;
    use crate::table::schema::{CONTACTS, EPISODES, FAQ_ARTICLES, FAQ_GAPS, KPI, LINKS, SPANS, TURNS};

    /// The schema of the table kpi, one column changed or taken away.
    fn kpi(change: impl Fn(&Field) -> Option<Field>) -> Schema {
        Schema::new(KPI.schema().fields().iter().filter_map(|field| change(field)).collect::<Vec<_>>())
    }

    fn told(dir: &Path, found: &Schema) -> String {
        check_columns(dir, &KPI, &["kpi", "value", "n", "method"], found).unwrap_err().to_string()
    }

    #[test]
    fn what_this_version_writes_is_read() {
        for table in [CONTACTS, TURNS, SPANS, LINKS, EPISODES, KPI, FAQ_GAPS, FAQ_ARTICLES] {
            let columns: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
            check_columns(Path::new("out"), &table, &columns, &table.schema()).unwrap();
        }
    }

    #[test]
    fn a_table_of_another_version_is_told_with_its_columns_who_wrote_it_and_the_way_out() {
        let dir = tempfile::tempdir().unwrap();
        let older = kpi(|field| (!["method", "n"].contains(&field.name().as_str())).then(|| field.clone()));
        let place = dir.path().join("kpi").display().to_string();
        let own = env!("CARGO_PKG_VERSION");
        for (record, writer) in [
            (None, "another version of motif".to_string()),
            (Some("{}"), "another version of motif".to_string()),
            (Some(r#"{"version": "0.0.9"}"#), format!("version 0.0.9 of motif, this is version {own}")),
        ] {
            if let Some(record) = record {
                std::fs::write(dir.path().join("run.json"), record).unwrap();
            }
            let expected = format!(
                "{place}: the table kpi lacks: n, method; it was written by {writer}; run `motif run` again: nothing is encoded twice"
            );
            assert_eq!(told(dir.path(), &older), expected);
        }
        // Between two releases the number stays.
        std::fs::write(dir.path().join("run.json"), format!(r#"{{"version": "{own}"}}"#)).unwrap();
        assert!(told(dir.path(), &older).contains(&format!("it was written by another build of version {own};")));
    }

    #[test]
    fn a_column_of_another_type_is_told_and_a_number_of_another_width_is_read() {
        let as_type = |wanted: &'static str, data_type: DataType| {
            kpi(move |field| {
                let is_it = field.name() == wanted;
                Some(if is_it { Field::new(wanted, data_type.clone(), true) } else { field.clone() })
            })
        };
        let text = told(Path::new("out"), &as_type("value", DataType::Utf8));
        assert!(text.contains("the table kpi holds with another type: value (Utf8); it was written by"), "{text}");
        for (column, data_type) in
            [("value", DataType::Float32), ("n", DataType::Int32), ("method", DataType::Utf8), ("n", DataType::UInt64)]
        {
            check_columns(Path::new("out"), &KPI, &["value", "n", "method"], &as_type(column, data_type)).unwrap();
        }
    }

    #[test]
    fn a_file_that_is_no_parquet_is_named_with_the_way_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kpi/part-0000.parquet");
        std::fs::create_dir_all(dir.path().join("kpi")).unwrap();
        std::fs::write(&path, "half a file").unwrap();
        let text = check_tables(dir.path(), &[(&KPI, &["kpi"])]).unwrap_err().to_string();
        assert!(text.contains("part-0000.parquet: not a Parquet file; run `motif run` again"), "{text}");
        // Nothing is asked of a table without files.
        std::fs::remove_file(&path).unwrap();
        check_tables(dir.path(), &[(&KPI, &["kpi"]), (&LINKS, &["from_contact_id"])]).unwrap();
    }
}
