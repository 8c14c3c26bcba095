//! Files, folders and globs of the configuration to the list of files to read.
//!
//! A file that is named is always read. In folders and behind globs that match folders, hidden files, documentation,
//! media, the program's own files (configuration, taxonomy, customer directory, gold labels, outputs) are left out: those
//! that the settings name, and `customers` and `gold` tables, unless more than this stands in the name and the table holds
//! contacts (`customers_calls.csv`).
//! The list is sorted by name, so that it never depends on the order of the file system.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::config::{Options, Settings};
use crate::error::{Error, Result};

use super::columns::{Field, Mapping};
use super::format::Format;
use super::join::{self, Beside};
use super::open::{open, plain_name};
use super::{customers, decode, delimited};

/// One file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// Where it is.
    pub path: PathBuf,
    /// How it is shown: relative to the current folder when it lies inside, with `/` separators.
    pub name: String,
    /// Identifier of the contact when the file is one transcript without identifier: the file's name without its
    /// extensions, or the whole shown name when several files share it.
    pub contact_id: String,
    /// Format known from the place rather than the content (messages of a Maildir).
    pub format: Option<Format>,
    /// Tables that complete this table of tickets.
    pub beside: Option<Beside>,
    /// The table is read together with another one, so it gives no records of its own.
    pub is_joined: bool,
}

impl InputFile {
    /// A file on its own.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = shown(&path);
        let contact_id = stem(&name);
        Self { path, name, contact_id, format: None, beside: None, is_joined: false }
    }
}

/// Folders deeper than this are not entered; protects from links that lead back up.
const MAX_DEPTH: usize = 64;

/// Extensions that are never contacts.
const OTHER_EXTENSIONS: [&str; 47] = [
    "md", "rst", "adoc", "toml", "yaml", "yml", "html", "htm", "css", "js", "ts", "py", "ipynb", "r", "sql", "sh",
    "lock", "log", "ini", "cfg", "png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "pdf", "wav", "mp3", "ogg", "flac",
    "m4a", "mp4", "webm", "mkv", "avi", "sha256", "md5", "asc", "sig", "bak", "tmp", "part", "crc", "lnk", "url",
];

/// Lists the input files.
///
/// # Errors
///
/// [`Error::Usage`] when a path does not exist, or when there is nothing to read at all.
pub fn discover(settings: &Settings) -> Result<Vec<InputFile>> {
    let mut missing = Vec::new();
    let mut found: BTreeMap<PathBuf, InputFile> = BTreeMap::new();
    let left_out = LeftOut { own: own_files(settings), options: &settings.options };
    let mut add = |path: &Path, format: Option<Format>| {
        let key = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        found.entry(key).or_insert_with(|| InputFile { format, ..InputFile::new(path) });
    };
    for (index, input) in settings.inputs.iter().enumerate() {
        let written = settings.options.input.paths.get(index).cloned().unwrap_or_else(|| input.display().to_string());
        if input.is_dir() {
            let mut seen = BTreeSet::new();
            folder(input, &left_out, 0, &mut seen, &mut add)?;
        } else if input.exists() {
            add(input, maildir_format(input));
        } else {
            let pattern = input.to_string_lossy();
            let matches: Vec<PathBuf> = match glob::glob(&pattern) {
                Ok(paths) if pattern.contains(['*', '?', '[']) => paths.flatten().collect(),
                _ => Vec::new(),
            };
            if matches.is_empty() {
                missing.push(written);
            }
            for path in matches {
                if path.is_dir() {
                    let mut seen = BTreeSet::new();
                    folder(&path, &left_out, 0, &mut seen, &mut add)?;
                } else if !is_other(&path, &left_out) {
                    add(&path, maildir_format(&path));
                }
            }
        }
    }
    if !missing.is_empty() {
        return Err(Error::usage(format!(
            "no such file or folder: {}; check --input or input.paths",
            missing.join(", ")
        )));
    }
    let mut files: Vec<InputFile> = found.into_values().collect();
    if files.is_empty() {
        return Err(Error::usage("nothing to read: give files, folders or globs with --input or input.paths"));
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    name_contacts(&mut files);
    join::bring_together(&mut files, &settings.options);
    Ok(files)
}

/// What folders hold beside contacts.
struct LeftOut<'s> {
    /// Files that the settings name for other uses, and the output folder.
    own: BTreeSet<PathBuf>,
    options: &'s Options,
}

/// Gives files that share a stem their whole name as identifier.
fn name_contacts(files: &mut [InputFile]) {
    let mut stems: BTreeMap<String, usize> = BTreeMap::new();
    for file in files.iter() {
        *stems.entry(file.contact_id.clone()).or_default() += 1;
    }
    for file in files {
        if stems.get(&file.contact_id).is_some_and(|count| *count > 1) {
            file.contact_id.clone_from(&file.name);
        }
    }
}

fn folder(
    path: &Path,
    left_out: &LeftOut<'_>,
    depth: usize,
    seen: &mut BTreeSet<PathBuf>,
    add: &mut dyn FnMut(&Path, Option<Format>),
) -> Result<()> {
    let real = path.canonicalize().map_err(|source| Error::io("read", path, source))?;
    if depth > MAX_DEPTH || left_out.own.contains(&real) || !seen.insert(real) {
        return Ok(());
    }
    let is_maildir = path.join("cur").is_dir() && path.join("new").is_dir();
    let entries = std::fs::read_dir(path).map_err(|source| Error::io("read", path, source))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(|source| Error::io("read", path, source))?.path());
    }
    paths.sort();
    for child in paths {
        if child.is_dir() {
            // Sub-folders of a Maildir are hidden; its `tmp` holds messages that are still being written.
            let is_mail_folder = is_maildir && child.join("cur").is_dir();
            if is_maildir && file_name(&child) == "tmp" || (is_hidden(&child) && !is_mail_folder) {
                continue;
            }
            folder(&child, left_out, depth + 1, seen, add)?;
        } else if maildir_format(&child).is_some() {
            if !is_hidden(&child) {
                add(&child, Some(Format::Eml));
            }
        } else if !is_other(&child, left_out) {
            add(&child, None);
        }
    }
    Ok(())
}

/// Messages lie in `cur` or `new` beside each other.
fn maildir_format(path: &Path) -> Option<Format> {
    let folder = path.parent()?;
    let is_message_folder = matches!(folder.file_name()?.to_str()?, "cur" | "new");
    let root = folder.parent()?;
    (is_message_folder && root.join("cur").is_dir() && root.join("new").is_dir()).then_some(Format::Eml)
}

fn is_other(path: &Path, left_out: &LeftOut<'_>) -> bool {
    let name = file_name(path).to_lowercase();
    let plain = plain_name(&name);
    let (stem, extension) = plain.rsplit_once('.').unwrap_or((plain, ""));
    let is_table = matches!(extension, "csv" | "tsv" | "jsonl" | "json" | "parquet");
    is_hidden(path)
        || OTHER_EXTENSIONS.contains(&extension)
        || ["readme", "license", "licence", "copying", "changelog", "_success", "thumbs.db", "desktop.ini"]
            .iter()
            // `licence_mobile.csv` holds contacts about licences.
            .any(|other| if is_table { stem == *other } else { plain.starts_with(other) })
        || plain == "manifest.tsv"
        || plain.ends_with('~')
        || (is_table
            && is_beside_contacts(stem)
            && !(stem.contains(['_', '-']) && holds_contacts(path, left_out.options)))
        || path.canonicalize().is_ok_and(|real| left_out.own.contains(&real))
}

/// Names of gold labels and of customer directories.
fn is_beside_contacts(stem: &str) -> bool {
    ["gold", "gold_", "gold-", "customers", "customers_"]
        .iter()
        .any(|name| if name.ends_with(['_', '-']) { stem.starts_with(name) } else { stem == *name })
}

/// Whether the first row of a table, or the first object, has the time and the words of a contact.
fn holds_contacts(path: &Path, options: &Options) -> bool {
    let Ok(opened) = open(path) else { return false };
    let head = decode::head_text(&opened.head, &options.input.encoding);
    let first = head.trim_start_matches('\u{feff}').lines().next().unwrap_or("").trim();
    let names: Vec<String> = match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(first) {
        Ok(object) => object.keys().cloned().collect(),
        Err(_) => {
            let delimiter = delimited::sniff_delimiter(&head, options);
            first.split(delimiter as char).map(|name| name.trim_matches(['"', ' ']).to_owned()).collect()
        }
    };
    let (mapping, _) = Mapping::lenient(&names, options);
    mapping.has(Field::StartedAt) && (mapping.has(Field::Text) || mapping.has(Field::Turns))
}

/// Files that the settings name for other uses, and the output folder.
fn own_files(settings: &Settings) -> BTreeSet<PathBuf> {
    let mut own: Vec<PathBuf> = customers::files(settings);
    own.push(settings.output.clone());
    own.extend(settings.reasons.clone());
    own.extend(settings.criteria.clone());
    own.extend(settings.articles.clone());
    own.iter().filter_map(|path| path.canonicalize().ok()).collect()
}

fn is_hidden(path: &Path) -> bool {
    file_name(path).starts_with('.')
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn shown(path: &Path) -> String {
    let inside = std::env::current_dir().ok().and_then(|folder| path.strip_prefix(folder).ok().map(Path::to_path_buf));
    let shown = inside.as_deref().unwrap_or(path).to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
    shown.strip_prefix("./").unwrap_or(&shown).to_owned()
}

/// The file name without the extensions that tell its format.
fn stem(name: &str) -> String {
    let base = plain_name(name.rsplit('/').next().unwrap_or(name));
    match base.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && Format::from_name(extension).is_some() => stem.to_owned(),
        _ => base.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing;

    #[test]
    fn folders_are_read_in_order_without_what_is_not_contacts() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        };
        for name in [
            "b.csv",
            "a/c.jsonl",
            "README.md",
            "gold_fr.jsonl",
            "customers_fr.csv",
            ".hidden.csv",
            "a/.git/config",
            "box/cur/1:2,S",
            "box/new/2",
            "box/tmp/3",
            "call.wav",
        ] {
            write(name);
        }
        let settings = testing::settings_for(folder.path());
        let files = discover(&settings).unwrap();
        let names: Vec<&str> = files
            .iter()
            .map(|file| file.name.strip_prefix(&*format!("{}/", folder.path().display())).unwrap())
            .collect();
        assert_eq!(names, ["a/c.jsonl", "b.csv", "box/cur/1:2,S", "box/new/2"]);
        assert_eq!(files[2].format, Some(Format::Eml));
    }

    #[test]
    fn tables_of_contacts_are_read_whatever_their_names_begin_with() {
        let folder = tempfile::tempdir().unwrap();
        let table = "N° ticket;Date de création;Canal;Description\n1;03/09/2026 14:30;email;Ma box\n";
        for (name, text) in [
            ("customers_calls.csv", table),
            ("gold_members.csv", table),
            ("licence_mobile.csv", table),
            ("gold_chats.jsonl", "{\"id\":1,\"date\":\"2026-09-03\",\"text\":\"Ma box\"}\n"),
            ("gold.csv", table),
            ("licence.txt", "MIT"),
            ("customers_fr.csv", "customer_id,email,phone\nK1,a@example.com,\n"),
            ("gold_fr.jsonl", "{\"contact_id\":\"1\",\"reason\":\"delivery.late\"}\n"),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let files = discover(&testing::settings_for(folder.path())).unwrap();
        let names: Vec<&str> = files.iter().map(|file| file.name.rsplit('/').next().unwrap()).collect();
        assert_eq!(names, ["customers_calls.csv", "gold_chats.jsonl", "gold_members.csv", "licence_mobile.csv"]);
    }

    #[test]
    fn files_that_the_configuration_names_hold_no_contacts_whatever_their_names() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["chats.csv", "clients.csv", "faq.csv"] {
            std::fs::write(folder.path().join(name), "id,text\n1,x\n").unwrap();
        }
        let mut settings = testing::settings_for(folder.path());
        settings.articles = Some(folder.path().join("faq.csv"));
        settings.customers = Some(folder.path().join("client*.csv"));
        let files = discover(&settings).unwrap();
        let names: Vec<&str> = files.iter().map(|file| file.name.rsplit('/').next().unwrap()).collect();
        assert_eq!(names, ["chats.csv"]);
    }

    #[test]
    fn a_named_file_is_read_whatever_its_name_and_a_glob_expands() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("gold.csv"), "x").unwrap();
        std::fs::write(folder.path().join("a1.vtt"), "x").unwrap();
        std::fs::write(folder.path().join("a2.vtt"), "x").unwrap();
        assert_eq!(discover(&testing::settings_for(&folder.path().join("gold.csv"))).unwrap().len(), 1);
        assert_eq!(discover(&testing::settings_for(&folder.path().join("a*.vtt"))).unwrap().len(), 2);
    }

    #[test]
    fn nothing_to_read_is_a_wrong_call() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(discover(&testing::settings_for(folder.path())), Err(Error::Usage { .. })));
        assert!(matches!(
            discover(&testing::settings_for(&folder.path().join("absent.csv"))),
            Err(Error::Usage { .. })
        ));
    }

    #[test]
    fn transcripts_of_the_same_name_keep_apart() {
        let mut files = vec![InputFile::new("x/a.vtt"), InputFile::new("y/a.vtt.gz"), InputFile::new("y/b.vtt")];
        name_contacts(&mut files);
        assert_eq!(
            files.iter().map(|file| file.contact_id.as_str()).collect::<Vec<_>>(),
            ["x/a.vtt", "y/a.vtt.gz", "b"]
        );
    }
}
