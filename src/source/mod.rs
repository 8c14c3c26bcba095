//! Bytes to [`crate::contact::Contact`]: one reader per format, chosen by content.
