//! A name that the source gives apart from the words → how the words may write it.

use super::super::fold::fold;
use super::super::names::is_ambiguous;
use super::super::normalize::normalize;
use super::super::small_words::{ARTICLES, PARTICLES, TITLES};

/// Words of a name that are no word of it alone, folded, beside its particles and articles.
const SAINTS: [&str; 2] = ["st", "san"];

/// Words of a name without its particles, at most.
const MOST_WORDS: usize = 5;

/// The forms of one name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// The whole name: first name first, as all forms of it are shown by one placeholder.
    pub value: String,
    /// The whole name in its usual orders and cases: found anywhere.
    pub whole: Vec<String>,
    /// Its longer words: found inside a sentence, where a capital is no accident.
    pub parts: Vec<String>,
}

impl Known {
    /// `None` for what is no person's name: figures, addresses, or ordinary words alone (`Service client`).
    pub(super) fn of(name: &str, is_ordinary: impl Fn(&str) -> bool) -> Option<Self> {
        let name = normalize(name);
        let letters = |word: &str| word.chars().filter(|c| c.is_alphabetic()).count();
        let words: Vec<&str> = name
            .split(|c: char| c.is_whitespace() || matches!(c, ',' | '"' | '.' | '(' | ')'))
            .filter(|word| !TITLES.contains(&fold(word).as_ref()) && letters(word) != 1 && !word.is_empty())
            .collect();
        let is_written = |word: &&str| {
            letters(word) >= 2 && word.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’'))
        };
        let is_particle = |word: &str| {
            let word: &str = &fold(word);
            PARTICLES.contains(&word) || ARTICLES.contains(&word) || SAINTS.contains(&word)
        };
        let own: Vec<&str> = words.iter().copied().filter(|word| !is_particle(word)).collect();
        let is_lone = own.len() == 1 && (letters(own[0]) < 4 || is_ambiguous(own[0]));
        let is_name = !own.is_empty() && own.len() <= MOST_WORDS && words.iter().all(is_written);
        if !is_name || is_lone || own.iter().all(|word| is_ordinary(word)) {
            return None;
        }
        let titled: Vec<String> =
            words.iter().map(|word| if is_particle(word) { word.to_lowercase() } else { title_case(word) }).collect();
        let value = titled.join(" ");
        let mut known = Self { value: value.clone(), ..Self::default() };
        known.add_whole(words.join(" "));
        known.add_whole(value.to_uppercase());
        if let [first, rest @ ..] = titled.as_slice()
            && !rest.is_empty()
        {
            // Names come first name first or last, are typed without capitals, and with a family name in capitals.
            let family = rest.join(" ");
            for (a, b) in [(first.clone(), family.clone()), (family, first.clone())] {
                known.add_whole(format!("{a} {b}"));
                known.add_whole(format!("{a} {b}").to_uppercase());
                known.add_whole(format!("{a} {b}").to_lowercase());
                known.add_whole(format!("{} {b}", a.to_uppercase()));
                known.add_whole(format!("{a} {}", b.to_uppercase()));
            }
        } else {
            known.add_whole(value);
        }
        for word in own.iter().filter(|word| letters(word) >= 4 && !is_ordinary(word) && !is_ambiguous(word)) {
            for form in [(*word).to_owned(), title_case(word), word.to_uppercase()] {
                for form in spellings(&form) {
                    // Without a capital a word is a word.
                    if form.chars().next().is_some_and(char::is_uppercase) && !known.parts.contains(&form) {
                        known.parts.push(form);
                    }
                }
            }
        }
        Some(known)
    }

    fn add_whole(&mut self, form: String) {
        for form in spellings(&form) {
            if !self.whole.contains(&form) {
                self.whole.push(form);
            }
        }
    }
}

/// A form with either apostrophe, and without accents: names are typed so.
fn spellings(form: &str) -> Vec<String> {
    let mut found = vec![form.to_owned()];
    let plain: String = form.chars().map(plain_letter).collect();
    if plain != form {
        found.push(plain);
    }
    for at in 0..found.len() {
        let other =
            if found[at].contains('’') { found[at].replace('’', "'") } else { found[at].replace('\'', "’") };
        if other != found[at] {
            found.push(other);
        }
    }
    found
}

/// The letter without its accent, in its case.
pub(super) fn plain_letter(letter: char) -> char {
    if letter.is_ascii() {
        return letter;
    }
    let folded = fold(&letter.to_string()).into_owned();
    match folded.chars().collect::<Vec<_>>().as_slice() {
        [one] if letter.is_uppercase() => one.to_uppercase().next().unwrap_or(letter),
        [one] if letter.is_alphabetic() => *one,
        _ => letter,
    }
}

/// `RIEUTORD-MEYZIEU` and `rieutord-meyzieu` to `Rieutord-Meyzieu`.
pub(super) fn title_case(word: &str) -> String {
    let mut is_start = true;
    let mut titled = String::with_capacity(word.len());
    for c in word.chars() {
        if is_start {
            titled.extend(c.to_uppercase());
        } else {
            titled.extend(c.to_lowercase());
        }
        is_start = !c.is_alphabetic();
    }
    titled
}
