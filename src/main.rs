//! The `motif` program.

fn main() {}
