//! Questions and articles to the article that is nearest in meaning to each question.
//!
//! A version of an article is its title and the windows of its text, encoded as contacts are. The score of a question
//! against it is a weighted mean of the cosine with the title and of the highest cosine with a window: a title says what
//! the article is about, and the answer to one question is one passage of it. An article scores as its best version does,
//! so that a question in one language finds an article that is written in another.

use std::ops::Range;

use rayon::prelude::*;

use super::{Articles, Question};
use crate::encode::Vectors;
use crate::encode::window::windows_of;
use crate::error::Result;
use crate::label::shipped;
use crate::vector::each_dot;

/// An article and how near it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Match {
    /// Place of the article in [`Articles::articles`].
    pub article: usize,
    /// −1 to 1.
    pub score: f64,
}

/// The company's articles with the vectors of their words.
#[derive(Debug, Clone)]
pub struct ArticleIndex {
    articles: Articles,
    /// In the order of the articles, which is that of their identifiers.
    versions: Vec<VersionRows>,
    /// Embeddings, each `(hidden,)` and of length 1.
    rows: Vec<Vec<f32>>,
    title_share: f64,
    threshold: f64,
}

/// Which rows are the words of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
struct VersionRows {
    article: usize,
    title: Option<usize>,
    windows: Range<usize>,
}

impl ArticleIndex {
    /// Encodes articles. Their texts are cut into windows of `window_chars` characters, `max_windows` at most, as contacts
    /// are; `threshold` is the score from which an article covers a question, `None`: the shipped one.
    ///
    /// # Errors
    /// A text could not be encoded.
    pub fn encode(
        articles: Articles,
        window_chars: usize,
        max_windows: usize,
        threshold: Option<f64>,
        vectors: &mut Vectors,
    ) -> Result<Self> {
        let (mut texts, mut versions): (Vec<&str>, _) = (Vec::new(), Vec::new());
        for (article, entry) in articles.articles.iter().enumerate() {
            for version in &entry.versions {
                let title = version.title.as_deref().map(|title| {
                    texts.push(title);
                    texts.len() - 1
                });
                let start = texts.len();
                let text = version.text.as_deref().unwrap_or_default();
                texts.extend(windows_of(text, window_chars).into_iter().take(max_windows));
                versions.push(VersionRows { article, title, windows: start..texts.len() });
            }
        }
        vectors.ensure(texts.iter().copied())?;
        let rows = texts.iter().map(|text| Ok(vectors.get(text)?.embedding)).collect::<Result<Vec<_>>>()?;
        let threshold = threshold.unwrap_or(shipped::ARTICLE_THRESHOLD);
        Ok(Self { articles, versions, rows, title_share: shipped::TITLE_SHARE, threshold })
    }

    /// The same articles with another weight of the title, 0 to 1; for fitting it.
    #[must_use]
    pub fn with_title_share(mut self, title_share: f64) -> Self {
        self.title_share = title_share;
        self
    }

    /// The articles.
    pub fn articles(&self) -> &Articles {
        &self.articles
    }

    /// The score from which an article covers a question.
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    /// The nearest article of each question, given as vectors of length 1; the first by identifier among equals. `None`
    /// without articles.
    pub fn nearest(&self, questions: &[&[f32]]) -> Vec<Option<Match>> {
        let rows: Vec<&[f32]> = self.rows.iter().map(Vec::as_slice).collect();
        questions
            .par_iter()
            .map(|question| {
                let mut cosines = Vec::with_capacity(rows.len());
                each_dot(question, &rows, |products| cosines.extend_from_slice(products));
                self.best(&cosines)
            })
            .collect()
    }

    /// Whether an article so near covers the question.
    pub fn covers(&self, found: &Match) -> bool {
        found.score >= self.threshold
    }

    /// Tells each question which article covers it; gives the number of those that one covers.
    pub fn cover(&self, questions: &mut [Question<'_>]) -> usize {
        let vectors: Vec<&[f32]> = questions.iter().map(|question| question.vector.as_slice()).collect();
        let nearest = self.nearest(&vectors);
        for (question, nearest) in questions.iter_mut().zip(nearest) {
            question.article = nearest.filter(|found| self.covers(found));
        }
        questions.iter().filter(|question| question.article.is_some()).count()
    }

    /// `cosines` are those of a question with every row.
    fn best(&self, cosines: &[f32]) -> Option<Match> {
        let mut best: Option<Match> = None;
        for version in &self.versions {
            let score = self.score(version, cosines);
            if best.is_none_or(|best| score > best.score) {
                best = Some(Match { article: version.article, score });
            }
        }
        best
    }

    fn score(&self, version: &VersionRows, cosines: &[f32]) -> f64 {
        let title = version.title.map(|row| f64::from(cosines[row]));
        let window = cosines[version.windows.clone()].iter().copied().max_by(f32::total_cmp).map(f64::from);
        match (title, window) {
            (Some(title), Some(window)) => self.title_share * title + (1.0 - self.title_share) * window,
            (Some(alone), None) | (None, Some(alone)) => alone,
            // A text of punctuation alone has no window: nothing is near it.
            (None, None) => -1.0,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::articles::{Article, Version};
    use super::super::testing::question;
    use super::*;
    use crate::evaluate::turn::tests::tiny_vectors;

    /// A version of an article: language, vector of the title, vectors of the windows.
    pub(in crate::faq) type Given<'g> = (Option<&'g str>, Option<[f32; 2]>, &'g [[f32; 2]]);

    /// Articles by identifier, the title of each being its identifier and language.
    pub(in crate::faq) fn index(articles: &[(&str, &[Given<'_>])], threshold: f64) -> ArticleIndex {
        let mut sorted = articles.to_vec();
        sorted.sort_by_key(|(id, _)| *id);
        let (mut versions, mut rows) = (Vec::new(), Vec::new());
        for (article, (_, given)) in sorted.iter().enumerate() {
            for (_, title, windows) in *given {
                let title = title.map(|vector| {
                    rows.push(vector.to_vec());
                    rows.len() - 1
                });
                let start = rows.len();
                rows.extend(windows.iter().map(|vector| vector.to_vec()));
                versions.push(VersionRows { article, title, windows: start..rows.len() });
            }
        }
        let version = |id: &str, language: Option<&str>| Version {
            language: language.map(str::to_owned),
            title: Some(format!("{id} {}", language.unwrap_or("?"))),
            text: None,
            url: Some(format!("https://example.com/{id}")),
        };
        let articles = sorted
            .iter()
            .map(|(id, given)| Article {
                article_id: (*id).to_owned(),
                versions: given.iter().map(|(language, ..)| version(id, *language)).collect(),
            })
            .collect();
        let articles = Articles { articles, sha256: "0".repeat(64) };
        ArticleIndex { articles, versions, rows, title_share: 0.25, threshold }
    }

    fn found(index: &ArticleIndex, question: [f32; 2]) -> (String, f64) {
        let best = index.nearest(&[&question])[0].unwrap();
        (index.articles.articles[best.article].article_id.clone(), best.score)
    }

    const EAST: [f32; 2] = [1.0, 0.0];
    const NORTH: [f32; 2] = [0.0, 1.0];
    const NORTH_EAST: [f32; 2] = [0.6, 0.8];

    #[test]
    fn the_title_and_the_nearest_passage_decide_together() {
        let both: &[Given<'_>] = &[(None, Some(EAST), &[NORTH, NORTH_EAST, [-1.0, 0.0]])];
        let index = index(&[("a", both)], 0.5);
        // A quarter of 0.6 and three quarters of 1.
        assert!((found(&index, NORTH_EAST).1 - 0.9).abs() < 1e-6);
        assert!((found(&index.clone().with_title_share(1.0), NORTH_EAST).1 - 0.6).abs() < 1e-6);
        assert!((found(&index.with_title_share(0.0), NORTH_EAST).1 - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_title_or_a_text_alone_counts_whole_and_a_version_without_words_is_near_nothing() {
        let alone: [Given<'_>; 2] = [(None, Some(NORTH_EAST), &[]), (None, None, &[NORTH_EAST, EAST])];
        for given in alone {
            assert!((found(&index(&[("a", &[given])], 0.5), NORTH_EAST).1 - 1.0).abs() < 1e-6, "{given:?}");
        }
        assert_eq!(found(&index(&[("a", &[(None, None, &[])])], 0.5), EAST), ("a".to_owned(), -1.0));
    }

    #[test]
    fn an_article_scores_as_its_best_version() {
        let index = index(
            &[
                ("a", &[(Some("fr"), Some(NORTH), &[NORTH]), (Some("en"), Some(EAST), &[EAST])]),
                ("b", &[(Some("fr"), Some(NORTH_EAST), &[NORTH_EAST])]),
            ],
            0.5,
        );
        assert_eq!(found(&index, EAST), ("a".to_owned(), 1.0));
        assert_eq!(found(&index, NORTH), ("a".to_owned(), 1.0));
        assert_eq!(found(&index, NORTH_EAST).0, "b");
    }

    #[test]
    fn among_equals_the_first_by_identifier_covers_whatever_the_order_of_the_rows() {
        let east: &[Given<'_>] = &[(None, Some(EAST), &[])];
        for ids in [["a", "b", "c"], ["c", "b", "a"]] {
            assert_eq!(found(&index(&ids.map(|id| (id, east)), 0.5), EAST), ("a".to_owned(), 1.0));
        }
    }

    #[test]
    fn a_question_is_covered_from_the_threshold_on() {
        let articles: &[(&str, &[Given<'_>])] = &[("a", &[(None, Some(EAST), &[])])];
        for (threshold, covered) in [(0.6, 2), (0.61, 1), (1.0, 1), (0.0, 3)] {
            let mut questions =
                [("x", EAST), ("y", [0.6, 0.8]), ("z", NORTH)].map(|(id, vector)| question(id, "r", vector));
            // Halves and wholes are exact; 0.6 as a single is a little more than 0.6.
            let index = index(articles, threshold);
            assert_eq!(index.cover(&mut questions), covered, "{threshold}");
            let uncovered = questions.iter().filter(|question| question.article.is_none()).count();
            assert_eq!(covered + uncovered, questions.len());
            assert_eq!(questions[0].article, Some(Match { article: 0, score: 1.0 }));
        }
    }

    #[test]
    fn an_article_is_found_by_its_own_words_in_whatever_order_the_file_has_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("faq.csv");
        let mut vectors = tiny_vectors();
        let mut scores = Vec::new();
        for rows in [
            ["p,late parcel,the parcel is late", "b,my bill is wrong,"],
            ["b,my bill is wrong,", "p,late parcel,the parcel is late"],
        ] {
            std::fs::write(&path, format!("id,title,text\n{}\n", rows.join("\n"))).unwrap();
            let index = ArticleIndex::encode(Articles::read(&path).unwrap(), 360, 10, None, &mut vectors).unwrap();
            assert_eq!(index.threshold(), shipped::ARTICLE_THRESHOLD);
            vectors.ensure(["my bill is wrong", "late parcel"]).unwrap();
            let asked = ["my bill is wrong", "late parcel"].map(|text| vectors.get(text).unwrap().embedding);
            let found = index.nearest(&asked.each_ref().map(Vec::as_slice));
            let ids: Vec<&str> = found
                .iter()
                .map(|found| index.articles().articles[found.unwrap().article].article_id.as_str())
                .collect();
            assert_eq!(ids[0], "b");
            scores.push(found);
        }
        assert_eq!(scores[0], scores[1]);
    }

    #[test]
    fn a_long_text_is_cut_into_windows_up_to_the_limit() {
        let long = "A sentence of some length, no more. ".repeat(40);
        let version = Version { language: None, title: None, text: Some(long), url: None };
        let article = Article { article_id: "a".to_owned(), versions: vec![version] };
        let rows = |max_windows: usize| {
            let articles = Articles { articles: vec![article.clone()], sha256: String::new() };
            ArticleIndex::encode(articles, 100, max_windows, Some(0.5), &mut tiny_vectors()).unwrap().rows.len()
        };
        assert!(rows(100) > 10);
        assert_eq!(rows(5), 5);
    }
}
