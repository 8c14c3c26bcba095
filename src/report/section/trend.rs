//! The same figures week by week, as small panels on one time axis.

use chrono::{Days, NaiveDate};
use minijinja::{Value, context};

use super::super::chart::{self, Axis, WeekPoint};
use super::super::format;
use super::super::page::{Page, Rate};
use super::super::tally::{SEVEN_DAYS, Tally};
use super::super::view::Group;
use crate::error::Result;

/// Four panels, and their figures as a table.
pub(super) fn section(page: &Page) -> Result<Value> {
    let weeks: Vec<(NaiveDate, Tally)> = every_week(page);
    let panels = if weeks.len() < 2 {
        Vec::new()
    } else {
        vec![
            volume(page, &weeks)?,
            rates(page, &weeks, "avoidable", |monday, tally| page.avoidable(Group::Week(monday), tally))?,
            rates(page, &weeks, "repeat", |monday, tally| followed(page, monday, tally))?,
            score(page, &weeks)?,
        ]
    };
    let rows = weeks
        .iter()
        .map(|(monday, tally)| {
            context! {
                week => format::short_date(page.language, *monday),
                is_partial => is_partial(page, *monday),
                contacts => page.count(tally.contacts),
                avoidable => page.rate(page.avoidable(Group::Week(*monday), tally)),
                repeat => page.rate(followed(page, *monday, tally)),
                score => page.score(tally),
                cost => page.money(tally.cost),
            }
        })
        .collect::<Vec<_>>();
    Ok(context! { panels => panels, rows => rows })
}

/// How many contacts of a week are followed by another within 7 days.
fn followed(page: &Page, monday: NaiveDate, tally: &Tally) -> Rate {
    page.followed(Group::Week(monday), SEVEN_DAYS, tally)
}

/// Every week of the period: those without contacts have zeros, so that gaps show.
fn every_week(page: &Page) -> Vec<(NaiveDate, Tally)> {
    let by_week = &page.input.by_week;
    let (Some((first, _)), Some((last, _))) = (by_week.first_key_value(), by_week.last_key_value()) else {
        return Vec::new();
    };
    std::iter::successors(Some(*first), |monday| monday.checked_add_days(Days::new(7)))
        .take_while(|monday| monday <= last)
        .map(|monday| (monday, by_week.get(&monday).copied().unwrap_or_default()))
        .collect()
}

/// Contacts of the usual week from which a week without any is no accident: chance would leave one in 20,000 empty.
const NEVER_EMPTY: u64 = 10;

/// The longest stretch of whole weeks without any contact, first Monday and last Sunday, where the usual week has contacts enough that
/// they can hardly be empty: they were closed, or never loaded.
pub(super) fn silence(page: &Page) -> Option<(NaiveDate, NaiveDate)> {
    let mut volumes: Vec<u64> = page.input.by_week.values().map(|tally| tally.contacts).collect();
    volumes.sort_unstable();
    if volumes.get(volumes.len() / 2).copied().unwrap_or(0) < NEVER_EMPTY {
        return None;
    }
    let mondays: Vec<NaiveDate> = page.input.by_week.keys().copied().collect();
    mondays
        .windows(2)
        .filter_map(|pair| Some((pair[0].checked_add_days(Days::new(7))?, pair[1].checked_sub_days(Days::new(1))?)))
        .filter(|(first, last)| first < last)
        .max_by_key(|(first, last)| (*last - *first, std::cmp::Reverse(*first)))
}

/// Whether the period starts or ends within the week.
fn is_partial(page: &Page, monday: NaiveDate) -> bool {
    page.input.period.is_some_and(|(first, last)| {
        first > monday || monday.checked_add_days(Days::new(6)).is_some_and(|sunday| last < sunday)
    })
}

fn panel(page: &Page, key: &str, points: Vec<WeekPoint>, axis: Axis, ticks: &[(f64, String)]) -> Result<Value> {
    let points = points
        .into_iter()
        .map(|point| {
            let places = [("week", point.label.clone()), ("value", point.text.clone())];
            Ok(WeekPoint { tip: page.text("panel_point", &places)?, ..point })
        })
        .collect::<Result<Vec<_>>>()?;
    let title = page.text(&format!("panel_{key}"), &[])?;
    let first_last = [points.first(), points.last()].map(|it| it.map_or_else(String::new, |it| it.text.clone()));
    let [first, last] = first_last;
    let description = page.text("panel_description", &[("title", title.clone()), ("first", first), ("last", last)])?;
    Ok(context! {
        key => key,
        title => title,
        note => page.text(&format!("panel_{key}_note"), &[])?,
        chart => Value::from_safe_string(chart::weeks(key, &points, axis, ticks, &description)),
    })
}

fn volume(page: &Page, weeks: &[(NaiveDate, Tally)]) -> Result<Value> {
    let points: Vec<WeekPoint> = weeks
        .iter()
        .map(|(monday, tally)| WeekPoint {
            label: format::short_date(page.language, *monday),
            value: Some(tally.contacts as f64),
            text: page.count(tally.contacts),
            is_weak: is_partial(page, *monday),
            ..WeekPoint::default()
        })
        .collect();
    let largest = points.iter().filter_map(|point| point.value).fold(0.0, f64::max);
    let steps = chart::round_steps(largest);
    let ticks: Vec<_> = steps.iter().map(|step| (*step, format::number(page.language, *step, 0))).collect();
    let axis = Axis { min: 0.0, max: steps.last().copied().unwrap_or(1.0) };
    panel(page, "volume", points, axis, &ticks)
}

fn rates(
    page: &Page,
    weeks: &[(NaiveDate, Tally)],
    key: &str,
    rate: impl Fn(NaiveDate, &Tally) -> Rate,
) -> Result<Value> {
    let points: Vec<WeekPoint> = weeks
        .iter()
        .map(|(monday, tally)| {
            let rate = rate(*monday, tally);
            WeekPoint {
                label: format::short_date(page.language, *monday),
                value: rate.value,
                interval: rate.interval,
                text: page.percent(rate.value, rate.n),
                is_weak: is_partial(page, *monday) || page.is_small(rate.n),
                ..WeekPoint::default()
            }
        })
        .collect();
    let highest = points
        .iter()
        .filter(|point| !point.is_weak)
        .filter_map(|point| point.interval.map(|(_, hi)| hi))
        .chain(points.iter().filter_map(|point| point.value))
        .fold(0.0, f64::max);
    let steps: Vec<f64> = chart::round_steps(highest).into_iter().filter(|step| *step <= 1.0).collect();
    let ticks: Vec<_> = steps.iter().map(|step| (*step, format::percent(page.language, *step, 0))).collect();
    let axis = Axis { min: 0.0, max: steps.last().copied().unwrap_or(1.0).max(highest.min(1.0)) };
    panel(page, key, points, axis, &ticks)
}

fn score(page: &Page, weeks: &[(NaiveDate, Tally)]) -> Result<Value> {
    let points: Vec<WeekPoint> = weeks
        .iter()
        .map(|(monday, tally)| WeekPoint {
            label: format::short_date(page.language, *monday),
            value: tally.sentiment_score.mean(),
            text: page.score(tally),
            is_weak: is_partial(page, *monday) || page.is_small(tally.sentiment_score.n),
            ..WeekPoint::default()
        })
        .collect();
    let ticks: Vec<_> =
        [-100.0, -50.0, 0.0, 50.0, 100.0].iter().map(|it| (*it, format::signed(page.language, *it))).collect();
    panel(page, "sentiment", points, Axis { min: -100.0, max: 100.0 }, &ticks)
}
