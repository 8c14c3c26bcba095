//! Motif tells why customers contact a company, which contacts were avoidable, how customers felt, who came back and
//! what to fix first.
//!
//! The pipeline, in one line: [`source`] → [`contact::Contact`] → [`text`] → [`encode`] → [`label`] → [`repeat`] →
//! [`table`] → [`kpi`] → [`report`].

pub mod config;
pub mod contact;
pub mod cost;
pub mod embed;
pub mod encode;
pub mod error;
pub mod evaluate;
pub mod faq;
pub mod hub;
pub mod kpi;
pub mod label;
pub mod model;
pub mod pipeline;
mod positional;
pub mod progress;
pub mod repeat;
pub mod report;
pub mod source;
pub mod table;
pub mod text;
mod utc_micros;
mod vector;
mod whole;

pub use error::{Error, RecordError, Result};
