//! The result of an evaluation: named figures, each with the rows behind it and its interval; as JSON and as a table.

use std::fmt::{self, Write as _};

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::classification::{Classified, Confusion, LabelFigures, f1, share};
use super::interval::bootstrap;
use crate::kpi::interval::wilson;
use crate::model::Encoder;
use crate::report::Language;

/// Mistakes listed at most.
const LISTED_CONFUSIONS: usize = 20;

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// JSON key.
    pub name: String,
    /// Value; `None` when it is not defined on these rows.
    pub value: Option<f64>,
    /// 95 % interval.
    pub interval: Option<(f64, f64)>,
    /// Rows behind it.
    pub n: u64,
}

/// Figures of one evaluation. In JSON every figure `x` is followed by `x_lo`, `x_hi` and `x_n`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evaluation {
    /// What was measured.
    pub title: String,
    /// Facts that are no figures: model, kernel class, threshold.
    pub facts: Vec<(String, String)>,
    /// Counts of rows.
    pub counts: Vec<(String, u64)>,
    /// Figures.
    pub figures: Vec<Figure>,
    /// Figures per label, when labels were predicted.
    pub labels: Vec<LabelFigures>,
    /// The most frequent mistakes.
    pub confusions: Vec<Confusion>,
}

impl Evaluation {
    /// An evaluation without figures yet.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// A figure by name.
    pub fn figure(&self, name: &str) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.name == name)
    }

    /// A count by name.
    pub fn count_of(&self, name: &str) -> Option<u64> {
        self.counts.iter().find(|(known, _)| known == name).map(|(_, n)| *n)
    }

    pub(crate) fn fact(&mut self, name: &str, value: impl ToString) {
        self.facts.push((name.to_owned(), value.to_string()));
    }

    /// Which model gave the figures, and by which arithmetic.
    pub(crate) fn model(&mut self, encoder: &Encoder) {
        self.fact("model_hash", encoder.model_hash());
        self.fact("kernel_class", encoder.kernel_class());
    }

    pub(crate) fn count(&mut self, name: &str, n: usize) {
        self.counts.push((name.to_owned(), n as u64));
    }

    /// A share with its Wilson interval.
    pub(crate) fn share(&mut self, name: &str, part: u64, whole: u64) {
        self.figures.push(Figure {
            name: name.to_owned(),
            value: share(part, whole),
            interval: wilson(part as f64, whole as f64).map(|it| (it.lo, it.hi)),
            n: whole,
        });
    }

    /// A statistic of `n` rows with its bootstrap interval.
    pub(crate) fn statistic(&mut self, name: &str, n: usize, statistic: impl Fn(&[usize]) -> Option<f64> + Sync) {
        let all: Vec<usize> = (0..n).collect();
        self.figures.push(Figure {
            name: name.to_owned(),
            value: statistic(&all),
            interval: bootstrap(n, statistic),
            n: n as u64,
        });
    }

    /// Precision, recall and F1 of a yes-or-no verdict: `(gold, predicted)` rows. `prefix` opens the names.
    pub(crate) fn binary(&mut self, prefix: &str, rows: &[(bool, bool)]) {
        let count = |wanted: fn(&(bool, bool)) -> bool| rows.iter().filter(|row| wanted(row)).count() as u64;
        let right = count(|(gold, predicted)| *gold && *predicted);
        self.share(&format!("{prefix}precision"), right, count(|(_, predicted)| *predicted));
        self.share(&format!("{prefix}recall"), right, count(|(gold, _)| *gold));
        self.statistic(&format!("{prefix}f1"), rows.len(), |chosen| binary_f1(chosen.iter().map(|&row| rows[row])));
    }

    /// Accuracy and macro-F1 of predicted labels; `prefix` opens the names.
    pub(crate) fn classified(&mut self, prefix: &str, classified: &Classified) {
        self.share(&format!("{prefix}accuracy"), classified.right(), classified.len() as u64);
        self.statistic(&format!("{prefix}macro_f1"), classified.len(), |rows| classified.macro_f1_of(rows));
    }

    /// Lists figures per label and the most frequent mistakes.
    pub(crate) fn detail(&mut self, classified: &Classified) {
        self.labels = classified.per_label();
        self.confusions = classified.confusions();
        self.confusions.truncate(LISTED_CONFUSIONS);
    }
}

/// F1 of `(gold, predicted)` rows; `None` when nothing is positive.
pub(crate) fn binary_f1(rows: impl Iterator<Item = (bool, bool)>) -> Option<f64> {
    let (mut right, mut predicted, mut support) = (0, 0, 0);
    for (is, said) in rows {
        right += u64::from(is && said);
        predicted += u64::from(said);
        support += u64::from(is);
    }
    f1(right, predicted, support)
}

impl Serialize for Evaluation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &self.facts {
            map.serialize_entry(name, value)?;
        }
        for (name, n) in &self.counts {
            map.serialize_entry(name, n)?;
        }
        for figure in &self.figures {
            map.serialize_entry(&figure.name, &figure.value)?;
            map.serialize_entry(&format!("{}_lo", figure.name), &figure.interval.map(|(lo, _)| lo))?;
            map.serialize_entry(&format!("{}_hi", figure.name), &figure.interval.map(|(_, hi)| hi))?;
            map.serialize_entry(&format!("{}_n", figure.name), &figure.n)?;
        }
        if !self.labels.is_empty() {
            map.serialize_entry("labels", &self.labels)?;
            map.serialize_entry("confusions", &self.confusions)?;
        }
        map.end()
    }
}

/// What the table says beside the names of the figures, which are the keys of the JSON, in one language.
struct Words {
    figure: &'static str,
    value: &'static str,
    interval: &'static str,
    to: &'static str,
    confusions: &'static str,
    colon: &'static str,
    decimal_mark: &'static str,
}

impl Words {
    const ENGLISH: Self = Self {
        figure: "figure",
        value: "value",
        interval: "95 % interval",
        to: "to",
        confusions: "taken for another (gold → predicted)",
        colon: ":",
        decimal_mark: ".",
    };
    const FRENCH: Self = Self {
        figure: "mesure",
        value: "valeur",
        interval: "intervalle 95 %",
        to: "à",
        confusions: "étiquettes confondues (attendue → prédite)",
        colon: " :",
        decimal_mark: ",",
    };

    fn number(&self, value: f64) -> String {
        format!("{value:.4}").replace('.', self.decimal_mark)
    }
}

impl Evaluation {
    /// The figures as a table for people; the title is as it was given.
    pub fn to_text(&self, language: Language) -> String {
        let words = match language {
            Language::French => Words::FRENCH,
            Language::English => Words::ENGLISH,
        };
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text, &words);
        text
    }

    fn write(&self, out: &mut String, words: &Words) -> fmt::Result {
        let Words { colon, to, .. } = words;
        writeln!(out, "{}", self.title)?;
        for (name, value) in &self.facts {
            writeln!(out, "  {name}{colon} {value}")?;
        }
        for (name, n) in &self.counts {
            writeln!(out, "  {name}{colon} {n}")?;
        }
        let width = self.figures.iter().map(|figure| figure.name.len()).max().unwrap_or(0).max(6);
        writeln!(out, "\n  {:width$}  {:>7}  {:^17}  {:>7}", words.figure, words.value, words.interval, "n")?;
        for figure in &self.figures {
            let value = figure.value.map_or_else(|| "–".to_owned(), |value| words.number(value));
            let interval = figure
                .interval
                .map_or_else(|| "–".to_owned(), |(lo, hi)| format!("{} {to} {}", words.number(lo), words.number(hi)));
            writeln!(out, "  {:width$}  {value:>7}  {interval:^17}  {:>7}", figure.name, figure.n)?;
        }
        if !self.confusions.is_empty() {
            writeln!(out, "\n  {}{colon}", words.confusions)?;
            for confusion in self.confusions.iter().take(5) {
                writeln!(out, "    {} → {}{colon} {}", confusion.gold, confusion.predicted, confusion.n)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text(Language::English))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_carries_the_interval_and_the_rows_of_each_figure() {
        let mut evaluation = Evaluation::new("test");
        evaluation.count("n", 4);
        evaluation.share("accuracy", 3, 4);
        evaluation.share("oos_recall", 0, 0);
        let json = serde_json::to_value(&evaluation).unwrap();
        assert_eq!(json["n"], 4);
        assert_eq!(json["accuracy"], 0.75);
        assert_eq!(json["accuracy_n"], 4);
        assert!(json["accuracy_lo"].as_f64().unwrap() < 0.75 && json["accuracy_hi"].as_f64().unwrap() > 0.75);
        assert!(json["oos_recall"].is_null());
        assert!(evaluation.to_string().contains("0.7500"));
    }

    #[test]
    fn the_table_is_written_as_its_language_has_it() {
        let mut evaluation = Evaluation::new("Essai");
        evaluation.count("n", 4);
        evaluation.figures.push(Figure {
            name: "accuracy".into(),
            value: Some(0.75),
            interval: Some((0.49, 0.72)),
            n: 4,
        });
        evaluation.detail(&Classified::new([("a", "b"), ("a", "a"), ("b", "b"), ("b", "b")]));
        assert_eq!(
            evaluation.to_text(Language::French),
            "Essai\n  n : 4\n\n  mesure     valeur   intervalle 95 %         n\n  accuracy   0,7500   0,4900 à 0,7200         4\n\n  \
             étiquettes confondues (attendue → prédite) :\n    a → b : 1\n"
        );
        let english = evaluation.to_string();
        assert!(english.contains("0.4900 to 0.7200") && english.contains("taken for another (gold → predicted):"));
        assert_eq!(english, evaluation.to_text(Language::English));
    }

    #[test]
    fn a_yes_or_no_verdict_is_counted_both_ways() {
        let mut evaluation = Evaluation::new("test");
        evaluation.binary("x_", &[(true, true), (true, false), (false, true), (false, false), (true, true)]);
        let value = |name: &str| evaluation.figure(name).unwrap().value.unwrap();
        assert!((value("x_precision") - 2.0 / 3.0).abs() < 1e-12);
        assert!((value("x_recall") - 2.0 / 3.0).abs() < 1e-12);
        assert!((value("x_f1") - 2.0 / 3.0).abs() < 1e-12);
    }
}
