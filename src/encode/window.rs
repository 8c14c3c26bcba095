//! Cuts the words of a contact into windows: the customer's, and apart from them the agent's.
//!
//! A window is one or more whole sentences of one turn, packed up to a number of characters; a single sentence that is
//! longer is cut between words, each piece starting a few words before the previous one ended. Windows depend on the
//! text alone, not on a tokenizer, so that cached runs need not tokenize.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::cache::{Key, key_of};
use crate::contact::{Contact, Speaker};
use crate::text::redact::with_placeholders_replaced;

/// Turn number of the window that holds the subject line.
pub const SUBJECT: u32 = u32::MAX;

/// Characters that consecutive pieces of one over-long sentence share.
const OVERLAP_CHARS: usize = 40;

/// A piece of one turn, `[start, end)` in bytes and in Unicode characters of the turn's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Window {
    /// Turn index, or [`SUBJECT`].
    pub turn: u32,
    /// First byte.
    pub start_byte: u32,
    /// One past the last byte.
    pub end_byte: u32,
    /// First character.
    pub start_char: u32,
    /// One past the last character.
    pub end_char: u32,
}

impl Window {
    /// Length in Unicode characters.
    pub fn chars(&self) -> u32 {
        self.end_char - self.start_char
    }

    /// The window's words.
    pub fn text<'a>(&self, contact: &'a Contact) -> &'a str {
        let text = if self.turn == SUBJECT {
            contact.subject.as_deref().map(subject_words).unwrap_or_default()
        } else {
            contact.turns.get(self.turn as usize).map(|turn| turn.text.as_str()).unwrap_or_default()
        };
        text.get(self.start_byte as usize..self.end_byte as usize).unwrap_or_default()
    }
}

/// A contact with its windows, in order of turns.
#[derive(Debug, Clone)]
pub struct Encoded {
    /// The cleaned contact.
    pub contact: Contact,
    /// The windows of the customer's words; the subject comes first.
    pub windows: Vec<Window>,
    /// The windows of the agent's words, which help to tell the contact reason and nothing else.
    pub heard: Vec<Window>,
    /// The key of each window's words as the model reads them, of `windows`, then of `heard`.
    keys: Vec<Key>,
    /// What the model reads in place of the words of a window, where the two differ.
    read: BTreeMap<usize, String>,
}

impl Encoded {
    /// Cuts a cleaned contact. Contacts that no rate counts get no windows. Beyond `max_windows` the rest of the
    /// contact is left out of the analysis (not of the tables) and the contact is flagged `analysed_in_part`.
    pub fn new(mut contact: Contact, window_chars: usize, max_windows: usize) -> Self {
        let (mut windows, mut heard) = (Vec::new(), Vec::new());
        if contact.is_counted() {
            if let Some(subject) = contact.subject.as_deref().map(subject_words) {
                cut(SUBJECT, subject, window_chars, &mut windows);
            }
            for (index, turn) in contact.turns.iter().enumerate() {
                if is_customer(&contact, turn.speaker) {
                    cut(index as u32, &turn.text, window_chars, &mut windows);
                } else if turn.speaker == Speaker::Agent && heard.len() < max_windows {
                    cut(index as u32, &turn.text, window_chars, &mut heard);
                    heard.truncate(max_windows);
                }
                if windows.len() > max_windows {
                    break;
                }
            }
            if windows.len() > max_windows {
                windows.truncate(max_windows);
                if !contact.flags.iter().any(|flag| flag == "analysed_in_part") {
                    contact.flags.push("analysed_in_part".into());
                }
            }
        }
        let (mut keys, mut read) = (Vec::with_capacity(windows.len() + heard.len()), BTreeMap::new());
        for (place, window) in windows.iter().chain(&heard).enumerate() {
            let words = as_read(window.text(&contact));
            keys.push(key_of(&words));
            if let Cow::Owned(words) = words {
                read.insert(place, words);
            }
        }
        Self { contact, windows, heard, keys, read }
    }

    /// The words of each window as the model reads them: the customer's, then the agent's.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.windows
            .iter()
            .chain(&self.heard)
            .enumerate()
            .map(|(place, window)| self.read.get(&place).map_or_else(|| window.text(&self.contact), String::as_str))
    }

    /// Key and words of the customer's windows, subject included: those that sentiment and emotion are asked of.
    pub fn own(&self) -> impl Iterator<Item = (Key, &str)> {
        self.keys.iter().copied().zip(self.texts()).take(self.windows.len())
    }

    /// Key and words of the agent's windows.
    pub fn heard(&self) -> impl Iterator<Item = (Key, &str)> {
        self.keys.iter().copied().zip(self.texts()).skip(self.windows.len())
    }
}

/// A number that tells nothing, for the values that redaction took out.
const SOME_NUMBER: &str = "123";

/// Words as the model reads them: a number in place of the values that redaction took out. The model learnt on words as people write
/// them; `[CUSTOMER_1]` is none, and "Mon numéro de client est le [CUSTOMER_1]." would be an angry sentence. Names stay as they are:
/// thanked or greeted by name is what people are.
fn as_read(words: &str) -> Cow<'_, str> {
    with_placeholders_replaced(words, SOME_NUMBER, |placeholder| placeholder.starts_with("[NAME_"))
}

/// Whether a turn counts as the customer's words. When the source names no speaker at all, all words do.
pub fn is_customer(contact: &Contact, speaker: Speaker) -> bool {
    match speaker {
        Speaker::Customer => true,
        Speaker::Unknown => contact.turns.iter().all(|turn| turn.speaker == Speaker::Unknown),
        Speaker::Agent | Speaker::Bot | Speaker::Ivr => false,
    }
}

/// The words of each window of a text that is nobody's turn, such as that of an article, in order.
pub fn windows_of(text: &str, window_chars: usize) -> Vec<&str> {
    let mut windows = Vec::new();
    cut(0, text, window_chars, &mut windows);
    windows.iter().map(|window| &text[window.start_byte as usize..window.end_byte as usize]).collect()
}

/// A subject without its reply and forward marks ("Re:", "TR :").
fn subject_words(subject: &str) -> &str {
    let mut rest = subject.trim();
    while let Some((mark, tail)) = rest.split_once(':') {
        let mark = mark.trim();
        if !["re", "rép", "rep", "tr", "fw", "fwd", "réf", "aw"].iter().any(|known| mark.eq_ignore_ascii_case(known))
        {
            break;
        }
        rest = tail.trim_start();
    }
    rest
}

/// Cuts one turn.
fn cut(turn: u32, text: &str, window_chars: usize, windows: &mut Vec<Window>) {
    let window_chars = window_chars.max(2 * OVERLAP_CHARS);
    let mut pending: Option<Window> = None;
    for sentence in sentences(turn, text) {
        let length = sentence.chars() as usize;
        if let Some(open) = pending.as_mut() {
            if (sentence.end_char - open.start_char) as usize <= window_chars {
                open.end_byte = sentence.end_byte;
                open.end_char = sentence.end_char;
                continue;
            }
            windows.push(*open);
            pending = None;
        }
        if length <= window_chars {
            pending = Some(sentence);
        } else {
            cut_between_words(sentence, text, window_chars, windows);
        }
    }
    windows.extend(pending);
}

/// The sentences of a turn, without the blanks around them.
fn sentences(turn: u32, text: &str) -> Vec<Window> {
    let mut found = Vec::new();
    let mut open: Option<Window> = None;
    let mut after_stop = false;
    for (char_index, (byte, character)) in text.char_indices().enumerate() {
        let char_index = char_index as u32;
        let end_byte = (byte + character.len_utf8()) as u32;
        if character == '\n' {
            found.extend(open.take());
            after_stop = false;
        } else if character.is_whitespace() {
            if after_stop {
                found.extend(open.take());
            }
            after_stop = false;
        } else {
            let window = open.get_or_insert(Window {
                turn,
                start_byte: byte as u32,
                end_byte,
                start_char: char_index,
                end_char: char_index + 1,
            });
            window.end_byte = end_byte;
            window.end_char = char_index + 1;
            after_stop = matches!(character, '.' | '!' | '?' | '…' | ';')
                || (after_stop && matches!(character, '"' | '»' | ')' | '\''));
        }
    }
    found.extend(open);
    found
}

/// Cuts an over-long sentence between words, with an overlap.
fn cut_between_words(sentence: Window, text: &str, window_chars: usize, windows: &mut Vec<Window>) {
    let body = &text[sentence.start_byte as usize..sentence.end_byte as usize];
    let positions: Vec<(usize, char)> = body.char_indices().collect();
    let mut start = 0;
    loop {
        let mut end = (start + window_chars).min(positions.len());
        if end < positions.len() {
            let earliest = start + window_chars / 2;
            if let Some(blank) = (earliest..end).rev().find(|&at| positions[at].1.is_whitespace()) {
                end = blank;
            }
        }
        let start_byte = sentence.start_byte + positions[start].0 as u32;
        let end_byte = positions.get(end).map_or(sentence.end_byte, |&(byte, _)| sentence.start_byte + byte as u32);
        windows.push(Window {
            turn: sentence.turn,
            start_byte,
            end_byte,
            start_char: sentence.start_char + start as u32,
            end_char: sentence.start_char + end as u32,
        });
        if end >= positions.len() {
            return;
        }
        let wanted = end - OVERLAP_CHARS;
        start = (wanted..end).find(|&at| positions[at].1.is_whitespace()).map_or(end, |at| at + 1).min(end);
        while start < positions.len() && positions[start].1.is_whitespace() {
            start += 1;
        }
        if start >= positions.len() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{Provenance, Turn};
    use proptest::prelude::*;

    fn contact(text: &str) -> Contact {
        let mut contact = Contact::new(
            "c",
            chrono::DateTime::from_timestamp(0, 0).unwrap(),
            Provenance { file: "f".into(), record: 1 },
        );
        contact.turns.push(Turn::new(Speaker::Customer, text));
        contact
    }

    #[test]
    fn short_sentences_share_a_window_and_long_turns_are_cut_at_sentences() {
        let encoded = Encoded::new(contact("Bonjour. Mon colis n'est pas là !\nJe l'attends depuis lundi."), 240, 10);
        assert_eq!(encoded.texts().collect::<Vec<_>>().len(), 1);
        let encoded = Encoded::new(contact(&"Une phrase de taille moyenne, sans plus. ".repeat(20)), 100, 100);
        assert!(encoded.texts().all(|text| text.ends_with('.') && text.chars().count() <= 100));
    }

    #[test]
    fn a_turn_beyond_the_limit_is_flagged_never_cut_silently() {
        let encoded = Encoded::new(contact(&"mot ".repeat(10_000)), 100, 5);
        assert_eq!(encoded.windows.len(), 5);
        assert_eq!(encoded.contact.flags, ["analysed_in_part"]);
    }

    #[test]
    fn the_agents_words_are_kept_apart_and_a_bots_are_left_out() {
        let mut spoken = contact("Rien ne marche.");
        spoken.turns.push(Turn::new(Speaker::Agent, "Votre box ne s'allume plus ?"));
        spoken.turns.push(Turn::new(Speaker::Bot, "Tapez 1."));
        let encoded = Encoded::new(spoken, 240, 10);
        assert_eq!((encoded.windows.len(), encoded.heard.len()), (1, 1));
        assert_eq!(encoded.texts().collect::<Vec<_>>(), ["Rien ne marche.", "Votre box ne s'allume plus ?"]);
    }

    #[test]
    fn a_long_subject_is_read_to_its_end() {
        let mut mail = contact("Merci.");
        mail.subject = Some(format!("{} colis perdu", "Une phrase de taille moyenne, sans plus. ".repeat(5)));
        let encoded = Encoded::new(mail, 100, 10);
        let subject: Vec<&Window> = encoded.windows.iter().filter(|window| window.turn == SUBJECT).collect();
        assert_eq!((subject.len(), encoded.windows.len()), (3, 4));
        assert!(encoded.texts().nth(2).unwrap().ends_with("colis perdu"));
    }

    #[test]
    fn the_model_reads_numbers_in_place_of_what_redaction_took_out() {
        for (words, read) in [
            ("Mon numéro de client est le [CUSTOMER_1].", "Mon numéro de client est le 123."),
            ("Merci [NAME_1], rappelez le [PHONE_12] ou [EMAIL_1]", "Merci [NAME_1], rappelez le 123 ou 123"),
            ("la [réf] A[1] reste", "la [réf] A[1] reste"),
        ] {
            let encoded = Encoded::new(contact(words), 240, 10);
            assert_eq!(encoded.texts().collect::<Vec<_>>(), [read]);
            assert_eq!(encoded.windows[0].text(&encoded.contact), words, "evidence is quoted as it is written");
            assert_eq!(encoded.own().collect::<Vec<_>>(), [(key_of(read), read)]);
        }
    }

    #[test]
    fn reply_marks_are_no_part_of_the_subject() {
        assert_eq!(subject_words("Re: RE : TR: Ma facture : urgent"), "Ma facture : urgent");
    }

    proptest! {
        #[test]
        fn windows_cover_every_word_and_their_offsets_agree(text in "[ a-zé!?.\\n🙂]{0,400}", size in 80usize..200) {
            let encoded = Encoded::new(contact(&text), size, 10_000);
            let mut covered = vec![false; text.len()];
            for window in &encoded.windows {
                let (from, to) = (window.start_byte as usize, window.end_byte as usize);
                prop_assert_eq!(text[..from].chars().count(), window.start_char as usize);
                prop_assert_eq!(text[..to].chars().count(), window.end_char as usize);
                prop_assert!(text[from..to].chars().count() <= size);
                covered[from..to].fill(true);
            }
            for (byte, character) in text.char_indices() {
                prop_assert!(character.is_whitespace() || covered[byte]);
            }
        }
    }
}
