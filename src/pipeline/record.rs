//! `run.json`, and the summary that the command line prints.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use chrono::SecondsFormat;
use serde::Serialize;
use serde_json::{Value, json};

use super::assemble::Assembled;
use super::intake::FileRecord;
use crate::config::Settings;
use crate::encode::vectors::EncodeCounts;
use crate::faq::ArticleIndex;
use crate::kpi::{self, KpiTable};
use crate::label::taxonomy::{Bilingual, OTHER, UNCLEAR};
use crate::label::{Catalogue, shipped};

/// What identifies the model of a run.
#[derive(Debug, Clone, Serialize)]
pub struct ModelRecord {
    /// As the user chose it.
    pub name: String,
    /// SHA-256 of the files that decide its results.
    pub hash: String,
    /// Kernel class; results of two classes differ in their last bits.
    pub kernel: String,
    /// The classifier that the sentiment comes from, when it is not the model's own head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentiment: Option<SentimentRecord>,
}

/// What identifies the classifier of the sentiment.
#[derive(Debug, Clone, Serialize)]
pub struct SentimentRecord {
    /// As the user chose it.
    pub name: String,
    /// SHA-256 of the files that decide its results.
    pub hash: String,
    /// Kernel class.
    pub kernel: String,
}

impl ModelRecord {
    /// As key-value metadata of the Parquet files.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs =
            vec![("model_sha256".to_owned(), self.hash.clone()), ("kernel_class".to_owned(), self.kernel.clone())];
        if let Some(sentiment) = &self.sentiment {
            pairs.push(("sentiment_model_sha256".to_owned(), sentiment.hash.clone()));
            pairs.push(("sentiment_kernel_class".to_owned(), sentiment.kernel.clone()));
        }
        pairs
    }
}

/// The content of `run.json`.
#[derive(Debug, Clone, Serialize)]
pub struct RunRecord {
    program: &'static str,
    version: &'static str,
    as_of: Option<String>,
    time_zone: String,
    model: ModelRecord,
    config_hash: String,
    taxonomy_hash: String,
    criteria_hash: String,
    /// SHA-256 of the file of the company's articles.
    articles_hash: Option<String>,
    inputs_hash: String,
    taxonomy_version: String,
    criteria_version: String,
    /// First level of each reason, so that an evaluation needs no taxonomy.
    reason_groups: BTreeMap<String, String>,
    inputs: Vec<FileRecord>,
    counts: Value,
    /// What the tables of the FAQ rest on; null what only articles tell, without any.
    faq: Value,
    tables: BTreeMap<String, u64>,
    period: Option<Value>,
    kept_months: Vec<String>,
    redactions: BTreeMap<String, u64>,
    pseudonyms: &'static str,
    thresholds: Value,
    missing_kpis: Value,
    labels: Value,
    settings: Value,
}

impl RunRecord {
    /// Gathers the record of a run.
    pub fn new(
        settings: &Settings,
        catalogue: &Catalogue,
        articles: Option<&ArticleIndex>,
        model: ModelRecord,
        assembled: &Assembled,
        table: &KpiTable,
    ) -> Self {
        let time = |time: chrono::DateTime<chrono::Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
        let records: u64 = assembled.files.iter().map(|file| file.records).sum();
        let label = &settings.options.label;
        let mut tables = assembled.rows.clone();
        tables.insert("kpi".into(), table.batch.num_rows() as u64);
        let mut thresholds = json!({
            "reason": label.reason_threshold.unwrap_or(shipped::REASON_THRESHOLD),
            "avoidable": label.avoidable_threshold.unwrap_or(shipped::AVOIDABLE_THRESHOLD),
            "emotion": shipped::EMOTION_THRESHOLD,
            "repeat": settings.options.repeat.threshold.unwrap_or(shipped::REPEAT_THRESHOLD),
            "csat_satisfied_from": settings.options.survey.csat_satisfied_from,
            "csat_min_answers": settings.options.survey.min_answers,
        });
        // Without articles the report has nothing to say of this one.
        if let Some(articles) = articles {
            thresholds["article"] = articles.threshold().into();
        }
        Self {
            program: "motif",
            version: env!("CARGO_PKG_VERSION"),
            as_of: assembled.as_of.map(time),
            time_zone: settings.time_zone.name().to_owned(),
            model,
            config_hash: settings.config_hash.clone(),
            taxonomy_hash: catalogue.taxonomy_hash.clone(),
            criteria_hash: catalogue.criteria_hash.clone(),
            articles_hash: articles.map(|articles| articles.articles().sha256.clone()),
            inputs_hash: assembled.inputs_hash.clone(),
            taxonomy_version: catalogue.taxonomy.version.clone(),
            criteria_version: catalogue.criteria.version.clone(),
            reason_groups: catalogue
                .taxonomy
                .reasons
                .iter()
                .map(|reason| (reason.id.clone(), reason.group.clone()))
                .collect(),
            inputs: assembled.files.clone(),
            counts: json!({
                "records": records,
                "contacts": assembled.contacts - assembled.kept_contacts,
                "rejects": assembled.rejects.len(),
                "kept_contacts": assembled.kept_contacts,
                "contacts_in_tables": assembled.contacts,
                "counted": assembled.counted,
                "without_customer": assembled.without_customer,
                "by_reject_code": super::tally(assembled.rejects.iter().map(|reject| reject.code.as_str())),
                "by_flag": assembled.flags,
                "by_language": assembled.by_language,
                "by_record_kind": assembled.by_record_kind,
            }),
            faq: json!({
                "questions": assembled.questions,
                "covered": articles.map(|_| assembled.covered),
                "articles": articles.map(|articles| articles.articles().len()),
                "versions": articles.map(|articles| articles.articles().versions()),
            }),
            tables,
            period: assembled.period.map(|(start, end)| json!({"start": time(start), "end": time(end)})),
            kept_months: assembled.kept_months.clone(),
            redactions: assembled.redactions.clone(),
            pseudonyms: if settings.secret.is_default { "public default key" } else { "key of the user" },
            thresholds,
            missing_kpis: serde_json::to_value(&table.missing).unwrap_or_default(),
            labels: labels(catalogue),
            settings: serde_json::to_value(&settings.options).unwrap_or_default(),
        }
    }
}

/// Names of everything that tables refer to by identifier.
fn labels(catalogue: &Catalogue) -> Value {
    let named = |name: &Bilingual| json!({"fr": name.fr, "en": name.en});
    let mut reasons = serde_json::Map::new();
    for reason in &catalogue.taxonomy.reasons {
        reasons.insert(
            reason.id.clone(),
            json!({"fr": reason.name.fr, "en": reason.name.en, "l1": reason.group, "self_service": reason.self_service,
                   "owner": reason.owner, "level": reason.level, "complexity": reason.complexity,
                   "customer_value": reason.customer_value, "company_value": reason.company_value}),
        );
    }
    reasons.insert(OTHER.into(), json!({"fr": "Autre motif", "en": "Other reason", "l1": OTHER}));
    reasons.insert(UNCLEAR.into(), json!({"fr": "Motif indéterminé", "en": "Unclear", "l1": UNCLEAR}));
    let mut groups: serde_json::Map<String, Value> =
        catalogue.taxonomy.groups.iter().map(|group| (group.id.clone(), named(&group.name))).collect();
    groups.insert(OTHER.into(), json!({"fr": "Autre", "en": "Other"}));
    groups.insert(UNCLEAR.into(), json!({"fr": "Indéterminé", "en": "Unclear"}));
    let criteria: serde_json::Map<String, Value> = catalogue
        .criteria
        .criteria
        .iter()
        .map(|criterion| {
            let value = json!({"fr": criterion.name.fr, "en": criterion.name.en, "wording": named(&criterion.wording),
                               "strictness": criterion.strictness, "owner": criterion.owner,
                               "version": criterion.version});
            (criterion.id.clone(), value)
        })
        .collect();
    let owners: serde_json::Map<String, Value> =
        catalogue.taxonomy.owners.iter().map(|owner| (owner.id.clone(), named(&owner.name))).collect();
    let kpis: serde_json::Map<String, Value> = kpi::catalogue::all()
        .map(|entry| (entry.name.to_owned(), serde_json::to_value(entry).unwrap_or_default()))
        .collect();
    json!({"reasons": reasons, "groups": groups, "criteria": criteria, "owners": owners, "kpis": kpis})
}

/// One figure with its interval.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Figure {
    /// Value.
    pub value: Option<f64>,
    /// Low end.
    pub lo: Option<f64>,
    /// High end.
    pub hi: Option<f64>,
    /// Contacts, customers or answers behind it.
    pub n: i64,
}

/// What a run tells at its end.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Records met in the inputs.
    pub records: u64,
    /// Contacts made of them.
    pub contacts: u64,
    /// Contacts of other periods, kept from the previous output.
    pub kept_contacts: u64,
    /// Rejected records.
    pub rejects: u64,
    /// Rejects by code.
    pub by_reject_code: BTreeMap<String, u64>,
    /// Contacts by flag, as in `run.json`.
    #[serde(skip)]
    pub by_flag: BTreeMap<String, u64>,
    /// Contacts that rates count.
    pub counted: u64,
    /// Distinct windows that went through the model, and their tokens.
    pub encoded: u64,
    /// Tokens that went through the model.
    pub tokens: u64,
    /// `(identifier, French name, English name, contacts)`, most frequent first.
    pub top_reasons: Vec<(String, String, String, i64)>,
    /// Figures of the whole, by KPI.
    pub figures: BTreeMap<String, Figure>,
    /// Output folder.
    pub output: PathBuf,
    /// Report.
    pub report: PathBuf,
}

/// Figures of the whole that the summary takes from the KPI table.
const FIGURES: [&str; 8] = [
    "avoidable_rate",
    "avoidable_rate_lenient",
    "repeat_rate_contact_7d",
    "fcr_demand",
    "cost_total_eur",
    "avoidable_cost_eur",
    "repeated_cost_eur",
    "sentiment_mean",
];

impl Summary {
    /// Takes the summary from the record and the KPI table.
    pub fn new(
        assembled: &Assembled,
        table: &KpiTable,
        catalogue: &Catalogue,
        output: &Path,
        encoded: EncodeCounts,
    ) -> Self {
        let (figures, mut reasons) = figures_of(table);
        reasons.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        let name = |id: &str| match catalogue.taxonomy.reason(id) {
            Some(reason) => (reason.name.fr.clone(), reason.name.en.clone()),
            None if id == OTHER => ("Autre motif".to_owned(), "Other reason".to_owned()),
            None => ("Motif indéterminé".to_owned(), "Unclear".to_owned()),
        };
        Self {
            records: assembled.files.iter().map(|file| file.records).sum(),
            contacts: assembled.contacts - assembled.kept_contacts,
            kept_contacts: assembled.kept_contacts,
            rejects: assembled.rejects.len() as u64,
            by_flag: assembled.flags.clone(),
            by_reject_code: super::tally(assembled.rejects.iter().map(|reject| reject.code.as_str())),
            counted: assembled.counted,
            encoded: encoded.encoded,
            tokens: encoded.tokens,
            top_reasons: reasons
                .into_iter()
                .take(5)
                .map(|(id, count)| {
                    let (fr, en) = name(&id);
                    (id, fr, en, count)
                })
                .collect(),
            figures,
            output: output.to_path_buf(),
            report: output.join("report.html"),
        }
    }
}

/// Figures of the whole, and volumes by reason, over all periods.
fn figures_of(table: &KpiTable) -> (BTreeMap<String, Figure>, Vec<(String, i64)>) {
    let mut figures = BTreeMap::new();
    let mut reasons = Vec::new();
    let batch = &table.batch;
    let text = |name: &str| batch.column_by_name(name).and_then(|column| cast(column, &DataType::Utf8).ok());
    let (Some(grain), Some(dimension), Some(dimension_value), Some(kpi)) =
        (text("period_grain"), text("dimension"), text("dimension_value"), text("kpi"))
    else {
        return (figures, reasons);
    };
    let (grain, dimension) = (grain.as_string::<i32>(), dimension.as_string::<i32>());
    let (dimension_value, kpi) = (dimension_value.as_string::<i32>(), kpi.as_string::<i32>());
    let number = |name: &str, row: usize| {
        let column = batch.column_by_name(name)?.as_primitive_opt::<Float64Type>()?;
        arrow::array::Array::is_valid(column, row).then(|| column.value(row))
    };
    for row in 0..batch.num_rows() {
        if grain.value(row) != "all" {
            continue;
        }
        let n = batch
            .column_by_name("n")
            .and_then(|column| column.as_primitive_opt::<Int64Type>().map(|column| column.value(row)))
            .unwrap_or_default();
        if dimension.value(row) == "all" && FIGURES.contains(&kpi.value(row)) {
            let figure = Figure { value: number("value", row), lo: number("lo", row), hi: number("hi", row), n };
            figures.insert(kpi.value(row).to_owned(), figure);
        }
        if dimension.value(row) == "reason" && kpi.value(row) == "volume" {
            reasons.push((dimension_value.value(row).to_owned(), n));
        }
    }
    (figures, reasons)
}
