//! Runs the SQL layers over the [`Sources`] and turns what they return into the table `kpi`.

use std::collections::BTreeMap;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::Int64Type;
use datafusion::prelude::SessionContext;
use serde::Serialize;

use super::catalogue::{self, Family, Kpi};
use super::cells::{Cells, Enums, rows_of};
use super::layers::{build_layers, collect, prepare};
use super::sources::Sources;
use crate::config::options::SurveyOptions;
use crate::error::{Error, Result};
use crate::table::schema::KPI;

/// Survey scales and thresholds that KPIs depend on.
#[derive(Debug, Clone, PartialEq)]
pub struct KpiSettings {
    /// Lowest and highest satisfaction answer.
    pub csat_scale: [f64; 2],
    /// Satisfaction answers from this value count as satisfied.
    pub csat_satisfied_from: f64,
    /// Lowest and highest recommendation answer. Promoters answer at least 90 % of the highest, detractors at most
    /// 60 %: 9 and 6 on the scales 0 to 10 and 1 to 10.
    pub nps_scale: [f64; 2],
    /// Lowest and highest effort answer.
    pub ces_scale: [f64; 2],
}

impl From<&SurveyOptions> for KpiSettings {
    fn from(options: &SurveyOptions) -> Self {
        Self {
            csat_scale: options.csat_scale,
            csat_satisfied_from: options.csat_satisfied_from,
            nps_scale: options.nps_scale,
            ces_scale: options.ces_scale,
        }
    }
}

impl Default for KpiSettings {
    fn default() -> Self {
        Self::from(&SurveyOptions::default())
    }
}

/// A KPI that could not be computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MissingKpi {
    /// Name of the KPI.
    pub kpi: String,
    /// The columns (`table.column`) that it needs and that are null in every row.
    pub missing_columns: Vec<String>,
}

/// The computed KPIs.
#[derive(Debug, Clone)]
pub struct KpiTable {
    /// Rows of the table `kpi` (schema [`KPI`]), in its order.
    pub batch: RecordBatch,
    /// What could not be computed, by name.
    pub missing: Vec<MissingKpi>,
}

/// Computes every KPI of the catalogue. The result depends on the rows alone, not on their order, batches or files.
///
/// Blocks; to be called outside asynchronous code.
///
/// # Errors
///
/// [`Error::File`] when an output directory holds no contacts, [`Error::Query`] when a table cannot be read,
/// [`Error::Bug`] when a layer loses or doubles rows.
pub fn compute(sources: &Sources, settings: &KpiSettings) -> Result<KpiTable> {
    compute_some(sources, settings, &catalogue::all().collect::<Vec<_>>())
}

/// Computes some KPIs.
pub(super) fn compute_some(sources: &Sources, settings: &KpiSettings, kpis: &[&'static Kpi]) -> Result<KpiTable> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(rayon::current_num_threads())
        .build()
        .map_err(|source| Error::bug(format!("the KPI engine cannot start: {source}")))?;
    runtime.block_on(async {
        let ctx = prepare(sources, settings)?;
        run(&ctx, settings, kpis).await
    })
}

async fn run(ctx: &SessionContext, settings: &KpiSettings, kpis: &[&'static Kpi]) -> Result<KpiTable> {
    let filled = filled_columns(ctx, kpis).await?;
    let mut missing = Vec::new();
    let mut known: Vec<&Kpi> = Vec::new();
    for kpi in kpis {
        let absent: Vec<String> =
            kpi.needs.iter().filter(|need| !filled[**need]).map(|need| (*need).to_owned()).collect();
        if absent.is_empty() {
            known.push(kpi);
        } else {
            missing.push(MissingKpi { kpi: kpi.name.to_owned(), missing_columns: absent });
        }
    }
    known.sort_unstable_by_key(|kpi| kpi.name);
    missing.sort_unstable_by(|a, b| a.kpi.cmp(&b.kpi));

    let mut families: Vec<Family> = known.iter().map(|kpi| kpi.family).collect();
    families.sort_unstable();
    families.dedup();
    build_layers(ctx, &families).await?;
    let mut cells = BTreeMap::new();
    for family in families {
        cells.insert(family, Cells::read(ctx, family).await?);
    }
    let enums = Enums::new(&known);
    let mut batches = Vec::with_capacity(known.len());
    for (position, kpi) in known.iter().enumerate() {
        let returned = collect(ctx, kpi.sql).await?;
        batches.push(rows_of(kpi, position, &returned, &cells[&kpi.family], &enums, settings)?);
    }
    Ok(KpiTable { batch: concat_batches(&KPI.schema(), &batches)?, missing })
}

/// Whether each needed column holds a value in at least one row (of counted contacts, for contacts).
async fn filled_columns(ctx: &SessionContext, kpis: &[&'static Kpi]) -> Result<BTreeMap<&'static str, bool>> {
    let mut tables: BTreeMap<&str, Vec<&'static str>> = BTreeMap::new();
    for need in kpis.iter().flat_map(|kpi| kpi.needs) {
        let (table, _) = need.split_once('.').ok_or_else(|| Error::bug(format!("{need} names no table")))?;
        let needs = tables.entry(table).or_default();
        if !needs.contains(need) {
            needs.push(need);
        }
    }
    let mut filled = BTreeMap::new();
    for (table, needs) in tables {
        let counts: Vec<String> = needs.iter().map(|need| format!("count({need}) AS \"{need}\"")).collect();
        let rows = if table == "contacts" { " WHERE is_counted" } else { "" };
        let batch = collect(ctx, &format!("SELECT {} FROM {table}{rows}", counts.join(", "))).await?;
        for (column, need) in needs.into_iter().enumerate() {
            filled.insert(need, batch.column(column).as_primitive::<Int64Type>().value(0) > 0);
        }
    }
    Ok(filled)
}
