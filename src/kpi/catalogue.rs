//! One entry per KPI: what it means, what it is computed from, and how to read it.
//!
//! A KPI is one entry here and one file in `sql/marts/`. The query returns one row per `cell` of its [`Family`] with the
//! columns `cell`, `value`, `numerator`, `denominator`, `n`, and what its interval needs: `customers` and `pair_products`
//! where contacts or episodes hang together by customer (see `sql/clusters/pairs.sql`), `sum_of_squares` for
//! [`Method::NormalClustered`], `positives` and `negatives` for [`Method::AdjustedWaldClustered`], `lo` and `hi` for
//! [`Method::Range`].
//! The entry gives the rest: words in French and English, unit, source, the columns without which the KPI cannot be
//! known, and the dimensions that make sense. No KPI has an agent dimension: avoidability measures the organisation
//! (REQUIREMENTS 003.22).

use serde::Serialize;

mod cost;
mod demand;
mod resolution;
mod service;
mod voice;

/// The same words in both languages of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Words {
    /// French.
    pub fr: &'static str,
    /// English.
    pub en: &'static str,
}

const fn words(fr: &'static str, en: &'static str) -> Words {
    Words { fr, en }
}

/// Unit of a KPI's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A number of contacts or answers.
    Count,
    /// A fraction, 0 to 1.
    Share,
    /// Seconds.
    S,
    /// Euros.
    Eur,
    /// A score on the scale that the definition gives.
    Score,
}

/// How the interval around the value is made. The contacts of one customer are alike, and so are the episodes: where they are
/// what is counted, customers are taken as drawn at random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// 95 % Wilson interval of a rate of customers.
    Wilson,
    /// The same for a rate of contacts or episodes, which hang together by customer.
    WilsonClustered,
    /// 95 % interval of a mean of contacts, which hang together by customer.
    NormalClustered,
    /// 95 % interval of the difference of two shares of the same answers, times 100; answers hang together by customer.
    AdjustedWaldClustered,
    /// Low and high end of the cost ranges.
    Range,
    /// No interval: a count is exact.
    None,
}

impl Method {
    /// The word of the column `method`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wilson => "wilson",
            Self::WilsonClustered => "wilson_clustered",
            Self::NormalClustered => "normal_clustered",
            Self::AdjustedWaldClustered => "adjusted_wald_clustered",
            Self::Range => "range",
            Self::None => "none",
        }
    }
}

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// A higher value is better.
    Higher,
    /// A lower value is better.
    Lower,
    /// Neither: read it with other KPIs.
    Neutral,
    /// As the configuration declares the effort scale (`survey.ces_high_means`).
    AsConfigured,
}

/// Range that the value cannot leave; the interval is cut there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bounds {
    /// 0 to 1.
    Share,
    /// 0 and above.
    NotNegative,
    /// −100 to 100.
    Hundred,
    /// The configured satisfaction scale.
    CsatScale,
    /// The configured effort scale.
    CesScale,
}

/// What a KPI can be broken down by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// No breakdown.
    All,
    /// Primary contact reason.
    Reason,
    /// First level of the contact reason.
    ReasonL1,
    /// Channel.
    Channel,
    /// Product or line of business.
    Product,
    /// Team.
    Team,
    /// Site.
    Site,
    /// Language of the customer's words.
    Language,
    /// Department that can remove the cause of an avoidable contact.
    Owner,
    /// Criterion of the avoidability verdict.
    Criterion,
}

impl Dimension {
    /// Every dimension.
    pub const ALL: [Self; 10] = [
        Self::All,
        Self::Reason,
        Self::ReasonL1,
        Self::Channel,
        Self::Product,
        Self::Team,
        Self::Site,
        Self::Language,
        Self::Owner,
        Self::Criterion,
    ];

    /// The word of the column `dimension`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Reason => "reason",
            Self::ReasonL1 => "reason_l1",
            Self::Channel => "channel",
            Self::Product => "product",
            Self::Team => "team",
            Self::Site => "site",
            Self::Language => "language",
            Self::Owner => "owner",
            Self::Criterion => "criterion",
        }
    }
}

/// Dimensions that every contact and every episode has.
pub const COMMON: &[Dimension] = &[
    Dimension::All,
    Dimension::Reason,
    Dimension::ReasonL1,
    Dimension::Channel,
    Dimension::Product,
    Dimension::Team,
    Dimension::Site,
    Dimension::Language,
];

/// The common dimensions and those of the cause: for what adds up over avoidable contacts. A rate by cause would divide
/// the avoidable contacts by themselves.
pub const WITH_CAUSE: &[Dimension] = &Dimension::ALL;

/// Period lengths of the table, each KPI having all of them.
pub const GRAINS: [&str; 4] = ["day", "week", "month", "all"];

/// Relation that numbers the cells (one period, one value of one dimension) that a KPI's query returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Cells of contacts, by day of the contact.
    Contacts,
    /// Cells of customers, by day of their contacts.
    Customers,
    /// Cells of episodes, by day of their first contact.
    Episodes,
}

impl Family {
    /// Name of the relation.
    pub fn relation(self) -> &'static str {
        match self {
            Self::Contacts => "int_contact_periods",
            Self::Customers => "int_customer_periods",
            Self::Episodes => "int_episode_periods",
        }
    }
}

/// One KPI.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Kpi {
    /// Name in the table: snake_case.
    pub name: &'static str,
    /// Title.
    pub title: Words,
    /// Definition, one sentence.
    pub definition: Words,
    /// What is counted or added up.
    pub numerator: Words,
    /// What it is divided by; `None` for counts and sums.
    pub denominator: Option<Words>,
    /// What is left out because it is unknown, and when the value is null.
    pub null_rule: Words,
    /// Unit of the value.
    pub unit: Unit,
    /// Public source of the definition, as a reader finds it; empty where the definition is Motif's own.
    pub source: &'static str,
    /// Interval.
    pub method: Method,
    /// Range of the value.
    pub bounds: Bounds,
    /// Which way is better.
    pub direction: Direction,
    /// Columns (`table.column`) without which the KPI cannot be known: one of them null in every row makes it missing.
    pub needs: &'static [&'static str],
    /// Dimensions that the KPI allows.
    pub dimensions: &'static [Dimension],
    /// Relation that numbers its cells.
    #[serde(skip)]
    pub family: Family,
    /// The query.
    #[serde(skip)]
    pub sql: &'static str,
}

/// Every KPI, by theme: demand, resolution, service, voice of the customer, cost.
pub fn all() -> impl Iterator<Item = &'static Kpi> {
    [demand::KPIS, resolution::KPIS, service::KPIS, voice::KPIS, cost::KPIS].into_iter().flatten()
}

/// The KPI of that name.
pub fn find(name: &str) -> Option<&'static Kpi> {
    all().find(|kpi| kpi.name == name)
}

const NOBODY: Words = words("aucun contact compté", "no counted contact");
const RATE_NULL: Words = words(
    "les contacts dont la réponse est inconnue sont exclus ; vide s'il n'en reste aucun",
    "contacts for which it is unknown are left out; null when none remains",
);
const MEAN_NULL: Words = words(
    "les contacts sans mesure sont exclus ; vide s'il n'en reste aucun",
    "contacts without a measure are left out; null when none remains",
);
const ANSWERS: Words = words("réponses à la question", "answers to the question");
const ANSWER_NULL: Words = words(
    "les contacts sans réponse sont exclus ; vide sans réponse",
    "contacts without an answer are left out; null without answers",
);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::table::schema::{CONTACTS, EPISODES};

    #[test]
    fn every_mart_file_has_one_entry_and_every_entry_its_own_file() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/kpi/sql/marts");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        let names: Vec<String> = all().map(|kpi| kpi.name.to_owned()).collect();
        assert_eq!(names.len(), names.iter().collect::<BTreeSet<_>>().len(), "a name is used twice");
        assert_eq!(files, names.into_iter().collect());
    }

    #[test]
    fn every_entry_embeds_the_file_that_bears_its_name() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/kpi/sql/marts");
        for kpi in all() {
            let file = std::fs::read_to_string(folder.join(format!("{}.sql", kpi.name))).unwrap();
            assert_eq!(kpi.sql, file, "{}", kpi.name);
            assert!(kpi.sql.contains(kpi.family.relation()), "{} is not of its family", kpi.name);
        }
    }

    #[test]
    fn every_needed_column_is_declared_in_the_schema() {
        for kpi in all() {
            for need in kpi.needs {
                let (table, column) = need.split_once('.').unwrap();
                let columns = match table {
                    "contacts" => CONTACTS.columns,
                    "episodes" => EPISODES.columns,
                    _ => panic!("{need}"),
                };
                assert!(columns.iter().any(|known| known.name == column && known.nullable), "{need} of {}", kpi.name);
            }
        }
    }

    #[test]
    fn every_entry_is_written_in_both_languages() {
        for kpi in all() {
            for words in [kpi.title, kpi.definition, kpi.numerator, kpi.null_rule].into_iter().chain(kpi.denominator) {
                assert!(!words.fr.is_empty() && !words.en.is_empty(), "{}", kpi.name);
            }
            assert_ne!(kpi.definition.fr, kpi.definition.en, "{}", kpi.name);
            assert!(kpi.definition.en.ends_with('.') && kpi.definition.fr.ends_with('.'), "{}", kpi.name);
        }
    }

    #[test]
    fn sources_can_be_found_and_are_no_internal_numbers() {
        for kpi in all() {
            assert!(!kpi.source.contains("article"), "{}", kpi.name);
            assert!(kpi.source.is_empty() || kpi.source.contains(char::is_whitespace), "{}", kpi.name);
        }
        assert!(all().filter(|kpi| kpi.name.starts_with("avoidable_rate")).all(|kpi| kpi.source.contains("Seddon")));
    }

    #[test]
    fn costs_are_not_said_to_be_configured() {
        for kpi in all().filter(|kpi| kpi.unit == Unit::Eur) {
            for words in [kpi.definition, kpi.numerator, kpi.null_rule] {
                assert!(!words.fr.contains("configur") && !words.en.contains("configur"), "{}", kpi.name);
            }
        }
    }

    #[test]
    fn repeats_have_one_name_in_french() {
        for kpi in all().filter(|kpi| kpi.name.starts_with("repeat_rate_")) {
            let by = if kpi.name.contains("customer") { "client" } else { "contact" };
            assert!(kpi.title.fr.starts_with(&format!("Taux de réitération par {by} (")), "{}", kpi.title.fr);
        }
    }

    #[test]
    fn rates_have_a_denominator_and_share_bounds() {
        for kpi in all() {
            if kpi.unit == Unit::Share {
                // A customer has several contacts and several issues; he counts once among customers.
                let method = match kpi.family {
                    Family::Contacts | Family::Episodes => Method::WilsonClustered,
                    Family::Customers => Method::Wilson,
                };
                assert_eq!((kpi.method, kpi.bounds), (method, Bounds::Share), "{}", kpi.name);
                assert!(kpi.denominator.is_some(), "{}", kpi.name);
                assert_eq!(kpi.dimensions, COMMON, "{}: a rate by cause divides a cause by itself", kpi.name);
            }
        }
    }

    #[test]
    fn no_dimension_and_no_query_knows_the_agent() {
        assert!(Dimension::ALL.iter().all(|dimension| !dimension.as_str().contains("agent")));
        assert!(all().all(|kpi| !kpi.sql.contains("agent")));
    }
}
