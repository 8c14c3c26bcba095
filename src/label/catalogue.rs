//! The company's reasons and criteria, from its files or from those that ship.

use std::path::Path;

use super::criteria::Criteria;
use super::taxonomy::{BilingualList, Taxonomy, text_hash};
use crate::error::{Error, Problem, Result};

/// Taxonomy that ships.
pub const SHIPPED_TAXONOMY: &str = include_str!("../../data/taxonomy/taxonomy.toml");
/// Criteria that ship.
pub const SHIPPED_CRITERIA: &str = include_str!("../../data/taxonomy/criteria.toml");
/// Words that carry no reason.
const BACKGROUND: &str = include_str!("../../data/taxonomy/background.toml");

/// Reasons, criteria and background words, with the hashes of the files.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// Reasons.
    pub taxonomy: Taxonomy,
    /// Criteria.
    pub criteria: Criteria,
    /// Words that carry no reason.
    pub background: BilingualList,
    /// SHA-256 of the taxonomy's text.
    pub taxonomy_hash: String,
    /// SHA-256 of the criteria's text.
    pub criteria_hash: String,
}

impl Catalogue {
    /// The catalogue that ships.
    ///
    /// # Errors
    /// Never in a released program: the files are checked by a test.
    pub fn shipped() -> Result<Self> {
        Self::from_files(None, None)
    }

    /// Reads the company's files, each replaced by the shipped one when absent.
    ///
    /// # Errors
    /// A file cannot be read, or has problems: all of them together.
    pub fn from_files(taxonomy: Option<&Path>, criteria: Option<&Path>) -> Result<Self> {
        let (taxonomy_file, taxonomy_text) = text_of(taxonomy, "taxonomy.toml", SHIPPED_TAXONOMY)?;
        let (criteria_file, criteria_text) = text_of(criteria, "criteria.toml", SHIPPED_CRITERIA)?;
        Self::parse(&taxonomy_file, &taxonomy_text, &criteria_file, &criteria_text)
            .map_err(|problems| Error::Config { problems })
    }

    /// Parses both texts; the file names serve messages.
    ///
    /// # Errors
    /// All problems of both files.
    pub fn parse(
        taxonomy_file: &str,
        taxonomy_text: &str,
        criteria_file: &str,
        criteria_text: &str,
    ) -> Result<Self, Vec<Problem>> {
        let taxonomy = Taxonomy::parse(taxonomy_file, taxonomy_text);
        // Owners are checked against the taxonomy; where it is broken the shipped one keeps the check possible.
        let known = match &taxonomy {
            Ok(taxonomy) => taxonomy.clone(),
            Err(_) => Taxonomy::parse("taxonomy.toml", SHIPPED_TAXONOMY)?,
        };
        let criteria = Criteria::parse(criteria_file, criteria_text, &known);
        match (taxonomy, criteria) {
            (Ok(taxonomy), Ok(criteria)) => Ok(Self {
                taxonomy,
                criteria,
                background: background()?,
                taxonomy_hash: text_hash(taxonomy_text),
                criteria_hash: text_hash(criteria_text),
            }),
            (taxonomy, criteria) => Err(taxonomy.err().into_iter().chain(criteria.err()).flatten().collect()),
        }
    }
}

fn background() -> Result<BilingualList, Vec<Problem>> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        #[serde(rename = "version")]
        _version: String,
        fr: Vec<String>,
        en: Vec<String>,
    }
    let file: File =
        toml::from_str(BACKGROUND).map_err(|error| vec![super::taxonomy::syntax_problem("background.toml", &error)])?;
    Ok(BilingualList { fr: file.fr, en: file.en })
}

fn text_of(path: Option<&Path>, name: &str, shipped: &str) -> Result<(String, String)> {
    match path {
        None => Ok((format!("{name} (shipped)"), shipped.to_owned())),
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| Error::io("read", path, error))?;
            Ok((path.display().to_string(), text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ships_is_valid_and_as_large_as_promised() {
        let catalogue = Catalogue::shipped().unwrap();
        let reasons = &catalogue.taxonomy.reasons;
        assert!((40..=60).contains(&reasons.len()), "{}", reasons.len());
        for reason in reasons {
            assert!((5..=8).contains(&reason.examples.fr.len()), "{}", reason.id);
            assert!((5..=8).contains(&reason.examples.en.len()), "{}", reason.id);
        }
        assert!(catalogue.criteria.criteria.len() >= 10);
    }

    #[test]
    fn all_problems_of_both_files_are_reported_together() {
        let taxonomy = SHIPPED_TAXONOMY.replacen("owner = \"logistics\"", "owner = \"logistic\"", 1);
        let criteria = SHIPPED_CRITERIA.replacen("strictness = \"strict\"", "strictness = \"strickt\"", 1);
        let problems = Catalogue::parse("t.toml", &taxonomy, "c.toml", &criteria).unwrap_err();
        let text: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(text.iter().any(|line| line.contains("did you mean `logistics`")), "{text:?}");
        assert!(text.iter().any(|line| line.starts_with("c.toml") && line.contains("strickt")), "{text:?}");
    }
}
