//! Rows to Arrow arrays of the declared types.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array, Float64Array, Int32Array,
    Int64Array, ListBuilder, StringArray, StringBuilder, TimestampMicrosecondArray,
};
use arrow::datatypes::Int32Type;
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, NaiveDate, Utc};

use super::schema::Table;
use crate::error::{Error, Result};

/// The columns of one batch, filled in any order and checked against the declaration.
#[derive(Debug)]
pub struct Columns<'r, R> {
    table: &'static Table,
    rows: &'r [R],
    arrays: HashMap<&'static str, ArrayRef>,
}

impl<'r, R> Columns<'r, R> {
    /// Starts a batch of these rows.
    pub fn new(table: &'static Table, rows: &'r [R]) -> Self {
        Self { table, rows, arrays: HashMap::new() }
    }

    /// Text.
    pub fn text<'a>(&mut self, name: &'static str, value: impl Fn(&'a R) -> Option<&'a str>) -> &mut Self
    where
        'r: 'a,
    {
        self.put(name, Arc::new(StringArray::from_iter(self.rows.iter().map(value))))
    }

    /// Text that is made for the row.
    pub fn owned_text(&mut self, name: &'static str, value: impl Fn(&R) -> Option<String>) -> &mut Self {
        self.put(name, Arc::new(StringArray::from_iter(self.rows.iter().map(value))))
    }

    /// One of a few strings; the dictionary holds them in the order of their first use in the batch.
    pub fn enumerated<'a>(&mut self, name: &'static str, value: impl Fn(&'a R) -> Option<&'a str>) -> &mut Self
    where
        'r: 'a,
    {
        let array: DictionaryArray<Int32Type> = self.rows.iter().map(value).collect();
        self.put(name, Arc::new(array))
    }

    /// True or false.
    pub fn boolean(&mut self, name: &'static str, value: impl Fn(&R) -> Option<bool>) -> &mut Self {
        self.put(name, Arc::new(BooleanArray::from_iter(self.rows.iter().map(value))))
    }

    /// 32-bit integer.
    pub fn int(&mut self, name: &'static str, value: impl Fn(&R) -> Option<i32>) -> &mut Self {
        self.put(name, Arc::new(Int32Array::from_iter(self.rows.iter().map(value))))
    }

    /// 64-bit integer.
    pub fn long(&mut self, name: &'static str, value: impl Fn(&R) -> Option<i64>) -> &mut Self {
        self.put(name, Arc::new(Int64Array::from_iter(self.rows.iter().map(value))))
    }

    /// 64-bit number; what is not finite is unknown.
    pub fn double(&mut self, name: &'static str, value: impl Fn(&R) -> Option<f64>) -> &mut Self {
        let values = self.rows.iter().map(|row| value(row).filter(|value| value.is_finite()));
        self.put(name, Arc::new(Float64Array::from_iter(values)))
    }

    /// 32-bit number.
    pub fn float(&mut self, name: &'static str, value: impl Fn(&R) -> Option<f32>) -> &mut Self {
        self.put(name, Arc::new(Float32Array::from_iter(self.rows.iter().map(value))))
    }

    /// UTC time.
    pub fn timestamp(&mut self, name: &'static str, value: impl Fn(&R) -> Option<DateTime<Utc>>) -> &mut Self {
        let micros = self.rows.iter().map(|row| value(row).map(|time| time.timestamp_micros()));
        self.put(name, Arc::new(TimestampMicrosecondArray::from_iter(micros).with_timezone("UTC")))
    }

    /// Day.
    pub fn date(&mut self, name: &'static str, value: impl Fn(&R) -> Option<NaiveDate>) -> &mut Self {
        let days = self.rows.iter().map(|row| value(row).map(days_since_1970));
        self.put(name, Arc::new(Date32Array::from_iter(days)))
    }

    /// Euros, rounded to the ten-thousandth.
    ///
    /// # Errors
    /// Never: the precision is a constant that the type accepts.
    pub fn eur(&mut self, name: &'static str, value: impl Fn(&R) -> Option<f64>) -> Result<&mut Self> {
        let units = self.rows.iter().map(|row| value(row).map(|eur| (eur * 1e4).round() as i128));
        let array = Decimal128Array::from_iter(units).with_precision_and_scale(12, 4)?;
        Ok(self.put(name, Arc::new(array)))
    }

    /// List of texts.
    pub fn text_list<'a, I>(&mut self, name: &'static str, value: impl Fn(&'a R) -> I) -> &mut Self
    where
        'r: 'a,
        I: IntoIterator<Item = &'a str>,
    {
        let mut builder = ListBuilder::new(StringBuilder::new());
        for row in self.rows {
            for text in value(row) {
                builder.values().append_value(text);
            }
            builder.append(true);
        }
        self.put(name, Arc::new(builder.finish()))
    }

    /// The batch, in the declared order.
    ///
    /// # Errors
    /// A declared column was not filled, or with another type.
    pub fn finish(&mut self) -> Result<RecordBatch> {
        let mut arrays = Vec::with_capacity(self.table.columns.len());
        for column in self.table.columns {
            let array = self.arrays.remove(column.name).ok_or_else(|| {
                Error::bug(format!("column {} of table {} was not filled", column.name, self.table.name))
            })?;
            arrays.push(array);
        }
        if let Some(name) = self.arrays.keys().min() {
            return Err(Error::bug(format!("column {name} is not declared in table {}", self.table.name)));
        }
        Ok(RecordBatch::try_new(self.table.schema(), arrays)?)
    }

    fn put(&mut self, name: &'static str, array: ArrayRef) -> &mut Self {
        self.arrays.insert(name, array);
        self
    }
}

/// Days from 1970-01-01.
pub fn days_since_1970(day: NaiveDate) -> i32 {
    (day - NaiveDate::default()).num_days() as i32
}
