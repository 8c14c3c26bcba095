//! `motif evaluate`: quality on labelled data.

use anyhow::Result;
use motif::encode::Vectors;
use motif::evaluate::turn::Limits;
use motif::evaluate::{Columns, Evaluation, emotion, faq, reason, repeat, run, sentiment, similarity, taxonomy};
use motif::label::Catalogue;
use motif::label::taxonomy::Taxonomy;
use motif::report::Language;

use super::arguments::{EvaluateArguments, EvaluateCommon, EvaluateTask};
use super::{Outcome, french, print, print_json};

/// Measures and prints.
pub(crate) fn run(arguments: &EvaluateArguments, _quiet: bool) -> Result<Outcome> {
    let limits = Limits::default();
    let (evaluation, common) = match &arguments.task {
        EvaluateTask::Reason { train, test, gold, labels, common } => {
            let columns = columns(common)?;
            let encoder = super::models::load_chosen(&common.model)?;
            let evaluation = match (train, test, gold, labels) {
                (Some(train), Some(test), _, _) => reason::from_examples(train, test, &columns, &encoder)?,
                (_, _, Some(gold), Some(labels)) => reason::from_descriptions(gold, labels, &columns, &encoder)?,
                _ => {
                    return Err(motif::Error::usage(
                        "give --train and --test, or --gold and --labels; see `motif evaluate reason --help`",
                    )
                    .into());
                }
            };
            (evaluation, common)
        }
        EvaluateTask::Sentiment { gold, sentiment: chosen, common } => {
            super::models::check_labels(chosen.sentiment_model.as_deref(), !chosen.sentiment_labels.is_empty())?;
            let mut vectors = vectors(common)?;
            if let Some(name) = &chosen.sentiment_model {
                let (encoder, device) =
                    (super::models::name_of(&common.model), super::models::device_of(&common.model));
                if let Some(classifier) = super::models::load_classifier(name, encoder, device)? {
                    vectors = vectors.with_sentiment(classifier, None)?;
                }
            }
            let mapping = super::models::label_mapping(&chosen.sentiment_labels)?;
            (sentiment::evaluate(gold, &columns(common)?, limits, &mapping, &mut vectors)?, common)
        }
        EvaluateTask::Emotion { gold, common } => {
            (emotion::evaluate(gold, &columns(common)?, limits, &mut vectors(common)?)?, common)
        }
        EvaluateTask::Similarity { gold, common } => {
            (similarity::evaluate(gold, &columns(common)?, &mut vectors(common)?)?, common)
        }
        EvaluateTask::Repeat { gold, common } => {
            let catalogue = Catalogue::shipped()?;
            (repeat::evaluate(gold, &columns(common)?, &catalogue, limits, &mut vectors(common)?)?, common)
        }
        EvaluateTask::Faq { gold, articles, common } => {
            let catalogue = Catalogue::shipped()?;
            (faq::evaluate(gold, articles, &columns(common)?, &catalogue, limits, &mut vectors(common)?)?, common)
        }
        EvaluateTask::Taxonomy { gold, reasons, threshold, common } => {
            // The criteria have no say, and would ask for the owners of the shipped taxonomy.
            let Catalogue { mut taxonomy, background, .. } = Catalogue::shipped()?;
            if let Some(path) = reasons {
                taxonomy = Taxonomy::from_file(path)?;
            }
            let learnt = (&taxonomy, &background);
            let mut vectors = vectors(common)?;
            (taxonomy::evaluate(gold, &columns(common)?, learnt, *threshold, limits, &mut vectors)?, common)
        }
        EvaluateTask::Run { output, gold, common } => (run::evaluate(output, gold, &columns(common)?)?, common),
    };
    show(evaluation, common.json)
}

fn show(evaluation: Evaluation, is_json: bool) -> Result<Outcome> {
    if is_json {
        print_json(&evaluation)?;
    } else {
        print(&text_of(evaluation, french::language()))?;
    }
    Ok(Outcome::Done)
}

/// The figures for people.
fn text_of(mut evaluation: Evaluation, language: Language) -> String {
    if language == Language::French {
        evaluation.title = french::title(&evaluation.title).into_owned();
    }
    evaluation.to_text(language)
}

fn columns(common: &EvaluateCommon) -> Result<Columns> {
    Ok(Columns::parse(&common.columns.join(","))?)
}

/// The model with a cache in memory: an evaluation leaves nothing behind.
fn vectors(common: &EvaluateCommon) -> Result<Vectors> {
    Ok(Vectors::new(super::models::load_chosen(&common.model)?, None)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_evaluation_is_told_in_the_language_of_the_locale() {
        let told = |language| text_of(Evaluation::new("A finished run against gold labels"), language);
        assert!(
            told(Language::French).starts_with("Un traitement terminé, comparé à des contacts annotés\n\n  mesure")
        );
        assert!(told(Language::English).starts_with("A finished run against gold labels\n\n  figure"));
    }
}
