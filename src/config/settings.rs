//! Checked settings: what the stages receive. Defaults are filled, paths resolved, values checked once.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::options::Options;
use crate::contact::Channel;

/// Everything a run needs to know, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The options after `--set` and defaults.
    pub options: Options,
    /// Input files, folders or globs, resolved; what the user wrote stays in `options.input.paths`.
    pub inputs: Vec<PathBuf>,
    /// Output folder.
    pub output: PathBuf,
    /// Time zone of local times and of day borders.
    pub time_zone: Tz,
    /// Channel of contacts whose source does not tell.
    pub default_channel: Option<Channel>,
    /// Customer directory.
    pub customers: Option<PathBuf>,
    /// The company's articles; `None`: they are not compared.
    pub articles: Option<PathBuf>,
    /// Taxonomy file; `None`: the one that ships.
    pub reasons: Option<PathBuf>,
    /// Criteria file; `None`: the ones that ship.
    pub criteria: Option<PathBuf>,
    /// Secret of the customer pseudonyms, and whether it is the public default.
    pub secret: Secret,
    /// "Now", when the user sets it; otherwise the latest time in the data.
    pub as_of: Option<DateTime<Utc>>,
    /// SHA-256 of the resolved options, in hexadecimal. Paths, secret and thread count are not part of it.
    pub config_hash: String,
}

impl Settings {
    /// Settings of options without a configuration file: nothing to read yet, times in Paris, the taxonomy and criteria
    /// that ship, the public key of pseudonyms. The options are taken as they are, unchecked.
    pub fn of(options: Options) -> Self {
        Self {
            output: PathBuf::from(&options.output.dir),
            options,
            inputs: Vec::new(),
            time_zone: Tz::Europe__Paris,
            default_channel: None,
            customers: None,
            articles: None,
            reasons: None,
            criteria: None,
            secret: Secret::public(),
            as_of: None,
            config_hash: String::new(),
        }
    }
}

/// Secret of the customer pseudonyms. Its value never shows in debug output.
#[derive(Clone)]
pub struct Secret {
    /// Key of the HMAC.
    pub bytes: Vec<u8>,
    /// No secret was given: pseudonyms can be recomputed by anyone who has the identifiers.
    pub is_default: bool,
}

impl Secret {
    /// Key of the pseudonyms when the user holds none. Public, so pseudonyms made with it hide nothing from someone who
    /// has the identifiers.
    pub fn public() -> Self {
        Self { bytes: b"motif: no secret was configured".to_vec(), is_default: true }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secret").field("is_default", &self.is_default).finish_non_exhaustive()
    }
}
