//! Links to episodes, and what they mean for each contact: is it a repeat, was it followed by one, or can nobody tell:
//! because it is too early, or because a contact near it has no words to compare.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};

use super::link::{Link, Linked, MOST_COMPARISONS};

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
    /// Whether it can be known if the first contact settled it: the customer is known, 7 days have passed, and where it has
    /// one contact only, none lies within 7 days before or after that could not be compared.
    pub is_resolution_known: bool,
}

/// What the links say of one contact. Windows are those of [`WINDOWS_H`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// The latest earlier contact about the same issue.
    pub repeat_of: Option<usize>,
    /// Comes back within the window; `None` while unknown: no customer, too little history, or an earlier contact in the
    /// window that could not be compared.
    pub is_repeat: [Option<bool>; 4],
    /// Was followed by a repeat within the window; `None` until it has elapsed, and where a later contact in the window
    /// could not be compared.
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
    let unheard = unheard_gaps(&contacts);
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
                is_resolution_known: false,
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
                _ if is_within(unheard[index].before, Duration::hours(hours)) => None,
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
        let first = episode.contacts[0];
        let UnheardGaps { before, after } = unheard[first];
        let is_open =
            episode.contacts.len() == 1 && [before, after].iter().any(|gap| is_within(*gap, Duration::days(7)));
        episode.is_resolution_known = contacts[first].customer_key.is_some() && episode.is_elapsed[0] && !is_open;
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
                outcomes[index].is_recontacted[window] = match is_within(next, window_length) {
                    _ if !is_elapsed => None,
                    false if is_within(unheard[index].after, window_length) => None,
                    came_back => Some(came_back),
                };
            }
        }
    }
    (episodes, outcomes)
}

fn is_within(gap: Option<Duration>, window: Duration) -> bool {
    gap.is_some_and(|gap| gap <= window)
}

/// The shortest times from one contact's closing to the next one's start, of pairs of a customer of which one has no words.
#[derive(Debug, Clone, Copy, Default)]
struct UnheardGaps {
    /// To an earlier contact.
    before: Option<Duration>,
    /// To a later one.
    after: Option<Duration>,
}

/// The pairs that nobody can compare; `contacts` are ordered by customer and start. Only neighbours are looked at, as far
/// as the longest window reaches.
fn unheard_gaps(contacts: &[&Linked]) -> Vec<UnheardGaps> {
    let mut gaps = vec![UnheardGaps::default(); contacts.len()];
    let longest = Duration::hours(WINDOWS_H[WINDOWS_H.len() - 1]);
    let shorter = |old: Option<Duration>, new: Duration| Some(old.map_or(new, |old| old.min(new)));
    let counted: Vec<usize> = (0..contacts.len()).filter(|&index| contacts[index].is_counted).collect();
    for (place, &from) in counted.iter().enumerate() {
        let earlier = contacts[from];
        let later = counted[place + 1..].iter().take(MOST_COMPARISONS);
        for &to in later.take_while(|&&to| contacts[to].customer_key == earlier.customer_key) {
            let gap = contacts[to].started_at - earlier.closed_at;
            if earlier.customer_key.is_none() || gap > longest {
                break;
            }
            if earlier.meaning.is_none() || contacts[to].meaning.is_none() {
                gaps[from].after = shorter(gaps[from].after, gap);
                gaps[to].before = shorter(gaps[to].before, gap);
            }
        }
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::super::link::{LinkType, tests};
    use super::super::meaning::Meaning;
    use super::*;

    /// A contact with words.
    fn contact(id: &str, customer: Option<&str>, hours: i64) -> Linked {
        Linked { meaning: Some(Meaning::plain()), ..tests::contact(id, customer, hours) }
    }

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
    fn a_contact_without_words_leaves_open_whether_its_neighbours_are_repeats() {
        // Days 0, 20, 21, 40 and 70: the third has no words, so that nobody can tell whether it is about the second's issue.
        let mut contacts = vec![
            contact("a", Some("k"), 0),
            contact("b", Some("k"), 480),
            contact("c", Some("k"), 504),
            contact("d", Some("k"), 960),
            contact("e", Some("l"), 505),
        ];
        contacts[2].meaning = None;
        let now = contacts[0].started_at + Duration::days(90);
        let (episodes, outcomes) = chain(&contacts, &[], now);
        assert_eq!(
            episodes.iter().map(|one| one.is_resolution_known).collect::<Vec<_>>(),
            [true, false, false, true, true]
        );
        assert_eq!(outcomes[0].is_recontacted, [Some(false); 4]);
        assert_eq!(outcomes[1].is_repeat, [Some(false); 4]);
        assert_eq!(outcomes[1].is_recontacted, [None; 4]);
        assert_eq!(outcomes[2].is_repeat, [None; 4]);
        assert_eq!(outcomes[2].is_recontacted, [Some(false); 4], "the next one is nineteen days later");
        assert_eq!(outcomes[3].is_repeat, [Some(false); 4]);
        assert_eq!(outcomes[4].is_repeat, [Some(false); 4], "another customer");
        // Headers can tell.
        let (episodes, outcomes) = chain(&contacts, &[link_of(&contacts, 1, 2)], now);
        assert!(episodes.iter().all(|one| one.is_resolution_known));
        assert_eq!(outcomes[1].is_recontacted, [Some(true); 4]);
        assert_eq!(outcomes[2].is_repeat, [Some(true); 4]);
    }

    #[test]
    fn a_contact_without_customer_is_its_own_episode_and_nothing_is_known_of_its_repeats() {
        let contacts = vec![contact("a", None, 0)];
        let (episodes, outcomes) = chain(&contacts, &[], contacts[0].started_at + Duration::days(60));
        assert_eq!((episodes.len(), episodes[0].is_resolution_known), (1, false));
        assert_eq!(outcomes[0].is_recontacted, [None; 4]);
        assert_eq!(outcomes[0].is_repeat, [None; 4]);
    }
}
