//! Subjects and first words of e-mails to whether a program answered by itself, where no header says so.
//!
//! A subject alone is believed only when it is the phrase of a mail program ("Automatic reply: your order"). Customers
//! open subjects with the same words ("Réponse automatique inutile", "Vacation rental refund"), so phrases that go on,
//! and phrases that are ordinary words, need a body or a header that agrees.

use std::sync::LazyLock;

use regex::Regex;

use super::fold::pattern;

/// Phrases that mail programs put before a subject, folded. Alone or before a colon or bracket they are enough.
const PHRASES: [&str; 44] = [
    "reponse automatique",
    "reponse auto",
    "auto-reponse",
    "reponse automatique d'absence",
    "reponse automatique d'absence du bureau",
    "automatic reply",
    "automatic response",
    "automated reply",
    "automated response",
    "auto reply",
    "autoreply",
    "auto-reply",
    "auto response",
    "autoresponse",
    "auto-response",
    "out of office",
    "out-of-office",
    "out of the office",
    "out of office autoreply",
    "out of office reply",
    "absence du bureau",
    "absent du bureau",
    "absente du bureau",
    "absent(e) du bureau",
    "message d'absence",
    "votre message a bien ete recu",
    "automatische antwort",
    "abwesenheit",
    "abwesenheitsnotiz",
    "abwesend",
    "respuesta automatica",
    "fuera de la oficina",
    "risposta automatica",
    "fuori sede",
    "fuori ufficio",
    "automatisch antwoord",
    "afwezig",
    "resposta automatica",
    "automatyczna odpowiedz",
    "automaattinen vastaus",
    "automaticka odpoved",
    "automatikus valasz",
    "raspuns automat",
    "автоматический ответ",
];

/// Phrases of the same kind in languages whose customers hardly write to the service.
const RARE_PHRASES: [&str; 5] = ["autosvar", "automatiskt svar", "automatisk svar", "otomatik yanit", "ausente"];

/// Words of automatic replies that customers write too: the body or a header must agree.
const ORDINARY: [&str; 11] = [
    "accuse de reception",
    "confirmation de reception",
    "ar",
    "auto",
    "vacation",
    "absence",
    "absent",
    "absente",
    "je suis absent",
    "je suis absente",
    "i am out of",
];

/// What a subject says of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// Somebody's.
    Ordinary,
    /// Opens like an automatic reply; the body or a header must agree.
    Doubtful,
    /// Written by a program.
    Automatic,
}

/// Reads a folded subject.
///
/// Automatic: "Réponse automatique : Votre commande", "[Automatic reply] Order", "Absente jusqu'au 12", "Out of office
/// until Monday". Doubtful: "Réponse automatique inutile de votre part", "AR : lettre perdue".
pub(super) fn subject(folded: &str) -> Subject {
    let start = folded.trim_start_matches(['[', '(', '*', '<', ' ']);
    let rest_of = |phrase: &&str| start.strip_prefix(*phrase).filter(|rest| !rest.starts_with(char::is_alphanumeric));
    let mut known = PHRASES.iter().chain(&RARE_PHRASES).filter_map(rest_of).peekable();
    let is_known = known.peek().is_some();
    if known.any(is_marked) || is_dated(start) {
        Subject::Automatic
    } else if is_known || ORDINARY.iter().any(|phrase| rest_of(phrase).is_some()) {
        Subject::Doubtful
    } else {
        Subject::Ordinary
    }
}

/// Whether a phrase is the whole subject, or a mark sets it apart from the subject that it answers.
fn is_marked(rest: &str) -> bool {
    rest.trim_start_matches([' ', '*']).chars().next().is_none_or(|mark| matches!(mark, ':' | ']' | ')' | '>'))
}

/// An absence with its end and nothing more. Not "Absent jusqu'au 12, merci de reporter la livraison".
fn is_dated(start: &str) -> bool {
    static DATED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"^(?:absente? (?:du bureau )?jusqu'(?:au|a) |out of (?:the )?office (?:until|till|from) |abwesend bis |afwezig tot )",
            r"[\p{L}\d/.\-]+(?: [\p{L}\d/.\-]+){0,3}$"
        ))
    });
    DATED.is_match(start)
}

/// Whether the first words of a body are those of an automatic reply: it says so, acknowledges a message, or sends
/// urgent matters elsewhere during an absence.
///
/// Caught: "Nous avons bien reçu votre message…", "En cas d'urgence, écrivez à mon collègue". Not caught: "Je suis absent du
/// 3 au 5, merci de livrer le 6", "J'ai reçu votre réponse automatique".
pub(super) fn is_automatic_body(body: &str) -> bool {
    static WORDS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"\b(?:ceci|ce (?:message|mail|courriel|e-mail)|cette reponse) (?:est|a ete)\b.{0,30}\bautomatique|\b(?:ne pas|ne) repond(?:re|ez)(?: pas)? a (?:ce|cet) (?:message|mail|courriel|e-mail)|",
            r"^\W*(?:(?:bonjour|madame, monsieur|madame|monsieur)\W+)*(?:nous (?:avons bien recu|accusons reception de) votre|votre (?:message|demande|mail|e-mail|courriel) (?:nous )?(?:a bien ete|est bien))\b|",
            r"\ben cas d'urgence\b.{0,30}\b(?:ecri|contact|adress|join)\w*.{0,60}\b(?:collegue|assistante?|equipe|secretariat|standard|service)\b|",
            r"\b(?:repondrai|lirai|traiterai|recontacterai)\b.{0,60}\bmon retour\b|\bacces (?:limite )?a (?:ma messagerie|mes (?:mails|e-mails|messages))\b|\bconsult\w* (?:pas )?(?:ma messagerie|mes (?:mails|e-mails|messages))\b|",
            r"\bthis is an? (?:auto\w*)(?: generated)? (?:reply|response|message|e-?mail)\b|\b(?:do not|don't) reply to this\b|^\W*(?:(?:hello|hi|dear \w+|dear customer)\W+)?(?:we have received|we acknowledge receipt of) your\b|",
            r"\bi(?: am|'m| will be) (?:currently )?(?:out of (?:the )?office|away from (?:the office|my desk)|on (?:(?:annual|maternity|sick|parental) )?leave|on (?:vacation|holiday))\b.{0,120}\b(?:respond|reply|access to|returning|will return|if urgent)\b|",
            r"\b(?:reply|respond|answer|get back)\b.{0,60}\b(?:on my return|when i (?:return|get back))\b|\bfor urgent (?:matters|queries|enquiries|issues)\b|\b(?:limited|no) access to (?:my )?e-?mails?\b"
        ))
    });
    let start: String = body.chars().take(FIRST_CHARS).collect();
    let folded = super::fold::fold(&start);
    WORDS.is_match(&folded.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// An automatic reply says what it is at once; further down stands what it answers.
const FIRST_CHARS: usize = 500;

#[cfg(test)]
mod tests {
    use super::super::fold::fold;
    use super::*;

    #[test]
    fn phrases_of_programs_are_automatic_and_openings_of_customers_are_not() {
        for words in [
            "Automatic reply: your order",
            "Réponse automatique",
            "Réponse automatique : Votre commande",
            "[Réponse automatique] Votre commande",
            "(Réponse automatique) Votre commande",
            "Out of Office AutoReply: Order",
            "Out of office until Monday 10 November",
            "Absent(e) du bureau : Votre commande",
            "Absente jusqu'au 12",
            "Abwesenheitsnotiz: Rechnung",
            "Automatyczna odpowiedź: Zapytanie",
        ] {
            assert_eq!(subject(&fold(words)), Subject::Automatic, "{words}");
        }
        for words in [
            "Accusé de réception jamais reçu",
            "Accusé de réception",
            "Vacation rental refund",
            "Je suis absent le jour de la livraison",
            "AR : lettre recommandée perdue",
            "Absence : technicien non venu",
            "Réponse automatique inutile de votre part",
            "Out of office delivery problem",
            "Absent jusqu'au 12, merci de reporter la livraison",
            "Auto : sinistre du 3 mars",
        ] {
            assert_eq!(subject(&fold(words)), Subject::Doubtful, "{words}");
        }
        for words in ["Re: Automatic reply: your order", "Autorisation refusée", "Arrêt du contrat", "Vacations", ""]
        {
            assert_eq!(subject(&fold(words)), Subject::Ordinary, "{words}");
        }
    }

    #[test]
    fn bodies_of_programs_are_told_from_bodies_of_customers() {
        for words in [
            "Nous avons bien reçu votre message et vous répondrons sous 48 heures.",
            "Bonjour,\n\nVotre demande a bien été\nprise en compte.",
            "Je suis absent jusqu'au 10 novembre. En cas d'urgence, écrivez à mon collègue.",
            "Ceci est une réponse automatique.",
            "I am currently out of the office until Monday with limited access to email.",
            "I'm away from my desk and will reply on Monday.",
            "Absente ce jour, je n'ai pas accès à ma messagerie.",
            "This is an automated response. Please do not reply to this message.",
        ] {
            assert!(is_automatic_body(words), "{words}");
        }
        for words in [
            "Je suis absent du 3 au 5, merci de livrer le 6.",
            "Je suis absent mardi. En cas d'urgence, appelez-moi ou laissez le colis au gardien.",
            "Je prendrai rendez-vous à mon retour.",
            "I am out of the office until 5pm, leave the parcel with the neighbour.",
            "J'ai reçu votre réponse automatique, elle ne sert à rien.",
            "L'accusé de réception que vous deviez envoyer n'est jamais arrivé.",
            "We were on vacation and the rental was dirty. Refund us.",
            "Your courier came while we were out of the office.",
        ] {
            assert!(!is_automatic_body(words), "{words}");
        }
    }
}
