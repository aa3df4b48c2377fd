"""Examples that begin alike as rows of one trunk and many branches.

All sentences to judge of a problem share its question and most of their prefixes. A row holds the
longest prompt once (the trunk); every other example is a branch that leaves it where the texts part
and sees only what its own text holds, at the positions that its own text has. The model computes
exactly what it would for each example alone, at less than half the tokens (`check.py`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

Example = tuple[list[int], list[int]]


@dataclass
class Row:
    """`[S]` each: ids, positions, branch (0 is the trunk), and how much of the trunk is seen;
    then, for each token to predict, where its predecessor stands, the token and its weight."""

    ids: np.ndarray
    positions: np.ndarray
    branch: np.ndarray
    fork: np.ndarray
    select: np.ndarray
    targets: np.ndarray
    weights: np.ndarray


class _Builder:
    def __init__(self, prompt: list[int]) -> None:
        size = len(prompt)
        self.trunk = np.array(prompt)
        self.ids, self.positions = list(prompt), list(range(size))
        self.branch, self.fork = [0] * size, list(range(1, size + 1))
        self.select: list[int] = []
        self.targets: list[int] = []
        self.weights: list[float] = []
        self.count = 0

    def shared(self, prompt: list[int]) -> int:
        """How many tokens the prompt has in common with the trunk."""
        size = min(len(prompt), len(self.trunk))
        different = np.nonzero(self.trunk[:size] != np.array(prompt[:size]))[0]
        return int(different[0]) if len(different) else size

    def add(self, example: Example, shared: int, decision: float) -> None:
        prompt, target = example
        own = prompt[shared:] + target[:-1]
        start, self.count = len(self.ids), self.count + 1
        self.ids += own
        self.positions += range(shared, shared + len(own))
        self.branch += [self.count] * len(own)
        self.fork += [shared] * len(own)
        first = len(prompt) - 1
        for i, token in enumerate(target):
            at = first + i
            self.select.append(at if at < shared else start + at - shared)
            self.targets.append(token)
            self.weights.append(decision if i == 0 else 1.0)

    def done(self) -> Row:
        names = ("ids", "positions", "branch", "fork", "select", "targets", "weights")
        return Row(*(np.array(getattr(self, name)) for name in names))


def pack(groups: list[list[Example]], width: int, decision: float) -> list[Row]:
    """Rows of at most `width` tokens (more where a single example is longer). Longest prompts come
    first, since the trunk is the first one's."""
    rows = []
    for group in groups:
        builder = None
        for example in sorted(group, key=lambda e: -len(e[0])):
            shared = builder.shared(example[0]) if builder else 0
            need = len(example[0]) - shared + len(example[1]) - 1
            if builder is None or len(builder.ids) + need > width:
                if builder:
                    rows.append(builder.done())
                builder = _Builder(example[0])
                shared = len(example[0])
            builder.add(example, shared, decision)
        if builder:
            rows.append(builder.done())
    return rows


@dataclass
class Batch:
    """Rows `[B, S]` on the device, their additive mask `[B, 1, S, S]`, and what to predict."""

    ids: torch.Tensor
    positions: torch.Tensor
    mask: torch.Tensor
    select: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor
    tokens: int


def plan(rows: list[Row], budget: int, seed: int) -> list[list[int]]:
    """One epoch: batches of rows of about equal lengths, in random order."""
    rng = np.random.default_rng(seed)
    order = np.lexsort((rng.random(len(rows)), [len(row.ids) // 32 for row in rows]))
    batches: list[list[int]] = [[]]
    for i in order:
        longest = max([len(rows[j].ids) for j in batches[-1]] + [len(rows[i].ids)])
        if batches[-1] and (len(batches[-1]) + 1) * longest > budget:
            batches.append([])
        batches[-1].append(int(i))
    rng.shuffle(batches)
    return batches


def collate(rows: list[Row], device: str, dtype: torch.dtype) -> Batch:
    """Pads on the right; the mask is built where it is used, from a few numbers a token."""
    size = -(-max(len(row.ids) for row in rows) // 8) * 8

    def padded(name: str, fill: int) -> torch.Tensor:
        out = np.full((len(rows), size), fill, np.int64)
        for i, row in enumerate(rows):
            out[i, : len(row.ids)] = getattr(row, name)
        return torch.from_numpy(out).to(device, non_blocking=True)

    branch, fork, positions = padded("branch", -1), padded("fork", 0), padded("positions", 0)
    places = torch.arange(size, device=device)
    own = (branch[:, :, None] == branch[:, None]) & (places[:, None] >= places[None])
    trunk = (branch[:, None] == 0) & (positions[:, None] < fork[:, :, None])
    mask = torch.zeros(own.shape, dtype=dtype, device=device)
    mask.masked_fill_(~(own | trunk), float("-inf"))

    def flat(parts: list[np.ndarray]) -> torch.Tensor:
        return torch.from_numpy(np.concatenate(parts)).to(device, non_blocking=True)

    return Batch(
        padded("ids", 0),
        positions,
        mask[:, None],
        flat([row.select + i * size for i, row in enumerate(rows)]),
        flat([row.targets for row in rows]),
        flat([row.weights.astype(np.float32) for row in rows]),
        sum(len(row.ids) for row in rows),
    )


def epochs(rows: list[Row], budget: int, seed: int, start: int) -> Iterator[list[Row]]:
    """Endless batches from number `start` on; each follows from the seed and its number alone."""
    epoch, place = 0, start
    while True:
        batches = plan(rows, budget, seed * 1000 + epoch)
        for batch in batches[place:]:
            yield [rows[i] for i in batch]
        place, epoch = max(0, place - len(batches)), epoch + 1
