//! Contacts of one customer about one issue: who came back, after how long, and the chains they form.
//!
//! `(Labelled, Meaning) → Link → Episode`. [`meaning`] says how likely two contacts are about the same issue from
//! their words, of which [`said`] keeps what the meaning does not; [`mod@link`] adds the customer, the time and e-mail threads; [`episode`] chains the links.

pub mod episode;
pub mod link;
pub mod marker;
pub mod meaning;
pub mod said;

pub use episode::{Episode, Outcome, chain};
pub use link::{Link, LinkType, Linked, link};
pub use marker::Markers;
pub use meaning::Meaning;
pub use said::Said;
