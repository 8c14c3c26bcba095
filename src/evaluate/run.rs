//! `motif evaluate run`: the tables of a finished run against gold labels of its contacts.
//!
//! A gold row without a label for a task is left out of that task's figures. A labelled gold row that the run does not
//! have, or did not judge, is a mistake, never left out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::calibration::expected_calibration_error;
use super::classification::{Classified, share};
use super::corrected::corrected;
use super::figures::{Evaluation, Figure};
use super::gold::{Columns, Field, Gold};
use super::interval::bootstrap;
use super::known::Known;
use super::ranking::auc;
use super::run_tables::{RunContact, RunTables};
use super::sentiment::class_of;
use crate::error::Result;
use crate::label::sentiment::LABELS;

const FIELDS: [Field; 8] = [
    Field::required(&["contact_id"]),
    Field::optional(&["reason", "reason_id"]),
    Field::optional(&["reason_2", "reason_2_id"]),
    Field::optional(&["avoidable", "is_avoidable"]),
    Field::optional(&["avoidable_lenient", "is_avoidable_lenient"]),
    Field::optional(&["criterion", "criterion_id"]),
    Field::optional(&["sentiment", "sentiment_label"]),
    Field::optional(&["repeat_of", "repeat_of_contact_id"]),
];

/// Places in [`FIELDS`].
const REASON: usize = 1;
const SECOND: usize = 2;
const AVOIDABLE: usize = 3;
const LENIENT: usize = 4;
const CRITERION: usize = 5;
const SENTIMENT: usize = 6;
const REPEAT_OF: usize = 7;

/// What stands for a verdict that the run does not have.
const ABSENT: &str = "(none)";

/// One gold row.
struct Labels<'a> {
    id: &'a str,
    reason: Option<&'a str>,
    second: Option<&'a str>,
    avoidable: Option<bool>,
    lenient: Option<bool>,
    criterion: Option<&'a str>,
    sentiment: Option<&'a str>,
    repeat_of: Option<&'a str>,
    run: Option<&'a RunContact>,
}

impl Labels<'_> {
    /// How many of its reasons and of its criterion the run does not know.
    fn unknown_labels(&self, tables: &RunTables) -> usize {
        let reasons = self.reason.iter().chain(&self.second).filter(|id| tables.reasons.id(id).is_none());
        reasons.count() + usize::from(self.criterion.is_some_and(|id| tables.criteria.id(id).is_none()))
    }
}

/// Compares a finished run with gold labels by `contact_id`.
///
/// Figures: `reason_accuracy` (primary), `reason_any_accuracy` (the gold reason is among the primary and secondary
/// ones), `reason_l1_accuracy`, `reason_macro_f1`; `avoidable_*` and `avoidable_lenient_*` precision, recall, F1 and
/// accuracy, with the AUC and calibration error of the probability; `criterion_accuracy` among contacts rightly found
/// avoidable; `same_reason_pairs`: of all pairs of contacts with one gold reason, one avoidable and one not, the share
/// that the probability orders right (ties half); `sentiment_*`; `avoidable_rate`, `avoidable_rate_lenient` and `negative_share`, the
/// rates of the whole run, each with `*_corrected`, what it would be without the mistakes that the gold rows show if they were drawn at
/// random among its contacts (its `n` are gold rows); `repeat_*`: a gold repeat is found when the run puts
/// it in an episode with, or links it to, another contact of its gold chain, and a link is right when both ends are in
/// one gold chain. Chains are what `repeat_of` connects; a file without that column says nothing of repeats.
///
/// # Errors
/// A file is not as it should be; a sentiment is none of the three, or a label says yes by the strict criteria and no by the lenient
/// ones; a `repeat_of` names a contact that neither the gold file nor the run has.
pub fn evaluate(output: &Path, gold: &Path, columns: &Columns) -> Result<Evaluation> {
    let gold = Gold::read(gold, columns, &FIELDS)?;
    let tables = RunTables::read(output)?;
    let rows = labels(&gold, &tables)?;
    let mut evaluation = Evaluation::new("A finished run against gold labels");
    evaluation.count("n", rows.len());
    evaluation.count("missing_in_run", rows.iter().filter(|row| row.run.is_none()).count());
    let known: BTreeSet<&str> = rows.iter().map(|row| row.id).collect();
    let unlabelled = tables.contacts.keys().filter(|id| !known.contains(id.as_str())).count();
    evaluation.count("without_gold", unlabelled);
    evaluation.count("labels_unknown_to_run", rows.iter().map(|row| row.unknown_labels(&tables)).sum());
    reasons(&rows, &tables, &mut evaluation);
    avoidability(&rows, &mut evaluation);
    same_reason_pairs(&rows, &mut evaluation);
    let felt: Vec<(&str, &str)> = rows
        .iter()
        .filter_map(|row| Some((row.sentiment?, row.run.and_then(|run| run.sentiment.as_deref()).unwrap_or(ABSENT))))
        .collect();
    evaluation.classified("sentiment_", &Classified::new(felt));
    let negative = |sentiment: Option<&str>| sentiment.map(|sentiment| sentiment == "negative");
    rates("avoidable_rate", &rows, &tables, |row| row.avoidable, |run| run.is_avoidable, &mut evaluation);
    rates("avoidable_rate_lenient", &rows, &tables, |row| row.lenient, |run| run.is_avoidable_lenient, &mut evaluation);
    rates(
        "negative_share",
        &rows,
        &tables,
        |row| negative(row.sentiment),
        |run| negative(run.sentiment.as_deref()),
        &mut evaluation,
    );
    repeats(&rows, &tables, gold.has(REPEAT_OF), &mut evaluation);
    Ok(evaluation)
}

fn labels<'a>(gold: &'a Gold, tables: &'a RunTables) -> Result<Vec<Labels<'a>>> {
    let ids = gold.labels(0)?;
    let known: BTreeSet<&str> = ids.iter().copied().collect();
    let mut seen = BTreeSet::new();
    let filled = |row: usize, field: usize| gold.value(row, field).map(str::trim).filter(|text| !text.is_empty());
    // People may know of a reason that the taxonomy lacks: no verdict can be right then, and the label stays as it is written.
    let one_of = |row: usize, field: usize, known: &'a Known| {
        filled(row, field).map(|written| known.id(written).unwrap_or(written))
    };
    ids.iter()
        .enumerate()
        .map(|(row, id)| {
            if !seen.insert(*id) {
                return Err(gold.wrong(row, 0, "repeats an earlier contact", "keep one row per contact"));
            }
            let repeat_of = filled(row, REPEAT_OF);
            if repeat_of.is_some_and(|earlier| !known.contains(earlier) && !tables.contacts.contains_key(earlier)) {
                return Err(gold.wrong(
                    row,
                    REPEAT_OF,
                    "names a contact that neither this file nor the run has",
                    "write the contact_id of the earlier contact",
                ));
            }
            let (avoidable, lenient) = (gold.flag(row, AVOIDABLE)?, gold.flag(row, LENIENT)?);
            if avoidable == Some(true) && lenient == Some(false) {
                return Err(gold.wrong(
                    row,
                    LENIENT,
                    "is no where avoidable is yes",
                    "the lenient criteria hold the strict ones: correct one of the two",
                ));
            }
            Ok(Labels {
                id,
                reason: one_of(row, REASON, &tables.reasons),
                second: one_of(row, SECOND, &tables.reasons),
                avoidable,
                lenient,
                criterion: one_of(row, CRITERION, &tables.criteria),
                sentiment: filled(row, SENTIMENT).map(|written| sentiment(gold, row, written)).transpose()?,
                repeat_of,
                run: tables.contacts.get(*id),
            })
        })
        .collect()
}

/// The sentiment as the run writes it.
fn sentiment(gold: &Gold, row: usize, written: &str) -> Result<&'static str> {
    let unknown = || gold.wrong(row, SENTIMENT, "holds an unknown label", "write negative, neutral or positive");
    class_of(written).map(|class| LABELS[class]).ok_or_else(unknown)
}

fn reasons(rows: &[Labels], tables: &RunTables, evaluation: &mut Evaluation) {
    let labelled: Vec<(&Labels, &str)> = rows.iter().filter_map(|row| Some((row, row.reason?))).collect();
    let n = labelled.len() as u64;
    let said = |row: &Labels| row.run.and_then(|run| run.reason.clone()).unwrap_or_else(|| ABSENT.to_owned());
    let said: Vec<String> = labelled.iter().map(|(row, _)| said(row)).collect();
    let classified = Classified::new(labelled.iter().zip(&said).map(|((_, gold), said)| (*gold, said.as_str())));
    evaluation.classified("reason_", &classified);
    let count =
        |right: &dyn Fn(&Labels, &str) -> bool| labelled.iter().filter(|(row, gold)| right(row, gold)).count() as u64;
    let any = count(&|row, gold| row.run.is_some_and(|run| run.reasons.iter().any(|reason| reason == gold)));
    evaluation.share("reason_any_accuracy", any, n);
    // A second gold reason is as true as the first; which comes first is often a matter of taste.
    let either = count(&|row, gold| {
        row.run.and_then(|run| run.reason.as_deref()).is_some_and(|said| said == gold || Some(said) == row.second)
    });
    evaluation.share("reason_either_accuracy", either, n);
    let l1 = count(&|row, gold| row.run.and_then(|run| run.reason_l1.as_deref()) == Some(tables.l1(gold)));
    evaluation.share("reason_l1_accuracy", l1, n);
    evaluation.detail(&classified);
}

fn avoidability(rows: &[Labels], evaluation: &mut Evaluation) {
    let mut judge = |prefix: &str, gold: fn(&Labels) -> Option<bool>, said: fn(&RunContact) -> Option<bool>| {
        let verdicts: Vec<(bool, Option<bool>)> =
            rows.iter().filter_map(|row| Some((gold(row)?, row.run.and_then(said)))).collect();
        let right = verdicts.iter().filter(|(gold, said)| Some(*gold) == *said).count();
        evaluation.share(&format!("{prefix}accuracy"), right as u64, verdicts.len() as u64);
        let counted: Vec<(bool, bool)> = verdicts.iter().map(|(gold, said)| (*gold, said.unwrap_or(false))).collect();
        evaluation.binary(prefix, &counted);
    };
    judge("avoidable_", |row| row.avoidable, |run| run.is_avoidable);
    judge("avoidable_lenient_", |row| row.lenient, |run| run.is_avoidable_lenient);
    let scored: Vec<(bool, f64)> = rows
        .iter()
        .filter_map(|row| Some((row.avoidable?, row.run.and_then(|run| run.avoidable_probability).unwrap_or(0.0))))
        .collect();
    evaluation.statistic("avoidable_auc", scored.len(), |chosen| {
        let (gold, scores): (Vec<bool>, Vec<f64>) = chosen.iter().map(|&row| scored[row]).unzip();
        auc(&scores, &gold)
    });
    evaluation.statistic("avoidable_ece", scored.len(), |chosen| {
        // The confidence is that of the verdict "avoidable", so the bins compare it with the share that is.
        expected_calibration_error(chosen.iter().map(|&row| (scored[row].1, scored[row].0)))
    });
    let found: Vec<(&str, &str)> = rows
        .iter()
        .filter(|row| row.avoidable == Some(true) && row.run.and_then(|run| run.is_avoidable) == Some(true))
        .filter_map(|row| Some((row.criterion?, row.run.and_then(|run| run.criterion.as_deref()).unwrap_or(ABSENT))))
        .collect();
    let right = found.iter().filter(|(gold, said)| gold == said).count();
    evaluation.share("criterion_accuracy", right as u64, found.len() as u64);
}

/// The rate that the run gives, over all its contacts with a verdict, and the rate corrected by the labelled ones among them.
fn rates(
    name: &str,
    rows: &[Labels],
    tables: &RunTables,
    gold: impl Fn(&Labels) -> Option<bool>,
    said: impl Fn(&RunContact) -> Option<bool>,
    evaluation: &mut Evaluation,
) {
    let verdicts: Vec<bool> = tables.contacts.values().filter_map(&said).collect();
    let (yes, all) = (verdicts.iter().filter(|verdict| **verdict).count() as u64, verdicts.len() as u64);
    evaluation.share(name, yes, all);
    let sample: Vec<(bool, bool)> = rows.iter().filter_map(|row| Some((gold(row)?, said(row.run?)?))).collect();
    let corrected = corrected(yes, all, &sample);
    evaluation.figures.push(Figure {
        name: format!("{name}_corrected"),
        value: corrected.map(|corrected| corrected.value),
        interval: corrected.map(|corrected| corrected.interval),
        n: sample.len() as u64,
    });
}

/// Contacts that share their reason and differ in avoidability: a verdict that only follows the reason scores 0.5.
fn same_reason_pairs(rows: &[Labels], evaluation: &mut Evaluation) {
    let labelled: Vec<(&str, bool, Option<f64>)> = rows
        .iter()
        .filter_map(|row| Some((row.reason?, row.avoidable?, row.run.and_then(|run| run.avoidable_probability))))
        .collect();
    let mut pairs = Vec::new();
    for (first, (reason, avoidable, high)) in labelled.iter().enumerate() {
        for (second, (other, other_avoidable, low)) in labelled.iter().enumerate() {
            if reason == other && *avoidable && !*other_avoidable {
                let score = match (high, low) {
                    (Some(high), Some(low)) if high > low => 1.0,
                    (Some(high), Some(low)) if high == low => 0.5,
                    _ => 0.0,
                };
                pairs.push((first, second, score));
            }
        }
    }
    // Pairs share contacts, so the interval resamples contacts: a pair counts as often as both are drawn.
    let ordered = |chosen: &[usize]| {
        let mut times = vec![0.0f64; labelled.len()];
        chosen.iter().for_each(|&row| times[row] += 1.0);
        let weights: f64 = pairs.iter().map(|&(first, second, _)| times[first] * times[second]).sum();
        let right: f64 = pairs.iter().map(|&(first, second, score)| times[first] * times[second] * score).sum();
        (weights > 0.0).then(|| right / weights)
    };
    let all: Vec<usize> = (0..labelled.len()).collect();
    evaluation.figures.push(Figure {
        name: "same_reason_pairs".into(),
        value: ordered(&all),
        interval: bootstrap(labelled.len(), ordered),
        n: pairs.len() as u64,
    });
}

fn repeats(rows: &[Labels], tables: &RunTables, is_labelled: bool, evaluation: &mut Evaluation) {
    let chains = chains(rows);
    let chain = |id: &str| chains.get(id).copied();
    let mut members: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for (id, number) in &chains {
        members.entry(*number).or_default().push(id);
    }
    let together = |row: &Labels| {
        let (Some(number), Some(run)) = (chain(row.id), row.run) else { return false };
        let linked = run.linked_from.iter().any(|from| chain(from) == Some(number));
        let in_episode = members[&number]
            .iter()
            .filter(|other| **other != row.id)
            .filter_map(|other| tables.contacts.get(*other))
            .any(|other| run.episode.is_some() && other.episode == run.episode);
        linked || in_episode
    };
    // Contacts that are no customer contact (outbound, automatic) have no label at all and are no repeats.
    let judged: Vec<Judged> = rows
        .iter()
        .filter(|row| is_labelled && (row.reason.is_some() || row.repeat_of.is_some()))
        .map(|row| {
            let links = row.run.map_or(&[][..], |run| run.linked_from.as_slice());
            let number = chain(row.id);
            Judged {
                is_repeat: row.repeat_of.is_some(),
                is_found: row.repeat_of.is_some() && together(row),
                is_linked: !links.is_empty(),
                is_right: number.is_some() && links.iter().any(|from| chain(from) == number),
            }
        })
        .collect();
    let count = |wanted: fn(&Judged) -> bool| judged.iter().filter(|row| wanted(row)).count() as u64;
    evaluation.share("repeat_precision", count(|row| row.is_right), count(|row| row.is_linked));
    evaluation.share("repeat_recall", count(|row| row.is_found), count(|row| row.is_repeat));
    evaluation.statistic("repeat_f1", judged.len(), |chosen| {
        let count = |wanted: fn(&Judged) -> bool| chosen.iter().filter(|&&row| wanted(&judged[row])).count() as u64;
        let precision = share(count(|row| row.is_right), count(|row| row.is_linked));
        let recall = share(count(|row| row.is_found), count(|row| row.is_repeat));
        match (precision, recall) {
            (None, None) => None,
            (Some(precision), Some(recall)) if precision + recall > 0.0 => {
                Some(2.0 * precision * recall / (precision + recall))
            }
            _ => Some(0.0),
        }
    });
}

/// What is true and what the run says of one contact's coming back.
struct Judged {
    /// The gold file says so.
    is_repeat: bool,
    /// And the run has it together with its chain.
    is_found: bool,
    /// The run links it to an earlier contact.
    is_linked: bool,
    /// And that contact is of its chain.
    is_right: bool,
}

/// The chain of each contact that `repeat_of` connects with another, with a row of its own or not, by number.
fn chains<'a>(rows: &[Labels<'a>]) -> BTreeMap<&'a str, usize> {
    let mut chain: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        let Some(earlier) = row.repeat_of.filter(|earlier| *earlier != row.id) else { continue };
        let next = chain.len();
        let low = *chain.entry(earlier).or_insert(next);
        let high = *chain.entry(row.id).or_insert(low);
        // Relabelling by hand is quadratic at worst; gold files are small.
        chain.values_mut().filter(|number| **number == high).for_each(|number| *number = low);
    }
    chain
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{BooleanArray, Float64Array, StringArray};

    use super::super::run_tables::tests::write;
    use super::super::turn::tests::gold_file;
    use super::*;
    use crate::table::schema::{CONTACTS, LINKS};

    /// Four contacts; c is a repeat of a, d is not; e is in the gold file alone.
    const GOLD: &str = concat!(
        r#"{"contact_id":"a","reason":"delivery.late","avoidable":true,"avoidable_lenient":true,"criterion":"C02","sentiment":"negative","repeat_of":null}"#,
        "\n",
        r#"{"contact_id":"b","reason":"delivery.late","avoidable":false,"avoidable_lenient":true,"criterion":"C11","sentiment":"neutral","repeat_of":null}"#,
        "\n",
        r#"{"contact_id":"c","reason":"delivery.damaged","avoidable":false,"avoidable_lenient":false,"criterion":null,"sentiment":"neutral","repeat_of":"a"}"#,
        "\n",
        r#"{"contact_id":"d","reason":null,"avoidable":null,"avoidable_lenient":null,"criterion":null,"sentiment":null,"repeat_of":null}"#,
        "\n",
        r#"{"contact_id":"e","reason":"delivery.late","avoidable":true,"avoidable_lenient":true,"criterion":"C01","sentiment":"negative","repeat_of":null}"#,
        "\n",
    );

    fn evaluation(links: &[(&str, &str)]) -> Evaluation {
        evaluation_of(GOLD, links).unwrap()
    }

    fn evaluation_of(gold: &str, links: &[(&str, &str)]) -> Result<Evaluation> {
        recorded_evaluation_of(gold, links, None)
    }

    /// The same beside a `run.json`.
    fn recorded_evaluation_of(gold: &str, links: &[(&str, &str)], record: Option<&str>) -> Result<Evaluation> {
        let folder = tempfile::tempdir().unwrap();
        if let Some(record) = record {
            std::fs::write(folder.path().join("run.json"), record).unwrap();
        }
        let texts = |values: [Option<&str>; 4]| Arc::new(StringArray::from(values.to_vec())) as _;
        let flags = |values: [Option<bool>; 4]| Arc::new(BooleanArray::from(values.to_vec())) as _;
        write(
            &folder.path().join("contacts/contact_month=2026-01/part-0.parquet"),
            &CONTACTS,
            &[
                ("contact_id", texts([Some("a"), Some("b"), Some("c"), Some("d")])),
                ("reason_id", texts([Some("delivery.late"), Some("delivery.damaged"), Some("delivery.damaged"), None])),
                ("reason_2_id", texts([None, Some("delivery.late"), None, None])),
                ("reason_l1", texts([Some("delivery"), Some("delivery"), Some("delivery"), None])),
                ("is_avoidable", flags([Some(true), Some(true), Some(false), None])),
                ("is_avoidable_lenient", flags([Some(true), Some(true), Some(false), None])),
                (
                    "avoidable_probability",
                    Arc::new(Float64Array::from(vec![Some(0.9), Some(0.6), Some(0.1), None])) as _,
                ),
                ("criterion_id", texts([Some("C02"), Some("C02"), None, None])),
                ("sentiment_label", texts([Some("negative"), Some("negative"), Some("neutral"), None])),
                ("episode_id", texts([Some("ep-a"), Some("ep-b"), Some("ep-c"), None])),
            ],
        );
        let (from, to): (Vec<&str>, Vec<&str>) = links.iter().copied().unzip();
        write(
            &folder.path().join("links/part-0.parquet"),
            &LINKS,
            &[
                ("from_contact_id", Arc::new(StringArray::from(from)) as _),
                ("to_contact_id", Arc::new(StringArray::from(to)) as _),
            ],
        );
        let (_gold_folder, gold) = gold_file("gold.jsonl", gold);
        evaluate(folder.path(), &gold, &Columns::default())
    }

    fn value(evaluation: &Evaluation, name: &str) -> Option<f64> {
        evaluation.figure(name).unwrap().value
    }

    #[test]
    fn missing_contacts_are_mistakes_and_unlabelled_ones_are_left_out() {
        let evaluation = evaluation(&[("a", "c")]);
        assert_eq!(evaluation.count_of("missing_in_run"), Some(1));
        // a and c right, b wrong, e missing.
        assert_eq!(value(&evaluation, "reason_accuracy"), Some(0.5));
        assert_eq!(value(&evaluation, "reason_any_accuracy"), Some(0.75));
        assert_eq!(value(&evaluation, "reason_l1_accuracy"), Some(0.75));
        assert_eq!(value(&evaluation, "avoidable_accuracy"), Some(0.5));
        assert_eq!(value(&evaluation, "avoidable_precision"), Some(0.5));
        assert_eq!(value(&evaluation, "avoidable_recall"), Some(0.5));
        assert_eq!(value(&evaluation, "avoidable_lenient_recall"), Some(2.0 / 3.0));
        assert_eq!(value(&evaluation, "criterion_accuracy"), Some(1.0));
        assert_eq!(value(&evaluation, "sentiment_accuracy"), Some(0.5));
    }

    const RECORD: &str = r#"{"labels": {
        "reasons": {"delivery.late": {"fr": "Retard de livraison", "en": "Late delivery", "l1": "delivery"},
                    "delivery.damaged": {"fr": "Colis abîmé", "en": "Damaged parcel", "l1": "delivery"}},
        "criteria": {"C01": {"fr": "Relance", "en": "Chase"}, "C02": {"fr": "Promesse non tenue", "en": "Promise missed"},
                     "C11": {"fr": "Suivi", "en": "Tracking"}}}}"#;

    #[test]
    fn labels_are_taken_in_any_case_by_their_names_and_in_french() {
        let written = GOLD
            .replacen("delivery.late", "Delivery.LATE", 1)
            .replacen("delivery.late", "Retard de livraison", 1)
            .replace("C02", "c02")
            .replace("negative", "Négatif")
            .replace("neutral", "neutre");
        assert_ne!(written, GOLD);
        let told = recorded_evaluation_of(&written, &[("a", "c")], Some(RECORD)).unwrap();
        let plain = recorded_evaluation_of(GOLD, &[("a", "c")], Some(RECORD)).unwrap();
        assert_eq!(told, plain);
        assert_eq!(value(&told, "sentiment_accuracy"), Some(0.5));
    }

    #[test]
    fn reasons_and_criteria_that_the_run_does_not_know_are_counted_and_wrong() {
        let written = GOLD.replacen("delivery.damaged", "delivery.stolen", 1).replacen("\"C11\"", "\"C99\"", 1);
        let told = recorded_evaluation_of(&written, &[], Some(RECORD)).unwrap();
        let unknown = |evaluation: &Evaluation| evaluation.count_of("labels_unknown_to_run").unwrap();
        assert_eq!(unknown(&told), 2);
        assert_eq!(unknown(&recorded_evaluation_of(GOLD, &[], Some(RECORD)).unwrap()), 0);
    }

    #[test]
    fn sentiments_that_are_none_and_verdicts_that_contradict_themselves_are_refused() {
        for (was, is, told) in [
            (
                "\"negative\"",
                "\"content\"",
                "line 1: column `sentiment` holds an unknown label; write negative, neutral",
            ),
            (
                r#""avoidable":true,"avoidable_lenient":true"#,
                r#""avoidable":"oui","avoidable_lenient":"non""#,
                "line 1: column `avoidable_lenient` is no where avoidable is yes; the lenient criteria hold the strict",
            ),
        ] {
            let written = GOLD.replacen(was, is, 1);
            assert_ne!(written, GOLD);
            let error = recorded_evaluation_of(&written, &[], Some(RECORD)).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
            assert!(!error.contains("content"), "{error}");
        }
    }

    #[test]
    fn rates_of_the_run_stand_beside_those_corrected_by_the_labels() {
        let evaluation = evaluation(&[]);
        // a and b are called avoidable, c is not; d has no verdict. By the labels b is not: one of three. e is not in the run.
        let (said, corrected) =
            (evaluation.figure("avoidable_rate").unwrap(), evaluation.figure("avoidable_rate_corrected").unwrap());
        assert_eq!((said.value, said.n), (Some(2.0 / 3.0), 3));
        assert!((corrected.value.unwrap() - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(corrected.n, 3);
        assert!((value(&evaluation, "avoidable_rate_lenient_corrected").unwrap() - 2.0 / 3.0).abs() < 1e-12);
        // a and b are taken for negative, c is not; b is neutral.
        assert!((value(&evaluation, "negative_share_corrected").unwrap() - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn pairs_of_one_reason_are_ordered_by_probability() {
        // Pairs of delivery.late: (a, b) in order; (e, b) wrong, since e is missing.
        let evaluation = evaluation(&[]);
        let pairs = evaluation.figure("same_reason_pairs").unwrap();
        assert_eq!((pairs.value, pairs.n), (Some(0.5), 2));
    }

    #[test]
    fn a_link_inside_the_gold_chain_is_right_and_any_other_is_wrong() {
        let right = evaluation(&[("a", "c")]);
        assert_eq!((value(&right, "repeat_precision"), value(&right, "repeat_recall")), (Some(1.0), Some(1.0)));
        assert_eq!(value(&right, "repeat_f1"), Some(1.0));
        let wrong = evaluation(&[("a", "b"), ("b", "c")]);
        assert_eq!((value(&wrong, "repeat_precision"), value(&wrong, "repeat_recall")), (Some(0.0), Some(0.0)));
    }

    #[test]
    fn a_gold_file_without_repeats_says_nothing_of_them() {
        let gold = r#"{"contact_id":"a","reason":"delivery.late"}
{"contact_id":"c","reason":"delivery.damaged"}"#;
        let evaluation = evaluation_of(gold, &[("a", "c")]).unwrap();
        for name in ["repeat_precision", "repeat_recall", "repeat_f1"] {
            let figure = evaluation.figure(name).unwrap();
            assert_eq!((figure.value, figure.n), (None, 0), "{name}");
        }
    }

    #[test]
    fn the_earlier_contact_needs_no_row_of_its_own_and_must_exist() {
        let gold = r#"{"contact_id":"c","reason":"delivery.damaged","repeat_of":"a"}"#;
        let evaluation = evaluation_of(gold, &[("a", "c")]).unwrap();
        assert_eq!(value(&evaluation, "repeat_precision"), Some(1.0));
        assert_eq!((value(&evaluation, "repeat_recall"), value(&evaluation, "repeat_f1")), (Some(1.0), Some(1.0)));
        let error = evaluation_of(&gold.replace("\"a\"", "\"nobody\""), &[]).unwrap_err().to_string();
        assert!(error.contains("line 1: column `repeat_of`") && !error.contains("nobody"), "{error}");
    }
}
