"""Turns an embedded model into what servers load: a Hugging Face checkpoint and a GGUF file.

    python checkpoint.py ../../artifacts/models/upstream-arithmetic /tmp/upstream

writes /tmp/upstream/ (config, tokenizer, model.safetensors) for Transformers and vLLM, and
/tmp/upstream/model.gguf for llama.cpp. The ONNX file's fp16 initialisers carry the names of the
PyTorch parameters, `.T` where they are stored transposed; values are copied, in fp32.
"""

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import onnx
from onnx import numpy_helper
from safetensors.numpy import save_file

COPIED = ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json")
# The rest of a layer's tensors bear the same names in all of its layers.
GGUF_NAMES = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
# llama.cpp's tokenizer puts no blank in front of a text, as ours does; so the template does.
TEMPLATE = (
    "{% for m in messages %}{% if loop.first %}{{ bos_token }}{% endif %}"
    "{% if m['role'] == 'assistant' %}{{ '<|assistant|> ' + m['content'] + eos_token }}"
    "{% else %}{{ '<|user|> ' + m['content'] }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def weights(model: Path) -> dict[str, np.ndarray]:
    """PyTorch's parameters by name, fp32."""
    graph = onnx.load(model / "onnx" / "model.onnx").graph
    found = {}
    for tensor in graph.initializer:
        name = tensor.name.removesuffix(".T")
        if not name.startswith("model.") or not name.endswith(".weight"):
            continue
        value = numpy_helper.to_array(tensor).astype(np.float32)
        found[name] = np.ascontiguousarray(value.T if tensor.name.endswith(".T") else value)
    return found


def write_checkpoint(model: Path, out: Path, found: dict[str, np.ndarray]) -> None:
    """The folder that `from_pretrained` reads."""
    for name in COPIED:
        shutil.copyfile(model / name, out / name)
    save_file(found, out / "model.safetensors", metadata={"format": "pt"})


def interleaved(weight: np.ndarray, heads: int) -> np.ndarray:
    """Rows of a query or key projection as llama.cpp turns them: pairs, not halves, are rotated."""
    rows, width = weight.shape
    halves = weight.reshape(heads, 2, rows // heads // 2, width)
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(rows, width))


def gguf_name(name: str) -> str:
    """A parameter's name in GGUF."""
    whole = {"model.embed_tokens.weight": "token_embd", "model.norm.weight": "output_norm"}
    if name in whole:
        return f"{whole[name]}.weight"
    _, _, layer, *rest, _ = name.split(".")
    return f"blk.{layer}.{GGUF_NAMES['.'.join(rest)]}.weight"


def tokens(tokenizer: dict[str, Any], count: int) -> tuple[list[str], list[int]]:
    """The vocabulary in the order of its ids, filled up to the embedding's, with types."""
    texts = [f"[unused{i}]" for i in range(count)]
    types = [int(gguf.TokenType.UNUSED)] * count
    for text, i in tokenizer["model"]["vocab"].items():
        texts[i], types[i] = text, int(gguf.TokenType.NORMAL)
    for token in tokenizer["added_tokens"]:
        texts[token["id"]], types[token["id"]] = token["content"], int(gguf.TokenType.CONTROL)
    return texts, types


def write_gguf(model: Path, out: Path, found: dict[str, np.ndarray]) -> None:
    """The file that llama.cpp reads."""
    config = json.loads((model / "config.json").read_text())
    tokenizer = json.loads((model / "tokenizer.json").read_text())
    heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
    writer = gguf.GGUFWriter(out / "model.gguf", "llama")
    writer.add_name(model.name)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    texts, types = tokens(tokenizer, config["vocab_size"])
    merges = [m if isinstance(m, str) else " ".join(m) for m in tokenizer["model"]["merges"]]
    writer.add_tokenizer_model("gpt2")
    # Single digits, then GPT-2's expression: ours, but for the order.
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(texts)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(config["bos_token_id"])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_pad_token_id(config["pad_token_id"])
    writer.add_add_bos_token(value=False)
    writer.add_chat_template(TEMPLATE)
    for name, value in found.items():
        turned = value
        if name.endswith("q_proj.weight"):
            turned = interleaved(value, heads)
        elif name.endswith("k_proj.weight"):
            turned = interleaved(value, kv_heads)
        writer.add_tensor(gguf_name(name), turned)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", type=Path, help="folder of an embedded model")
    parser.add_argument("out", type=Path, help="folder that is written")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    found = weights(given.model)
    write_checkpoint(given.model, given.out, found)
    write_gguf(given.model, given.out, found)
    print(f"{len(found)} tensors to {given.out}")


if __name__ == "__main__":
    main()
