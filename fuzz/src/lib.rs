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

pub use error::{Error, Result};

use std::path::PathBuf;
use std::sync::LazyLock;

use config::{Options, Secret, Settings};
use source::{InputFile, Record, Source};

fn settings(platform: &str) -> Settings {
    let mut options = Options::default();
    options.input.platform = platform.into();
    options.input.company_addresses = vec!["@example.com".into()];
    Settings {
        options,
        inputs: Vec::new(),
        output: PathBuf::from("absent"),
        time_zone: chrono_tz::Europe::Paris,
        default_channel: None,
        customers: None,
        reasons: None,
        criteria: None,
        secret: Secret { bytes: b"fuzz".to_vec(), is_default: true },
        as_of: None,
        config_hash: String::new(),
    }
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
                check(&contact);
            }
            Ok(())
        })
        .expect("only the sink can fail");
    assert_eq!(summary.records_read, count);
    assert_eq!(summary.records_read, summary.contacts + summary.rejects);
}

fn check(contact: &contact::Contact) {
    let is_share = |value: Option<f64>| value.is_none_or(|value| (0.0..=1.0).contains(&value));
    assert!(is_share(contact.speaker_confidence) && is_share(contact.handling.agent_talk_share));
    let handling = &contact.handling;
    for seconds in [handling.wait_s, handling.talk_s, handling.hold_s, handling.acw_s, handling.silence_s] {
        assert!(seconds.is_none_or(|seconds| seconds.is_finite() && seconds >= 0.0));
    }
    for turn in &contact.turns {
        assert!(is_share(turn.confidence));
        assert!(turn.start_s.is_none_or(|start| start.is_finite() && start >= 0.0));
        assert!(turn.end_s.is_none_or(|end| turn.start_s.is_none_or(|start| end >= start)));
        let _ = text::spoken::clean_spoken(&turn.text);
    }
    let _ = contact.closed_at();
}
