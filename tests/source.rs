//! Files of every format to contacts and rejects: each fixture has its expected records beside it.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests; a skipped test says so")]

use std::path::{Path, PathBuf};

use motif::RecordError;
use motif::config::{Options, Settings};
use motif::source::{InputFile, Record, Source, discover};
use serde_json::{Value, json};

fn settings(inputs: Vec<PathBuf>) -> Settings {
    let mut options = Options::default();
    options.input.company_addresses = vec!["@lumio.example.com".into()];
    Settings { inputs, ..Settings::of(options) }
}

/// Drops nulls, empty lists and empty objects, so that expected files show what was read.
fn without_nulls(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Array(elements) if elements.is_empty() => None,
        Value::Array(elements) => Some(Value::Array(elements.into_iter().filter_map(without_nulls).collect())),
        Value::Object(object) => {
            let kept: serde_json::Map<String, Value> =
                object.into_iter().filter_map(|(key, value)| Some((key, without_nulls(value)?))).collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        other => Some(other),
    }
}

fn read(path: &Path) -> Value {
    let settings = settings(Vec::new());
    let source = Source::new(&settings).unwrap();
    let mut file = InputFile::new(path);
    file.name = path.file_name().unwrap().to_string_lossy().into_owned();
    let (mut contacts, mut rejects) = (Vec::new(), Vec::new());
    let summary = source
        .read(&file, &mut |record| {
            match record {
                Record::Contact(contact) => {
                    let mut value = serde_json::to_value(&contact).unwrap();
                    value["started_at"] = json!(contact.started_at.to_rfc3339());
                    value["ended_at"] = json!(contact.ended_at.map(|time| time.to_rfc3339()));
                    value["record"] = json!(contact.provenance.record);
                    value["provenance"] = Value::Null;
                    contacts.push(without_nulls(value).unwrap());
                }
                Record::Reject(error) => rejects.push(
                    without_nulls(json!({ "record": error.record, "code": error.code, "field": error.field })).unwrap(),
                ),
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(summary.records_read, summary.contacts + summary.rejects, "{}", path.display());
    assert_eq!(summary.records_read as usize, contacts.len() + rejects.len(), "{}", path.display());
    assert_eq!(summary.sha256.len(), 64);
    json!({ "format": summary.format, "records_read": summary.records_read, "contacts": contacts, "rejects": rejects })
}

/// Runs every fixture of a folder; a mismatch writes the actual records beside the expected ones.
fn run_folder(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/source").join(name);
    let mut inputs: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    inputs.retain(|path| {
        !path.to_string_lossy().ends_with(".expected.json") && !path.to_string_lossy().ends_with(".actual.json")
    });
    inputs.sort();
    assert!(inputs.len() >= 10, "fixtures of {name} are missing");
    let mut wrong = Vec::new();
    for input in inputs {
        let actual = serde_json::to_string_pretty(&read(&input)).unwrap() + "\n";
        let base = input.to_string_lossy().into_owned();
        let expected = std::fs::read_to_string(format!("{base}.expected.json")).unwrap_or_default();
        if actual != expected {
            std::fs::write(format!("{base}.actual.json"), actual).unwrap();
            wrong.push(input.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    assert!(wrong.is_empty(), "records differ from the expected ones (see the .actual.json files): {wrong:?}");
}

#[test]
fn ordinary_files_become_the_expected_contacts() {
    run_folder("ordinary");
}

#[test]
fn exports_of_platforms_become_the_expected_contacts() {
    run_folder("clients");
}

#[test]
fn malformed_files_become_the_expected_rejects() {
    run_folder("malformed");
}

#[test]
fn traps_are_read_as_a_person_would() {
    run_folder("traps");
}

#[test]
fn a_turn_of_ten_megabytes_is_one_contact() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.csv");
    let text = "Je répète : toujours rien.\n".repeat(400_000);
    std::fs::write(&path, format!("id,date,text\n1,2026-09-03 09:12,\"{text}\"\n2,2026-09-03 09:12,court\n")).unwrap();
    let value = read(&path);
    assert_eq!(value["contacts"].as_array().unwrap().len(), 2);
    assert_eq!(value["contacts"][0]["turns"][0]["text"].as_str().unwrap().len(), text.len());
}

#[test]
fn compressed_files_give_the_same_contacts() {
    let plain = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/source/ordinary/calls.jsonl");
    let bytes = std::fs::read(&plain).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, &bytes).unwrap();
    std::fs::write(folder.path().join("calls.jsonl.gz"), gzip.finish().unwrap()).unwrap();
    std::fs::write(folder.path().join("calls.jsonl.zst"), zstd::encode_all(&bytes[..], 3).unwrap()).unwrap();
    let expected = read(&plain);
    assert_eq!(read(&folder.path().join("calls.jsonl.gz")), expected);
    assert_eq!(read(&folder.path().join("calls.jsonl.zst")), expected);
}

/// The rejects of the one file that the settings name.
fn rejects(settings: &Settings) -> Vec<RecordError> {
    let mut rejects = Vec::new();
    motif::source::read(&discover(settings).unwrap()[0], settings, &mut |record| {
        if let Record::Reject(error) = record {
            rejects.push(error);
        }
        Ok(())
    })
    .unwrap();
    rejects
}

#[test]
fn a_mapped_column_that_is_absent_refuses_the_file_and_names_the_nearest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    std::fs::write(&path, "Référence;date;texte\n1;2026-09-03;a\n").unwrap();
    let mut settings = settings(vec![path.clone()]);
    settings.options.columns.insert("contact_id".into(), motif::config::options::OneOrMany::One("Refrence".into()));
    let rejects = rejects(&settings);
    assert_eq!(rejects.len(), 1);
    assert_eq!((rejects[0].code.as_str(), rejects[0].record), ("missing_column", None));
    assert!(rejects[0].message.contains("closest: Référence"), "{}", rejects[0].message);
}

#[test]
fn the_words_of_a_file_without_header_row_are_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    std::fs::write(&path, "Je veux parler à Mme Zèbre\nMa box est en panne depuis lundi\n").unwrap();
    let settings = settings(vec![path]);
    let rejects = rejects(&settings);
    assert_eq!((rejects.len(), rejects[0].code.as_str()), (1, "missing_column"));
    assert!(!rejects[0].message.contains("Zèbre") && !rejects[0].message.contains("parler"), "{}", rejects[0].message);
}

/// What is told of a file beside its records: its number of contacts, and the columns left unread without words.
fn unread(name: &str, bytes: &[u8]) -> (u64, Option<(usize, Vec<String>)>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let summary = motif::source::read(&InputFile::new(&path), &settings(Vec::new()), &mut |_| Ok(())).unwrap();
    (summary.contacts, summary.unread.map(|unread| (unread.count, unread.names)))
}

/// A table as Excel saves it: windows-1252.
fn excel(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

#[test]
fn a_file_without_a_column_for_the_words_tells_the_columns_that_were_not_read() {
    let header = "N° dossier;N° client;Date;Heure;Canal;Motif conseiller;Durée";
    let row = "D-001;C01;03/11/2025;09:12;Téléphone;panne;00:07:35";
    let table = |words: &str| excel(&format!("{header};{words}\n{row};Ma box est en panne depuis lundi\n"));
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let told = Some((2, names(&["Motif conseiller", "Ressenti exprimé"])));
    assert_eq!(unread("a.csv", &table("Ressenti exprimé")), (1, told));
    let line = r#"{"ticket_id":1,"date":"2026-09-03 09:12","canal":"chat","ressenti":"Ma box est en panne"}"#;
    assert_eq!(unread("a.jsonl", line.as_bytes()), (1, Some((1, names(&["ressenti"])))));
}

#[test]
fn a_file_whose_words_or_columns_are_all_known_tells_nothing() {
    let header = "N° dossier;N° client;Date;Heure;Canal;Motif conseiller;Durée";
    let row = "D-001;C01;03/11/2025;09:12;Téléphone;panne;00:07:35;Ma box est en panne depuis lundi";
    assert_eq!(unread("a.csv", &excel(&format!("{header};Commentaire client\n{row}\n"))), (1, None));
    let handling =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/source/ordinary/columns_only_handling.csv");
    let (contacts, told) = unread("a.csv", &std::fs::read(handling).unwrap());
    assert!(contacts > 0 && told.is_none(), "{told:?}");
    let line = r#"{"ticket_id":1,"date":"2026-09-03 09:12","text":"Ma box","humeur":"noire"}"#;
    assert_eq!(unread("a.jsonl", line.as_bytes()), (1, None));
}

/// Third-party samples that are not part of the project: set `MOTIF_SAMPLES` to a folder to read them all.
#[test]
fn foreign_samples_are_read_without_panic_and_counts_reconcile() {
    let Some(folder) = std::env::var_os("MOTIF_SAMPLES").map(PathBuf::from).filter(|folder| folder.is_dir()) else {
        eprintln!("skipped: MOTIF_SAMPLES names no folder");
        return;
    };
    let settings = settings(vec![folder]);
    let mut count = 0;
    for file in discover(&settings).unwrap() {
        let value = read(&file.path);
        count += 1;
        if std::env::var_os("MOTIF_SAMPLES_SHOW").is_some() {
            eprintln!(
                "{}: {} contacts, rejects {}",
                file.name,
                value["contacts"].as_array().unwrap().len(),
                value["rejects"]
            );
        }
    }
    assert!(count > 0);
}
