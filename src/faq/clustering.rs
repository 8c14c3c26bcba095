//! Questions to groups of one meaning.
//!
//! Inside each self-service-eligible reason, contacts are grouped around centres: in the order of their identifiers
//! each joins the nearest centre or founds one, centres that lie close together are joined, and contacts are assigned
//! once more to the final centres.

use std::collections::BTreeMap;

use super::Question;
use super::sums::customers;
use crate::cost::Cost;
use crate::vector::dot;

/// Cosine from which a contact joins a centre.
const JOIN: f32 = 0.55;
/// Cosine from which two centres are one.
const MERGE: f32 = 0.75;
/// Customers that make a candidate: one who asks again asks no question of many.
const SMALLEST: usize = 2;

/// Contacts around one centre, the most central first: `(index, cosine to the centre)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    pub(super) members: Vec<(usize, f32)>,
}

/// Groups questions, the dearest group first.
pub fn cluster(questions: &[Question<'_>]) -> Vec<Cluster> {
    let mut by_reason: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, question) in questions.iter().enumerate() {
        by_reason.entry(question.reason).or_default().push(index);
    }
    let mut clusters: Vec<Cluster> = Vec::new();
    for mut members in by_reason.into_values() {
        members.sort_by_key(|&index| questions[index].contact_id);
        clusters.extend(group(questions, &members));
    }
    let cost = |cluster: &Cluster| -> f64 {
        cluster.members.iter().filter_map(|(index, _)| questions[*index].cost).map(Cost::mid).sum()
    };
    clusters.sort_by(|a, b| {
        let first = |cluster: &Cluster| questions[cluster.members[0].0].contact_id;
        cost(b).total_cmp(&cost(a)).then(b.members.len().cmp(&a.members.len())).then(first(a).cmp(first(b)))
    });
    clusters
}

fn group(questions: &[Question<'_>], members: &[usize]) -> Vec<Cluster> {
    let mut centres: Vec<Vec<f32>> = Vec::new();
    for &index in members {
        let vector = &questions[index].vector;
        match nearest(&centres, vector) {
            Some((centre, cosine)) if cosine >= JOIN => {
                centres[centre].iter_mut().zip(vector).for_each(|(sum, value)| *sum += value);
            }
            _ => centres.push(vector.clone()),
        }
    }
    let mut place = 0;
    while place < centres.len() {
        let close = (place + 1..centres.len()).find(|&other| cosine(&centres[place], &centres[other]) >= MERGE);
        match close {
            Some(other) => {
                let joined = centres.remove(other);
                centres[place].iter_mut().zip(&joined).for_each(|(sum, value)| *sum += value);
            }
            None => place += 1,
        }
    }
    let mut groups: Vec<Vec<(usize, f32)>> = vec![Vec::new(); centres.len()];
    for &index in members {
        if let Some((centre, cosine)) = nearest(&centres, &questions[index].vector)
            && cosine >= JOIN
        {
            groups[centre].push((index, cosine));
        }
    }
    groups
        .into_iter()
        .filter(|group| customers(group.iter().map(|(index, _)| &questions[*index])) >= SMALLEST)
        .map(|mut members| {
            members.sort_by(|a, b| b.1.total_cmp(&a.1).then(questions[a.0].contact_id.cmp(questions[b.0].contact_id)));
            Cluster { members }
        })
        .collect()
}

fn nearest(centres: &[Vec<f32>], vector: &[f32]) -> Option<(usize, f32)> {
    let mut best: Option<(usize, f32)> = None;
    for (index, centre) in centres.iter().enumerate() {
        let cosine = cosine(centre, vector);
        if best.is_none_or(|(_, highest)| cosine > highest) {
            best = Some((index, cosine));
        }
    }
    best
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    dot(a, b) / (dot(a, a).sqrt() * dot(b, b).sqrt()).max(1e-12)
}

#[cfg(test)]
mod tests {
    use super::super::testing::question;
    use super::*;

    #[test]
    fn the_order_of_the_contacts_changes_nothing() {
        let mut questions = vec![
            question("a", "r", [1.0, 0.0]),
            question("b", "r", [0.99, 0.14]),
            question("c", "r", [0.0, 1.0]),
            question("d", "r", [0.14, 0.99]),
            question("e", "r", [0.1, 0.995]),
            question("f", "other", [1.0, 0.0]),
        ];
        let ids = |questions: &[Question<'_>]| -> Vec<Vec<String>> {
            cluster(questions)
                .iter()
                .map(|cluster| {
                    cluster.members.iter().map(|(index, _)| questions[*index].contact_id.to_owned()).collect()
                })
                .collect()
        };
        let straight = ids(&questions);
        assert_eq!(straight.len(), 2);
        assert_eq!(straight[0].len(), 3);
        questions.reverse();
        assert_eq!(ids(&questions), straight);
    }

    #[test]
    fn one_customer_who_asks_again_is_no_question_of_many() {
        let mut questions = ["a", "b", "c"].map(|id| question(id, "r", [1.0, 0.0]));
        for question in &mut questions {
            question.customer = Some("k1");
        }
        assert_eq!(cluster(&questions), []);
        questions[2].customer = Some("k2");
        assert_eq!(cluster(&questions).len(), 1);
        questions[2].customer = None;
        assert_eq!(cluster(&questions).len(), 1, "somebody unknown is somebody else");
    }
}
