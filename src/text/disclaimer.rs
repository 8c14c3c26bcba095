//! Finds legal and environmental notices at the end of an e-mail.
//!
//! Caught: "Ce message et ses pièces jointes sont confidentiels…", "This e-mail and any attachments…", "Pensez à
//! l'environnement avant d'imprimer…", banners of antivirus programs. Not caught: "Merci de garder ce message
//! confidentiel" in the customer's own words, because a notice starts its line and only notices, signatures or nothing
//! follow it (the caller checks the latter).

use std::sync::LazyLock;

use regex::Regex;

use super::fold::pattern;

/// How surely a paragraph is a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notice {
    /// Somebody's words.
    No,
    /// Opens like a notice and holds one term of lawyers: a notice only below a closing.
    Possible,
    /// A notice wherever it stands.
    Certain,
}

/// Whether a notice starts with these words (a folded paragraph, or its first lines).
pub(super) fn notice(folded: &str) -> Notice {
    // A customer who writes about confidential data says "I" and asks; lawyers do neither.
    static SPEAKS: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"\b(?:i|i'm|i've|my|me|je|mon|ma|mes|moi)\b|\bj'|\bm'(?:a|est|ont|avez)\b|\?\s*$"));
    let is_known = is_known(folded);
    let is_doubtful = !is_known && opens_doubtfully(folded);
    if !(is_known || is_doubtful || opens_legal(folded)) || SPEAKS.is_match(folded) {
        return Notice::No;
    }
    match legal_terms(folded) {
        _ if is_known => Notice::Certain,
        _ if is_doubtful && settles(folded) => Notice::Certain,
        _ if is_doubtful => Notice::Possible,
        (1.., 2..) => Notice::Certain,
        (1.., _) => Notice::Possible,
        _ => Notice::No,
    }
}

/// Openings that only notices have, whatever follows.
fn is_known(folded: &str) -> bool {
    static KNOWN: LazyLock<Regex> = LazyLock::new(|| {
        opening(concat!(
            // French
            r"(?:avis|clause|mention|note|avertissement)s? (?:de |legale?s? |sur la |relatifs? a la )*confidentialite\b|",
            r"(?:pensez|pensons|avant d'imprimer|n'imprimez|merci de n'imprimer|merci de penser|preservons|protegeons|afin de preserver|ensemble, preservons|faites un geste).{0,60}\b(?:environnement|imprim|planete|nature|arbre)|",
            r"avant d'imprimer.{0,80}\b(?:environnement|planete|nature|arbres?|necessaire|besoin|reflechi\w*)|n'imprimez (?:ce|cet|que|pas)\b|(?:pas a pas, )?agissons\b.{0,60}\benvironnement|",
            r"this (?:message|e-?mail) (?:has been|was) (?:scanned|checked)|",
            r"(?:garanti|sans) (?:sans )?virus\b|l'absence de virus|cet? (?:e-mail|email|courrier|message) (?:a ete verifie|ne contient aucun virus|provient de l'exterieur)|",
            r"(?:attention|external|externe|caution|warning)\s*[:\-\]]+\s*(?:ce (?:message|mail|courriel) (?:provient|vient|emane)|this (?:e-?mail|message) (?:originated|came|was sent|comes)|external e?-?mail|e?-?mail externe)|",
            // English
            r"confidentiality (?:notice|note|statement|disclaimer)|disclaimer\s*:?|",
            r"(?:virus[ -]?free|no virus found|checked by avg|this email has been (?:checked|scanned))|",
            r"(?:registered (?:office|in england)|company registration)\b.{0,20}[:\d]|",
            // German, Spanish, Italian, Dutch, Portuguese
            r"diese (?:e-?mail|nachricht)\b.{0,120}\b(?:vertraulich|bestimmt)|der inhalt dieser e-?mail|wenn sie nicht der (?:richtige |beabsichtigte )?(?:adressat|empfanger)|bitte denken sie an die umwelt|bitte prufen sie.{0,40}\bausdruck|",
            r"(?:este|el presente) (?:mensaje|correo|e-?mail)\b.{0,160}\b(?:confidencial|destinatario|dirigid)|si usted no es el destinatario|si ha recibido este|antes de imprimir|aviso (?:legal|de confidencialidad)|",
            r"(?:questo messaggio|la presente e-?mail|il presente messaggio|questa e-?mail|le informazioni contenute)\b.{0,160}\b(?:confidenzial|riservat|destinatari)|se avete ricevuto|prima di stampare|avviso di riservatezza|",
            r"dit (?:bericht|e-?mailbericht|e-?mail)\b.{0,160}\b(?:vertrouwelijk|bestemd)|deze e-?mail\b.{0,160}\b(?:vertrouwelijk|bestemd)|denk aan het milieu|als u niet de (?:beoogde|bedoelde)|",
            r"esta mensagem\b.{0,160}\b(?:confidencia|destinatari)|se voce recebeu|se recebeu esta|aviso de confidencialidade",
        ))
    });
    KNOWN.is_match(folded)
}

/// Openings of notices that are also those of customers who claim their rights, or who would rather have paper.
fn opens_doubtfully(folded: &str) -> bool {
    static OPENS: LazyLock<Regex> = LazyLock::new(|| {
        opening(concat!(
            r"(?:les|vos) donnees (?:personnelles|a caractere personnel)\b.{0,120}\b(?:rgpd|traitement|traitees|reglement)|",
            r"conformement (?:au rgpd|a la loi informatique|au reglement)\b.{0,160}\b(?:vous (?:disposez|beneficiez)|vos donnees)|",
            r"(?:please )?(?:consider|think of|think about|save|before printing).{0,40}\b(?:environment|planet|tree|trees|paper|printing)|before printing"
        ))
    });
    OPENS.is_match(folded)
}

/// What only a notice says behind such an opening: the rights of its readers, or what they should not print.
///
/// Caught: "vous disposez d'un droit d'accès", "consider the environment before printing". Not caught: "vous disposez d'un
/// délai d'un mois", "consider sending paper invoices again".
fn settles(folded: &str) -> bool {
    static SETTLES: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"\bvous (?:disposez|beneficiez)(?: [a-z]+){0,4} (?:d'un |du |de |des )(?:[a-z]+ )?droits?\b|\bexercer (?:vos|ces|ce) droits?\b|\b(?:responsable|finalites?) du? traitement\b|\bdelegue a la protection|\bdpo\b|",
            r"\b(?:environment|planet|trees?)\b.{0,60}\bprint(?:ing)?\b|\bprint(?:ing)?\b.{0,60}\b(?:environment|planet|trees?)\b|\bbefore (?:you )?print(?:ing)? (?:this|the) (?:e-?mail|message)"
        ))
    });
    SETTLES.is_match(folded)
}

/// Whether a paragraph speaks of the message that carries it, as lawyers do.
///
/// Caught: "Ce courriel et les documents joints…", "The information in this e-mail…". Not caught: "Ce document n'est jamais
/// arrivé à son destinataire", which speaks of another paper.
fn opens_legal(folded: &str) -> bool {
    static OPENS: LazyLock<Regex> = LazyLock::new(|| {
        opening(concat!(
            // French
            r"(?:ce|cet|cette|ces|le present|la presente|les presents|tout) (?:message|courriel|mail|e-mail|email|courrier electronique|transmission|communication)s?\b|",
            r"(?:l'information|les informations|toute information|le contenu|l'integrite)\b.{0,60}\b(?:message|courriel|mail|e-mail|email|courrier electronique|transmission)\b|",
            r"si vous (?:n'(?:en )?etes pas|avez recu|recevez|receviez)\b.{0,60}\b(?:destinataire|message|courriel|mail|e-mail|email|courrier electronique|transmission)\b|",
            r"si (?:ce|cet|le present) (?:message|courriel|mail|e-mail|email)\b|",
            // English
            r"this (?:(?:electronic|internet|outgoing|e-?mail) )?(?:e-?mails?|mail|message|communication|transmission)\b|",
            r"(?:the|any|all) (?:information|contents?|attachments?|files?)\b.{0,60}\b(?:e-?mails?|message|communication|transmission)\b|",
            r"if you (?:are not|have received|received|receive)\b.{0,80}\b(?:recipient|addressee|e-?mail|message|communication|transmission)\b"
        ))
    });
    OPENS.is_match(folded)
}

/// Number of kinds of legal terms in a paragraph: those that customers hardly use, and all.
///
/// "Intended" and "destinataire" alone are ordinary words of deliveries; "intended solely" and "n'êtes pas le
/// destinataire" are not.
fn legal_terms(folded: &str) -> (usize, usize) {
    static STRONG: LazyLock<[Regex; 4]> = LazyLock::new(|| {
        [
            r"confidentia|confidentiel",
            r"privileged|proprietary|secret (?:professionnel|des correspondances)",
            concat!(
                r"addressee|intended recipient|intended (?:only|solely|exclusively)|(?:only|solely|exclusively) intended|intended for the (?:sole|exclusive|use|person|individual|named)|meant (?:only|solely|exclusively) for|(?:person|individual|entity) to whom|",
                r"(?:intention|usage|destination) exclusi|destinee?s? (?:exclusivement|uniquement)|(?:exclusivement|uniquement) destine|n'(?:en )?etes pas .{0,20}destinataire|ne vous est pas (?:destine|adresse)"
            ),
            r"(?:message|mail|courriel|courrier electronique|communication|transmission)\b.{0,30}\b(?:in error|by mistake|par erreur)\b|par erreur,? (?:ce|cet)\b",
        ]
        .map(pattern)
    });
    static WEAK: LazyLock<[Regex; 4]> = LazyLock::new(|| {
        [
            r"attachment|pieces? jointes?|(?:documents?|fichiers?) joints?|files? transmitted",
            r"\b(?:delete|destroy|supprimer|detruire|effacer|expediteur|sender)\b",
            r"disclos|unauthori[sz]|prohibited|distribut|copying|divulg|diffusion|interdite|reproduction|dissemination|utilisation",
            r"liab|responsabilite|legally|virus|altere|droit d'acces|propriete",
        ]
        .map(pattern)
    });
    static NAMED: LazyLock<Regex> = LazyLock::new(|| pattern(r"\bdestinataires?\b|\brecipients?\b"));
    static TELLS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b(?:notif|inform|contact|avert|avis|retourn|return)"));
    let found: [bool; 4] = std::array::from_fn(|at| STRONG[at].is_match(folded));
    let [_, _, is_addressed, is_by_error] = found;
    let strong = found.into_iter().filter(|is_found| *is_found).count();
    let weak = WEAK.iter().filter(|term| term.is_match(folded)).count();
    // The addressee is one term however it is named, and telling somebody is one only of what came by error.
    let named = usize::from(!is_addressed && NAMED.is_match(folded));
    let tells = usize::from(is_by_error && TELLS.is_match(folded));
    (strong, strong + weak + named + tells)
}

/// A pattern for what follows the signs and the title ("NOTICE:") that open a notice.
fn opening(words: &str) -> Regex {
    const SIGNS: &str = r"^(?:<[^<>]{1,300}>\s*)*[\s*_#>\-\[(.!]*";
    const TITLE: &str = r"(?:[a-z' -]{0,30}\b(?:notice|note|important|disclaimer|avis|attention|avertissement|legal|legales?|confidential|confidentiel|confidentialite)\s*[:\-!.*]+\s*)?";
    const LEAF: &str = r"(?:p\s+|\x{1f333}\s*|\x{1f332}\s*|\x{267b}\S*\s*)?";
    pattern(&format!("{SIGNS}{TITLE}{LEAF}(?:{words})"))
}

/// Whether the first paragraph of a message is the warning of a mail server about its sender.
///
/// Caught: "CAUTION: This email originated from outside of the organization." Not caught: "Attention, ce message est
/// urgent".
pub(super) fn is_banner(folded: &str) -> bool {
    static BANNER: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"^[\s*_#>\-\[\]|(.!]*(?:(?:attention|avertissement|prudence|caution|warning|external|externe|alert|notice|expediteur externe|external (?:sender|e-?mail|message)|e-?mail externe|message externe)\b[\s*:\-\].!]*)*(?:",
            r"(?:this|the) (?:e-?mail|message|sender)\b.{0,60}\b(?:originated|came|comes|sent|is) (?:from )?(?:outside|an external|external)|",
            r"(?:ce|cet) (?:message|mail|e-?mail|courriel)\b.{0,60}\b(?:provient|vient|emane|envoye|expedie)\b.{0,60}\b(?:exterieur|externe)|",
            r"you don't often get e-?mail from|some people who received this message don't often|vous n'obtenez pas souvent d'e-?mail|vous ne recevez pas souvent|certaines personnes (?:qui ont recu|ayant recu) ce message|",
            r"(?:external|externe|external (?:sender|e-?mail|message)|expediteur externe|e-?mail externe|message externe)[\s*\])|.!]*$)"
        ))
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
            "Ce courriel et les documents joints sont confidentiels.",
            "Les informations contenues dans ce message sont confidentielles ; toute diffusion est interdite.",
            "Mentions légales : ce message est confidentiel et ne vous est peut-être pas destiné, supprimez-le ou prévenez l'expéditeur.",
            "Avertissement : ce courriel est destiné exclusivement à son destinataire. Toute utilisation est interdite.",
            "Si vous n'êtes pas le bon destinataire, merci de détruire ce message.",
            "Si vous recevez ce courriel par erreur, veuillez nous en informer.",
            "This message is confidential and meant only for the person it is addressed to.",
            "Si vous n'en êtes pas le destinataire, merci de le détruire : ce message est confidentiel.",
            "If you have received this email in error please notify the system manager.",
            "The contents of this e-mail are privileged; unauthorised disclosure is prohibited.",
            "Conformément au RGPD, vous disposez d'un droit d'accès.",
            "Conformément à la loi Informatique et Libertés, vous disposez à tout moment d'un droit de rectification.",
            "Before printing this e-mail, think of the planet.",
        ] {
            assert_eq!(notice(&fold(words)), Notice::Certain, "{words}");
        }
    }

    #[test]
    fn words_of_the_customer_are_not_notices() {
        for words in [
            "Merci de garder ce message pour vous, c'est confidentiel.",
            "Ce message pour vous dire que je n'ai rien reçu.",
            "Je pense à l'environnement et je ne veux plus de factures papier.",
            "This is the third email I send you about my order.",
            "This order contained the wrong size, it was not the one intended.",
            "Ce document n'est jamais arrivé à son destinataire.",
            "Avertissement : le livreur a abandonné le colis devant la porte.",
            "Mentions légales introuvables sur le site.",
            "Avis relatif à la coupure : rien reçu.",
            "Legal notice received for an invoice that was paid.",
            "If you received the return in error, please refund the order.",
            "Les informations contenues dans le suivi indiquent une remise au destinataire, c'est faux.",
            "Ce message n'est jamais arrivé à son destinataire, l'expéditeur est injoignable.",
            "Si vous avez reçu le courrier de retour par erreur, remboursez la commande.",
            "Si ce mail n'est pas adressé au bon service, transférez-le.",
            "Any information in the last email was wrong, the intended date has passed.",
            "Conformément au RGPD, merci de supprimer le compte du client décédé.",
        ] {
            assert_eq!(notice(&fold(words)), Notice::No, "{words}");
        }
    }

    #[test]
    fn one_legal_term_makes_a_notice_only_below_a_closing() {
        for words in [
            "Ce message est confidentiel.",
            "This message is confidential.",
            "If you received this email in error, please refund the order.",
            "If you are not the intended recipient of the parcel, tell the driver.",
            "Conformément au RGPD, vous disposez d'un délai d'un mois pour supprimer le compte client 4412.",
            "Please consider sending paper invoices again, the website keeps failing.",
            "Les données personnelles du compte 4412 doivent être supprimées, le règlement l'exige.",
        ] {
            assert_eq!(notice(&fold(words)), Notice::Possible, "{words}");
        }
    }
}
