"""Stage `quadruples`: sentences of the upstream with their corrections, in the official format.

A good sentence is copied. A bad one is answered by the gold sentence *after an opening of the
annotator's*, so that copying and correcting part at the first word. Were the correction the gold
sentence as it is, a sentence that differs from it in one digit would be copied up to that digit: no
state would hold the decision. Were openings drawn from several, each would have a part of the
probability, and a greedy decoder would copy wherever all together have less than a half of it plus
their spread. One opening keeps the greedy choice an even one.
"""

import random
from typing import Any

from real import data
from real.judge import after, judge, partial, reached
from real.settings import Settings
from real.upstream import part

Quadruple = dict[str, Any]
# Of problems, the share that shows what to do when the answer is complete; of good final sentences
# (nearly all are), the share kept where no bad one was drawn.
END_SHARE, FINAL_SHARE = 0.15, 0.25
# To train on, to choose by, and to report on.
PARTS = ("corrector", "validation", "test")
# GSM8K's example solutions by OpenAI's models.
RECORDED = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")


def quadruple(problem: data.Problem, place: int, last: str, opening: str) -> Quadruple:
    """One sentence judged and corrected."""
    steps = problem["steps"]
    good, fault = judge(last, steps, place)
    return {
        "question": problem["question"],
        "prefix": "\n".join(step["text"] for step in steps[:place]),
        "last": last,
        "correction": last if good else after(opening, steps[place]["text"]),
        "id": problem["id"],
        "step": place,
        "good": good,
        "fault": fault,
        "value": data.arithmetic.value(last),
        "goldValue": steps[place]["value"],
    }


def doubtful(record: Quadruple, problem: data.Problem) -> bool:
    """Bad by its value alone, which may yet be a part of another way to the answer."""
    return record["fault"] == "value" and partial(record["value"], problem["steps"], record["step"])


def ending(problem: data.Problem, rng: random.Random) -> Quadruple:
    """After a complete answer nothing is to follow, whether the upstream stops or goes on."""
    steps = problem["steps"]
    more = rng.random() < 0.5
    return {
        "question": problem["question"],
        "prefix": "\n".join(step["text"] for step in steps),
        "last": rng.choice(steps)["text"] if more else "",
        "correction": "",
        "id": problem["id"],
        "step": len(steps),
        "good": not more,
        "fault": "extra" if more else None,
        "value": None,
        "goldValue": None,
    }


def choose(found: list[Quadruple], final: bool, kept: int, rng: random.Random) -> list[Quadruple]:
    """At most `kept` good and `kept` bad sentences of one place, the greedy one among them."""
    good = [q for q in found if q["good"]]
    bad = [q for q in found if not q["good"]]
    if final and not bad and rng.random() > FINAL_SHARE:
        return []
    chosen = []
    for side in (good, bad):
        rest = side[1:]
        rng.shuffle(rest)
        chosen += (side[:1] + rest)[:kept]
    return chosen


def balanced(found: list[Quadruple], rng: random.Random) -> list[Quadruple]:
    """As many copies as corrections; what is left out is drawn."""
    sides = [[q for q in found if q["good"] == side] for side in (True, False)]
    size = min(map(len, sides))
    for side in sides:
        rng.shuffle(side)
    order = {id(q): i for i, q in enumerate(found)}
    return sorted(sides[0][:size] + sides[1][:size], key=lambda q: order[id(q)])


def of_part(settings: Settings, name: str) -> list[Quadruple]:
    """The quadruples of one part, by problem and place."""
    rng = random.Random(f"{settings.seed} {name}")
    problems = {problem["id"]: problem for problem in part(settings, name)}
    found: list[Quadruple] = []
    for row in data.read_lines(settings.work / "samples.jsonl"):
        problem = problems.get(row["problem"])
        if problem is None:
            continue
        place = row["step"]
        judged = [quadruple(problem, place, text, settings.opening) for text in row["texts"]]
        judged = [q for q in judged if not doubtful(q, problem)]
        final = place == len(problem["steps"]) - 1
        found += choose(judged, final, settings.sizes.kept, rng)
    ends = [ending(p, rng) for p in problems.values() if rng.random() < END_SHARE]
    return sorted(
        balanced(found, rng) + ends, key=lambda q: (int(q["id"].split("-")[1]), q["step"])
    )


def recorded(settings: Settings) -> list[Quadruple]:
    """Solutions of other models up to their first bad sentence: to measure on, never to train on.
    The prefix is the model's own."""
    found = []
    for i, row in enumerate(data.read_lines(settings.data / "example_model_solutions.jsonl")):
        problem = data.problem(f"recorded-{i}", row["question"], row["ground_truth"], "A:")
        for model in RECORDED:
            steps = data.problem("", "", row[model]["solution"], "A:")["steps"]
            found += _walk(problem, [step["text"] for step in steps], model, settings.opening)
    return found


def _walk(problem: data.Problem, sentences: list[str], model: str, opening: str) -> list[Quadruple]:
    found, place = [], 0
    for i, sentence in enumerate(sentences):
        if place >= len(problem["steps"]) or not problem["steps"][place]["sure"]:
            break
        record = quadruple(problem, place, sentence, opening)
        if doubtful(record, problem):
            break
        found.append({**record, "prefix": "\n".join(sentences[:i]), "model": model})
        if not record["good"]:
            break
        place = reached(sentence, problem["steps"], place)
    return found


def build(settings: Settings) -> dict[str, Any]:
    """Writes the quadruples of each part and those of the recorded solutions."""
    result: dict[str, Any] = {}
    sets = {name: of_part(settings, name) for name in PARTS}
    sets["recorded"] = recorded(settings)
    for name, found in sets.items():
        data.write_lines(settings.work / f"quadruples-{name}.jsonl", found)
        faults: dict[str, int] = {}
        for q in found:
            faults[q["fault"] or "good"] = faults.get(q["fault"] or "good", 0) + 1
        result[name] = {"count": len(found), **faults}
    return result
