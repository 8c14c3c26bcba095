//! Words to words without personal data: typed placeholders instead of names, addresses, numbers and secrets.
//!
//! `recogniser.rs` compiles the declared recognisers, `candidates.rs` finds and settles what to replace,
//! `placeholder.rs` numbers the values. Amounts, dates, quantities, models and versions stay as they are: they carry
//! the meaning of a contact.

mod candidates;
mod checksum;
mod placeholder;
mod recogniser;
mod stream;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::error::Result;
use placeholder::Numbers;
use recogniser::Recognisers;
pub use stream::redact_stream;

/// Names kept in mind in one session: a conversation has a few, and the bound keeps a stream linear.
const MOST_NAMES: usize = 64;

/// The compiled recognisers; made once, shared by threads.
#[derive(Debug)]
pub struct Redactor {
    recognisers: Recognisers,
}

/// A text after redaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Redacted {
    /// The text with placeholders such as `[EMAIL_1]`.
    pub text: String,
    /// Number of replacements per kind, in alphabetical order.
    pub counts: BTreeMap<String, u32>,
}

/// One stretch of personal data, as [`Redactor::find`] reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Name of the placeholder: `EMAIL`, `PHONE`…
    pub kind: String,
    /// Bytes of the text.
    pub range: Range<usize>,
}

/// One contact's redaction: the same value gets the same placeholder in all its texts.
#[derive(Debug)]
pub struct Session<'a> {
    redactor: &'a Redactor,
    numbers: Numbers,
    /// Names learnt in this contact, longest first, with the value each belongs to.
    names: BTreeMap<String, String>,
}

impl Redactor {
    /// Compiles the recognisers that ship and the company's own patterns (placeholder name → regular expression).
    ///
    /// # Errors
    ///
    /// Every company pattern that cannot be used, all together.
    pub fn new(patterns: &BTreeMap<String, String>) -> Result<Self> {
        Ok(Self { recognisers: Recognisers::new(patterns)? })
    }

    /// Starts a contact.
    pub fn session(&self) -> Session<'_> {
        Session { redactor: self, numbers: Numbers::default(), names: BTreeMap::new() }
    }

    /// The personal data of a text, in order, without overlap.
    pub fn find(&self, text: &str) -> Vec<Finding> {
        candidates::find(&self.recognisers, text)
            .into_iter()
            .map(|found| Finding { kind: self.recognisers.kinds[found.kind].clone(), range: found.range })
            .collect()
    }
}

impl Session<'_> {
    /// Takes note of the names introduced in a text of the contact, so that the other texts, where nothing introduces
    /// them, are redacted too. Numbers are not given yet.
    pub fn learn(&mut self, text: &str) {
        for found in candidates::find(&self.redactor.recognisers, text) {
            if self.redactor.recognisers.kinds[found.kind] == "NAME" {
                self.learn_name(&text[found.range]);
            }
        }
    }

    fn learn_name(&mut self, value: &str) {
        // The whole name and each of its longer words; short ones ("Le", "Roy") are words of other things too.
        let words = value.split(|c: char| c.is_whitespace()).filter(|word| word.chars().count() >= 4);
        for part in std::iter::once(value).filter(|whole| whole.chars().count() >= 3).chain(words) {
            let is_capital = part.chars().next().is_some_and(char::is_uppercase);
            if self.names.len() < MOST_NAMES && is_capital && !self.redactor.recognisers.is_not_name(part) {
                self.names.entry(part.to_owned()).or_insert_with(|| value.to_owned());
            }
        }
    }

    /// Redacts one text of the contact. Text without personal data comes back unchanged; redacting twice changes
    /// nothing more.
    pub fn redact(&mut self, text: &str) -> Redacted {
        self.numbers.reserve(text);
        let mut redacted = Redacted { text: text.to_owned(), counts: BTreeMap::new() };
        // A replacement can uncover a value that a stronger one overlapped; what the second look finds nothing in
        // will not change when it is redacted again.
        for _ in 0..8 {
            let found = candidates::find_with_names(&self.redactor.recognisers, &self.names, &redacted.text);
            for candidate in &found {
                if self.redactor.recognisers.kinds[candidate.kind] == "NAME" {
                    self.learn_name(&redacted.text[candidate.range.clone()]);
                }
            }
            if found.is_empty() {
                break;
            }
            let mut text = String::with_capacity(redacted.text.len());
            let mut end = 0;
            for candidate in found {
                let name = &self.redactor.recognisers.kinds[candidate.kind];
                text.push_str(&redacted.text[end..candidate.range.start]);
                let value = &redacted.text[candidate.range.clone()];
                let value = if name == "NAME" { self.names.get(value).map_or(value, String::as_str) } else { value };
                text.push_str(&self.numbers.placeholder(candidate.kind, name, value));
                end = candidate.range.end;
                *redacted.counts.entry(name.clone()).or_default() += 1;
            }
            text.push_str(&redacted.text[end..]);
            redacted.text = text;
        }
        redacted
    }
}
