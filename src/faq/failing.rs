//! Articles and the questions near them to the rows of `faq_articles`: which of them does not keep customers from asking.

use arrow::record_batch::RecordBatch;

use super::articles::Article;
use super::sums::{self, Sums};
use super::words::{language, most, spoken, verbatim};
use super::{ArticleIndex, Question};
use crate::cost::Cost;
use crate::error::Result;
use crate::label::Labelled;
use crate::table::columns::Columns;
use crate::table::schema;
use crate::table::spill::Spilled;
use crate::text::opening::without_opening;

/// One row of `faq_articles`.
#[derive(Debug, Clone)]
pub struct ArticleRow {
    article_id: String,
    /// In the language of most of its contacts.
    title: String,
    languages: Vec<String>,
    url: Option<String>,
    /// Of most of its contacts.
    reason: Option<String>,
    sums: Sums,
    similarity_mean: Option<f64>,
    /// Of the contact nearest to it, without greeting.
    question: Option<String>,
}

/// A row for every article, also for those that cover no question, the dearest first.
///
/// # Errors
/// The words cannot be read back.
pub fn describe(questions: &[Question<'_>], articles: &ArticleIndex, spilled: &Spilled) -> Result<Vec<ArticleRow>> {
    let mut covered: Vec<Vec<(f64, &Question<'_>)>> = vec![Vec::new(); articles.articles().len()];
    for (question, found) in questions.iter().filter_map(|question| Some((question, question.article?))) {
        covered[found.article].push((found.score, question));
    }
    let described = articles.articles().articles.iter().zip(covered).map(|(article, mut covered)| {
        covered.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.contact_id.cmp(b.1.contact_id)));
        row(article, &covered, spilled)
    });
    let mut rows = described.collect::<Result<Vec<_>>>()?;
    rows.sort_by(|a, b| {
        let mid = |row: &ArticleRow| row.sums.cost.map_or(0.0, Cost::mid);
        let by_cost = mid(b).total_cmp(&mid(a)).then(b.sums.contacts.cmp(&a.sums.contacts));
        by_cost.then_with(|| a.article_id.cmp(&b.article_id))
    });
    Ok(rows)
}

/// `covered` are the questions near the article with their scores, the nearest first.
fn row(article: &Article, covered: &[(f64, &Question<'_>)], spilled: &Spilled) -> Result<ArticleRow> {
    let members: Vec<&Question<'_>> = covered.iter().map(|(_, question)| *question).collect();
    let language = language(&members);
    let version = article.version(language);
    let nearest = spoken(&members, language).next();
    let words = nearest.map(|question| spilled.get::<Labelled>(question.place)).transpose()?;
    let sum: f64 = covered.iter().map(|(score, _)| score).sum();
    Ok(ArticleRow {
        article_id: article.article_id.clone(),
        title: version.name(),
        languages: article.languages().into_iter().map(str::to_owned).collect(),
        url: version.url.clone().or_else(|| article.versions.iter().find_map(|version| version.url.clone())),
        reason: most(members.iter().map(|question| question.reason)).map(str::to_owned),
        sums: Sums::of(&members),
        similarity_mean: (!covered.is_empty()).then(|| sum / covered.len() as f64),
        question: words.map(|labelled| without_opening(&verbatim(&labelled))),
    })
}

/// Rows of `faq_articles`.
///
/// # Errors
/// A broken promise between this file and the schema.
pub fn batch(rows: &[ArticleRow]) -> Result<RecordBatch> {
    let mut columns = Columns::new(&schema::FAQ_ARTICLES, rows);
    sums::fill(&mut columns, |row| &row.sums)?;
    columns
        .text("article_id", |row| Some(&row.article_id))
        .text("title", |row| Some(&row.title))
        .text_list("languages", |row| row.languages.iter().map(String::as_str))
        .text("url", |row| row.url.as_deref())
        .enumerated("reason_id", |row| row.reason.as_deref())
        .double("similarity_mean", |row| row.similarity_mean)
        .text("question", |row| row.question.as_deref())
        .finish()
}

#[cfg(test)]
mod tests {
    use super::super::matching::tests::{Given, index};
    use arrow::array::Array as _;

    use super::super::testing::{question, set_aside};
    use super::*;

    const EAST: [f32; 2] = [1.0, 0.0];
    const NORTH: [f32; 2] = [0.0, 1.0];

    /// Two articles in two languages and one that nobody asks about.
    fn articles() -> ArticleIndex {
        let two: &[Given<'_>] = &[(Some("fr"), Some(EAST), &[]), (Some("en"), Some(EAST), &[])];
        let one: &[Given<'_>] = &[(Some("fr"), Some(NORTH), &[])];
        let none: &[Given<'_>] = &[(None, Some([-1.0, 0.0]), &[])];
        index(&[("reset", two), ("bill", one), ("away", none)], 0.5)
    }

    fn questions() -> Vec<Question<'static>> {
        let mut questions = vec![
            question("c1", "account.login", EAST),
            question("c2", "account.login", [0.8, 0.6]),
            question("c3", "billing.explain", [0.96, 0.28]),
            question("c4", "billing.explain", NORTH),
            question("c5", "billing.explain", [-0.28, -0.96]),
        ];
        for (question, language) in questions.iter_mut().zip(["fr", "en", "en", "fr", "fr"]) {
            question.language = Some(language);
        }
        (questions[0].customer, questions[1].customer) = (Some("k"), Some("k"));
        (questions[0].is_avoidable, questions[0].looked_in_vain, questions[1].is_repeat) =
            (Some(true), Some(true), Some(false));
        questions
    }

    fn rows(mut questions: Vec<Question<'_>>) -> (Vec<ArticleRow>, usize) {
        let articles = articles();
        let covered = articles.cover(&mut questions);
        let (_folder, spilled) = set_aside(&mut questions);
        (describe(&questions, &articles, &spilled).unwrap(), covered)
    }

    #[test]
    fn every_article_has_a_row_and_every_covered_question_one_article() {
        let (rows, covered) = rows(questions());
        let ids: Vec<&str> = rows.iter().map(|row| row.article_id.as_str()).collect();
        assert_eq!(ids, ["reset", "bill", "away"], "the dearest first");
        assert_eq!(rows.iter().map(|row| row.sums.contacts).sum::<usize>(), covered);
        assert_eq!(covered, 4, "c5 has no article");
        let reset = &rows[0];
        assert_eq!(reset.sums.contact_ids, ["c1", "c3", "c2"], "the nearest first");
        assert_eq!((reset.sums.customers, reset.reason.as_deref()), (2, Some("account.login")));
        assert_eq!(reset.sums.cost, Some(Cost { low: 6.0, high: 15.0 }));
        assert_eq!((reset.sums.avoidable_known, reset.sums.info_not_found_share), (1, Some(1.0)));
        assert_eq!((reset.sums.repeat_known, reset.sums.repeat_share), (1, Some(0.0)));
        assert!((reset.similarity_mean.unwrap() - (1.0 + 0.8 + 0.96) / 3.0).abs() < 1e-6);
        // Two of its three contacts are in English.
        assert_eq!((reset.title.as_str(), reset.languages.join(" ").as_str()), ("reset en", "en fr"));
        assert_eq!(reset.url.as_deref(), Some("https://example.com/reset"));
        assert_eq!(reset.question.as_deref(), Some("What are your opening hours?"));
    }

    #[test]
    fn an_article_that_nobody_asks_about_has_names_and_no_figures() {
        let (rows, _) = rows(questions());
        let away = rows.last().unwrap();
        assert_eq!((away.sums.contacts, away.sums.customers, away.sums.cost), (0, 0, None));
        assert_eq!((away.reason.as_deref(), away.similarity_mean, away.question.as_deref()), (None, None, None));
        assert_eq!(away.title, "away ?");
        let batch = batch(&rows).unwrap();
        assert_eq!(batch.num_rows(), 3);
        for name in ["reason_id", "avoidable_share", "repeat_share", "cost_mid_eur", "similarity_mean", "question"] {
            assert!(batch.column_by_name(name).unwrap().is_null(2), "{name}");
        }
    }

    #[test]
    fn the_order_of_the_contacts_changes_no_row() {
        let straight = batch(&rows(questions()).0).unwrap();
        let mut reversed = questions();
        reversed.reverse();
        assert_eq!(batch(&rows(reversed).0).unwrap(), straight);
    }
}
