//! The command line: one file per subcommand. Data goes to stdout, everything else to stderr.

mod arguments;
mod clean;
mod embed;
mod evaluate;
mod finished;
mod french;
mod guard;
mod init;
mod installed;
mod kpi;
mod logging;
mod models;
mod progress;
mod redact;
mod refused;
mod report;
mod run;
mod sample;
mod schema;
mod validate;

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use anyhow::Result;
use clap::FromArgMatches as _;
use motif::report::Language;

use arguments::{Arguments, Command};

/// How a command ended, as scripts see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Exit code 0.
    Done,
    /// Exit code 1: done, but records were rejected or a check failed.
    DoneWithRejects,
}

/// Runs the program.
pub(crate) fn main() -> ExitCode {
    guard::start();
    let language = french::language();
    let matches = french::command(language).try_get_matches();
    let arguments = match matches.and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => arguments,
        Err(error) => {
            // clap prints help and version on stdout, mistakes on stderr.
            let is_help = !error.use_stderr();
            let in_french = (language == Language::French && !is_help).then(|| french::mistake(&error)).flatten();
            match in_french {
                // Nowhere to report a stderr that is gone.
                Some(text) => drop(std::io::stderr().write_all(text.as_bytes())),
                None => drop(error.print()),
            }
            return if is_help { ExitCode::SUCCESS } else { ExitCode::from(2) };
        }
    };
    logging::start(arguments.log_format, arguments.quiet);
    match guard::guarded(|| dispatch(arguments)) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::DoneWithRejects) => ExitCode::from(1),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            logging::failure(&error);
            ExitCode::from(2)
        }
    }
}

fn dispatch(arguments: Arguments) -> Result<Outcome> {
    let quiet = arguments.quiet;
    match arguments.command {
        Command::Run(options) => run::run(&options, quiet),
        Command::Evaluate(options) => evaluate::run(&options, quiet),
        Command::Embed(options) => embed::run(&options),
        Command::Clean(options) => clean::run(&options),
        Command::Redact(options) => redact::run(&options),
        Command::Kpi(options) => kpi::run(&options),
        Command::Report(options) => report::run(&options, quiet),
        Command::Validate(options) => validate::run(&options, quiet),
        Command::Sample(options) => sample::run(&options, quiet),
        Command::Schema(options) => schema::run(&options),
        Command::Init(options) => init::run(&options, quiet),
        Command::Models(options) => models::run(&options, quiet),
    }
}

/// Whoever read our output has had enough.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe))
}

/// Writes to stdout.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Writes a value as JSON to stdout.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<()> {
    print(&format!("{}\n", serde_json::to_string_pretty(value)?))
}

/// Writes a line to stderr in the language of the messages, unless `--quiet`.
pub(crate) fn say(quiet: bool, text: &str) {
    if !quiet {
        // Nowhere to report a stderr that is gone.
        let _ = writeln!(std::io::stderr(), "{}", logging::note(text));
    }
}
