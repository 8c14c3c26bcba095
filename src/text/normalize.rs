//! Words to tidy words: one Unicode form, no invisible characters, plain white space, damaged accents repaired.
//!
//! Offsets into a turn and comparisons of words must not depend on how a telephone composes its accents.

use unicode_normalization::UnicodeNormalization;

/// Normalised text: NFC, control and zero-width characters removed, spaces collapsed, at most two line ends in a row,
/// trimmed. UTF-8 read as windows-1252 ("livrÃ©e") is repaired when every damaged sequence of the text can be.
///
/// Normalising twice equals normalising once.
pub fn normalize(text: &str) -> String {
    let mut tidy = tidied(text);
    // Repairing can compose or uncover characters; one more round settles them, and a text damaged twice.
    for _ in 0..3 {
        let Some(repaired) = repaired(&tidy) else { break };
        tidy = tidied(&repaired);
    }
    tidy
}

/// Whether the text is in NFC; ASCII always is, and is told faster.
fn is_nfc(text: &str) -> bool {
    text.is_ascii() || unicode_normalization::is_nfc(text)
}

fn tidied(text: &str) -> String {
    let composed: std::borrow::Cow<'_, str> =
        if is_nfc(text) { text.into() } else { text.nfc().collect::<String>().into() };
    let mut tidy = String::with_capacity(composed.len());
    let mut line_ends = 0;
    let mut is_space = false;
    let mut characters = composed.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\r' if characters.peek() == Some(&'\n') => {}
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => line_ends += 1,
            c if c.is_whitespace() => is_space = true,
            // The joiner inside an emoji is kept out too: the parts are still emoji.
            '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}'
            | '\u{ad}'
            | '\u{fff9}'..='\u{fffb}' => {}
            c if c.is_control() => {}
            c => {
                if !tidy.is_empty() {
                    if line_ends > 0 {
                        tidy.push_str(if line_ends > 1 { "\n\n" } else { "\n" });
                    } else if is_space {
                        tidy.push(' ');
                    }
                }
                (line_ends, is_space) = (0, false);
                tidy.push(c);
            }
        }
    }
    // Removing a joiner can bring together characters that compose.
    if is_nfc(&tidy) { tidy } else { tidied(&tidy.nfc().collect::<String>()) }
}

/// The text with UTF-8-as-windows-1252 undone, when it shows the damage and all of the damage can be undone.
fn repaired(text: &str) -> Option<String> {
    if !text.contains(['Ã', 'Â', 'â']) {
        return None;
    }
    let characters: Vec<char> = text.chars().collect();
    let mut fixed = String::with_capacity(text.len());
    let mut repairs = 0;
    let mut at = 0;
    while at < characters.len() {
        let lead = windows_1252(characters[at]).unwrap_or(0);
        let length = match lead {
            0xc2..=0xc5 => 2,
            0xe2 => 3,
            _ => 0,
        };
        let bytes: Option<Vec<u8>> =
            (length > 0).then(|| characters.iter().skip(at).take(length).map(|c| windows_1252(*c)).collect()).flatten();
        let decoded = bytes.filter(|bytes| bytes.len() == length).and_then(|bytes| String::from_utf8(bytes).ok());
        match decoded {
            Some(decoded) => {
                repairs += 1;
                fixed.push_str(&decoded);
                at += length;
            }
            // "Ã" alone is a letter of Portuguese: any sequence that is not damage makes the whole uncertain.
            None if matches!(characters[at], 'Ã' | 'Â') => return None,
            None => {
                fixed.push(characters[at]);
                at += 1;
            }
        }
    }
    (repairs > 0).then_some(fixed)
}

/// The byte that windows-1252 shows as this character; undefined bytes are shown as C1 controls.
fn windows_1252(c: char) -> Option<u8> {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match u32::from(c) {
        code @ (0..=0x7f | 0xa0..=0xff) => u8::try_from(code).ok(),
        _ => HIGH.iter().position(|high| *high == c).and_then(|at| u8::try_from(at + 0x80).ok()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn space_controls_and_accents_are_tidied() {
        assert_eq!(normalize("  Cafe\u{301}\u{200b}\t  noir \r\n\r\n\r\n\r\nfin\u{7}\n"), "Café noir\n\nfin");
    }

    #[test]
    fn certain_mojibake_is_repaired_and_portuguese_is_not_touched() {
        assert_eq!(
            normalize("Commande livrÃ©e en retard, câ€™est inadmissible"),
            "Commande livrée en retard, c’est inadmissible"
        );
        assert_eq!(normalize("NÃO recebi a ÂNCORA"), "NÃO recebi a ÂNCORA");
    }

    proptest! {
        #[test]
        fn normalising_twice_equals_once(text in "\\PC*|[ÃÂâ€™©\u{a0}a-z \n\r\u{200d}\u{301}]{0,40}") {
            let once = normalize(&text);
            prop_assert_eq!(normalize(&once), once);
        }
    }
}
