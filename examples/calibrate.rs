//! Fits the constants of `src/label/shipped.rs` on the development sets of `data/calibration`, and for emotions on the
//! lines that training held out, and prints them beside development figures.
//!
//! `cargo run --release --example calibrate -- --model DIR`; without `--model`, the bundled model. What is fitted is
//! judged out of fold (five folds, fixed shuffle): every figure printed as "held out" comes from coefficients that did
//! not see its rows. They stay development figures, since the features were chosen on the same rows.

use std::collections::BTreeMap;
use std::path::Path;

use motif::config::options::LabelOptions;
use motif::contact::{Contact, Provenance, Speaker, Turn};
use motif::encode::{Encoded, Vector, Vectors, Window};
use motif::evaluate;
use motif::evaluate::calibration::{expected_calibration_error, temperature};
use motif::evaluate::classification::{Classified, f1};
use motif::evaluate::faq::Questions;
use motif::evaluate::gold::{Columns, Field, Gold};
use motif::evaluate::interval::shuffled;
use motif::evaluate::ranking::{auc, average_precision};
use motif::evaluate::reading::Readings;
use motif::evaluate::reason;
use motif::evaluate::repeat::meanings;
use motif::evaluate::scope::ScopeBasis;
use motif::evaluate::turn::{Limits, TurnWindow, TurnWindows, turns};
use motif::faq::Match;
use motif::label::avoidability::{AvoidabilityModel, Clue, Verdict};
use motif::label::emotion::{self, EmotionHead, Emotions};
use motif::label::head::{FitOptions, Head};
use motif::label::reason::{ReasonModel, ReasonVerdict, Weighing};
use motif::label::taxonomy::{OTHER, UNCLEAR};
use motif::label::worded::{Passage, Teaching};
use motif::label::{Catalogue, Labeller, shipped};
use motif::model::{Encoder, EncoderOptions, ModelFiles, bundled};
use motif::{Error, Result};
use sha1::{Digest as _, Sha1};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

const FOLDS: usize = 5;

const MESSAGE_FIELDS: [Field; 5] = [
    Field::required(&["text"]),
    Field::required(&["reason"]),
    Field::optional(&["criterion"]),
    Field::optional(&["strict"]),
    Field::required(&["language"]),
];

const PAIR_FIELDS: [Field; 4] = [
    Field::required(&["text_a"]),
    Field::required(&["text_b"]),
    Field::required(&["same"]),
    Field::required(&["language"]),
];

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let files = match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => bundled::files()?,
        (Some("--model"), Some(folder)) => ModelFiles::open(folder)?,
        _ => return Err(Error::usage("usage: calibrate [--model DIR]")),
    };
    let mut vectors = Vectors::new(Encoder::load(&files, EncoderOptions::default())?, None)?;
    let catalogue = Catalogue::shipped()?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/calibration");
    let messages = Gold::read(&folder.join("messages.jsonl"), &Columns::default(), &MESSAGE_FIELDS)?;
    let pairs = Gold::read(&folder.join("repeat_pairs.jsonl"), &Columns::default(), &PAIR_FIELDS)?;
    let windows = turns(&messages.texts(0)?, Limits::default(), &mut vectors)?;
    print(&format!("model {}, kernel {}", vectors.encoder().model_hash(), vectors.encoder().kernel_class()));
    reasons(&messages, &windows, &catalogue, &mut vectors)?;
    let alone: Vec<Case<'_>> = messages
        .labels(1)?
        .into_iter()
        .zip(&windows)
        .map(|(reason, turn)| Case { reason, said: turn.windows.clone(), heard: Vec::new() })
        .collect();
    let labelled = labelled_contacts(&folder.join("contacts.jsonl"))?;
    let contacts = cases(&labelled, &mut vectors)?;
    outside(&alone, &contacts, &catalogue, &mut vectors)?;
    whole_contacts(&labelled, &contacts, &alone, &catalogue, &mut vectors)?;
    emotions(&labelled, &catalogue, &mut vectors)?;
    let mut judged: Vec<Judged<'_>> = (0..messages.len())
        .map(|row| {
            let is_strict = messages.flag(row, 3)?.unwrap_or(false);
            Ok(Judged { said: &windows[row].windows, is_strict, criterion: messages.value(row, 2) })
        })
        .collect::<Result<_>>()?;
    let whole = contacts.iter().zip(&labelled).map(|(contact, row)| Judged {
        said: &contact.said,
        is_strict: row.avoidable,
        criterion: row.criterion.as_deref(),
    });
    judged.extend(whole);
    avoidability(&judged, messages.len(), &catalogue, &mut vectors)?;
    repeats(&pairs, &catalogue, &mut vectors)?;
    descriptions(&messages, &catalogue, &mut vectors)?;
    articles(&folder, &catalogue, &mut vectors)
}

#[allow(clippy::print_stdout)] // Printing is what this program is for.
fn print(line: &str) {
    println!("{line}");
}

fn show(value: Option<f64>) -> String {
    value.map_or_else(|| "undefined".into(), |value| format!("{value:.3}"))
}

/// Reasons: accuracy by language, the temperature of a window's probabilities, the thresholds of `other` and `unclear`.
fn reasons(messages: &Gold, windows: &[TurnWindows], catalogue: &Catalogue, vectors: &mut Vectors) -> Result<()> {
    print("\n== reasons");
    let model = ReasonModel::learn(&catalogue.taxonomy, &catalogue.background, None, vectors)?;
    let gold = messages.labels(1)?;
    let mut rows = Vec::new();
    let mut calibration = Vec::new();
    for (row, turn) in windows.iter().enumerate() {
        let verdict = model.verdict(&turn.passages(), &[]);
        let mut order: Vec<usize> = (0..verdict.scores.len()).collect();
        order.sort_by(|&a, &b| verdict.scores[b].total_cmp(&verdict.scores[a]));
        let place = model.ids().iter().position(|id| id == gold[row]);
        let loudest = verdict.salience.iter().copied().fold(0.0, f32::max);
        rows.push((place, order, f64::from(verdict.scores.iter().copied().fold(0.0, f32::max)), f64::from(loudest)));
        if let (Some(place), [window]) = (place, turn.windows.as_slice()) {
            calibration.push((model.logits(&window.passage()), place));
        }
    }
    for language in ["fr", "en"] {
        let own: Vec<usize> =
            (0..rows.len()).filter(|&row| rows[row].0.is_some() && messages.value(row, 4) == Some(language)).collect();
        let within = |depth: usize| {
            let right = own.iter().filter(|&&row| rows[row].1[..depth].iter().any(|c| Some(*c) == rows[row].0)).count();
            right as f64 / own.len() as f64
        };
        let l1 = own.iter().filter(|&&row| rows[row].0.is_some_and(|c| model.group(c) == model.group(rows[row].1[0])));
        print(&format!(
            "{language}: forced choice {:.3}, in the first three {:.3}, first level {:.3} (n {})",
            within(1),
            within(3),
            l1.count() as f64 / own.len() as f64,
            own.len()
        ));
    }
    print(&format!("REASON_TEMPERATURE = {:.2}", temperature(&calibration)));
    let known: Vec<(f64, bool)> =
        rows.iter().filter_map(|(place, order, score, _)| Some((*score, order[0] == (*place)?))).collect();
    print(&format!("ece of the score: {}", show(expected_calibration_error(known.iter().copied()))));
    // The threshold that serves messages that say something and the few that do not alike: mean of both accuracies.
    let thin: Vec<f64> = (0..rows.len()).filter(|&row| gold[row] == UNCLEAR).map(|row| rows[row].3).collect();
    let inside: Vec<(f64, bool)> = (0..rows.len())
        .filter(|&row| rows[row].0.is_some())
        .map(|row| (rows[row].3, rows[row].0 == Some(rows[row].1[0])))
        .collect();
    print(&format!("SALIENCE_THRESHOLD: (accuracy of reasons after rejection, share of `{UNCLEAR}` rejected)"));
    for threshold in [0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7] {
        let kept = inside.iter().filter(|(value, right)| *right && *value >= threshold).count();
        let found = thin.iter().filter(|value| **value < threshold).count();
        print(&format!(
            "  {threshold:.2}: {:.3} {:.3}",
            kept as f64 / inside.len() as f64,
            found as f64 / thin.len() as f64
        ));
    }
    Ok(())
}

/// The place of the highest score.
fn likeliest(verdict: &ReasonVerdict) -> Option<usize> {
    let scores = &verdict.scores;
    (0..scores.len()).max_by(|a, b| scores[*a].total_cmp(&scores[*b]))
}

/// A contact judged by a classifier that some reasons were taken from.
struct Tried {
    fold: usize,
    belonging: [f64; 2],
    /// It is like the examples of `other`.
    is_other: bool,
    /// Its reason is one that was left.
    belongs: bool,
    /// The likeliest reason is its own.
    is_right: bool,
}

/// Share of contacts that belong to no reason for which the constant and the threshold of belonging are fitted.
const OUTSIDE: f64 = 0.1;

/// Contacts that belong to no reason: a fifth of the reasons is taken away, five times, so that the contacts with one of these
/// belong to none; then those that are labelled `other`, against all reasons.
fn outside(messages: &[Case<'_>], contacts: &[Case<'_>], catalogue: &Catalogue, vectors: &mut Vectors) -> Result<()> {
    print("\n== outside of the reasons");
    let all: Vec<&Case<'_>> = messages.iter().chain(contacts).filter(|case| case.reason != UNCLEAR).collect();
    let order = shuffled(catalogue.taxonomy.reasons.len());
    let mut rows = Vec::new();
    for fold in 0..FOLDS {
        let mut taxonomy = catalogue.taxonomy.clone();
        let mut places = order.iter().map(|place| place % FOLDS != fold);
        taxonomy.reasons.retain(|_| places.next().unwrap_or(true));
        let model = ReasonModel::learn(&taxonomy, &catalogue.background, Some(0.0), vectors)?;
        for case in &all {
            let verdict = case.verdict(&model);
            let belongs = model.ids().iter().any(|id| id == case.reason);
            let is_right = likeliest(&verdict).is_some_and(|place| model.ids()[place] == case.reason);
            let ReasonVerdict { belonging, is_other, .. } = verdict;
            rows.push(Tried { fold, belonging, is_other, belongs, is_right });
        }
    }
    let asked: Vec<&Tried> = rows.iter().filter(|row| !row.is_other).collect();
    let inside: Vec<bool> = asked.iter().map(|row| row.belongs).collect();
    for (place, name) in ["score", "position"].into_iter().enumerate() {
        let values: Vec<f64> = asked.iter().map(|row| row.belonging[place]).collect();
        print(&format!("{name} alone: auc {}", show(auc(&values, &inside))));
    }
    let fit = |rows: &[&Tried]| {
        let inputs: Vec<[f64; 2]> = rows.iter().map(|row| row.belonging).collect();
        let targets: Vec<bool> = rows.iter().map(|row| row.belongs).collect();
        let mut weights = logistic(&inputs, &targets);
        let belonging = targets.iter().filter(|is| **is).count() as f64;
        weights[0] += ((1.0 - OUTSIDE) / OUTSIDE).ln() - (belonging / (targets.len() as f64 - belonging)).ln();
        weights
    };
    // Each fold of reasons is judged by what the others taught.
    let mut held_out = vec![0.0; asked.len()];
    for fold in 0..FOLDS {
        let others: Vec<&Tried> = asked.iter().copied().filter(|row| row.fold != fold).collect();
        let weights = fit(&others);
        for (value, row) in held_out.iter_mut().zip(&asked).filter(|(_, row)| row.fold == fold) {
            *value = probability(score(&weights, &row.belonging));
        }
    }
    print(&format!("both, held out: auc {}, n {}", show(auc(&held_out, &inside)), inside.len()));
    let count = |belongs: bool| rows.iter().filter(|row| row.belongs == belongs).count() as f64;
    let alike = |belongs: bool| rows.iter().filter(|row| row.belongs == belongs && row.is_other).count() as f64;
    print(&format!(
        "like the examples of `other`: {:.3} of those that belong, {:.3} of those that do not",
        alike(true) / count(true),
        alike(false) / count(false)
    ));
    print("threshold: reasons right, `other` found; right of all where one in ten is `other`");
    for threshold in [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9] {
        let kept =
            asked.iter().zip(&held_out).filter(|(row, value)| row.is_right && **value >= threshold).count() as f64;
        let among = asked.iter().zip(&held_out).filter(|(row, value)| !row.belongs && **value < threshold).count();
        let (kept, found) = (kept / count(true), (among as f64 + alike(false)) / count(false));
        print(&format!("  {threshold:.2}: {kept:.3} {found:.3}; {:.3}", (1.0 - OUTSIDE) * kept + OUTSIDE * found));
    }
    let weights = fit(&asked);
    print(&format!("BELONGING_WEIGHTS = [{:.2}, {:.2}, {:.2}]", weights[0], weights[1], weights[2]));

    let model = ReasonModel::learn(&catalogue.taxonomy, &catalogue.background, None, vectors)?;
    let verdicts: Vec<ReasonVerdict> = all.iter().map(|case| case.verdict(&model)).collect();
    let other: Vec<_> = all.iter().zip(&verdicts).filter(|(case, _)| case.reason == OTHER).collect();
    let known: Vec<_> = all.iter().zip(&verdicts).filter(|(case, _)| case.reason != OTHER).collect();
    let said = |found: &[(&&Case<'_>, &ReasonVerdict)]| {
        found.iter().filter(|(_, verdict)| verdict.hits[0].id == OTHER).count() as f64 / found.len() as f64
    };
    print(&format!(
        "as shipped, `other` is said of {:.3} of {} labelled so, of {:.3} of {} with a reason",
        said(&other),
        other.len(),
        said(&known),
        known.len()
    ));
    Ok(())
}

/// A labelled contact of `contacts.jsonl`.
#[derive(serde::Deserialize)]
struct Labelled {
    turns: Vec<Said>,
    reason: String,
    avoidable: bool,
    criterion: Option<String>,
    sentiment: String,
}

impl Labelled {
    /// As a run sees it.
    fn encoded(&self) -> Encoded {
        let limits = Limits::default();
        let provenance = Provenance { file: String::new(), record: 1 };
        let mut contact = Contact::new("", chrono::DateTime::UNIX_EPOCH, provenance);
        contact.turns = self.turns.iter().map(|said| Turn::new(said.speaker, &said.text)).collect();
        Encoded::new(contact, limits.window_chars, limits.max_windows)
    }
}

fn labelled_contacts(path: &Path) -> Result<Vec<Labelled>> {
    let text = std::fs::read_to_string(path).map_err(|_| Error::usage("data/calibration/contacts.jsonl is missing"))?;
    text.lines()
        .map(serde_json::from_str)
        .collect::<std::result::Result<_, _>>()
        .map_err(|_| Error::usage("data/calibration/contacts.jsonl does not parse"))
}

#[derive(serde::Deserialize)]
struct Said {
    speaker: Speaker,
    text: String,
}

/// What is judged: a contact or a message, with the windows of the customer and of the agent.
struct Case<'a> {
    reason: &'a str,
    said: Vec<TurnWindow>,
    heard: Vec<TurnWindow>,
}

impl Case<'_> {
    fn verdict(&self, model: &ReasonModel) -> ReasonVerdict {
        model.verdict(&passages(&self.said), &passages(&self.heard))
    }
}

/// Windows as the classifiers take them.
fn passages(windows: &[TurnWindow]) -> Vec<Passage<'_>> {
    windows.iter().map(TurnWindow::passage).collect()
}

/// The cases of labelled contacts, encoded.
fn cases<'a>(rows: &'a [Labelled], vectors: &mut Vectors) -> Result<Vec<Case<'a>>> {
    let encoded: Vec<Encoded> = rows.iter().map(Labelled::encoded).collect();
    vectors.ensure_contacts(encoded.iter())?;
    let known = |contact: &Contact, windows: &[Window], vectors: Vec<Vector>| -> Vec<TurnWindow> {
        let known = windows.iter().zip(vectors).map(|(window, vector)| TurnWindow {
            text: window.text(contact).to_owned(),
            chars: window.chars(),
            vector,
        });
        known.collect()
    };
    rows.iter()
        .zip(&encoded)
        .map(|(row, encoded)| {
            let (said, heard) = vectors.of_contact(encoded)?;
            let Encoded { contact, windows, heard: heard_windows, .. } = encoded;
            Ok(Case {
                reason: &row.reason,
                said: known(contact, windows, said),
                heard: known(contact, heard_windows, heard),
            })
        })
        .collect()
}

/// Mean log loss and forced choice of the reasons that the taxonomy has.
fn judged(cases: &[&Case<'_>], model: &ReasonModel) -> (f64, f64) {
    let (mut loss, mut right, mut n) = (0.0, 0, 0);
    for case in cases {
        let Some(place) = model.ids().iter().position(|id| id == case.reason) else { continue };
        let verdict = case.verdict(model);
        let (top, scores) = (likeliest(&verdict), &verdict.scores);
        (loss, right, n) =
            (loss - f64::from(scores[place].max(1e-4)).ln(), right + u32::from(top == Some(place)), n + 1);
    }
    (loss / f64::from(n), f64::from(right) / f64::from(n))
}

/// Every weighing that is tried.
fn weighings() -> Vec<Weighing> {
    let mut all = Vec::new();
    for window_temperature in [0.67, 1.0, 1.4, 2.0] {
        for floor in [0.005, 0.01, 0.02, 0.05] {
            for agent_words in [0.0, 0.4, 0.7, 1.0] {
                let temperatures = [0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6];
                all.extend(temperatures.map(|temperature| Weighing {
                    window_temperature,
                    floor,
                    agent_words,
                    temperature,
                }));
            }
        }
    }
    all
}

/// Every way to teach that is tried: the penalty, and how much words count.
fn teachings() -> impl Iterator<Item = Teaching> {
    [20.0, 60.0].into_iter().flat_map(|c| [0.0, 0.5, 0.7, 1.0, 1.4].map(|words| Teaching { c, words }))
}

/// Whole contacts: how to weigh the agent's words and the evidence of many windows, on contacts and messages together;
/// then the verdicts on contacts as they ship.
fn whole_contacts(
    rows: &[Labelled],
    contacts: &[Case<'_>],
    messages: &[Case<'_>],
    catalogue: &Catalogue,
    vectors: &mut Vectors,
) -> Result<()> {
    print("\n== whole contacts");
    let all: Vec<&Case<'_>> = contacts.iter().chain(messages).collect();
    for teaching in teachings() {
        let model = ReasonModel::taught(&catalogue.taxonomy, &catalogue.background, None, teaching, vectors)?;
        let (loss, accuracy) = judged(&all, &model);
        let (_, on_contacts) = judged(&contacts.iter().collect::<Vec<_>>(), &model);
        print(&format!("{teaching:?}: log loss {loss:.3}, forced choice {accuracy:.3}, on contacts {on_contacts:.3}"));
    }
    let model = ReasonModel::learn(&catalogue.taxonomy, &catalogue.background, None, vectors)?;
    let show_weighing = |name: &str, weighing: Weighing| {
        let model = model.clone().with_weighing(weighing);
        let (own, all): (Vec<&Case<'_>>, Vec<&Case<'_>>) =
            (contacts.iter().collect(), contacts.iter().chain(messages).collect());
        let ((_, on_contacts), (loss, accuracy)) = (judged(&own, &model), judged(&all, &model));
        print(&format!(
            "{name}: log loss {loss:.3}, forced choice {accuracy:.3}, on contacts {on_contacts:.3}: {weighing:?}"
        ));
    };
    let mut tried: Vec<(f64, Weighing)> = weighings()
        .into_iter()
        .map(|weighing| (judged(&all, &model.clone().with_weighing(weighing)).0, weighing))
        .collect();
    tried.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (_, weighing) in &tried[..5] {
        show_weighing("among the best", *weighing);
    }
    show_weighing("as shipped", Weighing::default());

    let verdicts: Vec<ReasonVerdict> = contacts.iter().map(|case| case.verdict(&model)).collect();
    for threshold in [0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8] {
        let model = ReasonModel::learn(&catalogue.taxonomy, &catalogue.background, Some(threshold), vectors)?;
        let right = contacts.iter().filter(|case| case.verdict(&model).hits[0].id == case.reason).count();
        let share = right as f64 / contacts.len() as f64;
        print(&format!("`other` below {threshold:.2}: {share:.3} of {} right", contacts.len()));
    }
    let calibrated = contacts
        .iter()
        .zip(&verdicts)
        .map(|(case, verdict)| (verdict.hits[0].score, verdict.hits[0].id == case.reason));
    print(&format!("ece of the score: {}", show(expected_calibration_error(calibrated))));

    let model = AvoidabilityModel::learn(&catalogue.criteria, &catalogue.background, None, vectors)?;
    let avoidability: Vec<_> = contacts.iter().map(|case| model.verdict(&passages(&case.said))).collect();
    let scores: Vec<f64> = avoidability.iter().map(|verdict| verdict.probability).collect();
    let gold: Vec<bool> = rows.iter().map(|row| row.avoidable).collect();
    print(&format!("avoidable, as shipped: {}", binary_line(&scores, &gold, shipped::AVOIDABLE_THRESHOLD)));
    let best = best_threshold(&scores, &gold);
    print(&format!("best threshold by F1: {best:.2}: {}", binary_line(&scores, &gold, best)));
    let avoidable: Vec<_> = rows.iter().zip(&avoidability).filter(|(row, _)| row.avoidable).collect();
    let right = avoidable
        .iter()
        .filter(|(row, verdict)| {
            verdict.evidence.first().map(|found| model.id(found.criterion)) == row.criterion.as_deref()
        })
        .count();
    print(&format!("criterion right among avoidable contacts: {:.3}", right as f64 / avoidable.len() as f64));
    Ok(())
}

/// A line of `models/training/data/lines`; only some have texts.
#[derive(serde::Deserialize)]
struct Line {
    en: Option<String>,
    fr: Option<String>,
    text: Option<String>,
    emotion: Option<String>,
}

/// The labelled lines that the training of the bundled model held out: one in ten, by a hash of the first text, as
/// `models/training/corpora.py` draws them. Texts with the position of their emotion.
fn held_out_lines() -> Result<Vec<(String, usize)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/training/data/lines");
    let unreadable = || Error::usage("models/training/data/lines cannot be read");
    let mut paths = std::fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>())
        .map_err(|_| unreadable())?;
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        for line in std::fs::read_to_string(path).map_err(|_| unreadable())?.lines() {
            let line: Line = serde_json::from_str(line).map_err(|_| unreadable())?;
            let texts: Vec<String> = match (line.en, line.fr, line.text) {
                (Some(en), Some(fr), _) => vec![en, fr],
                (_, _, Some(text)) => vec![text],
                _ => continue,
            };
            let label = emotion::LABELS.iter().position(|label| Some(*label) == line.emotion.as_deref());
            if let Some(label) = label.filter(|_| bucket(&texts[0]).is_multiple_of(10)) {
                found.extend(texts.into_iter().map(|text| (text, label)));
            }
        }
    }
    Ok(found)
}

/// The number by which the training holds lines out; case, accents and punctuation do not matter.
fn bucket(text: &str) -> u32 {
    let plain: String = text.to_lowercase().nfd().filter(|c| !is_combining_mark(*c)).collect();
    let words: Vec<&str> = plain.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let digest = Sha1::digest(words.join(" "));
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

/// Emotions: the mean from which a contact has one. The held-out lines have labels of their own but are single turns, so
/// each is also put among one to three others that show nothing, as in a contact; whole contacts have no emotion labels,
/// and are judged by whether the emotion fits their sentiment.
fn emotions(rows: &[Labelled], catalogue: &Catalogue, vectors: &mut Vectors) -> Result<()> {
    print("\n== emotions");
    let Some(head) = EmotionHead::of(vectors.encoder()) else {
        print("the model has no emotion head");
        return Ok(());
    };
    let lines = held_out_lines()?;
    let texts: Vec<&str> = lines.iter().map(|(text, _)| text.as_str()).collect();
    let turns = turns(&texts, Limits::default(), vectors)?;
    const NOTHING: Emotions = [0.0, 0.0, 0.0, 0.0, 1.0];
    let felt: Vec<Emotions> =
        turns.iter().map(|turn| evaluate::emotion::felt(turn, &head).unwrap_or(NOTHING)).collect();
    let calm: Vec<usize> = shuffled(lines.len()).into_iter().filter(|&place| lines[place].1 == emotion::NONE).collect();
    let of_lines = |threshold: f64, others: usize| {
        let pairs = lines.iter().zip(&felt).enumerate().map(|(place, ((_, label), own))| {
            let around = (0..others).map(|other| felt[calm[(place * others + other) % calm.len()]]);
            let found = emotion::of_contact(&around.chain([*own]).collect::<Vec<_>>(), threshold);
            (emotion::LABELS[*label], found.map_or("none", |found| found.label_name()))
        });
        Classified::new(pairs).macro_f1().unwrap_or_default()
    };

    let encoded: Vec<Encoded> = rows.iter().map(Labelled::encoded).collect();
    vectors.ensure_contacts(encoded.iter())?;
    let labeller = Labeller::learn(
        catalogue.taxonomy.clone(),
        &catalogue.criteria,
        &catalogue.background,
        &LabelOptions::default(),
        &BTreeMap::new(),
        vectors,
    )?;
    let of_turns: Vec<Vec<Emotions>> = encoded
        .into_iter()
        .map(|encoded| Ok(labeller.label(encoded, vectors)?.0.turn_emotions.into_iter().flatten().collect()))
        .collect::<Result<_>>()?;
    let of_contacts = |threshold: f64| {
        let pairs = rows.iter().zip(&of_turns).map(|(row, turns)| {
            let found = emotion::of_contact(turns, threshold).map_or("none", |found| found.label_name());
            let polarity = match found {
                "satisfaction" => "positive",
                "dissatisfaction" | "frustration" => "negative",
                _ => "neutral",
            };
            (row.sentiment.as_str(), polarity)
        });
        Classified::new(pairs).macro_f1().unwrap_or_default()
    };
    print(&format!("macro-F1 on {} lines alone and among 1, 2, 3 others; on {} contacts", lines.len(), rows.len()));
    let (mut best, mut threshold) = ((0.0, 0.0), 0.1);
    while threshold < 0.61 {
        let among: Vec<f64> = (0..4).map(|others| of_lines(threshold, others)).collect();
        let whole = of_contacts(threshold);
        let both = (among.iter().sum::<f64>() / among.len() as f64 + whole) / 2.0;
        let among: Vec<String> = among.iter().map(|value| format!("{value:.3}")).collect();
        print(&format!("  {threshold:.3}: {}; {whole:.3}; mean of both {both:.3}", among.join(" ")));
        if both > best.0 {
            best = (both, threshold);
        }
        threshold += 0.025;
    }
    print(&format!("EMOTION_THRESHOLD = {:.3}", best.1));
    Ok(())
}

/// A message or a contact whose verdict is judged.
struct Judged<'a> {
    said: &'a [TurnWindow],
    is_strict: bool,
    criterion: Option<&'a str>,
}

/// Avoidability: coefficients of the clue of the strongest strict criterion, of messages and of whole contacts together. A contact has many
/// windows, one of which may look like evidence by chance, so that messages alone would trust each too much. The first `messages` of those that
/// are judged are messages.
fn avoidability(judged: &[Judged<'_>], messages: usize, catalogue: &Catalogue, vectors: &mut Vectors) -> Result<()> {
    print("\n== avoidability");
    let gold: Vec<bool> = judged.iter().map(|judged| judged.is_strict).collect();
    for teaching in teachings() {
        let model = AvoidabilityModel::taught(&catalogue.criteria, &catalogue.background, None, teaching, vectors)?;
        let verdicts: Vec<_> = judged.iter().map(|judged| model.verdict(&passages(judged.said))).collect();
        let scores: Vec<f64> = verdicts.iter().map(|verdict| verdict.probability).collect();
        let named = |verdict: &Verdict| verdict.evidence.first().map(|found| model.id(found.criterion).to_owned());
        let right =
            (0..gold.len()).filter(|&row| gold[row] && named(&verdicts[row]).as_deref() == judged[row].criterion);
        let right = right.count() as f64 / gold.iter().filter(|is| **is).count() as f64;
        print(&format!("{teaching:?}: auc {}, criterion right {right:.3}", show(auc(&scores, &gold))));
    }
    let model = AvoidabilityModel::learn(&catalogue.criteria, &catalogue.background, None, vectors)?;
    // Every strict clue of each; the strongest one is judged.
    let clues: Vec<Vec<(usize, Clue)>> = judged
        .iter()
        .map(|judged| {
            judged
                .said
                .iter()
                .flat_map(|window| model.clues(&window.passage()).into_iter().enumerate())
                .filter(|(criterion, _)| model.is_strict(*criterion))
                .collect()
        })
        .collect();
    let doubted = |clue: &Clue| {
        clue.cue.is_some()
            && shipped::AVOIDABLE_MEANING * (clue.meaning + shipped::AVOIDABLE_SHARE * clue.share)
                < -shipped::AVOIDABLE_DOUBT
    };
    let (mut with_cue, mut against) = (Vec::new(), Vec::new());
    for (clues, gold) in clues.iter().zip(&gold) {
        if clues.iter().any(|(_, clue)| clue.cue.is_some()) {
            with_cue.push(*gold);
        }
        if clues.iter().any(|(_, clue)| doubted(clue)) {
            against.push(*gold);
        }
    }
    let right = |gold: &[bool]| gold.iter().filter(|is| **is).count();
    print(&format!(
        "with a cue: {} of {} avoidable; with a cue that the meaning speaks against by AVOIDABLE_DOUBT: {} of {}",
        right(&with_cue),
        with_cue.len(),
        right(&against),
        against.len()
    ));
    let features = |clue: &Clue| [clue.meaning, clue.share, f64::from(u8::from(clue.cue.is_some()))];
    let strongest = |row: usize, weights: &[f64]| -> ([f64; 3], usize) {
        clues[row]
            .iter()
            .map(|(criterion, clue)| (features(clue), *criterion))
            .max_by(|a, b| score(weights, &a.0).total_cmp(&score(weights, &b.0)))
            .unwrap_or(([-10.0, -10.0, 0.0], 0))
    };
    let shipped = [
        shipped::AVOIDABLE_BIAS,
        shipped::AVOIDABLE_MEANING,
        shipped::AVOIDABLE_MEANING * shipped::AVOIDABLE_SHARE,
        shipped::AVOIDABLE_CUE,
    ];
    let fit = |rows: &[usize]| {
        let mut weights = shipped.to_vec();
        // The strongest clue depends on the weights, so they are fitted in turns.
        for _ in 0..6 {
            let inputs: Vec<[f64; 3]> = rows.iter().map(|&row| strongest(row, &weights).0).collect();
            let targets: Vec<bool> = rows.iter().map(|&row| gold[row]).collect();
            weights = logistic(&inputs, &targets);
        }
        weights
    };
    let with = |weights: &[f64], row: usize| probability(score(weights, &strongest(row, weights).0));
    let as_shipped: Vec<f64> = (0..gold.len()).map(|row| with(&shipped, row)).collect();
    print(&format!("as shipped: {}", binary_line(&as_shipped, &gold, shipped::AVOIDABLE_THRESHOLD)));
    let held_out = out_of_fold(gold.len(), fit, with);
    print(&format!("held out:   {}", binary_line(&held_out, &gold, 0.5)));
    for (name, part) in [("messages", 0..messages), ("contacts", messages..gold.len())] {
        print(&format!("  {name}, as shipped: {}", binary_line(&as_shipped[part.clone()], &gold[part.clone()], 0.5)));
        print(&format!("  {name}, held out:   {}", binary_line(&held_out[part.clone()], &gold[part], 0.5)));
    }
    let best = best_threshold(&held_out, &gold);
    print(&format!("best threshold by F1: {best:.2}: {}", binary_line(&held_out, &gold, best)));
    let all: Vec<usize> = (0..gold.len()).collect();
    let weights = fit(&all);
    let right =
        all.iter().filter(|&&row| gold[row] && judged[row].criterion == Some(model.id(strongest(row, &weights).1)));
    print(&format!(
        "criterion right among strict ones: {:.3}",
        right.count() as f64 / gold.iter().filter(|is| **is).count() as f64
    ));
    print(&format!(
        "AVOIDABLE_BIAS = {:.2}, AVOIDABLE_MEANING = {:.2}, AVOIDABLE_SHARE = {:.2}, AVOIDABLE_CUE = {:.2}",
        weights[0],
        weights[1],
        weights[2] / weights[1],
        weights[3]
    ));
    Ok(())
}

/// Repeats: weights of the features of a pair.
fn repeats(pairs: &Gold, catalogue: &Catalogue, vectors: &mut Vectors) -> Result<()> {
    print("\n== repeats");
    let model = ReasonModel::learn(&catalogue.taxonomy, &catalogue.background, None, vectors)?;
    let first = meanings(&pairs.texts(0)?, &model, Limits::default(), vectors)?;
    let second = meanings(&pairs.texts(1)?, &model, Limits::default(), vectors)?;
    let same = (0..pairs.len()).map(|row| Ok(pairs.flag(row, 2)?.unwrap_or(false))).collect::<Result<Vec<bool>>>()?;
    let inputs: Vec<[f64; 6]> = first
        .iter()
        .zip(&second)
        .map(|pair| match pair {
            (Some(a), Some(b)) => a.features(b),
            _ => [0.0; 6],
        })
        .collect();
    for (place, name) in ["whole", "telling", "reasons", "figure", "comes back", "resumes"].into_iter().enumerate() {
        let values: Vec<f64> = inputs.iter().map(|input| input[place]).collect();
        print(&format!("{name} alone: auc {}", show(auc(&values, &same))));
    }
    let as_shipped: Vec<f64> = inputs.iter().map(|input| probability(score(&shipped::REPEAT_WEIGHTS, input))).collect();
    print(&format!("as shipped: {}", binary_line(&as_shipped, &same, shipped::REPEAT_THRESHOLD)));
    let fit = |rows: &[usize]| {
        let known: Vec<[f64; 6]> = rows.iter().map(|&row| inputs[row]).collect();
        logistic(&known, &rows.iter().map(|&row| same[row]).collect::<Vec<_>>())
    };
    let held_out = out_of_fold(same.len(), fit, |weights, row| probability(score(weights, &inputs[row])));
    print(&format!("held out:   {}", binary_line(&held_out, &same, 0.5)));
    let best = best_threshold(&held_out, &same);
    print(&format!("best threshold by F1: {best:.2}: {}", binary_line(&held_out, &same, best)));
    let weights = fit(&(0..same.len()).collect::<Vec<_>>());
    print(&format!(
        "REPEAT_WEIGHTS = [{}]",
        weights.iter().map(|weight| format!("{weight:.2}")).collect::<Vec<_>>().join(", ")
    ));
    Ok(())
}

/// Reasons from names and descriptions alone: accuracy, and the coefficients of scope with a quarter of the reasons
/// taken away, four times.
fn descriptions(messages: &Gold, catalogue: &Catalogue, vectors: &mut Vectors) -> Result<()> {
    print("\n== reasons from names and descriptions");
    let gold = messages.labels(1)?;
    let texts = messages.texts(0)?;
    let reasons = &catalogue.taxonomy.reasons;
    let (mut inputs, mut inside) = (Vec::new(), Vec::new());
    for language in ["fr", "en"] {
        let rows: Vec<usize> = (0..gold.len())
            .filter(|&row| messages.value(row, 4) == Some(language) && gold[row] != OTHER && gold[row] != UNCLEAR)
            .collect();
        let own: Vec<&str> = rows.iter().map(|&row| texts[row]).collect();
        let readings = Readings::of(&own, vectors.encoder())?;
        for away in 0..=4usize {
            let (mut lines, mut labels) = (Vec::new(), Vec::new());
            for (_, reason) in reasons.iter().enumerate().filter(|(place, _)| away == 4 || place % 4 != away) {
                let (name, description) = match language {
                    "fr" => (&reason.name.fr, &reason.description.fr),
                    _ => (&reason.name.en, &reason.description.en),
                };
                for line in [format!("{name}. {description}"), description.clone(), name.clone()] {
                    lines.push(line);
                    labels.push(reason.id.as_str());
                }
            }
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let classifier = reason::learn(&lines, &labels, lines.len(), ScopeBasis::Descriptions, vectors.encoder())?;
            if away == 4 {
                let answers = classifier.answers(&own, &readings);
                let right =
                    rows.iter().zip(&answers).filter(|(row, answer)| classifier.labels()[answer.label] == gold[**row]);
                let accuracy = right.count() as f64 / rows.len() as f64;
                print(&format!("{language}: accuracy {accuracy:.3} among {} reasons", classifier.labels().len()));
                continue;
            }
            for (place, (row, text)) in rows.iter().zip(&own).enumerate() {
                if let Some(features) = classifier.scope_features(text, readings.get(place)) {
                    inputs.push(features);
                    inside.push(classifier.labels().iter().any(|label| label == gold[*row]));
                }
            }
        }
    }
    // Three quarters of the rows are in scope; both kinds shall count the same.
    let positives = inside.iter().filter(|is| **is).count() as f64;
    let weights = logistic(&inputs, &inside);
    let shift = (positives / (inside.len() as f64 - positives)).ln();
    let scores: Vec<f64> = inputs.iter().map(|input| probability(score(&weights, input) - shift)).collect();
    print(&format!("scope: auc {}", show(auc(&scores, &inside))));
    print(&format!("DESCRIPTION_SCOPE_WEIGHTS = [{:.2}, {:.2}, {:.2}]", weights[0] - shift, weights[1], weights[2]));
    Ok(())
}

/// Articles of a FAQ: how much the title counts in the similarity, and from where an article covers a question. The share
/// of questions that no article answers is the file's own, so the threshold is judged by the questions whose verdict is
/// right and by F1 alike.
fn articles(folder: &Path, catalogue: &Catalogue, vectors: &mut Vectors) -> Result<()> {
    print("\n== articles of a FAQ");
    let (gold, file) = (folder.join("faq_questions.csv"), folder.join("faq_articles.csv"));
    let none = Columns::default();
    let mut questions = Questions::read(&gold, &file, &none, catalogue, Limits::default(), vectors)?;
    let n = questions.gold.len();
    let answered = questions.gold.iter().flatten().count();
    print(&format!("{n} questions, of which an article answers {answered}"));
    let thresholds: Vec<f64> = (20..90).map(|step| f64::from(step) / 100.0).collect();
    let mut tried = Vec::new();
    for title_share in (0..=10).map(|tenths| f64::from(tenths) / 10.0) {
        questions.articles = questions.articles.with_title_share(title_share);
        let found = questions.nearest();
        let first = (0..n)
            .filter(|&row| questions.gold[row].is_some() && found[row].map(|it| it.article) == questions.gold[row]);
        let first = first.count() as f64 / answered as f64;
        tried.push((title_share, found));
        let (_, found) = &tried[tried.len() - 1];
        let rows: Vec<usize> = (0..n).collect();
        let figures = |threshold: f64| article_figures(&questions.gold, found, threshold, &rows);
        let best = |figure: fn((f64, f64)) -> f64| {
            let ranked = thresholds.iter().map(|threshold| (figure(figures(*threshold)), *threshold));
            ranked.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1))).unwrap_or_default()
        };
        let ((accuracy, at), (score, at_score)) = (best(|(accuracy, _)| accuracy), best(|(_, f1)| f1));
        print(&format!(
            "title share {title_share:.1}: nearest is right {first:.3}; accuracy {accuracy:.3} at {at:.2}; f1 {score:.3} at {at_score:.2}"
        ));
    }
    // Both constants from the other folds, each fold judged by them.
    let order = shuffled(n);
    let fit = |rows: &[usize]| {
        let all =
            tried.iter().flat_map(|(share, found)| thresholds.iter().map(move |threshold| (*share, found, *threshold)));
        let sum = |(_, found, threshold): (f64, &[Option<Match>], f64)| {
            let (accuracy, f1) = article_figures(&questions.gold, found, threshold, rows);
            accuracy + f1
        };
        let ranked = all.map(|(share, found, threshold)| (sum((share, found, threshold)), share, threshold));
        ranked.max_by(|a, b| a.0.total_cmp(&b.0)).map_or((0.0, 1.0), |(_, share, threshold)| (share, threshold))
    };
    let (mut accuracy, mut score) = (0.0, 0.0);
    for fold in 0..FOLDS {
        let (own, others): (Vec<usize>, Vec<usize>) = (0..n).partition(|place| place % FOLDS == fold);
        let rows = |places: &[usize]| places.iter().map(|&place| order[place]).collect::<Vec<_>>();
        let (share, threshold) = fit(&rows(&others));
        let found =
            tried.iter().find(|(tried, _)| *tried == share).map(|(_, found)| found.as_slice()).unwrap_or_default();
        let figures = article_figures(&questions.gold, found, threshold, &rows(&own));
        print(&format!(
            "fold {fold}: title share {share:.1}, threshold {threshold:.2}: accuracy {:.3}, f1 {:.3}",
            figures.0, figures.1
        ));
        (accuracy, score) = (accuracy + figures.0 / FOLDS as f64, score + figures.1 / FOLDS as f64);
    }
    print(&format!("held out: accuracy {accuracy:.3}, f1 {score:.3}"));
    let (share, threshold) = fit(&(0..n).collect::<Vec<_>>());
    print(&format!("TITLE_SHARE = {share:.2}, ARTICLE_THRESHOLD = {threshold:.2}"));
    Ok(())
}

/// Accuracy and F1 of the article that covers each question, over some rows.
fn article_figures(gold: &[Option<usize>], found: &[Option<Match>], threshold: f64, rows: &[usize]) -> (f64, f64) {
    let said = |row: usize| found[row].filter(|found| found.score >= threshold).map(|found| found.article);
    let count = |wanted: &dyn Fn(usize) -> bool| rows.iter().filter(|row| wanted(**row)).count() as u64;
    let right = count(&|row| said(row).is_some() && said(row) == gold[row]);
    let score = f1(right, count(&|row| said(row).is_some()), count(&|row| gold[row].is_some()));
    (count(&|row| said(row) == gold[row]) as f64 / rows.len() as f64, score.unwrap_or(0.0))
}

/// Logistic regression of two classes: constant, then one weight a feature.
fn logistic<const N: usize>(inputs: &[[f64; N]], targets: &[bool]) -> Vec<f64> {
    let rows: Vec<f32> = inputs.iter().flatten().map(|value| *value as f32).collect();
    let classes: Vec<usize> = targets.iter().map(|target| usize::from(*target)).collect();
    let options = FitOptions { c: 10.0, max_steps: 500, balanced: false, ..FitOptions::default() };
    let head = Head::fit(&rows, N, &classes, 2, options);
    let difference = |input: &[f32]| {
        let logits = head.logits(input);
        f64::from(logits[1] - logits[0])
    };
    let bias = difference(&[0.0; N]);
    let mut weights = vec![bias];
    for place in 0..N {
        let mut unit = [0.0; N];
        unit[place] = 1.0;
        weights.push(difference(&unit) - bias);
    }
    weights
}

fn score(weights: &[f64], features: &[f64]) -> f64 {
    weights[0] + weights[1..].iter().zip(features).map(|(weight, value)| weight * value).sum::<f64>()
}

fn probability(score: f64) -> f64 {
    motif::label::head::logistic(score)
}

/// The value of each row from a fit on the other folds.
fn out_of_fold(n: usize, fit: impl Fn(&[usize]) -> Vec<f64>, value: impl Fn(&[f64], usize) -> f64) -> Vec<f64> {
    let order = shuffled(n);
    let mut values = vec![0.0; n];
    for fold in 0..FOLDS {
        let (own, others): (Vec<usize>, Vec<usize>) = (0..n).partition(|place| place % FOLDS == fold);
        let fitted = fit(&others.iter().map(|&place| order[place]).collect::<Vec<_>>());
        for place in own {
            values[order[place]] = value(&fitted, order[place]);
        }
    }
    values
}

fn counts(values: &[f64], gold: &[bool], threshold: f64) -> (u64, u64, u64) {
    let said = |row: usize| values[row] >= threshold;
    let count = |wanted: &dyn Fn(usize) -> bool| (0..values.len()).filter(|&row| wanted(row)).count() as u64;
    (count(&|row| said(row) && gold[row]), count(&said), count(&|row| gold[row]))
}

fn binary_line(values: &[f64], gold: &[bool], threshold: f64) -> String {
    let (right, predicted, support) = counts(values, gold, threshold);
    let ece = expected_calibration_error(values.iter().copied().zip(gold.iter().copied()));
    format!(
        "auc {}, average precision {}, f1 {} (precision {:.3}, recall {:.3}), ece {}, n {}",
        show(auc(values, gold)),
        show(average_precision(values, gold)),
        show(f1(right, predicted, support)),
        right as f64 / predicted.max(1) as f64,
        right as f64 / support.max(1) as f64,
        show(ece),
        gold.len()
    )
}

fn best_threshold(values: &[f64], gold: &[bool]) -> f64 {
    (1..100)
        .map(|step| f64::from(step) / 100.0)
        .map(|threshold| {
            let (right, predicted, support) = counts(values, gold, threshold);
            (f1(right, predicted, support).unwrap_or(0.0), threshold)
        })
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or(0.5, |(_, threshold)| threshold)
}
