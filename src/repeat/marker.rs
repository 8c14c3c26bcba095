//! Words of customers who come back ("je vous ai déjà écrit", "any news?"), as data of the program.

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::label::cues::{Cues, Folded};
use crate::label::taxonomy::{Bilingual, BilingualList};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct MarkerFile {
    #[serde(rename = "version")]
    _version: String,
    #[serde(rename = "marker")]
    markers: Vec<Entry>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    #[serde(rename = "name")]
    _name: Bilingual,
    /// Whether the words are shown as evidence; weaker ones only weigh in the comparison of two contacts.
    is_evidence: bool,
    cues: BilingualList,
}

/// The compiled markers.
#[derive(Debug, Clone)]
pub struct Markers {
    ids: Vec<String>,
    is_evidence: Vec<bool>,
    cues: Cues,
}

/// What a text says of an earlier exchange.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Marked {
    /// Markers that are evidence: identifier, first and one past the last character.
    pub evidence: Vec<(String, u32, u32)>,
    /// Whether weaker words resume something.
    pub resumes: bool,
}

impl Markers {
    /// The markers that ship.
    ///
    /// # Errors
    /// The shipped file does not parse.
    pub fn shipped() -> Result<Self> {
        let file: MarkerFile = toml::from_str(include_str!("../../data/taxonomy/repeat_markers.toml"))
            .map_err(|_| Error::bug("the shipped repeat markers do not parse"))?;
        let cues = Cues::new(file.markers.iter().map(|marker| marker.cues.iter()))?;
        let is_evidence = file.markers.iter().map(|marker| marker.is_evidence).collect();
        Ok(Self { ids: file.markers.into_iter().map(|marker| marker.id).collect(), is_evidence, cues })
    }

    /// The markers of a text, in the order of the file.
    pub fn find(&self, text: &str) -> Marked {
        let mut marked = Marked::default();
        for (place, found) in self.cues.find(&Folded::new(text)).into_iter().enumerate() {
            match found {
                Some((start, end)) if self.is_evidence[place] => {
                    marked.evidence.push((self.ids[place].clone(), start, end));
                }
                Some(_) => marked.resumes = true,
                None => {}
            }
        }
        marked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_back_is_told_from_who_comes_first() {
        let markers = Markers::shipped().unwrap();
        for text in [
            "Je vous ai déjà écrit lundi, sans réponse.",
            "Toujours rien dans ma boîte aux lettres",
            "I'm calling back about the boiler",
            "It's still not working",
            "Où en est mon remboursement ?",
            "Any news on my claim?",
            "Votre collègue m'avait promis un geste.",
        ] {
            assert!(!markers.find(text).evidence.is_empty(), "{text}");
        }
        for text in [
            "Bonjour, je voudrais changer d'adresse.",
            "How do I cancel my order?",
            "J'ai toujours été satisfait de vos services",
            "Votre conseiller est-il joignable le samedi ?",
        ] {
            assert_eq!(markers.find(text).evidence, [], "{text}");
        }
    }

    #[test]
    fn weaker_words_are_no_evidence() {
        let marked = Markers::shipped().unwrap().find("Alors, ce double prélèvement ?");
        assert!(marked.resumes && marked.evidence.is_empty());
    }
}
