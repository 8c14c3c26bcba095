//! `motif evaluate taxonomy`: which reason of a taxonomy a text has, and whether it has any, as a run says it.

use std::path::Path;

use super::figures::Evaluation;
use super::gold::{Columns, Field, Gold};
use super::turn::{Limits, turns};
use crate::encode::Vectors;
use crate::error::Result;
use crate::label::reason::ReasonModel;
use crate::label::shipped;
use crate::label::taxonomy::{BilingualList, OTHER, Taxonomy, UNCLEAR};

const FIELDS: [Field; 2] = [Field::required(&["text"]), Field::required(&["label", "reason"])];

/// Measures the reasons of a taxonomy on a file of `text,label`, a label being the id of a reason, `other` or `unclear`: `accuracy` (the
/// reason that a run gives is the label), `l1_accuracy` (its first level is), `reason_accuracy` (of texts with a reason; to call one
/// `other` or `unclear` is a mistake), and `other_precision`, `other_recall` and `other_f1`. Each text is a contact of one turn. `threshold` is that of belonging to a reason, `None`: the
/// shipped one.
///
/// # Errors
/// The file is not as it should be, a label is not one of the taxonomy, or a text could not be encoded.
pub fn evaluate(
    gold: &Path,
    columns: &Columns,
    (taxonomy, background): (&Taxonomy, &BilingualList),
    threshold: Option<f64>,
    limits: Limits,
    vectors: &mut Vectors,
) -> Result<Evaluation> {
    let gold = Gold::read(gold, columns, &FIELDS)?;
    let labels = gold.labels(1)?;
    for (row, label) in labels.iter().enumerate() {
        if ![OTHER, UNCLEAR].contains(label) && taxonomy.reason(label).is_none() {
            return Err(gold.wrong(
                row,
                1,
                "names a reason that the taxonomy does not have",
                "write the id of a reason, `other` or `unclear`",
            ));
        }
    }
    let reasons = ReasonModel::learn(taxonomy, background, threshold, vectors)?;
    let group = |id: &str| taxonomy.reason(id).map_or(id.to_owned(), |reason| reason.group.clone());
    let rows: Vec<Row> = turns(&gold.texts(0)?, limits, vectors)?
        .iter()
        .zip(labels)
        .map(|(turn, label)| {
            let said = reasons.verdict(&turn.passages(), &[]).hits.swap_remove(0).id;
            Row {
                has_reason: ![OTHER, UNCLEAR].contains(&label),
                is_right: said == label,
                is_right_l1: group(&said) == group(label),
                is_other: label == OTHER,
                said_other: said == OTHER,
            }
        })
        .collect();
    let mut evaluation = Evaluation::new("Reasons of a taxonomy");
    evaluation.model(vectors.encoder());
    evaluation.fact("threshold", threshold.unwrap_or(shipped::REASON_THRESHOLD));
    evaluation.count("n", rows.len());
    evaluation.count("reasons", taxonomy.reasons.len());
    add_figures(&mut evaluation, &rows);
    Ok(evaluation)
}

/// What is known of one text.
#[derive(Debug, Clone, Copy)]
struct Row {
    has_reason: bool,
    is_right: bool,
    is_right_l1: bool,
    is_other: bool,
    said_other: bool,
}

fn add_figures(evaluation: &mut Evaluation, rows: &[Row]) {
    let count = |wanted: fn(&Row) -> bool| rows.iter().filter(|row| wanted(row)).count() as u64;
    let n = rows.len() as u64;
    evaluation.share("accuracy", count(|row| row.is_right), n);
    evaluation.share("l1_accuracy", count(|row| row.is_right_l1), n);
    evaluation.share("reason_accuracy", count(|row| row.has_reason && row.is_right), count(|row| row.has_reason));
    let other: Vec<(bool, bool)> = rows.iter().map(|row| (row.is_other, row.said_other)).collect();
    evaluation.binary("other_", &other);
}

#[cfg(test)]
mod tests {
    use super::super::turn::tests::{gold_file, tiny_vectors};
    use super::*;
    use crate::label::Catalogue;

    fn evaluated(text: &str) -> Result<Evaluation> {
        let (_folder, gold) = gold_file("g.csv", text);
        let catalogue = Catalogue::shipped().unwrap();
        let (taxonomy, background) = (&catalogue.taxonomy, &catalogue.background);
        let (none, limits) = (Columns::default(), Limits::default());
        evaluate(&gold, &none, (taxonomy, background), Some(0.0), limits, &mut tiny_vectors())
    }

    #[test]
    fn figures_are_those_worked_out_by_hand() {
        let row = |has_reason, is_right, is_right_l1, is_other, said_other| Row {
            has_reason,
            is_right,
            is_right_l1,
            is_other,
            said_other,
        };
        let rows = [
            row(true, true, true, false, false),
            row(true, false, true, false, false),
            row(true, false, false, false, true),
            row(false, true, true, true, true),
            row(false, false, false, true, false),
            // `unclear`, taken for it.
            row(false, true, true, false, false),
        ];
        let mut evaluation = Evaluation::new("test");
        add_figures(&mut evaluation, &rows);
        let value = |name: &str| {
            let figure = evaluation.figure(name).unwrap();
            (figure.value.unwrap(), figure.n)
        };
        assert_eq!(value("accuracy"), (0.5, 6));
        assert_eq!(value("l1_accuracy"), (4.0 / 6.0, 6));
        assert_eq!(value("reason_accuracy"), (1.0 / 3.0, 3));
        assert_eq!(value("other_precision"), (0.5, 2));
        assert_eq!(value("other_recall"), (0.5, 2));
        assert_eq!(value("other_f1").0, 0.5);
    }

    #[test]
    fn every_label_of_the_taxonomy_is_measured_and_another_one_is_refused_by_its_line() {
        let evaluation =
            evaluated("text,label\nlate parcel,delivery.late\nmerci,unclear\nI want a job,other\n").unwrap();
        assert_eq!(evaluation.count_of("n"), Some(3));
        let json = serde_json::to_value(&evaluation).unwrap();
        for (name, n) in [("accuracy", 3), ("l1_accuracy", 3), ("reason_accuracy", 1), ("other_recall", 1)] {
            assert!(json[name].is_number() && json[format!("{name}_n")] == n, "{name}: {json}");
        }
        let error = evaluated("text,reason\nlate parcel,delivery.lost_in_space\n").unwrap_err().to_string();
        assert!(
            error.ends_with(
                "line 2: column `label` names a reason that the taxonomy does not have; write the id of a reason, `other` or `unclear`"
            ),
            "{error}"
        );
    }
}
