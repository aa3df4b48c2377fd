"""What the models do: accuracy of the loop against the upstream alone, and whether the decision can
be read from the state of the last prompt token."""

from typing import Any

import numpy as np
import torch

from formats import stream_aligner_prompt
from real import arithmetic, data
from real.decode import Limits, generate, last_states
from real.judge import FINAL
from real.llama import Llama
from real.settings import Settings
from real.text import chat, joined
from real.upstream import part


def auc(score: torch.Tensor, positive: torch.Tensor) -> float:
    """The probability that a positive has a higher score than a negative; ties count half."""
    high, low = score[positive][:, None], score[~positive][None]
    return ((high > low).double() + 0.5 * (high == low).double()).mean().item()


def claimed(sentences: list[str]) -> float | None:
    """The answer that the last `… the answer is n.` gives."""
    for sentence in reversed(sentences):
        if FINAL in sentence.lower():
            return arithmetic.value(sentence[sentence.lower().rindex(FINAL) :])
    return None


def answered(problem: data.Problem, sentences: list[str]) -> bool:
    value = claimed(sentences)
    return value is not None and arithmetic.same(value, problem["answer"])


def write(settings: Settings, model: Llama, texts: list[str], max_new: int) -> list[str]:
    """One greedy sentence after each text."""
    encoder = settings.encoder
    limits = Limits(max_new, encoder.stops, rows=settings.sizes.rows)
    found = generate(model, encoder(texts), limits, 0, settings.device)
    return [text.strip() for text in encoder.decode([rows[0] for rows in found])]


def answers(
    settings: Settings, upstream: Llama, corrector: Llama | None, problems: list[data.Problem]
) -> tuple[list[list[str]], int, int]:
    """Answers sentence by sentence, each passed through the corrector where there is one; and how
    many sentences were written and changed."""
    done: list[list[str]] = [[] for _ in problems]
    alive, total, changed = list(range(len(problems))), 0, 0
    for _ in range(settings.sizes.rounds):
        texts = [chat(problems[i]["question"]) + joined(done[i]) for i in alive]
        last = write(settings, upstream, texts, settings.sizes.sentence)
        new = last
        if corrector is not None:
            prompts = [
                chat(stream_aligner_prompt(problems[i]["question"], "\n".join(done[i]), y))
                for i, y in zip(alive, last, strict=True)
            ]
            new = write(settings, corrector, prompts, settings.sizes.sentence + 8)
        total += len(alive)
        changed += sum(a != b for a, b in zip(last, new, strict=True))
        for i, sentence in zip(alive, new, strict=True):
            if sentence:
                done[i].append(sentence)
        alive = [i for i, s in zip(alive, new, strict=True) if s and FINAL not in s.lower()]
        if not alive:
            break
    return done, total, changed


def interval(before: list[bool], after: list[bool], seed: int) -> dict[str, Any]:
    """Accuracies, and their difference with its paired bootstrap interval (95 %)."""
    a, b = np.array(before, float), np.array(after, float)
    rng = np.random.default_rng(seed)
    picks = rng.integers(0, len(a), (10_000, len(a)))
    low, high = np.quantile((b - a)[picks].mean(1), (0.025, 0.975))
    return {
        "problems": len(a),
        "upstream": round(a.mean(), 4),
        "corrected": round(b.mean(), 4),
        "difference": round(b.mean() - a.mean(), 4),
        "interval": [round(low, 4), round(high, 4)],
    }


def alone(settings: Settings, upstream: Llama) -> list[bool]:
    """Whether the upstream alone answers each test problem; computed once."""
    path = settings.work / "upstream-test.jsonl"
    problems = part(settings, "test")[: settings.sizes.test]
    if not path.exists():
        done, _, _ = answers(settings, upstream, None, problems)
        data.write_lines(path, [{"sentences": sentences} for sentences in done])
    rows = data.read_lines(path)
    return [answered(p, row["sentences"]) for p, row in zip(problems, rows, strict=True)]


def loop(settings: Settings, corrector: Llama, name: str) -> dict[str, Any]:
    """The loop on GSM8K's test problems."""
    upstream = settings.merged("upstream")
    before = alone(settings, upstream)
    problems = part(settings, "test")[: settings.sizes.test]
    done, total, changed = answers(settings, upstream, corrector, problems)
    data.write_lines(settings.work / f"loop-{name}.jsonl", [{"sentences": s} for s in done])
    after = [answered(p, sentences) for p, sentences in zip(problems, done, strict=True)]
    result = interval(before, after, settings.seed)
    return {**result, "sentences": total, "changed": round(changed / total, 4)}


def directions(settings: Settings, model: Llama, name: str, found: list[dict]) -> dict[str, Any]:
    """Mean difference (correct minus copy) of the last prompt token's states, layer by layer, told
    apart by what the corrector does: its greedy first token is the opening's or not. Fitted on the
    sentences of one half of the problems, judged on the other, cut at the middle of the means."""
    encoder = settings.encoder
    prompts = [prompt for prompt, _ in encoder.records(found)]
    states, logits = last_states(model, prompts, settings.device)
    token = encoder([settings.opening or "A"])[0][0]
    corrects = logits.argmax(-1) == token
    first = torch.tensor([int(q["id"].split("-")[1]) % 2 == 0 for q in found])
    sides = [corrects & first, ~corrects & first, corrects & ~first, ~corrects & ~first]
    if min(int(side.sum()) for side in sides) < 2:
        return {"too few": [int(side.sum()) for side in sides]}
    up, down = states[sides[0]].mean(0), states[sides[1]].mean(0)
    direction = (up - down) / (up - down).norm(dim=-1, keepdim=True)
    cut = ((up + down) / 2 * direction).sum(-1)
    above = (states * direction).sum(-1) > cut
    right = [
        ((above[sides[2]].float().mean(0) + (~above[sides[3]]).float().mean(0)) / 2)[layer].item()
        for layer in range(states.shape[1])
    ]
    folder = settings.work / "directions"
    folder.mkdir(exist_ok=True)
    np.save(folder / f"{name}.npy", direction.numpy().astype(np.float16))
    return {
        "corrects": round(corrects.float().mean().item(), 4),
        "balanced accuracy by layer": [round(x, 3) for x in right],
    }
