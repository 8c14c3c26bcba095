//! How fast the encoder is: tokens and windows per second by length class, for each kernel class, and peak memory.
//!
//! ```text
//! cargo bench --bench encoder -- --model DIR --texts FILE [--kernels auto,avx2] [--threads 2] [--rounds 5]
//! cargo bench --bench encoder -- --model DIR --texts FILE --soak 1000000
//! cargo bench --bench encoder -- --model DIR --texts FILE --serve
//! ```
//!
//! `FILE` holds one contact a line, which is one window here. `--soak` encodes the file again and again until that many
//! windows are done, a thousand at a time as a run does, and tells the peak memory. With `--serve` the program loads the
//! model, embeds the file once for every line that it reads from standard input, and answers with the wall and processor
//! seconds that it took; `compare.py` alternates it with other engines that way, on token windows that it hands over with
//! `--windows FILE` (ids separated by spaces).

use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::time::Instant;

use motif::model::{Encoder, EncoderOptions, KernelChoice, ModelFiles};

type Failure = Box<dyn std::error::Error>;

#[derive(Default)]
struct Arguments {
    model: PathBuf,
    texts: Option<PathBuf>,
    windows: Option<PathBuf>,
    embeddings: Option<PathBuf>,
    kernels: Vec<KernelChoice>,
    threads: usize,
    rounds: usize,
    serve: bool,
    soak: usize,
}

fn main() -> Result<(), Failure> {
    let arguments = match read_arguments(std::env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        // `cargo test --benches` runs this program without arguments; there is nothing to measure then.
        Ok(None) => {
            writeln!(std::io::stderr(), "usage: --model DIR --texts FILE; see the head of benches/encoder.rs")?;
            return Ok(());
        }
        Err(problem) => return Err(problem),
    };
    rayon::ThreadPoolBuilder::new().num_threads(arguments.threads).build_global()?;
    let files = ModelFiles::open(&arguments.model)?;
    match (arguments.serve, arguments.soak) {
        (true, _) => serve(&arguments, &files),
        (false, 0) => table(&arguments, &files),
        (false, count) => soak(&arguments, &files, count),
    }
}

fn read_arguments(mut words: impl Iterator<Item = String>) -> Result<Option<Arguments>, Failure> {
    let mut arguments = Arguments { rounds: 5, ..Arguments::default() };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        match word.as_str() {
            "--model" => arguments.model = value()?.into(),
            "--texts" => arguments.texts = Some(value()?.into()),
            "--windows" => arguments.windows = Some(value()?.into()),
            "--embeddings" => arguments.embeddings = Some(value()?.into()),
            "--kernels" => {
                arguments.kernels = value()?.split(',').map(str::parse).collect::<Result<_, _>>()?;
            }
            "--threads" => arguments.threads = value()?.parse()?,
            "--rounds" => arguments.rounds = value()?.parse()?,
            "--soak" => arguments.soak = value()?.parse()?,
            "--serve" => arguments.serve = true,
            "--bench" | "--test" => {} // added by cargo
            other => return Err(format!("unknown argument {other}").into()),
        }
    }
    if arguments.kernels.is_empty() {
        arguments.kernels.push(KernelChoice::Auto);
    }
    Ok((!arguments.model.as_os_str().is_empty()).then_some(arguments))
}

fn load(files: &ModelFiles, kernel: KernelChoice) -> Result<Encoder, Failure> {
    Ok(Encoder::load(files, EncoderOptions { kernel, ..EncoderOptions::default() })?)
}

/// Token windows: given ones, or texts cut at the model's limit.
fn windows(arguments: &Arguments, encoder: &Encoder) -> Result<Vec<Vec<u32>>, Failure> {
    if let Some(path) = &arguments.windows {
        let text = std::fs::read_to_string(path)?;
        return text.lines().map(|line| line.split(' ').map(|id| Ok(id.parse()?)).collect()).collect();
    }
    let path = arguments.texts.as_ref().ok_or("--texts or --windows is needed")?;
    let tokenizer = encoder.tokenizer()?;
    let longest = encoder.max_seq_length();
    std::fs::read_to_string(path)?
        .lines()
        .map(|line| {
            let encoding = tokenizer.encode(line, true).map_err(|error| error.to_string())?;
            let mut ids = encoding.get_ids().to_vec();
            if let (true, Some(last)) = (ids.len() > longest, ids.last().copied()) {
                ids.truncate(longest - 1);
                ids.push(last);
            }
            Ok(ids)
        })
        .collect()
}

fn table(arguments: &Arguments, files: &ModelFiles) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    for kernel in &arguments.kernels {
        let started = Instant::now();
        let encoder = load(files, *kernel)?;
        let loading = started.elapsed().as_secs_f64();
        let given = windows(arguments, &encoder)?;
        // Windows of one length each, cut from all the tokens laid end to end.
        let stream: Vec<u32> = given.iter().flatten().copied().collect();
        let mut classes = vec![("as given".to_owned(), given)];
        for length in [16usize, 32, 64, 128, 256] {
            if length <= encoder.max_seq_length() && stream.len() >= 4 * length {
                let cut = stream.chunks_exact(length).map(<[u32]>::to_vec).collect();
                classes.push((format!("{length} tokens"), cut));
            }
        }
        writeln!(
            out,
            "{}, {} threads, loaded in {:.0} ms",
            encoder.kernel_class(),
            rayon::current_num_threads(),
            loading * 1e3
        )?;
        writeln!(out, "| contacts | tokens/s | contacts/s |\n|---|---|---|")?;
        for (name, windows) in &classes {
            let tokens: usize = windows.iter().map(Vec::len).sum();
            let mut best = f64::INFINITY;
            for _ in 0..arguments.rounds {
                let started = Instant::now();
                encoder.encode(windows)?;
                best = best.min(started.elapsed().as_secs_f64());
            }
            writeln!(out, "| {name} | {:.0} | {:.0} |", tokens as f64 / best, windows.len() as f64 / best)?;
        }
        writeln!(out)?;
    }
    if let Some(peak) = peak_memory() {
        writeln!(out, "peak memory {peak}")?;
    }
    Ok(())
}

/// Windows in a call of [`soak`].
const CALL: usize = 1_000;

fn soak(arguments: &Arguments, files: &ModelFiles, count: usize) -> Result<(), Failure> {
    let encoder = load(files, arguments.kernels[0])?;
    let windows = windows(arguments, &encoder)?;
    let before = peak_memory().unwrap_or_default();
    let (started, mut done, mut tokens) = (Instant::now(), 0, 0);
    while done < count {
        for call in windows.chunks(CALL) {
            encoder.encode(call)?;
            done += call.len();
            tokens += call.iter().map(Vec::len).sum::<usize>();
            if done >= count {
                break;
            }
        }
    }
    let speed = tokens as f64 / started.elapsed().as_secs_f64();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}: {done} windows, {tokens} tokens, {speed:.0} tokens/s", encoder.kernel_class())?;
    writeln!(out, "peak memory {}, {before} of it once loaded", peak_memory().unwrap_or_default())?;
    Ok(())
}

fn serve(arguments: &Arguments, files: &ModelFiles) -> Result<(), Failure> {
    let encoder = load(files, arguments.kernels[0])?;
    let windows = windows(arguments, &encoder)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "ready {}", encoder.kernel_class())?;
    out.flush()?;
    for line in std::io::stdin().lock().lines() {
        line?;
        let (started, before) = (Instant::now(), cpu_seconds());
        let encodings = encoder.embed(&windows)?;
        let (seconds, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds() - before);
        if let Some(path) = &arguments.embeddings {
            let bytes: Vec<u8> = encodings.embeddings.iter().flat_map(|value| value.to_le_bytes()).collect();
            std::fs::write(path, bytes)?;
        }
        writeln!(out, "{seconds} {cpu}")?;
        out.flush()?;
    }
    Ok(())
}

/// Processor time of all threads so far, where the system tells it; else 0.
fn cpu_seconds() -> f64 {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return 0.0 };
    tasks
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok())
        .filter_map(|line| line.split(' ').next()?.parse::<f64>().ok())
        .sum::<f64>()
        / 1e9
}

/// `VmHWM` of this process, where the system tells it.
fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    Some(status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().to_owned())
}
