//! Recognisers as data: `data/redaction/recognisers.toml` to compiled patterns.
//!
//! A recogniser is where it is tried, a pattern, an optional check, context words and a score. Patterns are tried only
//! where they can match (after a keyword, at the start of a number…) and anchored there, so that the cost follows the
//! number of such places and not the number of patterns.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, MatchKind};
use regex::{Regex, RegexBuilder};
use serde::Deserialize;

use super::checksum::Check;
use crate::error::{Error, Problem, Result};
use crate::text::fold::fold;
use crate::text::names::is_ambiguous;
use crate::text::small_words::pattern_pieces;

/// The recognisers that ship.
const SHIPPED: &str = include_str!("../../../data/redaction/recognisers.toml");
/// First names that may be told without other context.
const FIRST_NAMES: &str = include_str!("../../../data/redaction/first_names.txt");
/// Words that a name never starts with.
const NOT_NAMES: &str = include_str!("../../../data/redaction/not_names.txt");
/// Words of companies and products, which introductions name as they name people.
const BRANDS: &str = include_str!("../../../data/redaction/brands.txt");
/// Words that people say in place of a name.
const ORDINARY: &str = include_str!("../../../data/redaction/ordinary_words.txt");
/// Pronouns that a hyphen joins to a verb: "rappelez-moi", "pouvez-vous".
const JOINED: [&str; 20] = [
    "moi", "toi", "vous", "nous", "le", "la", "les", "lui", "leur", "ce", "il", "elle", "on", "ils", "elles", "tu",
    "je", "ci", "y", "en",
];
/// The kind of phrases that look like personal data and stay as they are.
const KEPT: &str = "KEPT";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Pieces of patterns, used as `{piece}`.
    fragments: BTreeMap<String, String>,
    /// Lists of keywords, used as `"@list"`.
    lists: BTreeMap<String, Vec<String>>,
    recogniser: Vec<Declared>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    kind: String,
    start: Start,
    #[serde(default)]
    keywords: Vec<String>,
    pattern: String,
    #[serde(default)]
    check: Option<Check>,
    #[serde(default)]
    not_value: Option<String>,
    #[serde(default)]
    not_followed_by: Option<String>,
    #[serde(default)]
    not_preceded_by: String,
    #[serde(default)]
    before: Option<String>,
    #[serde(default)]
    not_before: Option<String>,
    #[serde(default)]
    min_digits: usize,
    #[serde(default)]
    value_is: Option<ValueIs>,
    #[serde(default)]
    context: Vec<String>,
    #[serde(default)]
    not_context: Vec<String>,
    score: f32,
    #[serde(default)]
    score_with_context: Option<f32>,
    #[serde(default)]
    is_local: bool,
}

/// Where a pattern is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Start {
    /// At the first character of a number, its `+` or `(` included.
    Number,
    /// At the first letter of a word that holds a digit within its first few characters, or follows a space with one.
    Code,
    /// At a word that starts with a capital and is a known first name.
    FirstName,
    /// Right after one of the keywords.
    Keyword,
    /// At the keyword itself.
    AtKeyword,
    /// Around an `@`: the pattern is the domain.
    AtSign,
    /// Around a keyword that is said or typed for an `@`: the pattern is the domain.
    AtWord,
}

/// What a value must be beyond its pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ValueIs {
    /// Not one of the words that no name starts with.
    Name,
    /// The same, and no company or product.
    Person,
    /// A name, and no company that the contact itself speaks for.
    Addressed,
    /// The same, and no company or product.
    Greeted,
    /// A month, which no other name holds, and at most words of a name beside it.
    MonthName,
    /// Starts with a known first name.
    FirstName,
    /// Holds a digit or a sign, as passwords do.
    Secret,
    /// Leads to one person's page.
    PersonalLink,
}

/// A compiled recogniser.
#[derive(Debug)]
pub(super) struct Recogniser {
    /// Index into [`Recognisers::kinds`].
    pub kind: usize,
    pub start: Start,
    pub pattern: Regex,
    pub check: Option<Check>,
    pub not_value: Option<Regex>,
    pub not_followed_by: Option<Regex>,
    pub not_preceded_by: String,
    /// What must end the words before the value.
    pub before: Option<Regex>,
    /// What must not end them.
    pub not_before: Option<Regex>,
    pub min_digits: usize,
    pub value_is: Option<ValueIs>,
    pub context: Option<AhoCorasick>,
    pub not_context: Option<AhoCorasick>,
    pub score: f32,
    pub score_with_context: f32,
    /// The value is replaced where it stands and says nothing of the other texts of the contact.
    pub is_local: bool,
}

/// All recognisers, with the automaton of their keywords.
#[derive(Debug)]
pub(super) struct Recognisers {
    pub all: Vec<Recogniser>,
    /// Names of the placeholders.
    pub kinds: Vec<String>,
    /// Keywords in every spelling.
    pub keywords: AhoCorasick,
    /// For each pattern of `keywords`, the recognisers to try.
    pub tried: Vec<Vec<usize>>,
    /// Patterns of the company, searched everywhere.
    pub company: Vec<(usize, Regex)>,
    /// Recognisers by place, in the order of [`Start`].
    starting: [Vec<usize>; 7],
    /// Index of the kind that is found and not replaced.
    pub kept: Option<usize>,
    /// Dates as people write their birth, anywhere in a short answer.
    pub birth: Regex,
    first_names: Vec<String>,
    not_names: Vec<String>,
    brands: Vec<String>,
    ordinary: Vec<String>,
}

impl Recognisers {
    /// Compiles what ships with the company's own patterns.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] lists every company pattern that is not a regular expression or whose name cannot be a
    /// placeholder; [`Error::Bug`] if what ships cannot be read.
    pub(super) fn new(patterns: &BTreeMap<String, String>) -> Result<Self> {
        let mut file: File =
            toml::from_str(SHIPPED).map_err(|error| Error::bug(format!("recognisers.toml: {error}")))?;
        for (name, pattern) in pattern_pieces() {
            if file.fragments.insert(name.to_owned(), pattern).is_some() {
                return Err(Error::bug(format!("recognisers.toml declares {name}, which the lists of words make")));
            }
        }
        let mut kinds: Vec<String> = Vec::new();
        let mut kind_of = |name: &str| {
            kinds.iter().position(|known| known == name).unwrap_or_else(|| {
                kinds.push(name.to_owned());
                kinds.len() - 1
            })
        };
        let mut all: Vec<Recogniser> = Vec::new();
        let mut spellings: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let birth = filled("{birth}", &file.fragments);
        for declared in file.recogniser {
            let kind = kind_of(&declared.kind);
            let index = all.len();
            for keyword in expand(&declared.keywords, &file.lists)? {
                for spelling in spellings_of(&keyword) {
                    let tried = spellings.entry(spelling).or_default();
                    if !tried.contains(&index) {
                        tried.push(index);
                    }
                }
            }
            all.push(declared.compile(kind, &file.fragments, &file.lists)?);
        }
        let company = compile_company(patterns, &mut kind_of)?;
        let keywords = automaton(spellings.keys(), AhoCorasickKind::DFA)?;
        let word_list = |text: &str| {
            let mut words: Vec<String> = text
                .lines()
                .filter(|line| !line.starts_with('#'))
                .flat_map(str::split_whitespace)
                .map(|word| fold(word).into_owned())
                .collect();
            words.sort();
            words
        };
        let mut starting: [Vec<usize>; 7] = Default::default();
        for (index, recogniser) in all.iter().enumerate() {
            starting[recogniser.start as usize].push(index);
        }
        Ok(Self {
            all,
            kept: kinds.iter().position(|kind| kind == KEPT),
            birth: Regex::new(&format!(r"\b(?:{birth})\b")).map_err(|error| Error::bug(format!("birth: {error}")))?,
            kinds,
            starting,
            keywords,
            tried: spellings.into_values().collect(),
            company,
            first_names: word_list(FIRST_NAMES),
            not_names: word_list(NOT_NAMES),
            brands: word_list(BRANDS),
            ordinary: word_list(ORDINARY),
        })
    }

    /// The recognisers tried at a kind of place, as declared.
    pub(super) fn starting(&self, start: Start) -> impl Iterator<Item = &Recogniser> {
        self.starting[start as usize].iter().map(|&index| &self.all[index])
    }

    /// Whether a word is in the list of first names; double names are known by their first half.
    pub(super) fn is_first_name(&self, word: &str) -> bool {
        let folded = fold(word);
        let has = |name: &str| self.first_names.binary_search_by(|known| known.as_str().cmp(name)).is_ok();
        has(&folded) || folded.split_once('-').is_some_and(|(first, _)| has(first))
    }

    /// Whether a word is a first name, or another word that is a first name as well.
    pub(super) fn may_be_first_name(&self, word: &str) -> bool {
        self.is_first_name(word) || is_ambiguous(word)
    }

    /// Whether a word is one that no name starts with.
    pub(super) fn is_not_name(&self, word: &str) -> bool {
        let folded = fold(word);
        self.not_names.binary_search_by(|known| known.as_str().cmp(&folded)).is_ok()
    }

    /// Whether a word is one of a company or product.
    pub(super) fn is_brand(&self, word: &str) -> bool {
        let folded = fold(word);
        self.brands.binary_search_by(|known| known.as_str().cmp(&folded)).is_ok()
    }

    /// Whether a word is one that people say in place of a name, or a verb with its pronoun.
    /// Rare surnames may be among them, so that the list only weakens what is no first name and stands in small letters.
    pub(super) fn is_ordinary(&self, word: &str) -> bool {
        let folded = fold(word);
        let is_joined = folded.rsplit_once('-').is_some_and(|(_, pronoun)| JOINED.contains(&pronoun));
        is_joined || self.ordinary.binary_search_by(|known| known.as_str().cmp(&folded)).is_ok()
    }

    /// Index of a kind.
    pub(super) fn kind(&self, name: &str) -> Option<usize> {
        self.kinds.iter().position(|kind| kind == name)
    }
}

impl Declared {
    fn compile(
        &self,
        kind: usize,
        fragments: &BTreeMap<String, String>,
        lists: &BTreeMap<String, Vec<String>>,
    ) -> Result<Recogniser> {
        let compiled = |pattern: String| {
            RegexBuilder::new(&pattern)
                .build()
                .map_err(|error| Error::bug(format!("recogniser {}: {error}", self.kind)))
        };
        let regex = |pattern: &str| compiled(format!("^(?:{})", filled(pattern, fragments)));
        let regex_at_end = |pattern: &str| compiled(format!("(?:{})$", filled(pattern, fragments)));
        let words = |list: &[String]| -> Result<Option<AhoCorasick>> {
            let words: Vec<String> = expand(list, lists)?.iter().flat_map(|word| spellings_of(word)).collect();
            if words.is_empty() { Ok(None) } else { automaton(words.iter(), AhoCorasickKind::ContiguousNFA).map(Some) }
        };
        Ok(Recogniser {
            kind,
            start: self.start,
            pattern: regex(&self.pattern)?,
            check: self.check,
            not_value: self.not_value.as_deref().map(regex).transpose()?,
            not_followed_by: self.not_followed_by.as_deref().map(regex).transpose()?,
            not_preceded_by: self.not_preceded_by.clone(),
            before: self.before.as_deref().map(regex_at_end).transpose()?,
            not_before: self.not_before.as_deref().map(regex_at_end).transpose()?,
            min_digits: self.min_digits,
            value_is: self.value_is,
            context: words(&self.context)?,
            not_context: words(&self.not_context)?,
            score: self.score,
            score_with_context: self.score_with_context.unwrap_or(self.score),
            is_local: self.is_local,
        })
    }
}

/// A pattern with its fragments in place. Fragments may use fragments; four rounds are enough and a leftover brace fails
/// to compile.
fn filled(pattern: &str, fragments: &BTreeMap<String, String>) -> String {
    let mut written = pattern.to_owned();
    for _ in 0..4 {
        for (name, text) in fragments {
            written = written.replace(&format!("{{{name}}}"), text);
        }
    }
    written
}

fn automaton<'a>(words: impl Iterator<Item = &'a String>, kind: AhoCorasickKind) -> Result<AhoCorasick> {
    AhoCorasickBuilder::new()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .kind(Some(kind))
        .build(words)
        .map_err(|error| Error::bug(format!("keywords: {error}")))
}

fn expand(keywords: &[String], lists: &BTreeMap<String, Vec<String>>) -> Result<Vec<String>> {
    let mut expanded = Vec::new();
    for keyword in keywords {
        match keyword.strip_prefix('@') {
            Some(list) => {
                let words = lists.get(list).ok_or_else(|| Error::bug(format!("unknown list of keywords {list}")))?;
                expanded.extend(words.iter().cloned());
            }
            None => expanded.push(keyword.clone()),
        }
    }
    Ok(expanded)
}

/// A keyword as people type it: with and without accents, in capitals, with either apostrophe, with a no-break space.
fn spellings_of(keyword: &str) -> Vec<String> {
    let mut found = vec![keyword.to_lowercase(), fold(keyword).into_owned(), keyword.to_uppercase()];
    for known in found.clone() {
        if known.contains('\'') {
            found.push(known.replace('\'', "’"));
        }
        if known.contains(' ') {
            found.push(known.replace(' ', "\u{a0}"));
            found.push(known.replace(' ', "\n"));
        }
    }
    // ASCII case is folded by the automaton.
    for spelling in &mut found {
        spelling.make_ascii_lowercase();
    }
    found.sort();
    found.dedup();
    found
}

fn compile_company(
    patterns: &BTreeMap<String, String>,
    kind_of: &mut impl FnMut(&str) -> usize,
) -> Result<Vec<(usize, Regex)>> {
    let mut problems = Vec::new();
    let mut compiled = Vec::new();
    for (name, pattern) in patterns {
        let mut problem = |message: String| {
            problems.push(Problem { file: "motif.toml".into(), at: format!("privacy.patterns.{name}"), message });
        };
        let is_name = !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !name.starts_with(|c: char| c.is_ascii_digit());
        if !is_name {
            problem("a placeholder name holds letters, digits and underscores, as in CONTRACT".into());
            continue;
        }
        match Regex::new(pattern) {
            Ok(regex) if regex.is_match("") => {
                problem("the pattern matches the empty text; require at least one character".into())
            }
            Ok(regex) => compiled.push((kind_of(&name.to_ascii_uppercase()), regex)),
            Err(error) => problem(format!("not a regular expression: {error}")),
        }
    }
    if problems.is_empty() { Ok(compiled) } else { Err(Error::Config { problems }) }
}
