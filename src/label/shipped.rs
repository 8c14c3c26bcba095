//! The constants that ship: fitted once on the development messages, contacts and pairs of `data/calibration` with the bundled
//! model, by `cargo run --example calibrate`, and fixed since. None was chosen on a test set.

/// Inverse penalty of the reason classifier.
pub const REASON_C: f64 = 60.0;
/// Length of the words of a text beside its embedding of length 1, where reasons are learnt and read. On `data/calibration`, whose authors wrote the
/// examples too, 0.8 is best with 3 examples a reason and language, 1 with 5 to 8, 1.4 with 17; on the train part of Banking77, which others wrote,
/// 0.5 with 10 examples a label, and 0.5 to 1 alike with 30.
pub const REASON_WORDS: f32 = 0.85;
/// Temperature of its probabilities.
pub const REASON_TEMPERATURE: f32 = 1.0;
/// Probability of a reason in a window from which the window begins to be evidence for it.
pub const EVIDENCE_FLOOR: f32 = 0.005;
/// How much the agent's words count as evidence of the reason, the customer's being 1.
pub const AGENT_WORDS: f32 = 0.7;
/// Temperature of the softmax that turns evidence into the score of a reason.
pub const EVIDENCE_TEMPERATURE: f32 = 0.5;
/// A contact that tells less than this is judged as if it told this much.
pub const LEAST_TOLD: f32 = 0.3;
/// A contact is like those of another reason than the taxonomy's where one of its windows has this strength for them.
pub const OTHER_STRENGTH: f32 = 0.7;
/// Whether a contact belongs to its likeliest reason: constant, weight of the log-odds of the reason's score, weight of where the customer's
/// words lie. Fitted with a fifth of the reasons taken away, so that contacts with one of these belong to none; the constant is for one
/// such contact in ten.
pub const BELONGING_WEIGHTS: [f64; 3] = [1.16, 0.44, 0.67];
/// Below this probability of belonging to its likeliest reason, the reason of a contact is `other`. Where one contact in ten is outside, as many
/// verdicts are right from 0 to 0.75 (0.746 to 0.754 of them); above one half, most that are called `other` have a reason.
pub const REASON_THRESHOLD: f64 = 0.5;
/// A contact none of whose windows reaches this salience is `unclear`.
pub const SALIENCE_THRESHOLD: f64 = 0.6;
/// How much of the strength of the best stated reason is taken from a courtesy such as thanks.
pub const STATED_OVER_COURTESY: f32 = 2.0;
/// A second reason needs a window where it reaches this strength.
pub const SECOND_REASON_THRESHOLD: f64 = 0.4;

/// Inverse penalty of the criteria classifier.
pub const AVOIDABLE_C: f64 = 20.0;
/// The same where criteria are learnt and read.
pub const AVOIDABLE_WORDS: f32 = 0.7;
/// Constant of the avoidability score.
pub const AVOIDABLE_BIAS: f64 = 0.28;
/// Weight of nearness of meaning.
pub const AVOIDABLE_MEANING: f64 = 0.82;
/// Weight of the criterion's share among all criteria, inside the nearness of meaning.
pub const AVOIDABLE_SHARE: f64 = 2.72;
/// Weight of a cue.
pub const AVOIDABLE_CUE: f64 = 4.74;
/// How much of it nearness of meaning can take away: not enough to undo a cue at the threshold that ships.
pub const AVOIDABLE_DOUBT: f64 = 5.0;
/// Probability from which there is a verdict.
pub const AVOIDABLE_THRESHOLD: f64 = 0.5;
/// Criteria whose probabilities differ by less are of like strength.
pub const LIKE_STRENGTH: f64 = 0.1;

/// Repeat contacts: constant, weight of the cosine of the whole contacts, of the best cosine between their telling
/// windows, of the agreement of their reasons, of a common figure, of words of the later contact that come back, and
/// of weaker words that resume.
pub const REPEAT_WEIGHTS: [f64; 7] = [-3.63, 2.11, 2.11, 1.36, 0.93, 0.56, 0.87];
/// Probability from which two contacts of a customer are linked.
pub const REPEAT_THRESHOLD: f64 = 0.5;

/// Articles of a FAQ: how much the cosine of a question with the title counts in its similarity to an article, the highest
/// cosine with a passage making up the rest.
pub const TITLE_SHARE: f64 = 0.2;
/// Similarity from which an article covers a question.
pub const ARTICLE_THRESHOLD: f64 = 0.64;

/// Mean probability from which a contact has an emotion other than none. Fitted on the 6,959 lines that the training of the
/// bundled model held out, alone and among up to three turns without emotion, and on the sentiment of the contacts of
/// `data/calibration`; nothing that was fitted on holds contacts with emotion labels of their own.
pub const EMOTION_THRESHOLD: f64 = 0.225;

/// Inverse penalty of a classifier of texts learnt from a file of examples; the value that is customary for frozen
/// sentence encoders, and within half a point of the best on the training parts of Banking77, CLINC150 and HWU64.
pub const FEW_SHOT_C: f64 = 20.0;
/// Length of the words of a text beside its embedding of length 1, and what the name of a label counts beside one example of it;
/// both chosen on the training part of Banking77.
pub const WORDS_LENGTH: f32 = 0.5;
/// See [`WORDS_LENGTH`].
pub const NAME_WEIGHT: f64 = 3.0;
/// Length of the state of a text's first token beside its embedding of length 1; chosen on the training part of Banking77.
pub const FIRST_STATE_LENGTH: f32 = 0.5;
/// What the cosine of a label's likest example adds to its logit; chosen on the training part of Banking77.
pub const NEAREST_WEIGHT: f32 = 5.0;
/// Inverse penalty of a classifier learnt from names and descriptions; chosen on `data/calibration/messages.jsonl`.
pub const DESCRIPTION_C: f64 = 10.0;
/// Scope of a text, from examples: constant, weight of the confidence, weight of the position. Fitted on the training
/// and validation parts of CLINC150, and on the training parts of Banking77 and HWU64 and on DSTC11 with a quarter of
/// the labels held out, 8 to 20 examples a label, every set counting the same.
pub const SCOPE_WEIGHTS: [f64; 3] = [-2.71, 2.99, 1.65];
/// The same from names and descriptions, where the position is a cosine; fitted on `data/calibration/messages.jsonl`
/// with a quarter of the reasons held out.
pub const DESCRIPTION_SCOPE_WEIGHTS: [f64; 3] = [-6.39, 5.70, 8.80];
/// Below this probability a text is out of scope.
pub const SCOPE_THRESHOLD: f64 = 0.3;
