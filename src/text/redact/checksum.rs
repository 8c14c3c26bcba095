//! Check digits of identifiers: what tells a payment card from sixteen other digits.

use serde::Deserialize;

/// The arithmetic that a recognised value must satisfy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Check {
    /// ISO 13616: country, length and remainder 1 modulo 97.
    Iban,
    /// ISO/IEC 7812: issuer prefix with its lengths, and Luhn.
    Card,
    /// French social-security number: key = 97 − (number mod 97), Corsica as 2A and 2B.
    Nir,
    /// French company number: 9 digits, Luhn.
    Siren,
    /// French establishment number: 14 digits, Luhn (La Poste: sum of digits divisible by 5).
    Siret,
    /// French VAT number: key and SIREN.
    Vat,
    /// Device identity: 15 digits, Luhn.
    Imei,
    /// 7 to 15 digits, not all the same.
    Phone,
    /// Four numbers below 256, written without leading zeros.
    Ipv4,
    /// At least two colons and either `::` or eight groups.
    Ipv6,
}

impl Check {
    /// The value, cut where needed at a space or sign so that it passes: patterns of spaced digits run on into the
    /// words and numbers behind them ("FR76 … 943 au nom de", "4111 … 1111 12/27").
    pub(super) fn longest_passing(self, value: &str) -> Option<&str> {
        if self.passes(value) {
            return Some(value);
        }
        let is_cut = |c: &(usize, char)| !c.1.is_alphanumeric();
        value.char_indices().rev().filter(is_cut).map(|(at, _)| value[..at].trim_end()).find(|cut| self.passes(cut))
    }

    /// Whether the value, as written, passes.
    pub(super) fn passes(self, value: &str) -> bool {
        let compact: String =
            value.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
        match self {
            Self::Iban => is_iban(&compact),
            Self::Card => is_card(&compact),
            Self::Nir => is_nir(&compact),
            Self::Siren => compact.len() == 9 && luhn(&compact),
            Self::Siret => is_siret(&compact),
            Self::Vat => is_vat(&compact),
            Self::Imei => compact.len() == 15 && luhn(&compact),
            Self::Phone => {
                let digits: Vec<u8> = compact.bytes().filter(u8::is_ascii_digit).collect();
                (7..=15).contains(&digits.len()) && digits.windows(2).any(|pair| pair[0] != pair[1])
            }
            Self::Ipv4 => value.split('.').count() == 4 && value.split('.').all(|part| part.parse::<u8>().is_ok()),
            Self::Ipv6 => value.parse::<std::net::Ipv6Addr>().is_ok(),
        }
    }
}

/// Luhn sum of a string of digits is a multiple of ten, and the digits are not all the same.
pub(super) fn luhn(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    if !bytes.iter().all(u8::is_ascii_digit) || bytes.windows(2).all(|pair| pair[0] == pair[1]) {
        return false;
    }
    let sum: u32 = bytes
        .iter()
        .rev()
        .enumerate()
        .map(|(position, byte)| {
            let digit = u32::from(byte - b'0');
            match (position % 2, digit) {
                (0, digit) => digit,
                (_, digit) if digit > 4 => digit * 2 - 9,
                (_, digit) => digit * 2,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

fn is_iban(compact: &str) -> bool {
    // Lengths of the IBAN registry for the countries of SEPA and its neighbours. Other countries are left out: one word
    // in a hundred would pass the check.
    const LENGTHS: [(&str, usize); 42] = [
        ("AD", 24),
        ("AE", 23),
        ("AT", 20),
        ("BE", 16),
        ("BG", 22),
        ("CH", 21),
        ("CY", 28),
        ("CZ", 24),
        ("DE", 22),
        ("DK", 18),
        ("EE", 20),
        ("ES", 24),
        ("FI", 18),
        ("FO", 18),
        ("FR", 27),
        ("GB", 22),
        ("GI", 23),
        ("GR", 27),
        ("HR", 21),
        ("HU", 28),
        ("IE", 22),
        ("IL", 23),
        ("IS", 26),
        ("IT", 27),
        ("LB", 28),
        ("LI", 21),
        ("LT", 20),
        ("LU", 20),
        ("LV", 21),
        ("MA", 28),
        ("MC", 27),
        ("MT", 31),
        ("NL", 18),
        ("NO", 15),
        ("PL", 28),
        ("PT", 25),
        ("RO", 24),
        ("SE", 24),
        ("SI", 19),
        ("SK", 24),
        ("SM", 27),
        ("TN", 24),
    ];
    let Some(country) = compact.get(..2) else { return false };
    let expected = LENGTHS.iter().find(|(code, _)| *code == country).map(|(_, length)| *length);
    let is_blank = compact.bytes().skip(4).all(|b| b == b'0');
    if expected != Some(compact.len()) || is_blank || !compact.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return false;
    }
    let (head, tail) = compact.split_at(4);
    let remainder = tail.bytes().chain(head.bytes()).fold(0u32, |remainder, byte| match byte {
        b'0'..=b'9' => (remainder * 10 + u32::from(byte - b'0')) % 97,
        _ => (remainder * 100 + u32::from(byte - b'A') + 10) % 97,
    });
    remainder == 1
}

fn is_card(digits: &str) -> bool {
    let starts = |low: u32, high: u32, length: usize| {
        digits
            .get(..length)
            .and_then(|prefix| prefix.parse::<u32>().ok())
            .is_some_and(|prefix| (low..=high).contains(&prefix))
    };
    let is_issued = match digits.len() {
        13 => starts(4, 4, 1),
        14 => starts(300, 305, 3) || starts(36, 36, 2) || starts(38, 39, 2),
        15 => starts(34, 34, 2) || starts(37, 37, 2),
        16 => {
            starts(4, 4, 1)
                || starts(51, 55, 2)
                || starts(2221, 2720, 4)
                || starts(6011, 6011, 4)
                || starts(644, 659, 3)
                || starts(3528, 3589, 4)
                || starts(50, 50, 2)
                || starts(56, 58, 2)
                || starts(62, 63, 2)
                || starts(67, 67, 2)
        }
        17..=19 => starts(4, 4, 1) || starts(50, 50, 2) || starts(56, 58, 2) || starts(62, 63, 2) || starts(67, 67, 2),
        _ => false,
    };
    is_issued && luhn(digits)
}

fn is_nir(compact: &str) -> bool {
    if compact.len() != 15 {
        return false;
    }
    let (number, key) = compact.split_at(13);
    // INSEE: 2A counts as 19 and 2B as 18.
    let number = match &number[5..7] {
        "2A" => format!("{}19{}", &number[..5], &number[7..]),
        "2B" => format!("{}18{}", &number[..5], &number[7..]),
        _ => number.to_owned(),
    };
    match (number.parse::<u64>(), key.parse::<u64>()) {
        (Ok(number), Ok(key)) => 97 - number % 97 == key,
        _ => false,
    }
}

fn is_siret(digits: &str) -> bool {
    const LA_POSTE: &str = "356000000";
    let sum: u32 = digits.bytes().filter(u8::is_ascii_digit).map(|byte| u32::from(byte - b'0')).sum();
    digits.len() == 14 && (luhn(digits) || (digits.starts_with(LA_POSTE) && sum.is_multiple_of(5)))
}

fn is_vat(compact: &str) -> bool {
    let Some((key, siren)) = compact.strip_prefix("FR").and_then(|rest| rest.split_at_checked(2)) else { return false };
    match (key.parse::<u64>(), siren.parse::<u64>()) {
        (Ok(key), Ok(number)) => siren.len() == 9 && (12 + 3 * (number % 97)) % 97 == key,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples_pass_and_their_neighbours_fail() {
        for (check, good, bad) in [
            // The example of the French IBAN guide, test cards of the payment networks, INSEE's own numbers.
            (Check::Iban, "FR14 2004 1010 0505 0001 3M02 606", "FR14 2004 1010 0505 0001 3M02 607"),
            (Check::Iban, "GB82 WEST 1234 5698 7654 32", "GB82 WEST 1234 5698 7654 3"),
            (Check::Card, "4111 1111 1111 1111", "4111 1111 1111 1112"),
            (Check::Card, "378282246310005", "358282246310005"),
            (Check::Siren, "732 829 320", "732 829 321"),
            (Check::Siret, "732 829 320 00074", "732 829 320 00075"),
            (Check::Siret, "35600000000048", "35600000000041"),
            (Check::Nir, "2 55 08 14 168 025 38", "2 55 08 14 168 025 39"),
            (Check::Vat, "FR 44 732829320", "FR 45 732829320"),
            (Check::Ipv4, "192.168.1.1", "192.168.1.256"),
            (Check::Ipv6, "2001:db8::1", "12:30:45"),
        ] {
            assert!(check.passes(good), "{check:?} {good}");
            assert!(!check.passes(bad), "{check:?} {bad}");
        }
    }
}
