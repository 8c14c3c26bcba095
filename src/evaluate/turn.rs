//! A single text as the pipeline sees it: the only turn of a contact, cut into windows, with the vector of each.

use crate::config::options::ModelOptions;
use crate::contact::{Contact, Provenance, Speaker, Turn};
use crate::encode::{Encoded, Vector, Vectors};
use crate::error::Result;
use crate::label::worded::Passage;

/// How texts are cut; the same two options as a run.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Characters of a window.
    pub window_chars: usize,
    /// Windows of one text.
    pub max_windows: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let options = ModelOptions::default();
        Self { window_chars: options.window_chars, max_windows: options.max_windows_per_contact }
    }
}

/// A window and its vector.
#[derive(Debug, Clone)]
pub struct TurnWindow {
    /// Words.
    pub text: String,
    /// Length in characters.
    pub chars: u32,
    /// What the model says.
    pub vector: Vector,
}

/// The windows of one text.
#[derive(Debug, Clone)]
pub struct TurnWindows {
    /// In order.
    pub windows: Vec<TurnWindow>,
}

impl TurnWindow {
    /// The window as the classifiers take it.
    pub fn passage(&self) -> Passage<'_> {
        Passage::new(&self.text, &self.vector.embedding)
    }
}

impl TurnWindows {
    /// The windows as the classifiers take them.
    pub fn passages(&self) -> Vec<Passage<'_>> {
        self.windows.iter().map(TurnWindow::passage).collect()
    }
}

/// Cuts and encodes texts, each as the only turn of an inbound contact.
///
/// # Errors
/// A text could not be encoded.
pub fn turns(texts: &[&str], limits: Limits, vectors: &mut Vectors) -> Result<Vec<TurnWindows>> {
    let encoded: Vec<Encoded> = texts.iter().map(|text| encoded(text, limits)).collect();
    vectors.ensure_contacts(encoded.iter())?;
    encoded
        .iter()
        .map(|encoded| {
            let (said, _) = vectors.of_contact(encoded)?;
            let windows = encoded.windows.iter().zip(said).map(|(window, vector)| TurnWindow {
                text: window.text(&encoded.contact).to_owned(),
                chars: window.chars(),
                vector,
            });
            Ok(TurnWindows { windows: windows.collect() })
        })
        .collect()
}

fn encoded(text: &str, limits: Limits) -> Encoded {
    let provenance = Provenance { file: String::new(), record: 1 };
    let mut contact = Contact::new("", chrono::DateTime::UNIX_EPOCH, provenance);
    contact.turns.push(Turn::new(Speaker::Customer, text));
    Encoded::new(contact, limits.window_chars, limits.max_windows)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::model::{Encoder, EncoderOptions, ModelFiles};

    /// The tiny random model of the fixtures.
    pub(crate) fn tiny_vectors() -> Vectors {
        vectors_of("bert_tiny")
    }

    /// Another one of them.
    pub(crate) fn vectors_of(model: &str) -> Vectors {
        vectors_in(model, None)
    }

    /// The same with its cache under a folder.
    pub(crate) fn vectors_in(model: &str, cache: Option<&Path>) -> Vectors {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/models").join(model);
        let files = ModelFiles::open(folder).unwrap();
        Vectors::new(Encoder::load(&files, EncoderOptions::default()).unwrap(), cache).unwrap()
    }

    /// A file in a fresh folder.
    pub(crate) fn gold_file(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn a_long_text_has_several_windows_and_an_empty_one_none() {
        let long = "A sentence of some length, no more. ".repeat(20);
        let found = turns(&[long.as_str(), " "], Limits::default(), &mut tiny_vectors()).unwrap();
        assert!(found[0].windows.len() > 1);
        assert!(found[1].windows.is_empty());
    }
}
