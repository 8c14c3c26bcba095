//! The company's articles, end to end: what a run says of them, what it says without any, and what it refuses.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // A test that cannot go on should say where.

mod common;

use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, Float64Array, Int32Array};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use common::{ROWS, expect, motif, record, run, warm, write_csv};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// Articles about two of the contacts' matters, and about one that nobody asks.
const ARTICLES: &str = "article_id,title,text,language\n\
    invoice,Where is my invoice?,\"You can find and download a copy of every invoice under My bills.\",en\n\
    invoice,Où trouver ma facture ?,Toutes vos factures se téléchargent dans Mes factures.,fr\n\
    password,How do I reset my password?,\"Tap Forgotten password; we send you a link to choose another one.\",en\n\
    bees,Keeping bees on a roof,\"Hives need water, flowers and a neighbour who likes honey.\",en\n";

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A folder with the contacts, and with the articles when there are any; the configuration and the output lie in it.
fn place(articles: Option<&str>, more: &str) -> (tempfile::TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    write_csv(&folder.path().join("contacts.csv"), &ROWS);
    let mut text = String::from("[input]\npaths = ['contacts.csv']\n[output]\ndir = 'out'\n");
    if let Some(articles) = articles {
        std::fs::write(folder.path().join("faq.csv"), articles).unwrap();
        text.push_str("[faq]\narticles = 'faq.csv'\n");
    }
    text.push_str(more);
    let config = folder.path().join("motif.toml");
    std::fs::write(&config, text).unwrap();
    let output = folder.path().join("out");
    (folder, config, output)
}

fn table(output: &Path, name: &str) -> RecordBatch {
    let file = std::fs::File::open(output.join(name).join("part-0000.parquet")).unwrap();
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let schema = builder.schema().clone();
    let batches: Vec<RecordBatch> = builder.build().unwrap().map(Result::unwrap).collect();
    arrow::compute::concat_batches(&schema, &batches).unwrap()
}

fn texts(batch: &RecordBatch, name: &str) -> Vec<Option<String>> {
    let column = cast(batch.column_by_name(name).unwrap(), &DataType::Utf8).unwrap();
    column.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect()
}

fn doubles(batch: &RecordBatch, name: &str) -> Float64Array {
    batch.column_by_name(name).unwrap().as_primitive().clone()
}

fn counts(batch: &RecordBatch, name: &str) -> Int32Array {
    batch.column_by_name(name).unwrap().as_primitive().clone()
}

#[test]
fn a_run_tells_which_article_fails_and_every_count_reconciles() {
    let (_folder, config, output) = place(Some(ARTICLES), "");
    warm(&output);
    expect(0, &mut motif(&["run", "--quiet", "--config", path(&config)]));
    let run = record(&output);
    let told = |name: &str| run["faq"][name].as_u64().unwrap();
    assert_eq!((told("articles"), told("versions")), (3, 4));
    assert_eq!(run["articles_hash"].as_str().unwrap().len(), 64);
    let articles = table(&output, "faq_articles");
    let ids: Vec<String> = texts(&articles, "article_id").into_iter().flatten().collect();
    assert_eq!(ids, ["invoice", "password", "bees"], "the dearest first");
    let contacts = counts(&articles, "contacts");
    assert_eq!(contacts.values().iter().map(|n| u64::from(n.unsigned_abs())).sum::<u64>(), told("covered"));
    assert!(told("covered") < told("questions"), "{run}");
    assert_eq!((contacts.value(0), contacts.value(2)), (2, 0));
    assert_eq!(
        texts(&articles, "title")[0].as_deref(),
        Some("Where is my invoice?"),
        "in the language of its contacts"
    );
    assert!(texts(&articles, "reason_id")[2].is_none() && doubles(&articles, "similarity_mean").is_null(2));
    let gaps = table(&output, "faq_gaps");
    let row = texts(&gaps, "article_id").iter().position(|id| id.as_deref() == Some("invoice")).unwrap();
    assert_eq!(doubles(&gaps, "article_share").value(row), 1.0);
    let page = std::fs::read_to_string(output.join("report.html")).unwrap();
    assert!(
        page.contains("proche\u{a0}: «\u{a0}Where is my invoice?\u{a0}»") && page.contains("1 article n’est proche")
    );
}

#[test]
fn a_threshold_that_nothing_reaches_covers_nothing_and_has_a_hash_of_its_own() {
    let (_folder, config, output) = place(Some(ARTICLES), "");
    warm(&output);
    expect(0, &mut motif(&["run", "--quiet", "--config", path(&config)]));
    let before = record(&output);
    expect(0, &mut motif(&["run", "--quiet", "--config", path(&config), "--set", "faq.article_threshold=1.0"]));
    let after = record(&output);
    assert_eq!((&after["faq"]["covered"], &after["thresholds"]["article"]), (&0.into(), &1.0.into()));
    assert_ne!(after["config_hash"], before["config_hash"]);
    assert_eq!(after["articles_hash"], before["articles_hash"]);
    let gaps = table(&output, "faq_gaps");
    assert!(texts(&gaps, "article_id").iter().all(Option::is_none));
    let shares = doubles(&gaps, "article_share");
    assert!(shares.null_count() == 0 && shares.values().iter().all(|share| *share == 0.0), "{shares:?}");
}

#[test]
fn without_articles_their_columns_are_null_their_table_is_empty_and_the_report_is_silent() {
    let (_folder, config, output) = place(None, "");
    warm(&output);
    expect(0, &mut motif(&["run", "--quiet", "--config", path(&config)]));
    let run = record(&output);
    assert!(
        run["articles_hash"].is_null() && run["faq"]["covered"].is_null() && run["thresholds"]["article"].is_null()
    );
    assert_eq!(run["tables"]["faq_articles"], 0);
    assert_eq!(table(&output, "faq_articles").num_rows(), 0);
    let gaps = table(&output, "faq_gaps");
    assert!(gaps.num_rows() > 0);
    for name in ["article_id", "article_share"] {
        assert_eq!(gaps.column_by_name(name).unwrap().null_count(), gaps.num_rows(), "{name}");
    }
    let page = std::fs::read_to_string(output.join("report.html")).unwrap();
    assert!(!page.contains("Articles qui n’évitent pas le contact") && !page.contains("class=\"faq-article"));
}

#[test]
fn a_file_of_articles_with_problems_stops_a_run_and_is_told_in_both_languages() {
    let (_folder, config, output) = place(Some("article_id,title,text\na,Refunds,\na,Refunds,\n,,\n,Returns,\n"), "");
    for command in ["run", "validate"] {
        for (locale, heading, told) in [
            (
                "C",
                "error: 2 configuration problems\n",
                "row 5: no article_id; give the article one, or remove the row\n",
            ),
            (
                "fr_FR.UTF-8",
                "erreur : 2 problèmes de configuration\n",
                "ligne 5 : pas d'article_id ; donnez-en un à l'article, ou supprimez la ligne\n",
            ),
        ] {
            let refused = run(motif(&[command, "--config", path(&config)]).env("LC_ALL", locale));
            let errors = String::from_utf8_lossy(&refused.stderr);
            assert_eq!(refused.status.code(), Some(2), "{command}: {errors}");
            assert!(errors.contains(heading) && errors.contains(told) && !errors.contains("Returns"), "{errors}");
        }
    }
    assert!(!output.exists(), "nothing was begun");
}

#[test]
fn the_articles_are_counted_when_they_are_right_and_missed_when_they_are_not_there() {
    let (folder, config, _) = place(Some(ARTICLES), "");
    let valid = |arguments: &[&str]| {
        let told = expect(0, &mut motif(&[&["validate", "--json", "--config", path(&config)], arguments].concat()));
        serde_json::from_str::<serde_json::Value>(&told).unwrap()
    };
    assert_eq!((&valid(&[])["articles"], &valid(&[])["warnings"]), (&3.into(), &serde_json::json!([])));
    std::fs::remove_file(folder.path().join("faq.csv")).unwrap();
    let missed = valid(&[]);
    assert!(missed["articles"].is_null());
    assert!(missed["warnings"][0].as_str().unwrap().starts_with("faq.articles: "), "{missed}");
    let refused = run(&mut motif(&["run", "--config", path(&config)]));
    let errors = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2));
    assert!(errors.contains("cannot be read") && errors.contains("check the file and its path"), "{errors}");
}

#[test]
fn articles_are_evaluated_on_labelled_questions() {
    let (folder, ..) = place(Some(ARTICLES), "");
    let gold = folder.path().join("gold.csv");
    let questions = "question,article_id\nwhere do I get my last invoice,invoice\nI forgot my password,password\n\
                     my flat is flooded,\n";
    std::fs::write(&gold, questions).unwrap();
    let articles = folder.path().join("faq.csv");
    let arguments =
        ["evaluate", "faq", "--gold", path(&gold), "--articles", path(&articles), "--columns", "text=question"];
    let json = expect(0, &mut motif(&[&arguments[..], &["--json"]].concat()));
    let figures: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&figures["n"], &figures["articles"], &figures["versions"]), (&3.into(), &3.into(), &4.into()));
    assert_eq!((&figures["top1_accuracy"], &figures["top1_accuracy_n"]), (&1.0.into(), &2.into()));
    for name in ["accuracy", "recall", "f1", "covered"] {
        let value = figures[name].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&value) && figures[format!("{name}_n")].is_number(), "{name}: {figures}");
    }
    let table = expect(0, motif(&arguments).env("LC_ALL", "fr_FR.UTF-8"));
    assert!(table.starts_with("Articles qui répondent à des questions\n"), "{table}");
    std::fs::write(&gold, questions.replace("password,password", "password,passwd")).unwrap();
    let refused = run(motif(&arguments).env("LC_ALL", "fr_FR.UTF-8"));
    let errors = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        errors.contains("ligne 3 : la colonne `article_id` nomme un article que le fichier des articles n'a pas"),
        "{errors}"
    );
}
