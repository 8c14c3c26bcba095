//! The company's reasons and criteria, from its files or from those that ship.

use std::collections::BTreeSet;
use std::path::Path;

use super::criteria::Criteria;
use super::taxonomy::{BilingualList, Reading, Taxonomy, text_hash};
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
    /// All problems of both files together; a file that cannot be read is one of them.
    pub fn from_files(taxonomy: Option<&Path>, criteria: Option<&Path>) -> Result<Self> {
        let mut problems = Vec::new();
        let (taxonomy_file, taxonomy_text) = text_of(taxonomy, "taxonomy.toml", SHIPPED_TAXONOMY, &mut problems);
        let (criteria_file, criteria_text) = text_of(criteria, "criteria.toml", SHIPPED_CRITERIA, &mut problems);
        Self::read((&taxonomy_file, taxonomy_text.as_deref()), (&criteria_file, criteria_text.as_deref())).map_err(
            |found| {
                problems.extend(found);
                Error::Config { problems }
            },
        )
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
        Self::read((taxonomy_file, Some(taxonomy_text)), (criteria_file, Some(criteria_text)))
    }

    /// Reads both texts, each with the name of its file; a text that is absent gives no catalogue.
    fn read(
        (taxonomy_file, taxonomy_text): (&str, Option<&str>),
        (criteria_file, criteria_text): (&str, Option<&str>),
    ) -> Result<Self, Vec<Problem>> {
        let taxonomy = taxonomy_text.map_or_else(Reading::nothing, |text| Taxonomy::read(taxonomy_file, text));
        // The owners of criteria are those of the taxonomy. Where these are not all known, or a taxonomy with problems has
        // none yet, nothing is said about them.
        let owners: Option<BTreeSet<&str>> = taxonomy
            .content
            .as_ref()
            .filter(|known| taxonomy.problems.is_empty() || !known.owners.is_empty())
            .filter(|_| !taxonomy.partial.contains("owner"))
            .map(|known| known.owners.iter().map(|owner| owner.id.as_str()).collect());
        let criteria = criteria_text.map_or_else(Reading::nothing, |text| Criteria::read(criteria_file, text, owners));
        let problems: Vec<Problem> = taxonomy.problems.into_iter().chain(criteria.problems).collect();
        match (taxonomy.content, criteria.content) {
            (Some(taxonomy), Some(criteria)) if problems.is_empty() => Ok(Self {
                taxonomy,
                criteria,
                background: background()?,
                taxonomy_hash: text_hash(taxonomy_text.unwrap_or_default()),
                criteria_hash: text_hash(criteria_text.unwrap_or_default()),
            }),
            _ => Err(problems),
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

/// Name and text of a file, the shipped one when there is no path; without the text, a problem that says why.
fn text_of(path: Option<&Path>, name: &str, shipped: &str, problems: &mut Vec<Problem>) -> (String, Option<String>) {
    let Some(path) = path else { return (format!("{name} (shipped)"), Some(shipped.to_owned())) };
    let file = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => (file, Some(text)),
        Err(error) => {
            let message = format!("cannot be read: {error}; check the file and its path under [taxonomy]");
            problems.push(Problem { file: file.clone(), at: String::new(), message });
            (file, None)
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
            assert!((17..=20).contains(&reason.examples.fr.len()), "{}", reason.id);
            assert!((17..=20).contains(&reason.examples.en.len()), "{}", reason.id);
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

    #[test]
    fn a_file_that_cannot_be_read_hides_nothing_of_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let criteria = folder.path().join("criteria.toml");
        let text = SHIPPED_CRITERIA.replacen("strictness = \"strict\"", "strictness = \"strickt\"", 1).replacen(
            "owner = \"",
            "owner = \"our_own_",
            1,
        );
        std::fs::write(&criteria, text).unwrap();
        let taxonomy = folder.path().join("taxonomy.toml");
        let error = Catalogue::from_files(Some(&taxonomy), Some(&criteria)).unwrap_err();
        let Error::Config { problems } = error else { panic!("{error}") };
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[0].file.ends_with("taxonomy.toml") && problems[0].message.starts_with("cannot be read: "));
        assert!(problems[1].message.contains("`strickt`"), "{problems:?}");
    }
}
