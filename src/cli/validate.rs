//! `motif validate`: all problems of the configuration, the taxonomy, the criteria, the articles and the customer directory
//! together, and what a run will look for and is not there yet.

use std::path::Path;

use anyhow::Result;
use motif::Error;
use motif::config::{self, Settings};
use motif::error::Problem;
use motif::faq::Articles;
use motif::label::Catalogue;
use motif::source::Customers;

use super::arguments::ConfigArguments;
use super::{Outcome, logging, print_json, say};

/// Checks; exit code 2 when there is a problem, since a run could not start.
pub(crate) fn run(arguments: &ConfigArguments, quiet: bool) -> Result<Outcome> {
    let (settings, mut problems) = config::examine(&super::run::sources(arguments))?;
    let catalogue = Catalogue::from_files(settings.reasons.as_deref(), settings.criteria.as_deref());
    let (reasons, criteria) = sound(catalogue, &mut problems)?
        .map_or((0, 0), |catalogue| (catalogue.taxonomy.reasons.len(), catalogue.criteria.criteria.len()));
    let articles = settings.articles.as_deref().filter(|path| path.exists()).map(Articles::read).transpose();
    let articles = sound(articles, &mut problems)?.flatten().map(|articles| articles.len());
    if settings.customers.as_deref().is_some_and(is_there) {
        sound(Customers::load(&settings), &mut problems)?;
    }
    let warnings = not_there(&settings);
    for message in &warnings {
        logging::warning(message);
    }
    if arguments.json {
        print_json(&serde_json::json!({
            "valid": problems.is_empty(), "problems": problems, "warnings": warnings, "reasons": reasons,
            "criteria": criteria, "articles": articles,
        }))?;
    }
    if problems.is_empty() {
        let message = match articles {
            None => format!("valid: {reasons} contact reasons, {criteria} avoidability criteria"),
            Some(articles) => {
                format!("valid: {reasons} contact reasons, {criteria} avoidability criteria, {articles} articles")
            }
        };
        say(quiet || arguments.json, &message);
        return Ok(Outcome::Done);
    }
    Err(Error::Config { problems }.into())
}

/// What was read; `None` when it has problems, which are added to `problems`.
fn sound<T>(read: motif::Result<T>, problems: &mut Vec<Problem>) -> Result<Option<T>> {
    match read {
        Ok(sound) => Ok(Some(sound)),
        Err(Error::Config { problems: found }) => {
            problems.extend(found);
            Ok(None)
        }
        Err(other) => Err(other.into()),
    }
}

/// Inputs, customer directory and articles that are not there: no problem of the configuration, which may be written first,
/// but a run could not start.
fn not_there(settings: &Settings) -> Vec<String> {
    let inputs = settings.inputs.iter().map(|path| ("input.paths", path));
    let customers = settings.customers.iter().map(|path| ("input.customers", path));
    let articles = settings.articles.iter().map(|path| ("faq.articles", path));
    inputs
        .chain(customers)
        .chain(articles)
        .filter(|(_, path)| !is_there(path))
        .map(|(key, path)| format!("{key}: {} is not there yet; `motif run` will look for it", path.display()))
        .collect()
}

/// A file, a folder, or a glob that something matches.
fn is_there(path: &Path) -> bool {
    path.exists() || glob::glob(&path.to_string_lossy()).is_ok_and(|mut found| found.any(|path| path.is_ok()))
}

#[cfg(test)]
mod tests {
    use motif::config::Options;

    use super::*;

    #[test]
    fn files_folders_and_globs_that_are_not_there_are_named_with_their_key() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("october.csv"), "").unwrap();
        std::fs::create_dir(folder.path().join("mails")).unwrap();
        let mut settings = Settings::of(Options::default());
        let place = |name: &str| folder.path().join(name);
        settings.inputs = ["october.csv", "mails", "*.csv", "november.csv", "*.mbox"].map(place).to_vec();
        settings.customers = Some(place("customers.csv"));
        settings.articles = Some(place("faq.csv"));
        let told: Vec<String> = not_there(&settings)
            .iter()
            .map(|message| message.replace(&format!("{}/", folder.path().display()), ""))
            .collect();
        assert_eq!(
            told,
            [
                "input.paths: november.csv is not there yet; `motif run` will look for it",
                "input.paths: *.mbox is not there yet; `motif run` will look for it",
                "input.customers: customers.csv is not there yet; `motif run` will look for it",
                "faq.articles: faq.csv is not there yet; `motif run` will look for it",
            ]
        );
    }
}
