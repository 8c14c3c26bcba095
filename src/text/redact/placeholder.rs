//! Values to typed, numbered placeholders: the same value gets the same number for as long as a session lasts.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::text::fold::fold;

static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\[([A-Z][A-Z0-9_]{0,40})_([0-9]{1,9})\]").expect("a literal pattern that the tests compile")
});

/// Bytes of the placeholders already in a text.
pub(super) fn ranges(text: &str) -> Vec<Range<usize>> {
    if !text.contains('[') {
        return Vec::new();
    }
    PLACEHOLDER.find_iter(text).map(|found| found.range()).collect()
}

/// A text with `instead` in the place of its placeholders, but for those that `stay`.
pub(crate) fn replaced<'a>(text: &'a str, instead: &str, stay: impl Fn(&str) -> bool) -> Cow<'a, str> {
    let mut read = String::new();
    let mut copied = 0;
    for place in ranges(text).into_iter().filter(|place| !stay(&text[place.clone()])) {
        read.push_str(&text[copied..place.start]);
        read.push_str(instead);
        copied = place.end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    read.push_str(&text[copied..]);
    Cow::Owned(read)
}

/// Numbers given so far. Values are kept in memory for the session only.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    known: BTreeMap<(usize, String), u32>,
    last: BTreeMap<String, u32>,
}

impl Numbers {
    /// Takes note of the placeholders of a text that was already redacted, so that their numbers are not given again.
    pub(super) fn reserve(&mut self, text: &str) {
        if !text.contains('[') {
            return;
        }
        for captures in PLACEHOLDER.captures_iter(text) {
            if let Ok(number) = captures[2].parse::<u32>() {
                let last = self.last.entry(captures[1].to_owned()).or_default();
                *last = (*last).max(number);
            }
        }
    }

    /// The placeholder of a value of a kind.
    pub(super) fn placeholder(&mut self, kind: usize, name: &str, value: &str) -> String {
        let key = (kind, canonical(name, value));
        let number = match self.known.get(&key) {
            Some(number) => *number,
            None => {
                let last = self.last.entry(name.to_owned()).or_default();
                *last = last.saturating_add(1);
                self.known.insert(key, *last);
                *last
            }
        };
        format!("[{name}_{number}]")
    }
}

/// The form in which two writings of one value are equal: `06 12 34 56 78` and `+33612345678`, `Paul` and `PAUL`.
fn canonical(name: &str, value: &str) -> String {
    match name {
        "PASSWORD" => value.to_owned(),
        "PHONE" => {
            let digits: String = value.replace("(0)", "").chars().filter(|c| c.is_ascii_digit()).collect();
            let national = if value.trim_start().starts_with("00") {
                digits.strip_prefix("0033")
            } else {
                digits.strip_prefix("33")
            };
            match national {
                // Said in words.
                _ if digits.is_empty() => fold(value).into_owned(),
                Some(rest) if rest.len() == 9 => format!("0{rest}"),
                _ => digits,
            }
        }
        "NAME" | "ADDRESS" | "EMAIL" => fold(value).split_whitespace().collect::<Vec<_>>().join(" "),
        _ => value.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writings_of_one_value_share_a_number() {
        let mut numbers = Numbers::default();
        for value in ["06 12 34 56 78", "+33 6 12 34 56 78", "0033612345678", "+33(0)6.12.34.56.78"] {
            assert_eq!(numbers.placeholder(0, "PHONE", value), "[PHONE_1]");
        }
        assert_eq!(numbers.placeholder(0, "PHONE", "07 12 34 56 78"), "[PHONE_2]");
        assert_eq!(numbers.placeholder(1, "NAME", "Paul  LEROY"), "[NAME_1]");
        assert_eq!(numbers.placeholder(1, "NAME", "paul leroy"), "[NAME_1]");
    }

    #[test]
    fn placeholders_are_replaced_but_for_those_that_stay() {
        let kept = |placeholder: &str| placeholder.starts_with("[NAME_");
        assert_eq!(replaced("[PHONE_1], [NAME_2] et [EMAIL_1].", "123", kept), "123, [NAME_2] et 123.");
        assert!(matches!(replaced("Merci [NAME_2], A[1]", "", kept), Cow::Borrowed("Merci [NAME_2], A[1]")));
        assert_eq!(replaced("[NAME_2]", "", |_| false), "");
    }

    #[test]
    fn numbers_of_redacted_text_are_not_given_again() {
        let mut numbers = Numbers::default();
        numbers.reserve("bonjour [NAME_3]");
        assert_eq!(numbers.placeholder(1, "NAME", "Paul"), "[NAME_4]");
    }
}
