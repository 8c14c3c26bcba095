//! A contact to the companies that it speaks for: "Lumio", where an agent says "Lumio Énergie, bonjour".
//!
//! "Bonjour Lumio," greets a company in the words that greet a person, and no list holds every company. What proves one is
//! how the company's side opens the contact, a few phrases about it beside the greeting, or the company's own addresses.
//! A greeting alone gives way to that: an answer, "au nom de", "je suis", a title and a signature name a person whatever
//! else is said.
//!
//! First names are never taken for a company. Where nothing proves a company, a word is a person.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::recogniser::Recognisers;
use crate::contact::Speaker;
use crate::text::fold::fold;

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
/// The same, where another group is named.
const PLAIN: &str = r"\p{Lu}[\p{L}\p{N}&-]*(?:['’]\p{Lu}[\p{L}\p{N}-]+)?";
/// Who speaks: a word with a capital, or the placeholder of one.
const SPEAKER: &str = r"(?:\p{Lu}[\p{L}'’-]+|\[NAME_\d{1,9}\])";
/// What a company does, behind its name and with a capital: "Lumio Énergie", "Lumio Shop". Trades that are surnames as
/// well (Power, Sales, France) are none.
const BUSINESS: &str = r"(?:T(?i:[ée]l[ée]coms?)|M(?i:obile)|I(?i:nternet)|B(?i:roadband)|[ÉE](?i:nergies?)|E(?i:nergy)|G(?i:az)|G(?i:as)|B(?i:anque)|B(?i:ank(?:ing)?)|C(?i:r[ée]dit)|F(?i:inance)|A(?i:ssurances?)|I(?i:nsurance)|M(?i:utuelle)|S(?i:ant[ée])|H(?i:ealth)|B(?i:outique)|S(?i:hop)|V(?i:oyages?)|T(?i:ravel)|H(?i:[ôo]tels?)|A(?i:irlines?)|S(?i:ervices?)|SAV|H(?i:elpdesk)|H(?i:otline)|A(?i:ssistance))\b";
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

    /// Adds what the first turn of each speaker of the company's side introduces it by: of a menu, a bot, an agent.
    pub(super) fn hear<'t>(&mut self, recognisers: &Recognisers, turns: impl Iterator<Item = (Speaker, &'t str)>) {
        let mut awaited = vec![Speaker::Agent, Speaker::Bot, Speaker::Ivr];
        for (speaker, turn) in turns {
            let Some(at) = awaited.iter().position(|other| *other == speaker) else { continue };
            awaited.swap_remove(at);
            let opening = &turn[..turn.floor_char_boundary(OPENING_BYTES)];
            for word in introduced(opening) {
                if !recognisers.may_be_first_name(word) && !recognisers.is_not_name(word) {
                    self.0.insert(fold(word).into_owned());
                }
            }
            if awaited.is_empty() {
                break;
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
/// Caught, for "Bonjour Lumio,": "je suis client chez Lumio", "the Lumio app", "sur www.lumio.fr". Not caught, for "Bonjour
/// Perrodin,": "le technicien devait passer chez Perrodin", "l'équipe de Perrodin", "perrodin.fr", "chez Perrodinelli".
pub(super) fn is_named_in(recognisers: &Recognisers, text: &str, word: &Range<usize>) -> bool {
    static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)(?:^|[^\p{L}])(?:cliente?|abonn[ée]e?|command[ée]) chez[ \x{a0}]$")
            .expect("a literal pattern that the tests compile")
    });
    static APP: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^[ \x{a0}]app(?:$|[^\p{L}])").expect("a literal pattern that the tests compile"));
    static DOMAIN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^\.(?:fr|com|co\.uk|uk|eu|be|ch|ca|net|org|io)(?:$|[^\p{L}\p{N}@.-]|\.(?:$|[^\p{L}]))")
            .expect("a literal pattern that the tests compile")
    });
    let is_the = |before: &str| before.ends_with("the ") || before.ends_with("The ");
    let name = &text[word.clone()];
    if recognisers.may_be_first_name(name) {
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
        .any(|(before, behind)| BEFORE.is_match(before) || is_the(before) && APP.is_match(behind));
    let domain = name.to_lowercase();
    is_spoken_of
        || around
            .match_indices(domain.as_str())
            .take(MOST_PLACES)
            .filter_map(|(at, _)| beside(at, &domain))
            .any(|(before, behind)| before.ends_with("www.") && DOMAIN.is_match(behind))
}

/// The words that the opening of a turn of the company's side introduces the company by.
///
/// Caught: "Lumio Énergie bonjour, Bastien à votre service", "Good morning, Lumio Shop, Ravi speaking", "vous êtes bien
/// chez Lumio.", "Hi, Kofi from Lumio", "you're through to Lumio, Kofi speaking". Not caught: "Kermarrec, bonjour", "a
/// call here from Hargreaves", "vous êtes bien chez Kermarrec ?", "Hargreaves claims that", "you're through to Kofi".
fn introduced(opening: &str) -> Vec<&str> {
    static LEADING: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(&format!(
            r"^\s*(?:{GREETING}[ ,.!…]+)?(?:(?:SAV|Service|Support)[ \x{{a0}}]{WORD}|(?P<trade>{PLAIN})[ \x{{a0}}-]{BUSINESS})"
        ))
        .expect("a literal pattern that the tests compile")
    });
    static SEGMENT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(&format!(r"[,.!]\s+{WORD}[ \x{{a0}}-]{BUSINESS}")).expect("a literal pattern that the tests compile")
    });
    // Somebody is introduced behind the greeting, and the company behind them. "Sabrina de Kermarrec" may be a name.
    static FROM: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(&format!(
            r"^\s*{GREETING}[ ,.!…]+(?i:(?:this is|it['’]s|i['’]m|my name is|you['’]re through to|c['’]est|ici|je suis|je m['’]appelle)\s)?{SPEAKER}[ ,]+(?:from|at|de chez)\s{WORD}"
        ))
        .expect("a literal pattern that the tests compile")
    });
    static WELCOMED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(&format!(
            r"(?i:\b(?:bienvenue chez|vous (?:êtes|etes) (?:bien )?chez|welcome to|(?:thanks|thank you) for calling))\s{WORD}"
        ))
        .expect("a literal pattern that the tests compile")
    });
    static THROUGH: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(&format!(
            r"(?i:\byou(?:['’]re| are) through to|\byou(?:['’]ve| have) reached)\s{WORD}[,.!]\s+{SPEAKER}\s(?:speaking|here)\b"
        ))
        .expect("a literal pattern that the tests compile")
    });
    // What shows that the word before names a person.
    static SPEAKS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^[ ,]*(?i:speaking|here|from|at|and|et|de chez|à l['’]appareil|à votre (?:écoute|service)|au téléphone)\b")
            .expect("a literal pattern that the tests compile")
    });
    let is_asked = |from: usize| {
        let rest = &opening[from..];
        rest.find(['.', '!', '?', '\n']).is_some_and(|end| rest[end..].starts_with('?'))
    };
    let of = |pattern: &Regex| -> Vec<_> {
        pattern.captures_iter(opening).filter_map(|found| found.name("value").or_else(|| found.name("trade"))).collect()
    };
    let mut found = of(&LEADING);
    found.extend(of(&SEGMENT));
    found.extend(of(&FROM));
    found.extend(of(&THROUGH));
    let is_told = |word: &regex::Match<'_>| !is_asked(word.end()) && !SPEAKS.is_match(&opening[word.end()..]);
    found.extend(of(&WELCOMED).into_iter().filter(is_told));
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
            ("Bonjour, Lumio Télécom, Aurélie, comment puis-je vous aider ?", Some("lumio")),
            ("Bonjour, vous êtes bien chez Lumio.", Some("lumio")),
            ("Bienvenue chez Lumio. Tapez 1 pour une panne.", Some("lumio")),
            ("Bonjour, Zéphirin de chez Lumio à l'appareil", Some("lumio")),
            ("SAV Lumio bonjour, que se passe-t-il ?", Some("lumio")),
            ("Good morning, Lumio Shop, Ombala speaking, how can I help?", Some("lumio")),
            ("Hi, Thulani from Lumio", Some("lumio")),
            ("Hello, Thulani, Lumio Energy", Some("lumio")),
            ("Hi, you're through to Thulani at Lumio Telecom", Some("lumio")),
            ("You're through to Lumio, Thulani speaking.", Some("lumio")),
            ("Thank you for calling Lumio. How can I help?", Some("lumio")),
            // People, and nobody.
            ("Lumio, bonjour !", None),
            ("Kermarrec, bonjour, je vous écoute.", None),
            ("I have a call here from Hargreaves, can I take your name please?", None),
            ("Hello, this is a message from Whitcombe. Hello Whitcombe", None),
            ("Hello, you are at Whitcombe, right?", None),
            ("Bonjour, vous êtes bien chez Kermarrec ? C'est Lumio.", None),
            ("Hargreaves claims that the box never came. Can I take your name?", None),
            ("Ombala line, can I take your name?", None),
            ("Thank you for choosing Ombala and his team", None),
            ("Thank you for calling Ombala and his team", None),
            ("I'll put you through to Hargreaves. I'm sorry.", None),
            ("Bonjour, Anatole France à l'appareil", None),
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
            ("Bonjour Lumio, le site Lumio est en panne", false),
            ("Bonjour Kermarrec, le technicien devait passer chez Kermarrec", false),
            ("Hello Lumio, the Lumio app crashes", true),
            ("Hello Lumio, your app crashes", false),
            ("Hello Lumio, I ordered on www.lumio.com", true),
            ("Bonjour Lumio, je passe par www.lumio.fr.", true),
            ("Bonjour Kermarrec, je passe par kermarrec.fr.", false),
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
