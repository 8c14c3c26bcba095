//! Raw words to clean, redacted words: the [`Contact`] that leaves holds nothing that the outputs may not show.
//!
//! In order: the new reply of e-mails ([`mod@zones`]), tidy characters ([`normalize`]), speech without stumbling
//! ([`spoken`]), placeholders instead of personal data ([`redact`]). After [`Cleaner::clean`] the raw words are gone,
//! and [`language`] tells what they are written in.

mod automatic;
mod disclaimer;
pub mod eml;
pub(crate) mod fold;
pub mod html;
pub mod language;
mod lines;
mod names;
pub mod normalize;
pub(crate) mod opening;
mod quote;
pub mod redact;
mod signature;
mod small_words;
pub mod spoken;
pub mod zones;

use std::collections::BTreeMap;

use crate::config::Settings;
use crate::contact::{Channel, Contact, Speaker};
use crate::error::Result;
use redact::{Dialogue, Redacted, Redactor, Session};
use zones::{Zones, zones};

/// The flag of a contact whose words were all history, signature or notice.
pub const EMPTY_REPLY: &str = "empty_reply";

/// Everything the cleaning needs, compiled once and shared by threads.
#[derive(Debug)]
pub struct Cleaner {
    redactor: Redactor,
}

/// Number of replacements per kind of personal data.
pub type CleanCounts = BTreeMap<String, u64>;

impl Cleaner {
    /// Compiles the recognisers with the company's own patterns.
    ///
    /// # Errors
    ///
    /// Patterns of `[privacy.patterns]` that cannot be used, all together.
    pub fn new(settings: &Settings) -> Result<Self> {
        let options = &settings.options;
        let cleaner = Self::with_patterns(&options.privacy.patterns)?;
        Ok(Self { redactor: cleaner.redactor.serving(&options.input.company_addresses) })
    }

    /// The same, from the patterns alone (placeholder name → regular expression).
    ///
    /// # Errors
    ///
    /// Patterns that cannot be used, all together.
    pub fn with_patterns(patterns: &BTreeMap<String, String>) -> Result<Self> {
        Ok(Self { redactor: Redactor::new(patterns)? })
    }

    /// The compiled recognisers, for `motif redact`.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Cleans and redacts every word of the contact. Cleaning a clean contact changes nothing. Its language is told
    /// afterwards, by [`language::detect_contact`].
    pub fn clean(&self, contact: &mut Contact) -> CleanCounts {
        let mut counts = CleanCounts::default();
        let mut session = self.redactor.session();
        for name in std::mem::take(&mut contact.names) {
            session.know(&name);
        }
        let is_email = contact.channel == Some(Channel::Email);
        let is_spoken = contact.channel == Some(Channel::Phone);
        let mut settled = Vec::with_capacity(contact.turns.len());
        for turn in &mut contact.turns {
            let mut is_settled = true;
            if is_email {
                (turn.text, is_settled) = new_words(std::mem::take(&mut turn.text), contact.subject.as_deref());
            }
            settled.push(is_settled);
            turn.text = normalize::normalize(&turn.text);
            if is_spoken && matches!(turn.speaker, Speaker::Customer | Speaker::Agent | Speaker::Unknown) {
                // A line that was only a filler leaves a blank one behind.
                turn.text = normalize::normalize(&spoken::clean_spoken(&turn.text));
            }
        }
        // Names introduced in one turn are known in all of them, and so are the companies that the contact speaks for,
        // and what one turn asks and the next answers.
        session.hear_companies(contact.turns.iter().map(|turn| (turn.speaker, turn.text.as_str())));
        let asked_in = |turn: &str| self.redactor.asked(turn);
        let mut dialogue = Dialogue::default();
        let mut holds_any = Vec::with_capacity(contact.turns.len());
        for turn in &contact.turns {
            holds_any.push(session.learn_answer(dialogue.asked_of(turn.speaker), &turn.text));
            dialogue.hear(turn.speaker, &turn.text, asked_in);
        }
        // Where a placeholder took what a company was told by, the turns are read again without it, as they would be if
        // the contact were cleaned again.
        for _ in 0..2 {
            self.redact_turns(contact, &mut session, &settled, &holds_any, &mut counts);
            if !session.hear_companies(contact.turns.iter().map(|turn| (turn.speaker, turn.text.as_str()))) {
                break;
            }
            holds_any.fill(true);
        }
        contact.subject =
            contact.subject.take().map(|subject| redacted(&mut session, &normalize::normalize(&subject), &mut counts));
        contact.agent_reason = contact
            .agent_reason
            .take()
            .map(|reason| redacted(&mut session, &normalize::normalize(&reason), &mut counts));
        let is_empty = !contact.turns.is_empty() && contact.turns.iter().all(|turn| turn.text.is_empty());
        if is_empty && !contact.flags.iter().any(|flag| flag == EMPTY_REPLY) {
            contact.flags.push(EMPTY_REPLY.to_owned());
        }
        counts
    }

    /// Redacts the turns in order. The redacted question decides what the next turn answers, as it would if the contact
    /// were cleaned again.
    fn redact_turns(
        &self,
        contact: &mut Contact,
        session: &mut Session<'_>,
        settled: &[bool],
        holds_any: &[bool],
        counts: &mut CleanCounts,
    ) {
        let is_email = contact.channel == Some(Channel::Email);
        let mut dialogue = Dialogue::default();
        for ((turn, is_settled), holds_any) in contact.turns.iter_mut().zip(settled).zip(holds_any) {
            let before = std::mem::take(&mut turn.text);
            let asked = dialogue.asked_of(turn.speaker);
            turn.text = counted(session.redact_learnt_answer(asked, &before, *holds_any), counts);
            if is_email && !(*is_settled && turn.text == before) {
                // Placeholders change what a line looks like; what has settled will not change when cleaned again.
                for _ in 0..4 {
                    let (words, _) = new_words(turn.text.clone(), contact.subject.as_deref());
                    if words == turn.text {
                        break;
                    }
                    turn.text = redacted(session, &words, counts);
                }
            }
            dialogue.hear(turn.speaker, &turn.text, |turn| self.redactor.asked(turn));
        }
    }
}

/// The tidy new reply of a body, and whether it has settled. What is left can end in a signature that the words between
/// hid; the few rounds that settle it make cleaning twice equal to cleaning once.
fn new_words(mut body: String, subject: Option<&str>) -> (String, bool) {
    for _ in 0..4 {
        let reply = normalize::normalize(&Zones::text(&body, &zones(&body, subject).reply));
        if reply == body {
            return (body, true);
        }
        body = reply;
    }
    (body, false)
}

fn redacted(session: &mut Session<'_>, text: &str, counts: &mut CleanCounts) -> String {
    counted(session.redact(text), counts)
}

fn counted(redacted: Redacted, counts: &mut CleanCounts) -> String {
    for (kind, count) in redacted.counts {
        *counts.entry(kind).or_default() += u64::from(count);
    }
    redacted.text
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;
    use crate::contact::{Provenance, Turn};

    fn contact(channel: Channel, texts: &[&str]) -> Contact {
        let provenance = Provenance { file: "mail.eml".into(), record: 1 };
        let mut contact = Contact::new("c1", DateTime::UNIX_EPOCH, provenance);
        contact.channel = Some(channel);
        contact.turns = texts.iter().map(|text| Turn::new(Speaker::Customer, *text)).collect();
        contact
    }

    fn cleaner() -> &'static Cleaner {
        static CLEANER: LazyLock<Cleaner> = LazyLock::new(|| Cleaner::with_patterns(&BTreeMap::new()).unwrap());
        &CLEANER
    }

    #[test]
    fn names_of_the_source_are_redacted_and_forgotten() {
        let mut call = contact(Channel::Phone, &["c'est pour Zidaniou", "dossier Zidaniou Fatoumata"]);
        call.names = vec!["Fatoumata ZIDANIOU".to_owned()];
        cleaner().clean(&mut call);
        assert_eq!(call.turns[0].text, "c'est pour [NAME_1]");
        assert_eq!(call.turns[1].text, "dossier [NAME_1]");
        assert!(call.names.is_empty());
    }

    #[test]
    fn only_the_redacted_reply_of_an_email_is_left() {
        let mut mail = contact(
            Channel::Email,
            &[
                "Bonjour,\nMa commande n° 4502217 n'est pas arrivée, appelez le 06 12 34 56 78.\n\nCordialement,\nPaul Leroy\n\nLe 3 nov. 2025 à 10:12, A <a@exemple.fr> a écrit :\n> Votre colis part.",
            ],
        );
        mail.subject = Some("Re: commande n° 4502217".into());
        let counts = cleaner().clean(&mut mail);
        assert_eq!(mail.turns[0].text, "Bonjour,\nMa commande n° [ORDER_1] n'est pas arrivée, appelez le [PHONE_1].");
        assert_eq!(mail.subject.as_deref(), Some("Re: commande n° [ORDER_1]"));
        assert_eq!(counts, BTreeMap::from([("ORDER".to_owned(), 2), ("PHONE".to_owned(), 1)]));
    }

    #[test]
    fn a_name_said_once_is_replaced_everywhere_with_one_number() {
        let mut call =
            contact(Channel::Phone, &["euh je je m'appelle Fatima Zidani", "oui Zidani comme le joueur", "merci"]);
        cleaner().clean(&mut call);
        assert_eq!(call.turns[0].text, "je m'appelle [NAME_1]");
        assert!(!call.turns[1].text.contains("Zidani"), "{}", call.turns[1].text);
    }

    #[test]
    fn a_mail_without_new_words_is_flagged() {
        let mut mail =
            contact(Channel::Email, &["Le 3 nov. 2025 à 10:12, A <a@exemple.fr> a écrit :\n> Votre colis part."]);
        mail.subject = Some("Re: colis".into());
        cleaner().clean(&mut mail);
        assert_eq!(mail.flags, [EMPTY_REPLY]);
    }

    fn dialogue(turns: &[(Speaker, &str)]) -> Contact {
        let mut call = contact(Channel::Phone, &[]);
        call.turns = turns.iter().map(|(speaker, text)| Turn::new(*speaker, *text)).collect();
        call
    }

    fn texts(contact: &Contact) -> Vec<&str> {
        contact.turns.iter().map(|turn| turn.text.as_str()).collect()
    }

    #[test]
    fn an_identity_check_leaves_no_answer_in_clear() {
        use Speaker::{Agent, Customer};
        let mut call = dialogue(&[
            (Agent, "Bonjour. Votre nom et prénom ?"),
            (Customer, "Diallo Fatoumata"),
            (Agent, "Et votre numéro de client ?"),
            (Customer, "Attendez, je cherche."),
            (Customer, "4502217"),
            (Agent, "Merci madame Diallo, 4502217, c'est bien ça. Que puis-je faire ?"),
            (Customer, "Il me manque 12 chaises sur 15000 euros de commande."),
        ]);
        cleaner().clean(&mut call);
        assert_eq!(
            texts(&call),
            [
                "Bonjour. Votre nom et prénom ?",
                "[NAME_1]",
                "Et votre numéro de client ?",
                "Attendez, je cherche.",
                "[CUSTOMER_1]",
                "Merci madame [NAME_1], [CUSTOMER_1], c'est bien ça. Que puis-je faire ?",
                "Il me manque 12 chaises sur 15000 euros de commande.",
            ]
        );
    }

    #[test]
    fn what_comes_behind_an_answer_tells_a_story() {
        use Speaker::{Agent, Customer};
        for (question, answer, told) in [
            ("Hi, may I have your name?", "John Doe", "screen flickering"),
            ("Votre mot de passe vocal ?", "tournesol42", "virement suspendu"),
            ("Votre numéro de portable ?", "06 12 34 56 78", "iPhone 13 128 256"),
            ("L'adresse de livraison ?", "12 rue des lilas à Lyon", "3 cartons mouillés"),
            ("Vous êtes le titulaire ?", "effectivement", "effectivement c'est en panne"),
        ] {
            let mut call = dialogue(&[(Agent, question), (Customer, answer), (Agent, "Merci."), (Customer, told)]);
            cleaner().clean(&mut call);
            assert_eq!(call.turns[3].text, told, "{question}");
        }
        let mut call = dialogue(&[(Agent, "Le nom de votre forfait ?"), (Customer, "Série Limitée")]);
        cleaner().clean(&mut call);
        assert_eq!(call.turns[1].text, "Série Limitée");
    }

    #[test]
    fn only_the_next_turn_answers_where_nobody_is_named() {
        let unknown = Speaker::Unknown;
        let mut call = dialogue(&[
            (unknown, "Votre date de naissance ?"),
            (unknown, "12 avril 1978"),
            (unknown, "livré le 12 avril 2026"),
        ]);
        cleaner().clean(&mut call);
        assert_eq!(texts(&call), ["Votre date de naissance ?", "[DATE_OF_BIRTH_1]", "livré le 12 avril 2026"]);
    }

    #[test]
    fn an_agent_answers_no_identity_check() {
        let mut call = dialogue(&[
            (Speaker::Customer, "Quelle est l'adresse de la boutique ?"),
            (Speaker::Agent, "Centre Jaude, niveau 2"),
        ]);
        cleaner().clean(&mut call);
        assert_eq!(call.turns[1].text, "Centre Jaude, niveau 2");
    }

    #[test]
    fn a_greeting_of_the_company_that_the_agent_introduces_is_no_name() {
        use Speaker::{Agent, Customer};
        for turns in [
            vec![
                (Agent, "Lumio Energy, good morning."),
                (Customer, "Good afternoon Lumio. I can't see it. Lumio owes me."),
            ],
            vec![(Agent, "Lumio Énergie, bonjour."), (Customer, "Bonjour Lumio, ma box ne marche plus")],
            vec![(Agent, "Vous êtes bien chez Lumio."), (Customer, "Bonsoir Lumio, Lumio Boutique surtout")],
            vec![(Customer, "Hello Lumio, new phone day"), (Agent, "Welcome to Lumio. How can I help?")],
        ] {
            let mut call = dialogue(&turns);
            cleaner().clean(&mut call);
            assert_eq!(texts(&call), turns.iter().map(|(_, text)| *text).collect::<Vec<_>>());
        }
        for (turns, expected) in [
            (
                [(Agent, "Hi, Thulani from Lumio"), (Customer, "Hello Thulani, Lumio is slow")],
                ["Hi, [NAME_1] from Lumio", "Hello [NAME_1], Lumio is slow"],
            ),
            (
                [(Agent, "You're through to Thulani, how can I help?"), (Customer, "Hi Thulani, my box is broken")],
                ["You're through to [NAME_1], how can I help?", "Hi [NAME_1], my box is broken"],
            ),
            (
                [(Agent, "Lumio Télécom, Zéphirin, bonjour."), (Customer, "Bonjour Zéphirin. Chez Lumio rien ne va")],
                ["Lumio Télécom, [NAME_1], bonjour.", "Bonjour [NAME_1]. Chez Lumio rien ne va"],
            ),
        ] {
            let mut call = dialogue(&turns);
            cleaner().clean(&mut call);
            assert_eq!(texts(&call), expected);
        }
    }

    #[test]
    fn a_complaint_in_place_of_a_name_stays_in_all_turns() {
        use Speaker::{Agent, Customer};
        let turns = [
            (Agent, "Bonjour, votre nom ?"),
            (Customer, "C'est la troisième fois !"),
            (Agent, "Je comprends. La troisième fois ?"),
            (Customer, "Inadmissible. Troisième fois, oui."),
        ];
        let mut call = dialogue(&turns);
        cleaner().clean(&mut call);
        assert_eq!(texts(&call), turns.map(|(_, text)| text));
    }

    proptest! {
        #[test]
        fn cleaning_a_dialogue_twice_equals_once(
            turns in prop::collection::vec((0usize..3, "((Votre nom [?]|date de naissance [?]|votre numéro de client [?]|Votre adresse, M. Leroy [?]|mot de passe [?]|Diallo|Fatoumata|perrodin|4502217|45 022 17|12 avril|1978|12 rue des lilas|à Lyon|c'est|oui|merci|arobase|gmail point com|Lumio|bonjour|Bonjour Lumio[.]|chez|Inadmissible|J[.]|[A-Za-z]{1,6}|[0-9]{1,8}|[.,]) ?){0,7}"), 0..7),
        ) {
            let speakers = [Speaker::Agent, Speaker::Customer, Speaker::Unknown];
            let turns: Vec<_> = turns.iter().map(|(speaker, text)| (speakers[*speaker], text.as_str())).collect();
            let mut once = dialogue(&turns);
            cleaner().clean(&mut once);
            let mut twice = once.clone();
            cleaner().clean(&mut twice);
            prop_assert_eq!(twice, once);
        }

        #[test]
        fn cleaning_twice_equals_once(
            text in "((Cordialement,|Paul Leroy|Madame|Martin|06 12 34 56 78|> |Le 3 nov. 2025 à 10:12, A a écrit :|commande n° 123456|euh|je|a@b.fr|De : x@y.fr|Objet : z|À : t|-- |12 rue des Lilas 69003 Lyon|Ce message est confidentiel|PS :|\n|,|merci)[ \n]?){0,14}",
            is_email in any::<bool>(),
        ) {
            let cleaner = cleaner();
            let mut once = contact(if is_email { Channel::Email } else { Channel::Phone }, &[&text]);
            cleaner.clean(&mut once);
            let mut twice = once.clone();
            cleaner.clean(&mut twice);
            prop_assert_eq!(twice, once);
        }

        #[test]
        fn any_text_is_cleaned_without_panic(text in "\\PC{0,200}") {
            cleaner().clean(&mut contact(Channel::Email, &[&text]));
        }
    }
}
