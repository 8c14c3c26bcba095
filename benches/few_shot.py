"""Accuracy of `motif evaluate reason` with few examples a label, drawn by seed:

    python benches/few_shot.py FOLDER work [--motif target/release/motif] [--shots 8 10 0] [--draws 3]

FOLDER holds `train.tsv.gz` and `test.tsv.gz` with the columns `text` and `intent` (as Banking77 is published by its authors, made TSV);
0 shots means every training row. Draw SEED takes, label by label in alphabetical order, `random.Random(SEED).sample` of its rows.
"""

from __future__ import annotations

import argparse
import gzip
import json
import pathlib
import random
import statistics
import subprocess


def read(path: pathlib.Path) -> list[tuple[str, str]]:
    """(text, label) of each row; nothing is quoted."""
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
        header = next(lines).rstrip("\n").split("\t")
        rows = [dict(zip(header, line.rstrip("\n").split("\t"))) for line in lines]
    return [(row["text"], row["intent"]) for row in rows]


def drawn(rows: list[tuple[str, str]], shots: int, seed: int) -> list[tuple[str, str]]:
    """`shots` rows of each label, or all."""
    if not shots:
        return rows
    by_label: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        by_label.setdefault(row[1], []).append(row)
    rng = random.Random(seed)
    return [row for label in sorted(by_label) for row in rng.sample(by_label[label], shots)]


def write(path: pathlib.Path, rows: list[tuple[str, str]]) -> None:
    path.write_text("text\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in rows), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--motif", default="target/release/motif")
    parser.add_argument("--shots", type=int, nargs="+", default=[8, 10, 0])
    parser.add_argument("--draws", type=int, default=3)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    train, test = read(options.data / "train.tsv.gz"), options.work / "test.tsv"
    write(test, read(options.data / "test.tsv.gz"))
    for shots in options.shots:
        found = []
        for seed in range(options.draws if shots else 1):
            examples = options.work / f"train_{shots}_{seed}.tsv"
            write(examples, drawn(train, shots, seed))
            command = [options.motif, "evaluate", "reason", "--train", examples, "--test", test, "--json"]
            answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            found.append(answer["accuracy"])
        draws = ", ".join(f"{value:.4f}" for value in found)
        print(f"{shots or 'all'} examples a label: {statistics.mean(found):.4f} ({draws})", flush=True)


if __name__ == "__main__":
    main()
