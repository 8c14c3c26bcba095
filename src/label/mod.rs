//! Vectors to verdicts: contact reason, avoidability, sentiment and emotion, each with a score and the words it rests on.
//!
//! `Encoded + vectors → Labelled`. The taxonomy and the criteria are data ([`taxonomy`], [`criteria`]); what is learnt
//! from their examples is a multinomial logistic regression on the frozen encoder and the words of a text ([`worded`], [`head`]).

pub mod avoidability;
pub mod catalogue;
pub mod criteria;
pub mod cues;
pub mod emotion;
pub mod head;
pub mod labelled;
mod learned;
pub(crate) mod nearness;
pub mod reason;
pub mod sentiment;
pub mod shipped;
pub mod taxonomy;
pub mod worded;
pub mod words;

pub use catalogue::Catalogue;
pub use labelled::{Labelled, Labeller, Span};
