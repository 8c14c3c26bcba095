"""The whole job, from a file of contacts to Parquet, beside the usual Python stack and a tuned one.

    cargo build --release
    python benches/pipeline.py --program target/release/motif --model DIR --texts FILE [--count 20000] [--rounds 3]

`FILE` has one contact a line (repeated with a running number if there are too few), `DIR` is a sentence encoder in the
Hugging Face layout for the Python stacks. The three take turns, each in a process of its own:

- motif: `motif run` with the bundled model, reading, redaction, reasons, avoidability, sentiment, repeat contacts, KPIs,
  Parquet and report, into a new folder each time, so that nothing is cached. The time is that of the whole process.
- usual: pandas, sentence-transformers, a transformers text-classification pipeline of the same size for the sentiment,
  scikit-learn heads for reason and avoidability, pandas groups, Parquet.
- tuned: polars, ONNX Runtime with 8-bit weights, batches sorted by length, one pass whose embedding also serves the
  sentiment head, scikit-learn, Parquet.

The stacks' heads are trained beforehand on random labels: they cost what real ones cost. Their time starts after the
imports and the training and includes loading the encoder. They do a part of what `motif run` does, so the ratios are
lower bounds. Needs the packages named here, and `compare.py` beside this file.
"""

from __future__ import annotations

import argparse
import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import compare

REASONS, LABELS = 40, ["negative", "neutral", "positive"]
HIDDEN_DRAWS = 2_000


def write_contacts(texts: Path, count: int, out: Path) -> None:
    lines = [line for line in texts.read_text(encoding="utf-8").splitlines() if line.strip()]
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["contact_id", "customer_id", "started_at", "channel", "text"])
        for index in range(count):
            text = lines[index % len(lines)]
            # A text seen again gets a number of its own: no program may win by remembering it.
            if index >= len(lines):
                text += f" reference {index}"
            day, hour = index % 28 + 1, index // 28 % 24
            writer.writerow([f"C{index}", f"K{index % (count // 2 + 1)}", f"2026-03-{day:02}T{hour:02}:00:00Z",
                             "web_form", text])


def heads(width: int):
    """Linear heads for reason, avoidability and sentiment, fitted on noise."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    random = np.random.default_rng(0)
    x = random.normal(size=(HIDDEN_DRAWS, width)).astype(np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    fit = lambda classes: LogisticRegression(max_iter=20).fit(x, random.integers(0, classes, HIDDEN_DRAWS))
    return fit(REASONS), fit(2), fit(len(LABELS))


def usual(options: argparse.Namespace) -> float:
    import pandas
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

    torch.set_num_threads(options.threads)
    reason_head, avoidable_head, _ = heads(SentenceTransformer(str(options.model), device="cpu").get_sentence_embedding_dimension())
    classifier = AutoModelForSequenceClassification.from_pretrained(options.model, num_labels=len(LABELS))
    classifier.save_pretrained(options.folder / "sentiment")
    AutoTokenizer.from_pretrained(options.model).save_pretrained(options.folder / "sentiment")
    started = time.perf_counter()
    contacts = pandas.read_csv(options.contacts)
    encoder = SentenceTransformer(str(options.model), device="cpu")
    embeddings = encoder.encode(contacts["text"].tolist(), batch_size=32, normalize_embeddings=True)
    sentiment = pipeline("text-classification", model=str(options.folder / "sentiment"), device="cpu")
    found = sentiment(contacts["text"].tolist(), batch_size=32, truncation=True, max_length=256)
    contacts["sentiment"] = [one["label"] for one in found]
    contacts["reason"] = reason_head.predict(embeddings)
    contacts["avoidable"] = avoidable_head.predict_proba(embeddings)[:, 1]
    finish_pandas(contacts, options.folder / "usual")
    return time.perf_counter() - started


def finish_pandas(contacts, out: Path) -> None:
    import pandas

    contacts["started_at"] = pandas.to_datetime(contacts["started_at"])
    contacts = contacts.sort_values(["customer_id", "started_at"])
    gap = contacts.groupby(["customer_id", "reason"])["started_at"].diff()
    contacts["repeat"] = gap <= pandas.Timedelta(days=7)
    table = contacts.groupby("reason").agg(contacts=("contact_id", "count"), avoidable=("avoidable", "mean"),
                                           repeats=("repeat", "mean"))
    out.mkdir(exist_ok=True)
    contacts.drop(columns="text").to_parquet(out / "contacts.parquet")
    table.to_parquet(out / "kpi.parquet")


def tuned(options: argparse.Namespace) -> float:
    import numpy as np
    import polars
    from tokenizers import Tokenizer

    run = compare.onnx_engine(options.model, options.threads, options.folder, True)  # export and quantise beforehand
    width = run(np.array([[1, 2]]), np.array([[1, 1]])).shape[1]
    reason_head, avoidable_head, sentiment_head = heads(width)
    started = time.perf_counter()
    contacts = polars.read_csv(options.contacts)
    run = compare.onnx_engine(options.model, options.threads, options.folder, True)
    tokenizer = Tokenizer.from_file(str(options.model / "tokenizer.json"))
    tokenizer.enable_truncation(256)
    tokenizer.no_padding()
    windows = [encoding.ids for encoding in tokenizer.encode_batch(contacts["text"].to_list())]
    embeddings = np.empty((len(windows), width), np.float32)
    for own, ids, mask in compare.batches(windows):
        embeddings[own] = run(ids, mask)
    contacts = contacts.with_columns(
        polars.Series("reason", reason_head.predict(embeddings)),
        polars.Series("avoidable", avoidable_head.predict_proba(embeddings)[:, 1]),
        polars.Series("sentiment", sentiment_head.predict(embeddings)),
        polars.col("started_at").str.to_datetime(time_zone="UTC"),
    ).sort("customer_id", "started_at")
    gap = polars.col("started_at").diff().over("customer_id", "reason")
    contacts = contacts.with_columns((gap <= polars.duration(days=7)).alias("repeat"))
    table = contacts.group_by("reason").agg(polars.len(), polars.col("avoidable").mean(), polars.col("repeat").mean())
    out = options.folder / "tuned"
    out.mkdir(exist_ok=True)
    contacts.drop("text").write_parquet(out / "contacts.parquet")
    table.sort("reason").write_parquet(out / "kpi.parquet")
    return time.perf_counter() - started


def motif(options: argparse.Namespace, contacts: Path, round_: int) -> float:
    out = options.folder / f"motif-{round_}"
    environment = {**os.environ, "RAYON_NUM_THREADS": str(options.threads), "MOTIF_SECRET": "only for this benchmark"}
    started = time.perf_counter()
    subprocess.run([str(options.program.resolve()), "run", "--input", str(contacts), "--output", str(out), "--quiet"],
                   check=True, env=environment, cwd=options.folder, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def stack(options: argparse.Namespace, name: str, contacts: Path) -> float:
    command = [sys.executable, __file__, "--worker", name, "--contacts", str(contacts), "--model", str(options.model),
               "--folder", str(options.folder), "--threads", str(options.threads)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(options.threads), "TOKENIZERS_PARALLELISM": "true"}
    done = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True,
                          stderr=None if options.verbose else subprocess.DEVNULL)
    return float(done.stdout.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path, help="the `motif` program")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--stacks", default="usual,tuned")
    parser.add_argument("--verbose", action="store_true", help="show what the stacks write to stderr")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--contacts", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--worker", choices=["usual", "tuned"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        print({"usual": usual, "tuned": tuned}[options.worker](options))
        return
    with tempfile.TemporaryDirectory() as temporary:
        options.folder = Path(temporary)
        contacts = options.folder / "contacts.csv"
        write_contacts(options.texts, options.count, contacts)
        names = options.stacks.split(",")
        times: dict[str, list[float]] = {"motif": [], **{name: [] for name in names}}
        for round_ in range(options.rounds):
            times["motif"].append(motif(options, contacts, round_))
            for name in names:
                times[name].append(stack(options, name, contacts))
    print(f"{compare.machine()}\n{options.count} contacts, {options.threads} threads, {options.rounds} rounds in alternation\n")
    print("| program | seconds (median) | contacts/s | motif is faster by |\n|---|---|---|---|")
    for name, own in times.items():
        ratio = statistics.median(other / ours for ours, other in zip(times["motif"], own))
        print(f"| {name} | {statistics.median(own):.1f} | {options.count / statistics.median(own):.0f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
