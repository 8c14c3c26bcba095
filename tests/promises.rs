//! What the output promises whatever the input: counts that reconcile, the same bytes, nothing lost on a crash, no
//! customer's identifier anywhere.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // A test that cannot go on should say where.

mod common;

use std::path::Path;
use std::time::Duration;

use common::{HEADER, ROWS, expect, motif, parquet_hashes, record, run, warm, write_csv};

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn records_read_are_contacts_plus_rejects_on_damaged_inputs() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = folder.path().join("inputs");
    std::fs::create_dir(&inputs).unwrap();
    let mut rows: Vec<&str> = ROWS.to_vec();
    rows.push("c13,k9,not a date,phone,Customer words that must not leak: zebra-crossing");
    rows.push(",k9,2026-10-09T08:00:00Z,phone,zebra-crossing");
    rows.push("c15,k9,2099-01-01T08:00:00Z,phone,zebra-crossing");
    rows.push("c16,k9,2026-10-09T08:00:00Z,phone,zebra-crossing,too,many,cells");
    write_csv(&inputs.join("rows.csv"), &rows);
    std::fs::write(inputs.join("binary.csv"), (0u8..=255).cycle().take(5000).collect::<Vec<u8>>()).unwrap();
    std::fs::write(inputs.join("empty.csv"), "").unwrap();
    std::fs::write(inputs.join("truncated.parquet"), b"PAR1\x15\x04\x15\x10").unwrap();
    let long = "Un très long tour de parole. ".repeat(10_000_000 / 29);
    std::fs::write(
        inputs.join("long.jsonl"),
        format!(
            "{}\n",
            serde_json::json!({"contact_id": "long", "customer_id": "k10", "channel": "chat",
            "started_at": "2026-10-09T08:00:00Z", "turns": [{"speaker": "customer", "text": long}]})
        ),
    )
    .unwrap();
    let output = folder.path().join("out");
    warm(&output);
    let run = run(&mut motif(&["run", "--input", path(&inputs), "--output", path(&output)]));
    let errors = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(1), "{errors}");
    let record = record(&output);
    let counts = &record["counts"];
    let number = |value: &serde_json::Value| value.as_u64().unwrap();
    assert_eq!(number(&counts["records"]), number(&counts["contacts"]) + number(&counts["rejects"]), "{counts}");
    for file in record["inputs"].as_array().unwrap() {
        assert_eq!(number(&file["records"]), number(&file["contacts"]) + number(&file["rejects"]), "{file}");
    }
    let rejects = std::fs::read_to_string(output.join("rejects.jsonl")).unwrap();
    assert_eq!(rejects.lines().count() as u64, number(&counts["rejects"]));
    for code in ["time_in_future", "missing_contact_id", "bad_time", "empty_file"] {
        assert!(rejects.contains(code), "{code} is missing in {rejects}");
    }
    assert!(!rejects.contains("zebra") && !errors.contains("zebra"), "customers' words leaked");
    assert_eq!(counts["by_flag"]["analysed_in_part"], 1);
    assert_eq!(counts["without_customer"], 1);
}

#[test]
fn the_same_contacts_give_the_same_bytes_whatever_their_order_and_the_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("contacts.csv");
    write_csv(&input, &ROWS);
    let first = folder.path().join("first");
    expect(0, &mut motif(&["run", "--input", path(&input), "--output", path(&first)]));
    let one_thread = folder.path().join("one");
    expect(0, motif(&["run", "--input", path(&input), "--output", path(&one_thread)]).env("RAYON_NUM_THREADS", "1"));
    assert_eq!(parquet_hashes(&first), parquet_hashes(&one_thread));
    let mut rows = ROWS;
    rows.reverse();
    write_csv(&input, &rows);
    let reversed = folder.path().join("reversed");
    warm(&reversed);
    expect(0, &mut motif(&["run", "--input", path(&input), "--output", path(&reversed)]));
    assert_eq!(parquet_hashes(&first), parquet_hashes(&reversed));
    expect(0, &mut motif(&["run", "--input", path(&input), "--output", path(&first)]));
    assert_eq!(parquet_hashes(&first), parquet_hashes(&reversed), "a cached run differs");
}

#[test]
fn a_killed_run_leaves_the_previous_output_and_the_next_one_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (small, whole) = (folder.path().join("small.csv"), folder.path().join("whole.csv"));
    write_csv(&small, &ROWS[..4]);
    write_csv(&whole, &ROWS);
    let output = folder.path().join("out");
    let reference = folder.path().join("reference");
    warm(&reference);
    expect(0, &mut motif(&["run", "--input", path(&whole), "--output", path(&reference)]));
    expect(0, &mut motif(&["run", "--input", path(&small), "--output", path(&output)]));
    let before = parquet_hashes(&output);
    let wanted = parquet_hashes(&reference);
    for delay_ms in [40, 250, 600] {
        let mut child = motif(&["run", "--quiet", "--input", path(&whole), "--output", path(&output)]).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(delay_ms));
        child.kill().unwrap();
        child.wait().unwrap();
        // A cut between two renames is finished by whoever comes next; until then tables are old or new, never half.
        let now = parquet_hashes(&output);
        for (file, hash) in &now {
            assert!(before.get(file) == Some(hash) || wanted.get(file) == Some(hash), "{} is neither", file.display());
        }
    }
    expect(0, &mut motif(&["run", "--input", path(&whole), "--output", path(&output)]));
    assert_eq!(parquet_hashes(&output), wanted);
}

#[test]
fn a_run_keeps_other_months_and_links_across_them() {
    let folder = tempfile::tempdir().unwrap();
    let (september, october, whole) =
        (folder.path().join("9.csv"), folder.path().join("10.csv"), folder.path().join("all.csv"));
    // c05 starts on 1 October in Paris.
    write_csv(&september, &ROWS[..4]);
    write_csv(&october, &ROWS[4..]);
    write_csv(&whole, &ROWS);
    let (step, once) = (folder.path().join("step"), folder.path().join("once"));
    warm(&step);
    warm(&once);
    expect(0, &mut motif(&["run", "--input", path(&september), "--output", path(&step)]));
    expect(0, &mut motif(&["run", "--input", path(&october), "--output", path(&step)]));
    expect(0, &mut motif(&["run", "--input", path(&whole), "--output", path(&once)]));
    assert!(step.join("contacts/contact_month=2026-09").is_dir());
    assert!(step.join("contacts/contact_month=2026-10").is_dir());
    assert_eq!(record(&step)["tables"], record(&once)["tables"]);
    assert_eq!(record(&step)["counts"]["kept_contacts"], 4);
    assert_eq!(record(&step)["counts"]["contacts"], 8);
}

#[test]
fn identifiers_that_begin_anew_each_month_delete_no_contact_of_the_month_before() {
    let folder = tempfile::tempdir().unwrap();
    let (january, february) = (folder.path().join("1.csv"), folder.path().join("2.csv"));
    write_csv(
        &january,
        &["1,ka,2026-01-05T08:00:00Z,phone,My parcel is late.", "2,kb,2026-01-06T08:00:00Z,phone,My bill is wrong."],
    );
    // Another customer's first contact of the month, and the second of January with its date set right.
    write_csv(
        &february,
        &["1,kc,2026-02-05T08:00:00Z,phone,Where is my refund?", "2,kb,2026-02-01T08:00:00Z,phone,My bill is wrong."],
    );
    let output = folder.path().join("out");
    warm(&output);
    expect(0, &mut motif(&["run", "--input", path(&january), "--output", path(&output)]));
    let second = run(&mut motif(&["run", "--input", path(&february), "--output", path(&output)]));
    let told = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(0), "{told}");
    assert!(told.contains("2026-01: contacts of the previous output that came again with another date: 1"), "{told}");
    assert!(
        told.contains("whose identifier is another contact's now: 1; they are called IDENTIFIER@YYYY-MM"),
        "{told}"
    );
    let counts = &record(&output)["counts"];
    assert_eq!(
        (&counts["kept_contacts"], &counts["counted"], &counts["contacts_in_tables"]),
        (&1.into(), &3.into(), &3.into())
    );
}

#[test]
fn a_refused_contact_replaces_no_month() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out");
    warm(&output);
    let input = folder.path().join("contacts.csv");
    let contacts = |rows: &[&str], code: i32, more: &[&str]| {
        write_csv(&input, rows);
        let arguments = ["run", "--input", path(&input), "--output", path(&output)];
        expect(code, &mut motif(&[&arguments, more].concat()));
        record(&output)["counts"]["contacts_in_tables"].as_u64().unwrap()
    };
    assert_eq!(contacts(&[ROWS[5], ROWS[6]], 0, &[]), 2);
    assert_eq!(contacts(&ROWS[..3], 0, &[]), 5);
    // October is not touched by a contact of October that lies after --as-of.
    let late = "late,k9,2026-10-20T08:00:00Z,phone,I want to report a water leak.";
    assert_eq!(contacts(&[ROWS[0], ROWS[1], ROWS[2], late], 1, &["--as-of", "2026-10-10"]), 5);
    // Nor by one that stands more than a year after all the others of its file.
    let far = "far,k9,2026-10-20T08:00:00Z,phone,I want to report a water leak.";
    let old = [
        "o1,k9,2024-01-01T08:00:00Z,phone,I want to report a water leak.",
        "o2,k8,2024-01-02T08:00:00Z,phone,Where is my invoice?",
    ];
    assert_eq!(contacts(&[old[0], old[1], far], 1, &[]), 7);
}

#[test]
fn no_planted_identifier_survives_in_any_output() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("contacts.csv");
    let secrets = [
        "jeanne.martin@exemple.fr",
        "06 39 98 12 34",
        "+33 6 39 98 56 78",
        "FR76 3000 6000 0112 3456 7890 189",
        "4242 4242 4242 4242",
        "customer-4711@exemple.fr",
    ];
    let text = format!(
        "{HEADER}\np1,{},2026-09-01T09:00:00Z,chat,\"Mon mail est {}, tel {} ou {}. IBAN {} et carte {}.\"\n",
        secrets[5], secrets[0], secrets[1], secrets[2], secrets[3], secrets[4]
    );
    std::fs::write(&input, text).unwrap();
    let output = folder.path().join("out");
    warm(&output);
    let run = run(&mut motif(&["run", "--input", path(&input), "--output", path(&output), "--log-format", "json"]));
    assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stderr));
    let mut haystack = run.stdout.clone();
    haystack.extend(&run.stderr);
    for name in ["run.json", "report.html", "rejects.jsonl"] {
        haystack.extend(std::fs::read(output.join(name)).unwrap());
    }
    for table in
        ["turns", "contacts/contact_month=2026-09", "faq_gaps", "faq_articles", "spans", "episodes", "links", "kpi"]
    {
        let file = std::fs::File::open(output.join(table).join("part-0000.parquet")).unwrap();
        let reader =
            parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
        for batch in reader {
            haystack.extend(format!("{:?}", batch.unwrap()).into_bytes());
        }
    }
    let haystack = String::from_utf8_lossy(&haystack);
    assert!(haystack.contains("[EMAIL_1]"), "nothing was replaced");
    for secret in secrets {
        assert!(!haystack.contains(secret), "an identifier of {} characters survived", secret.len());
    }
}

#[test]
fn nothing_to_read_is_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(motif(&["run"]).current_dir(folder.path()));
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--input"));
    let output = run(&mut motif(&["run", "--input", "no/such/file.csv", "--output", path(folder.path())]));
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no/such/file.csv"));
}

#[test]
fn the_help_speaks_the_language_of_the_locale() {
    for (locale, word) in [("fr_FR.UTF-8", "Utilisation :"), ("C", "Usage:")] {
        let help = expect(0, motif(&["run", "--help"]).env("LC_ALL", locale));
        assert!(help.contains(word), "{locale}: {help}");
    }
}

#[test]
fn mistakes_are_told_in_the_language_of_the_locale_and_to_scripts_in_english() {
    let folder = tempfile::tempdir().unwrap();
    let taxonomy = folder.path().join("taxonomy.toml");
    std::fs::write(&taxonomy, "version = \"1\"\n[[reason]]\nid = \"a\"\ngruop = \"b\"\n").unwrap();
    let reasons = format!("taxonomy.reasons={}", path(&taxonomy));
    let missing = ["run", "--input", "no/such/file.csv", "--output", path(folder.path())];
    let broken = ["validate", "--set", &reasons];
    let unknown = ["run", "--inptu"];
    let no_dimension = ["kpi", "--kpi", "avoidable_rate", "--dimension", "owner"];
    let told = |arguments: &[&str], locale: &str| {
        let output = run(motif(arguments).env("LC_ALL", locale));
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    for (arguments, french, english) in [
        (
            &missing[..],
            "erreur : fichier ou dossier introuvable : no/such/file.csv ; vérifiez --input ou input.paths\n",
            "error: no such file or folder: no/such/file.csv; check --input or input.paths\n",
        ),
        // The field that is unknown, and that one reason is too few.
        (&broken, "erreur : 2 problèmes de configuration\n  - ", "error: 2 configuration problems\n  - "),
        (
            &broken,
            "champ inconnu `gruop` ; champs connus : `id`, `group`",
            "unknown field `gruop`, expected one of `id`",
        ),
        (&unknown, "erreur : argument inattendu « --inptu »\n", "error: unexpected argument '--inptu' found\n"),
        (
            &no_dimension,
            "erreur : avoidable_rate n'a pas de dimension owner ; ses dimensions : all, reason,",
            "error: avoidable_rate has no dimension owner; its dimensions: all, reason,",
        ),
    ] {
        let (in_french, in_english) = (told(arguments, "fr_FR.UTF-8"), told(arguments, "C"));
        assert!(in_french.contains(french), "{in_french}");
        assert!(in_english.contains(english), "{in_english}");
    }
    let json: Vec<&str> = missing.iter().copied().chain(["--log-format", "json"]).collect();
    assert_eq!(told(&json, "fr_FR.UTF-8"), told(&json, "C"));
}

#[test]
fn a_contact_delivered_twice_changes_no_figure_of_an_evaluation() {
    let folder = tempfile::tempdir().unwrap();
    let gold = folder.path().join("gold.csv");
    let labels =
        "contact_id;avoidable;avoidable_lenient;sentiment\nc01;oui;oui;Négatif\nc03;non;non;neutre\nc06;1;1;negative\n";
    std::fs::write(&gold, labels).unwrap();
    let figures = |name: &str, rows: &[&str]| {
        let (input, output) = (folder.path().join(format!("{name}.csv")), folder.path().join(name));
        write_csv(&input, rows);
        warm(&output);
        expect(0, &mut motif(&["run", "--input", path(&input), "--output", path(&output)]));
        let arguments = ["evaluate", "run", "--output", path(&output), "--gold", path(&gold), "--json"];
        let told: serde_json::Value = serde_json::from_str(&expect(0, &mut motif(&arguments))).unwrap();
        (told, record(&output)["counts"]["contacts"].clone())
    };
    let (once, contacts) = figures("once", &ROWS);
    let (twice, more) = figures("twice", &[&ROWS[..], &ROWS[..8]].concat());
    assert_eq!((contacts, more), (12.into(), 20.into()), "the duplicates are rows of their own");
    assert_eq!(once, twice);
    assert_eq!(twice["avoidable_accuracy_n"], 3);
    // In the words of the company, labels that no run can have are refused.
    std::fs::write(&gold, labels.replace("Négatif", "furieux")).unwrap();
    let output = folder.path().join("once");
    let arguments = ["report", "--output", path(&output), "--gold", path(&gold)];
    let refused = run(motif(&arguments).env("LC_ALL", "fr_FR.UTF-8"));
    let told = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{told}");
    assert!(told.contains("ligne 2 : la colonne `sentiment` contient une étiquette inconnue ; écrivez"), "{told}");
}

#[test]
fn commands_find_the_configured_output_and_the_report_stays_the_company_s() {
    let folder = tempfile::tempdir().unwrap();
    write_csv(&folder.path().join("contacts.csv"), &ROWS);
    let config = folder.path().join("motif.toml");
    let written = "[input]\npaths = ['contacts.csv']\n[output]\ndir = 'resultats'\n";
    std::fs::write(&config, format!("{written}[report]\ntitle = 'Ma Boîte'\nlanguage = 'en'\n")).unwrap();
    let here = |arguments: &[&str]| {
        let mut command = motif(arguments);
        command.current_dir(folder.path()).env("LC_ALL", "fr_FR.UTF-8");
        command
    };
    let refused = |wanted: &str| {
        for command in [&["report"][..], &["kpi"], &["sample", "--to", "labels.csv"]] {
            let missing = run(&mut here(command));
            let told = String::from_utf8_lossy(&missing.stderr);
            assert_eq!(missing.status.code(), Some(2), "{told}");
            let way = "lancez d'abord `motif run`, ou nommez le dossier d'un traitement terminé avec --output DOSSIER";
            assert!(told.contains(&format!("erreur : resultats : {wanted} ; {way}")), "{told}");
        }
    };
    refused("ce dossier n'existe pas ; il vient de la clé [output] dir de motif.toml");
    std::fs::create_dir(folder.path().join("resultats")).unwrap();
    refused("aucun traitement ne s'est terminé dans ce dossier ; il vient de la clé [output] dir de motif.toml");
    expect(0, &mut here(&["run"]));
    let report = folder.path().join("resultats/report.html");
    let page = std::fs::read_to_string(&report).unwrap();
    assert!(page.contains("Ma Boîte"));
    let kpi = expect(0, &mut here(&["kpi", "--kpi", "avoidable_rate"]));
    assert!(kpi.contains(" %") && !kpi.contains('.'), "{kpi}");
    expect(0, &mut here(&["sample", "--to", "labels.csv"]));
    expect(0, &mut here(&["report"]));
    assert_eq!(std::fs::read_to_string(&report).unwrap(), page);
    // From elsewhere, by the folder or by the configuration.
    expect(0, &mut motif(&["report", "--output", path(&folder.path().join("resultats"))]));
    assert_eq!(std::fs::read_to_string(&report).unwrap(), page);
    expect(0, &mut motif(&["kpi", "--config", path(&config)]));
    expect(0, &mut here(&["report", "--set", "report.language=fr"]));
    let french = std::fs::read_to_string(&report).unwrap();
    assert!(french != page && french.contains("Ma Boîte"));
}

#[test]
fn what_a_run_leaves_out_is_told_with_the_reason_and_the_key_to_set() {
    let folder = tempfile::tempdir().unwrap();
    let rated = folder.path().join("rated.csv");
    let rows: Vec<String> =
        ROWS[..4].iter().zip([8, 10, 3, 5]).map(|(row, answer)| format!("{row},{answer}")).collect();
    std::fs::write(&rated, format!("{HEADER},csat\n{}\n", rows.join("\n"))).unwrap();
    let strange = folder.path().join("strange.csv");
    std::fs::write(&strange, "foo,bar\n1,2\n").unwrap();
    let output = folder.path().join("out");
    warm(&output);
    let arguments = ["run", "--input", path(&rated), "--input", path(&strange), "--output", path(&output)];
    let told = |more: &[&str], locale: &str| {
        let output = run(motif(&[&arguments[..], more].concat()).env("LC_ALL", locale));
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    let french = told(&[], "fr_FR.UTF-8");
    for part in [
        "1 × colonne absente (missing_column)",
        "qui ne sont pas des nombres de 1 à 5 : 2 ; si votre enquête a une autre échelle, définissez survey.csat_scale",
        "strange.csv : pas de colonne `started_at` pour started_at ; moins de deux des 2 cellules",
    ] {
        assert!(french.contains(part), "{part}: {french}");
    }
    // The report goes where stderr does not.
    let page = || std::fs::read_to_string(output.join("report.html")).unwrap();
    assert!(page().contains("2 réponses hors échelle ou illisibles, laissées de côté"));
    assert!(page().contains("2 answers outside the scale or unreadable, left out"));
    let scaled = told(&["--set", "survey.csat_scale=[1, 10]"], "C");
    assert!(!page().contains("left out</p>") && page().contains("satisfied from 8, scale 1 to 10"));
    assert!(!scaled.contains("survey answers") && scaled.contains("strange.csv: no column `started_at`"), "{scaled}");
    assert_eq!(record(&output)["thresholds"]["csat_satisfied_from"], 8.0);
}

#[test]
fn the_starting_configuration_is_valid_and_never_overwrites() {
    let folder = tempfile::tempdir().unwrap();
    expect(0, &mut motif(&["init", path(folder.path())]));
    let config = folder.path().join("motif.toml");
    let output = run(motif(&["validate", "--config", path(&config)]).env("LC_ALL", "C"));
    let warning = format!(
        "warning: input.paths: {} is not there yet; `motif run` will look for it\n",
        folder.path().join("contacts.csv").display()
    );
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(0) && told.starts_with(&warning) && told.contains("\nvalid: "), "{told}");
    let told = expect(0, &mut motif(&["validate", "--config", path(&config), "--json"]));
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert!(told["valid"] == true && told["warnings"].as_array().is_some_and(|list| list.len() == 1), "{told}");
    expect(2, &mut motif(&["init", path(folder.path())]));
    let text = std::fs::read_to_string(&config).unwrap().replace("[output]", "[outptu]");
    std::fs::write(&config, text).unwrap();
    let output = run(&mut motif(&["validate", "--config", path(&config), "--set", "repeat.max_gap_days=1"]));
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("did you mean `output`") && errors.contains("repeat.max_gap_days"), "{errors}");
}

#[test]
fn validate_tells_the_problems_of_all_three_files_at_once() {
    let folder = tempfile::tempdir().unwrap();
    expect(0, &mut motif(&["init", path(folder.path())]));
    let edit = |name: &str, edits: &[(&str, &str)]| {
        let file = folder.path().join(name);
        let mut text = std::fs::read_to_string(&file).unwrap();
        for (from, to) in edits {
            assert!(text.contains(from), "{from}");
            text = text.replacen(from, to, 1);
        }
        std::fs::write(file, text).unwrap();
    };
    edit(
        "motif.toml",
        &[("[privacy]", "[input.more]\n[privacy]"), ("dir = \"motif-output\"", "dir = 3\nfolder = \"x\"")],
    );
    let edits = [
        ("complexity = \"simple\"", "complexity = \"facile\""),
        ("level = 1", "level = 7"),
        ("self_service = false", "self_service = \"no\""),
    ];
    edit("taxonomy.toml", &edits);
    edit(
        "criteria.toml",
        &[("strictness = \"strict\"", "strictness = \"severe\""), ("owner = \"digital\"", "owner = \"digitall\"")],
    );
    let config = folder.path().join("motif.toml");
    let arguments = ["validate", "--config", path(&config), "--set", "input.time_zone=Mars"];
    let told = |locale: &str| {
        let output = run(motif(&arguments).env("LC_ALL", locale));
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let (english, french) = (told("C"), told("fr_FR.UTF-8"));
    for part in [
        "error: 9 configuration problems\n",
        "motif.toml: input.more: unknown key `more`",
        "motif.toml: output.folder: unknown key `folder`",
        "motif.toml: output.dir: invalid type: integer `3`, expected a string\n",
        "--set: input.time_zone: `Mars` is not an IANA time zone",
        "unknown variant `facile`, expected one of `simple`, `standard`, `complex`",
        ".level: the support level is 1, 2 or 3, not 7",
        "invalid type: string \"no\", expected a boolean",
        "unknown variant `severe`, expected `strict` or `lenient`",
        "unknown owner `digitall`; did you mean `digital`?",
    ] {
        assert!(english.contains(part), "{part} is missing in {english}");
    }
    for part in [
        "erreur : 9 problèmes de configuration\n",
        "motif.toml : output.dir : type incorrect : l'entier `3` ; attendu : un texte\n",
        "valeur inconnue `severe` ; valeurs connues : `strict`, `lenient`",
    ] {
        assert!(french.contains(part), "{part} is missing in {french}");
    }
}

#[test]
fn the_company_s_own_reasons_and_cues_are_followed_and_measured() {
    let folder = tempfile::tempdir().unwrap();
    expect(0, &mut motif(&["init", path(folder.path())]));
    let config = folder.path().join("motif.toml");
    let taxonomy = folder.path().join("taxonomy.toml");
    let renamed = std::fs::read_to_string(&taxonomy).unwrap().replace("\"delivery", "\"livraison");
    std::fs::write(&taxonomy, renamed).unwrap();
    // One criterion without examples: its cue, written with accents and capitals, is all its evidence.
    let criterion = r#"version = "1"
[[criterion]]
id = "X01"
key = "missing_voucher"
version = 1
strictness = "strict"
priority = 10
owner = "reason"
name = { fr = "Bon oublié", en = "Missing voucher" }
wording = { fr = "Le bon n'était pas joint.", en = "The voucher was not enclosed." }
cues = { fr = ['\bBon d’échange\b'], en = ['\bpaper coupon\b'] }
"#;
    std::fs::write(folder.path().join("criteria.toml"), criterion).unwrap();
    let input = folder.path().join("contacts.csv");
    write_csv(
        &input,
        &[
            "a,k1,2026-09-01T09:00:00Z,email,\"Bonjour, j'attends le bon d'echange que vous deviez mettre dans le carton.\"",
            "b,k2,2026-09-01T09:00:00Z,email,\"The paper coupon was not in the box, please send it.\"",
            "c,k3,2026-09-01T09:00:00Z,email,\"Bonjour, ma commande devait arriver lundi et je n'ai toujours rien reçu.\"",
        ],
    );
    let output = folder.path().join("out");
    warm(&output);
    expect(0, &mut motif(&["run", "--config", path(&config), "--input", path(&input), "--output", path(&output)]));
    let gold = folder.path().join("gold.csv");
    std::fs::write(&gold, "contact_id,reason,avoidable\na,,1\nb,,1\nc,livraison.late,0\n").unwrap();
    let told = expect(0, &mut motif(&["evaluate", "run", "--output", path(&output), "--gold", path(&gold), "--json"]));
    let figures: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert!(figures["avoidable_accuracy"] == 1.0 && figures["avoidable_accuracy_n"] == 3, "{told}");
    assert!(figures["reason_accuracy"] == 1.0 && figures["reason_l1_accuracy"] == 1.0, "{told}");
    assert!(figures["repeat_f1"].is_null(), "{told}");
}
