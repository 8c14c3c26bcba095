//! FAQ candidates: questions that self-service could answer, grouped by meaning, with what they cost.
//!
//! Inside each self-service-eligible reason, contacts are grouped around centres: in the order of their identifiers
//! each joins the nearest centre or founds one, centres that lie close together are joined, and contacts are assigned
//! once more to the final centres. The result depends on the contacts alone, not on their order in the files.

use std::collections::{BTreeMap, BTreeSet};

use arrow::record_batch::RecordBatch;

use crate::cost::Cost;
use crate::error::Result;
use crate::label::Labelled;
use crate::label::criteria::Criteria;
use crate::label::labelled::SpanKind;
use crate::table::columns::Columns;
use crate::table::schema;
use crate::table::spill::{Place, Spilled};
use crate::text::opening::without_opening;
use crate::vector::dot;

/// Cosine from which a contact joins a centre.
const JOIN: f32 = 0.55;
/// Cosine from which two centres are one.
const MERGE: f32 = 0.75;
/// Customers that make a candidate: one who asks again asks no question of many.
const SMALLEST: usize = 2;
/// Key of the criterion whose evidence says that the customer had looked in vain; identifiers are the company's own.
const INFO_NOT_FOUND: &str = "info_not_found";
/// Verbatims shown with a candidate.
const VERBATIMS: usize = 3;
/// Longest verbatim, in characters.
const VERBATIM_CHARS: usize = 300;

/// A contact that asks something self-service can answer.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// Contact.
    pub contact_id: &'a str,
    /// Its primary reason.
    pub reason: &'a str,
    /// Customer.
    pub customer: Option<&'a str>,
    /// Language.
    pub language: Option<&'a str>,
    /// Whether a strict or lenient criterion calls it avoidable; `None` without a verdict.
    pub is_avoidable: Option<bool>,
    /// What [`looked_in_vain`] says of it.
    pub looked_in_vain: Option<bool>,
    /// Repeat within 14 days; `None` where it would be unknown if it were none.
    pub is_repeat: Option<bool>,
    /// Unit cost.
    pub cost: Option<Cost>,
    /// Meaning, `(hidden,)`, of length 1.
    pub vector: Vec<f32>,
    /// Where its words are set aside.
    pub place: Place,
}

/// Contacts around one centre, the most central first: `(index, cosine to the centre)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    members: Vec<(usize, f32)>,
}

/// One row of `faq_gaps`.
#[derive(Debug, Clone)]
pub struct FaqRow {
    faq_id: String,
    reason: String,
    language: Option<String>,
    contacts: usize,
    customers: usize,
    /// Those with a verdict, and what share of them is avoidable; its customer had looked and not found.
    avoidable_known: usize,
    avoidable_share: Option<f64>,
    info_not_found_share: Option<f64>,
    /// Those of which it is known whatever the answer.
    repeat_known: usize,
    repeat_share: Option<f64>,
    /// Of the contacts that have a cost.
    cost: Option<Cost>,
    cohesion: f64,
    /// The first verbatim, without greeting.
    question: Option<String>,
    verbatims: Vec<String>,
    contact_ids: Vec<String>,
}

/// Whether the customer says that they had looked and not found, also where another criterion decides on the verdict;
/// `None` where no criterion of the company stands for that, or where there is no verdict.
pub fn looked_in_vain(criteria: &Criteria, labelled: &Labelled) -> Option<bool> {
    let mut ids = criteria.criteria.iter().filter(|it| it.key == INFO_NOT_FOUND).map(|it| it.id.as_str()).peekable();
    ids.peek()?;
    labelled.is_avoidable?;
    let has_evidence = |id: &str| labelled.spans.iter().any(|it| it.kind == SpanKind::Avoidable && it.ref_id == id);
    Some(ids.any(has_evidence))
}

/// Keys of the criteria that stand for a failure which no article repairs: somebody has to act. Identifiers are the company's own.
const NEED_A_PERSON: [&str; 5] = ["promise_missed", "no_reply", "company_error", "bounced_around", "not_resolved"];

/// Whether an article could have answered the contact: what decides on its verdict is no failure in which somebody has to act.
pub fn is_answerable(criteria: &Criteria, labelled: &Labelled) -> bool {
    let needs_a_person = |id: &str| {
        let key = criteria.criteria.iter().find(|it| it.id == id).map(|it| it.key.as_str());
        key.is_some_and(|key| NEED_A_PERSON.contains(&key))
    };
    !labelled.criterion.as_deref().is_some_and(needs_a_person)
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

/// Distinct customers; a contact of an unknown one stands for another.
fn customers<'q, 'a: 'q>(members: impl Iterator<Item = &'q Question<'a>>) -> usize {
    let mut known: BTreeSet<&str> = BTreeSet::new();
    let mut unknown = 0;
    for question in members {
        match question.customer {
            Some(customer) => {
                known.insert(customer);
            }
            None => unknown += 1,
        }
    }
    known.len() + unknown
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

/// Counts and words of a group.
///
/// # Errors
/// The words cannot be read back.
pub fn describe(questions: &[Question<'_>], cluster: Cluster, spilled: &Spilled) -> Result<FaqRow> {
    let members: Vec<&Question<'_>> = cluster.members.iter().map(|(index, _)| &questions[*index]).collect();
    let count = members.len() as f64;
    let language = language(&members);
    let costs: Vec<Cost> = members.iter().filter_map(|question| question.cost).collect();
    let verbatims = spoken(&members, language)
        .take(VERBATIMS)
        .map(|question| Ok(verbatim(&spilled.get::<Labelled>(question.place)?)))
        .collect::<Result<Vec<_>>>()?;
    Ok(FaqRow {
        faq_id: format!("faq-{}", members[0].contact_id),
        reason: members[0].reason.to_owned(),
        language: language.map(str::to_owned),
        contacts: members.len(),
        customers: customers(members.iter().copied()),
        avoidable_known: members.iter().filter(|question| question.is_avoidable.is_some()).count(),
        avoidable_share: share_of_known(members.iter().map(|question| question.is_avoidable)),
        info_not_found_share: share_of_known(members.iter().map(|question| question.looked_in_vain)),
        repeat_known: members.iter().filter(|question| question.is_repeat.is_some()).count(),
        repeat_share: share_of_known(members.iter().map(|question| question.is_repeat)),
        cost: (!costs.is_empty()).then(|| costs.into_iter().sum()),
        question: verbatims.first().map(|words| without_opening(words)),
        cohesion: cluster.members.iter().map(|(_, cosine)| f64::from(*cosine)).sum::<f64>() / count,
        verbatims,
        contact_ids: members.iter().map(|question| question.contact_id.to_owned()).collect(),
    })
}

/// Share of yes among the answers that are known; `None` without any.
fn share_of_known(answers: impl Iterator<Item = Option<bool>>) -> Option<f64> {
    let known: Vec<bool> = answers.flatten().collect();
    (!known.is_empty()).then(|| known.iter().filter(|answer| **answer).count() as f64 / known.len() as f64)
}

/// The language of most questions, the first by name among equals.
fn language<'a>(members: &[&Question<'a>]) -> Option<&'a str> {
    let mut languages: BTreeMap<&str, usize> = BTreeMap::new();
    for language in members.iter().filter_map(|question| question.language) {
        *languages.entry(language).or_insert(0) += 1;
    }
    languages.into_iter().max_by_key(|(name, count)| (*count, std::cmp::Reverse(*name))).map(|(name, _)| name)
}

/// The most central first, those in the language of most before the others: the entry is written in that language.
fn spoken<'q, 'a>(members: &[&'q Question<'a>], language: Option<&str>) -> impl Iterator<Item = &'q Question<'a>> {
    let (own, other): (Vec<_>, Vec<_>) = members.iter().copied().partition(|question| question.language == language);
    own.into_iter().chain(other)
}

/// The words that tell the question: the evidence of the reason where the customer says it, else the customer's first words.
fn verbatim(labelled: &Labelled) -> String {
    let contact = &labelled.contact;
    let is_said = |turn: u32| {
        contact.turns.get(turn as usize).is_some_and(|turn| crate::encode::window::is_customer(contact, turn.speaker))
    };
    let evidence = labelled.spans.iter().find(|span| {
        span.kind == SpanKind::Reason && Some(span.ref_id.as_str()) == labelled.reason() && is_said(span.turn)
    });
    let words: String = match evidence {
        Some(span) => {
            let text = contact.turns.get(span.turn as usize).map(|turn| turn.text.as_str()).unwrap_or_default();
            text.chars().skip(span.start_char as usize).take((span.end_char - span.start_char) as usize).collect()
        }
        None => contact
            .turns
            .iter()
            .find(|turn| crate::encode::window::is_customer(contact, turn.speaker))
            .map(|turn| turn.text.clone())
            .unwrap_or_default(),
    };
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() > VERBATIM_CHARS {
        words.chars().take(VERBATIM_CHARS - 1).chain(['…']).collect()
    } else {
        words
    }
}

/// Rows of `faq_gaps`.
///
/// # Errors
/// A broken promise between this file and the schema.
pub fn batch(rows: &[FaqRow]) -> Result<RecordBatch> {
    Columns::new(&schema::FAQ_GAPS, rows)
        .text("faq_id", |row| Some(&row.faq_id))
        .enumerated("reason_id", |row| Some(&row.reason))
        .enumerated("language", |row| row.language.as_deref())
        .int("contacts", |row| Some(row.contacts as i32))
        .int("customers", |row| Some(row.customers as i32))
        .int("avoidable_known", |row| Some(row.avoidable_known as i32))
        .double("avoidable_share", |row| row.avoidable_share)
        .double("info_not_found_share", |row| row.info_not_found_share)
        .int("repeat_known", |row| Some(row.repeat_known as i32))
        .double("repeat_share", |row| row.repeat_share)
        .eur("cost_low_eur", |row| row.cost.map(|cost| cost.low))?
        .eur("cost_mid_eur", |row| row.cost.map(Cost::mid))?
        .eur("cost_high_eur", |row| row.cost.map(|cost| cost.high))?
        .double("cohesion", |row| Some(row.cohesion))
        .text("question", |row| row.question.as_deref())
        .text_list("verbatims", |row| row.verbatims.iter().map(String::as_str))
        .text_list("contact_ids", |row| row.contact_ids.iter().map(String::as_str))
        .finish()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::contact::{Contact, Provenance, Speaker, Turn};
    use crate::label::reason::ReasonHit;
    use crate::label::{Catalogue, Span};
    use crate::table::spill::Spill;

    /// A contact whose verdict rests on the first criterion of `evidence`, with words for each.
    fn labelled(contact_id: &str, evidence: &[&str]) -> Labelled {
        let start = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let mut contact = Contact::new(contact_id, start, Provenance { file: "f.csv".into(), record: 1 });
        contact.turns.push(Turn::new(Speaker::Customer, "What are your opening hours?"));
        let span = |id: &&str| Span {
            turn: 0,
            kind: SpanKind::Avoidable,
            ref_id: (*id).to_owned(),
            start_char: 0,
            end_char: 4,
            score: 0.9,
        };
        Labelled {
            contact,
            turn_sentiment: vec![None],
            turn_emotions: vec![None],
            customer_turns: 1,
            customer_chars: 28,
            reasons: Vec::new(),
            is_avoidable: Some(!evidence.is_empty()),
            is_avoidable_lenient: Some(!evidence.is_empty()),
            avoidable_probability: None,
            criterion: evidence.first().map(|id| (*id).to_owned()),
            owner: None,
            sentiment: None,
            emotion: None,
            spans: evidence.iter().map(span).collect(),
        }
    }

    /// The share of two like questions, the first with words for a criterion that decides and for C04.
    fn info_not_found_share(criteria: &Criteria) -> Option<f64> {
        let folder = tempfile::tempdir().unwrap();
        let mut spill = Spill::create(&folder.path().join("spill")).unwrap();
        let contacts = [labelled("a", &["C03", "C04"]), labelled("b", &["C03"])];
        let mut questions = ["a", "b"].map(|id| question(id, "r", [1.0, 0.0]));
        for (question, contact) in questions.iter_mut().zip(&contacts) {
            question.is_avoidable = contact.is_avoidable_lenient;
            question.looked_in_vain = looked_in_vain(criteria, contact);
            question.place = spill.push(&Spill::bytes_of(contact).unwrap()).unwrap();
        }
        let spilled = spill.finish().unwrap();
        let group = cluster(&questions).remove(0);
        let row = describe(&questions, group, &spilled).unwrap();
        assert_eq!(batch(std::slice::from_ref(&row)).unwrap().num_rows(), 1);
        row.info_not_found_share
    }

    #[test]
    fn customers_who_had_looked_in_vain_count_whatever_criterion_decides() {
        let shipped = Catalogue::shipped().unwrap().criteria;
        assert_eq!(info_not_found_share(&shipped), Some(0.5));
        let mut own = shipped;
        own.criteria.retain(|criterion| criterion.key != INFO_NOT_FOUND);
        assert_eq!(info_not_found_share(&own), None, "no criterion stands for it");
    }

    #[test]
    fn a_failure_in_which_somebody_has_to_act_asks_for_no_article() {
        let shipped = Catalogue::shipped().unwrap().criteria;
        for (criteria, is_answered) in
            [(&["C03", "C04"][..], false), (&["C04", "C03"], true), (&["C07"], false), (&[], true)]
        {
            assert_eq!(is_answerable(&shipped, &labelled("a", criteria)), is_answered, "{criteria:?}");
        }
        for key in NEED_A_PERSON {
            assert!(shipped.criteria.iter().any(|criterion| criterion.key == key), "{key}");
        }
    }

    #[test]
    fn the_criterion_of_a_vain_search_is_known_by_its_key_and_not_by_its_id() {
        let mut own = Catalogue::shipped().unwrap().criteria;
        for criterion in &mut own.criteria {
            criterion.id = format!("X{}", criterion.id);
        }
        assert_eq!(looked_in_vain(&own, &labelled("a", &["XC04"])), Some(true));
        assert_eq!(looked_in_vain(&own, &labelled("a", &["C04"])), Some(false));
    }

    #[test]
    fn shares_are_over_the_questions_whose_answer_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let mut spill = Spill::create(&folder.path().join("spill")).unwrap();
        let mut questions = ["a", "b", "c"].map(|id| question(id, "r", [1.0, 0.0]));
        for question in &mut questions {
            question.place = spill.push(&Spill::bytes_of(&labelled(question.contact_id, &[])).unwrap()).unwrap();
        }
        // b is a subject line without a verdict.
        (questions[0].is_avoidable, questions[2].is_avoidable) = (Some(true), Some(false));
        questions[2].is_repeat = Some(true);
        let spilled = spill.finish().unwrap();
        let row = describe(&questions, cluster(&questions).remove(0), &spilled).unwrap();
        assert_eq!((row.avoidable_known, row.avoidable_share), (2, Some(0.5)));
        assert_eq!((row.repeat_known, row.repeat_share), (1, Some(1.0)));
        let unjudged = Labelled { is_avoidable: None, ..labelled("d", &["C04"]) };
        assert_eq!(looked_in_vain(&Catalogue::shipped().unwrap().criteria, &unjudged), None);
    }

    fn question<'a>(contact_id: &'a str, reason: &'a str, vector: [f32; 2]) -> Question<'a> {
        Question {
            contact_id,
            reason,
            customer: None,
            language: None,
            is_avoidable: None,
            looked_in_vain: None,
            is_repeat: None,
            cost: Some(Cost { low: 2.0, high: 5.0 }),
            vector: vector.to_vec(),
            place: Place::default(),
        }
    }

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

    #[test]
    fn the_agent_s_words_are_no_customer_s_question() {
        let mut contact = labelled("a", &[]);
        contact.contact.turns.insert(0, Turn::new(Speaker::Agent, "You want to know when we open?"));
        contact.reasons = vec![ReasonHit { id: "r".into(), score: 0.9, window: None }];
        let span = |turn: u32, start_char: u32, end_char: u32| Span {
            turn,
            kind: SpanKind::Reason,
            ref_id: "r".into(),
            start_char,
            end_char,
            score: 0.9,
        };
        contact.spans = vec![span(0, 0, 30)];
        assert_eq!(verbatim(&contact), "What are your opening hours?");
        contact.spans.push(span(1, 14, 27));
        assert_eq!(verbatim(&contact), "opening hours");
    }

    #[test]
    fn a_question_in_the_language_of_most_stands_for_the_group() {
        let mut questions = ["a", "b", "c", "d"].map(|id| question(id, "r", [1.0, 0.0]));
        for (question, language) in questions.iter_mut().zip([Some("en"), Some("fr"), None, Some("fr")]) {
            question.language = language;
        }
        let members: Vec<&Question<'_>> = questions.iter().collect();
        let language = language(&members);
        assert_eq!(language, Some("fr"));
        let order: Vec<&str> = spoken(&members, language).map(|question| question.contact_id).collect();
        assert_eq!(order, ["b", "d", "a", "c"]);
        assert_eq!(super::language(&members[..2]), Some("en"), "the first by name among equals");
        assert_eq!(super::language(&members[2..3]), None);
    }
}
