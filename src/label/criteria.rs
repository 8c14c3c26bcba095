//! The company's avoidability criteria: `criteria.toml`, read and checked.
//!
//! A criterion says in words what makes a contact avoidable, who can remove the cause, and what counts as evidence in
//! the customer's words: example sentences, sentences on the same subject that are no evidence, and cues (regular
//! expressions over folded text, see [`super::cues`]).

use std::collections::BTreeSet;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::taxonomy::{Bilingual, BilingualList, Mistake, Reading, Taxonomy, mistake, read_entries, unknown};
use crate::error::Problem;

/// Value of `owner` that stands for the owner of the contact's reason.
pub const OWNER_OF_REASON: &str = "reason";

/// In which rate a criterion counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strictness {
    /// In the strict rate and in the lenient one.
    Strict,
    /// In the lenient rate alone.
    Lenient,
}

/// One criterion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Stable identifier.
    pub id: String,
    /// Readable identifier.
    pub key: String,
    /// Version of the wording.
    pub version: u32,
    /// Strict or lenient.
    pub strictness: Strictness,
    /// Among criteria with evidence of like strength, the lowest wins.
    pub priority: u32,
    /// Department that can remove the cause, or [`OWNER_OF_REASON`].
    pub owner: String,
    /// Name.
    pub name: Bilingual,
    /// Definition for the committee.
    pub wording: Bilingual,
    /// What is in.
    #[serde(default)]
    pub includes: BilingualList,
    /// What is out.
    #[serde(default)]
    pub excludes: BilingualList,
    /// Customers' words that are evidence.
    #[serde(default)]
    pub examples: BilingualList,
    /// Customers' words on the subject that are not.
    #[serde(default)]
    pub counter_examples: BilingualList,
    /// Regular expressions over folded text, each evidence on its own.
    #[serde(default)]
    pub cues: BilingualList,
}

/// The whole file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criteria {
    /// Version, chosen by the company.
    pub version: String,
    /// Criteria.
    #[serde(rename = "criterion", default)]
    pub criteria: Vec<Criterion>,
}

impl Criteria {
    /// Reads the text of a criteria file. `file` names it in messages; owners are checked against the taxonomy.
    ///
    /// # Errors
    /// All problems together: syntax, unknown keys, duplicate identifiers, unknown owners, invalid cues, no evidence.
    pub fn parse(file: &str, text: &str, taxonomy: &Taxonomy) -> Result<Self, Vec<Problem>> {
        let owners = taxonomy.owners.iter().map(|owner| owner.id.as_str()).collect();
        Self::read(file, text, Some(owners)).whole()
    }

    /// What can be read of the text of a criteria file, with all its problems; owners are not checked when they are unknown.
    pub(crate) fn read(file: &str, text: &str, owners: Option<BTreeSet<&str>>) -> Reading<Self> {
        let lists: [(&str, Mistake); 1] = [("criterion", mistake::<Criterion>)];
        let mut reading: Reading<Self> = read_entries(file, text, &lists);
        if let Some(criteria) = &reading.content {
            reading.problems.extend(criteria.problems(file, owners));
        }
        reading
    }

    /// What is wrong with entries that could be read.
    fn problems(&self, file: &str, owners: Option<BTreeSet<&str>>) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut problem = |at: String, message: String| problems.push(Problem { file: file.into(), at, message });
        let owners = owners.map(|mut owners| {
            owners.insert(OWNER_OF_REASON);
            owners
        });
        let mut ids = BTreeSet::new();
        for criterion in &self.criteria {
            let at = format!("criterion.{}", criterion.id);
            if !ids.insert(criterion.id.as_str()) {
                problem(at.clone(), "this id is used twice".into());
            }
            if let Some(owners) = &owners
                && !owners.contains(criterion.owner.as_str())
            {
                problem(format!("{at}.owner"), unknown("owner", &criterion.owner, owners));
            }
            if criterion.wording.fr.is_empty() || criterion.wording.en.is_empty() {
                problem(format!("{at}.wording"), "a wording is needed in French (fr) and in English (en)".into());
            }
            if criterion.examples.iter().next().is_none() && criterion.cues.iter().next().is_none() {
                problem(at.clone(), "without examples or cues nothing can be evidence of this criterion".into());
            }
            for (index, cue) in criterion.cues.iter().enumerate() {
                if let Err(error) = Regex::new(cue) {
                    problem(format!("{at}.cues, number {}", index + 1), error.to_string().replace('\n', " "));
                }
            }
        }
        problems
    }

    /// A criterion by identifier.
    pub fn get(&self, id: &str) -> Option<&Criterion> {
        self.criteria.iter().find(|criterion| criterion.id == id)
    }
}
