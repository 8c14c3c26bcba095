//! `motif init`: a commented configuration with the shipped taxonomy and criteria beside it.

use anyhow::Result;
use motif::Error;
use motif::label::catalogue::{SHIPPED_CRITERIA, SHIPPED_TAXONOMY};

use super::arguments::InitArguments;
use super::{Outcome, print_json, say};

const CONFIGURATION: &str = include_str!("starting_motif.toml");

/// Writes the three files; never over existing ones without `--force`.
pub(crate) fn run(arguments: &InitArguments, quiet: bool) -> Result<Outcome> {
    let files =
        [("motif.toml", CONFIGURATION), ("taxonomy.toml", SHIPPED_TAXONOMY), ("criteria.toml", SHIPPED_CRITERIA)];
    let dir = &arguments.dir;
    std::fs::create_dir_all(dir).map_err(|e| Error::io("create", dir, e))?;
    let there: Vec<String> = files
        .iter()
        .map(|(name, _)| dir.join(name))
        .filter(|path| path.exists())
        .map(|path| path.display().to_string())
        .collect();
    if !there.is_empty() && !arguments.force {
        return Err(Error::usage(format!("already there: {}; add --force to replace", there.join(", "))).into());
    }
    for (name, text) in files {
        let path = dir.join(name);
        std::fs::write(&path, text).map_err(|e| Error::io("write", &path, e))?;
        say(quiet || arguments.json, &format!("wrote {}", path.display()));
    }
    if arguments.json {
        print_json(&files.map(|(name, _)| dir.join(name)))?;
    }
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use motif::config::Options;
    use motif::label::shipped;

    use super::*;

    /// Keys that have no default, so that their lines show examples; sections whose keys are the user's own end in a dot.
    const EXAMPLES: [&str; 13] = [
        "columns.",
        "faq.articles",
        "input.company_addresses",
        "input.customers",
        "input.default_channel",
        "input.paths",
        "model.sentiment",
        "model.sentiment_labels",
        "privacy.patterns.",
        "privacy.secret_file",
        "report.title",
        "values.channel.",
        "values.speaker.",
    ];

    /// The file with every line of TOML after `#` in effect, but for those that `is_left_out` names by their place.
    fn in_effect(mut is_left_out: impl FnMut(&str) -> bool) -> String {
        let (mut text, mut section) = (String::new(), String::new());
        for line in CONFIGURATION.lines() {
            let line = line.strip_prefix("# ").unwrap_or(line);
            if let Some((name, _)) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                name.clone_into(&mut section);
            } else {
                let Some((key, _)) = line.split_once(" = ") else { continue };
                let is_bare = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
                let is_quoted = key.starts_with('"') && key.ends_with('"');
                if !(is_bare || is_quoted) || is_left_out(&format!("{section}.{key}")) {
                    continue;
                }
            }
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    #[test]
    fn every_default_that_the_starting_configuration_shows_is_the_one_that_ships() {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let text = in_effect(|place| {
            let example =
                EXAMPLES.iter().find(|name| place == **name || (name.ends_with('.') && place.starts_with(**name)));
            seen.extend(example);
            example.is_some()
        });
        let mut shown: Options = toml::from_str(&text).unwrap();
        shown.values.retain(|_, values| !values.is_empty());
        let mut expected = Options::default();
        expected.taxonomy.reasons = Some("taxonomy.toml".to_owned());
        expected.taxonomy.criteria = Some("criteria.toml".to_owned());
        expected.label.reason_threshold = Some(shipped::REASON_THRESHOLD);
        expected.label.avoidable_threshold = Some(shipped::AVOIDABLE_THRESHOLD);
        expected.repeat.threshold = Some(shipped::REPEAT_THRESHOLD);
        expected.faq.article_threshold = Some(shipped::ARTICLE_THRESHOLD);
        assert_eq!(shown, expected);
        assert_eq!(seen.len(), EXAMPLES.len(), "an example is no longer there: {seen:?}");
    }

    #[test]
    fn every_line_of_the_starting_configuration_is_one_that_the_program_reads() {
        let shown: Options = toml::from_str(&in_effect(|_| false)).unwrap();
        assert_eq!(shown.columns.len(), 2);
        assert_eq!(shown.values.len(), 2);
        assert_eq!(shown.privacy.patterns.len(), 1);
        assert_eq!(shown.model.sentiment_labels.len(), 3);
    }
}
