//! Silence, interruptions and the agent's share of the talk, from the times of the turns of a call.
//!
//! What the source states itself is kept. The definitions are those that are most in use: a silence is a pause of three
//! seconds or more in which nobody speaks (time before the first word is waiting, not silence); an interruption is a turn
//! that begins half a second or more before the other party has ended (less is the usual overlap of "oui" and "d'accord").
//! Voices that are neither the agent nor the customer end silences, and interrupt nobody.

use crate::contact::{Channel, Contact, Speaker, Turn};

/// Shortest pause that counts as silence, in seconds.
const SILENCE_FROM_S: f64 = 3.0;
/// Shortest overlap that counts as an interruption, in seconds.
const OVERLAP_FROM_S: f64 = 0.5;

/// Fills what the source does not state. Written contacts and turns without times stay unknown.
pub(crate) fn fill(contact: &mut Contact) {
    if contact.channel != Some(Channel::Phone) {
        return;
    }
    let mut spoken: Vec<(f64, f64, Speaker)> = contact.turns.iter().filter_map(times).collect();
    if spoken.len() < 2 || spoken.len() * 2 < contact.turns.len() {
        // Times of a few turns only say nothing of the pauses between the others.
        return;
    }
    spoken.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let (mut silence, mut interruptions) = (0.0, 0u32);
    let (mut heard_until, mut agent_until, mut customer_until) = (spoken[0].1, f64::MIN, f64::MIN);
    let (mut agent_s, mut customer_s) = (0.0, 0.0);
    for (start, end, speaker) in &spoken {
        let pause = start - heard_until;
        if pause >= SILENCE_FROM_S {
            silence += pause;
        }
        heard_until = heard_until.max(*end);
        match speaker {
            Speaker::Agent => {
                interruptions += u32::from(customer_until - start >= OVERLAP_FROM_S);
                agent_until = agent_until.max(*end);
                agent_s += end - start;
            }
            Speaker::Customer => {
                interruptions += u32::from(agent_until - start >= OVERLAP_FROM_S);
                customer_until = customer_until.max(*end);
                customer_s += end - start;
            }
            _ => {}
        }
    }
    let handling = &mut contact.handling;
    handling.silence_s = handling.silence_s.or(Some(milliseconds(silence)));
    if agent_s > 0.0 && customer_s > 0.0 {
        handling.interruptions = handling.interruptions.or(Some(interruptions));
        handling.agent_talk_share = handling.agent_talk_share.or(Some(milliseconds(agent_s / (agent_s + customer_s))));
    }
}

fn times(turn: &Turn) -> Option<(f64, f64, Speaker)> {
    let (start, end) = (turn.start_s?, turn.end_s?);
    // No call lasts a month; sums of larger numbers mean nothing.
    const LONGEST_S: f64 = 31.0 * 86_400.0;
    (start >= 0.0 && end > start && end <= LONGEST_S).then_some((start, end, turn.speaker))
}

/// Three decimals: the sums carry no more.
fn milliseconds(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;
    use crate::contact::Provenance;

    fn call(turns: &[(Speaker, f64, f64)]) -> Contact {
        let mut contact = Contact::new("c", DateTime::UNIX_EPOCH, Provenance { file: "f".into(), record: 1 });
        contact.channel = Some(Channel::Phone);
        contact.turns = turns
            .iter()
            .map(|(speaker, start, end)| Turn {
                start_s: Some(*start),
                end_s: Some(*end),
                ..Turn::new(*speaker, "mots")
            })
            .collect();
        fill(&mut contact);
        contact
    }

    #[test]
    fn pauses_overlaps_and_shares_are_counted() {
        let contact = call(&[
            (Speaker::Agent, 10.0, 14.0),
            (Speaker::Customer, 13.0, 20.0), // one second early: an interruption
            (Speaker::Agent, 19.8, 22.0),    // two tenths early: not one
            (Speaker::Customer, 24.0, 25.0), // two seconds of pause: not a silence
            (Speaker::Agent, 30.0, 31.0),    // five seconds: one
        ]);
        let handling = &contact.handling;
        assert_eq!((handling.silence_s, handling.interruptions), (Some(5.0), Some(1)));
        assert_eq!(handling.agent_talk_share, Some(0.474));
    }

    #[test]
    fn unknown_voices_give_silence_only_and_stated_values_are_kept() {
        let contact = call(&[(Speaker::Unknown, 0.0, 1.0), (Speaker::Unknown, 9.0, 10.0)]);
        assert_eq!((contact.handling.silence_s, contact.handling.interruptions), (Some(8.0), None));
        let mut stated = call(&[(Speaker::Agent, 0.0, 1.0), (Speaker::Customer, 9.0, 10.0)]);
        stated.handling.silence_s = Some(2.0);
        fill(&mut stated);
        assert_eq!(stated.handling.silence_s, Some(2.0));
    }

    proptest! {
        #[test]
        fn any_times_give_shares_between_zero_and_one(
            times in prop::collection::vec((any::<f64>(), any::<f64>(), any::<bool>()), 0..12),
        ) {
            let turns: Vec<_> = times
                .into_iter()
                .map(|(start, end, is_agent)| (if is_agent { Speaker::Agent } else { Speaker::Customer }, start, end))
                .collect();
            let share = call(&turns).handling.agent_talk_share;
            prop_assert!(share.is_none_or(|share| (0.0..=1.0).contains(&share)));
        }
    }
}
