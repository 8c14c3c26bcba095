//! Tables (contacts, links, episodes) → KPI table, by layered SQL that DataFusion runs.
//!
//! - `sql/staging`: the tables with plain types, one view each;
//! - `sql/intermediate`: one row per contact with what can be added up, then counts and sums per cell (one period and
//!   one value of one dimension);
//! - `sql/clusters`: what the contacts, or the episodes, of one customer have in common in each cell, for the intervals;
//! - `sql/marts`: one short query per KPI over the cells, described in [`catalogue`].
//!
//! Scanning happens once per layer, not once per KPI; everything that is added up is an integer or a decimal, so that
//! the result does not depend on the order or the batches of the input. [`engine`] runs the layers, [`interval`] adds
//! the intervals, [`show`] reads the finished table back for the command line.

pub mod catalogue;
mod cells;
mod clusters;
pub mod engine;
pub mod interval;
mod layers;
pub mod show;
pub mod sources;

pub use engine::{KpiSettings, KpiTable, MissingKpi, compute};
pub use sources::{KpiInputs, Sources};

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod hand_worked_tests;
#[cfg(test)]
mod promise_tests;
