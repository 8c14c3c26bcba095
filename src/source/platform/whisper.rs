//! Whisper and its family: Whisper, whisper-timestamped, faster-whisper, whisper.cpp and WhisperX, with and without
//! speakers.
//!
//! The words are in `segments`; WhisperX names a `speaker` for each segment, or only for each word, and then a segment is
//! parted where the voice changes. Without speakers, each segment is a turn of an unknown voice. The confidence is the one
//! the tool states, else the mean of its words, else the mean log-probability as a probability; a segment that is
//! probably no speech has none.

use super::super::columns::Field;
use super::super::dialogue::RawTurn;
use super::super::json;
use super::super::row::{Place, Row};
use super::super::value::Cell;
use super::reach::{self, Object};

/// Names of a word's confidence.
const SURE: [&str; 3] = ["confidence", "probability", "score"];

/// Whether the document is one of these.
pub(super) fn knows(object: &Object) -> bool {
    let is_segment = |segment: &Object| {
        reach::get(segment, &["text"]).is_some()
            && reach::get(segment, &["start"]).is_some()
            && reach::get(segment, &["end"]).is_some()
    };
    reach::objects(object, &["segments"]).any(is_segment)
        || reach::objects(object, &["transcription"]).any(|segment| reach::object(segment, &["offsets"]).is_some())
        || (reach::has_objects(object, &["wordsegments"]) && !reach::has_objects(object, &["segments"]))
}

/// The row of the document.
pub(super) fn rows(object: &Object, place: &Place<'_>) -> Vec<Row> {
    let mut row = json::base_row(object, place);
    if row.cell(Field::Channel).is_none() && place.settings.default_channel.is_none() {
        // Speech recognition is made of speech.
        row.set(Field::Channel, Some(Cell::Text("phone".into())), 1.0);
    }
    let mut turns = Vec::new();
    for segment in reach::objects(object, &["segments"]).chain(reach::objects(object, &["transcription"])) {
        segment_turns(segment, &mut turns);
    }
    if turns.is_empty() {
        words_turns(&reach::objects(object, &["wordsegments"]).collect::<Vec<_>>(), &mut turns);
    }
    row.turns = Some(turns);
    vec![row]
}

fn segment_turns(segment: &Object, turns: &mut Vec<RawTurn>) {
    let speaker = reach::text(segment, &["speaker"]);
    let words: Vec<&Object> = reach::objects(segment, &["words"]).collect();
    if speaker.is_none() && words.iter().any(|word| reach::text(word, &["speaker"]).is_some()) {
        words_turns(&words, turns);
        return;
    }
    let Some(text) = reach::text(segment, &["text"]) else { return };
    let silence = reach::number_of(segment, &["nospeechprob"]).is_some_and(|silent| silent > 0.6);
    let stated = reach::number_of(segment, &["confidence"]).or_else(|| reach::mean(words.iter().copied(), &SURE));
    let by_logarithm =
        || reach::number_of(segment, &["avglogprob"]).map(|mean| (mean.min(0.0).exp() * 1000.0).round() / 1000.0);
    let (start_s, end_s) = times(segment);
    turns.push(RawTurn {
        label: speaker,
        text,
        start_s,
        end_s,
        confidence: if silence { Some(0.0) } else { stated.or_else(by_logarithm) },
        ..RawTurn::default()
    });
}

/// Runs of words of one voice. A word without speaker goes with the one before it.
fn words_turns(words: &[&Object], turns: &mut Vec<RawTurn>) {
    let mut run: Vec<&Object> = Vec::new();
    let mut voice: Option<String> = words.iter().find_map(|word| reach::text(word, &["speaker"]));
    for word in words {
        let speaker = reach::text(word, &["speaker"]).or_else(|| voice.clone());
        if speaker != voice {
            turns.extend(turn_of_words(&std::mem::take(&mut run), voice));
            voice = speaker;
        }
        run.push(word);
    }
    turns.extend(turn_of_words(&run, voice));
}

fn turn_of_words(words: &[&Object], label: Option<String>) -> Option<RawTurn> {
    let texts: Vec<String> = words.iter().filter_map(|word| reach::text(word, &["word", "text"])).collect();
    (!texts.is_empty()).then(|| RawTurn {
        label,
        text: texts.join(" "),
        start_s: words.iter().find_map(|word| times(word).0),
        end_s: words.iter().rev().find_map(|word| times(word).1),
        confidence: reach::mean(words.iter().copied(), &SURE),
        ..RawTurn::default()
    })
}

fn times(object: &Object) -> (Option<f64>, Option<f64>) {
    if let Some(offsets) = reach::object(object, &["offsets"]) {
        return (reach::seconds_of(offsets, &["from"], 0.001), reach::seconds_of(offsets, &["to"], 0.001));
    }
    (reach::seconds_of(object, &["start"], 1.0), reach::seconds_of(object, &["end"], 1.0))
}

#[cfg(test)]
mod tests {
    use crate::contact::Speaker;
    use crate::source::testing;

    #[test]
    fn offsets_of_whisper_cpp_are_milliseconds() {
        let text = r#"{"result":{"language":"fr"},"transcription":[{"timestamps":{"from":"00:00:00,500","to":"00:00:02,000"},"offsets":{"from":500,"to":2000},"text":" Bonjour"}]}"#;
        let (contacts, ..) = testing::read_bytes("2026-09-03T0912.json", text.as_bytes());
        let turn = &contacts[0].turns[0];
        assert_eq!((turn.text.as_str(), turn.start_s, turn.end_s), ("Bonjour", Some(0.5), Some(2.0)));
    }

    #[test]
    fn a_segment_is_parted_where_the_voice_of_its_words_changes() {
        let text = r#"{"segments":[{"start":0.0,"end":4.0,"text":" Comment puis-je vous aider ? Ma box.","words":[
            {"word":"Comment","start":0.0,"end":0.4,"score":0.9,"speaker":"SPEAKER_01"},{"word":"puis-je","speaker":"SPEAKER_01"},
            {"word":"vous","start":0.8,"end":1.0,"score":0.8},{"word":"aider ?","start":1.0,"end":1.4,"score":0.9,"speaker":"SPEAKER_01"},
            {"word":"Ma","start":2.0,"end":2.2,"score":0.2,"speaker":"SPEAKER_00"},{"word":"box.","start":2.2,"end":2.6,"score":0.3,"speaker":"SPEAKER_00"}]}],"language":"fr"}"#;
        let (contacts, ..) = testing::read_bytes("2026-09-03T0912.json", text.as_bytes());
        let turns = &contacts[0].turns;
        assert_eq!((turns[0].speaker, turns[0].text.as_str()), (Speaker::Agent, "Comment puis-je vous aider ?"));
        assert_eq!((turns[1].speaker, turns[1].start_s, turns[1].end_s), (Speaker::Customer, Some(2.0), Some(2.6)));
        assert_eq!(turns[1].confidence, Some(0.25));
    }
}
