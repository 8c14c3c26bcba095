//! The demo, end to end: the main job without arguments, its tables, and floors under its quality.
//!
//! The floors are well under what the README states; they fall when a stage stops working, not when a figure moves.
//! A sentiment head of zeros gives every turn the same probabilities and falls under the sentiment floor; a taxonomy
//! without examples falls under the reason floor.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // A test that cannot go on should say where.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use arrow::array::AsArray;
use arrow::datatypes::DataType;
use common::{expect, motif, parquet_hashes, record};
use motif::encode::Vectors;
use motif::evaluate::sentiment::probabilities;
use motif::evaluate::turn::Limits;
use motif::label::sentiment::SentimentHead;
use motif::label::worded::Passage;
use motif::label::{Catalogue, Labeller};
use motif::model::{Encoder, EncoderOptions, bundled};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

static OUTPUT: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    expect(0, &mut motif(&["run", "--quiet", "--output", folder.path().to_str().unwrap()]));
    folder
});

fn evaluation() -> serde_json::Value {
    let output = OUTPUT.path().to_str().unwrap();
    let text =
        expect(0, &mut motif(&["evaluate", "run", "--output", output, "--gold", "data/demo/gold.jsonl", "--json"]));
    serde_json::from_str(&text).unwrap()
}

#[test]
fn every_demo_record_becomes_a_contact_and_every_table_is_written() {
    let record = record(OUTPUT.path());
    assert_eq!(record["counts"]["records"], 236);
    assert_eq!(record["counts"]["contacts"], 236);
    assert_eq!(record["counts"]["rejects"], 0);
    for table in ["contacts", "turns", "spans", "links", "episodes", "kpi", "faq_gaps", "faq_articles"] {
        assert!(OUTPUT.path().join(table).is_dir(), "{table}");
        assert!(record["tables"][table].as_u64().unwrap() > 0, "{table} is empty");
    }
    let report = std::fs::read_to_string(OUTPUT.path().join("report.html")).unwrap();
    assert!(report.contains("lang=\"fr\"") && report.contains("lang=\"en\""));
}

#[test]
fn every_named_reason_has_its_words_in_a_turn() {
    // FR-E031 says it best in the subject line, which is no turn: its evidence is in the body all the same.
    let column = |table: &str, name: &str| -> Vec<Option<String>> {
        let mut values = Vec::new();
        for file in parquet_hashes(OUTPUT.path()).into_keys().filter(|file| file.starts_with(table)) {
            let file = std::fs::File::open(OUTPUT.path().join(file)).unwrap();
            for batch in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap() {
                let batch = batch.unwrap();
                let texts = arrow::compute::cast(batch.column_by_name(name).unwrap(), &DataType::Utf8).unwrap();
                values.extend(texts.as_string::<i32>().iter().map(|value| value.map(str::to_owned)));
            }
        }
        values
    };
    let evidence: BTreeSet<_> = std::iter::zip(column("spans", "contact_id"), column("spans", "ref_id")).collect();
    for (contact, reason) in std::iter::zip(column("contacts", "contact_id"), column("contacts", "reason_id")) {
        let is_named = reason.as_deref().is_some_and(|reason| !["other", "unclear"].contains(&reason));
        assert!(!is_named || evidence.contains(&(contact.clone(), reason.clone())), "{contact:?}: {reason:?}");
    }
}

#[test]
fn verdicts_stay_above_their_floors() {
    let figures = evaluation();
    for (name, floor) in [
        ("reason_accuracy", 0.45),
        ("reason_l1_accuracy", 0.55),
        ("avoidable_f1", 0.55),
        ("avoidable_auc", 0.72),
        ("sentiment_macro_f1", 0.55),
        ("repeat_precision", 0.6),
        ("repeat_recall", 0.3),
        ("same_reason_pairs", 0.7),
    ] {
        let value = figures[name].as_f64().unwrap_or_else(|| panic!("{name} is missing in {figures}"));
        assert!(value >= floor, "{name} is {value}, under its floor {floor}");
    }
}

#[test]
fn a_second_run_encodes_nothing() {
    let output = OUTPUT.path().to_str().unwrap();
    let text = expect(0, &mut motif(&["run", "--json", "--output", output]));
    let summary: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(summary["encoded"], 0);
}

/// The two-message set on which a working sentiment head cannot be indifferent.
#[test]
fn the_sentiment_head_tells_anger_from_thanks() {
    let encoder = Encoder::load(&bundled::files().unwrap(), EncoderOptions::default()).unwrap();
    let mut vectors = Vectors::new(encoder, None).unwrap();
    let texts = ["C'est inadmissible, je suis furieux.", "Merci infiniment, vous êtes formidables !"];
    let head = SentimentHead::of(&vectors, &BTreeMap::new()).unwrap().unwrap();
    let felt = probabilities(&texts, Limits::default(), &head, &mut vectors).unwrap();
    assert!(felt[0][0] > 0.6, "{felt:?}");
    assert!(felt[1][2] > 0.6, "{felt:?}");
}

/// Words that no name or description of the taxonomy holds: without the examples they are not recognised.
#[test]
fn the_examples_of_the_taxonomy_decide() {
    let encoder = Encoder::load(&bundled::files().unwrap(), EncoderOptions::default()).unwrap();
    let mut vectors = Vectors::new(encoder, None).unwrap();
    let messages = std::fs::read_to_string(common::root().join("data/calibration/messages.jsonl")).unwrap();
    let rows: Vec<serde_json::Value> = messages.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut accuracy = |is_stripped: bool| {
        let mut catalogue = Catalogue::shipped().unwrap();
        if is_stripped {
            for reason in &mut catalogue.taxonomy.reasons {
                reason.examples = Default::default();
            }
        }
        let labeller = Labeller::learn(
            catalogue.taxonomy,
            &catalogue.criteria,
            &catalogue.background,
            &Default::default(),
            &Default::default(),
            &mut vectors,
        )
        .unwrap();
        let texts: Vec<&str> = rows.iter().map(|row| row["text"].as_str().unwrap()).collect();
        vectors.ensure(texts.iter().copied()).unwrap();
        let right = rows.iter().zip(&texts).filter(|(row, text)| {
            let vector = vectors.get(text).unwrap();
            let verdict = labeller.reasons().verdict(&[Passage::new(text, &vector.embedding)], &[]);
            verdict.hits[0].id == row["reason"].as_str().unwrap()
        });
        right.count() as f64 / rows.len() as f64
    };
    let (with, without) = (accuracy(false), accuracy(true));
    assert!(with > 0.5, "{with}");
    assert!(with > without + 0.03, "{with} with examples, {without} without");
}

#[test]
fn the_report_states_the_rates_as_labels_correct_them() {
    let output = OUTPUT.path().to_str().unwrap();
    let page = || std::fs::read_to_string(OUTPUT.path().join("report.html")).unwrap();
    let report = |gold: &str, code: i32| expect(code, &mut motif(&["report", "--output", output, "--gold", gold]));
    let before = page();
    assert!(!before.contains("Corrected by a sample"));
    // Labels of other contacts correct nothing, and leave the report as it was.
    let folder = tempfile::tempdir().unwrap();
    let strange = folder.path().join("labels.csv");
    std::fs::write(&strange, "contact_id,avoidable\nnobody,true\n").unwrap();
    report(strange.to_str().unwrap(), 2);
    assert_eq!(page(), before);
    report("data/demo/gold.jsonl", 0);
    let percent = format!("{:.0}%", 100.0 * evaluation()["avoidable_rate_corrected"].as_f64().unwrap());
    assert!(
        page().contains(&format!("<strong>Corrected by a sample labelled by hand: {percent}</strong>")),
        "{percent}"
    );
    expect(0, &mut motif(&["report", "--output", output]));
    assert_eq!(page(), before, "without labels the report is what the run wrote");
}

#[test]
fn the_schema_command_lists_what_the_tables_hold() {
    let text = expect(0, &mut motif(&["schema", "--json"]));
    let tables: serde_json::Value = serde_json::from_str(&text).unwrap();
    let declared: Vec<&str> = tables
        .as_array()
        .unwrap()
        .iter()
        .find(|table| table["name"] == "turns")
        .map(|table| {
            table["columns"].as_array().unwrap().iter().map(|column| column["name"].as_str().unwrap()).collect()
        })
        .unwrap();
    let file = std::fs::File::open(Path::new(OUTPUT.path()).join("turns/part-0000.parquet")).unwrap();
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let written: Vec<String> = reader.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(written, declared);
}

#[test]
fn the_schema_command_speaks_french_and_english() {
    let english = expect(0, &mut motif(&["schema", "turns"]));
    let french = expect(0, &mut motif(&["schema", "turns", "--language", "fr"]));
    let tables: serde_json::Value =
        serde_json::from_str(&expect(0, &mut motif(&["schema", "turns", "--json"]))).unwrap();
    let column = &tables[0]["columns"][0];
    for (text, row, meaning) in [(english, "row", "meaning"), (french, "row_fr", "meaning_fr")] {
        assert!(text.contains(tables[0][row].as_str().unwrap()), "{text}");
        assert!(text.contains(column[meaning].as_str().unwrap()), "{text}");
    }
    expect(2, &mut motif(&["schema", "--language", "de"]));
    // Every code of a flag that the demo sets is explained.
    let contacts = expect(0, &mut motif(&["schema", "contacts", "--language", "fr"]));
    let tables: serde_json::Value =
        serde_json::from_str(&expect(0, &mut motif(&["schema", "contacts", "--json"]))).unwrap();
    let columns = tables[0]["columns"].as_array().unwrap();
    let codes = columns.iter().find(|column| column["name"] == "flags").unwrap()["codes"].as_array().unwrap().clone();
    let run: serde_json::Value =
        serde_json::from_slice(&std::fs::read(Path::new(OUTPUT.path()).join("run.json")).unwrap()).unwrap();
    let set = run["counts"]["by_flag"].as_object().unwrap();
    assert!(!set.is_empty());
    for flag in set.keys() {
        let code = codes.iter().find(|code| code["code"] == flag.as_str()).unwrap();
        assert!(contacts.contains(code["meaning_fr"].as_str().unwrap()), "{flag}");
    }
}
