//! Why contacts were avoidable: the Pareto of criteria, each with its words and contacts, and the departments.

use std::collections::BTreeMap;

use minijinja::{Value, context};

use super::super::chart::{self, ParetoBar};
use super::super::format;
use super::super::page::{Page, Rate};
use super::super::tally::{Money, Share, Tally};
use super::super::view::{Cause, CauseKey, Evidence, IDS_PER_CAUSE, UNKNOWN};
use crate::error::Result;

/// Reasons listed under a criterion before the rest is only counted.
const REASONS_PER_CRITERION: usize = 6;
/// Departments named beside a criterion before the rest is only counted.
const OWNERS_PER_CRITERION: usize = 3;
/// Quotes shown under a criterion.
const QUOTES_PER_CRITERION: usize = 3;

/// A group of causes: those of one criterion, or of one department.
#[derive(Default)]
struct Group<'a> {
    tally: Sum,
    causes: Vec<(&'a CauseKey, &'a Cause)>,
}

/// Contacts with a verdict, those that a strict criterion decides, and the cost of all.
#[derive(Default, Clone, Copy)]
struct Sum {
    contacts: u64,
    strict: u64,
    cost: Money,
}

impl Sum {
    fn add(&mut self, tally: &Tally) {
        self.contacts += tally.contacts;
        self.strict += tally.avoidable.yes;
        self.cost.add(Some(tally.cost));
    }
}

/// Pareto, table of criteria, table of departments, strict against lenient. Shares are of the lenient total, which the
/// page says wherever it shows one; the headline is strict.
pub(super) fn section(page: &Page) -> Result<Value> {
    let criteria = grouped(page, |key| &key.criterion);
    let owners = grouped(page, |key| &key.owner);
    let total = criteria.iter().fold(Sum::default(), |mut sum, (_, group)| {
        sum.contacts += group.tally.contacts;
        sum.cost.add(Some(group.tally.cost));
        sum
    });
    let assessed = page.input.total.avoidable.known;
    Ok(context! {
        is_empty => criteria.is_empty(),
        lead => lead(page, &criteria, &total)?,
        pareto => Value::from_safe_string(pareto(page, &criteria, &total)?),
        is_by_cost => total.cost.is_priced(),
        has_lenient => criteria.iter().any(|(id, group)| !is_strict(page, id, group)),
        criteria => criteria.iter().map(|(id, group)| criterion(page, id, group, assessed)).collect::<Result<Vec<_>>>()?,
        owners => owners.iter().map(|(id, group)| owner(page, id, group, &total, assessed)).collect::<Result<Vec<_>>>()?,
        strict => variant(
            page,
            page.kpi_rate("avoidable_rate", page.input.total.avoidable),
            page.kpi_cost("avoidable_cost_eur", page.input.total.avoidable_cost),
        ),
        lenient => variant(
            page,
            page.kpi_rate("avoidable_rate_lenient", page.input.total.avoidable_lenient),
            page.kpi_cost("avoidable_cost_lenient_eur", page.input.total.lenient_cost),
        ),
        variants_note => variants_note(page, &criteria)?,
        evidence_max => QUOTES_PER_CRITERION,
    })
}

/// What the lenient rate adds to the strict one: the lenient criteria of the run by name, not those that ship.
fn variants_note(page: &Page, criteria: &[(&str, Group)]) -> Result<Value> {
    let mut strictness: BTreeMap<&str, bool> =
        criteria.iter().map(|(id, group)| (*id, is_strict(page, id, group))).collect();
    strictness.remove(UNKNOWN);
    for (id, label) in &page.input.run.labels.criteria {
        if let Some(is_strict) = label.is_strict {
            strictness.insert(id, is_strict);
        }
    }
    let lenient: Vec<String> =
        strictness.iter().filter(|(_, is_strict)| !**is_strict).map(|(id, _)| page.criterion(id)).collect();
    let strict = strictness.len() - lenient.len();
    let key = match (strict, lenient.len()) {
        (_, 0) => "variants_all_strict",
        (0, _) => "variants_all_lenient",
        _ => "variants_note",
    };
    page.html(
        key,
        &[
            ("strict", page.counted("criteria", strict as u64)?),
            ("added", page.counted("criteria", lenient.len() as u64)?),
            ("names", lenient.join(", ")),
        ],
    )
}

/// Quotes for the templates.
pub(super) fn evidence(quotes: &[Evidence], max: usize) -> Vec<Value> {
    quotes
        .iter()
        .take(max)
        .map(|quote| {
            context! {
                contact_id => &quote.contact_id,
                before => &quote.before,
                words => &quote.words,
                after => &quote.after,
            }
        })
        .collect()
}

/// Groups of causes, dearest first; by contacts where nothing has a price.
fn grouped<'a>(page: &'a Page, key_of: fn(&CauseKey) -> &str) -> Vec<(&'a str, Group<'a>)> {
    let mut groups: BTreeMap<&str, Group> = BTreeMap::new();
    for (key, cause) in &page.input.causes {
        let group = groups.entry(key_of(key)).or_default();
        group.tally.add(&cause.tally);
        group.causes.push((key, cause));
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    for (_, group) in &mut groups {
        group.causes.sort_by_key(|(_, cause)| std::cmp::Reverse((cause.tally.cost.mid, cause.tally.contacts)));
    }
    groups.sort_by_key(|(_, group)| std::cmp::Reverse((group.tally.cost.mid, group.tally.contacts)));
    groups
}

fn is_strict(page: &Page, id: &str, group: &Group) -> bool {
    let declared = page.input.run.labels.criteria.get(id).and_then(|criterion| criterion.is_strict);
    declared.unwrap_or(group.tally.strict > 0)
}

/// Share of a group in the whole: of the euros, or of the contacts where nothing has a price.
fn weight(sum: &Sum, total: &Sum) -> f64 {
    if total.cost.is_priced() {
        sum.cost.mid as f64 / total.cost.mid.max(1) as f64
    } else {
        sum.contacts as f64 / total.contacts.max(1) as f64
    }
}

/// How few criteria hold 80 % of the avoidable contacts.
fn lead(page: &Page, criteria: &[(&str, Group)], total: &Sum) -> Result<Value> {
    if criteria.is_empty() {
        return page.html("causes_none", &[]);
    }
    let mut held = 0.0;
    let mut needed = 0;
    for (_, group) in criteria {
        held += weight(&group.tally, total);
        needed += 1;
        if held >= 0.8 {
            break;
        }
    }
    let key = if total.cost.is_priced() { "causes_lead_cost" } else { "causes_lead_contacts" };
    page.html(
        key,
        &[
            ("criteria", page.counted("criteria", needed)?),
            ("all", page.count(criteria.len() as u64)),
            ("share", page.percent(Some(held), total.contacts)),
            (
                "total",
                if total.cost.is_priced() {
                    format::cost(page.language, total.cost)
                } else {
                    page.counted("contacts", total.contacts)?
                },
            ),
        ],
    )
}

fn pareto(page: &Page, criteria: &[(&str, Group)], total: &Sum) -> Result<String> {
    let bars = criteria
        .iter()
        .map(|(id, group)| {
            let contacts = page.counted("contacts", group.tally.contacts)?;
            let value = if group.tally.cost.is_priced() {
                format!("{} · {contacts}", format::cost(page.language, group.tally.cost))
            } else {
                contacts
            };
            Ok(ParetoBar {
                label: page.criterion(id),
                note: owners_of(page, group).join(", "),
                value,
                share: weight(&group.tally, total),
                is_lenient: !is_strict(page, id, group),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let ticks = std::array::from_fn(|index| format::percent(page.language, index as f64 / 5.0, 0));
    Ok(chart::pareto(&bars, &page.text("causes_chart", &[])?, &ticks))
}

/// Departments of a group, those with most contacts first.
fn owners_of(page: &Page, group: &Group) -> Vec<String> {
    let mut contacts: BTreeMap<&str, u64> = BTreeMap::new();
    for (key, cause) in &group.causes {
        *contacts.entry(&key.owner).or_default() += cause.tally.contacts;
    }
    let mut owners: Vec<_> = contacts.into_iter().collect();
    owners.sort_by_key(|&(id, contacts)| (id == UNKNOWN, std::cmp::Reverse(contacts)));
    let more = owners.len().saturating_sub(OWNERS_PER_CRITERION);
    let mut names: Vec<String> = owners.into_iter().take(OWNERS_PER_CRITERION).map(|(id, _)| page.owner(id)).collect();
    if more > 0 {
        names.push(format!("+{more}"));
    }
    names
}

fn criterion(page: &Page, id: &str, group: &Group, assessed: u64) -> Result<Value> {
    let wording = page.input.run.labels.criteria.get(id).map(|it| it.wording.get(page.language).to_string());
    let quotes: Vec<Value> =
        group.causes.iter().flat_map(|(_, cause)| evidence(&cause.evidence, 1)).take(QUOTES_PER_CRITERION).collect();
    let ids: Vec<String> =
        group.causes.iter().flat_map(|(_, cause)| cause.contact_ids.iter().cloned()).take(IDS_PER_CAUSE).collect();
    let more = group.tally.contacts.saturating_sub(ids.len() as u64);
    let reasons = group
        .causes
        .iter()
        .take(REASONS_PER_CRITERION)
        .map(|(key, cause)| context! { name => page.reason(&key.reason), contacts => page.count(cause.tally.contacts) })
        .collect::<Vec<_>>();
    Ok(context! {
        code => id,
        name => page.criterion(id),
        wording => wording.unwrap_or_default(),
        owners => owners_of(page, group),
        is_strict => is_strict(page, id, group),
        contacts => page.count(group.tally.contacts),
        rate => page.rate_up_to(Share::new(group.tally.contacts, assessed), 0.5),
        is_small => page.is_small(group.tally.contacts),
        cost => page.money(group.tally.cost),
        reasons => reasons,
        more_reasons => group.causes.len().saturating_sub(REASONS_PER_CRITERION),
        evidence => quotes,
        contact_ids => ids,
        more_ids => if more > 0 { page.counted("more", more)? } else { String::new() },
    })
}

fn owner(page: &Page, id: &str, group: &Group, total: &Sum, assessed: u64) -> Result<Value> {
    let criteria: Vec<String> = {
        let mut contacts: BTreeMap<&str, u64> = BTreeMap::new();
        for (key, cause) in &group.causes {
            *contacts.entry(&key.criterion).or_default() += cause.tally.contacts;
        }
        let mut criteria: Vec<_> = contacts.into_iter().collect();
        criteria.sort_by_key(|(_, contacts)| std::cmp::Reverse(*contacts));
        criteria.into_iter().take(3).map(|(id, _)| page.criterion(id)).collect()
    };
    Ok(context! {
        name => page.owner(id),
        contacts => page.count(group.tally.contacts),
        strict => page.count(group.tally.strict),
        rate => page.rate_up_to(Share::new(group.tally.contacts, assessed), 0.5),
        is_small => page.is_small(group.tally.contacts),
        cost => page.money(group.tally.cost),
        bar => Value::from_safe_string(chart::bar(weight(&group.tally, total))),
        share => page.percent(Some(weight(&group.tally, total)), total.contacts),
        criteria => criteria,
    })
}

/// The rate with the interval of the headline: two for one rate would contradict each other.
fn variant(page: &Page, rate: Rate, cost: Money) -> Value {
    context! { rate => page.rate(rate), cost => page.money(cost) }
}
