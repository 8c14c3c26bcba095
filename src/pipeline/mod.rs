//! The main job, from files to tables: the only place that knows the order of the stages.
//!
//! 1. [`intake`]: every record is read, cleaned, encoded, labelled and set aside on disk; rejects are kept.
//! 2. [`intake`] again: contacts of months that the inputs do not cover come back from the previous output.
//! 3. [`assemble`]: duplicates, times in the future, repeat links, episodes, FAQ candidates and articles; the tables are
//!    written.
//! 4. KPIs, `run.json`, the report; then the finished folder replaces the previous output.

pub mod assemble;
pub mod intake;
pub mod record;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::config::Settings;
use crate::encode::Vectors;
use crate::error::{Error, RecordError, Result};
use crate::faq::{ArticleIndex, Articles};
use crate::kpi;
use crate::label::{Catalogue, Labeller};
use crate::model::{Encoder, SequenceClassifier};
use crate::progress::{Progress, Stage};
use crate::report::ReportInput;
use crate::table::output::Output;
use crate::table::read_back;
use crate::text::Cleaner;

pub use record::{Figure, RunRecord, Summary};

/// What a run needs beside its settings.
pub struct Context<'a> {
    /// The model.
    pub encoder: Encoder,
    /// Name of the model, as the user chose it.
    pub model_name: String,
    /// Name and model of the classifier that the sentiment comes from; `None`: the encoder's own head.
    pub sentiment: Option<(String, SequenceClassifier)>,
    /// Receiver of progress.
    pub progress: &'a dyn Progress,
    /// Set to stop: the run ends at the next contact and leaves the previous output.
    pub stop: &'a AtomicBool,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("model_name", &self.model_name).finish_non_exhaustive()
    }
}

/// Runs the main job.
///
/// # Errors
/// Nothing to read, another run in the same output, a broken configuration, a full disk, or an interruption. Bad
/// records are no errors: they are counted in the summary.
pub fn run(settings: &Settings, context: Context<'_>) -> Result<Summary> {
    let progress = context.progress;
    progress.begin(Stage::Prepare, None);
    let catalogue = Catalogue::from_files(settings.reasons.as_deref(), settings.criteria.as_deref())?;
    let articles = settings.articles.as_deref().map(Articles::read).transpose()?;
    let files = crate::source::discover(settings)?;
    let output = Output::open(&settings.output)?;
    let staging = output.staging();
    std::fs::create_dir_all(&staging).map_err(|e| Error::io("create", &staging, e))?;
    let Context { encoder, model_name, sentiment, progress, stop } = context;
    let (sentiment_name, classifier) = sentiment.unzip();
    // Patterns take as long to compile as the labels to learn.
    let (learnt, cleaner) = std::thread::scope(|scope| {
        let cleaner = scope.spawn(|| Cleaner::new(settings));
        let learnt = || -> Result<_> {
            let mut vectors = Vectors::new(encoder, Some(&output.cache()))?;
            if let Some(classifier) = classifier {
                vectors = vectors.with_sentiment(classifier, Some(&output.cache()))?;
            }
            let labeller = Labeller::learn(
                catalogue.taxonomy.clone(),
                &catalogue.criteria,
                &catalogue.background,
                &settings.options.label,
                &settings.options.model.sentiment_labels,
                &mut vectors,
            )?;
            Ok((labeller, vectors))
        };
        (learnt(), cleaner.join())
    });
    let (labeller, mut vectors) = learnt?;
    let cleaner = cleaner.map_err(|_| Error::bug("the patterns of personal data could not be compiled"))??;
    let articles = articles
        .map(|articles| {
            let model = &settings.options.model;
            let (chars, windows) = (model.window_chars, model.max_windows_per_contact);
            ArticleIndex::encode(articles, chars, windows, settings.options.faq.article_threshold, &mut vectors)
        })
        .transpose()?;
    vectors.flush()?;
    progress.end();
    if settings.secret.is_default {
        progress.warn(&format!(
            "customer pseudonyms use the public default key; set ${} or [privacy] secret_file to make them yours",
            settings.options.privacy.secret_env
        ));
    }
    if labeller.sentiment().is_none() {
        progress.warn("this model has no sentiment head: sentiment stays unknown");
    }

    let stopper = || if stop.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) };
    let mut intake =
        intake::Intake::new(settings, &catalogue, cleaner, &labeller, &mut vectors, &staging, progress, &stopper)?;
    progress.begin(Stage::Read, None);
    intake.read_files(&files)?;
    progress.end();

    // A contact that is refused covers no month: the one of its wrong date stays as it was.
    intake.reject_future();
    let covered: BTreeSet<String> = intake.months();
    let before = read_back::months(output.dir());
    let kept: Vec<String> = before.iter().filter(|month| !covered.contains(*month)).cloned().collect();
    if !kept.is_empty() {
        progress.begin(Stage::Keep, None);
        intake.keep(output.dir(), &kept)?;
        progress.end();
    }
    for (month, before, now) in intake.shrunken(output.dir(), &covered)? {
        progress.warn(&format!("{month}: {before} contacts of the previous output are replaced by {now}"));
    }
    let (mut collected, spilled) = intake.finish()?;
    vectors.flush()?;
    if collected.kept_contacts > 0 {
        assemble::reject_future(settings, &mut collected, &before.into_iter().collect());
    }

    let model = record::ModelRecord {
        name: model_name,
        hash: vectors.encoder().model_hash().to_owned(),
        kernel: vectors.encoder().kernel_class().to_owned(),
        sentiment: sentiment_name.zip(vectors.classifier()).map(|(name, classifier)| record::SentimentRecord {
            name,
            hash: classifier.model_hash().to_owned(),
            kernel: classifier.kernel_class().to_owned(),
        }),
    };
    let assembled = assemble::assemble(
        settings,
        &catalogue,
        articles.as_ref(),
        &model.pairs(),
        collected,
        spilled,
        &staging,
        progress,
        &stopper,
    )?;
    stopper()?;

    progress.begin(Stage::Kpi, None);
    let sources = kpi::Sources::Folders(staging.clone());
    let survey = &settings.options.survey;
    // The report's figures that are no KPIs come from the same tables.
    let (table, of_contacts) = std::thread::scope(|scope| {
        let of_contacts = scope.spawn(|| ReportInput::from_contacts(&staging, survey.csat_satisfied_from));
        (kpi::compute(&sources, &kpi::KpiSettings::from(survey)), of_contacts.join())
    });
    let table = table?;
    let of_contacts = of_contacts.map_err(|_| Error::bug("the report's figures ended before their time"))??;
    assemble::write_kpi(&staging, &table.batch, &assembled.provenance)?;
    progress.end();
    stopper()?;

    progress.begin(Stage::Report, None);
    let record = RunRecord::new(settings, &catalogue, articles.as_ref(), model, &assembled, &table);
    write_json(&staging.join("run.json"), &record)?;
    write_rejects(&staging.join("rejects.jsonl"), &assembled.rejects)?;
    let html = crate::report::render(&of_contacts.with_run(&staging)?, &settings.options.report)?;
    let report = staging.join("report.html");
    std::fs::write(&report, html).map_err(|e| Error::io("write", &report, e))?;
    progress.end();
    stopper()?;
    output.commit()?;
    Ok(Summary::new(&assembled, &table, &catalogue, output.dir(), vectors.counts))
}

fn write_json(path: &std::path::Path, value: &impl serde::Serialize) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value).map_err(|_| Error::bug("run.json could not be written"))?;
    text.push('\n');
    std::fs::write(path, text).map_err(|e| Error::io("write", path, e))
}

/// Rejects, ordered by file and record.
fn write_rejects(path: &std::path::Path, rejects: &[RecordError]) -> Result<()> {
    let mut text = String::new();
    for reject in rejects {
        let line = serde_json::to_string(reject).map_err(|_| Error::bug("a reject could not be written"))?;
        text.push_str(&line);
        text.push('\n');
    }
    std::fs::write(path, text).map_err(|e| Error::io("write", path, e))
}

/// Counts how often each code occurs.
pub(crate) fn tally<'a>(codes: impl Iterator<Item = &'a str>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for code in codes {
        *counts.entry(code.to_owned()).or_insert(0) += 1;
    }
    counts
}
