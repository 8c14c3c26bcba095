//! The words of a text as features beside its embedding.
//!
//! Where two labels are near in meaning, the very words of their examples often tell them apart. Words, pairs of
//! neighbouring words and runs of four letters inside words (which survive an ending or a typing error) are hashed, with a
//! sign, to [`BUCKETS`] places (Weinberger et al. 2009, "Feature hashing for large scale multitask learning"), weighted by
//! tf-idf as scikit-learn does with `sublinear_tf` and `smooth_idf` (user guide, "Tf-idf term weighting"), and scaled to
//! length 1, so that no dictionary has to be kept.

use std::collections::BTreeMap;

use crate::text::fold::fold;

/// Places that words are hashed to.
pub const BUCKETS: usize = 4096;

/// Length of a run of letters, with the marks of the word's ends.
const RUN: usize = 4;

/// Features of one text: `(bucket, value)` by ascending bucket, of length 1 unless the text has no word.
pub type Words = Vec<(u16, f32)>;

/// How rare the words of some texts are.
#[derive(Debug, Clone, PartialEq)]
pub struct WordSpace {
    /// Inverse document frequency of each bucket, `(BUCKETS,)`.
    rarity: Vec<f32>,
}

impl WordSpace {
    /// Learns how rare each word is among `texts`.
    pub fn learn(texts: &[&str]) -> Self {
        let mut holding = vec![0u32; BUCKETS];
        for text in texts {
            for bucket in counts(text).into_keys() {
                holding[usize::from(bucket)] += 1;
            }
        }
        let texts = texts.len() as f32;
        let rarity = holding.into_iter().map(|count| ((1.0 + texts) / (1.0 + count as f32)).ln() + 1.0).collect();
        Self { rarity }
    }

    /// The features of a text.
    pub fn features(&self, text: &str) -> Words {
        let mut words: Words = counts(text)
            .into_iter()
            .filter(|(_, count)| *count != 0)
            .map(|(bucket, count)| {
                let often = 1.0 + (count.unsigned_abs() as f32).ln();
                (bucket, often.copysign(count as f32) * self.rarity[usize::from(bucket)])
            })
            .collect();
        let length = words.iter().map(|(_, value)| value * value).sum::<f32>().sqrt();
        words.iter_mut().for_each(|(_, value)| *value /= length);
        words
    }
}

/// Signed number of words, pairs of words and runs of letters in each bucket; those that meet with opposite signs cancel.
fn counts(text: &str) -> BTreeMap<u16, i32> {
    let folded = fold(text);
    let mut counts = BTreeMap::new();
    let mut last = "";
    for word in folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        add(&mut counts, &[word]);
        if !last.is_empty() {
            add(&mut counts, &[last, word]);
        }
        last = word;
        let letters: Vec<char> = ['<'].into_iter().chain(word.chars()).chain(['>']).collect();
        for run in letters.windows(RUN) {
            add(&mut counts, &[run.iter().collect::<String>().as_str()]);
        }
    }
    counts
}

fn add(counts: &mut BTreeMap<u16, i32>, words: &[&str]) {
    // FNV-1a, 64 bits (draft-eastlake-fnv); a zero byte ends each word.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in words.iter().flat_map(|word| word.bytes().chain([0])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let bucket = ((hash >> 32) % BUCKETS as u64) as u16;
    *counts.entry(bucket).or_insert(0) += if hash >> 63 == 0 { 1 } else { -1 };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dot(a: &Words, b: &Words) -> f32 {
        let b: BTreeMap<u16, f32> = b.iter().copied().collect();
        a.iter().map(|(bucket, value)| value * b.get(bucket).unwrap_or(&0.0)).sum()
    }

    #[test]
    fn the_same_words_are_near_and_others_far_whatever_their_accents() {
        let texts = ["ma carte a été avalée", "ma carte est refusée", "où est mon colis", "mon colis est en retard"];
        let space = WordSpace::learn(&texts);
        let [swallowed, refused, parcel, _] = texts.map(|text| space.features(text));
        assert!((dot(&swallowed, &swallowed) - 1.0).abs() < 1e-6);
        assert!((dot(&swallowed, &space.features("MA CARTE A ETE AVALEE !")) - 1.0).abs() < 1e-6);
        assert!(dot(&swallowed, &refused) > dot(&swallowed, &parcel) + 0.1);
        assert!(dot(&refused, &space.features("cartes refusees")) > 0.3);
        // The order of the words counts.
        assert!(dot(&swallowed, &space.features("avalee ete a carte ma")) < 0.9);
    }

    #[test]
    fn rare_words_weigh_more() {
        let space = WordSpace::learn(&["the parcel", "the card", "the bill"]);
        let weight = |word: &str| {
            let mut alone = BTreeMap::new();
            add(&mut alone, &[word]);
            space.rarity[usize::from(*alone.keys().next().unwrap())]
        };
        assert!((weight("the") - 1.0).abs() < 1e-6);
        assert!((weight("card") - (2.0f32.ln() + 1.0)).abs() < 1e-6);
        assert!((weight("refund") - (4.0f32.ln() + 1.0)).abs() < 1e-6);
    }

    #[test]
    fn a_text_without_words_has_no_features() {
        assert!(WordSpace::learn(&["a"]).features(" ?! ").is_empty());
        assert!(WordSpace::learn(&[]).features("").is_empty());
    }
}
