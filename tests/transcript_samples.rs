//! Public samples of transcript and ticket exports, which are not part of the project: every valid one loads with the
//! roles, times and words that it states, every invalid one is a reject that says why.
//!
//! The folder is the one that `MOTIF_SAMPLES` names, else `shared/data/transcript_formats` beside the checkout or above;
//! without it the tests are skipped and say so. What is expected is read from the samples by means other than the
//! readers': the JSON as it stands, the manifest, the numbers written in the captions.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests; a skipped test says so")]

mod common;

use std::path::{Path, PathBuf};

use motif::config::{Options, Settings};
use motif::contact::{Channel, Contact, Speaker};
use motif::error::{RecordError, RejectCode};
use motif::source::{InputFile, Record, Source, discover};
use serde_json::Value;

fn samples() -> Option<PathBuf> {
    common::public_data("MOTIF_SAMPLES", "transcript_formats")
}

fn settings(inputs: Vec<PathBuf>) -> Settings {
    Settings { inputs, ..Settings::of(Options::default()) }
}

fn read_input(file: &InputFile, settings: &Settings) -> (Vec<Contact>, Vec<RecordError>) {
    let (mut contacts, mut rejects) = (Vec::new(), Vec::new());
    Source::new(settings)
        .unwrap()
        .read(file, &mut |record| {
            match record {
                Record::Contact(contact) => contacts.push(*contact),
                Record::Reject(error) => rejects.push(error),
            }
            Ok(())
        })
        .unwrap();
    (contacts, rejects)
}

fn read(path: &Path) -> (Vec<Contact>, Vec<RecordError>) {
    read_input(&InputFile::new(path), &settings(Vec::new()))
}

/// The one contact of a file.
fn contact(path: &Path) -> Contact {
    let (mut contacts, rejects) = read(path);
    assert!(rejects.is_empty(), "{}: {rejects:?}", path.display());
    assert_eq!(contacts.len(), 1, "{}", path.display());
    contacts.remove(0)
}

/// What a turn says: who, when, which words.
type Told = (Speaker, Option<f64>, Option<f64>, String);

fn told(contact: &Contact) -> Vec<Told> {
    contact.turns.iter().map(|turn| (turn.speaker, turn.start_s, turn.end_s, turn.text.clone())).collect()
}

fn speaker(role: &str) -> Speaker {
    match role {
        "AGENT" => Speaker::Agent,
        "CUSTOMER" => Speaker::Customer,
        "SYSTEM" => Speaker::Ivr,
        _ => Speaker::Bot,
    }
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The transcript of Contact Lens and of Call Analytics, as the JSON states it.
fn stated_turns(document: &Value) -> Vec<Told> {
    let role_of = |turn: &Value| {
        turn["ParticipantRole"].as_str().map(str::to_owned).unwrap_or_else(|| {
            let id = &turn["ParticipantId"];
            let participants = document["Participants"].as_array().unwrap();
            participants.iter().find(|one| one["ParticipantId"] == *id).unwrap()["ParticipantRole"]
                .as_str()
                .unwrap()
                .to_owned()
        })
    };
    let turns = match &document["Segments"] {
        Value::Array(segments) => segments.iter().map(|segment| &segment["Transcript"]).collect(),
        _ => document["Transcript"].as_array().unwrap().iter().collect::<Vec<_>>(),
    };
    let first = turns
        .iter()
        .filter(|turn| turn["Content"].is_string())
        .find_map(|turn| turn["AbsoluteTime"].as_str())
        .map(|time| time.parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    turns
        .into_iter()
        .filter(|turn| turn["Content"].is_string())
        .map(|turn| {
            let seconds = |key: &str| turn[key].as_f64().map(|ms| ms / 1000.0);
            let absolute = turn["AbsoluteTime"].as_str().map(|time| {
                let time = time.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
                (time - first.unwrap()).num_milliseconds() as f64 / 1000.0
            });
            (
                speaker(&role_of(turn)),
                seconds("BeginOffsetMillis").or(absolute),
                seconds("EndOffsetMillis"),
                turn["Content"].as_str().unwrap().trim().to_owned(),
            )
        })
        .collect()
}

#[test]
fn amazon_samples_load_with_their_roles_times_and_words() {
    let Some(folder) = samples() else { return };
    let mut count = 0;
    for kind in ["amazon-contact-lens", "amazon-transcribe-call-analytics"] {
        for entry in std::fs::read_dir(folder.join(kind)).unwrap() {
            let path = entry.unwrap().path();
            if path.to_string_lossy().ends_with(".invalid.json") {
                continue;
            }
            let document = json(&path);
            let contact = contact(&path);
            assert_eq!(told(&contact), stated_turns(&document), "{}", path.display());
            assert!(contact.turns.len() >= 2, "{}", path.display());
            let channel = if document["Channel"] == "CHAT" { Channel::Chat } else { Channel::Phone };
            assert_eq!(contact.channel, Some(channel), "{}", path.display());
            assert_eq!(contact.speaker_confidence, None, "the roles are stated in {}", path.display());
            count += 1;
        }
    }
    assert!(count >= 4);
}

#[test]
fn whisper_samples_load_with_their_times_words_and_confidence() {
    let Some(folder) = samples() else { return };
    let mut count = 0;
    for kind in ["medium_auto", "medium_fr", "punctuations_yes"] {
        for entry in std::fs::read_dir(folder.join("whisper-timestamped-fr").join(kind)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let contact = contact(&path);
            let document = json(&path);
            let expected: Vec<_> = document["segments"]
                .as_array()
                .unwrap()
                .iter()
                .map(|segment| {
                    let text = segment["text"].as_str().unwrap().trim().to_owned();
                    let silence = segment["no_speech_prob"].as_f64().is_some_and(|silent| silent > 0.6);
                    let sure = if silence { Some(0.0) } else { segment["confidence"].as_f64() };
                    (segment["start"].as_f64(), segment["end"].as_f64(), text, sure)
                })
                .filter(|(_, _, text, _)| !text.is_empty())
                .collect();
            let found: Vec<_> = contact
                .turns
                .iter()
                .map(|turn| (turn.start_s, turn.end_s, turn.text.clone(), turn.confidence))
                .collect();
            assert_eq!(found, expected, "{}", path.display());
            assert_eq!(contact.language.as_deref(), Some("fr"), "{}", path.display());
            assert!(contact.turns.iter().all(|turn| turn.speaker == Speaker::Unknown));
            assert_eq!(contact.speaker_confidence, Some(0.0));
            count += 1;
        }
    }
    assert!(count >= 8);
}

#[test]
fn the_same_speech_reads_the_same_from_every_output_of_whisper() {
    let Some(folder) = samples() else { return };
    let folder = folder.join("whisper-timestamped-fr/punctuations_yes");
    let expected = vec![(Speaker::Unknown, Some(0.38), Some(2.76), "Dis-moi, est-ce que l'avion vole ?".to_owned())];
    for extension in ["csv", "tsv", "srt", "vtt", "words.json"] {
        let path = folder.join(format!("punctuations.mp3.{extension}"));
        assert_eq!(told(&contact(&path)), expected, "{}", path.display());
    }
    let words = contact(&folder.join("punctuations.mp3.txt"));
    assert_eq!(words.turns[0].text, "Dis-moi, est-ce que l'avion vole ?");
    for extension in ["words.csv", "words.tsv", "words.srt", "words.vtt"] {
        let contact = contact(&folder.join(format!("punctuations.mp3.{extension}")));
        let words: Vec<&str> = contact.turns.iter().map(|turn| turn.text.as_str()).collect();
        assert_eq!(words, ["Dis-moi,", "est-ce", "que", "l'avion", "vole ?"], "{extension}");
        assert_eq!(contact.turns[4].end_s, Some(2.76), "{extension}");
    }
}

#[test]
fn every_split_of_the_long_sample_has_the_same_words() {
    let Some(folder) = samples() else { return };
    let folder = folder.join("whisper-timestamped-fr");
    let words = |contact: &Contact| {
        let text: Vec<String> = contact.turns.iter().map(|turn| turn.text.clone()).collect();
        text.join(" ").split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    for length in ["6", "20", "50"] {
        let srt = contact(&folder.join(format!("split_subtitles/smartphone.mp3_{length}.srt")));
        let vtt = contact(&folder.join(format!("split_subtitles/smartphone.mp3_{length}.vtt")));
        assert_eq!(told(&srt), told(&vtt), "{length}");
        assert!(words(&srt).len() > 100);
        let other = contact(&folder.join("split_subtitles/smartphone.mp3_50.srt"));
        assert_eq!(words(&srt), words(&other), "{length}");
    }
}

#[test]
fn captions_load_with_the_times_that_they_state() {
    let Some(folder) = samples() else { return };
    let folder = folder.join("subtitles");
    for (name, count, first, last) in [
        ("cue_tags.vtt", 3, (16.5, "When the moon hits your eye"), (20.5, "That's amore")),
        ("metadata_headers.vtt", 2, (0.5, "Caption text #1"), (7.0, "Caption text #2")),
        ("metadata_headers_multiline.vtt", 2, (0.5, "Caption text #1"), (7.0, "Caption text #2")),
        ("missing_caption_text.sbv", 4, (0.378, "Caption text #1"), (17.484, "Caption text #5")),
        ("missing_caption_text.srt", 4, (0.5, "Caption text #1"), (21.58, "Caption text #5")),
        ("missing_timeframe.vtt", 6, (0.5, "Caption text #1"), (27.28, "Caption text #7")),
        ("one_caption.vtt", 1, (0.5, "Caption text #1"), (0.5, "Caption text #1")),
        ("sample.sbv", 5, (0.378, "Caption text #1"), (17.484, "Caption text #5")),
        ("sample.vtt", 16, (0.5, "Caption text #1"), (61.35, "Caption text #16")),
        (
            "two_captions.sbv",
            2,
            (0.378, "Caption text #1"),
            (11.378, "Caption text #2 (line 1) Caption text #2 (line 2)"),
        ),
        ("youtube_dl.vtt", 3, (286.07, "yeah"), (304.08, "this will happen is I'm telling")),
    ] {
        let contact = contact(&folder.join(name));
        let at = |index: usize| (contact.turns[index].start_s.unwrap(), contact.turns[index].text.as_str());
        assert_eq!(contact.turns.len(), count, "{name}: {:?}", told(&contact));
        assert_eq!((at(0), at(count - 1)), (first, last), "{name}");
    }
}

#[test]
fn invalid_samples_are_rejects_that_say_why() {
    let Some(folder) = samples() else { return };
    for name in [
        "amazon-contact-lens/example-original-analyzed-file-for-a-call-ca2f8b.invalid.json",
        "subtitles/invalid_format1.srt",
        "subtitles/invalid_format4.srt",
        "subtitles/invalid_timeframe.srt",
        "subtitles/invalid_timeframe_in_cue_text.vtt",
    ] {
        let (contacts, rejects) = read(&folder.join(name));
        assert_eq!((contacts.len(), rejects.len()), (0, 1), "{name}");
        assert!(matches!(rejects[0].code, RejectCode::Malformed | RejectCode::Truncated), "{name}: {}", rejects[0]);
        assert!(rejects[0].message.len() > 20, "{name}: {}", rejects[0]);
    }
}

#[test]
fn the_ticketing_export_loads_as_a_whole() {
    let Some(folder) = samples() else { return };
    let settings = settings(vec![folder.join("zendesk")]);
    let mut contacts = Vec::new();
    let mut refused = Vec::new();
    for file in discover(&settings).unwrap() {
        let (found, rejects) = read_input(&file, &settings);
        contacts.extend(found);
        refused.extend(rejects);
    }
    // 10 tickets, the tickets of 20 comments that are not among them, and the chats that have words.
    let of = |id: &str| contacts.iter().find(|contact| contact.contact_id == id);
    for id in ["1595", "16988", "11071", "1966", "6605", "7636", "7367", "13057"] {
        assert!(of(id).is_some(), "ticket {id}");
    }
    assert_eq!(of("16988").unwrap().channel, Some(Channel::Email));
    assert_eq!(of("16988").unwrap().turns[0].speaker, Speaker::Customer);
    assert_eq!(of("7367").unwrap().turns.len(), 6);
    let chats: Vec<&Contact> = contacts.iter().filter(|contact| contact.channel == Some(Channel::Chat)).collect();
    assert!(!chats.is_empty());
    assert!(chats.iter().flat_map(|chat| &chat.turns).any(|turn| turn.speaker == Speaker::Bot));
    // Tables of groups, brands and the like hold no contact, and say so.
    assert!(refused.iter().all(|reject| reject.code == RejectCode::MissingColumn), "{refused:?}");
}
