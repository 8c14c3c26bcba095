//! A dense layer after the pooling, as some sentence encoders have (`2_Dense` in `modules.json`).

use serde::Deserialize;

use super::cpu::math;
use super::error::{ModelError, ModelResult};
use super::layers::Activation;
use super::weights::ModelFiles;
use crate::vector;

/// `N_Dense/config.json`.
#[derive(Deserialize)]
struct DenseConfig {
    in_features: usize,
    out_features: usize,
    #[serde(default = "yes")]
    bias: bool,
    #[serde(default)]
    activation_function: Option<String>,
    #[serde(default)]
    use_residual: bool,
}

fn yes() -> bool {
    true
}

/// What follows the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Nothing,
    Tanh,
    Activation(Activation),
}

/// One dense layer.
#[derive(Debug, Clone)]
pub(crate) struct Dense {
    /// `(outputs, inputs)`.
    weight: Vec<f32>,
    bias: Vec<f32>,
    after: After,
}

impl Dense {
    /// Loads the layer of a folder of the model.
    pub(crate) fn load(files: &ModelFiles, folder: &str, inputs: usize) -> ModelResult<Self> {
        let file = format!("{folder}/config.json");
        let unsupported =
            |what: String, hint: &str| ModelError::Unsupported { file: file.clone(), what, hint: hint.to_owned() };
        let config: DenseConfig = files.required_json(&file)?;
        if config.in_features != inputs {
            return Err(unsupported(
                format!("a layer of {} inputs", config.in_features),
                &format!("the vectors before it have {inputs} numbers"),
            ));
        }
        if config.use_residual {
            return Err(unsupported("a residual connection".to_owned(), "plain dense layers are"));
        }
        let name = config.activation_function.as_deref().unwrap_or("Tanh");
        let after = match name.rsplit('.').next().unwrap_or_default() {
            "Identity" => After::Nothing,
            "Tanh" => After::Tanh,
            "ReLU" => After::Activation(Activation::Relu),
            "GELU" => After::Activation(Activation::Gelu),
            other => {
                return Err(unsupported(format!("the activation `{other}`"), "Identity, Tanh, ReLU and GELU are"));
            }
        };
        let tensors = files.tensors(&format!("{folder}/model.safetensors"))?;
        Ok(Self {
            weight: tensors.f32("linear.weight", &[config.out_features, inputs])?,
            bias: if config.bias {
                tensors.f32("linear.bias", &[config.out_features])?
            } else {
                vec![0.0; config.out_features]
            },
            after,
        })
    }

    /// Width of the result.
    pub(crate) fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// The layer's value for one vector.
    pub(crate) fn forward(&self, vector: &[f32]) -> Vec<f32> {
        let mut values = vector::affine(&self.weight, &self.bias, vector);
        for value in &mut values {
            *value = match self.after {
                After::Nothing => *value,
                After::Tanh => value.tanh(),
                After::Activation(activation) => math::activate(activation, *value),
            };
        }
        values
    }
}
