//! Settings and files for the tests of this module.

use std::path::{Path, PathBuf};

use crate::config::{Options, Secret, Settings};
use crate::contact::Contact;
use crate::error::RecordError;

use super::{Customers, FileSummary, InputFile, Record, row::Place, time::DateOrder};

/// Settings of a fictional company in Paris.
pub(crate) fn settings() -> Settings {
    let mut options = Options::default();
    options.input.company_addresses = vec!["service@lumio.example.com".into(), "@lumio.example.com".into()];
    Settings {
        options,
        inputs: Vec::new(),
        output: PathBuf::from("motif-output-of-no-test"),
        time_zone: chrono_tz::Europe::Paris,
        default_channel: None,
        customers: None,
        reasons: None,
        criteria: None,
        secret: Secret { bytes: b"test".to_vec(), is_default: true },
        as_of: None,
        config_hash: String::new(),
    }
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
    Place { settings, customers, file: "test", order: DateOrder::DayFirst, derive_ids: false }
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
