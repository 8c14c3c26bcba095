//! Groups of questions to the rows of `faq_gaps`: what the FAQ should answer, and which article already does.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use arrow::record_batch::RecordBatch;

use super::clustering::Cluster;
use super::sums::{self, Sums};
use super::words::{language, spoken, verbatim};
use super::{ArticleIndex, Question};
use crate::error::Result;
use crate::label::Labelled;
use crate::table::columns::Columns;
use crate::table::schema;
use crate::table::spill::Spilled;
use crate::text::opening::without_opening;

/// Verbatims shown with a candidate.
const VERBATIMS: usize = 3;

/// One row of `faq_gaps`.
#[derive(Debug, Clone)]
pub struct GapRow {
    faq_id: String,
    reason: String,
    language: Option<String>,
    sums: Sums,
    /// The article that covers half of the contacts or more, and what share the one that covers most has.
    article_id: Option<String>,
    article_share: Option<f64>,
    cohesion: f64,
    /// The first verbatim, without greeting.
    question: Option<String>,
    verbatims: Vec<String>,
}

/// Counts and words of a group. `articles` are those that the questions were told of.
///
/// # Errors
/// The words cannot be read back.
pub fn describe(
    questions: &[Question<'_>],
    cluster: Cluster,
    articles: Option<&ArticleIndex>,
    spilled: &Spilled,
) -> Result<GapRow> {
    let members: Vec<&Question<'_>> = cluster.members.iter().map(|(index, _)| &questions[*index]).collect();
    let count = members.len() as f64;
    let language = language(&members);
    let verbatims = spoken(&members, language)
        .take(VERBATIMS)
        .map(|question| Ok(verbatim(&spilled.get::<Labelled>(question.place)?)))
        .collect::<Result<Vec<_>>>()?;
    let leading = leading(&members);
    let is_half = |covered: &usize| 2 * covered >= members.len();
    Ok(GapRow {
        faq_id: format!("faq-{}", members[0].contact_id),
        reason: members[0].reason.to_owned(),
        language: language.map(str::to_owned),
        sums: Sums::of(&members),
        article_id: leading
            .filter(|(_, covered)| is_half(covered))
            .zip(articles)
            .map(|((article, _), articles)| articles.articles().articles[article].article_id.clone()),
        article_share: articles.map(|_| leading.map_or(0.0, |(_, covered)| covered as f64 / count)),
        question: verbatims.first().map(|words| without_opening(words)),
        cohesion: cluster.members.iter().map(|(_, cosine)| f64::from(*cosine)).sum::<f64>() / count,
        verbatims,
    })
}

/// The article that covers most of the questions, with their number; the first by identifier among equals.
fn leading(members: &[&Question<'_>]) -> Option<(usize, usize)> {
    let mut covered: BTreeMap<usize, usize> = BTreeMap::new();
    for found in members.iter().filter_map(|question| question.article) {
        *covered.entry(found.article).or_insert(0) += 1;
    }
    // Articles stand in the order of their identifiers.
    covered.into_iter().max_by_key(|(article, count)| (*count, Reverse(*article)))
}

/// Rows of `faq_gaps`.
///
/// # Errors
/// A broken promise between this file and the schema.
pub fn batch(rows: &[GapRow]) -> Result<RecordBatch> {
    let mut columns = Columns::new(&schema::FAQ_GAPS, rows);
    sums::fill(&mut columns, |row| &row.sums)?;
    columns
        .text("faq_id", |row| Some(&row.faq_id))
        .enumerated("reason_id", |row| Some(&row.reason))
        .enumerated("language", |row| row.language.as_deref())
        .text("article_id", |row| row.article_id.as_deref())
        .double("article_share", |row| row.article_share)
        .double("cohesion", |row| Some(row.cohesion))
        .text("question", |row| row.question.as_deref())
        .text_list("verbatims", |row| row.verbatims.iter().map(String::as_str))
        .finish()
}

#[cfg(test)]
mod tests {
    use super::super::clustering::cluster;
    use super::super::matching::tests::{Given, index};
    use super::super::testing::{labelled, question, set_aside, set_aside_as};
    use super::super::{INFO_NOT_FOUND, looked_in_vain};
    use super::*;
    use crate::label::Catalogue;
    use crate::label::criteria::Criteria;

    /// The share of two like questions, the first with words for a criterion that decides and for C04.
    fn info_not_found_share(criteria: &Criteria) -> Option<f64> {
        let contacts = [labelled("a", &["C03", "C04"]), labelled("b", &["C03"])];
        let mut questions = ["a", "b"].map(|id| question(id, "r", [1.0, 0.0]));
        for (question, contact) in questions.iter_mut().zip(&contacts) {
            question.is_avoidable = contact.is_avoidable_lenient;
            question.looked_in_vain = looked_in_vain(criteria, contact);
        }
        let of = |question: &Question<'_>| contacts[usize::from(question.contact_id == "b")].clone();
        let (_folder, spilled) = set_aside_as(&mut questions, of);
        let group = cluster(&questions).remove(0);
        let row = describe(&questions, group, None, &spilled).unwrap();
        assert_eq!(batch(std::slice::from_ref(&row)).unwrap().num_rows(), 1);
        row.sums.info_not_found_share
    }

    #[test]
    fn customers_who_had_looked_in_vain_count_whatever_criterion_decides() {
        let shipped = Catalogue::shipped().unwrap().criteria;
        assert_eq!(info_not_found_share(&shipped), Some(0.5));
        let mut own = shipped;
        own.criteria.retain(|criterion| criterion.key != INFO_NOT_FOUND);
        assert_eq!(info_not_found_share(&own), None, "no criterion stands for it");
    }

    /// The article of a group of like questions, told of articles by their place, and the share of it.
    fn article_of(told: &[Option<usize>], articles: Option<&ArticleIndex>) -> (Option<String>, Option<f64>) {
        let ids: Vec<String> = (0..told.len()).map(|index| format!("q{index}")).collect();
        let mut questions: Vec<Question<'_>> = ids.iter().map(|id| question(id, "r", [1.0, 0.0])).collect();
        for (question, told) in questions.iter_mut().zip(told) {
            question.article = told.map(|article| super::super::Match { article, score: 0.7 });
        }
        let (_folder, spilled) = set_aside(&mut questions);
        let row = describe(&questions, cluster(&questions).remove(0), articles, &spilled).unwrap();
        assert_eq!(batch(std::slice::from_ref(&row)).unwrap().num_rows(), 1);
        (row.article_id, row.article_share)
    }

    #[test]
    fn an_article_answers_a_group_when_it_covers_half_of_it() {
        let east: &[Given<'_>] = &[(None, Some([1.0, 0.0]), &[])];
        let articles = index(&[("a", east), ("b", east)], 0.5);
        let told = |told: &[Option<usize>]| article_of(told, Some(&articles));
        assert_eq!(told(&[Some(1), Some(1), Some(0), None]), (Some("b".to_owned()), Some(0.5)));
        assert_eq!(told(&[Some(1), None, None, None]), (None, Some(0.25)), "less than half");
        assert_eq!(told(&[None, None]), (None, Some(0.0)));
        assert_eq!(told(&[Some(1), Some(0)]), (Some("a".to_owned()), Some(0.5)), "the first by identifier");
        assert_eq!(article_of(&[None, None], None), (None, None), "without articles nothing is known");
    }
}
