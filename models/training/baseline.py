"""What a plain choice reaches on the figures of the model card: all-MiniLM-L6-v2 as it is, and a logistic regression for sentiment on its
embeddings, learnt from labelled texts that the model learnt from too.

    python models/training/baseline.py --data DIR --teacher "$TEACHER" --model models/motif-small-fr-en

Prints a row in Markdown as soon as it is measured: dev parts, then the held-out sets of `data/evaluation`. What the model does worse, it has to answer for.
"""

from __future__ import annotations

import argparse
import pathlib
import random
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

import evaluate
import heldout
from batches import weighted_windows
from corpora import LABELS, Corpora
from export import ROOT, read_model
from sentiment_rows import IGNORED, training_rows
from teacher import Teacher

HERE = pathlib.Path(__file__).resolve().parent


class Linear(evaluate.Runner):
    """An encoder without heads, and a linear one for sentiment."""

    def __init__(self, teacher: Teacher, rows: list[tuple[str, int]]) -> None:
        super().__init__(teacher.tokenizer, teacher.model)
        inputs = self([text for text, _ in rows])
        self.fitted = LogisticRegression(C=10, max_iter=300, class_weight="balanced").fit(inputs, [label for _, label in rows])

    @torch.no_grad()
    def all(self, texts: list[str], bf16: bool = False) -> tuple[np.ndarray, dict]:
        encodings = self.tokenizer.encode_batch(texts)
        order = sorted(range(len(texts)), key=lambda row: len(encodings[row].ids))
        embeddings = np.zeros((len(texts), 384), np.float32)
        for start in range(0, len(order), 32):
            rows = order[start : start + 32]
            ids, mask = evaluate.pad([encodings[row] for row in rows])
            embeddings[rows] = evaluate.mean_pool(self.model(ids, mask), mask).cpu().numpy()
        return embeddings, {}

    def logits(self, head: str, texts: list[str]) -> np.ndarray:
        """(texts, labels): as the program reads a text, the mean of what its windows say by their length, here as logarithms."""
        cut = [(place, piece, share) for place, text in enumerate(texts) for piece, share in weighted_windows(text)]
        said = self.fitted.predict_proba(self([piece for _, piece, _ in cut]))
        sums = np.zeros((len(texts), said.shape[1]))
        np.add.at(sums, [place for place, _, _ in cut], said * np.array([[share] for _, _, share in cut]))
        return np.log(sums + 1e-9)


def labelled(corpora: Corpora, limit: int) -> list[tuple[str, int]]:
    """Labelled texts of the training part, each once, `limit` of them at random."""
    rows = sorted({(text, label) for text, label, _ in training_rows(corpora, {}) if label != IGNORED})
    return random.Random(corpora.seed).sample(rows, min(limit, len(rows)))


def held_out(part: Callable[[evaluate.Runner], dict]) -> Callable[[evaluate.Runner], dict]:
    """A part of `heldout.py` in the shape of those of `evaluate.py`."""
    def measured(run: evaluate.Runner) -> dict:
        found = part(run)
        sizes = {name: next((found[size] for size in (f"{name}_n", f"{name.removesuffix('_accuracy')}_n", f"{name.removesuffix('_macro_f1')}_n",
                                                      f"{name.split('_')[0]}_n") if size in found), None)
                 for name in found if not name.endswith("_n")}
        return {f"held out: {name}": {"value": found[name], "n": size} for name, size in sizes.items()}
    return measured


def parts(corpora: Corpora) -> Iterator[Callable[[evaluate.Runner], dict]]:
    """What is measured, the quickest first."""
    yield from map(held_out, (heldout.crossed, heldout.described, heldout.sentiment))
    yield lambda run: evaluate.descriptions(run, ROOT)
    yield lambda run: evaluate.similarity(run, corpora.data)
    yield lambda run: evaluate.sentiment(run, corpora)[0]
    yield lambda run: {f"banking77_train_part_{shots}": entry for shots, entry in evaluate.banking_train_only(run, corpora.data).items()}
    yield lambda run: evaluate.retrieval(run, corpora)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--teacher", type=pathlib.Path, required=True, help="all-MiniLM-L6-v2 in the Hugging Face layout")
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--limit", type=int, default=12000, help="labelled texts that the linear head learns from")
    options = parser.parse_args()
    torch.set_num_threads(torch.get_num_threads())
    corpora, begun = Corpora(options.data, HERE / "data", False, 5), time.monotonic()
    plain = Linear(Teacher.of(options.teacher), labelled(corpora, options.limit))
    ours = evaluate.Runner(*read_model(options.model))
    print(f"| measure | all-MiniLM-L6-v2, {' / '.join(LABELS)} by a linear head | this model | n |\n|---|---|---|---|", flush=True)
    for part in parts(corpora):
        theirs, own = part(plain), part(ours)
        for name, entry in theirs.items():
            value, n = own[name]["value"], entry["n"]
            print(f"| {name} | {entry['value']:.3f} | {value:.3f}{' (worse)' if value < entry['value'] else ''} | {n} |", flush=True)
        print(f"{time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
