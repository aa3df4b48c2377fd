"""Small decoders with random weights, exported as people do, and what PyTorch says of each.

    python make.py --out grid                      every architecture, every exporter
    python make.py --out grid --arch gpt2 qwen3    some architectures
    python make.py --out grid --exporter dynamo    some exporters
    SMALL=1 python make.py --out ...               as small as they get, for fixtures

For each architecture `<out>/<architecture>/reference.json` holds tokens, block outputs, logits, the
same with a vector added after one block, and greedy continuations; each export lies in a folder
beside it with `export.json` (or `failed.txt`, where the exporter itself cannot). `npm run grid`
compares. Requirements: requirements.txt in this folder; `optimum`, which asks for an older
Transformers, runs with requirements-optimum.txt.
"""

import argparse
import base64
import contextlib
import copy
import io
import json
import os
import shutil
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

SMALL = "SMALL" in os.environ
# ONNX Runtime's fused attention wants heads whose width is a multiple of 16.
VOCABULARY, WIDTH, LAYERS, HEADS = (40, 32, 2, 2) if SMALL else (96, 64, 3, 4)
LLAMA = {
    "vocab_size": VOCABULARY,
    "hidden_size": WIDTH,
    "intermediate_size": 24 if SMALL else 48,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "num_key_value_heads": HEADS // 2,
    "max_position_embeddings": 128,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
HEAD = {"head_dim": 32}
# Half of a head is turned, and ONNX Runtime turns multiples of 16.
WIDE_HEADS = LLAMA | {"num_attention_heads": 2}
GEMMA = LLAMA | HEAD | {"hidden_activation": "gelu_pytorch_tanh"}
WINDOW = {"sliding_window": 8, "query_pre_attn_scalar": 32}
# Architecture: model type and what its config says beside the sizes.
ARCHITECTURES: dict[str, tuple[str, dict[str, object]]] = {
    "llama": ("llama", LLAMA),
    "smollm": ("llama", LLAMA | {"tie_word_embeddings": True, "num_key_value_heads": 1}),
    "mistral": ("mistral", LLAMA | {"sliding_window": None}),
    "qwen2": ("qwen2", LLAMA),
    "qwen3": ("qwen3", LLAMA | HEAD),
    "gemma": ("gemma", GEMMA),
    "gemma2": ("gemma2", GEMMA | WINDOW),
    "gemma3": ("gemma3_text", GEMMA | WINDOW | {"sliding_window_pattern": 2}),
    # GenAI's builder takes any layer as wide as the vocabulary for the head, so not twice 48.
    "phi3": (
        "phi3",
        LLAMA
        | {"rope_scaling": None, "original_max_position_embeddings": 128}
        | {"intermediate_size": 56},
    ),
    "gpt2": (
        "gpt2",
        {"vocab_size": VOCABULARY, "n_embd": WIDTH, "n_layer": LAYERS, "n_head": HEADS}
        | {"n_positions": 128, "bos_token_id": 1, "eos_token_id": 2},
    ),
    "gpt-neox": ("gpt_neox", LLAMA | {"rotary_pct": 0.5, "use_parallel_residual": True}),
    "opt": (
        "opt",
        LLAMA | {"ffn_dim": 48, "word_embed_proj_dim": WIDTH, "do_layer_norm_before": True},
    ),
    "falcon": (
        "falcon",
        LLAMA
        | {"new_decoder_architecture": False, "multi_query": True, "parallel_attn": True}
        | {"alibi": False, "bias": False},
    ),
    "stablelm": ("stablelm", LLAMA | {"partial_rotary_factor": 0.5}),
    "olmo": ("olmo", LLAMA),
    "olmo2": ("olmo2", LLAMA),
    # Not in anyone's list of supported ones: the structure is all that is known of these.
    "granite": ("granite", LLAMA),
    "cohere": ("cohere", LLAMA),
    "gptj": (
        "gptj",
        {"vocab_size": VOCABULARY, "n_embd": WIDTH, "n_layer": LAYERS, "n_head": HEADS}
        | {"n_positions": 128, "rotary_dim": 8, "bos_token_id": 1, "eos_token_id": 2},
    ),
    "starcoder2": ("starcoder2", LLAMA),
    "phi": ("phi", WIDE_HEADS | {"partial_rotary_factor": 0.5, "qk_layernorm": True}),
    "cohere2": ("cohere2", LLAMA | {"sliding_window": 8}),
    "glm": ("glm", LLAMA | {"head_dim": 16}),
    "glm4": ("glm4", LLAMA | {"head_dim": 16}),
    "helium": ("helium", LLAMA | {"head_dim": 16}),
    "nemotron": ("nemotron", WIDE_HEADS),
    "smollm3": ("smollm3", LLAMA | {"no_rope_layer_interval": 2}),
    "exaone4": ("exaone4", LLAMA | {"sliding_window": 8, "sliding_window_pattern": 2}),
    "seed-oss": ("seed_oss", LLAMA | HEAD),
    "persimmon": ("persimmon", LLAMA | {"partial_rotary_factor": 0.5}),
    "codegen": (
        "codegen",
        {"vocab_size": VOCABULARY, "n_embd": WIDTH, "n_layer": LAYERS, "n_head": HEADS}
        | {"n_positions": 128, "rotary_dim": 8, "bos_token_id": 1, "eos_token_id": 2},
    ),
    "gpt-bigcode": (
        "gpt_bigcode",
        {"vocab_size": VOCABULARY, "n_embd": WIDTH, "n_layer": LAYERS, "n_head": HEADS}
        | {"n_positions": 128, "multi_query": True, "bos_token_id": 1, "eos_token_id": 2},
    ),
    "bloom": (
        "bloom",
        {"vocab_size": VOCABULARY, "hidden_size": WIDTH, "n_layer": LAYERS, "n_head": HEADS},
    ),
    "mpt": (
        "mpt",
        {"vocab_size": VOCABULARY, "d_model": WIDTH, "n_layers": LAYERS, "n_heads": HEADS}
        | {"max_seq_len": 128},
    ),
    "xglm": (
        "xglm",
        {"vocab_size": VOCABULARY, "d_model": WIDTH, "num_layers": LAYERS}
        | {"attention_heads": HEADS, "ffn_dim": 48, "max_position_embeddings": 128},
    ),
    "mixtral": ("mixtral", LLAMA | {"num_local_experts": 4, "num_experts_per_tok": 2}),
    "olmoe": ("olmoe", LLAMA | {"num_experts": 4, "num_experts_per_tok": 2}),
    "deepseek3": (
        "deepseek_v3",
        LLAMA
        | {"num_key_value_heads": HEADS, "q_lora_rank": 16, "kv_lora_rank": 16, "v_head_dim": 16}
        | {"qk_rope_head_dim": 8, "qk_nope_head_dim": 8, "first_k_dense_replace": 3},
    ),
}
PROMPTS = [
    [token % VOCABULARY for token in prompt]
    for prompt in ([1, 17, 33, 5, 80, 41, 9, 64, 22, 11, 70], [1, 50, 3, 28, 91, 14])
]
NEW_TOKENS = 12
STEERED_LAYER = 1


def build(name: str) -> PreTrainedModel:
    """The model with random weights, large enough that the blocks change the stream."""
    torch.manual_seed(7)
    model_type, options = ARCHITECTURES[name]
    config = AutoConfig.for_model(model_type, **options)
    # Mixtures of experts: their other kernels are operators, or loops, that ONNX has no match for.
    config._experts_implementation = "batched_mm"
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(0, 0.15)
            else:
                # Biases and norms that are all 0 or 1 would hide a forgotten one.
                parameter.add_(0.1 * torch.randn_like(parameter))
    model.generation_config.eos_token_id = 2
    return model.float()


def save_tokenizer(folder: Path) -> None:
    """A word per token: exporters that ask for a tokenizer look no closer."""
    words = Tokenizer(WordLevel({f"w{i}": i for i in range(VOCABULARY)}, unk_token="w0"))
    fast = PreTrainedTokenizerFast(
        tokenizer_object=words, unk_token="w0", bos_token="w1", eos_token="w2", pad_token="w0"
    )
    fast.save_pretrained(folder)


def blocks_of(model: PreTrainedModel) -> torch.nn.ModuleList:
    """The decoder's blocks: its only list of modules of that length."""
    lists = [m for m in model.modules() if isinstance(m, torch.nn.ModuleList)]
    return next(m for m in lists if len(m) == model.config.num_hidden_layers)


@contextlib.contextmanager
def hooked(model: PreTrainedModel, added: torch.Tensor | None) -> Iterator[list[torch.Tensor]]:
    """Collects block outputs, after `added` was added to that of the steered layer."""
    seen: list[torch.Tensor] = []

    def hook(layer: int) -> Callable[..., object]:
        def run(_module: object, _inputs: object, output: object) -> object:
            hidden = output[0] if isinstance(output, tuple) else output
            if added is not None and layer == STEERED_LAYER:
                hidden = hidden + added
            seen.append(hidden.detach())
            return (hidden, *output[1:]) if isinstance(output, tuple) else hidden

        return run

    handles = [b.register_forward_hook(hook(i)) for i, b in enumerate(blocks_of(model))]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def pack(tensor: torch.Tensor) -> dict[str, object]:
    array = np.ascontiguousarray(tensor.numpy(), np.float32)
    return {"shape": list(array.shape), "data": base64.b64encode(array.tobytes()).decode()}


def greedy(model: PreTrainedModel, prompt: list[int]) -> tuple[list[int], list[float]]:
    """Greedy tokens without a cache, and the distance of the top two logits at each."""
    ids, gaps = list(prompt), []
    for _ in range(NEW_TOKENS):
        top = model(torch.tensor([ids]), use_cache=False).logits[0, -1].topk(2)
        gaps.append(float(top.values[0] - top.values[1]))
        ids.append(int(top.indices[0]))
        if ids[-1] == 2:
            break
    return ids[len(prompt) :], gaps


def rounded(model: PreTrainedModel) -> PreTrainedModel:
    """The same with its weights rounded to half precision: what an fp16 file holds."""
    other = copy.deepcopy(model)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.copy_(parameter.half().float())
    return other


def describe(model: PreTrainedModel, added: torch.Tensor | None) -> list[dict[str, object]]:
    """What PyTorch says of each prompt."""
    rows = []
    for prompt in PROMPTS:
        with torch.no_grad(), hooked(model, added) as seen:
            logits = model(torch.tensor([prompt]), use_cache=False).logits[0]
        states = torch.stack([h[0] for h in seen])
        with torch.no_grad(), hooked(model, added):
            tokens, gaps = greedy(model, prompt)
        rows.append(
            {"states": pack(states), "logits": pack(logits), "tokens": tokens, "gaps": gaps}
        )
    return rows


def reference(model: PreTrainedModel, name: str) -> dict[str, object]:
    generator = torch.Generator().manual_seed(3)
    direction = torch.randn(model.config.hidden_size, generator=generator)
    unit = direction / direction.norm()
    with torch.no_grad(), hooked(model, None) as seen:
        model(torch.tensor([PROMPTS[0]]), use_cache=False)
    strength = float(seen[STEERED_LAYER].norm(dim=-1).mean())

    def runs(of: PreTrainedModel) -> dict[str, object]:
        return {"plain": describe(of, None), "steered": describe(of, unit * strength)}

    return {
        "architecture": name,
        "layers": model.config.num_hidden_layers,
        "width": model.config.hidden_size,
        "vocabulary": VOCABULARY,
        "prompts": PROMPTS,
        "steering": {"layer": STEERED_LAYER, "direction": pack(unit), "coefficient": strength},
        "newTokens": NEW_TOKENS,
        "fp32": runs(model),
        "fp16": runs(rounded(model)),
    }


def optimum_export(model: PreTrainedModel, source: Path, out: Path) -> None:
    from optimum.exporters.onnx import main_export

    main_export(str(source), output=str(out), task="text-generation-with-past", do_validation=False)


def torch_export(model: PreTrainedModel, out: Path, *, dynamo: bool, opset: int) -> None:
    from torch_export import export_decoder

    export_decoder(model, out / "model.onnx", dynamo=dynamo, opset=opset)


def genai_export(source: Path, out: Path, precision: str) -> None:
    command = [sys.executable, "-m", "onnxruntime_genai.models.builder", "-i", str(source)]
    options = ["-o", str(out), "-p", precision, "-e", "cpu", "-c", str(out / "cache")]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr else "no message")
    shutil.rmtree(out / "cache", ignore_errors=True)


def optimised(plain: Path, out: Path) -> None:
    """As ONNX Runtime itself leaves a graph: fusions of its extended level."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(out / "model.onnx")
    ort.InferenceSession(str(plain), options, providers=["CPUExecutionProvider"])


def fused(plain: Path, out: Path) -> None:
    """As ONNX Runtime's transformer optimiser leaves it: norms fused with the sums before them."""
    from onnxruntime.transformers import optimizer

    model = optimizer.optimize_model(
        str(plain), model_type="gpt2", num_heads=HEADS, hidden_size=WIDTH, opt_level=0
    )
    model.save_model_to_file(str(out / "model.onnx"))


def quantised(plain: Path, out: Path) -> None:
    from onnxruntime.quantization import quantize_dynamic

    quantize_dynamic(str(plain), str(out / "model.onnx"))


def four_bits(plain: Path, out: Path, *, embedding: bool) -> None:
    from onnxruntime.quantization.matmul_nbits_quantizer import (
        DefaultWeightOnlyQuantConfig,
        MatMulNBitsQuantizer,
        QuantFormat,
    )

    import onnx

    kinds = ("MatMul", "Gather") if embedding else ("MatMul",)
    config = DefaultWeightOnlyQuantConfig(
        block_size=16,
        is_symmetric=True,
        quant_format=QuantFormat.QOperator,
        op_types_to_quantize=kinds,
        quant_axes=(("MatMul", 0), ("Gather", 1)),
    )
    quantizer = MatMulNBitsQuantizer(onnx.load(str(plain)), algo_config=config)
    quantizer.process()
    quantizer.model.save_model_to_file(str(out / "model.onnx"))


def full_activations(quantised: Path, out: Path) -> None:
    """The same 4-bit weights, without rounding what they are multiplied with to 8 bits."""
    import onnx

    model = onnx.load(str(quantised))
    for node in model.graph.node:
        for attribute in node.attribute:
            if node.op_type == "MatMulNBits" and attribute.name == "accuracy_level":
                attribute.i = 1
    onnx.save(model, str(out / "model.onnx"))


def half(plain: Path, out: Path, **options: bool) -> None:
    from onnxruntime.transformers.float16 import convert_float_to_float16

    import onnx

    model = convert_float_to_float16(onnx.load(str(plain)), **options)
    onnx.save(model, str(out / "model.onnx"))


class NothingToStartFromError(Exception):
    """The export that another one is made from is missing."""


def other(out: Path, exporter: str) -> Path:
    """The same model by another exporter, which has to come before."""
    path = out.parent / exporter / "model.onnx"
    if not path.exists():
        raise NothingToStartFromError
    return path


# Exporter: precision, and how. Those made from another export come after it.
Export = Callable[[PreTrainedModel, Path, Path], None]
EXPORTERS: dict[str, tuple[str, Export]] = {
    "optimum": ("fp32", optimum_export),
    "torchscript": ("fp32", lambda m, _s, o: torch_export(m, o, dynamo=False, opset=17)),
    "dynamo": ("fp32", lambda m, _s, o: torch_export(m, o, dynamo=True, opset=18)),
    "dynamo-23": ("fp32", lambda m, _s, o: torch_export(m, o, dynamo=True, opset=23)),
    "genai": ("fp32", lambda _m, s, o: genai_export(s, o, "fp32")),
    "genai-int4": ("int4, int8", lambda _m, s, o: genai_export(s, o, "int4")),
    "genai-int4-full": ("int4", lambda _m, _s, o: full_activations(other(o, "genai-int4"), o)),
    "optimised": ("fp32", lambda _m, _s, o: optimised(other(o, "torchscript"), o)),
    "fused": ("fp32", lambda _m, _s, o: fused(other(o, "torchscript"), o)),
    "dynamic-int8": ("int8", lambda _m, _s, o: quantised(other(o, "dynamo"), o)),
    "nbits-4": ("int4", lambda _m, _s, o: four_bits(other(o, "dynamo"), o, embedding=False)),
    "nbits-4-all": ("int4", lambda _m, _s, o: four_bits(other(o, "dynamo"), o, embedding=True)),
    "fp16": ("fp16", lambda _m, _s, o: half(other(o, "dynamo"), o)),
    "fp16-mixed": ("fp16", lambda _m, _s, o: half(other(o, "dynamo"), o, keep_io_types=True)),
    "fp16-4": ("int4, fp16", lambda _m, _s, o: half(other(o, "nbits-4"), o)),
}


def strip(folder: Path) -> None:
    """Leaves of a fixture what is run: no traces of the source, no tokenizer, no settings."""
    import onnx

    for path in folder.iterdir():
        if not path.name.startswith("model.onnx"):
            path.unlink()
    model = onnx.load(str(folder / "model.onnx"), load_external_data=False)
    graph = model.graph
    values = [*graph.input, *graph.output, *graph.value_info, *graph.initializer]
    for item in (model, graph, *graph.node, *values):
        item.ClearField("metadata_props")
        item.ClearField("doc_string")
    onnx.save(model, str(folder / "model.onnx"))


def make(name: str, exporters: list[str], out: Path) -> None:
    folder = out / name
    model = build(name)
    source = folder / "huggingface"
    model.save_pretrained(source)
    save_tokenizer(source)
    (folder / "reference.json").write_text(json.dumps(reference(model, name)))
    for exporter in exporters:
        precision, export = EXPORTERS[exporter]
        target = folder / exporter
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        log = io.StringIO()
        try:
            with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
                export(model, source, target)
            if SMALL:
                strip(target)
            (target / "export.json").write_text(json.dumps({"precision": precision}))
            said = "ok"
        except NothingToStartFromError:
            shutil.rmtree(target)
            said = "skipped: what it is made from is missing"
        except Exception as error:  # Exporters fail in every way there is.
            (target / "failed.txt").write_text(
                f"{error}\n\n{traceback.format_exc()}\n{log.getvalue()}"
            )
            said = f"failed: {(str(error) or type(error).__name__).splitlines()[0][:100]}"
        print(f"{name:12} {exporter:12} {said}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--arch", nargs="+", choices=ARCHITECTURES, default=list(ARCHITECTURES))
    parser.add_argument("--exporter", nargs="+", choices=EXPORTERS, default=list(EXPORTERS))
    args = parser.parse_args()
    torch.set_num_threads(1)
    for name in args.arch:
        try:
            make(name, args.exporter, args.out.resolve())
        except Exception:
            print(f"{name:12} not made:\n{traceback.format_exc()}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
