//! The cells of a family and what a KPI's query returned for them → rows of the table `kpi`.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    UInt32Array,
};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int32Type, Int64Type};
use datafusion::prelude::SessionContext;

use super::catalogue::{Bounds, Dimension, Family, GRAINS, Kpi, Method};
use super::engine::KpiSettings;
use super::interval::{self, Interval};
use super::layers::collect;
use crate::error::{Error, Result};
use crate::table::schema::KPI;

/// The cells of one family, in the order of the table.
pub(super) struct Cells {
    /// Position of the grain in [`Enums`].
    grains: Int32Array,
    period_starts: ArrayRef,
    dimensions: Vec<Dimension>,
    values: StringArray,
}

impl Cells {
    /// Reads the cells of a family whose layers are built.
    pub(super) async fn read(ctx: &SessionContext, family: Family) -> Result<Self> {
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
pub(super) struct Enums {
    grains: ArrayRef,
    dimensions: ArrayRef,
    kpis: ArrayRef,
    methods: ArrayRef,
}

impl Enums {
    /// The words for a table of these KPIs, in this order.
    pub(super) fn new(kpis: &[&Kpi]) -> Self {
        let array = |words: Vec<&str>| Arc::new(StringArray::from(words)) as ArrayRef;
        Self {
            grains: array(Self::grains().collect()),
            dimensions: array(Dimension::ALL.map(Dimension::as_str).to_vec()),
            kpis: array(kpis.iter().map(|kpi| kpi.name).collect()),
            methods: array(Self::METHODS.map(Method::as_str).to_vec()),
        }
    }

    const METHODS: [Method; 6] = [
        Method::None,
        Method::NormalClustered,
        Method::AdjustedWaldClustered,
        Method::Range,
        Method::Wilson,
        Method::WilsonClustered,
    ];

    fn grains() -> impl Iterator<Item = &'static str> {
        GRAINS.into_iter()
    }

    fn column(words: &ArrayRef, keys: Int32Array) -> Result<ArrayRef> {
        Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, Arc::clone(words))?))
    }
}

/// What a KPI's query returned → its rows of the table, with intervals. `position` is that of the KPI in the
/// [`Enums`].
pub(super) fn rows_of(
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
    let by_customer = || Ok::<_, Error>((numbers("customers")?, numbers("pair_products")?));
    let (los, his) = match kpi.method {
        Method::Range => (numbers("lo")?, numbers("hi")?),
        Method::None => (Float64Array::new_null(allowed.len()), Float64Array::new_null(allowed.len())),
        Method::Wilson => ends(values.len(), |at| interval::wilson(numerators.value(at), denominators.value(at))),
        Method::WilsonClustered => {
            let (customers, pairs) = by_customer()?;
            ends(values.len(), |at| {
                let (successes, trials) = (numerators.value(at), denominators.value(at));
                interval::wilson_clustered(successes, trials, customers.value(at), pairs.value(at))
            })
        }
        Method::AdjustedWaldClustered => {
            let (positives, negatives, (customers, pairs)) =
                (numbers("positives")?, numbers("negatives")?, by_customer()?);
            ends(values.len(), |at| {
                let (positive, negative, answers) = (positives.value(at), negatives.value(at), denominators.value(at));
                interval::net_score_clustered(positive, negative, answers, customers.value(at), pairs.value(at))
            })
        }
        Method::NormalClustered => {
            let (squares, (customers, pairs)) = (numbers("sum_of_squares")?, by_customer()?);
            ends(values.len(), |at| {
                // Customers are counted: the number is whole.
                let (n, customers) = (u64::try_from(counts.value(at)).unwrap_or(0), customers.value(at) as u64);
                let (sum, squares) = (numerators.value(at), squares.value(at));
                Some(cut(interval::mean_clustered(n, sum, squares, customers, pairs.value(at))?, kpi.bounds, settings))
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
