//! Initials and a surname to the name that they are: "J. Dupont", "J.-P. Durand", "A. B. Smith".
//!
//! Behind a title or "je m'appelle" the recognisers find them. Elsewhere a letter and a stop end sentences too ("le
//! plan B. Merci"), so that what stands before the letter decides: nothing, a mark, or a word that people are called
//! after.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::candidates::{Candidate, is_name};
use super::recogniser::Recognisers;
use crate::text::fold::fold;
use crate::text::small_words::PARTICLES;

/// Between a name behind a title that goes on and one that stops: of two readings the longer is the better.
const SCORE: f32 = 0.79;
/// Above both where the last initial looks like a title: "A.-M. Le Goff", "J. M. Dupont".
const SCORE_OVER_TITLE: f32 = 0.805;
/// Bytes that initials and a surname take, at most.
const LONGEST: usize = 100;
/// How far before them what leads to them is looked for, in bytes.
const BEFORE: usize = 60;

/// Words that lead to a person, folded: prepositions, verbs of speaking and of being, and what people of a company are.
static LEADING: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
    "avec a par de pour chez que mais et ou via c'est est suis to with by from for of that but and or is was am it's i'm \
     named called nomme nommee appele appelee nom name signe signed spoke spoken eu vu contacte contact dear cher chere bonjour \
     bonsoir hello hi merci thanks conseiller conseillere agent agente technicien technicienne collegue colleague advisor \
     adviser operator operateur operatrice engineer manager driver livreur neighbour husband wife mari femme madame mme mlle monsieur mr mrs ms dr"
        .split_whitespace()
        .collect()
});

/// Labels in front of a person's name, folded: "Conseiller : A. Kermarrec".
static LABELS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
    "nom prenom name surname client cliente customer caller agent agente conseiller conseillere advisor adviser operator \
     operateur operatrice technicien technicienne technician engineer titulaire holder souscripteur beneficiaire assure assuree \
     destinataire expediteur recipient sender contact interlocuteur interlocutrice passager passenger conducteur driver signe \
     signed signature signataire de from to attn dear patient locataire proprietaire tenant gestionnaire responsable manager"
        .split_whitespace()
        .collect()
});

/// Letters with stops that are no initials, without the stops.
const ABBREVIATIONS: [&str; 24] = [
    "US", "USA", "UK", "EU", "UE", "PS", "NB", "LA", "DC", "NY", "PO", "ID", "SA", "TV", "CV", "CB", "RV", "AM", "PM",
    "BD", "DVD", "QA", "RH", "IT",
];

/// Whether a word is initials alone: "J.", "J.-P.", "A.B.", "J-P.".
pub(super) fn is_initials(word: &str) -> bool {
    let is_letter = |part: &str| part.chars().count() <= 1 && part.chars().all(char::is_uppercase);
    word.ends_with('.') && word.len() > 1 && word.split(['.', '-']).all(is_letter)
}

/// Initials with a surname behind them, anywhere in a text.
///
/// Caught: "suivi par A. Kermarrec", "J.-P. Martin m'a rappelé", "Merci. S. Haddou", "I spoke to J. D. Whitcombe",
/// "M.Dupont". Not caught: "le plan B. Merci", "vitamine C. Prenez", "de A à B. Lequel", "the U.S. Embassy", "chez E.
/// Leclerc", "A. Facture".
pub(super) fn initialled(recognisers: &Recognisers, text: &str, found: &mut Vec<Candidate>) {
    static NAMED: LazyLock<Regex> = LazyLock::new(|| {
        let particles: Vec<&str> = PARTICLES.into_iter().filter(|word| word.len() > 1).collect();
        let surname = format!(r"(?:(?:{})[ \x{{a0}}]){{0,2}}\p{{Lu}}[\p{{L}}'’-]+", particles.join("|"));
        Regex::new(&format!(
            r"^(?P<initials>(?:\p{{Lu}}-\p{{Lu}}\.|\p{{Lu}}\.(?:[ -]?\p{{Lu}}\.){{0,2}}))[ \x{{a0}}]?(?P<surname>{surname})(?P<more>[ \x{{a0}}]{surname})?"
        ))
        .expect("a literal pattern that the tests compile")
    });
    let Some(kind) = recognisers.kind("NAME") else { return };
    for (stop, _) in text.match_indices('.') {
        let Some(start) = start_of_initials(text, stop) else { continue };
        let seen = &text[start..text.floor_char_boundary(start + LONGEST)];
        let Some(captures) = NAMED.captures(seen) else { continue };
        let (Some(initials), Some(surname)) = (captures.name("initials"), captures.name("surname")) else { continue };
        let before = &text[text.ceil_char_boundary(start.saturating_sub(BEFORE))..start];
        let letters: String = initials.as_str().chars().filter(|c| c.is_alphabetic()).collect();
        // "M. Dupont" has a title, which knows better than an initial what follows it; "M.Dupont" has one too.
        let is_title = initials.as_str().starts_with("M.") && seen[2..].starts_with([' ', '\u{a0}']);
        let is_joined_title =
            initials.as_str() == "M." && !is_title && !before.trim_end().ends_with(|c: char| c.is_ascii_digit());
        let is_abbreviation = !initials.as_str().contains([' ', '-']) && ABBREVIATIONS.contains(&letters.as_str());
        if is_title
            || is_abbreviation
            || !(is_joined_title || may_be_called(before))
            || is_enumerated(text, start, initials.as_str())
        {
            continue;
        }
        let is_surname = |end: usize| {
            let is_word_of_it = |word: &str| {
                let is_particle = PARTICLES.contains(&word);
                is_particle || !recognisers.is_brand(word) && !recognisers.is_ordinary(word)
            };
            seen[surname.start()..end].split_whitespace().all(is_word_of_it) && is_name(recognisers, &seen[..end])
        };
        let mut ends = [captures.name("more"), Some(surname)].into_iter().flatten().map(|part| part.end());
        if let Some(end) = ends.find(|end| is_surname(*end)) {
            let score = if initials.as_str().ends_with("M.") { SCORE_OVER_TITLE } else { SCORE };
            found.push(Candidate::new(kind, start..start + end, score));
        }
    }
}

/// Where initials start whose first stop this is: before a capital that no word and no other initial stands before.
fn start_of_initials(text: &str, stop: usize) -> Option<usize> {
    let mut letters = text[..stop].char_indices().rev();
    let (mut start, _) = letters.next().filter(|(_, letter)| letter.is_uppercase())?;
    // "J-P. Durand" has its first stop behind the second letter.
    if text[..start].ends_with('-') {
        (start, _) = letters.nth(1).filter(|(_, letter)| letter.is_uppercase())?;
    }
    let opens = |c: char| {
        c.is_whitespace() || matches!(c, '(' | '"' | '«' | '“' | '\'' | '’' | ':' | ',' | ';' | '/' | '–' | '—')
    };
    text[..start].chars().next_back().is_none_or(opens).then_some(start)
}

/// Whether a person may be called at the end of what was said: it is empty, or ends in a mark or in a word that leads
/// to people. Not behind another letter alone, whose series goes on: "A, B", "de A à B".
fn may_be_called(before: &str) -> bool {
    let said = before.trim_end_matches([' ', '\u{a0}', '\t']);
    let is_letter = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        word.chars().count() == 1 && word.chars().all(char::is_uppercase)
    };
    let last_line = said.rsplit('\n').next().unwrap_or_default();
    if last_line.split_whitespace().rev().take(2).any(is_letter) {
        return false;
    }
    match said.chars().next_back() {
        None => true,
        Some(c) if c.is_alphanumeric() => {
            let word = said.rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
            LEADING.contains(fold(word).as_ref())
        }
        Some(':') => is_label(&said[..said.len() - 1]),
        Some(c) => {
            c.is_whitespace()
                || matches!(c, '.' | '!' | '?' | '…' | ',' | ';' | '(' | ')' | '"' | '«' | '»' | '“' | '–' | '—' | '-')
        }
    }
}

/// Whether what stands before a colon is the label of a person: its last word is one, or it starts with "nom" or "name".
///
/// Caught: "Conseiller", "Nom du client", "Nom complet". Not caught: "Bâtiment", "Réponse", "Objet".
fn is_label(before: &str) -> bool {
    let label = fold(before.rsplit(['.', '!', '?', '\n', ';', ',', ':']).next().unwrap_or_default()).into_owned();
    let mut words = label.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default();
    matches!(first, "nom" | "name") || LABELS.contains(words.next_back().unwrap_or(first))
}

/// Whether a letter numbers a line of a list, the lines beside it having its neighbours: "A. Facture" above "B. Colis".
fn is_enumerated(text: &str, start: usize, initials: &str) -> bool {
    let Some(letter) = initials.bytes().next().filter(|letter| letter.is_ascii_uppercase()) else { return false };
    let (before, behind) = (&text[..start], &text[start..text.floor_char_boundary(start + 2 * LONGEST)]);
    let is_line_start = before.trim_end_matches([' ', '\t']).chars().next_back().is_none_or(|c| c == '\n');
    let numbers = |line: Option<&str>, letter: u8| {
        line.is_some_and(|line| line.trim_start().as_bytes().starts_with(&[letter, b'.']))
    };
    let near = &before[before.ceil_char_boundary(start.saturating_sub(2 * LONGEST))..];
    is_line_start
        && (numbers(behind.split('\n').nth(1), letter + 1) || numbers(near.trim_end().rsplit('\n').next(), letter - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_letters_with_stops() {
        for (word, are) in [
            ("J.", true),
            ("J.-P.", true),
            ("J-P.", true),
            ("A.B.", true),
            ("É.", true),
            ("J", false),
            ("J-P", false),
            ("Jean.", false),
            (".", false),
            ("4.", false),
            ("j.", false),
        ] {
            assert_eq!(is_initials(word), are, "{word}");
        }
    }

    #[test]
    fn what_stands_before_a_letter_tells_whether_it_is_an_initial() {
        for (before, may) in [
            ("", true),
            ("Merci. ", true),
            ("Bonjour,\n", true),
            ("j'ai eu ", true),
            ("I spoke to ", true),
            ("c'est ", true),
            ("conseillère ", true),
            ("le plan ", false),
            ("vitamine ", false),
            ("de A à ", false),
            ("entre A et ", false),
            ("options A, ", false),
            ("terminal 2 ", false),
            ("Bâtiment : ", false),
            ("Réponse : ", false),
            ("Conseiller : ", true),
            ("Nom du client : ", true),
            ("Bonjour. Nom complet : ", true),
            ("Madame ", true),
        ] {
            assert_eq!(may_be_called(before), may, "{before}");
        }
    }
}
