//! Every kernel class on models of random weights and odd shapes, against the portable class.

use std::collections::HashMap;
use std::sync::Mutex;

use safetensors::tensor::{Dtype, TensorView, serialize};

use super::kernel::tests::noise;
use super::{CpuModel, KernelClass};
use crate::model::bert::{Activation, Config, FeelingsLayers};
use crate::model::paths::Wanted;
use crate::model::weights::Tensors;

/// A configuration of one layer or two.
fn config(hidden: usize, heads: usize, inner: usize, layers: usize, activation: Activation) -> Config {
    Config {
        model_type: "bert".to_owned(),
        vocab_size: 50,
        hidden_size: hidden,
        num_hidden_layers: layers,
        num_attention_heads: heads,
        intermediate_size: inner,
        hidden_act: activation,
        max_position_embeddings: 300,
        type_vocab_size: 1,
        layer_norm_eps: 1e-12,
        pad_token_id: 0,
        position_embedding_type: "absolute".to_owned(),
        feelings: None,
    }
}

/// A checkpoint of random weights, as a safetensors file. One feature in each layer norm is large, as in trained models.
fn checkpoint(config: &Config) -> Vec<u8> {
    let (hidden, inner) = (config.hidden_size, config.intermediate_size);
    let mut shapes = vec![
        ("embeddings.word_embeddings.weight".to_owned(), vec![config.vocab_size, hidden]),
        ("embeddings.position_embeddings.weight".to_owned(), vec![config.max_position_embeddings, hidden]),
        ("embeddings.token_type_embeddings.weight".to_owned(), vec![1, hidden]),
        ("embeddings.LayerNorm".to_owned(), vec![hidden]),
    ];
    let own = config.feelings.map_or(0, |own| own.layers);
    let layers = (0..config.num_hidden_layers).map(|layer| format!("encoder.layer.{layer}"));
    for layer in layers.chain((0..own).map(|layer| format!("feelings.layer.{layer}"))) {
        let mut dense = |path: &str, outputs: usize, inputs: usize| {
            shapes.push((format!("{layer}.{path}.weight"), vec![outputs, inputs]));
            shapes.push((format!("{layer}.{path}.bias"), vec![outputs]));
        };
        for part in ["query", "key", "value"] {
            dense(&format!("attention.self.{part}"), hidden, hidden);
        }
        dense("attention.output.dense", hidden, hidden);
        dense("intermediate.dense", inner, hidden);
        dense("output.dense", hidden, inner);
        shapes.push((format!("{layer}.attention.output.LayerNorm"), vec![hidden]));
        shapes.push((format!("{layer}.output.LayerNorm"), vec![hidden]));
    }
    let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
    for (seed, (name, shape)) in shapes.into_iter().enumerate() {
        let count = shape.iter().product();
        let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect();
        if name.ends_with("LayerNorm") {
            let mut scale = vec![1.0f32; count];
            scale[count / 3] = 6.0;
            tensors.push((format!("{name}.weight"), shape.clone(), bytes(&scale)));
            tensors.push((format!("{name}.bias"), shape, bytes(&noise(count, seed as u64))));
        } else {
            // Outputs of a dense layer of unit inputs then have about unit size.
            let scale = shape.get(1).map_or(0.1, |inputs| (3.0 / *inputs as f32).sqrt());
            let values: Vec<f32> = noise(count, seed as u64).iter().map(|value| value * scale).collect();
            tensors.push((name, shape, bytes(&values)));
        }
    }
    let views: HashMap<String, TensorView<'_>> = tensors
        .iter()
        .map(|(name, shape, bytes)| (name.clone(), TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()))
        .collect();
    serialize(views, None).unwrap()
}

/// Windows of odd lengths, one of them longer than a group.
fn windows(config: &Config) -> Vec<Vec<u32>> {
    [1usize, 17, 5, 16, 33, 130, 2, 64, 1]
        .into_iter()
        .map(|length| (0..length).map(|token| ((token * 31 + length * 7) % config.vocab_size) as u32).collect())
        .collect()
}

/// Hidden states of each window: those of the meaning, then those of the feelings where the model has layers for them.
fn states(model: &CpuModel, windows: &[Vec<u32>]) -> Vec<Vec<f32>> {
    let paths = both_paths(model, windows, Wanted::ALL);
    paths
        .into_iter()
        .map(|[meaning, feelings]| if meaning == feelings { meaning } else { [meaning, feelings].concat() })
        .collect()
}

/// The states of each window by path.
fn both_paths(model: &CpuModel, windows: &[Vec<u32>], wanted: Wanted) -> Vec<[Vec<f32>; 2]> {
    let all = Mutex::new(vec![[Vec::new(), Vec::new()]; windows.len()]);
    model.forward(windows, wanted, |index, states| {
        all.lock().unwrap()[index] = [states.meaning.to_vec(), states.feelings.to_vec()];
    });
    all.into_inner().unwrap()
}

/// How far from 1 the cosine between a token's states in a class and in the portable one may be: on average, and at
/// most. The largest is many times the mean: in narrow models a token whose large feature happens to be near zero has
/// all its other features, rounding errors included, blown up by the layer norm.
fn allowed(class: KernelClass) -> (f64, f64) {
    match class.name() {
        "portable" => (1e-9, 1e-7),
        "avx2" => (1e-6, 1e-4),
        "avx512-bf16" => (3e-5, 5e-3),
        _ => (6e-5, 1e-2),
    }
}

#[test]
fn every_class_agrees_with_the_portable_one_and_with_itself_on_odd_shapes() {
    let own = Some(FeelingsLayers { after: 1, layers: 1 });
    for (hidden, heads, inner, layers, activation, feelings) in [
        (32, 4, 48, 2, Activation::Gelu, None),
        (40, 5, 100, 2, Activation::Relu, own),
        (312, 12, 1200, 1, Activation::Gelu, None),
        (384, 12, 700, 1, Activation::GeluNew, own),
        (768, 12, 1024, 1, Activation::Gelu, None),
    ] {
        let config = Config { feelings, ..config(hidden, heads, inner, layers, activation) };
        let paths = if feelings.is_some() { 2 } else { 1 };
        let file = checkpoint(&config);
        let tensors = Tensors::parse("model.safetensors", &file).unwrap();
        let windows = windows(&config);
        let portable = CpuModel::load(&tensors, &config, KernelClass::Portable).unwrap();
        let expected = states(&portable, &windows);
        for class in KernelClass::ALL.iter().filter(|class| class.is_available()) {
            let model = CpuModel::load(&tensors, &config, *class).unwrap();
            let ours = states(&model, &windows);
            let (mut total, mut most, mut tokens) = (0.0, 0.0f64, 0.0);
            for (window, (ours, expected)) in ours.iter().zip(&expected).enumerate() {
                assert_eq!(ours.len(), windows[window].len() * hidden * paths);
                for (a, b) in ours.chunks_exact(hidden).zip(expected.chunks_exact(hidden)) {
                    let dot =
                        |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
                    let off = 1.0 - dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
                    assert!(!off.is_nan(), "{}, hidden {hidden}, window {window}", class.name());
                    (total, most, tokens) = (total + off, most.max(off), tokens + 1.0);
                }
            }
            let (mean, limits) = (total / tokens, allowed(*class));
            let place = format!("{}, hidden {hidden}: 1 less the cosine is {mean} on average", class.name());
            assert!(mean <= limits.0 && most <= limits.1, "{place}, at most {most}; allowed are {limits:?}");
            for (index, window) in windows.iter().enumerate() {
                let alone = states(&model, std::slice::from_ref(window));
                assert_eq!(alone[0], ours[index], "{}, hidden {hidden}, window {index}", class.name());
            }
        }
    }
}

#[test]
fn a_path_has_the_same_bits_with_the_other_and_without_it() {
    for own in [FeelingsLayers { after: 1, layers: 2 }, FeelingsLayers { after: 0, layers: 1 }] {
        let config = Config { feelings: Some(own), ..config(40, 5, 100, 2, Activation::Gelu) };
        let file = checkpoint(&config);
        let tensors = Tensors::parse("model.safetensors", &file).unwrap();
        let windows = windows(&config);
        for class in KernelClass::ALL.iter().filter(|class| class.is_available()) {
            let model = CpuModel::load(&tensors, &config, *class).unwrap();
            let both = both_paths(&model, &windows, Wanted::ALL);
            let meaning = both_paths(&model, &windows, Wanted::MEANING);
            let feelings = both_paths(&model, &windows, Wanted::FEELINGS);
            for (window, [expected, felt]) in both.into_iter().enumerate() {
                assert_ne!(expected, felt);
                assert_eq!(meaning[window], [expected, Vec::new()], "{}, window {window}", class.name());
                assert_eq!(feelings[window], [Vec::new(), felt], "{}, window {window}", class.name());
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn the_8_bit_classes_have_the_same_bits_where_their_attention_is_the_same() {
    let (narrow, wide) = (KernelClass::Avx2Vnni, KernelClass::Avx512Vnni);
    if !(narrow.is_available() && wide.is_available()) {
        return;
    }
    for (hidden, heads, inner, activation) in
        [(40, 5, 100, Activation::Gelu), (312, 12, 1200, Activation::Gelu), (384, 12, 700, Activation::GeluNew)]
    {
        let config = config(hidden, heads, inner, 2, activation);
        let file = checkpoint(&config);
        let tensors = Tensors::parse("model.safetensors", &file).unwrap();
        let windows = windows(&config);
        let [narrow, wide] =
            [narrow, wide].map(|class| states(&CpuModel::load(&tensors, &config, class).unwrap(), &windows));
        assert_eq!(narrow, wide, "hidden {hidden}");
    }
}
