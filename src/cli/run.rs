//! `motif run`: the main job, and the summary that ends it.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result};
use motif::config::{self, Settings};
use motif::pipeline::{self, Figure, Summary};
use motif::report::Language;

use super::arguments::{ConfigArguments, RunArguments};
use super::progress::Bars;
use super::{Outcome, logging, print, print_json, refused, say};

/// Runs the main job.
pub(crate) fn run(arguments: &RunArguments, quiet: bool) -> Result<Outcome> {
    let settings = settings(&arguments.config, |sources| {
        sources.inputs.clone_from(&arguments.input);
        sources.output.clone_from(&arguments.output);
        sources.as_of.clone_from(&arguments.as_of);
        sources.model.clone_from(&arguments.model.model);
        if let Some(device) = &arguments.model.device {
            sources.overrides.push(format!("model.device={device}"));
        }
        let chosen = &arguments.sentiment;
        if let Some(name) = &chosen.sentiment_model {
            sources.overrides.push(format!("model.sentiment={name}"));
        }
        for pair in &chosen.sentiment_labels {
            sources.overrides.push(format!("model.sentiment_labels.{pair}"));
        }
    })?;
    if settings.inputs.is_empty() {
        return Err(motif::Error::usage(
            "nothing to read: name files or folders with --input, or write a motif.toml with `motif init`",
        )
        .into());
    }
    let model = &settings.options.model;
    super::models::check_labels(model.sentiment.as_deref(), !model.sentiment_labels.is_empty())?;
    let encoder = super::models::load(&model.name, &model.device)?;
    let short = |name: &str| match Path::new(name).file_name() {
        Some(file) => file.to_string_lossy().into_owned(),
        None => name.to_owned(),
    };
    let sentiment = match &model.sentiment {
        Some(name) => {
            super::models::load_classifier(name, &model.name, &model.device)?.map(|model| (short(name), model))
        }
        None => None,
    };
    let stop = Arc::new(AtomicBool::new(false));
    let stopper = Arc::clone(&stop);
    ctrlc::set_handler(move || stopper.store(true, Ordering::Relaxed)).context("cannot listen to Ctrl-C")?;
    let bars = Bars::new(quiet);
    let model_name = short(&model.name);
    let context = pipeline::Context { encoder, model_name, sentiment, progress: &bars, stop: &stop };
    let summary = pipeline::run(&settings, context)?;
    let left_out = refused::answers_out_of_scale(&summary.by_flag, &settings.options.survey);
    left_out.iter().for_each(|message| logging::warning(message));
    if arguments.config.json {
        print_json(&summary)?;
    } else if !quiet {
        print(&text_of(&summary, Wording(super::french::language())))?;
    }
    if summary.rejects == 0 {
        return Ok(Outcome::Done);
    }
    let rejects = summary.output.join("rejects.jsonl");
    refused::refused_files(&rejects).iter().for_each(|message| logging::warning(message));
    let file = rejects.display().to_string();
    let message = match summary.rejects {
        1 => format!("1 record was rejected; see {file}"),
        count => format!("{count} records were rejected; see {file}"),
    };
    say(quiet || arguments.config.json, &message);
    Ok(Outcome::DoneWithRejects)
}

/// Reads the configuration: the named one, or the `motif.toml` of this folder.
pub(crate) fn settings(arguments: &ConfigArguments, complete: impl FnOnce(&mut config::Sources)) -> Result<Settings> {
    let mut sources = sources(arguments);
    complete(&mut sources);
    Ok(config::read(&sources)?)
}

/// Where the configuration stands: in the named file, or in the `motif.toml` of this folder; and what `--set` changes.
pub(crate) fn sources(arguments: &ConfigArguments) -> config::Sources {
    config::Sources { overrides: arguments.overrides.clone(), ..super::finished::sources(arguments.config.as_deref()) }
}

/// Words and numbers of the summary in one language.
#[derive(Clone, Copy)]
struct Wording(Language);

impl Wording {
    fn pick(self, fr: &'static str, en: &'static str) -> &'static str {
        match self.0 {
            Language::French => fr,
            Language::English => en,
        }
    }

    /// A number with its noun, as written after one and after many. None is one in French: « 0 rejet ».
    fn count(self, count: u64, [fr_one, fr_many]: [&'static str; 2], [en_one, en_many]: [&'static str; 2]) -> String {
        let noun = match count {
            0 => self.pick(fr_one, en_many),
            1 => self.pick(fr_one, en_one),
            _ => self.pick(fr_many, en_many),
        };
        format!("{count} {noun}")
    }

    fn share(self, value: Option<f64>) -> String {
        let point = self.pick(",", ".");
        value.map_or_else(|| "–".to_owned(), |value| format!("{:.1} %", 100.0 * value).replace('.', point))
    }

    fn rate(self, figure: Figure) -> String {
        match (figure.value, figure.lo, figure.hi) {
            (Some(_), Some(lo), Some(hi)) => {
                let (lo, hi, to) = (self.share(Some(lo)), self.share(Some(hi)), self.pick("à", "to"));
                format!("{}  [{lo} {to} {hi}], n = {}", self.share(figure.value), figure.n)
            }
            _ => self.share(figure.value),
        }
    }

    fn cost(self, figure: Figure) -> String {
        match (figure.value, figure.lo, figure.hi) {
            (Some(_), Some(lo), Some(hi)) => {
                let to = self.pick("à", "to");
                format!("{}  [{} {to} {}]", euros(figure.value), euros(Some(lo)), euros(Some(hi)))
            }
            _ => euros(figure.value),
        }
    }
}

fn euros(value: Option<f64>) -> String {
    // Halves up, as in the report.
    value.map_or_else(|| "–".to_owned(), |value| format!("{:.0} €", value.round()))
}

/// The summary for people.
fn text_of(summary: &Summary, wording: Wording) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let mut line = |fr: &'static str, en: &'static str, value: String| {
        let _ = writeln!(text, "{:<33} {value}", wording.pick(fr, en));
    };
    let figure = |name: &str| summary.figures.get(name).copied().unwrap_or_default();
    let contacts = wording.count(summary.contacts, ["contact", "contacts"], ["contact", "contacts"]);
    let rejects = wording.count(summary.rejects, ["rejet", "rejets"], ["reject", "rejects"]);
    line("Enregistrements lus", "Records read", format!("{} = {contacts} + {rejects}", summary.records));
    for (code, count) in &summary.by_reject_code {
        let name = refused::reject_name(code, wording.0);
        line("", "", if name == code { format!("{count} × {code}") } else { format!("{count} × {name} ({code})") });
    }
    if summary.kept_contacts > 0 {
        line("Contacts gardés d'autres périodes", "Contacts of other periods, kept", summary.kept_contacts.to_string());
    }
    line("Contacts de clients", "Contacts by customers", summary.counted.to_string());
    line("Premiers motifs", "Top reasons", String::new());
    for (_, fr, en, count) in &summary.top_reasons {
        line("", "", format!("{count:>6}  {fr} / {en}"));
    }
    line("Évitables, critères stricts", "Avoidable, strict", wording.rate(figure("avoidable_rate")));
    line("Évitables, critères larges", "Avoidable, lenient", wording.rate(figure("avoidable_rate_lenient")));
    line("Réitération sous 7 jours", "Repeat within 7 days", wording.rate(figure("repeat_rate_contact_7d")));
    line("Résolution au premier contact", "First contact resolution", wording.rate(figure("fcr_demand")));
    line("Coût de tous les contacts", "Cost of all contacts", wording.cost(figure("cost_total_eur")));
    line("Coût des contacts évitables", "Cost of avoidable contacts", wording.cost(figure("avoidable_cost_eur")));
    line("Fenêtres encodées cette fois", "Windows encoded in this run", summary.encoded.to_string());
    line("Tables", "Tables", summary.output.display().to_string());
    line("Rapport", "Report", summary.report.display().to_string());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_costs_follow_the_language() {
        let figure = Figure { value: Some(0.3981), lo: Some(0.337), hi: Some(0.463), n: 226 };
        assert_eq!(Wording(Language::French).rate(figure), "39,8 %  [33,7 % à 46,3 %], n = 226");
        assert_eq!(Wording(Language::English).rate(figure), "39.8 %  [33.7 % to 46.3 %], n = 226");
        assert_eq!(Wording(Language::French).rate(Figure::default()), "–");
        let cost = Figure { value: Some(699.4), lo: Some(385.0), hi: Some(1012.0), n: 226 };
        assert_eq!(Wording(Language::French).cost(cost), "699 €  [385 € à 1012 €]");
        assert_eq!(Wording(Language::French).cost(Figure::default()), "–");
        let half = Figure { value: Some(276.5), ..Figure::default() };
        assert_eq!(Wording(Language::English).cost(half), "277 €");
    }

    #[test]
    fn one_is_written_in_the_singular_and_none_as_the_language_has_it() {
        let told = |language, count| Wording(language).count(count, ["rejet", "rejets"], ["reject", "rejects"]);
        assert_eq!([0, 1, 2].map(|count| told(Language::French, count)), ["0 rejet", "1 rejet", "2 rejets"]);
        assert_eq!([0, 1, 2].map(|count| told(Language::English, count)), ["0 rejects", "1 reject", "2 rejects"]);
    }

    #[test]
    fn no_label_of_the_summary_reaches_its_value() {
        let summary = Summary {
            records: 12,
            contacts: 10,
            kept_contacts: 3,
            rejects: 2,
            by_flag: Default::default(),
            by_reject_code: [("missing_column".to_owned(), 2)].into(),
            counted: 9,
            encoded: 40,
            tokens: 900,
            top_reasons: vec![("livraison.retard".into(), "Livraison en retard".into(), "Late delivery".into(), 4)],
            figures: [("avoidable_rate".to_owned(), Figure { value: Some(0.5), lo: Some(0.2), hi: Some(0.8), n: 9 })]
                .into(),
            output: "out".into(),
            report: "out/report.html".into(),
        };
        for language in [Language::French, Language::English] {
            let text = text_of(&summary, Wording(language));
            assert_eq!(text.lines().count(), 15, "{text}");
            let named =
                Wording(language).pick("2 × colonne absente (missing_column)", "2 × missing column (missing_column)");
            assert!(text.contains(named), "{text}");
            for line in text.lines() {
                assert_eq!(line.chars().nth(33), Some(' '), "the label reaches its value: {line}");
            }
        }
    }
}
