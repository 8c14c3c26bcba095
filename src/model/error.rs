//! What can go wrong between a model directory and a matrix of embeddings.
//!
//! Kept apart from the crate's error so that `model/` knows nothing of contacts, tables or configuration.

use std::path::PathBuf;

/// A result of the model layer.
pub type ModelResult<T> = std::result::Result<T, ModelError>;

/// Why a model could not be loaded, or why it refused its input.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The directory lacks files that no model can do without.
    #[error("no usable model in {place}: missing {}; a sentence encoder in the Hugging Face layout is expected", missing.join(", "))]
    MissingFiles {
        /// The directory, or the name of the bundled model.
        place: String,
        /// Every missing file, so that one message is enough to repair the directory.
        missing: Vec<String>,
    },
    /// A file is there but cannot be read.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// A JSON file does not parse, or lacks a field.
    #[error("{file} is not the JSON that was expected")]
    Json {
        /// The file's name inside the model.
        file: String,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// A tensor is missing, or has another shape or type than the configuration says.
    #[error("tensor `{name}`: expected {expected}, found {found}")]
    Tensor {
        /// The tensor's name in the checkpoint.
        name: String,
        /// Shape or type that the configuration asks for.
        expected: String,
        /// What the file holds.
        found: String,
    },
    /// The model uses something that this program does not implement.
    #[error("{file}: {what} is not supported; {hint}")]
    Unsupported {
        /// The file that asks for it.
        file: String,
        /// What it asks for.
        what: String,
        /// What is supported, or what to do.
        hint: String,
    },
    /// A file's sha256 is not the one its manifest records.
    #[error(
        "{file}: sha256 is {found}, the manifest says {expected}; the file is damaged or was changed, fetch it again"
    )]
    Hash {
        /// The file's name inside the model.
        file: String,
        /// From `manifest.json`.
        expected: String,
        /// Of the bytes at hand.
        found: String,
    },
    /// The caller handed over token ids that the model cannot take.
    #[error("window {index}: {problem}")]
    Input {
        /// Position of the window in the call.
        index: usize,
        /// What is wrong, in numbers only.
        problem: String,
    },
    /// A kernel class or device was asked for that this processor or build lacks.
    #[error("{asked} is not available here; available: {available}")]
    Unavailable {
        /// What was asked for.
        asked: String,
        /// What there is.
        available: String,
    },
    /// The tokenizer file could not be used.
    #[error("tokenizer.json cannot be used: {message}")]
    Tokenizer {
        /// The tokenizer library's own words.
        message: String,
    },
    /// The tensor library failed.
    #[error("the tensor library failed")]
    Candle(#[from] candle_core::Error),
}

impl From<ModelError> for crate::error::Error {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::Candle(source) => Self::Tensor(source),
            ModelError::Io { path, source } => Self::Io { action: "read", path, source },
            other => {
                // The crate's model error is one line; a cause that would be lost is joined to it.
                let reason = match std::error::Error::source(&other) {
                    Some(source) => format!("{other}: {source}"),
                    None => other.to_string(),
                };
                Self::Model { name: "encoder".to_owned(), reason }
            }
        }
    }
}
