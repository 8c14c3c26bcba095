//! The questions that self-service could answer: which of them are asked alike, what they cost, and which of the
//! company's articles are about them.
//!
//! `Question`s of the contacts → [`clustering`]: groups of one meaning; [`articles`]: the company's file →
//! [`matching`]: the article nearest to each question; [`gaps`] and [`failing`]: the rows of the tables `faq_gaps` and
//! `faq_articles`. Every result depends on the contacts and articles alone, not on their order in the files.

pub mod articles;
pub mod clustering;
pub mod failing;
pub mod gaps;
pub mod matching;
mod sums;
#[cfg(test)]
mod testing;
mod words;

use crate::cost::Cost;
use crate::label::Labelled;
use crate::label::criteria::Criteria;
use crate::label::labelled::SpanKind;
use crate::table::spill::Place;

pub use articles::Articles;
pub use matching::{ArticleIndex, Match};

/// Key of the criterion whose evidence says that the customer had looked in vain; identifiers are the company's own.
const INFO_NOT_FOUND: &str = "info_not_found";

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
    /// The article that covers it; `None` where none does, and before [`ArticleIndex::cover`].
    pub article: Option<Match>,
    /// Where its words are set aside.
    pub place: Place,
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

#[cfg(test)]
mod tests {
    use super::testing::labelled;
    use super::*;
    use crate::label::Catalogue;

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
        let unjudged = Labelled { is_avoidable: None, ..labelled("d", &["C04"]) };
        assert_eq!(looked_in_vain(&Catalogue::shipped().unwrap().criteria, &unjudged), None);
    }
}
