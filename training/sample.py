"""Samples what a model trained on plain solutions writes next: one sentence, or the whole rest.

Reads contexts `{question, prefix?, …}` and writes the same objects with `last` (the next sentence,
empty where the model stopped at once), or with `answer` (the rest of the answer) for `--whole`.
A sentence ends at `.`, `!` or `?` before a space or the end. Contexts stay in their order.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast

from data import Encoder
from formats import Record, read_records
from generation import Limits, Sampler, generate

ENDS = (".", "!", "?")


def sentence_limits(
    tokenizer: PreTrainedTokenizerFast, end: list[int], args: argparse.Namespace
) -> Limits:
    """Where a row ends: at the end of the turn, and unless `--whole` also after a sentence."""
    stop = frozenset(end[:1])
    if args.whole:
        return Limits(args.max_new, stop, batch_tokens=args.batch_tokens, copies=args.copies)
    texts = {i: tokenizer.backend_tokenizer.id_to_token(i) or "" for i in range(len(tokenizer))}
    closing = frozenset(i for i, text in texts.items() if text.rstrip("\"'”)").endswith(ENDS))
    # In a byte-level vocabulary Ġ is the space and Ċ the newline.
    begin = frozenset(i for i, text in texts.items() if text.startswith(("Ġ", "Ċ", "ĉ", "▁")))
    return Limits(args.max_new, stop, closing, begin, args.batch_tokens, args.copies)


def sample(records: list[Record], args: argparse.Namespace) -> list[str]:
    """The next sentences, or the rests of the answer, of each record, `copies` in a row."""
    tokenizer = AutoTokenizer.from_pretrained(args.checkpoint)
    model = AutoModelForCausalLM.from_pretrained(
        args.checkpoint, dtype=torch.bfloat16 if args.bf16 else torch.float32
    ).eval()
    encoder = Encoder(tokenizer)
    prompts = encoder.prompts(
        [r["question"] for r in records], [r.get("prefix", "").strip() for r in records]
    )
    started = time.monotonic()

    def progress(done: int) -> None:
        speed = done * args.copies / (time.monotonic() - started)
        print(f"\r{done}/{len(records)} ({speed:.0f} a second)", end="", file=sys.stderr)

    limits = sentence_limits(tokenizer, encoder.end, args)
    sampler = Sampler(args.temperature, torch.Generator().manual_seed(args.seed))
    rows = generate(model, prompts, limits, sampler, progress)
    print(file=sys.stderr)
    texts = tokenizer.backend_tokenizer.decode_batch(rows, skip_special_tokens=True)
    return [text.strip() for text in texts]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkpoint", type=Path, help="folder of a model of plain solutions")
    parser.add_argument("contexts", type=Path, help="JSONL of {question, prefix?, …}")
    parser.add_argument("--out", type=Path, required=True, help="JSONL to write")
    parser.add_argument("--whole", action="store_true", help="the whole rest of the answer")
    parser.add_argument("--temperature", type=float, default=0.7, help="0 is greedy")
    parser.add_argument("--max-new", type=int, default=0, help="default 64, with --whole 320")
    parser.add_argument(
        "--copies",
        type=int,
        default=1,
        help="texts per context; equal ones are written once (each costs far less than a context)",
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch-tokens", type=int, default=16_384, help="prompt tokens at once")
    parser.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=True)
    args = parser.parse_args()
    args.max_new = args.max_new or (320 if args.whole else 64)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    torch.set_num_threads(args.threads)
    records = list(read_records(args.contexts))
    if not records:
        raise SystemExit(f"{args.contexts}: has no records")
    texts = sample(records, args)
    key = "answer" if args.whole else "last"
    args.out.parent.mkdir(parents=True, exist_ok=True)
    with args.out.open("w", encoding="utf-8") as file:
        for i, record in enumerate(records):
            for text in dict.fromkeys(texts[i * args.copies : (i + 1) * args.copies]):
                file.write(json.dumps(record | {key: text}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
