"""A Llama as plain functions of its tensors, with LoRA, for training and fast sampling.

Beside Transformers' implementation (equal to it within rounding, `check.py`) it does three things
that make minutes suffice: no module per operator, so a step is bound by the GPU and not by Python;
adapters live in one flat parameter, one optimiser call; attention is a parameter, which token trees
(`packing.py`) and shared prefixes (`decode.py`) need.

Dimensions: B rows, S tokens, H heads, G heads of keys, W width of a head, D width, V vocabulary.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

Tensors = dict[str, torch.Tensor]
# (layer, queries [B, H, S, W], keys [B, G, S, W], values [B, G, S, W]) → [B, H, S, W]
Attend = Callable[[int, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
EMBEDDING = "model.embed_tokens.weight"
PARTS = {
    "self_attn": ("q_proj", "k_proj", "v_proj", "o_proj"),
    "mlp": ("gate_proj", "up_proj", "down_proj"),
}


@dataclass
class Shape:
    """What `config.json` says."""

    layers: int
    width: int
    heads: int
    groups: int
    head_width: int
    theta: float
    epsilon: float

    @classmethod
    def read(cls, folder: Path) -> "Shape":
        at = json.loads((folder / "config.json").read_text())
        return cls(
            at["num_hidden_layers"],
            at["hidden_size"],
            at["num_attention_heads"],
            at["num_key_value_heads"],
            at["head_dim"],
            at["rope_parameters"]["rope_theta"],
            at["rms_norm_eps"],
        )


def linear_names(shape: Shape) -> list[str]:
    """The seven matrices of every layer, in order, without `.weight`."""
    return [
        f"model.layers.{layer}.{block}.{part}"
        for layer in range(shape.layers)
        for block, parts in PARTS.items()
        for part in parts
    ]


@dataclass
class Llama:
    """Tensors under Hugging Face's names; `lora` maps a matrix to (A, B), `scale` is alpha / r."""

    shape: Shape
    tensors: Tensors
    lora: dict[str, tuple[torch.Tensor, torch.Tensor]] = field(default_factory=dict)
    scale: float = 1.0

    def linear(self, x: torch.Tensor, name: str) -> torch.Tensor:
        """`x` `[N, in]` → `[N, out]`."""
        out = F.linear(x, self.tensors[name + ".weight"])
        if name not in self.lora:
            return out
        a, b = self.lora[name]
        return torch.addmm(out, F.linear(x, a), b.t(), alpha=self.scale)

    def norm(self, x: torch.Tensor, name: str) -> torch.Tensor:
        weight = self.tensors[name + ".weight"]
        return F.rms_norm(x, (self.shape.width,), weight, self.shape.epsilon)

    def rotations(self, positions: torch.Tensor, dtype: torch.dtype) -> tuple[torch.Tensor, ...]:
        """Cosines and sines `[B, 1, S, W]` of positions `[B, S]`."""
        half = torch.arange(0, self.shape.head_width, 2, device=positions.device).float()
        rates = self.shape.theta ** (-half / self.shape.head_width)
        angles = (positions[..., None].float() * rates).repeat(1, 1, 2)[:, None]
        return angles.cos().to(dtype), angles.sin().to(dtype)

    def hidden(
        self,
        ids: torch.Tensor,
        positions: torch.Tensor,
        attend: Attend,
        watch: Callable[[int, torch.Tensor], None] = lambda layer, x: None,
    ) -> torch.Tensor:
        """Final hidden states `[B · S, D]` of ids and positions `[B, S]`; `watch` is shown what
        leaves each layer."""
        rows, size = ids.shape
        x = F.embedding(ids.reshape(-1), self.tensors[EMBEDDING])
        turn = self.rotations(positions, x.dtype)
        for layer in range(self.shape.layers):
            base = f"model.layers.{layer}."
            y = self.norm(x, base + "input_layernorm")
            x = x + self._attention(layer, y, (rows, size), turn, attend)
            y = self.norm(x, base + "post_attention_layernorm")
            gate = F.silu(self.linear(y, base + "mlp.gate_proj"))
            up = self.linear(y, base + "mlp.up_proj")
            x = x + self.linear(gate * up, base + "mlp.down_proj")
            watch(layer, x)
        return self.norm(x, "model.norm")

    def _attention(
        self,
        layer: int,
        y: torch.Tensor,
        size: tuple[int, int],
        turn: tuple[torch.Tensor, ...],
        attend: Attend,
    ) -> torch.Tensor:
        base, shape = f"model.layers.{layer}.self_attn.", self.shape

        def heads(name: str, count: int) -> torch.Tensor:
            return self.linear(y, base + name).view(*size, count, shape.head_width).transpose(1, 2)

        q, k = (
            rotate(heads(name, count), *turn)
            for name, count in (("q_proj", shape.heads), ("k_proj", shape.groups))
        )
        mixed = attend(layer, q, k, heads("v_proj", shape.groups))
        flat = mixed.transpose(1, 2).reshape(size[0] * size[1], shape.heads * shape.head_width)
        return self.linear(flat, base + "o_proj")

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """`[N, D]` → `[N, V]`; the head is the embedding."""
        return F.linear(hidden, self.tensors[EMBEDDING])


def rotate(x: torch.Tensor, cosines: torch.Tensor, sines: torch.Tensor) -> torch.Tensor:
    """Rotary positions, halves of a head against each other."""
    left, right = x.chunk(2, -1)
    return x * cosines + torch.cat((-right, left), -1) * sines


def masked(mask: torch.Tensor | None, groups: int) -> Attend:
    """Attention under an additive mask `[B, 1, S, S]`, or causal without one."""

    def attend(_layer: int, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        copies = q.shape[1] // groups
        k, v = k.repeat_interleave(copies, 1), v.repeat_interleave(copies, 1)
        return F.scaled_dot_product_attention(q, k, v, mask, is_causal=mask is None)

    return attend


def load(folder: Path, device: str, dtype: torch.dtype) -> Llama:
    """The model of a Hugging Face folder, without adapters."""
    tensors = load_file(folder / "model.safetensors", device=device)
    return Llama(Shape.read(folder), {name: t.to(dtype) for name, t in tensors.items()})
