//! Cues: regular expressions over folded words, and where they matched in the words as written.
//!
//! Folding makes one pattern serve all spellings: lower case, accents stripped, curly apostrophes straight, blanks
//! single. Each folded character remembers the character that it came from.

use regex::Regex;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::error::{Error, Result};

/// Folded words, with the place of each folded byte in the original, in characters.
#[derive(Debug, Clone, Default)]
pub struct Folded {
    /// Folded text.
    pub text: String,
    /// For each byte of `text`, the index of the original character; one more entry closes the last.
    origin: Vec<u32>,
}

impl Folded {
    /// Folds a text.
    pub fn new(text: &str) -> Self {
        let mut folded = String::with_capacity(text.len());
        let mut origin = Vec::with_capacity(text.len() + 1);
        let mut index = 0u32;
        let mut last_blank = true;
        for character in text.chars() {
            let push = |c: char, folded: &mut String, origin: &mut Vec<u32>| {
                folded.push(c);
                origin.resize(folded.len(), index);
            };
            if character.is_whitespace() {
                if !last_blank {
                    push(' ', &mut folded, &mut origin);
                }
                last_blank = true;
            } else {
                last_blank = false;
                match character {
                    '’' | '‘' | 'ʼ' | '`' => push('\'', &mut folded, &mut origin),
                    'œ' | 'Œ' => {
                        push('o', &mut folded, &mut origin);
                        push('e', &mut folded, &mut origin);
                    }
                    _ if character.is_ascii() => push(character.to_ascii_lowercase(), &mut folded, &mut origin),
                    _ => {
                        for part in character.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
                            push(part, &mut folded, &mut origin);
                        }
                    }
                }
            }
            index += 1;
        }
        origin.push(index);
        Self { text: folded, origin }
    }

    /// Characters of the original that a byte range of the folded text came from.
    pub fn original_chars(&self, start: usize, end: usize) -> (u32, u32) {
        let first = self.origin[start];
        let last = if end > start { self.origin[end - 1] + 1 } else { first };
        (first, last)
    }
}

/// The compiled cues of one criterion or marker.
#[derive(Debug, Clone)]
pub struct Cues {
    patterns: Vec<Regex>,
}

impl Cues {
    /// Compiles patterns.
    ///
    /// # Errors
    /// A pattern is not a regular expression; files are checked before, so this is a broken promise.
    pub fn new<'a>(patterns: impl Iterator<Item = &'a str>) -> Result<Self> {
        let patterns = patterns
            .map(Regex::new)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| Error::bug("a cue that was checked does not compile"))?;
        Ok(Self { patterns })
    }

    /// The longest match, as characters of the original text; the first one among equals.
    pub fn find(&self, folded: &Folded) -> Option<(u32, u32)> {
        let mut best: Option<(u32, u32)> = None;
        for pattern in &self.patterns {
            if let Some(found) = pattern.find(&folded.text) {
                let span = folded.original_chars(found.start(), found.end());
                if best.is_none_or(|(start, end)| span.1 - span.0 > end - start) {
                    best = Some(span);
                }
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_match_points_at_the_words_as_written() {
        let text = "Là,  je n’ai   TOUJOURS pas reçu mon cœur";
        let cues = Cues::new([r"\btoujours pas recu\b", r"coeur"].into_iter()).unwrap();
        let (start, end) = cues.find(&Folded::new(text)).unwrap();
        let words: String = text.chars().skip(start as usize).take((end - start) as usize).collect();
        assert_eq!(words, "TOUJOURS pas reçu");
    }

    #[test]
    fn an_empty_text_has_no_match() {
        let cues = Cues::new(["x"].into_iter()).unwrap();
        assert_eq!(cues.find(&Folded::new("")), None);
    }
}
