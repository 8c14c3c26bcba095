//! How long work tells about itself: the library reports, the command line shows.

/// Receiver of progress. Every method may be called from any thread.
pub trait Progress: Send + Sync {
    /// A stage begins; `total` units when known.
    fn begin(&self, stage: Stage, total: Option<u64>);
    /// So many more units are done.
    fn advance(&self, units: u64);
    /// The stage is over.
    fn end(&self);
    /// Something the user should know, without customers' words.
    fn warn(&self, message: &str);
}

/// The stages of a run, as users see them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The model and the taxonomy are made ready.
    Prepare,
    /// Contacts are read, cleaned, encoded and labelled; the unit is the contact.
    Read,
    /// Contacts of other periods are taken up again; the unit is the contact.
    Keep,
    /// Repeat contacts are linked.
    Link,
    /// Tables are written; the unit is the contact.
    Write,
    /// KPIs are computed.
    Kpi,
    /// The report is made.
    Report,
}

/// Says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: Stage, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
    fn warn(&self, _: &str) {}
}
