"""Measures an encoder and its sentiment head on the held-out parts."""

from __future__ import annotations

import json
import math
import pathlib
import random
import tomllib

import numpy as np
import torch
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from tokenizers import Tokenizer

from batches import pad, weighted_windows
from corpora import EMOTIONS, LABELS, Corpora, read_tsv
from device import DEVICE, autocast
from encoder import Encoder, SentimentHead, mean_pool, over_windows
from sentiment_rows import emotional_comments


class Runner:
    """Embeddings of texts and logits of each head, in f32, sorted by length and put back in order."""

    def __init__(self, tokenizer: Tokenizer, model: Encoder, heads: dict[str, SentimentHead] | None = None) -> None:
        self.tokenizer, self.model = tokenizer, model.to(DEVICE).eval()
        self.heads = {name: head.to(DEVICE).eval() for name, head in (heads or {}).items()}

    @torch.no_grad()
    def all(self, texts: list[str], bf16: bool = False) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """(texts, hidden) unit length, and (texts, labels) per head."""
        encodings = self.tokenizer.encode_batch(texts)
        order = sorted(range(len(texts)), key=lambda row: len(encodings[row].ids))
        embeddings = np.zeros((len(texts), 384), np.float32)
        logits = {name: np.zeros((len(texts), head.output.out_features), np.float32) for name, head in self.heads.items()}
        for start in range(0, len(order), 32):
            rows = order[start : start + 32]
            ids, mask = pad([encodings[row] for row in rows])
            with autocast(bf16):
                states, feelings = self.model.both(ids, mask)
            embeddings[rows] = mean_pool(states, mask).cpu().numpy()
            for name, head in self.heads.items():
                logits[name][rows] = head(feelings, mask).cpu().numpy()
        return embeddings, logits

    def __call__(self, texts: list[str]) -> np.ndarray:
        return self.all(texts)[0]

    def logits(self, head: str, texts: list[str]) -> np.ndarray:
        """(texts, labels), as the program reads a text: `over_windows`."""
        cut = [(place, piece, share) for place, text in enumerate(texts) for piece, share in weighted_windows(text)]
        said = torch.from_numpy(self.all([piece for _, piece, _ in cut])[1][head])
        places, shares = torch.tensor([place for place, _, _ in cut]), torch.tensor([share for _, _, share in cut])
        return over_windows(said, places, shares, len(texts)).numpy()


def softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    scaled = logits / temperature
    scaled = np.exp(scaled - scaled.max(-1, keepdims=True))
    return scaled / scaled.sum(-1, keepdims=True)


def calibration_error(probabilities: np.ndarray, truth: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error of the winning label, equal-width bins."""
    confidence, right = probabilities.max(-1), probabilities.argmax(-1) == truth
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    return float(sum(abs(confidence[bin_of == b].mean() - right[bin_of == b].mean()) * (bin_of == b).mean()
                     for b in range(bins) if (bin_of == b).any()))


def fit_temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """The temperature of least negative log-likelihood, from 0.3 to 3."""
    def loss(temperature: float) -> float:
        return -float(np.log(softmax(logits, temperature)[np.arange(len(truth)), truth] + 1e-12).mean())
    return min((math.exp(x) for x in np.linspace(math.log(0.3), math.log(3), 241)), key=loss)


def similarity(run: Runner, data: pathlib.Path, split: str = "dev") -> dict:
    found = {}
    for lang in ("fr", "en"):
        rows = read_tsv(data / f"stsb/{lang}_{split}.tsv.gz")
        left, right = run([r["sentence1"] for r in rows]), run([r["sentence2"] for r in rows])
        score = spearmanr((left * right).sum(-1), [float(r["score"]) for r in rows]).statistic
        found[f"stsb_{split}_{lang}_spearman"] = {"value": round(float(score), 4), "n": len(rows)}
    return found


def retrieval(run: Runner, corpora: Corpora) -> dict:
    """Share of texts whose nearest neighbour in the other language is their translation, mean of both directions."""
    found = {}
    own = [(row["en"], row["fr"]) for row in corpora.service_pairs("dev") + corpora.service_lines("dev")]
    for name, pairs in {**corpora.held_out_pairs, "service_dev": own}.items():
        left, right = run([en for en, _ in pairs]), run([fr for _, fr in pairs])
        scores, truth = left @ right.T, np.arange(len(pairs))
        value = ((scores.argmax(0) == truth).mean() + (scores.argmax(1) == truth).mean()) / 2
        found[f"retrieval_{name}"] = {"value": round(float(value), 4), "n": len(pairs)}
    return found


# Files of `data/lines` that hold reviews, complaints and posts, and those of everyday talk; the others are customers' requests.
OPINIONS = ("reviews_complaints", "social_turns", "opinions_posts", "short_posts")
EVERYDAY = ("everyday_talk", "conversations")
# Those in one language: whole reviews, complaints, e-mails and survey answers; tweets; the other ones are shorter opinions.
REVIEWS = ("insurer_reviews_long", "shop_reviews_long", "product_reviews_long", "services_long", "english_long", "insurer_bank_stories",
           "local_reviews_fr", "opposites_fr", "mails_turns_fr", "reviews_en", "verbatims_fr", "finance_reviews_fr", "shop_product_reviews_fr",
           "telecom_software_reviews_fr", "travel_leisure_reviews_fr", "public_local_reviews_fr", "turns_letters_fr", "personas_fr",
           "survey_answers_fr", "site_reviews_fr", "forum_stories_fr", "business_social_fr", "concessions_fr",
           "typed_shops_fr", "services_reviews_fr", "trades_home_reviews_fr", "contracts_reviews_fr", "shops_travel_reviews_fr", "reviews_implied_en")
EMOJI = ("emoji_fr", "emoji_en")
# Irony, negation and their honest look-alikes.
PHRASING = ("irony_fr", "negation_fr", "irony_negation_en")
TWEETS = ("tweets_fr", "tweets_fr_2", "tweets_fr_3", "tweets_fr_4")
# French tweets on ecology and energy, labelled as those of UMSAB are: a headline has the polarity of its event.
ECOLOGY = ("tweets_ecology_fr", "tweets_ecology_fr_2", "tweets_ecology_fr_3")


def sentiment_dev(corpora: Corpora) -> dict[str, list[tuple[str, int]]]:
    """Labelled dev texts by name."""
    sets: dict[str, list[tuple[str, int]]] = {}
    lines = corpora.service_lines("dev")
    rows = read_tsv(corpora.data / "umsab/val_fr_en.tsv.gz")
    for lang in ("fr", "en"):
        sets[f"umsab_val_{lang}"] = [(r["text"], LABELS.index(r["label"])) for r in rows if r["lang"] == lang]
        service = corpora.service_pairs("dev") + [r for r in lines if r["file"] not in OPINIONS + EVERYDAY]
        sets[f"service_dev_{lang}"] = [(r[lang], LABELS.index(r["label"])) for r in service]
        opinions = [(r[lang], LABELS.index(r["label"])) for r in lines if r["file"] in OPINIONS]
        mono = [(r["file"], (r["text"], LABELS.index(r["label"]))) for r in corpora.own_opinions("dev") if r["language"] == lang]
        sets[f"everyday_dev_{lang}"] = [(r[lang], LABELS.index(r["label"])) for r in lines if r["file"] in EVERYDAY]
        sets[f"opinions_dev_{lang}"] = opinions + [row for file, row in mono if file not in REVIEWS + TWEETS + ECOLOGY + EMOJI + PHRASING]
        sets[f"reviews_dev_{lang}"] = [row for file, row in mono if file in REVIEWS]
        sets[f"phrasing_dev_{lang}"] = [row for file, row in mono if file in PHRASING]
        sets[f"emoji_dev_{lang}"] = [row for file, row in mono if file in EMOJI]
        sets[f"ecology_dev_{lang}"] = [row for file, row in mono if file in ECOLOGY]
        sets[f"tweets_dev_{lang}"] = [row for file, row in mono if file in TWEETS]
    return {name: rows for name, rows in sets.items() if rows}


def polar_accuracy(logits: np.ndarray, truth: np.ndarray) -> dict:
    """How often negative is told from positive, of the texts that are one of them."""
    polar = truth != LABELS.index("neutral")
    right = (logits[polar, 2] > logits[polar, 0]) == (truth[polar] == 2)
    return {"value": round(float(right.mean()), 4), "n": int(polar.sum())}


def sentiment(run: Runner, corpora: Corpora) -> tuple[dict, dict[str, tuple[np.ndarray, np.ndarray]]]:
    """Macro-F1 per dev set, and of reviews and messages with emoji how often negative is told from positive; also the logits and the truth, for calibration."""
    found, outputs = {}, {}
    for name, rows in sentiment_dev(corpora).items():
        logits, truth = run.logits("sentiment", [text for text, _ in rows]), np.array([label for _, label in rows])
        outputs[name] = (logits, truth)
        found[f"sentiment_{name}_macro_f1"] = {
            "value": round(float(f1_score(truth, logits.argmax(-1), average="macro")), 4), "n": len(rows)}
        if name.startswith(("opinions", "reviews", "emoji", "phrasing")):
            found[f"sentiment_{name}_polar_accuracy"] = polar_accuracy(logits, truth)
    return found, outputs


def calibration(outputs: dict[str, tuple[np.ndarray, np.ndarray]], seed: int) -> tuple[float, dict]:
    """The temperature fitted on all dev texts; its error measured on halves that it was not fitted on."""
    logits = np.concatenate([o[0] for o in outputs.values()])
    truth = np.concatenate([o[1] for o in outputs.values()])
    half = np.random.default_rng(seed).permutation(len(truth)) % 2
    crossed = np.zeros((len(truth), logits.shape[1]))
    for side in (0, 1):
        crossed[half == side] = softmax(logits[half == side], fit_temperature(logits[half != side], truth[half != side]))
    # One temperature serves all: what it leaves on each set, too sure on some and not sure enough on others, does not show in the whole.
    temperature = fit_temperature(logits, truth)
    each = {f"ece_{name}": {"value": round(calibration_error(softmax(own, temperature), labels), 4), "n": len(labels)}
            for name, (own, labels) in outputs.items()}
    return temperature, {
        **each,
        "ece_dev_crossfitted": {"value": round(calibration_error(crossed, truth), 4), "n": len(truth)},
        "ece_dev_uncalibrated": {"value": round(calibration_error(softmax(logits), truth), 4), "n": len(truth)}}


def few_shot(train: list[tuple[str, str]], test: list[tuple[str, str]], run: Runner, shots: list[int | None], draws: int = 3) -> dict:
    """Accuracy of logistic regression (C = 20) on frozen embeddings; `None` shots means all of `train`."""
    train_x, test_x = run([t for t, _ in train]), run([t for t, _ in test])
    train_y, test_y = np.array([y for _, y in train]), np.array([y for _, y in test])
    found = {}
    for shot in shots:
        scores = []
        for draw in range(draws if shot else 1):
            rng = random.Random(draw)
            rows = range(len(train))
            if shot:
                by_label: dict[str, list[int]] = {}
                for row in rows:
                    by_label.setdefault(train_y[row], []).append(row)
                rows = [row for label in sorted(by_label) for row in rng.sample(by_label[label], shot)]
            rows = np.array(list(rows))
            model = LogisticRegression(C=20, max_iter=1000).fit(train_x[rows], train_y[rows])
            scores.append(accuracy_score(test_y, model.predict(test_x)))
        found[str(shot or "full")] = {"value": round(float(np.mean(scores)), 4), "n": len(test), "draws": len(scores)}
    return found


def emotion(run: Runner, corpora: Corpora) -> dict:
    """Macro-F1 and F1 per label on the dev part of the own lines and on GoEmotions dev (labels mapped)."""
    lines = [(row[lang], EMOTIONS.index(row["emotion"])) for row in corpora.service_lines("dev") for lang in ("en", "fr")]
    found = {}
    for name, rows in {"service_dev": lines, "goemotions_dev": emotional_comments(corpora, "dev")}.items():
        truth = np.array([label for _, label in rows])
        scores = f1_score(truth, run.logits("emotion", [text for text, _ in rows]).argmax(-1), average=None, labels=range(len(EMOTIONS)))
        found[f"emotion_{name}_macro_f1"] = {"value": round(float(scores.mean()), 4), "n": len(rows)}
        for label, score in zip(EMOTIONS, scores):
            found[f"emotion_{name}_{label}_f1"] = {"value": round(float(score), 4), "n": int((truth == EMOTIONS.index(label)).sum())}
    return found


def descriptions(run: Runner, root: pathlib.Path) -> dict:
    """Reasons from their line of description alone, no training: the development messages of `data/calibration`
    against the names and descriptions of the shipped taxonomy, nearest by cosine; also for 20 reasons at a time."""
    taxonomy = tomllib.loads((root / "data/taxonomy/taxonomy.toml").read_text(encoding="utf-8"))["reason"]
    rows = [json.loads(line) for line in (root / "data/calibration/messages.jsonl").read_text(encoding="utf-8").splitlines()]
    ids = [reason["id"] for reason in taxonomy]
    found = {}
    for lang in ("fr", "en"):
        own = [row for row in rows if row["language"] == lang and row["reason"] in ids]
        names, lines = run([r["name"][lang] for r in taxonomy]), run([r["description"][lang] for r in taxonomy])
        scores = run([row["text"] for row in own]) @ (names + lines).T
        truth = np.array([ids.index(row["reason"]) for row in own])
        found[f"described_reasons_59_{lang}"] = {"value": round(float((scores.argmax(1) == truth).mean()), 4), "n": len(own)}
        draws = []
        for seed in range(20):
            kept = np.random.default_rng(seed).permutation(len(ids))[:20]
            inside = np.isin(truth, kept)
            draws.append((kept[scores[inside][:, kept].argmax(1)] == truth[inside]).mean())
        found[f"described_reasons_20_{lang}"] = {"value": round(float(np.mean(draws)), 4), "n": len(own)}
    return found


def intents_dev(run: Runner, data: pathlib.Path) -> dict:
    """CLINC150 val, 10 examples per label: its labels were seen in training, so the figure flatters."""
    train, test = ([(r["text"], r["intent"]) for r in read_tsv(data / f"clinc150/{s}.tsv.gz") if r["intent"] != "oos"] for s in ("train", "val"))
    return {f"clinc150_val_{shots}_shot_seen": entry for shots, entry in few_shot(train, test, run, [10]).items()}


def banking_train_only(run: Runner, data: pathlib.Path, shots: int = 10, draws: int = 3) -> dict:
    """Few-shot inside Banking77's own training part: drawn from it, measured on the rest of it (every fifth row)."""
    rows = [(r["text"], r["intent"]) for r in read_tsv(data / "banking77/train.tsv.gz")]
    return few_shot([r for i, r in enumerate(rows) if i % 5], rows[::5], run, [shots], draws)


def banking_test(run: Runner, data: pathlib.Path) -> dict:
    """For the report only: nothing is ever chosen by it."""
    train, test = ([(r["text"], r["intent"]) for r in read_tsv(data / f"banking77/{s}.tsv.gz")] for s in ("train", "test"))
    return few_shot(train, test, run, [8, 10, None])
