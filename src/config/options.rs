//! `motif.toml` as the user writes it: every key, its type and its default.
//!
//! Paths are as written; [`super::settings`] resolves them against the configuration file and checks the values.
//! Unknown keys are refused by [`super::read()`], which reports all problems together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The whole file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// What to read.
    pub input: InputOptions,
    /// Field name → column name or names of the user's files.
    pub columns: BTreeMap<String, OneOrMany>,
    /// Values of the user's files → values of Motif, per field: `[values.channel] "Tél." = "phone"`.
    pub values: BTreeMap<String, BTreeMap<String, String>>,
    /// Where to write.
    pub output: OutputOptions,
    /// Contact reasons and avoidability criteria.
    pub taxonomy: TaxonomyOptions,
    /// The encoder.
    pub model: ModelOptions,
    /// Decision thresholds of contact reasons and avoidability.
    pub label: LabelOptions,
    /// Repeat contacts.
    pub repeat: RepeatOptions,
    /// Cost per contact.
    pub cost: CostOptions,
    /// Survey scales.
    pub survey: SurveyOptions,
    /// Articles of the FAQ.
    pub faq: FaqOptions,
    /// Pseudonyms and redaction.
    pub privacy: PrivacyOptions,
    /// Report.
    pub report: ReportOptions,
}

/// One string or several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a name or a list of names")]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Several, tried in order.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The names, in order.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::One(name) => vec![name.as_str()],
            Self::Many(names) => names.iter().map(String::as_str).collect(),
        }
    }
}

/// `[input]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InputOptions {
    /// Files, folders or globs, relative to the configuration file.
    pub paths: Vec<String>,
    /// `auto`, or the format of every file: `csv`, `tsv`, `jsonl`, `parquet`, `eml`, `mbox`, `vtt`, `srt`, `sbv`, `json`, `txt`.
    pub format: String,
    /// `auto` (told by the content), `none` (the general rules), or the platform whose JSON exports are read:
    /// `amazon_connect`, `amazon_transcribe`, `amazon_pca`, `genesys`, `google_insights`, `twilio`, `whisper`, `zendesk`,
    /// `freshdesk`, `intercom`, `salesforce`.
    pub platform: String,
    /// `auto` (UTF-8, UTF-16 with a mark, else windows-1252) or a WHATWG encoding label.
    pub encoding: String,
    /// `auto`, `tab` or one character.
    pub delimiter: String,
    /// Time zone of local times without offset, and of day borders in KPIs (IANA name).
    pub time_zone: String,
    /// Order of day and month in `03/04/2026`: `auto` (day first unless the column shows otherwise), `dmy` or `mdy`.
    pub date_order: String,
    /// The company's own addresses or domains (`@example.com`): mail from them is outbound.
    pub company_addresses: Vec<String>,
    /// CSV, TSV or JSON lines `customer_id,email,phone`: which addresses belong to which customer.
    pub customers: Option<String>,
    /// Channel of contacts whose source does not tell.
    pub default_channel: Option<String>,
    /// A single turn longer than this many characters is refused as `too_long`.
    pub max_turn_chars: usize,
}

impl Default for InputOptions {
    fn default() -> Self {
        Self {
            paths: Vec::new(),
            format: "auto".into(),
            platform: "auto".into(),
            encoding: "auto".into(),
            delimiter: "auto".into(),
            time_zone: "Europe/Paris".into(),
            date_order: "auto".into(),
            company_addresses: Vec::new(),
            customers: None,
            default_channel: None,
            max_turn_chars: 50_000_000,
        }
    }
}

/// `[output]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OutputOptions {
    /// Folder of the tables and the report, relative to the configuration file.
    pub dir: String,
}

impl Default for OutputOptions {
    fn default() -> Self {
        Self { dir: "motif-output".into() }
    }
}

/// `[taxonomy]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TaxonomyOptions {
    /// Contact reasons; absent: the taxonomy that ships.
    pub reasons: Option<String>,
    /// Avoidability criteria; absent: the criteria that ship.
    pub criteria: Option<String>,
}

/// `[model]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelOptions {
    /// `bundled`, a folder in the Hugging Face layout, or the id of a fetched model.
    pub name: String,
    /// `auto`, `cpu`, `cuda` or `metal`.
    pub device: String,
    /// Length of a window, in characters: sentences of a turn are packed up to it, and a longer sentence is cut
    /// between words.
    pub window_chars: usize,
    /// At most this many windows of one contact are analysed; the contact is flagged when it has more.
    pub max_windows_per_contact: usize,
    /// Where the sentiment of turns comes from: absent, the sentiment head of `name`; else `bundled`, or a folder or
    /// fetched model with a sequence classifier or a sentiment head, through which the words go a second time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentiment: Option<String>,
    /// What the labels of that classifier mean, where they do not say it: `LABEL_0 = "negative"`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sentiment_labels: BTreeMap<String, String>,
}

impl Default for ModelOptions {
    fn default() -> Self {
        Self {
            name: "bundled".into(),
            device: "auto".into(),
            window_chars: 360,
            max_windows_per_contact: 400,
            sentiment: None,
            sentiment_labels: BTreeMap::new(),
        }
    }
}

/// `[label]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LabelOptions {
    /// Below this probability of belonging to its likeliest reason, the reason of a contact is `other` (0 to 1); absent: the shipped threshold.
    /// Contacts like `[other.examples]` of the taxonomy are `other` whatever it is.
    pub reason_threshold: Option<f64>,
    /// Below this probability there is no avoidability verdict (0 to 1); absent: the shipped threshold.
    pub avoidable_threshold: Option<f64>,
}

/// `[repeat]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RepeatOptions {
    /// Longest gap, in days, from the closing of the earlier contact, for which links are searched.
    pub max_gap_days: u32,
    /// Probability from which two contacts are linked (0 to 1); absent: the shipped threshold.
    pub threshold: Option<f64>,
}

impl Default for RepeatOptions {
    fn default() -> Self {
        Self { max_gap_days: 30, threshold: None }
    }
}

/// `[cost]`: euros per contact as `[low, high]`; the middle is their mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CostOptions {
    /// A simple or standard call.
    pub phone: [f64; 2],
    /// A simple or standard e-mail.
    pub email: [f64; 2],
    /// A simple or standard chat.
    pub chat: [f64; 2],
    /// A text message.
    pub sms: [f64; 2],
    /// A message on a social network.
    pub social: [f64; 2],
    /// A web form.
    pub web_form: [f64; 2],
    /// A conversation that a bot handles alone.
    pub bot: [f64; 2],
    /// Any contact handled by a person whose reason is `complex`.
    pub complex: [f64; 2],
}

impl Default for CostOptions {
    fn default() -> Self {
        let written = [2.0, 5.0];
        Self {
            phone: [3.0, 8.0],
            email: written,
            chat: written,
            sms: written,
            social: written,
            web_form: written,
            bot: [0.1, 0.5],
            complex: [15.0, 40.0],
        }
    }
}

/// `[survey]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SurveyOptions {
    /// Lowest and highest CSAT answer.
    pub csat_scale: [f64; 2],
    /// Answers from this value count as satisfied; absent: [`Self::usual_satisfied_from`] of the scale.
    pub csat_satisfied_from: f64,
    /// Lowest and highest answer to the recommendation question.
    pub nps_scale: [f64; 2],
    /// Lowest and highest effort answer.
    pub ces_scale: [f64; 2],
    /// `ease` when a high answer means easy, `effort` when it means hard.
    pub ces_high_means: String,
    /// Survey figures with fewer answers than this are computed but marked as too few in the report.
    pub min_answers: u32,
}

impl SurveyOptions {
    /// From which answer customers count as satisfied on a scale, when the company does not say: the first whole number at
    /// three quarters of the scale. 4 of 1 to 5 is the usual one; so it is 8 of 1 to 10, and 75 of 0 to 100.
    pub fn usual_satisfied_from([low, high]: [f64; 2]) -> f64 {
        (low + 0.75 * (high - low)).ceil().min(high)
    }
}

impl Default for SurveyOptions {
    fn default() -> Self {
        Self {
            csat_scale: [1.0, 5.0],
            csat_satisfied_from: 4.0,
            nps_scale: [0.0, 10.0],
            ces_scale: [1.0, 7.0],
            ces_high_means: "ease".into(),
            min_answers: 30,
        }
    }
}

/// `[faq]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaqOptions {
    /// The company's articles, `article_id,title,text` and also `language,url`, relative to the configuration file; absent: none.
    pub articles: Option<String>,
    /// Similarity from which an article covers a question (0 to 1); absent: the shipped threshold.
    pub article_threshold: Option<f64>,
}

/// `[privacy]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PrivacyOptions {
    /// Environment variable that holds the secret of the customer pseudonyms.
    pub secret_env: String,
    /// File that holds it; wins over the variable.
    pub secret_file: Option<String>,
    /// Extra patterns of the company: placeholder name → regular expression (`CONTRACT = 'CT-\d{8}'`).
    pub patterns: BTreeMap<String, String>,
}

impl Default for PrivacyOptions {
    fn default() -> Self {
        Self { secret_env: "MOTIF_SECRET".into(), secret_file: None, patterns: BTreeMap::new() }
    }
}

/// `[report]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReportOptions {
    /// Title shown at the top; absent: a neutral one.
    pub title: Option<String>,
    /// Language shown first: `fr` or `en`.
    pub language: String,
    /// Rates over fewer contacts than this are greyed.
    pub min_contacts: u32,
}

impl Default for ReportOptions {
    fn default() -> Self {
        Self { title: None, language: "fr".into(), min_contacts: 5 }
    }
}
