//! What a group of questions adds up to: the columns that `faq_gaps` and `faq_articles` have in common.

use std::collections::BTreeSet;

use super::Question;
use crate::cost::Cost;
use crate::error::Result;
use crate::table::columns::Columns;

/// Counts and shares of a group.
#[derive(Debug, Clone)]
pub(super) struct Sums {
    pub(super) contacts: usize,
    pub(super) customers: usize,
    /// Those with a verdict, and what share of them is avoidable; its customer had looked and not found.
    pub(super) avoidable_known: usize,
    pub(super) avoidable_share: Option<f64>,
    pub(super) info_not_found_share: Option<f64>,
    /// Those of which it is known whatever the answer.
    pub(super) repeat_known: usize,
    pub(super) repeat_share: Option<f64>,
    /// Of the contacts that have a cost.
    pub(super) cost: Option<Cost>,
    /// In the order of the group.
    pub(super) contact_ids: Vec<String>,
}

impl Sums {
    /// Of the questions of a group, in the order of the group.
    pub(super) fn of(members: &[&Question<'_>]) -> Self {
        let costs: Vec<Cost> = members.iter().filter_map(|question| question.cost).collect();
        Self {
            contacts: members.len(),
            customers: customers(members.iter().copied()),
            avoidable_known: members.iter().filter(|question| question.is_avoidable.is_some()).count(),
            avoidable_share: share_of_known(members.iter().map(|question| question.is_avoidable)),
            info_not_found_share: share_of_known(members.iter().map(|question| question.looked_in_vain)),
            repeat_known: members.iter().filter(|question| question.is_repeat.is_some()).count(),
            repeat_share: share_of_known(members.iter().map(|question| question.is_repeat)),
            cost: (!costs.is_empty()).then(|| costs.into_iter().sum()),
            contact_ids: members.iter().map(|question| question.contact_id.to_owned()).collect(),
        }
    }
}

/// Distinct customers; a contact of an unknown one stands for another.
pub(super) fn customers<'q, 'a: 'q>(members: impl Iterator<Item = &'q Question<'a>>) -> usize {
    let mut known: BTreeSet<&str> = BTreeSet::new();
    let mut unknown = 0;
    for question in members {
        match question.customer {
            Some(customer) => {
                known.insert(customer);
            }
            None => unknown += 1,
        }
    }
    known.len() + unknown
}

/// Share of yes among the answers that are known; `None` without any.
fn share_of_known(answers: impl Iterator<Item = Option<bool>>) -> Option<f64> {
    let known: Vec<bool> = answers.flatten().collect();
    (!known.is_empty()).then(|| known.iter().filter(|answer| **answer).count() as f64 / known.len() as f64)
}

/// Fills the columns that both tables have.
///
/// # Errors
/// A broken promise between this file and the schema.
pub(super) fn fill<R>(columns: &mut Columns<'_, R>, sums: fn(&R) -> &Sums) -> Result<()> {
    columns
        .int("contacts", |row| Some(sums(row).contacts as i32))
        .int("customers", |row| Some(sums(row).customers as i32))
        .int("avoidable_known", |row| Some(sums(row).avoidable_known as i32))
        .double("avoidable_share", |row| sums(row).avoidable_share)
        .double("info_not_found_share", |row| sums(row).info_not_found_share)
        .int("repeat_known", |row| Some(sums(row).repeat_known as i32))
        .double("repeat_share", |row| sums(row).repeat_share)
        .eur("cost_low_eur", |row| sums(row).cost.map(|cost| cost.low))?
        .eur("cost_mid_eur", |row| sums(row).cost.map(Cost::mid))?
        .eur("cost_high_eur", |row| sums(row).cost.map(|cost| cost.high))?
        .text_list("contact_ids", |row| sums(row).contact_ids.iter().map(String::as_str));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::question;
    use super::*;

    #[test]
    fn shares_are_over_the_questions_whose_answer_is_known() {
        let mut questions = ["a", "b", "c"].map(|id| question(id, "r", [1.0, 0.0]));
        // b is a subject line without a verdict.
        (questions[0].is_avoidable, questions[2].is_avoidable) = (Some(true), Some(false));
        questions[2].is_repeat = Some(true);
        (questions[0].cost, questions[0].customer, questions[1].customer) = (None, Some("k"), Some("k"));
        let sums = Sums::of(&questions.iter().collect::<Vec<_>>());
        assert_eq!((sums.avoidable_known, sums.avoidable_share), (2, Some(0.5)));
        assert_eq!((sums.repeat_known, sums.repeat_share), (1, Some(1.0)));
        assert_eq!((sums.contacts, sums.customers), (3, 2));
        assert_eq!((sums.cost, sums.info_not_found_share), (Some(Cost { low: 4.0, high: 10.0 }), None));
        assert_eq!(sums.contact_ids, ["a", "b", "c"]);
        let none = Sums::of(&[]);
        assert_eq!((none.contacts, none.customers, none.cost, none.avoidable_share), (0, 0, None, None));
    }
}
