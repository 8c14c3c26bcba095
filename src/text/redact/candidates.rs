//! A text to the places that hold personal data: every recogniser tried where it can match, overlaps settled.

use std::collections::BTreeMap;
use std::ops::Range;

use regex::Regex;

use super::recogniser::{Recogniser, Recognisers, Start, ValueIs};
use crate::text::fold::fold;

/// Longest stretch of text a pattern sees from where it is tried, in bytes.
const REACH: usize = 240;
/// How far before a value its context words are looked for, in bytes.
const CONTEXT: usize = 80;
/// Below this score a candidate is left as it is.
const THRESHOLD: f32 = 0.5;

/// One stretch of text to replace.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Candidate {
    /// Index of the kind.
    pub kind: usize,
    /// Bytes of the value.
    pub range: Range<usize>,
    pub score: f32,
}

/// Everything to redact in a text, in order, without overlap.
pub(super) fn find(recognisers: &Recognisers, text: &str) -> Vec<Candidate> {
    find_with_names(recognisers, &BTreeMap::new(), &BTreeMap::new(), text)
}

/// The same, with the names that other texts of the contact introduced, and words of names that count inside a sentence alone.
pub(super) fn find_with_names(
    recognisers: &Recognisers,
    names: &BTreeMap<String, String>,
    parts: &BTreeMap<String, String>,
    text: &str,
) -> Vec<Candidate> {
    let mut found = Vec::new();
    known_names(recognisers, names, text, false, &mut found);
    known_names(recognisers, parts, text, true, &mut found);
    at_keywords(recognisers, text, &mut found);
    at_tokens(recognisers, text, &mut found);
    for (kind, regex) in &recognisers.company {
        found.extend(regex.find_iter(text).filter(|found| !found.is_empty()).map(|found| Candidate {
            kind: *kind,
            range: found.range(),
            score: 2.0,
        }));
    }
    settle(found, text)
}

/// Words of a line that may be a signature.
const SIGNATURE_WORDS: usize = 4;

/// Names already known, as whole words, with what a hyphen adds to them (`Rieutord-Meyzieu`).
fn known_names(
    recognisers: &Recognisers,
    names: &BTreeMap<String, String>,
    text: &str,
    is_inside_sentence: bool,
    found: &mut Vec<Candidate>,
) {
    let Some(kind) = recognisers.kinds.iter().position(|kind| kind == "NAME") else { return };
    for name in names.keys() {
        for (at, _) in text.match_indices(name.as_str()) {
            let end = at + name.len();
            let is_whole = !is_word(text[..at].chars().next_back()) && !is_word(text[end..].chars().next());
            if is_whole && !(is_inside_sentence && starts_sentence(&text[..at], &text[at..])) {
                found.push(Candidate { kind, range: at..end + hyphenated(&text[end..]), score: 0.55 });
            }
        }
    }
}

/// Whether a sentence starts between two pieces of text; a short line below others is a signature.
fn starts_sentence(before: &str, after: &str) -> bool {
    let said = before.trim_end();
    if !said.is_empty() && before[said.len()..].contains('\n') {
        return after.lines().next().unwrap_or_default().split_whitespace().count() > SIGNATURE_WORDS;
    }
    said.is_empty() || said.ends_with(['.', '!', '?', '…', ':'])
}

/// Bytes of the capitalised words that hyphens join to what comes before.
fn hyphenated(after: &str) -> usize {
    let mut end = 0;
    while let Some(word) = after[end..].strip_prefix('-').filter(|word| word.starts_with(char::is_uppercase)) {
        end += 1 + word.find(|c: char| !is_word(Some(c))).unwrap_or(word.len());
    }
    end
}

fn at_keywords(recognisers: &Recognisers, text: &str, found: &mut Vec<Candidate>) {
    for hit in recognisers.keywords.find_overlapping_iter(text) {
        let keyword = &text[hit.range()];
        let starts_inside = is_word(text[..hit.start()].chars().next_back()) && is_word(keyword.chars().next());
        if starts_inside {
            continue;
        }
        let ends_inside = is_word(keyword.chars().next_back()) && is_word(text[hit.end()..].chars().next());
        for &index in &recognisers.tried[hit.pattern().as_usize()] {
            let recogniser = &recognisers.all[index];
            match recogniser.start {
                Start::Keyword if !ends_inside => try_at(recognisers, recogniser, text, hit.end(), found),
                Start::AtKeyword => try_at(recognisers, recogniser, text, hit.start(), found),
                _ => {}
            }
        }
    }
}

fn at_tokens(recognisers: &Recognisers, text: &str, found: &mut Vec<Candidate>) {
    let bytes = text.as_bytes();
    let mut try_all = |start: Start, at: usize, digits: usize| {
        for recogniser in recognisers.starting(start) {
            if recogniser.min_digits <= digits {
                try_at(recognisers, recogniser, text, at, found);
            }
        }
    };
    let mut is_inside = false;
    for (at, &byte) in bytes.iter().enumerate() {
        let is_word_byte =
            byte.is_ascii_alphanumeric() || byte >= 0x80 && !starts_space(&bytes[at..]) && !is_inside_space(bytes, at);
        let is_sign =
            matches!(byte, b'+' | b'(') && bytes.get(at + 1).is_some_and(|next| next.is_ascii_digit() || *next == b'+');
        let opens = !is_inside && (is_word_byte || is_sign);
        is_inside = is_word_byte;
        if !opens {
            continue;
        }
        if byte.is_ascii_digit() || is_sign {
            try_all(Start::Number, at, digits_ahead(&bytes[at..]));
        } else if byte.is_ascii_alphabetic() {
            let near = &bytes[at..bytes.len().min(at + 6)];
            if near.iter().any(|b| b.is_ascii_digit() || *b == b':') {
                try_all(Start::Code, at, usize::MAX);
            }
        }
        if byte.is_ascii_uppercase() || byte == 0xc3 {
            let end = text[at..].find(|c: char| !(c.is_alphabetic() || c == '-')).map_or(text.len(), |n| at + n);
            let is_capital = text[at..].chars().next().is_some_and(char::is_uppercase);
            if is_capital && end - at <= 30 && recognisers.is_first_name(&text[at..end]) {
                try_all(Start::FirstName, at, usize::MAX);
            }
        }
    }
    for recogniser in recognisers.starting(Start::AtSign) {
        for (at, _) in text.match_indices('@') {
            if let Some(range) = address_around(recogniser, text, at) {
                found.push(Candidate { kind: recogniser.kind, range, score: recogniser.score });
            }
        }
    }
}

/// Number of digits before the first letter or other sign, up to a bound: "3 articles" need not be tried as a card.
fn digits_ahead(bytes: &[u8]) -> usize {
    let is_part = |byte: &&u8| {
        byte.is_ascii_digit() || matches!(byte, b' ' | b'+' | b'(' | b')' | b'.' | b'-' | b'/' | b',' | b'\t' | 0x80..)
    };
    bytes.iter().take(60).take_while(is_part).filter(|byte| byte.is_ascii_digit()).count()
}

/// No-break and thin spaces in UTF-8.
fn starts_space(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xc2, 0xa0])
        || bytes.starts_with(&[0xe2, 0x80])
        || bytes.starts_with(&[0xc2, 0xab])
        || bytes.starts_with(&[0xc2, 0xb0])
}

fn is_inside_space(bytes: &[u8], at: usize) -> bool {
    (at >= 1 && starts_space(&bytes[at - 1..])) || (at >= 2 && bytes[at - 2..].starts_with(&[0xe2, 0x80]))
}

fn is_word(c: Option<char>) -> bool {
    c.is_some_and(|c| c.is_alphanumeric() || c == '_')
}

fn try_at(recognisers: &Recognisers, recogniser: &Recogniser, text: &str, at: usize, found: &mut Vec<Candidate>) {
    let mut end = text.len().min(at + REACH);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let seen = &text[at..end];
    // Most places do not match, and telling so is much cheaper than finding the groups.
    if !recogniser.pattern.is_match(seen) {
        return;
    }
    let Some(captures) = recogniser.pattern.captures(seen) else { return };
    let Some(value) = captures.name("value").or_else(|| captures.get(0)) else { return };
    let (start, value) = (at + value.start(), value.as_str());
    let Some(value) = recogniser.check.map_or(Some(value), |check| check.longest_passing(value)) else { return };
    let range = start..start + value.len();
    let after = &text[range.end..];
    let rejects = |regex: &Option<Regex>, text: &str| regex.as_ref().is_some_and(|regex| regex.is_match(text));
    let goes_on = value.chars().next_back().is_some_and(char::is_alphanumeric) && is_word(after.chars().next());
    if value.is_empty()
        || goes_on
        || text[..range.start].ends_with(|c| recogniser.not_preceded_by.contains(c))
        || value.bytes().filter(u8::is_ascii_digit).count() < recogniser.min_digits
        || rejects(&recogniser.not_value, value)
        || rejects(&recogniser.not_followed_by, &after[..floor_boundary(after, 40)])
        || !recogniser.value_is.is_none_or(|wanted| is_value(recognisers, wanted, value))
    {
        return;
    }
    let mut from = range.start.saturating_sub(CONTEXT);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let before = &text[from..range.start];
    // A word right after the value ("12345678 (SIREN)") counts as context too.
    let has_context = recogniser
        .context
        .as_ref()
        .is_some_and(|words| words.is_match(before) || words.is_match(&after[..floor_boundary(after, 20)]));
    if recogniser.not_context.as_ref().is_some_and(|words| words.is_match(before)) {
        return;
    }
    let score = if has_context { recogniser.score_with_context } else { recogniser.score };
    if score >= THRESHOLD {
        found.push(Candidate { kind: recogniser.kind, range, score });
    }
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn is_value(recognisers: &Recognisers, wanted: ValueIs, value: &str) -> bool {
    let first = value
        .split(|c: char| c.is_whitespace() || matches!(c, '\'' | '’'))
        .find(|word| !word.is_empty())
        .unwrap_or(value);
    match wanted {
        ValueIs::Name => is_name(recognisers, value),
        ValueIs::MonthName => {
            let is_refused = |word: &&str| recognisers.is_not_name(word.trim_end_matches('.'));
            value.split_whitespace().filter(is_refused).count() <= 1
        }
        ValueIs::FirstName => recognisers.is_first_name(first) && !recognisers.is_not_name(first),
        ValueIs::Secret => value.chars().any(|c| {
            c.is_ascii_digit()
                || (c.is_ascii_punctuation()
                    && !matches!(c, '.' | ',' | '\'' | '-' | '(' | ')' | ';' | ':' | '!' | '?' | '"'))
        }),
        ValueIs::PersonalLink => {
            let long_segment =
                |segment: &str| segment.len() >= 16 && segment.bytes().filter(u8::is_ascii_digit).count() >= 2;
            value.contains(['?', '@']) || value.split(['/', '#', '=']).skip(3).any(long_segment)
        }
    }
}

/// Whether no word is one that names do not hold. Articles and initials are part of a name in front of another word of it.
///
/// Caught: "Le Goff", "Du Pont", "A. Martin". Not caught: "Le Directeur", "La", "Martin Je".
fn is_name(recognisers: &Recognisers, value: &str) -> bool {
    const ARTICLES: [&str; 7] = ["le", "la", "les", "du", "des", "de", "an"];
    let words: Vec<&str> = value.split_whitespace().collect();
    let is_free = |word: &str| !recognisers.is_not_name(word.trim_end_matches('.'));
    let is_article = |word: &str| ARTICLES.contains(&fold(word).as_ref());
    let leads = |word: &str| word.ends_with('.') && word.chars().count() == 2 || is_article(word);
    let is_capital = |word: &str| word.chars().next().is_some_and(char::is_uppercase);
    let is_article_alone = matches!(words[..], [word] if is_article(word));
    !is_article_alone
        && words.iter().enumerate().all(|(at, word)| {
            is_free(word) || leads(word) && words.get(at + 1).is_some_and(|next| is_capital(next) && is_free(next))
        })
}

/// The e-mail address around an `@` (RFC 5321 as people write it, letters of any script).
fn address_around(recogniser: &Recogniser, text: &str, at: usize) -> Option<Range<usize>> {
    let is_local = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-');
    let mut start = at;
    for (index, c) in text[..at].char_indices().rev().take(64) {
        if !is_local(c) {
            break;
        }
        start = index;
    }
    start += text[start..at].len() - text[start..at].trim_start_matches(['.', '-', '+', '%']).len();
    let rest = &text[at + 1..];
    let domain = recogniser.pattern.find(&rest[..floor_boundary(rest, 255)])?;
    (start < at).then_some(start..at + 1 + domain.end())
}

/// Keeps the strongest candidate wherever several overlap: highest score, then longest, then first.
fn settle(mut found: Vec<Candidate>, text: &str) -> Vec<Candidate> {
    if found.is_empty() {
        return found;
    }
    for candidate in &mut found {
        let value = &text[candidate.range.clone()];
        candidate.range.start += value.len() - value.trim_start().len();
        candidate.range.end = candidate.range.start + value.trim().len();
    }
    let placeholders = super::placeholder::ranges(text);
    found.retain(|candidate| {
        !candidate.range.is_empty() && !placeholders.iter().any(|range| overlaps(range, &candidate.range))
    });
    found.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then(b.range.len().cmp(&a.range.len()))
            .then(a.range.start.cmp(&b.range.start))
            .then(a.kind.cmp(&b.kind))
    });
    let mut kept: BTreeMap<usize, Candidate> = BTreeMap::new();
    for candidate in found {
        // Kept candidates do not overlap one another, so only the neighbour on each side can.
        let before = kept
            .range(..=candidate.range.start)
            .next_back()
            .is_some_and(|(_, other)| overlaps(&other.range, &candidate.range));
        let after = kept
            .range(candidate.range.start..)
            .next()
            .is_some_and(|(_, other)| overlaps(&other.range, &candidate.range));
        if !before && !after {
            kept.insert(candidate.range.start, candidate);
        }
    }
    kept.into_values().collect()
}

fn overlaps(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}
