//! Pairs of contacts of one customer about one issue.
//!
//! Every counted contact is compared with the earlier ones of its customer whose closing lies within the longest gap,
//! the latest first; the first that is about the same issue is its link. E-mails of one thread belong together by
//! their headers (RFC 5322, 3.6.4), also through the company's answers, and whatever else came between; other pairs by
//! meaning.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rayon::prelude::*;

use super::meaning::Meaning;
use crate::contact::{Channel, Thread};
use crate::label::shipped;

/// Earlier contacts of one customer that a contact is compared with at most; beyond it the identifier is a shared one
/// (a switchboard, a test account).
pub(super) const MOST_COMPARISONS: usize = 200;

/// Probability of a link that rests on e-mail headers.
const THREAD_PROBABILITY: f64 = 0.95;

/// What the repeat search knows of a contact.
#[derive(Debug, Clone)]
pub struct Linked {
    /// Contact.
    pub contact_id: String,
    /// Customer; `None` when unknown.
    pub customer_key: Option<String>,
    /// Start.
    pub started_at: DateTime<Utc>,
    /// Closing.
    pub closed_at: DateTime<Utc>,
    /// Channel.
    pub channel: Option<Channel>,
    /// Primary reason.
    pub reason: Option<String>,
    /// Whether rates count it; the others only help to follow e-mail threads.
    pub is_counted: bool,
    /// The customer left before anybody answered.
    pub is_abandoned: bool,
    /// E-mail headers.
    pub thread: Thread,
    /// Words; `None` when the contact has none.
    pub meaning: Option<Meaning>,
}

impl AsRef<Linked> for Linked {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// Why two contacts are linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkType {
    /// E-mail headers.
    Thread,
    /// Meaning.
    Meaning,
}

impl LinkType {
    /// The stable written form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Thread => "thread",
            Self::Meaning => "meaning",
        }
    }
}

/// A later contact and the latest earlier one about the same issue. Indices into the contacts that were linked.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// Earlier contact.
    pub from: usize,
    /// Later contact.
    pub to: usize,
    /// Seconds from the closing of the earlier to the start of the later; negative when they overlap.
    pub gap_s: f64,
    /// 0 to 1.
    pub probability: f64,
    /// Cosine of the words, −1 to 1; `None` when one of the two has none.
    pub similarity: Option<f64>,
    /// Why.
    pub link_type: LinkType,
}

/// Links contacts. `contacts` must be ordered by customer, start and identifier; the links come in the order of
/// their later contact.
pub fn link<L: AsRef<Linked>>(contacts: &[L], max_gap_days: u32, threshold: Option<f64>) -> Vec<Link> {
    let contacts: &[&Linked] = &contacts.iter().map(AsRef::as_ref).collect::<Vec<_>>();
    let threshold = threshold.unwrap_or(shipped::REPEAT_THRESHOLD);
    let longest_s = f64::from(max_gap_days) * 86_400.0;
    let threads = thread_roots(contacts);
    let mut groups: Vec<(usize, usize)> = Vec::new();
    let mut start = 0;
    for end in 1..=contacts.len() {
        if end == contacts.len() || contacts[end].customer_key != contacts[start].customer_key {
            if contacts[start].customer_key.is_some() && end - start > 1 {
                groups.push((start, end));
            }
            start = end;
        }
    }
    let links: Vec<Vec<Link>> = groups
        .into_par_iter()
        .map(|(start, end)| {
            let counted: Vec<usize> = (start..end).filter(|&index| contacts[index].is_counted).collect();
            let mut links = Vec::new();
            for (place, &to) in counted.iter().enumerate() {
                let earlier = || counted[..place].iter().rev().take(MOST_COMPARISONS).copied();
                let paired = |from: usize| pair(contacts, &threads, from, to, longest_s);
                // What the customer answered says more than what the words resemble.
                let by_thread = earlier().filter(|&from| are_one_thread(&threads, from, to)).find_map(paired);
                let by_meaning = || earlier().filter_map(paired).find(|link| link.probability >= threshold);
                links.extend(by_thread.or_else(by_meaning));
            }
            links
        })
        .collect();
    links.into_iter().flatten().collect()
}

/// The link that two contacts would form, whatever its probability; `None` when they are too far apart or have no words.
fn pair(contacts: &[&Linked], threads: &[Option<usize>], from: usize, to: usize, longest_s: f64) -> Option<Link> {
    let (earlier, later) = (contacts[from], contacts[to]);
    let gap_s = (later.started_at - earlier.closed_at).num_milliseconds() as f64 / 1000.0;
    if gap_s > longest_s {
        return None;
    }
    let words = earlier.meaning.as_ref().zip(later.meaning.as_ref());
    let similarity = words.map(|(a, b)| a.similarity(b));
    let by_meaning = words.map_or(0.0, |(a, b)| a.same_issue(b));
    let (probability, link_type) = if are_one_thread(threads, from, to) {
        (by_meaning.max(THREAD_PROBABILITY), LinkType::Thread)
    } else if words.is_some() {
        (by_meaning, LinkType::Meaning)
    } else {
        return None;
    };
    Some(Link { from, to, gap_s, probability, similarity, link_type })
}

fn are_one_thread(threads: &[Option<usize>], from: usize, to: usize) -> bool {
    threads[from].is_some() && threads[from] == threads[to]
}

/// For each contact the number of its e-mail thread; `None` without headers.
fn thread_roots(contacts: &[&Linked]) -> Vec<Option<usize>> {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let mut parent: Vec<usize> = Vec::new();
    fn root(parent: &mut [usize], mut node: usize) -> usize {
        while parent[node] != node {
            parent[node] = parent[parent[node]];
            node = parent[node];
        }
        node
    }
    let mut own = vec![None; contacts.len()];
    for (index, contact) in contacts.iter().enumerate() {
        let names = contact.thread.message_id.iter().chain(&contact.thread.references);
        let mut first = None;
        for name in names {
            let next = parent.len();
            let number = *numbers.entry(name).or_insert(next);
            if number == next {
                parent.push(next);
            }
            match first {
                None => first = Some(number),
                Some(first) => {
                    let (a, b) = (root(&mut parent, first), root(&mut parent, number));
                    // The lower number stays the root, whatever the order of the contacts.
                    parent[a.max(b)] = a.min(b);
                }
            }
        }
        own[index] = first;
    }
    own.into_iter().map(|number| number.map(|number| root(&mut parent, number))).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A contact of customer `k` that starts `hours` after a fixed time and lasts ten minutes.
    pub(crate) fn contact(id: &str, customer: Option<&str>, hours: i64) -> Linked {
        let started_at = DateTime::from_timestamp(1_790_000_000 + hours * 3600, 0).unwrap();
        Linked {
            contact_id: id.into(),
            customer_key: customer.map(str::to_owned),
            started_at,
            closed_at: started_at + chrono::Duration::minutes(10),
            channel: Some(Channel::Email),
            reason: Some("delivery.late".into()),
            is_counted: true,
            is_abandoned: false,
            thread: Thread { message_id: Some(id.into()), references: Vec::new() },
            meaning: None,
        }
    }

    #[test]
    fn a_reply_to_the_companys_answer_is_linked_to_the_first_mail() {
        let first = contact("m1", Some("k"), 0);
        let mut answer = contact("m2", Some("k"), 5);
        answer.is_counted = false;
        answer.thread.references = vec!["m1".into()];
        let mut reply = contact("m3", Some("k"), 8);
        reply.thread.references = vec!["m2".into()];
        let links = link(&[first, answer, reply], 30, None);
        assert_eq!(links.len(), 1);
        assert_eq!((links[0].from, links[0].to, links[0].link_type), (0, 2, LinkType::Thread));
        assert_eq!(links[0].gap_s, 8.0 * 3600.0 - 600.0);
        assert_eq!(links[0].similarity, None, "nobody knows how alike words are that are not there");
    }

    #[test]
    fn a_reply_belongs_to_its_thread_whatever_came_between() {
        let worded = |id: &str, hours: i64| Linked { meaning: Some(Meaning::plain()), ..contact(id, Some("k"), hours) };
        let (mail, call, mut reply) = (worded("m1", 0), worded("c1", 24), worded("m2", 48));
        reply.thread.references = vec!["m1".into()];
        let links = link(&[mail, call, reply], 30, Some(0.0));
        let found: Vec<_> = links.iter().map(|link| (link.from, link.to, link.link_type)).collect();
        assert_eq!(found, [(0, 1, LinkType::Meaning), (0, 2, LinkType::Thread)]);
    }

    #[test]
    fn contacts_of_unknown_or_other_customers_are_never_linked() {
        let mut contacts = vec![contact("a", None, 0), contact("b", None, 1), contact("c", Some("k"), 2)];
        for contact in &mut contacts {
            contact.thread.references = vec!["same".into()];
        }
        assert_eq!(link(&contacts, 30, None), []);
    }

    #[test]
    fn the_gap_counts_from_the_closing_and_ends_at_the_longest() {
        let mut first = contact("a", Some("k"), 0);
        first.closed_at = first.started_at + chrono::Duration::days(29);
        let mut last = contact("b", Some("k"), 24 * 58);
        last.thread.references = vec!["a".into()];
        assert_eq!(link(&[first.clone(), last.clone()], 30, None).len(), 1);
        assert_eq!(link(&[first, last], 28, None).len(), 0);
    }
}
