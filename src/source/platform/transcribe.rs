//! Amazon Transcribe: the plain output of a job, with speaker labels or channels, or without either.
//!
//! Newer files have whole segments; in the others the words are joined while the speaker stays the same.

use super::super::columns::Field;
use super::super::dialogue::RawTurn;
use super::super::json;
use super::super::row::{Place, Row};
use super::super::value::Cell;
use super::reach::{self, Object};

/// Whether the document is one of these.
pub(super) fn knows(object: &Object) -> bool {
    reach::object(object, &["results"]).is_some_and(|results| {
        reach::has_objects(results, &["transcripts"]) && reach::get(results, &["items", "audiosegments"]).is_some()
    })
}

/// The row of the document.
pub(super) fn rows(object: &Object, place: &Place<'_>) -> Vec<Row> {
    let mut row = json::base_row(object, place);
    row.fallback_id = reach::text(object, &["jobname"]);
    if place.settings.default_channel.is_none() {
        row.set(Field::Channel, Some(Cell::Text("phone".into())), 1.0);
    }
    let empty = Object::new();
    let results = reach::object(object, &["results"]).unwrap_or(&empty);
    let time = |object: &Object, names: &[&str]| reach::seconds_of(object, names, 1.0);
    let label = |object: &Object| reach::text(object, &["speakerlabel", "channellabel"]);
    let mut turns: Vec<RawTurn> = reach::objects(results, &["audiosegments"])
        .filter_map(|segment| {
            Some(RawTurn {
                label: label(segment),
                text: reach::text(segment, &["transcript"])?,
                start_s: time(segment, &["starttime"]),
                end_s: time(segment, &["endtime"]),
                ..RawTurn::default()
            })
        })
        .collect();
    if turns.is_empty() {
        for item in reach::objects(results, &["items"]) {
            let Some(best) = reach::objects(item, &["alternatives"]).next() else { continue };
            let Some(word) = reach::text(best, &["content"]) else { continue };
            let is_mark = reach::text(item, &["type"]).as_deref() == Some("punctuation");
            match turns.last_mut() {
                Some(turn) if is_mark => turn.text.push_str(&word),
                Some(turn) if turn.label == label(item) => {
                    turn.text.push(' ');
                    turn.text.push_str(&word);
                    turn.end_s = time(item, &["endtime"]).or(turn.end_s);
                }
                _ => turns.push(RawTurn {
                    label: label(item),
                    text: word,
                    start_s: time(item, &["starttime"]),
                    end_s: time(item, &["endtime"]),
                    ..RawTurn::default()
                }),
            }
        }
    }
    row.turns = Some(turns);
    vec![row]
}

#[cfg(test)]
mod tests {
    use crate::contact::Speaker;
    use crate::source::testing;

    #[test]
    fn words_of_one_speaker_are_one_turn() {
        let text = r#"{"jobName":"j","accountId":"0","status":"COMPLETED","results":{"transcripts":[{"transcript":"Que puis-je faire pour vous ? Ma box."}],"items":[
            {"type":"pronunciation","start_time":"0.1","end_time":"0.4","alternatives":[{"confidence":"0.99","content":"Que"}],"speaker_label":"spk_0"},
            {"type":"pronunciation","start_time":"0.4","end_time":"1.9","alternatives":[{"confidence":"0.99","content":"puis-je faire pour vous"}],"speaker_label":"spk_0"},
            {"type":"punctuation","alternatives":[{"confidence":"0.0","content":" ?"}],"speaker_label":"spk_0"},
            {"type":"pronunciation","start_time":"2.5","end_time":"3.0","alternatives":[{"confidence":"0.9","content":"Ma box"}],"speaker_label":"spk_1"}]}}"#;
        let (contacts, rejects, _) = testing::read_bytes("2026-09-03T0912.json", text.as_bytes());
        assert!(rejects.is_empty(), "{rejects:?}");
        let turns = &contacts[0].turns;
        assert_eq!((turns[0].speaker, turns[0].text.as_str()), (Speaker::Agent, "Que puis-je faire pour vous?"));
        assert_eq!((turns[1].speaker, turns[1].start_s, turns[1].end_s), (Speaker::Customer, Some(2.5), Some(3.0)));
    }
}
