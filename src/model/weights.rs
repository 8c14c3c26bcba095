//! A directory (or a set of byte slices inside the binary) to the files and tensors of a model.
//!
//! The layout is that of Hugging Face: `config.json`, `tokenizer.json` and `model.safetensors`, with the
//! sentence-transformers files beside them. Nothing here touches the network. Files are hashed once, and that hash
//! names the model in caches and outputs.
//!
//! Tensors may be `F32`, `F16`, `BF16`, or `I8` with a companion `NAME.scale` (`F32`, one number per output row), in
//! which case the weight is `int8 * scale[row]`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::error::{ModelError, ModelResult};

/// Files that every model needs.
const REQUIRED: [&str; 3] = ["config.json", "tokenizer.json", WEIGHTS];

/// Files that change what the encoder returns when they are there; they are part of the hash.
const OPTIONAL: [&str; 9] = [
    "modules.json",
    "1_Pooling/config.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "sentiment_head.json",
    "sentiment_head.safetensors",
    "emotion_head.json",
    "emotion_head.safetensors",
    "tokenizer_config.json",
];

/// Whether a file takes part in what a model computes: those above, and those of the folders that `modules.json` names.
pub(crate) fn decides(name: &str) -> bool {
    REQUIRED.contains(&name)
        || OPTIONAL.contains(&name)
        || name.split_once('/').is_some_and(|(folder, file)| {
            folder.starts_with(|c: char| c.is_ascii_digit()) && ["config.json", WEIGHTS].contains(&file)
        })
}

/// The file that lists the hashes of the others; not part of the hash itself.
const MANIFEST: &str = "manifest.json";

/// The encoder's weights.
pub(crate) const WEIGHTS: &str = "model.safetensors";

/// The bytes of one file.
enum Bytes {
    Static(&'static [u8]),
    Mapped(memmap2::Mmap),
}

impl Bytes {
    fn get(&self) -> &[u8] {
        match self {
            Bytes::Static(bytes) => bytes,
            Bytes::Mapped(map) => map,
        }
    }
}

/// The files of one model, opened and hashed.
pub struct ModelFiles {
    place: String,
    directory: Option<PathBuf>,
    files: BTreeMap<String, Bytes>,
    /// sha256 of every file that decides the result.
    digests: BTreeMap<String, String>,
    hash: String,
}

impl std::fmt::Debug for ModelFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ModelFiles")
            .field("place", &self.place)
            .field("files", &self.files.keys().collect::<Vec<_>>())
            .field("hash", &self.hash)
            .finish()
    }
}

impl ModelFiles {
    /// Opens a model directory in the Hugging Face layout. Files are memory-mapped, so that opening costs no copy.
    ///
    /// # Errors
    /// [`ModelError::MissingFiles`] lists all that is missing at once; [`ModelError::Io`] when a file cannot be read.
    pub fn open(directory: impl AsRef<Path>) -> ModelResult<Self> {
        let directory = directory.as_ref();
        let mut files = BTreeMap::new();
        for name in REQUIRED.iter().chain(&OPTIONAL).chain([&MANIFEST]) {
            if let Some(bytes) = read(directory, name)? {
                files.insert((*name).to_owned(), bytes);
            }
        }
        // Dense layers lie in folders that only the list of modules names.
        let modules: serde_json::Value =
            files.get("modules.json").and_then(|bytes| serde_json::from_slice(bytes.get()).ok()).unwrap_or_default();
        for folder in modules.as_array().into_iter().flatten().filter_map(|module| module.get("path")?.as_str()) {
            for file in ["config.json", WEIGHTS] {
                let name = format!("{folder}/{file}");
                if decides(&name)
                    && !files.contains_key(&name)
                    && let Some(bytes) = read(directory, &name)?
                {
                    files.insert(name, bytes);
                }
            }
        }
        Self::from_parts(directory.display().to_string(), Some(directory.to_owned()), files)
    }

    /// A model whose files are inside the binary: pairs of a file name, as in the directory layout, and its bytes.
    ///
    /// # Errors
    /// [`ModelError::MissingFiles`] as for [`ModelFiles::open`].
    pub fn from_bytes(named: &[(&str, &'static [u8])]) -> ModelResult<Self> {
        let files = named.iter().map(|(name, bytes)| ((*name).to_owned(), Bytes::Static(bytes))).collect();
        Self::from_parts("the program itself (bundled model)".to_owned(), None, files)
    }

    fn from_parts(place: String, directory: Option<PathBuf>, files: BTreeMap<String, Bytes>) -> ModelResult<Self> {
        let missing: Vec<String> =
            REQUIRED.iter().filter(|name| !files.contains_key(**name)).map(|name| (*name).to_owned()).collect();
        if missing == [WEIGHTS]
            && let Some(other) = directory.as_deref().and_then(unread_weights)
        {
            return Err(other);
        }
        if !missing.is_empty() {
            return Err(ModelError::MissingFiles { place, missing });
        }
        let mut total = Sha256::new();
        let mut digests = BTreeMap::new();
        for (name, bytes) in files.iter().filter(|(name, _)| decides(name)) {
            let digest = Sha256::digest(bytes.get());
            total.update(name.as_bytes());
            total.update([0]);
            total.update(digest);
            digests.insert(name.clone(), hexadecimal(&digest));
        }
        let hash = hexadecimal(&total.finalize());
        Ok(Self { place, directory, files, digests, hash })
    }

    /// Where the model came from, for messages.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The directory, when there is one.
    pub fn directory(&self) -> Option<&Path> {
        self.directory.as_deref()
    }

    /// sha256 (64 hexadecimal digits) over the names and contents of all files that decide what the encoder returns.
    pub fn model_hash(&self) -> &str {
        &self.hash
    }

    /// sha256 of each file that decides what the encoder returns, by name; computed when the model was opened.
    pub fn digests(&self) -> &BTreeMap<String, String> {
        &self.digests
    }

    /// A file's bytes, by its name in the layout.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(Bytes::get)
    }

    /// A JSON file that may be absent.
    pub(crate) fn json<T: DeserializeOwned>(&self, name: &str) -> ModelResult<Option<T>> {
        self.get(name)
            .map(|bytes| {
                serde_json::from_slice(bytes).map_err(|source| ModelError::Json { file: name.to_owned(), source })
            })
            .transpose()
    }

    /// A JSON file that must be there.
    pub(crate) fn required_json<T: DeserializeOwned>(&self, name: &str) -> ModelResult<T> {
        self.json(name)?.ok_or_else(|| self.missing(name))
    }

    /// The tensors of a safetensors file.
    pub(crate) fn tensors(&self, name: &str) -> ModelResult<Tensors<'_>> {
        Tensors::parse(name, self.get(name).ok_or_else(|| self.missing(name))?)
    }

    /// The encoder's tensors.
    pub(crate) fn weights(&self) -> ModelResult<Tensors<'_>> {
        self.tensors(WEIGHTS)
    }

    /// Compares every file listed in `manifest.json` (`files`: name to sha256) with the bytes at hand.
    /// Returns the number of files compared; 0 when there is no manifest.
    ///
    /// # Errors
    /// [`ModelError::Hash`] for the first file that differs, [`ModelError::MissingFiles`] for a listed file that is
    /// absent, [`ModelError::Json`] for a manifest that does not parse.
    pub fn verify(&self) -> ModelResult<usize> {
        let Some(manifest) = self.json::<serde_json::Value>(MANIFEST)? else { return Ok(0) };
        let mut compared = 0;
        for (name, expected) in manifest_hashes(&manifest) {
            let found = match (self.get(&name), &self.directory) {
                (Some(bytes), _) => hexadecimal(&Sha256::digest(bytes)),
                (None, Some(directory)) => match std::fs::read(directory.join(&name)) {
                    Ok(bytes) => hexadecimal(&Sha256::digest(bytes)),
                    Err(_) => return Err(self.missing(&name)),
                },
                // A file that only documents the model (its card) need not be inside the binary.
                (None, None) => continue,
            };
            if found != expected {
                return Err(ModelError::Hash { file: name, expected, found });
            }
            compared += 1;
        }
        Ok(compared)
    }

    fn missing(&self, name: &str) -> ModelError {
        ModelError::MissingFiles { place: self.place.clone(), missing: vec![name.to_owned()] }
    }
}

/// Why the weights of a folder are not read, where they are of another kind.
fn unread_weights(directory: &Path) -> Option<ModelError> {
    let refused = |file: &str, what: &str, hint: &str| {
        let [file, what, hint] = [file, what, hint].map(str::to_owned);
        directory.join(&file).is_file().then_some(ModelError::Unsupported { file, what, hint })
    };
    let hint = "save the model as one model.safetensors";
    refused("model.safetensors.index.json", "the weights in several files", hint)
        // Reading them can run code.
        .or_else(|| refused("pytorch_model.bin", "the weights as a pickle", "look for a safetensors version"))
}

/// Maps a file of a model; `None` when it is not there.
fn read(directory: &Path, name: &str) -> ModelResult<Option<Bytes>> {
    let path = directory.join(name);
    let file = match std::fs::File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => return Ok(None),
        Err(source) => return Err(ModelError::Io { path, source }),
    };
    let length = file.metadata().map_err(|source| ModelError::Io { path: path.clone(), source })?.len();
    if length == 0 {
        return Ok(Some(Bytes::Static(&[]))); // an empty file cannot be mapped on every system
    }
    // SAFETY: the map is read-only and private to this value. Like every program that maps its inputs, we rely on
    // nobody truncating the file while the model is being loaded; weights are copied at load.
    #[allow(unsafe_code)]
    let map = unsafe { memmap2::Mmap::map(&file) };
    Ok(Some(Bytes::Mapped(map.map_err(|source| ModelError::Io { path, source })?)))
}

/// `files` of a manifest, as `{name: sha256}`, `{name: {sha256}}` or `[{name|path, sha256}]`, in order of name.
fn manifest_hashes(manifest: &serde_json::Value) -> BTreeMap<String, String> {
    let digest = |value: &serde_json::Value| {
        value.as_str().or_else(|| value.get("sha256").and_then(|v| v.as_str())).map(str::to_ascii_lowercase)
    };
    match manifest.get("files") {
        Some(serde_json::Value::Object(map)) => {
            map.iter().filter_map(|(name, value)| Some((name.clone(), digest(value)?))).collect()
        }
        Some(serde_json::Value::Array(list)) => list
            .iter()
            .filter_map(|entry| {
                let name = entry.get("name").or_else(|| entry.get("path"))?.as_str()?;
                Some((name.to_owned(), digest(entry)?))
            })
            .collect(),
        _ => BTreeMap::new(),
    }
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A two-dimensional weight `(rows, columns)`, row-major, in the form in which the file holds it.
#[derive(Debug, Clone)]
pub(crate) enum Matrix {
    /// Full precision (also for what was stored as `F16` or `BF16`).
    F32(Vec<f32>),
    /// `values[row * columns + column] * scales[row]`.
    Int8 {
        /// Row-major.
        values: Vec<i8>,
        /// One per row.
        scales: Vec<f32>,
    },
}

impl Matrix {
    /// The weight in full precision.
    pub(crate) fn into_f32(self) -> Vec<f32> {
        match self {
            Matrix::F32(values) => values,
            Matrix::Int8 { values, scales } => {
                let columns = values.len() / scales.len().max(1);
                let scale_of = |index: usize| scales.get(index / columns.max(1)).copied().unwrap_or(0.0);
                values.iter().enumerate().map(|(index, value)| f32::from(*value) * scale_of(index)).collect()
            }
        }
    }
}

/// The tensors of one safetensors file, read on demand.
pub(crate) struct Tensors<'a> {
    file: String,
    prefix: String,
    tensors: SafeTensors<'a>,
}

impl<'a> Tensors<'a> {
    pub(crate) fn parse(file: &str, bytes: &'a [u8]) -> ModelResult<Self> {
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| ModelError::Tensor {
            name: file.to_owned(),
            expected: "a safetensors file".to_owned(),
            found: error.to_string(),
        })?;
        Ok(Self { file: file.to_owned(), prefix: String::new(), tensors })
    }

    /// Strips what stands before `anchor` in the checkpoint's names (`bert.`, `roberta.`, `model.`, …), so that one
    /// set of names serves plain encoders and encoders saved inside a task model.
    pub(crate) fn anchored_at(mut self, anchor: &str) -> ModelResult<Self> {
        let mut prefixes: Vec<String> =
            self.tensors.names().iter().filter_map(|name| name.strip_suffix(anchor).map(str::to_owned)).collect();
        prefixes.sort_by_key(|prefix| (prefix.len(), prefix.clone()));
        match prefixes.into_iter().next() {
            Some(prefix) => self.prefix = prefix,
            None => return Err(self.absent(anchor)),
        }
        Ok(self)
    }

    /// What [`Self::anchored_at`] found before the anchor.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether the file holds a tensor, by its whole name.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.tensors.tensor(name).is_ok()
    }

    /// Whether the encoder has a tensor, by its name without the prefix.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.contains(&self.full(name))
    }

    /// The same file with names as they are written.
    pub(crate) fn unanchored(mut self) -> Self {
        self.prefix.clear();
        self
    }

    /// A tensor of any supported type in full precision.
    pub(crate) fn f32(&self, name: &str, shape: &[usize]) -> ModelResult<Vec<f32>> {
        match shape {
            [rows, columns] => Ok(self.matrix(name, *rows, *columns)?.into_f32()),
            _ => self.floats(name, &self.view(name, shape)?),
        }
    }

    /// A two-dimensional weight as it is stored.
    pub(crate) fn matrix(&self, name: &str, rows: usize, columns: usize) -> ModelResult<Matrix> {
        let view = self.view(name, &[rows, columns])?;
        if view.dtype() != Dtype::I8 {
            return Ok(Matrix::F32(self.floats(name, &view)?));
        }
        let scale_name = format!("{name}.scale");
        // Exporters differ on whether the scale keeps a trailing axis of one.
        let scale = match self.view(&scale_name, &[rows]) {
            Ok(scale) => scale,
            Err(_) => self.view(&scale_name, &[rows, 1])?,
        };
        let scales = self.floats(&scale_name, &scale)?;
        Ok(Matrix::Int8 { values: view.data().iter().map(|byte| byte.cast_signed()).collect(), scales })
    }

    /// Names and shapes of everything in the file except quantisation scales, prefix stripped, in order of name.
    pub(crate) fn shapes(&self) -> BTreeMap<String, Vec<usize>> {
        self.tensors
            .iter()
            .filter(|(name, view)| !name.ends_with(".scale") && view.dtype() != Dtype::I64)
            .filter_map(|(name, view)| Some((name.strip_prefix(&self.prefix)?.to_owned(), view.shape().to_vec())))
            .collect()
    }

    fn view(&self, name: &str, shape: &[usize]) -> ModelResult<TensorView<'a>> {
        let view = self.tensors.tensor(&self.full(name)).map_err(|_| self.absent(name))?;
        if view.shape() != shape {
            return Err(ModelError::Tensor {
                name: self.full(name),
                expected: format!("shape {shape:?}"),
                found: format!("{:?}", view.shape()),
            });
        }
        Ok(view)
    }

    fn floats(&self, name: &str, view: &TensorView<'_>) -> ModelResult<Vec<f32>> {
        let data = view.data();
        Ok(match view.dtype() {
            Dtype::F32 => data.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
            Dtype::F16 => {
                data.as_chunks::<2>().0.iter().map(|bytes| half::f16::from_le_bytes(*bytes).to_f32()).collect()
            }
            Dtype::BF16 => {
                data.as_chunks::<2>().0.iter().map(|bytes| half::bf16::from_le_bytes(*bytes).to_f32()).collect()
            }
            other => {
                return Err(ModelError::Tensor {
                    name: self.full(name),
                    expected: "F32, F16, BF16, or I8 with a scale".to_owned(),
                    found: format!("{other:?}"),
                });
            }
        })
    }

    fn full(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn absent(&self, name: &str) -> ModelError {
        ModelError::Tensor {
            name: self.full(name),
            expected: format!("to be in {}", self.file),
            found: format!("{} other tensors", self.tensors.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use safetensors::tensor::serialize;

    fn file(entries: Vec<(&str, Dtype, Vec<usize>, Vec<u8>)>) -> Vec<u8> {
        let views: Vec<(String, TensorView<'_>)> = entries
            .iter()
            .map(|(name, dtype, shape, data)| {
                ((*name).to_owned(), TensorView::new(*dtype, shape.clone(), data).unwrap())
            })
            .collect();
        serialize(views, None).unwrap()
    }

    #[test]
    fn every_missing_file_is_named_in_one_message() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("config.json"), "{}").unwrap();
        let message = ModelFiles::open(directory.path()).unwrap_err().to_string();
        assert!(message.contains("tokenizer.json") && message.contains("model.safetensors"), "{message}");
        assert!(!message.contains("missing config.json"), "{message}");
        assert!(ModelFiles::open(directory.path().join("nowhere")).is_err());
    }

    #[test]
    fn the_hash_follows_contents_and_not_the_manifest() {
        let files = |config: &'static [u8], manifest: &'static [u8]| {
            ModelFiles::from_bytes(&[
                ("config.json", config),
                ("tokenizer.json", b"{}"),
                ("model.safetensors", b""),
                ("manifest.json", manifest),
            ])
            .unwrap()
            .model_hash()
            .to_owned()
        };
        assert_eq!(files(b"{}", b"{}"), files(b"{}", b"{ }"));
        assert_ne!(files(b"{}", b"{}"), files(b"{ }", b"{}"));
        assert_eq!(files(b"{}", b"{}").len(), 64);
    }

    #[test]
    fn a_changed_file_fails_verification() {
        let manifest = |digest: &str| -> &'static [u8] {
            Box::leak(format!(r#"{{"files":{{"config.json":"{digest}"}}}}"#).into_boxed_str()).as_bytes()
        };
        let open = |manifest| {
            ModelFiles::from_bytes(&[
                ("config.json", b"{}"),
                ("tokenizer.json", b"{}"),
                ("model.safetensors", b""),
                ("manifest.json", manifest),
            ])
            .unwrap()
        };
        let digest = hexadecimal(&Sha256::digest(b"{}"));
        assert_eq!(open(manifest(&digest)).verify().unwrap(), 1);
        assert!(matches!(open(manifest("00")).verify(), Err(ModelError::Hash { .. })));
    }

    #[test]
    fn stored_types_all_become_full_precision() {
        let bytes = file(vec![
            ("bert.a", Dtype::F32, vec![2], [1.5f32, -2.0].iter().flat_map(|v| v.to_le_bytes()).collect()),
            ("bert.b", Dtype::F16, vec![1], half::f16::from_f32(0.25).to_le_bytes().to_vec()),
            ("bert.c", Dtype::BF16, vec![1], half::bf16::from_f32(-4.0).to_le_bytes().to_vec()),
            ("bert.d", Dtype::I8, vec![2, 2], vec![1, 2, 255, 128]),
            ("bert.d.scale", Dtype::F32, vec![2], [0.5f32, 2.0].iter().flat_map(|v| v.to_le_bytes()).collect()),
        ]);
        let tensors = Tensors::parse("t", &bytes).unwrap().anchored_at("a").unwrap();
        assert_eq!(tensors.f32("a", &[2]).unwrap(), [1.5, -2.0]);
        assert_eq!(tensors.f32("b", &[1]).unwrap(), [0.25]);
        assert_eq!(tensors.f32("c", &[1]).unwrap(), [-4.0]);
        assert_eq!(tensors.f32("d", &[2, 2]).unwrap(), [0.5, 1.0, -2.0, -256.0]);
        let message = tensors.f32("a", &[3]).unwrap_err().to_string();
        assert!(message.contains("bert.a") && message.contains("[3]") && message.contains("[2]"), "{message}");
        assert!(tensors.f32("z", &[1]).is_err());
    }
}
