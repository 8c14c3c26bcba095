//! WebVTT, SubRip and SBV captions to one contact per file.
//!
//! Speakers are read from voice tags (`<v Marie>`), from `Name: text`, or not at all. Consecutive cues of one named speaker
//! are one turn; without names, each cue is a turn. Words that captions repeat while they roll are kept once.

use std::io::BufRead;
use std::sync::LazyLock;

use regex::Regex;

use crate::error::RejectCode;

use super::decode::{record_text, whole};
use super::dialogue::{self, RawTurn};
use super::format::Format;
use super::json::Fallback;
use super::row::{self, Place, Row};
use super::speakers::push;
use super::{Failure, Output, plain};

static TIMES: LazyLock<Regex> = LazyLock::new(|| {
    constant(
        r"^\s*(?P<s>(?:\d{1,3}:)?\d{1,2}:\d{2}(?P<p>[.,])\d{1,3})\s*-->\s*(?P<e>(?:\d{1,3}:)?\d{1,2}:\d{2}(?P<q>[.,])\d{1,3})(?:\s.*)?$",
    )
});
static SBV_TIMES: LazyLock<Regex> =
    LazyLock::new(|| constant(r"^\s*(?P<s>\d{1,3}:\d{2}:\d{2}\.\d{1,3}),(?P<e>\d{1,3}:\d{2}:\d{2}\.\d{1,3})\s*$"));
static VOICE: LazyLock<Regex> = LazyLock::new(|| constant(r"<v(?:\.[^\s>]*)?\s+([^>]{1,80})>"));
static TAG: LazyLock<Regex> = LazyLock::new(|| {
    constant(r"</?(?:[cibuv]|ruby|rt|lang|font|em|strong)(?:[.\s][^>]{0,200})?>|<\d[\d:.]*>|\{\\an?\d+\}")
});

fn constant(text: &str) -> Regex {
    // Constant patterns, compiled by the tests of this module.
    Regex::new(text).expect("constant pattern")
}

/// One caption.
#[derive(Debug, Default)]
struct Cue {
    start_s: Option<f64>,
    end_s: Option<f64>,
    lines: Vec<String>,
}

/// What a caption file holds.
#[derive(Debug, Default)]
struct Captions {
    cues: Vec<Cue>,
    /// Header and NOTE lines.
    notes: Vec<String>,
    untimed: bool,
}

/// Reads one caption file.
pub(crate) fn read(
    stream: &mut dyn BufRead,
    format: Format,
    place: Place<'_>,
    fallback: &Fallback,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let bytes = whole(stream)?;
    output.met();
    let Some(bytes) = bytes else {
        output.reject(place.reject_file(RejectCode::TooLong, "the file is longer than 256 MiB"))?;
        return Ok(());
    };
    let (text, lossy) = record_text(&bytes);
    let captions = match captions(&text, format) {
        Ok(captions) => captions,
        Err((code, message)) => {
            output.reject(place.reject_file(code, message))?;
            return Ok(());
        }
    };
    let mut row = Row::new(1);
    plain::metadata(&captions.notes, &place, &mut row);
    row.fallback_id = Some(fallback.contact_id.clone());
    row.fallback_start = fallback.start;
    if lossy {
        push(&mut row.flags, "undecodable_bytes");
    }
    if captions.untimed {
        push(&mut row.flags, "cues_without_time");
    }
    if row.cell(super::columns::Field::Channel).is_none() && place.settings.default_channel.is_none() {
        // Captions are made of speech.
        row.set(super::columns::Field::Channel, Some(super::value::Cell::Text("phone".into())), 1.0);
    }
    row.turns = Some(turns(captions.cues, &place));
    output.record(row::contact(&row, &place))?;
    Ok(())
}

fn captions(text: &str, format: Format) -> Result<Captions, (RejectCode, String)> {
    let text = text.trim_start_matches('\u{feff}');
    let mut captions = Captions::default();
    let mut lines = text.lines().peekable();
    if format == Format::Vtt {
        if !text.trim_start().starts_with("WEBVTT") {
            return Err((RejectCode::WrongFormat, "a WebVTT file starts with WEBVTT".into()));
        }
        // The header block: up to a blank line or the first times.
        while let Some(line) = lines.next_if(|line| !TIMES.is_match(line)) {
            if line.trim().is_empty() && !captions.notes.is_empty() {
                break;
            }
            captions.notes.push(line.to_owned());
        }
    }
    let times = if format == Format::Sbv { &SBV_TIMES } else { &TIMES };
    let mut cue: Option<Cue> = None;
    let mut in_note = false;
    let mut pending: Option<String> = None;
    let mut marks: Option<String> = None;
    let mut previous_was_times = false;
    let mut number = 0;
    for line in lines {
        number += 1;
        let line = line.trim_end();
        if let Some(found) = times.captures(line) {
            if previous_was_times {
                return Err((
                    RejectCode::Malformed,
                    format!("two lines of times follow each other near line {number}"),
                ));
            }
            if format == Format::Srt {
                let mark = format!(
                    "{}{}",
                    found.name("p").map_or("", |mark| mark.as_str()),
                    found.name("q").map_or("", |mark| mark.as_str())
                );
                if marks.get_or_insert_with(|| mark.clone()) != &mark {
                    return Err((
                        RejectCode::Malformed,
                        format!("the times are not written as the others near line {number}"),
                    ));
                }
            }
            captions.cues.extend(cue.take());
            pending = None;
            in_note = false;
            cue = Some(Cue {
                start_s: dialogue::seconds(&found["s"]),
                end_s: dialogue::seconds(&found["e"]),
                lines: Vec::new(),
            });
            previous_was_times = true;
            continue;
        }
        previous_was_times = false;
        if line.trim().is_empty() {
            captions.untimed |=
                pending.take().is_some_and(|line| line != "WEBVTT" && !line.bytes().all(|byte| byte.is_ascii_digit()));
            captions.cues.extend(cue.take());
            in_note = false;
        } else if line.contains("-->") && cue.is_none() {
            return Err((RejectCode::Malformed, format!("times that cannot be read near line {number}")));
        } else if let Some(cue) = &mut cue {
            cue.lines.push(line.trim().to_owned());
        } else if format == Format::Vtt
            && (line == "NOTE" || line.starts_with("NOTE ") || line == "STYLE" || line == "REGION")
        {
            in_note = true;
            captions.notes.push(line.trim_start_matches("NOTE").trim().to_owned());
        } else if in_note {
            captions.notes.push(line.to_owned());
        } else {
            pending = Some(line.trim().to_owned());
        }
    }
    captions.cues.extend(cue);
    captions.cues.retain(|cue| !cue.lines.is_empty());
    if captions.cues.is_empty() {
        return Err((RejectCode::Malformed, "the file holds no caption with times and words".into()));
    }
    // The number of the next SubRip cue, after a missing blank line, is not words.
    if format == Format::Srt {
        let count = captions.cues.len();
        for (index, cue) in captions.cues.iter_mut().enumerate() {
            if index + 1 < count
                && cue.lines.len() > 1
                && cue.lines.last().is_some_and(|line| line.parse::<usize>() == Ok(index + 2))
            {
                cue.lines.pop();
            }
        }
    }
    Ok(captions)
}

/// Cues to turns.
fn turns(cues: Vec<Cue>, place: &Place<'_>) -> Vec<RawTurn> {
    let firsts: Vec<String> = cues.iter().map(|cue| clean(&cue.lines.join(" "))).collect();
    let labels = dialogue::labels(firsts.iter().map(String::as_str), &place.settings.options, true);
    let mut turns: Vec<RawTurn> = Vec::new();
    let mut last_line = String::new();
    let mut voice: Option<String> = None;
    for mut cue in cues {
        let shown: Vec<String> = cue.lines.iter().map(|line| clean(line)).collect();
        // A rolling caption repeats the line above it: two lines, the first being the last of the cue before.
        if shown.len() > 1 && shown[0] == last_line && !last_line.is_empty() {
            cue.lines.remove(0);
        }
        last_line = shown.iter().rev().find(|line| !line.is_empty()).cloned().unwrap_or_default();
        for (label, text) in pieces(&cue.lines.join("\n"), &mut voice, &labels) {
            let text = text.replace('\n', " ");
            match turns.last_mut() {
                Some(turn) if label.is_some() && turn.label == label => {
                    turn.text.push(' ');
                    turn.text.push_str(&text);
                    turn.end_s = cue.end_s.or(turn.end_s);
                }
                _ => turns.push(RawTurn { label, text, start_s: cue.start_s, end_s: cue.end_s, ..RawTurn::default() }),
            }
        }
    }
    turns
}

/// The words of a cue by speaker.
fn pieces(text: &str, voice: &mut Option<String>, labels: &[String]) -> Vec<(Option<String>, String)> {
    let mut pieces = Vec::new();
    if VOICE.is_match(text) {
        let starts: Vec<_> = VOICE
            .captures_iter(text)
            .filter_map(|found| Some((found.get(0)?.range(), found[1].trim().to_owned())))
            .collect();
        for (index, (range, name)) in starts.iter().enumerate() {
            let end = starts.get(index + 1).map_or(text.len(), |(next, _)| next.start);
            pieces.push((Some(name.clone()), clean(&text[range.end..end])));
        }
    } else {
        for line in text.lines() {
            let line = clean(line);
            let line = line.trim_start_matches(['-', '–']).trim();
            match dialogue::label_of(line).filter(|label| labels.contains(label)) {
                Some(label) => {
                    let words = line.split_once([':', '：']).map_or("", |(_, words)| words).trim().to_owned();
                    *voice = Some(label.clone());
                    pieces.push((Some(label), words));
                }
                None => match pieces.last_mut() {
                    Some((_, words)) => {
                        words.push('\n');
                        words.push_str(line);
                    }
                    // Zoom names the speaker at each change only: the voice goes on.
                    None => pieces.push((voice.clone(), line.to_owned())),
                },
            }
        }
    }
    pieces.retain(|(_, words)| !words.trim().is_empty());
    pieces
}

/// Words without tags and entities.
fn clean(text: &str) -> String {
    let text = TAG.replace_all(text, "");
    let text = VOICE.replace_all(&text, "");
    let text = text.replace("&nbsp;", " ").replace("&lrm;", "").replace("&rlm;", "");
    crate::text::html::decode_entities(&text).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use crate::contact::Speaker;
    use crate::error::RejectCode;
    use crate::source::testing;

    #[test]
    fn voice_tags_give_turns_with_roles_and_times() {
        let text = "WEBVTT\n\nNOTE started_at: 2026-09-03T09:12:00+02:00\n\n1\n00:00:01.000 --> 00:00:03.500\n<v Conseiller>Bonjour.</v>\n\n2\n00:00:03.500 --> 00:00:05.000\n<v Conseiller>Je vous écoute.\n\n3\n00:05.000 --> 00:06.000\n<v Client>Mon <b>colis</b> &amp; moi</v>\n";
        let (contacts, rejects, _) = testing::read_bytes("appel.vtt", text.as_bytes());
        assert!(rejects.is_empty());
        let contact = &contacts[0];
        assert_eq!(contact.contact_id, "appel");
        assert_eq!(contact.started_at.to_rfc3339(), "2026-09-03T07:12:00+00:00");
        assert_eq!(contact.turns.len(), 2);
        assert_eq!((contact.turns[0].text.as_str(), contact.turns[0].end_s), ("Bonjour. Je vous écoute.", Some(5.0)));
        assert_eq!((contact.turns[1].speaker, contact.turns[1].text.as_str()), (Speaker::Customer, "Mon colis & moi"));
    }

    #[test]
    fn entities_of_captions_are_characters() {
        let text = "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nL&#39;abonnement &amp; l&rsquo;offre, re&ccedil;u &lt;hier&gt; R&D\n";
        let (contacts, ..) = testing::read_bytes("a.vtt", text.as_bytes());
        assert_eq!(contacts[0].turns[0].text, "L'abonnement & l’offre, reçu <hier> R&D");
    }

    #[test]
    fn names_before_a_colon_are_speakers_in_srt() {
        let text = "1\n00:00:00,500 --> 00:00:02,000\nMarie Dupont: Bonjour, comment puis-je vous aider ?\n\n2\n00:00:02,000 --> 00:00:04,000\nPaul: Ma facture est fausse\n\n3\n00:00:04,000 --> 00:00:05,000\nMarie Dupont: Je regarde\n";
        let (contacts, ..) = testing::read_bytes("2026-09-03_0912.srt", text.as_bytes());
        let speakers: Vec<Speaker> = contacts[0].turns.iter().map(|turn| turn.speaker).collect();
        assert_eq!(speakers, [Speaker::Agent, Speaker::Customer, Speaker::Agent]);
        assert_eq!(contacts[0].turns[1].text, "Ma facture est fausse");
        assert_eq!(contacts[0].started_at.to_rfc3339(), "2026-09-03T07:12:00+00:00");
    }

    #[test]
    fn rolling_captions_are_kept_once_and_sbv_is_read() {
        let text = "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nyeah\n\n00:00:02.000 --> 00:00:03.000\nyeah\nwhat\n";
        let (contacts, ..) = testing::read_bytes("a.vtt", text.as_bytes());
        assert_eq!(contacts[0].turns.iter().map(|turn| turn.text.as_str()).collect::<Vec<_>>(), ["yeah", "what"]);
        let (contacts, ..) =
            testing::read_bytes("a.sbv", b"0:00:00.378,0:00:11.378\nOne\ntwo\n\n0:00:11.378,0:00:12.305\n\n");
        assert_eq!(contacts[0].turns[0].text, "One two");
    }

    #[test]
    fn broken_captions_are_refused_whole() {
        for (name, text) in [
            ("a.srt", "1"),
            ("a.srt", "some text\n00:00:00,500 --> 00:00:07,000"),
            ("a.srt", "1\n00:00:00,500 --> 00:00:07,000\na\n\n2\n00:00:07,000 --> 00:00:11.890\nb\n"),
            ("a.vtt", "WEBVTT\n\n00:00:07.000 --> 00:00:10.890\n00:00:07.000 --> 00:00:10.890\nb\n"),
        ] {
            let (contacts, rejects, summary) = testing::read_bytes(name, text.as_bytes());
            assert_eq!((contacts.len(), rejects.len(), summary.records_read), (0, 1, 1), "{text}");
            assert_eq!(rejects[0].code, RejectCode::Malformed);
        }
    }
}
