use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::NaiveDate;

use super::super::run::{Bilingual, CriterionLabel, ReasonLabel, Run};
use super::super::tally::{Money, Row, Sentiment, Share};
use super::super::view::{
    Cause, CauseKey, Cell, CorrectedRate, Episode, EpisodeSum, Episodes, Evidence, FaqArticle, FaqArticles,
    FaqCandidate, FaqTotal, Group, KpiValue, LeftOut, Step, UNKNOWN,
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
    input.faq_total = FaqTotal { questions: 1, with_article: 0, contacts: 6, cost };
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
    for expected in ["Livraison en retard", "Logistique", "20 contacts", "1\u{202f}235\u{a0}€", "48\u{a0}%", "n = 42"]
    {
        assert!(answer.contains(expected), "{expected} is not in the answer");
    }
    assert!(page(&html, "en").contains("€1,235"));
    assert!(page(&html, "en").contains("48%"));
}

#[test]
fn a_cause_that_no_department_owns_comes_after_those_that_can_be_taken_up() {
    let mut input = sample();
    let mut dearer = input.causes.values().next().unwrap().clone();
    dearer.tally.avoidable_cost.add(Some(true), Some(Money::new(1, 90_000_000, 99_000_000)));
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
    let told = "<strong>12% of contacts were avoidable</strong> under the strict criteria (<span class=\"nowrap\">10–15%, n = 42</span>).";
    assert!(english.contains(told));
}

#[test]
fn labels_correct_the_headline_and_say_which_way_the_verdicts_are_off() {
    let told = |said, value, interval| {
        let mut input = sample();
        let rate = CorrectedRate { said, value, interval, n: 200 };
        for name in ["avoidable_rate", "avoidable_rate_lenient", "negative_share"] {
            input.corrected.insert(name.into(), rate);
        }
        render(&input, &ReportOptions::default()).unwrap()
    };
    let html = told(0.332, 0.469, (0.403, 0.535));
    let (english, french) = (page(&html, "en"), page(&html, "fr"));
    assert!(english.contains("<strong>Corrected by a sample labelled by hand: 47%</strong> (<span class=\"nowrap\">40–54%</span>, n = 200). The automatic verdicts find too few"));
    let interval = "(<span class=\"nowrap\">40–54%</span>, n = 200)";
    assert!(english.contains(&format!("corrected by labels: 47% {interval}")));
    assert!(english.contains(&format!("lenient criteria, corrected: 47% {interval}")));
    assert!(
        english.contains(
            "Corrected by a sample labelled by hand: 47% (<span class=\"nowrap\">40–54%</span>, n = 200).</p>"
        )
    );
    assert!(french.contains("Les verdicts automatiques en trouvent trop peu"));
    assert!(page(&told(0.6, 0.469, (0.403, 0.535)), "en").contains("find too many"));
    assert!(page(&told(0.45, 0.469, (0.403, 0.535)), "en").contains("the sample does not contradict it"));
    assert!(!render(&sample(), &ReportOptions::default()).unwrap().contains("labelled by hand: "));
}

#[test]
fn the_table_kpi_gives_the_intervals_by_reason_channel_and_week() {
    let mut input = sample();
    let monday = *input.by_week.keys().next().unwrap();
    let channel = input.by_channel.keys().next().unwrap().clone();
    let groups = [Group::Reason("delivery.late".into()), Group::Channel(channel), Group::Week(monday)];
    let mut expected = Vec::new();
    for (kpi, low) in [("repeat_rate_contact_7d", 10), ("avoidable_rate", 13)] {
        for (group, low) in groups.iter().zip(low..) {
            let (lo, hi) = (f64::from(low) / 100.0 + 0.001, f64::from(low) / 100.0 + 0.701);
            input.intervals.insert((group.clone(), kpi.to_owned()), (lo, hi));
            expected.push(format!("{low}–{}%", low + 70));
        }
    }
    // Issues hang together by customer as contacts do.
    input.intervals.insert((Group::Reason("delivery.late".into()), "fcr_demand".to_owned()), (0.191, 0.891));
    expected.push("19–89%".to_owned());
    let english = page(&render(&input, &ReportOptions::default()).unwrap(), "en");
    for interval in expected {
        assert!(english.contains(&interval), "{interval}");
    }
}

#[test]
fn whole_weeks_without_any_contact_are_told_where_repeats_are_read() {
    let mut input = sample();
    assert!(!english(&input).contains("No contact from"));
    let (_, second) = input.by_week.pop_last().unwrap();
    let monday = |month, day| NaiveDate::from_ymd_opt(2026, month, day).unwrap();
    input.by_week.insert(monday(9, 28), second);
    input.by_week.insert(monday(10, 26), second);
    let html = render(&input, &ReportOptions::default()).unwrap();
    // Two weeks are missing first, then three.
    let told = "<strong>No contact from 5\u{a0}October 2026 to 25\u{a0}October 2026.</strong>";
    assert!(page(&html, "en").contains(told));
    assert!(page(&html, "fr").contains("Aucun contact du 5\u{a0}octobre 2026 au 25\u{a0}octobre 2026."));
    // Where a week has a contact or two, one without is no news.
    for tally in input.by_week.values_mut() {
        tally.contacts = 2;
    }
    assert!(!english(&input).contains("No contact from"));
}

/// Contacts by their strict verdict and whether they have a price of 2 to 5 €.
fn judged(contacts: &[(bool, bool)]) -> ReportInput {
    let mut input = ReportInput { run: run(), ..ReportInput::default() };
    let key = CauseKey { criterion: "C02".into(), reason: "delivery.late".into(), owner: "logistics".into() };
    for (is_avoidable, is_priced) in contacts {
        let row = Row {
            is_avoidable: Some(*is_avoidable),
            is_avoidable_lenient: Some(true),
            cost: is_priced.then(|| Money::new(20_000, 35_000, 50_000)),
            ..Row::default()
        };
        input.total.add(&row);
        input.by_reason.entry("delivery.late".into()).or_default().add(&row);
        input.by_channel.entry("phone".into()).or_default().add(&row);
        input.causes.entry(key.clone()).or_default().tally.add(&row);
    }
    input
}

fn english(input: &ReportInput) -> String {
    page(&render(input, &ReportOptions::default()).unwrap(), "en")
}

/// The tile with the cost of avoidable contacts.
fn cost_tile(html: &str) -> &str {
    let tile = &html[html.find("tile-cost").unwrap()..];
    &tile[..tile.find("</div>").unwrap()]
}

#[test]
fn no_avoidable_contact_costs_nothing_where_contacts_have_prices() {
    let input = judged(&[(false, true), (false, true)]);
    let html = english(&input);
    assert!(html.contains("0% of contacts were avoidable</strong> under the strict criteria (<span class=\"nowrap\">0–66%, n = 2</span>). Their cost is therefore <strong>€0.00</strong>."));
    assert!(!html.contains("no contact has a price"));
    assert!(cost_tile(&html).contains("<p class=\"tile-value\">€0.00</p>"), "{}", cost_tile(&html));
    // The strict one of the two variants, and the row of the reason.
    assert!(html.contains("<p class=\"tile-detail\">€0.00 (€0.00–0.00)</p>"));
    let reasons = &html[html.find("id=\"reasons-en\"").unwrap()..];
    assert!(reasons[..reasons.find("</table>").unwrap()].contains("<span class=\"figure\">€0.00</span>"));
    let french = page(&render(&input, &ReportOptions::default()).unwrap(), "fr");
    assert!(french.contains("Leur coût est donc de <strong>0,00\u{a0}€</strong>."));
}

#[test]
fn a_missing_price_is_told_of_the_contacts_that_lack_it() {
    let html = english(&judged(&[(true, false), (false, true)]));
    assert!(html.contains("Their cost is unknown: none of them has a price."));
    assert!(cost_tile(&html).contains("<p class=\"tile-value\">–</p>"), "{}", cost_tile(&html));
    let html = english(&judged(&[(true, false), (false, false)]));
    assert!(html.contains("Their cost is unknown: no contact has a price."));
}

#[test]
fn the_table_kpi_decides_on_the_cost_of_the_headline() {
    let mut input = sample();
    let kpi = KpiValue { value: Some(42.5), lo: Some(20.0), hi: Some(65.0), n: 20, ..KpiValue::default() };
    input.kpis.insert("avoidable_cost_eur".into(), kpi);
    let html = english(&input);
    assert!(html.contains("They cost about <strong>€42.50</strong> (range of costs per contact: <span class=\"nowrap\">€20.00–65.00</span>)."));
    assert!(cost_tile(&html).contains("<p class=\"tile-value\">€42.50</p>"), "{}", cost_tile(&html));
}

#[test]
fn the_map_shows_an_avoidable_share_over_contacts_with_a_verdict_alone() {
    let map = |input: &ReportInput| {
        let html = english(input);
        let start = html.find("<table class=\"map\">").unwrap();
        html[start..start + html[start..].find("</table>").unwrap()].to_string()
    };
    let mut input = sample();
    assert!(map(&input).contains("40<span>50%</span>"), "{}", map(&input));
    let place = ("delivery.late".to_string(), "phone".to_string());
    input.by_reason_channel.insert(place.clone(), Cell { contacts: 40, ..Cell::default() });
    assert!(map(&input).contains("shade-8\">40</td>") && !map(&input).contains("<span>"), "{}", map(&input));
    input.by_reason_channel.insert(place, Cell { contacts: 40, avoidable: Share::new(5, 5) });
    assert!(map(&input).contains("40<span>100%</span>"), "{}", map(&input));
}

#[test]
fn issues_whose_channels_or_costs_are_unknown_are_told_apart() {
    let mut input = sample();
    input.episodes.cross_channel = Share::new(2, 8);
    input.episodes.repeated.cost.priced = 8;
    let html = english(&input);
    assert!(html.contains("Several channels in <strong>2 issues</strong> out of the 8 with several contacts (25%)."));
    let cost = "<span class=\"nowrap\">€123 (€60–160)</span>.";
    assert!(html.contains(&format!("<strong>8 issues</strong> with several contacts: 16 contacts, {cost}")));

    input.episodes.cross_channel = Share::new(1, 4);
    input.episodes.repeated.cost.priced = 4;
    let html = english(&input);
    assert!(html.contains("out of the 4 with several contacts where the channels tell (25%)."));
    assert!(html.contains(&format!("Cost known for all their contacts (4 issues): {cost}")));

    input.episodes.cross_channel = Share::default();
    assert!(english(&input).contains("It is not known through which channels the issues with several contacts went."));
}

#[test]
fn a_cost_or_verdict_of_some_contacts_is_not_told_of_all() {
    let english = |input: &ReportInput| page(&render(input, &ReportOptions::default()).unwrap(), "en");
    let part = english(&judged(&[(true, true), (true, false), (false, true)]));
    assert!(part.contains("Those whose cost is known (1 contact) cost about <strong>€3.50</strong>"), "{part}");
    assert!(part.contains(
        "Top cause: <strong>2 contacts</strong>, 100% of avoidable ones; those whose cost is known (1 contact) make up"
    ));
    let whole = judged(&[(true, true), (false, true)]);
    assert!(english(&whole).contains("n = 2</span>). They cost about"));
    assert!(english(&whole).contains("50% of total cost"));

    // Nine more contacts, priced, without words.
    let mut silent = whole.clone();
    for _ in 0..9 {
        silent.total.add(&Row { cost: Some(Money::new(20_000, 35_000, 50_000)), ..Row::default() });
    }
    assert!(english(&silent).contains("Judged contacts: 2 of 11;"));
    assert!(english(&silent).contains("50% of the cost of judged contacts"));
    assert!(!english(&whole).contains("Judged contacts"));
}

#[test]
fn a_reason_is_singled_out_for_repeats_only_above_the_rate_of_all() {
    let english = |input: &ReportInput| page(&render(input, &ReportOptions::default()).unwrap(), "en");
    // 8 of 40 after late deliveries, 1 of 2 after praise: nothing stands out.
    let mut input = sample();
    assert!(english(&input).contains("No reason stands out"));
    let followed = Row { is_recontacted: [Some(true); 4], ..Row::default() };
    for reason in ["other", "delivery.where_is_order"] {
        for _ in 0..20 {
            input.total.add(&followed);
            input.by_reason.entry(reason.into()).or_default().add(&followed);
        }
    }
    let html = english(&input);
    assert!(html.contains("After <strong>delivery.where_is_order</strong>, 100% of contacts are followed"), "{html}");
    assert!(!html.contains("No reason stands out"));
}

#[test]
fn reasons_beyond_the_first_are_folded_and_not_lost() {
    let mut input = sample();
    for index in 0..20 {
        let tally = input.by_reason.entry(format!("own.reason_{index}")).or_default();
        for _ in 0..6 {
            tally.add(&Row { emotions: [Some(true), Some(false)], ..Row::default() });
        }
    }
    let html = page(&render(&input, &ReportOptions::default()).unwrap(), "en");
    let emotions = &html[html.find("Signs of frustration").unwrap()..];
    let emotions = &emotions[..emotions.find("columns even").unwrap()];
    assert_eq!(emotions.matches("own.reason_").count(), 20, "{emotions}");
    assert!(emotions.contains("<details><summary>Show 10 more reasons</summary>"), "{emotions}");
}

#[test]
fn without_customers_repeats_are_unknown_and_not_absent() {
    let mut input = sample();
    input.completeness.no_customer = input.total.contacts;
    input.episodes.cross_channel = Share::default();
    let (french, english) = both(&input);
    assert_eq!(english.matches("No customer is known: nobody can be seen coming back.").count(), 2);
    assert!(french.contains("Aucun client n’est connu"));
    assert!(!english.contains("No issue took several contacts."));
    assert!(english.contains("It is not known through which channels"));
}

#[test]
fn a_partial_cost_of_questions_is_told() {
    let mut input = sample();
    assert!(!english(&input).contains("the cost of a question is that of the others"));
    input.completeness.no_cost = 1;
    assert!(english(&input).contains("the cost of a question is that of the others"));
}

fn both(input: &ReportInput) -> (String, String) {
    let html = render(input, &ReportOptions::default()).unwrap();
    (page(&html, "fr"), page(&html, "en"))
}

/// A lenient criterion beside the strict one of [`run`].
fn add_lenient(input: &mut ReportInput) {
    let label = CriterionLabel {
        name: Bilingual::new("Produit défectueux", "Faulty product"),
        is_strict: Some(false),
        ..CriterionLabel::default()
    };
    input.run.labels.criteria.insert("C12".into(), label);
}

#[test]
fn the_lenient_rate_is_told_by_the_criteria_of_the_run() {
    let mut input = sample();
    let (french, english) = both(&input);
    assert!(french.contains("les critères de ce traitement sont tous stricts"));
    assert!(english.contains("all criteria of this run are strict"));

    add_lenient(&mut input);
    let (french, english) = both(&input);
    assert!(french.contains("le taux strict retient 1 critère, le taux large"));
    assert!(french.contains("le taux large y ajoute 1 critère\u{a0}: Produit défectueux.</p>"));
    assert!(english.contains("the strict rate rests on 1 criterion, the lenient rate adds"));
    assert!(english.contains("the lenient rate adds 1 criterion: Faulty product.</p>"));

    // The company decides that its products are its own failure, and that promises are not.
    input.run.labels.criteria.get_mut("C12").unwrap().is_strict = Some(true);
    input.run.labels.criteria.get_mut("C02").unwrap().is_strict = Some(false);
    assert!(both(&input).0.contains("critère\u{a0}: Promesse non tenue."));
    input.run.labels.criteria.remove("C12");
    assert!(both(&input).1.contains("all criteria of this run are lenient"));
}

#[test]
fn shares_of_the_lenient_total_say_so() {
    let mut input = sample();
    add_lenient(&mut input);
    let key = CauseKey { criterion: "C12".into(), reason: "delivery.late".into(), owner: "logistics".into() };
    let row = Row {
        is_avoidable: Some(false),
        is_avoidable_lenient: Some(true),
        cost: Some(Money::new(1_000_000, 2_000_000, 3_000_000)),
        ..Row::default()
    };
    input.causes.entry(key).or_default().tally.add(&row);
    // 20 × 61.725 € by a strict criterion, 200 € by a lenient one: 86 % of 1,434.50 €.
    let (french, english) = both(&input);
    assert!(french.contains("86\u{a0}% du coût évitable au sens large (1\u{202f}435\u{a0}€) tiennent à"));
    assert!(french.contains("tiennent à <strong>1 critère</strong> sur 2.</p>"));
    assert!(english.contains("86% of the avoidable cost under lenient criteria (€1,435) comes from"));
    assert!(english.contains("comes from <strong>1 criterion</strong> out of 2.</p>"));
    assert!(french.contains(">Part du coût évitable (large)</th>"));
    assert!(english.contains(">Share of avoidable cost (lenient)</th>"));

    for cause in input.causes.values_mut() {
        cause.tally.cost = Money::default();
    }
    let (french, english) = both(&input);
    assert!(french.contains("95\u{a0}% des contacts évitables au sens large (21 contacts) tiennent à"));
    assert!(french.contains(">Part des contacts évitables (large)</th>"));
    assert!(english.contains(">Share of avoidable contacts (lenient)</th>"));
}

#[test]
fn shares_of_a_question_say_what_they_count() {
    let mut input = sample();
    (input.faq[0].avoidable_known, input.faq[0].avoidable_share) = (20, Some(0.5));
    input.faq[0].repeat_share = Some(1.0 / 3.0);
    input.faq[0].repeat_known = 3;
    let (french, english) = both(&input);
    assert!(french.contains("<b>50\u{a0}%</b> avaient cherché sans trouver (n = 20)"));
    assert!(french.contains("<b>50\u{a0}%</b> évitables (critères larges, n = 20)"));
    assert!(french.contains("<b>33\u{a0}%</b> étaient des réitérations sous 14 jours (n = 3)"));
    assert!(english.contains("<b>50%</b> had looked and not found (n = 20)"));
    assert!(english.contains("<b>50%</b> avoidable (lenient criteria, n = 20)"));
    assert!(english.contains("<b>33%</b> came back within 14 days of an earlier contact (n = 3)"));
}

/// The sample with three articles, of which one covers the question and one is near nothing.
fn with_articles() -> ReportInput {
    let mut input = sample();
    (input.faq[0].article_id, input.faq[0].article_share) = (Some("track".into()), Some(2.0 / 3.0));
    input.faq_total.with_article = 1;
    input.run.counts.questions = 20;
    input.run.articles_hash = "cd".repeat(32);
    input.run.thresholds.insert("article".into(), 0.55);
    let article = |id: &str, title: &str, contacts: u64| FaqArticle {
        article_id: id.into(),
        title: title.into(),
        languages: vec!["en".into(), "fr".into()],
        contacts,
        customers: contacts,
        info_not_found: Share::new(1, 4),
        repeat: Share::new(0, 0),
        cost: Some(Money::new(600_000, 1_234_500, 1_600_000)),
    };
    input.articles = FaqArticles {
        total: 3,
        unasked: 1,
        covered: 9,
        dearest: vec![article("track", "Suivre <b>mon</b> colis", 6), article("refund", "Remboursements", 3)],
        titles: [("track".into(), "Suivre <b>mon</b> colis".into())].into(),
    };
    input
}

#[test]
fn a_question_says_which_article_exists_and_a_table_which_articles_fail() {
    let (french, english) = both(&with_articles());
    for expected in [
        "<strong>Un article en est proche\u{a0}: «\u{a0}Suivre &lt;b&gt;mon&lt;/b&gt; colis\u{a0}»</strong> (67\u{a0}% de ces contacts)",
        "Questions à publier, articles à améliorer",
        "chacune comparée à vos articles",
        "cela ne prouve ni que le client l’a lu",
        "Articles qui n’évitent pas le contact",
        "<strong>9 contacts</strong> sur 20 que le libre-service pourrait traiter sont proches d’un article (3 articles en tout)",
        "<span class=\"reason-name\">Remboursements</span><span class=\"interval\">refund · en, fr</span>",
        "1 article n’est proche d’aucune question posée",
        "dont 1 avec un article déjà proche",
        "Empreinte des articles",
        "<dt>Question couverte par un article à partir de</dt><dd>0,55</dd>",
    ] {
        assert!(french.contains(expected), "{expected}");
    }
    for expected in [
        "<strong>An article is near: “Suivre &lt;b&gt;mon&lt;/b&gt; colis”</strong> (67% of these contacts)",
        "that is no proof that the customer read it",
        "Articles that do not prevent the contact",
        "<strong>9 contacts</strong> of 20 that self-service could answer are near an article (3 articles in all)",
        "1 article is near no question that was asked",
        "1 of which with an article near already",
    ] {
        assert!(english.contains(expected), "{expected}");
    }
    let row = &english[english.find("Remboursements</span>").unwrap()..];
    let row = &row[..row.find("</tr>").unwrap()];
    assert!(row.contains(">25%</span>") && row.contains("n&nbsp;=&nbsp;4") && row.contains("€123"), "{row}");
    assert!(!english.contains("your existing articles are not compared"));
}

#[test]
fn a_question_without_article_is_to_be_written_and_one_half_answered_too() {
    let mut input = with_articles();
    (input.faq[0].article_id, input.faq[0].article_share) = (None, Some(1.0 / 3.0));
    let (french, english) = both(&input);
    assert!(
        french
            .contains("<strong>Aucun article n’est proche</strong> de la moitié de ces contacts (au mieux 33\u{a0}%)")
    );
    assert!(
        english.contains("<strong>No article is near</strong> half of these contacts (33% at best): to be written or")
    );
    input.faq[0].article_share = Some(0.0);
    (input.articles.unasked, input.articles.total) = (0, 2);
    let (french, english) = both(&input);
    assert!(french.contains("<strong>Aucun article n’en est proche</strong>\u{a0}: à écrire."));
    assert!(english.contains("<strong>No article is near</strong>: to be written."));
    assert!(english.contains("Every article is near at least one question that was asked."));
    // More articles than the table shows, and none that anybody asks about.
    input.articles.total = 14;
    assert!(both(&input).1.contains("12 more articles near a contact stand in the table faq_articles."));
    input.articles = FaqArticles { total: 2, unasked: 2, ..FaqArticles::default() };
    let (_, english) = both(&input);
    assert!(
        english.contains("2 articles are near no question that was asked") && !english.contains("Had looked in vain")
    );
}

#[test]
fn without_articles_nothing_is_said_of_any() {
    let (french, english) = both(&sample());
    for word in ["faq-article", "Articles qui", "n’évitent", "Empreinte des articles", "Question couverte"] {
        assert!(!french.contains(word), "{word}");
    }
    assert!(
        french.contains("vos articles existants ne sont pas comparés") && french.contains("Questions à publier</h2>")
    );
    assert!(english.contains("your existing articles are not compared") && !english.contains("No article is near"));
}

#[test]
fn the_repeat_rate_has_the_name_of_its_definition() {
    let phrases = Phrases::shipped().unwrap();
    let title = crate::kpi::catalogue::find("repeat_rate_contact_7d").unwrap().title;
    for key in ["tile_repeat", "panel_repeat"] {
        assert_eq!(phrases.find(Language::French, key), Some(title.fr));
        assert_eq!(phrases.find(Language::English, key), Some(title.en));
    }
    assert!(!both(&sample()).0.contains("rappel"));
}

#[test]
fn what_a_contact_costs_is_listed_with_where_it_comes_from() {
    let mut input = sample();
    assert!(!both(&input).1.contains("Cost of a contact</h4>"));
    input.run.costs =
        [("phone".into(), [3.0, 8.0]), ("bot".into(), [0.1, 0.5]), ("complex".into(), [15.0, 40.0])].into();
    let (french, english) = both(&input);
    assert!(french.contains("Valeurs par défaut de Motif\u{a0}: remplacez-les par les vôtres"));
    assert!(french.contains("<dt>Téléphone</dt><dd>3,00–8,00\u{a0}€</dd>"));
    assert!(english.contains("Motif’s defaults") && english.contains("<dt>Bot</dt><dd>€0.10–0.50</dd>"));
    assert!(english.contains("<dt>Complex reason, handled by a person</dt><dd>€15.00–40.00</dd>"));

    input.run.costs.insert("phone".into(), [4.0, 8.0]);
    let (french, english) = both(&input);
    assert!(french.contains("<dd>4,00–8,00\u{a0}€</dd>"));
    assert!(french.contains("sauf celles marquées «\u{a0}par défaut\u{a0}»"));
    assert!(english.contains("<dd>€0.10–0.50 <span class=\"interval\">default</span></dd>"));

    input.run.costs = [("phone".into(), [4.0, 8.0])].into();
    let (french, english) = both(&input);
    assert!(french.contains("Valeurs données sous [cost] dans motif.toml."));
    assert!(english.contains("Values given under [cost] in motif.toml."));
    assert!(!french.contains("fourchette configurée") && !english.contains("configured range"));
}

#[test]
fn definitions_cite_their_source_with_the_spaces_of_the_language() {
    let mut input = sample();
    let kpis: serde_json::Map<String, serde_json::Value> = ["volume", "avoidable_rate", "repeat_rate_customer_7d"]
        .into_iter()
        .map(|name| (name.into(), serde_json::to_value(crate::kpi::catalogue::find(name).unwrap()).unwrap()))
        .collect();
    input.run.labels.kpis = Run::from_json(&serde_json::json!({"labels": {"kpis": kpis}})).labels.kpis;
    let (french, english) = both(&input);
    assert!(french.contains("Numérateur\u{a0}: contacts comptés · Source\u{a0}: définition de Motif"));
    assert!(
        french
            .contains("Dénominateur\u{a0}: contacts comptés avec un verdict · Source\u{a0}: UK National Indicator 14")
    );
    assert!(french.contains("(«\u{a0}taux de rappel\u{a0}»)"));
    assert!(english.contains("Numerator: counted contacts · Source: Motif’s own definition"));
}

#[test]
fn the_points_of_a_week_are_named_with_the_spaces_of_the_language() {
    let (french, english) = both(&sample());
    assert!(french.contains("<title>7\u{a0}sept.\u{a0}: 21</title>"));
    assert!(english.contains("<title>7\u{a0}Sep: 21</title>"));
}

#[test]
fn nothing_stands_between_brackets_where_nothing_is_known() {
    let mut input = ReportInput { run: run(), ..ReportInput::default() };
    input.total.add(&Row::default());
    input.by_reason.entry("delivery.late".into()).or_default().add(&Row::default());
    input.run.labels.reasons.clear();
    let (french, english) = both(&input);
    assert!(french.contains("<p class=\"tile-detail\">critères larges\u{a0}: –</p>"), "{french}");
    assert!(english.contains("<p class=\"tile-detail\">lenient criteria: –</p>"));
    for html in [french, english] {
        for empty in ["()", "– (n = 0)", "> · n"] {
            assert!(!html.contains(empty), "{empty} in {html}");
        }
    }
}

/// The tile with satisfaction, and what the section on surveys says before its table.
fn csat_tile_and_survey(html: &str) -> (&str, &str) {
    let tile = &html[html.find("tile-csat").unwrap()..];
    let title = if html.contains(">Customers’ words and surveys</h3>") {
        "words and surveys</h3>"
    } else {
        "clients et enquêtes</h3>"
    };
    let survey = &html[html.find(title).unwrap()..];
    (&tile[..tile.find("</div>").unwrap()], &survey[..survey.find("</div>").unwrap()])
}

#[test]
fn survey_answers_that_were_left_out_are_told_beside_the_figures() {
    let mut input = sample();
    let (french, english) = both(&input);
    assert!(!french.contains("hors échelle ou illisible") && !english.contains("outside the scale"));

    input.left_out = LeftOut { csat: 22, nps: 1, ces: 3 };
    let mean = KpiValue { value: Some(8.0), n: 9, method: "none".into(), ..KpiValue::default() };
    for kpi in ["csat_mean", "csat_satisfied_rate", "nps_answers", "ces_mean", "avoidable_rate"] {
        input.kpis.insert(kpi.into(), mean.clone());
    }
    let (french, english) = both(&input);
    let (tile, survey) = csat_tile_and_survey(&french);
    assert!(tile.contains("22 réponses hors échelle ou illisibles, laissées de côté"), "{tile}");
    assert!(survey.contains("CSAT\u{a0}: 22 réponses hors échelle ou illisibles, laissées de côté."), "{survey}");
    let (tile, survey) = csat_tile_and_survey(&english);
    assert!(tile.contains("22 answers outside the scale or unreadable, left out"), "{tile}");
    assert!(survey.contains("CSAT: 22 answers outside the scale or unreadable, left out."), "{survey}");
    // The table of KPIs has NPS and CES as well; a KPI without answers names what was left out beside what is missing.
    let row = |kpi: &str| {
        let row = &english[english.find(&format!("<code>{kpi}</code>")).unwrap()..];
        row[..row.find("</tr>").unwrap()].to_string()
    };
    for (kpi, told) in [
        ("csat_mean", "22 answers outside"),
        ("csat_satisfied_rate", "22 answers outside"),
        ("nps_answers", "1 answer outside"),
        ("ces_mean", "3 answers outside"),
    ] {
        assert!(row(kpi).contains(told), "{}", row(kpi));
    }
    assert!(!row("avoidable_rate").contains("outside"), "{}", row("avoidable_rate"));
    assert!(english.contains("<code>contacts.nps</code> · 1 answer outside the scale or unreadable, left out"));
}

#[test]
fn answers_that_were_all_left_out_are_not_said_to_be_absent() {
    let mut input = sample();
    (input.total.csat, input.total.satisfied) = Default::default();
    let (french, english) = both(&input);
    assert!(csat_tile_and_survey(&french).0.contains("aucune réponse exploitable"));
    assert!(csat_tile_and_survey(&english).1.contains("No survey answer in the data"));
    input.left_out.csat = 1;
    let (french, english) = both(&input);
    assert!(csat_tile_and_survey(&french).1.contains("Aucune réponse d’enquête exploitable"));
    let (tile, survey) = csat_tile_and_survey(&english);
    assert!(tile.contains("1 answer outside the scale") && !tile.contains("fewer than"), "{tile}");
    assert!(survey.contains("No usable survey answer in the data"), "{survey}");
}

#[test]
fn the_mean_effort_is_told_with_its_scale_and_what_a_high_answer_means() {
    let mut input = sample();
    let mean = KpiValue { value: Some(4.0), n: 14, method: "none".into(), ..KpiValue::default() };
    input.kpis.insert("ces_mean".into(), mean);
    input.run.scales.insert("ces_scale".into(), [1.0, 7.0]);
    assert!(!both(&input).1.contains("scale 1 to 7"), "which end is good is not known");
    input.run.ces_high_means = "ease".into();
    let (french, english) = both(&input);
    assert!(french.contains("échelle de 1 à 7, une note haute veut dire facile"));
    assert!(english.contains("scale 1 to 7, a high answer means easy"));
    input.run.ces_high_means = "effort".into();
    assert!(both(&input).1.contains("scale 1 to 7, a high answer means hard"));
}

#[test]
fn one_rate_has_one_interval_wherever_it_stands() {
    let mut input = sample();
    for (kpi, lo, hi) in [("avoidable_rate", 0.301, 0.651), ("avoidable_rate_lenient", 0.311, 0.661)] {
        let value = KpiValue { value: Some(20.0 / 42.0), lo: Some(lo), hi: Some(hi), n: 42, ..KpiValue::default() };
        input.kpis.insert(kpi.into(), value);
    }
    let english = english(&input);
    let variants = &english[english.find("Strict or lenient</h3>").unwrap()..];
    let variants = &variants[..variants.find("</div>\n</div>").unwrap()];
    assert!(variants.contains("30–65%") && variants.contains("31–66%"), "{variants}");
}

#[test]
fn a_satisfied_answer_is_told_with_its_scale() {
    let mut input = sample();
    assert!(!csat_tile_and_survey(&english(&input)).0.contains("scale"));
    input.run.scales.insert("csat_scale".into(), [1.0, 10.0]);
    input.run.thresholds.insert("csat_satisfied_from".into(), 8.0);
    let (french, english) = both(&input);
    assert!(csat_tile_and_survey(&french).0.contains("satisfait à partir de 8, échelle de 1 à 10"));
    assert!(csat_tile_and_survey(&english).0.contains("satisfied from 8, scale 1 to 10"));
}

#[test]
fn amounts_and_rates_of_the_answer_are_never_alone() {
    let mut input = sample();
    let ends = KpiValue { value: Some(-35.0), lo: Some(-41.6), hi: Some(-28.4), n: 42, ..KpiValue::default() };
    input.kpis.insert("sentiment_mean".into(), ends);
    let (french, english) = both(&input);
    // 42 contacts at 30 to 80 €, of which 20 are avoidable, by all criteria.
    assert!(english.contains("total cost <span class=\"nowrap\">€2,592 (€1,260–3,360)</span>"));
    assert!(english.contains("lenient criteria: <span class=\"nowrap\">€1,235 (€600–1,600)</span>"));
    assert!(english.contains("Top cause: <strong>20 contacts</strong>, 100% of avoidable ones and <strong><span class=\"nowrap\">€1,235 (€600–1,600)</span></strong>."));
    assert!(english.contains("to publish as self-service: 6 contacts, <span class=\"nowrap\">€123 (€60–160)</span>."));
    assert!(english.contains("€123 <span class=\"interval\">€60–160 per issue"));
    assert!(english.contains("customers who came back: 27% (<span class=\"nowrap\">14–44%, n = 30</span>)"));
    assert!(english.contains("scale −100 to 100, 95% CI −42 to −28"));
    assert!(french.contains("échelle de −100 à 100, IC 95\u{a0}% de −42 à −28"));
    assert!(french.contains("95\u{a0}% de contacts négatifs (<span class=\"nowrap\">84–99\u{a0}%, n = 42</span>)"));
}

#[test]
fn a_ranking_by_a_rate_shows_the_intervals_that_the_order_may_hide_in() {
    let mut input = sample();
    input.intervals.insert((Group::Reason("delivery.late".into()), "negative_share".into()), (0.811, 0.999));
    let (french, english) = both(&input);
    assert!(english.contains("<span class=\"negative\">100% (81–100%)</span>"));
    assert_eq!(english.matches("Between reasons whose intervals overlap, the order may be due to chance").count(), 3);
    assert_eq!(
        french.matches("Entre motifs dont les intervalles se recouvrent, l’ordre peut tenir au hasard").count(),
        3
    );
    assert!(french.contains(
        "Signes d’agacement dans <strong><span class=\"nowrap\">48\u{a0}% (33–62\u{a0}%)</span> des contacts</strong>"
    ));
}

/// Flags that the sources and the later stages put on contacts.
const FLAGS: &[&str] = &[
    "ambiguous_date_order",
    "ambiguous_local_time",
    "analysed_in_part",
    "automatic_acknowledgement",
    "calendar_part",
    "cues_without_time",
    "damaged_rows",
    "date_from_received",
    "date_without_time",
    "duplicate_with_other_words",
    "empty_reply",
    "end_date_without_time",
    "has_attachments",
    "ivr_told_by_words",
    "low_confidence_speech",
    "may_lack_turns",
    "csat_out_of_scale",
    "nps_out_of_scale",
    "ces_out_of_scale",
    "unreadable_wait_s",
    "unreadable_talk_s",
    "unreadable_hold_s",
    "unreadable_acw_s",
    "unreadable_silence_s",
    "merged_into_other_ticket",
    "no_words",
    "nonexistent_local_time",
    "opened_by_agent",
    "other_tickets_merged_in",
    "private_notes_left_out",
    "short_row",
    "single_speaker",
    "speakers_inferred",
    "speakers_unknown",
    "started_at_from_file_date",
    "tnef_skipped",
    "undecodable_bytes",
    "unknown_channel_value",
    "unknown_direction_value",
    "unknown_transfer_type_value",
    "unreadable_abandoned",
    "unreadable_ended_at",
    "unreadable_level",
];

#[test]
fn lists_show_names_and_no_keys() {
    let recognisers = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/redaction/recognisers.toml");
    let recognisers = std::fs::read_to_string(recognisers).unwrap();
    let kinds: Vec<&str> = recognisers
        .lines()
        .filter_map(|line| line.strip_prefix("kind = \"").and_then(|rest| rest.split('"').next()))
        // What is kept as it is has no placeholder, and is counted nowhere.
        .filter(|kind| *kind != "KEPT")
        .collect();
    assert!(kinds.len() > 10, "the search for kinds is broken: {kinds:?}");

    let mut input = sample();
    let once = |names: &[&str]| names.iter().map(|name| (name.to_string(), 1)).collect::<BTreeMap<String, u64>>();
    input.run.counts.by_flag = once(FLAGS);
    input.run.counts.by_language = once(&["fr", "en", "de", "es", "it", "nl", "pt", UNKNOWN]);
    input.run.redactions = once(&kinds);
    let thresholds = ["reason", "avoidable", "emotion", "repeat", "csat_satisfied_from", "csat_min_answers"];
    input.run.thresholds = thresholds.iter().map(|name| (name.to_string(), 0.5)).collect();
    let (french, english) = both(&input);
    for html in [&french, &english] {
        for key in FLAGS.iter().chain(&kinds).chain(&thresholds).chain(&["fr", "de", UNKNOWN]) {
            assert!(!html.contains(&format!("<dt>{key}</dt>")), "{key} has no name");
        }
    }
    assert!(french.contains("<dt>langue non reconnue</dt>") && french.contains("<dt>canal non reconnu</dt>"));
    assert!(french.contains("<dt>Contact évitable à partir de</dt><dd>0,5</dd>"));
    assert!(english.contains("<dt>attachments, not read</dt>"));
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
