//! Whole e-mails, as mail programs write them, against the parts they must be split into.
//!
//! Each `NAME.eml` has a `NAME.json` written by hand. Traps are named for the mistake they provoke.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test prints its figures and may panic")]

mod common;

use std::path::{Path, PathBuf};

use motif::text::eml::clean_eml;

fn messages(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
        .collect();
    found.sort();
    found
}

#[test]
fn every_message_is_split_as_expected() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mail");
    let mut failed = Vec::new();
    let mut total = 0;
    for folder in ["ordinary", "clients", "malformed", "traps"] {
        let found = messages(&root.join(folder));
        assert!(!found.is_empty(), "{folder} holds no message");
        for path in found {
            total += 1;
            let actual = serde_json::to_value(clean_eml(&std::fs::read(&path).unwrap())).unwrap();
            let golden = std::fs::read_to_string(path.with_extension("json")).unwrap();
            let expected: serde_json::Value = serde_json::from_str(&golden).unwrap();
            if actual != expected {
                let written = Path::new(env!("CARGO_TARGET_TMPDIR"))
                    .join(path.with_extension("actual.json").file_name().unwrap());
                std::fs::write(&written, serde_json::to_string_pretty(&actual).unwrap()).unwrap();
                for (key, value) in expected.as_object().unwrap() {
                    if actual[key] != *value {
                        println!("{}: {key}\n  expected {value}\n  actual   {}", path.display(), actual[key]);
                    }
                }
                failed.push(path.file_stem().unwrap().to_string_lossy().into_owned());
            }
        }
    }
    assert!(total >= 60, "only {total} messages");
    assert!(failed.is_empty(), "{} of {total} differ: {failed:?}", failed.len());
}

/// Every message below `folder`, whatever its name.
fn all_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all_below(&path, found);
        } else if !path
            .extension()
            .is_some_and(|extension| ["json", "md", "tsv"].iter().any(|other| extension == *other))
        {
            found.push(path);
        }
    }
}

/// The subject, sender and words that the parser's own record of a message holds.
fn recorded(path: &Path) -> Option<(String, String, String)> {
    let record: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()?;
    let headers = record["parts"][0]["headers"].as_array()?;
    let header = |name: &str| headers.iter().rev().find(|header| header["name"] == name).map(|header| &header["value"]);
    let subject = header("subject").and_then(|value| value["Text"].as_str()).unwrap_or_default();
    let sender = header("from").and_then(|value| value["Address"]["List"][0]["address"].as_str()).unwrap_or_default();
    let bodies = record["text_body"].as_array()?.iter().filter_map(serde_json::Value::as_u64);
    let words = bodies.filter_map(|part| record["parts"][usize::try_from(part).ok()?]["body"]["Text"].as_str());
    Some((subject.to_owned(), sender.to_owned(), words.collect::<Vec<_>>().join(" ")))
}

fn words(text: &str) -> std::collections::BTreeSet<&str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() >= 3).collect()
}

#[test]
fn public_messages_are_read_without_panic_and_as_their_records_say() {
    let Some(root) = common::public_data("MOTIF_MIME_FIXTURES", "mime_fixtures") else { return };
    let (mut found, mut compared) = (Vec::new(), 0);
    all_below(Path::new(&root), &mut found);
    assert!(!found.is_empty(), "no message in the folder");
    for path in found {
        let bytes = std::fs::read(&path).unwrap();
        let mail = clean_eml(&bytes);
        let parts = [&mail.reply, &mail.quoted, &mail.signature, &mail.disclaimer];
        assert!(parts.iter().all(|part| part.trim() == part.as_str() && !part.contains('\r')), "{}", path.display());
        // What the parser can read as words must be in one of the parts.
        let message = mail_parser::MessageParser::default().parse(&bytes);
        let has_words = message.is_some_and(|message| {
            message.text_bodies().any(|part| matches!(&part.body, mail_parser::PartType::Text(text) if text.chars().any(char::is_alphanumeric)))
        });
        assert!(!has_words || parts.iter().any(|part| !part.is_empty()), "{}: words lost", path.display());
        let Some((subject, sender, body)) = recorded(&path.with_extension("json")) else { continue };
        compared += 1;
        // Bytes that the record could not decode are decoded here.
        if !subject.contains('\u{fffd}') {
            assert_eq!(mail.subject, subject.split_whitespace().collect::<Vec<_>>().join(" "), "{}", path.display());
        }
        assert_eq!(mail.from, sender, "{}", path.display());
        let all = parts.map(String::as_str).join(" ");
        let (wanted, got) = (words(&body), words(&all));
        let lost = wanted.iter().filter(|word| !got.contains(*word)).count();
        // Left out: bodies with MIME parts in them, and plain forms that only ask for a program that shows HTML.
        if !body.contains("Content-Type") && !body.contains("HTML") {
            assert!(lost * 20 <= wanted.len(), "{}: {lost} of {} words lost", path.display(), wanted.len());
        }
    }
    println!("{compared} messages compared with their records");
}
