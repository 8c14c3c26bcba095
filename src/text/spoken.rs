//! Words of speech recognition to readable words: fillers and stutters removed, nothing else.
//!
//! Conservative on purpose: "non non non" insists, "très très" stresses, "nous nous" is grammar; only words that
//! nobody repeats on purpose are merged.

use std::sync::LazyLock;

use regex::Regex;

use super::fold::fold;

/// Words that French and English repeat only when stumbling.
const STUTTERED: [&str; 74] = [
    "je", "j'ai", "tu", "il", "elle", "on", "ils", "elles", "le", "la", "les", "un", "une", "des", "du", "de", "mon",
    "ma", "mes", "votre", "vos", "notre", "ce", "cette", "ces", "c'est", "et", "mais", "ou", "pour", "par", "avec",
    "dans", "sur", "que", "qui", "si", "a", "au", "aux", "en", "i", "i'm", "you", "he", "she", "it", "it's", "we",
    "they", "the", "an", "my", "your", "his", "her", "our", "their", "this", "and", "but", "or", "for", "to", "of",
    "in", "with", "was", "is", "are", "when", "where", "at", "from",
];

/// Spoken text without fillers ("euh", "hum", "uh") and without immediate repetitions of small words ("je je
/// voulais"). Cleaning twice equals cleaning once.
pub fn clean_spoken(text: &str) -> String {
    static FILLER: LazyLock<Regex> = LazyLock::new(|| {
        // With the comma or dots that recognition puts around: "euh, je voulais" and "je, euh, voulais".
        Regex::new(r"(?i)(?:,[ \t]*)?\b(?:e+u+h+|heu+|hum+|hmm+|mh+m*|um+|uh+|uhm+|erm+|er+m|euuu+)\b(?:[ \t]*(?:,|\.{2,}|…))?")
            .expect("a literal pattern that the tests compile")
    });
    let mut cleaned = String::with_capacity(text.len());
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            cleaned.push('\n');
        }
        let without = FILLER.replace_all(line, " ");
        push_without_stutters(&mut cleaned, &without);
    }
    cleaned.trim().to_owned()
}

fn push_without_stutters(cleaned: &mut String, line: &str) {
    let mut before: Option<String> = None;
    let mut is_first = true;
    for word in line.split_whitespace() {
        if word.chars().all(|c| matches!(c, ',' | '.' | '…')) && !is_first {
            // Punctuation left alone by a filler joins the word before.
            if !cleaned.ends_with([',', '.', '…', '!', '?']) {
                cleaned.push_str(word);
            }
            continue;
        }
        let folded = fold(word.trim_end_matches([',', '.', '…', '-'])).into_owned();
        let is_stutter = before.as_deref() == Some(folded.as_str()) && STUTTERED.contains(&folded.as_str());
        if is_stutter {
            continue;
        }
        // "je, je voulais": the comma goes with the repetition, so only bare words are remembered with it.
        if !is_first {
            cleaned.push(' ');
        }
        cleaned.push_str(word);
        before = Some(folded);
        is_first = false;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fillers_and_stutters_are_removed() {
        assert_eq!(
            clean_spoken("Euh, je je voulais euh savoir où en est ma ma commande"),
            "je voulais savoir où en est ma commande"
        );
        assert_eq!(clean_spoken("Um I I want to, uh, cancel my my order"), "I want to cancel my order");
    }

    #[test]
    fn words_repeated_on_purpose_are_kept() {
        for text in [
            "non non non",
            "très très déçu",
            "nous nous sommes trompés",
            "vous vous moquez",
            "no no",
            "very very late",
            "l'heure du rendez-vous",
            "that that I had",
        ] {
            assert_eq!(clean_spoken(text), text);
        }
    }

    proptest! {
        #[test]
        fn cleaning_twice_equals_once(text in "((je|euh|euh,|uh|non|,|\\.\\.\\.|la|mais|\n) ?){0,12}|\\PC{0,40}") {
            let once = clean_spoken(&text);
            prop_assert_eq!(clean_spoken(&once), once);
        }
    }
}
