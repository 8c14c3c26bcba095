//! A stream of any length to the same stream with personal data replaced by placeholders, in bounded memory.
//!
//! Text is read in blocks of whole paragraphs, so that a name under "Cordialement," keeps the line that introduces it
//! and memory stays bounded whatever the length of the stream. Where its lines are labelled as a transcript's are, what
//! one asks and the next answers is redacted as in a contact, also across blocks.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use super::{Dialogue, Redactor, Session};
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
    let mut dialogue = Dialogue::default();
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
            redact_block(&mut session, &mut dialogue, &block, output, &mut counts)?;
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
    dialogue: &mut Dialogue,
    block: &[u8],
    output: &mut impl Write,
    counts: &mut BTreeMap<String, u64>,
) -> Result<()> {
    let redacted = session.redact_transcript(dialogue, &String::from_utf8_lossy(block));
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
    fn questions_and_answers_of_a_flat_transcript_are_redacted_across_its_lines() {
        for (text, expected) in [
            (
                "Agent: Bonjour, votre nom ?\nClient : Ombala\nAgent: Merci. Votre numéro de client ?\nClient : 45 022 17\nAgent: \
                 Monsieur Ombala, que puis-je faire ?\nClient : Il manque 12 chaises.\n",
                "Agent: Bonjour, votre nom ?\nClient : [NAME_1]\nAgent: Merci. Votre numéro de client ?\nClient : [CUSTOMER_1]\nAgent: \
                 Monsieur [NAME_1], que puis-je faire ?\nClient : Il manque 12 chaises.\n",
            ),
            (
                "[00:01] Agent (Leeds): Can I take your name?\r\n[00:04] Customer: ombala zephirin\r\n[00:07] Agent (Leeds): And \
                 the postcode of the shop?\r\n[00:09] Customer: screen flickering\r\n",
                "[00:01] Agent (Leeds): Can I take your name?\r\n[00:04] Customer: [NAME_1]\r\n[00:07] Agent (Leeds): And \
                 the postcode of the shop?\r\n[00:09] Customer: screen flickering\r\n",
            ),
            (
                "SPEAKER_00: Votre date de naissance ?\nSPEAKER_01: 12 avril 1978\nSPEAKER_00: Livré quand ?\nSPEAKER_01: le 12 avril",
                "SPEAKER_00: Votre date de naissance ?\nSPEAKER_01: [DATE_OF_BIRTH_1]\nSPEAKER_00: Livré quand ?\nSPEAKER_01: le 12 avril",
            ),
            (
                "Agent : Lumio Énergie bonjour\nClient : Bonjour Lumio. Ma box est en panne.\n",
                "Agent : Lumio Énergie bonjour\nClient : Bonjour Lumio. Ma box est en panne.\n",
            ),
            // An agent answers no identity check, and what refuses to answer stays.
            (
                "Client : Quelle est l'adresse de la boutique ?\nAgent : Centre Jaude, niveau 2\n",
                "Client : Quelle est l'adresse de la boutique ?\nAgent : Centre Jaude, niveau 2\n",
            ),
            (
                "Agent : Votre nom ?\nClient : C'est la troisième fois que j'appelle !\n",
                "Agent : Votre nom ?\nClient : C'est la troisième fois que j'appelle !\n",
            ),
            // No transcript: lines of a letter and of a form.
            ("Votre nom ?\nPerrodin problème\n", "Votre nom ?\nPerrodin problème\n"),
            ("Question : votre nom ?\nObjet : Perrodin\n", "Question : votre nom ?\nObjet : Perrodin\n"),
        ] {
            let once = redact(text.as_bytes());
            assert_eq!(once, expected);
            assert_eq!(redact(once.as_bytes()), once);
        }
    }

    #[test]
    fn an_answer_in_the_next_block_is_known_for_what_it_is() {
        // The only empty line, where a block may end, is behind the question.
        let (line, question) = ("Client : une ligne ordinaire.\n", "Agent : Très bien. Et votre nom ?\n\n");
        let lines = line.repeat(BLOCK / line.len() + 1);
        let text = format!("{lines}{question}Client : Ombala\nAgent : Merci.\n");
        assert!(text.find("Ombala").unwrap() > BLOCK);
        assert!(redact(text.as_bytes()).ends_with("Client : [NAME_1]\nAgent : Merci.\n"));
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
