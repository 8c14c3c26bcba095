"""Losses of sentence embeddings of length 1, (batch, hidden)."""

from __future__ import annotations

import torch
import torch.nn.functional as F

SCALE = 20.0


def distillation_loss(student: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """5 (1 - cosine) plus the divergence between the two matrices of similarities inside the batch."""
    cosine = (student * target).sum(-1).mean()
    apart = torch.eye(len(target), dtype=torch.bool, device=target.device)
    wanted = (SCALE * target @ target.T).masked_fill(apart, -1e4)
    found = (SCALE * student @ target.T).masked_fill(apart, -1e4)
    relation = F.kl_div(found.log_softmax(-1), wanted.softmax(-1), reduction="batchmean")
    return 5 * (1 - cosine) + relation


def contrast_loss(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Each text must find the other text of its own intent among all of the batch, both ways."""
    scores, truth = SCALE * left @ right.T, torch.arange(len(left), device=left.device)
    return (F.cross_entropy(scores, truth) + F.cross_entropy(scores.T, truth)) / 2


def ranking_loss(left: torch.Tensor, right: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """CoSENT: a pair that people find more alike must have the higher cosine."""
    cosine = SCALE * (left * right).sum(-1)
    apart = cosine[:, None] - cosine[None, :]
    apart = apart[wanted[:, None] < wanted[None, :]]
    return torch.logsumexp(torch.cat([apart.new_zeros(1), apart]), 0)
