//! Exports of contact-centre platforms whose shape is not "one object, one contact, plain keys".
//!
//! Each reader tells its documents by the keys that only that platform writes, and turns one document into the rows of
//! its contacts. `input.platform` names the reader when the content does not. What the readers have in common: keys in
//! any spelling ([`reach`]), times relative to the contact, private notes left out and flagged, turns of bots and voice
//! menus kept as theirs.

mod amazon;
mod freshdesk;
mod genesys;
mod google;
mod intercom;
mod pca;
mod reach;
mod salesforce;
mod sheet;
mod ticket;
mod transcribe;
mod twilio;
mod whisper;
mod zendesk;

use serde_json::{Map, Value};

pub(crate) use sheet::Sheet;
pub(crate) use ticket::{Comment, fill, in_order_of_time, with_description};

use super::dialogue::RawTurn;
use super::row::{Place, Row};
use super::speakers::push;

/// One platform.
struct Platform {
    name: &'static str,
    knows: fn(&Map<String, Value>) -> bool,
    rows: fn(&Map<String, Value>, &Place<'_>) -> Vec<Row>,
}

/// In the order in which they are asked: the surest signs first.
const PLATFORMS: [Platform; 11] = [
    Platform { name: "amazon_connect", knows: amazon::knows, rows: amazon::rows },
    Platform { name: "amazon_transcribe", knows: transcribe::knows, rows: transcribe::rows },
    Platform { name: "amazon_pca", knows: pca::knows, rows: pca::rows },
    Platform { name: "genesys", knows: genesys::knows, rows: genesys::rows },
    Platform { name: "google_insights", knows: google::knows, rows: google::rows },
    Platform { name: "twilio", knows: twilio::knows, rows: twilio::rows },
    Platform { name: "intercom", knows: intercom::knows, rows: intercom::rows },
    Platform { name: "freshdesk", knows: freshdesk::knows, rows: freshdesk::rows },
    Platform { name: "salesforce", knows: salesforce::knows, rows: salesforce::rows },
    Platform { name: "zendesk", knows: zendesk::knows, rows: zendesk::rows },
    Platform { name: "whisper", knows: whisper::knows, rows: whisper::rows },
];

/// Names that `input.platform` accepts.
pub fn names() -> Vec<&'static str> {
    ["auto", "none"].into_iter().chain(PLATFORMS.iter().map(|platform| platform.name)).collect()
}

/// The reader of a document: the configured one, else the one that knows it.
fn reader(object: &Map<String, Value>, place: &Place<'_>) -> Option<&'static Platform> {
    match place.settings.options.input.platform.as_str() {
        "auto" => PLATFORMS.iter().find(|platform| (platform.knows)(object)),
        name => PLATFORMS.iter().find(|platform| platform.name == name),
    }
}

/// Whether an object is a document of a platform, so that it is not taken apart as an envelope.
pub(crate) fn knows(object: &Map<String, Value>, place: &Place<'_>) -> bool {
    reader(object, place).is_some_and(|platform| (platform.knows)(object))
}

/// The rows of a platform document; `None` when no platform knows it and the general rules apply.
pub(crate) fn rows(record: u64, object: &Map<String, Value>, place: &Place<'_>) -> Option<Vec<Row>> {
    let mut rows = (reader(object, place)?.rows)(object, place);
    if rows.is_empty() {
        return None;
    }
    for (index, row) in rows.iter_mut().enumerate() {
        row.record = record + index as u64;
        if row.turns.as_ref().is_some_and(Vec::is_empty) {
            // A call without words is a call all the same.
            push(&mut row.flags, "no_words");
        }
    }
    Some(rows)
}

/// Orders turns by their times when all of them have one; equal times keep the order of the file.
fn turns_in_order_of_time(turns: &mut [RawTurn]) {
    if turns.iter().all(|turn| turn.start_s.is_some()) {
        turns.sort_by(|a, b| a.start_s.unwrap_or(0.0).total_cmp(&b.start_s.unwrap_or(0.0)));
    }
}
