"""Where tensors live: the GPU where PyTorch has one, else the processor; `MOTIF_TRAIN_DEVICE` overrides."""

from __future__ import annotations

import os

import torch

DEVICE = torch.device(os.environ.get("MOTIF_TRAIN_DEVICE") or ("cuda" if torch.cuda.is_available() else "cpu"))


def autocast(enabled: bool = True) -> torch.autocast:
    """bf16 products inside a `with` block."""
    return torch.autocast(DEVICE.type, torch.bfloat16, enabled=enabled)
