//! Plain-text transcripts to one contact per file: `Client : …` / `Conseiller : …`, after optional lines of metadata.
//!
//! Metadata are lines `key: value` before the first turn whose key is a known column name and not a role:
//! `Date : 03/09/2026 09:12`, `Canal : téléphone`, `Call ID: 42`.

use std::io::BufRead;

use crate::error::RejectCode;

use super::columns::{Field, Mapping, normalise};
use super::decode::{record_text, whole};
use super::dialogue::{self, RawTurn};
use super::json::Fallback;
use super::row::{self, Place, Row};
use super::speakers::push;
use super::value::{self, Cell};
use super::{Failure, Output, time};
use crate::config::Options;

/// Reads one transcript.
pub(crate) fn read(
    stream: &mut dyn BufRead,
    place: Place<'_>,
    fallback: &Fallback,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let bytes = whole(stream)?;
    output.met();
    let Some(bytes) = bytes else {
        output.reject(place.reject_file(RejectCode::TooLong, "the file is longer than 256 MiB"))?;
        return Ok(());
    };
    let (text, lossy) = record_text(&bytes);
    let text = text.trim_start_matches('\u{feff}');
    let mut row = Row::new(1);
    row.fallback_id = Some(fallback.contact_id.clone());
    row.fallback_start = fallback.start;
    let head: Vec<String> = text.lines().take(40).map(str::to_owned).collect();
    let used = metadata(&head, &place, &mut row);
    let body = text.lines().skip(used).collect::<Vec<_>>().join("\n");
    row.turns = Some(
        dialogue::split(&body, &place.settings.options, true)
            .unwrap_or_else(|| vec![RawTurn { text: body.trim().to_owned(), ..RawTurn::default() }]),
    );
    if lossy {
        push(&mut row.flags, "undecodable_bytes");
    }
    output.record(row::contact(&row, &place))?;
    Ok(())
}

/// A line that separates: `-----`, or nothing.
fn is_rule(line: &str) -> bool {
    line.chars().all(|c| matches!(c, '-' | '=' | '_' | '*'))
}

/// Whether a key is one of metadata: the usual name of a column that does not hold words.
fn is_key(key: &str, options: &Options) -> bool {
    const NOT_METADATA: [Field; 8] = [
        Field::Text,
        Field::Speaker,
        Field::Turns,
        Field::TurnIndex,
        Field::TurnStart,
        Field::TurnEnd,
        Field::Public,
        Field::Private,
    ];
    let (mapping, _) = Mapping::lenient(&[key.to_owned()], options);
    mapping.recognised() > 0 && !NOT_METADATA.iter().any(|field| mapping.has(*field))
}

/// Whether a line before the first turn says no words: a rule, a date, a key with its value.
pub(crate) fn is_metadata(line: &str, options: &Options) -> bool {
    let line = line.trim().trim_start_matches(['#', '*', '-']).trim();
    let zone = options.input.time_zone.parse().unwrap_or(chrono_tz::UTC);
    is_rule(line)
        || line.starts_with("WEBVTT")
        || time::instant(line, zone, time::DateOrder::DayFirst).is_some()
        || time::instant(line, zone, time::DateOrder::MonthFirst).is_some()
        || line.split_once([':', '=']).is_some_and(|(key, _)| is_key(key.trim(), options))
}

/// Sets the fields that the first lines state and tells how many lines they take.
pub(crate) fn metadata(lines: &[String], place: &Place<'_>, row: &mut Row) -> usize {
    let options = &place.settings.options;
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut used = 0;
    for (index, line) in lines.iter().enumerate() {
        let line = line.trim().trim_start_matches(['#', '*', '-']).trim();
        if is_rule(line) {
            continue;
        }
        if line.starts_with("WEBVTT") {
            used = index + 1;
            continue;
        }
        let Some((key, value)) = line.split_once([':', '=']) else { break };
        let key = key.trim();
        if key.chars().count() > 40 || normalise(key).is_empty() || value::speaker(key, options).is_some() {
            break;
        }
        if !is_key(key, options) {
            // Captions carry other keys too ("Kind: captions").
            if row.turns.is_none() && lines.first().is_some_and(|first| first.starts_with("WEBVTT")) {
                continue;
            }
            break;
        }
        pairs.push((key.to_owned(), value.trim().to_owned()));
        used = index + 1;
    }
    let keys: Vec<String> = pairs.iter().map(|(key, _)| key.clone()).collect();
    let (mapping, _) = Mapping::lenient(&keys, options);
    for &field in Field::ALL {
        if let Some(column) = mapping.column(field) {
            row.set(field, Some(Cell::Text(pairs[column].1.clone())), mapping.unit(field));
        }
    }
    used
}

#[cfg(test)]
mod tests {
    use crate::contact::{Channel, Speaker};
    use crate::source::testing;

    #[test]
    fn a_french_transcript_with_metadata_is_read() {
        let text = "Appel n° : A12\nDate : 03/09/2026 09:12\nCanal : téléphone\nN° client : K1\n\nConseiller : Bonjour.\nCliente : Bonjour, ma box est en panne\ndepuis hier.\nConseiller : Je regarde.\n";
        let text = text.replace("Appel n°", "ID appel");
        let (contacts, rejects, _) = testing::read_bytes("x.txt", text.as_bytes());
        assert!(rejects.is_empty(), "{rejects:?}");
        let contact = &contacts[0];
        assert_eq!(
            (contact.contact_id.as_str(), contact.customer_id.as_deref(), contact.channel),
            ("A12", Some("K1"), Some(Channel::Phone))
        );
        assert_eq!(contact.turns.len(), 3);
        assert_eq!(
            (contact.turns[1].speaker, contact.turns[1].text.as_str()),
            (Speaker::Customer, "Bonjour, ma box est en panne\ndepuis hier.")
        );
    }

    #[test]
    fn a_call_of_the_night_begins_at_its_own_time_of_day() {
        let text = "[01:30:05] Agent : Bonjour\n[01:31:10] Client : Ma box\n";
        let (contacts, ..) = testing::read_bytes("2026-09-03T0130.txt", text.as_bytes());
        let starts: Vec<Option<f64>> = contacts[0].turns.iter().map(|turn| turn.start_s).collect();
        assert_eq!(starts, [Some(5.0), Some(70.0)]);
    }

    #[test]
    fn words_before_the_first_label_are_kept() {
        let text = "Bonjour, ma box est en panne depuis lundi\nConseiller : Je regarde\nClient : Merci\n";
        let (contacts, ..) = testing::read_bytes("call_2026-09-03_0912.txt", text.as_bytes());
        let told: Vec<(Speaker, &str)> =
            contacts[0].turns.iter().map(|turn| (turn.speaker, turn.text.as_str())).collect();
        assert_eq!(
            told,
            [
                (Speaker::Unknown, "Bonjour, ma box est en panne depuis lundi"),
                (Speaker::Agent, "Je regarde"),
                (Speaker::Customer, "Merci")
            ]
        );
        assert_eq!(contacts[0].flags, ["speakers_unknown"]);
    }

    #[test]
    fn an_english_transcript_with_times_takes_its_name_as_identifier() {
        let text = "[00:00:01] Agent: Thank you for calling.\n[00:00:04] Caller: Hi.\n";
        let (contacts, ..) = testing::read_bytes("2026-09-03T0912_K1.txt", text.as_bytes());
        assert_eq!(contacts[0].contact_id, "2026-09-03T0912_K1");
        assert_eq!((contacts[0].turns[1].speaker, contacts[0].turns[1].start_s), (Speaker::Customer, Some(4.0)));
    }
}
