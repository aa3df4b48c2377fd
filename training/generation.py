"""Batched generation with left padding and a cache that is written in place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from transformers import PreTrainedModel
from transformers.cache_utils import Cache, DynamicLayer

# Says whether the last token of a row ends it (True), or the one before did (the token is cut).
Stop = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class BufferLayer(DynamicLayer):
    """Keys and values of one layer in a buffer of fixed length: no copy per token."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length
        self.used = 0

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: object, **__: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if self.used == 0:
            rows, heads, _size, width = key_states.shape
            self.key_buffer = key_states.new_empty(rows, heads, self.length, width)
            self.value_buffer = value_states.new_empty(rows, heads, self.length, width)
            self.is_initialized = True
        end = self.used + key_states.shape[2]
        self.key_buffer[:, :, self.used : end] = key_states
        self.value_buffer[:, :, self.used : end] = value_states
        self.used = end
        self.keys, self.values = self.key_buffer[:, :, :end], self.value_buffer[:, :, :end]
        return self.keys, self.values

    def get_seq_length(self) -> int:
        return self.used

    def keep(self, rows: torch.Tensor) -> None:
        """Keeps these rows, in this order; a row may be taken more than once."""
        self.key_buffer, self.value_buffer = self.key_buffer[rows], self.value_buffer[rows]


@dataclass
class Sampler:
    """Temperature 0 is greedy."""

    temperature: float
    generator: torch.Generator

    def __call__(self, logits: torch.Tensor) -> torch.Tensor:
        if self.temperature == 0:
            return logits.argmax(-1)
        shares = torch.softmax(logits.float() / self.temperature, -1)
        return torch.multinomial(shares, 1, generator=self.generator)[:, 0]


@dataclass
class Limits:
    """When a row ends, and how much runs at once."""

    max_new: int
    # Tokens that end a row, themselves left out.
    end: frozenset[int]
    # Tokens after which a row ends if the next token is one of `begin` (or an end).
    closing: frozenset[int] = frozenset()
    begin: frozenset[int] = frozenset()
    batch_tokens: int = 16_384
    # Texts per prompt, which share its reading.
    copies: int = 1


def _batches(prompts: Sequence[Sequence[int]], limits: Limits) -> list[list[int]]:
    """Indices of prompts of nearly equal lengths, longest first."""
    order = sorted(range(len(prompts)), key=lambda i: -len(prompts[i]))
    batches: list[list[int]] = []
    for i in order:
        first = batches[-1][0] if batches else i
        if batches and (len(batches[-1]) + 1) * len(prompts[first]) <= limits.batch_tokens:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches


def _pad(rows: list[Sequence[int]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Left-padded ids and mask `[B, S]`."""
    width = max(map(len, rows))
    ids = torch.full((len(rows), width), pad)
    mask = torch.zeros(len(rows), width, dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, width - len(row) :] = torch.tensor(row)
        mask[i, width - len(row) :] = 1
    return ids, mask


class _Run:
    """One batch under way; finished rows are dropped once they are many."""

    def __init__(self, model: PreTrainedModel, rows: list[Sequence[int]], limits: Limits) -> None:
        self.model, self.limits = model, limits
        self.ids, self.mask = _pad(rows, 0)
        length = self.ids.shape[1] + limits.max_new
        self.layers = [BufferLayer(length) for _ in range(model.config.num_hidden_layers)]
        self.cache = Cache(layers=self.layers)
        self.alive = torch.arange(len(rows))
        self.started = False
        self.output: list[list[int]] = [[] for _ in range(len(rows) * limits.copies)]
        self.done = [False] * len(self.output)

    def step(self, sample: Sampler) -> None:
        positions = (self.mask.cumsum(-1) - 1).clamp(min=0)[:, -self.ids.shape[1] :]
        logits = self.model(
            input_ids=self.ids,
            # A batch without padding needs no mask, which spares its construction.
            attention_mask=None if bool(self.mask.all()) else self.mask,
            position_ids=positions,
            past_key_values=self.cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
        if not self.started:
            logits = self._fan_out(logits)
        tokens = sample(logits)
        for row, token in zip(self.alive.tolist(), tokens.tolist(), strict=True):
            self._take(row, token)
        self.ids = tokens[:, None]
        self.mask = torch.cat([self.mask, torch.ones_like(self.ids)], 1)
        self._compact()

    def _fan_out(self, logits: torch.Tensor) -> torch.Tensor:
        """After the prompts are read: every row as many times as it is to be continued."""
        self.started = True
        if self.limits.copies == 1:
            return logits
        rows = self.alive.repeat_interleave(self.limits.copies)
        self.mask, self.alive = self.mask[rows], torch.arange(len(rows))
        for layer in self.layers:
            layer.keep(rows)
        return logits[rows]

    def _take(self, row: int, token: int) -> None:
        written = self.output[row]
        if self.done[row]:
            return
        closed = bool(written) and written[-1] in self.limits.closing
        if token in self.limits.end or (closed and token in self.limits.begin):
            self.done[row] = True
            return
        written.append(token)
        self.done[row] = len(written) >= self.limits.max_new

    def _compact(self) -> None:
        keep = torch.tensor([not self.done[row] for row in self.alive.tolist()])
        left = int(keep.sum())
        if left and left <= 0.8 * len(keep):
            rows = keep.nonzero()[:, 0]
            self.ids, self.mask, self.alive = self.ids[rows], self.mask[rows], self.alive[rows]
            for layer in self.layers:
                layer.keep(rows)


def generate(
    model: PreTrainedModel,
    prompts: Sequence[Sequence[int]],
    limits: Limits,
    sample: Sampler,
    progress: Callable[[int], None] = lambda _: None,
) -> list[list[int]]:
    """What the model writes after each prompt, the ending token left out; `limits.copies` texts
    of a prompt stand together."""
    copies = limits.copies
    results: list[list[int]] = [[] for _ in range(len(prompts) * copies)]
    count = 0
    with torch.inference_mode():
        for batch in _batches(prompts, limits):
            run = _Run(model, [prompts[i] for i in batch], limits)
            while not all(run.done):
                run.step(sample)
            for i, tokens in enumerate(run.output):
                results[batch[i // copies] * copies + i % copies] = tokens
            count += len(batch)
            progress(count)
    return results
