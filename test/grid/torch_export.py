"""PyTorch's two exporters on a decoder with a cache, in the names of Hugging Face exports."""

import contextlib
import copy
import sys
from pathlib import Path

import torch
from transformers import PreTrainedModel
from transformers.cache_utils import Cache

sys.path.append(str(Path(__file__).resolve().parents[2] / "training"))
from export import FilledLayer, past_names


def masks(
    model: PreTrainedModel, mask: torch.Tensor, size: int
) -> torch.Tensor | dict[str, torch.Tensor]:
    """Additive masks `[B, 1, S, T]`: causal and blind to padding; a second one where the model has
    layers that see a window only."""
    total = mask.shape[1]
    keys = torch.arange(total)
    queries = torch.arange(total - size, total)
    distance = queries[:, None] - keys[None, :]
    causal = (distance >= 0)[None] & mask.bool()[:, None, :]
    low = -1e9

    def additive(seen: torch.Tensor) -> torch.Tensor:
        return torch.where(seen, 0.0, low)[:, None]

    if "sliding_attention" not in (getattr(model.config, "layer_types", None) or []):
        return additive(causal)
    window = causal & (distance < model.config.sliding_window)[None]
    return {"full_attention": additive(causal), "sliding_attention": additive(window)}


class CachedDecoder(torch.nn.Module):
    """The model with its cache as plain tensors, keys before values, by layer."""

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        position_ids: torch.Tensor,
        *past: torch.Tensor,
    ) -> tuple[torch.Tensor, ...]:
        pairs = zip(past[::2], past[1::2], strict=True)
        cache = Cache(layers=[FilledLayer(keys, values) for keys, values in pairs])
        logits = self.model(
            input_ids=input_ids,
            attention_mask=masks(self.model, attention_mask, input_ids.shape[1]),
            position_ids=position_ids,
            past_key_values=cache,
            use_cache=True,
        ).logits
        return logits, *(t for layer in cache.layers for t in (layer.keys, layer.values))


def past_example(model: PreTrainedModel, rows: int, length: int) -> list[torch.Tensor]:
    """Random keys and values in the shapes that the model itself makes."""
    with torch.no_grad():
        cache = model(torch.zeros(1, 1, dtype=torch.long), use_cache=True).past_key_values
    shapes = [(layer.keys.shape[1], layer.keys.shape[3]) for layer in cache.layers]
    return [torch.randn(rows, h, length, d) for h, d in shapes for _ in ("key", "value")]


def export_decoder(model: PreTrainedModel, path: Path, *, dynamo: bool, opset: int) -> None:
    """Writes an fp32 graph with a KV cache."""
    rows, size, past = 2, 5, 4
    cache = past_example(model, rows, past)
    if opset >= 23:
        # There, attention is one operator, which the exporter makes of PyTorch's fused one.
        model = copy.deepcopy(model)
        with contextlib.suppress(ValueError):
            model.set_attn_implementation("sdpa")
    example = (
        torch.randint(3, model.config.vocab_size, (rows, size)),
        torch.ones(rows, past + size, dtype=torch.long),
        torch.arange(past, past + size)[None].expand(rows, -1).contiguous(),
    )
    layers = len(cache) // 2
    before, after = past_names(layers, "past_key_values"), past_names(layers, "present")
    names = {
        "input_names": ["input_ids", "attention_mask", "position_ids", *before],
        "output_names": ["logits", *after],
    }
    if dynamo:
        batch, sequence, length = (torch.export.Dim(n) for n in ("batch", "sequence", "past"))
        shapes = (
            {0: batch, 1: sequence},
            {0: batch, 1: torch.export.Dim.DYNAMIC},
            {0: batch, 1: sequence},
            tuple({0: batch, 2: length} for _ in cache),
        )
        options = {"dynamic_shapes": shapes, "optimize": True, "external_data": False}
    else:
        fed = {0: "batch", 1: "sequence"}
        axes = {"input_ids": fed, "position_ids": fed, "logits": fed}
        axes |= {"attention_mask": {0: "batch", 1: "total"}}
        axes |= {name: {0: "batch", 2: "past"} for name in before}
        axes |= {name: {0: "batch", 2: "total"} for name in after}
        options = {"dynamic_axes": axes}
    torch.onnx.export(
        CachedDecoder(model).eval(),
        (*example, *cache),
        str(path),
        opset_version=opset,
        dynamo=dynamo,
        verbose=False,
        **names,
        **options,
    )
