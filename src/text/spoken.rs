//! Words of speech recognition to readable words: fillers, stutters and the recogniser's own inventions removed, nothing
//! else. What it was unsure of stays, with its confidence in the turn.
//!
//! Conservative on purpose: "non non non" insists, "très très" stresses, "nous nous" is grammar; only words that
//! nobody repeats on purpose are merged.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::fold::fold;
use super::small_words::NUMERALS_FR;

/// Words that French and English repeat only when stumbling.
const STUTTERED: [&str; 74] = [
    "je", "j'ai", "tu", "il", "elle", "on", "ils", "elles", "le", "la", "les", "un", "une", "des", "du", "de", "mon",
    "ma", "mes", "votre", "vos", "notre", "ce", "cette", "ces", "c'est", "et", "mais", "ou", "pour", "par", "avec",
    "dans", "sur", "que", "qui", "si", "a", "au", "aux", "en", "i", "i'm", "you", "he", "she", "it", "it's", "we",
    "they", "the", "an", "my", "your", "his", "her", "our", "their", "this", "and", "but", "or", "for", "to", "of",
    "in", "with", "was", "is", "are", "when", "where", "at", "from",
];

/// Spoken text without fillers ("euh", "hum", "uh"), without immediate repetitions of small words ("je je voulais") and
/// without what only the recogniser said: "\[Musique\]", the credits of films that it learned from, a phrase that it
/// repeats without end. Cleaning twice equals cleaning once.
pub fn clean_spoken(text: &str) -> String {
    // What is left when a filler is gone can be a stutter: "je euh je".
    const ROUNDS: usize = 8;
    let mut cleaned = round(text);
    for _ in 1..ROUNDS {
        let again = round(&cleaned);
        if again == cleaned {
            break;
        }
        cleaned = again;
    }
    cleaned
}

fn round(text: &str) -> String {
    static FILLER: LazyLock<Regex> = LazyLock::new(|| {
        // With the comma or dots that recognition puts around: "euh, je voulais" and "je, euh, voulais".
        Regex::new(r"(?i)(?:,[ \t]*)?\b(?:e+u+h+|heu+|hum+|hmm+|mh+m*|mm+h*|um+|uh+|uhm+|erm+|er+m|euuu+)\b(?:[ \t]*(?:,|\.{2,}|…))?")
            .expect("a literal pattern that the tests compile")
    });
    let text = without_artefacts(text);
    let mut cleaned = String::with_capacity(text.len());
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            cleaned.push('\n');
        }
        let without = FILLER.replace_all(line, |found: &regex::Captures<'_>| {
            // The pattern has no other group than the whole.
            let filler = found.get(0).map_or(0..0, |whole| whole.range());
            if is_millimetres(line, &filler) { line[filler].to_owned() } else { " ".to_owned() }
        });
        let mut once = String::with_capacity(without.len());
        push_without_stutters(&mut once, &without);
        push_without_loops(&mut cleaned, &once);
    }
    cleaned.trim().to_owned()
}

/// Whether what sounds like a filler is a unit: `mm` right behind a number.
///
/// Caught: "une fissure de 5 mm". Not caught: "mm, je ne sais pas", "zéro six mm douze", "j'en ai 5, mm, je crois".
fn is_millimetres(line: &str, filler: &std::ops::Range<usize>) -> bool {
    let is_unit = line[filler.clone()].trim_end_matches([',', '.', '…', ' ', '\t']).eq_ignore_ascii_case("mm");
    let before = line[..filler.start].split_whitespace().next_back().unwrap_or_default();
    is_unit && before.ends_with(|c: char| c.is_ascii_digit())
}

/// Whether a folded word is a number below a hundred in French, as telephone numbers are said, or is in figures.
fn is_numeral(word: &str) -> bool {
    let is_in_figures = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    is_in_figures || word.split('-').all(|part| NUMERALS_FR.contains(&part))
}

/// Sounds in brackets, music, and the credits that recognisers put where nobody speaks.
///
/// Caught: `[Musique]`, `(inaudible)`, `♪ … ♪`, "Sous-titres réalisés par la communauté d'Amara.org". Not caught:
/// `[NAME_1]`, `(silence de votre part depuis mardi)`, "merci d'avoir regardé mon dossier".
fn without_artefacts(text: &str) -> Cow<'_, str> {
    static ARTEFACT: LazyLock<Regex> = LazyLock::new(|| {
        let sounds = "musique|music|rires?|laughter|laughs?|applaudissements|applause|silence|inaudible|unintelligible|incompréhensible|indistinct|bruits?|bruit de fond|noise|background noise|blank_audio|toux|cough(?:ing|s)?|soupirs?|sighs?|crosstalk|unk|hésitation|sonnerie|ringing|bip|beep|pause|musique d'attente|hold music";
        Regex::new(&format!(
            r"(?i)[\[(*<]\s*(?:{sounds})\s*[\])*>]|♪[^♪\n]{{0,200}}♪|[♪♫]+|(?m:^)\s*>>+|\bsous-titres? (?:réalisés?|faits?) par[^.\n]{{0,40}}(?:amara(?:\.org)?|communauté)(?: d'amara\.org)?\.?|\bsous-titrage (?:société radio-canada|st'? ?501)\.?|\bmerci d'avoir regardé cette vidéo\s?[.!]*|\bthanks for watching(?: this video)?[.!]*|\bsubtitles by the amara\.org community\.?"
        ))
        .expect("a literal pattern that the tests compile")
    });
    ARTEFACT.replace_all(text, " ")
}

/// Phrases that come three times or more in a row are kept once: recognisers loop, people do not. Single words are
/// repeated on purpose ("non non non"), so only six of them in a row are a loop, and three are kept. Numbers are left
/// alone: "zéro six zéro six zéro six" can be a telephone number.
fn push_without_loops(cleaned: &mut String, line: &str) {
    const LONGEST_PHRASE: usize = 8;
    let words: Vec<&str> = line.split(' ').collect();
    if words.len() < 6 {
        cleaned.push_str(line);
        return;
    }
    let bare: Vec<String> =
        words.iter().map(|word| fold(word.trim_matches(|c: char| !c.is_alphanumeric())).into_owned()).collect();
    let mut index = 0;
    let mut is_first = true;
    while index < words.len() {
        let (mut skip, mut keep) = (1, 1);
        for length in 1..=LONGEST_PHRASE {
            let Some(phrase) = bare.get(index..index + length) else { break };
            let is_one_word = phrase.iter().all(|word| *word == phrase[0]);
            let letters: usize = phrase.iter().map(|word| word.len()).sum();
            if phrase.iter().any(|word| word.is_empty() || word.bytes().any(|byte| byte.is_ascii_digit()))
                || (length > 1 && (is_one_word || letters < 8))
            {
                continue;
            }
            let times = 1 + bare[index + length..].chunks_exact(length).take_while(|next| *next == phrase).count();
            let (from, kept) = if length == 1 { (6, 3) } else { (3, 1) };
            if times >= from {
                (skip, keep) = (times * length, kept * length);
                break;
            }
        }
        for word in &words[index..index + keep] {
            if !is_first {
                cleaned.push(' ');
            }
            cleaned.push_str(word);
            is_first = false;
        }
        index += skip;
    }
}

fn push_without_stutters(cleaned: &mut String, line: &str) {
    let mut before: Option<String> = None;
    // The word before the last one and its repetitions.
    let mut run_after: Option<String> = None;
    let mut is_first = true;
    let mut words = line.split_whitespace().peekable();
    let bare = |word: &str| fold(word.trim_end_matches([',', '.', '…', '-'])).into_owned();
    while let Some(word) = words.next() {
        if word.chars().all(|c| matches!(c, ',' | '.' | '…')) && !is_first {
            // Punctuation left alone by a filler joins the word before.
            if !cleaned.ends_with([',', '.', '…', '!', '?']) {
                cleaned.push_str(word);
            }
            continue;
        }
        let folded = bare(word);
        let is_again = before.as_deref() == Some(folded.as_str());
        // "zéro six un un deux": the figure, where another figure stands on either side.
        let is_figure = folded == "un"
            && (run_after.as_deref().is_some_and(is_numeral)
                || words.peek().is_some_and(|next| is_numeral(&bare(next))));
        if is_again && STUTTERED.contains(&folded.as_str()) && !is_figure {
            continue;
        }
        if !is_again {
            run_after = before.take();
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

    #[test]
    fn figures_and_units_are_no_stutters_and_no_fillers() {
        for text in ["zéro six un un deux deux", "un un deux", "le six un un", "une fissure de 5 mm", "5 mm de trop"] {
            assert_eq!(clean_spoken(text), text);
        }
        for (heard, said) in [
            ("j'ai un un problème", "j'ai un problème"),
            ("mm je ne sais pas", "je ne sais pas"),
            ("j'en ai 5, mm, je crois", "j'en ai 5 je crois"),
            ("5 mmh je crois", "5 je crois"),
            ("zéro six mm douze", "zéro six douze"),
        ] {
            assert_eq!(clean_spoken(heard), said);
        }
    }

    #[test]
    fn what_only_the_recogniser_said_is_removed() {
        for (heard, said) in [
            ("[Musique] Bonjour (inaudible) madame", "Bonjour madame"),
            ("Oui bonjour. Sous-titres réalisés par la communauté d'Amara.org", "Oui bonjour."),
            (">> Allô ? ♪ la la ♪", "Allô ?"),
            ("je ne sais pas je ne sais pas je ne sais pas je ne sais pas si", "je ne sais pas si"),
            ("oui oui oui oui oui oui oui oui", "oui oui oui"),
            ("<unk> d'accord", "d'accord"),
            ("je euh je voulais", "je voulais"),
        ] {
            assert_eq!(clean_spoken(heard), said);
        }
    }

    #[test]
    fn what_looks_like_an_artefact_and_is_said_stays() {
        for text in [
            "[NAME_1] a appelé",
            "(silence de votre part depuis mardi)",
            "merci d'avoir regardé mon dossier",
            "zéro six zéro six zéro six douze",
            "06 06 06 06 06 06 06",
            "très bien très bien",
            "la musique est trop forte",
        ] {
            assert_eq!(clean_spoken(text), text);
        }
    }

    proptest! {
        #[test]
        fn cleaning_twice_equals_once(text in "((je|euh|euh,|uh|non|,|\\.\\.\\.|la|mais|\n|\\[Musique\\]|♪|je ne sais pas|>>|oui oui) ?){0,14}|\\PC{0,40}") {
            let once = clean_spoken(&text);
            prop_assert_eq!(clean_spoken(&once), once);
        }
    }
}
