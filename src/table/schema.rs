//! Every column of every table, declared once: name, type, unit, whether it may be null, and meaning.
//!
//! The Arrow schemas, `motif schema` and the documentation come from here, so they cannot disagree.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use serde::Serialize;

/// Type of a column, as users see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// UTF-8 text or identifier.
    Text,
    /// One of a few strings, dictionary-encoded.
    Enum,
    /// True or false.
    Boolean,
    /// 32-bit integer.
    Int,
    /// 64-bit integer.
    Long,
    /// 64-bit floating point number.
    Double,
    /// 32-bit floating point number.
    Float,
    /// TIMESTAMP(µs, UTC).
    Timestamp,
    /// DATE in the configured time zone.
    Date,
    /// DECIMAL(12,4), euros.
    Eur,
    /// List of texts.
    TextList,
}

impl ColumnType {
    /// The Arrow type.
    pub fn arrow(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Enum => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
            Self::Boolean => DataType::Boolean,
            Self::Int => DataType::Int32,
            Self::Long => DataType::Int64,
            Self::Double => DataType::Float64,
            Self::Float => DataType::Float32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Date => DataType::Date32,
            Self::Eur => DataType::Decimal128(12, 4),
            Self::TextList => DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))),
        }
    }
}

/// One column.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Column {
    /// Name: snake_case, with the unit as suffix.
    pub name: &'static str,
    /// Type.
    #[serde(rename = "type")]
    pub column_type: ColumnType,
    /// Whether it may be null (unknown).
    pub nullable: bool,
    /// Meaning, with range and unit.
    pub meaning: &'static str,
}

/// One table.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Table {
    /// Folder under the output directory.
    pub name: &'static str,
    /// What one row is, and the order of the rows.
    pub row: &'static str,
    /// Columns, in order.
    pub columns: &'static [Column],
}

impl Table {
    /// The Arrow schema, without key-value metadata.
    pub fn schema(&self) -> SchemaRef {
        let fields: Vec<Field> = self
            .columns
            .iter()
            .map(|column| Field::new(column.name, column.column_type.arrow(), column.nullable))
            .collect();
        Arc::new(Schema::new(fields))
    }
}

const fn must(name: &'static str, column_type: ColumnType, meaning: &'static str) -> Column {
    Column { name, column_type, nullable: false, meaning }
}

const fn may(name: &'static str, column_type: ColumnType, meaning: &'static str) -> Column {
    Column { name, column_type, nullable: true, meaning }
}

use ColumnType::{Boolean, Date, Double, Enum, Eur, Float, Int, Long, Text, TextList, Timestamp};

/// One row per contact.
pub const CONTACTS: Table = Table {
    name: "contacts",
    row: "one contact (also automatic replies, bounces, duplicates and outbound contacts, which no rate counts); Hive partition contact_month=YYYY-MM (month of contact_date); ordered by customer_key (unknown first), started_at, contact_id inside a month",
    columns: &[
        must(
            "contact_id",
            Text,
            "identifier of the contact, from the source (Message-ID for e-mail); unique among the rows whose record_kind is not duplicate",
        ),
        may(
            "customer_key",
            Text,
            "pseudonym of the customer: HMAC-SHA256 of the customer identifier, first 16 bytes in hexadecimal; null when the source does not tell who it was",
        ),
        may("channel", Enum, "phone, email, chat, sms, social, web_form or bot"),
        must("direction", Enum, "inbound (by the customer) or outbound (by the company)"),
        must("record_kind", Enum, "contact, auto_reply, bounce or duplicate"),
        must("is_counted", Boolean, "whether the row enters rates: an inbound contact by a customer"),
        may("language", Enum, "ISO 639-1 code of the customer's words"),
        must("started_at", Timestamp, "start, UTC"),
        must(
            "ended_at",
            Timestamp,
            "closing, UTC; the end of the last turn, else the start, when the source has no closing time",
        ),
        must("is_ended_at_derived", Boolean, "whether ended_at was derived because the source has none"),
        must("contact_date", Date, "day of started_at in the configured time zone"),
        may("subject", Text, "subject line, redacted"),
        may("message_id", Text, "Message-ID of an e-mail, without angle brackets"),
        must("thread_references", TextList, "In-Reply-To and References of an e-mail, nearest first"),
        may("team", Enum, "team, as in the source"),
        may("agent_id", Text, "agent, as in the source; never a dimension of avoidability"),
        may("site", Enum, "site, as in the source"),
        may("campaign", Enum, "campaign, as in the source"),
        may("queue", Enum, "queue, as in the source"),
        may("level", Int, "support level that answered: 1, 2 or 3"),
        may("segment", Enum, "customer segment, as in the source"),
        may("product", Enum, "product or line of business, as in the source"),
        may("agent_reason", Text, "reason coded by the agent, redacted"),
        may("wait_s", Double, "seconds waited before the answer"),
        may("talk_s", Double, "seconds of conversation"),
        may("hold_s", Double, "seconds on hold"),
        may("acw_s", Double, "seconds of after-call work"),
        may(
            "handle_time_s",
            Double,
            "talk_s + hold_s + acw_s; null when talk_s is unknown, unknown hold or after-call work counts as 0",
        ),
        may(
            "silence_s",
            Double,
            "seconds in which nobody spoke: as the source states it, else the pauses of 3 s or more between the turns of a call",
        ),
        may(
            "interruptions",
            Int,
            "turns that began while the other party was still speaking: as the source states it, else those that overlap by 0.5 s or more",
        ),
        may(
            "agent_talk_share",
            Double,
            "share of the speaking time of agent and customer that was the agent's, 0 to 1",
        ),
        may("is_abandoned", Boolean, "the customer left before the answer"),
        may("is_transferred", Boolean, "the contact was transferred"),
        may("transferred_to", Enum, "where it was transferred to"),
        may("transfer_type", Enum, "level_up, other_service, wrong_routing or callback"),
        may("csat", Double, "satisfaction answer on the configured scale (default 1 to 5)"),
        may("nps", Double, "recommendation answer (default 0 to 10)"),
        may("ces", Double, "effort answer on the configured scale (default 1 to 7, 7 = very easy)"),
        must("turns", Int, "number of turns"),
        may(
            "speaker_confidence",
            Double,
            "how sure it is who speaks, 0 to 1; null when the source states the roles, 0 when nothing allows to tell",
        ),
        must("customer_turns", Int, "number of the customer's turns"),
        must("customer_chars", Long, "characters of the customer's redacted words"),
        may(
            "reason_id",
            Enum,
            "primary contact reason (leaf of the taxonomy), other or unclear; null when the row is not counted",
        ),
        may("reason_l1", Enum, "first level of the primary reason"),
        may(
            "reason_score",
            Double,
            "probability of the primary reason among the reasons of the taxonomy, 0 to 1, fitted on development contacts; of the nearest reason when it is other or unclear",
        ),
        may("reason_2_id", Enum, "second contact reason, when there is one"),
        may("reason_2_score", Double, "its probability, 0 to 1, on the same scale as reason_score"),
        may("reason_3_id", Enum, "third contact reason, when there is one"),
        may("reason_3_score", Double, "its probability, 0 to 1, on the same scale as reason_score"),
        may(
            "is_self_service_eligible",
            Boolean,
            "whether the taxonomy says that self-service can answer the primary reason; null for other and unclear",
        ),
        may(
            "is_avoidable",
            Boolean,
            "a strict criterion has evidence in the customer's words; null when the row is not counted or has no customer words",
        ),
        may(
            "is_avoidable_lenient",
            Boolean,
            "a strict or lenient criterion has evidence; true whenever is_avoidable is",
        ),
        may("avoidable_probability", Double, "calibrated probability that a strict criterion applies, 0 to 1"),
        may("criterion_id", Enum, "criterion of the verdict; null without evidence"),
        may(
            "owner",
            Enum,
            "department that can remove the cause; null without a verdict, and where the criterion leaves it to the reason and that is other or unclear",
        ),
        may(
            "sentiment_score",
            Double,
            "customer sentiment, −100 to 100: 100·tanh(0.75·Σ of signed turns weighted by position)",
        ),
        may("sentiment_label", Enum, "negative, neutral or positive"),
        may(
            "sentiment_trend",
            Double,
            "(mean of the end − mean of the start)/2 of the turn sentiments, −100 to 100; null below six customer turns",
        ),
        may("sentiment_trend_label", Enum, "improving, slightly_improving, no_change, slightly_declining or declining"),
        may(
            "emotion_label",
            Enum,
            "satisfaction, dissatisfaction, frustration, confusion or none: the strongest emotion but none by the mean over the customer's turns, none below the threshold; null when the model has no emotion head or the customer says nothing",
        ),
        may(
            "emotion_score",
            Double,
            "mean probability of the strongest emotion but none over the customer's turns, 0 to 1; null as emotion_label",
        ),
        may(
            "repeat_of_contact_id",
            Text,
            "the latest earlier contact of the same customer about the same issue, within the longest window",
        ),
        may(
            "is_repeat_48h",
            Boolean,
            "comes back within 48 hours of the closing of the contact that repeat_of_contact_id names",
        ),
        may("is_repeat_72h", Boolean, "the same within 72 hours"),
        may(
            "is_repeat_7d",
            Boolean,
            "the same within 7 days; null while unknown: no customer, or the loaded history before the contact is shorter than the window and shows no earlier contact",
        ),
        may("is_repeat_14d", Boolean, "the same within 14 days"),
        may(
            "is_recontacted_48h",
            Boolean,
            "the next contact of the same episode began within 48 hours of this contact's closing; null until the window has elapsed, and without a customer. The repeat rates use this column",
        ),
        may("is_recontacted_72h", Boolean, "the same within 72 hours"),
        may("is_recontacted_7d", Boolean, "the same within 7 days"),
        may("is_recontacted_14d", Boolean, "the same within 14 days"),
        may(
            "episode_id",
            Text,
            "the issue that the contact belongs to (table episodes); null when the row is not counted",
        ),
        may(
            "cost_low_eur",
            Eur,
            "cost of the contact, low end of the configured range; null when the channel is unknown or the row is not counted",
        ),
        may("cost_mid_eur", Eur, "middle of the range"),
        may("cost_high_eur", Eur, "high end of the range"),
        must("flags", TextList, "stable codes of things worth knowing about the record, sorted"),
        must("source_file", Text, "name of the file that the record came from, without its folder"),
    ],
};

/// One row per turn.
pub const TURNS: Table = Table {
    name: "turns",
    row: "one turn of a contact (not repeated for duplicates); ordered as contacts, then by turn_index",
    columns: &[
        must("contact_id", Text, "contact"),
        must("turn_index", Int, "0-based position in the contact"),
        must("speaker", Enum, "customer, agent, bot, ivr or unknown"),
        must("text", Text, "cleaned and redacted words"),
        may("language", Enum, "ISO 639-1 code, when the turn's language differs from or confirms the contact's"),
        may("start_s", Double, "start, seconds from the start of the contact"),
        may("end_s", Double, "end, seconds from the start of the contact"),
        may("asr_confidence", Double, "how sure the speech recogniser is of the words, 0 to 1; null for written turns"),
        may(
            "sentiment_score",
            Double,
            "100·(p_positive − p_negative), −100 to 100; null for turns that are not the customer's (when the source names no speaker at all, every turn counts as the customer's)",
        ),
        may("p_negative", Float, "probability of negative sentiment, 0 to 1"),
        may("p_neutral", Float, "probability of neutral sentiment, 0 to 1"),
        may("p_positive", Float, "probability of positive sentiment, 0 to 1"),
        may(
            "emotion_label",
            Enum,
            "most probable of satisfaction, dissatisfaction, frustration, confusion and none; null when the model has no emotion head, and for turns that are not the customer's",
        ),
        may("p_satisfaction", Float, "probability of satisfaction, 0 to 1; the five add up to 1 with none"),
        may("p_dissatisfaction", Float, "probability of dissatisfaction, 0 to 1"),
        may("p_frustration", Float, "probability of frustration or impatience, 0 to 1"),
        may("p_confusion", Float, "probability of confusion, 0 to 1"),
    ],
};

/// Evidence.
pub const SPANS: Table = Table {
    name: "spans",
    row: "one piece of evidence; ordered as turns, then by start_char, kind, ref_id",
    columns: &[
        must("contact_id", Text, "contact"),
        must(
            "turn_index",
            Int,
            "turn of the table turns; the customer's, but for reasons that the customer never named: then the agent's",
        ),
        must("kind", Enum, "reason, avoidable or repeat_marker"),
        must("ref_id", Text, "reason_id, criterion_id or marker that the words are evidence of"),
        must("start_char", Int, "first character (Unicode characters of the redacted turn)"),
        must("end_char", Int, "one past the last character"),
        must(
            "score",
            Double,
            "reason: the contact's probability of it, or how strongly these words speak for it where the subject line says it best; avoidable: probability of the criterion in these words; repeat_marker: 1; 0 to 1",
        ),
    ],
};

/// Repeat links.
pub const LINKS: Table = Table {
    name: "links",
    row: "one pair of contacts of a customer about the same issue, the later with the nearest earlier; ordered by from and to as contacts",
    columns: &[
        must("from_contact_id", Text, "earlier contact"),
        must("to_contact_id", Text, "later contact"),
        must("customer_key", Text, "customer"),
        must(
            "gap_s",
            Double,
            "seconds from the closing of the earlier contact to the start of the later; negative when they overlap",
        ),
        must(
            "probability",
            Double,
            "probability that both are about the same issue, 0 to 1: from the meaning of the customer's words, figures that both name, and words of the later contact that refer back; at least 0.95 in one e-mail thread",
        ),
        must("similarity", Double, "cosine of the meaning of the customer's words, −1 to 1"),
        must(
            "link_type",
            Enum,
            "thread (an e-mail reply), reference (the same order, file or claim number), or meaning",
        ),
    ],
};

/// Episodes.
pub const EPISODES: Table = Table {
    name: "episodes",
    row: "one issue of one customer: contacts chained by links; ordered by customer_key, started_at, episode_id",
    columns: &[
        must("episode_id", Text, "identifier: that of the first contact with the prefix ep-"),
        may("customer_key", Text, "customer"),
        may("reason_id", Enum, "reason of the first contact"),
        must("first_contact_id", Text, "first contact"),
        must("last_contact_id", Text, "last contact"),
        must("contacts", Int, "number of counted contacts"),
        must("channels", TextList, "distinct channels, sorted"),
        must("started_at", Timestamp, "start of the first contact, UTC"),
        must("ended_at", Timestamp, "closing of the last contact, UTC"),
        must("started_date", Date, "day of started_at in the configured time zone"),
        must(
            "is_elapsed_7d",
            Boolean,
            "whether 7 days have passed since the closing of the first contact, so that first contact resolution is known",
        ),
        must("is_elapsed_14d", Boolean, "whether 14 days have passed"),
        may("cost_low_eur", Eur, "cost of all its contacts, low end"),
        may("cost_mid_eur", Eur, "middle"),
        may("cost_high_eur", Eur, "high end"),
    ],
};

/// KPI values.
pub const KPI: Table = Table {
    name: "kpi",
    row: "one value of one KPI for one period and one value of one dimension; ordered by kpi, period_grain, period_start, dimension, dimension_value",
    columns: &[
        must("period_grain", Enum, "day, week (from Monday), month or all"),
        may(
            "period_start",
            Date,
            "first day of the period in the configured time zone; the first day of the data for all",
        ),
        must("dimension", Enum, "all, reason, reason_l1, channel, product, team, site, language, owner or criterion"),
        must("dimension_value", Text, "value of the dimension; 'all' for all, '(unknown)' when it is not known"),
        must("kpi", Enum, "name of the KPI in the catalogue"),
        may("value", Double, "the value, in the unit that the catalogue gives; null when the denominator is 0"),
        may("numerator", Double, "numerator of a rate, or sum"),
        may("denominator", Double, "denominator"),
        may("lo", Double, "low end of the 95 % interval, or of the cost range"),
        may("hi", Double, "high end"),
        must("n", Long, "number of contacts, customers, episodes or answers behind the value"),
        must("method", Enum, "how the interval was made: wilson, normal, range or none"),
    ],
};

/// FAQ candidates.
pub const FAQ_GAPS: Table = Table {
    name: "faq_gaps",
    row: "one cluster of questions that self-service can answer; ordered by cost_mid_eur, highest first",
    columns: &[
        must("faq_id", Text, "identifier: faq- and the contact_id of the most central contact"),
        must("reason_id", Enum, "contact reason that most of its contacts share"),
        may("language", Enum, "language of most of its contacts"),
        must("contacts", Int, "number of contacts"),
        must("customers", Int, "number of distinct customers"),
        may("avoidable_share", Double, "share of them with an avoidability verdict, strict or lenient, 0 to 1"),
        may("info_not_found_share", Double, "share whose customer had looked and not found (criterion C04), 0 to 1"),
        may("repeat_share", Double, "share that are repeats within 14 days, 0 to 1"),
        may("cost_low_eur", Eur, "cost of its contacts, low end"),
        may("cost_mid_eur", Eur, "middle"),
        may("cost_high_eur", Eur, "high end"),
        must("cohesion", Double, "mean cosine to the centre, −1 to 1"),
        must("question", Text, "redacted words of the most central contact"),
        must("verbatims", TextList, "up to three redacted verbatims, most central first"),
        must("contact_ids", TextList, "its contacts, most central first"),
    ],
};

/// Every table.
pub const TABLES: &[Table] = &[CONTACTS, TURNS, SPANS, LINKS, EPISODES, KPI, FAQ_GAPS];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_unit_conventions() {
        for table in TABLES {
            for column in table.columns {
                let name = column.name;
                assert_eq!(name, name.to_lowercase(), "{name}");
                assert_eq!(name.ends_with("_eur"), column.column_type == ColumnType::Eur, "{name}");
                assert_eq!(name.ends_with("_at"), column.column_type == ColumnType::Timestamp, "{name}");
                assert_eq!(name.starts_with("is_"), column.column_type == ColumnType::Boolean, "{name}");
            }
        }
    }

    #[test]
    fn no_column_is_declared_twice() {
        for table in TABLES {
            let mut names: Vec<_> = table.columns.iter().map(|column| column.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), table.columns.len(), "{}", table.name);
        }
    }
}
