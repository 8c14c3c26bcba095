//! One text with places for values: `line {line#}: {expected:expected}` stands for every message of that form.

/// A text with places for values.
#[derive(Debug)]
pub(super) struct Template {
    pub(super) pieces: Vec<Piece>,
}

/// A part of a template.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Words that stand as they are.
    Text(String),
    /// A place for a value.
    Slot {
        /// By which the other language names it.
        name: String,
        /// What may stand there.
        kind: Kind,
    },
}

/// What may stand in a place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `{name}`: anything, carried over unchanged: a path, an identifier, what the user wrote.
    Any,
    /// `{name#}`: a number, carried over unchanged.
    Number,
    /// `{name~}`: anything without blanks, carried over unchanged: an address.
    Word,
    /// `{name:section}`: a phrase of that section, translated in its turn.
    Phrase(String),
    /// `{name:section?}`: such a phrase, or anything, carried over unchanged.
    PhraseOrAny(String),
}

impl Template {
    /// Reads the notation; `{{` and `}}` are braces of the text.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(notation: &str) -> Result<Self, String> {
        let (mut pieces, mut text) = (Vec::new(), String::new());
        let mut rest = notation;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            text.push_str(before);
            if from.starts_with("{{") || from.starts_with("}}") {
                text.push_str(&from[..1]);
                rest = &from[2..];
                continue;
            }
            let slot = from.strip_prefix('{').and_then(|inside| inside.split_once('}'));
            let (inside, after) = slot.ok_or_else(|| format!("a brace that does not close: {notation}"))?;
            if !text.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
            } else if !pieces.is_empty() {
                return Err(format!("two places side by side cannot be told apart: {notation}"));
            }
            pieces.push(slot_of(inside));
            rest = after;
        }
        text.push_str(rest);
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        Ok(Self { pieces })
    }

    /// Letters that are the template's own: the more, the surer a match.
    pub(super) fn weight(&self) -> usize {
        let own = |piece: &Piece| match piece {
            Piece::Text(text) => text.len(),
            Piece::Slot { .. } => 0,
        };
        self.pieces.iter().map(own).sum()
    }

    /// Whether it takes any end, and so may take in what another template would tell apart.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.pieces.last(), Some(Piece::Slot { kind: Kind::Any | Kind::PhraseOrAny(_), .. }))
    }

    /// The places, in order: name and what may stand there.
    pub(super) fn slots(&self) -> impl Iterator<Item = (&str, &Kind)> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Slot { name, kind } => Some((name.as_str(), kind)),
        })
    }

    /// The template's own words, `{}` for each place: what two notations of one form have in common.
    #[cfg(test)]
    pub(super) fn words(&self) -> String {
        self.fill(|_| "{}")
    }

    /// The values in `text`, in the order of the places; `fits` says what may stand in one. `None` when the text is
    /// not of this form, or can be read in two ways: a value may hold the template's own words.
    pub(super) fn values<'t>(&self, text: &'t str, fits: &dyn Fn(&Kind, &str) -> bool) -> Option<Vec<&'t str>> {
        let mut found = Vec::new();
        search(&self.pieces, text, fits, &mut Vec::new(), &mut found);
        let first = found.pop()?;
        found.is_empty().then_some(first)
    }

    /// The text with `value` in the places.
    pub(super) fn fill<'v>(&self, value: impl Fn(&str) -> &'v str) -> String {
        let part = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Slot { name, .. } => value(name).to_owned(),
        };
        self.pieces.iter().map(part).collect()
    }
}

fn slot_of(inside: &str) -> Piece {
    let (name, kind) = if let Some(name) = inside.strip_suffix('#') {
        (name, Kind::Number)
    } else if let Some(name) = inside.strip_suffix('~') {
        (name, Kind::Word)
    } else {
        match inside.split_once(':') {
            Some((name, section)) => match section.strip_suffix('?') {
                Some(section) => (name, Kind::PhraseOrAny(section.to_owned())),
                None => (name, Kind::Phrase(section.to_owned())),
            },
            None => (inside, Kind::Any),
        }
    };
    Piece::Slot { name: name.to_owned(), kind }
}

/// Every way to read `text`, until there are two.
fn search<'t>(
    pieces: &[Piece],
    text: &'t str,
    fits: &dyn Fn(&Kind, &str) -> bool,
    taken: &mut Vec<&'t str>,
    found: &mut Vec<Vec<&'t str>>,
) {
    match pieces {
        [] if text.is_empty() => found.push(taken.clone()),
        [] => {}
        [Piece::Text(own), rest @ ..] => {
            if let Some(text) = text.strip_prefix(own.as_str()) {
                search(rest, text, fits, taken, found);
            }
        }
        [Piece::Slot { kind, .. }, rest @ ..] => {
            let ends: Vec<usize> = match rest {
                // A place is followed by words, or by nothing.
                [Piece::Text(next), ..] => starts_of(next, text).collect(),
                _ => vec![text.len()],
            };
            for end in ends {
                let value = &text[..end];
                if found.len() < 2 && fits(kind, value) {
                    taken.push(value);
                    search(rest, &text[end..], fits, taken, found);
                    taken.pop();
                }
            }
        }
    }
}

/// Where `needle` starts in `text`, overlaps included.
fn starts_of(needle: &str, text: &str) -> impl Iterator<Item = usize> {
    text.char_indices().map(|(at, _)| at).filter(move |at| text[*at..].starts_with(needle))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values<'t>(notation: &str, text: &'t str) -> Option<Vec<&'t str>> {
        let fits = |kind: &Kind, value: &str| match kind {
            Kind::Number => value.parse::<u32>().is_ok(),
            Kind::Phrase(_) => value == "phrase",
            Kind::Word => !value.contains(' '),
            Kind::Any | Kind::PhraseOrAny(_) => true,
        };
        Template::parse(notation).unwrap().values(text, &fits)
    }

    #[test]
    fn the_whole_text_is_of_the_form_or_not_at_all() {
        assert_eq!(values("line {n#}: {what}", "line 12: a: b"), Some(vec!["12", "a: b"]));
        assert_eq!(values("line {n#}: {what}", "a line 12: b"), None);
        assert_eq!(values("line {n#}", "line twelve"), None);
        assert_eq!(values("write {{x}} or {y}", "write {x} or z"), Some(vec!["z"]));
        assert_eq!(values("no place", "no place"), Some(vec![]));
    }

    #[test]
    fn a_text_that_can_be_read_in_two_ways_is_not_of_the_form() {
        assert_eq!(values("no {a}; near {b}", "no x; near y"), Some(vec!["x", "y"]));
        assert_eq!(values("no {a}; near {b}", "no x; near y; near z"), None);
        assert_eq!(values("no {a~}: {b}", "no x: y: z"), Some(vec!["x", "y: z"]));
        assert_eq!(values("no {a}; near {b:phrase}", "no x; near y; near phrase"), Some(vec!["x; near y", "phrase"]));
    }

    #[test]
    fn broken_notation_is_refused() {
        assert!(Template::parse("a {b").is_err() && Template::parse("{a}{b}").is_err());
    }
}
