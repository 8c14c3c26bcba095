//! Links to episodes, and what they mean for each contact: is it a repeat, was it followed by one, or is it too early
//! to tell.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};

use super::link::{Link, Linked};

/// The windows, in hours, in the order of the columns.
pub const WINDOWS_H: [i64; 4] = [48, 72, 168, 336];

/// One issue of one customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// `ep-` and the identifier of the first contact.
    pub episode_id: String,
    /// Its contacts, as indices, in order of time.
    pub contacts: Vec<usize>,
    /// Distinct channels, sorted.
    pub channels: Vec<&'static str>,
    /// Whether 7 and 14 days have passed since the closing of the first contact.
    pub is_elapsed: [bool; 2],
}

/// What the links say of one contact. Windows are those of [`WINDOWS_H`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// The latest earlier contact about the same issue.
    pub repeat_of: Option<usize>,
    /// Comes back within the window; `None` while unknown.
    pub is_repeat: [Option<bool>; 4],
    /// Was followed by a repeat within the window; `None` until it has elapsed.
    pub is_recontacted: [Option<bool>; 4],
    /// Index of its episode; `None` when the contact is not counted.
    pub episode: Option<usize>,
}

/// Chains linked contacts. `contacts` and `links` as in [`super::link::link`]; `now` is the end of what is known.
pub fn chain<L: AsRef<Linked>>(contacts: &[L], links: &[Link], now: DateTime<Utc>) -> (Vec<Episode>, Vec<Outcome>) {
    let contacts: Vec<&Linked> = contacts.iter().map(AsRef::as_ref).collect();
    let mut outcomes = vec![Outcome::default(); contacts.len()];
    let mut gap = vec![None; contacts.len()];
    for link in links {
        outcomes[link.to].repeat_of = Some(link.from);
        gap[link.to] = Some(link.gap_s);
    }
    let history_start = contacts.iter().map(|contact| contact.started_at).min().unwrap_or(now);
    let mut episodes: Vec<Episode> = Vec::new();
    for (index, contact) in contacts.iter().enumerate().filter(|(_, contact)| contact.is_counted) {
        // A link always points to an earlier contact, whose episode is known by now.
        let known = outcomes[index].repeat_of.and_then(|from| outcomes[from].episode);
        let episode = known.unwrap_or_else(|| {
            episodes.push(Episode {
                episode_id: format!("ep-{}", contact.contact_id),
                contacts: Vec::new(),
                channels: Vec::new(),
                is_elapsed: [7, 14].map(|days| now - contact.closed_at >= Duration::days(days)),
            });
            episodes.len() - 1
        });
        episodes[episode].contacts.push(index);
        outcomes[index].episode = Some(episode);
        if contact.customer_key.is_none() {
            continue;
        }
        for (place, hours) in WINDOWS_H.into_iter().enumerate() {
            outcomes[index].is_repeat[place] = match gap[index] {
                Some(gap_s) if gap_s <= hours as f64 * 3600.0 => Some(true),
                _ if contact.started_at - history_start < Duration::hours(hours) => None,
                _ => Some(false),
            };
        }
    }
    for episode in &mut episodes {
        let channels: BTreeSet<&str> = episode
            .contacts
            .iter()
            .filter_map(|&index| contacts[index].channel)
            .map(|channel| channel.as_str())
            .collect();
        episode.channels = channels.into_iter().collect();
        for (place, &index) in episode.contacts.iter().enumerate() {
            let contact = contacts[index];
            if contact.customer_key.is_none() {
                continue;
            }
            let next = episode.contacts.get(place + 1).map(|&next| contacts[next].started_at - contact.closed_at);
            for (window, hours) in WINDOWS_H.into_iter().enumerate() {
                let window_length = Duration::hours(hours);
                // Unknown until the window has elapsed, also when the customer has come back already: counting only
                // those who have would push the rate up.
                let is_elapsed = now - contact.closed_at >= window_length;
                outcomes[index].is_recontacted[window] =
                    is_elapsed.then(|| next.is_some_and(|gap| gap <= window_length));
            }
        }
    }
    (episodes, outcomes)
}

#[cfg(test)]
mod tests {
    use super::super::link::{LinkType, tests::contact};
    use super::*;

    fn link_of(contacts: &[Linked], from: usize, to: usize) -> Link {
        Link {
            from,
            to,
            gap_s: (contacts[to].started_at - contacts[from].closed_at).num_seconds() as f64,
            probability: 0.9,
            similarity: 0.8,
            link_type: LinkType::Meaning,
        }
    }

    #[test]
    fn windows_that_have_not_elapsed_stay_unknown() {
        // Day 0, day 10, day 12; now is day 20. The second comes back ten days after the first.
        let contacts = vec![contact("a", Some("k"), 0), contact("b", Some("k"), 240), contact("c", Some("k"), 288)];
        let now = contacts[0].started_at + Duration::days(20);
        let (episodes, outcomes) = chain(&contacts, &[link_of(&contacts, 0, 1)], now);
        assert_eq!(episodes.len(), 2);
        assert_eq!(episodes[0].contacts, [0, 1]);
        assert_eq!(outcomes[0].is_recontacted, [Some(false), Some(false), Some(false), Some(true)]);
        assert_eq!(outcomes[1].is_repeat, [Some(false), Some(false), Some(false), Some(true)]);
        // Day 12 to day 20: 48 h, 72 h and 7 d have elapsed, 14 d have not.
        assert_eq!(outcomes[2].is_recontacted, [Some(false), Some(false), Some(false), None]);
        // The history before day 12 is shorter than 14 days.
        assert_eq!(outcomes[2].is_repeat, [Some(false), Some(false), Some(false), None]);
        assert_eq!(outcomes[0].is_repeat, [None; 4]);
    }

    #[test]
    fn a_contact_without_customer_is_its_own_episode_and_nothing_is_known_of_its_repeats() {
        let contacts = vec![contact("a", None, 0)];
        let (episodes, outcomes) = chain(&contacts, &[], contacts[0].started_at + Duration::days(60));
        assert_eq!(episodes.len(), 1);
        assert_eq!(outcomes[0].is_recontacted, [None; 4]);
        assert_eq!(outcomes[0].is_repeat, [None; 4]);
    }
}
