//! UTC times as whole microseconds, the resolution of every time that is stored.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// Writes the time as microseconds since 1970.
pub(crate) fn serialize<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(time.timestamp_micros())
}

/// Reads microseconds since 1970.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    let micros = i64::deserialize(deserializer)?;
    DateTime::from_timestamp_micros(micros).ok_or_else(|| D::Error::custom("time out of range"))
}

/// The same for times that may be unknown.
pub(crate) mod option {
    use super::*;

    /// Writes null or microseconds.
    pub(crate) fn serialize<S: Serializer>(time: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => serializer.serialize_some(&time.timestamp_micros()),
            None => serializer.serialize_none(),
        }
    }

    /// Reads null or microseconds.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
        Option::<i64>::deserialize(deserializer)?
            .map(|micros| DateTime::from_timestamp_micros(micros).ok_or_else(|| D::Error::custom("time out of range")))
            .transpose()
    }
}
