//! Amazon Transcribe Post Call Analytics: `ConversationAnalytics` about the call, `SpeechSegments` with its words.
//!
//! Segments name their speaker by a label (`spk_0`), and `SpeakerLabels` says who that is.

use std::collections::BTreeMap;

use super::super::columns::Field;
use super::super::dialogue::RawTurn;
use super::super::row::{Place, Row};
use super::super::value::Cell;
use super::reach::{self, Object};

/// Whether the document is one of these.
pub(super) fn knows(object: &Object) -> bool {
    reach::object(object, &["conversationanalytics"]).is_some()
        && reach::get(object, &["speechsegments"]).is_some_and(serde_json::Value::is_array)
}

/// The row of the document.
pub(super) fn rows(object: &Object, place: &Place<'_>) -> Vec<Row> {
    let mut row = Row::new(1);
    let empty = Object::new();
    let call = reach::object(object, &["conversationanalytics"]).unwrap_or(&empty);
    let of = |names: &[&str]| reach::cell(call, names);
    row.set(Field::ContactId, of(&["guid"]), 1.0);
    row.set(Field::StartedAt, of(&["conversationtime"]), 1.0);
    row.set(Field::CustomerId, of(&["cust"]), 1.0);
    row.set(Field::AgentId, of(&["agent"]), 1.0);
    row.set(Field::Language, of(&["languagecode"]), 1.0);
    row.set(Field::Talk, of(&["duration"]), 1.0);
    if place.settings.default_channel.is_none() {
        row.set(Field::Channel, Some(Cell::Text("phone".into())), 1.0);
    }
    let names: BTreeMap<String, String> = reach::objects(call, &["speakerlabels"])
        .filter_map(|label| Some((reach::text(label, &["speaker"])?, reach::text(label, &["displaytext"])?)))
        .collect();
    let mut turns: Vec<RawTurn> =
        reach::objects(object, &["speechsegments"]).filter_map(|segment| turn(segment, &names)).collect();
    super::turns_in_order_of_time(&mut turns);
    row.turns = Some(turns);
    vec![row]
}

fn turn(segment: &Object, names: &BTreeMap<String, String>) -> Option<RawTurn> {
    let speaker = reach::text(segment, &["segmentspeaker"]);
    let name = speaker.as_ref().and_then(|speaker| names.get(speaker).cloned());
    Some(RawTurn {
        label: name.or(speaker),
        text: reach::text(segment, &["displaytext", "originaltext"]).map(super::super::row::plain)?,
        start_s: reach::seconds_of(segment, &["segmentstarttime"], 1.0),
        end_s: reach::seconds_of(segment, &["segmentendtime"], 1.0),
        confidence: reach::mean(reach::objects(segment, &["wordconfidence"]), &["confidence"]),
        ..RawTurn::default()
    })
}

#[cfg(test)]
mod tests {
    use crate::contact::Speaker;
    use crate::source::testing;

    #[test]
    fn the_labels_the_times_and_the_date_of_the_call_are_read() {
        let text = r#"{"ConversationAnalytics":{"GUID":"abc-1","ConversationTime":"2026-09-01 09:12:00","LanguageCode":"fr-FR","Duration":"12.5","Agent":"julie","SpeakerLabels":[{"Speaker":"spk_0","DisplayText":"Agent"},{"Speaker":"spk_1","DisplayText":"Customer"}]},
            "SpeechSegments":[{"SegmentStartTime":0.5,"SegmentEndTime":3.1,"SegmentSpeaker":"spk_0","OriginalText":"Lumio bonjour","DisplayText":"Lumio bonjour","TextEdited":0,"WordConfidence":[{"Text":"Lumio","Confidence":0.9}]},
            {"SegmentStartTime":4.0,"SegmentEndTime":6.1,"SegmentSpeaker":"spk_1","OriginalText":"La box clignote","DisplayText":"La box clignote","TextEdited":0}]}"#;
        let (contacts, rejects, _) = testing::read_bytes("call_2026-09-03T09-12-00.json", text.as_bytes());
        assert!(rejects.is_empty(), "{rejects:?}");
        let contact = &contacts[0];
        assert_eq!(
            (contact.contact_id.as_str(), contact.started_at.to_rfc3339().as_str(), contact.language.as_deref()),
            ("abc-1", "2026-09-01T07:12:00+00:00", Some("fr"))
        );
        let told: Vec<_> = contact.turns.iter().map(|turn| (turn.speaker, turn.start_s, turn.end_s)).collect();
        assert_eq!(told, [(Speaker::Agent, Some(0.5), Some(3.1)), (Speaker::Customer, Some(4.0), Some(6.1))]);
        assert_eq!((contact.turns[0].confidence, contact.handling.talk_s), (Some(0.9), Some(12.5)));
    }
}
