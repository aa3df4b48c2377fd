"""Compares the pieces with the libraries that they stand in for (`pip install gguf peft
transformers`, and `xllamacpp` for the tokenizer):

    python -m real.check --work work/real --data gsm8k

A folder `base` must be there (stage `base`); the adapter is compared where one was trained.
"""

import argparse
import json
from pathlib import Path
from urllib.request import urlopen

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from real import data, decode, llama, lora, packing
from real.judge import after
from real.quadruples import quadruple
from real.text import Encoder, chat

GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"


def weights(work: Path) -> str:
    """Own dequantiser against `gguf` through Transformers: bit for bit."""
    theirs = AutoModelForCausalLM.from_pretrained(
        work / "gguf", gguf_file=GGUF, dtype=torch.float32
    ).state_dict()
    ours = load_file(work / "base" / "model.safetensors")
    different = [name for name, tensor in ours.items() if not torch.equal(tensor, theirs[name])]
    return f"weights: {len(ours)} tensors, {len(different)} differ {different[:3]}"


def texts(folder: Path) -> list[str]:
    """What the tokenizer meets: questions, answers, prompts, and things that break tokenizers."""
    rows = data.read_lines(folder / "test.jsonl")
    odd = [
        "",
        " ",
        "\n\n  x",
        "a\tb",
        "naïve café — 12,345.67€",
        "日本語 and 😀",
        "don't",
        "x\r\ny",
    ]
    return odd + [row["question"] for row in rows] + [row["answer"] for row in rows]


def tokens(work: Path, folder: Path) -> str:
    """Rebuilt tokenizer against llama.cpp's, and the chat template's text."""
    from xllamacpp import CommonParams, Server

    encoder, hf = Encoder(work / "base"), AutoTokenizer.from_pretrained(work / "base")
    message = [{"role": "user", "content": "What is 12 + 30?"}]
    rendered = hf.apply_chat_template(message, tokenize=False, add_generation_prompt=True)
    params = CommonParams()
    params.model.path = str(work / "gguf" / GGUF)
    params.n_ctx = 512
    server, different, count = Server(params), 0, 0
    for text in [*texts(folder), chat("What is 12 + 30?")]:
        body = json.dumps({"content": text, "add_special": False, "parse_special": True})
        with urlopen(f"{server.listening_address}/tokenize", body.encode()) as answer:
            theirs = json.load(answer)["tokens"]
        count += 1
        different += theirs != encoder([text])[0]
    return f"tokens: {count} texts, {different} differ; chat {rendered == chat('What is 12 + 30?')}"


def forward(work: Path, folder: Path) -> str:
    """Own forward pass, trees and generation against Transformers, fp32."""
    model = llama.load(work / "base", "cpu", torch.float32)
    hf = AutoModelForCausalLM.from_pretrained(work / "base", dtype=torch.float32)
    encoder = Encoder(work / "base")
    problem = data.problem("x-0", **_first(folder))
    found = [
        quadruple(problem, place, text, "Actually, ")
        for place in (0, 1)
        for text in (problem["steps"][place]["text"], "He has 3 + 4 = 8.")
    ]
    examples = encoder.records(found)
    batch = packing.collate(packing.pack([examples], 999, 1.0), "cpu", torch.float32)
    hidden = model.hidden(batch.ids, batch.positions, llama.masked(batch.mask, model.shape.groups))
    scores = torch.log_softmax(model.logits(hidden[batch.select]), -1)
    mine = scores[torch.arange(len(scores)), batch.targets]
    theirs = []
    for prompt, target in sorted(examples, key=lambda e: -len(e[0])):
        row = torch.log_softmax(hf(torch.tensor([prompt + target])).logits[0], -1)
        theirs += [row[len(prompt) - 1 + i, token] for i, token in enumerate(target)]
    deviation = (mine - torch.stack(theirs)).abs().max().item()
    prompts = [encoder([chat(text)])[0] for text in ("Name three colours.", "What is 5 + 6?")]
    limits = decode.Limits(24, (encoder.end,), (0.0, 0.0))
    same = 0
    for prompt, rows in zip(
        prompts, decode.generate(model, prompts, limits, 1, "cpu"), strict=True
    ):
        text = hf.generate(torch.tensor([prompt]), max_new_tokens=24, do_sample=False)[0]
        text = text[len(prompt) :].tolist()
        text = text[: text.index(encoder.end)] if encoder.end in text else text
        same += sum(row == text for row in rows)
    return f"forward: trees deviate {deviation:.1e}; greedy texts equal {same} of 4"


def _first(folder: Path) -> dict[str, str]:
    row = data.read_lines(folder / "test.jsonl")[0]
    return {"question": row["question"], "solution": row["answer"], "mark": "####"}


def adapter(work: Path) -> str:
    """An adapter merged here against PEFT's."""
    folders = sorted((work / "adapters").glob("*"))
    if not folders:
        return "adapter: none trained yet"
    from peft import PeftModel

    hf = AutoModelForCausalLM.from_pretrained(work / "base", dtype=torch.float32)
    theirs = PeftModel.from_pretrained(hf, folders[0]).merge_and_unload()
    base = llama.load(work / "base", "cpu", torch.float32)
    ours = lora.merged(base, folders[0], torch.float32)
    ids = torch.tensor([Encoder(work / "base")([chat(after("Actually, ", "The end."))])[0]])
    hidden = ours.hidden(ids, torch.arange(ids.shape[1])[None], llama.masked(None, 3))
    deviation = (ours.logits(hidden) - theirs(ids).logits[0]).abs().max().item()
    return f"adapter {folders[0].name}: logits deviate {deviation:.1e} from PEFT's"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, default=Path("work/real"))
    parser.add_argument("--data", type=Path, default=Path("gsm8k"))
    args = parser.parse_args()
    with torch.no_grad():
        print(weights(args.work))
        print(forward(args.work, args.data))
        print(adapter(args.work))
        print(tokens(args.work, args.data))


if __name__ == "__main__":
    main()
