//! What holds for every KPI at once: order, determinism, row counts between layers, and saying what is missing.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use arrow::array::{AsArray, Float64Array, RecordBatch, UInt32Array};
use arrow::compute::{cast, concat_batches, take};
use arrow::datatypes::{DataType, Int64Type};
use chrono::{Days, NaiveDate};
use parquet::arrow::ArrowWriter;

use super::catalogue::{self, Dimension, GRAINS, Unit};
use super::fixture::{inputs, of_contacts};
use super::layers::{build_layers, prepare};
use super::show::{Filters, KpiRow, query, rows_of};
use super::{KpiInputs, KpiSettings, KpiTable, Sources, compute};
use crate::table::schema::{CONTACTS, EPISODES, KPI, LINKS, Table};

/// Contacts with links and episodes, all from a fixed sequence of pseudo-random numbers: amounts whose sums depend on
/// the order in floating point, unknown values everywhere.
fn synthetic(contacts: usize) -> KpiInputs {
    let mut state = 7_u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let first = NaiveDate::from_ymd_opt(2025, 11, 24).unwrap();
    let mut rows = String::from(
        "contact_id|contact_date|is_counted|customer_key|channel|reason_id|reason_l1|product|team|site|language|owner|\
         criterion_id|is_avoidable|is_avoidable_lenient|is_self_service_eligible|level|is_transferred|is_abandoned|\
         handle_time_s|wait_s|csat|nps|ces|sentiment_score|sentiment_label|sentiment_trend|is_repeat_14d|\
         is_recontacted_48h|is_recontacted_72h|is_recontacted_7d|is_recontacted_14d|cost_low_eur|cost_mid_eur|\
         cost_high_eur\n",
    );
    let mut links = String::from("from_contact_id|to_contact_id\n");
    let mut episodes = String::from(
        "episode_id|customer_key|reason_id|first_contact_id|contacts|started_date|is_resolution_known|cost_low_eur|\
         cost_mid_eur|cost_high_eur\n",
    );
    let bool_or_null = |draw: u64| ["", "true", "false", "false", "false"][draw as usize];
    for at in 0..contacts {
        let day = first + Days::new(random(365));
        let reason = random(60);
        let customer = random(contacts as u64 / 3 + 1);
        let (is_avoidable, is_lenient, cause) = match random(4) {
            0 => ("true", "true", random(8) + 1),
            1 => ("false", "true", random(8) + 1),
            2 => ("false", "false", 0),
            _ => ("", "", 0),
        };
        let cause_text = |prefix: &str| if cause == 0 { String::new() } else { format!("{prefix}{cause}") };
        let tenths = random(90_000);
        let _ = writeln!(
            rows,
            "c{at}|{day}|{}|{}|{}|r{reason}|l{}|{}|t{}|s{}|{}|{}|{}|{is_avoidable}|{is_lenient}|{}|{}|{}|{}|{}.{}|{}.1|{}|{}|{}|{}.{:03}|{}|{}|{}|{}|{}|{}|{}|{}.1|{}.3|{}.7",
            random(20) > 0,
            if random(10) == 0 { String::new() } else { format!("{customer:032x}") },
            ["phone", "email", "chat", "bot", ""][random(5) as usize],
            reason / 6,
            ["mobile", "box", "tv", ""][random(4) as usize],
            random(10),
            random(3),
            ["fr", "en", ""][random(3) as usize],
            cause_text("o"),
            cause_text("C"),
            bool_or_null(random(5)),
            ["", "1", "1", "2"][random(4) as usize],
            bool_or_null(random(5)),
            bool_or_null(random(5)),
            tenths / 10,
            tenths % 10,
            random(600),
            ["", "", "1", "2", "3.3", "4", "5"][random(7) as usize],
            ["", "0", "6", "8", "10"][random(5) as usize],
            ["", "1", "4", "7"][random(4) as usize],
            random(200) as i64 - 100,
            random(1000),
            ["negative", "neutral", "positive", ""][random(4) as usize],
            ["", "-12.7", "33.3"][random(3) as usize],
            bool_or_null(random(5)),
            bool_or_null(random(5)),
            bool_or_null(random(5)),
            bool_or_null(random(5)),
            bool_or_null(random(5)),
            random(4),
            random(4) + 4,
            random(4) + 8,
        );
        if at % 4 == 3 {
            let _ = writeln!(links, "c{}|c{at}", at - 2);
        }
        if at % 2 == 0 {
            let count = random(3) + 1;
            let _ = writeln!(
                episodes,
                "ep-c{at}|{customer:032x}|r{reason}|c{at}|{count}|{day}|{}|{}.1|{}.3|{}.7",
                random(5) > 0,
                count,
                count + 3,
                count + 9
            );
        }
    }
    inputs(&rows, &links, &episodes)
}

/// Contacts of [`TABLE`].
const CONTACTS_OF_TABLE: usize = 150;

/// One table that several tests look at.
static TABLE: LazyLock<KpiTable> = LazyLock::new(|| computed(synthetic(CONTACTS_OF_TABLE)));

fn computed(inputs: KpiInputs) -> KpiTable {
    compute(&Sources::Batches(inputs), &KpiSettings::default()).unwrap()
}

/// The same rows, last first, in batches of the given sizes in turn.
fn reversed_in_pieces(batches: &[RecordBatch], sizes: &[usize]) -> Vec<RecordBatch> {
    let whole = concat_batches(&batches[0].schema(), batches).unwrap();
    let mut pieces = Vec::new();
    let mut end = whole.num_rows();
    for size in sizes.iter().cycle() {
        let from = end.saturating_sub(*size);
        let rows: UInt32Array = (from..end).rev().map(|row| row as u32).collect();
        let columns = whole.columns().iter().map(|column| take(column, &rows, None).unwrap()).collect();
        pieces.push(RecordBatch::try_new(whole.schema(), columns).unwrap());
        end = from;
        if end == 0 {
            break;
        }
    }
    pieces
}

fn parquet_bytes(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn write_parquet(folder: &Path, batch: &RecordBatch) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("part-0000.parquet"), parquet_bytes(batch)).unwrap();
}

#[test]
fn bytes_do_not_depend_on_the_order_and_the_batches_of_the_input() {
    let whole = synthetic(CONTACTS_OF_TABLE);
    let pieces = KpiInputs {
        contacts: reversed_in_pieces(&whole.contacts, &[1, 25, 7]),
        links: reversed_in_pieces(&whole.links, &[3]),
        episodes: reversed_in_pieces(&whole.episodes, &[11, 2]),
    };
    assert!(pieces.contacts.len() > 10);
    assert_eq!(TABLE.missing, []);
    assert_eq!(parquet_bytes(&TABLE.batch), parquet_bytes(&computed(pieces).batch));
}

#[test]
fn bytes_do_not_depend_on_the_number_of_threads() {
    for threads in [1, 5] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let table = pool.install(|| computed(synthetic(CONTACTS_OF_TABLE)));
        assert_eq!(parquet_bytes(&TABLE.batch), parquet_bytes(&table.batch), "{threads} threads");
    }
}

#[test]
fn folders_give_the_same_table_as_batches_and_show_reads_it_back() {
    let inputs = synthetic(70);
    let output = tempfile::tempdir().unwrap();
    // A folder whose name would be taken for a pattern, were it not escaped.
    let output = output.path().join("sortie [été] *1 %20");
    let contacts = &inputs.contacts[0];
    for (month, from, rows) in [("2026-01", 0, 30), ("2026-02", 30, 40)] {
        write_parquet(&output.join("contacts").join(format!("contact_month={month}")), &contacts.slice(from, rows));
    }
    // An older file without a column that was added later.
    let older = inputs.links[0].project(&[0, 1, 2, 3, 4, 5]).unwrap();
    write_parquet(&output.join("links"), &older);
    write_parquet(&output.join("episodes"), &inputs.episodes[0]);
    let from_folders = compute(&Sources::Folders(output.clone()), &KpiSettings::default()).unwrap();
    let from_batches = computed(inputs);
    assert_eq!(from_folders.batch, from_batches.batch);
    assert_eq!(from_folders.missing, from_batches.missing);

    write_parquet(&output.join("kpi"), &from_folders.batch);
    let all = query(&output, &Filters::default()).unwrap();
    assert_eq!(all.len(), from_folders.batch.num_rows());
    let filters =
        Filters { kpi: Some("volume".into()), dimension: Some("channel".into()), grain: Some("month".into()) };
    let some = query(&output, &filters).unwrap();
    let expected: Vec<&KpiRow> = all
        .iter()
        .filter(|row| {
            (row.kpi.as_str(), row.dimension.as_str(), row.period_grain.as_str()) == ("volume", "channel", "month")
        })
        .collect();
    assert!(expected.len() > 12 && some.iter().eq(expected));
}

#[test]
fn folders_without_contacts_are_an_error_with_advice() {
    let output = tempfile::tempdir().unwrap();
    let sources = Sources::Folders(output.path().to_path_buf());
    let message = compute(&sources, &KpiSettings::default()).unwrap_err().to_string();
    assert!(message.contains("motif run"), "{message}");
}

#[test]
fn what_cannot_be_computed_is_missing_and_not_zero() {
    // All columns that are not named are null; the only answer is that of a contact that is not counted.
    let rows = "
        contact_id | is_counted | customer_key | csat | is_avoidable
        n01        | true       |              |      | true
        n02        | true       |              |      | false
        n03        | false      | k1           | 5    | true
    ";
    let table = computed(inputs(rows, "", ""));
    let missing = |kpi: &str| {
        table.missing.iter().find(|missing| missing.kpi == kpi).map(|missing| missing.missing_columns.clone())
    };
    assert_eq!(missing("csat_mean"), Some(vec!["contacts.csat".to_owned()]));
    assert_eq!(missing("csat_answers"), Some(vec!["contacts.csat".to_owned()]));
    assert_eq!(
        missing("repeat_rate_customer_7d"),
        Some(vec!["contacts.customer_key".to_owned(), "contacts.is_recontacted_7d".to_owned()])
    );
    assert_eq!(missing("volume"), None);
    assert_eq!(missing("avoidable_rate"), None);
    assert_eq!(table.total("avoidable_rate").value, Some(0.5));
    let shown: Vec<KpiRow> = rows_of(&table.batch, &Filters::default()).unwrap();
    for missing in &table.missing {
        assert!(shown.iter().all(|row| row.kpi != missing.kpi), "{} is missing and there", missing.kpi);
    }
    for kpi in catalogue::all().filter(|kpi| missing(kpi.name).is_none()) {
        assert!(shown.iter().any(|row| row.kpi == kpi.name), "{} is neither there nor missing", kpi.name);
    }
    assert!(table.missing.is_sorted_by(|a, b| a.kpi < b.kpi));
}

#[test]
fn without_contacts_the_table_is_empty_and_has_its_schema() {
    let table = computed(KpiInputs::default());
    assert_eq!((table.batch.num_rows(), table.batch.schema()), (0, KPI.schema()));
    // Volume alone needs no column.
    assert_eq!(table.missing.len(), catalogue::all().count() - 1);
}

#[test]
fn rows_are_in_the_declared_order_with_one_row_per_cell_and_allowed_dimensions_only() {
    let rows = rows_of(&TABLE.batch, &Filters::default()).unwrap();
    let key = |row: &KpiRow| {
        let period = (row.kpi.clone(), row.period_grain.clone(), row.period_start.clone());
        (period, row.dimension.clone(), row.dimension_value.clone())
    };
    assert!(rows.is_sorted_by(|a, b| key(a) < key(b)));
    for row in &rows {
        let kpi = catalogue::find(&row.kpi).unwrap();
        assert!(kpi.dimensions.iter().any(|dimension| dimension.as_str() == row.dimension), "{row:?}");
        assert!(GRAINS.contains(&row.period_grain.as_str()), "{row:?}");
        assert_eq!(row.method, kpi.method.as_str());
        if let (Some(value), Some(lo), Some(hi)) = (row.value, row.lo, row.hi) {
            assert!(lo <= value + 1e-9 && value <= hi + 1e-9, "{row:?}");
        }
        if kpi.unit == Unit::Share {
            assert!(row.value.is_none_or(|value| (0.0..=1.0).contains(&value)), "{row:?}");
            assert_eq!(row.value.is_none(), row.denominator == Some(0.0), "{row:?}");
        }
    }
}

#[test]
fn every_dimension_and_every_grain_adds_up_to_the_total() {
    let counted = synthetic(CONTACTS_OF_TABLE).contacts[0]
        .column_by_name("is_counted")
        .unwrap()
        .as_boolean()
        .values()
        .count_set_bits() as f64;
    let rows = rows_of(&TABLE.batch, &Filters::default()).unwrap();
    let sum = |kpi: &str, grain: &str, dimension: Dimension| -> f64 {
        rows.iter()
            .filter(|row| row.kpi == kpi && row.period_grain == grain && row.dimension == dimension.as_str())
            .map(|row| row.value.unwrap_or(0.0))
            .sum()
    };
    for kpi in ["volume", "avoidable_contacts", "cost_total_eur", "avoidable_cost_lenient_eur"] {
        let total = TABLE.total(kpi).value.unwrap();
        for &dimension in catalogue::find(kpi).unwrap().dimensions {
            for grain in GRAINS {
                assert!((sum(kpi, grain, dimension) - total).abs() < 1e-6, "{kpi} {dimension:?} {grain}");
            }
        }
    }
    assert_eq!(TABLE.total("volume").value, Some(counted));
}

#[test]
fn no_layer_loses_or_doubles_rows() {
    let inputs = synthetic(240);
    let episodes = inputs.episodes[0].num_rows() as i64;
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let numbers = runtime.block_on(async {
        let ctx = prepare(&Sources::Batches(inputs), &KpiSettings::default()).unwrap();
        let families = [catalogue::Family::Contacts, catalogue::Family::Customers, catalogue::Family::Episodes];
        build_layers(&ctx, &families).await.unwrap();
        let mut numbers = Vec::new();
        for sql in [
            "SELECT count(*) FROM contacts WHERE is_counted",
            "SELECT count(*) FROM stg_contacts",
            "SELECT count(*) FROM int_contacts",
            "SELECT count(*) FROM int_contact_dimensions WHERE dimension = 'reason'",
            "SELECT CAST(sum(contacts) AS BIGINT) FROM int_contact_days WHERE dimension = 'team'",
            "SELECT CAST(sum(contacts) AS BIGINT) FROM int_contact_periods WHERE dimension = 'site' AND period_grain = 'week'",
            "SELECT count(*) FROM int_episodes",
            "SELECT CAST(sum(episodes) AS BIGINT) FROM int_episode_days WHERE dimension = 'channel'",
            "SELECT CAST(sum(episodes) AS BIGINT) FROM int_episode_periods WHERE dimension = 'all' AND period_grain = 'month'",
        ] {
            let batches = ctx.sql(sql).await.unwrap().collect().await.unwrap();
            numbers.push(cast(batches[0].column(0), &DataType::Int64).unwrap().as_primitive::<Int64Type>().value(0));
        }
        numbers
    });
    assert!(numbers[0] > 200 && numbers[0] < 240);
    assert_eq!(numbers[..6], [numbers[0]; 6]);
    assert_eq!(numbers[6..], [episodes; 3]);
}

#[test]
fn numbers_that_are_not_finite_are_unknown() {
    let rows = "
        contact_id | handle_time_s | sentiment_score
        f01        | 100           | 10
        f02        | 100           | 10
        f03        | 100           | 10
        f04        | 200           | 10
    ";
    let mut inputs = inputs(rows, "", "");
    let batch = &inputs.contacts[0];
    let at = batch.schema().index_of("handle_time_s").unwrap();
    let mut columns = batch.columns().to_vec();
    columns[at] = Arc::new(Float64Array::from(vec![f64::NAN, f64::INFINITY, 1e300, 200.0]));
    inputs.contacts = vec![RecordBatch::try_new(CONTACTS.schema(), columns).unwrap()];
    let row = super::fixture::compute_named(&["handle_time_s"], inputs).total("handle_time_s");
    assert_eq!((row.value, row.n), (Some(200.0), 1));
}

#[test]
fn a_measure_in_a_wrong_unit_does_not_end_the_run_where_one_customer_makes_many_contacts() {
    // 50 waits of 9e13: the square of their sum has more digits than a decimal of 128 bits.
    let mut rows = String::from("contact_id | customer_key | wait_s\n");
    for at in 0..50 {
        let _ = writeln!(rows, "u{at} | k1 | 9e13");
    }
    for at in 0..50 {
        let _ = writeln!(rows, "v{at} | k2 | 0");
    }
    let row = of_contacts(&["wait_s"], &rows).total("wait_s");
    // Two customers as unlike as can be: spread 100 · m², pairs 2 · 50 · 49 · m² with m = 4.5e13; variance 2 · (100 + 4900) m² / 100² = m².
    assert_eq!((row.value, row.n), (Some(4.5e13), 100));
    let half = 12.7062 * 4.5e13;
    assert_eq!(row.lo, Some(0.0));
    assert!((row.hi.unwrap() - 4.5e13 - half).abs() < 1e-9 * half, "{row:?}");
}

#[test]
fn satisfaction_threshold_and_scales_come_from_the_settings() {
    let rows = "
        contact_id | csat | nps
        t01        | 8    | 5
        t02        | 7    | 4
        t03        | 10   | 3
    ";
    let settings = KpiSettings {
        csat_scale: [1.0, 10.0],
        csat_satisfied_from: 8.0,
        // Five points: 5 promotes, 4 is passive, 3 detracts.
        nps_scale: [1.0, 5.0],
        ..KpiSettings::default()
    };
    let table = compute(&Sources::Batches(inputs(rows, "", "")), &settings).unwrap();
    assert_eq!(table.total("csat_satisfied_rate").numerator, Some(2.0));
    assert_eq!(table.total("nps").value, Some(0.0));
    assert_eq!(table.total("csat_mean").hi, Some(10.0));
    assert_eq!(of_contacts(&["csat_satisfied_rate"], rows).total("csat_satisfied_rate").numerator, Some(3.0));
}

/// The tables as a user's machine would read them, for the timing below.
fn write_tables(output: &Path, inputs: &KpiInputs) {
    let tables: [(&Table, &[RecordBatch], &str); 3] = [
        (&CONTACTS, &inputs.contacts, "contact_month=2026-01"),
        (&LINKS, &inputs.links, ""),
        (&EPISODES, &inputs.episodes, ""),
    ];
    for (table, batches, partition) in tables {
        write_parquet(&output.join(table.name).join(partition), &batches[0]);
    }
}

#[test]
#[ignore = "a timing, meaningful in release only: cargo test --release --lib kpi:: -- --ignored --nocapture"]
#[expect(clippy::print_stderr, reason = "a timing has to be read")]
fn a_hundred_thousand_contacts_take_less_than_three_seconds() {
    let inputs = synthetic(100_000);
    let output = tempfile::tempdir().unwrap();
    write_tables(output.path(), &inputs);
    for sources in [Sources::Batches(inputs), Sources::Folders(output.path().to_path_buf())] {
        let start = Instant::now();
        let table = compute(&sources, &KpiSettings::default()).unwrap();
        let elapsed = start.elapsed();
        eprintln!("{} rows in {elapsed:?}", table.batch.num_rows());
        assert!(elapsed.as_secs_f64() < 3.0, "{elapsed:?}");
    }
}
