//! What a contact costs: a range, because unit costs are known as ranges.
//!
//! Shipped ranges: simple call 3 to 8 €, e-mail or chat 2 to 5 €, complex or expert handling 15 to 40 €, bot or
//! self-service 0.10 to 0.50 €. The company's own go under `[cost]`.

use crate::config::options::CostOptions;
use crate::contact::Channel;
use crate::label::taxonomy::Complexity;

/// Low and high end, in euros.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// Low end.
    pub low: f64,
    /// High end.
    pub high: f64,
}

impl Cost {
    /// Cost of one contact; `None` when the channel is unknown. A bot costs what a bot costs, however complex.
    pub fn of(channel: Option<Channel>, complexity: Option<Complexity>, options: &CostOptions) -> Option<Self> {
        let channel = channel?;
        let range = match (channel, complexity) {
            (Channel::Bot, _) => options.bot,
            (_, Some(Complexity::Complex)) => options.complex,
            (Channel::Phone, _) => options.phone,
            (Channel::Email, _) => options.email,
            (Channel::Chat, _) => options.chat,
            (Channel::Sms, _) => options.sms,
            (Channel::Social, _) => options.social,
            (Channel::WebForm, _) => options.web_form,
        };
        Some(Self { low: range[0], high: range[1] })
    }

    /// Middle of the range.
    pub fn mid(self) -> f64 {
        (self.low + self.high) / 2.0
    }
}

impl std::iter::Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self { low: 0.0, high: 0.0 }, |sum, cost| Self {
            low: sum.low + cost.low,
            high: sum.high + cost.high,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complex_reasons_cost_an_experts_time_except_with_a_bot() {
        let options = CostOptions::default();
        let cost = |channel, complexity| Cost::of(Some(channel), Some(complexity), &options).unwrap();
        assert_eq!(cost(Channel::Phone, Complexity::Simple).mid(), 5.5);
        assert_eq!(cost(Channel::Email, Complexity::Complex).mid(), 27.5);
        assert_eq!(cost(Channel::Bot, Complexity::Complex).mid(), 0.3);
        assert_eq!(Cost::of(None, None, &options), None);
    }
}
