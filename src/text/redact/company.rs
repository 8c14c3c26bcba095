//! A contact to the companies that it speaks for: "Lumio", where an agent says "Lumio Énergie, bonjour".
//!
//! "Bonjour Lumio," greets a company in the words that greet a person, and no list holds every company. What tells them
//! apart is how the rest of the contact speaks of the word: the company's side introduces itself by it, somebody is a
//! customer `chez` it, or the company's own addresses are named for it. Only weak evidence of a name gives way to that:
//! a greeting, "au nom de", an answer. What stands behind a title or "je m'appelle" is a person whatever else is said.
//!
//! First names are never taken for a company. In doubt ("you're through to Kofi") a word is a person.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::recogniser::Recognisers;
use crate::contact::Speaker;
use crate::text::fold::fold;
use crate::text::names::is_ambiguous;

/// Turns of the company's side that may introduce it: a menu, a bot and the agent who takes over.
const OPENING_TURNS: usize = 3;
/// How far into such a turn its introduction is looked for, in bytes.
const OPENING_BYTES: usize = 240;
/// How far around a word its company is looked for in a text, in bytes.
const AROUND: usize = 2_000;
/// Places of a word that are looked at there.
const MOST_PLACES: usize = 16;
/// Bytes on either side of a word that tell what it is.
const BESIDE: usize = 48;

/// A word of a company: "Lumio", "L'Oréal", "Bouygues".
const WORD: &str = r"(?P<value>\p{Lu}[\p{L}\p{N}&-]*(?:['’]\p{Lu}[\p{L}\p{N}-]+)?)";
/// What a company does, behind its name: "Lumio Énergie", "Lumio shop".
const BUSINESS: &str = r"(?i:t[ée]l[ée]coms?|mobile|internet|broadband|[ée]nergies?|energy|gaz|gas|power|eau|water|banque|bank|banking|cr[ée]dit|finance|assurances?|insurance|mutuelle|sant[ée]|health|boutique|shop|store|voyages?|travel|h[ôo]tels?|airlines?|cloud|suite|support|services?|sav|client[èe]le|customer|technical|technique|facturation|billing|claims?|returns?|sinistres|sales|care|helpdesk|team|line|group|groupe|france|uk|online|direct|emergency|urgence|hotline|assistance)\b";
/// How a turn greets.
const GREETING: &str =
    r"(?i:bonjour|bonsoir|hello|hi(?: there)?|hey|good (?:morning|afternoon|evening)|morning|all[ôo])";

/// Words that the company of a contact goes by, folded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Companies(BTreeSet<String>);

impl Companies {
    /// What the company's own addresses and domains are named for: `@lumio-energie.fr` for "lumio" and "energie".
    pub(super) fn of_addresses(addresses: &[String]) -> Self {
        const SHORTEST: usize = 3;
        let domains = addresses.iter().filter_map(|address| address.rsplit('@').next());
        let labels = domains.flat_map(|domain| domain.rsplit('.').skip(1).collect::<Vec<_>>());
        let words = labels.flat_map(|label| std::iter::once(label).chain(label.split('-')).collect::<Vec<_>>());
        Self(words.filter(|word| word.len() >= SHORTEST).map(|word| fold(word).into_owned()).collect())
    }

    /// Adds what the first turns of the company's side introduce it by.
    pub(super) fn hear<'t>(&mut self, recognisers: &Recognisers, turns: impl Iterator<Item = (Speaker, &'t str)>) {
        let is_company_side = |speaker| matches!(speaker, Speaker::Agent | Speaker::Bot | Speaker::Ivr);
        for (_, turn) in turns.filter(|(speaker, _)| is_company_side(*speaker)).take(OPENING_TURNS) {
            let opening = &turn[..turn.floor_char_boundary(OPENING_BYTES)];
            for word in introduced(opening) {
                if !is_first_name(recognisers, word) && !recognisers.is_not_name(word) {
                    self.0.insert(fold(word).into_owned());
                }
            }
        }
    }

    /// Whether a word is one of them.
    pub(super) fn hold(&self, word: &str) -> bool {
        !self.0.is_empty() && self.0.contains(fold(word).as_ref())
    }
}

/// Whether the text speaks of a word of it as of a company.
///
/// Caught, for "Bonjour Lumio,": "je suis client chez Lumio", "l'appli Lumio", "the Lumio team", "sur lumio.fr". Not
/// caught, for "Bonjour Perrodin,": "l'équipe de Perrodin", "perrodin@lumio.fr", "chez Perrodinelli".
pub(super) fn is_named_in(recognisers: &Recognisers, text: &str, word: &Range<usize>) -> bool {
    static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)(?:^|[^\p{L}])(?:[ée]quipes?|(?:chez|service[ -]clients?|service client[èe]le|app|appli|application|site|boutique|magasin|enseigne|marque)(?: de)?)[ \x{a0}]$")
            .expect("a literal pattern that the tests compile")
    });
    static BEHIND: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:['’]s)?[ \x{a0}](?i:team|app|web ?site|site|store|shop|customer (?:service|care|support|team)|support|helpdesk)(?:$|[^\p{L}])")
            .expect("a literal pattern that the tests compile")
    });
    static DOMAIN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^\.(?:fr|com|co\.uk|uk|eu|be|ch|ca|net|org|io)(?:$|[^\p{L}\p{N}@.-]|\.(?:$|[^\p{L}]))")
            .expect("a literal pattern that the tests compile")
    });
    let name = &text[word.clone()];
    if is_first_name(recognisers, name) {
        return false;
    }
    let from = text.ceil_char_boundary(word.start.saturating_sub(AROUND));
    let around = &text[from..text.floor_char_boundary(word.end + AROUND)];
    let beside = |at: usize, name: &str| {
        let before = &around[around.ceil_char_boundary(at.saturating_sub(BESIDE))..at];
        let end = at + name.len();
        let behind = &around[end..around.floor_char_boundary(end + BESIDE)];
        let is_whole = !before.ends_with(char::is_alphanumeric) && !behind.starts_with(char::is_alphanumeric);
        is_whole.then_some((before, behind))
    };
    let is_spoken_of = around
        .match_indices(name)
        .take(MOST_PLACES)
        .filter_map(|(at, _)| beside(at, name))
        .any(|(before, behind)| BEFORE.is_match(before) || BEHIND.is_match(behind));
    let domain = name.to_lowercase();
    is_spoken_of
        || around.match_indices(domain.as_str()).take(MOST_PLACES).filter_map(|(at, _)| beside(at, &domain)).any(
            |(before, behind)| {
                let is_address = before.ends_with(['@', '.', '-', '_']) && !before.ends_with("www.");
                DOMAIN.is_match(behind) && !is_address
            },
        )
}

fn is_first_name(recognisers: &Recognisers, word: &str) -> bool {
    recognisers.is_first_name(word) || is_ambiguous(word)
}

/// The words that the opening of a turn of the company's side introduces the company by.
///
/// Caught: "Lumio Énergie bonjour, Bastien à votre service", "Lumio, good morning", "Good morning, Lumio shop, Ravi
/// speaking", "vous êtes bien chez Lumio", "Kofi from Lumio", "you're through to Lumio, Kofi speaking". Not caught:
/// "Hello, Kofi, Lumio Energy" for Kofi, "you're through to Kofi", "Kofi speaking", "chez Mme Perrodin".
fn introduced(opening: &str) -> Vec<&str> {
    static LEADING: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(&format!(
            r"^\s*(?P<greeted>{GREETING}[ ,.!…]+)?(?P<desk>(?i:sav|support|service)[ \x{{a0}}])?{WORD}"
        ))
        .expect("a literal pattern that the tests compile")
    });
    static SEGMENT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(&format!(r"[,.!]\s+{WORD}[ \x{{a0}}-]{BUSINESS}")).expect("a literal pattern that the tests compile")
    });
    static NAMED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(&format!(
            r"(?i:\b(?:bienvenue (?:chez|sur|à)|(?:êtes|etes) (?:bien |en ligne )?(?:chez|sur)|de chez|merci d['’]avoir (?:appelé|contacté|choisi|rejoint)|merci de (?:contacter|joindre)|from|at))\s{WORD}"
        ))
        .expect("a literal pattern that the tests compile")
    });
    static WELCOMED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(&format!(
            r"(?i:\b(?:(?:thanks|thank you) for (?:calling|contacting|choosing|phoning|ringing)|welcome to))\s{WORD}"
        ))
        .expect("a literal pattern that the tests compile")
    });
    static THROUGH: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(&format!(r"(?i:\b(?:through to|have reached|['’]ve reached))\s{WORD}"))
            .expect("a literal pattern that the tests compile")
    });
    // What shows that the word before names the speaker.
    static SPEAKER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"^[ ,]*(?i:speaking|here|from|at|de chez|à l['’]appareil|à votre (?:écoute|service)|au téléphone)\b",
        )
        .expect("a literal pattern that the tests compile")
    });
    static BEHIND: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(&format!(r"^[ \x{{a0}}-]{BUSINESS}")).expect("a literal pattern that the tests compile")
    });
    // A greeting or an offer right behind the first word of a turn.
    static GREETS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(&format!(
            r"^[ ,.!]+(?:{GREETING}|(?i:je vous écoute|que puis-je|comment puis-je|how (?:can|may) i|what can i))(?:$|[^\p{{L}}])"
        ))
        .expect("a literal pattern that the tests compile")
    });
    // Somebody else is the speaker.
    static INTRODUCES: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)\b(?:speaking|here|my name|this is|i['’]m|je m['’]appelle|je suis|à votre (?:écoute|service))\b",
        )
        .expect("a literal pattern that the tests compile")
    });
    let mut found: Vec<_> = NAMED.captures_iter(opening).filter_map(|captures| captures.name("value")).collect();
    for captures in WELCOMED.captures_iter(opening) {
        found.extend(captures.name("value").filter(|word| !SPEAKER.is_match(&opening[word.end()..])));
    }
    for captures in THROUGH.captures_iter(opening) {
        let is_company = |word: &regex::Match<'_>| {
            let behind = &opening[word.end()..];
            !SPEAKER.is_match(behind) && (BEHIND.is_match(behind) || INTRODUCES.is_match(behind))
        };
        found.extend(captures.name("value").filter(is_company));
    }
    found.extend(SEGMENT.captures_iter(opening).filter_map(|captures| captures.name("value")));
    if let Some(captures) = LEADING.captures(opening)
        && let Some(word) = captures.name("value")
    {
        let behind = &opening[word.end()..];
        let is_alone = captures.name("greeted").is_none() && found.is_empty();
        if captures.name("desk").is_some() || BEHIND.is_match(behind) || is_alone && GREETS.is_match(behind) {
            found.push(word);
        }
    }
    found.into_iter().map(|word| word.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn recognisers() -> Recognisers {
        Recognisers::new(&BTreeMap::new()).unwrap()
    }

    #[test]
    fn the_company_s_side_introduces_its_company_and_not_its_people() {
        let recognisers = recognisers();
        for (turn, company) in [
            ("Lumio Boutique bonjour, Samir à votre écoute, que puis-je faire pour vous ?", Some("lumio")),
            ("Lumio, bonjour !", Some("lumio")),
            ("Lumio bonjour, je vous écoute.", Some("lumio")),
            ("Bonjour, Lumio Télécom, Aurélie, comment puis-je vous aider ?", Some("lumio")),
            ("Bonjour, vous êtes bien chez Lumio.", Some("lumio")),
            ("Bienvenue chez Lumio. Tapez 1 pour une panne.", Some("lumio")),
            ("Bonjour, Zéphirin de chez Lumio à l'appareil", Some("lumio")),
            ("SAV Lumio bonjour, que se passe-t-il ?", Some("lumio")),
            ("Good morning, Lumio shop, Ombala speaking, how can I help?", Some("lumio")),
            ("Hi, Thulani from Lumio", Some("lumio")),
            ("Hello, Thulani, Lumio Energy", Some("lumio")),
            ("Hi, you're through to Thulani at Lumio Telecom", Some("lumio")),
            ("You're through to Lumio, Thulani speaking.", Some("lumio")),
            ("Thank you for calling Lumio, how can I help?", Some("lumio")),
            // People, and nobody.
            ("You're through to Thulani, how can I help?", None),
            ("Thulani speaking, how can I help?", None),
            ("Hello, Thulani here.", None),
            ("Bonjour, Claire.", None),
            ("Sophie, bonjour", None),
            ("Je suis bien chez Madame Perrodin ?", None),
            ("Bonjour, que puis-je pour vous ?", None),
        ] {
            let mut companies = Companies::default();
            companies.hear(&recognisers, [(Speaker::Agent, turn)].into_iter());
            let expected = Companies(company.into_iter().map(str::to_owned).collect());
            assert_eq!(companies, expected, "{turn}");
        }
        let mut companies = Companies::default();
        companies.hear(&recognisers, [(Speaker::Customer, "Lumio Énergie bonjour")].into_iter());
        assert_eq!(companies, Companies::default());
    }

    #[test]
    fn a_text_tells_a_company_by_the_words_beside_it() {
        let recognisers = recognisers();
        for (text, is_company) in [
            ("Bonjour Lumio, je suis client chez Lumio depuis 2019", true),
            ("Bonjour Lumio, le site Lumio est en panne", true),
            ("Hello Lumio, the Lumio app crashes", true),
            ("Hello Lumio, your app crashes", false),
            ("Hello Lumio, I ordered on www.lumio.com", true),
            ("Bonjour Lumio, je passe par lumio.fr.", true),
            ("Bonjour Lumio, écrivez à client@lumio.fr", false),
            ("Bonjour Perrodin, je cherche l'équipe de Perrodin", false),
            ("Bonjour Perrodin, je vais chez Perrodinelli", false),
            ("Bonjour Martine, je vais chez Martine", false),
        ] {
            let start = text.find(' ').unwrap() + 1;
            let word = start..start + text[start..].find(',').unwrap();
            assert_eq!(is_named_in(&recognisers, text, &word), is_company, "{text}");
        }
    }

    #[test]
    fn addresses_of_the_company_name_it() {
        let companies = Companies::of_addresses(&["service@lumio-energie.fr".into(), "@uk.lumio.example.com".into()]);
        for (word, is_one) in [("Lumio", true), ("ENERGIE", true), ("service", false), ("uk", false), ("com", false)] {
            assert_eq!(companies.hold(word), is_one, "{word}");
        }
        assert!(!Companies::of_addresses(&["@fr".into()]).hold("fr"));
    }
}
