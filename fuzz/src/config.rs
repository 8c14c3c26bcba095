//! The options and the checked settings, without the reading of the configuration file.

#[path = "../../src/config/options.rs"]
pub mod options;
#[path = "../../src/config/settings.rs"]
pub mod settings;

pub use options::Options;
pub use settings::{Secret, Settings};
