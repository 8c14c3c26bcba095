//! Written dates and times to UTC instants, for every spelling that exports of contact centres use.
//!
//! Local times without an offset are read in the configured time zone. Where the clock goes back, the local time exists
//! twice: the first of the two instants (summer time) is taken and `ambiguous_local_time` is flagged. Where the clock goes
//! forward, the local time does not exist: it is moved forward by the length of the gap (02:30 becomes 03:30) and
//! `nonexistent_local_time` is flagged.

use std::sync::LazyLock;

use chrono::{
    DateTime, Duration, FixedOffset, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Utc,
};
use chrono_tz::Tz;
use regex::{Captures, Regex};

use super::Remark;
use crate::config::Options;

/// Order of day and month in `03/04/2026`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateOrder {
    /// 3 April.
    DayFirst,
    /// March 4.
    MonthFirst,
}

impl DateOrder {
    /// The order that the configuration states.
    pub(crate) fn configured(options: &Options) -> Option<Self> {
        match options.input.date_order.as_str() {
            "dmy" => Some(Self::DayFirst),
            "mdy" => Some(Self::MonthFirst),
            _ => None,
        }
    }
}

/// Finds the order of day and month that the dates of a file show: that which more of them prove, else the day first.
///
/// Where none proves either, a first number that stays the same while the second changes tells the month first, as in an export of a
/// few days: five of them, or three beside a clock of twelve hours (`9/3/2026 2:05 PM`).
#[derive(Debug, Default)]
pub(crate) struct Orders {
    /// Dates that only one order allows: the day first, the month first.
    day_first: u64,
    month_first: u64,
    /// Dates that mean another day in the other order.
    open: u64,
    /// A date with `AM` or `PM` behind it.
    has_half_days: bool,
    /// The first and the second numbers seen, one bit each.
    numbers: [u32; 2],
    /// Dates, or records, in which the order does not matter.
    others: u32,
}

/// In which order the dates of a file are read, and what is to be told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OrderFound {
    /// The order.
    pub(crate) order: DateOrder,
    /// The dates that prove none were read in an order that is not the usual one, or not that of all others.
    pub(crate) is_guess: bool,
    /// Told once.
    pub(crate) remark: Option<Remark>,
}

impl OrderFound {
    /// The order that the configuration states, else the usual one, with nothing to tell.
    pub(crate) fn unseen(options: &Options) -> Self {
        let order = DateOrder::configured(options).unwrap_or(DateOrder::DayFirst);
        Self { order, is_guess: false, remark: None }
    }
}

impl Orders {
    /// Takes note of one written date.
    pub(crate) fn see(&mut self, text: &str) {
        let Some(found) = day_month_year(text) else { return self.see_other() };
        let [first, second] = ["a", "b"].map(|name| found[name].parse::<u32>().unwrap_or(0));
        match proof(first, second) {
            Some(DateOrder::DayFirst) => self.day_first += 1,
            Some(DateOrder::MonthFirst) => self.month_first += 1,
            None => self.open += u64::from(first != second && [first, second].iter().all(|n| (1..=12).contains(n))),
        }
        // Dashes and dots are European.
        self.has_half_days |= found.name("ap").is_some() && text.contains('/');
        for (seen, number) in self.numbers.iter_mut().zip([first, second]) {
            *seen |= 1_u32.checked_shl(number).unwrap_or(0);
        }
    }

    /// Takes note of a date that is no text, or of a record without date.
    pub(crate) fn see_other(&mut self) {
        self.others = self.others.saturating_add(1);
    }

    /// Whether the rest of the file need not be read. A file sorted by date can hide its proof behind thousands of
    /// records, so only files whose dates are of another form are left early.
    pub(crate) fn is_settled(&self) -> bool {
        const ENOUGH: u32 = 200;
        self.others > ENOUGH && self.numbers == [0, 0]
    }

    /// Whether no date proves either order.
    pub(crate) fn is_open(&self) -> bool {
        self.day_first == 0 && self.month_first == 0
    }

    /// The order found.
    pub(crate) fn order(&self) -> DateOrder {
        let is_month_first = self.is_guess() || self.month_first > self.day_first;
        if is_month_first { DateOrder::MonthFirst } else { DateOrder::DayFirst }
    }

    /// The order found, unless the configuration states one, and what is to be told of it.
    pub(crate) fn found(&self, options: &Options) -> OrderFound {
        if DateOrder::configured(options).is_some() {
            return OrderFound::unseen(options);
        }
        let order = self.order();
        let is_month_first = order == DateOrder::MonthFirst;
        let Self { day_first, month_first, open: count, has_half_days, .. } = *self;
        let remark = if self.is_open() {
            (count > 0).then_some(Remark::DateOrder { is_month_first, count, has_half_days })
        } else {
            let unread = day_first.min(month_first);
            (unread > 0).then_some(Remark::TwoDateOrders { is_month_first, unread, count })
        };
        let is_guess = self.is_guess() || matches!(remark, Some(Remark::TwoDateOrders { .. }));
        OrderFound { order, is_guess, remark }
    }

    /// Whether the order found is one that no date proves and that is not the usual one.
    fn is_guess(&self) -> bool {
        // The third of five months in a row is rarer than five days of March; British tools write AM and PM too.
        let enough_days = if self.has_half_days { 3 } else { 5 };
        let [first, second] = self.numbers.map(u32::count_ones);
        self.is_open() && first == 1 && second >= enough_days
    }
}

/// The order that the first two numbers of a date prove, if any.
fn proof(first: u32, second: u32) -> Option<DateOrder> {
    match (first, second) {
        (13..=31, 1..=12) => Some(DateOrder::DayFirst),
        (1..=12, 13..=31) => Some(DateOrder::MonthFirst),
        _ => None,
    }
}

/// An instant and what had to be assumed to find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// The instant.
    pub(crate) instant: DateTime<Utc>,
    /// Flag of the assumption, when there is one.
    pub(crate) flag: Option<&'static str>,
}

const CLOCK: &str = r"(?P<h>\d{1,2})(?:\s?[:hH]\s?(?P<mi>\d{1,2})?(?:\s?[:mM.']\s?(?P<s>\d{1,2})(?:[.,](?P<f>\d{1,9}))?\s?s?)?)?\s?(?P<ap>[AaPp]\.?\s?[Mm]\.?)?";
const ZONE: &str =
    r"(?P<z>[Zz]|UTC|GMT|CEST|CET|BST|(?:UTC|GMT)?[+-]\d{2}:?\d{2}|[+-]\d{2})?(?:\s?\([^)]{1,40}\)|\[[^\]]{1,40}\])?";

/// Compiles a constant pattern.
fn pattern(text: &str) -> Regex {
    // Every pattern of this module is a constant that the tests below compile, so this cannot fail at run time.
    Regex::new(text).expect("constant pattern")
}

static YEAR_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"^(?P<y>\d{{4}})[-/.](?P<m>\d{{1,2}})[-/.](?P<d>\d{{1,2}})(?:(?:\s?[Tt,]\s?|\s+|_){CLOCK})?\s?{ZONE}$"
    ))
});
static YEAR_LAST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"^(?:\p{{L}}+\.?,?\s+)?(?P<a>\d{{1,2}})[-/.](?P<b>\d{{1,2}})[-/.](?P<y>\d{{4}}|\d{{2}})(?:(?:\s?[Tt,]\s?|\s+(?:à|a|at|-)?\s*){CLOCK})?\s?{ZONE}$"
    ))
});
static DAY_NAME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"^(?:\p{{L}}+\.?,?\s+)?(?P<d>\d{{1,2}})(?:er|st|nd|rd|th)?[\s-]+(?P<name>\p{{L}}+)\.?,?[\s-]+(?P<y>\d{{4}}|\d{{2}})(?:,?\s+(?:à|at|-)?\s*{CLOCK})?\s?{ZONE}$"
    ))
});
static NAME_DAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"^(?:\p{{L}}+\.?,\s+)?(?P<name>\p{{L}}+)\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>\d{{4}})(?:,?\s+(?:at|-)?\s*{CLOCK})?\s?{ZONE}$"
    ))
});
static COMPACT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"^(?P<y>\d{{4}})(?P<m>\d{{2}})(?P<d>\d{{2}})(?:[Tt_\s-]?(?P<h>\d{{2}})(?P<mi>\d{{2}})(?P<s>\d{{2}})?(?:\.(?P<f>\d{{1,9}}))?)?{ZONE}$"
    ))
});
static IN_NAME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:^|[^\d])(?P<y>20\d{2})[-_.]?(?P<m>[01]\d)[-_.]?(?P<d>[0-3]\d)(?:[Tt_\s.-]?(?P<h>[0-2]\d)[-_:hH.]?(?P<mi>[0-5]\d)(?:[-_:mM.]?(?P<s>[0-5]\d))?(?P<z>[Zz])?)?(?:[^\d]|$)",
    )
});

/// Reads a written time. `None` when it cannot be read or lies outside the years 1990 to 2100.
pub(crate) fn instant(text: &str, zone: Tz, order: DateOrder) -> Option<Moment> {
    let text = text.trim().trim_matches('\u{feff}').trim();
    if text.len() > 64 || text.is_empty() {
        return None;
    }
    if let Some(moment) = epoch_text(text) {
        return Some(moment);
    }
    let text = text.replace(['\u{a0}', '\u{202f}'], " ");
    let (captures, date) = if let Some(found) = YEAR_FIRST.captures(&text).or_else(|| COMPACT.captures(&text)) {
        let date = ymd(&found["y"], &found["m"], &found["d"])?;
        (found, date)
    } else if let Some(found) = YEAR_LAST.captures(&text) {
        let (day, month) = match order {
            DateOrder::DayFirst => ("a", "b"),
            DateOrder::MonthFirst => ("b", "a"),
        };
        let date = ymd(&whole_year(&found["y"]), &found[month], &found[day])?;
        (found, date)
    } else {
        let found = DAY_NAME.captures(&text).or_else(|| NAME_DAY.captures(&text))?;
        let month = month_named(&found["name"])?;
        let date = ymd(&whole_year(&found["y"]), &month.to_string(), &found["d"])?;
        (found, date)
    };
    resolve(date, clock(&captures)?, captures.name("z").map(|zone| zone.as_str()), zone)
}

/// A year of two figures is one of this century.
fn whole_year(written: &str) -> String {
    if written.len() == 2 { format!("20{written}") } else { written.to_owned() }
}

/// Which order a written date proves, if any: 31/12 can only be day first, 12/31 only month first.
pub(crate) fn order_shown_by(text: &str) -> Option<DateOrder> {
    let found = day_month_year(text)?;
    proof(found["a"].parse().ok()?, found["b"].parse().ok()?)
}

/// Whether the order of day and month matters for this written date.
pub(crate) fn is_day_month_year(text: &str) -> bool {
    day_month_year(text).is_some()
}

/// The parts of a date whose year stands last.
fn day_month_year(text: &str) -> Option<Captures<'_>> {
    (text.len() <= 64).then(|| YEAR_LAST.captures(text.trim())).flatten()
}

/// Finds a date, with or without a time, in a file name such as `call_2026-09-03T09-12-00.vtt`.
pub(crate) fn in_file_name(name: &str, zone: Tz) -> Option<Moment> {
    let found = IN_NAME.captures(name)?;
    let date = ymd(&found["y"], &found["m"], &found["d"])?;
    resolve(date, clock(&found)?, found.name("z").map(|zone| zone.as_str()), zone)
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size.
pub(crate) fn epoch(value: f64) -> Option<DateTime<Utc>> {
    let micros = match value {
        v if (6.0e8..4.2e9).contains(&v) => v * 1e6,
        v if (6.0e11..4.2e12).contains(&v) => v * 1e3,
        v if (6.0e14..4.2e15).contains(&v) => v,
        v if (6.0e17..4.2e18).contains(&v) => v / 1e3,
        _ => return None,
    };
    in_range(DateTime::from_timestamp_micros(micros.round() as i64)?)
}

/// Places a local date and time in a zone, with the documented rule for the hours of the clock change.
pub(crate) fn local_to_utc(local: NaiveDateTime, zone: Tz) -> Option<Moment> {
    let (instant, flag) = match zone.from_local_datetime(&local) {
        LocalResult::Single(time) => (time.with_timezone(&Utc), None),
        LocalResult::Ambiguous(first, _) => (first.with_timezone(&Utc), Some("ambiguous_local_time")),
        LocalResult::None => {
            // Reading the time with the offset that held a day before moves it past the gap by the gap's length.
            let before = zone.from_local_datetime(&(local - Duration::days(1))).earliest()?;
            let offset = before.offset().fix();
            (offset.from_local_datetime(&local).single()?.with_timezone(&Utc), Some("nonexistent_local_time"))
        }
    };
    Some(Moment { instant: in_range(instant)?, flag })
}

fn epoch_text(text: &str) -> Option<Moment> {
    let whole = text.split(['.', ',']).next().unwrap_or(text);
    if !matches!(whole.len(), 9 | 10 | 13 | 16 | 19) || !text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    Some(Moment { instant: epoch(text.parse().ok()?)?, flag: None })
}

fn ymd(year: &str, month: &str, day: &str) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// The time of day; `Some(None)` when only a date was written, `None` when the time makes no sense.
fn clock(found: &Captures<'_>) -> Option<Option<NaiveTime>> {
    let Some(hour) = found.name("h") else { return Some(None) };
    let number = |name: &str| found.name(name).map_or(Some(0), |part| part.as_str().parse::<u32>().ok());
    // The group of "am/pm" is absent from the patterns of compact dates and file names.
    let half = found.name("ap").map(|half| half.as_str().to_ascii_lowercase());
    let is_followed_by_h = found
        .get(0)
        .and_then(|all| all.as_str().get(hour.end() - all.start()..))
        .is_some_and(|rest| rest.trim_start().starts_with(['h', 'H']));
    if found.name("mi").is_none() && half.is_none() && !is_followed_by_h {
        return None;
    }
    let mut hour: u32 = hour.as_str().parse().ok()?;
    if let Some(half) = half {
        match (half.starts_with('p'), hour) {
            (true, 1..=11) => hour += 12,
            (false, 12) => hour = 0,
            (_, 13..) => return None,
            _ => {}
        }
    }
    let fraction = found.name("f").map_or("", |part| part.as_str());
    let nanos: u32 = format!("{fraction:0<9}").parse().ok()?;
    let second = number("s")?.min(60);
    // A leap second (23:59:60) is read as the second before it.
    NaiveTime::from_hms_nano_opt(hour, number("mi")?, if second == 60 { 59 } else { second }, nanos).map(Some)
}

fn resolve(date: NaiveDate, clock: Option<NaiveTime>, written_zone: Option<&str>, zone: Tz) -> Option<Moment> {
    let local = date.and_time(clock.unwrap_or(NaiveTime::MIN));
    let mut moment = match written_zone {
        Some(written) => {
            let offset = offset(written)?;
            let instant = offset.from_local_datetime(&local).single()?.with_timezone(&Utc);
            Moment { instant: in_range(instant)?, flag: None }
        }
        None => local_to_utc(local, zone)?,
    };
    if clock.is_none() && moment.flag.is_none() {
        moment.flag = Some("date_without_time");
    }
    Some(moment)
}

fn offset(written: &str) -> Option<FixedOffset> {
    let upper = written.to_ascii_uppercase();
    match upper.as_str() {
        "Z" | "UTC" | "GMT" => return FixedOffset::east_opt(0),
        "CET" | "BST" => return FixedOffset::east_opt(3600),
        "CEST" => return FixedOffset::east_opt(7200),
        _ => {}
    }
    let signed = upper.trim_start_matches("UTC").trim_start_matches("GMT");
    let digits: String = signed.chars().filter(char::is_ascii_digit).collect();
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 = digits.get(2..4).map_or(Some(0), |minutes| minutes.parse().ok())?;
    let seconds = hours * 3600 + minutes * 60;
    FixedOffset::east_opt(if signed.starts_with('-') { -seconds } else { seconds })
}

fn month_named(name: &str) -> Option<u32> {
    let name = super::columns::normalise(name);
    const NAMES: [&[&str]; 12] = [
        &["january", "janvier", "jan", "janv"],
        &["february", "fevrier", "feb", "fev", "fevr"],
        &["march", "mars", "mar"],
        &["april", "avril", "apr", "avr"],
        &["may", "mai"],
        &["june", "juin", "jun"],
        &["july", "juillet", "jul", "juil"],
        &["august", "aout", "aug", "aou"],
        &["september", "septembre", "sep", "sept"],
        &["october", "octobre", "oct"],
        &["november", "novembre", "nov"],
        &["december", "decembre", "dec"],
    ];
    NAMES.iter().position(|names| names.contains(&name.as_str())).map(|index| index as u32 + 1)
}

/// An instant of the years 1990 to 2100, which contacts are of.
pub(crate) fn in_range(instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
    // 631152000 is 1990-01-01, 4102444800 is 2100-01-01.
    (631_152_000..4_102_444_800).contains(&instant.timestamp()).then_some(instant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<String> {
        instant(text, chrono_tz::Europe::Paris, DateOrder::DayFirst).map(|moment| moment.instant.to_rfc3339())
    }

    #[test]
    fn the_usual_spellings_of_one_instant_agree() {
        let expected = Some("2026-09-03T07:12:00+00:00".to_owned());
        for text in [
            "2026-09-03T09:12:00+02:00",
            "2026-09-03T07:12:00Z",
            "2026-09-03 07:12:00 UTC",
            "2026-09-03 09:12",
            "2026-09-03T09:12:00.000+0200",
            "2026-09-03 09:12:00+02",
            "03/09/2026 09:12",
            "3/9/26 9:12",
            "03-09-2026 09:12:00",
            "03.09.2026 09:12",
            "03/09/2026 à 09h12",
            "03/09/2026 9h12",
            "20260903T091200",
            "20260903091200",
            "1788419520",
            "1788419520000",
            "1788419520.0",
            "3 septembre 2026 09:12",
            "jeudi 3 septembre 2026 à 09:12",
            "Sep 3, 2026 9:12 AM",
            "Thu, 03 Sep 2026 09:12:00 +0200",
            "Thu, 3 Sep 2026 09:12:00 +0200 (CEST)",
            "2026/09/03 09:12:00",
            "2026-09-03T09:12",
            "03/09/2026, 09:12:00",
            "2026-09-03T09:12:00+02:00[Europe/Paris]",
            "1788419520000000",
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn nonsense_is_not_a_time() {
        for text in [
            "",
            "hier",
            "32/01/2026",
            "2026-13-01",
            "12:30",
            "2026-09-03 25:00",
            "1",
            "2026",
            "0000-00-00",
            "99999999999",
            "2026-09-03 9",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn the_hour_that_does_not_exist_moves_past_the_gap() {
        let moment = instant("29/03/2026 02:30", chrono_tz::Europe::Paris, DateOrder::DayFirst).unwrap();
        assert_eq!(moment.instant.to_rfc3339(), "2026-03-29T01:30:00+00:00");
        assert_eq!(moment.flag, Some("nonexistent_local_time"));
    }

    #[test]
    fn the_hour_that_exists_twice_is_the_first_one() {
        let moment = instant("25/10/2026 02:30", chrono_tz::Europe::Paris, DateOrder::DayFirst).unwrap();
        assert_eq!(moment.instant.to_rfc3339(), "2026-10-25T00:30:00+00:00");
        assert_eq!(moment.flag, Some("ambiguous_local_time"));
    }

    #[test]
    fn month_first_is_read_when_asked_and_dates_prove_their_order() {
        let moment = instant("09/03/2026 2:05 PM", chrono_tz::Europe::Paris, DateOrder::MonthFirst).unwrap();
        assert_eq!(moment.instant.to_rfc3339(), "2026-09-03T12:05:00+00:00");
        assert_eq!(order_shown_by("09/13/2026"), Some(DateOrder::MonthFirst));
        assert_eq!(order_shown_by("13/09/2026 10:00"), Some(DateOrder::DayFirst));
        assert_eq!(order_shown_by("09/03/2026"), None);
    }

    #[test]
    fn a_date_alone_is_midnight_and_says_so() {
        let moment = instant("03/09/2026", chrono_tz::Europe::Paris, DateOrder::DayFirst).unwrap();
        assert_eq!(moment.instant.to_rfc3339(), "2026-09-02T22:00:00+00:00");
        assert_eq!(moment.flag, Some("date_without_time"));
    }

    #[test]
    fn file_names_carry_dates() {
        for name in ["call_2026-09-03T09-12-00", "20260903-091200_K12", "appel 2026-09-03_09h12"] {
            assert_eq!(
                in_file_name(name, chrono_tz::Europe::Paris).unwrap().instant.to_rfc3339(),
                "2026-09-03T07:12:00+00:00",
                "{name}"
            );
        }
        assert!(in_file_name("ticket-123456789012", chrono_tz::Europe::Paris).is_none());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_panic(text in "\\PC{0,40}") {
            let _ = instant(&text, chrono_tz::Europe::Paris, DateOrder::DayFirst);
            let _ = in_file_name(&text, chrono_tz::America::New_York);
            let _ = order_shown_by(&text);
        }
    }
}
