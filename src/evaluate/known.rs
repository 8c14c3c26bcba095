//! What people may write for the reasons and criteria of a run: their identifiers, and their names as the report shows
//! them, in any case.

use std::collections::{BTreeMap, BTreeSet};

/// The entries of one list of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known {
    /// Identifiers.
    ids: BTreeSet<String>,
    /// Identifiers by what may be written for them, in lower case; `None` where it may mean several.
    by_word: BTreeMap<String, Option<String>>,
}

impl Known {
    /// Adds an entry with its names.
    pub(super) fn add<'n>(&mut self, id: &str, names: impl IntoIterator<Item = &'n str>) {
        self.ids.insert(id.to_owned());
        for name in names.into_iter().filter(|name| !name.is_empty()) {
            let meant = self.by_word.entry(name.to_lowercase()).or_insert_with(|| Some(id.to_owned()));
            if meant.as_deref() != Some(id) {
                *meant = None;
            }
        }
    }

    /// Adds an identifier that the tables hold, when the run has a record at all.
    pub(super) fn add_seen(&mut self, id: &str) {
        if !self.ids.is_empty() && !self.ids.contains(id) {
            self.ids.insert(id.to_owned());
        }
    }

    /// The identifier that is meant: as it is written, in another case, or by a name that only one entry has. A run that
    /// keeps no record of its entries knows none, and what is written for them is taken as it is.
    pub fn id<'a>(&'a self, written: &'a str) -> Option<&'a str> {
        if self.ids.is_empty() {
            return Some(written);
        }
        let lower = written.to_lowercase();
        let in_any_case = || {
            let mut alike = self.ids.iter().filter(|id| id.to_lowercase() == lower);
            alike.next().filter(|_| alike.next().is_none())
        };
        let named = || self.by_word.get(&lower)?.as_ref();
        self.ids.get(written).or_else(in_any_case).or_else(named).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_known_by_its_identifier_or_its_own_name_in_any_case() {
        let mut known = Known::default();
        known.add("delivery.late", ["Retard de livraison", "Late delivery"]);
        known.add("order.late", ["Commande en retard", "Late delivery"]);
        known.add("C02", [""]);
        for (written, id) in [
            ("delivery.late", Some("delivery.late")),
            ("DELIVERY.LATE", Some("delivery.late")),
            ("c02", Some("C02")),
            ("RETARD DE LIVRAISON", Some("delivery.late")),
            // Two entries have this name.
            ("Late delivery", None),
            ("retard", None),
            ("", None),
        ] {
            assert_eq!(known.id(written), id, "{written}");
        }
        assert_eq!(Known::default().id("delivery.late"), Some("delivery.late"), "nothing is known of the run");
    }
}
