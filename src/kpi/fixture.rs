//! Rows written as text tables → batches of the declared schemas, so that a test shows its dozen rows at a glance.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Array, Decimal128Array, DictionaryArray, Float32Array, Float64Array, Int32Array,
    Int64Array, ListBuilder, RecordBatch, StringArray, StringBuilder, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Int32Type};
use chrono::{DateTime, NaiveDate};
use chrono_tz::Europe::Paris;

use super::catalogue::{self, Kpi};
use super::engine::{KpiSettings, KpiTable, compute_some};
use super::show::{Filters, KpiRow, rows_of};
use super::sources::{KpiInputs, Sources};
use crate::table::schema::{CONTACTS, Column, ColumnType, EPISODES, LINKS, Table};

/// A batch of the table from lines of `|`-separated cells, the first line naming the columns. An empty cell is null.
/// Columns that are not named are null or, when they must have a value, a harmless default; `contact_date` follows from
/// `started_at` in Europe/Paris when it is not named.
pub(super) fn batch(table: &Table, text: &str) -> RecordBatch {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let header: Vec<&str> = lines.next().unwrap().split('|').map(str::trim).collect();
    for name in &header {
        assert!(table.columns.iter().any(|column| column.name == *name), "{} has no column {name}", table.name);
    }
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split('|').map(str::trim).collect()).collect();
    assert!(rows.iter().all(|row| row.len() == header.len()), "a row does not have {} cells", header.len());
    let cell = |row: &[&str], name: &str| -> Option<String> {
        header.iter().position(|known| *known == name).map(|at| row[at].to_owned())
    };
    let columns = table
        .columns
        .iter()
        .map(|column| {
            let cells: Vec<Option<String>> = rows
                .iter()
                .map(|row| match cell(row, column.name) {
                    Some(text) => (!text.is_empty()).then_some(text),
                    None if column.nullable => None,
                    None => Some(match (column.name, cell(row, "started_at")) {
                        ("contact_date", Some(started_at)) => paris_day(&started_at),
                        _ => default_of(column),
                    }),
                })
                .collect();
            array(column.column_type, &cells)
        })
        .collect();
    RecordBatch::try_new(table.schema(), columns).unwrap()
}

fn paris_day(started_at: &str) -> String {
    DateTime::parse_from_rfc3339(started_at).unwrap().with_timezone(&Paris).date_naive().to_string()
}

fn default_of(column: &Column) -> String {
    let default = match (column.name, column.column_type) {
        ("direction", _) => "inbound",
        ("record_kind", _) => "contact",
        ("is_counted", _) => "true",
        (_, ColumnType::Boolean) => "false",
        (_, ColumnType::Timestamp) => "2026-10-05T08:00:00Z",
        (_, ColumnType::Date) => "2026-10-05",
        (_, ColumnType::Text | ColumnType::Enum | ColumnType::TextList) => "x",
        _ => "1",
    };
    default.to_owned()
}

fn array(column_type: ColumnType, cells: &[Option<String>]) -> ArrayRef {
    fn parsed<T: std::str::FromStr>(cells: &[Option<String>]) -> impl Iterator<Item = Option<T>> {
        cells.iter().map(|cell| cell.as_ref().map(|text| text.parse().ok().unwrap_or_else(|| panic!("bad {text}"))))
    }
    match column_type {
        ColumnType::Text => Arc::new(cells.iter().map(Option::as_deref).collect::<StringArray>()),
        ColumnType::Enum => Arc::new(cells.iter().map(Option::as_deref).collect::<DictionaryArray<Int32Type>>()),
        ColumnType::Boolean => {
            let mut builder = BooleanBuilder::new();
            parsed(cells).for_each(|value| builder.append_option(value));
            Arc::new(builder.finish())
        }
        ColumnType::Int => Arc::new(parsed(cells).collect::<Int32Array>()),
        ColumnType::Long => Arc::new(parsed(cells).collect::<Int64Array>()),
        ColumnType::Double => Arc::new(parsed(cells).collect::<Float64Array>()),
        ColumnType::Float => Arc::new(parsed(cells).collect::<Float32Array>()),
        ColumnType::Timestamp => {
            let micros = |text: &String| DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros();
            let values: TimestampMicrosecondArray = cells.iter().map(|cell| cell.as_ref().map(micros)).collect();
            Arc::new(values.with_timezone("UTC"))
        }
        ColumnType::Date => {
            let days = |text: &String| {
                let day: NaiveDate = text.parse().unwrap();
                i32::try_from((day - NaiveDate::default()).num_days()).unwrap()
            };
            Arc::new(cells.iter().map(|cell| cell.as_ref().map(days)).collect::<Date32Array>())
        }
        ColumnType::Eur => {
            let units = |text: &String| (text.parse::<f64>().unwrap() * 10_000.0).round() as i128;
            let values: Decimal128Array = cells.iter().map(|cell| cell.as_ref().map(units)).collect();
            Arc::new(values.with_data_type(DataType::Decimal128(12, 4)))
        }
        ColumnType::TextList => {
            let mut builder = ListBuilder::new(StringBuilder::new());
            for cell in cells {
                if let Some(text) = cell {
                    text.split(',').for_each(|item| builder.values().append_value(item));
                }
                builder.append(cell.is_some());
            }
            Arc::new(builder.finish())
        }
    }
}

/// Tables in memory from text; an empty text is an empty table.
pub(super) fn inputs(contacts: &str, links: &str, episodes: &str) -> KpiInputs {
    let read = |table: &Table, text: &str| {
        if text.trim().is_empty() { Vec::new() } else { vec![batch(table, text)] }
    };
    KpiInputs { contacts: read(&CONTACTS, contacts), links: read(&LINKS, links), episodes: read(&EPISODES, episodes) }
}

/// Computes the named KPIs over contacts alone.
pub(super) fn of_contacts(names: &[&str], contacts: &str) -> KpiTable {
    compute_named(names, inputs(contacts, "", ""))
}

/// Computes the named KPIs with default settings.
pub(super) fn compute_named(names: &[&str], inputs: KpiInputs) -> KpiTable {
    let kpis: Vec<&'static Kpi> = names.iter().map(|name| catalogue::find(name).unwrap()).collect();
    compute_some(&Sources::Batches(inputs), &KpiSettings::default(), &kpis).unwrap()
}

impl KpiTable {
    /// The row of a KPI over all the data without breakdown.
    pub(super) fn total(&self, kpi: &str) -> KpiRow {
        self.at(kpi, "all", None, "all", "all").unwrap_or_else(|| panic!("no total of {kpi}"))
    }

    /// The row of a KPI for one period and one value of a dimension; `start` may be left out for grain `all`.
    pub(super) fn at(
        &self,
        kpi: &str,
        grain: &str,
        start: Option<&str>,
        dimension: &str,
        value: &str,
    ) -> Option<KpiRow> {
        let filters = Filters { kpi: Some(kpi.into()), dimension: Some(dimension.into()), grain: Some(grain.into()) };
        rows_of(&self.batch, &filters).unwrap().into_iter().find(|row| {
            row.dimension_value == value && start.is_none_or(|start| row.period_start.as_deref() == Some(start))
        })
    }
}
