//! Amazon Connect Contact Lens, its real-time segments, and Amazon Transcribe Call Analytics.
//!
//! The analysed files have `Transcript` (with `ParticipantId` or `ParticipantRole`, `Content`, offsets in milliseconds, or
//! `AbsoluteTime` in chats) and `ConversationCharacteristics`; the real-time events have `Segments` of `Transcript`s.

use serde_json::{Map, Value};

use super::super::columns::Field;
use super::super::json;
use super::super::row::{Place, Row};
use super::super::value::Cell;

/// Whether the document is one of these.
pub(super) fn knows(object: &Map<String, Value>) -> bool {
    let has = |key: &str| object.contains_key(key);
    has("Channel")
        && ((has("Transcript") && (has("ConversationCharacteristics") || has("Participants"))) || has("Segments"))
}

/// The row of the document.
pub(super) fn row(record: u64, object: &Map<String, Value>, place: &Place<'_>) -> Option<Row> {
    if !knows(object) {
        return None;
    }
    let mut row = Row::new(record);
    let text = |pointer: &[&str]| {
        let mut keys = pointer.iter();
        let mut value = object.get(*keys.next()?)?;
        for key in keys {
            value = value.get(key)?;
        }
        json::cell(value)
    };
    let first = |pointers: &[&[&str]]| pointers.iter().find_map(|pointer| text(pointer));
    row.set(Field::ContactId, first(&[&["ContactId"], &["CustomerMetadata", "ContactId"]]), 1.0);
    row.set(Field::Channel, text(&["Channel"]), 1.0);
    row.set(Field::Language, text(&["LanguageCode"]), 1.0);
    row.set(
        Field::StartedAt,
        first(&[&["InitiationTimestamp"], &["StartTime"], &["CustomerMetadata", "InitiationTimestamp"]]),
        1.0,
    );
    row.set(Field::EndedAt, first(&[&["DisconnectTimestamp"], &["CustomerMetadata", "DisconnectTimestamp"]]), 1.0);
    row.set(Field::CustomerId, text(&["CustomerMetadata", "CustomerId"]), 1.0);
    row.set(Field::Queue, first(&[&["Queue"], &["CustomerMetadata", "Queue"]]), 1.0);
    row.set(Field::AgentId, text(&["CustomerMetadata", "AgentId"]), 1.0);
    row.set(Field::Talk, text(&["ConversationCharacteristics", "TalkTime", "TotalTimeMillis"]), 0.001);
    let elements: Vec<Value> = match (object.get("Transcript"), object.get("Segments")) {
        (Some(Value::Array(turns)), _) => turns.clone(),
        // Utterances are drafts of the transcripts that follow them.
        (_, Some(Value::Array(segments))) => {
            segments.iter().filter_map(|segment| segment.get("Transcript")).cloned().collect()
        }
        _ => Vec::new(),
    };
    // Chat events (joined, left, typing) and attachments are not words.
    let words: Vec<Value> = elements
        .into_iter()
        .filter(|turn| !matches!(turn.get("Type").and_then(Value::as_str), Some("EVENT" | "ATTACHMENT")))
        .collect();
    let mut flags = Vec::new();
    let mut turns = json::turns(&words, place, &mut flags).unwrap_or_default();
    let roles: Vec<(&str, &str)> = object
        .get("Participants")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|participant| {
            Some((participant.get("ParticipantId")?.as_str()?, participant.get("ParticipantRole")?.as_str()?))
        })
        .collect();
    for turn in &mut turns {
        if let Some((_, role)) = roles.iter().find(|(id, _)| turn.label.as_deref() == Some(*id)) {
            turn.label = Some((*role).to_owned());
        }
    }
    if row.cell(Field::StartedAt).is_none()
        && let Some(first) = turns.iter().filter_map(|turn| turn.at).min()
    {
        row.set(Field::StartedAt, Some(Cell::Instant(first)), 1.0);
    }
    row.flags = flags;
    row.turns = Some(turns);
    Some(row)
}
