//! Invented questions and contacts for the tests of this folder.

use chrono::DateTime;

use super::Question;
use crate::contact::{Contact, Provenance, Speaker, Turn};
use crate::cost::Cost;
use crate::label::labelled::SpanKind;
use crate::label::{Labelled, Span};
use crate::table::spill::{Place, Spill, Spilled};

/// A contact whose verdict rests on the first criterion of `evidence`, with words for each.
pub(super) fn labelled(contact_id: &str, evidence: &[&str]) -> Labelled {
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

pub(super) fn question<'a>(contact_id: &'a str, reason: &'a str, vector: [f32; 2]) -> Question<'a> {
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
        article: None,
        place: Place::default(),
    }
}

/// Sets the words of each question aside: `contact_id` and a plain question about opening hours.
pub(super) fn set_aside(questions: &mut [Question<'_>]) -> (tempfile::TempDir, Spilled) {
    set_aside_as(questions, |question| labelled(question.contact_id, &[]))
}

/// The same for contacts of the test's own.
pub(super) fn set_aside_as(
    questions: &mut [Question<'_>],
    contact: impl Fn(&Question<'_>) -> Labelled,
) -> (tempfile::TempDir, Spilled) {
    let folder = tempfile::tempdir().unwrap();
    let mut spill = Spill::create(&folder.path().join("spill")).unwrap();
    for question in questions {
        question.place = spill.push(&Spill::bytes_of(&contact(question)).unwrap()).unwrap();
    }
    (folder, spill.finish().unwrap())
}
