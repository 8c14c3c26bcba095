//! A stream of any length to the same stream with personal data replaced by placeholders, in bounded memory.
//!
//! Text is read in blocks of whole paragraphs, so that a name under "Cordialement," keeps the line that introduces it
//! and memory stays bounded whatever the length of the stream.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use super::{Redactor, Session};
use crate::error::{Error, Result};

/// A block is redacted once it holds this many bytes and a line ends.
const BLOCK: usize = 64 * 1024;
/// A line longer than this is cut; no value is that long.
const LONGEST_LINE: usize = 1024 * 1024;

/// Redacts `input` into `output`: the same value gets the same placeholder all along. Line ends are kept. Bytes that
/// are not UTF-8 become replacement characters. Returns the number of replacements per kind.
///
/// # Errors
///
/// The input cannot be read or the output cannot be written.
pub fn redact_stream(
    redactor: &Redactor,
    mut input: impl BufRead,
    output: &mut impl Write,
) -> Result<BTreeMap<String, u64>> {
    let mut session = redactor.session();
    let mut counts = BTreeMap::new();
    let mut block = Vec::new();
    loop {
        let before = block.len();
        let mut limited = std::io::Read::take(&mut input, LONGEST_LINE as u64);
        let read = limited.read_until(b'\n', &mut block).map_err(|error| Error::io("read", "standard input", error))?;
        let is_end = read == 0;
        let is_paragraph_end = block[before..].iter().all(u8::is_ascii_whitespace);
        if is_end || (block.len() >= BLOCK && is_paragraph_end) || block.len() >= 2 * LONGEST_LINE {
            // A cut inside a character waits for the rest of it.
            let rest = if is_end { Vec::new() } else { unfinished_character(&mut block) };
            redact_block(&mut session, &block, output, &mut counts)?;
            block = rest;
        }
        if is_end {
            break;
        }
    }
    output.flush().map_err(|error| Error::io("write", "standard output", error))?;
    Ok(counts)
}

fn redact_block(
    session: &mut Session<'_>,
    block: &[u8],
    output: &mut impl Write,
    counts: &mut BTreeMap<String, u64>,
) -> Result<()> {
    let redacted = session.redact(&String::from_utf8_lossy(block));
    for (kind, count) in redacted.counts {
        *counts.entry(kind).or_default() += u64::from(count);
    }
    output.write_all(redacted.text.as_bytes()).map_err(|error| Error::io("write", "standard output", error))
}

/// Takes the bytes of a character that the end of the block cut.
fn unfinished_character(block: &mut Vec<u8>) -> Vec<u8> {
    for back in 1..=block.len().min(3) {
        let at = block.len() - back;
        let needed = match block[at] {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            0x80..=0xbf => continue,
            _ => 1,
        };
        return if needed > back { block.split_off(at) } else { Vec::new() };
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redact(text: &[u8]) -> String {
        let redactor = Redactor::new(&BTreeMap::new()).unwrap();
        let mut output = Vec::new();
        redact_stream(&redactor, text, &mut output).unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn a_stream_keeps_its_lines_and_numbers_values_once() {
        let text =
            "Mail : paul@exemple.fr\r\n\r\nCordialement,\r\nPaul Leroy\r\nMail : paul@exemple.fr, tél 06 12 34 56 78";
        assert_eq!(
            redact(text.as_bytes()),
            "Mail : [EMAIL_1]\r\n\r\nCordialement,\r\n[NAME_1]\r\nMail : [EMAIL_1], tél [PHONE_1]"
        );
    }

    #[test]
    fn long_streams_and_broken_bytes_come_through() {
        let line = "Une ligne ordinaire à 49,90 € le 3 mai.\n\n";
        let long = line.repeat(10_000);
        assert_eq!(redact(long.as_bytes()), long);
        assert_eq!(redact(b"caf\xe9\n"), "caf\u{fffd}\n");
        let one_line = "é".repeat(LONGEST_LINE + 1);
        assert_eq!(redact(one_line.as_bytes()), one_line);
    }
}
