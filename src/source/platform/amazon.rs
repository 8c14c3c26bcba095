//! Amazon Connect Contact Lens (calls, chats, real-time segments) and Amazon Transcribe Call Analytics.
//!
//! The analysed files have `Transcript` (with `ParticipantId` or `ParticipantRole`, `Content`, offsets in milliseconds, or
//! `AbsoluteTime` in chats) and `ConversationCharacteristics`; real-time events have `Segments` of `Transcript`s, and of
//! `Utterance`s, which are drafts of the transcripts that follow them: a draft counts only while no transcript replaces it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::columns::Field;
use super::super::dialogue::RawTurn;
use super::super::row::{Place, Row};
use super::super::value::Cell;
use super::reach::{self, Object};

/// Whether the document is one of these.
pub(super) fn knows(object: &Object) -> bool {
    let has = |names: &[&str]| reach::get(object, names).is_some();
    let is_analysed = has(&["channel"])
        && reach::get(object, &["transcript"]).is_some_and(Value::is_array)
        && has(&["conversationcharacteristics", "participants", "jobstatus", "contentmetadata"]);
    is_analysed || is_event(object)
}

/// A real-time event, or the answer of the real-time service.
fn is_event(object: &Object) -> bool {
    let is_segment = |segment: &Object| {
        reach::object(segment, &["transcript", "utterance"]).is_some_and(|said| {
            reach::get(said, &["participantrole", "participantid"]).is_some()
                && reach::get(said, &["content", "partialcontent"]).is_some()
        })
    };
    let names_event = reach::text(object, &["eventtype"])
        .is_some_and(|kind| matches!(kind.as_str(), "STARTED" | "SEGMENTS" | "COMPLETED" | "FAILED"));
    (names_event && reach::get(object, &["contactid"]).is_some())
        || (reach::get(object, &["channel", "instanceid", "contactid"]).is_some()
            && reach::has_objects(object, &["segments"]))
        || reach::objects(object, &["segments"]).any(is_segment)
}

/// The row of the document.
pub(super) fn rows(object: &Object, place: &Place<'_>) -> Vec<Row> {
    let mut row = Row::new(1);
    let of = |path: &[&str]| reach::cell_at(object, path);
    let first = |paths: &[&[&str]]| paths.iter().find_map(|path| of(path));
    row.set(Field::ContactId, first(&[&["contactid"], &["customermetadata", "contactid"]]), 1.0);
    row.fallback_id = reach::text(object, &["jobname"]);
    row.set(Field::Channel, of(&["channel"]), 1.0);
    row.set(Field::Language, of(&["languagecode"]), 1.0);
    let start = ["initiationtimestamp", "starttime", "connectedtosystemtimestamp"];
    row.set(
        Field::StartedAt,
        start.iter().find_map(|name| first(&[&[name], &["customermetadata", name], &["contactmetadata", name]])),
        1.0,
    );
    row.set(Field::EndedAt, first(&[&["disconnecttimestamp"], &["customermetadata", "disconnecttimestamp"]]), 1.0);
    row.set(
        Field::Direction,
        first(&[&["initiationmethod"], &["customermetadata", "initiationmethod"]]).filter(|cell| {
            // TRANSFER, CALLBACK and others do not say who called.
            matches!(cell.text().to_ascii_uppercase().as_str(), "INBOUND" | "OUTBOUND")
        }),
        1.0,
    );
    row.set(Field::CustomerId, of(&["customermetadata", "customerid"]), 1.0);
    row.set(Field::CustomerPhone, of(&["customerendpoint", "address"]), 1.0);
    row.set(Field::Queue, first(&[&["queue"], &["queue", "name"], &["customermetadata", "queue"]]), 1.0);
    row.set(Field::AgentId, first(&[&["customermetadata", "agentid"], &["agent", "id"]]), 1.0);
    characteristics(object, &mut row);
    let mut turns = turns(object, place);
    if row.cell(Field::StartedAt).is_none()
        && let Some(first) = turns.iter().filter_map(|turn| turn.at).min()
    {
        row.set(Field::StartedAt, Some(Cell::Instant(first)), 1.0);
    }
    if turns.iter().any(|turn| turn.at.is_none()) {
        for turn in &mut turns {
            turn.at = None;
        }
    }
    row.turns = Some(turns);
    vec![row]
}

/// What the analysis measured.
fn characteristics(object: &Object, row: &mut Row) {
    let Some(measured) = reach::object(object, &["conversationcharacteristics"]) else { return };
    let of = |path: &[&str]| reach::cell_at(measured, path);
    let hold = of(&["holdtime", "totaltimemillis"]);
    row.set(Field::Hold, hold, 0.001);
    // The conversation as a whole, pauses included, is what handling time is made of.
    let talk = of(&["totalconversationdurationmillis"]).or_else(|| of(&["talktime", "totaltimemillis"]));
    row.set(Field::Talk, talk, 0.001);
    row.set(Field::Silence, of(&["nontalktime", "totaltimemillis"]), 0.001);
    row.set(Field::Interruptions, of(&["interruptions", "totalcount"]), 1.0);
    let talked = |role: &str| {
        reach::at(measured, &["talktime", "detailsbyparticipant", role, "totaltimemillis"]).and_then(reach::number)
    };
    if let (Some(agent), Some(customer)) = (talked("agent"), talked("customer"))
        && agent >= 0.0
        && customer >= 0.0
        && agent + customer > 0.0
    {
        let share = (agent / (agent + customer) * 1000.0).round() / 1000.0;
        row.set(Field::AgentTalkShare, Some(Cell::Number(share)), 1.0);
    }
}

fn turns(object: &Object, place: &Place<'_>) -> Vec<RawTurn> {
    let roles: Vec<(String, String)> = reach::objects(object, &["participants"])
        .filter_map(|one| Some((reach::text(one, &["participantid"])?, reach::text(one, &["participantrole"])?)))
        .collect();
    let mut said: Vec<&Object> = reach::objects(object, &["transcript"]).collect();
    if said.is_empty() {
        let segments: Vec<&Object> = reach::objects(object, &["segments"]).collect();
        let final_ids: BTreeSet<String> = segments
            .iter()
            .filter_map(|segment| reach::text(reach::object(segment, &["transcript"])?, &["id"]))
            .collect();
        let has_transcripts = segments.iter().any(|segment| reach::object(segment, &["transcript"]).is_some());
        for segment in segments {
            if let Some(transcript) = reach::object(segment, &["transcript"]) {
                said.push(transcript);
            } else if let Some(draft) = reach::object(segment, &["utterance"])
                && !reach::text(draft, &["transcriptid"]).map_or(has_transcripts, |id| final_ids.contains(&id))
            {
                said.push(draft);
            }
        }
    }
    said.into_iter().filter_map(|turn| self::turn(turn, &roles, place)).collect()
}

fn turn(object: &Object, roles: &[(String, String)], place: &Place<'_>) -> Option<RawTurn> {
    // Chat events (joined, left, typing) and attachments are not words.
    if matches!(reach::text(object, &["type"]).as_deref(), Some("EVENT" | "ATTACHMENT")) {
        return None;
    }
    let text = reach::text(object, &["content", "partialcontent"])?;
    let is_interactive = reach::text(object, &["contenttype"]).is_some_and(|kind| kind.contains("interactive"));
    let text = if is_interactive { title_of(&text).unwrap_or(text) } else { text };
    let id = reach::text(object, &["participantid"]);
    let label = reach::text(object, &["participantrole"])
        .or_else(|| roles.iter().find(|(known, _)| Some(known) == id.as_ref()).map(|(_, role)| role.clone()))
        .or(id)
        .or_else(|| reach::text(object, &["displayname"]));
    let time = reach::object(object, &["time"]).unwrap_or(object);
    let is_spoken = |item: &&Object| reach::text(item, &["type"]).as_deref() != Some("punctuation");
    Some(RawTurn {
        label,
        text,
        start_s: reach::seconds_of(time, &["beginoffsetmillis"], 0.001),
        end_s: reach::seconds_of(time, &["endoffsetmillis"], 0.001),
        at: reach::instant_of(time, &["absolutetime"], place),
        confidence: reach::mean(reach::objects(object, &["items"]).filter(is_spoken), &["confidence"]),
        ..RawTurn::default()
    })
}

/// The title of an interactive message, which is JSON inside JSON.
fn title_of(content: &str) -> Option<String> {
    let value: Value = serde_json::from_str(content).ok()?;
    let object = value.as_object()?;
    reach::at(object, &["data", "content", "title"]).or_else(|| reach::get(object, &["title"])).and_then(reach::string)
}

#[cfg(test)]
mod tests {
    use crate::contact::Speaker;
    use crate::source::testing;

    #[test]
    fn a_draft_counts_only_while_no_transcript_replaces_it() {
        let text = r#"{"Channel":"VOICE","ContactId":"c1","InitiationTimestamp":"2026-09-03T07:12:00Z","EventType":"SEGMENTS","Segments":[
            {"Utterance":{"TranscriptId":"t1","ParticipantRole":"AGENT","PartialContent":"Bonjour","BeginOffsetMillis":0,"EndOffsetMillis":900}},
            {"Transcript":{"Id":"t1","ParticipantRole":"AGENT","Content":"Bonjour, je vous écoute.","BeginOffsetMillis":0,"EndOffsetMillis":2000}},
            {"Utterance":{"TranscriptId":"t2","ParticipantRole":"CUSTOMER","PartialContent":"Ma box","BeginOffsetMillis":"2100","EndOffsetMillis":"3000"}}]}"#;
        let (contacts, rejects, _) = testing::read_bytes("a.json", text.as_bytes());
        assert!(rejects.is_empty(), "{rejects:?}");
        let turns = &contacts[0].turns;
        assert_eq!(turns.iter().map(|turn| turn.speaker).collect::<Vec<_>>(), [Speaker::Agent, Speaker::Customer]);
        assert_eq!((turns[1].text.as_str(), turns[1].start_s), ("Ma box", Some(2.1)));
    }
}
