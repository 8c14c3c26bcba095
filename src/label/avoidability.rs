//! Avoidability: whether a criterion of the company has evidence in this contact's own words.
//!
//! Two kinds of evidence meet in a window: a cue of the criterion (a phrase that is evidence by itself), and nearness
//! in meaning and words to the criterion's examples rather than to its counter-examples and to background words. Both enter one
//! logistic score whose coefficients were fitted on the development messages. The contact reason is no input: without
//! evidence there is no verdict.

use std::sync::LazyLock;

use regex::Regex;

use super::criteria::{Criteria, OWNER_OF_REASON, Strictness};
use super::cues::{Cues, Folded};
use super::head::logistic;
use super::shipped;
use super::taxonomy::{BilingualList, Taxonomy};
use super::worded::{Course, Passage, Teaching, Worded};
use crate::encode::Vectors;
use crate::error::Result;
use crate::vector;

/// One piece of evidence in a window.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Index in the criteria file.
    pub criterion: usize,
    /// Window that holds it.
    pub window: u32,
    /// Characters of the cue inside the window; `None` when the evidence is the window's meaning.
    pub cue: Option<(u32, u32)>,
    /// 0 to 1.
    pub probability: f64,
}

/// What speaks for one criterion in one window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clue {
    /// Log-odds that the window means any criterion rather than background words or a counter-example.
    pub meaning: f64,
    /// Logarithm of this criterion's share among all criteria.
    pub share: f64,
    /// Characters of the longest cue.
    pub cue: Option<(u32, u32)>,
}

impl Clue {
    /// The score with the coefficients that ship: log-odds that the criterion applies. Meaning can speak for a cue, and
    /// against it only so far: a cue is evidence on its own, also of a criterion that no example tells the meaning of.
    fn score(&self) -> f64 {
        let meaning = shipped::AVOIDABLE_MEANING * (self.meaning + shipped::AVOIDABLE_SHARE * self.share);
        match self.cue {
            None => shipped::AVOIDABLE_BIAS + meaning,
            Some(_) => shipped::AVOIDABLE_BIAS + shipped::AVOIDABLE_CUE + meaning.max(-shipped::AVOIDABLE_DOUBT),
        }
    }

    /// The logistic of the score.
    pub fn probability(&self) -> f64 {
        logistic(self.score())
    }
}

/// The verdict on one contact.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Verdict {
    /// A strict criterion has evidence.
    pub is_strict: bool,
    /// A strict or lenient criterion has.
    pub is_lenient: bool,
    /// Probability that a strict criterion applies, 0 to 1.
    pub probability: f64,
    /// Evidence above the threshold, the deciding one first, at most one per criterion.
    pub evidence: Vec<Evidence>,
}

/// The classifier of one criteria file.
#[derive(Debug, Clone)]
pub struct AvoidabilityModel {
    strictness: Vec<Strictness>,
    priority: Vec<u32>,
    owners: Vec<String>,
    ids: Vec<String>,
    cues: Cues,
    head: Worded,
    threshold: f64,
}

/// What ships.
pub(super) const TEACHING: Teaching = Teaching { c: shipped::AVOIDABLE_C, words: shipped::AVOIDABLE_WORDS };

/// The texts that the classifier learns from: `(text, class)`, the last class being counter-examples and background words.
pub(super) fn lessons<'a>(criteria: &'a Criteria, background: &'a BilingualList) -> Vec<(&'a str, usize)> {
    let none = criteria.criteria.len();
    let mut lessons = Vec::new();
    for (class, criterion) in criteria.criteria.iter().enumerate() {
        lessons.extend(criterion.examples.iter().map(|text| (text, class)));
        lessons.extend(criterion.counter_examples.iter().map(|text| (text, none)));
    }
    lessons.extend(background.iter().map(|text| (text, none)));
    lessons
}

impl AvoidabilityModel {
    /// Learns a criteria file.
    ///
    /// # Errors
    /// The texts could not be encoded.
    pub fn learn(
        criteria: &Criteria,
        background: &BilingualList,
        threshold: Option<f64>,
        vectors: &mut Vectors,
    ) -> Result<Self> {
        Self::taught(criteria, background, threshold, TEACHING, vectors)
    }

    /// As [`Self::learn`], with words that count more or less than what ships.
    ///
    /// # Errors
    /// The texts could not be encoded.
    pub fn taught(
        criteria: &Criteria,
        background: &BilingualList,
        threshold: Option<f64>,
        teaching: Teaching,
        vectors: &mut Vectors,
    ) -> Result<Self> {
        let lessons = lessons(criteria, background);
        vectors.ensure(lessons.iter().map(|(text, _)| *text))?;
        Self::fit(criteria, &lessons, threshold, teaching, vectors)
    }

    /// Learns lessons that are known to `vectors`.
    ///
    /// # Errors
    /// A text is not known, a cue cannot be read, or what was learnt could not be kept.
    pub(super) fn fit(
        criteria: &Criteria,
        lessons: &[(&str, usize)],
        threshold: Option<f64>,
        teaching: Teaching,
        vectors: &Vectors,
    ) -> Result<Self> {
        let course = Course { name: "criteria", lessons, classes: criteria.criteria.len() + 1, balanced: false };
        // Patterns take long to compile.
        let (head, cues) = rayon::join(
            || Worded::learn(course, teaching, vectors),
            || Cues::new(criteria.criteria.iter().map(|criterion| criterion.cues.iter())),
        );
        Ok(Self {
            strictness: criteria.criteria.iter().map(|criterion| criterion.strictness).collect(),
            priority: criteria.criteria.iter().map(|criterion| criterion.priority).collect(),
            owners: criteria.criteria.iter().map(|criterion| criterion.owner.clone()).collect(),
            ids: criteria.criteria.iter().map(|criterion| criterion.id.clone()).collect(),
            cues: cues?,
            head: head?,
            threshold: threshold.unwrap_or(shipped::AVOIDABLE_THRESHOLD),
        })
    }

    /// Identifiers of the criteria, in the order of the file.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// Whether a criterion counts in the strict rate.
    pub fn is_strict(&self, criterion: usize) -> bool {
        self.strictness[criterion] == Strictness::Strict
    }

    /// Identifier of a criterion.
    pub fn id(&self, criterion: usize) -> &str {
        &self.ids[criterion]
    }

    /// Department that can remove the cause, given the contact's reason.
    pub fn owner<'a>(&'a self, criterion: usize, taxonomy: &'a Taxonomy, reason: &str) -> Option<&'a str> {
        match self.owners[criterion].as_str() {
            OWNER_OF_REASON => taxonomy.reason(reason).map(|reason| reason.owner.as_str()),
            owner => Some(owner),
        }
    }

    /// What speaks for each criterion in one window, before it is weighed.
    pub fn clues(&self, window: &Passage<'_>) -> Vec<Clue> {
        self.clues_of(window.text, &self.head.probabilities(std::slice::from_ref(window), 1.0)[0])
    }

    /// The [`Self::clues`] of a window that has these probabilities: the criteria, then none of them.
    fn clues_of(&self, text: &str, probabilities: &[f32]) -> Vec<Clue> {
        let count = self.ids.len();
        let folded = Folded::new(text);
        // Words of a few letters cannot be evidence by meaning.
        let shortness = if folded.text.chars().count() < 12 { 3.0 } else { 0.0 };
        let any = 1.0 - probabilities[count];
        let meaning = logit(f64::from(any)) - shortness;
        let mut shares: Vec<f32> = probabilities[..count].iter().map(|own| (own / any.max(1e-9)).max(1e-6)).collect();
        vector::ln(&mut shares);
        let cues = self.cues.find_after(&folded, is_asserted);
        shares.into_iter().zip(cues).map(|(share, cue)| Clue { meaning, share: f64::from(share), cue }).collect()
    }

    /// The verdict from the windows of a contact.
    pub fn verdict(&self, windows: &[Passage<'_>]) -> Verdict {
        // For each criterion the highest score, the window and the cue that it comes from.
        let mut highest: Vec<Option<(f64, u32, Clue)>> = vec![None; self.ids.len()];
        let read = self.head.probabilities(windows, 1.0);
        for (index, (window, probabilities)) in windows.iter().zip(&read).enumerate() {
            for (criterion, clue) in self.clues_of(window.text, probabilities).into_iter().enumerate() {
                let score = clue.score();
                if highest[criterion].is_none_or(|(before, ..)| score > before) {
                    highest[criterion] = Some((score, index as u32, clue));
                }
            }
        }
        let best: Vec<Evidence> = highest
            .into_iter()
            .enumerate()
            .filter_map(|(criterion, found)| {
                let (score, window, clue) = found?;
                Some(Evidence { criterion, window, cue: clue.cue, probability: logistic(score) })
            })
            .collect();
        let highest = |wanted: Strictness| {
            best.iter()
                .filter(|evidence| self.strictness[evidence.criterion] == wanted)
                .map(|evidence| evidence.probability)
                .fold(0.0, f64::max)
        };
        let probability = highest(Strictness::Strict);
        let is_strict = probability >= self.threshold;
        let is_lenient = is_strict || highest(Strictness::Lenient) >= self.threshold;
        let mut evidence: Vec<Evidence> =
            best.into_iter().filter(|evidence| evidence.probability >= self.threshold).collect();
        evidence.sort_by(|a, b| {
            let strict = self.strictness[a.criterion].cmp(&self.strictness[b.criterion]);
            strict
                .then(b.probability.total_cmp(&a.probability))
                .then(self.priority[a.criterion].cmp(&self.priority[b.criterion]).then(a.criterion.cmp(&b.criterion)))
        });
        // Among strict criteria of like strength, the one the company put first explains the contact.
        if let Some(strongest) = evidence.first().cloned() {
            let strictness = self.strictness[strongest.criterion];
            let near = evidence
                .iter()
                .enumerate()
                .filter(|(_, other)| {
                    self.strictness[other.criterion] == strictness
                        && other.probability >= strongest.probability - shipped::LIKE_STRENGTH
                })
                .min_by_key(|(place, other)| (self.priority[other.criterion], *place))
                .map(|(place, _)| place);
            if let Some(place) = near {
                let deciding = evidence.remove(place);
                evidence.insert(0, deciding);
            }
        }
        Verdict { is_strict, is_lenient, probability, evidence }
    }
}

/// Whether what comes next is told as a fact, from the folded words before it: not as what never was, as what may be, or as a wish.
///
/// Caught: "je n'ai jamais été débité deux fois", "if the invoice amount is wrong", "je voudrais être livré samedi au lieu de
/// vendredi". Not caught: "je ne comprends pas pourquoi j'ai été débité deux fois", "je viens d'être facturé deux fois".
fn is_asserted(before: &str) -> bool {
    #[allow(clippy::unwrap_used)] // A constant pattern.
    static NOT_ASSERTED: LazyLock<Regex> = LazyLock::new(|| {
        let never = r"\b(jamais|never) (ete|eu|been|had)( \w+)?";
        let will_not =
            r"\bne (serai|sera|seront|serez|serons|soit|sois|soient) (pas|plus|jamais)|\b(won't|wont|not) be";
        let if_so = r"(^|[ ,;:(])(si|s'ils?|if|whether|in case|au cas ou)( [\w'-]+){0,3}";
        let wish =
            r"\b(voudrais|souhaite|souhaiterais|aimerais|peux|pourrais|puis-je|prefere|prefererais)( \w+){0,2} etre";
        let wish_en = r"\b(like|want|prefer|can i|could i)( to)? be";
        Regex::new(&format!("({never}|{will_not}|{if_so}|{wish}|{wish_en}) $")).unwrap()
    });
    // A few words tell; the pattern must not search the whole window for its end.
    let from = before.ceil_char_boundary(before.len().saturating_sub(60));
    !NOT_ASSERTED.is_match(&before[from..])
}

fn logit(probability: f64) -> f64 {
    let probability = probability.clamp(1e-6, 1.0 - 1e-6);
    (probability / (1.0 - probability)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_was_may_be_or_is_wished_for_is_no_evidence() {
        for before in [
            "votre technicien est venu a l'heure, je n'ai jamais ete ",
            "je n'ai jamais ete balade ",
            "pouvez-vous me confirmer que je ne serai pas ",
            "i have never been ",
            "please let me know if the ",
            "what happens if the ",
            "si vous m'avez ",
            "je voudrais etre ",
            "est-ce que je peux etre ",
            "i would like to be ",
        ] {
            assert!(!is_asserted(before), "{before}");
        }
        for before in [
            "",
            "j'ai ete ",
            "je viens d'etre ",
            "je ne comprends pas pourquoi j'ai ete ",
            "vous n'avez jamais repondu et j'ai ete ",
            "je voudrais savoir ",
            "je ne sais pas si c'est normal mais j'ai ete ",
            "i don't know if you noticed but my ",
            "le si\u{e8}cle ",
        ] {
            assert!(is_asserted(before), "{before}");
        }
    }

    #[test]
    fn a_cue_is_evidence_on_its_own() {
        // The lowest that a window can say, as for a criterion without examples.
        let unlike = Clue { meaning: -13.8, share: -13.8, cue: None };
        let with_cue = Clue { cue: Some((0, 5)), ..unlike };
        assert!(unlike.probability() < 1e-6);
        assert!(with_cue.probability() > shipped::AVOIDABLE_THRESHOLD);
        // Meaning that agrees makes it stronger still.
        let alike = Clue { meaning: 1.0, share: -0.1, ..with_cue };
        assert!(alike.probability() > with_cue.probability());
    }
}
