"""Checks an exported model on the sets that nothing was tuned on: `data/evaluation` of this repository.

    python models/training/heldout.py --model models/motif-small-fr-en

Prints one JSON object: reasons learnt from English examples and asked in English and in French (logistic regression,
C = 20, frozen encoder, 3 seeded draws of 10 examples per label), retrieval between the two languages, reasons from one
line of description, sentiment.
"""

from __future__ import annotations

import argparse
import json
import pathlib

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from corpora import HELD_OUT, LABELS, read_csv
from evaluate import Runner, polar_accuracy
from export import read_model


def crossed(run: Runner, shots: int = 10, draws: int = 3) -> dict:
    """English examples; the other rows asked in English, and the same rows asked in French."""
    rows = read_csv(HELD_OUT / "intents_bilingual.csv")
    english, french = run([row["text_en"] for row in rows]), run([row["text_fr"] for row in rows])
    labels = np.array([row["label"] for row in rows])
    found: dict[str, list[float]] = {"en": [], "fr": []}
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        train = np.concatenate([rng.choice(np.flatnonzero(labels == label), shots, replace=False) for label in np.unique(labels)])
        test = np.setdiff1d(np.arange(len(rows)), train)
        head = LogisticRegression(C=20, max_iter=300).fit(english[train], labels[train])
        found["en"].append(head.score(english[test], labels[test]))
        found["fr"].append(head.score(french[test], labels[test]))
    scores, truth = english @ french.T, np.arange(len(rows))
    nearest = ((scores.argmax(0) == truth).mean() + (scores.argmax(1) == truth).mean()) / 2
    return {"reasons_en_to_en": round(float(np.mean(found["en"])), 4), "reasons_en_to_fr": round(float(np.mean(found["fr"])), 4),
            "reasons_n": len(rows) - shots * len(np.unique(labels)), "retrieval": round(float(nearest), 4), "retrieval_n": len(rows)}


def described(run: Runner) -> dict:
    """Nearest name or description by cosine."""
    found = {}
    for name, file, texts, keys in (("chat_fr", "chat_fr", "text", ("name", "description")),
                                    ("intents_fr", "intents_bilingual", "text_fr", ("name_fr", "description_fr")),
                                    ("intents_en", "intents_bilingual", "text_en", ("name", "description"))):
        labels = [json.loads(line) for line in (HELD_OUT / f"{file.split('_b')[0]}_labels.jsonl").read_text(encoding="utf-8").splitlines()]
        rows = read_csv(HELD_OUT / f"{file}.csv")
        scores = run([row[texts] for row in rows]) @ sum(run([label[key] for label in labels]) for key in keys).T
        right = [labels[best]["label"] == row["label"] for best, row in zip(scores.argmax(1), rows)]
        found[f"described_{name}"] = round(float(np.mean(right)), 4)
        found[f"described_{name}_n"] = len(rows)
    return found


def sentiment(run: Runner) -> dict:
    """Turns and lines, longer reviews, then messages with emoji: macro-F1 of three classes, and negative against positive."""
    found = {}
    for name in ("service", "reviews", "emoji"):
        rows = read_csv(HELD_OUT / f"sentiment_{name}.csv")
        logits = run.logits("sentiment", [row["text"] for row in rows])
        truth = np.array([LABELS.index(row["label"]) for row in rows])
        for lang in ("fr", "en"):
            own = np.array([row["language"] == lang for row in rows])
            polar = polar_accuracy(logits[own], truth[own])
            found[f"{name}_{lang}_macro_f1"] = round(float(f1_score(truth[own], logits[own].argmax(1), average="macro")), 4)
            found[f"{name}_{lang}_polar_accuracy"] = polar["value"]
            found[f"{name}_{lang}_n"], found[f"{name}_{lang}_polar_n"] = int(own.sum()), polar["n"]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    torch.set_num_threads(1)
    run = Runner(*read_model(parser.parse_args().model))
    print(json.dumps({**crossed(run), **described(run), **(sentiment(run) if "sentiment" in run.heads else {})}, indent=1))


if __name__ == "__main__":
    main()
