//! Finds legal and environmental notices at the end of an e-mail.
//!
//! Caught: "Ce message et ses pièces jointes sont confidentiels…", "This e-mail and any attachments…", "Pensez à
//! l'environnement avant d'imprimer…", banners of antivirus programs. Not caught: "Merci de garder ce message
//! confidentiel" in the customer's own words, because a notice starts its line and only notices, signatures or nothing
//! follow it (the caller checks the latter).

use std::sync::LazyLock;

use regex::Regex;

/// Whether a notice starts with these words (a folded paragraph, or its first lines).
pub(super) fn starts_notice(folded: &str) -> bool {
    static NOTICE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"^(?:<[^<>]{1,300}>\s*)*[\s*_#>\-\[(.!]*(?:[a-z' -]{0,30}\b(?:notice|note|important|disclaimer|avis|attention|confidential|confidentiel|confidentialite)\s*[:\-!.*]+\s*)?(?:p\s+|\x{1f333}\s*|\x{1f332}\s*|\x{267b}\S*\s*)?(?:",
            // French
            r"(?:ce|cet|le present|ces|l'information|les informations)\b.{0,20}\b(?:message|courriel|mail|e-mail|email|courrier electronique|document|transmission|contenues?).{0,200}\b(?:confidentiel|confidentielle|confidentiels|confidentielles|destinataires?|usage exclusif|secret professionnel|propriete|droit d'acces)|",
            r"si vous (?:n'etes pas|avez recu|recevez)\b.{0,40}\b(?:destinataire|(?:message|courriel|mail|e-mail|email|document|courrier)\b.{0,60}\berreur)|si ce (?:message|courriel|mail|e-mail)\b.{0,40}\b(?:n'est pas|ne vous est pas)|",
            r"(?:avis|clause|mention|note|avertissement)s? (?:de |legale?s? |sur la )*(?:confidentialite|legale|relatif)|avertissement\s*:|mentions legales|",
            r"(?:pensez|pensons|avant d'imprimer|n'imprimez|merci de n'imprimer|merci de penser|preservons|protegeons|afin de preserver|ensemble, preservons|faites un geste).{0,60}\b(?:environnement|imprim|planete|nature|arbre)|",
            r"avant d'imprimer.{0,80}\b(?:environnement|planete|nature|arbres?|necessaire|besoin|reflechi\w*)|n'imprimez (?:ce|cet|que|pas)\b|(?:pas a pas, )?agissons\b.{0,60}\benvironnement|",
            r"this (?:message|e-?mail) (?:has been|was) (?:scanned|checked)|",
            r"(?:garanti|sans) (?:sans )?virus\b|l'absence de virus|cet? (?:e-mail|email|courrier|message) (?:a ete verifie|ne contient aucun virus|provient de l'exterieur)|",
            r"(?:attention|external|externe|caution|warning)\s*[:\-\]]+\s*(?:ce (?:message|mail|courriel) (?:provient|vient|emane)|this (?:e-?mail|message) (?:originated|came|was sent|comes)|external e?-?mail|e?-?mail externe)|",
            r"(?:les|vos) donnees (?:personnelles|a caractere personnel)\b.{0,120}\b(?:rgpd|traitement|traitees|reglement)|conformement (?:au rgpd|a la loi informatique|au reglement)|",
            // English
            r"(?:this|the (?:information|content|contents)|any)\b.{0,40}\b(?:e-?mails?|message|communication|transmission|attachments?|contained).{0,200}\b(?:confidential|intended|privileged|addressee|proprietary|virus|legally)|",
            r"if you (?:are not|have received|received|receive)\b.{0,60}\b(?:intended|addressee|in error|recipient)|",
            r"(?:confidentiality|legal|privacy) (?:notice|note|statement|disclaimer)|disclaimer\s*:?|",
            r"(?:please )?(?:consider|think of|think about|save|before printing).{0,40}\b(?:environment|planet|tree|trees|paper|printing)|before printing|",
            r"(?:virus[ -]?free|no virus found|checked by avg|this email has been (?:checked|scanned))|",
            r"(?:registered (?:office|in england)|company registration)\b.{0,20}[:\d]|",
            // German, Spanish, Italian, Dutch, Portuguese
            r"diese (?:e-?mail|nachricht)\b.{0,120}\b(?:vertraulich|bestimmt)|der inhalt dieser e-?mail|wenn sie nicht der (?:richtige |beabsichtigte )?(?:adressat|empfanger)|bitte denken sie an die umwelt|bitte prufen sie.{0,40}\bausdruck|",
            r"(?:este|el presente) (?:mensaje|correo|e-?mail)\b.{0,160}\b(?:confidencial|destinatario|dirigid)|si usted no es el destinatario|si ha recibido este|antes de imprimir|aviso (?:legal|de confidencialidad)|",
            r"(?:questo messaggio|la presente e-?mail|il presente messaggio|questa e-?mail|le informazioni contenute)\b.{0,160}\b(?:confidenzial|riservat|destinatari)|se avete ricevuto|prima di stampare|avviso di riservatezza|",
            r"dit (?:bericht|e-?mailbericht|e-?mail)\b.{0,160}\b(?:vertrouwelijk|bestemd)|deze e-?mail\b.{0,160}\b(?:vertrouwelijk|bestemd)|denk aan het milieu|als u niet de (?:beoogde|bedoelde)|",
            r"esta mensagem\b.{0,160}\b(?:confidencia|destinatari)|se voce recebeu|se recebeu esta|aviso de confidencialidade",
            r")"
        ))
        .expect("a literal pattern that the tests compile")
    });
    // A customer who writes about confidential data says "I" and asks; lawyers do neither.
    static SPEAKS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:i|i'm|i've|my|me|je|mon|ma|mes|moi)\b|\bj'|\bm'(?:a|est|ont|avez)\b|\?\s*$")
            .expect("a literal pattern that the tests compile")
    });
    NOTICE.is_match(folded) && !SPEAKS.is_match(folded)
}

/// Whether the first paragraph of a message is the warning of a mail server about its sender.
///
/// Caught: "CAUTION: This email originated from outside of the organization." Not caught: "Attention, ce message est
/// urgent".
pub(super) fn is_banner(folded: &str) -> bool {
    static BANNER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"^[\s*_#>\-\[\]|(.!]*(?:(?:attention|avertissement|prudence|caution|warning|external|externe|alert|notice|expediteur externe|external (?:sender|e-?mail|message)|e-?mail externe|message externe)\b[\s*:\-\].!]*)*(?:",
            r"(?:this|the) (?:e-?mail|message|sender)\b.{0,60}\b(?:originated|came|comes|sent|is) (?:from )?(?:outside|an external|external)|",
            r"(?:ce|cet) (?:message|mail|e-?mail|courriel)\b.{0,60}\b(?:provient|vient|emane|envoye|expedie)\b.{0,60}\b(?:exterieur|externe)|",
            r"you don't often get e-?mail from|some people who received this message don't often|vous n'obtenez pas souvent d'e-?mail|vous ne recevez pas souvent|certaines personnes (?:qui ont recu|ayant recu) ce message|",
            r"(?:external|externe|external (?:sender|e-?mail|message)|expediteur externe|e-?mail externe|message externe)[\s*\])|.!]*$)"
        ))
        .expect("a literal pattern that the tests compile")
    });
    BANNER.is_match(folded) && folded.len() < 600
}

#[cfg(test)]
mod tests {
    use super::super::fold::fold;
    use super::*;

    #[test]
    fn notices_are_recognised_in_each_language() {
        for words in [
            "Ce message et ses pièces jointes sont confidentiels et établis à l'intention exclusive de leurs destinataires.",
            "Ce courriel est destiné uniquement à la personne nommée ; il est confidentiel.",
            "Si vous avez reçu ce message par erreur, merci d'en avertir l'expéditeur",
            "P Pensez à l'environnement avant d'imprimer ce message",
            "🌳 N'imprimez ce message que si nécessaire, pensez à l'environnement",
            "This e-mail and any attachments are confidential and intended solely for the addressee.",
            "NOTICE:  This communication and its attachments, if any, may contain sensitive, privileged information.",
            "N'imprimez ce mail qu'en cas de nécessité.",
            "If you are not the intended recipient, please delete it.",
            "CONFIDENTIALITY NOTICE: x",
            "Please consider the environment before printing this email.",
            "Diese E-Mail enthält vertrauliche Informationen.",
            "Este mensaje y sus archivos adjuntos son confidenciales",
            "Garanti sans virus. www.avast.com",
        ] {
            assert!(starts_notice(&fold(words)), "{words}");
        }
    }

    #[test]
    fn words_of_the_customer_are_not_notices() {
        for words in [
            "Merci de garder ce message pour vous, c'est confidentiel.",
            "Ce message pour vous dire que je n'ai rien reçu.",
            "Je pense à l'environnement et je ne veux plus de factures papier.",
            "This is the third email I send you about my order.",
        ] {
            assert!(!starts_notice(&fold(words)), "{words}");
        }
    }
}
