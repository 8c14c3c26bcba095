//! The sentence-transformers files of a model: what happens before and after the transformer.
//!
//! `modules.json` lists the steps; pooling, dense layers and normalisation are implemented.
//! `config_sentence_transformers.json` may name a prompt that is put before every text, `sentence_bert_config.json` the
//! longest window. Encodings are always L2-normalised in this program, because reasons, clusters and caches compare
//! them by cosine.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::dense::Dense;
use super::error::{ModelError, ModelResult};
use super::pooling::Pooling;
use super::weights::ModelFiles;

#[derive(Deserialize)]
struct ModuleEntry {
    #[serde(rename = "type")]
    kind: String,
    path: String,
}

const CONFIG: &str = "config_sentence_transformers.json";

/// The fields of [`CONFIG`] that decide the numbers.
#[derive(Deserialize, Default)]
#[serde(default)]
struct PromptConfig {
    prompts: BTreeMap<String, Option<String>>,
    default_prompt_name: Option<String>,
    /// Numbers of an embedding that are kept, the first ones.
    truncate_dim: Option<usize>,
}

/// Hidden states of a window to its embedding.
#[derive(Debug, Clone)]
pub(crate) struct Sentence {
    pub(crate) pooling: Pooling,
    pub(crate) dense: Vec<Dense>,
    /// Numbers of an embedding that are kept, the first ones, as for encoders whose first numbers hold the most (Kusupati et al. 2022,
    /// "Matryoshka representation learning").
    pub(crate) kept: Option<usize>,
}

impl Sentence {
    /// Reads `modules.json` and what it points at; without it, the mean, which is also what sentence-transformers does
    /// with a plain transformer.
    ///
    /// # Errors
    /// [`ModelError::Unsupported`] for other modules, other pooling modes and other orders.
    pub(crate) fn from_files(files: &ModelFiles, hidden: usize) -> ModelResult<Self> {
        let mut own = Self { pooling: Pooling::Mean, dense: Vec::new(), kept: None };
        let has_prompt = prompt(files)?.is_some();
        let mut is_normalised = false;
        for module in files.json::<Vec<ModuleEntry>>("modules.json")?.unwrap_or_default() {
            let kind = module.kind.rsplit('.').next().unwrap_or_default();
            match kind {
                "Transformer" => {}
                "Normalize" => is_normalised = true,
                "Pooling" => {
                    own.pooling = Pooling::from_file(files, &format!("{}/config.json", module.path), has_prompt)?;
                }
                "Dense" if !is_normalised => {
                    let width = own.full_width(hidden);
                    own.dense.push(Dense::load(files, &module.path, width)?);
                }
                other => {
                    let what = if other == "Dense" { "a Dense module after Normalize" } else { other };
                    return Err(ModelError::Unsupported {
                        file: "modules.json".to_owned(),
                        what: format!("the module `{what}`"),
                        hint: "Transformer, Pooling, Dense and Normalize, in this order, are".to_owned(),
                    });
                }
            }
        }
        own.kept = files.json::<PromptConfig>(CONFIG)?.unwrap_or_default().truncate_dim.filter(|kept| *kept > 0);
        Ok(own)
    }

    /// Width of an embedding.
    pub(crate) fn width(&self, hidden: usize) -> usize {
        let full = self.full_width(hidden);
        self.kept.map_or(full, |kept| kept.min(full))
    }

    /// The same before anything is left out.
    fn full_width(&self, hidden: usize) -> usize {
        self.dense.last().map_or(hidden, Dense::outputs)
    }

    /// `hidden_states (tokens, hidden)` to an embedding that is not normalised yet.
    pub(crate) fn embed(&self, hidden_states: &[f32], hidden: usize, embedding: &mut [f32]) {
        if self.dense.is_empty() && embedding.len() == hidden {
            return self.pooling.pool(hidden_states, embedding);
        }
        let mut vector = vec![0.0f32; hidden];
        self.pooling.pool(hidden_states, &mut vector);
        for dense in &self.dense {
            vector = dense.forward(&vector);
        }
        embedding.copy_from_slice(&vector[..embedding.len()]);
    }
}

/// The prompt that sentence-transformers puts before every text by default.
///
/// # Errors
/// [`ModelError::Unsupported`] when the file names a prompt that it does not hold.
pub(crate) fn prompt(files: &ModelFiles) -> ModelResult<Option<String>> {
    let config: PromptConfig = files.json(CONFIG)?.unwrap_or_default();
    let Some(name) = config.default_prompt_name else { return Ok(None) };
    match config.prompts.get(&name) {
        Some(prompt) => Ok(prompt.clone().filter(|prompt| !prompt.is_empty())),
        None => Err(ModelError::Unsupported {
            file: CONFIG.to_owned(),
            what: format!("the default prompt `{name}`, which `prompts` does not hold,"),
            hint: "correct the file".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(extra: &[(&'static str, &'static [u8])]) -> ModelFiles {
        let mut named: Vec<(&str, &'static [u8])> =
            ["config.json", "tokenizer.json", "model.safetensors"].map(|name| (name, b"{}".as_slice())).to_vec();
        named.extend(extra);
        ModelFiles::from_bytes(&named).unwrap()
    }

    fn dense_layer(folder_config: &'static [u8], normalise_first: bool) -> ModelResult<Sentence> {
        let values: Vec<u8> = [1.0f32, 0.0, 0.0, 2.0, 1.0, 1.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        let bias: Vec<u8> = [0.5f32, 0.0, -1.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        let view = |shape, bytes| safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape, bytes).unwrap();
        let tensors = [("linear.weight", view(vec![3, 2], &values)), ("linear.bias", view(vec![3], &bias))];
        let bytes: &'static [u8] = Box::leak(safetensors::serialize(tensors, None).unwrap().into_boxed_slice());
        let modules: &'static [u8] = if normalise_first {
            br#"[{"type":"a.Normalize","path":"1_N"},{"type":"a.Dense","path":"2_Dense"}]"#
        } else {
            br#"[{"type":"a.Transformer","path":""},{"type":"a.Dense","path":"2_Dense"}]"#
        };
        let files = files(&[
            ("modules.json", modules),
            ("2_Dense/config.json", folder_config),
            ("2_Dense/model.safetensors", bytes),
        ]);
        Sentence::from_files(&files, 2)
    }

    #[test]
    fn a_dense_layer_is_applied_after_the_pooling() {
        let config = br#"{"in_features":2,"out_features":3,"bias":true,"activation_function":"torch.nn.ReLU"}"#;
        let sentence = dense_layer(config, false).unwrap();
        assert_eq!(sentence.width(2), 3);
        let mut embedding = [0.0f32; 3];
        sentence.embed(&[1.0, -1.0, 3.0, 1.0], 2, &mut embedding);
        assert_eq!(embedding, [2.5, 0.0, 1.0]);
    }

    #[test]
    fn a_truncated_embedding_keeps_its_first_numbers() {
        let own = |config: &'static [u8]| Sentence::from_files(&files(&[(CONFIG, config)]), 3).unwrap();
        let sentence = own(br#"{"truncate_dim":2}"#);
        let mut embedding = [0.0f32; 2];
        sentence.embed(&[1.0, -1.0, 3.0, 3.0, 1.0, 5.0], 3, &mut embedding);
        assert_eq!((sentence.width(3), embedding), (2, [2.0, 0.0]));
        assert_eq!((own(br#"{"truncate_dim":null}"#).width(3), own(br#"{"truncate_dim":9}"#).width(3)), (3, 3));
    }

    #[test]
    fn dense_layers_that_we_do_not_compute_are_refused_by_name() {
        for (config, part) in [
            (br#"{"in_features":9,"out_features":3}"#.as_slice(), "9 inputs"),
            (br#"{"in_features":2,"out_features":3,"activation_function":"x.SiLU"}"#.as_slice(), "SiLU"),
            (br#"{"in_features":2,"out_features":3,"use_residual":true}"#.as_slice(), "residual"),
        ] {
            let message = dense_layer(config, false).unwrap_err().to_string();
            assert!(message.contains(part) && message.contains("2_Dense"), "{message}");
        }
        let message = dense_layer(br#"{"in_features":2,"out_features":3}"#, true).unwrap_err().to_string();
        assert!(message.contains("after Normalize"), "{message}");
    }

    #[test]
    fn the_default_prompt_is_read_and_only_the_default_one() {
        let read = |text: &'static [u8]| prompt(&files(&[("config_sentence_transformers.json", text)]));
        let query = br#"{"prompts":{"query":"query: ","passage":""},"default_prompt_name":"query"}"#;
        assert_eq!(read(query).unwrap().as_deref(), Some("query: "));
        assert_eq!(read(br#"{"prompts":{"query":"query: "},"default_prompt_name":null}"#).unwrap(), None);
        let passage = br#"{"prompts":{"query":"query: ","passage":""},"default_prompt_name":"passage"}"#;
        assert_eq!(read(passage).unwrap(), None);
        assert!(read(br#"{"default_prompt_name":"query"}"#).unwrap_err().to_string().contains("`query`"));
    }

    #[test]
    fn a_prompt_that_stays_out_of_the_pooling_is_refused() {
        let files = files(&[
            ("modules.json", br#"[{"type":"a.Pooling","path":"1_Pooling"}]"#),
            ("1_Pooling/config.json", br#"{"pooling_mode":"mean","include_prompt":false}"#),
            ("config_sentence_transformers.json", br#"{"prompts":{"q":"q: "},"default_prompt_name":"q"}"#),
        ]);
        assert!(Sentence::from_files(&files, 2).unwrap_err().to_string().contains("include_prompt"));
    }
}
