//! Where the tables come from (Parquet folders of an output directory, or batches in memory) → tables that SQL can name.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use datafusion::datasource::MemTable;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::prelude::SessionContext;

use crate::error::{Error, Result};
use crate::table::schema::{CONTACTS, EPISODES, LINKS, Table};

/// The tables that KPIs are computed from, as batches of the schemas in [`crate::table::schema`].
#[derive(Debug, Clone, Default)]
pub struct KpiInputs {
    /// Batches of the table `contacts`.
    pub contacts: Vec<RecordBatch>,
    /// Batches of the table `links`.
    pub links: Vec<RecordBatch>,
    /// Batches of the table `episodes`.
    pub episodes: Vec<RecordBatch>,
}

/// Where the tables are.
#[derive(Debug, Clone)]
pub enum Sources {
    /// An output directory with the Parquet folders `contacts/` (Hive partition `contact_month`), `links/` and
    /// `episodes/`. Columns that an older file lacks are read as null.
    Folders(PathBuf),
    /// Batches in memory.
    Batches(KpiInputs),
}

/// Makes the three tables known to the SQL by their names.
pub(super) fn register(ctx: &SessionContext, sources: &Sources) -> Result<()> {
    match sources {
        Sources::Folders(output) => {
            register_folder(ctx, output, &CONTACTS, true)?;
            register_folder(ctx, output, &LINKS, false)?;
            register_folder(ctx, output, &EPISODES, false)
        }
        Sources::Batches(inputs) => {
            register_batches(ctx, &CONTACTS, &inputs.contacts)?;
            register_batches(ctx, &LINKS, &inputs.links)?;
            register_batches(ctx, &EPISODES, &inputs.episodes)
        }
    }
}

fn register_batches(ctx: &SessionContext, table: &Table, batches: &[RecordBatch]) -> Result<()> {
    let schema = table.schema();
    // The declared schema replaces the batch's own, which may carry key-value metadata.
    let batches: Vec<RecordBatch> = batches
        .iter()
        .map(|batch| RecordBatch::try_new(Arc::clone(&schema), batch.columns().to_vec()))
        .collect::<Result<_, _>>()?;
    ctx.register_table(table.name, Arc::new(MemTable::try_new(schema, vec![batches])?))?;
    Ok(())
}

fn register_folder(ctx: &SessionContext, output: &Path, table: &Table, is_required: bool) -> Result<()> {
    let folder = output.join(table.name);
    if !folder.is_dir() {
        if is_required {
            return Err(Error::file(&folder, "expected the folder of a table, found none", "run `motif run` first"));
        }
        return register_batches(ctx, table, &[]);
    }
    let mut options = ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension(".parquet");
    if table.name == CONTACTS.name {
        options = options.with_table_partition_cols(vec![("contact_month".to_owned(), DataType::Utf8)]);
    }
    let config =
        ListingTableConfig::new(folder_url(&folder)?).with_listing_options(options).with_schema(table.schema());
    ctx.register_table(table.name, Arc::new(ListingTable::try_new(config)?))?;
    Ok(())
}

/// The folder as a URL: as a plain path, a `[` or `*` in its name would be taken for a pattern.
fn folder_url(folder: &Path) -> Result<ListingTableUrl> {
    use std::fmt::Write as _;
    let absolute = std::path::absolute(folder).map_err(|source| Error::io("read", folder, source))?;
    let Some(path) = absolute.to_str() else {
        return Err(Error::file(folder, "expected a UTF-8 path", "move the output directory"));
    };
    let mut url = String::from(if path.starts_with('/') { "file://" } else { "file:///" });
    for byte in path.bytes() {
        match byte {
            b'/' | b':' | b'-' | b'_' | b'.' | b'~' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                url.push(char::from(byte));
            }
            b'\\' if cfg!(windows) => url.push('/'),
            // Writing to a string cannot fail.
            _ => {
                let _ = write!(url, "%{byte:02X}");
            }
        }
    }
    url.push('/');
    Ok(ListingTableUrl::parse(url)?)
}
