//! Whether one contact was enough: repeats, first contact resolution, transfers.
//!
//! Debatable choices, 2026-11-23:
//!
//! - A rate waits until its window has elapsed after the closing of each contact, also where the customer already came
//!   back: counting early returns alone would raise the rate of recent days.
//! - `fcr_demand` divides issues, not contacts (article 003.16), and stands beside `fcr_no_recontact_48h` and `_72h`
//!   (article 004.6), which divide contacts; the three are never merged into one "FCR". A second contact counts within 7 days
//!   of the closing of the first (2026-11-30): without that end, issues of past months have had longer to come back than those of the
//!   last, and each month looks better than the one before. Issues without a known customer are left out (2026-11-25), and so are those
//!   whose first contact has no words or was abandoned (2026-11-30): nobody can be seen coming back, or nobody was answered, and
//!   each would count as settled.
//! - A customer with one contact that cannot be compared with the next is left out of the rate by customer, also when another
//!   contact of theirs shows a return (2026-11-29): to keep those who came back and drop the others would lift the rate.
//! - Whether a contact is followed by another hangs on the other contacts of its customer, so that the intervals of these rates
//!   take customers, not contacts, as drawn at random (2026-11-29); so do those of the other rates by contact (2026-11-30), since a
//!   customer's contacts are alike there too, and that of `fcr_demand` (2026-12-01): a customer has several issues, and whether one
//!   contact was enough hangs on who asks.
//! - French says "réitération" for repeats, by contact and by customer alike (2026-11-28): the "taux de rappel" of
//!   article 003.25 is the one by customer, and its name on the one by contact would say another figure.
//! - `transfer_rate` is one of level 1 (article 003.33); few sources tell the level, so that contacts of unknown level
//!   stay in and only those known to be of level 2 or 3 are left out.

use super::{Bounds, COMMON, Direction, Family, Kpi, Method, Unit, Words, words};

const WINDOW_NULL: Words = words(
    "les contacts sans client connu, sans mots du client, dont le délai n'est pas écoulé ou que suit dans ce délai un contact sans mots sont exclus ; vide s'il n'en reste aucun",
    "contacts without a known customer, without customer words, whose window has not elapsed, or followed in it by a contact without words are left out; null when none remains",
);

const CUSTOMER_NULL: Words = words(
    "les clients dont aucun contact n'a son délai écoulé sont exclus, de même que ceux dont un contact n'a pas de mots ou est suivi dans ce délai d'un autre qui n'en a pas, qu'ils soient revenus ou non ; vide s'il n'en reste aucun",
    "customers none of whose contacts has an elapsed window are left out, and so are those with a contact that has no words or is followed in it by one that has none, whether they came back or not; null when none remains",
);

pub(super) const KPIS: &[Kpi] = &[
    Kpi {
        name: "repeat_rate_contact_48h",
        title: words("Taux de réitération par contact (48 heures)", "Repeat rate per contact (48 hours)"),
        definition: words(
            "Part des contacts que le même client fait suivre d'un autre sur le même sujet dans les 48 heures après la clôture.",
            "Share of contacts that the same customer follows with another about the same issue within 48 hours of the closing.",
        ),
        numerator: words(
            "contacts suivis d'un autre dans les 48 heures",
            "contacts followed by another within 48 hours",
        ),
        denominator: Some(words(
            "contacts comptés de clients connus, délai écoulé",
            "counted contacts of known customers, window elapsed",
        )),
        null_rule: WINDOW_NULL,
        unit: Unit::Share,
        source: "",
        method: Method::WilsonClustered,
        bounds: Bounds::Share,
        direction: Direction::Lower,
        needs: &["contacts.is_recontacted_48h"],
        dimensions: COMMON,
        family: Family::Contacts,
        sql: include_str!("../sql/marts/repeat_rate_contact_48h.sql"),
    },
    Kpi {
        name: "repeat_rate_contact_72h",
        title: words("Taux de réitération par contact (72 heures)", "Repeat rate per contact (72 hours)"),
        definition: words(
            "Part des contacts que le même client fait suivre d'un autre sur le même sujet dans les 72 heures après la clôture.",
            "Share of contacts that the same customer follows with another about the same issue within 72 hours of the closing.",
        ),
        numerator: words(
            "contacts suivis d'un autre dans les 72 heures",
            "contacts followed by another within 72 hours",
        ),
        denominator: Some(words(
            "contacts comptés de clients connus, délai écoulé",
            "counted contacts of known customers, window elapsed",
        )),
        null_rule: WINDOW_NULL,
        unit: Unit::Share,
        source: "",
        method: Method::WilsonClustered,
        bounds: Bounds::Share,
        direction: Direction::Lower,
        needs: &["contacts.is_recontacted_72h"],
        dimensions: COMMON,
        family: Family::Contacts,
        sql: include_str!("../sql/marts/repeat_rate_contact_72h.sql"),
    },
    Kpi {
        name: "repeat_rate_contact_7d",
        title: words("Taux de réitération par contact (7 jours)", "Repeat rate per contact (7 days)"),
        definition: words(
            "Part des contacts que le même client fait suivre d'un autre sur le même sujet dans les 7 jours après la clôture.",
            "Share of contacts that the same customer follows with another about the same issue within 7 days of the closing.",
        ),
        numerator: words("contacts suivis d'un autre dans les 7 jours", "contacts followed by another within 7 days"),
        denominator: Some(words(
            "contacts comptés de clients connus, délai écoulé",
            "counted contacts of known customers, window elapsed",
        )),
        null_rule: WINDOW_NULL,
        unit: Unit::Share,
        source: "",
        method: Method::WilsonClustered,
        bounds: Bounds::Share,
        direction: Direction::Lower,
        needs: &["contacts.is_recontacted_7d"],
        dimensions: COMMON,
        family: Family::Contacts,
        sql: include_str!("../sql/marts/repeat_rate_contact_7d.sql"),
    },
    Kpi {
        name: "repeat_rate_contact_14d",
        title: words("Taux de réitération par contact (14 jours)", "Repeat rate per contact (14 days)"),
        definition: words(
            "Part des contacts que le même client fait suivre d'un autre sur le même sujet dans les 14 jours après la clôture.",
            "Share of contacts that the same customer follows with another about the same issue within 14 days of the closing.",
        ),
        numerator: words("contacts suivis d'un autre dans les 14 jours", "contacts followed by another within 14 days"),
        denominator: Some(words(
            "contacts comptés de clients connus, délai écoulé",
            "counted contacts of known customers, window elapsed",
        )),
        null_rule: WINDOW_NULL,
        unit: Unit::Share,
        source: "",
        method: Method::WilsonClustered,
        bounds: Bounds::Share,
        direction: Direction::Lower,
        needs: &["contacts.is_recontacted_14d"],
        dimensions: COMMON,
        family: Family::Contacts,
        sql: include_str!("../sql/marts/repeat_rate_contact_14d.sql"),
    },
    Kpi {
        name: "repeat_rate_customer_7d",
        title: words("Taux de réitération par client (7 jours)", "Repeat rate per customer (7 days)"),
        definition: words(
            "Part des clients qui recontactent pour le même sujet dans les 7 jours, parmi les clients ayant contacté (« taux de rappel »).",
            "Share of customers who come back about the same issue within 7 days, among customers who made contact.",
        ),
        numerator: words(
            "clients distincts revenus dans les 7 jours",
            "distinct customers who came back within 7 days",
        ),
        denominator: Some(words(
            "clients distincts ayant un contact dont le délai est écoulé",
            "distinct customers with a contact whose window has elapsed",
        )),
        null_rule: CUSTOMER_NULL,
        unit: Unit::Share,
        source: "",
        method: Method::Wilson,
        bounds: Bounds::Share,
        direction: Direction::Lower,
        needs: &["contacts.customer_key", "contacts.is_recontacted_7d"],
        dimensions: COMMON,
        family: Family::Customers,
        sql: include_str!("../sql/marts/repeat_rate_customer_7d.sql"),
    },
    Kpi {
        name: "repeat_rate_customer_14d",
        title: words("Taux de réitération par client (14 jours)", "Repeat rate per customer (14 days)"),
        definition: words(
            "Part des clients qui recontactent pour le même sujet dans les 14 jours, parmi les clients ayant contacté (« taux de rappel »).",
            "Share of customers who come back about the same issue within 14 days, among customers who made contact.",
        ),
        numerator: words(
            "clients distincts revenus dans les 14 jours",
            "distinct customers who came back within 14 days",
        ),
        denominator: Some(words(
            "clients distincts ayant un contact dont le délai est écoulé",
            "distinct customers with a contact whose window has elapsed",
        )),
        null_rule: CUSTOMER_NULL,
        unit: Unit::Share,
        source: "",
        method: Method::Wilson,
        bounds: Bounds::Share,
        direction: Direction::Lower,
        needs: &["contacts.customer_key", "contacts.is_recontacted_14d"],
        dimensions: COMMON,
        family: Family::Customers,
        sql: include_str!("../sql/marts/repeat_rate_customer_14d.sql"),
    },
    Kpi {
        name: "cross_channel_repeat_share",
        title: words("Part des réitérations avec changement de canal", "Cross-channel share of repeats"),
        definition: words(
            "Part des contacts réitérés dont le contact précédent sur le même sujet est passé par un autre canal.",
            "Share of repeat contacts whose earlier contact about the same issue came through another channel.",
        ),
        numerator: words("contacts réitérés par un autre canal", "repeat contacts through another channel"),
        denominator: Some(words(
            "contacts liés à un précédent, les deux canaux étant connus",
            "contacts linked to an earlier one, both channels known",
        )),
        null_rule: words(
            "les contacts sans lien ou de canal inconnu sont exclus ; vide s'il n'en reste aucun",
            "contacts without a link or of an unknown channel are left out; null when none remains",
        ),
        unit: Unit::Share,
        source: "SQM Group, cross-channel first contact resolution",
        method: Method::WilsonClustered,
        bounds: Bounds::Share,
        direction: Direction::Lower,
        needs: &["contacts.channel"],
        dimensions: COMMON,
        family: Family::Contacts,
        sql: include_str!("../sql/marts/cross_channel_repeat_share.sql"),
    },
    Kpi {
        name: "fcr_demand",
        title: words("Résolution au premier contact (demandes)", "First contact resolution (demands)"),
        definition: words(
            "Part des demandes sans deuxième contact dans les 7 jours après la clôture du premier, parmi celles de clients connus dont le premier contact est clos depuis au moins 7 jours.",
            "Share of issues without a second contact within 7 days of the closing of the first, among those of known customers whose first contact closed at least 7 days ago.",
        ),
        numerator: words("demandes d'un seul contact en 7 jours", "issues of a single contact in 7 days"),
        denominator: Some(words(
            "demandes de clients connus, délai écoulé",
            "issues of known customers, window elapsed",
        )),
        null_rule: words(
            "les demandes sans client connu, trop récentes, ou dont le premier contact a été abandonné, n'a pas de mots du client ou est à moins de 7 jours d'un autre qui n'en a pas sont exclues ; vide s'il n'en reste aucune",
            "issues without a known customer, too recent, or whose first contact was abandoned, has no customer words or is within 7 days of another that has none are left out; null when none remains",
        ),
        unit: Unit::Share,
        source: "",
        method: Method::WilsonClustered,
        bounds: Bounds::Share,
        direction: Direction::Higher,
        needs: &["contacts.customer_key"],
        dimensions: COMMON,
        family: Family::Episodes,
        sql: include_str!("../sql/marts/fcr_demand.sql"),
    },
    Kpi {
        name: "fcr_no_recontact_48h",
        title: words("Résolution sans recontact sous 48 heures", "Resolution without recontact within 48 hours"),
        definition: words(
            "Part des contacts que le client ne fait suivre d'aucun autre sur le même sujet dans les 48 heures après la clôture.",
            "Share of contacts that the customer does not follow with another about the same issue within 48 hours of the closing.",
        ),
        numerator: words("contacts sans suite dans les 48 heures", "contacts not followed by another within 48 hours"),
        denominator: Some(words(
            "contacts comptés de clients connus, délai écoulé",
            "counted contacts of known customers, window elapsed",
        )),
        null_rule: WINDOW_NULL,
        unit: Unit::Share,
        source: "",
        method: Method::WilsonClustered,
        bounds: Bounds::Share,
        direction: Direction::Higher,
        needs: &["contacts.is_recontacted_48h"],
        dimensions: COMMON,
        family: Family::Contacts,
        sql: include_str!("../sql/marts/fcr_no_recontact_48h.sql"),
    },
    Kpi {
        name: "fcr_no_recontact_72h",
        title: words("Résolution sans recontact sous 72 heures", "Resolution without recontact within 72 hours"),
        definition: words(
            "Part des contacts que le client ne fait suivre d'aucun autre sur le même sujet dans les 72 heures après la clôture.",
            "Share of contacts that the customer does not follow with another about the same issue within 72 hours of the closing.",
        ),
        numerator: words("contacts sans suite dans les 72 heures", "contacts not followed by another within 72 hours"),
        denominator: Some(words(
            "contacts comptés de clients connus, délai écoulé",
            "counted contacts of known customers, window elapsed",
        )),
        null_rule: WINDOW_NULL,
        unit: Unit::Share,
        source: "",
        method: Method::WilsonClustered,
        bounds: Bounds::Share,
        direction: Direction::Higher,
        needs: &["contacts.is_recontacted_72h"],
        dimensions: COMMON,
        family: Family::Contacts,
        sql: include_str!("../sql/marts/fcr_no_recontact_72h.sql"),
    },
    Kpi {
        name: "transfer_rate",
        title: words("Taux de transfert", "Transfer rate"),
        definition: words(
            "Part des contacts transférés, parmi les contacts de niveau 1.",
            "Share of contacts that were transferred, among level-1 contacts.",
        ),
        numerator: words("contacts transférés", "transferred contacts"),
        denominator: Some(words(
            "contacts dont le transfert est connu, de niveau 1 ou de niveau inconnu",
            "contacts whose transfer is known, of level 1 or of unknown level",
        )),
        null_rule: words(
            "les contacts connus de niveau 2 ou 3 ou au transfert inconnu sont exclus ; vide s'il n'en reste aucun",
            "contacts known to be of level 2 or 3, or whose transfer is unknown, are left out; null when none remains",
        ),
        unit: Unit::Share,
        source: "Genesys Cloud, nTransferred",
        method: Method::WilsonClustered,
        bounds: Bounds::Share,
        direction: Direction::Neutral,
        needs: &["contacts.is_transferred"],
        dimensions: COMMON,
        family: Family::Contacts,
        sql: include_str!("../sql/marts/transfer_rate.sql"),
    },
];
