//! `motif embed`: texts to their embeddings, one row each, in a Parquet file.
//!
//! JSONL of `{text_id, text}` → `text_id`, `embedding`. Nothing is cached and nothing is rounded: the file holds what
//! the encoder gives in full precision, for notebooks and for comparison with other programs. Texts are read, encoded
//! and written in chunks, so memory does not grow with the input.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array, ListArray, RecordBatch, StringArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use flate2::read::MultiGzDecoder;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::model::Encoder;
use crate::model::tokens::Tokens;

/// Texts encoded and written together.
const CHUNK_TEXTS: usize = 4096;

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct EmbedCounts {
    /// Texts, which are rows of the file.
    pub texts: u64,
    /// Texts longer than the model's limit, encoded without their end.
    pub cut: u64,
    /// Tokens that went through the model, with the special ones.
    pub tokens: u64,
}

/// One line of the input.
#[derive(Deserialize)]
struct Line {
    text_id: TextId,
    text: String,
}

/// Identifiers may be written as numbers.
#[derive(Deserialize)]
#[serde(untagged)]
enum TextId {
    Text(String),
    Number(serde_json::Number),
}

/// Embeds the texts of a JSONL file (`.gz` too) into a Parquet file with the columns `text_id` (string) and
/// `embedding` (list of 32-bit floats, of length 1), in the order of the input. Texts beyond the model's
/// `max_seq_length` are cut on the side that the tokenizer says (the right, as a rule), as sentence-transformers does. `progress` receives
/// the number of texts done so far.
///
/// The file is written beside its name and renamed at the end, so a failure leaves what was there before.
///
/// # Errors
/// A file cannot be read or written, a line is not `{text_id, text}` (with its number), or the model fails.
pub fn embed(encoder: &Encoder, input: &Path, output: &Path, mut progress: impl FnMut(u64)) -> Result<EmbedCounts> {
    let tokens = encoder.tokens()?;
    let mut lines = Lines::open(input)?;
    let beside = beside(output)?;
    let schema = schema();
    let mut counts = EmbedCounts::default();
    let mut write = || -> Result<EmbedCounts> {
        let file = File::create(&beside).map_err(|error| Error::io("write", &beside, error))?;
        let mut writer = ArrowWriter::try_new(file, schema.clone(), Some(properties(encoder)?))?;
        loop {
            let chunk = lines.chunk()?;
            if chunk.is_empty() {
                break;
            }
            let windows = windows(&chunk, &tokens)?;
            counts.texts += chunk.len() as u64;
            counts.cut += windows.iter().filter(|(_, is_cut)| *is_cut).count() as u64;
            let windows: Vec<Vec<u32>> = windows.into_iter().map(|(ids, _)| ids).collect();
            counts.tokens += windows.iter().map(|ids| ids.len() as u64).sum::<u64>();
            let embeddings = encoder.embed(&windows)?.embeddings;
            writer.write(&batch(&schema, &chunk, embeddings, encoder.hidden_size())?)?;
            progress(counts.texts);
        }
        writer.close()?;
        std::fs::rename(&beside, output).map_err(|error| Error::io("rename", &beside, error))?;
        Ok(counts)
    };
    let result = write();
    if result.is_err() {
        // Best effort: the reason of the failure matters more than the rest of the file.
        let _ = std::fs::remove_file(&beside);
    }
    result
}

/// The lines of the input, by chunk.
struct Lines {
    path: PathBuf,
    reader: Box<dyn BufRead>,
    line: u64,
}

impl Lines {
    fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|error| Error::io("read", path, error))?;
        let is_gz = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
        let reader: Box<dyn BufRead> =
            if is_gz { Box::new(BufReader::new(MultiGzDecoder::new(file))) } else { Box::new(BufReader::new(file)) };
        Ok(Self { path: path.to_owned(), reader, line: 0 })
    }

    /// Up to [`CHUNK_TEXTS`] texts with their identifiers; empty at the end. Blank lines are passed over.
    fn chunk(&mut self) -> Result<Vec<(String, String)>> {
        let mut chunk = Vec::new();
        let mut bytes = Vec::new();
        while chunk.len() < CHUNK_TEXTS {
            bytes.clear();
            let read =
                self.reader.read_until(b'\n', &mut bytes).map_err(|error| Error::io("read", &self.path, error))?;
            if read == 0 {
                break;
            }
            self.line += 1;
            let content = if self.line == 1 { bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes) } else { &bytes };
            if content.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let line: Line = serde_json::from_slice(content).map_err(|_| {
                Error::file(
                    &self.path,
                    format!("line {}: not an object with text_id and text", self.line),
                    "write one {\"text_id\": \"…\", \"text\": \"…\"} a line, in UTF-8",
                )
            })?;
            let text_id = match line.text_id {
                TextId::Text(text) => text,
                TextId::Number(number) => number.to_string(),
            };
            chunk.push((text_id, line.text));
        }
        Ok(chunk)
    }
}

/// Token ids of each text, and whether a part of it was cut off.
fn windows(chunk: &[(String, String)], tokens: &Tokens) -> Result<Vec<(Vec<u32>, bool)>> {
    // sentence-transformers strips the blanks around a text, which matters to byte-level vocabularies.
    chunk.par_iter().map(|(_, text)| Ok(tokens.window(text.trim())?)).collect()
}

fn schema() -> SchemaRef {
    let item = Arc::new(Field::new("item", DataType::Float32, false));
    Arc::new(Schema::new(vec![
        Field::new("text_id", DataType::Utf8, false),
        Field::new("embedding", DataType::List(item), false),
    ]))
}

fn batch(schema: &SchemaRef, chunk: &[(String, String)], embeddings: Vec<f32>, hidden: usize) -> Result<RecordBatch> {
    let ids: ArrayRef = Arc::new(StringArray::from_iter_values(chunk.iter().map(|(text_id, _)| text_id)));
    let offsets = OffsetBuffer::from_repeated_length(hidden, chunk.len());
    let item = Arc::new(Field::new("item", DataType::Float32, false));
    let lists: ArrayRef = Arc::new(ListArray::try_new(item, offsets, Arc::new(Float32Array::from(embeddings)), None)?);
    Ok(RecordBatch::try_new(schema.clone(), vec![ids, lists])?)
}

fn properties(encoder: &Encoder) -> Result<WriterProperties> {
    let metadata = [
        ("motif_version", env!("CARGO_PKG_VERSION")),
        ("motif_model_hash", encoder.model_hash()),
        ("motif_kernel_class", encoder.kernel_class()),
    ];
    Ok(WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        // Embeddings hardly ever repeat, so a dictionary of them is lost work.
        .set_column_dictionary_enabled(ColumnPath::from(vec!["embedding".into(), "list".into(), "item".into()]), false)
        .set_key_value_metadata(Some(
            metadata.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), (*value).to_owned())).collect(),
        ))
        .build())
}

/// The name under which the output is written before it is whole.
fn beside(output: &Path) -> Result<PathBuf> {
    let name = output
        .file_name()
        .ok_or_else(|| Error::usage(format!("--output {}: give the name of a file", output.display())))?;
    let mut name = name.to_owned();
    name.push(".part");
    Ok(output.with_file_name(name))
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::Float32Type;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;
    use crate::model::{EncoderOptions, ModelFiles};

    fn tiny() -> Encoder {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/models/bert_tiny");
        Encoder::load(&ModelFiles::open(folder).unwrap(), EncoderOptions::default()).unwrap()
    }

    fn read(path: &Path) -> Vec<(String, Vec<f32>)> {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
        let mut rows = Vec::new();
        for batch in reader {
            let batch = batch.unwrap();
            let ids = batch.column(0).as_string::<i32>();
            let lists = batch.column(1).as_list::<i32>();
            for row in 0..batch.num_rows() {
                let values = lists.value(row).as_primitive::<Float32Type>().values().to_vec();
                rows.push((ids.value(row).to_owned(), values));
            }
        }
        rows
    }

    #[test]
    fn rows_keep_their_order_and_have_length_one() {
        let folder = tempfile::tempdir().unwrap();
        let (input, output) = (folder.path().join("t.jsonl"), folder.path().join("t.parquet"));
        let long = "parcel ".repeat(2000);
        let lines = format!(
            "{{\"text_id\":\"b\",\"text\":\"late parcel\"}}\n\n{{\"text_id\":7,\"text\":\"\"}}\n\
             {{\"text_id\":\"a\",\"text\":\"late parcel\",\"more\":1}}\n{{\"text_id\":\"z\",\"text\":\"{long}\"}}\n"
        );
        std::fs::write(&input, lines).unwrap();
        let mut seen = Vec::new();
        let encoder = tiny();
        let counts = embed(&encoder, &input, &output, |texts| seen.push(texts)).unwrap();
        assert_eq!((counts.texts, counts.cut, seen), (4, 1, vec![4]));
        let rows = read(&output);
        assert_eq!(rows.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["b", "7", "a", "z"]);
        assert_eq!(rows[0].1, rows[2].1);
        for (_, embedding) in &rows {
            assert_eq!(embedding.len(), encoder.hidden_size());
            let length: f32 = embedding.iter().map(|value| value * value).sum();
            assert!((length - 1.0).abs() < 1e-5);
        }
        let ids = encoder.tokenizer().unwrap().encode("late parcel", true).unwrap().get_ids().to_vec();
        assert_eq!(rows[0].1, encoder.encode(&[ids]).unwrap().embeddings);
    }

    #[test]
    fn a_malformed_line_is_named_never_quoted_and_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let (input, output) = (folder.path().join("t.jsonl"), folder.path().join("t.parquet"));
        std::fs::write(&output, "before").unwrap();
        std::fs::write(&input, "{\"text_id\":\"a\",\"text\":\"b\"}\n{\"text\":\"secret\"}\n").unwrap();
        let error = embed(&tiny(), &input, &output, |_| ()).unwrap_err().to_string();
        assert!(error.contains("line 2") && !error.contains("secret"), "{error}");
        assert_eq!(std::fs::read_to_string(&output).unwrap(), "before");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
