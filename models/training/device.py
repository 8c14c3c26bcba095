"""Where tensors live: the GPU where PyTorch has one, else the processor; `MOTIF_TRAIN_DEVICE` overrides.

Products are in bf16, unless `MOTIF_TRAIN_BF16=0`: a processor without AMX can be faster in f32.
"""

from __future__ import annotations

import os

import torch

BF16 = os.environ.get("MOTIF_TRAIN_BF16") != "0"
DEVICE = torch.device(os.environ.get("MOTIF_TRAIN_DEVICE") or ("cuda" if torch.cuda.is_available() else "cpu"))


def autocast(enabled: bool = True) -> torch.autocast:
    """bf16 products inside a `with` block, where they are wanted."""
    return torch.autocast(DEVICE.type, torch.bfloat16, enabled=enabled and BF16)
