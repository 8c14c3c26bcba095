//! Raw words to clean, redacted words.
