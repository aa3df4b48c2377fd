"""Batched generation for many rows that share prompts: a prompt's keys and values are computed and
kept once, whatever the number of texts that go on from it.

C copies of each prompt, T tokens generated so far; other dimensions as in `llama.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from real.llama import Llama, masked


@dataclass
class Limits:
    """`temperatures` has one entry for each text of a prompt; 0 is greedy."""

    max_new: int
    end: Sequence[int]
    temperatures: Sequence[float] = (0.0,)
    # Prompts a batch, and how many of their tokens.
    rows: int = 1024
    tokens: int = 160_000
    # Share of the texts of a batch that must have ended for the rest to be cut.
    patience: float = 1.0
    # Whether texts that did not end come back, cut, or not at all.
    cut: bool = True


@dataclass
class Read:
    """Prompts `[B, S]` padded on the right, read once; keys and values `[B, G, S, W]` a layer."""

    lengths: torch.Tensor
    keys: list[torch.Tensor]
    values: list[torch.Tensor]
    last: torch.Tensor


def read(model: Llama, prompts: Sequence[Sequence[int]], device: str) -> Read:
    """Reads prompts; `last` is the final hidden state of each last token, `[B, D]`."""
    size = max(map(len, prompts))
    ids = torch.zeros(len(prompts), size, dtype=torch.long)
    for i, prompt in enumerate(prompts):
        ids[i, : len(prompt)] = torch.tensor(prompt)
    lengths = torch.tensor([len(p) for p in prompts], device=device)
    keys: list[torch.Tensor] = []
    values: list[torch.Tensor] = []
    causal = masked(None, model.shape.groups)

    def attend(layer: int, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        keys.append(k)
        values.append(v)
        return causal(layer, q, k, v)

    # What stands on the right of a text cannot be seen from it: no mask is needed.
    positions = torch.arange(size, device=device).expand(len(prompts), size)
    hidden = model.hidden(ids.to(device), positions, attend).view(len(prompts), size, -1)
    return Read(
        lengths, keys, values, hidden[torch.arange(len(prompts), device=device), lengths - 1]
    )


class _Continuation:
    """C texts under way from each prompt."""

    def __init__(
        self, model: Llama, prompts: Sequence[Sequence[int]], device: str, limits: Limits
    ) -> None:
        self.model, self.device = model, device
        self.copies = len(limits.temperatures)
        self.context = read(model, prompts, device)
        shape, count = model.shape, len(prompts) * self.copies
        size = (shape.layers, count, shape.groups, limits.max_new, shape.head_width)
        self.keys = self.context.last.new_empty(size)
        self.values = self.context.last.new_empty(size)
        places = torch.arange(self.context.keys[0].shape[2], device=device)
        hidden = places[None] >= self.context.lengths[:, None]
        self.bias = torch.zeros(hidden.shape, device=device).masked_fill(hidden, float("-inf"))
        self.start = self.context.lengths.repeat_interleave(self.copies)
        self.step = 0

    def attend(self, layer: int, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        """One token of every text over its prompt and over itself, one softmax for both."""
        step, shape = self.step, self.model.shape
        self.keys[layer, :, :, step], self.values[layer, :, :, step] = k[:, :, 0], v[:, :, 0]
        own_keys = self.keys[layer, :, :, : step + 1]
        own_values = self.values[layer, :, :, : step + 1]
        prompts, groups, width = len(self.bias), shape.groups, shape.head_width
        ratio = shape.heads // groups
        q = q.view(-1, groups, ratio, width) * width**-0.5
        # Copies of one prompt ask together: [B, G, C · ratio, W].
        together = q.view(prompts, self.copies, groups, ratio, width).transpose(1, 2)
        together = together.reshape(prompts, groups, self.copies * ratio, width)
        far = (together @ self.context.keys[layer].transpose(2, 3)).float()
        far = far + self.bias[:, None, None]
        far = far.view(prompts, groups, self.copies, ratio, -1).transpose(1, 2)
        far = far.reshape(-1, groups, ratio, far.shape[-1])
        near = (q @ own_keys.transpose(2, 3)).float()
        weights = torch.softmax(torch.cat([far, near], -1), -1).to(q.dtype)
        far, near = weights.split([far.shape[-1], near.shape[-1]], -1)
        far = far.view(prompts, self.copies, groups, ratio, -1).transpose(1, 2)
        far = far.reshape(prompts, groups, self.copies * ratio, -1) @ self.context.values[layer]
        far = far.view(prompts, groups, self.copies, ratio, width).transpose(1, 2)
        return (far.reshape(-1, groups, ratio, width) + near @ own_values).reshape(
            -1, shape.heads, 1, width
        )

    def first(self) -> torch.Tensor:
        return self.model.logits(self.context.last).repeat_interleave(self.copies, 0)

    def next(self, tokens: torch.Tensor) -> torch.Tensor:
        positions = (self.start + self.step)[:, None]
        logits = self.model.logits(self.model.hidden(tokens[:, None], positions, self.attend))
        self.step += 1
        return logits


def _choose(
    logits: torch.Tensor, temperatures: torch.Tensor | None, generator: torch.Generator
) -> torch.Tensor:
    """Gumbel's trick; a row of temperature 0 takes the maximum."""
    if temperatures is None:
        return logits.argmax(-1)
    uniform = torch.rand(logits.shape, generator=generator, device=logits.device)
    noise = -torch.log(-torch.log(uniform.clamp_(1e-9, 1 - 1e-7)))
    return (logits.float() + noise * temperatures[:, None]).argmax(-1)


def _batch(
    model: Llama, prompts: list[Sequence[int]], limits: Limits, generator: torch.Generator
) -> list[list[int] | None]:
    device = str(generator.device)
    run = _Continuation(model, prompts, device, limits)
    temperatures = None
    if any(limits.temperatures):
        temperatures = torch.tensor(limits.temperatures, device=device).repeat(len(prompts))
    ends = torch.tensor(list(limits.end), device=device)
    tokens = _choose(run.first(), temperatures, generator)
    written, done = [tokens], torch.isin(tokens, ends)
    while len(written) < limits.max_new:
        if len(written) % 4 == 0 and done.float().mean().item() >= limits.patience:
            break
        tokens = _choose(run.next(tokens), temperatures, generator)
        written.append(tokens)
        done |= torch.isin(tokens, ends)
    rows = torch.stack(written, 1).tolist()
    return [_ended(row, set(limits.end), limits.cut) for row in rows]


def _ended(row: list[int], ends: set[int], cut: bool) -> list[int] | None:
    place = next((i for i, token in enumerate(row) if token in ends), None)
    return row[:place] if place is not None or cut else None


def generate(
    model: Llama, prompts: Sequence[Sequence[int]], limits: Limits, seed: int, device: str
) -> list[list[list[int]]]:
    """The texts of each prompt, one for each temperature, their ending tokens left out."""
    order = sorted(range(len(prompts)), key=lambda i: -len(prompts[i]))
    results: list[list[list[int]]] = [[] for _ in prompts]
    generator = torch.Generator(device).manual_seed(seed)
    copies = len(limits.temperatures)
    with torch.inference_mode():
        while order:
            rows = max(1, min(limits.rows // copies, limits.tokens // len(prompts[order[0]])))
            chosen, order = order[:rows], order[rows:]
            flat = _batch(model, [prompts[i] for i in chosen], limits, generator)
            for place, i in enumerate(chosen):
                texts = flat[place * copies : (place + 1) * copies]
                results[i] = [text for text in texts if text is not None]
    return results


def last_states(
    model: Llama, prompts: Sequence[Sequence[int]], device: str, budget: int = 60_000
) -> tuple[torch.Tensor, torch.Tensor]:
    """Hidden states of the last prompt token after every layer, fp32 `[N, L, D]`, and the logits of
    the token that follows, `[N, V]` fp16; on the CPU."""
    order = sorted(range(len(prompts)), key=lambda i: -len(prompts[i]))
    states = torch.empty(len(prompts), model.shape.layers, model.shape.width)
    logits = torch.empty(len(prompts), model.tensors["model.embed_tokens.weight"].shape[0]).half()
    with torch.inference_mode():
        while order:
            rows = max(1, budget // len(prompts[order[0]]))
            chosen, order = order[:rows], order[rows:]
            found, after = _states(model, [prompts[i] for i in chosen], device)
            states[chosen], logits[chosen] = found.float().cpu(), after.half().cpu()
    return states, logits


def _states(
    model: Llama, prompts: list[Sequence[int]], device: str
) -> tuple[torch.Tensor, torch.Tensor]:
    size = max(map(len, prompts))
    ids = torch.tensor([[*p, *[0] * (size - len(p))] for p in prompts], device=device)
    rows = torch.arange(len(prompts), device=device)
    places = torch.tensor([len(p) - 1 for p in prompts], device=device)
    layers: list[torch.Tensor] = []
    positions = torch.arange(size, device=device).expand(len(prompts), size)
    hidden = model.hidden(
        ids,
        positions,
        masked(None, model.shape.groups),
        lambda _, x: layers.append(x.view(len(prompts), size, -1)[rows, places]),
    )
    after = model.logits(hidden.view(len(prompts), size, -1)[rows, places])
    return torch.stack(layers, 1), after
