//! Contacts to vectors: the customer's words are cut into windows ([`window`]), each distinct window is encoded once
//! ([`vectors`]) and remembered on disk ([`cache`]), and every later stage reads from the same vectors.
//!
//! `Contact → Encoded → vectors by key`. The text that is encoded is the redacted one, so vectors never depend on
//! personal data and can be found again from the `turns` table.

pub mod cache;
pub mod vectors;
pub mod window;

pub use cache::{Cache, Key, Vector, Widths};
pub use vectors::Vectors;
pub use window::{Encoded, SUBJECT, Window};
