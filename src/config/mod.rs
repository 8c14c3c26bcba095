//! Configuration: `motif.toml` as written ([`options`]) to checked settings ([`settings`]).

pub mod options;
pub mod read;
pub mod settings;

pub use options::Options;
pub use read::{Sources, examine, read};
pub use settings::{Secret, Settings};
