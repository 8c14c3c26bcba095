//! Every KPI over a dozen rows, with the expected value worked out beside the rows.

use super::catalogue;
use super::fixture::{compute_named, inputs, of_contacts};
use super::show::KpiRow;

fn close(actual: Option<f64>, expected: f64) {
    let actual = actual.unwrap();
    assert!((actual - expected).abs() < 1e-3 * expected.abs().max(0.01), "{actual} is not {expected}");
}

/// Checks a rate and that its parts are the whole numbers behind it.
fn rate(row: &KpiRow, numerator: f64, denominator: f64) {
    let found = (row.numerator, row.denominator, row.n);
    assert_eq!(found, (Some(numerator), Some(denominator), denominator as i64), "{row:?}");
    assert_eq!(row.method, catalogue::find(&row.kpi).unwrap().method.as_str(), "{row:?}");
    assert_eq!(row.value, (denominator > 0.0).then(|| numerator / denominator), "{row:?}");
    assert_eq!(row.lo.is_some() && row.hi.is_some(), denominator > 0.0, "{row:?}");
}

/// Checks a count.
fn count(row: &KpiRow, value: i64) {
    let found = (row.value, row.numerator, row.denominator, row.n, row.method.as_str());
    assert_eq!(found, (Some(value as f64), Some(value as f64), None, value, "none"), "{row:?}");
}

/// Checks the low, mid and high end of a cost, and the number of things behind it.
fn cost(row: &KpiRow, [lo, mid, hi]: [f64; 3], n: i64) {
    close(row.lo, lo);
    close(row.value, mid);
    close(row.hi, hi);
    assert_eq!((row.n, row.method.as_str()), (n, "range"), "{row:?}");
}

fn is_unknown(row: &KpiRow) {
    assert_eq!((row.value, row.lo, row.hi, row.n), (None, None, None, 0), "{row:?}");
}

// Paris is UTC+2 until 25 October 2026, UTC+1 afterwards: a01 is still 30 September, a02 already 1 October; a03 is
// Sunday 4 October, a04 Monday the 5th; a10 is the last minute of October, a11 the first of November. a09 is an
// automatic reply (not counted), a07 and a12 hold no words of the customer (no verdict), a05 is avoidable under a
// lenient criterion alone, a11 has a criterion without an owner.
const DEMAND: &str = "
    contact_id | started_at           | is_counted | channel | reason_id     | owner     | criterion_id | is_avoidable | is_avoidable_lenient | is_self_service_eligible
    a01        | 2026-09-30T21:59:59Z | true       | phone   | delivery.late | logistics | C01          | true         | true                 | true
    a02        | 2026-09-30T22:30:00Z | true       | phone   | delivery.late | logistics | C01          | true         | true                 | true
    a03        | 2026-10-04T21:59:00Z | true       | email   | delivery.late |           |              | false        | false                | true
    a04        | 2026-10-04T22:01:00Z | true       | email   | billing.error | billing   | C02          | true         | true                 | false
    a05        | 2026-10-05T08:00:00Z | true       | chat    | billing.error | it        | C07          | false        | true                 | false
    a06        | 2026-10-06T08:00:00Z | true       | chat    | unclear       |           |              | false        | false                |
    a07        | 2026-10-06T09:00:00Z | true       |         | other         |           |              |              |                      |
    a08        | 2026-10-07T09:00:00Z | true       | phone   | delivery.late |           |              | false        | false                | true
    a09        | 2026-10-07T09:00:00Z | false      | email   | delivery.late | logistics | C01          | true         | true                 | true
    a10        | 2026-10-31T22:59:00Z | true       | phone   | billing.error |           |              | false        | false                | false
    a11        | 2026-10-31T23:00:00Z | true       | phone   | other         |           | C01          | true         | true                 |
    a12        | 2026-11-02T10:00:00Z | true       | phone   | other         |           |              |              |                      |
";

#[test]
fn volume_counts_contacts_by_local_day_week_and_month() {
    let table = of_contacts(&["volume"], DEMAND);
    count(&table.total("volume"), 11); // all but a09
    assert_eq!(table.total("volume").period_start.as_deref(), Some("2026-09-30"));
    let volume = |grain, start| table.at("volume", grain, Some(start), "all", "all").map(|row| row.n);
    assert_eq!(volume("month", "2026-09-01"), Some(1)); // a01
    assert_eq!(volume("month", "2026-10-01"), Some(8)); // a02 to a08, a10
    assert_eq!(volume("month", "2026-11-01"), Some(2)); // a11, a12
    assert_eq!(volume("week", "2026-09-28"), Some(3)); // a01, a02, a03
    assert_eq!(volume("week", "2026-10-05"), Some(5)); // a04 to a08
    assert_eq!(volume("week", "2026-10-26"), Some(2)); // a10 on Saturday, a11 on Sunday
    assert_eq!(volume("day", "2026-10-31"), Some(1)); // a10
    assert_eq!(volume("day", "2026-11-01"), Some(1)); // a11
    assert_eq!(volume("day", "2026-10-02"), None); // no contact, no row
    count(&table.at("volume", "all", None, "channel", "(unknown)").unwrap(), 1); // a07
    count(&table.at("volume", "all", None, "team", "(unknown)").unwrap(), 11); // no team anywhere
}

#[test]
fn avoidable_rates_leave_out_contacts_without_a_verdict() {
    let table = of_contacts(&["avoidable_rate", "avoidable_rate_lenient"], DEMAND);
    // Verdicts: a01 to a06, a08, a10, a11 = 9. Strict: a01, a02, a04, a11. Lenient: a05 too.
    let total = table.total("avoidable_rate");
    rate(&total, 4.0, 9.0);
    // Wilson: scale 1.426829, centre (0.444444 + 0.213414) / 1.426829 = 0.461064,
    // half 1.373649 · √(0.0274348 + 0.0118564) = 0.272285.
    close(total.lo, 0.188779);
    close(total.hi, 0.733349);
    rate(&table.total("avoidable_rate_lenient"), 5.0, 9.0);
    // October: a02 to a06, a08, a10 have a verdict; a02 and a04 are avoidable.
    rate(&table.at("avoidable_rate", "month", Some("2026-10-01"), "all", "all").unwrap(), 2.0, 7.0);
    // Late deliveries: a01, a02 of a01, a02, a03, a08.
    rate(&table.at("avoidable_rate", "all", None, "reason", "delivery.late").unwrap(), 2.0, 4.0);
    // 2 November holds a12 alone, without a verdict: zero out of zero.
    is_unknown(&table.at("avoidable_rate", "day", Some("2026-11-02"), "all", "all").unwrap());
    is_unknown(&table.at("avoidable_rate_lenient", "all", None, "channel", "(unknown)").unwrap());
    // A rate by cause would divide the avoidable contacts by themselves.
    assert_eq!(table.at("avoidable_rate", "all", None, "owner", "logistics"), None);
}

#[test]
fn avoidable_contacts_are_counted_by_owner_and_criterion() {
    let table = of_contacts(&["avoidable_contacts", "avoidable_contacts_lenient"], DEMAND);
    count(&table.total("avoidable_contacts"), 4); // a01, a02, a04, a11
    count(&table.total("avoidable_contacts_lenient"), 5); // a05 too
    let strict = |dimension, value| table.at("avoidable_contacts", "all", None, dimension, value).unwrap();
    count(&strict("owner", "logistics"), 2); // a01, a02
    count(&strict("owner", "billing"), 1); // a04
    count(&strict("owner", "it"), 0); // a05 is lenient
    count(&strict("owner", "(unknown)"), 1); // a11; contacts without a verdict are not here
    count(&strict("criterion", "C01"), 3); // a01, a02, a11
    count(&table.at("avoidable_contacts_lenient", "all", None, "owner", "it").unwrap(), 1); // a05
    // a07, the only contact of an unknown channel, has no verdict.
    assert_eq!(strict("channel", "(unknown)").value, None);
    // October: a02 and a04.
    count(&table.at("avoidable_contacts", "month", Some("2026-10-01"), "all", "all").unwrap(), 2);
}

#[test]
fn self_service_share_leaves_out_reasons_outside_the_taxonomy() {
    let table = of_contacts(&["self_service_eligible_share"], DEMAND);
    // Known: a01, a02, a03, a08 eligible; a04, a05, a10 not.
    rate(&table.total("self_service_eligible_share"), 4.0, 7.0);
    is_unknown(&table.at("self_service_eligible_share", "all", None, "reason", "other").unwrap());
}

// r08: 14 days have not elapsed; r09: only 48 hours have; r10: nothing has. r11 has no customer. r12 is an outbound
// follow-up (not counted).
const REPEATS: &str = "
    contact_id | started_at           | is_counted | customer_key | channel | is_recontacted_48h | is_recontacted_72h | is_recontacted_7d | is_recontacted_14d
    r01        | 2026-10-01T08:00:00Z | true       | k1           | phone   | true               | true               | true              | true
    r02        | 2026-10-02T08:00:00Z | true       | k1           | email   | false              | false              | false             | true
    r03        | 2026-10-12T08:00:00Z | true       | k1           | email   | false              | false              | false             | false
    r04        | 2026-10-03T08:00:00Z | true       | k2           | phone   | false              | true               | true              | true
    r05        | 2026-10-06T06:00:00Z | true       | k2           | phone   | false              | false              | false             | false
    r06        | 2026-10-07T08:00:00Z | true       | k3           | chat    | false              | false              | false             | false
    r07        | 2026-10-08T08:00:00Z | true       | k4           | chat    | false              | false              | false             | false
    r08        | 2026-11-10T08:00:00Z | true       | k5           | phone   | false              | false              | false             |
    r09        | 2026-11-20T08:00:00Z | true       | k5           | phone   | false              |                    |                   |
    r10        | 2026-11-22T08:00:00Z | true       | k6           | email   |                    |                    |                   |
    r11        | 2026-10-09T08:00:00Z | true       |              | email   |                    |                    |                   |
    r12        | 2026-10-10T08:00:00Z | false      | k3           | phone   | true               | true               | true              | true
";

#[test]
fn repeat_rate_per_contact_waits_for_the_window_to_elapse() {
    let names =
        ["repeat_rate_contact_48h", "repeat_rate_contact_72h", "repeat_rate_contact_7d", "repeat_rate_contact_14d"];
    let table = of_contacts(&names, REPEATS);
    rate(&table.total(names[0]), 1.0, 9.0); // r01, of r01 to r09
    rate(&table.total(names[1]), 2.0, 8.0); // r01, r04, of r01 to r08
    rate(&table.total(names[2]), 2.0, 8.0); // the same
    rate(&table.total(names[3]), 3.0, 7.0); // r01, r02, r04, of r01 to r07
    rate(&table.at(names[2], "all", None, "channel", "phone").unwrap(), 2.0, 4.0); // r01, r04, of r05, r08 too
    is_unknown(&table.at(names[0], "day", Some("2026-11-22"), "all", "all").unwrap()); // r10
}

#[test]
fn contacts_of_one_customer_do_not_make_the_interval_narrower_by_their_number() {
    // k1 calls three times after the first; k2 to k4 once, and so does somebody unknown.
    let contacts = "
        contact_id | started_at           | is_counted | customer_key | channel | is_recontacted_48h
        p01        | 2026-10-01T08:00:00Z | true       | k1           | phone   | true
        p02        | 2026-10-02T08:00:00Z | true       | k1           | phone   | true
        p03        | 2026-10-03T08:00:00Z | true       | k1           | email   | true
        p04        | 2026-10-04T08:00:00Z | true       | k1           | email   | false
        p05        | 2026-10-01T08:00:00Z | true       | k2           | phone   | false
        p06        | 2026-10-01T08:00:00Z | true       | k3           | phone   | false
        p07        | 2026-10-01T08:00:00Z | true       | k4           | phone   | false
        p08        | 2026-10-01T08:00:00Z | true       |              | phone   | false
    ";
    let table = of_contacts(&["repeat_rate_contact_48h", "fcr_no_recontact_48h"], contacts);
    // 3 of 8, rate 0.375, by five customers. Ordered pairs of k1: 12, in 9 the first was followed, in 6 both: 6 - 0.75 * 9 + 0.140625 * 12 =
    // 0.9375, beside 8 * 0.375 * 0.625 = 1.875: an effect of 1.5 * 5 / 4 = 1.875, so the interval of 1.6 of 4.266667. Scale
    // 1.900342, centre (0.375 + 0.450171) / 1.900342 = 0.434222, half 0.338451.
    let repeats = table.total("repeat_rate_contact_48h");
    rate(&repeats, 3.0, 8.0);
    close(repeats.lo, 0.095771);
    close(repeats.hi, 0.772674);
    let resolved = table.total("fcr_no_recontact_48h");
    rate(&resolved, 5.0, 8.0);
    close(resolved.lo, 1.0 - 0.772674);
    close(resolved.hi, 1.0 - 0.095771);
    // On the first day k1 has one contact: 1 of 5, as independent as any.
    let day = table.at("repeat_rate_contact_48h", "day", Some("2026-10-01"), "all", "all").unwrap();
    let plain = crate::kpi::interval::wilson(1.0, 5.0).unwrap();
    assert_eq!((day.lo, day.hi), (Some(plain.lo), Some(plain.hi)));
}

#[test]
fn every_rate_of_contacts_takes_customers_as_drawn_at_random() {
    // k1 makes four contacts, all alike; k2 two, which differ; k3, k4 and somebody unknown one each. 5 of 9, by five customers.
    let yes = |is_yes: bool| {
        let cells = if is_yes {
            "true | true | true | negative | 5 | true"
        } else {
            "false | false | false | positive | 1 | false"
        };
        format!("{cells} | {is_yes}")
    };
    let contacts = [
        ("k1", true),
        ("k1", true),
        ("k1", true),
        ("k1", true),
        ("k2", true),
        ("k2", false),
        ("k3", false),
        ("k4", false),
        ("", false),
    ];
    let mut text = "contact_id | started_at | customer_key | is_avoidable | is_self_service_eligible | is_transferred | sentiment_label | csat | is_abandoned | is_avoidable_lenient\n".to_owned();
    for (at, (customer, is_yes)) in contacts.into_iter().enumerate() {
        text += &format!("c{at} | 2026-10-0{}T08:00:00Z | {customer} | {}\n", at + 1, yes(is_yes));
    }
    let names = [
        "avoidable_rate",
        "avoidable_rate_lenient",
        "self_service_eligible_share",
        "transfer_rate",
        "abandon_rate",
        "negative_share",
        "csat_satisfied_rate",
    ];
    let table = of_contacts(&names, &text);
    // Rate 5/9. Ordered pairs of k1: 12 · (4/9)² = 2.370370; of k2: 2 · (4/9) · (−5/9) = −0.493827; together 1.876543, beside
    // 9 · 5/9 · 4/9 = 2.222222: an effect of 5/4 · 1.844444 = 2.305556, so the interval of 5/9 of 3.903614. Scale 1.984077,
    // centre (0.555556 + 0.492039) / 1.984077 = 0.528001, half 0.987847 · √(0.063252 + 0.063024) = 0.351035.
    for name in names {
        let row = table.total(name);
        rate(&row, 5.0, 9.0);
        close(row.lo, 0.176966);
        close(row.hi, 0.879036);
    }
    // On a day of its own a contact stands for itself.
    let day = table.at("avoidable_rate", "day", Some("2026-10-01"), "all", "all").unwrap();
    let plain = crate::kpi::interval::wilson(1.0, 1.0).unwrap();
    assert_eq!((day.lo, day.hi), (Some(plain.lo), Some(plain.hi)));
}

#[test]
fn every_mean_of_contacts_takes_customers_as_drawn_at_random() {
    // k1 makes three contacts, k2 two, k3 to k5 and somebody unknown one each; team t1 has those of k1 alone.
    let rows = [
        ("k1", "t1", "phone", 4),
        ("k1", "t1", "phone", 4),
        ("k1", "t1", "email", 3),
        ("k2", "t2", "phone", 2),
        ("k2", "t2", "email", 3),
        ("k3", "t2", "phone", 3),
        ("k4", "t2", "email", 3),
        ("k5", "t2", "email", 2),
        ("", "t2", "email", 3),
    ];
    let mut text = "contact_id | started_at | customer_key | team | channel | csat | ces | handle_time_s | wait_s | sentiment_score | sentiment_trend\n".to_owned();
    for (at, (customer, team, channel, x)) in rows.into_iter().enumerate() {
        let day = at + 1;
        text += &format!(
            "c{at} | 2026-10-0{day}T08:00:00Z | {customer} | {team} | {channel} | {x} | {x} | {x} | {x} | {x} | {x}\n"
        );
    }
    let names = ["csat_mean", "ces_mean", "handle_time_s", "wait_s", "sentiment_mean", "sentiment_trend_mean"];
    let table = of_contacts(&names, &text);
    for name in names {
        // 27 over 9 contacts of six customers. Squares 85, spread 85 − 27 · 3 = 4. Deviations of k1 1, 1, 0: ordered pairs 2; of k2 −1, 0:
        // nothing. Variance 6/5 · (4 + 2) / 81 = 0.0888889; half 2.5706 · 0.2981424 = 0.766404.
        let row = table.total(name);
        assert_eq!(
            (row.value, row.numerator, row.n, row.method.as_str()),
            (Some(3.0), Some(27.0), 9, "normal_clustered")
        );
        close(row.lo, 2.233596);
        close(row.hi, 3.766404);
        // k1 alone: nothing is known of the next customer. On a day of its own a contact has no interval either.
        let team = table.at(name, "all", None, "team", "t1").unwrap();
        assert_eq!((team.lo, team.hi, team.n), (None, None, 3), "{name}");
        let day = table.at(name, "day", Some("2026-10-01"), "all", "all").unwrap();
        assert_eq!((day.lo, day.hi, day.n), (None, None, 1), "{name}");
    }
    // By phone 4 and 4 of k1, 2 of k2, 3 of k3: mean 3.25, spread 45 − 42.25 = 2.75, pairs 2 · 0.75² = 1.125. Variance
    // 3/2 · 3.875 / 16 = 0.3632813; half 4.3027 · 0.6027282 = 2.593358.
    let phone = table.at("sentiment_mean", "all", None, "channel", "phone").unwrap();
    assert_eq!((phone.value, phone.n), (Some(3.25), 4));
    close(phone.lo, 0.656642);
    close(phone.hi, 5.843358);
    // By e-mail five customers wrote once each: 3, 3, 3, 2, 3. Spread 40 − 39.2 = 0.8; half 2.7764 · √(0.8 / 4 / 5) = 0.55528.
    let email = table.at("sentiment_mean", "all", None, "channel", "email").unwrap();
    close(email.lo, 2.8 - 0.55528);
    close(email.hi, 2.8 + 0.55528);
}

#[test]
fn nps_takes_customers_as_drawn_at_random() {
    // k1 answers three times, k2 twice, k3, k4 and somebody unknown once each; team t2 has the answers of k2 alone.
    let contacts = "
        contact_id | customer_key | team | nps
        q01        | k1           | t1   | 10
        q02        | k1           | t1   | 9
        q03        | k1           | t1   | 8
        q04        | k2           | t2   | 0
        q05        | k2           | t2   | 6
        q06        | k3           | t1   | 7
        q07        | k4           | t1   | 10
        q08        |              | t1   | 9
    ";
    let table = of_contacts(&["nps"], contacts);
    // Promoters q01, q02, q07, q08; detractors q04, q05: (4 − 2)/8, mean 0.25, spread 6 − 8 · 0.0625 = 5.5. Ordered pairs of k1
    // 2 · (0.75² − 2 · 0.75 · 0.25) = 0.375, of k2 2 · 1.25² = 3.125. Effect, of five customers, 5/4 · (1 + 3.5 / 5.5) = 2.0454545: worth
    // 3.9111111 answers, 1.9555556 for, 0.9777778 against. With one of each more 2.9555556 and 1.9777778 of 5.9111111, 0.5 and
    // 0.3345865: 16.54135 ± 196 · √((0.8345865 − 0.0273616) / 5.9111111) = 16.54135 ± 72.4287.
    let total = table.total("nps");
    assert_eq!((total.value, total.numerator, total.n), (Some(25.0), Some(200.0), 8));
    close(total.lo, -55.8874);
    close(total.hi, 88.9701);
    // k2 alone counts as one answer against: 1/3 and 2/3, −33.3333 ± 196 · √((1 − 1/9) / 3) = −33.3333 ± 106.6869.
    let team = table.at("nps", "all", None, "team", "t2").unwrap();
    assert_eq!((team.value, team.lo, team.n), (Some(-100.0), Some(-100.0), 2));
    close(team.hi, 73.3536);
}

#[test]
fn repeat_rate_per_customer_counts_each_customer_once_per_period() {
    let names = ["repeat_rate_customer_7d", "repeat_rate_customer_14d"];
    let table = of_contacts(&names, REPEATS);
    rate(&table.total(names[0]), 2.0, 5.0); // k1, k2, of k1 to k5 (k6 and r11 are unknown)
    rate(&table.total(names[1]), 2.0, 4.0); // k1, k2, of k1 to k4
    let customers = |grain, start, dimension, value| table.at(names[0], grain, start, dimension, value).unwrap();
    rate(&customers("month", Some("2026-10-01"), "all", "all"), 2.0, 4.0); // k1, k2, of k1 to k4
    rate(&customers("month", Some("2026-11-01"), "all", "all"), 0.0, 1.0); // k5, by r08
    rate(&customers("all", None, "channel", "phone"), 2.0, 3.0); // k1, k2, of k5 too
    rate(&customers("all", None, "channel", "email"), 0.0, 1.0); // k1 came back after r01, not after r02 or r03
    rate(&customers("week", Some("2026-10-05"), "all", "all"), 0.0, 3.0); // k2, k3, k4; r11 is nobody
    is_unknown(&customers("day", Some("2026-10-09"), "all", "all")); // r11
}

#[test]
fn customers_with_a_contact_that_cannot_be_compared_are_left_out_whoever_came_back() {
    // A call, and another without words the day after: k1 to k3 are not seen again; k4 is, after the second. k5 has nothing that
    // cannot be compared; k6 only once the window of 14 days is asked for.
    let contacts = "
        contact_id | started_at           | is_counted | customer_key | is_recontacted_7d | is_recontacted_14d | is_recontact_open_7d | is_recontact_open_14d
        o01        | 2026-10-01T08:00:00Z | true       | k1           |                   |                    | true                 | true
        o02        | 2026-10-02T08:00:00Z | true       | k1           | false             | false              | false                | false
        o03        | 2026-10-01T08:00:00Z | true       | k2           |                   |                    | true                 | true
        o04        | 2026-10-02T08:00:00Z | true       | k2           | false             | false              | false                | false
        o05        | 2026-10-01T08:00:00Z | true       | k3           |                   |                    | true                 | true
        o06        | 2026-10-02T08:00:00Z | true       | k3           | false             | false              | false                | false
        o07        | 2026-10-01T08:00:00Z | true       | k4           |                   |                    | true                 | true
        o08        | 2026-10-02T08:00:00Z | true       | k4           | true              | true               | false                | false
        o09        | 2026-10-04T08:00:00Z | true       | k4           | false             | false              | false                | false
        o10        | 2026-10-05T08:00:00Z | true       | k5           | false             | false              | false                | false
        o11        | 2026-10-06T08:00:00Z | true       | k6           | true              |                    | false                | true
    ";
    let names = ["repeat_rate_customer_7d", "repeat_rate_customer_14d"];
    let table = of_contacts(&names, contacts);
    rate(&table.total(names[0]), 1.0, 2.0); // k6, of k5 and k6
    rate(&table.total(names[1]), 0.0, 1.0); // k5 alone
    // In a day of its own the contact that can be compared counts.
    rate(&table.at(names[0], "day", Some("2026-10-02"), "all", "all").unwrap(), 1.0, 4.0);
    is_unknown(&table.at(names[0], "day", Some("2026-10-01"), "all", "all").unwrap());
}

#[test]
fn resolution_without_recontact_is_the_complement_of_the_repeat_rate() {
    let table = of_contacts(&["fcr_no_recontact_48h", "fcr_no_recontact_72h"], REPEATS);
    rate(&table.total("fcr_no_recontact_48h"), 8.0, 9.0); // all of r01 to r09 but r01
    rate(&table.total("fcr_no_recontact_72h"), 6.0, 8.0); // all of r01 to r08 but r01, r04
    is_unknown(&table.at("fcr_no_recontact_72h", "day", Some("2026-11-20"), "all", "all").unwrap()); // r09
}

#[test]
fn cross_channel_share_compares_a_contact_with_the_one_it_is_linked_to() {
    // phone to email; email to email; phone to phone, said twice; from a contact that is not there; to one not counted.
    let links = "
        from_contact_id | to_contact_id
        r01             | r02
        r02             | r03
        r04             | r05
        r04             | r05
        r00             | r06
        r06             | r12
    ";
    let table = compute_named(&["cross_channel_repeat_share", "volume"], inputs(REPEATS, links, ""));
    rate(&table.total("cross_channel_repeat_share"), 1.0, 3.0); // r02, of r02, r03, r05
    rate(&table.at("cross_channel_repeat_share", "all", None, "channel", "email").unwrap(), 1.0, 2.0); // r02, of r03 too
    is_unknown(&table.at("cross_channel_repeat_share", "all", None, "channel", "chat").unwrap());
    count(&table.total("volume"), 11); // the doubled link doubles no contact
}

// ep-07, ep-08 and ep-12 are too recent; ep-04 has its second contact after eight days; ep-05 has no cost; the first contact of ep-11 is not in the table. Nobody knows
// whose issue ep-13 is, so nobody knows whether that customer came back.
const EPISODES: &str = "
    episode_id | customer_key | reason_id     | first_contact_id | contacts | started_date | is_resolution_known | cost_low_eur | cost_mid_eur | cost_high_eur | contacts_7d | cost_low_7d_eur | cost_mid_7d_eur | cost_high_7d_eur
    ep-01      | k01          | delivery.late | e01              | 1        | 2026-09-30   | true                | 3            | 5.5          | 8 | 1 | 3 | 5.5 | 8
    ep-02      | k02          | delivery.late | e02              | 3        | 2026-10-01   | true                | 9            | 16.5         | 24 | 3 | 9 | 16.5 | 24
    ep-03      | k03          | billing.error | e03              | 1        | 2026-10-02   | true                | 2            | 3.5          | 5 | 1 | 2 | 3.5 | 5
    ep-04      | k04          | billing.error | e04              | 2        | 2026-10-05   | true                | 4            | 7            | 10 | 1 | 2 | 3.5 | 5
    ep-05      | k05          |               | e05              | 1        | 2026-10-06   | true                |              |              | | 1 |  |  | 
    ep-06      | k06          | delivery.late | e06              | 1        | 2026-10-06   | true                | 0.1          | 0.3          | 0.5 | 1 | 0.1 | 0.3 | 0.5
    ep-07      | k07          | delivery.late | e07              | 2        | 2026-11-20   | false               | 6            | 11           | 16 | 2 | 6 | 11 | 16
    ep-08      | k08          | delivery.late | e08              | 1        | 2026-11-21   | false               | 3            | 5.5          | 8 | 1 | 3 | 5.5 | 8
    ep-09      | k09          | delivery.late | e09              | 1        | 2026-10-31   | true                | 3            | 5.5          | 8 | 1 | 3 | 5.5 | 8
    ep-10      | k10          | billing.error | e10              | 4        | 2026-10-31   | true                | 12           | 22           | 32 | 4 | 12 | 22 | 32
    ep-11      | k11          | billing.error | e11              | 1        | 2026-11-01   | true                | 2            | 3.5          | 5 | 1 | 2 | 3.5 | 5
    ep-12      | k12          | billing.error | e12              | 1        | 2026-11-22   | false               | 2            | 3.5          | 5 | 1 | 2 | 3.5 | 5
    ep-13      |              | delivery.late | e13              | 1        | 2026-10-20   | false               | 3            | 5.5          | 8 | 1 | 3 | 5.5 | 8
";

const FIRST_CONTACTS: &str = "
    contact_id | contact_date | customer_key | channel | reason_id
    e01        | 2026-09-30   | k01          | phone   | delivery.late
    e02        | 2026-10-01   | k02          | phone   | delivery.late
    e03        | 2026-10-02   | k03          | email   | billing.error
    e04        | 2026-10-05   | k04          | email   | billing.error
    e05        | 2026-10-06   | k05          |         | other
    e06        | 2026-10-06   | k06          | bot     | delivery.late
    e07        | 2026-11-20   | k07          | phone   | delivery.late
    e08        | 2026-11-21   | k08          | phone   | delivery.late
    e09        | 2026-10-31   | k09          | phone   | delivery.late
    e10        | 2026-10-31   | k10          | phone   | billing.error
    e12        | 2026-11-22   | k12          | email   | billing.error
    e13        | 2026-10-20   |              | phone   | delivery.late
";

#[test]
fn fcr_by_demand_counts_issues_and_not_contacts() {
    let table = compute_named(&["fcr_demand"], inputs(FIRST_CONTACTS, "", EPISODES));
    rate(&table.total("fcr_demand"), 7.0, 9.0); // 01, 03, 04, 05, 06, 09, 11, of 02, 10 too; not 13
    let fcr = |grain, start, dimension, value| table.at("fcr_demand", grain, start, dimension, value).unwrap();
    rate(&fcr("month", Some("2026-10-01"), "all", "all"), 5.0, 7.0); // 03, 04, 05, 06, 09, of 02, 10 too
    rate(&fcr("month", Some("2026-11-01"), "all", "all"), 1.0, 1.0); // 11; 07, 08, 12 are too recent
    rate(&fcr("all", None, "channel", "phone"), 2.0, 4.0); // 01, 09, of 02, 10 too
    rate(&fcr("all", None, "channel", "(unknown)"), 2.0, 2.0); // 05 and 11
    rate(&fcr("all", None, "reason", "other"), 1.0, 1.0); // 05: the reason of its first contact
    is_unknown(&fcr("day", Some("2026-11-20"), "all", "all")); // 07 is too recent
    is_unknown(&fcr("day", Some("2026-10-20"), "all", "all")); // 13 has no customer
}

#[test]
fn issues_of_one_customer_do_not_make_the_interval_narrower_by_their_number() {
    // k1 has two issues, neither settled at once; k2 two, both settled; k3 and k4 one each. The one of k5 is too recent.
    let episodes = "
        episode_id | customer_key | first_contact_id | contacts | contacts_7d | started_date | is_resolution_known
        ep-i1      | k1           | i1               | 2        | 2           | 2026-10-01   | true
        ep-i2      | k1           | i2               | 3        | 2           | 2026-10-20   | true
        ep-i3      | k2           | i3               | 1        | 1           | 2026-10-01   | true
        ep-i4      | k2           | i4               | 2        | 1           | 2026-10-20   | true
        ep-i5      | k3           | i5               | 1        | 1           | 2026-10-01   | true
        ep-i6      | k4           | i6               | 1        | 1           | 2026-10-01   | true
        ep-i7      | k5           | i7               | 1        | 1           | 2026-11-20   | false
    ";
    let contacts = "
        contact_id | contact_date | customer_key | channel
        i1         | 2026-10-01   | k1           | phone
        i2         | 2026-10-20   | k1           | phone
        i3         | 2026-10-01   | k2           | phone
        i4         | 2026-10-20   | k2           | email
        i5         | 2026-10-01   | k3           | email
        i6         | 2026-10-01   | k4           | email
        i7         | 2026-11-20   | k5           | email
    ";
    let table = compute_named(&["fcr_demand"], inputs(contacts, "", episodes));
    // 4 of 6, by four customers. Ordered pairs of k1 2 · (2/3)² = 0.888889, of k2 2 · (1/3)² = 0.222222; beside 6 · 2/3 · 1/3 =
    // 1.333333: an effect of 4/3 · (1 + 1.111111 / 1.333333) = 2.444444, so the interval of 2/3 of 2.454545. Scale 2.565039,
    // centre (0.666667 + 0.782519) / 2.565039 = 0.564976, half 0.764107 · √(0.090535 + 0.159402) = 0.382006.
    let total = table.total("fcr_demand");
    rate(&total, 4.0, 6.0);
    close(total.lo, 0.182971);
    close(total.hi, 0.946982);
    // On the first day each customer has one issue: 3 of 4, as independent as any.
    let day = table.at("fcr_demand", "day", Some("2026-10-01"), "all", "all").unwrap();
    let plain = crate::kpi::interval::wilson(3.0, 4.0).unwrap();
    assert_eq!((day.lo, day.hi), (Some(plain.lo), Some(plain.hi)));
    // By phone two issues of k1, of which none was settled, and one of k2: 1 of 3, by two customers. Ordered pairs 2 · (1/3)² = 0.222222,
    // beside 0.666667: an effect of 2 · 1.333333 = 2.666667, so the interval of 0.375 of 1.125.
    let phone = table.at("fcr_demand", "all", None, "channel", "phone").unwrap();
    rate(&phone, 1.0, 3.0);
    let fewer = crate::kpi::interval::wilson(0.375, 1.125).unwrap();
    close(phone.lo, fewer.lo);
    close(phone.hi, fewer.hi);
}

#[test]
fn cost_per_resolved_issue_adds_up_the_contacts_of_an_issue() {
    let table = compute_named(&["cost_per_episode_eur"], inputs(FIRST_CONTACTS, "", EPISODES));
    // Elapsed and of known cost: 01, 02, 03, 04, 06, 09, 10, 11 = 8 issues.
    // Low 3+9+2+2+0.1+3+12+2 = 33.1; mid 5.5+16.5+3.5+3.5+0.3+5.5+22+3.5 = 60.3; high 8+24+5+5+0.5+8+32+5 = 87.5.
    let total = table.total("cost_per_episode_eur");
    cost(&total, [33.1 / 8.0, 60.3 / 8.0, 87.5 / 8.0], 8);
    assert_eq!((total.numerator, total.denominator), (Some(60.3), Some(8.0)));
    is_unknown(&table.at("cost_per_episode_eur", "all", None, "reason", "other").unwrap()); // 05 has no cost
}

// s06, s07 and s11 were answered at level 2 or 3; s05 and s10 were abandoned; s12 is not counted.
const SERVICE: &str = "
    contact_id | is_counted | channel | level | is_transferred | handle_time_s | wait_s | is_abandoned
    s01        | true       | phone   | 1     | true           | 300           | 10     | false
    s02        | true       | phone   | 1     | false          | 600           | 20     | false
    s03        | true       | phone   | 1     | false          | 240           | 30     | false
    s04        | true       | phone   |       | true           | 360           | 0      | false
    s05        | true       | phone   |       | false          |               | 45     | true
    s06        | true       | phone   | 2     | true           | 900           | 15     | false
    s07        | true       | phone   | 3     | false          | 1200          |        | false
    s08        | true       | phone   | 1     |                | 180.5         | 5      | false
    s09        | true       | phone   | 1     | false          | 119.5         | 25     | false
    s10        | true       | phone   |       |                |               | 60     | true
    s11        | true       | email   | 2     | false          | 500           |        |
    s12        | false      | phone   | 1     | true           | 100           | 90     | true
";

#[test]
fn transfer_rate_is_one_of_level_one() {
    let table = of_contacts(&["transfer_rate"], SERVICE);
    rate(&table.total("transfer_rate"), 2.0, 6.0); // s01, s04, of s02, s03, s05, s09 too
    is_unknown(&table.at("transfer_rate", "all", None, "channel", "email").unwrap()); // s11 is of level 2
}

#[test]
fn handle_time_is_the_mean_of_what_is_known() {
    let table = of_contacts(&["handle_time_s"], SERVICE);
    let total = table.total("handle_time_s");
    // 300+600+240+360+900+1200+180.5+119.5+500 = 4400 over 9 contacts.
    assert_eq!((total.numerator, total.denominator, total.n), (Some(4400.0), Some(9.0), 9));
    close(total.value, 488.889);
    // Squares 3 184 060.5; variance (3 184 060.5 − 4400²/9)/8 = 129 118.67; sd 359.331;
    // half 2.3060 · 359.331 / 3 = 276.206.
    close(total.lo, 212.683);
    close(total.hi, 765.095);
    // One value has a mean and no interval.
    let email = table.at("handle_time_s", "all", None, "channel", "email").unwrap();
    assert_eq!((email.value, email.lo, email.hi, email.n), (Some(500.0), None, None, 1));
}

#[test]
fn wait_and_abandonment_include_the_abandoned_contacts() {
    let table = of_contacts(&["wait_s", "abandon_rate"], SERVICE);
    let wait = table.total("wait_s");
    // 10+20+30+0+45+15+5+25+60 = 210 over 9 contacts.
    assert_eq!((wait.numerator, wait.n, wait.method.as_str()), (Some(210.0), 9, "normal_clustered"));
    close(wait.value, 23.3333);
    rate(&table.total("abandon_rate"), 2.0, 10.0); // s05, s10, of s01 to s10
    is_unknown(&table.at("abandon_rate", "all", None, "channel", "email").unwrap()); // s11: not known
}

// v09 has no words of the customer; only the first four have six customer turns; v12 is not counted.
const VOICE: &str = "
    contact_id | is_counted | channel | csat | nps | ces | sentiment_score | sentiment_label | sentiment_trend
    v01        | true       | phone   | 5    | 10  | 7   | 80.5            | positive        | 60
    v02        | true       | phone   | 4    | 9   | 6   | 40              | positive        | 10
    v03        | true       | phone   | 3    | 8   | 5   | 0               | neutral         | -20
    v04        | true       | phone   | 1    | 0   | 1   | -90             | negative        | -60
    v05        | true       | chat    | 2    | 6   | 2   | -40.5           | negative        |
    v06        | true       | chat    | 4    | 7   |     | 10              | neutral         |
    v07        | true       | email   |      |     |     | -20             | negative        |
    v08        | true       | chat    | 5    | 10  | 7   | 90              | positive        |
    v09        | true       | sms     |      |     |     |                 |                 |
    v10        | true       | chat    | 4    |     |     | 0               | neutral         |
    v11        | true       | chat    | 3.5  | 9   | 4   | -10             | neutral         |
    v12        | false      | phone   | 1    | 0   | 1   | -100            | negative        | -100
";

#[test]
fn satisfaction_is_shown_as_mean_share_and_number_of_answers() {
    let table = of_contacts(&["csat_mean", "csat_satisfied_rate", "csat_answers"], VOICE);
    let mean = table.total("csat_mean");
    // 5+4+3+1+2+4+5+4+3.5 = 31.5 over 9 answers.
    assert_eq!((mean.value, mean.numerator, mean.n), (Some(3.5), Some(31.5), 9));
    // Squares 124.25; variance (124.25 − 31.5²/9)/8 = 1.75; half 2.3060 · 1.322876 / 3 = 1.016850.
    close(mean.lo, 2.483150);
    close(mean.hi, 4.516850);
    rate(&table.total("csat_satisfied_rate"), 5.0, 9.0); // v01, v02, v06, v08, v10: from 4 up
    count(&table.total("csat_answers"), 9);
    let email = |kpi| table.at(kpi, "all", None, "channel", "email").unwrap();
    is_unknown(&email("csat_mean"));
    is_unknown(&email("csat_satisfied_rate"));
    count(&email("csat_answers"), 0);
}

#[test]
fn nps_is_promoters_minus_detractors() {
    let table = of_contacts(&["nps", "nps_answers"], VOICE);
    let total = table.total("nps");
    // Promoters 10, 9, 10, 9; passives 8, 7; detractors 0, 6: (4 − 2)/8 = 25 %.
    assert_eq!((total.value, total.numerator, total.denominator), (Some(25.0), Some(200.0), Some(8.0)));
    // With one answer more of each kind 5/10 and 3/10: 20 ± 196 · √((0.8 − 0.04) / 10) = 20 ± 54.0325.
    close(total.lo, -34.0325);
    close(total.hi, 74.0325);
    assert_eq!(total.method, "adjusted_wald_clustered");
    count(&table.total("nps_answers"), 8);
    is_unknown(&table.at("nps", "all", None, "channel", "sms").unwrap());
    // Chat: 6, 7, 10, 9 → (2 − 1)/4.
    assert_eq!(table.at("nps", "all", None, "channel", "chat").unwrap().value, Some(25.0));
}

#[test]
fn answers_that_all_agree_promise_no_certainty() {
    let rows = "
        contact_id | csat | nps | ces
        g01        | 5    | 10  | 7
        g02        | 5    | 10  | 7
        g03        | 5    | 9   | 7
    ";
    let table = of_contacts(&["nps", "csat_mean", "ces_mean"], rows);
    let nps = table.total("nps");
    // 4/5 and 1/5 with the two answers added: 60 ± 196 · √((1 − 0.36) / 5) = 60 ± 70.1218, cut at 100.
    assert_eq!((nps.value, nps.hi, nps.n), (Some(100.0), Some(100.0), 3));
    close(nps.lo, -10.1218);
    for (kpi, mean) in [("csat_mean", 5.0), ("ces_mean", 7.0)] {
        let row = table.total(kpi);
        assert_eq!((row.value, row.lo, row.hi, row.n), (Some(mean), None, None, 3), "{kpi}");
    }
}

#[test]
fn effort_is_the_mean_answer() {
    let table = of_contacts(&["ces_mean", "ces_answers"], VOICE);
    close(table.total("ces_mean").value, 32.0 / 7.0); // 7+6+5+1+2+7+4
    count(&table.total("ces_answers"), 7);
    is_unknown(&table.at("ces_mean", "all", None, "channel", "email").unwrap());
}

#[test]
fn sentiment_is_shown_as_mean_negative_share_and_trend() {
    let table = of_contacts(&["sentiment_mean", "negative_share", "sentiment_trend_mean"], VOICE);
    let mean = table.total("sentiment_mean");
    // 80.5+40+0−90−40.5+10−20+90+0−10 = 60 over 10 contacts.
    assert_eq!((mean.value, mean.numerator, mean.n), (Some(6.0), Some(60.0), 10));
    rate(&table.total("negative_share"), 3.0, 10.0); // v04, v05, v07
    let trend = table.total("sentiment_trend_mean");
    // 60+10−20−60 = −10 over 4. Squares 7700; variance (7700 − 25)/3 = 2558.33; half 3.1824 · 50.580 / 2 = 80.483.
    assert_eq!((trend.value, trend.n), (Some(-2.5), 4));
    close(trend.lo, -82.983);
    close(trend.hi, 77.983);
    is_unknown(&table.at("negative_share", "all", None, "channel", "sms").unwrap());
    is_unknown(&table.at("sentiment_trend_mean", "all", None, "channel", "chat").unwrap());
}

#[test]
fn interval_of_a_mean_stays_on_its_scale() {
    let rows = "
        contact_id | csat | wait_s | sentiment_score
        w01        | 5    | 0      | 100
        w02        | 4    | 10     | -100
    ";
    let table = of_contacts(&["csat_mean", "wait_s", "sentiment_mean"], rows);
    // With two values, t is 12.7: every interval would leave its scale.
    let ends = |kpi| (table.total(kpi).lo, table.total(kpi).hi);
    assert_eq!(ends("csat_mean"), (Some(1.0), Some(5.0)));
    assert_eq!(ends("sentiment_mean"), (Some(-100.0), Some(100.0)));
    assert_eq!(ends("wait_s").0, Some(0.0));
    close(ends("wait_s").1, 5.0 + 12.7062 * 5.0); // sd 7.0711, √2
}

// m06 and m12 have no verdict; m07 and m12 no cost; m05, m08, m10 and m12 may or may not be repeats; m11 is not counted.
const COSTS: &str = "
    contact_id | is_counted | channel | is_avoidable | is_avoidable_lenient | owner     | criterion_id | is_repeat_14d | cost_low_eur | cost_mid_eur | cost_high_eur
    m01        | true       | phone   | true         | true                 | logistics | C01          | false         | 3            | 5.5          | 8
    m02        | true       | phone   | false        | false                |           |              | true          | 3            | 5.5          | 8
    m03        | true       | email   | true         | true                 | billing   | C02          | true          | 2            | 3.5          | 5
    m04        | true       | email   | false        | true                 | it        | C07          | false         | 2            | 3.5          | 5
    m05        | true       | chat    | false        | false                |           |              |               | 2            | 3.5          | 5
    m06        | true       | bot     |              |                      |           |              | false         | 0.1          | 0.3          | 0.5
    m07        | true       |         | true         | true                 | logistics | C01          | true          |              |              |
    m08        | true       | phone   | true         | true                 | logistics | C04          |               | 15           | 27.5         | 40
    m09        | true       | bot     | false        | false                |           |              | true          | 0.1          | 0.3          | 0.5
    m10        | true       | sms     | false        | false                |           |              |               | 2            | 3.5          | 5
    m11        | false      | phone   | true         | true                 | logistics | C01          | true          | 3            | 5.5          | 8
    m12        | true       | social  |              |                      |           |              |               |              |              |
";

#[test]
fn cost_is_given_as_low_mid_and_high() {
    let table = of_contacts(&["cost_total_eur", "cost_per_contact_eur"], COSTS);
    // m01 to m06, m08 to m10 = 9 contacts. Low 3+3+2+2+2+0.1+15+0.1+2 = 29.2;
    // mid 5.5+5.5+3.5+3.5+3.5+0.3+27.5+0.3+3.5 = 53.1; high 8+8+5+5+5+0.5+40+0.5+5 = 77.
    let total = table.total("cost_total_eur");
    cost(&total, [29.2, 53.1, 77.0], 9);
    assert_eq!((total.numerator, total.denominator), (Some(53.1), None));
    let mean = table.total("cost_per_contact_eur");
    cost(&mean, [29.2 / 9.0, 5.9, 77.0 / 9.0], 9);
    assert_eq!((mean.numerator, mean.denominator), (Some(53.1), Some(9.0)));
    cost(&table.at("cost_per_contact_eur", "all", None, "channel", "email").unwrap(), [2.0, 3.5, 5.0], 2);
    // A channel without costs has an unknown cost, not a cost of zero.
    is_unknown(&table.at("cost_total_eur", "all", None, "channel", "social").unwrap());
    is_unknown(&table.at("cost_per_contact_eur", "all", None, "channel", "(unknown)").unwrap());
}

#[test]
fn avoidable_cost_is_filed_under_its_owner() {
    let table = of_contacts(&["avoidable_cost_eur", "avoidable_cost_lenient_eur"], COSTS);
    cost(&table.total("avoidable_cost_eur"), [20.0, 36.5, 53.0], 3); // m01, m03, m08
    cost(&table.total("avoidable_cost_lenient_eur"), [22.0, 40.0, 58.0], 4); // m04 too
    let of = |kpi, dimension, value| table.at(kpi, "all", None, dimension, value).unwrap();
    cost(&of("avoidable_cost_eur", "owner", "logistics"), [18.0, 33.0, 48.0], 2); // m01, m08
    cost(&of("avoidable_cost_eur", "criterion", "C01"), [3.0, 5.5, 8.0], 1); // m01; the cost of m07 is unknown
    cost(&of("avoidable_cost_eur", "owner", "it"), [0.0, 0.0, 0.0], 0); // m04 is lenient
    cost(&of("avoidable_cost_lenient_eur", "owner", "it"), [2.0, 3.5, 5.0], 1);
    cost(&of("avoidable_cost_eur", "channel", "bot"), [0.0, 0.0, 0.0], 0); // m09 is not avoidable
    is_unknown(&of("avoidable_cost_eur", "channel", "social")); // m12 has no verdict
    is_unknown(&of("avoidable_cost_eur", "channel", "(unknown)")); // m07 has no cost
}

#[test]
fn cost_of_avoidable_contacts_that_have_no_cost_is_unknown_and_not_zero() {
    // The contact that is avoidable and a repeat has no cost, the other one has: 0 euros would be a statement.
    let rows = "
        contact_id | channel | is_avoidable | is_avoidable_lenient | is_repeat_14d | cost_low_eur | cost_mid_eur | cost_high_eur
        u01        |         | true         | true                 | true          |              |              |
        u02        | phone   | false        | false                | false         | 3            | 5.5          | 8
    ";
    let names = ["avoidable_cost_eur", "avoidable_cost_lenient_eur", "repeated_cost_eur"];
    let table = of_contacts(&names, rows);
    for kpi in names {
        is_unknown(&table.total(kpi));
        cost(&table.at(kpi, "all", None, "channel", "phone").unwrap(), [0.0, 0.0, 0.0], 0); // u02: none is avoidable
    }
}

#[test]
fn cost_of_repeats_leaves_out_contacts_that_may_not_be_repeats() {
    let table = of_contacts(&["repeated_cost_eur"], COSTS);
    cost(&table.total("repeated_cost_eur"), [5.1, 9.3, 13.5], 3); // m02, m03, m09; the cost of m07 is unknown
    is_unknown(&table.at("repeated_cost_eur", "all", None, "channel", "chat").unwrap()); // m05 is unknown
    is_unknown(&table.at("repeated_cost_eur", "all", None, "channel", "sms").unwrap()); // m10 is unknown
}

#[test]
fn every_kpi_of_the_catalogue_has_a_hand_worked_test() {
    let tests = include_str!("hand_worked_tests.rs");
    let untested: Vec<&str> =
        catalogue::all().map(|kpi| kpi.name).filter(|name| !tests.contains(&format!("\"{name}\""))).collect();
    assert!(untested.is_empty(), "{untested:?}");
}
