//! A flat transcript to its turns: `Agent : Votre nom ?` above `Client : Diallo Fatoumata`, one turn a line.
//!
//! A stream has no field for who speaks. The labels at the starts of its lines tell, so that what one turn asks for and
//! the next answers is redacted as in a contact. Only places are told here: the text itself is redacted as one, labels
//! included.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::contact::Speaker;
use crate::text::fold::fold;

/// Bytes of a line that a time and a label take, at most.
const LABEL: usize = 120;

/// Labels of the customer's side, folded, letters alone.
const CUSTOMERS: [&str; 26] = [
    "customer",
    "client",
    "cliente",
    "caller",
    "appelant",
    "appelante",
    "user",
    "usager",
    "usagere",
    "utilisateur",
    "utilisatrice",
    "visitor",
    "visiteur",
    "visiteuse",
    "consumer",
    "guest",
    "adherent",
    "adherente",
    "assure",
    "assuree",
    "abonne",
    "abonnee",
    "prospect",
    "demandeur",
    "locataire",
    "cust",
];
/// Labels of people of the company.
const AGENTS: [&str; 28] = [
    "agent",
    "agente",
    "conseiller",
    "conseillere",
    "teleconseiller",
    "teleconseillere",
    "advisor",
    "adviser",
    "operator",
    "operateur",
    "operatrice",
    "support",
    "rep",
    "representative",
    "csr",
    "staff",
    "technicien",
    "technicienne",
    "technician",
    "sav",
    "serviceclient",
    "serviceclients",
    "customerservice",
    "gestionnaire",
    "hotesse",
    "hotline",
    "teleoperateur",
    "agt",
];
/// Labels of what answers by itself.
const MACHINES: [&str; 14] = [
    "bot",
    "chatbot",
    "callbot",
    "voicebot",
    "robot",
    "assistant",
    "assistante",
    "assistantvirtuel",
    "virtualassistant",
    "ivr",
    "svi",
    "serveurvocal",
    "system",
    "systeme",
];

/// One turn of a flat transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub speaker: Speaker,
    /// Bytes of its words, behind the label; lines without a label go on with the turn above.
    pub words: Range<usize>,
}

/// A line with a label.
struct Labelled {
    /// The label, folded.
    label: String,
    speaker: Option<Speaker>,
    is_name: bool,
    line: usize,
    words: usize,
}

/// The turns of a text; none where it is no transcript. Two labels make one: roles, or short capitalised names that
/// come back.
///
/// Caught: `Agent: …` above `Client : …`, `[00:01:12] Conseillère (Lille) : …`, `SPEAKER_00: …` and `Marie D. : …`
/// where they come back. Not caught: `Objet : …` above `Nom : …`, a mail in which one line is `Client : 45022`.
pub(super) fn turns(text: &str) -> Vec<Said> {
    let mut lines = Vec::new();
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some(labelled) = labelled(line, start) {
            *count.entry(labelled.label.clone()).or_default() += 1;
            lines.push(labelled);
        }
        start += line.len();
    }
    lines.retain(|line| {
        line.speaker.is_some() || line.is_name && count.get(&line.label).is_some_and(|times| *times >= 2)
    });
    if lines.iter().all(|line| line.label == lines[0].label) {
        return Vec::new();
    }
    let ends = lines.iter().skip(1).map(|line| line.line).chain([text.len()]);
    let turns = lines
        .iter()
        .zip(ends)
        .map(|(line, end)| Said { speaker: line.speaker.unwrap_or(Speaker::Unknown), words: line.words..end });
    // What comes before the first label may ask too.
    let before = lines.first().map_or(0, |line| line.line);
    let opening = Some(Said { speaker: Speaker::Unknown, words: 0..before })
        .filter(|said| !text[said.words.clone()].trim().is_empty());
    opening.into_iter().chain(turns).collect()
}

/// The label of a line that starts at a byte of the text.
fn labelled(line: &str, start: usize) -> Option<Labelled> {
    static LABELLED: LazyLock<Regex> = LazyLock::new(|| {
        // A time, a dash or a star, the label (or the placeholder of a name) with what stands in brackets behind it,
        // and a colon.
        Regex::new(r"^[ \t\x{feff}]*(?:[\[(]?\d[\d:.,hmsT/ \t-]{1,27}[\dsZ](?:[\])][ \t]*|[ \t]+)(?:[-–|][ \t]*)?)?(?:[-*•>][ \t]*)?(?:\*\*)?(?P<label>\[NAME_\d{1,9}\]|\p{L}[\p{L}\p{M}\p{N} ._'’-]{0,39}?)(?:[ ]?\([^():\r\n]{1,40}\))?(?:[ ]?[\[(]\d[\d:.]{1,11}[\])])?(?:\*\*)?[ \x{a0}\x{202f}]?:(?:\*\*)?(?:[ \t\x{a0}\r\n]|$)")
            .expect("a literal pattern that the tests compile")
    });
    let head = &line[..line.floor_char_boundary(LABEL)];
    if !head.contains(':') {
        return None;
    }
    let found = LABELLED.captures(head)?;
    let label = found.name("label")?.as_str().trim();
    let words = start + found.get(0)?.as_str().trim_end_matches(['\r', '\n']).len();
    let is_name = label.split_whitespace().count() <= 3
        && label
            .split_whitespace()
            .all(|word| word.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit() || c == '['));
    Some(Labelled { label: fold(label).into_owned(), speaker: role(label), is_name, line: start, words })
}

/// The role that a label states, by all of its letters or by its first word: "Client 2", "Service client", "Agent
/// Samir".
fn role(label: &str) -> Option<Speaker> {
    const MOST_WORDS: usize = 3;
    let of = |letters: &str| {
        let labels: [(&[&str], Speaker); 3] =
            [(&CUSTOMERS, Speaker::Customer), (&AGENTS, Speaker::Agent), (&MACHINES, Speaker::Bot)];
        labels.into_iter().find(|(labels, _)| labels.contains(&letters)).map(|(_, speaker)| speaker)
    };
    let folded = fold(label);
    let letters: String = folded.chars().filter(|c| c.is_alphabetic()).collect();
    let mut words = folded.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    let first = words.next().filter(|_| folded.split_whitespace().count() <= MOST_WORDS);
    of(&letters).or_else(|| first.and_then(of))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<(Speaker, &str)> {
        turns(text).into_iter().map(|said| (said.speaker, text[said.words].trim())).collect()
    }

    #[test]
    fn labelled_lines_are_turns() {
        use Speaker::{Agent, Bot, Customer, Unknown};
        assert_eq!(
            said("Bonjour\nAgent: Votre nom ?\r\nClient : Diallo\nFatoumata\n\nRobot : Merci"),
            [(Unknown, "Bonjour"), (Agent, "Votre nom ?"), (Customer, "Diallo\nFatoumata"), (Bot, "Merci")]
        );
        for (first, second) in [
            ("[00:01:12] Conseillère (Lille) : a", "[00:01:15] Cliente : b"),
            ("09:12 - Agent Samir: a", "09:13 - Customer: b"),
            ("2026-09-03 09:12:05 Service client : a", "2026-09-03 09:12:35 Client 2 : b"),
            ("**Agent:** a", "**Customer:** b"),
            ("- Agent: a", "- Customer: b"),
            ("[00:01]Support: a", "00:02 user: b"),
        ] {
            assert_eq!(said(&format!("{first}\n{second}")), [(Agent, "a"), (Customer, "b")], "{first}");
        }
        assert_eq!(
            said("SPEAKER_00: a\nMarie D. : b\nSPEAKER_00: c\nMarie D. : d"),
            [(Unknown, "a"), (Unknown, "b"), (Unknown, "c"), (Unknown, "d")]
        );
        assert_eq!(said("Agent: a\n[NAME_1] : b\nAgent: c\n[NAME_1] : d").len(), 4);
    }

    #[test]
    fn forms_and_mails_are_no_transcripts() {
        for text in [
            "",
            "Objet : relance\nNom : Diallo\nTéléphone : 06 12 34 56 78",
            "Bonjour,\nClient : 45022\nMerci : à bientôt",
            "Client : a\nClient : b",
            "https://exemple.fr\nà 14:30, Agent absent",
        ] {
            assert!(said(text).is_empty(), "{text}");
        }
    }
}
