//! The company's contact reasons: `taxonomy.toml`, read and checked.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Problem, Result};

/// Reason of contacts that none of the company's reasons fits.
pub const OTHER: &str = "other";
/// Reason of contacts whose words are too thin to tell.
pub const UNCLEAR: &str = "unclear";

/// A text in French and English.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bilingual {
    /// French.
    pub fr: String,
    /// English.
    pub en: String,
}

/// Several texts in French and English.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BilingualList {
    /// French.
    pub fr: Vec<String>,
    /// English.
    pub en: Vec<String>,
}

impl BilingualList {
    /// All texts, French first.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.fr.iter().chain(&self.en).map(String::as_str)
    }
}

/// A first level of the taxonomy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Stable identifier.
    pub id: String,
    /// Name.
    pub name: Bilingual,
}

/// A department that can remove the cause of a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// Stable identifier.
    pub id: String,
    /// Name.
    pub name: Bilingual,
}

/// How much work a reason asks for; it drives the unit cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Complexity {
    /// One answer.
    Simple,
    /// A usual file.
    Standard,
    /// An expert or a long file.
    Complex,
}

/// One side of the value-irritant matrix (Price and Jaffe).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Worth {
    /// Nobody on this side wants the contact.
    Irritant,
    /// This side gains from it.
    Value,
}

/// A leaf of the taxonomy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Stable identifier.
    pub id: String,
    /// First level.
    pub group: String,
    /// Name.
    pub name: Bilingual,
    /// One sentence.
    pub description: Bilingual,
    /// Support level that normally handles it.
    pub level: u8,
    /// Work that it asks for.
    pub complexity: Complexity,
    /// Whether self-service can answer it.
    pub self_service: bool,
    /// Worth to the customer.
    pub customer_value: Worth,
    /// Worth to the company.
    pub company_value: Worth,
    /// Department that can remove the cause.
    pub owner: String,
    /// A step of any contact (authentication, closing) rather than a reason of its own.
    #[serde(default)]
    pub procedural: bool,
    /// Words that also open or close contacts about something else, such as thanks: the reason of a contact only when
    /// nothing else is said in it.
    #[serde(default)]
    pub courtesy: bool,
    /// Customers' words for it.
    #[serde(default)]
    pub examples: BilingualList,
}

/// The whole file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taxonomy {
    /// Version, chosen by the company.
    pub version: String,
    /// First levels.
    #[serde(rename = "group", default)]
    pub groups: Vec<Group>,
    /// Departments.
    #[serde(rename = "owner", default)]
    pub owners: Vec<Owner>,
    /// Leaves.
    #[serde(rename = "reason", default)]
    pub reasons: Vec<Reason>,
}

impl Taxonomy {
    /// Reads the text of a taxonomy. `file` names it in messages.
    ///
    /// # Errors
    /// All problems together: syntax, unknown keys, duplicate identifiers, unknown groups or owners, empty names.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let taxonomy: Self = toml::from_str(text).map_err(|error| vec![syntax_problem(file, &error)])?;
        let mut problems = Vec::new();
        let mut problem = |at: String, message: String| problems.push(Problem { file: file.into(), at, message });
        let groups: BTreeSet<&str> = taxonomy.groups.iter().map(|group| group.id.as_str()).collect();
        let owners: BTreeSet<&str> = taxonomy.owners.iter().map(|owner| owner.id.as_str()).collect();
        let mut ids = BTreeSet::new();
        if taxonomy.reasons.len() < 2 {
            problem("reason".into(), "at least two [[reason]] entries are needed to tell contacts apart".into());
        }
        for reason in &taxonomy.reasons {
            let at = format!("reason.{}", reason.id);
            if reason.id == OTHER || reason.id == UNCLEAR {
                problem(at.clone(), format!("`{}` is reserved; remove the entry", reason.id));
            }
            if reason.id.is_empty() || reason.id.chars().any(|c| c.is_whitespace() || c.is_uppercase()) {
                problem(at.clone(), "an id is lower-case and has no blanks, such as `delivery.late`".into());
            }
            if !ids.insert(reason.id.as_str()) {
                problem(at.clone(), "this id is used twice".into());
            }
            if !groups.contains(reason.group.as_str()) {
                problem(format!("{at}.group"), unknown("group", &reason.group, &groups));
            }
            if !owners.contains(reason.owner.as_str()) {
                problem(format!("{at}.owner"), unknown("owner", &reason.owner, &owners));
            }
            if reason.name.fr.is_empty() || reason.name.en.is_empty() {
                problem(format!("{at}.name"), "a name is needed in French (fr) and in English (en)".into());
            }
            if !(1..=3).contains(&reason.level) {
                problem(format!("{at}.level"), format!("the support level is 1, 2 or 3, not {}", reason.level));
            }
        }
        if problems.is_empty() { Ok(taxonomy) } else { Err(problems) }
    }

    /// A reason by identifier; `None` for the reserved ones.
    pub fn reason(&self, id: &str) -> Option<&Reason> {
        self.reasons.iter().find(|reason| reason.id == id)
    }

    /// First level of a reason; the reserved reasons are their own.
    pub fn l1<'a>(&'a self, id: &'a str) -> &'a str {
        self.reason(id).map_or(id, |reason| reason.group.as_str())
    }

    /// Names of the owners by identifier.
    pub fn owner_names(&self) -> BTreeMap<&str, &Bilingual> {
        self.owners.iter().map(|owner| (owner.id.as_str(), &owner.name)).collect()
    }
}

/// SHA-256 of a file's text, in hexadecimal.
pub fn text_hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A syntax error or an unknown key, with its line.
pub(crate) fn syntax_problem(file: &str, error: &toml::de::Error) -> Problem {
    Problem { file: file.into(), at: String::new(), message: error.to_string().trim().replace('\n', "\n      ") }
}

/// "unknown owner `x`; the closest is `y`; known: …"
pub fn unknown(what: &str, found: &str, known: &BTreeSet<&str>) -> String {
    let closest = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(found, candidate), *candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= candidate.len().max(found.len()) / 2);
    let known = known.iter().copied().collect::<Vec<_>>().join(", ");
    match closest {
        Some((_, candidate)) => format!("unknown {what} `{found}`; did you mean `{candidate}`? Known: {known}"),
        None => format!("unknown {what} `{found}`. Known: {known}"),
    }
}
