"""Stage 2: distillation goes on, while the heads of sentiment and emotion, the intent contrast and the similarity
ranking are learnt."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

import blend
import export
import tuned
from batches import bucketed, encode, with_typos
from corpora import EMOTIONS, LABELS, Corpora
from device import DEVICE, autocast
from encoder import Encoder, SentimentHead, mean_pool
from losses import contrast_loss, distillation_loss, ranking_loss
from schedule import Progress, optimiser
from sentiment_rows import IGNORED, LONGEST, training_rows
from symbols import a_sign, with_sign
from teacher import Targets, Teacher

INTENT_SETS = {"clinc": 0.27, "hwu": 0.22, "mdgo": 0.08, "dstc": 0.05, "nlupp": 0.08, "own": 0.3}
# How often the second text of an intent is its name or definition, which the first must find.
DESCRIBED = 0.4
# How often an emoji is added to a text, which does not change its subject; to a labelled one, an emoji that fits the label.
SIGNED = 0.04
# Share of the pieces of a labelled text that are hidden from the network.
HIDDEN = 0.12
# How often the intents of a step come from one field first: neighbours are harder to tell apart.
NEIGHBOURS = 0.5

# Weight of the similarity ranking in the multi-task stage.
SIMILARITY = 0.05


def tensor(values: list) -> torch.Tensor:
    return torch.tensor(values, device=DEVICE)


def draw_labels(labels: list[str], size: int, rng: random.Random) -> list[str]:
    """`size` of the labels, or all; at times those of one field (`own:bank` of `own:bank.fees`) before others."""
    if rng.random() < NEIGHBOURS:
        field = rng.choice(labels).partition(".")[0]
        near = [label for label in labels if label.partition(".")[0] == field]
    else:
        near = []
    near = rng.sample(near, min(size, len(near)))
    others = sorted(set(labels) - set(near))
    return near + rng.sample(others, min(size - len(near), len(others)))


def noisy_feeling(text: str, label: int, rng: random.Random) -> str:
    """A labelled text as somebody in a hurry types it, one in seven, or with an emoji that fits what it says."""
    text = with_typos(text, rng) if rng.random() < 0.15 else text
    return with_sign(text, rng, LABELS[label]) if label != IGNORED and rng.random() < SIGNED else text


class Sampler:
    """Endless batches for each of the four tasks. `targets_of` gives the targets of English texts."""

    def __init__(self, corpora: Corpora, targets_of: Callable[[list[str]], Targets], tokenizer: Tokenizer,
                 pairs: list[tuple[str, str]], english: list[str], times: Mapping[str, int]) -> None:
        self.tokenizer, self.rng = tokenizer, random.Random(corpora.seed + 1)
        self.mask = tokenizer.token_to_id("[MASK]")  # The last of the special pieces, which come first.
        self.own = [(row["en"], row["fr"]) for row in corpora.service_pairs("train")]
        self.lines = [(row["en"], row["fr"]) for row in corpora.service_lines("train")]
        self.pairs = [(en, fr) for en, fr in pairs if 12 <= len(en) <= 160]
        self.documents = corpora.documents()
        opinions = [row["text"] for row in corpora.own_opinions("train") if row["language"] == "en"]
        self.english = [text for text in english + opinions if len(text) > 8]
        self.sts = corpora.sts_train()
        texts = [en for en, _ in self.pairs + self.own + self.lines + self.documents] + self.english + [en for pair in self.sts for en in pair.english]
        texts = list(dict.fromkeys(texts))
        self.index = {text: row for row, text in enumerate(texts)}
        self.targets = targets_of(texts)
        self.rows = training_rows(corpora, times)
        self.class_weights = class_weights(self.rows)
        self.descriptions = corpora.descriptions()
        self.intents: dict[str, dict[str, list[str]]] = {}
        for label, texts in corpora.intents().items():
            self.intents.setdefault(label.split(":")[0], {})[label] = texts

    def _noisy(self, text: str, share: float) -> str:
        text = with_typos(text, self.rng) if self.rng.random() < share else text
        return with_sign(text, self.rng) if self.rng.random() < SIGNED else text

    def _both_noisy(self, pairs: list[tuple[str, str]]) -> list[str]:
        """All left sides, then all right ones; both sides of a pair get the same emoji, since they must feel the same."""
        sides = [[with_typos(text, self.rng) if self.rng.random() < 0.1 else text for text in pair] for pair in pairs]
        for pair in sides:
            if self.rng.random() < SIGNED:
                sign = a_sign(self.rng)
                pair[:] = [f"{text} {sign}" for text in pair]
        return [pair[side] for side in (0, 1) for pair in sides]

    def _hidden(self, ids: torch.Tensor) -> torch.Tensor:
        """The pieces with some of them hidden: the same text is never read twice alike, so that it is not learnt by heart."""
        hidden = torch.tensor([[self.rng.random() < HIDDEN for _ in row] for row in ids.tolist()], device=ids.device)
        return torch.where(hidden & (ids > self.mask), torch.full_like(ids, self.mask), ids)

    def feelings(self, size: int) -> Iterator[tuple[torch.Tensor, torch.Tensor, dict[str, torch.Tensor]]]:
        """Texts with the index of their label for each head, which may be `IGNORED`."""
        lengths = [len(row[0]) for row in self.rows]
        while True:
            for batch in bucketed(list(range(len(self.rows))), lengths, size, self.rng):
                rows = [self.rows[row] for row in batch]
                ids, mask = encode(self.tokenizer, [noisy_feeling(text, label, self.rng) for text, label, _ in rows], LONGEST)
                yield self._hidden(ids), mask, labels_of(rows)

    def translations(self, size: int) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        """`size` English texts, then their French; the same targets twice."""
        pairs = self.pairs + self.own * 4 + self.lines * 2 + self.documents * 2
        lengths = [len(en) for en, _ in pairs]
        while True:
            for batch in bucketed(list(range(len(pairs))), lengths, size, self.rng):
                english = [pairs[row][0] for row in batch]
                ids, mask = encode(self.tokenizer, self._both_noisy([pairs[row] for row in batch]), LONGEST)
                yield ids, mask, self.targets.get([self.index[text] for text in english] * 2)

    def english_texts(self, size: int) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        lengths = [len(text) for text in self.english]
        while True:
            for batch in bucketed(list(range(len(self.english))), lengths, size, self.rng):
                texts = [self.english[row] for row in batch]
                ids, mask = encode(self.tokenizer, [self._noisy(text, 0.1) for text in texts], LONGEST)
                yield ids, mask, self.targets.get([self.index[text] for text in texts])

    def intent_pairs(self, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Two texts of each of `size` intents of one data set: first all left ones, then all right ones. The right one
        is at times the intent's name or definition; of own intents either may be in either language."""
        present = [name for name in INTENT_SETS if name in self.intents]
        chosen = self.intents[self.rng.choices(present, [INTENT_SETS[name] for name in present])[0]]
        labels = draw_labels(sorted(chosen), size, self.rng)
        drawn = [self.rng.sample(chosen[label], 2) for label in labels]
        for pair, label in zip(drawn, labels):
            if label in self.descriptions and self.rng.random() < DESCRIBED:
                pair[1] = self.rng.choice(self.descriptions[label])
        return encode(self.tokenizer, [self._noisy(pair[side], 0.1) for side in (0, 1) for pair in drawn], 48)

    def sts_pairs(self, size: int, people: float = 0.5) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """All left texts, then all right ones; their targets; and how alike each pair is to be, of 0 to 1: to the share
        `people` what people said, else what the targets say. People's scores alone are learnt by heart within minutes."""
        drawn = self.rng.sample(self.sts, size)
        ids, mask = encode(self.tokenizer, [self._noisy(pair.texts[side], 0.1) for side in (0, 1) for pair in drawn], 64)
        target = self.targets.get([self.index[pair.english[side]] for side in (0, 1) for pair in drawn])
        left, right = target.chunk(2)
        return ids, mask, target, people * tensor([pair.score / 5 for pair in drawn]) + (1 - people) * (left * right).sum(-1)


def balance(labels: list[int], count: int) -> torch.Tensor:
    """Class weights that go half of the way to equal classes."""
    counts = torch.bincount(torch.tensor([label for label in labels if label != IGNORED], dtype=torch.long), minlength=count).float().clamp(min=1.0)
    return ((counts.mean() / counts) ** 0.5).to(DEVICE)


def labels_of(rows: list[tuple]) -> dict[str, torch.Tensor]:
    """The labels of (text, sentiment, emotion) rows, by head."""
    return {"sentiment": tensor([row[1] for row in rows]), "emotion": tensor([row[2] for row in rows])}


def class_weights(rows: list[tuple]) -> dict[str, torch.Tensor]:
    """The class weights of (text, sentiment, emotion) rows, by head."""
    return {"sentiment": balance([row[1] for row in rows], len(LABELS)), "emotion": balance([row[2] for row in rows], len(EMOTIONS))}


def feeling_losses(logits: dict[str, torch.Tensor], labels: dict[str, torch.Tensor], weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Class-weighted cross-entropy of each head on the rows that have a label; none where no row has."""
    losses = {}
    for name, values in logits.items():
        kept = labels[name] != IGNORED
        if bool(kept.any()):
            losses[name] = F.cross_entropy(values[kept], labels[name][kept], weight=weights[name], label_smoothing=0.05)
    return losses


def alike_losses(forward: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
                 sampler: Sampler) -> tuple[dict[str, torch.Tensor], torch.Tensor, torch.Tensor]:
    """Ranking and distillation of 40 pairs with a degree of likeness; also their `input_ids` and `attention_mask`."""
    ids, mask, target, wanted = sampler.sts_pairs(40)
    found = mean_pool(forward(ids, mask), mask)
    return {"sts": ranking_loss(*found.chunk(2), wanted), "sts_distil": distillation_loss(found, target)}, ids, mask


def run(model: Encoder, heads: dict[str, SentimentHead], sampler: Sampler, progress: Progress, rate: float, size: int) -> None:
    """Trains all in place until `progress` is over; `size` texts a step are for the heads."""
    layers = [model.encoder] if model.fork is None else [model.encoder, model.feelings]
    update = optimiser([(part, rate) for part in layers] + [(model.embeddings, 3 * rate)] + [(head, 7 * rate) for head in heads.values()], progress)
    for module in (model, *heads.values()):
        module.train()
    felt, translations, english = sampler.feelings(size), sampler.translations(36), sampler.english_texts(36)

    def forward(ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        with autocast():
            return model(ids, mask)

    while not progress.over():
        ids, mask, labels = next(felt)
        tokens, sentences = int(mask.sum()), len(ids)
        with autocast():
            states = model.feel(ids, mask)
        losses = feeling_losses({name: head(states, mask) for name, head in heads.items()}, labels, sampler.class_weights)
        total = 2.0 * losses.get("sentiment", 0.0) + 0.5 * losses.get("emotion", 0.0)

        paired = progress.done % 4 != 3
        ids, mask, target = next(translations if paired else english)
        with autocast():
            states, feelings = model.both(ids, mask) if paired else (model(ids, mask), None)
        losses["distil"] = distillation_loss(mean_pool(states, mask), target)
        total = total + losses["distil"]
        if paired:
            # What the head says of an English text, it must say of its French wording.
            half = len(ids) // 2
            logits = heads["sentiment"](feelings, mask)
            losses["agree"] = F.kl_div(logits[half:].log_softmax(-1), logits[:half].detach().softmax(-1), reduction="batchmean")
            total = total + min(1.0, 3 * progress.share()) * losses["agree"]
        tokens, sentences = tokens + int(mask.sum()), sentences + len(ids)

        if progress.done % 2 == 0 or not sampler.sts:
            ids, mask = sampler.intent_pairs(56)
            left, right = mean_pool(forward(ids, mask), mask).chunk(2)
            losses["intent"] = contrast_loss(left, right)
            total = total + losses["intent"]
        else:
            alike, ids, mask = alike_losses(forward, sampler)
            losses.update(alike)
            total = total + SIMILARITY * losses["sts"] + losses["sts_distil"]
        tokens, sentences = tokens + int(mask.sum()), sentences + len(ids)
        update(total)
        progress.step({name: loss.item() for name, loss in losses.items()}, sentences, tokens)


def run_similarity(model: Encoder, sampler: Sampler, progress: Progress, rate: float) -> None:
    """Trains `model` in place on what people said of pairs alone: slowly and not for long, to be averaged with where it began.
    What the feelings stand on stays as it is."""
    update = optimiser([(model if model.fork is None else model.encoder["layer"][model.fork :], rate)], progress)
    model.train()
    while not progress.over():
        ids, mask, _, wanted = sampler.sts_pairs(48, people=1.0)
        with autocast():
            with torch.set_grad_enabled(model.fork is None):
                states, padding = model.lower(ids, mask)
            found = mean_pool(model.meaning(states, padding), mask)
        loss = ranking_loss(*found.chunk(2), wanted)
        update(loss)
        progress.step({"sts": loss.item()}, len(ids), int(mask.sum()))


def sampler_of(options, corpora: Corpora, teacher: Teacher, tokenizer: Tokenizer, pairs: list[tuple[str, str]], english: list[str]) -> Sampler:
    """The batches of both stages below, with the targets of one teacher, of two, or of the model that training starts from, alone or joined with
    the teacher that has learnt people's scores."""
    if options.second_teacher or options.own_teacher:
        pairs, english = blend.blended_pairs(corpora), blend.blended_english(corpora)
    own = Teacher(*export.read_model(options.start)[:2]) if options.own_teacher else None
    if options.tuned_teacher:
        tuned.tune(options, corpora, teacher)

    def targets_of(texts: list[str]) -> Targets:
        if options.tuned_teacher:
            return Targets(tuned.Joined(own, teacher, texts), texts)
        if own:
            return Targets(own, texts)
        if options.second_teacher:
            return blend.blended_targets(teacher, options.second_teacher, texts, options.work)
        return Targets(teacher, texts)

    return Sampler(corpora, targets_of, tokenizer, pairs, english, options.times)


def order_of(options) -> str:
    """The seed of a run's batches: the model that it starts from learnt in an order of its own."""
    return f"{options.seed}-{json.loads((options.start / 'manifest.json').read_text())['revision']}"


def similarity_stage(options, sampler: Sampler, model: Encoder) -> None:
    """From `multitask.pt` to `similarity.pt` in the work folder."""
    model.adopt(torch.load(options.work / "multitask.pt", map_location=DEVICE)["weights"]["encoder"])
    model.drop(options.dropout)
    if options.start and options.first == "similarity":
        sampler.rng.seed(order_of(options))
    progress = Progress("similarity", options.similarity_steps, options.similarity_minutes, options.work, {"encoder": model}, 0.97)
    run_similarity(model, sampler, progress, options.similarity_rate)
    progress.finish()


def stage(options, sampler: Sampler, model: Encoder) -> None:
    """From `distil.pt` to `multitask.pt` in the work folder."""
    hidden = model.config["hidden_size"]
    heads = {"sentiment": SentimentHead(hidden).to(DEVICE), "emotion": SentimentHead(hidden, labels=len(EMOTIONS)).to(DEVICE)}
    if options.resume:
        checkpoint = torch.load(options.work / "multitask.pt", map_location=DEVICE)
        weights = checkpoint["weights"]
        # Else the first batches would come again, and be learnt by heart.
        sampler.rng.seed(f"{options.seed}-{checkpoint['steps']}")
        for name, head in heads.items():
            head.load_state_dict(weights[name])
    else:
        weights = torch.load(options.work / "distil.pt", map_location=DEVICE)["weights"]
        if options.start:
            sampler.rng.seed(order_of(options))
            for name, head in export.read_model(options.start)[2].items():
                heads[name].load_state_dict(head.state_dict())
    model.adopt(weights["encoder"])
    model.drop(options.dropout)
    progress = Progress("multitask", options.multitask_steps, options.multitask_minutes, options.work, {"encoder": model, **heads}, 0.985)
    run(model, heads, sampler, progress, options.multitask_rate, options.feelings_batch)
    progress.finish()
