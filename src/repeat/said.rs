//! What the customer's words say, beside their meaning, of whether two contacts are about one issue: figures that both
//! name (an amount, a size, a day), and words that refer back.

use super::marker::Marked;

/// Figures kept of one contact; more say little of any one of them.
const MOST_FIGURES: usize = 32;

/// The condensed words of one contact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// Figures of two digits or more, without years, sorted; as hashes, so that they stay small.
    figures: Vec<u32>,
    /// Words that say the customer comes back.
    comes_back: bool,
    /// Weaker words of that kind.
    resumes: bool,
}

impl Said {
    /// Adds a turn of the customer, already redacted, and its markers.
    pub fn hear(&mut self, text: &str, marked: &Marked) {
        self.comes_back |= !marked.evidence.is_empty();
        self.resumes |= marked.resumes;
        self.figures.extend(figures(text));
        self.figures.sort_unstable();
        self.figures.dedup();
        self.figures.truncate(MOST_FIGURES);
    }

    /// Features of a later contact beside an earlier one, each 0 or 1: a common figure, the later comes back, the
    /// later resumes.
    pub fn features(&self, later: &Self) -> [f64; 3] {
        let is_common = self.figures.iter().any(|figure| later.figures.binary_search(figure).is_ok());
        [is_common, later.comes_back, later.resumes].map(|is| f64::from(u8::from(is)))
    }
}

/// Hashes of the figures of a text: runs of digits with their decimals, leading zeros and a decimal mark made alike.
/// One digit is too common to tell anything, and so are years and the numbers of placeholders such as `[ORDER_1]`.
fn figures(text: &str) -> impl Iterator<Item = u32> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let start = at;
            while at < bytes.len()
                && (bytes[at].is_ascii_digit()
                    || at > start
                        && matches!(bytes[at], b'.' | b',')
                        && bytes.get(at + 1).is_some_and(u8::is_ascii_digit))
            {
                at += 1;
            }
            if at == start {
                at += 1;
                continue;
            }
            let is_part_of_word = start > 0 && (bytes[start - 1] == b'_' || bytes[start - 1].is_ascii_alphabetic());
            let figure = text[start..at].replace(',', ".");
            let figure = figure.trim_start_matches('0').trim_end_matches(".00");
            let is_year = figure.len() == 4 && (figure.starts_with("19") || figure.starts_with("20"));
            if !is_part_of_word && figure.len() >= 2 && !is_year {
                // FNV-1a: two of the few figures of two contacts meet by chance less than once in a million pairs.
                let hash = figure
                    .bytes()
                    .fold(0x811c_9dc5u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
                return Some(hash);
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Said {
        let mut said = Said::default();
        said.hear(text, &Marked::default());
        said
    }

    #[test]
    fn a_common_figure_is_seen_however_it_is_written() {
        let shares = |a: &str, b: &str| said(a).features(&said(b))[0] == 1.0;
        assert!(shares("prélevé deux fois 39,99 en octobre", "the 39.99 you took"));
        assert!(shares("89 euros, taille 38", "je veux mes 89,00 €."));
        assert!(shares("le 04/11 à 12h", "rendez-vous de 12 heures"));
        assert!(!shares("une box de 2019, 3 fois", "en 2019, 3 pannes"));
        assert!(!shares("commande [ORDER_12]", "colis [ORDER_12]"));
        assert!(!shares("89 euros", "189 euros"));
        assert!(!shares("", "12"));
    }

    #[test]
    fn only_the_later_contact_comes_back() {
        let mut later = Said::default();
        later.hear("x", &Marked { evidence: vec![("still_waiting".into(), 0, 1)], resumes: true });
        assert_eq!(Said::default().features(&later), [0.0, 1.0, 1.0]);
        assert_eq!(later.features(&Said::default()), [0.0; 3]);
    }
}
