//! A body to its lines with byte ranges, the unit on which the zones of an e-mail are decided.

use std::ops::Range;

use super::fold::fold;

/// Longest line, in bytes, that is compared with patterns: headers, closings and notices are short, and the bound
/// keeps the cost of a megabyte-long line flat.
const LONGEST_COMPARED: usize = 600;

/// One line of a body.
#[derive(Debug, Clone)]
pub(super) struct Line<'a> {
    /// The words, without quote marks and surrounding space.
    pub text: &'a str,
    /// Bytes of `text` in the body.
    pub range: Range<usize>,
    /// Bytes of the line in the body, quote marks included, end of line excluded.
    pub whole: Range<usize>,
    /// Number of `>` at the start.
    pub depth: usize,
    /// `text` folded; empty when the line is too long to be anything but words.
    pub folded: String,
    /// The marks are not part of the words: the message quoted is the content.
    pub is_unwrapped: bool,
}

impl Line<'_> {
    pub(super) fn is_blank(&self) -> bool {
        self.text.is_empty()
    }
}

/// Splits at `\n`, `\r\n` and lone `\r`.
pub(super) fn lines(body: &str) -> Vec<Line<'_>> {
    let mut found = Vec::new();
    let bytes = body.as_bytes();
    let mut start = 0;
    while start < bytes.len() {
        let end = bytes[start..].iter().position(|&b| b == b'\n' || b == b'\r').map_or(bytes.len(), |n| start + n);
        found.push(line(body, start, end));
        start = if bytes[end..].starts_with(b"\r\n") { end + 2 } else { end + 1 };
    }
    found
}

fn line(body: &str, start: usize, end: usize) -> Line<'_> {
    let mut depth = 0;
    let mut at = start;
    // `> > text`, `>> text`, ` > text`.
    loop {
        let rest = &body[at..end];
        let spaces = rest.len() - rest.trim_start().len();
        if rest[spaces..].starts_with('>') {
            depth += 1;
            at += spaces + 1;
        } else {
            break;
        }
    }
    let rest = &body[at..end];
    let is_edge = |c: char| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}' | '\u{200e}' | '\u{200f}');
    let text = rest.trim_end_matches(is_edge);
    let text_start = at + (text.len() - text.trim_start_matches(is_edge).len());
    let text = text.trim_start_matches(is_edge);
    let folded = if text.len() <= LONGEST_COMPARED { fold(text).into_owned() } else { String::new() };
    Line { text, range: text_start..text_start + text.len(), whole: start..end, depth, folded, is_unwrapped: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_point_into_the_body() {
        let body = "Bonjour\r\n> > Été ?\r\r\nfin";
        let found = lines(body);
        assert_eq!(
            found.iter().map(|line| (line.text, line.depth)).collect::<Vec<_>>(),
            [("Bonjour", 0), ("Été ?", 2), ("", 0), ("fin", 0)]
        );
        for line in &found {
            assert_eq!(&body[line.range.clone()], line.text);
        }
    }
}
