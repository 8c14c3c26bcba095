//! Numbers, amounts, shares and dates to text, by the habits of French and English typography.
//!
//! French separates thousands by a narrow no-break space (U+202F), writes a decimal comma and puts one no-break space
//! before `%` and `€`; English uses `1,234.5`, `42%` and `€12.50`. Minus is U+2212 in both, ranges use an en dash. Halves
//! are rounded up, as readers who check a sum by hand do; money is rounded as the whole number that it is.

use chrono::{Datelike, NaiveDate};

use super::tally::{Money, Share};

/// A language of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// French.
    French,
    /// English.
    English,
}

impl Language {
    /// Both, in the order in which a report without preference holds them.
    pub const ALL: [Self; 2] = [Self::French, Self::English];

    /// ISO 639-1 code.
    pub fn code(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }
}

/// Missing value.
pub(crate) const DASH: &str = "–";
/// Narrow no-break space.
const THIN: char = '\u{202f}';
/// No-break space.
const SPACE: char = '\u{a0}';
const MINUS: char = '\u{2212}';

/// `number(language, 1234.56, 1)` is `1 234,6` or `1,234.6`. Halves go away from zero.
pub(crate) fn number(language: Language, value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return DASH.to_string();
    }
    let scaled = value.abs() * 10f64.powi(decimals as i32);
    // A half that was computed, as 100 × 0.145, may lie a few bits below the one that is meant.
    let slack = scaled * 1e-14;
    decimal(language, value < 0.0, (scaled + slack).round() as u128, decimals)
}

/// Writes `digits` with its last `decimals` behind the decimal mark; zero has no sign.
fn decimal(language: Language, is_negative: bool, digits: u128, decimals: usize) -> String {
    let plain = format!("{digits:0>width$}", width = decimals + 1);
    let (whole, fraction) = plain.split_at(plain.len() - decimals);
    let mut text = String::new();
    if is_negative && digits > 0 {
        text.push(MINUS);
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(if language == Language::French { THIN } else { ',' });
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        text.push(if language == Language::French { ',' } else { '.' });
        text.push_str(fraction);
    }
    text
}

/// A whole number.
pub(crate) fn count(language: Language, value: u64) -> String {
    // Counts of contacts stay far below 2^53, where f64 is exact.
    number(language, value as f64, 0)
}

/// A number with up to three decimals, as few as it needs: `4`, `0,55`.
pub(crate) fn shortest(language: Language, value: f64) -> String {
    let decimals = (0..3).find(|&decimals| {
        let scale = 10f64.powi(decimals);
        ((value * scale).round() / scale - value).abs() < 1e-9
    });
    number(language, value, decimals.unwrap_or(3) as usize)
}

/// A number with its sign, as sentiment scores are written: `+12`, `−34`, `0`.
pub(crate) fn signed(language: Language, value: f64) -> String {
    let text = number(language, value, 0);
    if value > 0.0 && text != "0" { format!("+{text}") } else { text }
}

/// A fraction as a percentage: `42 %` or `42%`.
pub(crate) fn percent(language: Language, fraction: f64, decimals: usize) -> String {
    let text = number(language, fraction * 100.0, decimals);
    match language {
        _ if text == DASH => text,
        Language::French => format!("{text}{SPACE}%"),
        Language::English => format!("{text}%"),
    }
}

/// Decimals that the number of observations supports: none below a thousand.
pub(crate) fn decimals_for(n: u64) -> usize {
    usize::from(n >= 1000)
}

/// The rate of a share, or a dash when nothing is known.
pub(crate) fn rate(language: Language, share: Share) -> String {
    share.rate().map_or_else(|| DASH.to_string(), |rate| percent(language, rate, decimals_for(share.known)))
}

/// Two fractions as one range of percentages.
pub(crate) fn percent_range(language: Language, lo: f64, hi: f64, decimals: usize) -> String {
    format!("{}–{}", number(language, lo * 100.0, decimals), percent(language, hi, decimals))
}

/// Euros: cents below a hundred, whole euros from there.
pub(crate) fn euros(language: Language, value: f64) -> String {
    with_unit(language, &number(language, value, euro_decimals(value)))
}

/// Two amounts as one range with one unit; the larger one decides on cents.
pub(crate) fn euro_range(language: Language, low: f64, high: f64) -> String {
    let decimals = euro_decimals(high);
    range_with_unit(language, &number(language, low, decimals), &number(language, high, decimals))
}

/// The middle of a cost, or a dash when no contact had a price.
pub(crate) fn cost(language: Language, money: Money) -> String {
    if !money.is_priced() {
        return DASH.to_string();
    }
    with_unit(language, &amount(language, money.mid, euro_decimals(money.mid_eur())))
}

/// The range of a cost; empty when no contact had a price.
pub(crate) fn cost_range(language: Language, money: Money) -> String {
    if !money.is_priced() {
        return String::new();
    }
    let decimals = euro_decimals(money.high_eur());
    range_with_unit(language, &amount(language, money.low, decimals), &amount(language, money.high, decimals))
}

fn euro_decimals(value: f64) -> usize {
    if value.abs() < 99.995 { 2 } else { 0 }
}

/// Ten-thousandths of a euro, rounded exactly, to `decimals` of a euro: four at most.
fn amount(language: Language, units: i128, decimals: usize) -> String {
    let unit = 10_u128.pow(4_usize.saturating_sub(decimals) as u32);
    decimal(language, units < 0, (units.unsigned_abs() + unit / 2) / unit, decimals)
}

fn range_with_unit(language: Language, low: &str, high: &str) -> String {
    match language {
        Language::French => format!("{low}–{high}{SPACE}€"),
        Language::English => format!("€{low}–{high}"),
    }
}

fn with_unit(language: Language, text: &str) -> String {
    match language {
        Language::French => format!("{text}{SPACE}€"),
        Language::English => match text.strip_prefix(MINUS) {
            Some(positive) => format!("{MINUS}€{positive}"),
            None => format!("€{text}"),
        },
    }
}

const MONTHS_FR: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const SHORT_FR: [&str; 12] =
    ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."];
const SHORT_EN: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `14 novembre 2026` or `14 November 2026`; the first of the month is `1er` in French.
pub(crate) fn date(language: Language, date: NaiveDate) -> String {
    let months = if language == Language::French { &MONTHS_FR } else { &MONTHS_EN };
    format!("{}{SPACE}{} {}", day(language, date), months[date.month0() as usize], date.year())
}

/// `14 nov.` or `14 Nov`.
pub(crate) fn short_date(language: Language, date: NaiveDate) -> String {
    let months = if language == Language::French { &SHORT_FR } else { &SHORT_EN };
    format!("{}{SPACE}{}", day(language, date), months[date.month0() as usize])
}

fn day(language: Language, date: NaiveDate) -> String {
    match (language, date.day()) {
        (Language::French, 1) => "1er".to_string(),
        (_, day) => day.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{English, French};

    #[test]
    fn numbers_follow_each_language() {
        assert_eq!(number(French, 1234.56, 1), "1\u{202f}234,6");
        assert_eq!(number(English, 1234.56, 1), "1,234.6");
        assert_eq!(number(French, 1_234_567.0, 0), "1\u{202f}234\u{202f}567");
        assert_eq!(number(English, 999.0, 0), "999");
        assert_eq!(number(English, -0.2, 0), "0");
        assert_eq!(number(French, -12.5, 1), "\u{2212}12,5");
        assert_eq!(number(French, f64::NAN, 1), DASH);
        assert_eq!((shortest(French, 4.0), shortest(French, 0.55)), ("4".to_string(), "0,55".to_string()));
        assert_eq!(shortest(English, 0.123_456), "0.123");
    }

    #[test]
    fn euros_carry_cents_only_when_small() {
        assert_eq!(euros(French, 1234.5), "1\u{202f}235\u{a0}€");
        assert_eq!(euros(English, 12.5), "€12.50");
        assert_eq!(euros(French, 12.5), "12,50\u{a0}€");
        assert_eq!(euros(English, -12.5), "\u{2212}€12.50");
        assert_eq!(euro_range(English, 1200.0, 3400.0), "€1,200–3,400");
        assert_eq!(euro_range(French, 2.0, 5.0), "2,00–5,00\u{a0}€");
    }

    #[test]
    fn halves_are_rounded_up() {
        let of = |units: i128| cost(French, Money::new(units, units, units));
        // The costs of questions: the even neighbour is no better than the other one.
        for (units, shown) in [(2_765_000, "277"), (1_345_000, "135"), (1_925_000, "193"), (5_555_000, "556")] {
            assert_eq!(of(units), format!("{shown}\u{a0}€"));
        }
        assert_eq!(of(2_764_999), "276\u{a0}€");
        assert_eq!(of(26_750), "2,68\u{a0}€");
        assert_eq!(of(-26_750), "\u{2212}2,68\u{a0}€");
        assert_eq!(of(40), "0,00\u{a0}€");
        assert_eq!(of(999_950), "100\u{a0}€");
        assert_eq!(cost_range(French, Money::new(1_005_000, 0, 2_005_000)), "101–201\u{a0}€");
        assert_eq!(euros(English, 276.5), "€277");
        assert_eq!(number(English, 2.5, 0), "3");
        assert_eq!(number(English, -2.5, 0), "\u{2212}3");
        // 29 of 200: computed, it lies just below the half.
        assert_eq!(percent(English, 0.145, 0), "15%");
        assert_eq!(percent(English, 0.1449, 0), "14%");
    }

    #[test]
    fn percentages_keep_a_no_break_space_in_french() {
        assert_eq!(percent(French, 0.421, 0), "42\u{a0}%");
        assert_eq!(percent(English, 0.421, 1), "42.1%");
        assert_eq!(percent_range(French, 0.37, 0.47, 0), "37–47\u{a0}%");
        assert_eq!(rate(English, Share::default()), DASH);
    }

    #[test]
    fn scores_show_their_sign() {
        assert_eq!(signed(English, 12.4), "+12");
        assert_eq!(signed(French, -34.0), "\u{2212}34");
        assert_eq!(signed(French, 0.3), "0");
    }

    #[test]
    fn dates_are_written_out() {
        let first = NaiveDate::from_ymd_opt(2026, 9, 1).unwrap();
        assert_eq!(date(French, first), "1er\u{a0}septembre 2026");
        assert_eq!(date(English, first), "1\u{a0}September 2026");
        assert_eq!(short_date(French, first), "1er\u{a0}sept.");
    }
}
