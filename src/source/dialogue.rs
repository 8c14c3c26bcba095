//! Written dialogues to turns: `Client : …` / `Conseiller : …` lines, with or without a time before the speaker.
//!
//! Used for plain-text transcripts and for table cells that hold a whole conversation.
//! Caught: `[00:01:12] Cliente : je n'ai rien reçu`. Not caught: `Objet : relance`, `Attention : fragile`, since a speaker
//! label must be a known role, or a short name that comes back. What a transcript says before its first label, other than
//! its title data, is a turn whose speaker is unknown.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use regex::Regex;

use crate::config::Options;
use crate::contact::Speaker;

use super::time::{self, DateOrder, Orders};
use super::{plain, value};

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
    pub(crate) at: Option<DateTime<Utc>>,
    /// End as an instant, when the source gives full times.
    pub(crate) ended: Option<DateTime<Utc>>,
    /// Role that the source states by other means than the label; the configuration still wins.
    pub(crate) role: Option<Speaker>,
    /// Role that the platform's convention suggests (the agent speaks on channel 1), to be confirmed by the words.
    pub(crate) usual_role: Option<Speaker>,
    /// How sure the speech recogniser is, 0 to 1.
    pub(crate) confidence: Option<f64>,
    /// How the start in seconds is written.
    pub(crate) written: Written,
}

/// How the time of a turn is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Written {
    /// As a number of seconds or milliseconds, or as a duration (`1m 12s`): from the start of the contact.
    #[default]
    Seconds,
    /// Two numbers, `09:12`: minutes and seconds from the start, or hours and minutes of the day.
    TwoNumbers,
    /// Three numbers, `09:12:05`: from the start, or of the day.
    ThreeNumbers,
    /// With AM or PM behind it: of the day.
    HalfDay,
}

impl Written {
    /// The form of a written time without AM and PM.
    pub(crate) fn of(text: &str) -> Self {
        match text.matches(':').count() {
            // Parts of a second are behind minutes and seconds.
            1 if text.contains(['.', ',']) => Self::Seconds,
            1 => Self::TwoNumbers,
            2 => Self::ThreeNumbers,
            // `14h32` has its hours.
            _ if text.contains(['h', 'H']) => Self::ThreeNumbers,
            _ => Self::Seconds,
        }
    }
}

/// `00:01:23`, `01:23.5`, `14h32`, `1m 12s`.
const CLOCK: &str = r"\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d{1,3})?(?:\s?[AaPp][Mm]\b)?|\d{1,2}\s?h\s?\d{2}(?:\s?m(?:in)?\s?\d{2}\s?s?)?|(?:\d{1,2}h\s?)?(?:\d{1,3}m\s?)?\d{1,5}s\b";
/// `2026-09-03` or `03/09/2026`, before a time of day.
const DATE: &str = r"\d{4}-\d{2}-\d{2}|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}";
static TIME: LazyLock<String> = LazyLock::new(|| {
    format!(
        r"(?:[\[(]?\s*(?:(?P<d>{DATE})[T,\s]\s*(?:à\s)?)?(?P<t>{CLOCK})Z?(?:\s*(?:-->|-|–|à|to)\s*(?P<e>{CLOCK}))?\s*[\])]?\s*[-–|]?\s*)"
    )
});
/// Marks of the direction of writing, which telephones put before lines, numbers and words, and the byte-order mark.
const MARKS: &str = r"\x{200e}\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}\x{feff}";
static LABELLED: LazyLock<Regex> = LazyLock::new(|| {
    // A constant pattern, compiled by every test of this module. What is in brackets behind a label belongs to it, unless
    // it is a time: `Conseiller (Marie) :`.
    Regex::new(&format!(
        r"^[\s{MARKS}]*{time}?(?:[-*•>]\s*)?(?:\*\*|<v\s|<)?(?P<l>[\p{{L}}][\p{{L}}\p{{M}}\p{{N}} ._'’/#°-]{{0,39}}?(?:\s?\([^():]{{1,40}}\))??|[A-Z]+_\d+|[\p{{L}}\p{{N}}][\p{{L}}\p{{N}}._+-]{{0,39}}@[\p{{L}}\p{{N}}.-]{{3,40}}?|\+\d[\d ().\x{{a0}}-]{{6,20}}\d)\s*(?:[-–,]?\s*[\[(]?\s*(?P<u>{CLOCK})\s*[\])]?)?\s*(?:\*\*)?\s?[:：>]\s*(?:\*\*)?\s*(?P<x>.*)$",
        time = *TIME
    ))
    .expect("constant pattern")
});

/// A date and a time before a label of any form: an unsaved number, an address, a name with a flower behind it. Only
/// exports of messages write so.
static DATED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&format!(
        r"^[\s{MARKS}]*[\[(]?\s*(?P<d>{DATE})[T,\s]\s*(?:à\s)?(?P<t>{CLOCK})Z?\s*[\])]?\s*[-–|]?\s*(?P<l>[^\s:：][^:：]{{0,59}}?)\s*[:：](?:\s+|$)(?P<x>.*)$"
    ))
    .expect("constant pattern")
});

/// A speaker and a time alone on a line, as meeting tools write above the words: `Marie Dupont  0:03`.
static ABOVE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&format!(
        r"^\s*(?:\*\*)?\[?(?P<l>[\p{{L}}][\p{{L}}\p{{M}}\p{{N}} ._'’-]{{0,39}}?)\]?(?:\*\*)?\s*[-–,]?\s*[\[(]?\s*(?P<t>{CLOCK})\s*[\])]?\s*$"
    ))
    .expect("constant pattern")
});
/// A time alone on a line: it is that of the words below.
static TIME_ALONE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(&format!(r"^\s*[\[(]?\s*(?P<t>{CLOCK})\s*[\])]?\s*$")).expect("constant pattern"));

/// The longest cell that is examined for a dialogue; longer ones are one turn.
const LONGEST: usize = 60_000_000;

/// Splits a labelled dialogue. `None` when the text is not one: it then stays one turn.
///
/// `is_transcript` is set for files known to be transcripts: names count as labels there if they come back; in a cell of
/// a table at least one label must be a known role.
pub(crate) fn split(text: &str, options: &Options, is_transcript: bool) -> Option<Vec<RawTurn>> {
    split_lines(text, options, is_transcript, &BTreeSet::new())
}

/// The same for a cell of a table. It is read as a transcript where its column is named for conversations or where two
/// of its lines have a time and a label; then roles, or times, must show that it is one.
///
/// Caught: `Visiteur : … | Agent : …` on one line, `09:12 - Jean Dupont : …` above `09:13 - Marie Lumio : …`. Not caught:
/// "Bonjour" above `Conseiller : …`, in a column of messages.
pub(crate) fn split_cell(text: &str, options: &Options, is_conversation: bool) -> Option<Vec<RawTurn>> {
    let lines = one_line_dialogue(text, options);
    let text = lines.as_deref().unwrap_or(text);
    if let Some(turns) = split(text, options, false) {
        return Some(turns);
    }
    let timed = timed_labels(text);
    if timed < 2 && !is_conversation {
        return None;
    }
    let turns = split(text, options, true)?;
    let is_role = |turn: &RawTurn| turn.label.as_deref().is_some_and(|label| value::speaker(label, options).is_some());
    let is_one = timed >= 2 || turns.iter().filter(|turn| is_role(turn)).take(2).count() == 2;
    is_one.then_some(turns)
}

/// The lines of a dialogue that was written on one, with bars between the turns; `None` when it is none.
fn one_line_dialogue(text: &str, options: &Options) -> Option<String> {
    if text.trim().contains('\n') || !text.contains('|') {
        return None;
    }
    let parts: Vec<&str> = text.split('|').map(str::trim).filter(|part| !part.is_empty()).collect();
    let roles: Vec<Speaker> = parts.iter().filter_map(|part| role_before_colon(part, options)).collect();
    let are_two = roles.iter().any(|role| *role != roles[0]);
    (are_two && roles.len() * 2 > parts.len()).then(|| parts.join("\n"))
}

/// Lines of a cell that start with a time and a label.
fn timed_labels(text: &str) -> usize {
    let is_timed = |line: &&str| {
        let start = line.trim_start_matches(|c: char| c.is_whitespace() || is_mark(c) || matches!(c, '[' | '('));
        start.starts_with(|c: char| c.is_ascii_digit())
            && line.contains([':', '：'])
            && label_and_time(line).is_some_and(|(_, is_timed)| is_timed)
    };
    text.lines().filter(is_timed).take(2).count()
}

/// The role that a line names before its first colon.
fn role_before_colon(line: &str, options: &Options) -> Option<Speaker> {
    const LONGEST_LABEL: usize = 80;
    let (label, _) = line.split_once([':', '：'])?;
    (label.len() <= LONGEST_LABEL).then(|| value::speaker(label.trim(), options)).flatten()
}

/// Whether lines of a text name the customer and one who answers, as those of a conversation do.
pub(crate) fn names_both_parties(text: &str, options: &Options) -> bool {
    if !text.contains([':', '：']) || text.len() > LONGEST {
        return false;
    }
    let mut roles = text.lines().filter_map(|line| role_before_colon(line, options));
    let (mut has_customer, mut has_other) = (false, false);
    roles.any(|role| {
        has_customer |= role == Speaker::Customer;
        has_other |= role != Speaker::Customer;
        has_customer && has_other
    })
}

/// Whether a character only says in which direction the others are written.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The same for a transcript as a list of messages: each of them is a turn of its own. One without label after another
/// with one goes on with the same speaker.
pub(crate) fn split_messages(messages: &[&str], options: &Options) -> Option<Vec<RawTurn>> {
    let mut own = BTreeSet::new();
    let mut line = 0;
    for message in messages {
        own.insert(line);
        line += 1 + message.matches('\n').count();
    }
    split_lines(&messages.join("\n"), options, true, &own)
}

/// `own` are the lines that start a turn even without label.
fn split_lines(text: &str, options: &Options, is_transcript: bool, own: &BTreeSet<usize>) -> Option<Vec<RawTurn>> {
    if text.len() > LONGEST || !text.contains([':', '：', '>']) {
        return None;
    }
    // In a table, most texts are not dialogues: the first line tells.
    if !is_transcript && text.lines().find(|line| !line.trim().is_empty()).is_none_or(|line| label_of(line).is_none()) {
        return None;
    }
    let chat = if is_transcript { chat_lines(text) } else { None };
    let text = chat.as_deref().unwrap_or(text);
    let one_line = if is_transcript { labels_beside_words(text, options) } else { None };
    let (text, above) = one_line.as_ref().map_or((text, &[] as &[String]), |(text, names)| (text, names));
    let mut names = labels(text.lines(), options, is_transcript);
    names.extend_from_slice(above);
    if names.is_empty() {
        return None;
    }
    let order = DateOrder::configured(options).unwrap_or_else(|| date_order(text, &names, options));
    let mut turns: Vec<RawTurn> = Vec::new();
    // Words before the first label.
    let mut unlabelled: Vec<RawTurn> = Vec::new();
    let mut time_above: Option<(f64, Written)> = None;
    for (index, line) in text.lines().enumerate() {
        let found = labelled(line).filter(|found| names.contains(&name_of(&found["l"])));
        match found {
            Some(found) => {
                let time = found.name("t").or(found.name("u")).map(|time| time.as_str());
                let at =
                    found.name("d").zip(time).and_then(|(date, time)| instant(date.as_str(), time, order, options));
                let start = time.and_then(timed).or(time_above.take()).filter(|_| at.is_none());
                turns.push(RawTurn {
                    label: Some(name_of(&found["l"])),
                    text: found["x"].trim_matches(|c: char| c.is_whitespace() || is_mark(c)).to_owned(),
                    start_s: start.map(|(seconds, _)| seconds),
                    end_s: found.name("e").and_then(|time| timed(time.as_str())).map(|(seconds, _)| seconds),
                    at,
                    written: start.map(|(_, written)| written).unwrap_or_default(),
                    ..RawTurn::default()
                });
            }
            None if is_transcript && TIME_ALONE.is_match(line) => {
                time_above = TIME_ALONE.captures(line).and_then(|found| timed(&found["t"]));
            }
            None if line.trim().is_empty() => {}
            None if turns.is_empty() && !is_transcript => return None,
            None if turns.is_empty() => {
                if !plain::is_metadata(line, options) && !is_opening(line) {
                    add_line(&mut unlabelled, line, own.contains(&index), time_above.take());
                }
            }
            None => add_line(&mut turns, line, own.contains(&index), None),
        }
    }
    turns.retain(|turn| !turn.text.is_empty());
    if turns.iter().any(|turn| turn.at.is_none()) {
        // Dates on some lines only do not order the others.
        for turn in &mut turns {
            turn.at = None;
        }
    }
    if !turns.is_empty() {
        turns.splice(0..0, unlabelled);
    }
    start_at_zero(&mut turns);
    (!turns.is_empty()).then_some(turns)
}

/// Whether a line above the first turn only says that a conversation begins, or how: `Début du chat le 03/09/2026`, `Chat
/// started`, `03/09/2026, 09:12 - Les messages sont chiffrés de bout en bout.`
fn is_opening(line: &str) -> bool {
    static OPENING: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^\W*(?:début (?:du chat|du tchat|de la conversation|de l'échange|de la discussion)|(?:chat|conversation) (?:started|transcript|begins)|start of (?:the )?(?:chat|conversation))\b.{0,80}$|^[\W\d]{8,40}(?:[ap]m\W{0,6})?(?:les messages\b.{0,60}\bchiffrés|messages\b.{0,60}\bend-to-end encrypted)\b")
            .expect("constant pattern")
    });
    line.len() < 400 && OPENING.is_match(line)
}

/// Adds a line without label: to the last turn, or as a turn of its own with the label of the last one.
fn add_line(turns: &mut Vec<RawTurn>, line: &str, is_own: bool, start: Option<(f64, Written)>) {
    match turns.last_mut() {
        // A speaker above the words has none yet.
        Some(turn) if turn.text.is_empty() => turn.text.push_str(line.trim()),
        Some(turn) if !is_own => {
            turn.text.push('\n');
            turn.text.push_str(line.trim());
        }
        last => {
            let label = last.and_then(|turn| turn.label.clone());
            let (start_s, written) = start.map_or((None, Written::default()), |(seconds, form)| (Some(seconds), form));
            turns.push(RawTurn { label, text: line.trim().to_owned(), start_s, written, ..RawTurn::default() });
        }
    }
}

/// The text with every speaker at the start of its words, and the speakers, when speakers stand on lines of their own; such a line has to
/// come back, since "Rendez-vous 14:30" is one too.
fn labels_beside_words(text: &str, options: &Options) -> Option<(String, Vec<String>)> {
    // Where speakers stand before their words, a name and a time alone are an appointment.
    let is_role = |line: &str| label_of(line).is_some_and(|label| value::speaker(&label, options).is_some());
    if text.lines().filter(|line| is_role(line)).take(2).count() == 2 {
        return None;
    }
    let mut names: Vec<(&str, usize)> = Vec::new();
    for line in text.lines() {
        if let Some(found) = ABOVE.captures(line) {
            let name = found.name("l").map_or("", |name| name.as_str().trim());
            let has_room = names.len() < 64;
            match names.iter_mut().find(|(known, _)| *known == name) {
                Some((_, count)) => *count += 1,
                None if has_room => names.push((name, 1)),
                None => {}
            }
        }
    }
    let count: usize = names.iter().map(|(_, count)| count).sum();
    if names.is_empty() || count < 2 || (names.len() > 8 && names.iter().all(|(_, count)| *count < 2)) {
        return None;
    }
    let mut rewritten = String::with_capacity(text.len() + 16);
    for line in text.lines() {
        match ABOVE.captures(line) {
            Some(found) => {
                let (name, time) = (found["l"].trim(), &found["t"]);
                rewritten.push_str(&format!("[{time}] {name} :\n"));
            }
            None => {
                rewritten.push_str(line);
                rewritten.push('\n');
            }
        }
    }
    Some((rewritten, names.into_iter().map(|(name, _)| name.to_owned()).collect()))
}

/// `09:12:05 From Hélène M. to Everyone:` as the chats of meetings write it.
static CHAT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&format!(
        r"^\s*(?P<t>{CLOCK})\s+(?:From|De)\s+(?P<l>[\p{{L}}][^:\t]{{0,39}}?)\s+(?:to|à)\s+[^:\t]{{1,80}}:[ \t]*(?P<x>.*)$"
    ))
    .expect("constant pattern")
});

/// The text with the lines of a meeting's chat as labelled lines; `None` when there is none.
fn chat_lines(text: &str) -> Option<String> {
    if !text.lines().any(|line| CHAT.is_match(line)) {
        return None;
    }
    let mut rewritten = String::with_capacity(text.len());
    for line in text.lines() {
        match CHAT.captures(line) {
            Some(found) => rewritten.push_str(&format!("{} {} : {}\n", &found["t"], &found["l"], &found["x"])),
            None => {
                rewritten.push_str(line);
                rewritten.push('\n');
            }
        }
    }
    Some(rewritten)
}

/// Whether a label that occurs once can be a name: `Marie D.`, `SPEAKER_01`, `Jean 🌸`, a telephone number, an address. Not
/// caught: `Je vous écoute`.
fn looks_like_name(label: &str) -> bool {
    label.split_whitespace().all(|word| {
        let word = word.trim_start_matches(['(', '~', '#']);
        word.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit() || c == '+')
            || word.contains('@')
            || !word.contains(char::is_alphanumeric)
            || matches!(word, "de" | "du" | "des" | "la" | "le" | "van" | "von" | "d'" | "-")
    })
}

/// A label without what chats put around it: `From Marie Dupont to Everyone`.
fn name_of(label: &str) -> String {
    // Telephones write a tilde before the name that somebody gave themselves.
    let label = label.trim_matches(|c: char| c.is_whitespace() || is_mark(c) || c == '~');
    for (before, after) in [("From ", " to "), ("De ", " à "), ("from ", " to ")] {
        if let Some((name, _)) = label.strip_prefix(before).and_then(|rest| rest.split_once(after)) {
            return name.trim().to_owned();
        }
    }
    label.to_owned()
}

/// A date and a time of day as an instant of the configured time zone.
fn instant(date: &str, time: &str, order: DateOrder, options: &Options) -> Option<DateTime<Utc>> {
    let zone = options.input.time_zone.parse().ok()?;
    time::instant(&format!("{date} {time}"), zone, order).map(|moment| moment.instant)
}

/// Which of 9/3/26 is the day in the dates before the words: as one of them proves, else the only order in which the messages
/// follow each other (some exports put the newest first), else the day first.
fn date_order(text: &str, names: &[String], options: &Options) -> DateOrder {
    let mut orders = Orders::default();
    let mut dated: Vec<(&str, &str)> = Vec::new();
    for found in text.lines().filter_map(labelled).filter(|found| names.contains(&name_of(&found["l"]))) {
        let (Some(date), Some(time)) = (found.name("d"), found.name("t").or(found.name("u"))) else {
            if found["x"].trim().is_empty() {
                continue;
            }
            // Dates on some lines only do not count, so that most dialogues are left at their first line.
            return DateOrder::DayFirst;
        };
        if !time::is_day_month_year(date.as_str()) {
            return DateOrder::DayFirst;
        }
        orders.see(date.as_str());
        dated.push((date.as_str(), time.as_str()));
    }
    let follow = |order: DateOrder| {
        let instants: Vec<_> = dated.iter().map(|(date, time)| instant(date, time, order, options)).collect();
        instants.is_sorted() || instants.iter().rev().is_sorted()
    };
    if orders.is_open() && !follow(DateOrder::DayFirst) && follow(DateOrder::MonthFirst) {
        return DateOrder::MonthFirst;
    }
    orders.order()
}

/// The speaker labels of a text: known roles, and names that come back or that start most lines of a transcript.
pub(crate) fn labels<'t>(lines: impl Iterator<Item = &'t str>, options: &Options, is_transcript: bool) -> Vec<String> {
    const MOST: usize = 200;
    let mut names: Vec<(String, usize, bool)> = Vec::new();
    let (mut written, mut with_label) = (0usize, 0usize);
    for line in lines.filter(|line| !line.trim().is_empty()) {
        written += 1;
        let Some((label, is_timed)) = label_and_time(line) else { continue };
        with_label += 1;
        if let Some((_, count, _)) = names.iter_mut().find(|(name, ..)| *name == label) {
            *count += 1;
        } else if names.len() < MOST {
            // A time and a name before a colon are a speaker, even once.
            let is_speaker = is_transcript && is_timed && looks_like_name(&label);
            let is_role = is_speaker || value::speaker(&label, options).is_some();
            names.push((label, 1, is_role));
        }
    }
    let has_role = names.iter().any(|(_, _, is_role)| *is_role);
    let are_most_labelled = is_transcript && with_label >= 2 && with_label * 10 >= written * 6 && names.len() <= 8;
    names.retain(|(name, count, is_role)| {
        *is_role
            || (name.split_whitespace().count() <= 4
                && ((are_most_labelled && (*count >= 2 || looks_like_name(name)))
                    || (*count >= 2 && (is_transcript || has_role))))
    });
    let labelled: usize = names.iter().map(|(_, count, _)| count).sum();
    if !is_transcript && (!has_role || labelled < 2) {
        return Vec::new();
    }
    names.into_iter().map(|(name, ..)| name).collect()
}

/// The label at the start of a line, if any.
pub(crate) fn label_of(line: &str) -> Option<String> {
    label_and_time(line).map(|(label, _)| label)
}

fn label_and_time(line: &str) -> Option<(String, bool)> {
    // No label lies beyond the first hundred characters.
    let end = line.char_indices().nth(160).map_or(line.len(), |(index, _)| index);
    labelled(&line[..end]).map(|found| (name_of(&found["l"]), found.name("t").is_some() || found.name("u").is_some()))
}

/// The parts of a line that starts with a label. Not caught: `Jeudi 14:30`, whose colon stands between digits.
fn labelled(line: &str) -> Option<regex::Captures<'_>> {
    let found = LABELLED.captures(line).or_else(|| DATED.captures(line))?;
    let ends_in_digit = found["l"].trim_end().ends_with(|c: char| c.is_ascii_digit());
    let is_time = ends_in_digit
        && line[..found.name("x")?.start()].ends_with(':')
        && found["x"].starts_with(|c: char| c.is_ascii_digit());
    (!is_time).then_some(found)
}

/// No call lasts longer, so that a first turn later than this has a time of day.
const LONGEST_CALL_S: f64 = 4.0 * 3600.0;

/// Seconds of a day.
const DAY_S: f64 = 86_400.0;

/// Whether a first turn at so many seconds begins at the time of day of its contact, or within the hour.
fn begins_at(first_s: f64, second_of_day: f64) -> bool {
    // The start may be written to the minute.
    const BEFORE_S: f64 = 60.0;
    const AFTER_S: f64 = 3600.0;
    (second_of_day - BEFORE_S..=second_of_day + AFTER_S).contains(&first_s)
}

/// Whether a start is late enough after midnight to tell a time of day from the time since the start. Two numbers tell less:
/// in a call at 00:15, `00:16` is sixteen seconds from its start.
fn is_told(second_of_day: f64, written: Written) -> bool {
    const FROM_S: f64 = 600.0;
    const FROM_S_OF_TWO: f64 = 7200.0;
    second_of_day >= if written == Written::TwoNumbers { FROM_S_OF_TWO } else { FROM_S }
}

/// What is known of the contact whose turns have times.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Began {
    /// Seconds since midnight at which it began.
    pub(crate) second_of_day: Option<f64>,
    /// Seconds from its start to its end.
    pub(crate) lasts_s: Option<f64>,
    /// The times stand in a column of their own beside the turns, which mostly holds the time of day.
    pub(crate) is_beside_turns: bool,
}

impl Began {
    /// A contact of which only the start may be known.
    pub(crate) fn at(second_of_day: Option<f64>) -> Self {
        Self { second_of_day, ..Self::default() }
    }

    /// Whether two numbers that may be hours and minutes of the day are them, rather than minutes and seconds from the start:
    /// as the end of the contact shows; else where they begin in its very minute.
    ///
    /// Caught: `09:12`, `09:14` in a chat of 09:12, `09:13` in one from 09:12 to 09:20. Not caught: `09:15`, `12:40`, `15:10`
    /// in a recording of 09:12 that was trimmed.
    fn is_clock(self, times: &[f64], second_of_day: f64) -> bool {
        // Starts and ends may be written to the minute.
        const MINUTE_S: f64 = 60.0;
        let latest = times.iter().copied().fold(0.0, f64::max);
        let lasts_s = self.lasts_s.filter(|length| *length >= MINUTE_S);
        let fits = |seconds: f64| lasts_s.is_none_or(|length| seconds <= length + MINUTE_S);
        match (fits(latest - second_of_day), fits(latest / 60.0)) {
            (is_clock, is_offset) if is_clock != is_offset => is_clock,
            _ => self.is_beside_turns || times.first().is_some_and(|first| (first - second_of_day).abs() < MINUTE_S),
        }
    }
}

/// Times of day become seconds from the start of a contact that is known to begin at this second of the day: 01:30:05 in
/// a call of the night is five seconds from its start at 01:30. Where no start is known, the first turn is it, if it is
/// later than a call can be, or if the others go past midnight.
///
/// Not caught: times that are no clock's, and `09:12` in a call whose start is not at that time of day; nor `09:15`, `12:40`
/// in a recording of 09:12 of which the beginning was cut off, see [`Began::is_clock`].
pub(crate) fn count_from_start(turns: &mut [RawTurn], began: Began) {
    let mut forms = turns.iter().filter(|turn| turn.start_s.is_some()).map(|turn| turn.written);
    let Some(written) = forms.next() else { return };
    if written == Written::Seconds || forms.any(|other| other != written) {
        return;
    }
    let unit = if written == Written::TwoNumbers { 60.0 } else { 1.0 };
    let times: Vec<f64> = turns.iter().filter_map(|turn| turn.start_s).map(|time| time * unit).collect();
    // `75:10` is no time of day.
    if times.iter().any(|time| *time >= DAY_S) {
        return;
    }
    let first = times[0];
    let goes_past_midnight = || {
        const LATE_S: f64 = 23.0 * 3600.0;
        const EARLY_S: f64 = 3600.0;
        first >= DAY_S / 2.0 && times.windows(2).any(|pair| pair[0] >= LATE_S && pair[1] < EARLY_S)
    };
    let is_clock =
        |second: f64| written != Written::TwoNumbers || goes_past_midnight() || began.is_clock(&times, second);
    let told = began
        .second_of_day
        .filter(|second| is_told(*second, written) && begins_at(first, *second) && is_clock(*second));
    let from = match told {
        Some(second) => second.min(first),
        None if written == Written::HalfDay => first,
        None if written == Written::ThreeNumbers && first > LONGEST_CALL_S => first,
        None if written == Written::TwoNumbers && goes_past_midnight() => first,
        None => return,
    };
    for time in turns.iter_mut().flat_map(|turn| [&mut turn.start_s, &mut turn.end_s]).flatten() {
        *time *= unit;
    }
    shift(turns, from);
}

/// Times of day (14:32:05) become offsets: the first turn starts at 0 when it starts later than a call can, or with AM or PM.
fn start_at_zero(turns: &mut [RawTurn]) {
    let first = turns.iter().find_map(|turn| Some((turn.start_s?, turn.written)));
    let first = first.filter(|(first, written)| *first > LONGEST_CALL_S || *written == Written::HalfDay);
    if let Some((first, _)) = first {
        shift(turns, first);
    }
}

/// Counts the times of day of turns from another one; they go on after midnight.
fn shift(turns: &mut [RawTurn], from: f64) {
    // Turns are not always written in their order: one a little before the first begins with the one before it.
    const STEP_BACK_S: f64 = 600.0;
    // A time long before the first is none of this call.
    let in_call =
        |time: f64, last_s: f64| if time >= 0.0 { Some(time) } else { (time >= -STEP_BACK_S).then_some(last_s) };
    let mut clock = Clock::from(from);
    let mut last_s = 0.0;
    for turn in turns {
        turn.start_s = turn.start_s.and_then(|time| in_call(clock.seconds(time), last_s));
        last_s = turn.start_s.unwrap_or(last_s);
        // The words of a turn may go past midnight where those of the next one begin before it.
        turn.end_s = turn.end_s.and_then(|time| in_call(clock.clone().seconds(time), last_s));
    }
}

/// A clock that starts again at midnight, read turn by turn.
///
/// Caught: `00:00:30` behind `23:59:30`, a minute later. Not caught: `14:32:03` behind `14:32:05`, since turns overlap and
/// are not always written in their order; two times of one call are never so far apart as midnight puts them.
#[derive(Debug, Clone)]
struct Clock {
    from_s: f64,
    last_s: f64,
    /// Seconds of the days that have passed.
    passed_s: f64,
}

impl Clock {
    /// Counts from a second of the day.
    fn from(from_s: f64) -> Self {
        Self { from_s, last_s: from_s, passed_s: 0.0 }
    }

    /// Seconds from the start at a second of the day; negative before it.
    fn seconds(&mut self, second_of_day: f64) -> f64 {
        let later = second_of_day - self.last_s;
        if later < -LONGEST_CALL_S && self.last_s < DAY_S {
            self.passed_s += DAY_S;
        } else if later > DAY_S - LONGEST_CALL_S && self.passed_s > 0.0 {
            // Behind a turn of the new day, one of the old.
            self.passed_s -= DAY_S;
        }
        self.last_s = second_of_day;
        second_of_day + self.passed_s - self.from_s
    }
}

/// Seconds of a written offset or time of day, and its form.
pub(crate) fn timed(text: &str) -> Option<(f64, Written)> {
    const HALF_DAY_S: f64 = DAY_S / 2.0;
    let lower = text.trim().to_ascii_lowercase();
    let Some((clock, is_afternoon)) = lower
        .strip_suffix("pm")
        .map(|clock| (clock, true))
        .or_else(|| lower.strip_suffix("am").map(|clock| (clock, false)))
    else {
        return Some((seconds(text)?, Written::of(text)));
    };
    let unit = if Written::of(clock) == Written::TwoNumbers { 60.0 } else { 1.0 };
    // Twelve is the first hour of each half.
    let second = (seconds(clock)? * unit) % HALF_DAY_S;
    Some((if is_afternoon { second + HALF_DAY_S } else { second }, Written::HalfDay))
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
    fn a_time_before_the_first_that_no_clock_shows_is_unknown() {
        let turns = split(
            "[40:00:01] Conseiller : Bonjour\n[00:00:03] Client : Bonjour\n[40:00:09] Client : Mon colis ?",
            &Options::default(),
            false,
        )
        .unwrap();
        assert_eq!(turns.iter().map(|turn| turn.start_s).collect::<Vec<_>>(), [Some(0.0), None, Some(8.0)]);
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
    fn times_in_any_usual_form_are_read() {
        for line in [
            "[00:01:23] Client : a",
            "(01:23) Client : a",
            "01:23 - Client : a",
            "Client (01:23) : a",
            "Client [00:01:23] : a",
            "Client - 01:23 : a",
            "00:01:23,400 --> 00:01:25,000 Client : a",
            "( 1m 23s ) Client: a",
            "<Client> a",
        ] {
            let turns = split(&format!("{line}\nConseiller : b"), &Options::default(), true).unwrap();
            assert_eq!(turns[0].label.as_deref(), Some("Client"), "{line}");
            assert_eq!(turns[0].text, "a", "{line}");
            assert_eq!(turns[0].start_s.map(f64::floor), (!line.starts_with('<')).then_some(83.0), "{line}");
        }
        let turns =
            split("03/09/2026 09:12:05 Client : a\n03/09/2026 09:12:35 Conseiller : b", &Options::default(), true);
        assert_eq!(turns.unwrap()[0].at.unwrap().to_rfc3339(), "2026-09-03T07:12:05+00:00");
    }

    #[test]
    fn the_dates_of_a_message_export_tell_which_number_is_the_day() {
        let starts = |text: &str| -> Vec<String> {
            let turns = split(text, &Options::default(), true).unwrap();
            turns.iter().map(|turn| turn.at.unwrap().format("%m-%dT%H:%M").to_string()).collect()
        };
        let proven = "9/3/26, 2:05 PM - Sarah: My parcel?\n9/3/26, 2:09 PM - Shop: On its way\n9/14/26, 9:00 AM - Sarah: Still nothing";
        assert_eq!(starts(proven), ["09-03T12:05", "09-03T12:09", "09-14T07:00"]);
        // Read day first, the messages would go back and forth: 9 December, 10 January, 10 February.
        let by_sequence = "[9/12/26, 14:05:00] Sarah: My parcel?\n[10/1/26, 09:00:00] Shop: On its way\n[10/2/26, 09:00:00] Sarah: Thanks";
        assert_eq!(starts(by_sequence), ["09-12T12:05", "10-01T07:00", "10-02T07:00"]);
        let newest_first = "[01/10/26, 09:00:00] Sarah : Merci\n[12/09/26, 14:05:00] Lumio : En route";
        assert_eq!(starts(newest_first), ["10-01T07:00", "09-12T12:05"]);
        assert_eq!(
            starts("[03/09/26, 14:05:00] Sarah : Mon colis ?\n[04/09/26, 09:00:00] Lumio : En route"),
            ["09-03T12:05", "09-04T07:00"]
        );
        let mut us = Options::default();
        us.input.date_order = "mdy".into();
        let turns = split("[03/09/26, 14:05:00] Sarah: a\n[04/09/26, 09:00:00] Shop: b", &us, true).unwrap();
        assert_eq!(turns[1].at.unwrap().format("%m-%d").to_string(), "04-09");
    }

    #[test]
    fn a_speaker_above_the_words_is_the_speaker() {
        let text = "Marie Dupont  0:03\nBonjour.\nJe vous écoute : allez-y.\n\nPaul (0:09)\nMa box.\n\nMarie Dupont 0:12\nOui.";
        let turns = split(text, &Options::default(), true).unwrap();
        let told: Vec<(&str, Option<f64>)> =
            turns.iter().map(|turn| (turn.label.as_deref().unwrap(), turn.start_s)).collect();
        assert_eq!(told, [("Marie Dupont", Some(3.0)), ("Paul", Some(9.0)), ("Marie Dupont", Some(12.0))]);
        assert_eq!(turns[0].text, "Bonjour.\nJe vous écoute : allez-y.");
    }

    #[test]
    fn words_before_the_first_label_are_a_turn_without_label_and_title_data_are_none() {
        let text = "Date : 03/09/2026\n=====\n03/09/2026 09:12\nBonjour, ma box est en panne\ndepuis lundi\n\nConseiller : Je regarde\nClient : Merci";
        let turns = split(text, &Options::default(), true).unwrap();
        let told: Vec<(Option<&str>, &str)> =
            turns.iter().map(|turn| (turn.label.as_deref(), turn.text.as_str())).collect();
        assert_eq!(
            told,
            [
                (None, "Bonjour, ma box est en panne\ndepuis lundi"),
                (Some("Conseiller"), "Je regarde"),
                (Some("Client"), "Merci")
            ]
        );
        assert_eq!(cell("Bonjour\nConseiller : Je regarde\nClient : Merci"), None, "a cell is no transcript");
    }

    #[test]
    fn an_unsaved_number_an_address_and_a_flower_are_speakers_after_a_date() {
        let told = |text: &str| -> Vec<(String, String)> {
            let turns = split(text, &Options::default(), true).unwrap();
            turns.into_iter().map(|turn| (turn.label.unwrap_or_default(), turn.text)).collect()
        };
        for label in ["+33 6 39 98 00 11", "Jean Dupont 🌸", "jean@example.com", "Jean (Lumio)", "Jean #2"] {
            let text = format!(
                "03/09/2026, 09:12 - Lumio Service Client: Bonjour\n03/09/2026, 09:15 - {label}: C'est inadmissible\nvraiment\n03/09/2026, 09:16 - Lumio Service Client: Je regarde : un instant"
            );
            let turns = told(&text);
            assert_eq!(turns[1], (label.to_owned(), "C'est inadmissible\nvraiment".to_owned()));
            assert_eq!((turns.len(), turns[2].1.as_str()), (3, "Je regarde : un instant"));
        }
        let ios = "\u{200e}[03/09/2026, 09:15:00] ~\u{202f}Anne: \u{200e}Mon colis ?\n[03/09/2026, 09:16:00] \u{202a}+33 6 39 98 00 11\u{202c}: Demain";
        assert_eq!(told(ios), [("Anne".into(), "Mon colis ?".into()), ("+33 6 39 98 00 11".into(), "Demain".into())]);
        // What the program says of the group is nobody's turn.
        let encrypted = "03/09/2026, 09:11 - Les messages et les appels sont chiffrés de bout en bout. En savoir plus.\n03/09/2026, 09:12 - Anne: Bonjour\n03/09/2026, 09:14 - Paul: Oui";
        assert_eq!(told(encrypted).len(), 2);
        let system = "03/09/2026, 09:12 - Anne: Bonjour\n03/09/2026, 09:13 - Anne a changé l'objet en « Box » : panne\n03/09/2026, 09:14 - Paul: Oui";
        assert_eq!(told(system).len(), 2);
    }

    #[test]
    fn what_stands_in_brackets_behind_a_role_belongs_to_the_label() {
        let turns =
            cell("Client (M. Dupont) : Ma box\nConseiller (Marie) : Je regarde\nClient (M. Dupont) : Merci").unwrap();
        assert_eq!((turns.len(), turns[1].0.as_str(), turns[2].1.as_str()), (3, "Conseiller (Marie)", "Merci"));
        assert_eq!(cell("Ma facture\nTotal (TTC) : 12 €\nTotal (HT) : 10 €"), None);
    }

    #[test]
    fn a_whole_conversation_in_a_cell_is_split() {
        let cell = |text: &str, is_conversation: bool| -> Option<Vec<(String, String)>> {
            let turns = split_cell(text, &Options::default(), is_conversation)?;
            Some(turns.into_iter().map(|turn| (turn.label.unwrap_or_default(), turn.text)).collect())
        };
        let turn = |label: &str, text: &str| (label.to_owned(), text.to_owned());
        let timed = "09:12 - Jean Dupont : Ma box\n09:13 - Marie Lumio : Je regarde";
        assert_eq!(cell(timed, false).unwrap(), [turn("Jean Dupont", "Ma box"), turn("Marie Lumio", "Je regarde")]);
        let opened = "Début du chat le 03/09/2026\nVisiteur : Ma box\nAgent : Je regarde";
        assert_eq!(cell(opened, true).unwrap(), [turn("Visiteur", "Ma box"), turn("Agent", "Je regarde")]);
        let barred = "Visiteur : Ma box | Agent : Je regarde | Visiteur : Merci";
        assert_eq!(cell(barred, false).unwrap().len(), 3);
        // A message stays one, whatever the name of its column.
        assert_eq!(cell(opened, false), None);
        for message in [
            "Bonjour\nCommande : 12\nDate : 03/09/2026\nProduit : lampe",
            "Rendez-vous prévu :\n09:12 : le livreur passe\nMerci",
            "Ma box | ma ligne | mon forfait : rien ne marche",
            "Bonjour, mon colis n'est pas arrivé.",
        ] {
            assert_eq!((cell(message, true), cell(message, false)), (None, None), "{message}");
        }
    }

    #[test]
    fn a_text_with_both_parties_is_told_from_a_message() {
        let both = |text: &str| names_both_parties(text, &Options::default());
        assert!(both("Voici l'échange :\nClient : Ma box\nConseiller : Je regarde"));
        assert!(!both("Bonjour\nNuméro client : 12\nClient : Dupont"));
        assert!(!both("Bonjour, ma box : en panne"));
    }

    #[test]
    fn a_time_of_day_in_the_night_is_not_an_offset() {
        let turns = |text: &str, start: f64| {
            let mut turns = split(text, &Options::default(), true).unwrap();
            count_from_start(&mut turns, Began::at(Some(start)));
            turns.iter().map(|turn| turn.start_s).collect::<Vec<_>>()
        };
        let night = "[01:30:05] Agent : Bonjour\n[01:31:10] Client : Ma box";
        assert_eq!(turns(night, 5400.0), [Some(5.0), Some(70.0)]);
        let offsets = "[00:00:05] Agent : Bonjour\n[00:01:10] Client : Ma box";
        assert_eq!(turns(offsets, 5400.0), [Some(5.0), Some(70.0)]);
    }

    #[test]
    fn times_of_day_go_on_after_midnight_and_small_steps_back_are_no_midnight() {
        let starts = |times: &[&str], start: Option<f64>| -> Vec<Option<f64>> {
            let label = |index: usize| if index.is_multiple_of(2) { "Agent" } else { "Client" };
            let lines = times.iter().enumerate().map(|(index, time)| format!("[{time}] {} : Oui\n", label(index)));
            let mut turns = split(&lines.collect::<String>(), &Options::default(), true).unwrap();
            count_from_start(&mut turns, Began::at(start));
            turns.iter().map(|turn| turn.start_s).collect()
        };
        let some = |seconds: &[f64]| seconds.iter().copied().map(Some).collect::<Vec<_>>();
        let night = 23.0 * 3600.0 + 59.0 * 60.0;
        for start in [None, Some(night)] {
            assert_eq!(starts(&["23:59:50", "00:00:10", "00:01:00"], start), some(&[0.0, 20.0, 70.0]), "{start:?}");
            // Hours and minutes, which would be 24 minutes from the start and then one second.
            assert_eq!(starts(&["23:59", "00:01", "00:03"], start), some(&[0.0, 120.0, 240.0]), "{start:?}");
        }
        // Turns that overlap are not a day apart, at midnight neither.
        assert_eq!(starts(&["14:32:05", "14:32:09", "14:32:07"], None), some(&[0.0, 4.0, 2.0]));
        assert_eq!(starts(&["14:32:05", "14:32:03", "14:32:09"], None), some(&[0.0, 0.0, 4.0]));
        // Half an hour is no step back.
        assert_eq!(starts(&["14:32:05", "14:02:05", "14:32:09"], None), [Some(0.0), None, Some(4.0)]);
        assert_eq!(starts(&["23:59:50", "00:00:02", "23:59:58", "00:00:09"], None), some(&[0.0, 12.0, 8.0, 19.0]));
        // A chat of two nights.
        assert_eq!(
            starts(&["22:00:00", "11:00:00", "22:00:00", "09:00:00"], None),
            some(&[0.0, 46_800.0, 86_400.0, 126_000.0])
        );
        // The clock of a chat that begins at this time of day, in hours and minutes; else minutes and seconds.
        assert_eq!(starts(&["09:12", "09:14"], Some(33_120.0)), some(&[0.0, 120.0]));
        assert_eq!(starts(&["09:12", "09:14"], None), some(&[552.0, 554.0]));
        assert_eq!(starts(&["00:05", "01:10", "75:10"], Some(33_120.0)), some(&[5.0, 70.0, 4510.0]));
        // Recordings whose beginning was cut off: minutes and seconds, although the contact began at about that time of day.
        assert_eq!(starts(&["09:15", "12:40", "15:10"], Some(33_120.0)), some(&[555.0, 760.0, 910.0]));
        assert_eq!(starts(&["05:10", "05:40", "06:20"], Some(18_000.0)), some(&[310.0, 340.0, 380.0]));
        // Soon after midnight both may be meant: sixteen seconds, not sixteen minutes past it.
        assert_eq!(starts(&["00:16", "00:45"], Some(900.0)), some(&[16.0, 45.0]));
        assert_eq!(starts(&["11:59 PM", "12:01 AM"], None), some(&[0.0, 120.0]));
        assert_eq!(starts(&["01h30", "01h31"], Some(5400.0)), some(&[0.0, 60.0]));
    }

    #[test]
    fn each_message_of_a_list_is_a_turn() {
        let messages = ["Bonjour", "Ma box", "Conseiller : Je regarde", "Un instant", "Client : Merci\nbeaucoup"];
        let turns = split_messages(&messages, &Options::default()).unwrap();
        let told: Vec<(Option<&str>, &str)> =
            turns.iter().map(|turn| (turn.label.as_deref(), turn.text.as_str())).collect();
        assert_eq!(
            told,
            [
                (None, "Bonjour"),
                (None, "Ma box"),
                (Some("Conseiller"), "Je regarde"),
                (Some("Conseiller"), "Un instant"),
                (Some("Client"), "Merci\nbeaucoup")
            ]
        );
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
