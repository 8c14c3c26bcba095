//! `motif.toml` and `--set` to checked [`Settings`], with every problem reported together.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use sha2::{Digest, Sha256};
use toml::{Table, Value};

use super::options::{Options, SurveyOptions};
use super::settings::{Secret, Settings};
use crate::contact::Channel;
use crate::error::{Error, Problem, Result};
use crate::source::Format;

/// Where settings come from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The configuration file, if any.
    pub config: Option<PathBuf>,
    /// `--input`; replaces the configured inputs.
    pub inputs: Vec<PathBuf>,
    /// `--output`; replaces the configured folder.
    pub output: Option<PathBuf>,
    /// `--as-of`.
    pub as_of: Option<String>,
    /// `--model`.
    pub model: Option<String>,
    /// `--set key=value`, in order.
    pub overrides: Vec<String>,
}

/// Reads and checks the configuration.
///
/// # Errors
/// The file cannot be read, or [`Error::Config`] with all problems.
pub fn read(sources: &Sources) -> Result<Settings> {
    match examine(sources)? {
        (settings, problems) if problems.is_empty() => Ok(settings),
        (_, problems) => Err(Error::Config { problems }),
    }
}

/// Reads the configuration and finds all its problems. Where there is one the settings hold the default, so that what they
/// name can be looked at all the same; they are not fit for a run.
///
/// # Errors
/// The file cannot be read.
pub fn examine(sources: &Sources) -> Result<(Settings, Vec<Problem>)> {
    let (file, text, base) = match &sources.config {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|e| Error::io("read", path, e))?;
            let base = path.parent().map(Path::to_path_buf).unwrap_or_default();
            (path.display().to_string(), text, base)
        }
        None => ("configuration".to_owned(), String::new(), PathBuf::new()),
    };
    let mut problems = Vec::new();
    let mut table: Table = match text.parse() {
        Ok(table) => table,
        Err(error) => {
            let message = error.to_string().trim().replace('\n', "\n      ");
            problems.push(Problem { file: file.clone(), at: String::new(), message });
            Table::new()
        }
    };
    let written = table.clone();
    for assignment in &sources.overrides {
        if let Err(message) = apply(&mut table, assignment) {
            problems.push(Problem { file: "--set".into(), at: assignment.clone(), message });
        }
    }
    if let Some(model) = &sources.model {
        let section = table.entry("model").or_insert_with(|| Value::Table(Table::new()));
        if let Value::Table(section) = section {
            section.insert("name".into(), Value::String(model.clone()));
        }
    }
    let mut options = options_of(&file, &table, &mut problems);
    if !sources.inputs.is_empty() {
        // Messages name inputs as they were written, and these were written on the command line.
        options.input.paths = sources.inputs.iter().map(|path| path.display().to_string()).collect();
    }
    let survey = &mut options.survey;
    let is_given = table.get("survey").and_then(|survey| survey.get("csat_satisfied_from")).is_some();
    if !is_given {
        survey.csat_satisfied_from = SurveyOptions::usual_satisfied_from(survey.csat_scale);
    }
    problems.extend(crate::source::columns::check(&options, &file));
    problems.extend(unknown_values(&options, &file));
    let settings = check(&file, &base, sources, options, &mut problems);
    for problem in &mut problems {
        if sources.overrides.iter().any(|assignment| is_set_by(assignment, &problem.at, &written)) {
            problem.file = "--set".into();
        }
    }
    Ok((settings, problems))
}

/// Whether what stands at `at` comes from this assignment: it names the place or one around it, or it made the section there,
/// which the file does not have.
fn is_set_by(assignment: &str, at: &str, written: &Table) -> bool {
    let key = assignment.split_once('=').map_or(assignment, |(key, _)| key).trim();
    let is_inside = |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'));
    at == key || is_inside(at, key) || (is_inside(key, at) && !written.contains_key(at))
}

/// Applies `a.b=value`; the value is TOML, or a plain string when it is not.
fn apply(table: &mut Table, assignment: &str) -> Result<(), String> {
    let (key, value) = assignment.split_once('=').ok_or("write it as section.key=value")?;
    let value = value.trim();
    let parsed = format!("value = {value}")
        .parse::<Table>()
        .ok()
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| Value::String(value.to_owned()));
    let mut path: Vec<&str> = key.trim().split('.').collect();
    let last = path.pop().filter(|last| !last.is_empty()).ok_or("write it as section.key=value")?;
    let mut place = table;
    for part in path {
        place = match place.entry(part).or_insert_with(|| Value::Table(Table::new())) {
            Value::Table(inner) => inner,
            _ => return Err(format!("`{part}` is a value, not a section")),
        };
    }
    place.insert(last.to_owned(), parsed);
    Ok(())
}

/// Reads the sections and their keys one by one, so that a problem in one does not hide those of the others.
fn options_of(file: &str, table: &Table, problems: &mut Vec<Problem>) -> Options {
    let mut options = Options::default();
    let known = Table::try_from(Options::default()).unwrap_or_default();
    // Sections that are maps of the user's own keys.
    let free = ["columns", "values"];
    for (name, value) in table {
        let Some(known_section) = known.get(name) else {
            let names: BTreeSet<&str> = known.keys().map(String::as_str).chain(free).collect();
            problems.push(Problem {
                file: file.into(),
                at: name.clone(),
                message: crate::label::taxonomy::unknown("section", name, &names),
            });
            continue;
        };
        let mut section = value.clone();
        if let (Value::Table(section), Value::Table(known_keys), false) =
            (&mut section, known_section, free.contains(&name.as_str()))
        {
            let optional = optional_keys(name);
            let names: BTreeSet<&str> = known_keys.keys().map(String::as_str).chain(optional.iter().copied()).collect();
            let unknown: Vec<String> = section.keys().filter(|key| !names.contains(key.as_str())).cloned().collect();
            for key in unknown {
                problems.push(Problem {
                    file: file.into(),
                    at: format!("{name}.{key}"),
                    message: crate::label::taxonomy::unknown("key", &key, &names),
                });
                section.remove(&key);
            }
        }
        if let Value::Table(section) = &mut section {
            section.retain(|key, value| {
                let at = format!("{name}.{key}");
                let alone = Value::Table(Table::from_iter([(key.to_owned(), value.clone())]));
                let mistake = alone_in_a_file(name, alone).err();
                let is_good = mistake.is_none();
                problems.extend(mistake.map(|message| Problem {
                    file: file.into(),
                    message: without(&at, message),
                    at,
                }));
                is_good
            });
        }
        match alone_in_a_file(name, section) {
            Ok(read) => merge(&mut options, read, name),
            Err(message) => problems.push(Problem { file: file.into(), at: name.clone(), message }),
        }
    }
    options
}

/// The options of a file with this section and no other.
fn alone_in_a_file(name: &str, section: Value) -> Result<Options, String> {
    let file = Value::Table(Table::from_iter([(name.to_owned(), section)]));
    file.try_into().map_err(|error: toml::de::Error| error.to_string().trim().replace('\n', "; "))
}

/// The message without the place at its end, where this is the one that stands before the message.
fn without(at: &str, mut message: String) -> String {
    if let Some(rest) = message.strip_suffix(&format!("; in `{at}`")) {
        message.truncate(rest.len());
    }
    message
}

/// Keys whose default is "absent", which therefore do not show in the written defaults.
fn optional_keys(section: &str) -> &'static [&'static str] {
    match section {
        "input" => &["customers", "default_channel"],
        "taxonomy" => &["reasons", "criteria"],
        "model" => &["sentiment", "sentiment_labels"],
        "label" => &["reason_threshold", "avoidable_threshold"],
        "repeat" => &["threshold"],
        "faq" => &["articles", "article_threshold"],
        "privacy" => &["secret_file"],
        "report" => &["title"],
        _ => &[],
    }
}

fn merge(options: &mut Options, read: Options, section: &str) {
    match section {
        "input" => options.input = read.input,
        "columns" => options.columns = read.columns,
        "values" => options.values = read.values,
        "output" => options.output = read.output,
        "taxonomy" => options.taxonomy = read.taxonomy,
        "model" => options.model = read.model,
        "label" => options.label = read.label,
        "repeat" => options.repeat = read.repeat,
        "cost" => options.cost = read.cost,
        "survey" => options.survey = read.survey,
        "faq" => options.faq = read.faq,
        "privacy" => options.privacy = read.privacy,
        "report" => options.report = read.report,
        _ => {}
    }
}

/// Problems of `[values]`.
fn unknown_values(options: &Options, file: &str) -> Vec<Problem> {
    let problem = |unknown: crate::source::columns::UnknownValue| {
        let message =
            crate::label::taxonomy::unknown(unknown.what, &unknown.found, &unknown.known.into_iter().collect());
        Problem { file: file.to_owned(), at: unknown.at, message }
    };
    crate::source::columns::unknown_values(options).into_iter().map(problem).collect()
}

/// Checks values and resolves paths; a value that is a problem is replaced by its default.
fn check(file: &str, base: &Path, sources: &Sources, options: Options, problems: &mut Vec<Problem>) -> Settings {
    let mut problem = |at: &str, message: String| {
        problems.push(Problem { file: file.into(), at: at.into(), message });
    };
    let time_zone: Option<Tz> = options.input.time_zone.parse().ok();
    if time_zone.is_none() {
        problem(
            "input.time_zone",
            format!("`{}` is not an IANA time zone such as Europe/Paris", options.input.time_zone),
        );
    }
    let default_channel = options.input.default_channel.as_deref().and_then(|name| {
        let channel = Channel::from_written(name);
        if channel.is_none() {
            let names: BTreeSet<&str> = Channel::ALL.iter().map(|channel| channel.as_str()).collect();
            problem("input.default_channel", crate::label::taxonomy::unknown("channel", name, &names));
        }
        channel
    });
    let mut one_of = |at: &str, value: &str, known: &[&str]| {
        if !known.contains(&value) {
            problem(at, crate::label::taxonomy::unknown("value", value, &known.iter().copied().collect()));
        }
    };
    if Format::from_name(&options.input.format).is_none() {
        let formats: Vec<&str> = ["auto"].into_iter().chain(Format::ALL.iter().map(|format| format.as_str())).collect();
        one_of("input.format", &options.input.format, &formats);
    }
    one_of("input.platform", &options.input.platform, &crate::source::platforms());
    one_of("input.date_order", &options.input.date_order, &["auto", "dmy", "mdy"]);
    one_of("model.device", &options.model.device, &["auto", "cpu", "cuda", "metal"]);
    one_of("survey.ces_high_means", &options.survey.ces_high_means, &["ease", "effort"]);
    one_of("report.language", &options.report.language, &["fr", "en"]);
    let encoding = &options.input.encoding;
    if encoding != "auto" && encoding_rs::Encoding::for_label(encoding.trim().as_bytes()).is_none() {
        problem("input.encoding", format!("`{encoding}` is not an encoding such as utf-8 or windows-1252"));
    }
    let delimiter = options.input.delimiter.as_str();
    let is_named = matches!(delimiter, "auto" | "tab" | "\\t");
    if !is_named && (delimiter.len() != 1 || !delimiter.is_ascii()) {
        problem("input.delimiter", format!("`{delimiter}` is not auto, tab or one character such as ;"));
    }
    for (at, threshold) in [
        ("label.reason_threshold", options.label.reason_threshold),
        ("label.avoidable_threshold", options.label.avoidable_threshold),
        ("repeat.threshold", options.repeat.threshold),
        ("faq.article_threshold", options.faq.article_threshold),
    ] {
        if threshold.is_some_and(|value| !(0.0..=1.0).contains(&value)) {
            problem(at, "a threshold lies between 0 and 1".into());
        }
    }
    let cost = &options.cost;
    for (at, [low, high]) in [
        ("cost.phone", cost.phone),
        ("cost.email", cost.email),
        ("cost.chat", cost.chat),
        ("cost.sms", cost.sms),
        ("cost.social", cost.social),
        ("cost.web_form", cost.web_form),
        ("cost.bot", cost.bot),
        ("cost.complex", cost.complex),
        ("survey.csat_scale", options.survey.csat_scale),
        ("survey.nps_scale", options.survey.nps_scale),
        ("survey.ces_scale", options.survey.ces_scale),
    ] {
        if !(low.is_finite() && high.is_finite() && 0.0 <= low && low <= high && high < 1e7) {
            problem(at, "expected [low, high] with 0 ≤ low ≤ high".into());
        }
    }
    let SurveyOptions { csat_scale: [low, high], csat_satisfied_from: from, .. } = options.survey;
    if low <= high && !(low..=high).contains(&from) {
        problem("survey.csat_satisfied_from", format!("expected an answer of survey.csat_scale, from {low} to {high}"));
    }
    if !(80..=2000).contains(&options.model.window_chars) {
        problem("model.window_chars", "expected 80 to 2000 characters".into());
    }
    if options.model.max_windows_per_contact == 0 {
        problem("model.max_windows_per_contact", "expected at least 1".into());
    }
    if options.repeat.max_gap_days < 14 {
        problem("repeat.max_gap_days", "expected at least 14, the longest window of the repeat rates".into());
    }
    for (name, pattern) in &options.privacy.patterns {
        if let Err(error) = regex::Regex::new(pattern) {
            problem(&format!("privacy.patterns.{name}"), error.to_string().replace('\n', " "));
        }
    }
    let secret = secret(base, &options, &mut problem);
    let is_month_first = options.input.date_order == "mdy";
    let as_of = sources.as_of.as_deref().and_then(|text| {
        let time = parse_time(text, time_zone.unwrap_or(Tz::UTC), is_month_first);
        if time.is_none() {
            let message = format!("`{text}` is not a time such as 2026-11-30, 30/11/2026 or 2026-11-30T18:00:00Z");
            problems.push(Problem { file: "--as-of".into(), at: String::new(), message });
        }
        time
    });
    let inputs = if sources.inputs.is_empty() {
        options.input.paths.iter().map(|path| base.join(path)).collect()
    } else {
        sources.inputs.clone()
    };
    let resolve = |path: &Option<String>| path.as_ref().map(|path| base.join(path));
    Settings {
        inputs,
        output: sources.output.clone().unwrap_or_else(|| base.join(&options.output.dir)),
        time_zone: time_zone.unwrap_or(Tz::Europe__Paris),
        default_channel,
        customers: resolve(&options.input.customers),
        articles: resolve(&options.faq.articles),
        reasons: resolve(&options.taxonomy.reasons),
        criteria: resolve(&options.taxonomy.criteria),
        secret: secret.unwrap_or_else(Secret::public),
        as_of,
        config_hash: config_hash(&options, sources.as_of.as_deref()),
        options,
    }
}

fn secret(base: &Path, options: &Options, problem: &mut impl FnMut(&str, String)) -> Option<Secret> {
    if let Some(file) = &options.privacy.secret_file {
        let path = base.join(file);
        return match std::fs::read(&path) {
            Ok(bytes) if bytes.trim_ascii().len() >= 16 => {
                Some(Secret { bytes: bytes.trim_ascii().to_vec(), is_default: false })
            }
            Ok(_) => {
                problem("privacy.secret_file", format!("{} holds fewer than 16 bytes", path.display()));
                None
            }
            Err(error) => {
                problem("privacy.secret_file", format!("cannot read {}: {error}", path.display()));
                None
            }
        };
    }
    match std::env::var_os(&options.privacy.secret_env) {
        Some(value) if value.len() >= 16 => Some(Secret { bytes: value.into_encoded_bytes(), is_default: false }),
        Some(value) if !value.is_empty() => {
            problem("privacy.secret_env", format!("${} holds fewer than 16 bytes", options.privacy.secret_env));
            None
        }
        _ => Some(Secret::public()),
    }
}

/// A day (its end), or a time with or without offset. With slashes the day comes first, as in the files, unless they have
/// the month first.
fn parse_time(text: &str, zone: Tz, is_month_first: bool) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.with_timezone(&Utc));
    }
    let days = ["%Y-%m-%d", if is_month_first { "%m/%d/%Y" } else { "%d/%m/%Y" }];
    let of_day = |day: &&str| NaiveDate::parse_from_str(text, day).ok()?.succ_opt()?.and_hms_opt(0, 0, 0);
    let of_minute = |day: &&str| {
        ["T%H:%M:%S", " %H:%M:%S", "T%H:%M", " %H:%M"]
            .iter()
            .find_map(|time| NaiveDateTime::parse_from_str(text, &format!("{day}{time}")).ok())
    };
    // 25 is no year, and would be taken for one of antiquity.
    let local =
        days.iter().find_map(|day| of_day(day).or_else(|| of_minute(day))).filter(|time| time.year() >= 1000)?;
    zone.from_local_datetime(&local).earliest().map(|time| time.with_timezone(&Utc))
}

/// Hash of what decides the result: neither paths, nor the title, nor the secret.
fn config_hash(options: &Options, as_of: Option<&str>) -> String {
    let mut deciding = options.clone();
    deciding.input.paths.clear();
    deciding.input.customers = None;
    deciding.output = super::options::OutputOptions::default();
    deciding.taxonomy = super::options::TaxonomyOptions::default();
    deciding.faq.articles = None;
    deciding.privacy.secret_file = None;
    let mut text = toml::to_string(&deciding).unwrap_or_default();
    text.push_str(as_of.unwrap_or_default());
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str, overrides: &[&str]) -> Result<Settings> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("motif.toml");
        std::fs::write(&path, text).unwrap();
        read(&Sources {
            config: Some(path),
            overrides: overrides.iter().map(|text| (*text).to_owned()).collect(),
            ..Sources::default()
        })
    }

    #[test]
    fn every_problem_is_reported_at_once_with_the_closest_name() {
        let error = read_text(
            "[inptu]\npaths = []\n[input]\ntime_zon = 'x'\n[repeat]\nthreshold = 2.0\n[cost]\nphone = [8, 3]\n[model]\nname = 3\n",
            &["report.language=de"],
        )
        .unwrap_err()
        .to_string();
        for part in [
            "did you mean `input`",
            "did you mean `time_zone`",
            "repeat.threshold",
            "cost.phone",
            "model",
            "report.language",
        ] {
            assert!(error.contains(part), "{part} is missing in {error}");
        }
    }

    #[test]
    fn a_problem_is_named_after_the_file_or_the_assignment_that_it_comes_from() {
        let error =
            read_text("[repeat]\nthreshold = 2.0\n", &["sentiment.foo=3", "cost.phone=[8, 3]", "label.nothing=1"])
                .unwrap_err();
        let Error::Config { problems } = error else { panic!("{error}") };
        let from = |at: &str| {
            let found = problems.iter().find(|problem| problem.at == at);
            found.map(|problem| problem.file.rsplit('/').next().unwrap_or_default())
        };
        for (at, file) in [
            ("sentiment", "--set"),
            ("cost.phone", "--set"),
            ("label.nothing", "--set"),
            ("repeat.threshold", "motif.toml"),
        ] {
            assert_eq!(from(at), Some(file), "{at}: {problems:?}");
        }
    }

    #[test]
    fn inputs_that_no_reader_knows_are_problems() {
        let error = read_text(
            "[input]\nformat = 'csvv'\nencoding = 'utf-88'\ndelimiter = ';;'\n[columns]\ncontct_id = 'a'\n[values.channel]\nemail = 'phonne'\n[values.chanel]\nx = 'phone'\n[values.speaker]\nMarie = 'agnet'\n",
            &[],
        )
        .unwrap_err()
        .to_string();
        for part in [
            "input.format",
            "`utf-88` is not an encoding",
            "`;;` is not auto",
            "columns.contct_id",
            "values.channel.email",
            "did you mean `channel`",
            "did you mean `agent`",
        ] {
            assert!(error.contains(part), "{part} is missing in {error}");
        }
        for good in ["format='ndjson'", "format='csv'", "encoding='latin1'", "delimiter='tab'", "delimiter='|'"] {
            assert!(read_text(&format!("[input]\n{good}\n"), &[]).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_value_of_the_wrong_type_hides_no_other_problem() {
        let text = "[model]\nname = 3\nwindow_chars = 'many'\nmax_windows_per_contact = 0\n[columns]\ntext = 5\n\
                    contct_id = 'a'\n[values.channel]\nmail = 3\n";
        let Err(Error::Config { problems }) = read_text(text, &["report.min_contacts=x", "cost.bot=free"]) else {
            panic!("no problem was found")
        };
        let told = |at: &str| {
            let found = problems.iter().find(|problem| problem.at == at);
            found.map(|problem| problem.message.as_str()).unwrap_or_default()
        };
        assert_eq!(told("model.name"), "invalid type: integer `3`, expected a string");
        assert_eq!(told("model.window_chars"), "invalid type: string \"many\", expected usize");
        assert_eq!(told("model.max_windows_per_contact"), "expected at least 1");
        assert_eq!(told("columns.text"), "expected a name or a list of names");
        assert!(told("columns.contct_id").contains("contact_id"), "{problems:#?}");
        assert!(told("values.channel").starts_with("invalid type: integer `3`"), "{problems:#?}");
        assert!(told("report.min_contacts").starts_with("invalid type"), "{problems:#?}");
        assert!(told("cost.bot").starts_with("invalid type"), "{problems:#?}");
        assert_eq!(problems.len(), 8, "{problems:#?}");
    }

    #[test]
    fn what_can_be_read_is_there_beside_the_problems() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("motif.toml");
        std::fs::write(&path, "[input]\ntime_zone = 'Mars'\n[taxonomy]\nreasons = 'ours.toml'\n").unwrap();
        let sources = Sources { config: Some(path.clone()), ..Sources::default() };
        let (settings, problems) = examine(&sources).unwrap();
        assert!(problems.len() == 1 && problems[0].at == "input.time_zone", "{problems:?}");
        assert_eq!(settings.reasons, Some(folder.path().join("ours.toml")));
        // After a syntax error, what the command line says is still looked at.
        std::fs::write(&path, "[input\n").unwrap();
        let overrides = vec!["repeat.threshold=2.0".to_owned()];
        let (_, problems) = examine(&Sources { overrides, ..sources }).unwrap();
        assert!(problems.len() == 2 && problems[1].at == "repeat.threshold", "{problems:?}");
        assert_eq!(problems[1].file, "--set");
    }

    #[test]
    fn a_single_key_is_overridden_and_changes_the_hash() {
        let plain = read_text("", &[]).unwrap();
        let set = read_text("", &["repeat.max_gap_days=45", "input.time_zone=Europe/Brussels"]).unwrap();
        assert_eq!(set.options.repeat.max_gap_days, 45);
        assert_eq!(set.options.input.time_zone, "Europe/Brussels");
        assert_ne!(plain.config_hash, set.config_hash);
    }

    #[test]
    fn another_threshold_of_articles_is_another_hash_and_another_path_is_not() {
        let hash = |overrides: &[&str]| read_text("", overrides).unwrap().config_hash;
        let plain = hash(&["faq.articles=faq.csv"]);
        assert_eq!(hash(&["faq.articles=other/faq.csv"]), plain, "the content has a hash of its own");
        assert_ne!(hash(&["faq.articles=faq.csv", "faq.article_threshold=0.7"]), plain);
        let Err(Error::Config { problems }) = read_text("[faq]\narticle_threshold = 1.5\n", &["faq.artcles=a"]) else {
            panic!("no problem was found")
        };
        let told: Vec<_> = problems.iter().map(|problem| (problem.at.as_str(), problem.message.as_str())).collect();
        assert_eq!(told[1], ("faq.article_threshold", "a threshold lies between 0 and 1"), "{told:?}");
        assert!(told.len() == 2 && told[0].1.contains("did you mean `articles`"), "{told:?}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("motif.toml");
        std::fs::write(&path, "[faq]\narticles = 'help/faq.csv'\n").unwrap();
        let settings = read(&Sources { config: Some(path), ..Sources::default() }).unwrap();
        assert_eq!(settings.articles, Some(folder.path().join("help/faq.csv")));
    }

    #[test]
    fn as_of_a_day_is_its_end_in_the_time_zone() {
        let time = |text: &str, is_month_first: bool| {
            parse_time(text, chrono_tz::Europe::Paris, is_month_first).map(|time| time.to_rfc3339())
        };
        for (text, is_month_first) in [("2026-10-31", false), ("31/10/2026", false), ("10/31/2026", true)] {
            assert_eq!(time(text, is_month_first).as_deref(), Some("2026-10-31T23:00:00+00:00"), "{text}");
        }
        assert_eq!(time("14/10/2025 09:30", false).as_deref(), Some("2025-10-14T07:30:00+00:00"));
        assert_eq!(time("2025-10-14T09:30:00", false).as_deref(), Some("2025-10-14T07:30:00+00:00"));
        for wrong in ["10/31/2026", "14/10/25", "25-10-14", "demain"] {
            assert_eq!(time(wrong, false), None, "{wrong}");
        }
    }

    #[test]
    fn a_wrong_as_of_is_no_problem_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("motif.toml");
        std::fs::write(&path, "").unwrap();
        for config in [Some(path), None] {
            let error = read(&Sources { config, as_of: Some("2025/10".to_owned()), ..Sources::default() }).unwrap_err();
            let told = error.to_string();
            assert!(
                told.ends_with(
                    "\n  - --as-of: `2025/10` is not a time such as 2026-11-30, 30/11/2026 or 2026-11-30T18:00:00Z"
                ),
                "{told}"
            );
        }
    }

    #[test]
    fn the_satisfied_answers_follow_the_scale_unless_the_company_says() {
        let from =
            |overrides: &[&str]| read_text("", overrides).map(|settings| settings.options.survey.csat_satisfied_from);
        for (scale, expected) in
            [("[1, 5]", 4.0), ("[1, 10]", 8.0), ("[0, 10]", 8.0), ("[0, 100]", 75.0), ("[0, 0.5]", 0.5)]
        {
            assert_eq!(from(&[&format!("survey.csat_scale={scale}")]).unwrap(), expected, "{scale}");
        }
        assert_eq!(from(&[]).unwrap(), SurveyOptions::default().csat_satisfied_from);
        assert_eq!(from(&["survey.csat_scale=[1, 10]", "survey.csat_satisfied_from=9"]).unwrap(), 9.0);
        let Err(Error::Config { problems }) = read_text("[survey]\ncsat_satisfied_from = 9\n", &[]) else {
            panic!("no problem was found")
        };
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].at, "survey.csat_satisfied_from");
        assert_eq!(problems[0].message, "expected an answer of survey.csat_scale, from 1 to 5");
        // What is wrong with the scale is told alone.
        let Err(Error::Config { problems }) = read_text("", &["survey.csat_scale=[5, 1]"]) else {
            panic!("no problem was found")
        };
        assert_eq!(problems.iter().map(|problem| problem.at.as_str()).collect::<Vec<_>>(), ["survey.csat_scale"]);
    }
}
