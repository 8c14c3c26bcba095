//! What the fuzz targets share: the readers, compiled alone, and the promises that hold for any input.
#![allow(dead_code, unreachable_pub, reason = "the readers are compiled without the rest of the program")]

#[path = "../../src/contact.rs"]
pub mod contact;
#[path = "../../src/error.rs"]
pub mod error;
#[path = "../../src/source/mod.rs"]
pub mod source;
#[path = "../../src/text/mod.rs"]
pub mod text;
#[path = "../../src/utc_micros.rs"]
mod utc_micros;

pub mod config;

#[path = "../../tests/common/contact_promises.rs"]
mod contact_promises;

pub use error::{Error, Result};

use std::path::PathBuf;
use std::sync::LazyLock;

use config::{Options, Settings};
use contact::Contact;
use source::{InputFile, Record, Source};

fn settings(platform: &str) -> Settings {
    let mut options = Options::default();
    options.input.platform = platform.into();
    options.input.company_addresses = vec!["@example.com".into()];
    Settings::of(options)
}

/// Reads bytes as a file of that name, with the reader of a platform (`auto`: told by the content), and checks what holds
/// for every input: the counts reconcile; times, shares and confidences are numbers in their range.
///
/// # Panics
/// When a promise is broken; that is the finding.
pub fn read(name: &str, platform: &str, bytes: &[u8]) {
    // One file for each process, in memory where the system has such a folder.
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let memory = PathBuf::from("/dev/shm");
        let parent = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let folder = parent.join(format!("motif-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
        folder
    });
    let path = FOLDER.join(name);
    std::fs::write(&path, bytes).expect("a temporary file can be written");
    let settings = settings(platform);
    let source = Source::new(&settings).expect("there is no customer directory to load");
    let mut count = 0;
    let summary = source
        .read(&InputFile::new(&path), &mut |record| {
            count += 1;
            if let Record::Contact(contact) = record {
                contact_promises::check(&contact);
                for turn in &contact.turns {
                    let _ = text::spoken::clean_spoken(&turn.text);
                }
            }
            Ok(())
        })
        .expect("only the sink can fail");
    assert_eq!(summary.records_read, count);
    assert_eq!(summary.records_read, summary.contacts + summary.rejects);
}
