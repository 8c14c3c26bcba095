//! The customer directory: e-mail addresses and telephone numbers to the customer identifiers of the other sources.
//!
//! Without an entry, the identifier of an e-mail's customer is the address itself, in lower case.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::config::Settings;
use crate::error::{Error, Result};

use super::columns::normalise;
use super::delimited::{Delimited, RowRead};

/// Which addresses belong to which customer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Customers {
    by_address: BTreeMap<String, String>,
}

impl Customers {
    /// Loads the file of `input.customers`: one CSV (`customer_id,email,phone`, any delimiter), or a glob of several.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or has no `customer_id` column.
    pub fn load(settings: &Settings) -> Result<Self> {
        let mut customers = Self::default();
        for path in files(settings) {
            customers.add_file(&path)?;
        }
        Ok(customers)
    }

    /// The customer of an identifier, e-mail address or telephone number; the normalised identifier when unknown.
    pub fn resolve(&self, identifier: &str) -> String {
        let identifier = normalise_identifier(identifier);
        self.by_address.get(&identifier).cloned().unwrap_or(identifier)
    }

    fn add_file(&mut self, path: &Path) -> Result<()> {
        let bytes = std::fs::read(path).map_err(|source| Error::io("read", path, source))?;
        let (text, _) = super::decode::record_text(&bytes);
        let text = text.trim_start_matches('\u{feff}').to_owned();
        let delimiter = super::delimited::sniff_delimiter(&text, &crate::config::Options::default());
        let mut reader = std::io::Cursor::new(text.into_bytes());
        let mut rows = Delimited::new(&mut reader, delimiter, true);
        let mut columns: Option<(usize, Vec<usize>)> = None;
        loop {
            let fields = match rows.next().map_err(|source| Error::io("read", path, source))? {
                RowRead::Eof => break,
                RowRead::Row { fields, .. } => fields,
                RowRead::Bad { .. } => continue,
            };
            let Some((id, addresses)) = &columns else {
                let names: Vec<String> = fields.iter().map(|field| normalise(field)).collect();
                let id = names.iter().position(|name| {
                    matches!(name.as_str(), "customerid" | "idclient" | "clientid" | "client" | "customer" | "id")
                });
                let Some(id) = id else {
                    return Err(Error::file(
                        path,
                        "the customer directory has no column customer_id",
                        "its columns are customer_id,email,phone",
                    ));
                };
                let is_address = |name: &String| {
                    ["mail", "courriel", "phone", "tel", "mobile", "portable"].iter().any(|word| name.contains(word))
                };
                columns = Some((
                    id,
                    (0..names.len()).filter(|column| *column != id && is_address(&names[*column])).collect(),
                ));
                continue;
            };
            let Some(customer) = fields.get(*id).map(|id| id.trim()).filter(|id| !id.is_empty()) else { continue };
            for column in addresses {
                // One cell may hold several addresses.
                for address in fields.get(*column).map(String::as_str).unwrap_or("").split([',', ';', '|']) {
                    if !address.trim().is_empty() {
                        self.by_address.entry(normalise_identifier(address)).or_insert_with(|| customer.to_owned());
                    }
                }
            }
        }
        Ok(())
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
/// digits starting with 0, or groups of digits separated by spaces, dots or dashes. `100234` stays as it is.
pub fn normalise_identifier(identifier: &str) -> String {
    let trimmed = identifier.trim().trim_matches(['<', '>']).trim();
    let address = trimmed.strip_prefix("mailto:").or_else(|| trimmed.strip_prefix("tel:")).unwrap_or(trimmed);
    if address.contains('@') {
        return address.to_lowercase();
    }
    phone(address).unwrap_or_else(|| address.to_owned())
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
        assert_eq!(normalise_identifier(" <Jean.Petit@Example.COM> "), "jean.petit@example.com");
        assert_eq!(normalise_identifier("020 7946 0101"), "02079460101");
    }

    #[test]
    fn customer_numbers_are_not_telephone_numbers() {
        for id in ["K1001", "100234", "12345678", "2026-0001-11"] {
            assert_eq!(normalise_identifier(id), id);
        }
    }

    #[test]
    fn the_directory_joins_addresses_and_numbers_to_customers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("customers.csv");
        std::fs::write(&path, "\u{feff}customer_id;email;phone\nK1;Jean@example.com;06 39 98 00 11\nK2;;\n").unwrap();
        let mut customers = Customers::default();
        customers.add_file(&path).unwrap();
        assert_eq!(customers.resolve("jean@EXAMPLE.com"), "K1");
        assert_eq!(customers.resolve("+33639980011"), "K1");
        assert_eq!(customers.resolve("Other@example.com"), "other@example.com");
    }
}
