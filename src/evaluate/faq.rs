//! `motif evaluate faq`: which article of a FAQ answers a question, and whether any does.

use std::path::Path;

use super::classification::f1;
use super::figures::Evaluation;
use super::gold::{Columns, Field, Gold};
use super::repeat::meanings;
use super::turn::Limits;
use crate::encode::Vectors;
use crate::error::Result;
use crate::faq::{ArticleIndex, Articles, Match};
use crate::label::Catalogue;
use crate::label::reason::ReasonModel;
use crate::label::shipped;

const FIELDS: [Field; 2] = [Field::required(&["text"]), Field::required(&["article_id"])];

/// Questions with their answers and the articles to find them among.
#[derive(Debug)]
pub struct Questions {
    /// The articles.
    pub articles: ArticleIndex,
    /// The article that answers each question, by its place; `None` where none does.
    pub gold: Vec<Option<usize>>,
    /// Meaning of each question, `(hidden,)`, as a run has it; `None` for a text without a word.
    pub vectors: Vec<Option<Vec<f32>>>,
}

impl Questions {
    /// Reads and encodes a file of `text,article_id`, where an empty `article_id` says that no article answers, and a file
    /// of articles as `[faq] articles` names one. Each text is a contact of one turn.
    ///
    /// # Errors
    /// A file is not as it should be, a question names an article that is not there, or a text could not be encoded.
    pub fn read(
        gold: &Path,
        articles: &Path,
        columns: &Columns,
        catalogue: &Catalogue,
        limits: Limits,
        vectors: &mut Vectors,
    ) -> Result<Self> {
        let gold = Gold::read(gold, columns, &FIELDS)?;
        let articles = Articles::read(articles)?;
        let answers = (0..gold.len())
            .map(|row| {
                let id = gold.value(row, 1).map(str::trim).filter(|id| !id.is_empty());
                id.map(|id| articles.place(id).ok_or_else(|| unknown(&gold, row))).transpose()
            })
            .collect::<Result<Vec<_>>>()?;
        let reasons = ReasonModel::learn(&catalogue.taxonomy, &catalogue.background, None, vectors)?;
        let meanings = meanings(&gold.texts(0)?, &reasons, limits, vectors)?;
        Ok(Self {
            articles: ArticleIndex::encode(articles, limits.window_chars, limits.max_windows, None, vectors)?,
            gold: answers,
            vectors: meanings.into_iter().map(|meaning| meaning.map(|meaning| meaning.whole())).collect(),
        })
    }

    /// The nearest article of each question, whether it covers it or not.
    pub fn nearest(&self) -> Vec<Option<Match>> {
        let asked: Vec<&[f32]> = self.vectors.iter().flatten().map(Vec::as_slice).collect();
        let mut found = self.articles.nearest(&asked).into_iter();
        self.vectors.iter().map(|vector| vector.as_ref().and_then(|_| found.next().flatten())).collect()
    }
}

fn unknown(gold: &Gold, row: usize) -> crate::Error {
    gold.wrong(
        row,
        1,
        "names an article that the file of articles does not have",
        "add the article, or correct the column",
    )
}

/// Measures which article covers each question, at the constants that ship: `accuracy` (the right article, or rightly
/// none), `precision`, `recall` and `f1` of the right article, `covered` (the share of questions that an article covers),
/// and `top1_accuracy` (the right article is the nearest, threshold ignored, on questions that one answers).
///
/// # Errors
/// As for [`Questions::read`].
pub fn evaluate(
    gold: &Path,
    articles: &Path,
    columns: &Columns,
    catalogue: &Catalogue,
    limits: Limits,
    vectors: &mut Vectors,
) -> Result<Evaluation> {
    let questions = Questions::read(gold, articles, columns, catalogue, limits, vectors)?;
    let found = questions.nearest();
    let index = &questions.articles;
    let rows: Vec<Row> = questions
        .gold
        .iter()
        .zip(&found)
        .map(|(gold, found)| Row {
            gold: *gold,
            nearest: found.map(|found| found.article),
            covered: found.filter(|found| index.covers(found)).map(|found| found.article),
        })
        .collect();
    let mut evaluation = Evaluation::new("Articles that answer questions");
    evaluation.model(vectors.encoder());
    evaluation.fact("threshold", index.threshold());
    evaluation.fact("title_share", shipped::TITLE_SHARE);
    evaluation.count("n", rows.len());
    evaluation.count("articles", index.articles().len());
    evaluation.count("versions", index.articles().versions());
    add_figures(&mut evaluation, &rows);
    Ok(evaluation)
}

/// One question: the article that answers it, the nearest one, and the one that covers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    gold: Option<usize>,
    nearest: Option<usize>,
    covered: Option<usize>,
}

fn add_figures(evaluation: &mut Evaluation, rows: &[Row]) {
    let count = |wanted: fn(&Row) -> bool| rows.iter().filter(|row| wanted(row)).count() as u64;
    let n = rows.len() as u64;
    let (right, covered) = (count(is_right), count(|row| row.covered.is_some()));
    let answered = count(|row| row.gold.is_some());
    evaluation.share("accuracy", count(|row| row.covered == row.gold), n);
    evaluation.share("precision", right, covered);
    evaluation.share("recall", right, answered);
    evaluation.statistic("f1", rows.len(), |chosen| {
        let count = |wanted: fn(&Row) -> bool| chosen.iter().filter(|row| wanted(&rows[**row])).count() as u64;
        f1(count(is_right), count(|row| row.covered.is_some()), count(|row| row.gold.is_some()))
    });
    evaluation.share("covered", covered, n);
    evaluation.share("top1_accuracy", count(|row| row.gold.is_some() && row.nearest == row.gold), answered);
}

/// The article that covers the question is the one that answers it.
fn is_right(row: &Row) -> bool {
    row.covered.is_some() && row.covered == row.gold
}

#[cfg(test)]
mod tests {
    use super::super::turn::tests::{gold_file, tiny_vectors};
    use super::*;

    fn measured(rows: &[(Option<usize>, Option<usize>, bool)]) -> Evaluation {
        let rows: Vec<Row> = rows
            .iter()
            .map(|(gold, nearest, covers)| Row { gold: *gold, nearest: *nearest, covered: nearest.filter(|_| *covers) })
            .collect();
        let mut evaluation = Evaluation::new("test");
        add_figures(&mut evaluation, &rows);
        evaluation
    }

    #[test]
    fn figures_are_those_worked_out_by_hand() {
        let evaluation = measured(&[
            (Some(0), Some(0), true),
            (Some(1), Some(1), true),
            (Some(1), Some(1), false),
            (Some(2), Some(0), true),
            (None, Some(2), true),
            (None, Some(2), false),
            (None, None, false),
        ]);
        let value = |name: &str| {
            let figure = evaluation.figure(name).unwrap();
            (figure.value.unwrap(), figure.n)
        };
        assert_eq!(value("accuracy"), (4.0 / 7.0, 7));
        assert_eq!(value("precision"), (2.0 / 4.0, 4));
        assert_eq!(value("recall"), (2.0 / 4.0, 4));
        assert_eq!(value("f1"), (0.5, 7));
        assert_eq!(value("covered"), (4.0 / 7.0, 7));
        assert_eq!(value("top1_accuracy"), (3.0 / 4.0, 4));
        let (lo, hi) = evaluation.figure("accuracy").unwrap().interval.unwrap();
        assert!(lo < 4.0 / 7.0 && hi > 4.0 / 7.0 && lo > 0.0 && hi < 1.0);
        // Nothing is covered and nothing has an answer: no precision, no recall.
        let nothing = measured(&[(None, Some(0), false)]);
        let none = |name: &str| nothing.figure(name).unwrap().value;
        assert_eq!((none("precision"), none("recall"), none("f1"), none("accuracy")), (None, None, None, Some(1.0)));
    }

    fn evaluated(gold: &str) -> Result<Evaluation> {
        let (_gold_folder, gold) = gold_file("g.csv", gold);
        let (_folder, articles) =
            gold_file("faq.csv", "id,title,text\nparcel,late parcel,\nbill,my bill is wrong,my bill is wrong\n");
        let catalogue = Catalogue::shipped().unwrap();
        evaluate(&gold, &articles, &Columns::default(), &catalogue, Limits::default(), &mut tiny_vectors())
    }

    #[test]
    fn a_question_in_the_words_of_an_article_finds_it() {
        let evaluation =
            evaluated("text,article_id\nmy bill is wrong,bill\nlate parcel,parcel\n...,\n\" \",\n").unwrap();
        assert_eq!(evaluation.figure("top1_accuracy").unwrap().value, Some(1.0));
        assert_eq!(evaluation.figure("recall").unwrap().value, Some(1.0));
        let counts = ["n", "articles", "versions"].map(|name| evaluation.count_of(name).unwrap());
        assert_eq!(counts, [4, 2, 2]);
        let json = serde_json::to_value(&evaluation).unwrap();
        for name in ["accuracy", "precision", "recall", "f1", "covered", "top1_accuracy"] {
            assert!(json[name].is_number() && json[format!("{name}_n")].is_number(), "{name}: {json}");
        }
    }

    #[test]
    fn an_article_that_is_not_there_is_told_by_its_line_and_not_by_its_name() {
        let error = evaluated("text,article_id\nlate parcel,parcel\nlate parcel,secret\n").unwrap_err().to_string();
        assert!(
            error.ends_with(
                "line 3: column `article_id` names an article that the file of articles does not have; add the article, or correct the column"
            ),
            "{error}"
        );
    }
}
