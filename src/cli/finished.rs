//! The output folder of a finished run, for the commands that read one.

use std::path::{Path, PathBuf};

use anyhow::Result;
use motif::Error;
use motif::config;

/// The named configuration, or the `motif.toml` of this folder.
pub(crate) fn sources(named: Option<&Path>) -> config::Sources {
    let default = PathBuf::from("motif.toml");
    config::Sources {
        config: named.map(Path::to_path_buf).or_else(|| default.exists().then_some(default)),
        ..config::Sources::default()
    }
}

/// The named folder, else the one to which the configuration writes.
pub(crate) fn folder(named: Option<&Path>, sources: &config::Sources) -> Result<PathBuf> {
    if let Some(folder) = named {
        return Ok(folder.to_path_buf());
    }
    let (settings, mut problems) = config::examine(sources)?;
    // What a run alone needs, such as the key of the pseudonyms, may be out of reach of those who read its output.
    problems.retain(|problem| problem.at.is_empty() || problem.at == "output" || problem.at.starts_with("output."));
    if problems.is_empty() { Ok(settings.output) } else { Err(Error::Config { problems }.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_named_folder_the_configured_one_is_meant() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("our.toml");
        let found = |text: &str, named: Option<&str>| {
            std::fs::write(&path, text).unwrap();
            folder(named.map(Path::new), &sources(Some(&path)))
        };
        assert_eq!(found("[output]\ndir = 'results'\n", None).unwrap(), place.path().join("results"));
        assert_eq!(found("[output]\ndir = 'results'\n", Some("other")).unwrap(), Path::new("other"));
        assert_eq!(found("", None).unwrap(), place.path().join("motif-output"));
        assert_eq!(folder(None, &config::Sources::default()).unwrap(), Path::new("motif-output"));
        // A key that only a run needs is no obstacle; a folder that cannot be told is one.
        let text = "[output]\ndir = 'results'\n[privacy]\nsecret_file = 'not-mine.key'\n";
        assert_eq!(found(text, None).unwrap(), place.path().join("results"));
        for broken in ["[output]\ndir = 3\n", "[output]\nfolder = 'results'\n", "[output\n"] {
            assert!(found(broken, None).is_err(), "{broken}");
        }
    }
}
