"""Stage 1: both languages are pulled to the teacher's embedding of the English text."""

from __future__ import annotations

import random
from collections.abc import Iterator

import torch
from tokenizers import Tokenizer

from batches import bucketed, encode, with_typos
from device import autocast
from encoder import Encoder, mean_pool
from losses import distillation_loss
from schedule import Progress, optimiser
from teacher import Targets, Teacher


class DistillationItems:
    """Endless batches of (texts in either language, teacher embeddings of their English)."""

    def __init__(self, teacher: Teacher, tokenizer: Tokenizer, pairs: list[tuple[str, str]], english: list[str],
                 english_share: float, size: int, seed: int) -> None:
        texts = list(dict.fromkeys([en for en, _ in pairs] + english))
        index = {text: row for row, text in enumerate(texts)}
        self.targets = Targets(teacher, texts)
        self.french = [(fr, index[en]) for en, fr in pairs]
        self.paired = [(en, index[en]) for en in dict.fromkeys(en for en, _ in pairs)]
        self.english = [(en, index[en]) for en in dict.fromkeys(english)]
        self.tokenizer, self.share, self.size = tokenizer, english_share, size
        self.rng = random.Random(seed)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        while True:
            items = self.french + self.english + self.rng.sample(self.paired, int(self.share * len(self.paired)))
            lengths = [len(text) for text, _ in items]
            for rows in bucketed(list(range(len(items))), lengths, self.size, self.rng):
                texts = [items[row][0] for row in rows]
                texts = [with_typos(text, self.rng) if self.rng.random() < 0.1 else text for text in texts]
                ids, mask = encode(self.tokenizer, texts, 96)
                yield ids, mask, self.targets.get([items[row][1] for row in rows])


def run(model: Encoder, items: DistillationItems, progress: Progress, rate: float = 3e-4) -> None:
    """Trains `model` in place until `progress` is over."""
    update = optimiser([(model.encoder, rate), (model.embeddings, 5 * rate)], progress)
    model.train()
    stream = iter(items)
    while not progress.over():
        ids, mask, target = next(stream)
        with autocast():
            states = model(ids, mask)
        loss = distillation_loss(mean_pool(states, mask), target)
        update(loss)
        progress.step({"distil": loss.item()}, sentences=len(ids), tokens=int(mask.sum()))
