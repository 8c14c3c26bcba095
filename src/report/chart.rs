//! Numbers to inline SVG. Colours and type come from the style sheet by class, so that print and screen agree.
//!
//! Every chart has a text alternative; its figures also stand in a table or label beside it. Coordinates are rounded to
//! a tenth so that the same figures give the same bytes.

use std::fmt::Write as _;

/// One bar of a Pareto chart.
#[derive(Debug, Clone, Default)]
pub(crate) struct ParetoBar {
    /// What the bar stands for.
    pub(crate) label: String,
    /// A second, quieter line.
    pub(crate) note: String,
    /// Figures printed at the end of the row.
    pub(crate) value: String,
    /// Height of the bar, as a share of the whole, 0 to 1.
    pub(crate) share: f64,
    /// Drawn in the colour of the lenient criteria.
    pub(crate) is_lenient: bool,
}

/// One point of a line through weeks.
#[derive(Debug, Clone, Default)]
pub(crate) struct WeekPoint {
    /// Label of the week.
    pub(crate) label: String,
    /// Value; a gap is drawn when unknown.
    pub(crate) value: Option<f64>,
    /// Interval around it.
    pub(crate) interval: Option<(f64, f64)>,
    /// Text of the value.
    pub(crate) text: String,
    /// Week and value, shown under the pointer.
    pub(crate) tip: String,
    /// The period does not cover the whole week, or the figure rests on few contacts: drawn hollow.
    pub(crate) is_weak: bool,
}

/// Where the vertical axis of a line starts and ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Axis {
    /// Lowest value.
    pub(crate) min: f64,
    /// Highest value.
    pub(crate) max: f64,
}

/// Escapes text for HTML and SVG, inside elements and attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Sizes of a Pareto chart for one width of screen.
struct ParetoShape {
    class: &'static str,
    width: f64,
    left: f64,
    right: f64,
    row: f64,
    bar_top: f64,
    label_chars: usize,
}

const WIDE: ParetoShape =
    ParetoShape { class: "wide", width: 960.0, left: 350.0, right: 200.0, row: 44.0, bar_top: 12.0, label_chars: 36 };
const NARROW: ParetoShape =
    ParetoShape { class: "narrow", width: 360.0, left: 2.0, right: 8.0, row: 62.0, bar_top: 36.0, label_chars: 40 };

/// Horizontal Pareto chart: bars, the cumulative line over them on the same scale, and the 80 % mark. Drawn twice, for
/// wide and for narrow screens; the style sheet shows one.
pub(crate) fn pareto(bars: &[ParetoBar], description: &str, ticks: &[String; 6]) -> String {
    [WIDE, NARROW].iter().map(|shape| pareto_shape(bars, description, ticks, shape)).collect()
}

fn pareto_shape(bars: &[ParetoBar], description: &str, ticks: &[String; 6], shape: &ParetoShape) -> String {
    let (top, bottom) = (8.0, 26.0);
    let plot = shape.width - shape.left - shape.right;
    let floor = top + shape.row * bars.len() as f64;
    let x = |share: f64| shape.left + plot * share.clamp(0.0, 1.0);
    let mut svg = open(&format!("pareto {}", shape.class), shape.width, floor + bottom, description);
    for (index, tick) in ticks.iter().enumerate() {
        let share = index as f64 / 5.0;
        let class = if index == 4 { "mark" } else { "grid" };
        line(&mut svg, class, x(share), top, x(share), floor);
        let anchor = match (index, shape.class) {
            (0, "narrow") => "start",
            (5, "narrow") => "end",
            _ => "middle",
        };
        text(&mut svg, "tick", x(share), floor + 17.0, anchor, tick);
    }
    // Words come last, so that the line never crosses them.
    let mut words = String::new();
    let mut cumulative = 0.0;
    let mut points = Vec::new();
    for (index, bar) in bars.iter().enumerate() {
        let y = top + shape.row * index as f64;
        let bar_y = y + shape.bar_top;
        let class = if bar.is_lenient { "fill lenient" } else { "fill" };
        let _ = write!(
            svg,
            r#"<rect class="{class}" x="{:.1}" y="{:.1}" width="{:.1}" height="20" rx="2"/>"#,
            x(0.0),
            bar_y,
            (x(bar.share) - x(0.0)).max(1.0)
        );
        let label = shorten(&bar.label, shape.label_chars);
        if shape.class == "wide" {
            let (first, second) = if bar.note.is_empty() { (bar_y + 14.0, 0.0) } else { (bar_y + 7.0, bar_y + 23.0) };
            text(&mut words, "label", shape.left - 14.0, first, "end", &label);
            if !bar.note.is_empty() {
                text(&mut words, "note", shape.left - 14.0, second, "end", &shorten(&bar.note, shape.label_chars + 8));
            }
            text(&mut words, "value", shape.width - shape.right + 22.0, bar_y + 14.0, "start", &bar.value);
        } else {
            text(&mut words, "label", shape.left, y + 14.0, "start", &label);
            text(&mut words, "note", shape.left, y + 30.0, "start", &bar.value);
        }
        cumulative += bar.share;
        points.push((x(cumulative), bar_y + 10.0));
    }
    if points.len() > 1 {
        polyline(&mut svg, "cumulative", &points);
        for (x, y) in points {
            circle(&mut svg, "cumulative-dot", x, y, 3.5);
        }
    }
    svg.push_str(&words);
    svg.push_str("</svg>");
    svg
}

/// A rate and its interval on a short track from 0 to `max`; decorative, as the figures stand beside it.
pub(crate) fn whisker(rate: Option<f64>, interval: Option<(f64, f64)>, max: f64) -> String {
    let (width, mid) = (108.0, 7.0);
    let x = |value: f64| 5.0 + (width - 10.0) * (value / max).clamp(0.0, 1.0);
    let mut svg = format!(
        r#"<svg class="whisker" viewBox="0 0 {width:.0} 14" preserveAspectRatio="xMinYMid" aria-hidden="true" focusable="false">"#
    );
    line(&mut svg, "track", x(0.0), mid, x(max), mid);
    if let Some((lo, hi)) = interval {
        line(&mut svg, "interval", x(lo), mid, x(hi), mid);
    }
    if let Some(rate) = rate {
        circle(&mut svg, "dot", x(rate), mid, 4.0);
    }
    svg.push_str("</svg>");
    svg
}

/// Shares of a whole as one stacked bar, each with its class; decorative.
pub(crate) fn stack(parts: &[(&str, f64)]) -> String {
    let mut svg = String::from(
        r#"<svg class="stack" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">"#,
    );
    let mut x = 0.0;
    for (class, share) in parts {
        let width = 100.0 * share;
        if width > 0.0 {
            let _ = write!(
                svg,
                r#"<rect class="{}" x="{x:.2}" y="0" width="{:.2}" height="10"/>"#,
                escape(class),
                (width - 0.4).max(0.2)
            );
        }
        x += width;
    }
    svg.push_str("</svg>");
    svg
}

/// A share of a largest value as one bar; decorative.
pub(crate) fn bar(share: f64) -> String {
    format!(
        r#"<svg class="stack" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect class="volume" x="0" y="0" width="{:.2}" height="10"/></svg>"#,
        100.0 * share.clamp(0.0, 1.0)
    )
}

/// One small panel: a line through weeks with the band of its intervals. `ticks` are values of the vertical axis with
/// their text, lowest first.
pub(crate) fn weeks(
    class: &str,
    points: &[WeekPoint],
    axis: Axis,
    ticks: &[(f64, String)],
    description: &str,
) -> String {
    let (width, height, left, right, top, bottom) = (440.0, 200.0, 52.0, 52.0, 16.0, 28.0);
    let step = (width - left - right) / (points.len().max(2) - 1) as f64;
    let x = |index: usize| left + step * index as f64;
    let y = |value: f64| {
        let share = (value - axis.min) / (axis.max - axis.min).max(f64::MIN_POSITIVE);
        height - bottom - (height - bottom - top) * share.clamp(0.0, 1.0)
    };
    let mut svg = open(&format!("weeks {class}"), width, height, description);
    for (value, label) in ticks {
        line(&mut svg, "grid", left, y(*value), width - right, y(*value));
        text(&mut svg, "tick", left - 8.0, y(*value) + 4.0, "end", label);
    }
    for index in shown_labels(points.len()) {
        text(&mut svg, "tick", x(index), height - 8.0, "middle", &points[index].label);
    }
    for run in known_runs(points) {
        let edge: Vec<(f64, f64, f64)> =
            run.clone().filter_map(|index| points[index].interval.map(|(lo, hi)| (x(index), y(lo), y(hi)))).collect();
        if edge.len() > 1 {
            let outline: Vec<(f64, f64)> =
                edge.iter().map(|(x, _, hi)| (*x, *hi)).chain(edge.iter().rev().map(|(x, lo, _)| (*x, *lo))).collect();
            let _ = write!(svg, r#"<polygon class="band" points="{}"/>"#, coordinates(&outline));
        }
        let path: Vec<(f64, f64)> =
            run.filter_map(|index| points[index].value.map(|value| (x(index), y(value)))).collect();
        if path.len() > 1 {
            polyline(&mut svg, "line", &path);
        }
    }
    for (index, point) in points.iter().enumerate() {
        if let Some(value) = point.value {
            let _ = write!(
                svg,
                r#"<circle class="{}" cx="{:.1}" cy="{:.1}" r="3.5"><title>{}</title></circle>"#,
                if point.is_weak { "dot weak" } else { "dot" },
                x(index),
                y(value),
                escape(&point.tip)
            );
        }
    }
    let solid = points.iter().enumerate().rev().find(|(_, point)| point.value.is_some() && !point.is_weak);
    if let Some((index, point)) = solid {
        let value = point.value.unwrap_or_default();
        // Beside the last week; above an earlier one, where the line goes on.
        let (dx, dy, anchor) = if index + 1 == points.len() { (9.0, 4.0, "start") } else { (0.0, -11.0, "middle") };
        text(&mut svg, "last", x(index) + dx, y(value) + dy, anchor, &point.text);
    }
    svg.push_str("</svg>");
    svg
}

/// Values for a vertical axis from 0 that holds `max`: three to five round steps.
pub(crate) fn round_steps(max: f64) -> Vec<f64> {
    if !(max > 0.0 && max.is_finite()) {
        return vec![0.0, 1.0];
    }
    let raw = max / 3.0;
    let magnitude = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|m| m * magnitude).find(|step| *step >= raw);
    let step = step.unwrap_or(10.0 * magnitude);
    (0..).map(|index| f64::from(index) * step).take_while(|value| *value < max + step).collect()
}

/// First, last and evenly spaced weeks between, six at most.
fn shown_labels(len: usize) -> Vec<usize> {
    let every = len.div_ceil(5).max(1);
    let mut shown: Vec<usize> = (0..len).step_by(every).collect();
    if let Some(last) = len.checked_sub(1)
        && shown.last() != Some(&last)
    {
        if shown.len() > 1 && shown.last().is_some_and(|previous| last - previous < every) {
            shown.pop();
        }
        shown.push(last);
    }
    shown
}

fn known_runs(points: &[WeekPoint]) -> Vec<std::ops::Range<usize>> {
    let mut runs = Vec::new();
    let mut start = 0;
    while start < points.len() {
        let length = points[start..].iter().take_while(|point| point.value.is_some()).count();
        if length > 0 {
            runs.push(start..start + length);
        }
        start += length + 1;
    }
    runs
}

fn open(class: &str, width: f64, height: f64, description: &str) -> String {
    format!(
        r#"<svg class="chart {}" viewBox="0 0 {width:.0} {height:.0}" role="img" aria-label="{}">"#,
        escape(class),
        escape(description)
    )
}

fn line(svg: &mut String, class: &str, x1: f64, y1: f64, x2: f64, y2: f64) {
    let _ = write!(svg, r#"<line class="{class}" x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}"/>"#);
}

fn circle(svg: &mut String, class: &str, x: f64, y: f64, radius: f64) {
    let _ = write!(svg, r#"<circle class="{class}" cx="{x:.1}" cy="{y:.1}" r="{radius:.1}"/>"#);
}

fn text(svg: &mut String, class: &str, x: f64, y: f64, anchor: &str, words: &str) {
    let words = escape(words);
    let _ = write!(svg, r#"<text class="{class}" x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{words}</text>"#);
}

fn polyline(svg: &mut String, class: &str, points: &[(f64, f64)]) {
    let _ = write!(svg, r#"<polyline class="{class}" points="{}"/>"#, coordinates(points));
}

fn coordinates(points: &[(f64, f64)]) -> String {
    points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ")
}

fn shorten(text: &str, chars: usize) -> String {
    if text.chars().count() <= chars {
        return text.to_string();
    }
    let kept: String = text.chars().take(chars - 1).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_cannot_leave_their_element() {
        let bars = [ParetoBar { label: "</text><script>".into(), share: 0.5, ..ParetoBar::default() }];
        let svg = pareto(&bars, "\"><script>", &Default::default());
        assert!(!svg.contains("<script>"), "{svg}");
        assert!(svg.contains("&lt;/text&gt;"));
    }

    #[test]
    fn the_cumulative_line_ends_at_the_whole() {
        let bar = |share| ParetoBar { label: "x".into(), share, ..ParetoBar::default() };
        let svg = pareto(&[bar(0.75), bar(0.25)], "", &Default::default());
        // Wide plot: from 350 to 760; the cumulative points stand at 75 % and 100 %.
        assert!(svg.contains("657.5,30.0 760.0,74.0"), "{svg}");
    }

    #[test]
    fn the_longest_label_has_room_beside_the_bars() {
        // "Confirmation ou document non reçu", in bold, took 9 units a character and lost its first letter.
        const UNITS_PER_CHARACTER: usize = 9;
        let svg =
            pareto(&[ParetoBar { label: "m".repeat(60), share: 1.0, ..ParetoBar::default() }], "", &Default::default());
        let label = svg.split_once("class=\"label\" x=\"").unwrap().1;
        let end: f64 = label.split_once('"').unwrap().0.parse().unwrap();
        let text = label.split_once('>').unwrap().1.split_once('<').unwrap().0;
        assert!((text.chars().count() * UNITS_PER_CHARACTER) as f64 <= end, "{text} ends at {end}");
    }

    #[test]
    fn unknown_weeks_break_the_line() {
        let point = |value| WeekPoint { value, ..WeekPoint::default() };
        let points = [point(Some(1.0)), point(Some(2.0)), point(None), point(Some(1.0)), point(Some(1.0))];
        assert_eq!(known_runs(&points), [0..2, 3..5]);
        let svg = weeks("volume", &points, Axis { min: 0.0, max: 2.0 }, &[], "");
        assert_eq!(svg.matches("<polyline").count(), 2);
    }

    #[test]
    fn axes_have_round_steps() {
        assert_eq!(round_steps(53.0), [0.0, 20.0, 40.0, 60.0]);
        assert_eq!(round_steps(0.61), [0.0, 0.25, 0.5, 0.75]);
        assert_eq!(round_steps(0.0), [0.0, 1.0]);
    }

    #[test]
    fn week_labels_never_crowd() {
        assert_eq!(shown_labels(0), Vec::<usize>::new());
        assert_eq!(shown_labels(3), [0, 1, 2]);
        assert_eq!(shown_labels(11), [0, 3, 6, 10]);
        assert!((0..200).all(|len| shown_labels(len).len() <= 6));
    }
}
