//! The catalogue of messages: what the program says in English, by section, and how it says it in French.
//!
//! Messages are made in English all over the library. Here a message is found again by its form and said in French. A
//! section holds the phrases that may stand at one place, such as the advice of an error about a file, so that what a
//! user wrote is never looked up and never taken for words of the program: only a place that the catalogue declares as
//! one for phrases is translated.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::template::{Kind, Template};

/// Phrases that may stand in several places.
const SHARED: &str = "shared";

/// Every message, in English and French.
pub(super) struct Catalogue {
    /// By section; last those that take any end, and among each kind first those with the most words of their own.
    pub(super) sections: BTreeMap<String, Vec<Entry>>,
}

/// One message.
pub(super) struct Entry {
    /// As the catalogue writes it.
    pub(super) notation: String,
    /// The form by which it is recognised.
    pub(super) english: Template,
    /// The same in French.
    pub(super) french: Template,
}

impl Catalogue {
    /// The catalogue that ships.
    pub(super) fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<Catalogue> = LazyLock::new(|| {
            Catalogue::parse(include_str!("messages.toml")).expect("the program's own file, read by a test")
        });
        &SHIPPED
    }

    fn parse(text: &str) -> Result<Self, String> {
        let written: BTreeMap<String, BTreeMap<String, String>> = toml::from_str(text).map_err(|e| e.to_string())?;
        let mut sections = BTreeMap::new();
        for (section, texts) in written {
            let mut entries = Vec::new();
            for (notation, french) in texts {
                let (english, french) = (Template::parse(&notation)?, Template::parse(&french)?);
                entries.push(Entry { notation, english, french });
            }
            entries.sort_by_key(|Entry { english, .. }| (english.is_open(), std::cmp::Reverse(english.weight())));
            sections.insert(section, entries);
        }
        Ok(Self { sections })
    }

    /// A phrase of one of the sections, or of the shared one, in French; `None` when it is none of them.
    pub(super) fn phrase(&self, sections: &[&str], text: &str) -> Option<String> {
        sections.iter().chain(&[SHARED]).flat_map(|name| self.section(name)).find_map(|entry| self.said(entry, text))
    }

    /// As [`Self::phrase`]; what is not in the catalogue stays as it is.
    pub(super) fn phrase_or_as_is(&self, sections: &[&str], text: &str) -> String {
        self.phrase(sections, text).unwrap_or_else(|| text.to_owned())
    }

    /// The entry that the catalogue writes as `notation`, with French values for its places.
    pub(super) fn fill(&self, section: &str, notation: &str, values: &[(&str, &str)]) -> Option<String> {
        let entry = self.section(section).iter().find(|entry| entry.notation == notation)?;
        let value = |name: &str| values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
        Some(entry.french.fill(value))
    }

    fn section(&self, name: &str) -> &[Entry] {
        self.sections.get(name).map_or(&[], Vec::as_slice)
    }

    fn said(&self, entry: &Entry, text: &str) -> Option<String> {
        let values = entry.english.values(text, &|kind, value| self.fits(kind, value))?;
        let said: Vec<(&str, String)> = entry
            .english
            .slots()
            .zip(values)
            .map(|((name, kind), value)| match kind {
                Kind::Any | Kind::Number | Kind::Word => (name, value.to_owned()),
                Kind::Phrase(section) | Kind::PhraseOrAny(section) => (name, self.phrase_or_as_is(&[section], value)),
            })
            .collect();
        Some(entry.french.fill(|name| said.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)))
    }

    fn fits(&self, kind: &Kind, value: &str) -> bool {
        match kind {
            Kind::Any | Kind::PhraseOrAny(_) => true,
            Kind::Number => !value.is_empty() && value.chars().all(|c| c.is_ascii_digit() || ".,-".contains(c)),
            Kind::Word => !value.contains(char::is_whitespace),
            Kind::Phrase(section) => self.phrase(&[section], value).is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_entry_says_the_same_with_other_words() {
        let catalogue = Catalogue::shipped();
        let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
        for (section, entries) in &catalogue.sections {
            for Entry { notation, english, french } in entries {
                let at = |what: &str| format!("[{section}] {notation}: {what}");
                let (mut own, mut others): (Vec<&str>, Vec<&str>) =
                    (english.slots().map(|slot| slot.0).collect(), french.slots().map(|slot| slot.0).collect());
                own.sort_unstable();
                others.sort_unstable();
                if own != others || own.windows(2).any(|pair| pair[0] == pair[1]) {
                    wrong.push(at("not the same places, or one twice"));
                }
                if french.slots().any(|(_, kind)| *kind != Kind::Any) {
                    wrong.push(at("the French places have names alone"));
                }
                if !seen.insert(english.words()) {
                    wrong.push(at("said twice"));
                }
                if english.words() == french.words() {
                    wrong.push(at("the French is the English"));
                }
                for (_, kind) in english.slots() {
                    if let Kind::Phrase(named) | Kind::PhraseOrAny(named) = kind
                        && !catalogue.sections.contains_key(named)
                    {
                        wrong.push(at("names a section that is not there"));
                    }
                }
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
    }

    /// Words that French writes otherwise, so that a slip back into English shows.
    #[test]
    fn the_french_is_french_and_typeset_as_such() {
        let mut wrong = Vec::new();
        for Entry { notation, french, .. } in Catalogue::shipped().sections.values().flatten() {
            let words = french.words();
            let is_english = words
                .split(|c: char| !c.is_alphabetic() && !"_-".contains(c))
                .any(|word| ["the", "is", "not", "with", "of", "cannot", "write", "give", "file"].contains(&word));
            // A space before a mark of two parts, except inside code, addresses and options.
            let has_bare_mark = [";", "?", "!"]
                .iter()
                .any(|mark| words.match_indices(mark).any(|(at, _)| !words[..at].ends_with([' ', '`', '?']) && at > 0));
            if is_english || has_bare_mark || words.contains("  ") {
                wrong.push(notation);
            }
        }
        assert_eq!(wrong, Vec::<&String>::new());
    }

    #[test]
    fn what_a_user_wrote_is_carried_over_unchanged() {
        let catalogue = Catalogue::shipped();
        let said = |text: &str| catalogue.phrase(&["usage"], text);
        assert_eq!(
            said("unknown column `not UTF-8`; did you mean `it holds no row`? Known: is empty"),
            Some(
                "il n'y a pas de colonne `not UTF-8` ; vouliez-vous dire `it holds no row` ? Choix possibles : is empty"
                    .to_owned()
            )
        );
        // The user's own words hold those of the message: it can be read in two ways, and stays as it is.
        assert_eq!(said("there is no KPI a; did you mean b? Known: c; did you mean d? Known: e"), None);
        assert_eq!(said("a text of another program"), None);
        // The more telling form is found first, and the words of other programs stay within theirs.
        assert_eq!(
            catalogue.phrase(
                &["note"],
                "cannot reach hub.org: io: no route; check the connection, HF_ENDPOINT and the proxy variables; trying again"
            ),
            Some(
                "hub.org est injoignable : io: no route ; vérifiez la connexion, HF_ENDPOINT et les variables de proxy ; \
                 nouvel essai"
                    .to_owned()
            )
        );
    }
}
