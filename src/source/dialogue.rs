//! Written dialogues to turns: `Client : …` / `Conseiller : …` lines, with or without a time before the speaker.
//!
//! Used for plain-text transcripts and for table cells that hold a whole conversation.
//! Caught: `[00:01:12] Cliente : je n'ai rien reçu`. Not caught: `Objet : relance`, `Attention : fragile`, since a speaker
//! label must be a known role, or a short name that comes back.

use std::sync::LazyLock;

use regex::Regex;

use crate::config::Options;
use crate::contact::Speaker;

use super::value;

/// One turn as written.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct RawTurn {
    /// Speaker label as written.
    pub(crate) label: Option<String>,
    /// Words.
    pub(crate) text: String,
    /// Start, in seconds from the start of the contact.
    pub(crate) start_s: Option<f64>,
    /// End, in seconds from the start of the contact.
    pub(crate) end_s: Option<f64>,
    /// Start as an instant, when the source gives a time for each message.
    pub(crate) at: Option<chrono::DateTime<chrono::Utc>>,
    /// Role that the source states by other means than the label; the configuration still wins.
    pub(crate) role: Option<Speaker>,
    /// Role that the platform's convention suggests (the agent speaks on channel 1), to be confirmed by the words.
    pub(crate) usual_role: Option<Speaker>,
    /// How sure the speech recogniser is, 0 to 1.
    pub(crate) confidence: Option<f64>,
}

const TIME: &str = r"(?:[\[(]?(?P<t>\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d{1,3})?)(?:\s*(?:-->|-|–|à|to)\s*(?P<e>\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d{1,3})?))?[\])]?\s*[-–|]?\s*)";
static LABELLED: LazyLock<Regex> = LazyLock::new(|| {
    // A constant pattern, compiled by every test of this module.
    Regex::new(&format!(
        r"^\s*{TIME}?(?:[-*•>]\s*)?(?:\*\*|<v\s)?(?P<l>[\p{{L}}][\p{{L}}\p{{M}}\p{{N}} ._'’/-]{{0,39}}?|[A-Z]+_\d+)\s*(?:[\[(](?P<u>\d{{1,2}}:\d{{2}}(?::\d{{2}})?)[\])])?\s*(?:\*\*)?\s?[:：>]\s*(?:\*\*)?\s*(?P<x>.*)$"
    ))
    .expect("constant pattern")
});

/// The longest cell that is examined for a dialogue; longer ones are one turn.
const LONGEST: usize = 60_000_000;

/// Splits a labelled dialogue. `None` when the text is not one: it then stays one turn.
///
/// `is_transcript` is set for files known to be transcripts: names count as labels there if they come back; in a cell of
/// a table at least one label must be a known role.
pub(crate) fn split(text: &str, options: &Options, is_transcript: bool) -> Option<Vec<RawTurn>> {
    if text.len() > LONGEST || !text.contains([':', '：', '>']) {
        return None;
    }
    // In a table, most texts are not dialogues: the first line tells.
    if !is_transcript && text.lines().find(|line| !line.trim().is_empty()).is_none_or(|line| label_of(line).is_none()) {
        return None;
    }
    let names = labels(text.lines(), options, is_transcript);
    if names.is_empty() {
        return None;
    }
    let mut turns: Vec<RawTurn> = Vec::new();
    for line in text.lines() {
        let found = LABELLED.captures(line).filter(|found| names.iter().any(|name| *name == found["l"].trim()));
        match found {
            Some(found) => turns.push(RawTurn {
                label: Some(found["l"].trim().to_owned()),
                text: found["x"].trim().to_owned(),
                start_s: found.name("t").or(found.name("u")).and_then(|time| seconds(time.as_str())),
                end_s: found.name("e").and_then(|time| seconds(time.as_str())),
                ..RawTurn::default()
            }),
            None => match turns.last_mut() {
                Some(turn) if !line.trim().is_empty() => {
                    if !turn.text.is_empty() {
                        turn.text.push('\n');
                    }
                    turn.text.push_str(line.trim());
                }
                None if !line.trim().is_empty() && !is_transcript => return None,
                _ => {}
            },
        }
    }
    turns.retain(|turn| !turn.text.is_empty());
    start_at_zero(&mut turns);
    (!turns.is_empty()).then_some(turns)
}

/// The speaker labels of a text: known roles, and names that come back or that start most lines of a transcript.
pub(crate) fn labels<'t>(lines: impl Iterator<Item = &'t str>, options: &Options, is_transcript: bool) -> Vec<String> {
    const MOST: usize = 200;
    let mut names: Vec<(String, usize, bool)> = Vec::new();
    let (mut written, mut with_label) = (0usize, 0usize);
    for line in lines.filter(|line| !line.trim().is_empty()) {
        written += 1;
        let Some(label) = label_of(line) else { continue };
        with_label += 1;
        if let Some((_, count, _)) = names.iter_mut().find(|(name, ..)| *name == label) {
            *count += 1;
        } else if names.len() < MOST {
            let is_role = value::speaker(&label, options).is_some();
            names.push((label, 1, is_role));
        }
    }
    let has_role = names.iter().any(|(_, _, is_role)| *is_role);
    let are_most_labelled = is_transcript && with_label >= 2 && with_label * 10 >= written * 6 && names.len() <= 8;
    names.retain(|(name, count, is_role)| {
        *is_role
            || (name.split_whitespace().count() <= 4
                && (are_most_labelled || (*count >= 2 && (is_transcript || has_role))))
    });
    let labelled: usize = names.iter().map(|(_, count, _)| count).sum();
    if !is_transcript && (!has_role || labelled < 2) {
        return Vec::new();
    }
    names.into_iter().map(|(name, ..)| name).collect()
}

/// The label at the start of a line, if any.
pub(crate) fn label_of(line: &str) -> Option<String> {
    // No label lies beyond the first hundred characters.
    let end = line.char_indices().nth(160).map_or(line.len(), |(index, _)| index);
    LABELLED.captures(&line[..end]).map(|found| found["l"].trim().to_owned())
}

/// Times of day (14:32:05) become offsets: the first turn starts at 0 when it starts later than a call can.
fn start_at_zero(turns: &mut [RawTurn]) {
    const LONGEST_CALL_S: f64 = 4.0 * 3600.0;
    let Some(first) = turns.iter().find_map(|turn| turn.start_s).filter(|first| *first > LONGEST_CALL_S) else {
        return;
    };
    for turn in turns {
        for time in [&mut turn.start_s, &mut turn.end_s] {
            *time = time.map(|time| if time >= first { time - first } else { time + 86_400.0 - first });
        }
    }
}

/// Seconds of a written offset.
pub(crate) fn seconds(text: &str) -> Option<f64> {
    value::seconds(&value::Cell::Text(text.to_owned()), 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cell(text: &str) -> Option<Vec<(String, String)>> {
        split(text, &Options::default(), false)
            .map(|turns| turns.into_iter().map(|turn| (turn.label.unwrap_or_default(), turn.text)).collect())
    }

    #[test]
    fn a_labelled_dialogue_is_split_and_wrapped_lines_stay_with_their_turn() {
        let turns = cell("Client : bonjour\nje n'ai rien reçu\nConseiller : je regarde").unwrap();
        assert_eq!(
            turns,
            [("Client".into(), "bonjour\nje n'ai rien reçu".into()), ("Conseiller".into(), "je regarde".into())]
        );
    }

    #[test]
    fn times_before_the_speaker_are_offsets() {
        let turns = split("[00:00:05] Agent: Hello\n[00:01:10] Customer: Hi", &Options::default(), true).unwrap();
        assert_eq!(turns[1].start_s, Some(70.0));
        let turns = split("14:32:05 Agent: Hello\n14:33:05 Customer: Hi", &Options::default(), true).unwrap();
        assert_eq!((turns[0].start_s, turns[1].start_s), (Some(0.0), Some(60.0)));
    }

    #[test]
    fn a_message_with_a_colon_is_not_a_dialogue() {
        assert_eq!(cell("Bonjour,\nvoici ma question : où est mon colis ?\nNuméro : 12"), None);
        assert_eq!(cell("Client : 12345\nmerci de me rappeler"), None);
        assert_eq!(cell("Attention : fragile"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_split_or_left_without_panic(text in "(\\PC|\\n){0,200}") {
            let _ = split(&text, &Options::default(), true);
            let _ = split(&text, &Options::default(), false);
        }
    }
}
