"""Records as token trees, and an endless, resumable stream of batches over them.

Records that follow each other in a file and share their question become one *tree*: their common
beginnings are there once, and every sentence to judge is a branch. A token sees its ancestors
only, at the position that its own sequence gives it, so the model computes exactly what it would
for each record alone, at about a third of the tokens.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
from transformers import PreTrainedTokenizerFast

from formats import LAST_MARKER, REVISION_MARKER, Record, read_records, turns

# What a token is to the loss: nothing, part of what is given, part of what is to be written, or
# the first token of a correction, which decides between copying and rewriting.
IGNORED, GIVEN, TARGET, DECISION = 0, 1, 2, 3

CHUNK = 8192


@dataclass
class Example:
    """One conversation: its tokens, and the role of each."""

    ids: np.ndarray
    roles: np.ndarray


class Encoder:
    """Turns records into examples through a tokenizer's chat template."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        user = [{"role": "user", "content": "\x01"}]
        opened = tokenizer.apply_chat_template(user, tokenize=False, add_generation_prompt=True)
        whole = tokenizer.apply_chat_template(
            [*user, {"role": "assistant", "content": "\x02"}], tokenize=False
        )
        self.head, self.tail = opened.split("\x01")
        self.end = self._tokens(tokenizer, whole.split("\x02")[1].strip() or tokenizer.eos_token)
        self.fast = tokenizer.backend_tokenizer
        self.fast.no_padding()
        self.fast.no_truncation()
        self.last = self._marker(tokenizer, LAST_MARKER)
        self.revision = self._marker(tokenizer, REVISION_MARKER)

    @staticmethod
    def _tokens(tokenizer: PreTrainedTokenizerFast, text: str) -> list[int]:
        return tokenizer.encode(text, add_special_tokens=False)

    @classmethod
    def _marker(cls, tokenizer: PreTrainedTokenizerFast, text: str) -> int | None:
        ids = cls._tokens(tokenizer, text)
        return ids[0] if len(ids) == 1 else None

    def texts(self, texts: list[str]) -> list[list[int]]:
        """Token ids of each text; no special tokens are added."""
        return [e.ids for e in self.fast.encode_batch_fast(texts, add_special_tokens=False)]

    def prompts(self, users: list[str], given: list[str]) -> list[list[int]]:
        """One user turn each, the assistant's opened, and what it has already written."""
        heads = self.texts([self.head + user + self.tail for user in users])
        return [h + g for h, g in zip(heads, self.texts(given), strict=True)]

    def examples(self, records: list[Record]) -> list[Example]:
        """Records of any known format, as examples."""
        users, given, targets = zip(*map(turns, records), strict=True)
        prompts = self.prompts(list(users), list(given))
        # A sentence that follows others does so after a space.
        tails = self.texts([f" {t}" if g and t else t for g, t in zip(given, targets, strict=True)])
        pieces = [i for i, record in enumerate(records) if record.get("open")]
        whole = self.texts([given[i] + targets[i] for i in pieces])
        for i, ids, start in zip(
            pieces, whole, self.texts([given[i] for i in pieces]), strict=True
        ):
            tails[i] = ids[len(start) :]
        pairs = zip(records, prompts, tails, strict=True)
        return [self._example(record, prompt, tail) for record, prompt, tail in pairs]

    def _example(self, record: Record, prompt: list[int], tail: list[int]) -> Example:
        target = tail if record.get("open") else tail + self.end
        roles = np.full(len(prompt) + len(target), GIVEN, np.uint8)
        roles[len(prompt) :] = TARGET
        if "last" in record:
            roles[len(prompt)] = DECISION
        if "last" in record and record["last"] != record.get("correction"):
            # A faulty sentence is something to read, never something to learn to write.
            if self.last is None or self.revision is None:
                roles[: len(prompt)] = IGNORED
            else:
                start, stop = prompt.index(self.last), prompt.index(self.revision)
                roles[start + 1 : stop] = IGNORED
        return Example(np.array(prompt + target, np.int32), roles)


@dataclass
class Tree:
    """Sequences with their common beginnings merged; node 0 is the first token of all."""

    ids: np.ndarray
    roles: np.ndarray
    # Index of the token before, -1 for node 0; never larger than the node's own.
    parents: np.ndarray
    # Place in its own sequence.
    positions: np.ndarray


def plant(examples: Iterable[Example]) -> Tree:
    """One tree of examples that begin with the same token."""
    ids: list[int] = []
    roles: list[int] = []
    parents: list[int] = []
    positions: list[int] = []
    children: dict[tuple[int, int], int] = {}
    for example in examples:
        parent = -1
        for position, (token, role) in enumerate(
            zip(example.ids.tolist(), example.roles.tolist(), strict=True)
        ):
            node = children.get((parent, token))
            if node is None:
                node = children[parent, token] = len(ids)
                ids.append(token)
                roles.append(role)
                parents.append(parent)
                positions.append(position)
            else:
                # What is right to write in one of the sequences is right.
                roles[node] = max(roles[node], role)
            parent = node
    return Tree(
        np.array(ids, np.int32),
        np.array(roles, np.uint8),
        np.array(parents, np.int32),
        np.array(positions, np.int32),
    )


@dataclass
class Source:
    """One file: trees back to back, and how they count."""

    path: str
    ids: np.ndarray
    roles: np.ndarray
    parents: np.ndarray
    positions: np.ndarray
    offsets: np.ndarray
    examples: int
    share: float
    # Weight of each role in the loss.
    weights: np.ndarray
    dropped: int

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass
class SourceSpec:
    """What `--data PATH[:SHARE[:LOSS]]` says; the share is one of trees, None by size."""

    path: str
    share: float | None
    prompt_weight: float


def parse_source(text: str, loss: str, prompt_weight: float) -> SourceSpec:
    """Parses `PATH[:SHARE[:LOSS]]`, LOSS being `target`, `all`, or a weight of the prompt."""
    path, share, kind = [*text.split(":"), "", ""][:3]
    kind = kind or loss
    weights = {"target": 0.0, "all": prompt_weight}
    weight = weights[kind] if kind in weights else float(kind)
    return SourceSpec(path, float(share) if share else None, weight)


def load_source(
    spec: SourceSpec, encoder: Encoder, max_length: int, decision_weight: float
) -> Source:
    """Reads and encodes a file; examples longer than `max_length` are left out and counted."""
    trees: list[Tree] = []
    kept = dropped = 0
    for records in batched(read_records(spec.path), CHUNK):
        pairs = zip(records, encoder.examples(records), strict=True)
        for _, group in groupby(pairs, key=lambda pair: pair[0]["question"]):
            examples = [example for _, example in group]
            fitting = [example for example in examples if len(example.ids) <= max_length]
            kept, dropped = kept + len(fitting), dropped + len(examples) - len(fitting)
            if fitting:
                trees.append(plant(fitting))
    if not trees:
        raise SystemExit(f"{spec.path}: has no example of at most {max_length} tokens")

    def flat(name: str) -> np.ndarray:
        return np.concatenate([getattr(tree, name) for tree in trees])

    return Source(
        path=spec.path,
        ids=flat("ids"),
        roles=flat("roles"),
        parents=flat("parents"),
        positions=flat("positions"),
        offsets=np.cumsum([0] + [len(tree.ids) for tree in trees]),
        examples=kept,
        share=len(trees) if spec.share is None else spec.share,
        weights=np.array([0.0, spec.prompt_weight, 1.0, decision_weight], np.float32),
        dropped=dropped,
    )


def batched(items: Iterator[Record], size: int) -> Iterator[list[Record]]:
    """Lists of at most `size` items."""
    batch: list[Record] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


@dataclass
class Batch:
    """Trees `[B, S]`, padded on the right, and the predictions that count."""

    ids: torch.Tensor
    positions: torch.Tensor
    # Additive mask `[B, 1, S, S]`: 0 for a token and its ancestors, else far below.
    mask: torch.Tensor
    # Flat indices into [B · S] of the predicting tokens, the tokens to predict, their weights.
    select: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor
    tokens: int


def ancestor_mask(parents: np.ndarray) -> np.ndarray:
    """Which tokens each token sees, bool `[B, S, S]`, from the parents `[B, S]`."""
    rows, width = parents.shape
    seen = np.zeros((rows, width, width), bool)
    every = np.arange(rows)
    for node in range(width):
        above = parents[:, node]
        inner = above >= 0
        seen[every[inner], node] = seen[every[inner], above[inner]]
        seen[:, node, node] = True
    return seen


class Mixture:
    """Batches over several sources. Every batch follows from the seed and its place alone, so a
    position of two numbers is all that a resume needs."""

    def __init__(self, sources: list[Source], batch_tokens: int, seed: int, pad: int) -> None:
        total = sum(source.share for source in sources)
        self.sources = sources
        self.shares = [source.share / total for source in sources]
        self.batch_tokens = batch_tokens
        self.seed = seed
        self.pad = pad
        self._orders: dict[tuple[int, int], np.ndarray] = {}

    def _order(self, index: int, epoch: int) -> np.ndarray:
        key = (index, epoch)
        if key not in self._orders:
            self._orders = {k: v for k, v in self._orders.items() if k[0] != index}
            rng = np.random.default_rng([self.seed, index, epoch])
            self._orders[key] = rng.permutation(len(self.sources[index]))
        return self._orders[key]

    def _chunk(self, chunk: int) -> list[tuple[int, int]]:
        """(source, tree) of one chunk: each source goes through its own permutations."""
        picks = []
        for index, share in enumerate(self.shares):
            size = len(self.sources[index])
            for place in range(int(chunk * CHUNK * share), int((chunk + 1) * CHUNK * share)):
                order = self._order(index, place // size)
                picks.append((index, int(order[place % size])))
        return picks

    def _length(self, pick: tuple[int, int]) -> int:
        offsets = self.sources[pick[0]].offsets
        return int(offsets[pick[1] + 1] - offsets[pick[1]])

    def _plan(self, chunk: int) -> list[list[tuple[int, int]]]:
        """A chunk cut into batches of nearly equal lengths, in random order."""
        rng = np.random.default_rng([self.seed, 1 << 20, chunk])
        picks = self._chunk(chunk)
        order = np.lexsort((rng.random(len(picks)), [self._length(p) for p in picks]))
        batches: list[list[tuple[int, int]]] = [[]]
        for i in order:
            width = round_up(self._length(picks[i]))
            if batches[-1] and (len(batches[-1]) + 1) * width > self.batch_tokens:
                batches.append([])
            batches[-1].append(picks[i])
        if len(batches[-1]) == 1 and len(batches) > 1:
            # A single row would have torch.compile build a second program, for minutes.
            batches.pop()
        rng.shuffle(batches)
        return batches

    def stream(self, chunk: int, place: int) -> Iterator[tuple[tuple[int, int], Batch]]:
        """Endless batches from batch `place` of `chunk` on, each with the position after it."""
        while True:
            plan = self._plan(chunk)
            for i in range(place, len(plan)):
                after = (chunk, i + 1) if i + 1 < len(plan) else (chunk + 1, 0)
                yield after, self._batch(plan[i])
            chunk, place = chunk + 1, 0

    def _batch(self, picks: list[tuple[int, int]]) -> Batch:
        width = round_up(max(map(self._length, picks)))
        shape = (len(picks), width)
        ids, positions = np.full(shape, self.pad, np.int64), np.zeros(shape, np.int64)
        parents, weights = np.full(shape, -1, np.int64), np.zeros(shape, np.float32)
        tokens = 0
        for row, (index, tree) in enumerate(picks):
            source = self.sources[index]
            part = slice(source.offsets[tree], source.offsets[tree + 1])
            length = int(part.stop - part.start)
            ids[row, :length] = source.ids[part]
            positions[row, :length] = source.positions[part]
            parents[row, :length] = source.parents[part]
            weights[row, 1:length] = source.weights[source.roles[part]][1:]
            tokens += length
        rows, nodes = np.nonzero(weights)
        mask = np.where(ancestor_mask(parents), np.float32(0), np.float32(-1e4))
        return Batch(
            torch.from_numpy(ids),
            torch.from_numpy(positions),
            torch.from_numpy(mask)[:, None],
            # A token is predicted where the one before it stands.
            torch.from_numpy(rows * width + parents[rows, nodes]),
            torch.from_numpy(ids[rows, nodes]),
            torch.from_numpy(weights[rows, nodes]),
            tokens,
        )


def round_up(length: int, step: int = 8) -> int:
    """The next multiple of `step`: fewer shapes for the kernels."""
    return -(-length // step) * step
