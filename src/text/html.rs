//! HTML bodies to plain text, laid out as the mail programs would have written it: one line per block, quoted blocks
//! prefixed with `> `, signature containers opened by `-- `.
//!
//! It is one pass over the markup with a bounded stack and no tree: mail HTML is often broken, sometimes hostile
//! (100,000 nested tags), and the answer must come in linear time. Entities are decoded by `mail-parser`'s table. The
//! markers (`> `, `-- `, the underscore rule of Outlook) are what [`mod@super::zones`] looks for in plain text, so both
//! kinds of body take the same road afterwards.

use std::borrow::Cow;

use mail_parser::decoders::html::add_html_token;

/// Deepest nesting followed; tags below it keep their text and lose their layout.
const MAX_DEPTH: usize = 256;
/// The rule that Outlook writes above the header of the message answered to, in plain text.
pub(super) const OUTLOOK_RULE: &str = "________________________________";

/// Plain text of an HTML document or fragment.
///
/// Blocks become lines and paragraphs are followed by a blank line; `<br>` ends a line; list items start with `- ` or
/// their number; links keep their text; comments, styles, scripts, the title and hidden elements are dropped; quoted
/// blocks are prefixed with one `> ` per level. Never fails: unclosed and misplaced tags are read as browsers do.
pub fn html_to_text(html: &str) -> String {
    let mut renderer = Renderer::new(html.len());
    let mut rest = html;
    while !rest.is_empty() {
        let Some(at) = rest.find('<') else {
            renderer.text(rest);
            break;
        };
        renderer.text(&rest[..at]);
        rest = renderer.markup(&rest[at..]);
    }
    renderer.finish()
}

/// A text without markup whose entities are characters: `re&ccedil;u` and `re&#231;u` are `reçu`. What is no entity stays,
/// `R&D` and `a & b;` among it.
pub fn decode_entities(text: &str) -> Cow<'_, str> {
    if !text.contains('&') || !text.contains(';') {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let after = &rest[at..];
        let Some(entity) = entity(after) else {
            decoded.push_str(&rest[..=at]);
            rest = &after[1..];
            continue;
        };
        decoded.push_str(&rest[..at]);
        let mut character = String::new();
        add_html_token(&mut character, entity.as_bytes(), false);
        // A space that must not break is a space; an unknown name stays as it is written.
        decoded.push_str(if character == "\u{a0}" { " " } else { &character });
        rest = &after[entity.len()..];
    }
    decoded.push_str(rest);
    if decoded == text { Cow::Borrowed(text) } else { Cow::Owned(decoded) }
}

/// The entity that a text starts with.
fn entity(text: &str) -> Option<&str> {
    let end = text.as_bytes().iter().take(34).position(|&byte| byte == b';')?;
    let name = text.get(1..end)?;
    let is_number = name.strip_prefix('#').is_some_and(|number| !number.is_empty());
    let is_one = (is_number || name.len() > 1) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'#');
    is_one.then(|| &text[..=end])
}

/// What an element does to the layout of its content.
#[derive(Clone, Copy, Default)]
struct Effects {
    quote: bool,
    hidden: bool,
    pre: bool,
    paragraph: bool,
}

struct Open {
    name: Name,
    effects: Effects,
    /// Number of the next item of an ordered list; `None` in other elements.
    next_item: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    Div,
    Paragraph,
    Heading,
    Blockquote,
    Pre,
    List,
    Item,
    Table,
    Row,
    Cell,
    Inline,
}

impl Name {
    fn of(tag: &str) -> Option<Self> {
        Some(match tag {
            "p" => Self::Paragraph,
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => Self::Heading,
            "blockquote" => Self::Blockquote,
            "pre" | "listing" | "xmp" | "plaintext" => Self::Pre,
            "ul" | "ol" | "dl" | "menu" | "dir" => Self::List,
            "li" | "dt" | "dd" => Self::Item,
            "table" => Self::Table,
            "tr" | "caption" => Self::Row,
            "td" | "th" => Self::Cell,
            "div" | "section" | "article" | "header" | "footer" | "main" | "aside" | "nav" | "address" | "center"
            | "fieldset" | "form" | "figure" | "figcaption" | "details" | "summary" | "body" => Self::Div,
            "span" | "a" | "font" | "small" | "label" => Self::Inline,
            _ => return None,
        })
    }

    /// Whether looking for the element that an end tag closes stops here.
    fn stops(self, wanted: Self) -> bool {
        match wanted {
            Self::Inline => self != Self::Inline,
            Self::Paragraph | Self::Heading => !matches!(self, Self::Inline),
            Self::Item => matches!(self, Self::List | Self::Table | Self::Cell | Self::Blockquote),
            Self::Row | Self::Cell => self == Self::Table,
            Self::Table => false,
            _ => matches!(self, Self::Table | Self::Cell),
        }
    }
}

struct Renderer {
    out: String,
    stack: Vec<Open>,
    /// Elements opened beyond [`MAX_DEPTH`], whose end tags are to be ignored.
    beyond: usize,
    quotes: usize,
    hidden: usize,
    pre: usize,
    /// Whether something was written on the current line.
    in_line: bool,
    /// A collapsed space waits for the next word.
    space: bool,
    /// No `-->` lies ahead: looked for once, so that many unclosed comments stay linear.
    no_comment_end: bool,
    /// No `>` lies ahead.
    no_tag_end: bool,
}

impl Renderer {
    fn new(capacity: usize) -> Self {
        Self {
            out: String::with_capacity(capacity / 4),
            stack: Vec::new(),
            beyond: 0,
            quotes: 0,
            hidden: 0,
            pre: 0,
            in_line: false,
            space: false,
            no_comment_end: false,
            no_tag_end: false,
        }
    }

    /// Consumes the tag, comment or stray `<` that `rest` starts with, and returns what follows.
    fn markup<'a>(&mut self, rest: &'a str) -> &'a str {
        let bytes = rest.as_bytes();
        let stray = &rest[1..];
        match bytes.get(1) {
            Some(b'!') if rest.starts_with("<!--") && !self.no_comment_end => match rest[4..].find("-->") {
                Some(end) => return &rest[4 + end + 3..],
                // An unclosed comment hides only its own opening: nothing of the message is lost.
                None => self.no_comment_end = true,
            },
            Some(b'!' | b'?') if !self.no_tag_end => match rest.find('>') {
                Some(end) => return &rest[end + 1..],
                None => self.no_tag_end = true,
            },
            Some(b'/') if bytes.get(2).is_some_and(u8::is_ascii_alphabetic) && !self.no_tag_end => {
                if let Some(tag) = Tag::read(&rest[2..]) {
                    self.end(&tag.name);
                    return &rest[2 + tag.len..];
                }
                self.no_tag_end = true;
            }
            Some(first) if first.is_ascii_alphabetic() && !self.no_tag_end => {
                if let Some(tag) = Tag::read(stray) {
                    let after = &stray[tag.len..];
                    if matches!(tag.name.as_str(), "style" | "script" | "title" | "template" | "noscript" | "svg") {
                        return after_end_tag(after, &tag.name);
                    }
                    self.start(&tag);
                    return after;
                }
                self.no_tag_end = true;
            }
            _ => {}
        }
        self.text("<");
        stray
    }

    fn start(&mut self, tag: &Tag) {
        match tag.name.as_str() {
            "br" => return self.line_break(),
            "hr" => return self.block(),
            "img" | "input" | "meta" | "link" | "base" | "wbr" | "col" | "area" | "source" | "html" | "head" => return,
            _ => {}
        }
        let Some(name) = Name::of(&tag.name) else { return };
        let mut effects = Effects {
            hidden: tag.is_hidden(),
            pre: name == Name::Pre,
            paragraph: (name == Name::Paragraph && !tag.has_no_margin())
                || matches!(name, Name::Heading | Name::Blockquote | Name::Table | Name::List | Name::Pre),
            quote: name == Name::Blockquote || tag.is_quote_container(),
        };
        if name == Name::Inline && !effects.hidden && !effects.quote {
            return;
        }
        // Opening tags that close their unclosed elder, as browsers do.
        match name {
            Name::Item | Name::Row | Name::Cell => self.end_named(name),
            _ => {}
        }
        if matches!(self.stack.last(), Some(open) if open.name == Name::Paragraph) && name != Name::Inline {
            self.pop();
        }
        match name {
            Name::Inline => {}
            Name::Cell => self.space = self.space || self.in_line,
            _ if effects.paragraph => self.paragraph(),
            _ => self.block(),
        }
        if self.stack.len() >= MAX_DEPTH {
            self.beyond += 1;
            return;
        }
        if effects.quote && self.quotes > 20 {
            effects.quote = false;
        }
        self.quotes += usize::from(effects.quote);
        self.hidden += usize::from(effects.hidden);
        self.pre += usize::from(effects.pre);
        let bullet = (name == Name::Item && matches!(tag.name.as_str(), "li")).then(|| self.bullet());
        self.stack.push(Open { name, effects, next_item: (tag.name == "ol").then_some(1) });
        if let Some(bullet) = bullet {
            self.write(&bullet);
        } else if tag.opens_signature() {
            self.mark("--", "-- ");
        } else if tag.opens_answered_message() {
            self.mark(OUTLOOK_RULE, OUTLOOK_RULE);
        }
    }

    fn end(&mut self, tag: &str) {
        if tag == "br" {
            return self.line_break();
        }
        let Some(name) = Name::of(tag) else { return };
        if name == Name::Inline && !self.stack.last().is_some_and(|open| open.name == Name::Inline) {
            return;
        }
        if self.beyond > 0 {
            self.beyond -= 1;
            if name != Name::Inline {
                self.block();
            }
            return;
        }
        self.end_named(name);
    }

    fn end_named(&mut self, name: Name) {
        for depth in (0..self.stack.len()).rev() {
            let open = self.stack[depth].name;
            if open == name {
                while self.stack.len() > depth {
                    self.pop();
                }
                return;
            }
            if open.stops(name) {
                return;
            }
        }
    }

    fn pop(&mut self) {
        let Some(open) = self.stack.pop() else { return };
        match open.name {
            Name::Inline => {}
            Name::Cell => self.space = self.space || self.in_line,
            _ if open.effects.paragraph => self.paragraph(),
            _ => self.block(),
        }
        self.quotes -= usize::from(open.effects.quote);
        self.hidden -= usize::from(open.effects.hidden);
        self.pre -= usize::from(open.effects.pre);
    }

    fn bullet(&mut self) -> String {
        let list = self.stack.iter_mut().rev().find(|open| open.name == Name::List);
        match list.and_then(|open| open.next_item.as_mut()) {
            Some(number) => {
                let bullet = format!("{number}. ");
                *number = number.saturating_add(1);
                bullet
            }
            None => "- ".to_owned(),
        }
    }

    /// Ends the current line, even when nothing is on it.
    fn line_break(&mut self) {
        if self.hidden > 0 {
            return;
        }
        self.space = false;
        self.in_line = false;
        self.out.push('\n');
    }

    /// Starts a new line unless one was just started.
    fn block(&mut self) {
        if self.in_line {
            self.line_break();
        }
        self.space = false;
    }

    /// Starts a new line after a blank one.
    fn paragraph(&mut self) {
        self.block();
        if self.hidden == 0 && !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// Writes a marker on a line of its own, unless the line before already is one.
    fn mark(&mut self, bare: &str, marker: &str) {
        if self.hidden > 0 {
            return;
        }
        let last = self.out.trim_end().rsplit('\n').next().unwrap_or_default();
        if last.trim_start_matches(['>', ' ']).trim_end() != bare {
            self.block();
            self.write(marker);
            self.line_break();
        }
    }

    /// Writes characters as they are, opening the line with its quote prefix.
    fn write(&mut self, text: &str) {
        if self.hidden > 0 || text.is_empty() {
            return;
        }
        if !self.in_line {
            for _ in 0..self.quotes {
                self.out.push_str("> ");
            }
            self.in_line = true;
        }
        self.out.push_str(text);
    }

    /// Writes text with its entities decoded and its white space collapsed.
    fn text(&mut self, mut text: &str) {
        while let Some(at) = text.find('&') {
            self.plain(&text[..at]);
            let after = &text[at..];
            let end = after.as_bytes().iter().take(34).position(|&byte| byte == b';');
            match end.map(|end| &after[..=end]) {
                Some(entity) if entity[1..entity.len() - 1].bytes().all(|b| b.is_ascii_alphanumeric() || b == b'#') => {
                    let mut decoded = String::new();
                    add_html_token(&mut decoded, entity.as_bytes(), false);
                    self.character(&decoded);
                    text = &after[entity.len()..];
                }
                _ => {
                    self.plain("&");
                    text = &after[1..];
                }
            }
        }
        self.plain(text);
    }

    /// Writes a decoded entity. A no-break space is layout here: it becomes a space that is not collapsed.
    fn character(&mut self, decoded: &str) {
        if decoded == "\u{a0}" {
            if self.space && self.in_line {
                self.out.push(' ');
            }
            self.space = false;
            self.write(" ");
        } else {
            self.plain(decoded);
        }
    }

    fn plain(&mut self, text: &str) {
        if self.hidden > 0 || text.is_empty() {
            return;
        }
        if self.pre > 0 {
            for (index, line) in text.split('\n').enumerate() {
                if index > 0 {
                    self.line_break();
                }
                self.write(line.trim_end_matches('\r'));
            }
            return;
        }
        let is_space = |c: char| matches!(c, ' ' | '\n' | '\r' | '\t' | '\x0c');
        if text.starts_with(is_space) {
            self.space = self.in_line;
        }
        let mut first = true;
        for word in text.split(is_space).filter(|word| !word.is_empty()) {
            if (!first || self.space) && self.in_line {
                self.out.push(' ');
            }
            self.write(word);
            self.space = false;
            first = false;
        }
        if !first && text.ends_with(is_space) {
            self.space = true;
        }
    }

    /// Trims the ends of lines and keeps at most one blank line in a row.
    fn finish(self) -> String {
        let mut text = String::with_capacity(self.out.len());
        let mut blank_lines = 0;
        for line in self.out.split('\n') {
            // The signature delimiter keeps its final space (RFC 3676 section 4.3).
            let line = if line.ends_with("-- ") { line } else { line.trim_end() };
            if line.is_empty() {
                blank_lines += 1;
                continue;
            }
            // Some programs write the delimiter inside the container that already stands for it.
            if line.trim_start_matches(['>', ' ']) == "--" && text.ends_with("-- ") {
                continue;
            }
            if !text.is_empty() {
                text.push_str(if blank_lines > 0 { "\n\n" } else { "\n" });
            }
            blank_lines = 0;
            text.push_str(line);
        }
        text
    }
}

/// A start or end tag: its lower-case name and the attributes that matter.
struct Tag {
    name: String,
    class: String,
    id: String,
    style: String,
    is_hidden: bool,
    /// Bytes from the name to the closing `>`, included.
    len: usize,
}

impl Tag {
    /// Reads a tag from its name on. A `>` between quotes does not end it, unless the quote is never closed.
    /// `None` when the text ends before the tag does.
    fn read(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let name_len =
            bytes.iter().position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b':' | b'-'))).unwrap_or(bytes.len());
        let mut tag = Self {
            name: text[..name_len].to_ascii_lowercase(),
            class: String::new(),
            id: String::new(),
            style: String::new(),
            is_hidden: false,
            len: 0,
        };
        let mut at = name_len;
        while at < bytes.len() {
            match bytes[at] {
                b'>' => {
                    tag.len = at + 1;
                    return Some(tag);
                }
                b if b.is_ascii_alphabetic() => at = tag.attribute(text, at),
                _ => at += 1,
            }
        }
        None
    }

    /// Reads one attribute at `start` and returns where it ends.
    fn attribute(&mut self, text: &str, start: usize) -> usize {
        let bytes = text.as_bytes();
        let skip = |from: usize, wanted: fn(u8) -> bool| {
            bytes[from..].iter().position(|&b| !wanted(b)).map_or(bytes.len(), |n| from + n)
        };
        let name_end = skip(start, |b| !matches!(b, b'=' | b'>' | b'/') && !b.is_ascii_whitespace());
        let equals = skip(name_end, |b| b.is_ascii_whitespace());
        let name = &text[start..name_end];
        if bytes.get(equals) != Some(&b'=') {
            self.is_hidden |= name.eq_ignore_ascii_case("hidden");
            return name_end;
        }
        let value_start = skip(equals + 1, |b| b.is_ascii_whitespace());
        let (value, end) = match bytes.get(value_start) {
            Some(&quote @ (b'"' | b'\'')) => {
                let from = value_start + 1;
                // Attribute values of mail are short; a quote not closed within reach is taken as a typing error.
                let reach = &bytes[from..bytes.len().min(from + 8192)];
                match reach.iter().position(|&b| b == quote) {
                    Some(len) => (from..from + len, from + len + 1),
                    None => (from..from, from),
                }
            }
            _ => {
                let end = skip(value_start, |b| b != b'>' && !b.is_ascii_whitespace());
                (value_start..end, end)
            }
        };
        // The borders are ASCII bytes, so the slice falls on character borders; `get` spares the proof.
        let value = text.get(value).unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "class" => self.class = value.to_ascii_lowercase(),
            "id" => self.id = value.to_ascii_lowercase(),
            "style" => self.style = value.to_ascii_lowercase().replace(' ', ""),
            _ => {}
        }
        end
    }

    /// Preheaders and tracking text that no reader sees.
    fn is_hidden(&self) -> bool {
        self.is_hidden || self.style.contains("display:none") || self.style.contains("mso-hide:all")
    }

    /// Outlook writes one paragraph per line, without margin.
    fn has_no_margin(&self) -> bool {
        self.class.contains("msonormal")
            || self.class.contains("msoplaintext")
            || self.style.contains("margin:0")
            || self.style.contains("margin-bottom:0")
    }

    /// Containers that hold the answered message and nothing of the new one.
    fn is_quote_container(&self) -> bool {
        const CLASSES: [&str; 4] = ["yahoo_quoted", "protonmail_quote", "tutanota_quote", "zmail_extra"];
        self.class.split_ascii_whitespace().any(|class| CLASSES.contains(&class.trim_start_matches("x_")))
    }

    fn opens_signature(&self) -> bool {
        const CLASSES: [&str; 4] =
            ["gmail_signature", "moz-signature", "protonmail_signature_block", "tutanota_signature"];
        const IDS: [&str; 4] =
            ["signature", "ms-outlook-mobile-signature", "applemailsignature", "ymail_android_signature"];
        self.class.split_ascii_whitespace().any(|class| CLASSES.contains(&class.trim_start_matches("x_")))
            || IDS.contains(&self.id.trim_start_matches("x_"))
    }

    /// Outlook's block of `From:`, `Sent:`… that everything after belongs to.
    fn opens_answered_message(&self) -> bool {
        matches!(self.id.trim_start_matches("x_"), "divrplyfwdmsg" | "mail-editor-reference-message-container")
    }
}

/// What follows the end tag of a raw-text element; the rest of the document belongs to it when there is none.
fn after_end_tag<'a>(text: &'a str, name: &str) -> &'a str {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(at) = text[from..].find("</").map(|n| from + n) {
        let end = at + 2 + name.len();
        if bytes.get(at + 2..end).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes())) {
            return text[end..].find('>').map_or("", |close| &text[end + close + 1..]);
        }
        from = at + 2;
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_become_lines_and_entities_are_decoded() {
        let html = "<html><head><title>x</title><style>p{}</style></head><body><p>Bonjour,</p>\n<div>O&ugrave; est ma <b>com</b>mande&nbsp;?<br>Merci &amp; bonne journ&#233;e</div></body></html>";
        assert_eq!(html_to_text(html), "Bonjour,\n\nOù est ma commande ?\nMerci & bonne journée");
    }

    #[test]
    fn outlook_paragraphs_are_single_lines() {
        let html = "<p class=MsoNormal>Bonjour,<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p><p class=\"MsoNormal\">Merci</p>";
        assert_eq!(html_to_text(html), "Bonjour,\n\nMerci");
    }

    #[test]
    fn quoted_blocks_are_prefixed_at_their_level() {
        let html = "<div>Oui</div><div class=\"gmail_quote\"><div class=gmail_attr>Le lun. a écrit :<br></div><blockquote>Un<blockquote>Deux</blockquote>Trois</blockquote></div>";
        assert_eq!(html_to_text(html), "Oui\nLe lun. a écrit :\n\n> Un\n\n> > Deux\n\n> Trois");
    }

    #[test]
    fn lists_and_tables_keep_their_order() {
        let html = "<ol><li>un<li>deux</ol><ul><li>a</li></ul><table><tr><td>Commande</td><td>12</td></tr><tr><td>Total<td>3</table>";
        assert_eq!(html_to_text(html), "1. un\n2. deux\n\n- a\n\nCommande 12\nTotal 3");
    }

    #[test]
    fn hidden_text_scripts_and_comments_are_dropped() {
        let html = "<div style=\"display: none\">vu par personne</div><script>if (a<b) {}</script><!-- x --><!--[if mso]>y<![endif]-->Visible";
        assert_eq!(html_to_text(html), "Visible");
    }

    #[test]
    fn signature_and_answered_message_are_marked() {
        let html = "Bonjour<div class=\"gmail_signature\">Paul</div><hr><div id=\"divRplyFwdMsg\"><b>De :</b> A</div>";
        assert_eq!(html_to_text(html), format!("Bonjour\n-- \nPaul\n{OUTLOOK_RULE}\nDe : A"));
    }

    #[test]
    fn stray_signs_stay_text() {
        assert_eq!(html_to_text("a < b & c > d &nope; &; 3<4"), "a < b & c > d &nope; &; 3<4");
    }

    #[test]
    fn deep_nesting_takes_linear_time_and_keeps_the_text() {
        for piece in ["<!--", "<!x", "</b", "<a ", "<a b=\"", "&amp", "<style>", "<p>", "&nbsp;"] {
            html_to_text(&piece.repeat(200_000));
        }
        for tag in ["div", "blockquote", "span style='display:inline'", "table", "ul><li", "b", "font", "p", "td"] {
            let html = format!("{}fin", format!("<{tag}>").repeat(100_000));
            assert!(html_to_text(&html).ends_with("fin"), "{tag}");
            let close = tag.split([' ', '>']).next().unwrap();
            let html = format!("{html}{}après", format!("</{close}>").repeat(100_000));
            assert!(html_to_text(&html).ends_with("après"), "{tag}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_markup_becomes_text_of_bounded_size(
            html in "(<div|<p>|</p>|<blockquote class=x|>|<td|<br>|<!--|-->|<style>|</style|&nbsp;|&#x41;|&|\"|'|<a href=|é|\\PC|\n| ){0,40}",
        ) {
            // Twenty-one levels of quotes put at most forty-two characters before a line.
            proptest::prop_assert!(html_to_text(&html).len() <= 64 * html.len() + 64);
        }
    }
}
