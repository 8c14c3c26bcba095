//! Parquet folders to record batches of the wanted columns, and batches to typed columns.
//!
//! Enums are dictionary-encoded on disk; readers here see plain strings. Only one batch is in memory at a time.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, ListArray, RecordBatch, StringArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, TimeUnit};
use chrono::NaiveDate;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowPredicateFn, RowFilter};

use super::tally::Money;
use super::written::{check_columns, open};
use crate::error::{Error, Result};
use crate::table::schema::Table;

/// Rows per batch.
const BATCH_ROWS: usize = 8192;

/// Calls `visit` with every batch of a table, in the order of the file names, with only the wanted columns.
///
/// With `only`, rows whose `contact_id` is not in the set are skipped before the other columns are decoded. A table
/// without files has no rows.
///
/// # Errors
/// A file that cannot be read, or that another version wrote ([`check_tables`](super::check_tables)); and what `visit` returns.
pub(crate) fn for_each_batch(
    dir: &Path,
    table: &Table,
    columns: &[&str],
    only: Option<&Arc<BTreeSet<String>>>,
    mut visit: impl FnMut(&Columns) -> Result<()>,
) -> Result<()> {
    for path in parquet_files(&dir.join(table.name))? {
        let mut builder = open(&path)?;
        check_columns(dir, table, columns, builder.schema())?;
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        if let Some(wanted) = only {
            let wanted = Arc::clone(wanted);
            let id = ProjectionMask::columns(builder.parquet_schema(), ["contact_id"]);
            builder =
                builder.with_row_filter(RowFilter::new(vec![Box::new(ArrowPredicateFn::new(id, move |batch| {
                    let ids = cast(batch.column(0), &DataType::Utf8)?;
                    let keep = ids.as_string::<i32>().iter().map(|id| Some(id.is_some_and(|id| wanted.contains(id))));
                    Ok(keep.collect::<BooleanArray>())
                }))]));
        }
        for batch in builder.with_projection(mask).with_batch_size(BATCH_ROWS).build()? {
            visit(&Columns { batch: batch?, path: &path })?;
        }
    }
    Ok(())
}

/// Parquet files under a folder, also in Hive partitions, sorted; hidden and unfinished ones (`.x`, `_x`) are skipped.
pub(super) fn parquet_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(&folder).map_err(|source| Error::io("read", &folder, source))? {
            let path = entry.map_err(|source| Error::io("read", &folder, source))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with(['.', '_']) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".parquet") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// One batch, by column name.
pub(crate) struct Columns<'a> {
    batch: RecordBatch,
    path: &'a Path,
}

impl Columns<'_> {
    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    fn typed(&self, name: &str, data_type: &DataType) -> Result<ArrayRef> {
        let column = self.batch.column_by_name(name).ok_or_else(|| {
            Error::bug(format!("column {name} of {} was read without being asked for", self.path.display()))
        })?;
        Ok(cast(column, data_type)?)
    }

    /// Text or enum.
    pub(crate) fn text(&self, name: &str) -> Result<StringArray> {
        Ok(self.typed(name, &DataType::Utf8)?.as_string::<i32>().clone())
    }

    /// Booleans.
    pub(crate) fn boolean(&self, name: &str) -> Result<BooleanArray> {
        Ok(self.typed(name, &DataType::Boolean)?.as_boolean().clone())
    }

    /// Numbers with a fraction.
    pub(crate) fn double(&self, name: &str) -> Result<Float64Array> {
        Ok(self.typed(name, &DataType::Float64)?.as_primitive().clone())
    }

    /// Whole numbers.
    pub(crate) fn long(&self, name: &str) -> Result<Int64Array> {
        Ok(self.typed(name, &DataType::Int64)?.as_primitive().clone())
    }

    /// Times, in microseconds since 1970.
    pub(crate) fn micros(&self, name: &str) -> Result<Int64Array> {
        let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        Ok(cast(&self.typed(name, &time)?, &DataType::Int64)?.as_primitive().clone())
    }

    /// Days.
    pub(crate) fn days(&self, name: &str) -> Result<Days> {
        let days = self.typed(name, &DataType::Date32)?;
        Ok(Days(cast(&cast(&days, &DataType::Int32)?, &DataType::Int64)?.as_primitive().clone()))
    }

    /// Lists of texts.
    pub(crate) fn lists(&self, name: &str) -> Result<Lists> {
        let item = Arc::new(arrow::datatypes::Field::new("item", DataType::Utf8, true));
        Ok(Lists(self.typed(name, &DataType::List(item))?.as_list::<i32>().clone()))
    }

    /// The three columns of a cost.
    pub(crate) fn costs(&self) -> Result<Costs> {
        let decimal = DataType::Decimal128(18, 4);
        Ok(Costs {
            low: self.typed("cost_low_eur", &decimal)?,
            mid: self.typed("cost_mid_eur", &decimal)?,
            high: self.typed("cost_high_eur", &decimal)?,
        })
    }
}

/// A column of days.
pub(crate) struct Days(Int64Array);

impl Days {
    /// The day of a row.
    pub(crate) fn get(&self, row: usize) -> Option<NaiveDate> {
        let days = self.0.is_valid(row).then(|| self.0.value(row))?;
        NaiveDate::from_epoch_days(i32::try_from(days).ok()?)
    }
}

/// A column of lists of texts.
pub(crate) struct Lists(ListArray);

impl Lists {
    /// The texts of a row; none when the list is null.
    pub(crate) fn get(&self, row: usize) -> Vec<String> {
        if self.0.is_null(row) {
            return Vec::new();
        }
        self.0.value(row).as_string::<i32>().iter().flatten().map(str::to_string).collect()
    }
}

/// The three columns of a cost.
pub(crate) struct Costs {
    low: ArrayRef,
    mid: ArrayRef,
    high: ArrayRef,
}

impl Costs {
    /// The cost of a row; `None` unless all three are known.
    pub(crate) fn get(&self, row: usize) -> Option<Money> {
        let value = |column: &ArrayRef| {
            let column = column.as_primitive::<Decimal128Type>();
            column.is_valid(row).then(|| column.value(row))
        };
        Some(Money::new(value(&self.low)?, value(&self.mid)?, value(&self.high)?))
    }
}

/// The text of a row, when there is one.
pub(crate) fn text_at(column: &StringArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

/// The answer of a row, when it is known.
pub(crate) fn boolean_at(column: &BooleanArray, row: usize) -> Option<bool> {
    column.is_valid(row).then(|| column.value(row))
}

/// The number of a row, when there is one.
pub(crate) fn double_at(column: &Float64Array, row: usize) -> Option<f64> {
    column.is_valid(row).then(|| column.value(row))
}
