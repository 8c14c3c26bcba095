//! HTML bodies to text: a small stand-in until the text stage's own conversion is used here.

use scraper::{Html, Node};

/// The visible text, with a line break at each block element.
pub(crate) fn html_to_text(html: &str) -> String {
    let document = Html::parse_document(html);
    let mut text = String::new();
    for node in document.tree.root().descendants() {
        match node.value() {
            Node::Text(piece) if !node.parent().is_some_and(|parent| is_hidden(parent.value())) => text.push_str(piece),
            Node::Element(element) if is_block(element.name()) && !text.is_empty() && !text.ends_with('\n') => {
                text.push('\n')
            }
            _ => {}
        }
    }
    text.trim().to_owned()
}

fn is_block(name: &str) -> bool {
    matches!(name, "br" | "p" | "div" | "tr" | "li" | "h1" | "h2" | "h3" | "blockquote" | "table" | "ul")
}

fn is_hidden(node: &Node) -> bool {
    matches!(node, Node::Element(element) if matches!(element.name(), "style" | "script" | "head" | "title"))
}
