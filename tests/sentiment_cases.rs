//! The bundled model on cases that sentiment models get wrong: negation, sarcasm, emoji, and the stock phrases of every
//! contact, which must not swing a score. `data/evaluation/sentiment_cases.csv`; but for stock phrases, no training line is among them.

#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot go on should say where.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use motif::encode::Vectors;
use motif::evaluate::sentiment::probabilities;
use motif::evaluate::turn::Limits;
use motif::label::sentiment::{LABELS, Probabilities, SentimentHead, of_contact, turn_score};
use motif::model::{Encoder, EncoderOptions, bundled};

/// Cases that the model of today gets wrong. A change that mends one takes it off this list; none may be added but with a
/// better model at large.
const KNOWN_MISSES: &[&str] = &[
    "Ce n'est pas cher, et ça ne casse pas.",
    "You never let me down.",
    "It is neither quick nor easy to use.",
    "Nothing has been refunded.",
    "Quelle efficacité : trois techniciens, zéro réparation.",
    "Un grand merci au livreur qui a jeté le carton par-dessus la haie.",
    "Three engineers, zero repairs, how efficient.",
    "A big thank you to the driver who threw the box over the hedge.",
    "👍",
    "merci😊",
    "thanks😊",
    "Au top, comme toujours 🙄",
    "Amazing service as ever 🙄",
];
/// Kernels round differently; a case nearer to the border than this may fall on either side.
const BORDER: f32 = 0.1;

struct Case {
    text: String,
    label: usize,
    kind: String,
    said: Probabilities,
}

fn cases() -> Vec<Case> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/evaluation/sentiment_cases.csv");
    let mut reader = csv::Reader::from_path(file).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let texts: Vec<&str> = rows.iter().map(|row| &row[0]).collect();
    let said = said(&texts);
    rows.iter()
        .zip(said)
        .map(|(row, said)| Case {
            text: row[0].to_owned(),
            label: LABELS.iter().position(|label| *label == &row[1]).unwrap(),
            kind: row[3].to_owned(),
            said,
        })
        .collect()
}

fn said(texts: &[&str]) -> Vec<Probabilities> {
    let encoder = Encoder::load(&bundled::files().unwrap(), EncoderOptions::default()).unwrap();
    let mut vectors = Vectors::new(encoder, None).unwrap();
    let head = SentimentHead::of(&vectors, &BTreeMap::new()).unwrap().unwrap();
    probabilities(texts, Limits::default(), &head, &mut vectors).unwrap()
}

#[test]
fn what_the_model_gets_right_stays_right() {
    let mut missed = BTreeSet::new();
    let mut mended = Vec::new();
    let cases = cases();
    assert!(cases.len() > 80);
    for case in &cases {
        let best_other = (0..3).filter(|class| *class != case.label).map(|class| case.said[class]).fold(0.0, f32::max);
        let ahead = case.said[case.label] - best_other;
        if ahead < -BORDER {
            missed.insert(case.text.as_str());
        } else if ahead > BORDER && KNOWN_MISSES.contains(&case.text.as_str()) {
            mended.push(case.text.as_str());
        }
    }
    let new: Vec<&&str> = missed.iter().filter(|text| !KNOWN_MISSES.contains(text)).collect();
    assert!(new.is_empty(), "{} new misses: {new:#?}", new.len());
    assert!(mended.is_empty(), "take these off the list: {mended:#?}");
}

#[test]
fn stock_phrases_do_not_swing_a_score() {
    let cases = cases();
    let stock: Vec<&Case> = cases.iter().filter(|case| case.kind == "boilerplate").collect();
    assert!(stock.len() > 10);
    for case in &stock {
        assert!(turn_score(&case.said).abs() < 30.0, "{}: {:?}", case.text, case.said);
    }
    let alone: Vec<Probabilities> = stock.iter().map(|case| case.said).collect();
    assert_eq!(of_contact(&alone).unwrap().score, 0.0);
    for (text, label) in [
        ("Votre livreur a encore menti et mon frigo est cassé, c'est inadmissible.", 0),
        ("Mon dossier avance comment ?", 1),
        ("Le technicien a été formidable, tout remarche, je suis ravie !", 2),
    ] {
        let [turn] = said(&[text])[..] else { panic!("one text, one turn") };
        let around = [alone[0], turn, alone[2], alone[6]];
        assert_eq!(usize::from(of_contact(&around).unwrap().label), label, "{text}: {turn:?}");
    }
}
