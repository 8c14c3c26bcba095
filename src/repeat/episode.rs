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
    /// Contacts that began within 7 days of the closing of the first one, which is among them.
    pub contacts_7d: usize,
    /// Whether it can be known if the first contact settled it: the customer is known, somebody answered, 7 days have passed, and there
    /// is no contact that could not be compared with it within 7 days before or after: nor could any be where it has no words itself.
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
    /// Whether `is_repeat` would be known whatever the answer. Near the start of the history a repeat is known as one, while what
    /// is none stays unknown: a share over all known answers would count too many repeats.
    pub is_repeat_observed: [bool; 4],
    /// Was followed by a repeat within the window; `None` until it has elapsed, and where a later contact in the window
    /// could not be compared, whether or not the customer came back.
    pub is_recontacted: [Option<bool>; 4],
    /// The window has elapsed, and holds a later contact that could not be compared, or the contact has no words, so that none could;
    /// `None` without a known customer.
    pub is_recontact_open: [Option<bool>; 4],
    /// Index of its episode; `None` when the contact is not counted.
    pub episode: Option<usize>,
}

/// Chains linked contacts. `contacts` and `links` as in [`super::link::link`]; `now` is the end of what is known.
pub fn chain<L: AsRef<Linked>>(contacts: &[L], links: &[Link], now: DateTime<Utc>) -> (Vec<Episode>, Vec<Outcome>) {
    let contacts: Vec<&Linked> = contacts.iter().map(AsRef::as_ref).collect();
    let mut outcomes = vec![Outcome::default(); contacts.len()];
    for link in links {
        outcomes[link.to].repeat_of = Some(link.from);
    }
    let mut episodes = episodes_of(&contacts, &mut outcomes, now);
    let unheard = unheard_gaps(&contacts, &outcomes);
    let history_start = contacts.iter().map(|contact| contact.started_at).min().unwrap_or(now);
    for episode in &mut episodes {
        let first = episode.contacts[0];
        let UnheardGaps { before_answered, after, .. } = unheard[first];
        let week = contacts[first].closed_at + Duration::days(7);
        episode.contacts_7d = episode.contacts.iter().take_while(|&&index| contacts[index].started_at <= week).count();
        episode.is_resolution_known = contacts[first].customer_key.is_some()
            && contacts[first].meaning.is_some()
            && !contacts[first].is_abandoned
            && episode.is_elapsed[0]
            && ![before_answered, after].into_iter().any(|gap| is_within(gap, Duration::days(7)));
        // Of the contacts before: the latest to start need not be the latest to close.
        let mut last_closing: Option<DateTime<Utc>> = None;
        for (place, &index) in episode.contacts.iter().enumerate() {
            let contact = contacts[index];
            let before = last_closing.map(|closed_at| contact.started_at - closed_at);
            let after = episode.contacts.get(place + 1).map(|&next| contacts[next].started_at - contact.closed_at);
            last_closing = last_closing.max(Some(contact.closed_at));
            if contact.customer_key.is_none() {
                continue;
            }
            let outcome = &mut outcomes[index];
            for (window, length) in WINDOWS_H.map(Duration::hours).into_iter().enumerate() {
                let has_words = contact.meaning.is_some();
                let is_observed = contact.started_at - history_start >= length
                    && has_words
                    && !is_within(unheard[index].before, length);
                outcome.is_repeat_observed[window] = is_observed;
                let is_repeat = is_within(before, length);
                outcome.is_repeat[window] = (is_repeat || is_observed).then_some(is_repeat);
                // Unknown until the window has elapsed, also when the customer has come back already: counting only
                // those who have would push the rate up. The same goes for contacts that cannot be compared: one without words
                // would be known to be followed by nothing, and never by something.
                let is_elapsed = now - contact.closed_at >= length;
                let is_open = is_elapsed && (!has_words || is_within(unheard[index].after, length));
                outcome.is_recontact_open[window] = Some(is_open);
                outcome.is_recontacted[window] = (is_elapsed && !is_open).then_some(is_within(after, length));
            }
        }
    }
    (episodes, outcomes)
}

/// The chains of counted contacts, in order of their first ones; each contact's `outcomes` learns which is its own.
fn episodes_of(contacts: &[&Linked], outcomes: &mut [Outcome], now: DateTime<Utc>) -> Vec<Episode> {
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
                contacts_7d: 0,
                is_resolution_known: false,
            });
            episodes.len() - 1
        });
        episodes[episode].contacts.push(index);
        outcomes[index].episode = Some(episode);
    }
    for episode in &mut episodes {
        let channels: BTreeSet<&str> = episode
            .contacts
            .iter()
            .filter_map(|&index| contacts[index].channel)
            .map(|channel| channel.as_str())
            .collect();
        episode.channels = channels.into_iter().collect();
    }
    episodes
}

fn is_within(gap: Option<Duration>, window: Duration) -> bool {
    gap.is_some_and(|gap| gap <= window)
}

/// The shortest times from one contact's closing to the next one's start, of pairs of a customer of which one has no words.
#[derive(Debug, Clone, Copy, Default)]
struct UnheardGaps {
    /// To an earlier contact.
    before: Option<Duration>,
    /// To an earlier contact that somebody answered: the first that was is the one that could settle the issue.
    before_answered: Option<Duration>,
    /// To a later one.
    after: Option<Duration>,
}

/// The pairs that nobody can compare, those of one episode apart, whose headers have told; `contacts` are ordered by customer and
/// start. Only neighbours are looked at, as far as the longest window reaches.
fn unheard_gaps(contacts: &[&Linked], outcomes: &[Outcome]) -> Vec<UnheardGaps> {
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
            let is_compared = earlier.meaning.is_some() && contacts[to].meaning.is_some();
            if !is_compared && outcomes[from].episode != outcomes[to].episode {
                gaps[from].after = shorter(gaps[from].after, gap);
                gaps[to].before = shorter(gaps[to].before, gap);
                if !earlier.is_abandoned {
                    gaps[to].before_answered = shorter(gaps[to].before_answered, gap);
                }
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
            similarity: Some(0.8),
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
        assert_eq!(outcomes[2].is_recontacted, [None; 4], "had there been a next one, nobody could compare it");
        assert_eq!(outcomes[3].is_repeat, [Some(false); 4]);
        assert_eq!(outcomes[4].is_repeat, [Some(false); 4], "another customer");
        // Headers can tell.
        let (episodes, outcomes) = chain(&contacts, &[link_of(&contacts, 1, 2)], now);
        assert!(episodes.iter().all(|one| one.is_resolution_known));
        assert_eq!(outcomes[1].is_recontacted, [Some(true); 4]);
        assert_eq!(outcomes[2].is_repeat, [Some(true); 4]);
    }

    #[test]
    fn what_cannot_be_compared_is_left_out_whatever_came_of_it() {
        // Four customers, day 20: a call without words is tried again after five minutes; the last customer comes back on day 22.
        let mut contacts = Vec::new();
        for key in ["k1", "k2", "k3", "k4"] {
            contacts.push(Linked { meaning: None, ..contact(&format!("{key}-a"), Some(key), 480) });
            contacts.push(contact(&format!("{key}-b"), Some(key), 481));
        }
        contacts.push(contact("k4-c", Some("k4"), 528));
        contacts.push(contact("first", Some("l"), 0));
        contacts.sort_by(|a, b| (&a.customer_key, a.started_at).cmp(&(&b.customer_key, b.started_at)));
        let at = |id: &str| contacts.iter().position(|one| one.contact_id == id).unwrap();
        let now = contacts[at("first")].started_at + Duration::days(60);
        let (episodes, outcomes) = chain(&contacts, &[link_of(&contacts, at("k4-b"), at("k4-c"))], now);
        let known = episodes.iter().filter(|one| one.is_resolution_known).map(|one| one.episode_id.as_str());
        assert_eq!(known.collect::<Vec<_>>(), ["ep-first"], "k4, who came back, no more than the three who did not");
        assert_eq!(outcomes[at("k4-a")].is_recontacted, [None; 4]);
        assert_eq!(outcomes[at("k4-a")].is_recontact_open, [Some(true); 4]);
        // The call without words lies before it, not after.
        assert_eq!(outcomes[at("k4-b")].is_recontacted, [Some(true); 4]);
        assert_eq!(outcomes[at("k1-b")].is_recontacted, [Some(false); 4]);
        assert_eq!(outcomes[at("k1-b")].is_recontact_open, [Some(false); 4]);
        assert_eq!(outcomes[at("k4-c")].is_repeat, [Some(true); 4]);
        // It is a repeat, but had it been none, the call without words would have hidden that: no share counts it.
        assert_eq!(outcomes[at("k4-c")].is_repeat_observed, [false; 4]);
    }

    #[test]
    fn contacts_without_words_settle_nothing() {
        // Two callers of whom nothing is written; the second calls again the day after.
        let silent = |id: &str, key: &str, hours: i64| Linked { meaning: None, ..contact(id, Some(key), hours) };
        let contacts =
            [contact("first", Some("a"), 0), silent("b", "b", 480), silent("c", "c", 480), silent("d", "c", 504)];
        let (episodes, outcomes) = chain(&contacts, &[], contacts[0].started_at + Duration::days(90));
        let known: Vec<bool> = episodes.iter().map(|one| one.is_resolution_known).collect();
        assert_eq!(known, [true, false, false, false]);
        for outcome in &outcomes[1..] {
            assert_eq!((outcome.is_recontacted, outcome.is_recontact_open), ([None; 4], [Some(true); 4]));
            assert_eq!(outcome.is_repeat, [None; 4]);
        }
    }

    #[test]
    fn a_customer_nobody_answered_is_not_settled_and_the_first_answer_counts() {
        // Both leave the queue; one comes back an hour later and is served. The third wrote before leaving.
        let abandoned =
            |id: &str, key: &str| Linked { is_abandoned: true, meaning: None, ..contact(id, Some(key), 480) };
        let mut contacts = vec![
            contact("first", Some("a"), 0),
            abandoned("b", "b"),
            abandoned("c", "c"),
            contact("d", Some("c"), 481),
        ];
        contacts.push(Linked { is_abandoned: true, ..contact("e", Some("e"), 480) });
        let (episodes, _) = chain(&contacts, &[], contacts[0].started_at + Duration::days(90));
        let known: Vec<_> = episodes.iter().filter(|one| one.is_resolution_known).map(|one| &*one.episode_id).collect();
        assert_eq!(known, ["ep-first", "ep-d"]);
    }

    #[test]
    fn an_issue_is_settled_when_nothing_follows_within_seven_days() {
        // The second contact begins seven days after the closing of the first, to the minute, and then one more.
        let mut contacts = vec![contact("a", Some("k"), 0), contact("b", Some("k"), 168), contact("c", Some("k"), 300)];
        contacts[1].started_at = contacts[0].closed_at + Duration::days(7);
        let links = [link_of(&contacts, 0, 1), link_of(&contacts, 1, 2)];
        let now = contacts[0].started_at + Duration::days(90);
        assert_eq!(chain(&contacts, &links, now).0[0].contacts_7d, 2);
        contacts[1].started_at += Duration::minutes(1);
        let episode = &chain(&contacts, &links, now).0[0];
        assert_eq!((episode.contacts_7d, episode.contacts.len(), episode.is_resolution_known), (1, 3, true));
    }

    #[test]
    fn a_repeat_is_counted_from_the_latest_closing_of_its_issue() {
        // A ticket of days 20 to 40, a call on day 21 and one on day 41: a day after the ticket, twenty after the first call.
        let mut contacts = vec![
            contact("before", Some("k"), 0),
            contact("ticket", Some("k"), 480),
            contact("call", Some("k"), 504),
            contact("again", Some("k"), 984),
        ];
        contacts[1].closed_at = contacts[1].started_at + Duration::days(20);
        let links = [link_of(&contacts, 1, 2), link_of(&contacts, 2, 3)];
        let (_, outcomes) = chain(&contacts, &links, contacts[0].started_at + Duration::days(90));
        assert_eq!(outcomes[3].is_repeat, [Some(true); 4]);
        assert_eq!(outcomes[3].repeat_of, Some(2));
    }

    #[test]
    fn early_repeats_are_known_but_no_share_counts_them() {
        let contacts = vec![contact("a", Some("k"), 0), contact("b", Some("k"), 24), contact("c", Some("l"), 48)];
        let (_, outcomes) = chain(&contacts, &[link_of(&contacts, 0, 1)], contacts[0].started_at + Duration::days(30));
        assert_eq!(outcomes[1].is_repeat, [Some(true); 4]);
        assert_eq!(outcomes[1].is_repeat_observed, [false; 4]);
        assert_eq!(outcomes[2].is_repeat, [Some(false), None, None, None]);
        assert_eq!(outcomes[2].is_repeat_observed, [true, false, false, false]);
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
