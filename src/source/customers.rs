//! The customer directory: e-mail addresses and telephone numbers to the customer identifiers of the other sources.
//!
//! Without an entry, the identifier of an e-mail's customer is the address itself, in lower case.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::columns::Field;
use super::side::{self, Problems, Wanted};
use super::value;
use crate::config::Settings;
use crate::error::{Error, Problem, Result};

/// Names of the identifier's column beside those that it has in tables of contacts; there these two are the contact's.
const BARE_ID: [&str; 2] = ["id", "identifiant"];

/// What the names of columns with addresses and telephone numbers hold.
const ADDRESSES: [&str; 6] = ["mail", "courriel", "phone", "tel", "mobile", "portable"];

/// A line of JSON as it should be.
const EXAMPLE: &str = r#"{"customer_id":"K1","email":"…","phone":"…"}"#;

/// Which addresses belong to which customer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Customers {
    by_address: BTreeMap<String, String>,
    shared: usize,
}

impl Customers {
    /// Reads the files of `input.customers`: CSV, TSV or JSON lines (`customer_id,email,phone`), compressed or not, or a glob of
    /// several. Rows without an address are no mistake.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] with every problem of every file: it cannot be read, no column is named `customer_id` or after an
    /// address, a row cannot be read or has an address and no `customer_id`.
    pub fn load(settings: &Settings) -> Result<Self> {
        let mut customers = Self::default();
        let mut problems = Vec::new();
        for path in files(settings) {
            problems.extend(customers.add_file(&path));
        }
        if problems.is_empty() { Ok(customers) } else { Err(Error::Config { problems }) }
    }

    /// The customer of an identifier, e-mail address or telephone number; the normalised identifier when unknown.
    pub fn resolve(&self, identifier: &str) -> String {
        let identifier = normalise_identifier(identifier);
        self.by_address.get(&identifier).cloned().unwrap_or(identifier)
    }

    /// How often an address is given to another customer than the first one that had it, which keeps it.
    pub fn shared(&self) -> usize {
        self.shared
    }

    /// Adds what a file says and returns what is wrong with it.
    fn add_file(&mut self, path: &Path) -> Vec<Problem> {
        let mut problems = Problems::of(path);
        let ids = [Field::CustomerId.synonyms(), &BARE_ID].concat();
        let wanted = [Wanted::First(&ids), Wanted::Every(&ADDRESSES)];
        let Some(table) = side::open_table(path, wanted, &mut problems) else { return problems.into_list() };
        let [has_id, has_address] = table.has;
        if table.rows.iter().any(|row| row.cells.is_ok()) {
            // The names found are not told: without a header row they are a customer's.
            if !has_id {
                problems.of_file("no column names the customers; call it customer_id in the first row".into());
            }
            if !has_address {
                problems.of_file(
                    "no column holds addresses or telephone numbers; call them email and phone in the first row".into(),
                );
            }
        }
        if !problems.is_empty() {
            return problems.into_list();
        }
        for row in table.rows {
            match row.cells {
                // All that have the address of a customer called "inconnu" would be one customer.
                Ok([ids, addresses]) => {
                    match ids.first().map(|id| value::as_typed(id)).filter(|id| !value::names_nobody(id)) {
                        Some(customer) => addresses.iter().for_each(|cell| self.add(customer, cell)),
                        None if addresses.is_empty() => {}
                        None => problems.of_row(row.number, "no customer_id; give the row one, or remove it".into()),
                    }
                }
                Err(damage) => problems.of_row(row.number, damage.told(EXAMPLE)),
            }
        }
        problems.into_list()
    }

    /// Adds the addresses of a cell, which may hold several.
    fn add(&mut self, customer: &str, cell: &str) {
        // A rounded number has a comma of its own.
        if value::names_nobody(cell) {
            return;
        }
        for address in cell.split([',', ';', '|']).filter(|address| !value::names_nobody(address)) {
            let known = self.by_address.entry(normalise_identifier(address)).or_insert_with(|| customer.to_owned());
            self.shared += usize::from(known != customer);
        }
    }
}

/// The files of the directory, sorted.
pub(crate) fn files(settings: &Settings) -> Vec<PathBuf> {
    let Some(path) = &settings.customers else { return Vec::new() };
    let pattern = path.to_string_lossy();
    if !path.exists() && pattern.contains(['*', '?', '[']) {
        let mut found: Vec<PathBuf> = glob::glob(&pattern).map(|paths| paths.flatten().collect()).unwrap_or_default();
        found.sort();
        return found;
    }
    vec![path.clone()]
}

/// One spelling for each identifier: trimmed, addresses in lower case, telephone numbers as digits with `+33` for French
/// ones (`06 39 98 00 11`, `+33 6 39 98 00 11` and `0033639980011` are one number).
///
/// Only spellings that cannot be anything else are taken for telephone numbers: a plus sign, a French number of ten
/// digits starting with 0, or groups of digits separated by spaces, dots or dashes. `100234` stays as it is; so it does as
/// `100234.0`, in which programs write a column of numbers that lacks some.
pub fn normalise_identifier(identifier: &str) -> String {
    let trimmed = bare_address(value::as_typed(identifier)).trim_matches(['<', '>']).trim();
    let address = trimmed.strip_prefix("mailto:").or_else(|| trimmed.strip_prefix("tel:")).unwrap_or(trimmed);
    if address.contains('@') {
        return address.to_lowercase();
    }
    let is_whole = |number: &&str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number = address.strip_suffix(".0").or_else(|| address.strip_suffix(",0")).filter(is_whole).unwrap_or(address);
    phone(number).unwrap_or_else(|| number.to_owned())
}

/// The address of `Jean Petit <jean@example.com>`, as mail programs write it; any other text as it is.
pub(crate) fn bare_address(text: &str) -> &str {
    let text = text.trim();
    let inside = text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<'));
    inside.map(|(_, address)| address.trim()).filter(|address| address.contains('@')).unwrap_or(text)
}

fn phone(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if !(8..=15).contains(&digits.len())
        || !text
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '+' | ' ' | '.' | '-' | '(' | ')' | '/' | '\u{a0}' | '\u{202f}'))
    {
        return None;
    }
    // "+33 (0)6…": the zero in brackets is not dialled.
    let digits = if text.contains("(0)") { digits.replacen("330", "33", 1) } else { digits };
    if text.starts_with('+') {
        return Some(format!("+{digits}"));
    }
    if let Some(international) = digits.strip_prefix("00") {
        return Some(format!("+{international}"));
    }
    if digits.len() == 10 && digits.starts_with('0') && !digits.starts_with("00") {
        return Some(format!("+33{}", &digits[1..]));
    }
    let has_separators = text.chars().any(|c| !c.is_ascii_digit());
    (has_separators && digits.starts_with('0')).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_or_number_are_one_identifier() {
        for text in [
            "06 39 98 00 11",
            "+33 6 39 98 00 11",
            "0033639980011",
            "06.39.98.00.11",
            "+33 (0)6 39 98 00 11",
            "0639980011",
        ] {
            assert_eq!(normalise_identifier(text), "+33639980011", "{text}");
        }
        for text in ["'0639980011", "=\"0639980011\""] {
            assert_eq!(normalise_identifier(text), "+33639980011", "{text}");
        }
        assert_eq!(normalise_identifier(" <Jean.Petit@Example.COM> "), "jean.petit@example.com");
        assert_eq!(normalise_identifier("Jean Petit <Jean.Petit@example.com>"), "jean.petit@example.com");
        assert_eq!(normalise_identifier("020 7946 0101"), "02079460101");
    }

    #[test]
    fn customer_numbers_are_not_telephone_numbers() {
        // Nine digits are a whole number in Spain, Portugal and Poland: `612345678` is not `0612345678`.
        for id in ["K1001", "100234", "12345678", "2026-0001-11", "612345678", "639980011", "33639980011", "K.0", "1.5"]
        {
            assert_eq!(normalise_identifier(id), id);
        }
        assert_eq!(normalise_identifier("100234.0"), "100234");
    }

    /// What a file says, or the place and message of every problem.
    fn read(name: &str, bytes: &[u8]) -> Result<Customers, Vec<(String, String)>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let mut customers = Customers::default();
        let problems = customers.add_file(&path);
        assert!(problems.iter().all(|problem| problem.file.ends_with(name)), "{problems:?}");
        if problems.is_empty() {
            return Ok(customers);
        }
        Err(problems.into_iter().map(|problem| (problem.at, problem.message)).collect())
    }

    #[test]
    fn the_directory_joins_addresses_and_numbers_to_customers() {
        let written = "customer_id;email;phone\nK1;Jean@example.com;06 39 98 00 11\nK2;;\n";
        let utf16 = "\u{feff}".chars().chain(written.chars()).flat_map(|c| (c as u16).to_le_bytes()).collect();
        let lines = "{\"id\":\"K1\",\"mails\":\"x@example.com, jean@example.com\",\"mobile\":\"+33639980011\"}\n";
        for (name, bytes) in [
            ("customers.csv", format!("\u{feff}{written}").into_bytes()),
            ("clients.csv", utf16),
            ("clients.tsv", b"Numero client\tTelephone\tEmail\nK1\t0639980011\tjean@example.com\n".to_vec()),
            ("customers.jsonl", lines.as_bytes().to_vec()),
        ] {
            let customers = read(name, &bytes).unwrap();
            assert_eq!(customers.resolve("jean@EXAMPLE.com"), "K1", "{name}");
            assert_eq!(customers.resolve("+33639980011"), "K1", "{name}");
            assert_eq!(customers.resolve("Other@example.com"), "other@example.com", "{name}");
            assert_eq!(customers.shared(), 0, "{name}");
        }
    }

    #[test]
    fn an_address_of_two_customers_stays_with_the_first_and_is_counted() {
        let customers = read("c.csv", b"customer_id,email\nK1,a@b.fr\nK2,A@b.fr\nK1,a@b.fr\nK3,c@b.fr\n").unwrap();
        assert_eq!((customers.resolve("a@b.fr"), customers.shared()), ("K1".into(), 1));
    }

    #[test]
    fn numbers_of_the_directory_are_found_as_they_are_written_and_nobody_is_in_it() {
        let customers = read(
            "c.csv",
            b"customer_id,email,phone\nDIR1,,639980011\nDIR2,,33639980012\nDIR3,,0639980011\nK2,inconnu,0\nK3,inconnu,0\nK4,,\"3,36E+10\"\n",
        )
        .unwrap();
        for (written, customer) in [
            ("639980011", "DIR1"),
            ("639980011.0", "DIR1"),
            ("33639980012", "DIR2"),
            // Nine digits and ten are two people, unless both are known to be French.
            ("06 39 98 00 11", "DIR3"),
            ("inconnu", "inconnu"),
            ("3,36E+10", "3,36E+10"),
        ] {
            assert_eq!(customers.resolve(written), customer, "{written}");
        }
        assert_eq!(customers.shared(), 0);
    }

    #[test]
    fn rows_that_cannot_be_used_are_told_and_never_left_out() {
        let problems = |name: &str, text: &str| read(name, text.as_bytes()).unwrap_err();
        assert_eq!(
            problems("c.csv", "customer_id,email,phone\n,a@b.fr,\nK2,b@b.fr,1,2\n\n,,\nK3,\"c@b.fr\n"),
            [
                ("row 2", "no customer_id; give the row one, or remove it"),
                ("row 3", "4 cells where the header has 3; check the separators and the quotes"),
                ("row 6", "not a row of the table; check its quotes"),
            ]
            .map(|(at, message)| (at.to_owned(), message.to_owned()))
        );
        for (name, text) in [
            ("c.csv", "Name,Code postal\nZoe,75001\n"),
            ("c.csv", "K1,jean@example.com,0639980011\nK2,b@example.com,\n"),
            ("c.jsonl", "{\"jean@example.com\":\"K1\"}\n"),
        ] {
            assert_eq!(
                problems(name, text),
                [
                    "no column names the customers; call it customer_id in the first row",
                    "no column holds addresses or telephone numbers; call them email and phone in the first row",
                ]
                .map(|message| (String::new(), message.to_owned())),
                "nothing of a file without header row is told"
            );
        }
        assert!(problems("c.jsonl", "[1]\n")[0].1.starts_with("not a JSON object; write one a line, such as {\"cus"));
        assert_eq!(problems("c.xlsx", "")[0].1.split(';').count(), 1);
    }

    #[test]
    fn a_directory_that_is_not_there_is_told() {
        let mut settings = Settings::of(crate::config::Options::default());
        settings.customers = Some("no/such/customers.csv".into());
        let Err(Error::Config { problems }) = Customers::load(&settings) else { panic!("it was read") };
        assert!(problems[0].message.starts_with("cannot be read: "), "{problems:?}");
    }
}
