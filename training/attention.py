"""Attention for short training sequences on the CPU.

For the lengths of this project (some hundred tokens) plain matrix products in bfloat16 are faster
than PyTorch's fused CPU kernel, whose backward pass falls behind in bfloat16. The mask comes with
the batch.
"""

import torch
from transformers import AttentionInterface

NAME = "short"


def short_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor,
    scaling: float | None = None,
    **_: object,
) -> tuple[torch.Tensor, None]:
    """Attention of `[B, H, S, head]` with an additive mask `[B, 1, S, S]`; `[B, S, H, head]`."""
    groups = query.shape[1] // key.shape[1]
    if groups > 1:
        key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    scores = torch.matmul(query * scale, key.transpose(2, 3))
    shares = torch.softmax(scores.float() + attention_mask, -1).to(value.dtype)
    return torch.matmul(shares, value).transpose(1, 2).contiguous(), None


def register() -> str:
    """Makes it known to transformers; returns its name."""
    AttentionInterface.register(NAME, short_attention)
    return NAME
