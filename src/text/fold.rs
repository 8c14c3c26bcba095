//! Lines to a bare form for comparison: lower case, no accents, plain apostrophes and spaces.
//!
//! Phrase lists and patterns are written once, without caring how the customer's keyboard or mail program wrote them.

use std::borrow::Cow;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The text in lower case without diacritics; typographic apostrophes, dashes and spaces become plain ones.
pub(crate) fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return if text.bytes().any(|b| b.is_ascii_uppercase() || b == b'\t') {
            Cow::Owned(text.to_ascii_lowercase().replace('\t', " "))
        } else {
            Cow::Borrowed(text)
        };
    }
    let mut folded = String::with_capacity(text.len());
    for c in text.nfd().filter(|c| !is_combining_mark(*c)) {
        match c {
            '\u{2019}' | '\u{2018}' | '\u{02bc}' | '`' | '\u{b4}' => folded.push('\''),
            '\u{a0}' | '\u{202f}' | '\u{2009}' | '\u{2007}' | '\t' => folded.push(' '),
            '\u{2013}' | '\u{2014}' | '\u{2010}' | '\u{2011}' | '\u{2212}' => folded.push('-'),
            '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            'œ' | 'Œ' => folded.push_str("oe"),
            'æ' | 'Æ' => folded.push_str("ae"),
            'ß' => folded.push_str("ss"),
            'ł' | 'Ł' => folded.push('l'),
            'ø' | 'Ø' => folded.push('o'),
            c => folded.extend(c.to_lowercase()),
        }
    }
    Cow::Owned(folded)
}

/// A pattern, mostly for folded text. For literals alone, each of which the tests of its module compile.
pub(super) fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a literal pattern that the tests compile")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_case_and_typography_are_removed() {
        assert_eq!(fold("Envoyé\u{a0}: L’Œuvre — ÀÇ"), "envoye : l'oeuvre - ac");
        assert_eq!(fold("plain"), "plain");
    }
}
