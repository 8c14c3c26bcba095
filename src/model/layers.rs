//! What the encoder families share: activations, dense layers and norms as checkpoints store them, heads of attention.

use std::collections::HashMap;

use candle_core::{D, DType, Device, Tensor};
use candle_nn::{LayerNorm, Linear, VarBuilder};
use serde::Deserialize;

use super::error::{ModelError, ModelResult};
use super::weights::Tensors;

/// An activation, by its name in `config.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// `x * (1 + erf(x / sqrt 2)) / 2`, exact.
    Gelu,
    /// The tanh approximation of GELU; not the same function, up to 5e-4 apart.
    #[serde(alias = "gelu_fast", alias = "gelu_pytorch_tanh")]
    GeluNew,
    /// `max(x, 0)`.
    Relu,
}

impl Activation {
    /// The activation of every number.
    pub(crate) fn forward(self, values: &Tensor) -> ModelResult<Tensor> {
        Ok(match self {
            Self::Gelu => values.gelu_erf()?,
            Self::GeluNew => values.gelu()?,
            Self::Relu => values.relu()?,
        })
    }
}

/// Makes a candle builder from tensors of any supported storage type, in full precision.
pub(crate) fn var_builder(tensors: &Tensors<'_>, device: &Device) -> ModelResult<VarBuilder<'static>> {
    let mut all = HashMap::new();
    for (name, shape) in tensors.shapes() {
        let values = tensors.f32(&name, &shape)?;
        all.insert(name, Tensor::from_vec(values, shape, device)?);
    }
    Ok(VarBuilder::from_tensors(all, DType::F32, device))
}

/// A dense layer with bias.
pub(crate) fn linear(inputs: usize, outputs: usize, vb: VarBuilder<'_>) -> ModelResult<Linear> {
    Ok(candle_nn::linear(inputs, outputs, vb)?)
}

/// A dense layer whose configuration says whether it has a bias.
pub(crate) fn linear_or_bare(inputs: usize, outputs: usize, has_bias: bool, vb: VarBuilder<'_>) -> ModelResult<Linear> {
    Ok(if has_bias { candle_nn::linear(inputs, outputs, vb)? } else { candle_nn::linear_no_bias(inputs, outputs, vb)? })
}

/// A layer norm with scale and shift.
pub(crate) fn layer_norm(size: usize, eps: f64, vb: VarBuilder<'_>) -> ModelResult<LayerNorm> {
    Ok(candle_nn::layer_norm(size, eps, vb)?)
}

/// `attention_mask (batch, seq)` of 1 and 0 to what is added to attention scores, `(batch, 1, 1, seq)`: 0, or a large
/// negative number where the key is padding.
pub(crate) fn padding_bias(attention_mask: &Tensor) -> ModelResult<Tensor> {
    let padding = (attention_mask.to_dtype(DType::F32)? - 1.0)?;
    Ok((padding * 1e9)?.unsqueeze(1)?.unsqueeze(1)?)
}

/// `(batch, seq, heads * head_size)` to `(batch, heads, seq, head_size)`.
pub(crate) fn split_heads(states: &Tensor, heads: usize) -> ModelResult<Tensor> {
    let (batch, seq, width) = states.dims3()?;
    Ok(states.reshape((batch, seq, heads, width / heads))?.transpose(1, 2)?.contiguous()?)
}

/// Back from [`split_heads`].
pub(crate) fn merge_heads(states: &Tensor) -> ModelResult<Tensor> {
    let (batch, heads, seq, size) = states.dims4()?;
    Ok(states.transpose(1, 2)?.reshape((batch, seq, heads * size))?)
}

/// `softmax(scores + bias) · value`, heads merged: `scores (batch, heads, seq, seq)`, `value (batch, heads, seq, size)`.
pub(crate) fn attend(scores: &Tensor, bias: &Tensor, value: &Tensor) -> ModelResult<Tensor> {
    let weights = candle_nn::ops::softmax_last_dim(&scores.broadcast_add(bias)?)?;
    merge_heads(&weights.matmul(value)?)
}

/// `query · keyᵀ / sqrt(head_size)` of split heads.
pub(crate) fn scores(query: &Tensor, key: &Tensor) -> ModelResult<Tensor> {
    let scale = (query.dim(D::Minus1)? as f64).sqrt().recip();
    Ok((query.matmul(&key.transpose(2, 3)?.contiguous()?)? * scale)?)
}

/// Refuses a number of heads that does not divide the width.
pub(crate) fn check_heads(hidden_size: usize, heads: usize) -> ModelResult<()> {
    if heads == 0 || !hidden_size.is_multiple_of(heads) {
        return Err(unsupported(
            format!("a width of {hidden_size} with {heads} attention heads"),
            "the number of heads must divide the width",
        ));
    }
    Ok(())
}

/// Something in `config.json` that this program does not implement.
pub(crate) fn unsupported(what: impl Into<String>, hint: &str) -> ModelError {
    ModelError::Unsupported { file: "config.json".to_owned(), what: what.into(), hint: hint.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_and_tanh_gelu_are_told_apart_by_name() {
        let read = |name: &str| serde_json::from_str::<Activation>(&format!("\"{name}\"")).unwrap();
        let at_two = |activation: Activation| {
            let values = Tensor::new(&[-2.0f32], &Device::Cpu).unwrap();
            activation.forward(&values).unwrap().to_vec1::<f32>().unwrap()[0]
        };
        // −2·Φ(−2), and the tanh approximation of it.
        assert!((at_two(read("gelu")) + 0.045_500_3).abs() < 2e-6);
        for name in ["gelu_new", "gelu_fast", "gelu_pytorch_tanh"] {
            assert!((at_two(read(name)) + 0.045_402_3).abs() < 2e-6, "{name}");
        }
        assert!(serde_json::from_str::<Activation>("\"swish\"").is_err());
    }
}
