//! Hidden states of a window to one vector: the pooling that a sentence encoder was trained with.
//!
//! Windows come without padding, so padding takes no part in any pooling. Reference: UKPLab/sentence-transformers,
//! `models/Pooling.py`.

use serde::Deserialize;

use super::error::{ModelError, ModelResult};
use super::weights::ModelFiles;

/// How the hidden states of a window become one vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pooling {
    /// The mean over tokens.
    #[default]
    Mean,
    /// The sum over tokens divided by the square root of their number.
    MeanSqrtLen,
    /// The first token.
    Cls,
    /// The largest value of each dimension over tokens.
    Max,
}

/// `1_Pooling/config.json`; newer releases write `pooling_mode`, older ones a flag per mode.
#[derive(Deserialize)]
struct PoolingConfig {
    #[serde(default)]
    pooling_mode: Option<Modes>,
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
    /// Whether the tokens of a prompt take part.
    #[serde(default = "yes")]
    include_prompt: bool,
}

/// Newer releases write one mode as a word, several as a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Modes {
    One(String),
    Several(Vec<String>),
}

impl Modes {
    /// The only mode; `None` for several.
    fn only(&self) -> Option<&str> {
        match self {
            Self::One(mode) => Some(mode),
            Self::Several(modes) => match modes.as_slice() {
                [mode] => Some(mode),
                _ => None,
            },
        }
    }
}

fn yes() -> bool {
    true
}

impl Pooling {
    /// Reads a pooling configuration. `has_prompt` says whether texts get a prompt.
    ///
    /// # Errors
    /// [`ModelError::Unsupported`] for other pooling modes, or when the tokens of a prompt are to be left out.
    pub(crate) fn from_file(files: &ModelFiles, file: &str, has_prompt: bool) -> ModelResult<Self> {
        let config: PoolingConfig = files.required_json(file)?;
        if has_prompt && !config.include_prompt {
            return Err(ModelError::Unsupported {
                file: file.to_owned(),
                what: "leaving the prompt out of the pooling (include_prompt)".to_owned(),
                hint: "models whose prompt takes part, or that have none, are".to_owned(),
            });
        }
        config.mode(file)
    }

    /// One window without padding: `hidden_states (tokens, hidden)` to `pooled (hidden)`, not normalised; sums run
    /// over the tokens in order.
    pub(crate) fn pool(self, hidden_states: &[f32], pooled: &mut [f32]) {
        let hidden = pooled.len();
        pooled.copy_from_slice(&hidden_states[..hidden]);
        let rest = hidden_states.chunks_exact(hidden).skip(1);
        match self {
            Self::Cls => {}
            Self::Mean | Self::MeanSqrtLen => {
                for state in rest {
                    for (sum, value) in pooled.iter_mut().zip(state) {
                        *sum += value;
                    }
                }
                let mut tokens = (hidden_states.len() / hidden) as f32;
                if self == Self::MeanSqrtLen {
                    tokens = tokens.sqrt();
                }
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
}

impl PoolingConfig {
    fn mode(&self, file: &str) -> ModelResult<Pooling> {
        let unsupported = |what: String| ModelError::Unsupported {
            file: file.to_owned(),
            what,
            hint: "one of mean, mean_sqrt_len_tokens, cls and max is".to_owned(),
        };
        let several = || unsupported("a combination of pooling modes".to_owned());
        if let Some(modes) = &self.pooling_mode {
            return match modes.only() {
                Some("mean") => Ok(Pooling::Mean),
                Some("mean_sqrt_len_tokens" | "mean_sqrt_len") => Ok(Pooling::MeanSqrtLen),
                Some("cls") => Ok(Pooling::Cls),
                Some("max") => Ok(Pooling::Max),
                Some(other) => Err(unsupported(format!("pooling `{other}`"))),
                None => Err(several()),
            };
        }
        if self.pooling_mode_weightedmean_tokens || self.pooling_mode_lasttoken {
            return Err(unsupported("weighted-mean or last-token pooling".to_owned()));
        }
        let chosen = [
            (self.pooling_mode_mean_tokens, Pooling::Mean),
            (self.pooling_mode_mean_sqrt_len_tokens, Pooling::MeanSqrtLen),
            (self.pooling_mode_cls_token, Pooling::Cls),
            (self.pooling_mode_max_tokens, Pooling::Max),
        ];
        let mut modes = chosen.iter().filter(|(is_on, _)| *is_on).map(|(_, mode)| *mode);
        match (modes.next(), modes.next()) {
            (Some(mode), None) => Ok(mode),
            (None, _) => Err(unsupported("no pooling mode".to_owned())),
            _ => Err(several()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_pools_as_it_says() {
        let states = [1.0f32, -3.0, 3.0, -5.0, 5.0, -4.0, 7.0, 0.0];
        let pooled = |pooling: Pooling| {
            let mut pooled = [0.0f32; 2];
            pooling.pool(&states, &mut pooled);
            pooled
        };
        assert_eq!(pooled(Pooling::Mean), [4.0, -3.0]);
        assert_eq!(pooled(Pooling::MeanSqrtLen), [8.0, -6.0]);
        assert_eq!(pooled(Pooling::Cls), [1.0, -3.0]);
        assert_eq!(pooled(Pooling::Max), [7.0, 0.0]);
    }

    #[test]
    fn both_spellings_of_the_pooling_file_are_read() {
        let mode = |text: &str| serde_json::from_str::<PoolingConfig>(text).unwrap().mode("f");
        assert_eq!(mode(r#"{"pooling_mode_cls_token":true}"#).unwrap(), Pooling::Cls);
        assert_eq!(mode(r#"{"pooling_mode":"max"}"#).unwrap(), Pooling::Max);
        assert_eq!(mode(r#"{"pooling_mode":["max"]}"#).unwrap(), Pooling::Max);
        let message = mode(r#"{"pooling_mode":["max","mean"]}"#).unwrap_err().to_string();
        assert!(message.contains("a combination of pooling modes"), "{message}");
        assert_eq!(mode(r#"{"pooling_mode_mean_tokens":true}"#).unwrap(), Pooling::Mean);
        assert!(mode(r#"{"pooling_mode_mean_tokens":true,"pooling_mode_cls_token":true}"#).is_err());
        assert_eq!(mode(r#"{"pooling_mode_mean_sqrt_len_tokens":true}"#).unwrap(), Pooling::MeanSqrtLen);
        for refused in [r#"{"pooling_mode":"lasttoken"}"#, r#"{"pooling_mode_lasttoken":true}"#, "{}"] {
            let message = mode(refused).unwrap_err().to_string();
            assert!(message.contains("mean, mean_sqrt_len_tokens, cls and max"), "{message}");
        }
    }
}
