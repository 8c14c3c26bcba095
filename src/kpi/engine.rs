//! Runs the SQL layers over the [`Sources`] and turns what they return into the table `kpi`.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    UInt32Array,
};
use arrow::compute::{cast, concat_batches, take};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int32Type, Int64Type, SchemaRef};
use datafusion::datasource::MemTable;
use datafusion::prelude::{DataFrame, SessionConfig, SessionContext};
use serde::Serialize;

use super::catalogue::{self, Bounds, Dimension, Family, GRAINS, Kpi, Method};
use super::interval::{self, Interval};
use super::sources::{self, Sources};
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
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|source| Error::bug(format!("the KPI engine cannot start: {source}")))?;
    runtime.block_on(async {
        let ctx = prepare(sources, settings)?;
        run(&ctx, settings, kpis).await
    })
}

/// A relation between the tables and the KPIs.
struct Layer {
    name: &'static str,
    sql: &'static str,
    /// Whether later layers read it several times: then it is computed once and kept in memory.
    is_kept: bool,
    /// The only family that needs it; `None` when several do.
    family: Option<Family>,
}

macro_rules! layer {
    ($folder:literal, $name:literal, $is_kept:expr, $family:expr) => {
        Layer {
            name: $name,
            sql: include_str!(concat!("sql/", $folder, "/", $name, ".sql")),
            is_kept: $is_kept,
            family: $family,
        }
    };
}

/// In the order in which they build on each other.
const LAYERS: &[Layer] = &[
    layer!("staging", "stg_contacts", false, None),
    layer!("staging", "stg_links", false, None),
    layer!("staging", "stg_episodes", false, Some(Family::Episodes)),
    layer!("intermediate", "int_first_day", true, None),
    layer!("intermediate", "int_contacts", true, None),
    layer!("intermediate", "int_contact_dimensions", false, None),
    layer!("intermediate", "int_contact_days", true, Some(Family::Contacts)),
    layer!("intermediate", "int_contact_periods", true, Some(Family::Contacts)),
    layer!("intermediate", "int_customer_periods", true, Some(Family::Customers)),
    layer!("intermediate", "int_episodes", true, Some(Family::Episodes)),
    layer!("intermediate", "int_episode_dimensions", false, Some(Family::Episodes)),
    layer!("intermediate", "int_episode_days", true, Some(Family::Episodes)),
    layer!("intermediate", "int_episode_periods", true, Some(Family::Episodes)),
];

/// Pairs of relations that must have as many rows: a join that loses or doubles rows would falsify every KPI.
const SAME_ROWS: &[(&str, &str, Option<Family>)] =
    &[("stg_contacts", "int_contacts", None), ("stg_episodes", "int_episodes", Some(Family::Episodes))];

/// A session with the tables and the settings.
pub(super) fn prepare(sources: &Sources, settings: &KpiSettings) -> Result<SessionContext> {
    // One partition: the sums are exact, so more would not change the result, but a laptop has other work.
    let config = SessionConfig::new().with_target_partitions(1).with_information_schema(false);
    let ctx = SessionContext::new_with_config(config);
    sources::register(&ctx, sources)?;
    let column = |value: f64| Arc::new(Float64Array::from(vec![value])) as ArrayRef;
    let row = RecordBatch::try_from_iter([
        ("csat_satisfied_from", column(settings.csat_satisfied_from)),
        ("nps_promoter_from", column(settings.nps_scale[1] * 0.9)),
        ("nps_detractor_to", column(settings.nps_scale[1] * 0.6)),
    ])?;
    ctx.register_table("kpi_settings", Arc::new(MemTable::try_new(row.schema(), vec![vec![row]])?))?;
    Ok(ctx)
}

/// Builds the layers that the families need.
pub(super) async fn build_layers(ctx: &SessionContext, families: &[Family]) -> Result<()> {
    let is_needed = |family: Option<Family>| family.is_none_or(|family| families.contains(&family));
    for layer in LAYERS.iter().filter(|layer| is_needed(layer.family)) {
        let frame = ctx.sql(layer.sql).await?;
        let relation = if layer.is_kept {
            let (schema, batches) = batches_of(frame).await?;
            Arc::new(MemTable::try_new(schema, vec![batches])?)
        } else {
            frame.into_view()
        };
        ctx.register_table(layer.name, relation)?;
    }
    for (before, after, _) in SAME_ROWS.iter().filter(|(_, _, family)| is_needed(*family)) {
        let (rows_before, rows_after) =
            (ctx.table(*before).await?.count().await?, ctx.table(*after).await?.count().await?);
        if rows_before != rows_after {
            return Err(Error::bug(format!("{before} has {rows_before} rows, {after} {rows_after}")));
        }
    }
    Ok(())
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

    let families: Vec<Family> = known.iter().map(|kpi| kpi.family).collect();
    build_layers(ctx, &families).await?;
    let enums = Enums::new(&known);
    let mut cells: BTreeMap<Family, Cells> = BTreeMap::new();
    let mut batches = Vec::with_capacity(known.len());
    for (position, kpi) in known.iter().enumerate() {
        if !cells.contains_key(&kpi.family) {
            cells.insert(kpi.family, Cells::read(ctx, kpi.family).await?);
        }
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

/// Runs a query and returns its rows as one batch.
async fn collect(ctx: &SessionContext, sql: &str) -> Result<RecordBatch> {
    let (schema, batches) = batches_of(ctx.sql(sql).await?).await?;
    Ok(concat_batches(&schema, &batches)?)
}

/// Runs a query. The batches may know better than the plan which columns hold no null: their schema wins.
async fn batches_of(frame: DataFrame) -> Result<(SchemaRef, Vec<RecordBatch>)> {
    let planned = Arc::clone(frame.schema().inner());
    let batches = frame.collect().await?;
    let schema = batches.first().map_or(planned, RecordBatch::schema);
    Ok((schema, batches))
}

/// The cells of one family, in the order of the table.
struct Cells {
    /// Position of the grain in [`Enums`].
    grains: Int32Array,
    period_starts: ArrayRef,
    dimensions: Vec<Dimension>,
    values: StringArray,
}

impl Cells {
    async fn read(ctx: &SessionContext, family: Family) -> Result<Self> {
        let relation = family.relation();
        let sql = format!(
            "SELECT cell, period_grain, period_start, dimension, dimension_value FROM {relation} ORDER BY cell"
        );
        let batch = collect(ctx, &sql).await?;
        check_cells(relation, &batch, batch.num_rows())?;
        let strings = |column: usize| -> Result<StringArray> {
            Ok(cast(batch.column(column), &DataType::Utf8)?.as_string::<i32>().clone())
        };
        let mut grains = Vec::with_capacity(batch.num_rows());
        for grain in strings(1)?.iter().flatten() {
            let position = Enums::grains().position(|known| known == grain);
            grains.push(position_key(position, grain)?);
        }
        let mut dimensions = Vec::with_capacity(batch.num_rows());
        for name in strings(3)?.iter().flatten() {
            let dimension = Dimension::ALL.into_iter().find(|known| known.as_str() == name);
            dimensions.push(dimension.ok_or_else(|| Error::bug(format!("unknown dimension {name} in {relation}")))?);
        }
        let period_starts = cast(batch.column(2), &DataType::Date32)?;
        Ok(Self { grains: Int32Array::from(grains), period_starts, dimensions, values: strings(4)? })
    }
}

/// A query returns the cells 0, 1, 2…, each once.
fn check_cells(name: &str, batch: &RecordBatch, expected: usize) -> Result<()> {
    let cells = cast(column(name, batch, "cell")?, &DataType::Int64)?;
    let is_sequence = cells.as_primitive::<Int64Type>().values().iter().zip(0_i64..).all(|(&cell, at)| cell == at);
    if batch.num_rows() == expected && is_sequence && cells.null_count() == 0 {
        Ok(())
    } else {
        Err(Error::bug(format!("{name} does not return each of its {expected} cells once, in order")))
    }
}

fn column<'a>(name: &str, batch: &'a RecordBatch, column: &str) -> Result<&'a ArrayRef> {
    batch.column_by_name(column).ok_or_else(|| Error::bug(format!("{name} returns no column {column}")))
}

fn position_key(position: Option<usize>, word: &str) -> Result<i32> {
    position.and_then(|position| i32::try_from(position).ok()).ok_or_else(|| Error::bug(format!("unknown word {word}")))
}

/// The words of the enumerations, shared by all batches, so that the dictionaries do not depend on the data.
struct Enums {
    grains: ArrayRef,
    dimensions: ArrayRef,
    kpis: ArrayRef,
    methods: ArrayRef,
}

impl Enums {
    fn new(kpis: &[&Kpi]) -> Self {
        let array = |words: Vec<&str>| Arc::new(StringArray::from(words)) as ArrayRef;
        Self {
            grains: array(Self::grains().collect()),
            dimensions: array(Dimension::ALL.map(Dimension::as_str).to_vec()),
            kpis: array(kpis.iter().map(|kpi| kpi.name).collect()),
            methods: array(Self::METHODS.map(Method::as_str).to_vec()),
        }
    }

    const METHODS: [Method; 4] = [Method::None, Method::Normal, Method::Range, Method::Wilson];

    fn grains() -> impl Iterator<Item = &'static str> {
        GRAINS.into_iter()
    }

    fn column(words: &ArrayRef, keys: Int32Array) -> Result<ArrayRef> {
        Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, Arc::clone(words))?))
    }
}

/// What a KPI's query returned → its rows of the table, with intervals.
fn rows_of(
    kpi: &Kpi,
    position: usize,
    returned: &RecordBatch,
    cells: &Cells,
    enums: &Enums,
    settings: &KpiSettings,
) -> Result<RecordBatch> {
    check_cells(kpi.name, returned, cells.dimensions.len())?;
    let allowed: UInt32Array = cells
        .dimensions
        .iter()
        .zip(0_u32..)
        .filter_map(|(dimension, at)| kpi.dimensions.contains(dimension).then_some(at))
        .collect();
    let numbers = |name: &str| -> Result<Float64Array> {
        let all = cast(column(kpi.name, returned, name)?, &DataType::Float64)?;
        Ok(take(&all, &allowed, None)?.as_primitive::<Float64Type>().clone())
    };
    let (values, numerators, denominators) = (numbers("value")?, numbers("numerator")?, numbers("denominator")?);
    let counts = cast(column(kpi.name, returned, "n")?, &DataType::Int64)?;
    let counts: Int64Array = take(&counts, &allowed, None)?.as_primitive::<Int64Type>().clone();
    let (los, his) = match kpi.method {
        Method::Range => (numbers("lo")?, numbers("hi")?),
        Method::None => (Float64Array::new_null(allowed.len()), Float64Array::new_null(allowed.len())),
        Method::Wilson => ends(values.len(), |at| interval::wilson(numerators.value(at), denominators.value(at))),
        Method::Normal => {
            let squares = numbers("sum_of_squares")?;
            ends(values.len(), |at| {
                let n = u64::try_from(counts.value(at)).unwrap_or(0);
                Some(cut(interval::mean(n, numerators.value(at), squares.value(at))?, kpi.bounds, settings))
            })
        }
    };
    let rows = allowed.len();
    let repeated =
        |key: usize| -> Result<Int32Array> { Ok(Int32Array::from(vec![position_key(Some(key), kpi.name)?; rows])) };
    let method = Enums::METHODS.iter().position(|method| *method == kpi.method);
    let dimension_keys: Int32Array = cells
        .dimensions
        .iter()
        .filter(|dimension| kpi.dimensions.contains(dimension))
        .map(|dimension| position_key(Dimension::ALL.iter().position(|known| known == dimension), dimension.as_str()))
        .collect::<Result<Vec<i32>>>()?
        .into();
    let columns: Vec<ArrayRef> = vec![
        Enums::column(&enums.grains, take(&cells.grains, &allowed, None)?.as_primitive::<Int32Type>().clone())?,
        Arc::new(take(&cells.period_starts, &allowed, None)?.as_primitive::<Date32Type>().clone()),
        Enums::column(&enums.dimensions, dimension_keys)?,
        take(&cells.values, &allowed, None)?,
        Enums::column(&enums.kpis, repeated(position)?)?,
        Arc::new(values),
        Arc::new(numerators),
        Arc::new(denominators),
        Arc::new(los),
        Arc::new(his),
        Arc::new(counts),
        Enums::column(&enums.methods, repeated(method.unwrap_or(0))?)?,
    ];
    Ok(RecordBatch::try_new(KPI.schema(), columns)?)
}

/// Intervals → the columns `lo` and `hi`.
fn ends(rows: usize, interval_at: impl Fn(usize) -> Option<Interval>) -> (Float64Array, Float64Array) {
    let intervals: Vec<Option<Interval>> = (0..rows).map(interval_at).collect();
    let lo = intervals.iter().map(|ends| ends.map(|ends| ends.lo)).collect();
    let hi = intervals.iter().map(|ends| ends.map(|ends| ends.hi)).collect();
    (lo, hi)
}

/// Cuts an interval at the ends of the scale, which the value cannot leave.
fn cut(Interval { lo, hi }: Interval, bounds: Bounds, settings: &KpiSettings) -> Interval {
    let (low, high) = match bounds {
        Bounds::Share => (0.0, 1.0),
        Bounds::NotNegative => (0.0, f64::INFINITY),
        Bounds::Hundred => (-100.0, 100.0),
        Bounds::CsatScale => (settings.csat_scale[0], settings.csat_scale[1]),
        Bounds::CesScale => (settings.ces_scale[0], settings.ces_scale[1]),
    };
    Interval { lo: lo.max(low), hi: hi.min(high) }
}
