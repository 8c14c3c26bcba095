//! Rows to sums: how many, how many of them, for how much. The report's figures are all made of these.

use crate::kpi::interval::wilson;

/// How many of the contacts whose answer is known say yes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// Those that say yes.
    pub yes: u64,
    /// Those whose answer is known.
    pub known: u64,
}

impl Share {
    /// A share from its two counts.
    pub fn new(yes: u64, known: u64) -> Self {
        Self { yes, known }
    }

    /// Counts one answer; an unknown one is left out.
    pub fn add(&mut self, answer: Option<bool>) {
        if let Some(answer) = answer {
            self.known += 1;
            self.yes += u64::from(answer);
        }
    }

    /// The fraction, 0 to 1; `None` when nothing is known.
    pub fn rate(self) -> Option<f64> {
        (self.known > 0).then(|| self.yes as f64 / self.known as f64)
    }

    /// The 95 % interval of Wilson (1927), 0 to 1; `None` when nothing is known.
    pub fn interval(self) -> Option<(f64, f64)> {
        wilson(self.yes as f64, self.known as f64).map(|it| (it.lo, it.hi))
    }
}

/// Cost as low, middle and high, summed exactly in ten-thousandths of a euro.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Money {
    /// Low end.
    pub low: i128,
    /// Middle.
    pub mid: i128,
    /// High end.
    pub high: i128,
    /// Contacts that had a price.
    pub priced: u64,
}

impl Money {
    /// One price, in ten-thousandths of a euro.
    pub fn new(low: i128, mid: i128, high: i128) -> Self {
        Self { low, mid, high, priced: 1 }
    }

    /// Adds a price, when there is one.
    pub fn add(&mut self, price: Option<Money>) {
        if let Some(price) = price {
            self.low += price.low;
            self.mid += price.mid;
            self.high += price.high;
            self.priced += price.priced;
        }
    }

    /// A cost of the table kpi, in euros, with the number of contacts behind it.
    pub fn from_eur([low, mid, high]: [f64; 3], priced: u64) -> Self {
        Self { low: units(low), mid: units(mid), high: units(high), priced }
    }

    /// Whether any contact had a price.
    pub fn is_priced(self) -> bool {
        self.priced > 0
    }

    /// Low end, in euros.
    pub fn low_eur(self) -> f64 {
        eur(self.low)
    }

    /// Middle, in euros.
    pub fn mid_eur(self) -> f64 {
        eur(self.mid)
    }

    /// High end, in euros.
    pub fn high_eur(self) -> f64 {
        eur(self.high)
    }
}

fn eur(units: i128) -> f64 {
    units as f64 / 10_000.0
}

fn units(eur: f64) -> i128 {
    (eur * 10_000.0).round() as i128
}

/// Cost of the contacts that say yes to a question.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Part {
    /// Cost of those that say yes and have a price.
    sum: Money,
    /// Those that say yes.
    yes: u64,
    /// Cost of those whose answer and whose price are known.
    judged: Money,
}

impl Part {
    /// Counts one contact.
    pub fn add(&mut self, answer: Option<bool>, price: Option<Money>) {
        self.judged.add(answer.and(price));
        if answer == Some(true) {
            self.yes += 1;
            self.sum.add(price);
        }
    }

    /// The cost, by the rule of the KPIs: zero where none says yes, without price where no contact has both an answer
    /// and a price, or where none of those that say yes has one.
    pub fn money(self) -> Money {
        if self.yes == 0 { Money { priced: self.judged.priced, ..Money::default() } } else { self.sum }
    }

    /// What that cost is a part of: the cost of all whose answer is known.
    pub fn judged(self) -> Money {
        self.judged
    }
}

/// Sum and number of values, for a mean.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Mean {
    /// Sum.
    pub sum: f64,
    /// Number.
    pub n: u64,
}

impl Mean {
    /// Counts one value, when there is one.
    pub fn add(&mut self, value: Option<f64>) {
        if let Some(value) = value {
            self.sum += value;
            self.n += 1;
        }
    }

    /// The mean; `None` without values.
    pub fn mean(self) -> Option<f64> {
        (self.n > 0).then(|| self.sum / self.n as f64)
    }
}

/// The label of a customer's sentiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sentiment {
    /// Negative.
    Negative,
    /// Neutral.
    Neutral,
    /// Positive.
    Positive,
}

impl Sentiment {
    /// In the order of [`Tally::sentiment`].
    pub const ALL: [Self; 3] = [Self::Negative, Self::Neutral, Self::Positive];

    /// The written form of the tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Negative => "negative",
            Self::Neutral => "neutral",
            Self::Positive => "positive",
        }
    }

    /// Reads the written form.
    pub fn from_written(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|label| label.as_str() == text)
    }
}

/// Emotions that the report shows: those that call for an answer.
pub(crate) const EMOTIONS: [&str; 2] = ["frustration", "confusion"];

/// Repeat windows, shortest first, in the order of [`Tally::recontacted`].
pub const WINDOWS: [&str; 4] = ["48h", "72h", "7d", "14d"];
/// Name of the KPI whose window is at this place of [`WINDOWS`].
pub(crate) fn repeat_kpi(window: usize) -> String {
    format!("repeat_rate_contact_{}", WINDOWS[window])
}

/// Position of the 7 days in [`WINDOWS`].
pub const SEVEN_DAYS: usize = 2;

/// What one counted contact brings to a [`Tally`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Row {
    /// A strict criterion has evidence.
    pub is_avoidable: Option<bool>,
    /// A strict or lenient criterion has evidence.
    pub is_avoidable_lenient: Option<bool>,
    /// Cost.
    pub cost: Option<Money>,
    /// Sentiment label.
    pub sentiment: Option<Sentiment>,
    /// Sentiment score, −100 to 100.
    pub sentiment_score: Option<f64>,
    /// Whether the emotion is frustration, and confusion; `None` when it is not known.
    pub emotions: [Option<bool>; EMOTIONS.len()],
    /// Comes back within 14 days of an earlier contact.
    pub is_repeat_14d: Option<bool>,
    /// Is followed by a contact about the same issue within 48 h, 72 h, 7 d, 14 d.
    pub is_recontacted: [Option<bool>; 4],
    /// Satisfaction answer.
    pub csat: Option<f64>,
    /// Whether that answer counts as satisfied.
    pub is_satisfied: Option<bool>,
}

/// Sums over a group of counted contacts.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    /// Contacts.
    pub contacts: u64,
    /// Avoidable by a strict criterion.
    pub avoidable: Share,
    /// Avoidable by a strict or lenient criterion.
    pub avoidable_lenient: Share,
    /// Cost of all.
    pub cost: Money,
    /// Cost of those avoidable by a strict criterion.
    pub avoidable_cost: Part,
    /// Cost of those avoidable by a strict or lenient criterion.
    pub lenient_cost: Part,
    /// Cost of those that repeat an earlier contact within 14 days, as in the KPI `repeated_cost_eur`.
    pub repeat_cost: Part,
    /// Negative, neutral, positive.
    pub sentiment: [u64; 3],
    /// Sentiment score.
    pub sentiment_score: Mean,
    /// Contacts whose emotion is frustration, and confusion.
    pub emotions: [Share; EMOTIONS.len()],
    /// Followed by another contact about the same issue, per window.
    pub recontacted: [Share; 4],
    /// Satisfaction answers.
    pub csat: Mean,
    /// Satisfied answers.
    pub satisfied: Share,
}

impl Tally {
    /// Counts one contact.
    pub fn add(&mut self, row: &Row) {
        self.contacts += 1;
        self.avoidable.add(row.is_avoidable);
        self.avoidable_lenient.add(row.is_avoidable_lenient);
        self.cost.add(row.cost);
        self.avoidable_cost.add(row.is_avoidable, row.cost);
        self.lenient_cost.add(row.is_avoidable_lenient, row.cost);
        self.repeat_cost.add(row.is_repeat_14d, row.cost);
        if let Some(label) = row.sentiment {
            self.sentiment[label as usize] += 1;
        }
        self.sentiment_score.add(row.sentiment_score);
        for (share, answer) in self.emotions.iter_mut().zip(row.emotions) {
            share.add(answer);
        }
        for window in 0..WINDOWS.len() {
            self.recontacted[window].add(row.is_recontacted[window]);
        }
        self.csat.add(row.csat);
        self.satisfied.add(row.is_satisfied);
    }

    /// Contacts whose sentiment is known.
    pub fn felt(&self) -> u64 {
        self.sentiment.iter().sum()
    }

    /// Share of contacts with one sentiment among those whose sentiment is known.
    pub fn sentiment_share(&self, label: Sentiment) -> Share {
        Share::new(self.sentiment[label as usize], self.felt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_interval_matches_the_published_example() {
        // 81 successes of 263, the example of Newcombe (1998), table I: 0.2553 to 0.3662.
        let (lo, hi) = Share::new(81, 263).interval().unwrap();
        assert!((lo - 0.2553).abs() < 5e-5 && (hi - 0.3662).abs() < 5e-5, "{lo} {hi}");
        let (lo, hi) = Share::new(0, 20).interval().unwrap();
        assert!(lo == 0.0 && (hi - 0.1611).abs() < 5e-5, "{lo} {hi}");
        assert_eq!(Share::default().interval(), None);
    }

    #[test]
    fn unknown_answers_stay_out_of_the_denominator() {
        let mut tally = Tally::default();
        tally.add(&Row { is_avoidable: Some(true), cost: Some(Money::new(1, 2, 3)), ..Row::default() });
        tally.add(&Row { is_avoidable: Some(false), cost: Some(Money::new(10, 20, 30)), ..Row::default() });
        tally.add(&Row::default());
        assert_eq!(tally.contacts, 3);
        assert_eq!(tally.avoidable, Share::new(1, 2));
        assert_eq!(tally.cost.mid, 22);
        assert_eq!(tally.avoidable_cost.money(), Money::new(1, 2, 3));
        assert_eq!(tally.csat.mean(), None);
    }

    #[test]
    fn the_cost_of_a_part_is_zero_without_a_yes_and_unknown_without_a_price() {
        let price = Some(Money::new(1, 2, 3));
        let of = |contacts: &[(Option<bool>, Option<Money>)]| {
            let mut part = Part::default();
            contacts.iter().for_each(|(answer, price)| part.add(*answer, *price));
            part.money()
        };
        assert!(!of(&[]).is_priced());
        assert!(!of(&[(Some(false), None), (None, price)]).is_priced());
        let none = of(&[(Some(false), price)]);
        assert!(none.is_priced() && (none.low, none.mid, none.high) == (0, 0, 0));
        assert!(!of(&[(Some(true), None), (Some(false), price)]).is_priced());
        assert_eq!(of(&[(Some(true), price), (Some(true), None), (Some(false), price)]), Money::new(1, 2, 3));
    }

    #[test]
    fn euros_of_the_table_kpi_are_exact() {
        assert_eq!(
            Money::from_eur([355.0, 643.45, 931.1], 90),
            Money { low: 3_550_000, mid: 6_434_500, high: 9_311_000, priced: 90 }
        );
    }
}
