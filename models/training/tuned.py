"""A better judge of likeness from the first teacher: all-MiniLM-L6-v2 goes on with people's scores of English pairs, and is joined with
the model that training starts from.

The student has two languages to learn and has met the scores in each of its runs; the teacher has one, and a vocabulary for it alone. Tuned,
it ranks STS-B dev better than the student does, and both together better still, so that there is something to follow again.
"""

from __future__ import annotations

import random

import torch
import torch.nn.functional as F

import blend
from batches import encode
from corpora import Corpora
from device import DEVICE, autocast
from encoder import mean_pool
from losses import ranking_loss
from schedule import Progress, optimiser
from teacher import Teacher

# Pairs of a step, and its highest rate.
PAIRS = 64
RATE = 3e-5
# Beside the eighth model STS-B dev (English) stands at 0.886 with two thirds, 0.883 with half.
SHARE = 2 / 3


def english_pairs(corpora: Corpora) -> list[tuple[str, str, float]]:
    """English pairs with people's scores, 0 to 1, each once."""
    scored = {(pair.texts, pair.score) for pair in corpora.sts_train() if pair.texts == pair.english}
    return sorted((left, right, score / 5) for (left, right), score in scored)


def tune(options, corpora: Corpora, teacher: Teacher) -> None:
    """Trains `teacher` in place, or takes what an earlier run left in `tuned.pt` of the work folder."""
    checkpoint, model = options.work / "tuned.pt", teacher.model
    if checkpoint.exists():
        model.load_state_dict(torch.load(checkpoint, map_location=DEVICE)["weights"]["encoder"])
        return
    pairs, rng = english_pairs(corpora), random.Random(options.seed)
    # Under another name until it is over: a run cut short must not pass for a teacher.
    progress = Progress("tuning", options.tuned_steps, options.tuned_minutes, options.work, {"encoder": model}, 0.98)
    model.requires_grad_(True).train()
    model.drop(options.dropout)
    update = optimiser([(model, RATE)], progress)
    while not progress.over():
        drawn = rng.sample(pairs, PAIRS)
        ids, mask = encode(teacher.tokenizer, [pair[side] for side in (0, 1) for pair in drawn], 64)
        with autocast():
            states = model(ids, mask)
        wanted = torch.tensor([score for _, _, score in drawn], device=DEVICE)
        loss = ranking_loss(*mean_pool(states, mask).chunk(2), wanted)
        update(loss)
        progress.step({"sts": loss.item()}, len(ids), int(mask.sum()))
    progress.finish()
    (options.work / "tuning.pt").rename(checkpoint)
    model.eval().requires_grad_(False)


class Joined:
    """Two teachers of the same width as one, in a space near the first's (`blend.projection`); the second, which knows people's scores better,
    has `SHARE` of the cosine."""

    def __init__(self, first: Teacher, second: Teacher, texts: list[str]) -> None:
        self.first, self.second, self.latest = first, second, None
        sample = texts[:: max(1, len(texts) // blend.FITTED)]
        self.turn = blend.projection(first.embed(sample), second.embed(sample), SHARE)

    def embed(self, texts: list[str]) -> torch.Tensor:
        """(texts, hidden), unit length."""
        return F.normalize(blend.joined(self.first.embed(texts), self.second.embed(texts), SHARE) @ self.turn, dim=-1)
