//! Mailbox files (RFC 4155 and its dialects) to messages, one at a time.
//!
//! A message starts at a line `From sender date` at the beginning of the file or after a blank line. `>From ` at the start
//! of a body line is unescaped by one `>` (mboxrd).

use std::io::BufRead;
use std::sync::LazyLock;

use regex::Regex;

use crate::error::RejectCode;

use super::decode::{LineRead, MAX_RECORD_BYTES, read_line};
use super::email;
use super::row::Place;
use super::{Failure, Output};

static SEPARATOR: LazyLock<Regex> = LazyLock::new(|| {
    // A constant pattern, compiled by every test of this module.
    Regex::new(r"^From \S+.*(?:\d{1,2}:\d{2}.*\d{4}|\d{4}.*\d{1,2}:\d{2})").expect("constant pattern")
});

/// Whether a line separates messages. Caught: `From a@example.com Thu Sep  3 09:12:00 2026`. Not caught: `From now on, …`.
pub(crate) fn is_separator(line: &str) -> bool {
    line.starts_with("From ") && line.len() < 400 && SEPARATOR.is_match(line)
}

/// Reads the messages of a mailbox; the record number is the message's position.
pub(crate) fn read(stream: &mut dyn BufRead, place: Place<'_>, output: &mut Output<'_>) -> Result<(), Failure> {
    let mut line = Vec::new();
    let mut message: Vec<u8> = Vec::new();
    let mut record = 0u64;
    let mut is_too_long = false;
    let mut was_blank = true;
    let mut has_stray_start = false;
    loop {
        let read = read_line(stream, &mut line)?;
        let starts = read == LineRead::Line
            && was_blank
            && line.starts_with(b"From ")
            && std::str::from_utf8(&line).is_ok_and(|line| is_separator(line.trim_end()));
        if starts || read == LineRead::Eof {
            if record > 0 {
                output.met();
                if is_too_long {
                    output.reject(place.reject(record, RejectCode::TooLong, "the message is longer than 256 MiB"))?;
                } else {
                    output.record(email::message(&message, record, &place))?;
                }
            } else if has_stray_start {
                output.met();
                output.reject(place.reject_file(
                    RejectCode::Malformed,
                    "text before the first message; a mailbox starts with a line `From sender date`",
                ))?;
            }
            if read == LineRead::Eof {
                return Ok(());
            }
            record += 1;
            message.clear();
            is_too_long = false;
            was_blank = false;
            continue;
        }
        if read == LineRead::TooLong || message.len() + line.len() > MAX_RECORD_BYTES {
            is_too_long = true;
            message.clear();
        }
        was_blank = line.iter().all(u8::is_ascii_whitespace);
        if record == 0 {
            has_stray_start |= !was_blank;
        } else if !is_too_long {
            let quotes = line.iter().take_while(|byte| **byte == b'>').count();
            let unescaped = if quotes > 0 && line[quotes..].starts_with(b"From ") { &line[1..] } else { &line[..] };
            message.extend_from_slice(unescaped);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::source::testing;

    const TWO: &str = "From a@example.com Thu Sep  3 09:12:00 2026\nFrom: Anne <anne@example.com>\nMessage-ID: <1@example.com>\nDate: Thu, 3 Sep 2026 09:12:00 +0200\nSubject: Facture\n\nBonjour,\nFrom now on I wait.\n>From the start, no answer.\n\nFrom b@example.com Thu Sep  3 10:12:00 2026\nFrom: bob@example.com\nMessage-ID: <2@example.com>\nDate: Thu, 3 Sep 2026 10:12:00 +0200\n\nHi\n";

    #[test]
    fn messages_are_cut_at_separators_only_and_quoted_separators_are_restored() {
        let (contacts, rejects, summary) = testing::read_bytes("box.mbox", TWO.as_bytes());
        assert_eq!((contacts.len(), rejects.len(), summary.records_read), (2, 0, 2));
        assert_eq!(contacts[0].turns[0].text.trim(), "Bonjour,\nFrom now on I wait.\nFrom the start, no answer.");
        assert_eq!(contacts[1].contact_id, "2@example.com");
        assert_eq!(contacts[1].provenance.record, 2);
    }

    #[test]
    fn text_before_the_first_message_is_one_reject() {
        let (contacts, rejects, _) = testing::read_bytes("box.mbox", format!("rubbish\n\n{TWO}").as_bytes());
        assert_eq!((contacts.len(), rejects.len()), (2, 1));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn mailboxes_cut_anywhere_keep_their_counts(start in 0..TWO.len(), length in 0..TWO.len(), bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..30)) {
            let mut content = TWO.as_bytes()[start..TWO.len().min(start + length)].to_vec();
            content.extend(bytes);
            content.extend(TWO.as_bytes());
            // The helper checks that contacts and rejects add up.
            testing::read_bytes("box.mbox", &content);
        }
    }
}
