//! The two paths through a model: to the meaning of a window, and to the feelings in it.
//!
//! Most models have one path, and their heads read the same states as the sentence embedding. Others, as the bundled one,
//! part below their last layers; whoever wants only one of the two then does not pay for the other.

use candle_core::Tensor;

/// What is to be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The states that the sentence embedding is pooled from.
    pub meaning: bool,
    /// The states that the heads of sentiment and emotion read.
    pub feelings: bool,
}

impl Wanted {
    /// Both.
    pub const ALL: Self = Self { meaning: true, feelings: true };
    /// What the embedding needs.
    pub const MEANING: Self = Self { meaning: true, feelings: false };
    /// What the heads need.
    pub const FEELINGS: Self = Self { meaning: false, feelings: true };
}

/// Hidden states of a batch, `(batch, seq, hidden)`.
#[derive(Debug, Clone)]
pub enum Paths {
    /// The last ones, which the sentence embedding is pooled from and the heads read too.
    One(Tensor),
    /// Those of a model whose paths part, each if it was wanted.
    Two {
        /// What the sentence embedding is pooled from.
        meaning: Option<Tensor>,
        /// What the heads read.
        feelings: Option<Tensor>,
    },
}

/// Hidden states of one window, `(tokens, hidden)` without padding; empty where they were not wanted and cost something.
#[derive(Debug, Clone, Copy)]
pub(crate) struct States<'a> {
    /// What the sentence embedding is pooled from.
    pub meaning: &'a [f32],
    /// What the heads read.
    pub feelings: &'a [f32],
}
