//! The words that stand for a group of questions: in which language, and whose.

use std::collections::BTreeMap;

use super::Question;
use crate::encode::window::is_customer;
use crate::label::Labelled;
use crate::label::labelled::SpanKind;

/// Longest verbatim, in characters.
const VERBATIM_CHARS: usize = 300;

/// What most of the values say, the first by name among equals; `None` without any.
pub(super) fn most<'a>(values: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_insert(0) += 1;
    }
    counts.into_iter().max_by_key(|(name, count)| (*count, std::cmp::Reverse(*name))).map(|(name, _)| name)
}

/// The language of most questions.
pub(super) fn language<'a>(members: &[&Question<'a>]) -> Option<&'a str> {
    most(members.iter().filter_map(|question| question.language))
}

/// The most central first, those in the language of most before the others: the entry is written in that language.
pub(super) fn spoken<'q, 'a>(
    members: &[&'q Question<'a>],
    language: Option<&str>,
) -> impl Iterator<Item = &'q Question<'a>> {
    let (own, other): (Vec<_>, Vec<_>) = members.iter().copied().partition(|question| question.language == language);
    own.into_iter().chain(other)
}

/// The words that tell the question: the evidence of the reason where the customer says it, else the customer's first words.
pub(super) fn verbatim(labelled: &Labelled) -> String {
    let contact = &labelled.contact;
    let is_said = |turn: u32| contact.turns.get(turn as usize).is_some_and(|turn| is_customer(contact, turn.speaker));
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
            .find(|turn| is_customer(contact, turn.speaker))
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

#[cfg(test)]
mod tests {
    use super::super::testing::{labelled, question};
    use super::*;
    use crate::contact::{Speaker, Turn};
    use crate::label::Span;
    use crate::label::reason::ReasonHit;

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
