//! Results to Arrow and Parquet tables.
//!
//! `Labelled` contacts go to [`spill`] as they are made; once all are known, [`rows`] turns them into batches of the
//! tables declared in [`schema`], [`parquet`] writes them, and [`output`] swaps the finished folder in.

pub mod columns;
pub mod output;
pub mod parquet;
pub mod read_back;
pub mod rows;
pub mod schema;
pub mod spill;
