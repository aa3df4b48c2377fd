"""Validation of a model under training: loss on the target, decisions, and exact greedy answers.

One forward pass a record is enough: where the model's choice is right at every place of the given
target, its own greedy answer is the target.
"""

from collections import defaultdict
from itertools import islice

import numpy as np
import torch
import torch.nn.functional as F
from transformers import PreTrainedModel

from data import TARGET, Encoder, Example
from formats import Record, read_records

ROWS = 32


def score(model: PreTrainedModel, examples: list[Example]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Of every token of each target: cross entropy, and whether the greedy choice is right."""
    results: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    order = sorted(range(len(examples)), key=lambda i: len(examples[i].ids))
    with torch.inference_mode():
        for start in range(0, len(order), ROWS):
            rows = order[start : start + ROWS]
            # Padding on the right is after everything that counts.
            ids = torch.zeros(len(rows), len(examples[rows[-1]].ids), dtype=torch.long)
            for row, i in enumerate(rows):
                ids[row, : len(examples[i].ids)] = torch.from_numpy(examples[i].ids)
            logits = model(input_ids=ids.to(model.device)).logits.float().cpu()
            for row, i in enumerate(rows):
                places = torch.from_numpy(np.flatnonzero(examples[i].roles >= TARGET))
                chosen, targets = logits[row, places - 1], ids[row, places]
                losses = F.cross_entropy(chosen, targets, reduction="none")
                results[i] = losses.numpy(), (chosen.argmax(-1) == targets).numpy()
    return [results[i] for i in range(len(examples))]


def kind(record: Record) -> str:
    """What to do with a record's sentence, where it has one."""
    if "last" not in record:
        return "all"
    return record.get("quality") or (
        "copy" if record["last"] == record["correction"] else "correct"
    )


def evaluate(model: PreTrainedModel, encoder: Encoder, path: str, items: int) -> dict[str, object]:
    """Over the first `items` records: mean loss; and by kind, the shares of right first tokens
    (to copy, or how to rewrite) and of answers that are exactly the target."""
    training = model.training
    model.eval()
    records = list(islice(read_records(path), items))
    scores = score(model, encoder.examples(records))
    model.train(training)
    by_kind: dict[str, list[np.ndarray]] = defaultdict(list)
    for record, (_, right) in zip(records, scores, strict=True):
        by_kind[kind(record)].append(right)
    return {
        "loss": round(float(np.concatenate([losses for losses, _ in scores]).mean()), 4),
        "decision": {k: _share(r[0] for r in rows) for k, rows in sorted(by_kind.items())},
        "exact": {k: _share(r.all() for r in rows) for k, rows in sorted(by_kind.items())},
    }


def _share(values: object) -> float:
    return round(float(np.mean(list(values))), 3)
