//! The program's own kernels for the BERT family on the CPU, beside the candle reference and several times faster.
//!
//! - `class`: which kernel classes there are and which the processor has.
//! - `kernel`: what a class provides; `forward`: the forward pass, written once over it.
//! - `float` (portable, also calibrates the others) and one file per faster class.
//! - `rows`, `attention`, `math`: the arithmetic between the matrix products.
//!
//! Weights are packed once, at load. Windows are laid end to end without padding, in groups that fit in a core's cache;
//! each worker of the rayon pool has its own scratch memory, which is reused.

// The kernels are the reviewed exception to the rule against `unsafe`: each block states why it is sound. Loops over a
// tile's fixed number of rows and vectors index arrays that live in registers; as iterators they read worse.
#![allow(unsafe_code)]
#![allow(clippy::needless_range_loop)]

mod aligned;
mod attention;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx2_vnni;
#[cfg(target_arch = "x86_64")]
mod bf16;
mod class;
mod float;
mod forward;
#[cfg(target_arch = "x86_64")]
mod int8;
mod kernel;
pub(crate) mod math;
#[cfg(target_arch = "x86_64")]
mod pairs;
mod rows;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod vnni;

use std::sync::Mutex;

use rayon::prelude::*;

use super::bert::Config;
use super::error::ModelResult;
use super::paths::{States, Wanted};
use super::weights::Tensors;
pub(crate) use class::KernelClass;
use float::Float;
use forward::{Packed, Scratch};
use kernel::Kernel;
use rows::{Fused, Separate};

/// Tokens in a group; enough for the products to run at full speed, few enough for the states to stay in cache.
const GROUP_TOKENS: usize = 128;

/// What is done with the hidden states of one window: its index in the call, and its states.
pub(super) trait Sink: Fn(usize, States<'_>) + Sync {}

impl<F: Fn(usize, States<'_>) + Sync> Sink for F {}

/// A model packed for one kernel class.
pub(super) struct CpuModel {
    class: KernelClass,
    engine: Box<dyn Engine>,
}

/// A packed model and its idle scratch memories, one per worker that was ever busy.
struct Pool<K: Kernel> {
    model: Packed<K>,
    idle: Mutex<Vec<Scratch<K>>>,
}

/// Is handed the number and the input rows of every product; see [`Packed::forward`].
type Observer<'a> = &'a mut dyn FnMut(usize, &[f32]);

/// Is handed the states of each window of a group, in order.
type Each<'a> = &'a mut dyn FnMut(States<'_>);

/// A packed model of any class.
trait Engine: Send + Sync {
    /// Hands the hidden states of each window of a group to `each`, in order.
    fn run(&self, windows: &[&[u32]], wanted: Wanted, each: Each<'_>, observe: Option<Observer<'_>>);
}

impl CpuModel {
    /// Packs a checkpoint for a class that the processor has.
    pub(super) fn load(tensors: &Tensors<'_>, config: &Config, class: KernelClass) -> ModelResult<Self> {
        let engine: Box<dyn Engine> = match class {
            KernelClass::Portable => Box::new(PortableEngine(Pool::load(tensors, config, &[])?)),
            #[cfg(target_arch = "x86_64")]
            KernelClass::Avx2 => Box::new(Avx2Engine(Pool::load(tensors, config, &[])?)),
            #[cfg(target_arch = "x86_64")]
            KernelClass::Avx2Vnni => {
                let peaks = calibrate(&NarrowFloatEngine(Pool::load(tensors, config, &[])?), config);
                Box::new(Avx2VnniEngine(Pool::load(tensors, config, &peaks)?))
            }
            #[cfg(target_arch = "x86_64")]
            KernelClass::Avx512Bf16 => Box::new(Bf16Engine(Pool::load(tensors, config, &[])?)),
            #[cfg(target_arch = "x86_64")]
            KernelClass::Avx512Vnni => {
                let peaks = calibrate(&WideFloatEngine(Pool::load(tensors, config, &[])?), config);
                Box::new(VnniEngine::<false>(Pool::load(tensors, config, &peaks)?))
            }
            #[cfg(target_arch = "x86_64")]
            KernelClass::Avx512VnniBf16 => {
                let peaks = calibrate(&WideFloatEngine(Pool::load(tensors, config, &[])?), config);
                Box::new(VnniEngine::<true>(Pool::load(tensors, config, &peaks)?))
            }
        };
        Ok(Self { class, engine })
    }

    pub(super) fn class(&self) -> KernelClass {
        self.class
    }

    /// Hands the `wanted` states of every window to `sink`, on the current rayon pool, in no particular order.
    pub(super) fn forward(&self, windows: &[Vec<u32>], wanted: Wanted, sink: impl Sink) {
        let mut groups = Vec::new();
        let mut start = 0;
        let mut tokens = 0;
        for (index, window) in windows.iter().enumerate() {
            if index > start && tokens + window.len() > GROUP_TOKENS {
                groups.push(start..index);
                (start, tokens) = (index, 0);
            }
            tokens += window.len();
        }
        if start < windows.len() {
            groups.push(start..windows.len());
        }
        groups.into_par_iter().with_max_len(1).for_each(|group| {
            let own: Vec<&[u32]> = windows[group.clone()].iter().map(Vec::as_slice).collect();
            let mut index = group.start;
            self.engine.run(
                &own,
                wanted,
                &mut |states| {
                    sink(index, states);
                    index += 1;
                },
                None,
            );
        });
    }
}

impl<K: Kernel> Pool<K> {
    fn load(tensors: &Tensors<'_>, config: &Config, peaks: &[Vec<f32>]) -> ModelResult<Self> {
        Ok(Self { model: Packed::load(tensors, config, peaks)?, idle: Mutex::new(Vec::new()) })
    }

    /// Runs a group in idle scratch memory.
    ///
    /// # Safety
    /// As for [`Packed::forward`].
    #[inline(always)]
    unsafe fn run(&self, windows: &[&[u32]], wanted: Wanted, each: Each<'_>, observe: Option<Observer<'_>>) {
        // A worker that panicked left nothing in the list, so its contents are sound even when the lock is poisoned.
        let lock = || self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let taken = lock().pop();
        let mut scratch = taken.unwrap_or_default();
        // SAFETY: the caller vouches for the class.
        let States { mut meaning, mut feelings } = unsafe {
            match observe {
                Some(observe) => self.model.forward(windows, wanted, &mut scratch, observe),
                None => self.model.forward(windows, wanted, &mut scratch, |_, _| {}),
            }
        };
        let hidden = self.model.hidden();
        for window in windows {
            let values = window.len() * hidden;
            each(States { meaning: take(&mut meaning, values), feelings: take(&mut feelings, values) });
        }
        lock().push(scratch);
    }
}

/// Cuts off the first `values`, or nothing of a path that was not wanted.
fn take<'s>(states: &mut &'s [f32], values: usize) -> &'s [f32] {
    let (own, rest) = states.split_at(values.min(states.len()));
    *states = rest;
    own
}

/// The portable class, compiled for whatever the program is built for.
struct PortableEngine(Pool<Float<Separate, 2>>);

impl Engine for PortableEngine {
    fn run(&self, windows: &[&[u32]], wanted: Wanted, each: Each<'_>, observe: Option<Observer<'_>>) {
        // SAFETY: the portable class needs no processor feature.
        unsafe { self.0.run(windows, wanted, each, observe) }
    }
}

/// Declares the entry point of a class: the whole forward pass, inlined and compiled for the features listed.
#[cfg(target_arch = "x86_64")]
macro_rules! engine {
    ($name:ident $(<const $flag:ident: bool>)?, $kernel:ty, $features:literal) => {
        struct $name $(<const $flag: bool>)? (Pool<$kernel>);

        impl $(<const $flag: bool>)? Engine for $name $(<$flag>)? {
            fn run(&self, windows: &[&[u32]], wanted: Wanted, each: Each<'_>, observe: Option<Observer<'_>>) {
                #[target_feature(enable = $features)]
                unsafe fn enabled $(<const $flag: bool>)? (
                    pool: &Pool<$kernel>,
                    windows: &[&[u32]],
                    wanted: Wanted,
                    each: Each<'_>,
                    observe: Option<Observer<'_>>,
                ) {
                    // SAFETY: the features of the class are enabled here.
                    unsafe { pool.run(windows, wanted, each, observe) }
                }
                // SAFETY: `CpuModel::load` makes this engine only for a class that `KernelClass::choose` found on this
                // processor.
                unsafe { enabled(&self.0, windows, wanted, each, observe) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
engine!(WideFloatEngine, Float<Fused, 8>, "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma");

#[cfg(target_arch = "x86_64")]
engine!(VnniEngine<const BF16: bool>, vnni::Vnni<BF16>, "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma");

#[cfg(target_arch = "x86_64")]
engine!(Bf16Engine, bf16::Bf16, "avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma");

#[cfg(target_arch = "x86_64")]
engine!(NarrowFloatEngine, Float<Fused, 4>, "avx2,fma");

#[cfg(target_arch = "x86_64")]
engine!(Avx2VnniEngine, avx2_vnni::Avx2Vnni, "avx2,fma,avxvnni");

#[cfg(target_arch = "x86_64")]
engine!(Avx2Engine, avx2::Avx2, "avx2,fma");

/// Windows of the calibration pass, and tokens in each.
const CALIBRATION: (usize, usize) = (4, 24);

/// The largest magnitude of every input of every product, over windows of random tokens. Inputs that are large are so
/// for any text, because the model's own layer norms make them so; random tokens find them without any data.
fn calibrate(engine: &dyn Engine, config: &Config) -> Vec<Vec<f32>> {
    let length = CALIBRATION.1.min(config.max_tokens());
    let mut seed = 0x2545_f491_4f6c_dd1du64;
    let mut next = || {
        // Marsaglia's xorshift; any fixed sequence serves, and this one is the same everywhere.
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % config.vocab_size as u64) as u32
    };
    let windows: Vec<Vec<u32>> = (0..CALIBRATION.0).map(|_| (0..length).map(|_| next()).collect()).collect();
    let windows: Vec<&[u32]> = windows.iter().map(Vec::as_slice).collect();
    let mut peaks: Vec<Vec<f32>> = Vec::new();
    for index in 0..config.all_layers() * forward::INPUTS_PER_LAYER {
        let down = index % forward::INPUTS_PER_LAYER == forward::INPUTS_PER_LAYER - 1;
        peaks.push(vec![0.0; if down { config.intermediate_size } else { config.hidden_size }]);
    }
    engine.run(
        &windows,
        Wanted::ALL,
        &mut |_| {},
        Some(&mut |index, inputs| {
            let peaks = &mut peaks[index];
            for row in inputs.chunks_exact(peaks.len()) {
                for (peak, value) in peaks.iter_mut().zip(row) {
                    *peak = peak.max(value.abs());
                }
            }
        }),
    );
    peaks
}
