//! Closed lists of words that several stages read: numerals, titles, and the small words inside names.
//!
//! All are folded ([`super::fold`]). They stand in one place, so that a particle or a numeral that one stage knows is
//! known to all of them, the patterns of `data/redaction/recognisers.toml` included ([`pattern_pieces`]). Open lists
//! (first names, companies, ordinary words) are files of `data/redaction`.

/// French numerals below a hundred, as telephone numbers are said; without "un", which is an article as often.
pub(super) const NUMERALS_FR: [&str; 26] = [
    "zero",
    "deux",
    "trois",
    "quatre",
    "cinq",
    "six",
    "sept",
    "huit",
    "neuf",
    "dix",
    "onze",
    "douze",
    "treize",
    "quatorze",
    "quinze",
    "seize",
    "vingt",
    "vingts",
    "trente",
    "quarante",
    "cinquante",
    "soixante",
    "septante",
    "octante",
    "huitante",
    "nonante",
];

/// What stands between and beside them in a longer number: "soixante et un", "deux cents".
pub(super) const NUMERAL_PARTS_FR: [&str; 5] = ["un", "une", "cent", "cents", "et"];

/// English numerals as telephone numbers are said.
pub(super) const NUMERALS_EN: [&str; 34] = [
    "zero",
    "oh",
    "o",
    "nought",
    "double",
    "triple",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
    "hundred",
];

/// Small words between the words of a name: "Anne de la Tour", "Youssef el Amrani", "Jean d'Aubigny".
pub(super) const PARTICLES: [&str; 21] = [
    "de", "du", "des", "la", "le", "van", "von", "der", "den", "del", "della", "el", "al", "ben", "bin", "da", "di",
    "dos", "y", "d", "l",
];

/// Articles that a surname starts with where a capital follows: "Le Goff", "Du Pont", "An Nguyen".
pub(super) const ARTICLES: [&str; 7] = ["le", "la", "les", "du", "de", "des", "an"];

/// Titles before a name.
pub(super) const TITLES: [&str; 11] =
    ["m", "mr", "mme", "mlle", "monsieur", "madame", "mademoiselle", "dr", "mrs", "ms", "miss"];

/// The lists as the pieces of patterns that `recognisers.toml` names in braces.
pub(super) fn pattern_pieces() -> [(&'static str, String); 4] {
    // In the texts that patterns read, the only numeral with an accent may have it or not.
    let said = |word: &&str| word.replace("zero", "z[ée]ro");
    let any = |words: &mut dyn Iterator<Item = String>| words.collect::<Vec<_>>().join("|");
    let french = any(&mut NUMERALS_FR.iter().chain(&NUMERAL_PARTS_FR).map(said));
    let english = any(&mut NUMERALS_EN.iter().map(said));
    let elided =
        |word: &&str| if word.len() == 1 && *word != "y" { format!("{word}['’]") } else { (*word).to_owned() };
    let particles = any(&mut PARTICLES.iter().map(elided));
    let articles = any(&mut ARTICLES.iter().map(|word| either_case(word)));
    [
        ("said_fr", format!(r"(?i:(?:{french})\b)")),
        ("said_en", format!(r"(?i:(?:{english})\b)")),
        ("particle", format!("(?:(?:{particles}){{sp}}?)")),
        ("article", format!("(?:{articles})")),
    ]
}

/// A word with a capital first and any letters behind it: `L[eE]`.
fn either_case(word: &str) -> String {
    let mut letters = word.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let rest = letters.map(|letter| format!("[{letter}{}]", letter.to_uppercase()));
    rest.fold(first, |pattern, letter| pattern + &letter)
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    #[test]
    fn the_lists_are_pieces_of_patterns() {
        let piece = |name: &str| {
            let (_, pattern) = pattern_pieces().into_iter().find(|(known, _)| *known == name).unwrap();
            Regex::new(&format!("^{}$", pattern.replace("{sp}", " "))).unwrap()
        };
        for (name, text, is_one) in [
            ("said_fr", "zéro", true),
            ("said_fr", "Zero", true),
            ("said_fr", "quatre", true),
            ("said_fr", "vingts", true),
            ("said_fr", "mille", false),
            ("said_en", "double", true),
            ("said_en", "couple", false),
            ("particle", "de ", true),
            ("particle", "d’", true),
            ("particle", "d", false),
            ("particle", "De", false),
            ("article", "Le", true),
            ("article", "LES", true),
            ("article", "le", false),
        ] {
            assert_eq!(piece(name).is_match(text), is_one, "{name}: {text}");
        }
    }
}
