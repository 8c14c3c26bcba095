//! Windows of token ids to hidden states, by whichever implementation serves the model: what the sentence encoder and
//! the sequence classifier have in common.
//!
//! The program's own kernels serve the BERT family on the CPU; every other family, and every GPU, goes through candle.
//! On the CPU a window's states have the same bits whatever its neighbours in the call and however many threads run.

use candle_core::{DType, Device, Tensor};
use rayon::prelude::*;

use super::cpu::{CpuModel, KernelClass};
use super::encoder::{EncoderOptions, KERNEL_VARIABLE, KernelChoice};
use super::error::{ModelError, ModelResult};
use super::family::{Config, Transformer};
use super::paths::{Paths, States, Wanted};
use super::weights::ModelFiles;

/// Tokens, padding included, in one batch on a GPU.
const GPU_TOKEN_BUDGET: usize = 32_768;

/// A loaded transformer without what comes after it.
#[derive(Debug)]
pub(crate) struct Backbone {
    backend: Backend,
    config: Config,
}

enum Backend {
    Candle { model: Box<Transformer>, device: Device },
    Cpu(CpuModel),
}

impl std::fmt::Debug for Backend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Candle { .. } => "Candle",
            Self::Cpu(model) => model.class().name(),
        })
    }
}

impl Backbone {
    /// Loads a model and packs its weights.
    pub(crate) fn load(files: &ModelFiles, options: EncoderOptions) -> ModelResult<Self> {
        let config = Config::from_files(files)?;
        let tensors = files.weights()?.anchored_at(config.anchor())?;
        let device = options.device.resolve()?;
        let choice = match (options.kernel, std::env::var(KERNEL_VARIABLE)) {
            (KernelChoice::Auto, Ok(name)) if !name.is_empty() => name.parse()?,
            (choice, _) => choice,
        };
        let class = if device.is_cpu() { KernelClass::choose(choice)? } else { None };
        let backend = match (class, &config) {
            (Some(class), Config::Bert(config)) => Backend::Cpu(CpuModel::load(&tensors, config, class)?),
            _ => Backend::Candle { model: Box::new(Transformer::load(&tensors, &config, &device)?), device },
        };
        Ok(Self { backend, config })
    }

    /// The model's configuration.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// The kernel class in use, or `candle` with the device where that is no processor: each rounds in its own way.
    pub(crate) fn kernel_class(&self) -> &'static str {
        match &self.backend {
            Backend::Candle { device, .. } if device.is_cuda() => "candle-cuda",
            Backend::Candle { device, .. } if device.is_metal() => "candle-metal",
            Backend::Candle { .. } => "candle",
            Backend::Cpu(model) => model.class().name(),
        }
    }

    /// Hands the `wanted` states of every window, without padding, to `sink` with the window's place in the call, on the
    /// current rayon pool and in no particular order.
    ///
    /// # Errors
    /// [`ModelError::Input`] for an empty window, one longer than the model has positions for, or a token id beyond
    /// its vocabulary; nothing is computed then.
    pub(crate) fn forward(
        &self,
        windows: &[Vec<u32>],
        wanted: Wanted,
        sink: impl Fn(usize, States<'_>) + Sync,
    ) -> ModelResult<()> {
        self.check(windows)?;
        match &self.backend {
            Backend::Cpu(model) => {
                model.forward(windows, wanted, sink);
                Ok(())
            }
            Backend::Candle { model, device } if device.is_cpu() => (0..windows.len())
                .into_par_iter()
                .try_for_each(|index| self.batch((model, device), windows, &[index], wanted, &sink)),
            Backend::Candle { model, device } => {
                // Sorted by length, then filled to a token budget: large batches with little padding.
                let mut order: Vec<usize> = (0..windows.len()).collect();
                order.sort_by_key(|index| (std::cmp::Reverse(windows[*index].len()), *index));
                let mut rest = order.as_slice();
                while let Some(first) = rest.first() {
                    let size = (GPU_TOKEN_BUDGET / windows[*first].len()).clamp(1, rest.len());
                    let (batch, after) = rest.split_at(size);
                    rest = after;
                    self.batch((model, device), windows, batch, wanted, &sink)?;
                }
                Ok(())
            }
        }
    }

    fn check(&self, windows: &[Vec<u32>]) -> ModelResult<()> {
        let (longest, vocabulary) = (self.config.max_tokens(), self.config.vocab_size());
        for (index, window) in windows.iter().enumerate() {
            let problem = if window.is_empty() {
                "it holds no token".to_owned()
            } else if window.len() > longest {
                format!("it holds {} tokens, the model takes {longest}", window.len())
            } else if let Some(id) = window.iter().find(|id| **id as usize >= vocabulary) {
                format!("token id {id} is beyond the vocabulary of {vocabulary}")
            } else {
                continue;
            };
            return Err(ModelError::Input { index, problem });
        }
        Ok(())
    }

    /// One padded batch through candle; its states come back without padding.
    fn batch(
        &self,
        (model, device): (&Transformer, &Device),
        windows: &[Vec<u32>],
        batch: &[usize],
        wanted: Wanted,
        sink: &(impl Fn(usize, States<'_>) + Sync),
    ) -> ModelResult<()> {
        let longest = batch.iter().map(|index| windows[*index].len()).max().unwrap_or_default();
        let pad = u32::try_from(self.config.pad_token_id()).unwrap_or_default();
        let mut ids = vec![pad; batch.len() * longest];
        let mut mask = vec![0u32; batch.len() * longest];
        for (row, index) in batch.iter().enumerate() {
            let window = &windows[*index];
            ids[row * longest..][..window.len()].copy_from_slice(window);
            mask[row * longest..][..window.len()].fill(1);
        }
        let ids = Tensor::from_vec(ids, (batch.len(), longest), device)?;
        let mask = Tensor::from_vec(mask, (batch.len(), longest), device)?;
        let at_hand = |states: Tensor| states.to_dtype(DType::F32)?.to_device(&Device::Cpu);
        let (first, second, is_one) = match model.forward(&ids, &mask, wanted)? {
            Paths::One(states) => (Some(at_hand(states)?), None, true),
            Paths::Two { meaning, feelings } => {
                (meaning.map(at_hand).transpose()?, feelings.map(at_hand).transpose()?, false)
            }
        };
        for (row, index) in batch.iter().enumerate() {
            let own = |states: &Option<Tensor>| -> ModelResult<Vec<f32>> {
                let Some(states) = states else { return Ok(Vec::new()) };
                Ok(states.get(row)?.narrow(0, 0, windows[*index].len())?.flatten_all()?.to_vec1::<f32>()?)
            };
            let (meaning, feelings) = (own(&first)?, own(&second)?);
            sink(*index, States { meaning: &meaning, feelings: if is_one { &meaning } else { &feelings } });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Mutex;

    use super::*;

    /// One tiny model of each family.
    const MODELS: [&str; 6] =
        ["bert_tiny", "two_paths_tiny", "roberta_tiny", "distilbert_tiny", "deberta_tiny", "modernbert_tiny"];

    #[test]
    fn padding_changes_nothing_in_any_family() {
        for name in MODELS {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/models").join(name);
            let files = ModelFiles::open(folder).unwrap();
            let options = EncoderOptions { kernel: KernelChoice::Reference, ..EncoderOptions::default() };
            let backbone = Backbone::load(&files, options).unwrap();
            let Backend::Candle { model, device } = &backbone.backend else { panic!("the reference is candle") };
            let windows: Vec<Vec<u32>> =
                [30, 3, 17, 1].iter().map(|length| (0..*length).map(|id| 2 + id % 50).collect()).collect();
            let gather = |batches: &[&[usize]]| {
                let found = Mutex::new(vec![Vec::new(); windows.len()]);
                for batch in batches {
                    let sink = |index: usize, states: States<'_>| {
                        found.lock().unwrap()[index] = [states.meaning, states.feelings].concat();
                    };
                    backbone.batch((model, device), &windows, batch, Wanted::ALL, &sink).unwrap();
                }
                found.into_inner().unwrap()
            };
            let (alone, padded) = (gather(&[&[0], &[1], &[2], &[3]]), gather(&[&[0, 1, 2, 3]]));
            for (a, b) in alone.iter().zip(&padded) {
                assert_eq!(a.len(), b.len());
                let difference = a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
                assert!(difference < 2e-5, "{name}: padding moves a state by {difference}");
            }
        }
    }
}
