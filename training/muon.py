"""Muon's orthogonalisation in float32.

`torch.optim.Muon` computes it in bfloat16, which a CPU without bfloat16 instructions only emulates:
there it took four fifths of a training step.
"""

import torch
from torch.optim import _muon


def orthogonalize(
    grad: torch.Tensor, ns_coefficients: tuple[float, float, float], ns_steps: int, eps: float
) -> torch.Tensor:
    """Newton-Schulz towards the nearest orthogonal matrix (K. Jordan, 2024), in float32."""
    a, b, c = ns_coefficients
    tall = grad.shape[0] > grad.shape[1]
    x = (grad.T if tall else grad).float()
    x = x / x.norm().clamp(min=eps)
    for _ in range(ns_steps):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x


def use_float32() -> None:
    """Lets every Muon of this process compute in float32."""
    # Private, hence pinned with torch's version in requirements.txt.
    if not hasattr(_muon, "_zeropower_via_newtonschulz"):
        raise SystemExit("muon: this torch keeps its Newton-Schulz elsewhere; use --bf16")
    _muon._zeropower_via_newtonschulz = orthogonalize
