//! Figures to HTML: the page of each language, then the document that holds both.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Kwargs;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use sha2::{Digest, Sha256};

use super::format::Language;
use super::page::Page;
use super::phrases::Phrases;
use super::section;
use super::view::ReportInput;
use crate::config::options::ReportOptions;
use crate::error::{Error, Result};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("switch.js");
const TEMPLATES: &[(&str, &str)] = &[
    ("document.html", include_str!("templates/document.html")),
    ("page.html", include_str!("templates/page.html")),
    ("parts.html", include_str!("templates/parts.html")),
    ("answer.html", include_str!("templates/answer.html")),
    ("causes.html", include_str!("templates/causes.html")),
    ("reasons.html", include_str!("templates/reasons.html")),
    ("repeats.html", include_str!("templates/repeats.html")),
    ("sentiment.html", include_str!("templates/sentiment.html")),
    ("faq.html", include_str!("templates/faq.html")),
    ("trend.html", include_str!("templates/trend.html")),
    ("method.html", include_str!("templates/method.html")),
    ("empty.html", include_str!("templates/empty.html")),
];

/// The whole report as one HTML document. Same input and options, same bytes.
///
/// # Errors
/// A bug in the templates or texts that ship with the program.
pub fn render(input: &ReportInput, options: &ReportOptions) -> Result<String> {
    let phrases = Phrases::shipped()?;
    let first = if options.language == Language::English.code() { Language::English } else { Language::French };
    let mut languages = Language::ALL.to_vec();
    languages.sort_by_key(|language| *language != first);
    let mut pages = Vec::new();
    for language in languages {
        let page = Page { input, options, phrases: &phrases, language };
        let values = section::all(&page)?;
        let html = environment(language)?.get_template("page.html").and_then(|it| it.render(values.clone()));
        pages.push(context! {
            language => language.code(),
            name => if language == Language::French { "Français" } else { "English" },
            title => values.get_attr("head").and_then(|head| head.get_attr("title")).unwrap_or_default(),
            nav => nav(&page)?,
            html => Value::from_safe_string(html.map_err(template_bug)?),
        });
    }
    let document = context! {
        first => first.code(),
        pages => pages,
        style => Value::from_safe_string(STYLE.to_string()),
        script => Value::from_safe_string(SCRIPT.to_string()),
        script_hash => Value::from_safe_string(base64(&Sha256::digest(SCRIPT.as_bytes()))),
    };
    environment(first)?.get_template("document.html").and_then(|it| it.render(document)).map_err(template_bug)
}

/// Links to the sections that the page has.
fn nav(page: &Page) -> Result<Vec<Value>> {
    if page.input.total.contacts == 0 {
        return Ok(Vec::new());
    }
    ["answer", "causes", "reasons", "repeats", "sentiment", "faq", "trend", "method"]
        .into_iter()
        .map(|id| Ok(context! { id => id, name => page.text(&format!("nav_{id}"), &[])? }))
        .collect()
}

/// Templates with `t(key, place=value…)` for the texts of one language.
fn environment(language: Language) -> Result<Environment<'static>> {
    let phrases = Phrases::shipped()?;
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(template_bug)?;
    environment.set_syntax(syntax);
    environment.add_function("t", move |key: String, places: Kwargs| -> Result<Value, minijinja::Error> {
        let names: Vec<String> = places.args().map(str::to_string).collect();
        let mut values = Vec::new();
        for name in &names {
            values.push((name.as_str(), places.get::<Value>(name)?.to_string()));
        }
        let html = phrases
            .html(language, &key, &values)
            .map_err(|error| minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, error.to_string()))?;
        Ok(Value::from_safe_string(html))
    });
    for (name, source) in TEMPLATES {
        environment.add_template(name, source).map_err(template_bug)?;
    }
    Ok(environment)
}

/// Templates never hold customers' words, but error messages might quote values: only the place is told.
fn template_bug(error: minijinja::Error) -> Error {
    let place = format!("{}:{}", error.name().unwrap_or("?"), error.line().unwrap_or(0));
    Error::bug(format!("report template {place}: {:?}", error.kind()))
}

/// RFC 4648 base64 with padding, as content security policies write hashes.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for index in 0..4 {
            if index <= chunk.len() {
                text.push(char::from(ALPHABET[(group >> (18 - 6 * index)) as usize & 63]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests;
