//! The SQL layers between the tables and the KPIs, built in order in one session.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use datafusion::datasource::MemTable;
use datafusion::prelude::{DataFrame, SessionConfig, SessionContext};

use super::catalogue::Family;
use super::clusters::{Clusters, OF_CONTACTS, OF_EPISODES};
use super::engine::KpiSettings;
use super::sources::{self, Sources};
use crate::error::{Error, Result};

/// A relation between the tables and the KPIs.
struct Layer {
    name: &'static str,
    sql: &'static str,
    /// What its SQL is rendered for, when it is a template.
    clusters: Option<Clusters>,
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
            clusters: None,
            is_kept: $is_kept,
            family: $family,
        }
    };
}

/// A layer that contacts and episodes both have, each under its own name.
macro_rules! clusters {
    ($name:literal, $file:literal, $clusters:expr, $family:expr) => {
        Layer {
            name: $name,
            sql: include_str!(concat!("sql/clusters/", $file, ".sql")),
            clusters: Some($clusters),
            is_kept: true,
            family: $family,
        }
    };
}

/// In the order in which they build on each other.
const LAYERS: &[Layer] = &[
    layer!("staging", "stg_contacts", false, None),
    layer!("staging", "stg_links", false, None),
    layer!("staging", "stg_episodes", false, None),
    layer!("intermediate", "int_calendar", true, None),
    layer!("intermediate", "int_contacts", true, None),
    layer!("intermediate", "int_contact_dimensions", false, None),
    layer!("intermediate", "int_contact_days", true, None),
    layer!("intermediate", "int_contact_periods", true, None),
    clusters!("int_contact_values", "values", OF_CONTACTS, None),
    clusters!("int_contact_cells", "cells", OF_CONTACTS, None),
    clusters!("int_contact_returning", "returning", OF_CONTACTS, Some(Family::Contacts)),
    clusters!("int_contact_answers", "answers", OF_CONTACTS, Some(Family::Contacts)),
    clusters!("int_contact_pairs", "pairs", OF_CONTACTS, Some(Family::Contacts)),
    layer!("intermediate", "int_customer_contacts", true, Some(Family::Customers)),
    layer!("intermediate", "int_customer_periods", true, Some(Family::Customers)),
    layer!("intermediate", "int_episodes", true, Some(Family::Episodes)),
    layer!("intermediate", "int_episode_dimensions", false, Some(Family::Episodes)),
    layer!("intermediate", "int_episode_days", true, Some(Family::Episodes)),
    layer!("intermediate", "int_episode_periods", true, Some(Family::Episodes)),
    clusters!("int_episode_values", "values", OF_EPISODES, Some(Family::Episodes)),
    clusters!("int_episode_cells", "cells", OF_EPISODES, Some(Family::Episodes)),
    clusters!("int_episode_returning", "returning", OF_EPISODES, Some(Family::Episodes)),
    clusters!("int_episode_answers", "answers", OF_EPISODES, Some(Family::Episodes)),
    clusters!("int_episode_pairs", "pairs", OF_EPISODES, Some(Family::Episodes)),
];

/// Pairs of relations that must have as many rows: a join that loses or doubles rows would falsify every KPI.
const SAME_ROWS: &[(&str, &str, Option<Family>)] =
    &[("stg_contacts", "int_contacts", None), ("stg_episodes", "int_episodes", Some(Family::Episodes))];

/// A session with the tables and the settings.
pub(super) fn prepare(sources: &Sources, settings: &KpiSettings) -> Result<SessionContext> {
    // The sums are exact, so the number of partitions does not change the result.
    let partitions = rayon::current_num_threads();
    let config = SessionConfig::new().with_target_partitions(partitions).with_information_schema(false);
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
        let frame = match &layer.clusters {
            Some(clusters) => ctx.sql(&clusters.sql(layer.sql)?).await?,
            None => ctx.sql(layer.sql).await?,
        };
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

/// Runs a query and returns its rows as one batch.
pub(super) async fn collect(ctx: &SessionContext, sql: &str) -> Result<RecordBatch> {
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
