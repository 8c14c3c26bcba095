//! `motif evaluate reason`: contact reasons (or any labels) of single texts, learnt from examples or from a line of
//! description, with the encoder frozen.
//!
//! Each text is encoded whole. `accuracy` and `macro_f1` are the forced choice among the known labels, over the rows
//! whose gold label is known (`accuracy_n` of the `n` rows). When the gold file holds other labels too, those rows are
//! out of scope, and `in_scope_accuracy`, `oos_recall` and `oos_precision` judge the choice with rejection, at the one
//! threshold that ships: a rejected in-scope text is a mistake.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use super::classification::Classified;
use super::figures::Evaluation;
use super::gold::{Columns, Field, Format, Gold, text_of};
use super::reading::Readings;
use super::scope::{Classifier, Labelled, ScopeBasis};
use crate::error::{Error, Result};
use crate::label::shipped;
use crate::model::Encoder;

const FIELDS: [Field; 2] = [Field::required(&["text"]), Field::required(&["label"])];

/// Learns from the `text,label` rows of one file and measures on those of another.
///
/// # Errors
/// A file is not as it should be, the training file has fewer than two labels, no test label is known, or a text could
/// not be encoded.
pub fn from_examples(train: &Path, test: &Path, columns: &Columns, encoder: &Encoder) -> Result<Evaluation> {
    let [train_gold, test] = Gold::read_both([train, test], columns, &FIELDS)?;
    let (texts, labels) = (train_gold.texts(0)?, train_gold.labels(1)?);
    let known: BTreeSet<&str> = labels.iter().copied().collect();
    check_labels(train, &known)?;
    let has_unknown = test.labels(1)?.iter().any(|label| !known.contains(label));
    let basis = if has_unknown { ScopeBasis::Examples } else { ScopeBasis::Ignored };
    let names: Vec<(String, &str)> = known.iter().filter_map(|label| Some((name_of(label)?, *label))).collect();
    let examples = texts.len();
    let all: Vec<&str> = texts.iter().copied().chain(names.iter().map(|(name, _)| name.as_str())).collect();
    let labels: Vec<&str> = labels.iter().copied().chain(names.iter().map(|(_, label)| *label)).collect();
    let classifier = learn(&all, &labels, examples, basis, encoder)?;
    let mut evaluation = Evaluation::new("Reasons of single texts, learnt from examples");
    evaluation.count("train_n", texts.len());
    evaluation.model(encoder);
    measure(&mut evaluation, &classifier, &test, encoder)?;
    Ok(evaluation)
}

/// Learns from names, descriptions and examples of labels (JSONL: `label,name,description,examples[]`) and measures on
/// `text,label` rows.
///
/// # Errors
/// As [`from_examples`], for the labels file.
pub fn from_descriptions(gold: &Path, labels: &Path, columns: &Columns, encoder: &Encoder) -> Result<Evaluation> {
    let gold = Gold::read(gold, columns, &FIELDS)?;
    let described = descriptions(labels)?;
    let known: BTreeSet<&str> = described.iter().map(|label| label.label.as_str()).collect();
    check_labels(labels, &known)?;
    let (mut texts, mut targets) = (Vec::new(), Vec::new());
    for label in &described {
        for text in label.texts() {
            texts.push(text);
            targets.push(label.label.as_str());
        }
    }
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    // With several examples a label the texts are customers' words for the most part.
    let examples = described.iter().map(|label| label.examples.len()).sum::<usize>();
    let basis = if examples >= 5 * described.len() { ScopeBasis::Examples } else { ScopeBasis::Descriptions };
    let classifier = learn(&texts, &targets, texts.len(), basis, encoder)?;
    let mut evaluation = Evaluation::new("Reasons of single texts, from descriptions of the labels");
    evaluation.count("label_texts_n", texts.len());
    evaluation.model(encoder);
    measure(&mut evaluation, &classifier, &gold, encoder)?;
    Ok(evaluation)
}

/// Learns a classifier from texts, of which the first `examples` are examples and the others names of labels.
///
/// # Errors
/// A text could not be encoded.
pub fn learn(
    texts: &[&str],
    labels: &[&str],
    examples: usize,
    basis: ScopeBasis,
    encoder: &Encoder,
) -> Result<Classifier> {
    let readings = Readings::of(texts, encoder)?;
    Ok(Classifier::learn(Labelled { texts, labels, readings: &readings, examples }, basis))
}

/// What a label says of itself: `card_arrival` is about the arrival of a card, `17` about nothing. `None` where no word
/// has three letters.
fn name_of(label: &str) -> Option<String> {
    let name = spaced(label);
    let is_word = |word: &str| word.chars().filter(|c| c.is_alphabetic()).count() >= 3;
    name.split_whitespace().any(is_word).then_some(name)
}

/// A bare label as words.
fn spaced(label: &str) -> String {
    label.replace(['_', '.', '-', '/'], " ")
}

fn check_labels(path: &Path, known: &BTreeSet<&str>) -> Result<()> {
    if known.len() < 2 {
        return Err(Error::file(path, "fewer than two labels", "give at least two labels to choose from"));
    }
    Ok(())
}

fn measure(evaluation: &mut Evaluation, classifier: &Classifier, gold: &Gold, encoder: &Encoder) -> Result<()> {
    let labels = gold.labels(1)?;
    let texts = gold.texts(0)?;
    let answers = classifier.answers(&texts, &Readings::of(&texts, encoder)?);
    let known: BTreeSet<&str> = classifier.labels().iter().map(String::as_str).collect();
    let rows: Vec<(&str, &str, bool)> = labels
        .iter()
        .zip(&answers)
        .map(|(gold, answer)| {
            (*gold, classifier.labels()[answer.label].as_str(), answer.in_scope < shipped::SCOPE_THRESHOLD)
        })
        .collect();
    let inside: Vec<_> = rows.iter().filter(|(gold, ..)| known.contains(gold)).collect();
    if inside.is_empty() {
        return Err(Error::usage("no label of the test file is known; check the column of the labels"));
    }
    let classified = Classified::new(inside.iter().map(|(gold, said, _)| (*gold, *said)));
    evaluation.count("n", rows.len());
    evaluation.count("labels_n", known.len());
    evaluation.classified("", &classified);
    if inside.len() < rows.len() {
        let count = |wanted: &dyn Fn(&(&str, &str, bool)) -> bool| rows.iter().filter(|row| wanted(row)).count() as u64;
        evaluation.fact("scope_threshold", shipped::SCOPE_THRESHOLD);
        let right = count(&|(gold, said, is_rejected)| gold == said && !is_rejected);
        evaluation.share("in_scope_accuracy", right, inside.len() as u64);
        let outside = (rows.len() - inside.len()) as u64;
        let found = count(&|(gold, _, is_rejected)| *is_rejected && !known.contains(gold));
        evaluation.share("oos_recall", found, outside);
        evaluation.share("oos_precision", found, count(&|(_, _, is_rejected)| *is_rejected));
        let scored: Vec<(bool, f64)> =
            rows.iter().zip(&answers).map(|(row, answer)| (known.contains(row.0), answer.in_scope)).collect();
        evaluation.statistic("scope_auc", scored.len(), |chosen| {
            let (gold, scores): (Vec<bool>, Vec<f64>) = chosen.iter().map(|&row| scored[row]).unzip();
            super::ranking::auc(&scores, &gold)
        });
    }
    evaluation.detail(&classified);
    Ok(())
}

/// A label with what is said of it.
#[derive(Debug, Clone, Deserialize)]
struct Described {
    label: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    examples: Vec<String>,
}

impl Described {
    /// Name, description, both together, and the examples.
    fn texts(&self) -> Vec<String> {
        let filled =
            |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        // A bare label such as `card_arrival` still says what it is about.
        let name = filled(&self.name).unwrap_or_else(|| spaced(&self.label));
        let mut texts = Vec::new();
        if let Some(description) = filled(&self.description) {
            texts.push(format!("{name}. {description}"));
            texts.push(description);
        }
        texts.push(name);
        texts.extend(self.examples.iter().filter(|example| !example.trim().is_empty()).cloned());
        texts
    }
}

fn descriptions(path: &Path) -> Result<Vec<Described>> {
    let (format, text) = text_of(path)?;
    if format != Format::Jsonl {
        return Err(Error::file(path, "not a JSONL file", "give one {\"label\", \"name\", \"description\"} a line"));
    }
    let mut seen = BTreeSet::new();
    super::gold::objects(path, &text)?
        .into_iter()
        .map(|(object, line)| {
            let described: Described = serde_json::from_value(object.into()).map_err(|_| {
                let expected = "not {label, name, description, examples[]}";
                Error::file(path, format!("line {line}: {expected}"), "label is needed; all but examples are strings")
            })?;
            if !seen.insert(described.label.clone()) {
                return Err(Error::file(path, format!("line {line}: the label occurs twice"), "keep one line a label"));
            }
            Ok(described)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::turn::tests::{gold_file, tiny_vectors};
    use super::*;

    const TRAIN: &str = "text,label\nlate parcel,a\nparcel late,a\nlate late parcel,a\nopen account,b\naccount open,b\n\
                         open open account,b\n";

    #[test]
    fn examples_seen_in_training_are_told_apart() {
        let (_a, train) = gold_file("train.csv", TRAIN);
        let evaluation = from_examples(&train, &train, &Columns::default(), tiny_vectors().encoder()).unwrap();
        assert_eq!(evaluation.figure("accuracy").unwrap().value, Some(1.0));
        assert_eq!(evaluation.figure("macro_f1").unwrap().value, Some(1.0));
        assert_eq!(evaluation.count_of("n"), Some(6));
        assert!(evaluation.figure("oos_recall").is_none());
    }

    #[test]
    fn labels_that_were_never_seen_are_out_of_scope_and_left_out_of_the_forced_choice() {
        let (_a, train) = gold_file("train.csv", TRAIN);
        let (_b, test) = gold_file("test.csv", "text,label\nlate parcel,a\nopen account,b\nthank you bye,oos\n");
        let evaluation = from_examples(&train, &test, &Columns::default(), tiny_vectors().encoder()).unwrap();
        let accuracy = evaluation.figure("accuracy").unwrap();
        assert_eq!((accuracy.value, accuracy.n), (Some(1.0), 2));
        assert_eq!(evaluation.figure("oos_recall").unwrap().n, 1);
        assert_eq!(evaluation.figure("in_scope_accuracy").unwrap().n, 2);
        let json = serde_json::to_value(&evaluation).unwrap();
        for key in ["accuracy", "macro_f1", "n", "in_scope_accuracy", "oos_recall", "oos_precision"] {
            assert!(json.get(key).is_some(), "{key}");
        }
    }

    #[test]
    fn only_a_label_with_words_names_itself() {
        assert_eq!(name_of("card_arrival").as_deref(), Some("card arrival"));
        assert_eq!(name_of("livraison.retard").as_deref(), Some("livraison retard"));
        for bare in ["17", "a", "L_3", ""] {
            assert_eq!(name_of(bare), None);
        }
    }

    #[test]
    fn a_description_that_is_the_text_itself_wins() {
        let (_a, labels) = gold_file(
            "labels.jsonl",
            "{\"label\":\"x_late\",\"name\":\"late parcel\",\"description\":\"the parcel is late\",\"examples\":[]}\n\
             {\"label\":\"y\",\"name\":\"account\",\"description\":\"open an account\"}\n",
        );
        let (_b, gold) = gold_file("g.tsv", "label\ttext\nx_late\tthe parcel is late\ny\topen an account\n");
        let evaluation = from_descriptions(&gold, &labels, &Columns::default(), tiny_vectors().encoder()).unwrap();
        assert_eq!(evaluation.figure("accuracy").unwrap().value, Some(1.0));
    }

    #[test]
    fn labels_files_are_checked_by_line() {
        let twice = "{\"label\":\"a\"}\n{\"label\":\"a\"}\n";
        let wrong = "{\"label\":\"a\"}\n{\"name\":\"secret\"}\n";
        for text in [twice, wrong] {
            let (_folder, path) = gold_file("labels.jsonl", text);
            let error = descriptions(&path).unwrap_err().to_string();
            assert!(error.contains("line 2") && !error.contains("secret"), "{error}");
        }
    }
}
