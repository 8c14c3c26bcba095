//! JSON as programs in Python write it to JSON: `NaN` and `Infinity` outside strings become `null`.
//!
//! WhisperX and every export that went through pandas write them for missing numbers; one of them would otherwise make a
//! whole file unreadable.

use std::io::{self, BufRead, Read};

/// A reader that replaces the words on the way. What is not such a word passes unchanged, valid or not.
pub(crate) struct Lenient<R> {
    inner: R,
    state: State,
    out: Vec<u8>,
    at: usize,
}

#[derive(Default)]
struct State {
    in_string: bool,
    is_escaped: bool,
    /// Letters outside a string, until it is known what they are.
    word: Vec<u8>,
}

/// No word of JSON is longer.
const LONGEST_WORD: usize = 16;

impl State {
    fn push(&mut self, byte: u8, out: &mut Vec<u8>) {
        if self.in_string {
            out.push(byte);
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        if (byte.is_ascii_alphabetic() || byte == b'-') && self.word.len() < LONGEST_WORD {
            self.word.push(byte);
            return;
        }
        self.flush(out);
        self.in_string = byte == b'"';
        out.push(byte);
    }

    fn flush(&mut self, out: &mut Vec<u8>) {
        match self.word.as_slice() {
            b"NaN" | b"-NaN" | b"nan" | b"Infinity" | b"-Infinity" | b"inf" | b"-inf" | b"undefined" => {
                out.extend_from_slice(b"null");
            }
            word => out.extend_from_slice(word),
        }
        self.word.clear();
    }
}

impl<R: BufRead> Lenient<R> {
    /// Wraps a reader.
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, state: State::default(), out: Vec::new(), at: 0 }
    }
}

impl<R: BufRead> BufRead for Lenient<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.at >= self.out.len() {
            self.out.clear();
            self.at = 0;
            let chunk = self.inner.fill_buf()?;
            if chunk.is_empty() {
                self.state.flush(&mut self.out);
                break;
            }
            for byte in chunk {
                self.state.push(*byte, &mut self.out);
            }
            let count = chunk.len();
            self.inner.consume(count);
        }
        Ok(&self.out[self.at..])
    }

    fn consume(&mut self, amount: usize) {
        self.at = (self.at + amount).min(self.out.len());
    }
}

impl<R: BufRead> Read for Lenient<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        super::open::read_buffered(self, buffer)
    }
}

/// The same for one line.
pub(crate) fn line(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut state = State::default();
    for byte in text.bytes() {
        state.push(byte, &mut out);
    }
    state.flush(&mut out);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::source::testing;

    #[test]
    fn missing_numbers_of_python_do_not_spoil_the_file() {
        let text = r#"{"segments":[{"start":0.0,"end":NaN,"text":"NaN, dit-il","score":-Infinity},{"start":2.0,"end":3.0,"text":"Oui"}]}"#;
        let (contacts, rejects, _) = testing::read_bytes("2026-09-03.json", text.as_bytes());
        assert!(rejects.is_empty(), "{rejects:?}");
        assert_eq!((contacts[0].turns[0].text.as_str(), contacts[0].turns[0].end_s), ("NaN, dit-il", None));
        let (contacts, ..) =
            testing::read_bytes("a.jsonl", b"{\"id\":1,\"date\":\"2026-09-03\",\"text\":\"x\",\"csat\":NaN}\n{\"id\":2,\"date\":\"2026-09-03\",\"text\":\"y\"}\n");
        assert_eq!(contacts.len(), 2);
    }

    proptest! {
        #[test]
        fn valid_json_passes_unchanged_however_it_is_cut(text in "\\PC{0,40}", number in any::<f64>(), size in 1usize..9) {
            let value = serde_json::json!({ "a": [text, number, true, null], "-e": -1.5e-7 });
            let written = value.to_string();
            let mut read = String::new();
            Lenient::new(io::BufReader::with_capacity(size, written.as_bytes())).read_to_string(&mut read).unwrap();
            prop_assert_eq!(&read, &written);
            prop_assert_eq!(line(&written), written.into_bytes());
        }
    }
}
