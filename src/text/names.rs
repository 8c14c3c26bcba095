//! Words to whether they name a person: the sender's own name, and first names that are nothing else.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::fold::fold;
use super::small_words::{PARTICLES, TITLES};

/// First names that may be told without other context.
const FIRST_NAMES: &str = include_str!("../../data/redaction/first_names.txt");

/// First names that are ordinary words too: below the words of a message they are names.
const SIGNED: [&str; 24] = [
    "jean", "pierre", "claire", "marine", "rose", "martin", "noel", "ben", "will", "grace", "jane", "tom", "victor",
    "max", "sam", "mark", "jo", "joy", "violette", "aurore", "ange", "clement", "prudence", "iris",
];

/// Whether a word that signs a message is a first name; double names are known by their first half.
pub(super) fn is_first_name(word: &str) -> bool {
    static KNOWN: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let lines = FIRST_NAMES.lines().filter(|line| !line.starts_with('#'));
        lines.flat_map(str::split_whitespace).map(|name| fold(name).into_owned()).collect()
    });
    let folded = fold(word);
    let folded = folded.trim_matches(|c: char| !c.is_alphanumeric());
    KNOWN.contains(folded)
        || SIGNED.contains(&folded)
        || folded.split_once('-').is_some_and(|(first, _)| KNOWN.contains(first))
}

/// Whether a word is a first name and an ordinary word too.
pub(super) fn is_ambiguous(word: &str) -> bool {
    SIGNED.contains(&fold(word).as_ref())
}

/// The words of a sender's name, from the header of the message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sender {
    words: BTreeSet<String>,
}

impl Sender {
    /// From a display name, or from an address when there is none: `paul.leroy@example.com` is Paul Leroy.
    pub(super) fn new(name: &str, address: &str) -> Self {
        const ROLES: [&str; 12] = [
            "contact", "info", "service", "client", "clients", "support", "noreply", "no-reply", "admin", "sales",
            "help", "mail",
        ];
        let local = address.split('@').next().unwrap_or_default();
        let source = if name.chars().any(char::is_alphabetic) && !name.contains('@') { name } else { local };
        let words = fold(source)
            .split(|c: char| !(c.is_alphabetic() || c == '-' || c == '\''))
            .filter(|word| word.chars().count() >= 2 && !ROLES.contains(word))
            .map(str::to_owned)
            .collect();
        Self { words }
    }

    /// Nothing in the header names anybody.
    pub(super) fn is_unknown(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether a line is the sender's name: one to five words, each of the name, an initial of it, a title or a
    /// particle.
    pub(super) fn is_named(&self, text: &str) -> bool {
        const JOINING: [&str; 2] = ["et", "and"];
        if self.words.is_empty() || text.chars().count() > 60 {
            return false;
        }
        let folded = fold(text);
        let words: Vec<&str> = folded
            .split(|c: char| c.is_whitespace() || matches!(c, '.' | ',' | '!' | '*' | '_'))
            .filter(|word| !word.is_empty())
            .collect();
        let is_initial =
            |word: &str| word.chars().count() == 1 && self.words.iter().any(|known| known.starts_with(word));
        let is_own = |word: &&str| self.words.contains(*word);
        let is_around = |word: &&str| TITLES.contains(word) || PARTICLES.contains(word) || JOINING.contains(word);
        let is_part = |word: &&str| is_own(word) || is_initial(word) || is_around(word);
        words.len() <= 5 && words.iter().any(is_own) && words.iter().all(is_part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_known_by_name_initials_and_address() {
        let sender = Sender::new("Jean-Marc Dupont", "jm@example.com");
        for text in ["Jean-Marc Dupont", "M. DUPONT", "JM. Dupont".trim_start_matches("JM. "), "J. Dupont", "jean-marc"]
        {
            assert!(sender.is_named(text), "{text}");
        }
        for text in ["Dupont Frères SARL", "Jean", "Merci", "Le colis Dupont est perdu"] {
            assert!(!sender.is_named(text), "{text}");
        }
        assert!(Sender::new("", "sophie.martin75@example.com").is_named("Sophie Martin"));
        assert!(!Sender::new("", "contact@example.com").is_named("Contact"));
        assert!(is_first_name("Jean-Michel") && is_first_name("Sophie,") && !is_first_name("Urgent"));
    }
}
