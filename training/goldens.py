"""Writes what PyTorch says of an exported model, for the tests of the runtime.

The weights are read back from `onnx/model.onnx` itself (fp16, rounded once), so both sides hold
the same values. Every row is computed alone, uncached and unpadded, with hooks on the blocks; the
tests compare batches, caches and the edited graph with it: max|Δ| ≤ 1e-4 · max(1, RMS).

One JSON file. L layers, D width, V vocabulary; `f32` is base64 of little-endian float32.

    {
      model, sha256,            name, and SHA-256 of the ONNX file
      layers, width, vocabulary,
      direction: f32 [L, D],    unit rows
      cases: [{
        name,                   plain, steered, steered-prompt, steered-generated, ablated, …
        positions,              rule: all, prompt or generated
        coefficient: [L],       added norm
        ablation: [L],
        rows: [{
          prompt: [id],         the row's prompt (lengths differ)
          generated: [id],      greedy, under this case's steering; no stop token
          patches: [{layer, position, vector: f32 [D]}],
          at: [position],       absolute positions in prompt + generated
          states: f32 [L, P, D],  block outputs there, after steering, before the final norm
          logits: f32 [P, V],
        }],
      }],
    }

The two positions are the boundary token (the prompt's last) and the second generated token. Rows
whose two best tokens come closer than 1e-3 anywhere are passed over: greedy tokens must agree.
"""

import argparse
import base64
import hashlib
import json
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from data import Encoder
from formats import Record, read_records, turns

GENERATED = 6
MARGIN = 1e-3


def load_exported(folder: Path) -> PreTrainedModel:
    """The PyTorch model with the weights of the folder's ONNX file."""
    config = AutoConfig.from_pretrained(folder)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").float().eval()
    proto = onnx.load(folder / "onnx" / "model.onnx")
    stored = {
        tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).astype(np.float32))
        for tensor in proto.graph.initializer
        if tensor.data_type == onnx.TensorProto.FLOAT16
    }
    weights = {
        name.removesuffix(".T"): (value.T if name.endswith(".T") else value).contiguous()
        for name, value in stored.items()
    }
    unknown = model.load_state_dict(weights, strict=False).unexpected_keys
    wanted = {name for name, _ in model.named_parameters()}
    if unknown or wanted - weights.keys():
        raise SystemExit(
            f"{folder}: weights do not fit the config (unknown {sorted(unknown)}, "
            f"missing {sorted(wanted - weights.keys())}); export it with export.py"
        )
    return model


@dataclass
class Patch:
    """One hidden state to be replaced."""

    layer: int
    position: int
    vector: torch.Tensor


@dataclass
class Case:
    """One way of steering; coefficient and ablation are `[L]`."""

    name: str
    coefficient: torch.Tensor
    ablation: torch.Tensor
    positions: str = "all"
    patched: bool = False


@dataclass
class Steered:
    """The model with an intervention hooked into its blocks."""

    model: PreTrainedModel
    direction: torch.Tensor
    case: Case
    prompt_length: int
    patches: list[Patch]
    states: list[torch.Tensor] = field(default_factory=list)

    def _mask(self, length: int) -> torch.Tensor:
        generated = torch.arange(length) >= self.prompt_length
        rules = {"all": torch.ones(length), "prompt": ~generated, "generated": generated}
        return rules[self.case.positions].float()[:, None]

    def _block(self, layer: int, hidden: torch.Tensor) -> torch.Tensor:
        """Patch, ablate, add; then read. `hidden` is `[1, S, D]`."""
        h = hidden[0].clone()
        for patch in self.patches:
            if patch.layer == layer and patch.position < len(h):
                h[patch.position] = patch.vector
        d, mask = self.direction[layer], self._mask(len(h))
        h = h - mask * self.case.ablation[layer] * (h @ d)[:, None] * d
        h = h + mask * self.case.coefficient[layer] * d
        self.states.append(h)
        return h[None]

    def forward(self, ids: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """States `[L, S, D]` and logits `[S, V]`."""
        self.states = []
        hooks = []
        for i, block in enumerate(self.model.model.layers):

            def hook(_: object, __: object, output: object, layer: int = i) -> object:
                if isinstance(output, tuple):
                    return self._block(layer, output[0]), *output[1:]
                return self._block(layer, output)

            hooks.append(block.register_forward_hook(hook))
        try:
            with torch.no_grad():
                logits = self.model(input_ids=torch.tensor([ids]), use_cache=False).logits[0]
        finally:
            for handle in hooks:
                handle.remove()
        return torch.stack(self.states), logits


def base64_f32(tensor: torch.Tensor) -> str:
    """Little-endian float32, row-major, base64."""
    return base64.b64encode(tensor.numpy().astype("<f4").tobytes()).decode()


def golden_row(
    model: PreTrainedModel,
    direction: torch.Tensor,
    case: Case,
    prompt: list[int],
    patches: list[Patch],
) -> dict[str, object] | None:
    """One row of a case; None where a greedy choice is too close to call."""
    steered = Steered(model, direction, case, len(prompt), patches if case.patched else [])
    ids = list(prompt)
    for _ in range(GENERATED):
        best = steered.forward(ids)[1][-1].topk(2)
        if float(best.values[0] - best.values[1]) < MARGIN:
            return None
        ids.append(int(best.indices[0]))
    states, logits = steered.forward(ids)
    at = [len(prompt) - 1, len(prompt) + 1]
    return {
        "prompt": prompt,
        "generated": ids[len(prompt) :],
        "patches": [
            {"layer": p.layer, "position": p.position, "vector": base64_f32(p.vector)}
            for p in steered.patches
        ],
        "at": at,
        "states": base64_f32(states[:, at]),
        "logits": base64_f32(logits[at]),
    }


def build_cases(norms: torch.Tensor) -> list[Case]:
    """The ways of steering; `norms [L]` are typical norms of the residual stream."""
    layers = len(norms)
    middle = torch.zeros(layers)
    middle[layers // 2 : layers // 2 + 2] = 1
    none, every = torch.zeros(layers), torch.ones(layers)
    push = 0.4 * middle * norms
    return [
        Case("plain", none, none),
        Case("steered", push, none),
        Case("steered-prompt", push, none, "prompt"),
        Case("steered-generated", push, none, "generated"),
        Case("ablated", none, every),
        Case("patched", none, none, patched=True),
        Case("combined", push, 0.5 * middle, patched=True),
    ]


def build_patches(norms: torch.Tensor, width: int, length: int, seed: int) -> list[Patch]:
    """Random vectors of ordinary norm: one early in the prompt, one at the boundary."""
    rng = torch.Generator().manual_seed(seed)
    places = [(1, length // 3), (len(norms) // 2, length - 1)]
    vectors = torch.nn.functional.normalize(torch.randn(len(places), width, generator=rng), dim=1)
    return [
        Patch(layer, position, vector * norms[layer])
        for (layer, position), vector in zip(places, vectors, strict=True)
    ]


def mean_norms(model: PreTrainedModel, prompts: list[list[int]]) -> torch.Tensor:
    """Mean norm of each block's output at the boundary token, `[L]`."""
    layers = model.config.num_hidden_layers
    direction = torch.zeros(layers, model.config.hidden_size)
    plain = Case("plain", torch.zeros(layers), torch.zeros(layers))
    states = [Steered(model, direction, plain, len(p), []).forward(p)[0][:, -1] for p in prompts]
    return torch.stack(states).norm(dim=-1).mean(0)


def choose_rows(
    model: PreTrainedModel,
    cases: list[Case],
    prompts: list[list[int]],
    direction: torch.Tensor,
    norms: torch.Tensor,
    args: argparse.Namespace,
) -> list[list[dict[str, object]]]:
    """The first prompts of different lengths that are clear in every case: `[row][case]`."""
    chosen: list[list[dict[str, object]]] = []
    lengths: set[int] = set()
    for prompt in prompts:
        if len(prompt) in lengths:
            continue
        patches = build_patches(norms, direction.shape[1], len(prompt), args.seed + len(chosen))
        rows = [golden_row(model, direction, case, prompt, patches) for case in cases]
        clear = [row for row in rows if row is not None]
        if len(clear) == len(cases):
            chosen.append(clear)
            lengths.add(len(prompt))
        if len(chosen) == args.rows:
            return chosen
    raise SystemExit(
        f"{args.data}: only {len(chosen)} clear rows (expected {args.rows}); more data"
    )


def write(path: Path, goldens: dict[str, object]) -> None:
    """One case a line, so that a difference stays readable."""
    head = {key: value for key, value in goldens.items() if key != "cases"}
    lines = ",\n".join(json.dumps(case) for case in goldens["cases"])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'{json.dumps(head)[:-1]}, "cases": [\n{lines}\n]}}\n', encoding="utf-8")


def read_prompts(folder: Path, data: Path, count: int) -> list[list[int]]:
    """Chat prompts of the first records, in the model's own tokens."""
    encoder = Encoder(AutoTokenizer.from_pretrained(folder))
    records: list[Record] = list(islice(read_records(data), count))
    users, given, _ = zip(*map(turns, records), strict=True)
    return encoder.prompts(list(users), list(given))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", type=Path, help="exported folder")
    parser.add_argument("--data", type=Path, required=True, help="JSONL whose prompts are used")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--rows", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0, help="of direction and patches")
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = load_exported(args.model)
    prompts = read_prompts(args.model, args.data, 40 * args.rows)
    layers, width = model.config.num_hidden_layers, model.config.hidden_size
    rng = torch.Generator().manual_seed(args.seed)
    direction = torch.nn.functional.normalize(torch.randn(layers, width, generator=rng), dim=1)
    norms = mean_norms(model, prompts[:20])
    cases = build_cases(norms)
    rows = choose_rows(model, cases, prompts, direction, norms, args)
    onnx_bytes = (args.model / "onnx" / "model.onnx").read_bytes()
    goldens = {
        "model": args.model.resolve().name,
        "sha256": hashlib.sha256(onnx_bytes).hexdigest(),
        "layers": layers,
        "width": width,
        "vocabulary": model.config.vocab_size,
        "direction": base64_f32(direction),
        "cases": [
            {
                "name": case.name,
                "positions": case.positions,
                "coefficient": case.coefficient.tolist(),
                "ablation": case.ablation.tolist(),
                "rows": [row[i] for row in rows],
            }
            for i, case in enumerate(cases)
        ],
    }
    write(args.out, goldens)
    print(f"{args.out}: {len(cases)} cases of {args.rows} rows, {args.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
