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
        "emotion_head.json",
        "emotion_head.safetensors",
        "manifest.json",
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::weights::decides;

    /// A head that is put into the folder and not into the list above would silently stay unused.
    #[test]
    fn every_file_of_the_folder_that_decides_the_result_is_inside() {
        let bundled = files().unwrap();
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(NAME);
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            // The tokenizer's own file says it all; this one is for other programs.
            if decides(&name) && name != "tokenizer_config.json" {
                assert!(bundled.get(&name).is_some(), "{name} is not bundled");
            }
        }
    }
}
