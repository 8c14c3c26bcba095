//! A contact with its verdicts: the only file of this stage that knows all three.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::avoidability::{self, AvoidabilityModel, Verdict};
use super::criteria::Criteria;
use super::emotion::{self, Emotion, EmotionHead, Emotions};
use super::reason::{self, ReasonHit, ReasonModel};
use super::sentiment::{self, Probabilities, Sentiment, SentimentHead};
use super::taxonomy::{BilingualList, Taxonomy};
use super::worded::Passage;
use crate::contact::Contact;
use crate::encode::window::is_customer;
use crate::encode::{Encoded, SUBJECT, Vector, Vectors, Window};
use crate::error::Result;
use crate::repeat::{Markers, Meaning, Said};

/// A piece of evidence, in characters of a redacted turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// Turn index.
    pub turn: u32,
    /// `reason`, `avoidable` or `repeat_marker`.
    pub kind: SpanKind,
    /// What it is evidence of.
    pub ref_id: String,
    /// First character.
    pub start_char: u32,
    /// One past the last character.
    pub end_char: u32,
    /// 0 to 1.
    pub score: f64,
}

/// What a span is evidence for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpanKind {
    /// A contact reason.
    Reason,
    /// An avoidability criterion.
    Avoidable,
    /// Words of a customer who comes back.
    RepeatMarker,
}

impl SpanKind {
    /// The stable written form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reason => "reason",
            Self::Avoidable => "avoidable",
            Self::RepeatMarker => "repeat_marker",
        }
    }
}

/// A contact with its reasons, avoidability and sentiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Labelled {
    /// The cleaned contact; its customer is a key, no longer an identifier.
    pub contact: Contact,
    /// Sentiment of each turn; `None` for turns that are not the customer's.
    pub turn_sentiment: Vec<Option<Probabilities>>,
    /// Emotions of each turn; `None` for turns that are not the customer's, and without an emotion head.
    pub turn_emotions: Vec<Option<Emotions>>,
    /// Number of customer turns.
    pub customer_turns: u32,
    /// Characters of the customer's words.
    pub customer_chars: u64,
    /// Primary, then secondary reasons; empty when the row is not counted.
    pub reasons: Vec<ReasonHit>,
    /// A strict criterion has evidence; `None` when the row is not counted or has no customer words.
    pub is_avoidable: Option<bool>,
    /// A strict or lenient criterion has evidence.
    pub is_avoidable_lenient: Option<bool>,
    /// Probability that a strict criterion applies.
    pub avoidable_probability: Option<f64>,
    /// Criterion of the verdict.
    pub criterion: Option<String>,
    /// Department that can remove the cause.
    pub owner: Option<String>,
    /// Sentiment of the contact.
    pub sentiment: Option<Sentiment>,
    /// Emotion of the contact.
    pub emotion: Option<Emotion>,
    /// Evidence, ordered by turn, place, kind and reference.
    pub spans: Vec<Span>,
}

impl Labelled {
    /// Primary reason.
    pub fn reason(&self) -> Option<&str> {
        self.reasons.first().map(|hit| hit.id.as_str())
    }
}

/// Everything that labels a contact.
#[derive(Debug, Clone)]
pub struct Labeller {
    taxonomy: Taxonomy,
    reasons: ReasonModel,
    avoidability: AvoidabilityModel,
    sentiment: Option<SentimentHead>,
    emotion: Option<EmotionHead>,
    markers: Markers,
}

impl Labeller {
    /// Learns the taxonomy and the criteria with the model of `vectors`. `sentiment_labels` says what the labels of a
    /// chosen sentiment classifier mean, where they do not say it themselves.
    ///
    /// # Errors
    /// Their texts could not be encoded, or the labels of the classifier are not understood.
    pub fn learn(
        taxonomy: Taxonomy,
        criteria: &Criteria,
        background: &BilingualList,
        options: &crate::config::options::LabelOptions,
        sentiment_labels: &BTreeMap<String, String>,
        vectors: &mut Vectors,
    ) -> Result<Self> {
        let (of_reasons, of_criteria) =
            (reason::lessons(&taxonomy, background), avoidability::lessons(criteria, background));
        vectors.ensure(of_reasons.iter().chain(&of_criteria).map(|(text, _)| *text))?;
        let known: &Vectors = vectors;
        let (reasons, (avoidability, markers)) = rayon::join(
            || ReasonModel::fit(&taxonomy, &of_reasons, options.reason_threshold, reason::TEACHING, known),
            || {
                let threshold = options.avoidable_threshold;
                let fit = || AvoidabilityModel::fit(criteria, &of_criteria, threshold, avoidability::TEACHING, known);
                rayon::join(fit, Markers::shipped)
            },
        );
        Ok(Self {
            reasons: reasons?,
            avoidability: avoidability?,
            sentiment: SentimentHead::of(vectors, sentiment_labels)?,
            emotion: EmotionHead::of(vectors.encoder()),
            taxonomy,
            markers: markers?,
        })
    }

    /// The classifier of reasons.
    pub fn reasons(&self) -> &ReasonModel {
        &self.reasons
    }

    /// The classifier of criteria.
    pub fn avoidability(&self) -> &AvoidabilityModel {
        &self.avoidability
    }

    /// The emotion head, when the model has one.
    pub fn emotion(&self) -> Option<&EmotionHead> {
        self.emotion.as_ref()
    }

    /// What gives the sentiment, when something does.
    pub fn sentiment(&self) -> Option<&SentimentHead> {
        self.sentiment.as_ref()
    }

    /// Labels a contact whose windows are known to `vectors`; also gives its meaning, for the repeat search.
    ///
    /// # Errors
    /// A window has no vector.
    pub fn label(&self, encoded: Encoded, vectors: &Vectors) -> Result<(Labelled, Option<Meaning>)> {
        let (known, known_heard) = vectors.of_contact(&encoded)?;
        let contact = &encoded.contact;
        let customer: Vec<bool> = contact.turns.iter().map(|turn| is_customer(contact, turn.speaker)).collect();
        let customer_turns = customer.iter().filter(|is| **is).count() as u32;
        let customer_chars = contact
            .turns
            .iter()
            .zip(&customer)
            .filter(|(_, is_customer)| **is_customer)
            .map(|(turn, _)| turn.text.chars().count() as u64)
            .sum();

        let (windows, turns) = (&encoded.windows, contact.turns.len());
        let turn_sentiment: Vec<Option<Probabilities>> = of_turns(turns, windows, |window| {
            self.sentiment.as_ref().map(|head| head.probabilities(&known[window].sentiment_logits))
        });
        let turn_emotions: Vec<Option<Emotions>> = of_turns(turns, windows, |window| {
            self.emotion.as_ref().map(|head| head.probabilities(&known[window].emotion_logits))
        });
        let felt: Vec<Probabilities> = turn_sentiment.iter().flatten().copied().collect();
        let emotions: Vec<Emotions> = turn_emotions.iter().flatten().copied().collect();

        let read =
            contact.is_counted().then(|| self.read(&encoded, &known, &known_heard, &customer, customer_chars > 0));
        let Encoded { contact, windows, .. } = encoded;
        let mut labelled = Labelled {
            turn_sentiment,
            turn_emotions,
            customer_turns,
            customer_chars,
            reasons: Vec::new(),
            is_avoidable: None,
            is_avoidable_lenient: None,
            avoidable_probability: None,
            criterion: None,
            owner: None,
            sentiment: sentiment::of_contact(&felt),
            emotion: emotion::of_contact(&emotions, super::shipped::EMOTION_THRESHOLD),
            spans: Vec::new(),
            contact,
        };
        let Some(Read { reasons, avoidable, meaning, spans }) = read else { return Ok((labelled, None)) };
        labelled.reasons = reasons;
        labelled.spans = spans;
        if let Some(avoidable) = avoidable {
            self.judge(&mut labelled, &windows[subject_lines(&windows)..], avoidable);
        }
        labelled.spans.sort_by(|a, b| {
            (a.turn, a.start_char, a.kind, &a.ref_id, a.end_char).cmp(&(
                b.turn,
                b.start_char,
                b.kind,
                &b.ref_id,
                b.end_char,
            ))
        });
        Ok((labelled, meaning))
    }

    /// What the words of a contact that counts say; `has_words` where its customer says something.
    fn read(&self, encoded: &Encoded, known: &[Vector], heard: &[Vector], customer: &[bool], has_words: bool) -> Read {
        let (contact, windows) = (&encoded.contact, &encoded.windows);
        let said = passages(contact, windows, known);
        let verdict = self.reasons.verdict(&said, &passages(contact, &encoded.heard, heard));
        // The subject comes first, when there is one: what follows it are words of turns.
        let spoken = subject_lines(windows);
        let mut spans = Vec::new();
        for hit in &verdict.hits {
            let found = hit.window.and_then(|index| windows.iter().chain(&encoded.heard).nth(index as usize));
            let Some(mut window) = found else { continue };
            let mut score = hit.score;
            if window.turn == SUBJECT {
                // Spans point into turns; where the subject line says it best, the words that come nearest are the evidence.
                let Some((place, strength)) = self.reasons.most_telling(&hit.id, &said[spoken..]) else { continue };
                (window, score) = (&windows[spoken + place], strength);
            }
            spans.push(Span {
                turn: window.turn,
                kind: SpanKind::Reason,
                ref_id: hit.id.clone(),
                start_char: window.start_char,
                end_char: window.end_char,
                score,
            });
        }
        let marked = self.mark(contact, customer, &mut spans);
        // The subject line is no evidence of a criterion: often it is not the customer's words.
        let avoidable = has_words.then(|| self.avoidability.verdict(&said[spoken..]));
        Read { meaning: Meaning::new(&said, &verdict, marked), reasons: verdict.hits, avoidable, spans }
    }

    /// Fills in the avoidability verdict on the `windows` of the customer's turns.
    fn judge(&self, labelled: &mut Labelled, windows: &[Window], verdict: Verdict) {
        let Verdict { is_strict, is_lenient, probability, evidence } = verdict;
        labelled.is_avoidable = Some(is_strict);
        labelled.is_avoidable_lenient = Some(is_lenient);
        labelled.avoidable_probability = Some(probability);
        if let Some(deciding) = evidence.first() {
            labelled.criterion = Some(self.avoidability.id(deciding.criterion).to_owned());
            let reason = labelled.reason().unwrap_or_default();
            labelled.owner = self.avoidability.owner(deciding.criterion, &self.taxonomy, reason).map(str::to_owned);
        }
        for found in &evidence {
            let window = windows[found.window as usize];
            let (start_char, end_char) = match found.cue {
                Some((start, end)) => (window.start_char + start, window.start_char + end),
                None => (window.start_char, window.end_char),
            };
            labelled.spans.push(Span {
                turn: window.turn,
                kind: SpanKind::Avoidable,
                ref_id: self.avoidability.id(found.criterion).to_owned(),
                start_char,
                end_char,
                score: found.probability,
            });
        }
    }

    /// Notes the words that say the customer comes back, and what else the repeat search needs of the words.
    fn mark(&self, contact: &Contact, customer: &[bool], spans: &mut Vec<Span>) -> Said {
        let mut said = Said::default();
        for (index, turn) in contact.turns.iter().enumerate().filter(|(index, _)| customer[*index]) {
            let marked = self.markers.find(&turn.text);
            said.hear(&turn.text, &marked);
            spans.extend(marked.evidence.into_iter().map(|(id, start_char, end_char)| Span {
                turn: index as u32,
                kind: SpanKind::RepeatMarker,
                ref_id: id,
                start_char,
                end_char,
                score: 1.0,
            }));
        }
        said
    }
}

/// What the words of a contact say: its reasons, whether it was avoidable where its customer says something, what it is about, and the
/// evidence of reasons and of a customer who comes back.
struct Read {
    reasons: Vec<ReasonHit>,
    avoidable: Option<Verdict>,
    meaning: Option<Meaning>,
    spans: Vec<Span>,
}

/// How many of a contact's windows are its subject line.
fn subject_lines(windows: &[Window]) -> usize {
    windows.iter().take_while(|window| window.turn == SUBJECT).count()
}

/// The windows of a contact as the classifiers take them.
fn passages<'a>(contact: &'a Contact, windows: &[Window], known: &'a [Vector]) -> Vec<Passage<'a>> {
    windows.iter().zip(known).map(|(window, vector)| Passage::new(window.text(contact), &vector.embedding)).collect()
}

/// The probabilities of each turn, from those of its windows; `None` where a turn has none.
fn of_turns<const N: usize>(
    turns: usize,
    windows: &[Window],
    of_window: impl Fn(usize) -> Option<[f32; N]>,
) -> Vec<Option<[f32; N]>> {
    let mut own: Vec<Vec<([f32; N], u32)>> = vec![Vec::new(); turns];
    for (place, window) in windows.iter().enumerate().filter(|(_, window)| window.turn != SUBJECT) {
        own[window.turn as usize].extend(of_window(place).map(|probabilities| (probabilities, window.chars())));
    }
    own.iter().map(|own| sentiment::mean(own)).collect()
}
