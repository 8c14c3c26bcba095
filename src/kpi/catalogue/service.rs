//! How the service was rendered: handle time, wait, abandonment.

use super::{Bounds, COMMON, Direction, Family, Kpi, MEAN_NULL, Method, RATE_NULL, Unit, words};

pub(super) const KPIS: &[Kpi] = &[
    Kpi {
        name: "handle_time_s",
        title: words("Durée moyenne de traitement", "Average handle time"),
        definition: words(
            "Moyenne de la conversation, de la mise en attente et du travail après contact, en secondes.",
            "Mean of conversation, hold and after-call work, in seconds.",
        ),
        numerator: words("somme des durées de traitement", "sum of handle times"),
        denominator: Some(words(
            "contacts comptés dont la durée de conversation est connue",
            "counted contacts with a known conversation time",
        )),
        null_rule: MEAN_NULL,
        unit: Unit::S,
        source: "Genesys Cloud, tHandle",
        method: Method::NormalClustered,
        bounds: Bounds::NotNegative,
        direction: Direction::Neutral,
        needs: &["contacts.handle_time_s"],
        dimensions: COMMON,
        family: Family::Contacts,
        sql: include_str!("../sql/marts/handle_time_s.sql"),
    },
    Kpi {
        name: "wait_s",
        title: words("Attente moyenne", "Average wait"),
        definition: words(
            "Moyenne de l'attente avant la réponse, en secondes, abandons compris.",
            "Mean wait before the answer, in seconds, abandoned contacts included.",
        ),
        numerator: words("somme des attentes", "sum of waits"),
        denominator: Some(words("contacts comptés dont l'attente est connue", "counted contacts with a known wait")),
        null_rule: MEAN_NULL,
        unit: Unit::S,
        source: "",
        method: Method::NormalClustered,
        bounds: Bounds::NotNegative,
        direction: Direction::Lower,
        needs: &["contacts.wait_s"],
        dimensions: COMMON,
        family: Family::Contacts,
        sql: include_str!("../sql/marts/wait_s.sql"),
    },
    Kpi {
        name: "abandon_rate",
        title: words("Taux d'abandon", "Abandon rate"),
        definition: words(
            "Part des contacts présentés que le client quitte avant la réponse.",
            "Share of offered contacts that the customer leaves before the answer.",
        ),
        numerator: words("contacts abandonnés", "abandoned contacts"),
        denominator: Some(words(
            "contacts comptés dont on sait s'ils ont été abandonnés",
            "counted contacts for which it is known whether they were abandoned",
        )),
        null_rule: RATE_NULL,
        unit: Unit::Share,
        source: "Genesys Cloud, tAbandon / nOffered",
        method: Method::WilsonClustered,
        bounds: Bounds::Share,
        direction: Direction::Lower,
        needs: &["contacts.is_abandoned"],
        dimensions: COMMON,
        family: Family::Contacts,
        sql: include_str!("../sql/marts/abandon_rate.sql"),
    },
];
