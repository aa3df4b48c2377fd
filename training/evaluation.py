"""Validation of a model under training: loss on the target, and exact greedy answers."""

from itertools import islice

import torch
import torch.nn.functional as F
from transformers import PreTrainedModel

from data import TARGET, Encoder, Example
from formats import read_records
from generation import Limits, Sampler, generate


def target_loss(model: PreTrainedModel, examples: list[Example]) -> float:
    """Mean cross entropy of the target tokens."""
    total, count = 0.0, 0
    with torch.inference_mode():
        for example in examples:
            ids = torch.from_numpy(example.ids).long()[None].to(model.device)
            targets = torch.from_numpy(example.roles == TARGET)[1:]
            logits = model(input_ids=ids).logits[0, :-1].float()
            total += float(F.cross_entropy(logits[targets], ids[0, 1:][targets], reduction="sum"))
            count += int(targets.sum())
    return total / count


def evaluate(model: PreTrainedModel, encoder: Encoder, path: str, items: int) -> dict[str, float]:
    """Loss, and the share of the first `items` records whose greedy answer is exactly the target.
    For quadruples, apart for those to copy and those to correct."""
    training = model.training
    model.eval()
    records = list(islice(read_records(path), items))
    examples = encoder.examples(records)
    starts = [int((e.roles == TARGET).argmax()) for e in examples]
    end = len(encoder.end)
    targets = [e.ids[s:-end].tolist() for e, s in zip(examples, starts, strict=True)]
    limits = Limits(max(map(len, targets)) + 4, frozenset(encoder.end[:1]))
    prompts = [e.ids[:s].tolist() for e, s in zip(examples, starts, strict=True)]
    written = generate(model, prompts, limits, Sampler(0.0, torch.Generator()))
    right = [w == t for w, t in zip(written, targets, strict=True)]
    figures = {"loss": round(target_loss(model, examples), 4), "exact": _mean(right)}
    if "last" in records[0]:
        same = [r["last"] == r["correction"] for r in records]
        pairs = list(zip(right, same, strict=True))
        figures["exact_copy"] = _mean([r for r, s in pairs if s])
        figures["exact_correct"] = _mean([r for r, s in pairs if not s])
    model.train(training)
    return figures


def _mean(values: list[bool]) -> float:
    return round(sum(values) / max(1, len(values)), 4)
