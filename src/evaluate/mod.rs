//! Labelled files to figures: how good the verdicts are on texts whose answer is known.
//!
//! `gold file + model → Evaluation`. Every figure comes with the number of rows it rests on and a 95 % interval, so
//! that nobody reads more into twenty rows than they hold. [`gold`] reads the files; [`classification`], [`ranking`],
//! [`calibration`], [`interval`] and [`corrected`] are the arithmetic; [`known`] tells which reasons and criteria a run has; [`reason`], [`sentiment`], [`emotion`], [`similarity`], [`repeat`], [`faq`], [`taxonomy`] and
//! [`run`] are the commands, each through the product's own code; [`sample`] draws the contacts to label.

pub mod calibration;
pub mod classification;
pub mod corrected;
pub mod emotion;
pub mod faq;
pub mod figures;
pub mod gold;
pub mod interval;
pub mod known;
pub mod nearest;
pub mod ranking;
pub mod reading;
pub mod reason;
pub mod repeat;
pub mod run;
pub mod run_tables;
pub mod sample;
pub mod scope;
pub mod sentiment;
pub mod similarity;
pub mod taxonomy;
pub mod turn;

pub use figures::{Evaluation, Figure};
pub use gold::Columns;
