//! Words to words without personal data: typed placeholders instead of names, addresses, numbers and secrets.
//!
//! `recogniser.rs` compiles the declared recognisers, `candidates.rs` finds and settles what to replace,
//! `placeholder.rs` numbers the values. Amounts, dates, quantities, models and versions stay as they are: they carry
//! the meaning of a contact.

mod candidates;
mod checksum;
mod known;
mod placeholder;
mod recogniser;
mod stream;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::error::Result;
use known::Known;
use placeholder::Numbers;
use recogniser::Recognisers;
pub use stream::redact_stream;

/// Names kept in mind in one session: a conversation has a few, and the bound keeps a stream linear.
const MOST_NAMES: usize = 64;

/// The compiled recognisers; made once, shared by threads.
#[derive(Debug)]
pub struct Redactor {
    recognisers: Recognisers,
}

/// A text after redaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Redacted {
    /// The text with placeholders such as `[EMAIL_1]`.
    pub text: String,
    /// Number of replacements per kind, in alphabetical order.
    pub counts: BTreeMap<String, u32>,
}

/// One stretch of personal data, as [`Redactor::find`] reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Name of the placeholder: `EMAIL`, `PHONE`…
    pub kind: String,
    /// Bytes of the text.
    pub range: Range<usize>,
}

/// One contact's redaction: the same value gets the same placeholder in all its texts.
#[derive(Debug)]
pub struct Session<'a> {
    redactor: &'a Redactor,
    numbers: Numbers,
    /// Names learnt in this contact, longest first, with the value each belongs to.
    names: BTreeMap<String, String>,
    /// The same for words of names that the source gives, which may be other words where a sentence starts.
    parts: BTreeMap<String, String>,
}

impl Redactor {
    /// Compiles the recognisers that ship and the company's own patterns (placeholder name → regular expression).
    ///
    /// # Errors
    ///
    /// Every company pattern that cannot be used, all together.
    pub fn new(patterns: &BTreeMap<String, String>) -> Result<Self> {
        Ok(Self { recognisers: Recognisers::new(patterns)? })
    }

    /// Starts a contact.
    pub fn session(&self) -> Session<'_> {
        Session { redactor: self, numbers: Numbers::default(), names: BTreeMap::new(), parts: BTreeMap::new() }
    }

    /// The personal data of a text, in order, without overlap.
    pub fn find(&self, text: &str) -> Vec<Finding> {
        candidates::find(&self.recognisers, text)
            .into_iter()
            .map(|found| Finding { kind: self.recognisers.kinds[found.kind].clone(), range: found.range })
            .collect()
    }
}

impl Session<'_> {
    /// Takes note of the names introduced in a text of the contact, so that the other texts, where nothing introduces
    /// them, are redacted too. Numbers are not given yet. Returns whether the text holds personal data by itself.
    pub fn learn(&mut self, text: &str) -> bool {
        let found = candidates::find(&self.redactor.recognisers, text);
        for found in &found {
            if self.redactor.recognisers.kinds[found.kind] == "NAME" {
                self.learn_name(&text[found.range.clone()]);
            }
        }
        !found.is_empty()
    }

    /// Takes note of a name that the source gives apart from the words.
    pub fn know(&mut self, name: &str) {
        let Some(known) = Known::of(name, |word| self.redactor.recognisers.is_not_name(word)) else { return };
        for (forms, names) in [(known.whole, &mut self.names), (known.parts, &mut self.parts)] {
            for form in forms {
                if names.len() < MOST_NAMES {
                    names.entry(form).or_insert_with(|| known.value.clone());
                }
            }
        }
    }

    /// [`Self::redact`] of a text whose [`Self::learn`] returned `holds_any`: nothing is searched twice.
    pub fn redact_learnt(&mut self, text: &str, holds_any: bool) -> Redacted {
        if holds_any || self.names.keys().chain(self.parts.keys()).any(|name| text.contains(name.as_str())) {
            return self.redact(text);
        }
        self.numbers.reserve(text);
        Redacted { text: text.to_owned(), counts: BTreeMap::new() }
    }

    fn learn_name(&mut self, value: &str) {
        // The whole name and each of its longer words; short ones ("Le", "Roy") are words of other things too.
        let words = value.split(|c: char| c.is_whitespace()).filter(|word| word.chars().count() >= 4);
        let owner = self.names.get(value).map_or(value, String::as_str).to_owned();
        for part in std::iter::once(value).filter(|whole| whole.chars().count() >= 3).chain(words) {
            let is_capital = part.chars().next().is_some_and(char::is_uppercase);
            if self.names.len() < MOST_NAMES && is_capital && !self.redactor.recognisers.is_not_name(part) {
                let owner = self.parts.get(part).unwrap_or(&owner).clone();
                self.names.entry(part.to_owned()).or_insert(owner);
            }
        }
    }

    /// Redacts one text of the contact. Text without personal data comes back unchanged; redacting twice changes
    /// nothing more.
    pub fn redact(&mut self, text: &str) -> Redacted {
        self.numbers.reserve(text);
        let mut redacted = Redacted { text: text.to_owned(), counts: BTreeMap::new() };
        // A replacement can uncover a value that a stronger one overlapped; what the second look finds nothing in
        // will not change when it is redacted again.
        for _ in 0..8 {
            let found =
                candidates::find_with_names(&self.redactor.recognisers, &self.names, &self.parts, &redacted.text);
            for candidate in &found {
                if self.redactor.recognisers.kinds[candidate.kind] == "NAME" {
                    self.learn_name(&redacted.text[candidate.range.clone()]);
                }
            }
            if found.is_empty() {
                break;
            }
            let mut text = String::with_capacity(redacted.text.len());
            let mut end = 0;
            for candidate in found {
                let name = &self.redactor.recognisers.kinds[candidate.kind];
                text.push_str(&redacted.text[end..candidate.range.start]);
                let value = &redacted.text[candidate.range.clone()];
                let known = || self.names.get(value).or_else(|| self.parts.get(value));
                let value = if name == "NAME" { known().map_or(value, String::as_str) } else { value };
                text.push_str(&self.numbers.placeholder(candidate.kind, name, value));
                end = candidate.range.end;
                *redacted.counts.entry(name.clone()).or_default() += 1;
            }
            text.push_str(&redacted.text[end..]);
            redacted.text = text;
        }
        redacted
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;

    fn redactor() -> &'static Redactor {
        static REDACTOR: LazyLock<Redactor> = LazyLock::new(|| Redactor::new(&BTreeMap::new()).unwrap());
        &REDACTOR
    }

    fn redact(text: &str) -> String {
        redactor().session().redact(text).text
    }

    fn redact_knowing(name: &str, text: &str) -> String {
        let mut session = redactor().session();
        session.know(name);
        let holds_any = session.learn(text);
        session.redact_learnt(text, holds_any).text
    }

    #[test]
    fn a_name_that_the_source_gives_needs_no_introduction() {
        for (name, text, expected) in [
            ("Basile Rieutord", "je suis désormais Basile Rieutord-Meyzieu.", "je suis désormais [NAME_1]."),
            ("Basile Rieutord", "Vous avez écrit RIEUTORD sur ma carte.", "Vous avez écrit [NAME_1] sur ma carte."),
            ("RIEUTORD, Basile", "dossier basile rieutord, suite", "dossier [NAME_1], suite"),
            ("basile rieutord", "dossier RIEUTORD Basile, suite", "dossier [NAME_1], suite"),
            ("LE GUELLAOUEN Yann", "le dossier Le Guellaouen", "le dossier Le [NAME_1]"),
            ("Mme Anne-Lise de la Tourmaline", "la carte de Tourmaline", "la carte de [NAME_1]"),
            ("Sean O’Neillard", "it says O'Neillard there", "it says [NAME_1] there"),
            ("Hélène Lefèvrier", "au nom Lefevrier svp", "au nom [NAME_1] svp"),
            ("Ronald McDonaldson", "it says McDonaldson there", "it says [NAME_1] there"),
            ("Will Priceman", "Will you refund me?", "Will you refund me?"),
            // Where a sentence starts, a word of a name may be another.
            ("Claire Petitbon", "Petitbon problème. Petitbon encore", "Petitbon problème. Petitbon encore"),
            (
                "Amarao Oyelowo",
                "Please tell his boss.\n\nAmarao (and the sheep)",
                "Please tell his boss.\n\n[NAME_1] (and the sheep)",
            ),
            (
                "Petitbon Louis",
                "Merci.\nPetitbon problème depuis hier soir",
                "Merci.\nPetitbon problème depuis hier soir",
            ),
            ("max", "le débit max est de 3 Mo", "le débit max est de 3 Mo"),
            ("sav", "le sav ne répond pas", "le sav ne répond pas"),
            // Nobody's name: a department, an address, a product.
            ("Service Client", "Le Service Client ne répond pas", "Le Service Client ne répond pas"),
            ("Box 5G", "Ma Box 5G est en panne", "Ma Box 5G est en panne"),
            ("client@exemple.fr", "Client depuis 2010", "Client depuis 2010"),
            ("", "Rien à dire", "Rien à dire"),
            ("Paul Le", "Le colis est arrivé", "Le colis est arrivé"),
        ] {
            assert_eq!(redact_knowing(name, text), expected, "{name}");
        }
    }

    #[test]
    fn values_are_numbered_by_kind_and_shared_within_a_session() {
        let mut session = redactor().session();
        let first = session.redact("Je suis Paul Leroy, paul@exemple.fr ou marie@exemple.fr, 06 12 34 56 78");
        assert_eq!(first.text, "Je suis [NAME_1], [EMAIL_1] ou [EMAIL_2], [PHONE_1]");
        assert_eq!(
            first.counts.into_iter().collect::<Vec<_>>(),
            [("EMAIL".to_owned(), 2), ("NAME".to_owned(), 1), ("PHONE".to_owned(), 1)]
        );
        assert_eq!(
            session.redact("MARIE@EXEMPLE.FR, +33612345678, M. Leroy").text,
            "[EMAIL_2], [PHONE_1], M. [NAME_1]"
        );
    }

    #[test]
    fn ordinary_numbers_stay() {
        for text in [
            "49,90 € le 12/03/2025, 3 articles, iPhone 14, v2.3.1",
            "de 8h à 12h30, 48 heures, 2 x 35 minutes",
            "69003 Lyon, 15 ans, 1 250 €, 12 458 kWh",
            "erreur 404, modèle WX-4500, 300 Mb/s, taille 42",
            "le 3631 ou le 36 200, 10 Mb/s, 100%",
            "facture de 312 euros, commande de 3 chaises",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    #[test]
    fn surnames_with_an_article_are_replaced_and_offices_are_not() {
        for (text, expected) in [
            (
                "Bonjour Basile. Votre adresse a un point en trop.",
                "Bonjour [NAME_1]. Votre adresse a un point en trop.",
            ),
            ("Bonjour Madame, Bonjour Monsieur.", "Bonjour Madame, Bonjour Monsieur."),
            ("Hello Team, Hi All!", "Hello Team, Hi All!"),
            ("Je suis Mme Le Goff et je rappelle", "Je suis Mme [NAME_1] et je rappelle"),
            ("Merci de rappeler M. Le Roux", "Merci de rappeler M. [NAME_1]"),
            ("M. LE BRAS attend", "M. [NAME_1] attend"),
            ("Madame Le Pen, Madame Du Pont", "Madame [NAME_1], Madame [NAME_2]"),
            ("Mme Des Rivières n'a rien reçu", "Mme [NAME_1] n'a rien reçu"),
            ("Mr An Nguyen called", "Mr [NAME_1] called"),
            ("Mme A. Martin", "Mme [NAME_1]"),
            ("Mme Le Goff Je voudrais un avoir", "Mme [NAME_1] Je voudrais un avoir"),
            ("Je m'appelle Yann Le Goff, mon colis est perdu", "Je m'appelle [NAME_1], mon colis est perdu"),
            ("Nom : Le Goff", "Nom : [NAME_1]"),
        ] {
            assert_eq!(redact(text), expected);
        }
        for text in [
            "Monsieur Le Directeur, bonjour",
            "Madame La Directrice Générale",
            "Monsieur Le Technicien n'est pas venu",
            "Bonjour Madame Les commandes sont perdues",
            "Monsieur Le Service Client ne répond pas",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    #[test]
    fn months_and_adjectives_are_surnames_only_right_after_a_title() {
        for (text, expected) in [
            ("M. Mars a appelé", "M. [NAME_1] a appelé"),
            ("Mme Juin attend", "Mme [NAME_1] attend"),
            ("Mme Claire Juin attend", "Mme [NAME_1] attend"),
            ("M. Bon est absent", "M. [NAME_1] est absent"),
            ("Bonjour Mme Bonne,", "Bonjour Mme [NAME_1],"),
            ("Mme Le Bon attend", "Mme [NAME_1] attend"),
            ("Mrs May, Mr Gold", "Mrs [NAME_1], Mr [NAME_2]"),
            ("Mrs April Jones and M. Août", "Mrs [NAME_1] and M. [NAME_2]"),
            ("M. Mars Je voudrais un avoir", "M. [NAME_1] Je voudrais un avoir"),
        ] {
            assert_eq!(redact(text), expected);
        }
        for text in [
            "rendez-vous le 3 mars, puis en Avril",
            "Rendez-vous avec Madame le 3 mars",
            "Bonjour Madame Mars 2025 est passé",
            "Merci Madame Bonne journée",
            "Bonjour Monsieur Bon de commande perdu",
            "Monsieur Mai dernier le colis est revenu",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    #[test]
    fn telephone_numbers_of_eleven_digits_and_after_a_spaced_prefix_are_replaced() {
        for (text, expected) in [
            ("My number is 07911123456", "My number is [PHONE_1]"),
            ("ring me on 07911123456.", "ring me on [PHONE_1]."),
            ("ring me on 07911-123-456", "ring me on [PHONE_1]"),
            ("01632960983", "[PHONE_1]"),
            ("020-7946-0101 or 0161 496 0000", "[PHONE_1] or [PHONE_2]"),
            (
                "My order number 4502217 is late, ring me on 01632960983",
                "My order number [ORDER_1] is late, ring me on [PHONE_1]",
            ),
            ("Appelez-moi au 00 33 6 12 34 56 78", "Appelez-moi au [PHONE_1]"),
            ("Call 00 44 20 7946 0101", "Call [PHONE_1]"),
        ] {
            assert_eq!(redact(text), expected);
        }
    }

    #[test]
    fn references_of_eleven_digits_are_not_telephone_numbers() {
        for (text, expected) in [
            ("commande 01234567890 perdue", "commande [ORDER_1] perdue"),
            ("my order 07911123456 is late", "my order [ORDER_1] is late"),
            ("order number is 07911123456", "order number is [ORDER_1]"),
            ("réf 07911123456 svp", "réf [REFERENCE_1] svp"),
            ("compte 01632960983", "compte [CUSTOMER_1]"),
        ] {
            assert_eq!(redact(text), expected);
        }
        for text in [
            "code barre 01632960983",
            "le numéro 01234567890 sur le carton",
            "article 101632960983",
            "LOT-01632960983",
            "à 10:00 12/03/2025, à 10:00 12 03 2025",
        ] {
            assert_eq!(redact(text), text);
        }
        assert!(!redact("commandes 07911123456 et 07911123457").contains("PHONE"));
    }

    #[test]
    fn patterns_of_the_company_are_applied_and_bad_ones_are_reported_together() {
        let patterns = BTreeMap::from([("badge".to_owned(), r"BDG-\d{4}".to_owned())]);
        let redacted =
            Redactor::new(&patterns).unwrap().session().redact("badge BDG-0012 et BDG-0013, encore BDG-0012");
        assert_eq!(redacted.text, "badge [BADGE_1] et [BADGE_2], encore [BADGE_1]");
        let bad = BTreeMap::from([
            ("A".to_owned(), "(".to_owned()),
            ("B".to_owned(), "x*".to_owned()),
            ("é!".to_owned(), "x".to_owned()),
        ]);
        let Err(crate::Error::Config { problems }) = Redactor::new(&bad) else { panic!("bad patterns were accepted") };
        assert_eq!(
            problems.iter().map(|problem| problem.at.as_str()).collect::<Vec<_>>(),
            ["privacy.patterns.A", "privacy.patterns.B", "privacy.patterns.é!"]
        );
    }

    #[test]
    fn hostile_text_takes_linear_time() {
        // The larger text is eight times the smaller; a quadratic search would take sixty-four times longer.
        for piece in [
            "1 ",
            "a@",
            "@",
            "0612345678",
            "[A_1]",
            "je m'appelle ",
            "Paul ",
            "12 rue ",
            "FR76",
            "((",
            "+33 ",
            "commande n° ",
            "A1:",
            "é",
            "Cordialement,\n",
        ] {
            let time = |count: usize| {
                let text = piece.repeat(count);
                let start = Instant::now();
                redactor().find(&text);
                start.elapsed()
            };
            time(1_000);
            let (small, large) = (time(5_000), time(40_000));
            assert!(large < small * 30 + Duration::from_millis(500), "{piece:?}: {small:?} then {large:?}");
        }
    }

    proptest! {
        #[test]
        fn redacting_twice_equals_once(
            text in "((je m'appelle|Madame|Paul|Leroy|paul@exemple.fr|06 12 34 56 78|FR76|[NAME_1]|commande n°|4502217|12 rue des Lilas|69003 Lyon|mot de passe :|Abc123!|né le|12/04/1978|Cordialement,\n|[0-9]{1,16}|[A-Za-zÀ-ÿ]{1,8}|[-+.,:()\n@/]) ?){0,16}"
        ) {
            let once = redact(&text);
            prop_assert_eq!(redact(&once), once);
        }

        #[test]
        fn any_text_is_redacted_without_panic_and_findings_are_in_order(text in "\\PC{0,120}|[0-9 .@+()A-Za-zé\n-]{0,120}") {
            let mut end = 0;
            for finding in redactor().find(&text) {
                prop_assert!(finding.range.start >= end && text.get(finding.range.clone()).is_some());
                end = finding.range.end;
            }
        }
    }
}
