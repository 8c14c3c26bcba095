use std::fs::File;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int32Array, Int64Array,
    ListBuilder, RecordBatch, StringArray, StringBuilder, TimestampMicrosecondArray,
};
use arrow::compute::cast;
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};

use super::super::view::LeftOut;
use super::*;
use crate::table::schema::{Column, ColumnType, SPANS, TURNS, Table};

/// Writes rows given as JSON objects; absent columns are null, or a neutral value where null is not allowed.
fn write(dir: &Path, table: &Table, file: &str, rows: &[Value]) {
    let columns = table.columns.iter().map(|column| array(column, rows)).collect();
    let batch = RecordBatch::try_new(table.schema(), columns).unwrap();
    let path = dir.join(table.name).join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), table.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn array(column: &Column, rows: &[Value]) -> ArrayRef {
    let cells = || rows.iter().map(|row| &row[column.name]);
    let whole = |cell: &Value| cell.as_i64().or((!column.nullable).then_some(0));
    let number = |cell: &Value| cell.as_f64().or((!column.nullable).then_some(0.0));
    let text = |cell: &Value| cell.as_str().map(str::to_string).or((!column.nullable).then(String::new));
    let array: ArrayRef = match column.column_type {
        ColumnType::Text | ColumnType::Enum => Arc::new(cells().map(text).collect::<StringArray>()),
        ColumnType::Boolean => Arc::new(
            cells().map(|cell| cell.as_bool().or((!column.nullable).then_some(false))).collect::<BooleanArray>(),
        ),
        ColumnType::Int => Arc::new(cells().map(|cell| whole(cell).map(|n| n as i32)).collect::<Int32Array>()),
        ColumnType::Long => Arc::new(cells().map(whole).collect::<Int64Array>()),
        ColumnType::Double => Arc::new(cells().map(number).collect::<Float64Array>()),
        ColumnType::Float => Arc::new(cells().map(|cell| number(cell).map(|x| x as f32)).collect::<Float32Array>()),
        ColumnType::Timestamp => {
            Arc::new(cells().map(whole).collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
        }
        ColumnType::Date => Arc::new(cells().map(|cell| whole(cell).map(|n| n as i32)).collect::<Date32Array>()),
        ColumnType::Eur => {
            let units = cells().map(|cell| number(cell).map(|x| (x * 10_000.0).round() as i128));
            Arc::new(units.collect::<Decimal128Array>().with_precision_and_scale(12, 4).unwrap())
        }
        ColumnType::TextList => {
            let mut list = ListBuilder::new(StringBuilder::new());
            for cell in cells() {
                for text in cell.as_array().into_iter().flatten() {
                    list.values().append_value(text.as_str().unwrap());
                }
                list.append(true);
            }
            Arc::new(list.finish())
        }
    };
    cast(&array, &column.column_type.arrow()).unwrap()
}

/// Monday 2 November 2026, in days since 1970.
const MONDAY: i64 = 20_759;

/// Two customers. The first writes (Monday), calls back three days later with evidence; the second writes once, a week
/// later. An automatic reply enters nothing.
fn output(dir: &Path) {
    let contact = |id: &str, customer: &str, channel: &str, day: i64, more: Value| {
        let mut row = json!({
            "contact_id": id, "customer_key": customer, "channel": channel, "is_counted": true, "contact_date": day,
            "started_at": day * 86_400_000_000, "reason_id": "delivery.late", "is_avoidable": false,
            "is_avoidable_lenient": false, "sentiment_label": "neutral", "sentiment_score": 0.0,
            "cost_low_eur": 2.0, "cost_mid_eur": 3.5, "cost_high_eur": 5.0, "is_recontacted_7d": false,
            "episode_id": "ep-a1", "direction": "inbound", "record_kind": "contact",
        });
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row
    };
    let first = contact("a1", "0a", "email", MONDAY, json!({"is_recontacted_7d": true, "csat": 4.0}));
    let back = contact(
        "a2",
        "0a",
        "phone",
        MONDAY + 3,
        json!({
            "is_avoidable": true, "is_avoidable_lenient": true, "avoidable_probability": 0.9, "criterion_id": "C03",
            "owner": "logistics", "sentiment_label": "negative", "sentiment_score": -50.0, "is_repeat_14d": true,
            "cost_low_eur": 3.0, "cost_mid_eur": 5.5, "cost_high_eur": 8.0, "csat": 1.0,
        }),
    );
    let other = contact("b1", "0b", "email", MONDAY + 7, json!({"episode_id": "ep-b1", "is_recontacted_7d": null}));
    let reply = json!({"contact_id": "r1", "is_counted": false, "contact_date": MONDAY, "record_kind": "auto_reply"});
    write(dir, &CONTACTS, "contact_month=2026-11/part-0000.parquet", &[reply, first, back, other]);
    write(
        dir,
        &CONTACTS,
        "contact_month=2026-11/_unfinished.parquet",
        &[json!({"contact_id": "x", "is_counted": true})],
    );
    let turn = |id: &str, index: i64, text: &str| json!({"contact_id": id, "turn_index": index, "text": text});
    write(
        dir,
        &TURNS,
        "part-0000.parquet",
        &[turn("a1", 0, "Mon colis ?"), turn("a2", 0, "Allô"), turn("a2", 1, "J’ai écrit lundi, sans réponse. Merci.")],
    );
    let span = json!({
        "contact_id": "a2", "turn_index": 1, "kind": "avoidable", "ref_id": "C03", "start_char": 5, "end_char": 31, "score": 0.8,
    });
    write(dir, &SPANS, "part-0000.parquet", &[span]);
    write(dir, &LINKS, "part-0000.parquet", &[json!({"from_contact_id": "a1", "to_contact_id": "a2"})]);
    let episode = |id: &str, contacts: i64, channels: Value, is_known: bool, cost: f64| {
        json!({"episode_id": id, "customer_key": "0a", "reason_id": "delivery.late", "contacts": contacts, "contacts_7d": contacts,
               "channels": channels, "is_resolution_known": is_known, "cost_low_eur": cost, "cost_mid_eur": cost, "cost_high_eur": cost})
    };
    let episodes =
        [episode("ep-a1", 2, json!(["email", "phone"]), true, 9.0), episode("ep-b1", 1, json!(["email"]), false, 3.5)];
    write(dir, &EPISODES, "part-0000.parquet", &episodes);
    let faq = json!({"faq_id": "faq-a1", "reason_id": "delivery.late", "contacts": 2, "customers": 1,
                     "avoidable_known": 2, "repeat_known": 1, "question": "Mon colis ?", "verbatims": ["Mon colis ?"], "contact_ids": ["a1", "a2"],
                     "article_id": "track", "article_share": 0.5});
    write(dir, &FAQ_GAPS, "part-0000.parquet", &[faq]);
    let article = |id: &str, contacts: i64, cost: Value| {
        json!({"article_id": id, "title": format!("Title of {id}"), "languages": ["en", "fr"], "contacts": contacts,
               "customers": contacts, "avoidable_known": 3, "info_not_found_share": 1.0 / 3.0, "repeat_known": 2, "repeat_share": 0.5,
               "cost_low_eur": cost, "cost_mid_eur": cost, "cost_high_eur": cost})
    };
    let articles = [article("cheap", 4, json!(2.0)), article("track", 3, json!(9.0)), article("away", 0, Value::Null)];
    write(dir, &FAQ_ARTICLES, "part-0000.parquet", &articles);
    let kpi = |grain: &str, value: f64| json!({"period_grain": grain, "dimension": "all", "dimension_value": "all", "kpi": "volume", "value": value, "n": 3});
    let rate = |grain: &str, dimension: &str, value: &str, name: &str, method: &str| {
        json!({
            "period_grain": grain, "period_start": MONDAY, "dimension": dimension, "dimension_value": value, "kpi": name,
            "value": 0.5, "n": 2, "lo": 0.1, "hi": 0.9, "method": method,
        })
    };
    let repeats = "repeat_rate_contact_7d";
    let kpis = [
        kpi("week", 2.0),
        kpi("all", 3.0),
        rate("all", "reason", "delivery.late", repeats, "wilson_clustered"),
        rate("week", "all", "all", repeats, "wilson_clustered"),
        rate("week", "reason", "delivery.late", repeats, "wilson_clustered"),
        rate("all", "reason", "delivery.late", "avoidable_rate", "normal"),
        rate("all", "channel", "phone", "avoidable_rate", "wilson_clustered"),
    ];
    write(dir, &KPI, "part-0000.parquet", &kpis);
    std::fs::write(dir.join("run.json"), r#"{"version": "1.0.0", "counts": {"records": 4, "contacts": 4}}"#).unwrap();
}

#[test]
fn tables_add_up_to_the_figures_worked_out_by_hand() {
    let dir = tempfile::tempdir().unwrap();
    output(dir.path());
    let input = ReportInput::from_output(dir.path()).unwrap();

    assert_eq!((input.completeness.rows, input.total.contacts), (4, 3));
    assert_eq!(input.total.avoidable, Share::new(1, 3));
    // 3.50 + 5.50 + 3.50, of which the call is avoidable and a repeat.
    assert_eq!((input.total.cost.mid, input.total.avoidable_cost.money().mid), (125_000, 55_000));
    assert_eq!(input.total.repeat_cost.money().low, 30_000);
    // The window of b1 has not elapsed: one of two.
    assert_eq!(input.total.recontacted[SEVEN_DAYS], Share::new(1, 2));
    assert_eq!(input.customers, Share::new(1, 1));
    assert_eq!(input.total.satisfied, Share::new(1, 2));
    assert_eq!(input.by_channel["email"].contacts, 2);
    let phone = input.by_reason_channel[&("delivery.late".to_string(), "phone".to_string())];
    assert_eq!((phone.contacts, phone.avoidable), (1, Share::new(1, 1)));
    assert_eq!(input.by_week.values().map(|tally| tally.contacts).collect::<Vec<_>>(), [2, 1]);

    let episodes = &input.episodes;
    assert_eq!(episodes.resolved_at_first, Share::new(0, 1));
    assert_eq!((episodes.all.episodes, episodes.repeated.contacts), (2, 2));
    assert_eq!(episodes.cross_channel, Share::new(1, 1));
    assert_eq!(episodes.transitions[&("email".to_string(), "phone".to_string())], 1);
    let steps: Vec<&str> = episodes.longest[0].steps.iter().map(|step| step.contact_id.as_str()).collect();
    assert_eq!(steps, ["a1", "a2"]);

    let (key, cause) = input.causes.first_key_value().unwrap();
    assert_eq!((key.criterion.as_str(), key.owner.as_str()), ("C03", "logistics"));
    assert_eq!(cause.contact_ids, ["a2"]);
    assert_eq!(cause.evidence[0].words, "écrit lundi, sans réponse.");
    assert_eq!(cause.evidence[0].before, "J’ai ");

    assert_eq!((input.faq[0].contact_ids.len(), input.faq_total.contacts), (2, 2));
    assert_eq!((input.faq[0].avoidable_known, input.faq[0].repeat_known), (2, 1));
    assert_eq!((input.faq[0].article_id.as_deref(), input.faq[0].article_share), (Some("track"), Some(0.5)));
    assert_eq!((input.faq_total.questions, input.faq_total.with_article), (1, 1));
    let articles = &input.articles;
    assert_eq!((articles.total, articles.unasked, articles.covered), (3, 1, 7));
    assert_eq!(
        articles.titles,
        [("track".to_string(), "Title of track".to_string())].into(),
        "those of the candidates"
    );
    let ids: Vec<&str> = articles.dearest.iter().map(|article| article.article_id.as_str()).collect();
    assert_eq!(ids, ["track", "cheap"], "the dearest first");
    let track = &articles.dearest[0];
    assert_eq!((track.info_not_found, track.repeat), (Share::new(1, 3), Share::new(1, 2)));
    assert_eq!((track.contacts, track.languages.join(" "), track.cost.unwrap().mid), (3, "en fr".to_string(), 90_000));
    assert_eq!(input.kpis["volume"].value, Some(3.0));
    // Those of other methods and of finer cells are not taken.
    let monday = NaiveDate::from_ymd_opt(2026, 11, 2).unwrap();
    let repeats = "repeat_rate_contact_7d".to_string();
    let expected = [
        (Group::Reason("delivery.late".into()), repeats.clone()),
        (Group::Week(monday), repeats),
        (Group::Channel("phone".into()), "avoidable_rate".to_string()),
    ];
    assert_eq!(input.intervals, expected.map(|key| (key, (0.1, 0.9))).into());
}

#[test]
fn a_customer_with_a_contact_that_cannot_be_compared_came_back_as_little_as_not() {
    let dir = tempfile::tempdir().unwrap();
    let contact = |id: &str, customer: &str, came_back: Value, is_open: bool| {
        json!({"contact_id": id, "customer_key": customer, "is_counted": true, "contact_date": MONDAY, "started_at": 0,
               "reason_id": "info.hours", "is_recontacted_7d": came_back, "is_recontact_open_7d": is_open})
    };
    let contacts = [
        contact("a1", "0a", Value::Null, true),
        contact("a2", "0a", json!(false), false),
        contact("b1", "0b", json!(true), false),
        contact("b2", "0b", Value::Null, true),
        contact("c1", "0c", json!(true), false),
        contact("c2", "0c", json!(false), false),
        contact("d1", "0d", json!(false), false),
        // Its window has not elapsed, which leaves nobody out.
        contact("d2", "0d", Value::Null, false),
        contact("e1", "0e", Value::Null, false),
    ];
    write(dir.path(), &CONTACTS, "contact_month=2026-11/part-0000.parquet", &contacts);
    let input = ReportInput::from_contacts(dir.path(), 4.0).unwrap();
    assert_eq!(input.customers, Share::new(1, 2));
    assert_eq!(input.customers_by_reason["info.hours"], Share::new(1, 2));
}

#[test]
fn issues_of_unknown_customers_are_no_resolution() {
    let dir = tempfile::tempdir().unwrap();
    let single = |id: &str, customer: Value| {
        json!({"episode_id": id, "customer_key": customer, "reason_id": "info.hours", "contacts": 1, "contacts_7d": 1,
               "channels": ["email"], "is_resolution_known": !customer.is_null()})
    };
    write(dir.path(), &EPISODES, "part-0000.parquet", &[single("ep-a", Value::Null)]);
    let episodes = ReportInput::from_contacts(dir.path(), 4.0).unwrap().episodes;
    assert_eq!((episodes.all.episodes, episodes.resolved_at_first), (1, Share::default()));
    assert!(episodes.resolved_by_reason.is_empty());

    let both = [single("ep-a", Value::Null), single("ep-b", json!("0b"))];
    write(dir.path(), &EPISODES, "part-0000.parquet", &both);
    let episodes = ReportInput::from_contacts(dir.path(), 4.0).unwrap().episodes;
    assert_eq!(episodes.resolved_at_first, Share::new(1, 1));
    assert_eq!(episodes.resolved_by_reason["info.hours"], Share::new(1, 1));
}

#[test]
fn an_issue_with_a_contact_of_unknown_channel_is_not_said_to_stay_in_one() {
    let dir = tempfile::tempdir().unwrap();
    let contact = |id: &str, episode: &str, channel: Value| {
        json!({"contact_id": id, "episode_id": episode, "channel": channel, "is_counted": true,
               "reason_id": "delivery.late"})
    };
    let contacts = [
        contact("a1", "ep-a1", json!("phone")),
        contact("a2", "ep-a1", Value::Null),
        contact("b1", "ep-b1", json!("phone")),
        contact("b2", "ep-b1", json!("phone")),
        contact("c1", "ep-c1", json!("phone")),
        contact("c2", "ep-c1", json!("email")),
        contact("c3", "ep-c1", Value::Null),
    ];
    write(dir.path(), &CONTACTS, "contact_month=2026-11/part-0000.parquet", &contacts);
    let episode = |id: &str, contacts: i64, channels: Value| {
        json!({"episode_id": id, "customer_key": "0a", "reason_id": "delivery.late", "contacts": contacts, "contacts_7d": contacts,
               "channels": channels})
    };
    // One channel and one that is not known, twice one channel, two channels and one that is not known.
    let unknown = episode("ep-a1", 2, json!(["phone"]));
    let (one, two) = (episode("ep-b1", 2, json!(["phone"])), episode("ep-c1", 3, json!(["email", "phone"])));
    write(dir.path(), &EPISODES, "part-0000.parquet", &[unknown, one, two]);
    let episodes = ReportInput::from_contacts(dir.path(), 4.0).unwrap().episodes;
    assert_eq!((episodes.repeated.episodes, episodes.cross_channel), (3, Share::new(1, 2)));
}

#[test]
fn contacts_without_a_verdict_are_no_part_of_a_cells_avoidable_share() {
    let dir = tempfile::tempdir().unwrap();
    let contact = |id: &str, verdict: Value| {
        json!({"contact_id": id, "reason_id": "unclear", "channel": "phone", "is_counted": true,
               "is_avoidable": verdict})
    };
    let contacts = [contact("a", Value::Null), contact("b", Value::Null), contact("c", json!(true))];
    write(dir.path(), &CONTACTS, "contact_month=2026-11/part-0000.parquet", &contacts);
    let input = ReportInput::from_contacts(dir.path(), 4.0).unwrap();
    let cell = input.by_reason_channel[&("unclear".to_string(), "phone".to_string())];
    assert_eq!((cell.contacts, cell.avoidable), (3, Share::new(1, 1)));
}

#[test]
fn a_folder_that_no_run_finished_is_refused_with_its_path() {
    let dir = tempfile::tempdir().unwrap();
    let error = ReportInput::from_output(dir.path()).unwrap_err().to_string();
    assert!(error.contains("run.json"), "{error}");
}

#[test]
fn a_table_that_lacks_a_column_is_named_with_the_version_that_wrote_it() {
    let dir = tempfile::tempdir().unwrap();
    output(dir.path());
    let path = dir.path().join("links/part-0000.parquet");
    std::fs::copy(dir.path().join("turns/part-0000.parquet"), path).unwrap();
    let error = ReportInput::from_output(dir.path()).unwrap_err().to_string();
    let told =
        "the table links lacks: from_contact_id, to_contact_id; it was written by version 1.0.0 of motif, this is";
    assert!(error.contains(told) && error.ends_with("run `motif run` again: nothing is encoded twice"), "{error}");
}

#[test]
fn a_column_of_another_type_is_no_unknown_answer() {
    let dir = tempfile::tempdir().unwrap();
    output(dir.path());
    let written_as = |column: &Column| match column.name {
        "csat" => Column { column_type: ColumnType::Text, ..*column },
        _ => *column,
    };
    let columns: Vec<Column> = CONTACTS.columns.iter().map(written_as).collect();
    let older = Table { columns: columns.leak(), ..CONTACTS };
    let contact = json!({"contact_id": "a1", "is_counted": true, "csat": "four"});
    write(dir.path(), &older, "contact_month=2026-11/part-0000.parquet", &[contact]);
    let error = ReportInput::from_output(dir.path()).unwrap_err().to_string();
    assert!(error.contains("the table contacts holds with another type: csat (Utf8);"), "{error}");
}

#[test]
fn survey_answers_that_were_left_out_are_counted_where_the_contact_is() {
    let dir = tempfile::tempdir().unwrap();
    let contact = |id: &str, is_counted: bool, flags: Value| json!({"contact_id": id, "reason_id": "unclear", "is_counted": is_counted, "flags": flags});
    let contacts = [
        contact("a", true, json!(["csat_out_of_scale", "speakers_inferred"])),
        contact("b", true, json!(["ces_out_of_scale", "csat_out_of_scale", "nps_out_of_scale"])),
        contact("c", false, json!(["csat_out_of_scale"])),
        contact("d", true, json!([])),
    ];
    write(dir.path(), &CONTACTS, "contact_month=2026-11/part-0000.parquet", &contacts);
    let input = ReportInput::from_contacts(dir.path(), 4.0).unwrap();
    assert_eq!(input.left_out, LeftOut { csat: 2, nps: 1, ces: 1 });
    assert_eq!(input.total.csat.n, 0);
}

#[test]
fn an_output_without_any_table_is_an_empty_report() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("run.json"), "{}").unwrap();
    assert_eq!(ReportInput::from_output(dir.path()).unwrap(), ReportInput::default());
}

#[test]
fn the_agent_is_never_read() {
    assert!(CONTACT_COLUMNS.iter().all(|column| !column.contains("agent")));
}

#[test]
fn the_most_certain_contacts_are_kept_whatever_their_order() {
    let probabilities: Vec<(f64, String)> =
        (0..100).map(|index| (f64::from(index % 10) / 10.0, format!("c{index:03}"))).collect();
    let (mut forward, mut backward) = (Vec::new(), Vec::new());
    for (probability, id) in &probabilities {
        keep_certain(&mut forward, *probability, id);
    }
    for (probability, id) in probabilities.iter().rev() {
        keep_certain(&mut backward, *probability, id);
    }
    assert_eq!(forward, backward);
    assert_eq!(forward.len(), IDS_PER_CAUSE);
    assert_eq!(forward[0], (0.9, "c009".to_string()));
}

#[test]
fn a_customer_counts_once_however_often_they_come_back() {
    let mut customers = Customers::default();
    customers.add("a", "00ff", Return::Back);
    customers.add("a", "00ff", Return::Away);
    customers.add("b", "00ff", Return::Away);
    customers.add("a", "not hexadecimal", Return::Away);
    customers.add("a", "0a0a", Return::Unknown);
    let (all, by_reason) = customers.shares();
    assert_eq!(all, Share::new(1, 2));
    assert_eq!(by_reason["a"], Share::new(1, 2));
    assert_eq!(by_reason["b"], Share::new(0, 1));
}

#[test]
fn weeks_start_on_monday() {
    let day = |d| NaiveDate::from_ymd_opt(2026, 11, d).unwrap();
    assert_eq!(monday(day(22)), day(16));
    assert_eq!(monday(day(23)), day(23));
}
