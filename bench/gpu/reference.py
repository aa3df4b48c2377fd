"""PyTorch's side of the measurements: the same weights, prompts and steering, with forward hooks.

Needs torch and transformers (onnx too, for the embedded models); reads what check.ts wrote.

    python3 reference.py machine --device cuda --out machine.json
    python3 reference.py parity --device cuda --request request.json --out parity-torch
    python3 reference.py speed --device cuda --request request.json --out speed-torch.json
"""
import argparse
import json
import os
import statistics
import time

import numpy as np
import torch
import transformers


def sync(device):
    if device == "cuda":
        torch.cuda.synchronize()


def timed(device, run, repeats):
    """Median seconds after one run that is thrown away."""
    run()
    seconds = []
    for _ in range(repeats):
        sync(device)
        start = time.perf_counter()
        run()
        sync(device)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def made_weights(path):
    """Weights of bench/gpu/decoder.ts by Hugging Face's names; products turned to [out, in]."""
    stored = json.load(open(path))
    raw = np.memmap(os.path.join(os.path.dirname(path), stored["file"]), np.uint8, "r")

    def read(name):
        entry = stored["weights"][name]
        end = entry["offset"] + entry["length"]
        return raw[entry["offset"] : end].view(np.float16).reshape(entry["shape"])

    return stored, read


def build_made(path, device, dtype):
    stored, read = made_weights(path)
    shape = stored["shape"]
    gemma = shape["family"] == "gemma"
    common = dict(
        vocab_size=shape["vocabulary"],
        hidden_size=shape["width"],
        intermediate_size=shape["inner"],
        num_hidden_layers=shape["layers"],
        num_attention_heads=shape["heads"],
        num_key_value_heads=shape["sharedHeads"],
        head_dim=shape["headDim"],
        max_position_embeddings=shape["maxLength"],
        rms_norm_eps=stored["epsilon"],
        rope_parameters={"rope_type": "default", "rope_theta": float(shape["theta"])},
        tie_word_embeddings=False,
        attention_bias=False,
    )
    if gemma:
        config = transformers.GemmaConfig(**common, hidden_activation="gelu_pytorch_tanh")
        kind = transformers.GemmaForCausalLM
    else:
        config = transformers.LlamaConfig(**common)
        kind = transformers.LlamaForCausalLM
    model = empty(kind, config, dtype, device)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            value = torch.from_numpy(np.array(read(name.removesuffix(".weight")))).to(device, dtype)
            if "norm" in name and gemma:
                value = value - 1  # exact: Gemma stores what it adds 1 to
            if name.endswith(("proj.weight", "lm_head.weight")):
                value = value.T
            parameter.copy_(value)
    return model


def build_embedded(path, device):
    """An embedded model: its ONNX file stores the checkpoint's weights, rounded to fp16."""
    import onnx
    from onnx import numpy_helper

    folder = os.path.dirname(os.path.dirname(path))
    config = transformers.AutoConfig.from_pretrained(folder)
    tensors = {t.name: t for t in onnx.load(path).graph.initializer}
    model = empty(transformers.LlamaForCausalLM, config, torch.float32, device)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            turned = name not in tensors
            array = numpy_helper.to_array(tensors[name + ".T" if turned else name])
            value = torch.from_numpy(array.astype(np.float32)).to(device)
            parameter.copy_(value.T if turned else value)
    return model


def empty(kind, config, dtype, device):
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            config._attn_implementation = "sdpa"
            return kind(config).eval()
    finally:
        torch.set_default_dtype(torch.float32)


class Steering:
    """Hooks on every block: adds c·d in float32 where c is not 0, then reads ⟨h, d⟩."""

    def __init__(self, model, directions, coefficient, keep_states=False):
        device = next(model.parameters()).device
        self.directions = torch.from_numpy(directions).to(device)
        self.update = self.directions * torch.tensor(coefficient, device=device)[:, None]
        self.steered = [c != 0 for c in coefficient]
        self.keep_states = keep_states
        self.projections = [None] * len(coefficient)
        self.states = [None] * len(coefficient)
        self.handles = [
            block.register_forward_hook(self.hook(layer))
            for layer, block in enumerate(model.model.layers)
        ]

    def hook(self, layer):
        def run(_module, _inputs, output):
            h = output[0] if isinstance(output, tuple) else output
            if self.steered[layer]:
                h = (h.float() + self.update[layer]).to(h.dtype)
            self.projections[layer] = h.float() @ self.directions[layer]
            if self.keep_states:
                self.states[layer] = h[:, -1].float()
            return (h, *output[1:]) if isinstance(output, tuple) else h

        return run

    def remove(self):
        for handle in self.handles:
            handle.remove()


def load(request, device, dtype=torch.float16):
    if request["kind"] == "made":
        model = build_made(request["weights"], device, dtype)
    else:
        model = build_embedded(request["weights"], device)
    shape = (model.config.num_hidden_layers, model.config.hidden_size)
    return model, np.fromfile(request["directions"], np.float32).reshape(shape)


@torch.no_grad()
def parity(args, request):
    torch.backends.cuda.matmul.allow_tf32 = False
    dtype = torch.float32 if args.float32 else torch.float16
    model, directions = load(request, args.device, dtype)
    arrays, tokens = [], {}
    for case, coefficient in request["cases"].items():
        tokens[case] = []
        for prompt in request["prompts"]:
            hooks = Steering(model, directions, coefficient, keep_states=True)
            ids = torch.tensor([prompt], device=args.device)
            out = model(ids, use_cache=True, logits_to_keep=1)
            named = {
                "logits": out.logits[0, -1].float(),
                "projections": torch.stack(hooks.projections)[:, 0],
                "states": torch.stack(hooks.states)[:, 0],
            }
            for name, value in named.items():
                arrays.append((f"{case}/{name}", value.cpu().numpy().ravel()))
            row = []
            for _ in range(request["maxNewTokens"]):
                row.append(int(out.logits[0, -1].float().argmax()))
                step = torch.tensor([[row[-1]]], device=args.device)
                out = model(step, past_key_values=out.past_key_values, use_cache=True)
            tokens[case].append(row)
            hooks.remove()
    joined = {}
    for name, array in arrays:
        joined.setdefault(name, []).append(array)
    with open(args.out + ".f32", "wb") as file:
        sizes = {}
        for name, parts in joined.items():
            whole = np.concatenate(parts).astype(np.float32)
            file.write(whole.tobytes())
            sizes[name] = whole.size
    json.dump({"arrays": sizes, "tokens": tokens}, open(args.out + ".json", "w"))


@torch.no_grad()
def speed(args, request):
    model, directions = load(request, args.device)
    config = model.config
    some = [0.0] * config.num_hidden_layers
    some[len(some) // 2] = 1.0
    results = {}
    generator = torch.Generator().manual_seed(1)
    for rows in request["batches"]:
        size = (rows, request["promptLength"])
        ids = torch.randint(3, config.vocab_size, size, generator=generator).to(args.device)
        hooks = Steering(model, directions, some)

        def generate(count):
            model.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                do_sample=False,
                min_new_tokens=count,
                max_new_tokens=count,
                pad_token_id=0,
                eos_token_id=1,
            )

        few, many = request["steps"]
        seconds = [timed(args.device, lambda n=n: generate(n), request["repeats"]) for n in (few, many)]
        results[f"decode-{rows}"] = 1000 * (seconds[1] - seconds[0]) / (many - few)
        hooks.remove()
    stimuli, length, rows = request["stimuli"], request["stimulusLength"], request["scanRows"]
    ids = torch.randint(3, config.vocab_size, (stimuli, length), generator=generator).to(args.device)
    hooks = Steering(model, directions, [0.0] * config.num_hidden_layers)

    def scan():
        for start in range(0, stimuli, rows):
            model(ids[start : start + rows], use_cache=False, logits_to_keep=1)
            torch.stack(hooks.projections).cpu()

    results["scan"] = 1000 * timed(args.device, scan, request["repeats"])
    hooks.remove()
    json.dump(results, open(args.out, "w"))


@torch.no_grad()
def machine(args, _request):
    on_gpu = args.device == "cuda"
    about = {"torch": torch.__version__, "transformers": transformers.__version__}
    if on_gpu:
        about["gpu"] = torch.cuda.get_device_name()
        about["cuda"] = torch.version.cuda
        about["cudnn"] = torch.backends.cudnn.version()
    size, side = (2**30, 8192) if on_gpu else (2**24, 512)
    dtype = torch.float16 if on_gpu else torch.float32
    source = torch.randint(0, 255, (size,), dtype=torch.uint8, device=args.device)
    target = torch.empty_like(source)
    seconds = timed(args.device, lambda: target.copy_(source), 10)
    about["bytesPerSecond"] = 2 * size / seconds
    a, b = (torch.randn(side, side, device=args.device).to(dtype) for _ in range(2))
    seconds = timed(args.device, lambda: torch.matmul(a, b), 10)
    about["operationsPerSecond"] = 2 * side**3 / seconds
    json.dump(about, open(args.out, "w"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["machine", "parity", "speed"])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--float32", action="store_true", help="fp16 weights, computed in fp32")
    parser.add_argument("--request")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    request = json.load(open(args.request)) if args.request else None
    {"machine": machine, "parity": parity, "speed": speed}[args.what](args, request)


if __name__ == "__main__":
    main()
