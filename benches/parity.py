"""How near `motif embed` comes to sentence-transformers with the same model, text by text.

    python benches/parity.py --model DIR --motif target/release/motif --texts fr_dev.tsv.gz:sentence1 en_dev.tsv.gz:sentence1

Each of `--texts` is a gzip TSV table and one of its columns; `--count` texts in all, as many of each table, the first ones that
differ. Prints the lowest and the mean cosine for the reference path and for the kernel class that the machine would choose.
Needs numpy, pyarrow and sentence-transformers.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet


def texts_of(place: str, count: int) -> list[str]:
    path, _, column = place.rpartition(":")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return list(dict.fromkeys(row[column] for row in rows))[:count]


def ours(program: Path, model: Path, texts: list[str], kernel: str) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "texts.jsonl"), Path(folder, "texts.parquet")
        source.write_text("".join(json.dumps({"text_id": str(at), "text": text}) + "\n" for at, text in enumerate(texts)))
        command = [program, "embed", "--quiet", "--input", source, "--output", target, "--model", model]
        subprocess.run(command, check=True, env={**os.environ, "MOTIF_KERNEL": kernel})
        return np.array(parquet.read_table(target)["embedding"].to_pylist(), dtype=np.float64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--motif", type=Path, required=True)
    parser.add_argument("--texts", nargs="+", required=True)
    parser.add_argument("--count", type=int, default=1000)
    options = parser.parse_args()
    texts = [text for place in options.texts for text in texts_of(place, options.count // len(options.texts))]

    from sentence_transformers import SentenceTransformer

    theirs = SentenceTransformer(str(options.model), device="cpu").encode(texts, normalize_embeddings=True).astype(np.float64)
    for kernel in ("reference", "auto"):
        cosines = (ours(options.motif, options.model, texts, kernel) * theirs).sum(1)
        print(f"{kernel}: {len(texts)} texts, lowest cosine {cosines.min():.8f}, mean {cosines.mean():.8f}")


if __name__ == "__main__":
    main()
