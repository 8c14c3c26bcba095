//! Arguments of every command; the doc comments are the help.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use motif::report::Language;

/// Why customers contact you, which contacts were avoidable, how they felt, who came back, and what to fix first.
///
/// Pourquoi vos clients vous contactent, quels contacts étaient évitables, qui revient, et quoi corriger d'abord.
///
/// Everything runs on this machine; no text leaves it.
#[derive(Debug, Parser)]
#[command(
    name = "motif",
    version,
    after_help = "Examples:\n  motif run                                  the demo, or the motif.toml of this folder\n  motif run --input contacts.csv --output out  your own file, without configuration\n\nExit codes: 0 done; 1 done, but records were rejected or a check failed; 2 could not run."
)]
pub(crate) struct Arguments {
    /// What to do
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Print results and errors only
    #[arg(long, global = true, help_heading = "Logging")]
    pub(crate) quiet: bool,
    /// Form of the messages on stderr
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, help_heading = "Logging")]
    pub(crate) log_format: LogFormat,
}

/// Form of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// One JSON object per line
    Json,
}

/// Commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read contacts, label them, link repeats, and write tables and the report
    Run(RunArguments),
    /// Measure quality on labelled data
    Evaluate(EvaluateArguments),
    /// Turn texts into embeddings
    Embed(EmbedArguments),
    /// Split an e-mail into reply, quoted history, signature and disclaimer
    Clean(CleanArguments),
    /// Replace personal data, from stdin to stdout
    Redact(RedactArguments),
    /// Show KPI values of a finished run
    Kpi(KpiArguments),
    /// Make the report of a finished run again
    Report(ReportArguments),
    /// Check the configuration, the taxonomy, the criteria and the articles
    Validate(ConfigArguments),
    /// Draw contacts of a finished run at random, to be labelled
    Sample(SampleArguments),
    /// Print every table and column with its type and meaning
    Schema(SchemaArguments),
    /// Write a commented configuration, taxonomy and criteria to start from
    Init(InitArguments),
    /// List, fetch or verify models
    Models(ModelsArguments),
}

/// Where settings come from.
#[derive(Debug, Args)]
pub(crate) struct ConfigArguments {
    /// Configuration file [default: motif.toml of this folder, if there is one]
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub(crate) config: Option<PathBuf>,
    /// Change one key of the configuration, as in --set repeat.max_gap_days=45
    #[arg(long = "set", value_name = "KEY=VALUE", help_heading = "Input")]
    pub(crate) overrides: Vec<String>,
    /// Print the result as JSON
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
}

/// `motif run`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  motif run --input calls.jsonl --input mails/ --output out\n  motif run --config october.toml --as-of 2026-10-31 --set report.language=en"
)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
    /// File, folder or glob to read; may be repeated; replaces the configured inputs
    #[arg(long, value_name = "PATH", help_heading = "Input")]
    pub(crate) input: Vec<PathBuf>,
    /// Folder for tables and report; replaces the configured one
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// "Now": a day or a time [default: the latest time in the data]
    #[arg(long, value_name = "TIME", help_heading = "Input")]
    pub(crate) as_of: Option<String>,
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    #[command(flatten)]
    pub(crate) sentiment: SentimentArguments,
}

/// Which model gives the sentiment.
#[derive(Debug, Args)]
pub(crate) struct SentimentArguments {
    /// Take the sentiment from this classifier, or from the bundled model, instead of the model's own head
    #[arg(long, value_name = "NAME|DIR|HUB_ID", help_heading = "Model")]
    pub(crate) sentiment_model: Option<String>,
    /// What its labels mean, as in --sentiment-labels LABEL_0=negative,LABEL_1=neutral,LABEL_2=positive
    #[arg(long, value_name = "LABEL=CLASS,…", value_delimiter = ',', help_heading = "Model")]
    pub(crate) sentiment_labels: Vec<String>,
}

/// Which model.
#[derive(Debug, Args)]
pub(crate) struct ModelArguments {
    /// The bundled model, a folder in the Hugging Face layout, or the id of a fetched model
    #[arg(long, value_name = "NAME|DIR|HUB_ID", help_heading = "Model")]
    pub(crate) model: Option<String>,
    /// Where tensors are computed
    #[arg(long, value_name = "auto|cpu|cuda|metal", help_heading = "Model")]
    pub(crate) device: Option<String>,
}

/// `motif evaluate`
#[derive(Debug, Args)]
#[command(
    after_help = "FILE is CSV, TSV (without quoting) or JSONL by extension, .gz too.\n\nExamples:\n  motif evaluate reason --train train.tsv.gz --test test.tsv.gz --columns label=intent\n  motif evaluate run --output motif-output --gold data/demo/gold.jsonl"
)]
pub(crate) struct EvaluateArguments {
    /// What to measure
    #[command(subcommand)]
    pub(crate) task: EvaluateTask,
}

/// What to measure.
#[derive(Debug, Subcommand)]
pub(crate) enum EvaluateTask {
    /// Contact reasons: trained on examples (--train, --test), or from descriptions alone (--gold, --labels)
    Reason {
        /// Labelled examples (text,label)
        #[arg(long, value_name = "FILE", requires = "test", conflicts_with_all = ["gold", "labels"])]
        train: Option<PathBuf>,
        /// Labelled texts to predict; labels absent from the training file are out of scope
        #[arg(long, value_name = "FILE", requires = "train")]
        test: Option<PathBuf>,
        /// Labelled texts to predict from the labels' descriptions
        #[arg(long, value_name = "FILE", requires = "labels")]
        gold: Option<PathBuf>,
        /// Labels (label,name,description,examples[])
        #[arg(long, value_name = "FILE", requires = "gold")]
        labels: Option<PathBuf>,
        #[command(flatten)]
        common: EvaluateCommon,
    },
    /// Sentiment (text,label: negative, neutral, positive)
    Sentiment {
        /// Labelled texts
        #[arg(long, value_name = "FILE")]
        gold: PathBuf,
        #[command(flatten)]
        sentiment: SentimentArguments,
        #[command(flatten)]
        common: EvaluateCommon,
    },
    /// Emotion (text,label: satisfaction, dissatisfaction, frustration, confusion, none)
    Emotion {
        /// Labelled texts
        #[arg(long, value_name = "FILE")]
        gold: PathBuf,
        #[command(flatten)]
        common: EvaluateCommon,
    },
    /// Similarity of meaning (text_a,text_b,score)
    Similarity {
        /// Scored pairs
        #[arg(long, value_name = "FILE")]
        gold: PathBuf,
        #[command(flatten)]
        common: EvaluateCommon,
    },
    /// Repeat contacts by meaning alone (text_a,text_b,same)
    Repeat {
        /// Labelled pairs
        #[arg(long, value_name = "FILE")]
        gold: PathBuf,
        #[command(flatten)]
        common: EvaluateCommon,
    },
    /// Articles of a FAQ that answer questions (text,article_id; no article_id: none answers)
    Faq {
        /// Labelled questions
        #[arg(long, value_name = "FILE")]
        gold: PathBuf,
        /// Articles (article_id,title,text; also language, url)
        #[arg(long, value_name = "FILE")]
        articles: PathBuf,
        #[command(flatten)]
        common: EvaluateCommon,
    },
    /// Reasons of a taxonomy (text,label: the id of a reason, other, unclear)
    Taxonomy {
        /// Labelled texts
        #[arg(long, value_name = "FILE")]
        gold: PathBuf,
        /// Taxonomy, as taxonomy.reasons of motif.toml names one; the shipped one by default
        #[arg(long, value_name = "FILE")]
        reasons: Option<PathBuf>,
        /// Probability of belonging to a reason below which a text is other, as label.reason_threshold; the shipped one by default
        #[arg(long, value_name = "PROBABILITY")]
        threshold: Option<f64>,
        #[command(flatten)]
        common: EvaluateCommon,
    },
    /// A finished run against labelled contacts
    Run {
        /// Output folder of the run
        #[arg(long, value_name = "DIR")]
        output: PathBuf,
        /// Labelled contacts
        #[arg(long, value_name = "FILE")]
        gold: PathBuf,
        #[command(flatten)]
        common: EvaluateCommon,
    },
}

/// Options of every evaluation.
#[derive(Debug, Args)]
pub(crate) struct EvaluateCommon {
    /// Names of the columns, as in --columns text=sentence1,label=intent
    #[arg(long, value_name = "NAME=COLUMN,…", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) model: ModelArguments,
}

/// `motif embed`
#[derive(Debug, Args)]
pub(crate) struct EmbedArguments {
    /// JSONL with text_id and text
    #[arg(long, value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// Parquet file to write
    #[arg(long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Print the counts as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) model: ModelArguments,
}

/// `motif clean`
#[derive(Debug, Args)]
pub(crate) struct CleanArguments {
    /// E-mail (RFC 5322)
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Accepted for symmetry: the result is always JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `motif redact`
#[derive(Debug, Args)]
pub(crate) struct RedactArguments {
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
}

/// `motif kpi`
#[derive(Debug, Args)]
pub(crate) struct KpiArguments {
    /// Output folder of a run [default: the configured one, else motif-output]
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Configuration file [default: motif.toml of this folder, if there is one]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// KPI name; all when absent
    #[arg(long, value_name = "NAME")]
    pub(crate) kpi: Option<String>,
    /// Dimension: all, reason, reason_l1, channel, product, team, site or language; owner or criterion of numbers and
    /// costs of avoidable contacts
    #[arg(long, value_name = "NAME", default_value = "all")]
    pub(crate) dimension: String,
    /// Period: day, week, month or all
    #[arg(long, value_name = "GRAIN", default_value = "all")]
    pub(crate) grain: String,
    /// Print the rows as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `motif sample`
#[derive(Debug, Args)]
#[command(
    after_help = "Fill the empty columns without looking at the run, then give the file to evaluate run, which also corrects the rates of the run by the mistakes that it finds, or to report, which states the corrected rates.\n\nWhat to write, in any case; leave empty what you do not know:\n  reason               id or name of a reason of the run, other or unclear\n  avoidable            1 or 0 (yes, no, true, false), by the strict criteria\n  avoidable_lenient    1 or 0, by the strict and the lenient criteria\n  criterion            id or name of a criterion of the run\n  sentiment            negative, neutral or positive\n\nExample:\n  motif sample --to labels.csv\n  motif evaluate run --output motif-output --gold labels.csv\n  motif report --output motif-output --gold labels.csv"
)]
pub(crate) struct SampleArguments {
    /// Output folder of a run [default: the configured one, else motif-output]
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Configuration file [default: motif.toml of this folder, if there is one]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// CSV file to write
    #[arg(long, value_name = "FILE")]
    pub(crate) to: PathBuf,
    /// How many contacts to draw
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub(crate) contacts: u32,
    /// Another seed draws other contacts
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Replace the file if it is there
    #[arg(long)]
    pub(crate) force: bool,
    /// Print the counts as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `motif report`
#[derive(Debug, Args)]
#[command(
    after_help = "Title, language and min_contacts are those of the run; --config FILE takes them from a configuration, and --set report.title=… changes one.\n\nExample:\n  motif report --output motif-output --set report.language=en"
)]
pub(crate) struct ReportArguments {
    /// Output folder of a run [default: the configured one, else motif-output]; its report.html is replaced
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Contacts labelled by people, drawn with `motif sample`: the report also states the rates as these labels correct them
    #[arg(long, value_name = "FILE")]
    pub(crate) gold: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
}

/// `motif schema`
#[derive(Debug, Args)]
pub(crate) struct SchemaArguments {
    /// One table; all when absent
    #[arg(value_name = "TABLE")]
    pub(crate) table: Option<String>,
    /// Language of the meanings; JSON holds both
    #[arg(long, value_name = "LANGUAGE", value_parser = language(), default_value = "en")]
    pub(crate) language: Language,
    /// Print as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Reads the ISO 639-1 code of a language in which there are texts.
fn language() -> impl TypedValueParser<Value = Language> {
    PossibleValuesParser::new(Language::ALL.map(Language::code))
        .try_map(|code| Language::ALL.into_iter().find(|language| language.code() == code).ok_or("no such language"))
}

/// `motif init`
#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// Folder to write to
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Replace files that are there
    #[arg(long)]
    pub(crate) force: bool,
    /// Print the names of the files as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `motif models`
#[derive(Debug, Args)]
pub(crate) struct ModelsArguments {
    /// What to do
    #[command(subcommand)]
    pub(crate) action: ModelsAction,
}

/// What to do with models.
#[derive(Debug, Subcommand)]
pub(crate) enum ModelsAction {
    /// Show the bundled model and the fetched ones, with size and revision
    List {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Download a model of the Hugging Face hub; the only command that opens a connection
    ///
    /// Honours HF_ENDPOINT, HF_HOME, HF_HUB_CACHE, HF_TOKEN, HF_HUB_OFFLINE, HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE. A
    /// fetch that was cut goes on where it stopped.
    Fetch {
        /// As in sentence-transformers/all-MiniLM-L6-v2
        #[arg(value_name = "ORG/NAME")]
        id: String,
        /// Branch, tag or commit; recorded as the commit that it stands for
        #[arg(long, value_name = "REVISION", default_value = "main")]
        revision: String,
        /// Print what was fetched as JSON
        #[arg(long)]
        json: bool,
    },
    /// Check a model's files against the checksums of its manifest or of its download
    Verify {
        /// The bundled model when absent
        #[arg(value_name = "NAME|DIR|HUB_ID")]
        model: Option<String>,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
}
