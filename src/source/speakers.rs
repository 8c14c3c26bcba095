//! Speaker labels of one contact to roles.
//!
//! Labels that are words (client, agent, bot…) tell the role themselves. Others (`SPEAKER_00`, a person's name, a channel
//! number) are resolved per contact, in this order, and the result is flagged:
//! 1. exactly one label is left and the other role is present: it is the missing one of customer and agent
//!    (`speakers_inferred`);
//! 2. two labels are left, and one of them says what only an agent says ("comment puis-je vous aider", "thank you for
//!    calling"): it is the agent, the other the customer (`speakers_inferred`);
//! 3. otherwise they stay unknown (`speakers_unknown`).

use crate::config::Options;
use crate::contact::{Speaker, Turn};

use super::columns::normalise;
use super::value;

/// Flag: at least one role was inferred.
const INFERRED: &str = "speakers_inferred";
/// Flag: roles could not be told.
const UNKNOWN: &str = "speakers_unknown";
/// Flag: a conversation of several turns with one role only.
const SINGLE: &str = "single_speaker";

/// What an agent says at the start of a contact and a customer does not, normalised.
const AGENT_PHRASES: [&str; 22] = [
    "commentpuisjevousaider",
    "commentpuisjevousrenseigner",
    "quepuisjefairepourvous",
    "enquoipuisjevousaider",
    "serviceclientbonjour",
    "bienvenueau",
    "jevousecoute",
    "bienvenuechez",
    "merciderappeler",
    "mercidavoirappele",
    "mercidenouscontacter",
    "alappareilquepuis",
    "puisjeavoirvotrenomdeclient",
    "votrenumerodeclient",
    "howcanihelp",
    "howmayihelp",
    "howcaniassist",
    "howmayiassist",
    "thankyouforcalling",
    "thanksforcalling",
    "thankyouforcontacting",
    "whatcanidoforyou",
];

/// Turns whose label says nothing have [`Speaker::Unknown`]; `labels` has one entry per turn.
pub(crate) fn resolve(turns: &mut [Turn], labels: &[Option<String>], options: &Options, flags: &mut Vec<String>) {
    for (turn, label) in turns.iter_mut().zip(labels) {
        if let Some(label) = label {
            turn.speaker = value::speaker(label, options).unwrap_or(Speaker::Unknown);
        }
    }
    let mut open: Vec<&str> = Vec::new();
    for (turn, label) in turns.iter().zip(labels) {
        if turn.speaker == Speaker::Unknown
            && let Some(label) = label.as_deref()
            && !open.contains(&label)
        {
            open.push(label);
        }
    }
    let has = |turns: &[Turn], speaker| turns.iter().any(|turn| turn.speaker == speaker);
    let (has_customer, has_agent) = (has(turns, Speaker::Customer), has(turns, Speaker::Agent));
    let assigned: Vec<(String, Speaker)> = match (open.as_slice(), has_customer, has_agent) {
        ([only], true, false) => vec![((*only).to_owned(), Speaker::Agent)],
        ([only], false, true) => vec![((*only).to_owned(), Speaker::Customer)],
        ([first, second], false, false) => {
            let agent_like = |label: &str| {
                turns
                    .iter()
                    .zip(labels)
                    .filter(|(_, other)| other.as_deref() == Some(label))
                    .take(4)
                    .any(|(turn, _)| sounds_like_agent(&turn.text))
            };
            match (agent_like(first), agent_like(second)) {
                (true, false) => vec![((*first).to_owned(), Speaker::Agent), ((*second).to_owned(), Speaker::Customer)],
                (false, true) => vec![((*first).to_owned(), Speaker::Customer), ((*second).to_owned(), Speaker::Agent)],
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    };
    if !assigned.is_empty() {
        for (turn, label) in turns.iter_mut().zip(labels) {
            if let Some((_, speaker)) = assigned.iter().find(|(open, _)| Some(open.as_str()) == label.as_deref()) {
                turn.speaker = *speaker;
            }
        }
        push(flags, INFERRED);
    }
    flag(turns, flags);
}

/// Comments of a ticket: its first author asked, the others answered. Applies only where no role is known.
pub(crate) fn first_is_customer(turns: &mut [Turn], labels: &[Option<String>], flags: &mut Vec<String>) {
    if turns.iter().any(|turn| turn.speaker != Speaker::Unknown) {
        return;
    }
    let Some(first) = labels.first().cloned() else { return };
    for (turn, label) in turns.iter_mut().zip(labels) {
        turn.speaker = if *label == first { Speaker::Customer } else { Speaker::Agent };
    }
    flags.retain(|flag| flag != UNKNOWN);
    push(flags, INFERRED);
    flag(turns, flags);
}

/// Flags conversations whose roles are unknown or of one kind only.
pub(crate) fn flag(turns: &[Turn], flags: &mut Vec<String>) {
    if turns.iter().any(|turn| turn.speaker == Speaker::Unknown) {
        push(flags, UNKNOWN);
    } else if turns.len() > 1 && turns.iter().all(|turn| turn.speaker == turns[0].speaker) {
        push(flags, SINGLE);
    }
}

/// Adds a flag once.
pub(crate) fn push(flags: &mut Vec<String>, flag: &str) {
    if !flags.iter().any(|known| known == flag) {
        flags.push(flag.to_owned());
    }
}

fn sounds_like_agent(text: &str) -> bool {
    let start: String = text.chars().take(400).collect();
    let start = normalise(&start);
    AGENT_PHRASES.iter().any(|phrase| start.contains(phrase))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(lines: &[(&str, &str)]) -> (Vec<Speaker>, Vec<String>) {
        let mut turns: Vec<Turn> = lines.iter().map(|(_, text)| Turn::new(Speaker::Unknown, *text)).collect();
        let labels: Vec<Option<String>> = lines.iter().map(|(label, _)| Some((*label).to_owned())).collect();
        let mut flags = Vec::new();
        resolve(&mut turns, &labels, &Options::default(), &mut flags);
        (turns.iter().map(|turn| turn.speaker).collect(), flags)
    }

    #[test]
    fn the_speaker_who_offers_help_is_the_agent() {
        let (speakers, flags) = roles(&[
            ("SPEAKER_00", "Bonjour, comment puis-je vous aider ?"),
            ("SPEAKER_01", "Mon colis n'est pas là."),
        ]);
        assert_eq!(speakers, [Speaker::Agent, Speaker::Customer]);
        assert_eq!(flags, ["speakers_inferred"]);
    }

    #[test]
    fn a_name_beside_the_word_client_is_the_agent() {
        let (speakers, _) = roles(&[("Client", "Bonjour"), ("Marie D.", "Bonjour")]);
        assert_eq!(speakers, [Speaker::Customer, Speaker::Agent]);
    }

    #[test]
    fn two_names_without_any_sign_stay_unknown() {
        let (speakers, flags) = roles(&[("Paul", "Bonjour"), ("Marie", "Bonjour")]);
        assert_eq!(speakers, [Speaker::Unknown, Speaker::Unknown]);
        assert_eq!(flags, ["speakers_unknown"]);
    }

    #[test]
    fn a_conversation_of_one_role_is_flagged() {
        assert_eq!(roles(&[("client", "a"), ("client", "b")]).1, ["single_speaker"]);
    }
}
