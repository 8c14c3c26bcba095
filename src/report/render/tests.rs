use std::path::PathBuf;

use chrono::NaiveDate;

use super::super::run::{Bilingual, CriterionLabel, ReasonLabel, Run};
use super::super::tally::{Money, Row, Sentiment, Share};
use super::super::view::{
    Cause, CauseKey, Episode, EpisodeSum, Episodes, Evidence, FaqCandidate, FaqTotal, KpiValue, Step, UNKNOWN,
};
use super::*;

/// 40 late deliveries by phone in two weeks, half of them avoidable, and 2 praises by e-mail.
fn sample() -> ReportInput {
    let mut input = ReportInput { run: run(), ..ReportInput::default() };
    let day = |day| NaiveDate::from_ymd_opt(2026, 9, day).unwrap();
    input.period = Some((day(7), day(20)));
    let key = CauseKey { criterion: "C02".into(), reason: "delivery.late".into(), owner: "logistics".into() };
    for index in 0..42_u32 {
        let is_late = index < 40;
        let is_avoidable = is_late && index % 2 == 0;
        let row = Row {
            is_avoidable: Some(is_avoidable),
            is_avoidable_lenient: Some(is_avoidable),
            cost: Some(Money::new(300_000, 617_250, 800_000)),
            sentiment: Some(if is_late { Sentiment::Negative } else { Sentiment::Positive }),
            sentiment_score: Some(if is_late { -40.0 } else { 60.0 }),
            emotions: [Some(is_avoidable), Some(false)],
            is_repeat_14d: Some(index % 5 == 1),
            is_recontacted: [Some(index % 5 == 0); 4],
            csat: (index % 4 == 0).then_some(2.0),
            is_satisfied: (index % 4 == 0).then_some(false),
        };
        let (reason, channel) = if is_late { ("delivery.late", "phone") } else { ("service.thanks", "email") };
        input.completeness.rows += 1;
        input.total.add(&row);
        input.by_reason.entry(reason.into()).or_default().add(&row);
        input.by_channel.entry(channel.into()).or_default().add(&row);
        let cell = input.by_reason_channel.entry((reason.into(), channel.into())).or_default();
        cell.add(row.is_avoidable);
        input.by_week.entry(day(if index % 2 == 0 { 7 } else { 14 })).or_default().add(&row);
        input.by_sentiment[usize::from(!is_late) * 2].add(&row);
        if is_avoidable {
            input.causes.entry(key.clone()).or_default().tally.add(&row);
        }
    }
    let cause: &mut Cause = input.causes.get_mut(&key).unwrap();
    cause.contact_ids = vec!["c-001".into(), "c-003".into()];
    cause.evidence = vec![Evidence {
        contact_id: "c-001".into(),
        before: "Bonjour, ".into(),
        words: "<script>alert(1)</script> promis lundi".into(),
        after: " & toujours rien".into(),
    }];
    input.customers = Share::new(8, 30);
    input.customers_by_reason.insert("delivery.late".into(), Share::new(8, 30));
    input.by_trend.insert("declining".into(), 3);
    let cost = Money::new(600_000, 1_234_500, 1_600_000);
    input.episodes = Episodes {
        resolved_at_first: Share::new(26, 34),
        all: EpisodeSum { episodes: 34, contacts: 42, cost },
        repeated: EpisodeSum { episodes: 8, contacts: 16, cost },
        cross_channel: Share::new(1, 8),
        longest: vec![Episode {
            episode_id: "ep-1".into(),
            reason: "delivery.late".into(),
            contacts: 2,
            cost: Some(cost),
            steps: vec![Step { channel: "phone".into(), contact_id: "c-001".into(), ..Step::default() }],
        }],
        ..Episodes::default()
    };
    input.episodes.transitions.insert(("email".into(), "phone".into()), 1);
    input.faq = vec![FaqCandidate {
        faq_id: "faq-c-001".into(),
        reason: "delivery.late".into(),
        language: "fr".into(),
        contacts: 6,
        customers: 5,
        info_not_found_share: Some(0.5),
        cost: Some(cost),
        question: "Où est mon colis <img onerror=alert(1)> ?".into(),
        verbatims: vec!["colis toujours pas la".into()],
        contact_ids: vec!["c-001".into()],
        ..FaqCandidate::default()
    }];
    input.faq_total = FaqTotal { questions: 1, contacts: 6, cost };
    let volume = KpiValue { value: Some(42.0), n: 42, method: "none".into(), ..KpiValue::default() };
    input.kpis.insert("volume".into(), volume);
    input
}

fn run() -> Run {
    let mut run = Run { version: "1.0.0".into(), config_hash: "ab".repeat(32), ..Run::default() };
    run.counts.records = 45;
    run.counts.contacts = 42;
    run.counts.rejects = 3;
    run.counts.by_reject_code.insert("bad_time".into(), 3);
    run.labels.reasons.insert(
        "delivery.late".into(),
        ReasonLabel {
            name: Bilingual::new("Livraison en retard", "Late delivery"),
            l1: "delivery".into(),
            is_self_service: Some(true),
            owner: "logistics".into(),
        },
    );
    run.labels.criteria.insert(
        "C02".into(),
        CriterionLabel {
            name: Bilingual::new("Promesse non tenue", "Promise missed"),
            wording: Bilingual::new("Une date promise est passée.", "A promised date has passed."),
            is_strict: Some(true),
            owner: "logistics".into(),
        },
    );
    run.labels.owners.insert("logistics".into(), Bilingual::new("Logistique", "Logistics"));
    run.labels.missing_kpis.push(("nps".into(), vec!["contacts.nps".into()]));
    run
}

fn page(html: &str, language: &str) -> String {
    let start = html.find(&format!("<main data-language=\"{language}\"")).unwrap();
    html[start..start + html[start..].find("</main>").unwrap()].to_string()
}

#[test]
fn both_languages_are_there_and_the_configured_one_is_shown_first() {
    let html = render(&sample(), &ReportOptions { language: "en".into(), ..ReportOptions::default() }).unwrap();
    assert!(html.contains("<html lang=\"en\">"));
    assert!(html.contains(r#"id="show-en" value="en" checked>"#), "English is not checked");
    assert!(html.contains(r#"id="show-fr" value="fr">"#), "French is checked");
    let (french, english) = (page(&html, "fr"), page(&html, "en"));
    assert!(french.contains("Promesse non tenue") && !french.contains("Promise missed"));
    assert!(english.contains("Promise missed") && !english.contains("Promesse non tenue"));
    assert!(french.contains("Pourquoi vos clients vous contactent"));
    assert!(english.contains("Why your customers contact you"));
}

#[test]
fn the_answer_names_the_first_cause_with_its_owner_contacts_and_euros() {
    let html = render(&sample(), &ReportOptions::default()).unwrap();
    let french = page(&html, "fr");
    let answer = &french[..french.find("id=\"causes-fr\"").unwrap()];
    for expected in ["Livraison en retard", "Logistique", "20 contacts", "1\u{202f}234\u{a0}€", "48\u{a0}%", "n = 42"]
    {
        assert!(answer.contains(expected), "{expected} is not in the answer");
    }
    assert!(page(&html, "en").contains("€1,234"));
    assert!(page(&html, "en").contains("48%"));
}

#[test]
fn a_cause_that_no_department_owns_comes_after_those_that_can_be_taken_up() {
    let mut input = sample();
    let mut dearer = input.causes.values().next().unwrap().clone();
    dearer.tally.avoidable_cost.add(Some(Money::new(1, 90_000_000, 99_000_000)));
    input.causes.insert(CauseKey { criterion: "C02".into(), reason: "other".into(), owner: UNKNOWN.into() }, dearer);
    let html = render(&input, &ReportOptions::default()).unwrap();
    let french = page(&html, "fr");
    let answer = &french[..french.find("id=\"causes-fr\"").unwrap()];
    let place = |text: &str| answer.find(text).unwrap_or_else(|| panic!("{text} is not in the answer"));
    assert!(place("Logistique") < place("à désigner (motif non reconnu)"));
}

#[test]
fn advice_follows_the_order_that_pays() {
    let html = render(&sample(), &ReportOptions::default()).unwrap();
    let place = |text: &str| html.find(text).unwrap();
    assert!(place("Supprimer les contacts inutiles") < place("Résoudre dès le premier contact"));
    assert!(place("Résoudre dès le premier contact") < place("Ajuster le choix des canaux"));
}

#[test]
fn markup_in_customers_words_is_shown_as_text() {
    let html = render(&sample(), &ReportOptions::default()).unwrap();
    assert_eq!(html.matches("<script").count(), 1, "only the switch is a script");
    assert!(!html.contains("<img"));
    assert!(html.contains("&lt;script&gt;alert(1)"));
    assert!(html.contains("promis lundi</mark> &amp; toujours rien"));
}

#[test]
fn a_title_with_markup_stays_text_everywhere() {
    let title = Some("</title><b onload=\"x\">".to_string());
    let html = render(&sample(), &ReportOptions { title, ..ReportOptions::default() }).unwrap();
    assert!(!html.contains("<b onload"));
    assert_eq!(html.matches("</title>").count(), 1 + html.matches("</title></circle>").count());
}

#[test]
fn the_page_loads_nothing() {
    let html = render(&sample(), &ReportOptions::default()).unwrap();
    for outside in ["http://", "https://", "src=", "@import", "url(", "<link", "<iframe", "<object"] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(html.contains("default-src 'none'"));
}

#[test]
fn the_policy_allows_exactly_the_inline_script() {
    // Published example: SHA-256 of "alert('Hello, world.');", from the Content Security Policy specification.
    let hash = base64(&Sha256::digest("alert('Hello, world.');"));
    assert_eq!(hash, "qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=");
    let html = render(&sample(), &ReportOptions::default()).unwrap();
    let script = &html[html.find("<script>").unwrap() + 8..html.find("</script>").unwrap()];
    assert!(html.contains(&format!("'sha256-{}'", base64(&Sha256::digest(script)))));
}

#[test]
fn every_identifier_is_unique() {
    let html = render(&sample(), &ReportOptions::default()).unwrap();
    let mut ids: Vec<&str> = html.split(" id=\"").skip(1).filter_map(|part| part.split('"').next()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
    for link in html.split("href=\"#").skip(1).filter_map(|part| part.split('"').next()) {
        assert!(ids.contains(&link), "the link to {link} leads nowhere");
    }
}

#[test]
fn rates_over_few_contacts_are_greyed_and_keep_their_n() {
    let html = render(&sample(), &ReportOptions { min_contacts: 5, ..ReportOptions::default() }).unwrap();
    let row = |html: &str| {
        let reasons = &html[html.find("id=\"reasons-en\"").unwrap()..];
        let name = reasons.find("service.thanks").unwrap();
        let start = reasons[..name].rfind("<tr").unwrap();
        reasons[start..start + reasons[start..].find("</tr>").unwrap()].to_string()
    };
    assert!(row(&html).starts_with("<tr class=\"small\">") && row(&html).contains("n = 2"), "{}", row(&html));
    let html = render(&sample(), &ReportOptions { min_contacts: 2, ..ReportOptions::default() }).unwrap();
    assert!(row(&html).starts_with("<tr>"), "{}", row(&html));
}

#[test]
fn the_table_kpi_decides_on_the_headline() {
    let mut input = sample();
    let kpi = KpiValue { value: Some(0.123), lo: Some(0.1), hi: Some(0.15), n: 42, ..KpiValue::default() };
    input.kpis.insert("avoidable_rate".into(), kpi);
    let english = page(&render(&input, &ReportOptions::default()).unwrap(), "en");
    assert!(english.contains("<strong>12% of contacts were avoidable.</strong>"));
    assert!(english.contains("10–15%"));
}

#[test]
fn records_that_do_not_add_up_are_reported() {
    let mut input = sample();
    assert!(!render(&input, &ReportOptions::default()).unwrap().contains("role=\"alert\""));
    input.run.counts.rejects = 2;
    assert!(render(&input, &ReportOptions::default()).unwrap().contains("role=\"alert\""));
}

#[test]
fn a_run_without_contacts_tells_what_to_check() {
    let mut input = ReportInput { run: run(), ..ReportInput::default() };
    input.run.counts.contacts = 0;
    input.run.counts.records = 3;
    let html = render(&input, &ReportOptions::default()).unwrap();
    assert!(page(&html, "fr").contains("Aucun contact à analyser"));
    assert!(page(&html, "en").contains("No contact to analyse"));
    assert!(page(&html, "en").contains("unreadable time"), "rejects are shown");
    assert!(!html.contains("NaN") && !html.contains("id=\"causes-fr\""));
}

#[test]
fn contacts_without_cost_or_verdict_still_make_a_page() {
    let mut input = ReportInput { run: run(), ..ReportInput::default() };
    input.total.add(&Row::default());
    input.by_reason.entry("delivery.late".into()).or_default().add(&Row::default());
    input.by_channel.entry(super::super::view::UNKNOWN.into()).or_default().add(&Row::default());
    let html = render(&input, &ReportOptions::default()).unwrap();
    assert!(page(&html, "en").contains("No contact holds enough of the customer"));
    assert!(!html.contains("NaN"), "a division by zero shows");
}

#[test]
fn same_figures_give_the_same_bytes() {
    let first = render(&sample(), &ReportOptions::default()).unwrap();
    assert_eq!(first, render(&sample(), &ReportOptions::default()).unwrap());
}

#[test]
fn every_text_that_a_template_asks_for_exists() {
    let phrases = Phrases::shipped().unwrap();
    let mut asked = 0;
    for (name, source) in TEMPLATES {
        for part in source.split("t(\"").skip(1) {
            let key = part.split('"').next().unwrap();
            asked += 1;
            assert!(phrases.find(Language::French, key).is_some(), "{name} asks for {key}");
        }
    }
    assert!(asked > 80, "the search for texts is broken: {asked}");
}

#[test]
#[ignore = "writes a page to look at: MOTIF_REPORT_FROM=output folder, MOTIF_REPORT_TO=HTML file"]
fn writes_a_page_to_look_at() {
    let from = PathBuf::from(std::env::var_os("MOTIF_REPORT_FROM").unwrap());
    let to = PathBuf::from(std::env::var_os("MOTIF_REPORT_TO").unwrap());
    let html = render(&ReportInput::from_output(&from).unwrap(), &ReportOptions::default()).unwrap();
    assert!(html.ends_with("</html>"));
    std::fs::write(to, html).unwrap();
}
