//! The model that ships, inside the program: found from any working directory, and never half-installed.

use super::{ModelFiles, ModelResult};

/// Name of the bundled model.
pub const NAME: &str = "motif-small-fr-en";

/// The files of the bundled model.
///
/// # Errors
/// Never in a released program: a test loads it.
pub fn files() -> ModelResult<ModelFiles> {
    macro_rules! bundle {
        ($($name:literal),+ $(,)?) => {
            &[$(($name, include_bytes!(concat!("../../models/motif-small-fr-en/", $name)).as_slice())),+]
        };
    }
    ModelFiles::from_bytes(bundle![
        "config.json",
        "tokenizer.json",
        "model.safetensors",
        "modules.json",
        "1_Pooling/config.json",
        "sentence_bert_config.json",
        "sentiment_head.json",
        "sentiment_head.safetensors",
        "manifest.json",
    ])
}
