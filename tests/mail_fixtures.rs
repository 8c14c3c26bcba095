//! Whole e-mails, as mail programs write them, against the parts they must be split into.
//!
//! Each `NAME.eml` has a `NAME.json` written by hand. Traps are named for the mistake they provoke.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test prints its figures and may panic")]

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

/// Public MIME collections are not part of the repository; the variable names a folder that holds one.
#[test]
fn public_messages_are_read_without_panic_and_keep_their_words() {
    let Some(root) = std::env::var_os("MOTIF_MIME_FIXTURES") else {
        println!("skipped: MOTIF_MIME_FIXTURES is not set");
        return;
    };
    let mut found = Vec::new();
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
    }
}
