//! What holds for every contact that a reader hands out, whatever it read: times, shares and confidences are numbers in
//! their range. Included by the property tests and by the fuzz targets.

use super::Contact;

/// Checks one contact.
///
/// # Panics
/// When a promise is broken.
pub(crate) fn check(contact: &Contact) {
    let is_share = |value: Option<f64>| value.is_none_or(|value| (0.0..=1.0).contains(&value));
    assert!(is_share(contact.speaker_confidence) && is_share(contact.handling.agent_talk_share));
    let handling = &contact.handling;
    for seconds in [handling.wait_s, handling.talk_s, handling.hold_s, handling.acw_s, handling.silence_s] {
        assert!(seconds.is_none_or(|seconds| seconds.is_finite() && seconds >= 0.0));
    }
    for turn in &contact.turns {
        assert!(is_share(turn.confidence));
        assert!(turn.start_s.is_none_or(|start| start.is_finite() && start >= 0.0));
        assert!(turn.end_s.is_none_or(|end| turn.start_s.is_none_or(|start| end >= start)));
    }
    let _ = contact.closed_at();
}
