"""What a plain choice reaches on the figures of the model card: all-MiniLM-L6-v2 as it is, with a logistic regression for sentiment on its
embeddings, learnt from the same labelled texts as the model.

    python models/training/baseline.py --data DIR --teacher "$TEACHER" --model models/motif-small-fr-en

Prints a table of both in Markdown: dev parts, then the held-out sets of `data/evaluation`. What the model does worse, it has to answer for.
"""

from __future__ import annotations

import argparse
import pathlib
import random

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

import evaluate
import heldout
from batches import weighted_windows
from corpora import LABELS, Corpora
from export import read_model
from sentiment_rows import IGNORED, training_rows
from teacher import Teacher

HERE = pathlib.Path(__file__).resolve().parent


class Linear(evaluate.Runner):
    """An encoder without heads, and a linear one for sentiment."""

    def __init__(self, teacher: Teacher, rows: list[tuple[str, int]]) -> None:
        super().__init__(teacher.tokenizer, teacher.model)
        self.fitted = LogisticRegression(C=1, max_iter=400, class_weight="balanced").fit(self([text for text, _ in rows]), [label for _, label in rows])
        self.heads = {"sentiment": None}

    def all(self, texts: list[str], bf16: bool = True) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        heads, self.heads = self.heads, {}
        found = super().all(texts, bf16)
        self.heads = heads
        return found

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


def figures(run: evaluate.Runner, corpora: Corpora) -> dict[str, tuple[float, int]]:
    """(value, n) by name, dev first."""
    dev = {**evaluate.similarity(run, corpora.data), **evaluate.retrieval(run, corpora), **evaluate.sentiment(run, corpora)[0]}
    found = {f"dev: {name}": (entry["value"], entry["n"]) for name, entry in dev.items()}
    held = {**heldout.crossed(run), **heldout.described(run), **heldout.sentiment(run), **heldout.hurried(run)}
    for name, value in held.items():
        size = f"{name.removesuffix('_accuracy').removesuffix('_macro_f1')}_n"
        if not name.endswith("_n"):
            found[f"held out: {name}"] = (value, held.get(f"{name}_n", held.get(size, held["reasons_n"])))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--teacher", type=pathlib.Path, required=True, help="all-MiniLM-L6-v2 in the Hugging Face layout")
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--limit", type=int, default=30000, help="labelled texts that the linear head learns from")
    options = parser.parse_args()
    torch.set_num_threads(2)
    corpora = Corpora(options.data, HERE / "data", False, 5)
    plain = figures(Linear(Teacher.of(options.teacher), labelled(corpora, options.limit)), corpora)
    ours = figures(evaluate.Runner(*read_model(options.model)), corpora)
    print(f"| measure | all-MiniLM-L6-v2, {' / '.join(LABELS)} by a linear head | this model | n |\n|---|---|---|---|")
    for name, (value, n) in plain.items():
        print(f"| {name} | {value:.3f} | {ours[name][0]:.3f}{' (worse)' if ours[name][0] < value else ''} | {n} |")


if __name__ == "__main__":
    main()
