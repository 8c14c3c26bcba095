//! The rows of each table and their batches.

use arrow::record_batch::RecordBatch;
use chrono::{DateTime, NaiveDate, Utc};

use super::columns::Columns;
use super::schema;
use crate::contact::RecordKind;
use crate::cost::Cost;
use crate::error::Result;
use crate::label::emotion::strongest;
use crate::label::labelled::{Labelled, Span};
use crate::label::sentiment::turn_score;

/// One row of `contacts`, with what its turns and spans need.
#[derive(Debug, Clone)]
pub struct ContactRow {
    /// The contact and its verdicts.
    pub labelled: Labelled,
    /// Kind, once duplicates are known.
    pub kind: RecordKind,
    /// Whether rates count it, once duplicates are known.
    pub is_counted: bool,
    /// Closing time.
    pub ended_at: DateTime<Utc>,
    /// Local day of the start.
    pub contact_date: NaiveDate,
    /// First level of the primary reason.
    pub reason_l1: Option<String>,
    /// From the taxonomy.
    pub is_self_service_eligible: Option<bool>,
    /// Latest earlier contact about the same issue.
    pub repeat_of: Option<String>,
    /// 48 h, 72 h, 7 d, 14 d.
    pub is_repeat: [Option<bool>; 4],
    /// 48 h, 72 h, 7 d, 14 d.
    pub is_recontacted: [Option<bool>; 4],
    /// 48 h, 72 h, 7 d, 14 d.
    pub is_recontact_open: [Option<bool>; 4],
    /// Episode.
    pub episode_id: Option<String>,
    /// Unit cost.
    pub cost: Option<Cost>,
}

impl ContactRow {
    fn reason(&self, place: usize) -> Option<&crate::label::reason::ReasonHit> {
        self.labelled.reasons.get(place).filter(|_| self.is_counted)
    }

    fn when_counted<T>(&self, value: Option<T>) -> Option<T> {
        value.filter(|_| self.is_counted)
    }

    fn handle_time_s(&self) -> Option<f64> {
        let handling = &self.labelled.contact.handling;
        handling.talk_s.map(|talk_s| talk_s + handling.hold_s.unwrap_or(0.0) + handling.acw_s.unwrap_or(0.0))
    }

    fn source_file(&self) -> &str {
        let file = self.labelled.contact.provenance.file.as_str();
        file.rsplit(['/', '\\']).next().unwrap_or(file)
    }
}

/// Rows of `contacts`.
///
/// # Errors
/// A broken promise between this file and the schema.
pub fn contacts(rows: &[ContactRow]) -> Result<RecordBatch> {
    let mut columns = Columns::new(&schema::CONTACTS, rows);
    columns
        .text("contact_id", |row| Some(&row.labelled.contact.contact_id))
        .text("customer_key", |row| row.labelled.contact.customer_key.as_deref())
        .enumerated("channel", |row| row.labelled.contact.channel.map(|channel| channel.as_str()))
        .enumerated("direction", |row| Some(row.labelled.contact.direction.as_str()))
        .enumerated("record_kind", |row| Some(row.kind.as_str()))
        .boolean("is_counted", |row| Some(row.is_counted))
        .enumerated("language", |row| row.labelled.contact.language.as_deref())
        .timestamp("started_at", |row| Some(row.labelled.contact.started_at))
        .timestamp("ended_at", |row| Some(row.ended_at))
        .boolean("is_ended_at_derived", |row| Some(row.labelled.contact.ended_at.is_none()))
        .date("contact_date", |row| Some(row.contact_date))
        .text("subject", |row| row.labelled.contact.subject.as_deref())
        .text("message_id", |row| row.labelled.contact.thread.message_id.as_deref())
        .text_list("thread_references", |row| row.labelled.contact.thread.references.iter().map(String::as_str))
        .enumerated("team", |row| row.labelled.contact.dimensions.team.as_deref())
        .text("agent_id", |row| row.labelled.contact.dimensions.agent_id.as_deref())
        .enumerated("site", |row| row.labelled.contact.dimensions.site.as_deref())
        .enumerated("campaign", |row| row.labelled.contact.dimensions.campaign.as_deref())
        .enumerated("queue", |row| row.labelled.contact.dimensions.queue.as_deref())
        .int("level", |row| row.labelled.contact.dimensions.level.map(i32::from))
        .enumerated("segment", |row| row.labelled.contact.dimensions.segment.as_deref())
        .enumerated("product", |row| row.labelled.contact.dimensions.product.as_deref())
        .text("agent_reason", |row| row.labelled.contact.agent_reason.as_deref())
        .double("wait_s", |row| row.labelled.contact.handling.wait_s)
        .double("talk_s", |row| row.labelled.contact.handling.talk_s)
        .double("hold_s", |row| row.labelled.contact.handling.hold_s)
        .double("acw_s", |row| row.labelled.contact.handling.acw_s)
        .double("handle_time_s", ContactRow::handle_time_s)
        .double("silence_s", |row| row.labelled.contact.handling.silence_s)
        .int("interruptions", |row| {
            row.labelled.contact.handling.interruptions.map(|count| i32::try_from(count).unwrap_or(i32::MAX))
        })
        .double("agent_talk_share", |row| row.labelled.contact.handling.agent_talk_share)
        .boolean("is_abandoned", |row| row.labelled.contact.handling.is_abandoned)
        .boolean("is_transferred", |row| row.labelled.contact.handling.is_transferred)
        .enumerated("transferred_to", |row| row.labelled.contact.handling.transferred_to.as_deref())
        .enumerated("transfer_type", |row| row.labelled.contact.handling.transfer_type.map(|kind| kind.as_str()))
        .double("csat", |row| row.labelled.contact.survey.csat)
        .double("nps", |row| row.labelled.contact.survey.nps)
        .double("ces", |row| row.labelled.contact.survey.ces)
        .int("turns", |row| Some(row.labelled.contact.turns.len() as i32))
        .double("speaker_confidence", |row| row.labelled.contact.speaker_confidence)
        .int("customer_turns", |row| Some(row.labelled.customer_turns as i32))
        .long("customer_chars", |row| Some(row.labelled.customer_chars as i64))
        .enumerated("reason_id", |row| row.reason(0).map(|hit| hit.id.as_str()))
        .enumerated("reason_l1", |row| row.when_counted(row.reason_l1.as_deref()))
        .double("reason_score", |row| row.reason(0).map(|hit| hit.score))
        .enumerated("reason_2_id", |row| row.reason(1).map(|hit| hit.id.as_str()))
        .double("reason_2_score", |row| row.reason(1).map(|hit| hit.score))
        .enumerated("reason_3_id", |row| row.reason(2).map(|hit| hit.id.as_str()))
        .double("reason_3_score", |row| row.reason(2).map(|hit| hit.score))
        .boolean("is_self_service_eligible", |row| row.when_counted(row.is_self_service_eligible))
        .boolean("is_avoidable", |row| row.when_counted(row.labelled.is_avoidable))
        .boolean("is_avoidable_lenient", |row| row.when_counted(row.labelled.is_avoidable_lenient))
        .double("avoidable_probability", |row| row.when_counted(row.labelled.avoidable_probability))
        .enumerated("criterion_id", |row| row.when_counted(row.labelled.criterion.as_deref()))
        .enumerated("owner", |row| row.when_counted(row.labelled.owner.as_deref()))
        .double("sentiment_score", |row| row.when_counted(row.labelled.sentiment.as_ref().map(|felt| felt.score)))
        .enumerated("sentiment_label", |row| {
            row.when_counted(row.labelled.sentiment.as_ref().map(|felt| felt.label_name()))
        })
        .double("sentiment_trend", |row| row.when_counted(row.labelled.sentiment.as_ref().and_then(|felt| felt.trend)))
        .enumerated("sentiment_trend_label", |row| {
            row.when_counted(row.labelled.sentiment.as_ref().and_then(|felt| felt.trend_label()))
        })
        .enumerated("emotion_label", |row| {
            row.when_counted(row.labelled.emotion.as_ref().map(|emotion| emotion.label_name()))
        })
        .double("emotion_score", |row| row.when_counted(row.labelled.emotion.map(|emotion| emotion.score)))
        .text("repeat_of_contact_id", |row| row.repeat_of.as_deref())
        .boolean("is_repeat_48h", |row| row.is_repeat[0])
        .boolean("is_repeat_72h", |row| row.is_repeat[1])
        .boolean("is_repeat_7d", |row| row.is_repeat[2])
        .boolean("is_repeat_14d", |row| row.is_repeat[3])
        .boolean("is_recontacted_48h", |row| row.is_recontacted[0])
        .boolean("is_recontacted_72h", |row| row.is_recontacted[1])
        .boolean("is_recontacted_7d", |row| row.is_recontacted[2])
        .boolean("is_recontacted_14d", |row| row.is_recontacted[3])
        .boolean("is_recontact_open_7d", |row| row.is_recontact_open[2])
        .boolean("is_recontact_open_14d", |row| row.is_recontact_open[3])
        .text("episode_id", |row| row.episode_id.as_deref())
        .eur("cost_low_eur", |row| row.cost.map(|cost| cost.low))?
        .eur("cost_mid_eur", |row| row.cost.map(|cost| cost.mid()))?
        .eur("cost_high_eur", |row| row.cost.map(|cost| cost.high))?
        .text_list("flags", |row| row.labelled.contact.flags.iter().map(String::as_str))
        .text("source_file", |row| Some(row.source_file()))
        .finish()
}

/// Rows of `turns`.
///
/// # Errors
/// A broken promise between this file and the schema.
pub fn turns(rows: &[&ContactRow]) -> Result<RecordBatch> {
    let flat: Vec<(&ContactRow, usize)> =
        rows.iter().flat_map(|row| (0..row.labelled.contact.turns.len()).map(|index| (*row, index))).collect();
    let turn = |(row, index): &(&ContactRow, usize)| row.labelled.contact.turns[*index].clone();
    let felt = |(row, index): &(&ContactRow, usize)| row.labelled.turn_sentiment.get(*index).copied().flatten();
    let emotions = |(row, index): &(&ContactRow, usize)| row.labelled.turn_emotions.get(*index).copied().flatten();
    let mut columns = Columns::new(&schema::TURNS, &flat);
    columns
        .text("contact_id", |(row, _)| Some(&row.labelled.contact.contact_id))
        .int("turn_index", |(_, index)| Some(*index as i32))
        .enumerated("speaker", |(row, index)| Some(row.labelled.contact.turns[*index].speaker.as_str()))
        .text("text", |(row, index)| Some(&row.labelled.contact.turns[*index].text))
        .enumerated("language", |(row, index)| row.labelled.contact.turns[*index].language.as_deref())
        .double("start_s", |pair| turn(pair).start_s)
        .double("end_s", |pair| turn(pair).end_s)
        .double("asr_confidence", |pair| turn(pair).confidence)
        .double("sentiment_score", |pair| felt(pair).map(|felt| turn_score(&felt)))
        .float("p_negative", |pair| felt(pair).map(|felt| felt[0]))
        .float("p_neutral", |pair| felt(pair).map(|felt| felt[1]))
        .float("p_positive", |pair| felt(pair).map(|felt| felt[2]))
        .enumerated("emotion_label", |pair| emotions(pair).map(|emotions| strongest(&emotions)))
        .float("p_satisfaction", |pair| emotions(pair).map(|emotions| emotions[0]))
        .float("p_dissatisfaction", |pair| emotions(pair).map(|emotions| emotions[1]))
        .float("p_frustration", |pair| emotions(pair).map(|emotions| emotions[2]))
        .float("p_confusion", |pair| emotions(pair).map(|emotions| emotions[3]))
        .finish()
}

/// Rows of `spans`.
///
/// # Errors
/// A broken promise between this file and the schema.
pub fn spans(rows: &[&ContactRow]) -> Result<RecordBatch> {
    let flat: Vec<(&str, &Span)> = rows
        .iter()
        .filter(|row| row.is_counted)
        .flat_map(|row| row.labelled.spans.iter().map(|span| (row.labelled.contact.contact_id.as_str(), span)))
        .collect();
    Columns::new(&schema::SPANS, &flat)
        .text("contact_id", |(id, _)| Some(id))
        .int("turn_index", |(_, span)| Some(span.turn as i32))
        .enumerated("kind", |(_, span)| Some(span.kind.as_str()))
        .text("ref_id", |(_, span)| Some(&span.ref_id))
        .int("start_char", |(_, span)| Some(span.start_char as i32))
        .int("end_char", |(_, span)| Some(span.end_char as i32))
        .double("score", |(_, span)| Some(span.score))
        .finish()
}

/// One row of `links`.
#[derive(Debug, Clone)]
pub struct LinkRow {
    /// Earlier contact.
    pub from: String,
    /// Later contact.
    pub to: String,
    /// Customer.
    pub customer_key: String,
    /// The link.
    pub link: crate::repeat::Link,
}

/// Rows of `links`.
///
/// # Errors
/// A broken promise between this file and the schema.
pub fn links(rows: &[LinkRow]) -> Result<RecordBatch> {
    Columns::new(&schema::LINKS, rows)
        .text("from_contact_id", |row| Some(&row.from))
        .text("to_contact_id", |row| Some(&row.to))
        .text("customer_key", |row| Some(&row.customer_key))
        .double("gap_s", |row| Some(row.link.gap_s))
        .double("probability", |row| Some(row.link.probability))
        .double("similarity", |row| row.link.similarity)
        .enumerated("link_type", |row| Some(row.link.link_type.as_str()))
        .finish()
}

/// One row of `episodes`.
#[derive(Debug, Clone)]
pub struct EpisodeRow {
    /// The episode.
    pub episode: crate::repeat::Episode,
    /// Customer.
    pub customer_key: Option<String>,
    /// Reason of the first contact.
    pub reason_id: Option<String>,
    /// First contact.
    pub first: String,
    /// Last contact.
    pub last: String,
    /// Start of the first.
    pub started_at: DateTime<Utc>,
    /// Closing of the last.
    pub ended_at: DateTime<Utc>,
    /// Local day of the start.
    pub started_date: NaiveDate,
    /// Cost of all its contacts; `None` unless each has one.
    pub cost: Option<Cost>,
    /// The same of those within 7 days.
    pub cost_7d: Option<Cost>,
}

/// Rows of `episodes`.
///
/// # Errors
/// A broken promise between this file and the schema.
pub fn episodes(rows: &[EpisodeRow]) -> Result<RecordBatch> {
    Columns::new(&schema::EPISODES, rows)
        .text("episode_id", |row| Some(&row.episode.episode_id))
        .text("customer_key", |row| row.customer_key.as_deref())
        .enumerated("reason_id", |row| row.reason_id.as_deref())
        .text("first_contact_id", |row| Some(&row.first))
        .text("last_contact_id", |row| Some(&row.last))
        .int("contacts", |row| Some(row.episode.contacts.len() as i32))
        .int("contacts_7d", |row| Some(row.episode.contacts_7d as i32))
        .text_list("channels", |row| row.episode.channels.iter().copied())
        .timestamp("started_at", |row| Some(row.started_at))
        .timestamp("ended_at", |row| Some(row.ended_at))
        .date("started_date", |row| Some(row.started_date))
        .boolean("is_elapsed_7d", |row| Some(row.episode.is_elapsed[0]))
        .boolean("is_elapsed_14d", |row| Some(row.episode.is_elapsed[1]))
        .boolean("is_resolution_known", |row| Some(row.episode.is_resolution_known))
        .eur("cost_low_eur", |row| row.cost.map(|cost| cost.low))?
        .eur("cost_mid_eur", |row| row.cost.map(|cost| cost.mid()))?
        .eur("cost_high_eur", |row| row.cost.map(|cost| cost.high))?
        .eur("cost_low_7d_eur", |row| row.cost_7d.map(|cost| cost.low))?
        .eur("cost_mid_7d_eur", |row| row.cost_7d.map(|cost| cost.mid()))?
        .eur("cost_high_7d_eur", |row| row.cost_7d.map(|cost| cost.high))?
        .finish()
}
