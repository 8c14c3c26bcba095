//! Turns that no person spoke or wrote, told by their words: acknowledgements of receipt and voice menus.
//!
//! An acknowledgement that stands among the agent's messages would count as the first answer, and a menu recorded on the
//! agent's channel would count as an agent who speaks. Both become [`Speaker::Ivr`], and the contact is flagged.
//!
//! Caught: "Nous avons bien reçu votre demande et vous répondrons dans les meilleurs délais", "Ceci est un message
//! automatique", "Tapez 1", "Your call may be recorded". Not caught: "Nous avons bien reçu votre colis, je procède au
//! remboursement", "tapez votre mot de passe dans l'application": a person says these.

use std::sync::LazyLock;

use regex::Regex;

use crate::contact::{Channel, Speaker, Turn};

use super::speakers::push;

/// Flag: an acknowledgement of receipt stands among the turns.
const ACKNOWLEDGED: &str = "automatic_acknowledgement";
/// Flag: a voice menu was recorded as a person.
const MENU: &str = "ivr_told_by_words";

/// Characters of a turn that are looked at: automatic words stand at its start.
const LOOKED_AT: usize = 700;

fn pattern(text: &str) -> Regex {
    // Constant patterns, compiled by the tests of this module.
    Regex::new(text).expect("constant pattern")
}

static IS_AUTOMATIC: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?ix)
        \b(ceci\ est|il\ s'agit\ d')\ ?une?\ (message|réponse|e-?mail|courriel|accusé)\ (de\ réception\ )?(envoyée?\ )?automati
        | \b(message|réponse|e-?mail|accusé\ de\ réception)\ (généré|envoyé)e?\ automatiquement
        | \bthis\ is\ an\ automat(ed|ic)\ (message|reply|response|e-?mail)
        | \b(merci\ de|veuillez)\ ne\ pas\ répondre\ à\ ce\ (message|mail|courriel|e-?mail)
        | \b(please\ )?do\ not\ reply\ to\ this\ (message|e-?mail)
        | \b(this\ (reply|message|response)\ was\ (sent|generated)\ automatically)",
    )
});
static RECEIVED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?ix)
        \bnous\ (accusons\ réception|avons\ bien\ (reçu|enregistré|pris\ en\ compte))\b.{0,12}\b(votre|de\ votre)\ (demande|message|e-?mail|courriel|mail|requête|ticket|réclamation)
        | \bvotre\ (demande|message|requête|ticket|réclamation|e-?mail|courriel)\ (a\ (bien\ )?été\ (bien\ )?(reçue?|enregistrée?|prise?\ en\ compte|créée?)|nous\ est\ bien\ parvenue?)
        | \bwe\ ('ve|have)\ (successfully\ )?received\ your\ (request|message|e-?mail|enquiry|inquiry|ticket|query)
        | \byour\ (request|ticket|message|enquiry|inquiry)\ (\([^)]*\)\ |\S*\d\S*\ )?(has\ been|was)\ (received|created|registered|logged)",
    )
});
static PROMISE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?ix)
        \bdans\ les\ (meilleurs|plus\ brefs)\ délais
        | \b(sous|dans\ un\ délai\ de|d'ici)\ \d+\ ?(h\b|heures|jours)
        | \b(numéro|n°|référence)\ (de\ |du\ |est\ )?(votre\ )?(ticket|dossier|demande|suivi)?\ ?(est\ |:\ ?)?\W{0,4}\w*\d
        | \bas\ soon\ as\ possible | \bwithin\ \d+\ (business\ |working\ )?(hours|days)
        | \b(is\ being\ reviewed\ by|a\ member\ of)\ our\ (support\ )?(staff|team)
        | \b(un|l'un\ de\ nos)\ (conseillers?|agents?)\ (vous\ répondra|reviendra\ vers\ vous|prendra\ contact|va\ (vous|prendre|revenir))
        | \bticket\ (number|reference|id)\b",
    )
});
static MENU_WORDS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?ix)
        \b(tapez|faites\ le|appuyez\ sur)\ (la\ touche\ )?(le\ )?(\d|un|deux|trois|quatre|cinq|étoile|dièse|\*|\#)(\W|$)
        | \b(press|dial)\ (the\ )?(\d|one|two|three|four|five|star|pound|hash)\b
        | \b(votre|cet)\ appel\ (est\ susceptible\ d'être|peut\ être|pourra\ être|est)\ enregistré
        | \b(this|your)\ call\ (may|will)\ be\ (monitored|recorded)
        | \btous\ nos\ (conseillers|agents|opérateurs)\ sont\ (actuellement\ |tous\ )?(en\ ligne|occupés)
        | \ball\ (of\ )?our\ (agents|representatives|operators|advisors)\ are\ (currently\ )?(busy|assisting)
        | \bvotre\ temps\ d'attente\ (est\ )?estimé
        | \b(your\ )?estimated\ wait(ing)?\ time\ is",
    )
});

/// Marks automatic turns. Words of the customer are never marked.
pub(crate) fn mark(turns: &mut [Turn], channel: Option<Channel>, flags: &mut Vec<String>) {
    for index in 0..turns.len() {
        let turn = &turns[index];
        if !matches!(turn.speaker, Speaker::Agent | Speaker::Unknown) {
            continue;
        }
        let start: String = turn
            .text
            .chars()
            .take(LOOKED_AT)
            .map(|c| if matches!(c, '’' | '\n' | '\u{a0}') { plain(c) } else { c })
            .collect();
        if channel == Some(Channel::Phone) {
            // A person who says "tapez 1" says more before and after, and in the middle of the call.
            if MENU_WORDS.is_match(&start) && turns[..index].iter().all(|turn| turn.speaker != Speaker::Customer) {
                turns[index].speaker = Speaker::Ivr;
                push(flags, MENU);
            }
        } else if turn.speaker == Speaker::Agent && is_acknowledgement(&start) {
            turns[index].speaker = Speaker::Ivr;
            push(flags, ACKNOWLEDGED);
        }
    }
}

fn plain(c: char) -> char {
    if c == '’' { '\'' } else { ' ' }
}

fn is_acknowledgement(text: &str) -> bool {
    IS_AUTOMATIC.is_match(text) || (RECEIVED.is_match(text) && PROMISE.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speakers(channel: Channel, turns: &[(Speaker, &str)]) -> Vec<Speaker> {
        let mut turns: Vec<Turn> = turns.iter().map(|(speaker, text)| Turn::new(*speaker, *text)).collect();
        mark(&mut turns, Some(channel), &mut Vec::new());
        turns.iter().map(|turn| turn.speaker).collect()
    }

    #[test]
    fn acknowledgements_are_not_answers() {
        for text in [
            "Bonjour,\nNous avons bien reçu votre demande et vous répondrons dans les meilleurs délais.",
            "Votre demande n'a pas besoin de relance : votre demande a bien été enregistrée sous le numéro de dossier 4512.",
            "Ceci est un message automatique, merci de ne pas y répondre.",
            "Veuillez ne pas répondre à ce message.",
            "Your request (#1234) has been received and is being reviewed by our support staff.",
            "We have received your message and will answer within 24 hours.",
        ] {
            assert_eq!(speakers(Channel::Email, &[(Speaker::Agent, text)]), [Speaker::Ivr], "{text}");
        }
    }

    #[test]
    fn people_who_write_of_receipts_are_people() {
        for text in [
            "Nous avons bien reçu votre colis, je procède au remboursement dans les meilleurs délais.",
            "J'ai bien reçu votre message, voici la facture.",
            "We have received your parcel and I have refunded you.",
            "Nous avons bien reçu votre demande. Votre dossier est complet, je l'ai validé ce matin.",
        ] {
            assert_eq!(speakers(Channel::Email, &[(Speaker::Agent, text)]), [Speaker::Agent], "{text}");
        }
        let customer = "Vous m'écrivez : nous avons bien reçu votre demande, dans les meilleurs délais. Or rien !";
        assert_eq!(speakers(Channel::Email, &[(Speaker::Customer, customer)]), [Speaker::Customer]);
    }

    #[test]
    fn menus_before_the_customer_speaks_are_not_agents() {
        assert_eq!(
            speakers(
                Channel::Phone,
                &[
                    (Speaker::Agent, "Bienvenue. Pour le service client, tapez 1."),
                    (Speaker::Agent, "Cet appel est susceptible d’être enregistré."),
                    (Speaker::Agent, "Bonjour, Marie à votre écoute."),
                    (Speaker::Customer, "Bonjour."),
                    (Speaker::Agent, "Sur votre télécommande, appuyez sur la touche 1."),
                ]
            ),
            [Speaker::Ivr, Speaker::Ivr, Speaker::Agent, Speaker::Customer, Speaker::Agent]
        );
    }
}
