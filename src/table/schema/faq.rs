//! The tables of the FAQ: questions worth an article, and the company's articles.

use super::ColumnType::{Double, Enum, Eur, Int, Text, TextList};
use super::{Table, may, must};

/// FAQ candidates.
pub const FAQ_GAPS: Table = Table {
    name: "faq_gaps",
    row: "one cluster of questions that self-service can answer, asked by two customers at least; contacts about a failure in which somebody has to act (criteria with the keys promise_missed, no_reply, company_error, bounced_around, not_resolved) are left out; ordered by cost_mid_eur, highest first",
    row_fr: "un groupe de questions auxquelles le libre-service peut répondre, posées par au moins deux clients ; les contacts sur une défaillance où quelqu'un doit agir (critères de clés promise_missed, no_reply, company_error, bounced_around, not_resolved) sont laissés de côté ; tri par cost_mid_eur décroissant",
    columns: &[
        must(
            "faq_id",
            Text,
            "identifier: faq- and the contact_id of the most central contact",
            "identifiant : faq- suivi du contact_id du contact le plus central",
        ),
        must("reason_id", Enum, "contact reason of all its contacts", "motif de contact de tous ses contacts"),
        may("language", Enum, "language of most of its contacts", "langue de la plupart de ses contacts"),
        must("contacts", Int, "number of contacts", "nombre de contacts"),
        must(
            "customers",
            Int,
            "number of distinct customers; each contact without a known customer counts as one",
            "nombre de clients distincts ; chaque contact sans client connu compte pour un",
        ),
        must(
            "avoidable_known",
            Int,
            "number of its contacts that have an avoidability verdict",
            "nombre de ses contacts qui ont un verdict d'évitabilité",
        ),
        may(
            "avoidable_share",
            Double,
            "share avoidable by a strict or lenient criterion among its contacts that have a verdict, 0 to 1; null when none has",
            "part des contacts évitables, par un critère strict ou large, parmi ceux de ses contacts qui ont un verdict, de 0 à 1 ; null si aucun n'en a",
        ),
        may(
            "info_not_found_share",
            Double,
            "share whose customer had looked and not found, among its contacts that have a verdict, 0 to 1: contacts with evidence of the criterion whose key is info_not_found (C04 of those that ship), whatever criterion decides; null when none has a verdict or no criterion has that key",
            "part des contacts dont le client avait cherché sans trouver, parmi ceux de ses contacts qui ont un verdict, de 0 à 1 : contacts où le critère de clé info_not_found (C04 parmi ceux fournis) a une preuve, quel que soit le critère retenu ; null si aucun n'a de verdict ou si aucun critère n'a cette clé",
        ),
        must(
            "repeat_known",
            Int,
            "number of its contacts for which it can be known whatever the answer whether they are repeats within 14 days: a known customer, 14 days of loaded history before the contact, and within them no contact of the customer without words, those of the same episode apart",
            "nombre de ses contacts dont on peut savoir, quelle que soit la réponse, s'ils sont réitérés sous 14 jours : client connu, 14 jours d'historique chargé avant le contact et, dans ces 14 jours, aucun contact du client sans mots, hors ceux du même épisode",
        ),
        may(
            "repeat_share",
            Double,
            "share of repeats within 14 days, 0 to 1, among the contacts that repeat_known counts; null when there are none",
            "part des contacts réitérés sous 14 jours, de 0 à 1, parmi les contacts que compte repeat_known ; null s'il n'y en a aucun",
        ),
        may(
            "cost_low_eur",
            Eur,
            "cost of those of its contacts that have one, low end; null when none has",
            "coût de ceux de ses contacts qui en ont un, bas de la fourchette ; null si aucun n'en a",
        ),
        may("cost_mid_eur", Eur, "middle", "milieu de la fourchette"),
        may("cost_high_eur", Eur, "high end", "haut de la fourchette"),
        may(
            "article_id",
            Text,
            "the company's article (faq_articles) that covers most of its contacts, the first by identifier among equals, when it covers half of them or more; null otherwise, and without [faq] articles",
            "l'article de l'entreprise (faq_articles) qui couvre le plus de ses contacts, le premier par identifiant en cas d'égalité, s'il en couvre au moins la moitié ; null sinon, et sans [faq] articles",
        ),
        may(
            "article_share",
            Double,
            "share of its contacts covered by the article that covers most of them, 0 to 1, also where that is less than half and article_id is null; 0 where no article covers any; null without [faq] articles",
            "part de ses contacts couverts par l'article qui en couvre le plus, de 0 à 1, même s'il en couvre moins de la moitié et que article_id est null ; 0 si aucun article n'en couvre ; null sans [faq] articles",
        ),
        must("cohesion", Double, "mean cosine to the centre, −1 to 1", "cosinus moyen avec le centre, de −1 à 1"),
        must(
            "question",
            Text,
            "redacted words of the most central contact in the language of the group, without the greeting and the name that they open with",
            "mots du contact le plus central dans la langue du groupe, sans les salutations ni le nom du début, données personnelles masquées",
        ),
        must(
            "verbatims",
            TextList,
            "up to three redacted verbatims of at most 300 characters each: those in the language of the group first, then most central first",
            "trois verbatims au plus, de 300 caractères au plus chacun, données personnelles masquées : d'abord ceux dans la langue du groupe, puis du plus central au moins central",
        ),
        must(
            "contact_ids",
            TextList,
            "its contacts, most central first",
            "ses contacts, du plus central au moins central",
        ),
    ],
};

/// Articles of the company and the contacts near them.
pub const FAQ_ARTICLES: Table = Table {
    name: "faq_articles",
    row: "one article of the file named under [faq] articles, also those that cover no contact; empty without that file; the contacts are those that faq_gaps groups or could group: counted, about a reason that self-service can answer, and no failure in which somebody has to act; each is covered by the article nearest to it in meaning, when its similarity reaches thresholds.article of run.json; ordered by cost_mid_eur, highest first, then contacts, highest first, then article_id",
    row_fr: "un article du fichier nommé sous [faq] articles, y compris ceux qui ne couvrent aucun contact ; vide sans ce fichier ; les contacts sont ceux que faq_gaps regroupe ou pourrait regrouper : comptés, sur un motif que le libre-service peut traiter, hors défaillance où quelqu'un doit agir ; chacun est couvert par l'article le plus proche par le sens, si sa similarité atteint thresholds.article de run.json ; tri par cost_mid_eur décroissant, puis contacts décroissant, puis article_id",
    columns: &[
        must(
            "article_id",
            Text,
            "identifier of the article, as in the file",
            "identifiant de l'article, tel que dans le fichier",
        ),
        must(
            "title",
            Text,
            "title in the language of most of its contacts, else of the first of its rows in the file; without a title, how the text begins",
            "titre dans la langue de la plupart de ses contacts, à défaut celui de sa première ligne dans le fichier ; sans titre, début du texte",
        ),
        must(
            "languages",
            TextList,
            "languages in which it is written, ISO 639-1, by name; those that the file states, else told from the words",
            "langues dans lesquelles il est écrit, ISO 639-1, par ordre alphabétique ; celles que dit le fichier, à défaut reconnues dans les mots",
        ),
        may("url", Text, "address, as in the file", "adresse, telle que dans le fichier"),
        may(
            "reason_id",
            Enum,
            "contact reason of most of its contacts, the first by name among equals; null without contacts",
            "motif de la plupart de ses contacts, le premier par ordre alphabétique en cas d'égalité ; null sans contacts",
        ),
        must(
            "contacts",
            Int,
            "number of contacts that it covers: their words are near it in meaning, which is no proof that the customer read it",
            "nombre de contacts qu'il couvre : leurs mots en sont proches par le sens, ce qui ne prouve pas que le client l'a lu",
        ),
        must(
            "customers",
            Int,
            "number of distinct customers among them; each contact without a known customer counts as one",
            "nombre de clients distincts parmi eux ; chaque contact sans client connu compte pour un",
        ),
        must(
            "avoidable_known",
            Int,
            "number of them that have an avoidability verdict",
            "nombre d'entre eux qui ont un verdict d'évitabilité",
        ),
        may(
            "avoidable_share",
            Double,
            "share avoidable by a strict or lenient criterion among those that have a verdict, 0 to 1; null when none has one",
            "part des contacts évitables, par un critère strict ou large, parmi ceux qui ont un verdict, de 0 à 1 ; null si aucun n'en a",
        ),
        may(
            "info_not_found_share",
            Double,
            "share whose customer had looked and not found, among those that have a verdict, 0 to 1, as in faq_gaps",
            "part des contacts dont le client avait cherché sans trouver, parmi ceux qui ont un verdict, de 0 à 1, comme dans faq_gaps",
        ),
        must(
            "repeat_known",
            Int,
            "number of them for which it can be known whatever the answer whether they are repeats within 14 days, as in faq_gaps",
            "nombre d'entre eux dont on peut savoir, quelle que soit la réponse, s'ils sont réitérés sous 14 jours, comme dans faq_gaps",
        ),
        may(
            "repeat_share",
            Double,
            "share of repeats within 14 days, 0 to 1, among those that repeat_known counts; null when there are none",
            "part des contacts réitérés sous 14 jours, de 0 à 1, parmi ceux que compte repeat_known ; null s'il n'y en a aucun",
        ),
        may(
            "cost_low_eur",
            Eur,
            "cost of those of its contacts that have one, low end; null when none has one",
            "coût de ceux de ses contacts qui en ont un, bas de la fourchette ; null si aucun n'en a un",
        ),
        may("cost_mid_eur", Eur, "middle of the range", "milieu de la fourchette de coûts"),
        may("cost_high_eur", Eur, "high end of the range", "haut de la fourchette de coûts"),
        may(
            "similarity_mean",
            Double,
            "mean similarity of its contacts to it, −1 to 1: a weighted mean of the cosine with the title and of the highest cosine with a passage, in its best language; null without contacts",
            "similarité moyenne de ses contacts avec lui, de −1 à 1 : moyenne pondérée du cosinus avec le titre et du plus fort cosinus avec un passage, dans sa meilleure langue ; null sans contacts",
        ),
        may(
            "question",
            Text,
            "redacted words of the contact nearest to it in the language of most of its contacts, without the greeting and the name that they open with; null without contacts",
            "mots du contact le plus proche de lui dans la langue de la plupart de ses contacts, sans les salutations ni le nom du début, données personnelles masquées ; null sans contacts",
        ),
        must("contact_ids", TextList, "its contacts, nearest first", "ses contacts, du plus proche au moins proche"),
    ],
};
