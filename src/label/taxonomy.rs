//! The company's contact reasons: `taxonomy.toml`, read and checked.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, Deserializer, ValueDeserializer};

use crate::error::{Error, Problem, Result};

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

/// What lies outside of the reasons.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outside {
    /// Words of people whose matter is none of the reasons: contacts like these are [`OTHER`].
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
    /// What is none of them.
    #[serde(default)]
    pub other: Outside,
}

impl Taxonomy {
    /// Reads the text of a taxonomy. `file` names it in messages.
    ///
    /// # Errors
    /// All problems together: syntax, unknown keys, duplicate identifiers, unknown groups or owners, empty names.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Problem>> {
        Self::read(file, text).whole()
    }

    /// Reads a taxonomy without criteria.
    ///
    /// # Errors
    /// The file cannot be read, or all its problems together, as for [`Self::parse`].
    pub fn from_file(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::io("read", path, error))?;
        Self::parse(&path.display().to_string(), &text).map_err(|problems| Error::Config { problems })
    }

    /// What can be read of the text of a taxonomy, with all its problems.
    pub(crate) fn read(file: &str, text: &str) -> Reading<Self> {
        let lists: [(&str, Mistake); 3] =
            [("group", mistake::<Group>), ("owner", mistake::<Owner>), ("reason", mistake::<Reason>)];
        let mut reading: Reading<Self> = read_entries(file, text, &lists);
        if let Some(taxonomy) = &reading.content {
            reading.problems.extend(taxonomy.problems(file, &reading.partial));
        }
        reading
    }

    /// What is wrong with entries that could be read; what refers to a list that lacks entries is not judged.
    fn problems(&self, file: &str, partial: &BTreeSet<&str>) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut problem = |at: String, message: String| problems.push(Problem { file: file.into(), at, message });
        let groups: BTreeSet<&str> = self.groups.iter().map(|group| group.id.as_str()).collect();
        let owners: BTreeSet<&str> = self.owners.iter().map(|owner| owner.id.as_str()).collect();
        let mut ids = BTreeSet::new();
        if self.reasons.len() < 2 && !partial.contains("reason") {
            problem("reason".into(), "at least two [[reason]] entries are needed to tell contacts apart".into());
        }
        for reason in &self.reasons {
            let at = format!("reason.{}", reason.id);
            let has_id = !is_stand_in(&reason.id);
            if reason.id == OTHER || reason.id == UNCLEAR {
                problem(at.clone(), format!("`{}` is reserved; remove the entry", reason.id));
            }
            let is_no_id = reason.id.is_empty() || reason.id.chars().any(|c| c.is_whitespace() || c.is_uppercase());
            if has_id && is_no_id {
                problem(at.clone(), "an id is lower-case and has no blanks, such as `delivery.late`".into());
            }
            if !ids.insert(reason.id.as_str()) {
                problem(at.clone(), "this id is used twice".into());
            }
            let is_unknown = |id: &str, known: &BTreeSet<&str>| !known.contains(id) && !is_stand_in(id);
            if is_unknown(&reason.group, &groups) && !partial.contains("group") {
                problem(format!("{at}.group"), unknown("group", &reason.group, &groups));
            }
            if is_unknown(&reason.owner, &owners) && !partial.contains("owner") {
                problem(format!("{at}.owner"), unknown("owner", &reason.owner, &owners));
            }
            if reason.name.fr.is_empty() || reason.name.en.is_empty() {
                problem(format!("{at}.name"), "a name is needed in French (fr) and in English (en)".into());
            }
            if !(1..=3).contains(&reason.level) {
                problem(format!("{at}.level"), format!("the support level is 1, 2 or 3, not {}", reason.level));
            }
        }
        problems
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

/// What could be read of a file of `[[entries]]`, and what could not.
#[derive(Debug)]
pub(crate) struct Reading<T> {
    /// The file without the entries that could not be read, and with stand-ins for what is wrong in the others; `None` when
    /// nothing could be read. Where there is a problem, it is there to find the others.
    pub(crate) content: Option<T>,
    /// What could not be read.
    pub(crate) problems: Vec<Problem>,
    /// Lists that lack entries, or identifiers of entries, which the file has.
    pub(crate) partial: BTreeSet<&'static str>,
}

impl<T> Reading<T> {
    /// Of a text that is not there.
    pub(crate) fn nothing() -> Self {
        Self { content: None, problems: Vec::new(), partial: BTreeSet::new() }
    }

    /// The file, when nothing is wrong with it.
    pub(crate) fn whole(self) -> Result<T, Vec<Problem>> {
        match self.content {
            Some(content) if self.problems.is_empty() => Ok(content),
            _ => Err(self.problems),
        }
    }
}

/// Why an entry cannot be read; `None` when it can.
pub(crate) type Mistake = fn(&Spanned<DeValue<'_>>) -> Option<toml::de::Error>;

/// The first mistake in an entry that should be a `T`.
pub(crate) fn mistake<T: DeserializeOwned>(entry: &Spanned<DeValue<'_>>) -> Option<toml::de::Error> {
    T::deserialize(ValueDeserializer::from(entry.clone())).err()
}

/// Reads a file entry by entry, so that a mistake in one does not hide those of the others. `lists` names the lists of
/// entries with what finds a mistake in one. A syntax error ends the reading, since what follows it can mean anything.
pub(crate) fn read_entries<T: DeserializeOwned>(
    file: &str,
    text: &str,
    lists: &[(&'static str, Mistake)],
) -> Reading<T> {
    let mut reading = Reading::nothing();
    let mut document = match DeTable::parse(text) {
        Ok(document) => document,
        Err(error) => {
            reading.problems.push(syntax_problem(file, &error));
            return reading;
        }
    };
    let mut errors = Vec::new();
    for (list, mistake) in lists {
        let Some(DeValue::Array(entries)) = document.get_mut().get_mut(*list).map(Spanned::get_mut) else { continue };
        let mut kept = DeArray::new();
        for mut entry in std::mem::replace(entries, DeArray::new()) {
            let mended =
                Mending { text, list, mistake: *mistake, errors: &mut errors, made_up: Vec::new() }.of(&mut entry);
            if mended != Mended::Whole {
                reading.partial.insert(*list);
            }
            if mended != Mended::Not {
                kept.push(entry);
            }
        }
        *entries = kept;
    }
    loop {
        match T::deserialize(Deserializer::from(document.clone())) {
            Ok(content) => {
                reading.content = Some(content);
                break;
            }
            Err(error) => {
                // A list under an unknown name may be any of the known ones; without it the others can be read.
                let is_wrong = |key: &&Spanned<_>| Some(key.span()) == error.span();
                let wrong = document.get_ref().keys().find(is_wrong).map(|key| key.get_ref().to_string());
                errors.push(error);
                let Some(wrong) = wrong else { break };
                document.get_mut().remove(wrong.as_str());
                reading.partial.extend(lists.iter().map(|(list, _)| *list));
            }
        }
    }
    errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
    for mut error in errors {
        error.set_input(Some(text));
        reading.problems.push(syntax_problem(file, &error));
    }
    reading
}

/// What became of an entry with mistakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mended {
    /// It can be read, and its identifier is its own.
    Whole,
    /// It can be read; what other entries call it is not known.
    Nameless,
    /// It cannot be read.
    Not,
}

/// Puts stand-ins in the place of what is wrong with an entry, so that a mistake hides nothing after it.
struct Mending<'m> {
    /// Of the whole file.
    text: &'m str,
    /// The list of the entry.
    list: &'m str,
    mistake: Mistake,
    /// Every mistake, once.
    errors: &'m mut Vec<toml::de::Error>,
    /// Where stand-ins were put.
    made_up: Vec<Range<usize>>,
}

/// The most stand-ins that one entry may get; entries have a dozen fields.
const MOST_STAND_INS: usize = 60;

impl Mending<'_> {
    fn of(mut self, entry: &mut Spanned<DeValue<'_>>) -> Mended {
        let mut has_unknown_field = false;
        while let Some(error) = (self.mistake)(entry) {
            let message = error.message().to_owned();
            let span = error.span().unwrap_or_default();
            let is_own = !self.made_up.contains(&span);
            let missing = quoted(&message, "missing field ");
            // A field under a wrong name is missing under its own, which goes without saying.
            if is_own && !(missing.is_some() && has_unknown_field) {
                self.errors.push(error);
            }
            let is_mended = if self.made_up.len() == MOST_STAND_INS {
                false
            } else if let Some(field) = missing {
                self.add(entry, field)
            } else if message.starts_with("unknown field ") {
                has_unknown_field = true;
                remove_key(entry, &span)
            } else {
                self.replace(entry, &span, &message)
            };
            if !is_mended {
                return Mended::Not;
            }
        }
        let id = entry.get_ref().as_table().and_then(|fields| fields.get("id"));
        match id {
            Some(id) if !self.made_up.contains(&id.span()) => Mended::Whole,
            _ => Mended::Nameless,
        }
    }

    /// Adds a missing field, of a type that the next mistake tells. It stands at a place that the file does not have.
    fn add(&mut self, entry: &mut Spanned<DeValue<'_>>, field: &str) -> bool {
        let DeValue::Table(fields) = entry.get_mut() else { return false };
        let place = self.text.len() + 1 + self.made_up.len();
        let key = Spanned::new(place..place, field.to_owned().into());
        fields.insert(key, Spanned::new(place..place, DeValue::Boolean(true)));
        self.made_up.push(place..place);
        true
    }

    /// Puts another value in the place of a wrong one.
    fn replace(&mut self, entry: &mut Spanned<DeValue<'_>>, span: &Range<usize>, message: &str) -> bool {
        let line = self.text.get(..span.start).map(|before| before.matches('\n').count() + 1);
        let name = stand_in(line.unwrap_or_default());
        let DeValue::Table(fields) = entry.get_mut() else { return false };
        for (key, value) in fields.iter_mut() {
            let is_owner_of_criterion = self.list == "criterion" && key.get_ref() == "owner";
            let Some(wrong) = at_span(value, span) else { continue };
            let value = match known_value(message) {
                Some(known) => DeValue::String(known.to_owned().into()),
                // The one owner that every taxonomy has.
                None if is_owner_of_criterion => DeValue::String("reason".into()),
                None => value_for(message, &name),
            };
            *wrong.get_mut() = value;
            self.made_up.push(span.clone());
            return true;
        }
        false
    }
}

/// Stands for a text that cannot be read: names the line, since problems of the entry may be told by it.
fn stand_in(line: usize) -> String {
    format!("(l. {line})")
}

/// Whether a text is such a one.
fn is_stand_in(text: &str) -> bool {
    text.strip_prefix("(l. ").is_some_and(|rest| rest.ends_with(')'))
}

/// A value of the type that a message expects: "invalid type: string \"oui\", expected a boolean".
fn value_for(message: &str, name: &str) -> DeValue<'static> {
    let expected = message.rsplit_once("expected ").map_or("", |(_, expected)| expected);
    let text = match expected {
        "a boolean" => "true",
        "a sequence" => "['-']",
        "struct BilingualList" => "{ fr = ['-'], en = ['-'] }",
        "struct Bilingual" => "{ fr = '-', en = '-' }",
        number if number.contains("integer") || number.starts_with(['u', 'i']) => "1",
        _ => return DeValue::String(name.to_owned().into()),
    };
    DeValue::parse(text).map_or_else(|_| DeValue::String(name.to_owned().into()), Spanned::into_inner)
}

/// The value at a place of the file, inside another one or not.
fn at_span<'v, 'i>(value: &'v mut Spanned<DeValue<'i>>, span: &Range<usize>) -> Option<&'v mut Spanned<DeValue<'i>>> {
    if value.span() == *span {
        return Some(value);
    }
    match value.get_mut() {
        DeValue::Table(fields) => fields.iter_mut().find_map(|(_, value)| at_span(value, span)),
        DeValue::Array(values) => values.iter_mut().find_map(|value| at_span(value, span)),
        _ => None,
    }
}

/// Removes the key at a place of the file; whether there was one.
fn remove_key(value: &mut Spanned<DeValue<'_>>, span: &Range<usize>) -> bool {
    let DeValue::Table(fields) = value.get_mut() else { return false };
    let key = fields.keys().find(|key| key.span() == *span).map(|key| key.get_ref().to_string());
    match key {
        Some(key) => fields.remove(key.as_str()).is_some(),
        None => fields.iter_mut().any(|(_, value)| remove_key(value, span)),
    }
}

/// The name between backticks that follows the opening of a message.
fn quoted<'m>(message: &'m str, opening: &str) -> Option<&'m str> {
    message.strip_prefix(opening)?.split('`').nth(1)
}

/// The last value that a message names as known: "unknown variant `easy`, expected one of `simple`, `standard`, `complex`".
fn known_value(message: &str) -> Option<&str> {
    message.strip_prefix("unknown variant ")?.rsplit('`').nth(1)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::catalogue::SHIPPED_TAXONOMY;

    #[test]
    fn a_wrong_value_hides_no_other_mistake_of_the_file() {
        let text = SHIPPED_TAXONOMY
            .replacen("complexity = \"simple\"", "complexity = \"facile\"", 1)
            .replacen("company_value = \"irritant\"", "company_value = \"irritating\"", 1)
            .replacen("level = 1", "level = 7", 1)
            .replacen("self_service = false", "self_service = \"no\"", 1);
        let problems = Taxonomy::parse("t.toml", &text).unwrap_err();
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 4, "{told:#?}");
        for part in [
            "unknown variant `facile`, expected one of `simple`, `standard`, `complex`",
            "unknown variant `irritating`, expected `irritant` or `value`",
            "the support level is 1, 2 or 3, not 7",
            "invalid type: string \"no\", expected a boolean",
        ] {
            assert!(told.iter().any(|line| line.contains(part)), "{part}: {told:#?}");
        }
        // Each with its line, in the order of the file.
        let lines: Vec<u32> =
            told.iter().filter_map(|line| line.split_once("at line ")?.1.split(',').next()?.parse().ok()).collect();
        assert!(lines.len() == 3 && lines.is_sorted(), "{told:#?}");
    }

    #[test]
    fn entries_under_an_unknown_name_make_no_problems_of_those_that_refer_to_them() {
        let text = SHIPPED_TAXONOMY.replace("[[group]]", "[[groups]]").replacen("level = 1", "level = 7", 1);
        let told: Vec<String> = Taxonomy::parse("t.toml", &text).unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 2, "{told:#?}");
        assert!(told[0].contains("unknown field `groups`") && told[1].contains("not 7"), "{told:#?}");
        // An owner that cannot be read is no unknown owner.
        let text = SHIPPED_TAXONOMY.replacen("[[owner]]\nid = ", "[[owner]]\nidd = ", 1);
        assert_ne!(text, SHIPPED_TAXONOMY);
        let told = Taxonomy::parse("t.toml", &text).unwrap_err();
        assert_eq!(told.len(), 1, "{told:#?}");
    }

    #[test]
    fn all_mistakes_of_one_entry_are_told_at_once() {
        let start = SHIPPED_TAXONOMY.find("[[reason]]").unwrap();
        let entry = "[[reason]]\nid = \"Mon motif\"\ngroup = \"nowhere\"\nname = { fr = \"Motif\", en = \"\" }\n\
                     description = { fr = 3, en = \"x\" }\nlevel = 4\ncomplexity = 2\nself_service = \"oui\"\n\
                     customer_value = \"value\"\nowner = \"nobody\"\n\n";
        let text = format!("{}{entry}{}", &SHIPPED_TAXONOMY[..start], &SHIPPED_TAXONOMY[start..]);
        let problems = Taxonomy::parse("t.toml", &text).unwrap_err();
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        for part in [
            "invalid type: integer `3`, expected a string",
            "invalid type: string \"oui\", expected a boolean",
            "missing field `company_value`",
            "an id is lower-case and has no blanks",
            "unknown group `nowhere`",
            "unknown owner `nobody`",
            "a name is needed in French (fr) and in English (en)",
            "the support level is 1, 2 or 3, not 4",
        ] {
            assert_eq!(told.iter().filter(|line| line.contains(part)).count(), 1, "{part}: {told:#?}");
        }
        // And the wrong type of `complexity`.
        assert_eq!(told.len(), 9, "{told:#?}");
    }

    #[test]
    fn what_stands_for_a_wrong_value_makes_no_problem_of_its_own() {
        for (was, is) in [
            ("group = \"delivery\"", "group = 5"),
            ("owner = \"logistics\"", "owner = [\"logistics\"]"),
            ("level = 1", "level = \"one\""),
            ("level = 1", "level = 300"),
            ("self_service = false\n", ""),
        ] {
            let start = SHIPPED_TAXONOMY.find("[[reason]]").unwrap();
            let (head, reasons) = SHIPPED_TAXONOMY.split_at(start);
            let changed = reasons.replacen(was, is, 1);
            assert_ne!(changed, reasons, "{was}");
            let told = Taxonomy::parse("t.toml", &format!("{head}{changed}")).unwrap_err();
            assert_eq!(told.len(), 1, "{is}: {told:#?}");
        }
        // A reason whose identifier cannot be read is named by its line.
        let changed = SHIPPED_TAXONOMY.replacen("[[reason]]\nid = ", "[[reason]]\nid = 3 #", 1).replacen(
            "level = 1",
            "level = 9",
            1,
        );
        let told = Taxonomy::parse("t.toml", &changed).unwrap_err();
        assert_eq!(told.len(), 2, "{told:#?}");
    }

    #[test]
    fn what_follows_a_syntax_error_is_not_guessed() {
        let problems = Taxonomy::parse("t.toml", "version = \"1\"\n[[reason]\nid = \"a\"\n").unwrap_err();
        assert!(problems.len() == 1 && problems[0].message.contains("line 2"), "{problems:?}");
    }
}
