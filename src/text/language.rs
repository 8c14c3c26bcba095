//! Words to their language, among those of customers who write to French and English services.
//!
//! Long texts go to `whatlang`; short ones, where it guesses, are told by words that belong to one language only.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use whatlang::{Detector, Lang};

use super::fold::fold;
use crate::contact::{Contact, Speaker};

/// Letters from which `whatlang` is asked.
const LONG_ENOUGH: usize = 24;
/// Letters from which a turn is given a language of its own.
const OWN_LANGUAGE: usize = 40;
/// Letters below which common words outweigh letter statistics.
const SHORT: usize = 120;
/// Confidence below which a text has no language.
const CONFIDENCE: f64 = 0.35;

/// Frequent words without accents. A word that two languages share counts for both when it is in both lists.
#[rustfmt::skip]
const LISTS: [(&str, &str); 7] = [
    ("fr", "ce cela ils elles notre nos avons sont ont ses leur sans deja moins donc meme aussi tous cette ces etait n'est \
    faut chez tout fait bien aux sommes etes avez voudrais peux pouvez peut j'ai j'etais ai ete personne jamais \
    trop beaucoup parce alors bonjour bonsoir merci svp stp oui je jai vous nous est et le les des une pas mon ma \
    mes votre vos avec pour dans sur qui que quand comment pourquoi toujours rien colis commande facture compte \
    c'est cest mais tres ca salut cordialement probleme livraison remboursement retard encore depuis resilier \
    resiliation du au bonne journee d'accord recu suis n'ai qu'il il elle telephone aide urgent ou panne fonctionne marche injoignable casse cassee refuse refusee prelevement prelevements \
    bleue rendez-vous technicien depanner annuler annulation abonnement forfait"),
    ("en", "he she they we at there here her his them will would from very now had be by an if who which their our about \
    out up all just some more were in must should did didn't isn't won't hello hi hey please thanks thank yes the \
    my your is are was and not have has i'm i've you with for what when where why how order parcel refund invoice \
    account cancel delivery late help still don't doesn't can't it it's this that need want never phone broken \
    password regards of to do does can could bill shipping received got been i down damaged declined payment payments item items arrived arrive update details \
    signal missing wrong faulty cancelled booking appointment subscription"),
    ("de", "guten hallo danke bitte nicht ich und ist meine mein der die das rechnung bestellung wo warum kein keine"),
    ("es", "hola gracias por favor mi el los pedido factura donde cuando esta quiero buenos buenas dias y una pero muy \
    para con recibido"),
    ("it", "ciao grazie buongiorno buonasera mio mia ordine fattura dove quando che sono vorrei per della ho ancora \
    ricevuto questo anche"),
    ("pt", "ola obrigado obrigada bom dia meu minha pedido fatura onde quando nao o os uma voce quero por"),
    ("nl", "hallo dank bedankt graag mijn bestelling factuur waar wanneer niet een het ik geen van goedendag ook maar naar \
    wij jullie"),
];

/// ISO 639-1 code of the text's language (`fr`, `en`, `de`, `es`, `it`, `pt`, `nl`), or `None` when it is too short or
/// too mixed to tell. Placeholders and digits are not looked at.
pub fn detect(text: &str) -> Option<&'static str> {
    let words = words_of(text);
    let letters: usize = words.iter().map(|word| word.chars().count()).sum();
    let (by_words, is_clear) = by_words(&words);
    if letters < LONG_ENOUGH || is_clear || (letters < SHORT && by_words.is_some() && is_latin(&words)) {
        return by_words;
    }
    static DETECTOR: LazyLock<Detector> = LazyLock::new(|| {
        Detector::with_allowlist(vec![Lang::Fra, Lang::Eng, Lang::Deu, Lang::Spa, Lang::Ita, Lang::Por, Lang::Nld])
    });
    // The start of a text tells its language; megabytes would only cost time.
    let joined: String = words.iter().take(300).map(|word| &**word).collect::<Vec<_>>().join(" ");
    let info = DETECTOR.detect(&joined)?;
    let language = code(info.lang())?;
    match by_words {
        Some(known) if known == language || info.confidence() < CONFIDENCE => Some(known),
        _ if info.confidence() >= CONFIDENCE || info.is_reliable() => Some(language),
        other => other,
    }
}

/// Sets the language of the contact from the customer's turns, and of each turn that is long enough and differs.
/// A language that the source gave is kept.
pub fn detect_contact(contact: &mut Contact) {
    if contact.language.is_none() {
        let mut customer = String::new();
        let is_theirs = |speaker| matches!(speaker, Speaker::Customer | Speaker::Unknown);
        for turn in contact.turns.iter().filter(|turn| is_theirs(turn.speaker)) {
            customer.push_str(&turn.text);
            customer.push('\n');
            if customer.len() > 20_000 {
                break;
            }
        }
        let found = detect(&customer).or_else(|| contact.subject.as_deref().and_then(detect)).or_else(|| {
            let all: Vec<&str> = contact.turns.iter().take(20).map(|turn| turn.text.as_str()).collect();
            detect(&all.join("\n"))
        });
        contact.language = found.map(str::to_owned);
    }
    for turn in &mut contact.turns {
        if turn.language.is_some() || turn.text.chars().filter(|c| c.is_alphabetic()).count() < OWN_LANGUAGE {
            continue;
        }
        let found = detect(&turn.text);
        if found.is_some() && found != contact.language.as_deref() {
            turn.language = found.map(str::to_owned);
        }
    }
}

fn code(language: Lang) -> Option<&'static str> {
    Some(match language {
        Lang::Fra => "fr",
        Lang::Eng => "en",
        Lang::Deu => "de",
        Lang::Spa => "es",
        Lang::Ita => "it",
        Lang::Por => "pt",
        Lang::Nld => "nl",
        _ => return None,
    })
}

/// Lower-case words with their accents; placeholders, addresses and numbers left out.
fn words_of(text: &str) -> Vec<Cow<'_, str>> {
    text.split_whitespace()
        .take(2_000)
        .filter(|word| !word.contains(['[', '@', '/']) && !word.bytes().any(|b| b.is_ascii_digit()))
        .map(|word| lower_case(word.trim_matches(|c: char| !c.is_alphabetic())))
        .filter(|word| !word.is_empty())
        .collect()
}

/// Whether all letters are of the Latin script, as those of all languages that are told are.
fn is_latin(words: &[Cow<'_, str>]) -> bool {
    words.iter().flat_map(|word| word.chars()).all(|c| c < '\u{250}' || !c.is_alphabetic())
}

/// The word itself where it is lower case already, as nearly all are.
fn lower_case(word: &str) -> Cow<'_, str> {
    if word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(word.to_lowercase())
    }
}

/// The language that most known words belong to, when it leads, and whether it leads so clearly that letter statistics,
/// which cost ten times more, cannot say otherwise.
fn by_words(words: &[Cow<'_, str>]) -> (Option<&'static str>, bool) {
    /// Position of each language in the counts, by word.
    static KNOWN: LazyLock<HashMap<&str, Vec<usize>>> = LazyLock::new(|| {
        let mut known: HashMap<&str, Vec<usize>> = HashMap::new();
        for (position, (_, list)) in LISTS.iter().enumerate() {
            for word in list.split_ascii_whitespace() {
                known.entry(word).or_default().push(position);
            }
        }
        known
    });
    let mut counts = [0_usize; LISTS.len()];
    for word in words.iter().take(200) {
        for &position in KNOWN.get(&*fold(word)).into_iter().flatten() {
            counts[position] += 1;
        }
    }
    let best = (0..counts.len()).max_by_key(|&position| (counts[position], std::cmp::Reverse(position))).unwrap_or(0);
    let second =
        counts.iter().enumerate().filter(|(position, _)| *position != best).map(|(_, hits)| *hits).max().unwrap_or(0);
    let hits = counts[best];
    ((hits > second).then_some(LISTS[best].0), hits >= 4 && hits >= 2 * second + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_customer_texts_are_told() {
        for (text, language) in [
            ("bonjour", "fr"),
            ("svp", "fr"),
            ("merci bcp", "fr"),
            ("colis pas recu", "fr"),
            ("ou est ma commande", "fr"),
            ("j ai pas internet depuis lundi", "fr"),
            ("je veu resilier mon abonement", "fr"),
            ("hello", "en"),
            ("where is my order", "en"),
            ("refund please", "en"),
            ("my phone is broken since yesterday", "en"),
            ("Box en panne", "fr"),
            ("Double prélèvement", "fr"),
            ("Carte bleue refusée", "fr"),
            ("Ne fonctionne plus", "fr"),
            ("No signal", "en"),
            ("Internet down", "en"),
            ("Item arrived damaged", "en"),
            ("Payment declined", "en"),
            ("Bonjour, ma commande [ORDER_1] n'est jamais arrivée.", "fr"),
            ("I was charged twice on my card this month.", "en"),
            ("Ich habe meine Bestellung noch nicht erhalten, bitte helfen Sie mir.", "de"),
            ("No he recibido mi pedido, quiero que me devuelvan el dinero.", "es"),
            ("Non ho ancora ricevuto il mio ordine, vorrei un rimborso.", "it"),
            ("Ainda não recebi a minha encomenda, quero o reembolso.", "pt"),
            ("Ik heb mijn bestelling nog niet ontvangen, graag een terugbetaling.", "nl"),
        ] {
            assert_eq!(detect(text), Some(language), "{text}");
        }
    }

    #[test]
    fn a_known_word_among_words_of_another_script_tells_nothing() {
        assert_eq!(detect("merci, когда придёт мой заказ, я жду его с понедельника"), None);
    }

    #[test]
    fn texts_without_words_have_no_language() {
        for text in ["", "12345", "[ORDER_1]", "ok", "???", "AZ-12"] {
            assert_eq!(detect(text), None, "{text}");
        }
    }
}
