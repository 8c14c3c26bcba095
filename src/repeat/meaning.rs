//! What a contact is about, in a form small enough to keep for every contact, and the probability that two contacts
//! are about the same issue.

use half::f16;
use half::slice::HalfFloatSliceExt;
use half::vec::HalfFloatVecExt;

use crate::label::head::logistic;
use crate::label::reason::ReasonVerdict;
use crate::label::shipped;
use crate::label::worded::Passage;
use crate::repeat::said::Said;
use crate::vector::{add_scaled, dot, normalise};

/// Reasons kept for comparison.
const KEPT_REASONS: usize = 6;

/// The customer's words of one contact, condensed.
#[derive(Debug, Clone, PartialEq)]
pub struct Meaning {
    /// Mean of the windows' embeddings, weighted by what they say, of length 1.
    whole: Vec<f16>,
    /// The window that says most about the primary reason.
    telling: Vec<f16>,
    /// The likeliest reasons and their scores, scaled to length 1.
    reasons: Vec<(u16, f32)>,
    /// Figures, and words that refer back.
    said: Said,
}

impl Meaning {
    /// Some words, for tests to which it does not matter which.
    #[cfg(test)]
    pub(super) fn plain() -> Self {
        Self { whole: vec![f16::ONE], telling: vec![f16::ONE], reasons: Vec::new(), said: Said::default() }
    }

    /// Condenses the windows of a contact. `None` without windows.
    pub fn new(windows: &[Passage<'_>], verdict: &ReasonVerdict, said: Said) -> Option<Self> {
        let hidden = windows.first()?.embedding.len();
        let mut sum = vec![0.0f32; hidden];
        let mut best = (f32::MIN, 0);
        for (index, window) in windows.iter().enumerate() {
            let salience = verdict.salience[index];
            let weight = (salience + 0.02) * (window.chars as f32).sqrt();
            if weight > best.0 {
                best = (weight, index);
            }
            add_scaled(&mut sum, [weight], [window.embedding]);
        }
        // The window of the primary reason may be the agent's: it is not among the customer's.
        let telling = verdict.hits.first().and_then(|hit| hit.window).map(|window| window as usize);
        let telling = telling.filter(|window| *window < windows.len()).unwrap_or(best.1);
        let mut order: Vec<usize> = (0..verdict.scores.len()).collect();
        let likeliest = |a: &usize, b: &usize| verdict.scores[*b].total_cmp(&verdict.scores[*a]).then(a.cmp(b));
        if order.len() > KEPT_REASONS {
            order.select_nth_unstable_by(KEPT_REASONS - 1, likeliest);
            order.truncate(KEPT_REASONS);
        }
        order.sort_unstable();
        let length = order.iter().map(|&class| verdict.scores[class].powi(2)).sum::<f32>().sqrt().max(1e-6);
        let reasons = order.into_iter().map(|class| (class as u16, verdict.scores[class] / length)).collect();
        normalise(&mut sum);
        let (whole, telling) = (Vec::from_f32_slice(&sum), Vec::from_f32_slice(windows[telling].embedding));
        Some(Self { whole, telling, reasons, said })
    }

    /// Cosine of the two contacts' words as a whole, −1 to 1.
    pub fn similarity(&self, other: &Self) -> f64 {
        f64::from(cosine(&self.whole, &other.whole))
    }

    /// The features of an earlier and a `later` contact: cosine of the whole, best cosine between telling windows and
    /// wholes, agreement of the reasons, then those of [`Said::features`].
    pub fn features(&self, later: &Self) -> [f64; 6] {
        let whole = cosine(&self.whole, &later.whole);
        let telling = cosine(&self.telling, &later.telling)
            .max(cosine(&self.telling, &later.whole))
            .max(cosine(&self.whole, &later.telling));
        let mut agreement = 0.0f32;
        let mut theirs = later.reasons.iter().peekable();
        for (class, score) in &self.reasons {
            while theirs.next_if(|(other, _)| other < class).is_some() {}
            if let Some((_, other)) = theirs.next_if(|(other, _)| other == class) {
                agreement += score * other;
            }
        }
        let [figure, comes_back, resumes] = self.said.features(&later.said);
        [f64::from(whole), f64::from(telling), f64::from(agreement), figure, comes_back, resumes]
    }

    /// Probability that a `later` contact is about the same issue, from the words alone.
    pub fn same_issue(&self, later: &Self) -> f64 {
        let weights = &shipped::REPEAT_WEIGHTS[1..];
        let features = self.features(later);
        let score = shipped::REPEAT_WEIGHTS[0] + weights.iter().zip(features).map(|(w, x)| w * x).sum::<f64>();
        logistic(score)
    }

    /// The whole's embedding, `(hidden,)`, of length 1; for clustering.
    pub fn whole(&self) -> Vec<f32> {
        self.whole.to_f32_vec()
    }
}

/// The product of two vectors of length 1, over the shorter length; some numbers at a time become single precision.
fn cosine(a: &[f16], b: &[f16]) -> f32 {
    const AT_ONCE: usize = 128;
    let length = a.len().min(b.len());
    let pieces = a[..length].chunks(AT_ONCE).zip(b[..length].chunks(AT_ONCE));
    let products = pieces.map(|(a, b)| {
        let (mut wide_a, mut wide_b) = ([0.0; AT_ONCE], [0.0; AT_ONCE]);
        a.convert_to_f32_slice(&mut wide_a[..a.len()]);
        b.convert_to_f32_slice(&mut wide_b[..b.len()]);
        dot(&wide_a, &wide_b)
    });
    products.sum()
}
