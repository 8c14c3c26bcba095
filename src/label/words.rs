//! The words of a text as features beside its embedding.
//!
//! Where two labels are near in meaning, the very words of their examples often tell them apart. Words, pairs of
//! neighbouring words and runs of four letters inside words (which survive an ending or a typing error) are hashed, with a
//! sign, to [`BUCKETS`] places (Weinberger et al. 2009, "Feature hashing for large scale multitask learning"), weighted by
//! tf-idf as scikit-learn does with `sublinear_tf` and `smooth_idf` (user guide, "Tf-idf term weighting"), and scaled to
//! length 1, so that no dictionary has to be kept.

use crate::text::fold::fold;

/// Places that words are hashed to.
pub const BUCKETS: usize = 4096;

/// Length of a run of letters, with the marks of the word's ends.
const RUN: usize = 4;

/// Features of one text: `(bucket, value)` by ascending bucket, of length 1 unless the text has no word.
pub type Words = Vec<(u16, f32)>;

/// How rare the words of some texts are, and how much words are to count.
#[derive(Debug, Clone, PartialEq)]
pub struct WordSpace {
    /// Inverse document frequency of each bucket, `(BUCKETS,)`.
    rarity: Vec<f32>,
    length: f32,
}

impl WordSpace {
    /// Learns how rare each word is among texts. Features will have this length, beside an embedding of length 1.
    pub fn learn(texts: &[Counts], length: f32) -> Self {
        let mut holding = vec![0u32; BUCKETS];
        for (bucket, _) in texts.iter().flat_map(|text| &text.0) {
            holding[usize::from(*bucket)] += 1;
        }
        let texts = texts.len() as f32;
        let rarity = holding.into_iter().map(|count| ((1.0 + texts) / (1.0 + count as f32)).ln() + 1.0).collect();
        Self { rarity, length }
    }

    /// The features of a text.
    pub fn features(&self, text: &Counts) -> Words {
        let counts = text.0.iter().filter(|(_, count)| *count != 0);
        let mut words: Words = counts
            .map(|&(bucket, count)| {
                let often = 1.0 + (count.unsigned_abs() as f32).ln();
                (bucket, often.copysign(count as f32) * self.rarity[usize::from(bucket)])
            })
            .collect();
        let length = self.length / words.iter().map(|(_, value)| value * value).sum::<f32>().sqrt();
        words.iter_mut().for_each(|(_, value)| *value *= length);
        words
    }
}

/// Words of a text before they are weighed: signed number of words, pairs of words and runs of letters by ascending bucket. Those that
/// meet with opposite signs cancel, to zero where they are as many.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts(Vec<(u16, i32)>);

impl Counts {
    /// Counts the words of a text.
    pub fn of(text: &str) -> Self {
        let folded = fold(text);
        let mut found: Vec<(u16, i32)> = Vec::with_capacity(2 * folded.len());
        let mut letters: Vec<char> = Vec::new();
        let mut last = "";
        for word in folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            found.push(placed(word.bytes().chain([0])));
            if !last.is_empty() {
                found.push(placed(last.bytes().chain([0]).chain(word.bytes()).chain([0])));
            }
            last = word;
            letters.clear();
            letters.extend(['<'].into_iter().chain(word.chars()).chain(['>']));
            for run in letters.windows(RUN) {
                let mut bytes = [0; 4 * RUN];
                let mut end = 0;
                for letter in run {
                    end += letter.encode_utf8(&mut bytes[end..]).len();
                }
                found.push(placed(bytes[..end].iter().copied().chain([0])));
            }
        }
        found.sort_unstable();
        found.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            if is_same {
                kept.1 += next.1;
            }
            is_same
        });
        Self(found)
    }
}

/// Bucket and sign of words, of which a zero byte ends each.
fn placed(bytes: impl Iterator<Item = u8>) -> (u16, i32) {
    // FNV-1a, 64 bits (draft-eastlake-fnv).
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let bucket = ((hash >> 32) % BUCKETS as u64) as u16;
    (bucket, if hash >> 63 == 0 { 1 } else { -1 })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// A space of words of length 1.
    fn space(texts: &[&str]) -> WordSpace {
        WordSpace::learn(&texts.iter().map(|text| Counts::of(text)).collect::<Vec<_>>(), 1.0)
    }

    fn features(space: &WordSpace, text: &str) -> Words {
        space.features(&Counts::of(text))
    }

    fn dot(a: &Words, b: &Words) -> f32 {
        let b: BTreeMap<u16, f32> = b.iter().copied().collect();
        a.iter().map(|(bucket, value)| value * b.get(bucket).unwrap_or(&0.0)).sum()
    }

    #[test]
    fn the_same_words_are_near_and_others_far_whatever_their_accents() {
        let texts = ["ma carte a été avalée", "ma carte est refusée", "où est mon colis", "mon colis est en retard"];
        let space = space(&texts);
        let [swallowed, refused, parcel, _] = texts.map(|text| features(&space, text));
        assert!((dot(&swallowed, &swallowed) - 1.0).abs() < 1e-6);
        assert!((dot(&swallowed, &features(&space, "MA CARTE A ETE AVALEE !")) - 1.0).abs() < 1e-6);
        assert!(dot(&swallowed, &refused) > dot(&swallowed, &parcel) + 0.1);
        assert!(dot(&refused, &features(&space, "cartes refusees")) > 0.3);
        // The order of the words counts.
        assert!(dot(&swallowed, &features(&space, "avalee ete a carte ma")) < 0.9);
    }

    #[test]
    fn rare_words_weigh_more() {
        let space = space(&["the parcel", "the card", "the bill"]);
        let weight = |word: &str| space.rarity[usize::from(placed(word.bytes().chain([0])).0)];
        assert!((weight("the") - 1.0).abs() < 1e-6);
        assert!((weight("card") - (2.0f32.ln() + 1.0)).abs() < 1e-6);
        assert!((weight("refund") - (4.0f32.ln() + 1.0)).abs() < 1e-6);
    }

    #[test]
    fn a_text_without_words_has_no_features() {
        assert!(features(&space(&["a"]), " ?! ").is_empty());
        assert!(features(&space(&[]), "").is_empty());
    }

    #[test]
    fn words_are_counted_once_each_and_have_the_length_they_are_given() {
        let Counts(counts) = Counts::of("non non non");
        assert!(counts.is_sorted_by(|a, b| a.0 < b.0));
        let (bucket, sign) = placed("non".bytes().chain([0]));
        assert_eq!(counts.iter().find(|(other, _)| *other == bucket), Some(&(bucket, 3 * sign)));
        // Three times the word, twice the pair, and of "<non>" the runs "<non" and "non>" three times each.
        assert_eq!(counts.len(), 4);
        let long = WordSpace::learn(&[Counts::of("the parcel")], 0.5).features(&Counts::of("the late parcel"));
        assert!((dot(&long, &long) - 0.25).abs() < 1e-6);
    }
}
