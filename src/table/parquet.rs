//! Arrow batches to Parquet files: zstd, statistics, provenance in the key-value metadata, and nothing that depends on
//! the clock, the machine or the number of threads.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use crate::error::{Error, Result};

/// Rows of a row group.
const GROUP_ROWS: usize = 262_144;

/// A Parquet file being written.
pub struct Writer {
    path: PathBuf,
    inner: ArrowWriter<File>,
    rows: u64,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("path", &self.path).field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl Writer {
    /// Creates the file and its folder.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn create(path: &Path, schema: SchemaRef, provenance: &[(String, String)]) -> Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|e| Error::io("create", folder, e))?;
        }
        let file = File::create(path).map_err(|e| Error::io("write", path, e))?;
        let metadata = provenance.iter().map(|(key, value)| KeyValue::new(format!("motif.{key}"), value.clone()));
        let level = ZstdLevel::try_new(3).map_err(Error::Parquet)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_statistics_enabled(EnabledStatistics::Page)
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_created_by(concat!("motif ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_key_value_metadata(Some(metadata.collect()))
            .build();
        let inner = ArrowWriter::try_new(file, schema, Some(properties))?;
        Ok(Self { path: path.to_path_buf(), inner, rows: 0 })
    }

    /// Adds rows.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        Ok(self.inner.write(batch)?)
    }

    /// Closes the file and makes it durable; gives the number of rows.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn close(self) -> Result<u64> {
        let Self { path, inner, rows } = self;
        let file = inner.into_inner()?;
        file.sync_all().map_err(|e| Error::io("write", &path, e))?;
        Ok(rows)
    }
}
