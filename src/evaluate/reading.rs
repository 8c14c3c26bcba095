//! Texts as a classifier of single texts sees them: the embedding of each, and the state of its first token.
//!
//! A sentence encoder that averages over its tokens learnt to bring texts of one meaning together. The last hidden state of
//! its first token had no such task and keeps other things of the text, by which labels near in meaning can be told
//! apart: half a point of accuracy with eight or ten examples a label on the training part of Banking77.

use std::collections::HashMap;

use rayon::prelude::*;

use crate::error::Result;
use crate::label::shipped;
use crate::model::Encoder;
use crate::vector::normalise;

/// What the encoder gives for texts, in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Readings {
    /// Length of an embedding.
    pub width: usize,
    /// Embeddings of length 1, `(n, width)` row by row.
    pub embeddings: Vec<f32>,
    /// Number of values of a hidden state; 0 where the states are not known.
    pub hidden: usize,
    /// Last hidden states of the first tokens, each of length 1, `(n, hidden)` row by row.
    pub first_states: Vec<f32>,
}

/// One text of [`Readings`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading<'a> {
    /// `(width,)`, of length 1.
    pub embedding: &'a [f32],
    /// `(hidden,)`, of length 1; empty where it is not known.
    pub first_state: &'a [f32],
}

impl Readings {
    /// Reads each text whole, up to the model's longest window; equal texts are encoded once.
    ///
    /// # Errors
    /// A text could not be encoded.
    pub fn of(texts: &[&str], encoder: &Encoder) -> Result<Self> {
        let tokens = encoder.tokens()?;
        let mut place_of = HashMap::new();
        let mut distinct = Vec::new();
        let places: Vec<usize> = texts
            .iter()
            .map(|&text| {
                *place_of.entry(text).or_insert_with(|| {
                    distinct.push(text);
                    distinct.len() - 1
                })
            })
            .collect();
        let windows = distinct.par_iter().map(|text| Ok(tokens.window(text)?.0)).collect::<Result<Vec<_>>>()?;
        let encodings = encoder.embed_with_first_states(&windows)?;
        let (width, hidden) = (encoder.hidden_size(), encoder.config().hidden_size());
        let mut first_states = encodings.first_states.unwrap_or_default();
        first_states.chunks_exact_mut(hidden).for_each(normalise);
        let embeddings = rows_at(&places, &encodings.embeddings, width);
        Ok(Self { width, embeddings, hidden, first_states: rows_at(&places, &first_states, hidden) })
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.embeddings.len() / self.width.max(1)
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.embeddings.is_empty()
    }

    /// The reading of one text.
    ///
    /// # Panics
    /// `row` is not below [`Self::len`].
    pub fn get(&self, row: usize) -> Reading<'_> {
        Reading {
            embedding: &self.embeddings[row * self.width..(row + 1) * self.width],
            first_state: &self.first_states[row * self.hidden..(row + 1) * self.hidden],
        }
    }
}

/// The rows of `width` values at `places`, one after the other.
fn rows_at(places: &[usize], values: &[f32], width: usize) -> Vec<f32> {
    places.iter().flat_map(|&place| values[place * width..(place + 1) * width].iter().copied()).collect()
}

/// Puts first states beside embeddings. What all texts have in common is taken from the states, since the most of every
/// state is the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Beside {
    /// Mean of the first states, `(hidden,)`.
    mean: Vec<f32>,
}

impl Beside {
    /// Learns the mean.
    pub fn learn(readings: &Readings) -> Self {
        let mut mean = vec![0.0f32; readings.hidden];
        for row in 0..readings.len() {
            mean.iter_mut().zip(readings.get(row).first_state).for_each(|(sum, value)| *sum += value);
        }
        mean.iter_mut().for_each(|sum| *sum /= readings.len() as f32);
        Self { mean }
    }

    /// `(width + hidden,)`: the embedding, then what is the text's own of its first state, at a fixed length.
    pub fn join(&self, reading: Reading<'_>) -> Vec<f32> {
        let mut own: Vec<f32> = reading.first_state.iter().zip(&self.mean).map(|(value, mean)| value - mean).collect();
        normalise(&mut own);
        own.iter_mut().for_each(|value| *value *= shipped::FIRST_STATE_LENGTH);
        [reading.embedding, &own].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::super::turn::tests::tiny_vectors;
    use super::*;

    #[test]
    fn a_first_state_has_length_1_and_is_another_vector_than_the_mean_of_all() {
        let vectors = tiny_vectors();
        let readings = Readings::of(&["late parcel", "thank you", "late parcel"], vectors.encoder()).unwrap();
        assert_eq!((readings.len(), readings.is_empty()), (3, false));
        assert_eq!(readings.get(0), readings.get(2), "the same text");
        for row in 0..2 {
            let Reading { embedding, first_state } = readings.get(row);
            for values in [embedding, first_state] {
                assert!((values.iter().map(|value| value * value).sum::<f32>() - 1.0).abs() < 1e-5);
            }
            assert_ne!(embedding, first_state);
        }
        let alone = Readings::of(&["thank you"], vectors.encoder()).unwrap();
        assert_eq!(alone.get(0), readings.get(1), "the same bits whatever its neighbours");
    }

    #[test]
    fn what_all_states_share_is_taken_away() {
        let readings =
            Readings { width: 1, embeddings: vec![1.0, 1.0], hidden: 2, first_states: vec![0.8, 0.6, 0.8, -0.6] };
        let beside = Beside::learn(&readings);
        let length = shipped::FIRST_STATE_LENGTH;
        assert_eq!(beside.join(readings.get(0)), [1.0, 0.0, length]);
        assert_eq!(beside.join(readings.get(1)), [1.0, 0.0, -length]);
    }

    #[test]
    fn without_states_the_embedding_stands_alone() {
        let readings = Readings { width: 2, embeddings: vec![0.6, 0.8], ..Readings::default() };
        assert_eq!(Beside::learn(&readings).join(readings.get(0)), [0.6, 0.8]);
    }
}
