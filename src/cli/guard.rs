//! A broken promise inside the program ends it as every other failure does: a line on stderr and exit code 2.
//!
//! What Rust prints at a panic may quote the text at hand, as when a string is cut inside a letter, and that text may be
//! a customer's. So the place alone is told; `RUST_BACKTRACE` asks for the rest.

use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use motif::Error;

/// File and line of the latest panic.
static PLACE: Mutex<String> = Mutex::new(String::new());

/// From here on a panic says nothing by itself.
pub(crate) fn start() {
    let usual = take_hook();
    set_hook(Box::new(move |panic| {
        remember(panic);
        if std::env::var_os("RUST_BACKTRACE").is_some() {
            usual(panic);
        }
    }));
}

fn remember(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(|place| format!("{}:{}", place.file(), place.line()));
    *PLACE.lock().unwrap_or_else(PoisonError::into_inner) = place.unwrap_or_default();
}

/// What `work` returns; [`Error::Bug`] with the place where it panicked.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    // Whatever was half done is dropped with the process.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let place = PLACE.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Err(Error::bug(place).into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_by_its_place_and_never_by_the_text_at_hand() {
        let usual = take_hook();
        set_hook(Box::new(remember));
        let words = "désolée, mon colis".to_owned();
        let cut = std::hint::black_box(2);
        let error = guarded(|| Ok(words[..cut].len())).unwrap_err().to_string();
        set_hook(usual);
        assert!(error.starts_with("internal error: ") && error.contains("guard.rs:"), "{error}");
        assert!(!error.contains("colis"), "{error}");
        assert_eq!(guarded(|| Ok(3)).unwrap(), 3);
    }
}
