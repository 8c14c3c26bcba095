//! Twilio Voice Intelligence: the sentences of a transcript, alone or beside the transcript resource.
//!
//! Times and confidences are strings. Speakers are channels of the recording: the participants of the transcript resource
//! name them; without it, Twilio's convention is the agent on channel 1 and the customer on channel 2, which the words may
//! contradict.

use super::super::columns::Field;
use super::super::dialogue::RawTurn;
use super::super::json;
use super::super::row::{Place, Row};
use super::super::value::Cell;
use super::reach::{self, Object};
use crate::contact::Speaker;

/// Whether the document is one of these.
pub(super) fn knows(object: &Object) -> bool {
    reach::objects(object, &["sentences"]).any(|sentence| {
        reach::get(sentence, &["transcript"]).is_some()
            && reach::get(sentence, &["mediachannel", "sentenceindex"]).is_some()
    })
}

/// The row of the document.
pub(super) fn rows(object: &Object, place: &Place<'_>) -> Vec<Row> {
    let mut row = json::base_row(object, place);
    let resource = reach::object(object, &["transcript", "transcriptresource"]).unwrap_or(object);
    let channel = reach::object(resource, &["channel"]);
    if row.cell(Field::ContactId).is_none() {
        let id = reach::cell(resource, &["callsid", "sid", "transcriptsid"])
            .or_else(|| reach::cell_at(channel?, &["mediaproperties", "sourcesid"]));
        row.set(Field::ContactId, id, 1.0);
    }
    if let Some(start) = reach::cell(resource, &["mediastarttime", "starttime", "datecreated"]) {
        row.set(Field::StartedAt, Some(start), 1.0);
    }
    if let Some(language) = reach::cell(resource, &["languagecode"]) {
        row.set(Field::Language, Some(language), 1.0);
    }
    if row.cell(Field::Talk).is_none() {
        row.set(Field::Talk, reach::cell(resource, &["duration"]), 1.0);
    }
    if channel.is_some() || (row.cell(Field::Channel).is_none() && place.settings.default_channel.is_none()) {
        row.set(Field::Channel, Some(Cell::Text("phone".into())), 1.0);
    }
    let participants: Vec<(String, Option<Speaker>)> = channel
        .into_iter()
        .flat_map(|channel| reach::objects(channel, &["participants"]))
        .filter_map(|one| {
            let role = reach::text(one, &["role"])
                .and_then(|role| super::super::value::speaker(&role, &place.settings.options));
            Some((reach::text(one, &["channelparticipant", "mediachannel"])?, role))
        })
        .collect();
    let mut sentences: Vec<(f64, RawTurn)> = reach::objects(object, &["sentences"])
        .enumerate()
        .filter_map(|(index, sentence)| {
            let number = reach::text(sentence, &["mediachannel"]);
            let role =
                participants.iter().find(|(known, _)| Some(known) == number.as_ref()).and_then(|(_, role)| *role);
            let usual_role = match number.as_deref() {
                Some("1") => Some(Speaker::Agent),
                Some("2") => Some(Speaker::Customer),
                _ => None,
            };
            let turn = RawTurn {
                label: number.map(|number| format!("SPEAKER_{number}")),
                text: reach::text(sentence, &["transcript", "text"])?,
                start_s: reach::seconds_of(sentence, &["starttime"], 1.0),
                end_s: reach::seconds_of(sentence, &["endtime"], 1.0),
                role,
                usual_role,
                confidence: reach::number_of(sentence, &["confidence"]),
                ..RawTurn::default()
            };
            Some((reach::number_of(sentence, &["sentenceindex"]).unwrap_or(index as f64), turn))
        })
        .collect();
    sentences.sort_by(|a, b| a.0.total_cmp(&b.0));
    row.turns = Some(sentences.into_iter().map(|(_, turn)| turn).collect());
    vec![row]
}

#[cfg(test)]
mod tests {
    use crate::contact::Speaker;
    use crate::source::testing;

    #[test]
    fn sentences_alone_follow_the_convention_of_channels() {
        let text = r#"{"sentences":[
            {"media_channel":2,"sentence_index":1,"start_time":"4.2","end_time":"6","transcript":"Ma box est en panne","confidence":"0.31"},
            {"media_channel":1,"sentence_index":0,"start_time":"0.5","end_time":"3.9","transcript":"Bonjour Lumio","confidence":"0.98"}],"meta":{"page":0}}"#;
        let (contacts, ..) = testing::read_bytes("2026-09-03T0912.json", text.as_bytes());
        let contact = &contacts[0];
        assert_eq!((contact.turns[0].speaker, contact.turns[1].speaker), (Speaker::Agent, Speaker::Customer));
        assert_eq!((contact.turns[1].start_s, contact.speaker_confidence), (Some(4.2), Some(0.8)));
        assert!(contact.flags.contains(&"low_confidence_speech".to_owned()));
    }
}
