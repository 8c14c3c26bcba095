//! Hostile transcripts: the fixtures of every format, damaged in ways that no exporter would think of.
//!
//! One property per reader. Whatever comes in: no panic, the counts reconcile, and no time, share or confidence leaves that
//! is not a number in its range.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "common/contact_promises.rs"]
mod contact_promises;

use std::path::Path;

use motif::config::{Options, Settings};
use motif::contact::Contact;
use motif::source::{InputFile, Record, Source};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Reads bytes as a file of that name and checks what every reader promises.
fn read(name: &str, bytes: &[u8]) -> Vec<Contact> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let settings = Settings::of(Options::default());
    let mut contacts = Vec::new();
    let summary = Source::new(&settings)
        .unwrap()
        .read(&InputFile::new(&path), &mut |record| {
            if let Record::Contact(contact) = record {
                contacts.push(*contact);
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(summary.records_read, summary.contacts + summary.rejects);
    assert!(summary.records_read > 0);
    for contact in &contacts {
        contact_promises::check(contact);
        assert!(contact.turns.iter().all(|turn| !turn.text.trim().is_empty()));
    }
    contacts
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/source");
    ["clients", "ordinary", "traps"].iter().find_map(|kind| std::fs::read(folder.join(kind).join(name)).ok()).unwrap()
}

/// A small generator, so that a failing case is its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides.max(1)
    }
}

/// Values that exporters do not write.
fn strange(dice: &mut Dice) -> Value {
    match dice.roll(16) {
        0 => Value::Null,
        1 => json!([]),
        2 => json!({}),
        3 => json!(1e300),
        4 => json!(-1e300),
        5 => json!(i64::MAX),
        6 => json!(u64::MAX),
        7 => json!(""),
        8 => json!("NaN"),
        9 => json!("Infinity"),
        10 => json!(true),
        11 => json!([[[[[["a"]]]]]]),
        12 => json!("\u{0}\u{feff}é\u{202e}<v a>[00:00:00] x : y"),
        13 => json!({ "a": { "a": { "a": { "text": 1 } } } }),
        14 => json!("9".repeat(400)),
        _ => json!(-0.0),
    }
}

/// Damages some places of a document.
fn damage(value: &mut Value, dice: &mut Dice) {
    if dice.roll(14) == 0 {
        *value = strange(dice);
        return;
    }
    match value {
        Value::Array(elements) => {
            if elements.len() > 1 && dice.roll(10) == 0 {
                let (a, b) = (dice.roll(elements.len()), dice.roll(elements.len()));
                elements.swap(a, b);
            }
            if dice.roll(12) == 0 {
                elements.push(strange(dice));
            }
            elements.iter_mut().for_each(|element| damage(element, dice));
        }
        Value::Object(object) => {
            let keys: Vec<String> = object.keys().cloned().collect();
            for key in keys {
                match dice.roll(40) {
                    0 => {
                        object.remove(&key);
                    }
                    1 => {
                        let moved = object.remove(&key).unwrap_or_default();
                        object.insert(key.to_uppercase(), moved);
                    }
                    _ => {
                        if let Some(inner) = object.get_mut(&key) {
                            damage(inner, dice);
                        }
                    }
                }
            }
        }
        _ => {}
    }
}

/// Damages some lines of a text.
fn damage_lines(text: &str, dice: &mut Dice) -> String {
    const JUNK: [&str; 12] = [
        "-->",
        "00:00:01.000 --> 00:00:00.000",
        "99:99:99,999 --> 99:99:99,999",
        "WEBVTT",
        "NOTE",
        "<v >",
        "[00:00:61] : ",
        "a : b : c",
        "\u{feff}",
        "\"",
        "0:00:00.000,9999:00:00.000",
        ";;;,,,\t\t\t",
    ];
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..=dice.roll(6) {
        let at = dice.roll(lines.len() + 1);
        match dice.roll(5) {
            0 => lines.insert(at, JUNK[dice.roll(JUNK.len())].to_owned()),
            1 if at < lines.len() => {
                lines.remove(at);
            }
            2 if at < lines.len() => {
                let copy = lines[at].clone();
                lines.insert(at, copy);
            }
            3 if at < lines.len() => {
                let cut: String = lines[at].chars().take(dice.roll(12)).collect();
                lines[at] = cut;
            }
            _ if at < lines.len() => lines[at].push_str(JUNK[dice.roll(JUNK.len())]),
            _ => {}
        }
    }
    lines.join(if dice.roll(4) == 0 { "\r\n" } else { "\n" })
}

/// The documents of a JSON fixture damaged; cut anywhere too: then it is a reject or what came before.
fn json_case(file: &str, dice: &mut Dice) {
    let bytes = fixture(file);
    let mut damaged = Vec::new();
    for document in serde_json::Deserializer::from_slice(&bytes).into_iter::<Value>() {
        let mut document = document.unwrap();
        damage(&mut document, dice);
        damaged.extend_from_slice(document.to_string().as_bytes());
        damaged.push(b'\n');
    }
    read(file, &damaged);
    let end = dice.roll(damaged.len());
    read(file, &damaged[..end.max(1)]);
}

/// The lines of a fixture damaged.
fn text_case(file: &str, dice: &mut Dice) {
    let damaged = damage_lines(&String::from_utf8(fixture(file)).unwrap(), dice);
    if !damaged.is_empty() {
        read(file, damaged.as_bytes());
    }
}

/// One property for each reader, and its fixtures.
macro_rules! readers {
    ($case:ident: $($property:ident: $($file:literal)+;)+) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(120))]
            $(#[test]
            fn $property(seed in any::<u64>()) {
                for file in [$($file,)+] {
                    $case(file, &mut Dice(seed));
                }
            })+
        }
    };
}

readers! {
    json_case:
    amazon_survives_damage: "connect_appel.json" "connect_chat_bot.json" "2026-09-03T0912_connect_temps_reel.json" "2026-09-03T0915_call_analytics.json";
    genesys_survives_damage: "genesys_transcription.json" "genesys_details_sans_paroles.json";
    google_survives_damage: "insights_conversation.json" "insights_bigquery.jsonl";
    twilio_survives_damage: "2026-09-03T0912_twilio_phrases.json" "twilio_avec_ressource.json";
    whisper_survives_damage: "2026-09-03T0912_whisper.json" "2026-09-03T0912_whisperx.json";
    zendesk_survives_damage: "zendesk_ticket.json" "zendesk_tickets.json" "merged_ticket_does_not_speak_twice.json";
    freshdesk_survives_damage: "freshdesk_ticket.json" "freshdesk_export.json";
    intercom_survives_damage: "intercom_conversation.json";
    salesforce_survives_damage: "salesforce_cases.json";
    plain_json_survives_damage: "array.json" "calls.jsonl" "envelope.json";
}

readers! {
    text_case:
    webvtt_survives_damage: "2026-09-03T0912_teams.vtt" "2026-09-03T0912_zoom.vtt" "2026-09-03T0912_rolling_captions.vtt";
    subrip_survives_damage: "2026-09-03T0912.srt";
    sbv_survives_damage: "2026-09-03T0912_sous_titres.sbv";
    plain_text_survives_damage: "2026-09-03_appel_horodate.txt" "chat_dates.txt" "2026-09-03_reunion.txt" "2026-09-03_zoom_chat.txt";
    tables_of_platforms_survive_damage: "ticket_chat_event.csv" "EmailMessage.csv" "salesforce_cases.csv" "ticket_comments.csv";
}

#[test]
fn nesting_without_end_is_a_reject() {
    let deep = format!("{{\"segments\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000));
    assert!(read("a.json", deep.as_bytes()).is_empty());
    let objects = "{\"Transcript\":".repeat(100_000);
    assert!(read("a.json", objects.as_bytes()).is_empty());
}

#[test]
fn many_voices_and_many_segments_take_linear_time() {
    let segments: Vec<Value> = (0..60_000)
        .map(|index| json!({ "start": index, "end": index + 1, "text": "oui", "speaker": format!("S{index}") }))
        .collect();
    let document = json!({ "segments": segments, "language": "fr" }).to_string();
    let contacts = read("2026-09-03.json", document.as_bytes());
    assert_eq!(contacts[0].turns.len(), 60_000);
    let lines: String = (0..60_000).map(|index| format!("Voix {index} : oui\n")).collect();
    assert_eq!(read("2026-09-03.txt", lines.as_bytes()).len(), 1);
}

#[test]
fn times_beyond_the_calendar_are_no_times() {
    let document = json!({ "conversationId": "g", "communicationId": "c", "conversationStartTime": 1_788_419_520_000_i64, "transcripts": [{ "phrases": [
        { "text": "allô", "participantPurpose": "external", "startTimeMs": 9.9e13, "duration": { "milliseconds": 1e300 } },
        { "text": "oui", "participantPurpose": "internal", "startTimeMs": -5, "duration": "toujours" } ] }] });
    let contacts = read("g.json", document.to_string().as_bytes());
    assert!(contacts[0].turns.iter().all(|turn| turn.start_s.is_none() && turn.end_s.is_none()));
}
