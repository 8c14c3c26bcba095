//! Progress on a terminal; silent elsewhere and with `--quiet`, a line per stage with JSON logs.

use std::borrow::Cow;
use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use motif::progress::{Progress, Stage};

use super::{french, logging};

/// Bars for a terminal.
pub(crate) struct Bars {
    is_shown: bool,
    current: Mutex<Option<(Stage, ProgressBar, Instant)>>,
}

impl Bars {
    /// Bars that show when stderr is a terminal.
    pub(crate) fn new(quiet: bool) -> Self {
        let is_shown = !quiet && std::io::stderr().is_terminal() && !logging::is_json();
        Self { is_shown, current: Mutex::new(None) }
    }

    fn with_bar(&self, act: impl FnOnce(&ProgressBar)) {
        // A poisoned lock would mean that a bar panicked; the run matters more.
        if let Ok(current) = self.current.lock()
            && let Some((_, bar, _)) = current.as_ref()
        {
            act(bar);
        }
    }
}

fn name(stage: Stage) -> Cow<'static, str> {
    let name = match stage {
        Stage::Prepare => "preparing the model",
        Stage::Read => "reading and labelling contacts",
        Stage::Keep => "taking up earlier periods",
        Stage::Link => "linking repeat contacts",
        Stage::Write => "writing tables",
        Stage::Kpi => "computing KPIs",
        Stage::Report => "making the report",
    };
    beside_bar(name)
}

/// Words beside a bar, in the language of the messages.
pub(crate) fn beside_bar(words: &'static str) -> Cow<'static, str> {
    if logging::is_french() { french::stage(words) } else { Cow::Borrowed(words) }
}

impl Progress for Bars {
    fn begin(&self, stage: Stage, total: Option<u64>) {
        let bar = if self.is_shown { ProgressBar::no_length() } else { ProgressBar::hidden() };
        let with_length = "{msg} {bar:30} {human_pos}/{human_len} contacts, {per_sec}, {eta} ";
        let template = match total {
            _ if matches!(stage, Stage::Prepare | Stage::Kpi | Stage::Report) => "{msg} {spinner}".to_owned(),
            Some(_) => format!("{with_length}{}", beside_bar("left")),
            None => "{msg} {spinner} {human_pos} contacts, {per_sec}".to_owned(),
        };
        if let Some(total) = total {
            bar.set_length(total);
        }
        // The templates are constants; a wrong one would show in the first run.
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        bar.set_message(name(stage));
        bar.enable_steady_tick(Duration::from_millis(120));
        if let Ok(mut current) = self.current.lock() {
            *current = Some((stage, bar, Instant::now()));
        }
    }

    fn advance(&self, units: u64) {
        self.with_bar(|bar| bar.inc(units));
    }

    fn end(&self) {
        let taken = self.current.lock().ok().and_then(|mut current| current.take());
        if let Some((stage, bar, start)) = taken {
            bar.finish_and_clear();
            if logging::is_json() {
                let seconds = start.elapsed().as_secs_f64();
                logging::info(&format!("{}: done in {seconds:.1} s", name(stage)));
            }
        }
    }

    fn warn(&self, message: &str) {
        self.with_bar(|bar| bar.suspend(|| logging::warning(message)));
        if self.current.lock().is_ok_and(|current| current.is_none()) {
            logging::warning(message);
        }
    }
}
