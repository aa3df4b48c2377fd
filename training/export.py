"""Exports a checkpoint as a Hugging Face style folder with `onnx/model.onnx`.

B rows, S tokens fed, P tokens in the cache (may be 0), T = P + S:

    input_ids, position_ids      int64 [B, S]
    attention_mask               int64 [B, T], 0 on left padding
    past_key_values.{i}.{key,value}, present.{i}.{key,value}   float32 [B, heads, P or T, width]
    logits                       float32 [B, S, V]

Weights lie in the file as fp16 initialisers, each with one Cast to fp32 (ONNX Runtime folds them
while loading); they carry the names of the PyTorch parameters, with `.T` where they are stored
transposed. A tied embedding is stored once. Arithmetic is fp32 throughout.
"""

import argparse
import contextlib
import copy
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import helper, numpy_helper
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.cache_utils import Cache, DynamicLayer

OPSET = 18
INPUTS = ("input_ids", "attention_mask", "position_ids")
COPIED = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
)


class FilledLayer(DynamicLayer):
    """A cache layer that begins with given keys and values."""

    def __init__(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        super().__init__()
        self.keys, self.values = keys, values
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: object, **__: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        self.keys = torch.cat([self.keys, key_states], 2)
        self.values = torch.cat([self.values, value_states], 2)
        return self.keys, self.values


def mask_bias(mask: torch.Tensor, size: int) -> torch.Tensor:
    """Additive mask `[B, 1, S, T]`: causal, and blind to padding."""
    total = mask.shape[1]
    keys = torch.arange(total)
    queries = torch.arange(total - size, total)
    seen = (keys[None, :] <= queries[:, None])[None] & mask.bool()[:, None, :]
    return torch.where(seen, 0.0, -1e9)[:, None]


class CachedDecoder(torch.nn.Module):
    """The model with its cache as plain tensors."""

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        position_ids: torch.Tensor,
        past: list[torch.Tensor],
    ) -> tuple[torch.Tensor, ...]:
        pairs = zip(past[::2], past[1::2], strict=True)
        cache = Cache(layers=[FilledLayer(keys, values) for keys, values in pairs])
        logits = self.model(
            input_ids=input_ids,
            attention_mask=mask_bias(attention_mask, input_ids.shape[1]),
            position_ids=position_ids,
            past_key_values=cache,
            use_cache=True,
        ).logits
        present = [t for layer in cache.layers for t in (layer.keys, layer.values)]
        return logits, *present


def cache_shape(model: PreTrainedModel) -> tuple[int, int, int]:
    """Layers, key-value heads, width of a head."""
    config = model.config
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return config.num_hidden_layers, heads, width


def past_names(layers: int, stem: str) -> list[str]:
    """Names of the cache's tensors in order."""
    return [f"{stem}.{i}.{part}" for i in range(layers) for part in ("key", "value")]


def example_inputs(model: PreTrainedModel, rows: int, size: int, past: int) -> dict[str, object]:
    """Random inputs; in batches, every second row has two tokens of padding on its left."""
    layers, heads, width = cache_shape(model)
    total = past + size
    mask = torch.ones(rows, total, dtype=torch.long)
    if total > 2:
        mask[1::2, :2] = 0
    shape = (rows, heads, past, width)
    return {
        "input_ids": torch.randint(0, model.config.vocab_size, (rows, size)),
        "attention_mask": mask,
        "position_ids": (mask.cumsum(1) - 1).clamp(min=0)[:, past:],
        "past": [torch.randn(shape) for _ in range(2 * layers)],
    }


def export(model: PreTrainedModel) -> onnx.ModelProto:
    """The decoder as an fp32 graph, through PyTorch's exporter."""
    layers = model.config.num_hidden_layers
    dim = torch.export.Dim
    rows, size, past = (dim(name) for name in ("batch", "sequence", "past"))
    program = torch.onnx.export(
        CachedDecoder(model).eval(),
        kwargs=example_inputs(model, 3, 5, 4),
        dynamic_shapes={
            "input_ids": {0: rows, 1: size},
            "attention_mask": {0: rows, 1: dim.DYNAMIC},
            "position_ids": {0: rows, 1: size},
            "past": [{0: rows, 2: past}] * (2 * layers),
        },
        input_names=[*INPUTS, *past_names(layers, "past_key_values")],
        output_names=["logits", *past_names(layers, "present")],
        opset_version=OPSET,
        dynamo=True,
        optimize=True,
        verbose=False,
    )
    return program.model_proto


def divide_norms(graph: onnx.GraphProto) -> None:
    """x · (1 / √…) becomes x / √…: the form that ONNX Runtime knows as an RMS norm and fuses."""
    made = {node.output[0]: node for node in graph.node}
    for node in list(graph.node):
        inverse = made.get(node.input[1]) if node.op_type == "Mul" else None
        if inverse is not None and inverse.op_type == "Reciprocal":
            root = inverse.input[0]
            node.op_type, node.input[1] = "Div", root
            graph.node.remove(inverse)


def name_weights(graph: onnx.GraphProto, model: PreTrainedModel) -> set[str]:
    """Gives initialisers the names of the parameters they hold; returns the new names."""
    parameters = {name: p.detach().numpy() for name, p in model.named_parameters()}
    renamed: dict[str, str] = {}
    for tensor in graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT or len(tensor.dims) == 0:
            continue
        value = numpy_helper.to_array(tensor)
        for name, parameter in parameters.items():
            if np.array_equal(parameter, value):
                renamed[tensor.name] = name
            elif parameter.ndim == 2 and np.array_equal(parameter.T, value):
                renamed[tensor.name] = f"{name}.T"
            else:
                continue
            del parameters[name]
            break
    if parameters:
        missing = ", ".join(sorted(parameters))
        raise SystemExit(f"export: parameters not found in the graph: {missing}")
    for tensor in graph.initializer:
        tensor.name = renamed.get(tensor.name, tensor.name)
    for node in graph.node:
        for i, name in enumerate(node.input):
            node.input[i] = renamed.get(name, name)
    return set(renamed.values())


def store_half(graph: onnx.GraphProto, weights: set[str]) -> None:
    """Stores the named initialisers as fp16, each behind one Cast to fp32."""
    for node in graph.node:
        for i, name in enumerate(node.input):
            if name in weights:
                node.input[i] = f"{name}.fp32"
    casts = []
    for tensor in graph.initializer:
        if tensor.name in weights:
            half = numpy_helper.to_array(tensor).astype(np.float16)
            if not np.isfinite(half).all():
                raise SystemExit(f"export: {tensor.name} does not fit fp16")
            tensor.CopyFrom(numpy_helper.from_array(half, tensor.name))
            output = f"{tensor.name}.fp32"
            casts.append(
                helper.make_node("Cast", [tensor.name], [output], name=f"cast.{tensor.name}", to=1)
            )
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def tidy(proto: onnx.ModelProto) -> None:
    """Names the dynamic dimensions and drops what only the exporter needs."""
    graph = proto.graph
    for value in [*graph.input, *graph.output]:
        dims = value.type.tensor_type.shape.dim
        name = value.name
        labels = {0: "batch", 1: "sequence"}
        if name == "attention_mask":
            labels[1] = "total"
        if name.startswith(("past_key_values", "present")):
            labels = {0: "batch", 2: "past" if name.startswith("past") else "total"}
        for axis, label in labels.items():
            dims[axis].dim_param = label
        del value.metadata_props[:]
    del graph.value_info[:]
    del proto.metadata_props[:]
    del graph.metadata_props[:]
    for i, node in enumerate(graph.node):
        del node.metadata_props[:]
        node.doc_string = ""
        node.name = node.name if node.op_type == "Cast" and node.name else f"n{i}.{node.op_type}"
    proto.producer_name, proto.producer_version = "aligner-lab training/export.py", ""


def round_weights(model: PreTrainedModel) -> None:
    """The model as it is after a way through fp16: the reference of every comparison."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.half().float())


def feed(inputs: dict[str, object]) -> dict[str, np.ndarray]:
    """Inputs of the model as ONNX Runtime takes them."""
    past = inputs["past"]
    names = past_names(len(past) // 2, "past_key_values")
    arrays = {k: v.numpy() for k, v in inputs.items() if k != "past"}
    return arrays | {name: t.numpy() for name, t in zip(names, past, strict=True)}


@contextlib.contextmanager
def doubled(model: PreTrainedModel) -> Iterator[CachedDecoder]:
    """The decoder in fp64. Norms and softmax of Transformers ask for `torch.float32` by name; they
    get fp64 too. The angles of rotary positions stay in fp32, as they are in the graph."""
    single = torch.float32
    torch.float32 = torch.float64
    try:
        yield CachedDecoder(copy.deepcopy(model).double()).eval()
    finally:
        torch.float32 = single


def deviation(got: Sequence[np.ndarray], wanted: Sequence[np.ndarray]) -> float:
    """Largest difference in units of max(1, RMS)."""
    worst = 0.0
    for a, b in zip(got, wanted, strict=True):
        scale = max(1.0, float(np.sqrt(np.mean(b**2))))
        worst = max(worst, float(np.abs(a - b).max()) / scale)
    return worst


def check(path: Path, model: PreTrainedModel) -> tuple[float, float]:
    """Deviations of the graph and of PyTorch in fp32 from PyTorch in fp64, over single rows and
    padded batches, prefill and cached steps. Raises where the graph's is above 1e-4 and above one
    and a half of PyTorch's: models with large activations lose digits in any fp32."""
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    shapes = [(1, 7, 0), (3, 9, 0), (1, 1, 12), (3, 1, 8), (2, 4, 6)]
    fed = [example_inputs(model, *shape) for shape in shapes]
    with torch.no_grad():
        single = CachedDecoder(model).eval()
        theirs = [[t.numpy() for t in single(**inputs)] for inputs in fed]
        with doubled(model) as double:
            exact = [one | {"past": [t.double() for t in one["past"]]} for one in fed]
            wanted = [[t.numpy() for t in double(**inputs)] for inputs in exact]
    ours = [session.run(None, feed(inputs)) for inputs in fed]
    graph = max(map(deviation, ours, wanted))
    torch32 = max(map(deviation, theirs, wanted))
    if graph > max(1e-4, 1.5 * torch32):
        raise SystemExit(
            f"export: deviates from fp64 by {graph:.1e} (expected 1e-4 at most, or one and a half "
            f"of PyTorch's own {torch32:.1e})"
        )
    return graph, torch32


def write(checkpoint: Path, out: Path, seed: int = 0, safetensors: bool = False) -> str:
    """Writes the folder; returns a line on it."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    model = AutoModelForCausalLM.from_pretrained(
        checkpoint, dtype=torch.float32, attn_implementation="eager"
    )
    round_weights(model)
    proto = export(model)
    divide_norms(proto.graph)
    store_half(proto.graph, name_weights(proto.graph, model))
    tidy(proto)
    onnx.checker.check_model(proto)
    path = out / "onnx" / "model.onnx"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(proto.SerializeToString())
    for name in [*COPIED, "model.safetensors"] if safetensors else COPIED:
        if (checkpoint / name).exists():
            shutil.copyfile(checkpoint / name, out / name)
    graph, torch32 = check(path, model)
    nodes, size = len(proto.graph.node), path.stat().st_size / 1e6
    return (
        f"{path}: {nodes} nodes, {size:.1f} MB, from fp64 {graph:.1e} (PyTorch in fp32: "
        f"{torch32:.1e})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkpoint", type=Path, help="folder with config, weights, tokenizer")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--safetensors", action="store_true", help="copy the weights too")
    parser.add_argument("--seed", type=int, default=0, help="of the inputs of the check")
    args = parser.parse_args()
    print(write(args.checkpoint, args.out, args.seed, args.safetensors))


if __name__ == "__main__":
    main()
