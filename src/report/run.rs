//! `run.json` to what the report says about the run: names in both languages, counts, provenance.
//!
//! Everything is read defensively: a key that is absent, or not of the expected shape, leaves its default, so that a
//! report can be made again from the output of another version.

use std::collections::BTreeMap;

use serde_json::Value;

use super::format::Language;
use super::phrases::typeset_french;

/// A name or sentence in both languages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bilingual {
    /// French.
    pub fr: String,
    /// English.
    pub en: String,
}

impl Bilingual {
    /// Both languages at once.
    pub fn new(fr: impl Into<String>, en: impl Into<String>) -> Self {
        Self { fr: fr.into(), en: en.into() }
    }

    /// The text in one language, in the other one when it is missing.
    pub fn get(&self, language: Language) -> &str {
        let (first, second) = match language {
            Language::French => (&self.fr, &self.en),
            Language::English => (&self.en, &self.fr),
        };
        if first.is_empty() { second } else { first }
    }

    fn is_empty(&self) -> bool {
        self.fr.is_empty() && self.en.is_empty()
    }
}

/// A contact reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReasonLabel {
    /// Name.
    pub name: Bilingual,
    /// First level.
    pub l1: String,
    /// Whether self-service can answer it.
    pub is_self_service: Option<bool>,
    /// Department.
    pub owner: String,
}

/// An avoidability criterion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CriterionLabel {
    /// Name.
    pub name: Bilingual,
    /// Definition.
    pub wording: Bilingual,
    /// Whether it counts in the strict rate; `None` when the run does not say.
    pub is_strict: Option<bool>,
    /// Department.
    pub owner: String,
}

/// A KPI of the catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KpiLabel {
    /// Title.
    pub title: Bilingual,
    /// Definition in one sentence.
    pub definition: Bilingual,
    /// Unit of the value.
    pub unit: String,
    /// Numerator.
    pub numerator: Bilingual,
    /// Denominator.
    pub denominator: Bilingual,
    /// Where the definition comes from.
    pub source: Bilingual,
}

/// Names of everything that the tables hold as identifiers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels {
    /// Contact reasons.
    pub reasons: BTreeMap<String, ReasonLabel>,
    /// First levels.
    pub groups: BTreeMap<String, Bilingual>,
    /// Avoidability criteria.
    pub criteria: BTreeMap<String, CriterionLabel>,
    /// Departments.
    pub owners: BTreeMap<String, Bilingual>,
    /// KPI catalogue.
    pub kpis: BTreeMap<String, KpiLabel>,
    /// KPIs that could not be computed, with the columns that are missing.
    pub missing_kpis: Vec<(String, Vec<String>)>,
}

/// One input file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InputFile {
    /// Name.
    pub file: String,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Records read.
    pub records: u64,
    /// Contacts made of them.
    pub contacts: u64,
    /// Records refused.
    pub rejects: u64,
}

/// Counts of the run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records read.
    pub records: u64,
    /// Contacts made of them.
    pub contacts: u64,
    /// Records refused.
    pub rejects: u64,
    /// Contacts that enter rates.
    pub counted: u64,
    /// Contacts with a question that self-service can answer.
    pub questions: u64,
    /// Refused records by code.
    pub by_reject_code: BTreeMap<String, u64>,
    /// Contacts by flag.
    pub by_flag: BTreeMap<String, u64>,
    /// Contacts by language.
    pub by_language: BTreeMap<String, u64>,
    /// Contacts by kind of record.
    pub by_record_kind: BTreeMap<String, u64>,
}

/// The run that made the tables.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Run {
    /// Program version.
    pub version: String,
    /// "Now" of the run.
    pub as_of: String,
    /// Model: name, revision, hash, kernel, in this order, those that are known.
    pub model: Vec<(&'static str, String)>,
    /// Hash of the configuration.
    pub config_hash: String,
    /// Hash of the taxonomy.
    pub taxonomy_hash: String,
    /// Hash of the criteria.
    pub criteria_hash: String,
    /// Hash of the file of the company's articles; empty without one.
    pub articles_hash: String,
    /// Input files.
    pub inputs: Vec<InputFile>,
    /// Counts.
    pub counts: Counts,
    /// Redacted items by kind.
    pub redactions: BTreeMap<String, u64>,
    /// Decision thresholds.
    pub thresholds: BTreeMap<String, f64>,
    /// Lowest and highest cost of a contact in euros, by channel, and of a `complex` one.
    pub costs: BTreeMap<String, [f64; 2]>,
    /// Lowest and highest survey answer, by key of the configuration: `csat_scale`, `nps_scale`, `ces_scale`.
    pub scales: BTreeMap<String, [f64; 2]>,
    /// What a high effort answer means: `ease` or `effort`; empty when the run does not say.
    pub ces_high_means: String,
    /// Time zone of day borders.
    pub time_zone: String,
    /// Names.
    pub labels: Labels,
}

impl Run {
    /// Reads what is there.
    pub fn from_json(json: &Value) -> Self {
        let counts = &json["counts"];
        Self {
            version: text(&json["version"]),
            as_of: text(&json["as_of"]),
            model: ["name", "revision", "hash", "kernel"]
                .into_iter()
                .filter_map(|key| Some((key, text(&json["model"][key]))).filter(|(_, value)| !value.is_empty()))
                .collect(),
            config_hash: text(&json["config_hash"]),
            taxonomy_hash: text(&json["taxonomy_hash"]),
            criteria_hash: text(&json["criteria_hash"]),
            articles_hash: text(&json["articles_hash"]),
            inputs: array(&json["inputs"])
                .map(|input| InputFile {
                    file: text(&input["file"]),
                    sha256: text(&input["sha256"]),
                    records: whole(&input["records"]),
                    contacts: whole(&input["contacts"]),
                    rejects: whole(&input["rejects"]),
                })
                .collect(),
            counts: Counts {
                records: whole(&counts["records"]),
                contacts: whole(&counts["contacts"]),
                rejects: whole(&counts["rejects"]),
                counted: whole(&counts["counted"]),
                questions: whole(&json["faq"]["questions"]),
                by_reject_code: whole_map(&counts["by_reject_code"]),
                by_flag: whole_map(&counts["by_flag"]),
                by_language: whole_map(&counts["by_language"]),
                by_record_kind: whole_map(&counts["by_record_kind"]),
            },
            redactions: whole_map(&json["redactions"]),
            thresholds: map(&json["thresholds"], Value::as_f64),
            costs: map(&json["settings"]["cost"], range),
            scales: map(&json["settings"]["survey"], range),
            ces_high_means: text(&json["settings"]["survey"]["ces_high_means"]),
            time_zone: text(&json["time_zone"]),
            labels: Labels::from_json(&json["labels"]),
        }
    }

    /// From which answer a customer counts as satisfied: `thresholds.csat_satisfied_from`, 4 by default.
    pub fn csat_satisfied_from(&self) -> f64 {
        self.thresholds.get("csat_satisfied_from").copied().unwrap_or(4.0)
    }
}

impl Labels {
    fn from_json(json: &Value) -> Self {
        Self {
            reasons: map(&json["reasons"], |value| {
                Some(ReasonLabel {
                    name: bilingual(value),
                    l1: text(&value["l1"]),
                    is_self_service: value["self_service"].as_bool(),
                    owner: text(&value["owner"]),
                })
            }),
            groups: map(&json["groups"], |value| Some(bilingual(value))),
            criteria: map(&json["criteria"], |value| {
                Some(CriterionLabel {
                    name: bilingual(value),
                    wording: bilingual(&value["wording"]),
                    is_strict: value["strictness"].as_str().map(|strictness| strictness == "strict"),
                    owner: text(&value["owner"]),
                })
            }),
            owners: map(&json["owners"], |value| Some(bilingual(value))),
            kpis: map(&json["kpis"], |value| {
                Some(KpiLabel {
                    title: bilingual(&value["title"]),
                    definition: bilingual(&value["definition"]),
                    unit: text(&value["unit"]),
                    numerator: bilingual(&value["numerator"]),
                    denominator: bilingual(&value["denominator"]),
                    source: bilingual(&value["source"]),
                })
            }),
            missing_kpis: array(&json["missing_kpis"])
                .map(|value| (text(&value["kpi"]), array(&value["missing_columns"]).map(text).collect()))
                .collect(),
        }
    }

    /// Name of a reason; the reserved ones have theirs here, unknown ones show their identifier.
    pub fn reason<'a>(&'a self, language: Language, id: &'a str) -> &'a str {
        match (self.reasons.get(id), language, id) {
            (Some(reason), ..) if !reason.name.is_empty() => reason.name.get(language),
            (_, Language::French, "other") => "Autre motif",
            (_, Language::English, "other") => "Other reason",
            (_, Language::French, "unclear") => "Motif non identifiable",
            (_, Language::English, "unclear") => "Unclear",
            _ => id,
        }
    }

    /// Name of the first level of a reason; empty when there is none.
    pub fn group<'a>(&'a self, language: Language, reason_id: &'a str) -> &'a str {
        let l1 = match self.reasons.get(reason_id) {
            Some(reason) if !reason.l1.is_empty() => reason.l1.as_str(),
            _ => reason_id.split_once('.').map_or("", |(l1, _)| l1),
        };
        named(&self.groups, language, l1)
    }

    /// Name of a criterion.
    pub fn criterion<'a>(&'a self, language: Language, id: &'a str) -> &'a str {
        match self.criteria.get(id) {
            Some(criterion) if !criterion.name.is_empty() => criterion.name.get(language),
            _ => id,
        }
    }

    /// Name of a department.
    pub fn owner<'a>(&'a self, language: Language, id: &'a str) -> &'a str {
        named(&self.owners, language, id)
    }
}

fn named<'a>(names: &'a BTreeMap<String, Bilingual>, language: Language, id: &'a str) -> &'a str {
    match names.get(id) {
        Some(name) if !name.is_empty() => name.get(language),
        _ => id,
    }
}

/// A string, or a number written out; anything else is empty.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// `{"fr": …, "en": …}`, or one string for both languages. Companies write their names and definitions with plain spaces and
/// apostrophes.
fn bilingual(value: &Value) -> Bilingual {
    match value {
        Value::Object(_) => Bilingual::new(typeset_french(&text(&value["fr"])), text(&value["en"])),
        other => Bilingual::new(text(other), text(other)),
    }
}

/// `[low, high]`.
fn range(value: &Value) -> Option<[f64; 2]> {
    match value.as_array()?.as_slice() {
        [low, high] => Some([low.as_f64()?, high.as_f64()?]),
        _ => None,
    }
}

fn whole(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

fn map<T>(value: &Value, read: impl Fn(&Value) -> Option<T>) -> BTreeMap<String, T> {
    let entries = value.as_object().into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.clone(), read(value)?))).collect()
}

fn whole_map(value: &Value) -> BTreeMap<String, u64> {
    map(value, Value::as_u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_or_odd_keys_leave_their_default() {
        let json = serde_json::json!({"version": "1.2.0", "counts": "none", "inputs": 4, "labels": {"reasons": []}});
        let run = Run::from_json(&json);
        assert_eq!(run.version, "1.2.0");
        assert_eq!(Run { version: String::new(), ..run }, Run::default());
    }

    #[test]
    fn cost_ranges_are_those_of_the_settings() {
        let json = serde_json::json!({"settings": crate::config::Options::default()});
        let costs = Run::from_json(&json).costs;
        assert_eq!((costs.len(), costs["phone"], costs["complex"]), (8, [3.0, 8.0], [15.0, 40.0]));
        let json = serde_json::json!({"settings": {"cost": {"phone": [4, 9.5], "email": 3, "chat": [1]}}});
        assert_eq!(Run::from_json(&json).costs, BTreeMap::from([("phone".to_string(), [4.0, 9.5])]));
    }

    #[test]
    fn survey_scales_are_those_of_the_settings() {
        let json = serde_json::json!({"settings": crate::config::Options::default()});
        let Run { scales, ces_high_means, .. } = Run::from_json(&json);
        assert_eq!(ces_high_means, "ease");
        assert_eq!((scales.len(), scales["csat_scale"], scales["nps_scale"]), (3, [1.0, 5.0], [0.0, 10.0]));
    }

    #[test]
    fn french_names_get_the_spaces_and_apostrophes_of_french() {
        let json = serde_json::json!({"labels": {"criteria": {
            "C07": {"fr": "Erreur de l'agence", "wording": {"fr": "Une erreur : mauvais montant ?", "en": "An error: wrong amount?"}},
        }}});
        let CriterionLabel { name, wording, .. } = &Run::from_json(&json).labels.criteria["C07"];
        assert_eq!(name.fr, "Erreur de l’agence");
        assert_eq!(wording.fr, "Une erreur\u{a0}: mauvais montant\u{202f}?");
        assert_eq!(wording.en, "An error: wrong amount?");
    }

    #[test]
    fn names_fall_back_to_the_other_language_then_to_the_identifier() {
        let json = serde_json::json!({"labels": {
            "reasons": {"delivery.late": {"fr": "Retard de livraison", "l1": "delivery"}},
            "groups": {"delivery": {"fr": "Livraison", "en": "Delivery"}},
            "criteria": {"C02": {"fr": "Promesse non tenue", "en": "Promise missed", "strictness": "strict"}},
        }});
        let labels = Run::from_json(&json).labels;
        assert_eq!(labels.reason(Language::English, "delivery.late"), "Retard de livraison");
        assert_eq!(labels.reason(Language::English, "order.price"), "order.price");
        assert_eq!(labels.reason(Language::English, "unclear"), "Unclear");
        assert_eq!(labels.group(Language::English, "delivery.late"), "Delivery");
        assert_eq!(labels.criteria["C02"].is_strict, Some(true));
        assert_eq!(labels.owner(Language::French, "logistics"), "logistics");
    }
}
