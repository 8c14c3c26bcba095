//! The report's own words, in both languages, and their places for figures.
//!
//! `phrases.toml` holds one entry per text: `{name}` is a place for a figure or a name, `**…**` is emphasis. French
//! spaces before `: ; ? ! %` and inside « » are made no-break here, so that the file stays easy to write.

use std::collections::BTreeMap;

use super::chart::escape;
use super::format::Language;
use super::run::Bilingual;
use crate::error::{Error, Result};

/// Every text by its key.
#[derive(Debug)]
pub(crate) struct Phrases(BTreeMap<String, Bilingual>);

impl Phrases {
    /// Reads the texts that ship with the program.
    ///
    /// # Errors
    /// A bug in the file, which a test would have shown.
    pub(crate) fn shipped() -> Result<Self> {
        let table: BTreeMap<String, BTreeMap<String, String>> = toml::from_str(include_str!("phrases.toml"))
            .map_err(|error| Error::bug(format!("phrases.toml: {}", error.message())))?;
        let mut phrases = BTreeMap::new();
        for (key, languages) in table {
            let text = |code: &str| languages.get(code).cloned().unwrap_or_default();
            phrases.insert(key, Bilingual::new(typeset_french(&text("fr")), text("en")));
        }
        Ok(Self(phrases))
    }

    /// The text of a key, when there is one.
    pub(crate) fn find(&self, language: Language, key: &str) -> Option<&str> {
        self.0.get(key).map(|phrase| phrase.get(language))
    }

    /// What follows a prefix of the keys, with its text, in the order of the keys.
    pub(crate) fn with_prefix<'p>(&'p self, prefix: &'p str) -> impl Iterator<Item = (&'p str, &'p Bilingual)> {
        self.0.iter().filter_map(move |(key, phrase)| Some((key.strip_prefix(prefix)?, phrase)))
    }

    /// The text as HTML: everything escaped, emphasis marked.
    ///
    /// # Errors
    /// No such key.
    pub(crate) fn html(&self, language: Language, key: &str, places: &[(&str, String)]) -> Result<String> {
        let mut html = escape(self.required(language, key)?);
        while let Some(open) = html.find("**") {
            let Some(length) = html[open + 2..].find("**") else { break };
            html.replace_range(open + 2 + length..open + 4 + length, "</strong>");
            html.replace_range(open..open + 2, "<strong>");
        }
        let escaped: Vec<(&str, String)> = places.iter().map(|(name, value)| (*name, unbroken(value))).collect();
        Ok(fill(&html, &escaped))
    }

    /// The text without markup, for charts and attributes.
    ///
    /// # Errors
    /// No such key.
    pub(crate) fn plain(&self, language: Language, key: &str, places: &[(&str, String)]) -> Result<String> {
        Ok(fill(&self.required(language, key)?.replace("**", ""), places))
    }

    fn required(&self, language: Language, key: &str) -> Result<&str> {
        self.find(language, key).ok_or_else(|| Error::bug(format!("the report has no text {key}")))
    }
}

/// Puts the values in their places, in one pass: a value that looks like a place stays as it is.
fn fill(text: &str, places: &[(&str, String)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        filled.push_str(&rest[..open]);
        let after = &rest[open + 1..];
        let place = after.find('}').and_then(|close| {
            places.iter().find(|(name, _)| *name == &after[..close]).map(|(_, value)| (value, close))
        });
        match place {
            Some((value, close)) => {
                filled.push_str(value);
                rest = &after[close + 1..];
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    filled
}

/// Escapes a value; a range of figures (`297–770 €`) stays on one line.
fn unbroken(value: &str) -> String {
    if value.contains('–') && value.chars().any(|c| c.is_ascii_digit()) {
        format!(r#"<span class="nowrap">{}</span>"#, escape(value))
    } else {
        escape(value)
    }
}

/// French with no-break spaces where punctuation asks for them, and the apostrophe of print inside words.
pub(crate) fn typeset_french(text: &str) -> String {
    let mut spaced = text.replace("« ", "«\u{a0}").replace(" »", "\u{a0}»").replace(" :", "\u{a0}:");
    // As beside the figures, whose space before % is a whole one.
    spaced = spaced.replace(" %", "\u{a0}%");
    for mark in [";", "?", "!"] {
        spaced = spaced.replace(&format!(" {mark}"), &format!("\u{202f}{mark}"));
    }
    let mut typeset = String::with_capacity(spaced.len());
    let mut rest = spaced.chars().peekable();
    while let Some(c) = rest.next() {
        // Between letters alone: a quotation mark stands beside a blank or a sign.
        let is_apostrophe =
            c == '\'' && typeset.ends_with(char::is_alphabetic) && rest.peek().is_some_and(|next| next.is_alphabetic());
        typeset.push(if is_apostrophe { '’' } else { c });
    }
    typeset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_exists_in_both_languages_with_the_same_places() {
        let places = |text: &str| {
            let mut found: Vec<String> = text
                .split('{')
                .skip(1)
                .filter_map(|part| part.split_once('}').map(|(name, _)| name.to_string()))
                .collect();
            found.sort();
            found.dedup();
            found
        };
        let phrases = Phrases::shipped().unwrap();
        assert!(phrases.0.len() > 100);
        for (key, phrase) in &phrases.0 {
            assert!(!phrase.fr.trim().is_empty() && !phrase.en.trim().is_empty(), "{key} lacks a language");
            assert_eq!(places(&phrase.fr), places(&phrase.en), "{key}");
            for text in [&phrase.fr, &phrase.en] {
                assert_eq!(text.matches("**").count() % 2, 0, "{key}: emphasis is not closed");
            }
        }
    }

    #[test]
    fn values_are_escaped_and_never_read_as_places() {
        let mut entries = BTreeMap::new();
        entries.insert("k".to_string(), Bilingual::new("**{a}** & {b}", "x"));
        let phrases = Phrases(entries);
        let places = [("a", "{b}".to_string()), ("b", "<i>".to_string())];
        let html = phrases.html(Language::French, "k", &places).unwrap();
        assert_eq!(html, "<strong>{b}</strong> &amp; &lt;i&gt;");
        assert_eq!(phrases.plain(Language::French, "k", &places).unwrap(), "{b} & <i>");
        assert!(phrases.html(Language::French, "absent", &[]).is_err());
    }

    #[test]
    fn french_punctuation_never_starts_a_line_and_apostrophes_are_those_of_print() {
        assert_eq!(typeset_french("Quoi ? « Rien » : 5 %"), "Quoi\u{202f}? «\u{a0}Rien\u{a0}»\u{a0}: 5\u{a0}%");
        assert_eq!(typeset_french("l'avis d'une cliente, 'sic'"), "l’avis d’une cliente, 'sic'");
    }
}
