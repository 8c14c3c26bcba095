"""Optimiser, learning rate, averaging of weights, log and checkpoints of one stage."""

from __future__ import annotations

import json
import pathlib
import time
from collections.abc import Callable

import torch
from torch import nn


class Progress:
    """How far a stage has come: it ends after `steps`, or after `minutes` where the machine is slower than planned."""

    def __init__(self, name: str, steps: int, minutes: float, out: pathlib.Path, modules: dict[str, nn.Module],
                 average: float = 0.995) -> None:
        self.name, self.steps, self.minutes, self.out, self.modules = name, steps, minutes, out, modules
        self.done = self.sentences = self.tokens = 0
        self.started = self.saved = self.logged = time.monotonic()
        self.sums: dict[str, list[float]] = {}
        self.average = average
        self.averaged = {key: {n: t.clone() for n, t in m.state_dict().items()} for key, m in modules.items()}

    def share(self) -> float:
        """Part of the stage behind us, 0 to 1."""
        return min(1.0, max(self.done / self.steps, (time.monotonic() - self.started) / 60 / self.minutes))

    def over(self) -> bool:
        return self.share() >= 1.0

    def step(self, losses: dict[str, float], sentences: int, tokens: int) -> None:
        self.done += 1
        self.sentences += sentences
        self.tokens += tokens
        for name, value in losses.items():
            self.sums.setdefault(name, []).append(value)
        if self.done % 4 == 0:
            self._average()
        now = time.monotonic()
        if now - self.logged > 20:
            means = {name: round(sum(values) / len(values), 4) for name, values in self.sums.items()}
            minutes = (now - self.started) / 60
            print(json.dumps({"stage": self.name, "step": self.done, "minutes": round(minutes, 1), "share": round(self.share(), 3),
                              "sentences": self.sentences, "per_s": round(self.sentences / minutes / 60, 1), **means}), flush=True)
            self.sums, self.logged = {}, now
        if now - self.saved > 120:
            self.save()
            self.saved = now

    @torch.no_grad()
    def _average(self) -> None:
        # Early on the average would lag behind a fast-moving model, so it starts short.
        keep = min(self.average, (1 + self.done / 4) / (10 + self.done / 4))
        for key, module in self.modules.items():
            state = module.state_dict()
            torch._foreach_lerp_(list(self.averaged[key].values()), [state[n] for n in self.averaged[key]], 1 - keep)

    def save(self) -> None:
        """The averaged weights, written beside their place and renamed."""
        part = self.out / f"{self.name}.part"
        torch.save({"weights": self.averaged, "steps": self.done, "sentences": self.sentences}, part)
        part.rename(self.out / f"{self.name}.pt")

    def finish(self) -> None:
        """Loads the averaged weights into the modules and saves them."""
        for key, module in self.modules.items():
            module.load_state_dict(self.averaged[key])
        self.save()


class Rounded:
    """Between `put_on` and `take_off` the matrices of some modules are as `rounding` stores them; a gradient taken meanwhile moves the exact ones
    (the straight-through estimator: Bengio et al. 2013, arXiv:1308.3432). So they come to lie where their rounding does no harm."""

    def __init__(self, modules: list[nn.Module], rounding: Callable[[torch.Tensor], torch.Tensor]) -> None:
        self.weights = [p for module in modules for p in module.parameters() if p.dim() == 2]
        self.exact: list[torch.Tensor] = []
        self.rounding = rounding

    def put_on(self) -> None:
        self.exact = [p.data for p in self.weights]
        for p in self.weights:
            p.data = self.rounding(p.data)

    def take_off(self) -> None:
        for p, exact in zip(self.weights, self.exact):
            p.data = exact


def optimiser(groups: list[tuple[nn.Module, float]], progress: Progress) -> Callable[..., None]:
    """AdamW with a short warm-up and linear decay; returns the function that takes one step on a loss, and calls `between` once it has the gradient."""
    sets = []
    for module, rate in groups:
        decayed = [p for p in module.parameters() if p.dim() > 1]
        plain = [p for p in module.parameters() if p.dim() <= 1]
        sets += [{"params": decayed, "base": rate, "weight_decay": 0.01}, {"params": plain, "base": rate, "weight_decay": 0.0}]
    sets = [s for s in sets if s["params"]]
    adam = torch.optim.AdamW(sets, lr=1e-4, betas=(0.9, 0.98), fused=True)
    parameters = [p for group in adam.param_groups for p in group["params"]]

    def update(loss: torch.Tensor, between: Callable[[], None] = lambda: None) -> None:
        share = progress.share()
        for group in adam.param_groups:
            group["lr"] = group["base"] * min(1.0, (progress.done + 1) / 40) * max(1 - share, 0.01)
        adam.zero_grad(set_to_none=True)
        loss.backward()
        between()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        adam.step()

    return update
