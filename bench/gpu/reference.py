"""PyTorch's side of the measurements: the same weights, prompts and steering, with forward hooks.

Needs torch and transformers (onnx too, for the embedded models); reads what check.ts wrote.

    python3 reference.py --device cuda --tasks tasks.json

A task is {"what": "machine" | "parity" | "speed", "request": file, "out": file, "float32": bool}.
Each writes its file as soon as it is done, and one that fails does not keep the others from running.
"""
import argparse
import json
import os
import statistics
import sys
import time
import traceback
import warnings

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
            value = torch.from_numpy(read(name.removesuffix(".weight"))).to(device).to(dtype)
            if "norm" in name and gemma:
                value = value - 1  # exact: Gemma stores what it adds 1 to
            if name.endswith(("proj.weight", "lm_head.weight")):
                value = value.T
            parameter.copy_(value)
    return model


def build_embedded(path, device, _dtype):
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


class Loaded:
    """The decoder of the last task: the next one mostly asks for the same."""

    def __init__(self, device):
        self.device = device
        self.weights = None
        self.model = None

    def get(self, request, float32=False):
        made = request["kind"] == "made"
        if self.weights != request["weights"]:
            self.weights, self.model = None, None
            if self.device == "cuda":
                torch.cuda.empty_cache()
            build = build_made if made else build_embedded
            self.model = build(request["weights"], self.device, torch.float16)
            self.weights = request["weights"]
        if made:
            # From fp16 to float32 and back no bit is lost. Parameters alone: the rotary
            # frequencies are float32 in both.
            for parameter in self.model.parameters():
                parameter.data = parameter.data.to(torch.float32 if float32 else torch.float16)
        shape = (self.model.config.num_hidden_layers, self.model.config.hidden_size)
        return self.model, np.fromfile(request["directions"], np.float32).reshape(shape)


@torch.no_grad()
def parity(task, request, loaded):
    device = loaded.device
    torch.backends.cuda.matmul.allow_tf32 = False
    model, directions = loaded.get(request, task.get("float32", False))
    arrays, tokens = [], {}
    for case, coefficient in request["cases"].items():
        tokens[case] = []
        for prompt in request["prompts"]:
            hooks = Steering(model, directions, coefficient, keep_states=True)
            ids = torch.tensor([prompt], device=device)
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
                step = torch.tensor([[row[-1]]], device=device)
                out = model(step, past_key_values=out.past_key_values, use_cache=True)
            tokens[case].append(row)
            hooks.remove()
    joined = {}
    for name, array in arrays:
        joined.setdefault(name, []).append(array)
    with open(task["out"] + ".f32", "wb") as file:
        sizes = {}
        for name, parts in joined.items():
            whole = np.concatenate(parts).astype(np.float32)
            file.write(whole.tobytes())
            sizes[name] = whole.size
    write_json(task["out"] + ".json", {"arrays": sizes, "tokens": tokens})


@torch.no_grad()
def speed(task, request, loaded):
    """One number after the other, each saved: what a killed run has measured is not lost."""
    device = loaded.device
    model, directions = loaded.get(request)
    config = model.config
    some = [0.0] * config.num_hidden_layers
    some[len(some) // 2] = 1.0
    results = {}

    def note(name, value):
        results[name] = value
        print(f"PyTorch {name}: {value:.3f} ms", flush=True)
        write_json(task["out"] + ".part", results)

    generator = torch.Generator().manual_seed(1)
    for rows in request["batches"]:
        size = (rows, request["promptLength"])
        ids = torch.randint(3, config.vocab_size, size, generator=generator).to(device)
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
        seconds = [timed(device, lambda n=n: generate(n), 3) for n in (few, many)]
        note(f"decode-{rows}", 1000 * (seconds[1] - seconds[0]) / (many - few))
        hooks.remove()
    stimuli, length, rows = request["stimuli"], request["stimulusLength"], request["scanRows"]
    ids = torch.randint(3, config.vocab_size, (stimuli, length), generator=generator).to(device)
    hooks = Steering(model, directions, [0.0] * config.num_hidden_layers)

    def scan():
        for start in range(0, stimuli, rows):
            model(ids[start : start + rows], use_cache=False, logits_to_keep=1)
            torch.stack(hooks.projections).cpu()

    note("scan", 1000 * timed(device, scan, request["repeats"]))
    hooks.remove()
    write_json(task["out"], results)


@torch.no_grad()
def machine(task, _request, loaded):
    device = loaded.device
    on_gpu = device == "cuda"
    about = {"torch": torch.__version__, "transformers": transformers.__version__}
    if on_gpu:
        about["gpu"] = torch.cuda.get_device_name()
        about["cuda"] = torch.version.cuda
        about["cudnn"] = torch.backends.cudnn.version()
    size, side = (2**30, 8192) if on_gpu else (2**24, 512)
    dtype = torch.float16 if on_gpu else torch.float32
    source = torch.randint(0, 255, (size,), dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    seconds = timed(device, lambda: target.copy_(source), 10)
    about["bytesPerSecond"] = 2 * size / seconds
    a, b = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    seconds = timed(device, lambda: torch.matmul(a, b), 10)
    about["operationsPerSecond"] = 2 * side**3 / seconds
    write_json(task["out"], about)
    print(f"machine: {about}", flush=True)


def write_json(path, value):
    """Whole or not at all: a file that is there counts as done."""
    with open(path + ".new", "w") as file:
        json.dump(value, file)
    os.replace(path + ".new", path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tasks", required=True)
    args = parser.parse_args()
    warnings.filterwarnings("ignore", message=".*not writable.*")
    loaded = Loaded(args.device)
    failed = 0
    for task in json.load(open(args.tasks)):
        start = time.perf_counter()
        request = json.load(open(task["request"])) if "request" in task else None
        try:
            {"machine": machine, "parity": parity, "speed": speed}[task["what"]](task, request, loaded)
        except Exception:
            failed += 1
            traceback.print_exc()
        print(f"PyTorch {task['what']}: {time.perf_counter() - start:.1f} s", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
