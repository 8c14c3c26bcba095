//! `motif evaluate repeat`: are two texts of one customer about the same issue, from their meaning alone.

use std::path::Path;

use super::figures::Evaluation;
use super::gold::{Columns, Field, Gold};
use super::ranking::{auc, average_precision};
use super::turn::{Limits, turns};
use crate::encode::Vectors;
use crate::error::Result;
use crate::label::Catalogue;
use crate::label::reason::ReasonModel;
use crate::label::shipped;
use crate::repeat::{Markers, Meaning, Said};

const FIELDS: [Field; 3] = [Field::required(&["text_a"]), Field::required(&["text_b"]), Field::required(&["same"])];

/// Measures the repeat search on a file of `text_a,text_b,same` (0 or 1): `auc`, `average_precision`, and precision,
/// recall and `f1` at the threshold that ships. Each text is a contact of one turn; there is no identity, no time and
/// no e-mail header.
///
/// # Errors
/// The file is not as it should be, or a text could not be encoded.
pub fn evaluate(
    gold: &Path,
    columns: &Columns,
    catalogue: &Catalogue,
    limits: Limits,
    vectors: &mut Vectors,
) -> Result<Evaluation> {
    let gold = Gold::read(gold, columns, &FIELDS)?;
    let same = (0..gold.len())
        .map(|row| gold.flag(row, 2)?.ok_or_else(|| gold.wrong(row, 2, "is empty", "write 0 or 1")))
        .collect::<Result<Vec<bool>>>()?;
    let reasons = ReasonModel::learn(&catalogue.taxonomy, &catalogue.background, None, vectors)?;
    let first = meanings(&gold.texts(0)?, &reasons, limits, vectors)?;
    let second = meanings(&gold.texts(1)?, &reasons, limits, vectors)?;
    // A text without a word says nothing: no link.
    let scores: Vec<f64> =
        first.iter().zip(&second).map(|pair| pair_probability(pair.0.as_ref(), pair.1.as_ref())).collect();

    let mut evaluation = Evaluation::new("Same issue, from the meaning of two texts");
    evaluation.model(vectors.encoder());
    evaluation.fact("threshold", shipped::REPEAT_THRESHOLD);
    evaluation.count("n", gold.len());
    let pick = |rows: &[usize]| -> (Vec<f64>, Vec<bool>) {
        (rows.iter().map(|&row| scores[row]).collect(), rows.iter().map(|&row| same[row]).collect())
    };
    let ranked = |measure: fn(&[f64], &[bool]) -> Option<f64>| {
        move |rows: &[usize]| {
            let (scores, same) = pick(rows);
            measure(&scores, &same)
        }
    };
    evaluation.statistic("auc", gold.len(), ranked(auc));
    evaluation.statistic("average_precision", gold.len(), ranked(average_precision));
    let verdicts: Vec<(bool, bool)> =
        same.iter().zip(&scores).map(|(same, score)| (*same, *score >= shipped::REPEAT_THRESHOLD)).collect();
    evaluation.binary("", &verdicts);
    let right = verdicts.iter().filter(|(is, said)| is == said).count();
    evaluation.share("accuracy", right as u64, verdicts.len() as u64);
    Ok(evaluation)
}

/// The meaning of each text, as a contact of one turn.
///
/// # Errors
/// A text could not be encoded.
pub fn meanings(
    texts: &[&str],
    reasons: &ReasonModel,
    limits: Limits,
    vectors: &mut Vectors,
) -> Result<Vec<Option<Meaning>>> {
    let markers = Markers::shipped()?;
    let turns = turns(texts, limits, vectors)?;
    Ok(turns
        .iter()
        .zip(texts)
        .map(|(turn, text)| {
            let mut said = Said::default();
            said.hear(text, &markers.find(text));
            let passages = turn.passages();
            Meaning::new(&passages, &reasons.verdict(&passages, &[]), said)
        })
        .collect())
}

fn pair_probability(first: Option<&Meaning>, second: Option<&Meaning>) -> f64 {
    first.zip(second).map_or(0.0, |(first, second)| first.same_issue(second))
}

#[cfg(test)]
mod tests {
    use super::super::turn::tests::{gold_file, tiny_vectors};
    use super::*;

    #[test]
    fn a_text_is_nearer_to_itself_than_to_another() {
        let rows = "text_a,text_b,same\nlate parcel,late parcel,1\nlate parcel,open an account today,0\n\
                    my bill is wrong,my bill is wrong,1\nmy bill is wrong,late parcel,0\n";
        let (_folder, path) = gold_file("g.csv", rows);
        let catalogue = Catalogue::shipped().unwrap();
        let evaluation =
            evaluate(&path, &Columns::default(), &catalogue, Limits::default(), &mut tiny_vectors()).unwrap();
        assert_eq!(evaluation.figure("auc").unwrap().value, Some(1.0));
        assert_eq!(evaluation.count_of("n"), Some(4));
    }
}
