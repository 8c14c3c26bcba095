//! Google Customer Experience Insights: the conversation resource, rows of the BigQuery export, and the format in which
//! conversations are imported (`entries`).
//!
//! The role of a segment is the one of its participant; without it, the channel of the recording, which `callMetadata`
//! names. Times of segments are instants or the offsets of their words.

use serde_json::Value;

use super::super::columns::Field;
use super::super::dialogue::RawTurn;
use super::super::row::{Place, Row};
use super::super::value::Cell;
use super::reach::{self, Object};
use crate::contact::Speaker;

/// Nanoseconds and microseconds from which a number is an instant rather than an offset: 1973.
const EPOCH_FROM_S: f64 = 1e8;

/// Whether the document is one of these.
pub(super) fn knows(object: &Object) -> bool {
    let has_segments = reach::object(object, &["transcript"])
        .is_some_and(|transcript| reach::get(transcript, &["transcriptsegments"]).is_some_and(Value::is_array));
    let is_row = reach::get(object, &["conversationname"]).is_some()
        && reach::get(object, &["sentences", "transcript", "durationnanos"]).is_some();
    let is_import = reach::objects(object, &["entries"])
        .any(|entry| reach::get(entry, &["starttimestampusec"]).is_some() && reach::get(entry, &["text"]).is_some());
    has_segments || is_row || is_import || reach::get(object, &["transcriptsegments"]).is_some_and(Value::is_array)
}

/// The row of the document.
pub(super) fn rows(object: &Object, place: &Place<'_>) -> Vec<Row> {
    let mut row = Row::new(1);
    let of = |path: &[&str]| reach::cell_at(object, path);
    let name = reach::text(object, &["conversationname", "name", "conversationid"])
        .or_else(|| reach::at(object, &["conversationinfo", "id"]).and_then(reach::string));
    // "projects/p/locations/l/conversations/42" is 42.
    row.set(Field::ContactId, name.and_then(|name| name.rsplit('/').next().map(str::to_owned)).map(Cell::Text), 1.0);
    row.set(Field::Language, reach::cell(object, &["languagecode"]), 1.0);
    let medium = reach::text(object, &["medium"]).map(|medium| match medium.to_ascii_uppercase().as_str() {
        "PHONE_CALL" => "phone".to_owned(),
        "CHAT" => "chat".to_owned(),
        other => other.to_lowercase(),
    });
    let has_call =
        reach::object(object, &["callmetadata"]).is_some() || reach::get(object, &["audiofileuri"]).is_some();
    row.set(Field::Channel, medium.or_else(|| has_call.then(|| "phone".to_owned())).map(Cell::Text), 1.0);
    let start = reach::cell(object, &["starttime", "starttimestamp", "starttimestamputc", "createtime"]);
    row.set(Field::StartedAt, start, 1.0);
    row.set(Field::EndedAt, reach::cell(object, &["endtime"]), 1.0);
    let agent = reach::objects(object, &["agents"])
        .find_map(|one| reach::cell(one, &["agentid", "displayname"]))
        .or_else(|| {
            let quality = reach::object(object, &["qualitymetadata"])?;
            reach::objects(quality, &["agentinfo"]).find_map(|one| reach::cell(one, &["agentid", "displayname"]))
        });
    row.set(Field::AgentId, reach::cell(object, &["agentid"]).or(agent), 1.0);
    row.set(Field::CustomerId, reach::cell(object, &["obfuscatedexternaluserid", "externaluserid", "endusersid"]), 1.0);
    row.set(Field::Csat, of(&["qualitymetadata", "customersatisfactionrating"]), 1.0);
    let span = |path: &[&str], unit: f64| {
        reach::at(object, path).and_then(|value| reach::seconds(value, unit)).map(Cell::Number)
    };
    row.set(Field::Wait, span(&["qualitymetadata", "waitduration"], 1.0), 1.0);
    row.set(Field::Talk, span(&["duration"], 1.0).or_else(|| span(&["durationnanos"], 1e-9)), 1.0);
    row.set(Field::Silence, span(&["silencenanos"], 1e-9), 1.0);
    let share = |names: &[&str]| reach::number_of(object, names).filter(|share| (0.0..=100.0).contains(share));
    if let (Some(agent), Some(client)) = (share(&["agentspeakingpercentage"]), share(&["clientspeakingpercentage"]))
        && agent + client > 0.0
    {
        let share = (agent / (agent + client) * 1000.0).round() / 1000.0;
        row.set(Field::AgentTalkShare, Some(Cell::Number(share)), 1.0);
    }
    let start = reach::instant_of(object, &["starttime", "starttimestamp", "starttimestamputc"], place);
    let turns = turns(object, start, place);
    if row.cell(Field::StartedAt).is_none()
        && let Some(first) = turns.iter().filter_map(|turn| turn.at).min()
    {
        row.set(Field::StartedAt, Some(Cell::Instant(first)), 1.0);
    }
    row.turns = Some(turns);
    vec![row]
}

fn turns(object: &Object, start: Option<chrono::DateTime<chrono::Utc>>, place: &Place<'_>) -> Vec<RawTurn> {
    let number = |path: &[&str]| reach::at(object, path).and_then(reach::string);
    let channels = (number(&["callmetadata", "customerchannel"]), number(&["callmetadata", "agentchannel"]));
    let inner = reach::object(object, &["transcript"]).unwrap_or(object);
    let mut turns: Vec<RawTurn> = ["transcriptsegments", "sentences", "entries"]
        .iter()
        .flat_map(|name| {
            reach::objects(inner, &[name])
                .chain(reach::objects(object, &[name]).filter(|_| !std::ptr::eq(inner, object)))
        })
        .filter_map(|segment| turn(segment, &channels, start, place))
        .collect();
    if turns.is_empty()
        && let Some(Value::String(text)) = reach::get(object, &["transcript"])
    {
        // The export also has the words as one text, in which speakers are only told by the lines.
        turns = super::super::dialogue::split(text, &place.settings.options, true)
            .unwrap_or_else(|| vec![RawTurn { text: text.trim().to_owned(), ..RawTurn::default() }]);
        turns.retain(|turn| !turn.text.is_empty());
    }
    if turns.iter().all(|turn| turn.start_s.is_some()) {
        super::turns_in_order_of_time(&mut turns);
    }
    turns
}

fn turn(
    segment: &Object,
    channels: &(Option<String>, Option<String>),
    start: Option<chrono::DateTime<chrono::Utc>>,
    place: &Place<'_>,
) -> Option<RawTurn> {
    let text = reach::text(segment, &["text", "sentence"])?;
    let participant = reach::object(segment, &["segmentparticipant", "participant"]);
    let role = participant
        .and_then(|one| reach::text(one, &["role"]))
        .or_else(|| reach::text(segment, &["participantrole", "role"]));
    let role = role.filter(|role| !matches!(role.as_str(), "ROLE_UNSPECIFIED" | "UNKNOWN"));
    let tag = reach::text(segment, &["channeltag"]).filter(|tag| tag != "0");
    let by_channel = match (&tag, channels) {
        (Some(tag), (Some(customer), _)) if tag == customer => Some(Speaker::Customer),
        (Some(tag), (_, Some(agent))) if tag == agent => Some(Speaker::Agent),
        _ => None,
    };
    let user = participant.and_then(|one| reach::text(one, &["userid", "dialogflowparticipantname"]));
    let has_role = role.is_some();
    let label = role
        .or_else(|| tag.map(|tag| format!("SPEAKER_{tag}")))
        .or(user)
        .or_else(|| reach::text(segment, &["participantid", "userid"]));
    let words: Vec<&Object> = reach::objects(segment, &["words"]).collect();
    let offset = |names: &[&str], word: Option<&&Object>| {
        word.and_then(|word| reach::get(word, names)).and_then(|value| reach::seconds(value, 1.0))
    };
    let (mut start_s, end_s) = (
        offset(&["startoffset", "startoffsetnanos"], words.first()),
        offset(&["endoffset", "endoffsetnanos"], words.last()),
    );
    let mut at = reach::instant_of(segment, &["messagetime", "createtime"], place);
    for (names, unit) in [(["createtimenanos"], 1e-9), (["starttimestampusec"], 1e-6)] {
        let Some(seconds) = reach::number_of(segment, &names).map(|number| number * unit) else { continue };
        if seconds >= EPOCH_FROM_S {
            at = at.or_else(|| {
                (seconds < 1e11).then(|| chrono::DateTime::from_timestamp_millis((seconds * 1000.0) as i64)).flatten()
            });
        } else {
            start_s = start_s.or_else(|| reach::seconds(&Value::from(seconds), 1.0));
        }
    }
    if let (None, Some(start), Some(instant)) = (start_s, start, at) {
        start_s = Some((instant - start).num_milliseconds() as f64 / 1000.0).filter(|seconds| *seconds >= 0.0);
    }
    Some(RawTurn {
        label,
        text,
        start_s,
        end_s,
        at,
        role: by_channel.filter(|_| !has_role),
        confidence: reach::number_of(segment, &["confidence"])
            // An unset number of a protocol buffer is written as zero.
            .filter(|sure| *sure > 0.0)
            .or_else(|| reach::mean(words.into_iter(), &["confidence"])),
        ..RawTurn::default()
    })
}

#[cfg(test)]
mod tests {
    use crate::contact::{Channel, Speaker};
    use crate::source::testing;

    #[test]
    fn the_resource_and_the_row_of_the_export_are_read() {
        let resource = r#"{"name":"projects/p/locations/eu/conversations/42","startTime":"2026-09-03T07:12:00Z","duration":"31.5s","medium":"PHONE_CALL","languageCode":"fr-FR",
            "callMetadata":{"customerChannel":2,"agentChannel":1},"transcript":{"transcriptSegments":[
            {"text":"Bonjour Lumio","channelTag":1,"confidence":0.9,"words":[{"word":"Bonjour","startOffset":"0.400s","endOffset":"1s"},{"word":"Lumio","startOffset":"1s","endOffset":"1.700s"}]},
            {"text":"Ma box est en panne","channelTag":2,"segmentParticipant":{"role":"END_USER"},"words":[{"word":"Ma","startOffset":"2s","endOffset":"4s"}]}]}}"#;
        let (contacts, rejects, _) = testing::read_bytes("a.json", resource.as_bytes());
        assert!(rejects.is_empty(), "{rejects:?}");
        let contact = &contacts[0];
        assert_eq!((contact.contact_id.as_str(), contact.channel), ("42", Some(Channel::Phone)));
        assert_eq!((contact.turns[0].speaker, contact.turns[0].end_s), (Speaker::Agent, Some(1.7)));
        assert_eq!((contact.turns[1].speaker, contact.handling.talk_s), (Speaker::Customer, Some(31.5)));
        let row = r#"{"conversationName":"projects/p/locations/eu/conversations/43","startTimestampUtc":"1788419520","medium":"CHAT","silenceNanos":"4000000000","agentSpeakingPercentage":30.0,"clientSpeakingPercentage":60.0,"durationNanos":30000000000,
            "sentences":[{"sentence":"Je suis le robot","participantRole":"AUTOMATED_AGENT","createTimeNanos":"1788419521000000000"},{"sentence":"Un humain !","participantRole":"END_USER","createTimeNanos":"1788419525000000000"}]}"#;
        let (contacts, rejects, _) = testing::read_bytes("b.json", row.as_bytes());
        assert!(rejects.is_empty(), "{rejects:?}");
        let contact = &contacts[0];
        assert_eq!((contact.turns[0].speaker, contact.turns[1].start_s), (Speaker::Bot, Some(5.0)));
        assert_eq!((contact.handling.silence_s, contact.handling.agent_talk_share), (Some(4.0), Some(0.333)));
    }
}
