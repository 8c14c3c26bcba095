//! Hidden states of a window to one vector, as the sentence-transformers files say.
//!
//! `modules.json` lists the steps after the transformer; we support pooling (`N_Pooling/config.json`) and
//! normalisation. Encodings are always L2-normalised in this program, because reasons, clusters and caches compare
//! them by cosine. Reference: UKPLab/sentence-transformers, `models/Pooling.py`.

use candle_core::{D, Tensor};
use serde::Deserialize;

use super::error::{ModelError, ModelResult};
use super::weights::ModelFiles;

/// How the hidden states of a window become one vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pooling {
    /// The mean over tokens that are not padding.
    #[default]
    Mean,
    /// The first token.
    Cls,
    /// The largest value of each dimension over tokens that are not padding.
    Max,
}

#[derive(Deserialize)]
struct ModuleEntry {
    #[serde(rename = "type")]
    kind: String,
    path: String,
}

/// `1_Pooling/config.json`; newer releases write `pooling_mode`, older ones a flag per mode.
#[derive(Deserialize)]
struct PoolingConfig {
    #[serde(default)]
    pooling_mode: Option<String>,
    #[serde(default)]
    pooling_mode_cls_token: bool,
    #[serde(default)]
    pooling_mode_mean_tokens: bool,
    #[serde(default)]
    pooling_mode_max_tokens: bool,
    #[serde(default)]
    pooling_mode_mean_sqrt_len_tokens: bool,
    #[serde(default)]
    pooling_mode_weightedmean_tokens: bool,
    #[serde(default)]
    pooling_mode_lasttoken: bool,
}

impl Pooling {
    /// Reads `modules.json` and the pooling configuration; without them, the mean, which is also what
    /// sentence-transformers does with a plain transformer.
    ///
    /// # Errors
    /// [`ModelError::Unsupported`] for other modules (a dense layer) and other pooling modes.
    pub fn from_files(files: &ModelFiles) -> ModelResult<Self> {
        let Some(modules) = files.json::<Vec<ModuleEntry>>("modules.json")? else { return Ok(Self::Mean) };
        let mut pooling = Self::Mean;
        for module in modules {
            match module.kind.rsplit('.').next().unwrap_or_default() {
                "Transformer" | "Normalize" => {}
                "Pooling" => {
                    let file = format!("{}/config.json", module.path);
                    pooling = files.required_json::<PoolingConfig>(&file)?.mode(&file)?;
                }
                other => {
                    return Err(ModelError::Unsupported {
                        file: "modules.json".to_owned(),
                        what: format!("the module `{other}`"),
                        hint: "Transformer, Pooling and Normalize are".to_owned(),
                    });
                }
            }
        }
        Ok(pooling)
    }

    /// One window without padding: `hidden_states (tokens, hidden)` to `pooled (hidden)`, not normalised; sums run
    /// over the tokens in order.
    pub(crate) fn pool(self, hidden_states: &[f32], pooled: &mut [f32]) {
        let hidden = pooled.len();
        pooled.copy_from_slice(&hidden_states[..hidden]);
        let rest = hidden_states.chunks_exact(hidden).skip(1);
        match self {
            Self::Cls => {}
            Self::Mean => {
                for state in rest {
                    for (sum, value) in pooled.iter_mut().zip(state) {
                        *sum += value;
                    }
                }
                let tokens = (hidden_states.len() / hidden) as f32;
                for sum in pooled {
                    *sum /= tokens;
                }
            }
            Self::Max => {
                for state in rest {
                    for (largest, value) in pooled.iter_mut().zip(state) {
                        *largest = largest.max(*value);
                    }
                }
            }
        }
    }

    /// `hidden_states (batch, seq, hidden)` and `mask (batch, seq)` of 1 and 0 to `(batch, hidden)`, not normalised.
    /// Padding never takes part.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn forward(self, hidden_states: &Tensor, mask: &Tensor) -> ModelResult<Tensor> {
        let mask = mask.to_dtype(hidden_states.dtype())?.unsqueeze(2)?;
        Ok(match self {
            Self::Cls => hidden_states.narrow(1, 0, 1)?.squeeze(1)?,
            Self::Mean => hidden_states.broadcast_mul(&mask)?.sum(1)?.broadcast_div(&mask.sum(1)?)?,
            Self::Max => {
                let hidden_by_padding = ((mask - 1.0)? * f64::from(f32::MAX))?;
                hidden_states.broadcast_add(&hidden_by_padding)?.max(1)?
            }
        })
    }
}

impl PoolingConfig {
    fn mode(&self, file: &str) -> ModelResult<Pooling> {
        let unsupported = |what: String| ModelError::Unsupported {
            file: file.to_owned(),
            what,
            hint: "one of mean, cls and max is".to_owned(),
        };
        if let Some(name) = &self.pooling_mode {
            return match name.as_str() {
                "mean" | "mean_sqrt_len_tokens" | "mean_sqrt_len" => Ok(Pooling::Mean),
                "cls" => Ok(Pooling::Cls),
                "max" => Ok(Pooling::Max),
                other => Err(unsupported(format!("pooling `{other}`"))),
            };
        }
        // The mean divided by the square root of the length points the same way as the mean, and we normalise.
        let mean = self.pooling_mode_mean_tokens || self.pooling_mode_mean_sqrt_len_tokens;
        if self.pooling_mode_weightedmean_tokens || self.pooling_mode_lasttoken {
            return Err(unsupported("weighted-mean or last-token pooling".to_owned()));
        }
        match (mean, self.pooling_mode_cls_token, self.pooling_mode_max_tokens) {
            (true, false, false) => Ok(Pooling::Mean),
            (false, true, false) => Ok(Pooling::Cls),
            (false, false, true) => Ok(Pooling::Max),
            _ => Err(unsupported("a combination of pooling modes".to_owned())),
        }
    }
}

/// Scales each row of `(batch, hidden)` to length 1; a row of zeros stays as it is.
///
/// # Errors
/// Those of the tensor library.
pub fn normalise(pooled: &Tensor) -> ModelResult<Tensor> {
    let length = pooled.sqr()?.sum_keepdim(D::Minus1)?.sqrt()?.maximum(1e-12)?;
    Ok(pooled.broadcast_div(&length)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    fn states() -> (Tensor, Tensor) {
        let hidden = Tensor::new(&[[[1.0f32, -3.0], [3.0, -5.0], [90.0, 90.0]]], &Device::Cpu).unwrap();
        let mask = Tensor::new(&[[1.0f32, 1.0, 0.0]], &Device::Cpu).unwrap();
        (hidden, mask)
    }

    #[test]
    fn padding_takes_no_part_in_any_pooling() {
        let (hidden, mask) = states();
        let pooled = |pooling: Pooling| pooling.forward(&hidden, &mask).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(pooled(Pooling::Mean), [[2.0, -4.0]]);
        assert_eq!(pooled(Pooling::Cls), [[1.0, -3.0]]);
        assert_eq!(pooled(Pooling::Max), [[3.0, -3.0]]);
    }

    #[test]
    fn normalised_rows_have_length_one_and_zeros_stay_zeros() {
        let rows = Tensor::new(&[[3.0f32, 4.0], [0.0, 0.0]], &Device::Cpu).unwrap();
        assert_eq!(normalise(&rows).unwrap().to_vec2::<f32>().unwrap(), [[0.6, 0.8], [0.0, 0.0]]);
    }

    #[test]
    fn both_spellings_of_the_pooling_file_are_read() {
        let mode = |text: &str| serde_json::from_str::<PoolingConfig>(text).unwrap().mode("f");
        assert_eq!(mode(r#"{"pooling_mode_cls_token":true}"#).unwrap(), Pooling::Cls);
        assert_eq!(mode(r#"{"pooling_mode":"max"}"#).unwrap(), Pooling::Max);
        assert_eq!(mode(r#"{"pooling_mode_mean_tokens":true}"#).unwrap(), Pooling::Mean);
        assert!(mode(r#"{"pooling_mode_mean_tokens":true,"pooling_mode_cls_token":true}"#).is_err());
        assert!(mode(r#"{"pooling_mode":"lasttoken"}"#).is_err());
    }
}
