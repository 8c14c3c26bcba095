//! A text to the places that hold personal data: every recogniser tried where it can match, overlaps settled.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::answer::answers;
use super::company::{self, Companies};
use super::initials::{initialled, is_initials};
use super::known::plain_letter;
use super::question::{Asked, Questions};
use super::recogniser::{Recogniser, Recognisers, Start, ValueIs};
use crate::text::fold::fold;
use crate::text::small_words::ARTICLES;

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
    /// The value says nothing of the other texts of the contact.
    pub is_local: bool,
}

impl Candidate {
    pub(super) fn new(kind: usize, range: Range<usize>, score: f32) -> Self {
        Self { kind, range, score, is_local: false }
    }
}

/// What the texts of one contact have told so far.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Names, with the value each belongs to.
    pub names: BTreeMap<String, String>,
    /// The same for words of names that the source gives, which may be other words where a sentence starts.
    pub parts: BTreeMap<String, String>,
    /// Long numbers and what holds them, with their kinds.
    pub values: BTreeMap<String, usize>,
}

impl Memory {
    /// The name that a form of it, or a word of it, belongs to.
    pub(super) fn owner<'a>(&'a self, value: &'a str) -> &'a str {
        let known = |form: &str| self.names.get(form).or_else(|| self.parts.get(form));
        known(value).or_else(|| known(&plain(value))).map_or(value, String::as_str)
    }

    /// Whether a text may hold something of what is known; cheaper than looking for all of it.
    pub(super) fn is_in(&self, text: &str) -> bool {
        if self.values.keys().any(|value| text.contains(value.as_str())) {
            return true;
        }
        if self.names.is_empty() && self.parts.is_empty() {
            return false;
        }
        let plain = plain(text);
        let mut names = self.names.keys().chain(self.parts.keys());
        names.any(|name| text.contains(name.as_str()) || plain.contains(name.as_str()))
    }
}

/// What tells a person from other things: the lists that ship, and the companies of the contact.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judge<'a> {
    pub recognisers: &'a Recognisers,
    pub companies: &'a Companies,
}

/// A stretch of a text that answers what was asked before it.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// Bytes of the text.
    pub range: Range<usize>,
    pub asked: Asked,
}

/// Everything to redact in a text that stands alone, in order, without overlap.
pub(super) fn find(judge: Judge<'_>, text: &str) -> Vec<Candidate> {
    let mut found = Vec::new();
    own(judge, text, &mut found);
    settle(judge.recognisers, found, text)
}

/// The same in a text of a contact: with what its other texts told, and where it answers what was asked before.
pub(super) fn find_in_contact(
    judge: Judge<'_>,
    questions: &Questions,
    memory: &Memory,
    told: &[Answer],
    text: &str,
) -> Vec<Candidate> {
    let mut found = Vec::new();
    known_names(judge.recognisers, &memory.names, text, false, &mut found);
    known_names(judge.recognisers, &memory.parts, text, true, &mut found);
    known_values(&memory.values, text, &mut found);
    for answer in told {
        let from = found.len();
        answers(judge.recognisers, questions, answer.asked, &text[answer.range.clone()], &mut found);
        for candidate in &mut found[from..] {
            candidate.range = candidate.range.start + answer.range.start..candidate.range.end + answer.range.start;
        }
    }
    own(judge, text, &mut found);
    settle(judge.recognisers, found, text)
}

/// What a text shows by itself.
fn own(judge: Judge<'_>, text: &str, found: &mut Vec<Candidate>) {
    let recognisers = judge.recognisers;
    at_keywords(judge, text, found);
    at_tokens(judge, text, found);
    initialled(recognisers, text, found);
    for (kind, regex) in &recognisers.company {
        let hits = regex.find_iter(text).filter(|found| !found.is_empty());
        found.extend(hits.map(|found| Candidate::new(*kind, found.range(), 2.0)));
    }
}

/// Words of a line that may be a signature.
const SIGNATURE_WORDS: usize = 4;

/// Names already known, as whole words, with what a hyphen adds to them (`Rieutord-Meyzieu`), with and without accents.
fn known_names(
    recognisers: &Recognisers,
    names: &BTreeMap<String, String>,
    text: &str,
    is_inside_sentence: bool,
    found: &mut Vec<Candidate>,
) {
    let Some(kind) = recognisers.kind("NAME").filter(|_| !names.is_empty()) else { return };
    let mut push = |name: &str, range: Range<usize>| {
        let is_inside = is_inside_sentence && starts_sentence(&text[..range.start], &text[range.start..]);
        if is_whole(text, &range) && !is_inside {
            let end = range.end + hyphenated(&text[range.end..]);
            // A whole name goes before the first name in it.
            found.push(Candidate::new(kind, range.start..end, if name.contains(' ') { 0.67 } else { 0.55 }));
        }
    };
    for name in names.keys() {
        text.match_indices(name.as_str()).for_each(|(at, _)| push(name, at..at + name.len()));
    }
    // Names are given without the accents that the words have: "Lefevrier" for "Lefèvrier".
    let Cow::Owned(plain) = plain(text) else { return };
    let mut places: Option<Vec<usize>> = None;
    for name in names.keys().filter(|name| name.is_ascii()) {
        for (at, _) in plain.match_indices(name.as_str()) {
            let places = places.get_or_insert_with(|| places_of_plain(text));
            push(name, places[at]..places[at + name.len()]);
        }
    }
}

/// A text without its accents, letter for letter.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(text.chars().map(plain_letter).collect()) }
}

/// For each byte of [`plain`] and its end, where its letter stands in the text.
fn places_of_plain(text: &str) -> Vec<usize> {
    let mut places = Vec::with_capacity(text.len() + 1);
    for (at, c) in text.char_indices() {
        places.extend(std::iter::repeat_n(at, plain_letter(c).len_utf8()));
    }
    places.push(text.len());
    places
}

/// Values that another text of the contact told, said again.
fn known_values(values: &BTreeMap<String, usize>, text: &str, found: &mut Vec<Candidate>) {
    for (value, kind) in values {
        for (at, _) in text.match_indices(value.as_str()) {
            let range = at..at + value.len();
            let is_decimal = text[range.end..].starts_with([',', '.'])
                && text[range.end + 1..].starts_with(|c: char| c.is_ascii_digit());
            if is_whole(text, &range) && !is_decimal {
                found.push(Candidate::new(*kind, range, 0.58));
            }
        }
    }
}

/// Whether no word goes on at either side of a stretch of text.
fn is_whole(text: &str, range: &Range<usize>) -> bool {
    !is_word(text[..range.start].chars().next_back()) && !is_word(text[range.end..].chars().next())
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

fn at_keywords(judge: Judge<'_>, text: &str, found: &mut Vec<Candidate>) {
    let recognisers = judge.recognisers;
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
                Start::Keyword if !ends_inside => try_at(judge, recogniser, text, hit.end(), found),
                Start::AtKeyword => try_at(judge, recogniser, text, hit.start(), found),
                Start::AtWord if !ends_inside => {
                    let range = address_around_word(recogniser, text, hit.range());
                    found.extend(range.map(|range| Candidate::new(recogniser.kind, range, recogniser.score)));
                }
                _ => {}
            }
        }
    }
}

fn at_tokens(judge: Judge<'_>, text: &str, found: &mut Vec<Candidate>) {
    let recognisers = judge.recognisers;
    let bytes = text.as_bytes();
    let mut try_all = |start: Start, at: usize, digits: usize| {
        for recogniser in recognisers.starting(start) {
            if recogniser.min_digits <= digits {
                try_at(judge, recogniser, text, at, found);
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
                found.push(Candidate::new(recogniser.kind, range, recogniser.score));
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

fn try_at(judge: Judge<'_>, recogniser: &Recogniser, text: &str, at: usize, found: &mut Vec<Candidate>) {
    let end = text.floor_char_boundary(at + REACH);
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
    // Initials go on in the surname that is joined to them: "Mme J.Dupont".
    let goes_on = is_word(after.chars().next())
        && (value.chars().next_back().is_some_and(char::is_alphanumeric) || is_initials(value));
    if value.is_empty()
        || goes_on
        || text[..range.start].ends_with(|c| recogniser.not_preceded_by.contains(c))
        || value.bytes().filter(u8::is_ascii_digit).count() < recogniser.min_digits
        || rejects(&recogniser.not_value, value)
        || rejects(&recogniser.not_followed_by, &after[..after.floor_char_boundary(40)])
        || !recogniser.value_is.is_none_or(|wanted| is_value(judge, wanted, text, range.clone()))
    {
        return;
    }
    let from = text.ceil_char_boundary(range.start.saturating_sub(CONTEXT));
    let before = &text[from..range.start];
    if rejects(&recogniser.not_before, before)
        || recogniser.before.as_ref().is_some_and(|regex| !regex.is_match(before))
    {
        return;
    }
    // A word right after the value ("12345678 (SIREN)") counts as context too.
    let has_context = recogniser
        .context
        .as_ref()
        .is_some_and(|words| words.is_match(before) || words.is_match(&after[..after.floor_char_boundary(20)]));
    if recogniser.not_context.as_ref().is_some_and(|words| words.is_match(before)) {
        return;
    }
    let score = if has_context { recogniser.score_with_context } else { recogniser.score };
    if score >= THRESHOLD {
        found.push(Candidate { kind: recogniser.kind, range, score, is_local: recogniser.is_local });
    }
}

fn is_value(judge: Judge<'_>, wanted: ValueIs, text: &str, range: Range<usize>) -> bool {
    let recognisers = judge.recognisers;
    let value = &text[range.clone()];
    let first = value
        .split(|c: char| c.is_whitespace() || matches!(c, '\'' | '’'))
        .find(|word| !word.is_empty())
        .unwrap_or(value);
    match wanted {
        ValueIs::Name => is_name(recognisers, value),
        ValueIs::Person => is_person(recognisers, value),
        ValueIs::Greeted => is_person(recognisers, value) && !is_of_company(judge, text, range),
        ValueIs::Addressed => is_name(recognisers, value) && !is_of_company(judge, text, range),
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

/// Whether a name is a person's: after a first name any word is, else the first and the last are of no company.
///
/// Caught: "Fatoumata Diallo", "Marie Leclerc". Not caught: "Orange Bank", "Google Chrome", "E. Leclerc".
fn is_person(recognisers: &Recognisers, value: &str) -> bool {
    let mut words = value.split_whitespace();
    let first = words.next().unwrap_or_default();
    let last = words.next_back().unwrap_or(first);
    let may_be_first_name = recognisers.may_be_first_name(first);
    is_name(recognisers, value) && (may_be_first_name || !recognisers.is_brand(first) && !recognisers.is_brand(last))
}

/// Whether the contact or the text speaks of the first word of a name as of a company, and it is no first name:
/// "Lumio", where the agent says "Lumio Énergie bonjour".
fn is_of_company(judge: Judge<'_>, text: &str, range: Range<usize>) -> bool {
    let first = text[range.clone()].split_whitespace().next().unwrap_or_default();
    let word = range.start..range.start + first.len();
    !judge.recognisers.may_be_first_name(first)
        && (judge.companies.hold(first) || company::is_named_in(judge.recognisers, text, &word))
}

/// Whether no word is one that names do not hold. Articles and initials are part of a name in front of another word of
/// it.
///
/// Caught: "Le Goff", "Du Pont", "A. Martin", "A. A. Milne", "A Martin". Not caught: "Le Directeur", "La", "Martin Je",
/// "A Bientôt".
pub(super) fn is_name(recognisers: &Recognisers, value: &str) -> bool {
    let words: Vec<&str> = value.split_whitespace().collect();
    let is_free = |word: &str| !recognisers.is_not_name(word.trim_end_matches('.'));
    let is_article = |word: &str| ARTICLES.contains(&fold(word).as_ref());
    let is_capital = |word: &str| word.chars().next().is_some_and(char::is_uppercase);
    let leads = |word: &str, next: &str| {
        let is_led = is_capital(next) && (is_free(next) || is_initials(next));
        is_led && (is_initials(word) || is_article(word) || word == "A" && !recognisers.is_ordinary(next))
    };
    let is_article_alone = matches!(words[..], [word] if is_article(word));
    !is_article_alone
        && words
            .iter()
            .enumerate()
            .all(|(at, word)| is_free(word) || words.get(at + 1).is_some_and(|next| leads(word, next)))
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
    let domain = recogniser.pattern.find(&rest[..rest.floor_char_boundary(255)])?;
    (start < at).then_some(start..at + 1 + domain.end())
}

/// The e-mail address around a word for the sign: "paul point leroy arobase gmail point com".
fn address_around_word(recogniser: &Recogniser, text: &str, sign: Range<usize>) -> Option<Range<usize>> {
    static LOCAL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)(?:^|[^\p{L}\p{N}._+-])(?P<local>[\p{L}\p{N}][\p{L}\p{N}._+-]*(?:\s+(?:point|dot|tiret(?:\s+du\s+(?:bas|milieu|six|huit))?|underscore|dash|hyphen|moins|plus|trait\s+d['’]union)\s+[\p{L}\p{N}][\p{L}\p{N}._+-]*)*)\s*$")
            .expect("a literal pattern that the tests compile")
    });
    let rest = &text[sign.end..];
    let domain = recogniser.pattern.find(&rest[..rest.floor_char_boundary(120)])?;
    let from = text.ceil_char_boundary(sign.start.saturating_sub(100));
    let local = LOCAL.captures(&text[from..sign.start])?.name("local")?;
    Some(from + local.start()..sign.end + domain.end())
}

/// Keeps the strongest candidate wherever several overlap: highest score, then longest, then first. What stays as it is
/// keeps others from its place and goes.
fn settle(recognisers: &Recognisers, mut found: Vec<Candidate>, text: &str) -> Vec<Candidate> {
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
    kept.into_values().filter(|candidate| recognisers.kept != Some(candidate.kind)).collect()
}

fn overlaps(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}
