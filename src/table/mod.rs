//! Results to Arrow and Parquet tables.

pub mod schema;
