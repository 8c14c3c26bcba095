//! The program's own CPU kernels for the BERT family.

pub(crate) mod math;
