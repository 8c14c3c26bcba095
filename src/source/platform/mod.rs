//! Exports of contact-centre platforms whose shape is not "one object, one contact, plain keys".

mod amazon;

use serde_json::{Map, Value};

use super::row::{Place, Row};

/// Whether an object is a document of a known platform.
pub(crate) fn knows(object: &Map<String, Value>) -> bool {
    amazon::knows(object)
}

/// The row of a platform document; `None` when the platform is unknown and the general rules apply.
pub(crate) fn row(record: u64, object: &Map<String, Value>, place: &Place<'_>) -> Option<Row> {
    amazon::row(record, object, place)
}
