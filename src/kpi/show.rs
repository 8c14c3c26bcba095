//! The written table `kpi` → chosen rows, as objects for JSON or as an aligned text table.

use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Serialize;

use super::catalogue::{self, Dimension, GRAINS, Unit};
use crate::error::{Error, Result};
use crate::report::Language;
use crate::table::schema::KPI;

/// The columns of the table that are read, here and by the report.
pub const COLUMNS: [&str; 12] = [
    "kpi",
    "period_grain",
    "period_start",
    "dimension",
    "dimension_value",
    "value",
    "numerator",
    "denominator",
    "lo",
    "hi",
    "n",
    "method",
];

/// One row of the table `kpi`; the columns are described in [`KPI`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KpiRow {
    /// Name of the KPI.
    pub kpi: String,
    /// Length of the period.
    pub period_grain: String,
    /// First day of the period, `YYYY-MM-DD`.
    pub period_start: Option<String>,
    /// Dimension.
    pub dimension: String,
    /// Value of the dimension.
    pub dimension_value: String,
    /// The value.
    pub value: Option<f64>,
    /// Numerator, or sum.
    pub numerator: Option<f64>,
    /// Denominator.
    pub denominator: Option<f64>,
    /// Low end of the interval.
    pub lo: Option<f64>,
    /// High end.
    pub hi: Option<f64>,
    /// Number of things behind the value.
    pub n: i64,
    /// How the interval was made.
    pub method: String,
}

/// Which rows to show; `None` keeps all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    /// Name of a KPI of the catalogue.
    pub kpi: Option<String>,
    /// Dimension.
    pub dimension: Option<String>,
    /// Length of the period: day, week, month or all.
    pub grain: Option<String>,
}

/// Rows of the table `kpi` under an output directory, in its order.
///
/// # Errors
///
/// [`Error::Usage`] when a filter names nothing that exists, or a dimension that the KPI does not have, [`Error::File`] when
/// there is no such table.
pub fn query(output: &Path, filters: &Filters) -> Result<Vec<KpiRow>> {
    check(filters)?;
    let folder = output.join(KPI.name);
    let files = parquet_files(&folder)?;
    if files.is_empty() {
        return Err(Error::file(&folder, "expected a KPI table, found none", "run `motif run` first"));
    }
    let mut rows = Vec::new();
    for path in files {
        let file = File::open(&path).map_err(|source| Error::io("read", &path, source))?;
        for batch in ParquetRecordBatchReaderBuilder::try_new(file)?.build()? {
            rows.extend(rows_of(&batch?, filters)?);
        }
    }
    Ok(rows)
}

/// Rows of a batch of the table that pass the filters.
///
/// # Errors
///
/// [`Error::Bug`] when the batch does not have the columns of [`KPI`].
pub fn rows_of(batch: &RecordBatch, filters: &Filters) -> Result<Vec<KpiRow>> {
    let column = |name: &str, data_type: &DataType| -> Result<_> {
        let array = batch.column_by_name(name).ok_or_else(|| Error::bug(format!("the KPI table has no {name}")))?;
        Ok(cast(array, data_type)?)
    };
    let [kpi, grain, dimension, dimension_value, method] =
        ["kpi", "period_grain", "dimension", "dimension_value", "method"].map(|name| column(name, &DataType::Utf8));
    let (kpi, grain, dimension, dimension_value, method) = (kpi?, grain?, dimension?, dimension_value?, method?);
    let [value, numerator, denominator, lo, hi] =
        ["value", "numerator", "denominator", "lo", "hi"].map(|name| column(name, &DataType::Float64));
    let (value, numerator, denominator, lo, hi) = (value?, numerator?, denominator?, lo?, hi?);
    let (start, n) = (column("period_start", &DataType::Date32)?, column("n", &DataType::Int64)?);

    let text = |array: &dyn Array, at: usize| array.as_string::<i32>().value(at).to_owned();
    let number =
        |array: &dyn Array, at: usize| array.is_valid(at).then(|| array.as_primitive::<Float64Type>().value(at));
    let is_wanted = |filter: &Option<String>, array: &dyn Array, at: usize| {
        filter.as_ref().is_none_or(|wanted| array.as_string::<i32>().value(at) == wanted)
    };
    let wanted = (0..batch.num_rows()).filter(|&at| {
        is_wanted(&filters.kpi, &kpi, at)
            && is_wanted(&filters.dimension, &dimension, at)
            && is_wanted(&filters.grain, &grain, at)
    });
    Ok(wanted
        .map(|at| KpiRow {
            kpi: text(&kpi, at),
            period_grain: text(&grain, at),
            period_start: start
                .as_primitive::<Date32Type>()
                .value_as_date(at)
                .filter(|_| start.is_valid(at))
                .map(|day| day.to_string()),
            dimension: text(&dimension, at),
            dimension_value: text(&dimension_value, at),
            value: number(&value, at),
            numerator: number(&numerator, at),
            denominator: number(&denominator, at),
            lo: number(&lo, at),
            hi: number(&hi, at),
            n: n.as_primitive::<Int64Type>().value(at),
            method: text(&method, at),
        })
        .collect())
}

/// Rows as a JSON array, one object per row on its own line, as the columns are named.
///
/// # Errors
///
/// [`Error::Bug`] should a number not be writable as JSON.
pub fn to_json(rows: &[KpiRow]) -> Result<String> {
    let mut text = String::from("[");
    for (at, row) in rows.iter().enumerate() {
        let object = serde_json::to_string(row).map_err(|source| Error::bug(format!("a KPI row as JSON: {source}")))?;
        text.push_str(if at == 0 { "\n" } else { ",\n" });
        text.push_str(&object);
    }
    text.push_str(if rows.is_empty() { "]\n" } else { "\n]\n" });
    Ok(text)
}

/// Rows as an aligned text table: numbers to the right and with the decimal mark of the language, rates as percentages, an
/// unknown value as a dash.
pub fn to_text(rows: &[KpiRow], language: Language) -> String {
    const HEADER: [&str; 9] =
        ["kpi", "period_grain", "period_start", "dimension", "dimension_value", "value", "lo", "hi", "n"];
    const NUMBERS_FROM: usize = 5;
    let mut lines: Vec<[String; 9]> = vec![HEADER.map(str::to_owned)];
    lines.extend(rows.iter().map(|row| {
        let unit = catalogue::find(&row.kpi).map(|kpi| kpi.unit);
        [
            row.kpi.clone(),
            row.period_grain.clone(),
            row.period_start.clone().unwrap_or_else(|| "–".to_owned()),
            row.dimension.clone(),
            row.dimension_value.clone(),
            readable(row.value, unit, language),
            readable(row.lo, unit, language),
            readable(row.hi, unit, language),
            row.n.to_string(),
        ]
    }));
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEADER.len()).map(width).collect();
    let mut text = String::new();
    for line in &lines {
        let mut written = String::new();
        for (column, (cell, &width)) in line.iter().zip(&widths).enumerate() {
            // Writing to a string cannot fail.
            let _ = if column < NUMBERS_FROM {
                write!(written, "{cell:<width$}  ")
            } else {
                write!(written, "{cell:>width$}  ")
            };
        }
        text.push_str(written.trim_end());
        text.push('\n');
    }
    text
}

/// A number with its unit.
fn readable(value: Option<f64>, unit: Option<Unit>, language: Language) -> String {
    let english = match (value, unit) {
        (None, _) => "–".to_owned(),
        (Some(value), Some(Unit::Count)) => format!("{value:.0}"),
        (Some(value), Some(Unit::Share)) => format!("{:.1} %", 100.0 * value),
        (Some(value), Some(Unit::S)) => format!("{value:.0} s"),
        (Some(value), Some(Unit::Eur)) => format!("{value:.2} €"),
        (Some(value), Some(Unit::Score) | None) => format!("{value:.2}"),
    };
    match language {
        Language::French => english.replace('.', ","),
        Language::English => english,
    }
}

/// Refuses a filter that no row can ever match, with the closest name.
fn check(filters: &Filters) -> Result<()> {
    let mut kpis: Vec<&str> = catalogue::all().map(|kpi| kpi.name).collect();
    kpis.sort_unstable();
    let checks: [(&str, &Option<String>, Vec<&str>); 3] = [
        ("KPI", &filters.kpi, kpis),
        ("dimension", &filters.dimension, Dimension::ALL.map(Dimension::as_str).to_vec()),
        ("period grain", &filters.grain, GRAINS.to_vec()),
    ];
    for (what, filter, known) in checks {
        let Some(name) = filter else { continue };
        if known.contains(&name.as_str()) {
            continue;
        }
        let closest = known.iter().max_by(|a, b| {
            strsim::jaro_winkler(name, a).total_cmp(&strsim::jaro_winkler(name, b)).then_with(|| b.cmp(a))
        });
        let known = known.join(", ");
        return Err(Error::usage(match closest {
            Some(closest) => format!("there is no {what} {name}; did you mean {closest}? Known: {known}"),
            None => format!("there is no {what} {name}; Known: {known}"),
        }));
    }
    let (Some(kpi), Some(dimension)) = (filters.kpi.as_deref().and_then(catalogue::find), &filters.dimension) else {
        return Ok(());
    };
    let dimensions: Vec<&str> = kpi.dimensions.iter().map(|dimension| dimension.as_str()).collect();
    if dimensions.contains(&dimension.as_str()) {
        return Ok(());
    }
    let (name, known) = (kpi.name, dimensions.join(", "));
    Err(Error::usage(format!("{name} has no dimension {dimension}; its dimensions: {known}")))
}

/// Parquet files of a folder, by name.
fn parquet_files(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|source| Error::io("read", folder, source))? {
        let path = entry.map_err(|source| Error::io("read", folder, source))?.path();
        if path.extension().is_some_and(|extension| extension == "parquet") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kpi: &str, value: Option<f64>, n: i64) -> KpiRow {
        KpiRow {
            kpi: kpi.to_owned(),
            period_grain: "month".to_owned(),
            period_start: Some("2026-10-01".to_owned()),
            dimension: "all".to_owned(),
            dimension_value: "all".to_owned(),
            value,
            numerator: None,
            denominator: None,
            lo: None,
            hi: None,
            n,
            method: "none".to_owned(),
        }
    }

    fn rows() -> [KpiRow; 3] {
        [row("avoidable_rate", Some(0.25), 8), row("volume", Some(1234.0), 1234), row("nps", None, 0)]
    }

    #[test]
    fn text_table_aligns_numbers_and_shows_unknown_as_a_dash() {
        let text = to_text(&rows(), Language::English);
        let expected = "\
kpi             period_grain  period_start  dimension  dimension_value   value  lo  hi     n
avoidable_rate  month         2026-10-01    all        all              25.0 %   –   –     8
volume          month         2026-10-01    all        all                1234   –   –  1234
nps             month         2026-10-01    all        all                   –   –   –     0
";
        assert_eq!(text, expected);
        assert_eq!(to_text(&rows(), Language::French), expected.replace("25.0 %", "25,0 %"));
    }

    #[test]
    fn json_writes_unknown_as_null_and_parses_back() {
        let json: serde_json::Value = serde_json::from_str(&to_json(&[row("nps", None, 0)]).unwrap()).unwrap();
        assert_eq!(json[0]["kpi"], "nps");
        assert!(json[0]["value"].is_null());
        assert_eq!(serde_json::from_str::<Vec<u8>>(&to_json(&[]).unwrap()).unwrap(), Vec::<u8>::new());
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_closest_one() {
        let filters = Filters { kpi: Some("avoidble_rate".to_owned()), ..Filters::default() };
        let message = query(Path::new("nowhere"), &filters).unwrap_err().to_string();
        assert!(message.contains("did you mean avoidable_rate?"), "{message}");
        let filters = Filters { dimension: Some("agent".to_owned()), ..Filters::default() };
        assert!(query(Path::new("nowhere"), &filters).is_err());
    }

    #[test]
    fn a_dimension_that_a_kpi_does_not_have_is_refused_with_those_that_it_has() {
        for kpi in catalogue::all() {
            for dimension in Dimension::ALL {
                let filters = Filters {
                    kpi: Some(kpi.name.to_owned()),
                    dimension: Some(dimension.as_str().to_owned()),
                    grain: None,
                };
                assert_eq!(check(&filters).is_ok(), kpi.dimensions.contains(&dimension), "{filters:?}");
            }
        }
        let filters =
            Filters { kpi: Some("avoidable_rate".to_owned()), dimension: Some("owner".to_owned()), grain: None };
        assert_eq!(
            query(Path::new("nowhere"), &filters).unwrap_err().to_string(),
            "avoidable_rate has no dimension owner; its dimensions: all, reason, reason_l1, channel, product, team, site, \
             language"
        );
        // All KPIs that have it.
        assert!(check(&Filters { kpi: None, ..filters }).is_ok());
    }

    #[test]
    fn a_folder_without_a_table_is_an_error_with_advice() {
        let folder = tempfile::tempdir().unwrap();
        let message = query(folder.path(), &Filters::default()).unwrap_err().to_string();
        assert!(message.contains("motif run"), "{message}");
    }
}
