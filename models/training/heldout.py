"""Checks an exported model on the sets that nothing was tuned on: `data/evaluation` of this repository.

    python models/training/heldout.py --model models/motif-small-fr-en

Prints one JSON object: reasons learnt from English examples and asked in English and in French (logistic regression,
C = 20, frozen encoder, 3 seeded draws of 10 examples per label), retrieval between the two languages, reasons from one
line of description, sentiment; then reasons and sentiment of the same texts as they are typed in a hurry.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import random
import unicodedata
from collections.abc import Callable

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from corpora import HELD_OUT, LABELS, read_csv
from evaluate import Runner, polar_accuracy
from export import read_model


# Rows of a keyboard, French and English: the finger that misses a letter hits one beside it.
KEYBOARDS = ("azertyuiop", "qsdfghjklm", "wxcvbn", "qwertyuiop", "asdfghjkl", "zxcvbnm")
# One word of four letters or more in so many has a typing error.
MISTYPED = 5


def mistyped(text: str, rng: random.Random) -> str:
    """The text without accents, capitals and punctuation but for apostrophes, and with one word in five mistyped: a letter lost, doubled, hit
    beside, or changed with the next. Not the noise that training adds (`batches.with_typos`), which keeps accents and hits one letter in sixty."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))
    words = "".join(c if c.isalnum() or c in "'’" or ord(c) > 0x2000 else " " for c in plain).split()
    return " ".join(_slipped(word, rng) if len(word) > 3 and word.isalpha() and rng.randrange(MISTYPED) == 0 else word for word in words) or text


def _slipped(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word) - 1)
    beside = [row[near] for row in KEYBOARDS if word[at] in row for near in (row.index(word[at]) - 1, row.index(word[at]) + 1) if 0 <= near < len(row)]
    changed = [word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:], word[:at] + word[at + 1] + word[at] + word[at + 2 :]]
    return rng.choice(changed + [word[:at] + letter + word[at + 1 :] for letter in beside[:1]])


def as_written(text: str) -> str:
    return text


def crossed(run: Runner, shots: int = 10, draws: int = 3, typed: Callable[[str], str] = as_written) -> dict:
    """English examples; the other rows asked in English, and the same rows asked in French, as `typed` has them."""
    rows = read_csv(HELD_OUT / "intents_bilingual.csv")
    learnt = run([row["text_en"] for row in rows])
    english, french = run([typed(row["text_en"]) for row in rows]), run([typed(row["text_fr"]) for row in rows])
    labels = np.array([row["label"] for row in rows])
    found: dict[str, list[float]] = {"en": [], "fr": []}
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        train = np.concatenate([rng.choice(np.flatnonzero(labels == label), shots, replace=False) for label in np.unique(labels)])
        test = np.setdiff1d(np.arange(len(rows)), train)
        head = LogisticRegression(C=20, max_iter=300).fit(learnt[train], labels[train])
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


def sentiment(run: Runner, typed: Callable[[str], str] = as_written) -> dict:
    """Turns and lines, longer reviews, then messages with emoji, as `typed` has them: macro-F1 of three classes, and negative against positive."""
    found = {}
    for name in ("service", "reviews", "emoji"):
        rows = read_csv(HELD_OUT / f"sentiment_{name}.csv")
        logits = run.logits("sentiment", [typed(row["text"]) for row in rows])
        truth = np.array([LABELS.index(row["label"]) for row in rows])
        for lang in ("fr", "en"):
            own = np.array([row["language"] == lang for row in rows])
            polar = polar_accuracy(logits[own], truth[own])
            found[f"{name}_{lang}_macro_f1"] = round(float(f1_score(truth[own], logits[own].argmax(1), average="macro")), 4)
            found[f"{name}_{lang}_polar_accuracy"] = polar["value"]
            found[f"{name}_{lang}_n"], found[f"{name}_{lang}_polar_n"] = int(own.sum()), polar["n"]
    return found


def hurried(run: Runner) -> dict:
    """Reasons and sentiment of mistyped texts; what they are learnt from is typed well."""
    rng = random.Random(5)
    found = crossed(run, typed=lambda text: mistyped(text, rng))
    if "sentiment" in run.heads:
        found |= sentiment(run, lambda text: mistyped(text, rng))
    return {f"typed_{name}": value for name, value in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    torch.set_num_threads(1)
    run = Runner(*read_model(parser.parse_args().model))
    print(json.dumps({**crossed(run), **described(run), **(sentiment(run) if "sentiment" in run.heads else {}), **hurried(run)}, indent=1))


if __name__ == "__main__":
    main()
