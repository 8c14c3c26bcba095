//! What a run writes with one model or another: two heads, one, none, or a classifier for the sentiment.
#![allow(clippy::unwrap_used)] // A test that cannot go on should say where.

mod common;

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use arrow::record_batch::RecordBatch;
use common::{HEADER, ROWS, expect, motif, record, root, run};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

fn model(name: &str) -> String {
    root().join("tests/fixtures/models").join(name).display().to_string()
}

/// A run over a dozen contacts; gives its output.
fn output(model_name: &str, more: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in.csv"), folder.path().join("out"));
    std::fs::write(&input, format!("{HEADER}\n{}\n", ROWS.join("\n"))).unwrap();
    let model = model(model_name);
    let mut arguments = vec![
        "run",
        "--quiet",
        "--input",
        input.to_str().unwrap(),
        "--output",
        output.to_str().unwrap(),
        "--model",
        &model,
    ];
    arguments.extend(more);
    let mut command = motif(&arguments);
    command.current_dir(folder.path());
    expect(0, &mut command);
    (folder, output)
}

/// The batches of a table.
fn table(output: &Path, name: &str) -> Vec<RecordBatch> {
    let mut batches = Vec::new();
    let mut folders = vec![output.join(name)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
                batches.extend(reader.build().unwrap().map(Result::unwrap));
            }
        }
    }
    batches
}

fn texts(batches: &[RecordBatch], column: &str) -> Vec<Option<String>> {
    let mut found = Vec::new();
    for batch in batches {
        let column = cast(batch.column_by_name(column).unwrap(), &DataType::Utf8).unwrap();
        found.extend(column.as_string::<i32>().iter().map(|text| text.map(str::to_owned)));
    }
    found
}

fn nulls(batches: &[RecordBatch], column: &str) -> usize {
    batches.iter().map(|batch| batch.column_by_name(column).unwrap().null_count()).sum()
}

const EMOTIONS: [&str; 5] = ["satisfaction", "dissatisfaction", "frustration", "confusion", "none"];

#[test]
fn a_model_with_both_heads_fills_the_emotions() {
    let (_folder, output) = output("two_heads_tiny", &[]);
    let turns = table(&output, "turns");
    let labels = texts(&turns, "emotion_label");
    assert_eq!(labels.len(), ROWS.len());
    for label in &labels {
        assert!(EMOTIONS.contains(&label.as_deref().unwrap()), "{label:?}");
    }
    for batch in &turns {
        for row in 0..batch.num_rows() {
            let of = |name: &str| batch.column_by_name(name).unwrap().as_primitive::<Float32Type>().value(row);
            let sum: f32 = EMOTIONS[..4].iter().map(|emotion| of(&format!("p_{emotion}"))).sum();
            assert!((0.0..=1.0001).contains(&sum));
        }
    }
    let contacts = table(&output, "contacts");
    assert_eq!((nulls(&contacts, "emotion_label"), nulls(&contacts, "emotion_score")), (0, 0));
    for batch in &contacts {
        let scores = batch.column_by_name("emotion_score").unwrap().as_primitive::<Float64Type>();
        assert!(scores.values().iter().all(|score| (0.0..=1.0).contains(score)));
    }
    let report = std::fs::read_to_string(output.join("report.html")).unwrap();
    assert!(report.contains("Agacement et incompréhension par motif") && report.contains("Frustration and confusion"));
}

#[test]
fn without_an_emotion_head_the_columns_are_null_and_the_report_is_silent() {
    let (_folder, output) = output("bert_tiny", &[]);
    let turns = table(&output, "turns");
    assert_eq!(nulls(&turns, "emotion_label"), ROWS.len());
    assert_eq!(nulls(&turns, "p_confusion"), ROWS.len());
    assert_eq!(nulls(&turns, "p_negative"), 0);
    assert_eq!(nulls(&table(&output, "contacts"), "emotion_label"), ROWS.len());
    let report = std::fs::read_to_string(output.join("report.html")).unwrap();
    assert!(!report.contains("Agacement et incompréhension"));
}

#[test]
fn a_classifier_takes_the_place_of_the_sentiment_head() {
    let stars = model("modernbert_tiny");
    let (_own, own) = output("two_heads_tiny", &[]);
    let (_folder, output) = output("two_heads_tiny", &["--sentiment-model", &stars]);
    let sentiment = &record(&output)["model"]["sentiment"];
    assert_eq!(sentiment["name"], "modernbert_tiny");
    assert_eq!(sentiment["hash"].as_str().unwrap().len(), 64);
    assert_ne!(sentiment["hash"], record(&output)["model"]["hash"]);
    let scores = |output: &Path, column: &str| {
        let turns = table(output, "turns");
        turns
            .iter()
            .flat_map(|batch| batch.column_by_name(column).unwrap().as_primitive::<Float32Type>().values().to_vec())
            .collect::<Vec<f32>>()
    };
    let sums = scores(&output, "p_negative")
        .iter()
        .zip(scores(&output, "p_neutral"))
        .zip(scores(&output, "p_positive"))
        .map(|((a, b), c)| a + b + c)
        .collect::<Vec<f32>>();
    assert!(sums.len() == ROWS.len() && sums.iter().all(|sum| (sum - 1.0).abs() < 1e-5));
    assert_ne!(scores(&own, "p_negative"), scores(&output, "p_negative"));
    // What does not come from the classifier stays as it was.
    assert_eq!(scores(&own, "p_frustration"), scores(&output, "p_frustration"));
    assert_eq!(texts(&table(&own, "contacts"), "reason_id"), texts(&table(&output, "contacts"), "reason_id"));
    // Embeddings, logits of the encoder and those of the classifier have a folder each in the cache.
    assert_eq!(std::fs::read_dir(output.join("cache")).unwrap().count(), 3);
}

#[test]
fn a_folder_with_a_sentiment_head_gives_the_sentiment_of_another_encoder() {
    let heads = model("two_heads_tiny");
    let (_folder, output) = output("roberta_tiny", &["--sentiment-model", &heads]);
    assert_eq!(record(&output)["model"]["sentiment"]["name"], "two_heads_tiny");
    assert_eq!(nulls(&table(&output, "turns"), "p_negative"), 0);
    // The encoder of the run has no emotion head, and the other model is asked for nothing else.
    assert_eq!(nulls(&table(&output, "turns"), "emotion_label"), ROWS.len());
}

#[test]
fn labels_without_meaning_are_mapped_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let gold = folder.path().join("gold.csv");
    std::fs::write(&gold, "text,label\nmerci,positive\nlate order,negative\nwhere is it,neutral\n").unwrap();
    let (tiny, numbered) = (model("bert_tiny"), model("roberta_classifier_tiny"));
    let arguments = [
        "evaluate",
        "sentiment",
        "--gold",
        gold.to_str().unwrap(),
        "--model",
        &tiny,
        "--sentiment-model",
        &numbered,
        "--json",
    ];
    let refused = run(&mut motif(&arguments));
    let message = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{message}");
    assert!(message.contains("LABEL_0") && message.contains("sentiment_labels"), "{message}");
    let mapping = ["--sentiment-labels", "LABEL_0=negative,LABEL_1=neutral,LABEL_2=positive"];
    let text = expect(0, &mut motif(&[&arguments[..], &mapping[..]].concat()));
    let figures: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(figures["n"], 3);
    assert!(figures["sentiment_model_hash"].is_string());
}

#[test]
fn the_emotion_evaluation_gives_figures_of_each_label() {
    let folder = tempfile::tempdir().unwrap();
    let gold = folder.path().join("gold.csv");
    std::fs::write(&gold, "text,label\nmerci,satisfaction\nwhere is it,confusion\nbonjour,none\n").unwrap();
    let arguments =
        ["evaluate", "emotion", "--gold", gold.to_str().unwrap(), "--model", &model("two_heads_tiny"), "--json"];
    let text = expect(0, &mut motif(&arguments));
    let figures: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(figures["n"], 3);
    assert!(figures["macro_f1"].is_number() && figures["accuracy"].is_number(), "{figures}");
    assert!(
        figures["labels"].as_array().is_some_and(|labels| labels.iter().all(|label| label["f1"].is_number())),
        "{figures}"
    );
}

#[test]
fn a_device_that_the_build_lacks_is_refused_with_those_it_has() {
    if cfg!(feature = "cuda") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("t.jsonl");
    std::fs::write(&input, "{\"text_id\":\"a\",\"text\":\"b\"}\n").unwrap();
    let output = folder.path().join("t.parquet");
    let arguments =
        ["embed", "--input", input.to_str().unwrap(), "--output", output.to_str().unwrap(), "--device", "cuda"];
    let refused = run(&mut motif(&arguments));
    let message = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(message.contains("device `cuda` is not available here") && message.contains("cpu"), "{message}");
}
