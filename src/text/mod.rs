//! Raw words to clean, redacted words.

mod disclaimer;
pub mod eml;
mod fold;
pub mod html;
mod lines;
mod quote;
mod signature;
pub mod zones;
