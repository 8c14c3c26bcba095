//! Holds the catalogue of messages to the sources: every message that a person may see on stderr has its French, and no
//! French is left over.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::str::Chars;

use super::messages::Catalogue;

/// Calls and values that hold messages, wherever they stand.
const MESSAGES: [&str; 24] = [
    "#[error(",
    "Error::file(",
    "Error::usage(",
    "Error::io(",
    "Error::Model{",
    "Error::Usage{",
    "Error::File{",
    "ModelError::Unsupported{",
    "ModelError::Tensor{",
    "ModelError::Unavailable{",
    "ModelError::Tokenizer{",
    "Failure::Final(",
    "Failure::Passing(",
    "Problem{",
    "problem(",
    "unsupported(",
    "wrong(",
    "failed(",
    "say(",
    "logging::warning(",
    "logging::info(",
    "progress.warn(",
    ".context(",
    "Evaluation::new(",
];

/// Calls that hold words for the authors alone, or no words.
const NOT_MESSAGES: [&str; 8] =
    ["Error::bug(", "expect(", "unreachable!(", "debug_assert!(", "assert!(", "#[command(", "#[arg(", "#[allow("];

/// Folders and files where words are no messages unless they stand in one of [`MESSAGES`].
const NO_MESSAGES: [(&str, &str); 17] = [
    ("cli/arguments.rs", "the help: french.toml"),
    ("cli/french", "the French itself"),
    ("cli/run.rs", "the summary, on stdout, in both languages"),
    ("evaluate/figures.rs", "results, on stdout"),
    ("kpi/catalogue", "names of indicators, in both languages"),
    ("label/avoidability.rs", "customers' words"),
    ("label/words.rs", "customers' words"),
    ("repeat/", "customers' words"),
    ("report/", "the report, in both languages"),
    ("source/", "rejects, which a script reads: rejects.jsonl"),
    ("table/schema", "meanings of columns, in both languages"),
    ("text/", "customers' words"),
    ("contact.rs", "customers' words"),
    ("model/cpu", "no messages"),
    ("utc_micros.rs", "read back from the program's own tables"),
    ("pipeline/record.rs", "run.json, which a script reads, and names in both languages"),
    ("vector.rs", "no messages"),
];

/// Literals, by their beginning, that no person sees on stderr as they are.
const EXCEPTIONS: [(&str, &str); 19] = [
    ("{msg} ", "the form of a progress bar; its words are looked up apart"),
    ("{}: done in {} s", "with --log-format json alone"),
    ("value = {}", "TOML that the program makes"),
    ("unknown variant ", "how a message of the library that reads TOML begins"),
    ("unknown field ", "how a message of the library that reads TOML begins"),
    ("missing field ", "how a message of the library that reads TOML begins"),
    ("struct Bilingual", "what a message of the library that reads TOML expects"),
    ("{ fr = ", "TOML that the program makes"),
    ("(l. {})", "a line, in both languages"),
    ("; in `{}`", "how a message of the library that reads TOML ends"),
    ("motif: no secret was configured", "the public default key"),
    (", record {}", "rejects, which a script reads: rejects.jsonl"),
    ("the contact starts ", "rejects, which a script reads: rejects.jsonl"),
    ("blob {}", "what git hashes"),
    ("SELECT ", "SQL"),
    (" WHERE ", "SQL"),
    ("count({})", "SQL"),
    ("cpu, cuda, metal, auto", "names"),
    ("the program itself (bundled model)", "where no file is missing, as a test of the bundled model holds"),
];

/// Messages that are put together of parts, so that no literal holds the whole.
const COMPOSED: [&str; 1] = ["{} is not the JSON that was expected: {}"];

/// Sections that hold the words of other libraries.
const FOREIGN: [&str; 8] =
    ["system", "syntax", "toml", "toml_expected", "value_kind", "regex", "regex_reason", "command_line"];

/// A piece of a source file.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Sign(char),
    /// The literal's value.
    Text(String),
}

/// A string literal and where it stands.
struct Literal {
    file: String,
    /// Its value, `{}` for each value of a format string.
    words: String,
    /// The calls around it, the nearest last: `Error::file(`, `format!(`.
    calls: Vec<String>,
    /// Whether it is the first argument of the nearest call.
    is_first: bool,
}

#[test]
fn every_message_of_the_sources_has_its_french() {
    let known: BTreeSet<String> = entries().map(|(_, words)| words).collect();
    let mut used = BTreeSet::new();
    let mut missing = BTreeSet::new();
    for literal in literals() {
        if !is_message(&literal) || known.contains(&literal.words) {
            continue;
        }
        match EXCEPTIONS.iter().find(|(words, _)| literal.words.starts_with(words)) {
            Some((words, _)) => drop(used.insert(*words)),
            None => drop(missing.insert(format!("{}: {}", literal.file, literal.words))),
        }
    }
    assert!(missing.is_empty(), "messages without French in messages.toml:\n{}", join(&missing));
    let unused: BTreeSet<String> =
        EXCEPTIONS.iter().filter(|(words, _)| !used.contains(words)).map(|(words, _)| (*words).to_owned()).collect();
    assert!(unused.is_empty(), "exceptions that are none:\n{}", join(&unused));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (place, _) in NO_MESSAGES {
        assert!(root.join(place).exists(), "{place} is no longer there");
    }
}

#[test]
fn no_french_is_left_over() {
    let said: BTreeSet<String> = literals().into_iter().map(|literal| literal.words).collect();
    let left: BTreeSet<String> = entries()
        .filter(|(section, words)| !FOREIGN.contains(&section.as_str()) && !said.contains(words))
        .filter(|(_, words)| !COMPOSED.contains(&words.as_str()))
        .map(|(section, words)| format!("[{section}] {words}"))
        .collect();
    assert!(left.is_empty(), "messages that the sources no longer hold:\n{}", join(&left));
}

#[test]
fn literals_are_found_with_the_calls_around_them() {
    let source = r##"
        // "a comment"
        /* "another" **/
        fn f<'a>(c: char) { Error::file(&path, format!("line {line}: {} {{x}}", 'a'), "do \
            this"); say(quiet, r#"raw "text""#) }
        #[cfg(test)]
        mod tests { fn g() { Error::usage("of a test") } }
        #[error("an {attribute:?}")]
        Error::Model { name: "x".into(), reason: format!("{name} is") }
    "##;
    let mut modules = BTreeSet::new();
    let found = literals_of("x.rs", source, &mut modules);
    let seen: Vec<(&str, &str, bool)> = found
        .iter()
        .map(|literal| (literal.words.as_str(), literal.calls.last().map_or("", String::as_str), literal.is_first))
        .collect();
    assert_eq!(
        seen,
        [
            ("line {}: {} {x}", "format!(", true),
            ("do this", "Error::file(", false),
            ("raw \"text\"", "say(", false),
            ("an {}", "#[error(", true),
            ("x", "Error::Model{", false),
            ("{} is", "format!(", true),
        ]
    );
    assert_eq!(found[0].calls, ["{", "Error::file(", "format!("]);
}

fn join(lines: &BTreeSet<String>) -> String {
    lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
}

/// Section and words of every entry of the catalogue.
fn entries() -> impl Iterator<Item = (String, String)> {
    let sections = Catalogue::shipped().sections.iter();
    sections.flat_map(|(section, entries)| entries.iter().map(|entry| (section.clone(), entry.english.words())))
}

fn is_message(literal: &Literal) -> bool {
    let nearest = literal.calls.last().map_or("", String::as_str);
    let stands_in = |calls: &[&str]| literal.calls.iter().any(|call| calls.iter().any(|one| call.ends_with(one)));
    if stands_in(&NOT_MESSAGES) {
        return false;
    }
    // The verb of an error of the system, and what is unknown, are single words.
    if literal.is_first && (nearest.ends_with("Error::io(") || nearest.ends_with("unknown(")) {
        return true;
    }
    let own = literal.words.replace("{}", "");
    let has_words = own.trim().contains(' ') && own.contains(|c: char| c.is_alphabetic());
    let is_elsewhere = NO_MESSAGES.iter().any(|(place, _)| literal.file.starts_with(place));
    has_words && (stands_in(&MESSAGES) || !is_elsewhere)
}

/// Every literal of the program outside tests.
fn literals() -> Vec<Literal> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.insert(path.clone(), std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut test_modules = BTreeSet::new();
    let mut found: Vec<(PathBuf, Literal)> = Vec::new();
    for (path, text) in &files {
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        let mut modules = BTreeSet::new();
        found.extend(literals_of(&name, text, &mut modules).into_iter().map(|literal| (path.clone(), literal)));
        let folder = match path.file_stem().and_then(|stem| stem.to_str()) {
            Some("mod" | "lib" | "main") | None => path.parent().unwrap().to_owned(),
            Some(_) => path.with_extension(""),
        };
        test_modules.extend(modules.iter().map(|module| folder.join(format!("{module}.rs"))));
    }
    assert!(files.len() > 100 && !test_modules.is_empty(), "the sources were not found");
    found.retain(|(path, _)| !test_modules.contains(path));
    found.into_iter().map(|(_, literal)| literal).collect()
}

/// The literals of one file; `test_modules` gets the names of the modules in other files that are tests.
fn literals_of(file: &str, source: &str, test_modules: &mut BTreeSet<String>) -> Vec<Literal> {
    let tokens = without_tests(tokens(source), test_modules);
    let (mut found, mut calls) = (Vec::new(), Vec::<(String, usize)>::new());
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign('(' | '[' | '{') => calls.push((call(&tokens, at), at)),
            Token::Sign(')' | ']' | '}') => drop(calls.pop()),
            Token::Text(text) => {
                let opened = calls.last().map_or(0, |(_, at)| *at);
                let nearest = calls.last().map_or("", |(name, _)| name.as_str());
                let commas = tokens[opened..at].iter().filter(|token| **token == Token::Sign(',')).count();
                let is_format = match nearest {
                    "format!(" | "#[error(" => commas == 0,
                    "write!(" | "writeln!(" => commas == 1,
                    _ => false,
                };
                let words = if is_format { placeholders(text) } else { text.clone() };
                let names = calls.iter().map(|(name, _)| name.clone()).collect();
                found.push(Literal { file: file.to_owned(), words, calls: names, is_first: opened + 1 == at });
            }
            Token::Word(_) | Token::Sign(_) => {}
        }
    }
    found
}

/// What opens at `at`, with the path or macro before it: `Error::file(`, `format!(`, `#[error(`.
fn call(tokens: &[Token], at: usize) -> String {
    let mut name = String::new();
    let mut before = tokens[..at].iter().rev().peekable();
    while let Some(token) = before.next() {
        match token {
            Token::Word(word) if name.is_empty() || name.starts_with([':', '.', '!']) => name.insert_str(0, word),
            Token::Sign(sign @ ('.' | '!')) => name.insert(0, *sign),
            // One colon alone is that of a field.
            Token::Sign(':') if before.next_if_eq(&&Token::Sign(':')).is_some() => name.insert_str(0, "::"),
            _ => break,
        }
    }
    let is_attribute = at > 2 && tokens[at - 3] == Token::Sign('#') && tokens[at - 2] == Token::Sign('[');
    let Token::Sign(sign) = &tokens[at] else { return name };
    format!("{}{name}{sign}", if is_attribute { "#[" } else { "" })
}

/// `{}` for each value of a format string, single braces for doubled ones.
fn placeholders(text: &str) -> String {
    let (mut words, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(['{', '}']) {
        words.push_str(&rest[..at]);
        let from = &rest[at..];
        if from.starts_with("{{") || from.starts_with("}}") {
            words.push_str(&from[..1]);
            rest = &from[2..];
        } else {
            words.push_str("{}");
            rest = from.split_once('}').map_or("", |(_, after)| after);
        }
    }
    words + rest
}

/// Leaves out what `#[cfg(test)]` stands before.
fn without_tests(tokens: Vec<Token>, test_modules: &mut BTreeSet<String>) -> Vec<Token> {
    let is_test = |at: usize| {
        let word = |at: usize, word: &str| tokens.get(at) == Some(&Token::Word(word.to_owned()));
        tokens[at] == Token::Sign('#') && word(at + 2, "cfg") && word(at + 4, "test")
    };
    let (mut kept, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        if !is_test(at) {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        // Past `#[cfg(test)]`, to the end of the item: `;`, or the brace that closes it.
        at += 7;
        let start = at;
        let mut depth = 0usize;
        while at < tokens.len() {
            match &tokens[at] {
                Token::Sign('(' | '[' | '{') => depth += 1,
                Token::Sign(')' | ']') => depth -= 1,
                Token::Sign('}') => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                Token::Sign(';') if depth == 0 => break,
                Token::Word(_) | Token::Sign(_) | Token::Text(_) => {}
            }
            at += 1;
        }
        if let [.., Token::Word(module), Token::Word(name)] = &tokens[start..at]
            && module == "mod"
        {
            test_modules.insert(name.clone());
        }
        at += 1;
    }
    kept
}

fn tokens(source: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = source.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '/' if rest.peek() == Some(&'/') => while rest.next_if(|c| *c != '\n').is_some() {},
            '/' if rest.next_if_eq(&'*').is_some() => {
                while rest.next().is_some_and(|c| c != '*' || rest.peek() != Some(&'/')) {}
                rest.next();
            }
            '"' => found.push(Token::Text(text(&mut rest))),
            '\'' => character(&mut rest),
            'r' if rest.peek().is_some_and(|c| "\"#".contains(*c)) => match raw(&mut rest) {
                Some(text) => found.push(Token::Text(text)),
                None => found.push(Token::Word("r".to_owned())),
            },
            _ if c.is_alphanumeric() || c == '_' => {
                let mut word = String::from(c);
                while let Some(c) = rest.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    word.push(c);
                }
                // The bytes of `b"…"` and `b'…'` are read as those of a text.
                found.push(Token::Word(word));
                if found.last() == Some(&Token::Word("br".to_owned()))
                    && let Some(text) = raw(&mut rest)
                {
                    found.push(Token::Text(text));
                }
            }
            _ if c.is_whitespace() => {}
            _ => found.push(Token::Sign(c)),
        }
    }
    found
}

/// The rest of a string literal.
fn text(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut text = String::new();
    while let Some(c) = rest.next() {
        match c {
            '"' => break,
            '\\' => match rest.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('\n') => while rest.next_if(|c| c.is_whitespace()).is_some() {},
                Some(other) => text.push(other),
                None => break,
            },
            _ => text.push(c),
        }
    }
    text
}

/// The rest of a raw string literal; `None` when it is none, as in `r#type`.
fn raw(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut hashes = String::new();
    while let Some(hash) = rest.next_if_eq(&'#') {
        hashes.push(hash);
    }
    rest.next_if_eq(&'"')?;
    let end = format!("\"{hashes}");
    let mut text = String::new();
    while !text.ends_with(&end) {
        text.push(rest.next()?);
    }
    text.truncate(text.len() - end.len());
    Some(text)
}

/// Passes over a character literal; a lifetime is left to be read as a word.
fn character(rest: &mut Peekable<Chars<'_>>) {
    let mut ahead = rest.clone();
    let first = ahead.next();
    if first == Some('\\') {
        // `'\''` and `'\u{e9}'`
        rest.next();
        rest.next();
        while rest.next().is_some_and(|c| c != '\'') {}
    } else if ahead.next() == Some('\'') {
        rest.next();
        rest.next();
    }
}
