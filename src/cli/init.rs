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
