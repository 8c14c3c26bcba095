//! The questions whose answers hang together by customer → the SQL that adds them up by customer.
//!
//! The interval of a rate or mean of contacts takes customers as drawn at random, not contacts (see [`super::interval`]). Per
//! cell it needs the number of customers and the sum over the pairs of contacts of one customer, for every question alike,
//! and for episodes as for contacts: the files of `sql/clusters` are templates (Jinja), rendered here for each.

use minijinja::{Environment, UndefinedBehavior, Value, context};

use crate::error::{Error, Result};

/// What is asked of every contact or every episode.
#[derive(Debug)]
pub(super) struct Clusters {
    /// Word of the relations: `int_contacts`, `int_contact_periods`, …
    unit: &'static str,
    /// Column of `int_contacts` or `int_episodes` with the day.
    day: &'static str,
    questions: &'static [Question],
}

/// One question: a column of `int_contacts` or `int_episodes`, null where the answer is unknown.
#[derive(Debug)]
struct Question {
    name: &'static str,
    /// Column of the cells that counts the answers.
    known: &'static str,
    /// Column of the cells that adds them up.
    sum: &'static str,
    /// Whether an answer is 1 or 0, and so its own square.
    is_yes_no: bool,
}

macro_rules! rate {
    ($name:literal) => {
        Question { name: $name, known: concat!($name, "_known"), sum: $name, is_yes_no: true }
    };
}

macro_rules! measure {
    ($name:literal) => {
        Question { name: $name, known: concat!($name, "_known"), sum: concat!($name, "_sum"), is_yes_no: false }
    };
}

/// Questions of the rates and means of contacts, and of the NPS.
pub(super) const OF_CONTACTS: Clusters = Clusters {
    unit: "contact",
    day: "contact_date",
    questions: &[
        rate!("avoidable"),
        rate!("avoidable_lenient"),
        rate!("self_service"),
        rate!("abandoned"),
        rate!("transferred"),
        rate!("cross_channel"),
        rate!("recontacted_48h"),
        rate!("recontacted_72h"),
        rate!("recontacted_7d"),
        rate!("recontacted_14d"),
        rate!("negative"),
        Question { name: "csat_satisfied", known: "csat_known", sum: "csat_satisfied", is_yes_no: true },
        measure!("handle_time_s"),
        measure!("wait_s"),
        measure!("csat"),
        measure!("ces"),
        measure!("sentiment"),
        measure!("sentiment_trend"),
        Question { name: "nps_vote", known: "nps_known", sum: "nps_votes", is_yes_no: false },
    ],
};

/// Questions of the rates of episodes.
pub(super) const OF_EPISODES: Clusters = Clusters {
    unit: "episode",
    day: "started_date",
    questions: &[Question { name: "single_contact", known: "elapsed", sum: "single_contact", is_yes_no: true }],
};

impl Clusters {
    /// The SQL of a template.
    pub(super) fn sql(&self, template: &str) -> Result<String> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let questions: Vec<Value> = self
            .questions
            .iter()
            .map(|it| context! { name => it.name, known => it.known, sum => it.sum, is_yes_no => it.is_yes_no })
            .collect();
        environment
            .render_str(template, context! { unit => self.unit, day => self.day, questions => questions })
            .map_err(|error| Error::bug(format!("a layer of the {}s: {error}", self.unit)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kpi::catalogue::{self, Family, Method};

    #[test]
    fn every_question_belongs_to_a_kpi_and_every_kpi_finds_its_question() {
        for (clusters, family) in [(OF_CONTACTS, Family::Contacts), (OF_EPISODES, Family::Episodes)] {
            let asked: Vec<String> =
                clusters.questions.iter().map(|question| format!("p.{}_pair_products AS", question.name)).collect();
            let mut used = vec![false; asked.len()];
            for kpi in catalogue::all().filter(|kpi| kpi.family == family) {
                let found: Vec<usize> = (0..asked.len()).filter(|&at| kpi.sql.contains(&asked[at])).collect();
                let is_clustered = kpi.method.as_str().ends_with("_clustered");
                assert_eq!(found.len(), usize::from(is_clustered), "{}", kpi.name);
                found.into_iter().for_each(|at| used[at] = true);
            }
            assert!(used.iter().all(|is_used| *is_used), "{asked:?} {used:?}");
        }
        // Customers are drawn at random themselves.
        let customers = catalogue::all().filter(|kpi| kpi.family == Family::Customers);
        assert!(customers.map(|kpi| kpi.method).all(|method| method == Method::Wilson));
    }

    #[test]
    fn a_template_is_rendered_once_per_question() {
        let template = "{{ unit }} {{ day }}{% for question in questions %}, {{ question.name }} of {{ question.known }}: \
                        {{ question.sum }}{% if question.is_yes_no %} yes{% endif %}{% endfor %}";
        assert_eq!(
            OF_EPISODES.sql(template).unwrap(),
            "episode started_date, single_contact of elapsed: single_contact yes"
        );
        let contacts = OF_CONTACTS.sql(template).unwrap();
        assert!(
            contacts.starts_with("contact contact_date, avoidable of avoidable_known: avoidable yes, "),
            "{contacts}"
        );
        assert!(contacts.ends_with(", nps_vote of nps_known: nps_votes"), "{contacts}");
        assert_eq!(contacts.matches(" of ").count(), OF_CONTACTS.questions.len());
        assert!(matches!(OF_EPISODES.sql("{{ nothing }}"), Err(Error::Bug { .. })));
    }
}
