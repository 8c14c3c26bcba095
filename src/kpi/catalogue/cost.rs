//! What contacts cost, as the middle and the two ends of the cost ranges (`[cost]`), which are Motif's own where nobody
//! set them.
//!
//! Debatable choices, 2026-11-28:
//!
//! - A part of the contacts (the avoidable ones, the repeats) costs zero where it is empty, and has no cost where none
//!   of its contacts has one: zero euros would be read as a finding.
//! - An issue has a cost only when each of its contacts has one: two contacts at the price of one would lower the mean.

use super::{Bounds, COMMON, Direction, Family, Kpi, Method, Unit, WITH_CAUSE, words};

pub(super) const KPIS: &[Kpi] = &[
    Kpi {
        name: "cost_per_contact_eur",
        title: words("Coût par contact", "Cost per contact"),
        definition: words(
            "Coût moyen d'un contact traité, au milieu de la fourchette de coûts.",
            "Mean cost of a contact that was handled, in the middle of the cost range.",
        ),
        numerator: words("coût des contacts", "cost of the contacts"),
        denominator: Some(words(
            "contacts comptés de coût connu, abandons exclus",
            "counted contacts with a known cost, abandoned ones left out",
        )),
        null_rule: words(
            "les contacts de coût inconnu sont exclus ; vide s'il n'en reste aucun",
            "contacts whose cost is unknown are left out; null when none remains",
        ),
        unit: Unit::Eur,
        source: "",
        method: Method::Range,
        bounds: Bounds::NotNegative,
        direction: Direction::Neutral,
        needs: &["contacts.cost_low_eur", "contacts.cost_mid_eur", "contacts.cost_high_eur"],
        dimensions: COMMON,
        family: Family::Contacts,
        sql: include_str!("../sql/marts/cost_per_contact_eur.sql"),
    },
    Kpi {
        name: "cost_total_eur",
        title: words("Coût des contacts", "Cost of contacts"),
        definition: words(
            "Coût total des contacts, au milieu de la fourchette de coûts.",
            "Total cost of the contacts, in the middle of the cost range.",
        ),
        numerator: words("coût des contacts", "cost of the contacts"),
        denominator: None,
        null_rule: words(
            "les contacts de coût inconnu sont exclus ; vide s'il n'en reste aucun",
            "contacts whose cost is unknown are left out; null when none remains",
        ),
        unit: Unit::Eur,
        source: "",
        method: Method::Range,
        bounds: Bounds::NotNegative,
        direction: Direction::Neutral,
        needs: &["contacts.cost_low_eur", "contacts.cost_mid_eur", "contacts.cost_high_eur"],
        dimensions: COMMON,
        family: Family::Contacts,
        sql: include_str!("../sql/marts/cost_total_eur.sql"),
    },
    Kpi {
        name: "avoidable_cost_eur",
        title: words("Coût des contacts évitables (strict)", "Cost of avoidable contacts (strict)"),
        definition: words(
            "Coût des contacts qu'un critère strict rend évitables.",
            "Cost of the contacts that a strict criterion makes avoidable.",
        ),
        numerator: words(
            "coût des contacts évitables, critères stricts",
            "cost of the avoidable contacts, strict criteria",
        ),
        denominator: None,
        null_rule: words(
            "les contacts de coût ou de verdict inconnu sont exclus ; vide s'il n'en reste aucun ou aucun des évitables, zéro si aucun n'est évitable",
            "contacts whose cost or verdict is unknown are left out; null when none remains, or none of the avoidable ones; zero when none is avoidable",
        ),
        unit: Unit::Eur,
        source: "",
        method: Method::Range,
        bounds: Bounds::NotNegative,
        direction: Direction::Lower,
        needs: &["contacts.is_avoidable", "contacts.cost_low_eur", "contacts.cost_mid_eur", "contacts.cost_high_eur"],
        dimensions: WITH_CAUSE,
        family: Family::Contacts,
        sql: include_str!("../sql/marts/avoidable_cost_eur.sql"),
    },
    Kpi {
        name: "avoidable_cost_lenient_eur",
        title: words("Coût des contacts évitables (large)", "Cost of avoidable contacts (lenient)"),
        definition: words(
            "Coût des contacts qu'un critère strict ou large rend évitables.",
            "Cost of the contacts that a strict or lenient criterion makes avoidable.",
        ),
        numerator: words(
            "coût des contacts évitables, critères stricts ou larges",
            "cost of the avoidable contacts, strict or lenient criteria",
        ),
        denominator: None,
        null_rule: words(
            "les contacts de coût ou de verdict inconnu sont exclus ; vide s'il n'en reste aucun ou aucun des évitables, zéro si aucun n'est évitable",
            "contacts whose cost or verdict is unknown are left out; null when none remains, or none of the avoidable ones; zero when none is avoidable",
        ),
        unit: Unit::Eur,
        source: "",
        method: Method::Range,
        bounds: Bounds::NotNegative,
        direction: Direction::Lower,
        needs: &[
            "contacts.is_avoidable",
            "contacts.is_avoidable_lenient",
            "contacts.cost_low_eur",
            "contacts.cost_mid_eur",
            "contacts.cost_high_eur",
        ],
        dimensions: WITH_CAUSE,
        family: Family::Contacts,
        sql: include_str!("../sql/marts/avoidable_cost_lenient_eur.sql"),
    },
    Kpi {
        name: "repeated_cost_eur",
        title: words("Coût des contacts réitérés", "Cost of repeat contacts"),
        definition: words(
            "Coût des contacts qui reviennent sur le même sujet dans les 14 jours après un contact précédent.",
            "Cost of the contacts that come back about the same issue within 14 days of an earlier contact.",
        ),
        numerator: words("coût des contacts réitérés sous 14 jours", "cost of the repeats within 14 days"),
        denominator: None,
        null_rule: words(
            "les contacts de coût inconnu ou dont on ignore s'ils se répètent sont exclus ; vide s'il n'en reste aucun ou aucun des réitérés, zéro sans réitération",
            "contacts whose cost is unknown or that may or may not be repeats are left out; null when none remains, or none of the repeats; zero without repeats",
        ),
        unit: Unit::Eur,
        source: "",
        method: Method::Range,
        bounds: Bounds::NotNegative,
        direction: Direction::Lower,
        needs: &["contacts.is_repeat_14d", "contacts.cost_low_eur", "contacts.cost_mid_eur", "contacts.cost_high_eur"],
        dimensions: COMMON,
        family: Family::Contacts,
        sql: include_str!("../sql/marts/repeated_cost_eur.sql"),
    },
    Kpi {
        name: "cost_per_episode_eur",
        title: words("Coût par demande résolue", "Cost per resolved issue"),
        definition: words(
            "Coût moyen des contacts d'une demande dans les 7 jours après la clôture du premier, parmi les demandes de clients connus dont le premier contact est clos depuis au moins 7 jours.",
            "Mean cost of the contacts of an issue within 7 days of the closing of the first, among issues of known customers whose first contact closed at least 7 days ago.",
        ),
        numerator: words(
            "coût des contacts de ces demandes en 7 jours",
            "cost of the contacts of these issues in 7 days",
        ),
        denominator: Some(words(
            "demandes de clients connus, délai écoulé, de coût connu",
            "issues of known customers, window elapsed, with a known cost",
        )),
        null_rule: words(
            "les demandes sans client connu, trop récentes, dont le premier contact a été abandonné, n'a pas de mots du client ou est à moins de 7 jours d'un autre qui n'en a pas, ou dont un contact est de coût inconnu sont exclues ; vide s'il n'en reste aucune",
            "issues without a known customer, too recent, whose first contact was abandoned, has no customer words or is within 7 days of another that has none, or with a contact of unknown cost are left out; null when none remains",
        ),
        unit: Unit::Eur,
        source: "",
        method: Method::Range,
        bounds: Bounds::NotNegative,
        direction: Direction::Lower,
        needs: &["contacts.customer_key", "episodes.cost_low_eur", "episodes.cost_mid_eur", "episodes.cost_high_eur"],
        dimensions: COMMON,
        family: Family::Episodes,
        sql: include_str!("../sql/marts/cost_per_episode_eur.sql"),
    },
];
