"""LoRA adapters: one flat parameter while training, PEFT's folder on disk."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from real.llama import PARTS, Llama, linear_names

PREFIX = "base_model.model."


@dataclass
class Layout:
    """Where each A `[r, in]` and B `[out, r]` lies in the flat parameter."""

    names: list[str]
    shapes: list[tuple[int, int]]
    rank: int

    @classmethod
    def of(cls, model: Llama, rank: int) -> "Layout":
        names = linear_names(model.shape)
        shapes = []
        for name in names:
            out, into = model.tensors[name + ".weight"].shape
            shapes += [(rank, into), (out, rank)]
        return cls(names, shapes, rank)

    def split(self, flat: torch.Tensor) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
        """Views on the flat parameter; their gradients come back as one tensor."""
        pieces = flat.split([rows * columns for rows, columns in self.shapes])
        views = [p.view(s) for p, s in zip(pieces, self.shapes, strict=True)]
        return {name: (views[2 * i], views[2 * i + 1]) for i, name in enumerate(self.names)}

    def new(self, seed: int) -> torch.Tensor:
        """A as PEFT draws it (Kaiming uniform, a = √5), B zero: the model starts as the base."""
        generator = torch.Generator().manual_seed(seed)
        pieces = []
        for i, (rows, columns) in enumerate(self.shapes):
            piece = torch.zeros(rows, columns)
            if i % 2 == 0:
                bound = 1 / math.sqrt(columns)
                piece.uniform_(-bound, bound, generator=generator)
            pieces.append(piece.flatten())
        return torch.cat(pieces)


def save(folder: Path, layout: Layout, flat: torch.Tensor, alpha: float, base: str) -> None:
    """A folder that PEFT reads; fp16, whose ten bits of fraction beat bf16's seven here."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {}
    for name, (a, b) in layout.split(flat.detach().cpu()).items():
        tensors[f"{PREFIX}{name}.lora_A.weight"] = a.half().contiguous()
        tensors[f"{PREFIX}{name}.lora_B.weight"] = b.half().contiguous()
    part = folder / "adapter_model.part"
    save_file(tensors, part, metadata={"format": "pt", "r": str(layout.rank), "alpha": str(alpha)})
    part.rename(folder / "adapter_model.safetensors")
    write_config(folder, layout.rank, alpha, base)


def write_config(folder: Path, rank: int, alpha: float, base: str) -> None:
    """`adapter_config.json`."""
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base,
        "r": rank,
        "lora_alpha": alpha,
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
        "init_lora_weights": True,
        "use_rslora": False,
        "use_dora": False,
        "target_modules": sorted(part for parts in PARTS.values() for part in parts),
    }
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2) + "\n")


def merged(base: Llama, folder: Path, dtype: torch.dtype) -> Llama:
    """The model with the adapter's product added to its matrices in fp32, then rounded."""
    config = json.loads((folder / "adapter_config.json").read_text())
    device = next(iter(base.tensors.values())).device
    adapter = load_file(folder / "adapter_model.safetensors", device=str(device))
    scale = config["lora_alpha"] / config["r"]
    pairs = {
        name: tuple(adapter[f"{PREFIX}{name}.lora_{x}.weight"] for x in "AB")
        for name in linear_names(base.shape)
    }
    return combine(base, pairs, scale, dtype)


def combine(
    base: Llama,
    pairs: dict[str, tuple[torch.Tensor, ...]],
    scale: float,
    dtype: torch.dtype,
) -> Llama:
    """`base` with W + scale · B A for every pair."""
    tensors = {name: tensor.to(dtype) for name, tensor in base.tensors.items()}
    for name, (a, b) in pairs.items():
        weight = base.tensors[name + ".weight"].float()
        tensors[name + ".weight"] = (weight + scale * (b.float() @ a.float())).to(dtype)
    return Llama(base.shape, tensors)
