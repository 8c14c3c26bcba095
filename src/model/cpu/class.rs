//! Kernel classes by name, and which of them this processor has.

use super::super::encoder::KernelChoice;
use super::super::error::{ModelError, ModelResult};

/// An implementation of the encoder for a set of processor features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KernelClass {
    /// Single precision in plain Rust.
    Portable,
}

impl KernelClass {
    /// Every class, fastest first.
    const ALL: [Self; 1] = [Self::Portable];

    /// The name that goes into `run.json` and cache keys.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
        }
    }

    /// Whether this processor can run the class.
    pub(super) fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
        }
    }

    /// The class for a choice; `None` stands for the candle reference.
    pub(crate) fn choose(choice: KernelChoice) -> ModelResult<Option<Self>> {
        let wanted = match choice {
            KernelChoice::Reference => return Ok(None),
            KernelChoice::Auto => return Ok(Self::ALL.into_iter().find(|class| class.is_available())),
            KernelChoice::Portable => Self::Portable,
            _ => {
                return Err(Self::unavailable("that kernel class"));
            }
        };
        if wanted.is_available() { Ok(Some(wanted)) } else { Err(Self::unavailable(wanted.name())) }
    }

    fn unavailable(name: &str) -> ModelError {
        let available: Vec<&str> =
            Self::ALL.iter().filter(|class| class.is_available()).map(|class| class.name()).collect();
        ModelError::Unavailable { asked: format!("kernel `{name}`"), available: format!("reference, {}", available.join(", ")) }
    }
}
