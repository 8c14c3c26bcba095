//! Values inside the JSON of platforms, whatever the spelling of their keys and types.
//!
//! The same export comes as `startTimeMs`, `StartTimeMs` or `start_time_ms`, depending on the client that wrote it, and
//! numbers come as strings. Keys are compared by their letters and digits alone, without case; names are given in that
//! form, best first.

use serde_json::{Map, Value};

use super::super::row::{self, Place};
use super::super::value::Cell;
use super::super::{json, value};

/// An object of the document.
pub(super) type Object = Map<String, Value>;

fn is_key(key: &str, name: &str) -> bool {
    key.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase()).eq(name.bytes())
}

/// The first of the names that has a value other than null.
pub(super) fn get<'a>(object: &'a Object, names: &[&str]) -> Option<&'a Value> {
    names
        .iter()
        .find_map(|name| object.iter().find(|(key, value)| is_key(key, name) && !value.is_null()))
        .map(|(_, value)| value)
}

/// The value at the end of a path of keys.
pub(super) fn at<'a>(object: &'a Object, path: &[&str]) -> Option<&'a Value> {
    let (last, inner) = path.split_last()?;
    let mut object = object;
    for name in inner {
        object = get(object, &[name])?.as_object()?;
    }
    get(object, &[last])
}

/// The object at one of the names.
pub(super) fn object<'a>(object: &'a Object, names: &[&str]) -> Option<&'a Object> {
    get(object, names)?.as_object()
}

/// The objects of an array; empty for anything else.
pub(super) fn objects<'a>(object: &'a Object, names: &[&str]) -> impl Iterator<Item = &'a Object> + use<'a> {
    names
        .iter()
        .find_map(|name| get(object, &[name])?.as_array())
        .map_or(&[] as &[Value], Vec::as_slice)
        .iter()
        .filter_map(Value::as_object)
}

/// Whether an array of objects stands at one of the names.
pub(super) fn has_objects(object: &Object, names: &[&str]) -> bool {
    objects(object, names).next().is_some()
}

/// A non-empty string, or a number as one.
pub(super) fn text(object: &Object, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| string(get(object, &[name])?))
}

/// A value as a non-empty string.
pub(super) fn string(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A finite number, also written as a string.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => value::number(text),
        _ => None,
    }
    .filter(|number| number.is_finite())
}

/// The number at one of the names.
pub(super) fn number_of(object: &Object, names: &[&str]) -> Option<f64> {
    names.iter().find_map(|name| number(get(object, &[name])?))
}

/// True or false, also written as a string.
pub(super) fn flag(object: &Object, names: &[&str]) -> Option<bool> {
    match get(object, names)? {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "oui" => Some(true),
            "false" | "0" | "no" | "non" => Some(false),
            _ => None,
        },
        Value::Number(number) => number.as_i64().map(|number| number != 0),
        _ => None,
    }
}

/// Seconds: a number of units, `"12.5s"`, `"PT12S"`, or an object with `seconds` and `nanos`, or `milliseconds`.
pub(super) fn seconds(value: &Value, unit: f64) -> Option<f64> {
    if let Value::Object(parts) = value {
        if let Some(milliseconds) = number_of(parts, &["milliseconds", "durationms", "offsetms", "totaltimemillis"]) {
            return in_range(milliseconds * 0.001);
        }
        let whole = number_of(parts, &["seconds"]).unwrap_or(0.0);
        return in_range(whole + number_of(parts, &["nanos"]).unwrap_or(0.0) * 1e-9);
    }
    value::seconds(&json::cell(value)?, unit)
}

/// The seconds at the first of the names that has a value; see [`seconds`].
pub(super) fn seconds_of(object: &Object, names: &[&str], unit: f64) -> Option<f64> {
    seconds(get(object, names)?, unit)
}

fn in_range(seconds: f64) -> Option<f64> {
    value::seconds(&Cell::Number(seconds), 1.0)
}

/// An instant in any spelling, epoch numbers included.
pub(super) fn instant(value: &Value, place: &Place<'_>) -> Option<chrono::DateTime<chrono::Utc>> {
    row::moment(&json::cell(value)?, place).map(|moment| moment.instant)
}

/// The instant at one of the names.
pub(super) fn instant_of(object: &Object, names: &[&str], place: &Place<'_>) -> Option<chrono::DateTime<chrono::Utc>> {
    names.iter().find_map(|name| instant(get(object, &[name])?, place))
}

/// The scalar at one of the names, as a cell.
pub(super) fn cell(object: &Object, names: &[&str]) -> Option<Cell> {
    names.iter().find_map(|name| json::cell(get(object, &[name])?))
}

/// The scalar at the end of a path of keys, as a cell.
pub(super) fn cell_at(object: &Object, path: &[&str]) -> Option<Cell> {
    json::cell(at(object, path)?)
}

/// Mean of the confidences of words, 0 to 1.
pub(super) fn mean<'a>(words: impl Iterator<Item = &'a Object>, names: &[&str]) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0u32);
    for word in words {
        if let Some(sure) = number_of(word, names).filter(|sure| (0.0..=1.0).contains(sure)) {
            sum += sure;
            count += 1;
        }
    }
    (count > 0).then(|| (sum / f64::from(count) * 1000.0).round() / 1000.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_match_in_any_spelling_and_numbers_may_be_strings() {
        let value = json!({"StartTimeMs": "1200", "end_time_ms": 1.5e3, "inner": {"Deep-Key": true}, "empty": null});
        let object = value.as_object().unwrap();
        assert_eq!(number_of(object, &["starttimems"]), Some(1200.0));
        assert_eq!(number_of(object, &["empty", "endtimems"]), Some(1500.0));
        assert_eq!(at(object, &["inner", "deepkey"]), Some(&Value::Bool(true)));
        assert_eq!(get(object, &["empty"]), None);
    }

    #[test]
    fn durations_of_protocol_buffers_are_seconds() {
        assert_eq!(seconds(&json!("12.500s"), 1.0), Some(12.5));
        assert_eq!(seconds(&json!({"seconds": "3", "nanos": 250_000_000}), 1.0), Some(3.25));
        assert_eq!(seconds(&json!({"milliseconds": 1500}), 1.0), Some(1.5));
        assert_eq!(seconds(&json!(-4), 1.0), None);
    }
}
