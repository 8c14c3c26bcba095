//! The program's own kernels for the BERT family on the CPU, beside the candle reference and several times faster.
//!
//! - [`class`]: which kernel classes there are and which the processor has.
//! - [`kernel`]: what a class provides; [`forward`]: the forward pass, written once over it.
//! - `float` (portable, also calibrates the others) and one file per faster class.
//! - [`rows`], [`attention`], [`math`]: the arithmetic between the matrix products.
//!
//! Weights are packed once, at load. Windows are laid end to end without padding, in groups that fit in a core's cache;
//! each worker of the rayon pool has its own scratch memory, which is reused.

mod attention;
mod class;
mod float;
mod forward;
mod kernel;
pub(crate) mod math;
mod rows;

use std::sync::Mutex;

use rayon::prelude::*;

use super::bert::Config;
use super::error::ModelResult;
use super::weights::Tensors;
pub(crate) use class::KernelClass;
use float::Float;
use forward::{Packed, Scratch};
use kernel::Kernel;
use rows::{Fused, Separate};

/// Tokens in a group; enough for the products to run at full speed, few enough for the states to stay in cache.
const GROUP_TOKENS: usize = 128;

/// What is done with the hidden states of one window: its index in the call and `(tokens, hidden)`.
pub(super) trait Sink: Fn(usize, &[f32]) + Sync {}

impl<F: Fn(usize, &[f32]) + Sync> Sink for F {}

/// A model packed for one kernel class.
pub(super) struct CpuModel {
    class: KernelClass,
    hidden: usize,
    engine: Box<dyn Engine>,
}

/// A packed model and its idle scratch memories, one per worker that was ever busy.
struct Pool<K: Kernel> {
    model: Packed<K>,
    idle: Mutex<Vec<Scratch<K>>>,
}

/// A packed model of any class.
trait Engine: Send + Sync {
    /// Hidden states of each window of a group, in order.
    fn run(&self, windows: &[&[u32]], each: &mut dyn FnMut(&[f32]), observe: Option<&mut dyn FnMut(usize, &[f32])>);
}

impl CpuModel {
    /// Packs a checkpoint for a class that the processor has.
    pub(super) fn load(tensors: &Tensors<'_>, config: &Config, class: KernelClass) -> ModelResult<Self> {
        let engine: Box<dyn Engine> = match class {
            KernelClass::Portable => Box::new(PortableEngine(Pool::load(tensors, config, &[])?)),
        };
        Ok(Self { class, hidden: config.hidden_size, engine })
    }

    pub(super) fn class(&self) -> KernelClass {
        self.class
    }

    /// Hands the hidden states of every window to `sink`, on the current rayon pool, in no particular order.
    pub(super) fn forward(&self, windows: &[Vec<u32>], sink: impl Sink) {
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
    unsafe fn run(
        &self,
        windows: &[&[u32]],
        each: &mut dyn FnMut(&[f32]),
        observe: Option<&mut dyn FnMut(usize, &[f32])>,
    ) {
        // A worker that panicked left nothing in the list, so its contents are sound even when the lock is poisoned.
        let lock = || self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let taken = lock().pop();
        let mut scratch = taken.unwrap_or_default();
        // SAFETY: the caller vouches for the class.
        let mut states = unsafe {
            match observe {
                Some(observe) => self.model.forward(windows, &mut scratch, observe),
                None => self.model.forward(windows, &mut scratch, |_, _| {}),
            }
        };
        let hidden = self.model.hidden();
        for window in windows {
            let (own, rest) = states.split_at(window.len() * hidden);
            each(own);
            states = rest;
        }
        lock().push(scratch);
    }
}

/// The portable class, compiled for whatever the program is built for.
struct PortableEngine(Pool<Float<Separate>>);

impl Engine for PortableEngine {
    fn run(&self, windows: &[&[u32]], each: &mut dyn FnMut(&[f32]), observe: Option<&mut dyn FnMut(usize, &[f32])>) {
        // SAFETY: the portable class needs no processor feature.
        unsafe { self.0.run(windows, each, observe) }
    }
}
