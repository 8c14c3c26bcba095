//! Genesys Cloud: transcripts of speech and text analytics, and the details of conversations without words.
//!
//! Phrases say only `internal` or `external`. What is internal is the agent, unless only a menu, a queue or a bot was
//! connected when it was said: the times of the participants tell. Details give the handling times (tTalk, tHeld…).

use serde_json::Value;

use super::super::columns::Field;
use super::super::dialogue::RawTurn;
use super::super::row::{Place, Row};
use super::super::value::Cell;
use super::reach::{self, Object};
use crate::contact::Speaker;

/// Milliseconds from which a number is an instant rather than an offset: 1973.
const EPOCH_FROM_MS: f64 = 1e11;

/// Whether the document is one of these.
pub(super) fn knows(object: &Object) -> bool {
    let has_phrases = reach::objects(object, &["transcripts"]).any(|one| reach::has_objects(one, &["phrases"]))
        || reach::objects(object, &["phrases"]).any(|one| reach::get(one, &["participantpurpose"]).is_some());
    let has_details = reach::get(object, &["conversationid"]).is_some()
        && reach::objects(object, &["participants"])
            .any(|one| reach::get(one, &["purpose"]).is_some() && reach::has_objects(one, &["sessions"]));
    has_phrases
        || has_details
        || (reach::get(object, &["conversationid"]).is_some()
            && reach::get(object, &["communicationid"]).is_some()
            && reach::get(object, &["transcripts"]).is_some())
}

/// The row of the document.
pub(super) fn rows(object: &Object, place: &Place<'_>) -> Vec<Row> {
    let mut row = Row::new(1);
    row.set(Field::ContactId, reach::cell(object, &["conversationid", "id"]), 1.0);
    row.set(Field::EndedAt, reach::cell(object, &["conversationend", "conversationendtime"]), 1.0);
    let participants: Vec<Participant<'_>> = reach::objects(object, &["participants"]).map(Participant::of).collect();
    let medium = reach::text(object, &["mediatype"]).or_else(|| {
        let session = participants.iter().find_map(|one| reach::objects(one.object, &["sessions"]).next())?;
        reach::text(session, &["mediatype"])
    });
    row.set(Field::Channel, medium.map(|medium| Cell::Text(channel(&medium))), 1.0);
    let customer = participants.iter().find(|one| one.speaker() == Some(Speaker::Customer));
    let agent = participants.iter().find(|one| one.speaker() == Some(Speaker::Agent));
    if let Some(customer) = customer {
        let of = |names: &[&str]| customer.text(names);
        row.set(Field::CustomerId, of(&["externalcontactid"]).map(Cell::Text), 1.0);
        let address = of(&["ani", "addressfrom", "addressself", "address"]);
        row.set(Field::CustomerPhone, address.map(|address| Cell::Text(bare(&address))), 1.0);
    }
    let direction = reach::text(object, &["originatingdirection"])
        .or_else(|| customer.and_then(|one| one.text(&["initialdirection", "direction"])));
    row.set(Field::Direction, direction.map(Cell::Text), 1.0);
    row.set(Field::AgentId, agent.and_then(|one| one.text(&["userid", "participantname"])).map(Cell::Text), 1.0);
    let queue = participants.iter().find_map(|one| one.text(&["queuename", "queueid"]));
    row.set(Field::Queue, queue.map(Cell::Text), 1.0);

    let said: Vec<Phrase> = phrases(object);
    let start = reach::get(object, &["conversationstarttime", "conversationstart", "starttime"])
        .and_then(|value| reach::instant(value, place))
        .map(|instant| instant.timestamp_millis() as f64)
        .or_else(|| participants.iter().filter_map(|one| one.span.0).min_by(f64::total_cmp))
        .or_else(|| {
            said.iter().filter_map(|phrase| phrase.start_ms).filter(|ms| *ms >= EPOCH_FROM_MS).min_by(f64::total_cmp)
        });
    if let Some(start) = start {
        row.set(Field::StartedAt, instant(start), 1.0);
    }
    row.set(Field::Language, language(object), 1.0);
    metrics(&participants, &mut row);
    let mut turns: Vec<RawTurn> = said.iter().map(|phrase| turn(phrase, start, &participants)).collect();
    super::turns_in_order_of_time(&mut turns);
    row.turns = Some(turns);
    vec![row]
}

fn instant(ms: f64) -> Option<Cell> {
    // Floats of this size hold milliseconds exactly; what lies outside the calendar is no time.
    let instant = (ms.abs() < 1e14).then(|| chrono::DateTime::from_timestamp_millis(ms as i64)).flatten()?;
    Some(Cell::Instant(instant))
}

fn channel(medium: &str) -> String {
    match medium.to_ascii_lowercase().as_str() {
        "callback" | "call" => "phone".into(),
        "message" | "webmessaging" | "openmessaging" => "chat".into(),
        other => other.to_owned(),
    }
}

/// `tel:+33…` and `sip:+33…@…` without what is around the number.
fn bare(address: &str) -> String {
    let address = address.trim();
    let address = address.strip_prefix("tel:").unwrap_or(address);
    match address.strip_prefix("sip:") {
        Some(sip) => sip.split('@').next().unwrap_or(sip).to_owned(),
        None => address.to_owned(),
    }
}

fn language(object: &Object) -> Option<Cell> {
    reach::cell(object, &["language"])
        .or_else(|| reach::objects(object, &["transcripts"]).find_map(|one| reach::cell(one, &["language"])))
}

/// One party of the conversation.
struct Participant<'a> {
    object: &'a Object,
    purpose: String,
    /// Connected from and to, in milliseconds since 1970.
    span: (Option<f64>, Option<f64>),
}

impl<'a> Participant<'a> {
    fn of(object: &'a Object) -> Self {
        let purpose = reach::text(object, &["participantpurpose", "purpose"]).unwrap_or_default().to_ascii_lowercase();
        let ms = |names: &[&str]| reach::number_of(object, names).filter(|ms| *ms >= EPOCH_FROM_MS);
        Self { object, purpose, span: (ms(&["starttimems"]), ms(&["endtimems"])) }
    }

    fn speaker(&self) -> Option<Speaker> {
        Some(match self.purpose.as_str() {
            "customer" | "external" => Speaker::Customer,
            "agent" | "user" | "internal" | "station" | "group" => Speaker::Agent,
            "bot" | "botflow" | "virtualagent" | "digitalbot" => Speaker::Bot,
            "ivr" | "acd" | "workflow" | "dialer" | "voicemail" | "campaign" | "outbound" | "fax" => Speaker::Ivr,
            _ => return None,
        })
    }

    /// A text of the participant, or of its first session that has it.
    fn text(&self, names: &[&str]) -> Option<String> {
        reach::text(self.object, names)
            .or_else(|| reach::objects(self.object, &["sessions"]).find_map(|session| reach::text(session, names)))
            .or_else(|| {
                let mut sessions = reach::objects(self.object, &["sessions"]);
                sessions.find_map(|session| {
                    reach::objects(session, &["segments"]).find_map(|segment| reach::text(segment, names))
                })
            })
    }

    fn is_connected(&self, ms: f64) -> bool {
        self.span.0.is_none_or(|from| from <= ms) && self.span.1.is_none_or(|to| ms < to)
    }
}

/// One phrase as written.
struct Phrase {
    purpose: Option<String>,
    text: String,
    start_ms: Option<f64>,
    duration_s: Option<f64>,
    confidence: Option<f64>,
}

fn phrases(object: &Object) -> Vec<Phrase> {
    let mut all: Vec<&Object> = reach::objects(object, &["phrases"]).collect();
    for transcript in reach::objects(object, &["transcripts"]) {
        all.extend(reach::objects(transcript, &["phrases"]));
    }
    all.into_iter()
        .filter_map(|phrase| {
            Some(Phrase {
                text: reach::text(phrase, &["text", "decoratedtext"])?,
                purpose: reach::text(phrase, &["participantpurpose", "purpose"]).map(|text| text.to_ascii_lowercase()),
                start_ms: reach::number_of(phrase, &["starttimems", "offsetms"])
                    .or_else(|| reach::seconds_of(phrase, &["offset"], 0.001).map(|s| s * 1000.0))
                    .filter(|ms| (0.0..1e14).contains(ms)),
                duration_s: reach::seconds_of(phrase, &["duration", "durationms"], 0.001),
                confidence: reach::number_of(phrase, &["confidence", "stability"]),
            })
        })
        .collect()
}

fn turn(phrase: &Phrase, start: Option<f64>, participants: &[Participant<'_>]) -> RawTurn {
    let offset_ms = phrase.start_ms.and_then(|ms| {
        if ms >= EPOCH_FROM_MS { start.map(|start| ms - start).filter(|offset| *offset >= 0.0) } else { Some(ms) }
    });
    let start_s = offset_ms.and_then(|ms| reach::seconds(&Value::from(ms), 0.001));
    let end_s = start_s.zip(phrase.duration_s).map(|(start, length)| ((start + length) * 1000.0).round() / 1000.0);
    let purpose = phrase.purpose.clone();
    let role = match purpose.as_deref() {
        Some("external" | "customer") => Some(Speaker::Customer),
        Some("internal") => Some(internal(phrase.start_ms, participants)),
        Some("ivr" | "acd" | "workflow") => Some(Speaker::Ivr),
        Some("bot" | "botflow") => Some(Speaker::Bot),
        Some("agent" | "user") => Some(Speaker::Agent),
        _ => None,
    };
    RawTurn {
        label: purpose,
        text: phrase.text.clone(),
        start_s,
        end_s,
        role,
        confidence: phrase.confidence,
        ..RawTurn::default()
    }
}

/// Who of the company speaks at that time.
fn internal(ms: Option<f64>, participants: &[Participant<'_>]) -> Speaker {
    let Some(ms) = ms.filter(|ms| *ms >= EPOCH_FROM_MS) else { return Speaker::Agent };
    let connected = |speaker: Speaker| {
        participants.iter().any(|one| one.speaker() == Some(speaker) && one.span.0.is_some() && one.is_connected(ms))
    };
    if connected(Speaker::Agent) {
        Speaker::Agent
    } else if connected(Speaker::Bot) {
        Speaker::Bot
    } else if connected(Speaker::Ivr) {
        Speaker::Ivr
    } else {
        Speaker::Agent
    }
}

/// Sums of the metrics of conversation details, which are in milliseconds.
fn metrics(participants: &[Participant<'_>], row: &mut Row) {
    let mut sums = std::collections::BTreeMap::<String, f64>::new();
    for one in participants {
        for session in reach::objects(one.object, &["sessions"]) {
            for metric in reach::objects(session, &["metrics"]) {
                if let (Some(name), Some(value)) =
                    (reach::text(metric, &["name"]), reach::number_of(metric, &["value"]))
                    && (0.0..1e12).contains(&value)
                {
                    *sums.entry(name).or_default() += value;
                }
            }
        }
    }
    for (field, names) in [
        (Field::Talk, &["tTalk", "tTalkComplete"][..]),
        (Field::Hold, &["tHeld", "tHeldComplete"]),
        (Field::Acw, &["tAcw"]),
        (Field::Wait, &["tAnswered", "tWait"]),
    ] {
        if let Some(value) = names.iter().find_map(|name| sums.get(*name)) {
            row.set(field, Some(Cell::Number(*value)), 0.001);
        }
    }
    if sums.contains_key("tAbandon") {
        row.set(Field::Abandoned, Some(Cell::Bool(true)), 1.0);
    }
    if !sums.is_empty() {
        row.set(Field::Transferred, Some(Cell::Bool(sums.get("nTransferred").is_some_and(|count| *count > 0.0))), 1.0);
    }
}

#[cfg(test)]
mod tests {
    use crate::contact::Speaker;
    use crate::source::testing;

    #[test]
    fn what_is_internal_before_the_agent_joins_is_the_menu() {
        let text = r#"{"conversationId":"g1","communicationId":"x","mediaType":"call","conversationStartTime":1788419520000,"transcripts":[{"language":"fr-FR","phrases":[
            {"text":"bienvenue chez lumio","participantPurpose":"internal","startTimeMs":1788419521000,"duration":{"milliseconds":1500},"confidence":0.9},
            {"text":"ma box est en panne","participantPurpose":"external","startTimeMs":1788419532000,"duration":{"milliseconds":2000},"confidence":0.8},
            {"text":"je regarde","participantPurpose":"internal","startTimeMs":"1788419535000","duration":{"milliseconds":700}}]}],
            "participants":[{"participantPurpose":"customer","ani":"tel:+33639980011","initialDirection":"inbound","startTimeMs":1788419520000},
            {"participantPurpose":"ivr","startTimeMs":1788419520000,"endTimeMs":1788419530000},{"participantPurpose":"agent","userId":"u1","startTimeMs":1788419530000}]}"#;
        let (contacts, rejects, _) = testing::read_bytes("g.json", text.as_bytes());
        assert!(rejects.is_empty(), "{rejects:?}");
        let contact = &contacts[0];
        let speakers: Vec<Speaker> = contact.turns.iter().map(|turn| turn.speaker).collect();
        assert_eq!(speakers, [Speaker::Ivr, Speaker::Customer, Speaker::Agent]);
        assert_eq!((contact.turns[1].start_s, contact.turns[1].end_s), (Some(12.0), Some(14.0)));
        assert_eq!(contact.customer_id.as_deref(), Some("+33639980011"));
    }
}
