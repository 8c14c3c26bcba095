//! Cues: regular expressions over folded words, and where they matched in the words as written.
//!
//! Folding makes one pattern serve all spellings: lower case, accents stripped, curly apostrophes straight, blanks
//! single. Each folded character remembers the character that it came from. The letters of a pattern are folded too:
//! `Échange` finds what `echange` finds.

use std::collections::BTreeMap;

use aho_corasick::AhoCorasick;
use regex::Regex;
use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Capture, Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Repetition};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::error::{Error, Result};

/// Shorter strings occur in most texts.
const SHORTEST_NEEDLE: usize = 3;
/// More strings than this are no longer telling.
const MOST_NEEDLES: usize = 400;
/// A larger class of characters (`\w`, `[^.?!]`) is no list of letters that somebody wrote.
const LARGEST_LIST: u32 = 256;

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
                fold(character, |part| push(part, &mut folded, &mut origin));
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

/// The characters that stand for one that is no blank.
fn fold(character: char, mut push: impl FnMut(char)) {
    match character {
        '’' | '‘' | 'ʼ' | '`' => push('\''),
        'œ' | 'Œ' => {
            push('o');
            push('e');
        }
        _ if character.is_ascii() => push(character.to_ascii_lowercase()),
        _ => character.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).for_each(push),
    }
}

/// The pattern that finds in folded text what this one means: its letters folded, those of a list `[éè]` beside them.
fn folded_pattern(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Literal(literal) => {
            let Ok(text) = std::str::from_utf8(&literal.0) else { return hir.clone() };
            let mut folded = String::with_capacity(text.len());
            for character in text.chars() {
                if character.is_whitespace() {
                    folded.push(' ');
                } else {
                    fold(character, |part| folded.push(part));
                }
            }
            Hir::literal(folded.into_bytes())
        }
        HirKind::Class(Class::Unicode(class)) => {
            let size: u32 = class.ranges().iter().map(|range| range.end() as u32 - range.start() as u32 + 1).sum();
            if size > LARGEST_LIST {
                return hir.clone();
            }
            let mut letters: Vec<ClassUnicodeRange> = class.ranges().to_vec();
            for character in class.ranges().iter().flat_map(|range| range.start()..=range.end()) {
                let mut folded = Vec::new();
                fold(character, |part| folded.push(part));
                // `œ` becomes two letters, which a list of single ones cannot hold.
                if let [single] = folded[..] {
                    letters.push(ClassUnicodeRange::new(single, single));
                }
            }
            Hir::class(Class::Unicode(ClassUnicode::new(letters)))
        }
        HirKind::Repetition(repetition) => {
            Hir::repetition(Repetition { sub: Box::new(folded_pattern(&repetition.sub)), ..repetition.clone() })
        }
        HirKind::Capture(capture) => {
            Hir::capture(Capture { sub: Box::new(folded_pattern(&capture.sub)), ..capture.clone() })
        }
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(folded_pattern).collect()),
        HirKind::Alternation(branches) => Hir::alternation(branches.iter().map(folded_pattern).collect()),
        _ => hir.clone(),
    }
}

/// The compiled cues of all criteria, or of all markers.
///
/// Hundreds of patterns meet every window of every contact. Nearly none can match, and one pass over the words tells
/// which: each match of a pattern holds one of its needles, and all needles are searched together.
#[derive(Debug, Clone)]
pub struct Cues {
    /// In the order of the groups, then as given.
    patterns: Vec<Pattern>,
    /// Patterns that are tried on every text, for want of needles.
    always_tried: Vec<usize>,
    groups: usize,
    finder: AhoCorasick,
    /// For each needle of `finder`, the patterns that need it.
    needed_by: Vec<Vec<usize>>,
}

#[derive(Debug, Clone)]
struct Pattern {
    group: usize,
    regex: Regex,
}

impl Cues {
    /// Compiles the patterns of several groups.
    ///
    /// # Errors
    /// A pattern is not a regular expression; files are checked before, so this is a broken promise.
    pub fn new<'a, G>(groups: impl IntoIterator<Item = G>) -> Result<Self>
    where
        G: IntoIterator<Item = &'a str>,
    {
        let broken = || Error::bug("a cue that was checked does not compile");
        let (mut patterns, mut always_tried) = (Vec::new(), Vec::new());
        let mut wanted: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
        let mut count = 0;
        for (group, texts) in groups.into_iter().enumerate() {
            count = group + 1;
            for text in texts {
                let hir = regex_syntax::parse(text).map_err(|_| broken())?;
                let folded = folded_pattern(&hir);
                let regex = if folded == hir { Regex::new(text) } else { Regex::new(&folded.to_string()) };
                let regex = regex.map_err(|_| broken())?;
                let found = needles(&folded);
                if found.is_none() {
                    always_tried.push(patterns.len());
                }
                for needle in found.into_iter().flatten() {
                    wanted.entry(needle).or_default().push(patterns.len());
                }
                patterns.push(Pattern { group, regex });
            }
        }
        let finder = AhoCorasick::new(wanted.keys()).map_err(|_| broken())?;
        Ok(Self { patterns, always_tried, groups: count, finder, needed_by: wanted.into_values().collect() })
    }

    /// The longest match of each group, as characters of the original text; the first one among equals.
    pub fn find(&self, folded: &Folded) -> Vec<Option<(u32, u32)>> {
        self.find_after(folded, |_| true)
    }

    /// The same among the matches that `is_meant` accepts, which sees the folded words before a match.
    pub fn find_after(&self, folded: &Folded, is_meant: impl Fn(&str) -> bool) -> Vec<Option<(u32, u32)>> {
        let mut tried = self.always_tried.clone();
        for needle in self.finder.find_overlapping_iter(&folded.text) {
            tried.extend(&self.needed_by[needle.pattern().as_usize()]);
        }
        tried.sort_unstable();
        tried.dedup();
        let mut best: Vec<Option<(u32, u32)>> = vec![None; self.groups];
        for pattern in tried.into_iter().map(|place| &self.patterns[place]) {
            let mut matches = pattern.regex.find_iter(&folded.text);
            if let Some(found) = matches.find(|found| is_meant(&folded.text[..found.start()])) {
                let span = folded.original_chars(found.start(), found.end());
                let longest = &mut best[pattern.group];
                if longest.is_none_or(|(start, end)| span.1 - span.0 > end - start) {
                    *longest = Some(span);
                }
            }
        }
        best
    }
}

/// Byte strings of which every match of `hir` holds at least one; `None` when there is no such list that is short and
/// of telling words. Any run of parts that a match must pass through gives one: here the words that the run can begin with.
fn needles(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    match hir.kind() {
        HirKind::Capture(capture) => needles(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => needles(&repetition.sub),
        HirKind::Alternation(branches) => {
            let all = branches.iter().map(needles).collect::<Option<Vec<_>>>()?;
            Some(all.into_iter().flatten().collect()).filter(|all: &Vec<_>| all.len() <= MOST_NEEDLES)
        }
        HirKind::Concat(parts) => (0..parts.len())
            .flat_map(|from| [beginnings(&Hir::concat(parts[from..].to_vec())), needles(&parts[from])])
            .flatten()
            .max_by_key(|found| (shortest(found), std::cmp::Reverse(found.len()))),
        _ => beginnings(hir),
    }
}

/// The words that a match of `hir` can begin with.
fn beginnings(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    let mut sequence = Extractor::new().extract(hir);
    sequence.dedup();
    let found: Vec<Vec<u8>> = sequence.literals()?.iter().map(|literal| literal.as_bytes().to_vec()).collect();
    (!found.is_empty() && found.len() <= MOST_NEEDLES && shortest(&found) >= SHORTEST_NEEDLE).then_some(found)
}

/// Length of the shortest needle; longer ones than a word are no more telling.
fn shortest(needles: &[Vec<u8>]) -> usize {
    needles.iter().map(Vec::len).min().unwrap_or(0).min(8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::Catalogue;

    #[test]
    fn a_match_points_at_the_words_as_written() {
        let text = "Là,  je n’ai   TOUJOURS pas reçu mon cœur";
        let cues = Cues::new([[r"\btoujours pas recu\b", r"coeur"]]).unwrap();
        let (start, end) = cues.find(&Folded::new(text))[0].unwrap();
        let words: String = text.chars().skip(start as usize).take((end - start) as usize).collect();
        assert_eq!(words, "TOUJOURS pas reçu");
    }

    #[test]
    fn a_pattern_may_be_written_as_the_words_are() {
        let text = "Le BON D’ÉCHANGE du cœur, s'il vous plaît";
        let span = |pattern: &str| Cues::new([[pattern]]).unwrap().find(&Folded::new(text))[0];
        for pattern in [
            r"\bbon d'echange\b",
            r"\bBon d’échange\b",
            r"\bbon d.[éè]change\b",
            r"\bbon d.(É|e)change\b",
            r"bon\td'[A-Z]change",
            r"(?i)bon D'ÉCHANGE",
        ] {
            assert_eq!(span(pattern), Some((3, 16)), "{pattern}");
        }
        assert_eq!(span("cœur"), Some((20, 24)));
        // Classes that leave something out mean what they say.
        assert_eq!(span(r"plaît[^a-zé]"), None);
        assert_eq!(span(r"d'[^.?!]{7}"), span("d'échange"));
    }

    #[test]
    fn an_empty_text_has_no_match() {
        let cues = Cues::new([["x"]]).unwrap();
        assert_eq!(cues.find(&Folded::new("")), [None]);
    }

    #[test]
    fn no_pattern_is_left_out_that_could_match() {
        // Patterns that the search for needles could misread, and texts that they match.
        let cases = [
            (r"a?bc{0}d", "bd"),
            (r"(?i)TOUJOURS|jamais", "tOuJours"),
            (r"(recu|^)$", ""),
            (r"\b(le|la) ?", "la"),
            (r"(abc)*x", "x"),
            (r"(abc|d)+", "d"),
            (r"(deja|encore) (appele|ecrit)?s?", "encore s"),
            (r"[a-z]{3}\d", "abc1"),
            (r"(bonjour|)[.?!]", "!"),
            (r"[^.?!]{0,30}bloque", "il est bloque"),
        ];
        for (pattern, text) in cases {
            let folded = Folded { text: text.into(), origin: (0..=text.len() as u32).collect() };
            let expected = Regex::new(pattern).unwrap().find(text).map(|m| (m.start() as u32, m.end() as u32));
            assert!(expected.is_some(), "{pattern}");
            assert_eq!(Cues::new([[pattern]]).unwrap().find(&folded), [expected], "{pattern}");
        }
    }

    #[test]
    fn the_shipped_cues_match_as_each_alone_would_and_few_are_tried() {
        let catalogue = Catalogue::from_files(None, None).unwrap();
        let criteria = &catalogue.criteria.criteria;
        let cues = Cues::new(criteria.iter().map(|criterion| criterion.cues.iter())).unwrap();
        let alone: Vec<Vec<Regex>> =
            criteria.iter().map(|one| one.cues.iter().map(|cue| Regex::new(cue).unwrap()).collect()).collect();
        let mut matched = 0;
        for text in criteria.iter().flat_map(|one| one.examples.iter().chain(one.counter_examples.iter())) {
            let folded = Folded::new(text);
            let expected: Vec<Option<(u32, u32)>> = alone
                .iter()
                .map(|patterns| {
                    let found = patterns.iter().filter_map(|pattern| pattern.find(&folded.text));
                    found
                        .map(|m| folded.original_chars(m.start(), m.end()))
                        .rev()
                        .max_by_key(|(start, end)| end - start)
                })
                .collect();
            matched += expected.iter().flatten().count();
            assert_eq!(cues.find(&folded), expected);
        }
        assert!(matched > 100, "{matched}");
        let always = cues.always_tried.len();
        assert!(always * 20 < cues.patterns.len(), "{always} of {}", cues.patterns.len());
    }
}
