//! Settings and files for the tests of this module.

use std::path::Path;

use crate::config::{Options, Settings};
use crate::contact::Contact;
use crate::error::RecordError;

use super::{Customers, FileSummary, InputFile, Record, row::Place, time::DateOrder};

/// Settings of a fictional company in Paris.
pub(crate) fn settings() -> Settings {
    let mut options = Options::default();
    options.input.company_addresses = vec!["service@lumio.example.com".into(), "@lumio.example.com".into()];
    Settings::of(options)
}

/// The same with one input path.
pub(crate) fn settings_for(path: &Path) -> Settings {
    let mut settings = settings();
    settings.inputs = vec![path.to_path_buf()];
    settings.options.input.paths = vec![path.display().to_string()];
    settings
}

/// A place without file.
pub(crate) fn place<'a>(settings: &'a Settings, customers: &'a Customers) -> Place<'a> {
    Place { settings, customers, file: "test", order: DateOrder::DayFirst, derive_ids: false, is_order_guessed: false }
}

/// Reads bytes as a file of that name with the settings given.
pub(crate) fn read_with(
    settings: &Settings,
    name: &str,
    bytes: &[u8],
) -> (Vec<Contact>, Vec<RecordError>, FileSummary) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let (mut contacts, mut rejects) = (Vec::new(), Vec::new());
    let summary = super::read(&InputFile::new(&path), settings, &mut |record| {
        match record {
            Record::Contact(contact) => contacts.push(*contact),
            Record::Reject(error) => rejects.push(error),
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(summary.records_read, (contacts.len() + rejects.len()) as u64, "counts reconcile");
    assert_eq!((summary.contacts, summary.rejects), (contacts.len() as u64, rejects.len() as u64));
    (contacts, rejects, summary)
}

/// Reads bytes as a file of that name.
pub(crate) fn read_bytes(name: &str, bytes: &[u8]) -> (Vec<Contact>, Vec<RecordError>, FileSummary) {
    read_with(&settings(), name, bytes)
}

mod properties {
    use proptest::prelude::*;

    const NAMES: [&str; 12] = [
        "a.csv",
        "a.tsv",
        "a.jsonl",
        "a.json",
        "a.parquet",
        "a.eml",
        "a.mbox",
        "a.vtt",
        "a.srt",
        "a.sbv",
        "a.txt",
        "a",
    ];

    /// Pieces that lead deep into each reader.
    const PIECES: [&[u8]; 36] = [
        b"contact_id;started_at;speaker;text\n", b"id,date,text\n", b"1;2026-09-03 09:12;client;a\n", b"2,03/09/2026 25:99,\"x", b"\"", b"\n", b"\r\n", b";", b",", b"\t",
        b"{\"contact_id\":\"1\",\"started_at\":\"2026-09-03T09:12:00Z\",\"turns\":[{\"speaker\":\"x\",\"text\":\"y\"}]}\n", b"{", b"[", b"]", b"}", b"null",
        b"WEBVTT\n\n", b"00:00:01.000 --> 00:00:02.000\n", b"00:00:01,000 --> 00:00:02,000\n", b"<v Ann>hi</v>\n", b"0:00:00.378,0:00:11.378\n", b"1\n",
        b"From a@b Thu Sep  3 09:12:00 2026\n", b"From: a@example.com\n", b"Date: Thu, 3 Sep 2026 09:12:00 +0200\n", b"Subject: =?utf-8?Q?=C3?=\n", b"Content-Type: multipart/mixed; boundary=b\n",
        b"--b\n", b"--b--\n", b"Client : bonjour\n", b"[00:00:01] Agent: hi\n", b"PAR1", b"\x1f\x8b\x08\x00", b"\x28\xb5\x2f\xfd", b"\xff\xfea\x00", b"\xe9\x00\xc3\xa9",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn any_file_of_any_name_ends_without_panic_and_its_counts_reconcile(
            name in prop::sample::select(NAMES.to_vec()),
            pieces in prop::collection::vec(prop_oneof![prop::sample::select(PIECES.to_vec()).prop_map(<[u8]>::to_vec), prop::collection::vec(any::<u8>(), 0..12)], 0..24),
        ) {
            // `read_bytes` itself checks that the counts reconcile.
            let (_, _, summary) = super::read_bytes(name, &pieces.concat());
            prop_assert!(summary.records_read > 0);
        }
    }
}
