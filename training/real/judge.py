"""Whether a sentence is good where it stands, and what is wrong with it if not."""

from itertools import combinations
from typing import Any

from real import arithmetic

FINAL = "the answer is"
# Words that lose their capital when something stands before them; names keep it.
COMMON = frozenset(
    [
        "a",
        "after",
        "all",
        "altogether",
        "an",
        "and",
        "as",
        "at",
        "because",
        "before",
        "but",
        "by",
        "combined",
        "each",
        "every",
        "first",
        "finally",
        "for",
        "from",
        "half",
        "he",
        "hence",
        "her",
        "his",
        "however",
        "if",
        "in",
        "it",
        "its",
        "let",
        "next",
        "now",
        "of",
        "on",
        "one",
        "out",
        "she",
        "since",
        "so",
        "that",
        "the",
        "their",
        "then",
        "there",
        "therefore",
        "these",
        "they",
        "this",
        "thus",
        "to",
        "together",
        "together,",
        "two",
        "under",
        "we",
        "when",
        "which",
        "while",
        "with",
        "you",
        "your",
    ]
)


def judge(sentence: str, steps: list[dict[str, Any]], place: int) -> tuple[bool, str | None]:
    """(good, fault) of a sentence that follows `steps[:place]`.

    Good: every equation that can be read off holds, and the value is that of the gold step; or it
    is computed (has an equation) and is the value of a later gold step, which leads to the answer.
    `The answer is n.` is good only as the last sentence and with the right n. Faults: `empty` (the
    answer ended too early), `premature` (the answer given before it is computed), `arithmetic` (an
    equation is wrong), `no value`, `repeat` (a value that is known already), `value` (another)."""
    text = sentence.strip()
    value, gold, final = arithmetic.value(text), steps[place]["value"], place == len(steps) - 1
    if not text:
        return False, "empty"
    if text.lower().startswith(FINAL):
        if not final:
            return False, "premature"
        right = value is not None and arithmetic.same(value, gold)
        return right, None if right else "value"
    checks = arithmetic.equations(text)
    if not all(checks):
        return False, "arithmetic"
    if value is None:
        return False, "no value"
    if not final and arithmetic.close(value, gold):
        return True, None
    later = [step for step in steps[place + 1 : -1] if step["sure"]]
    if checks and any(arithmetic.close(value, step["value"]) for step in later):
        return True, None
    known = [step["value"] for step in steps[:place] if step["value"] is not None]
    if any(arithmetic.close(value, other) for other in known):
        return False, "repeat"
    return False, "value"


def partial(value: float | None, steps: list[dict[str, Any]], place: int) -> bool:
    """Whether a value may be part of the way all the same: what two numbers of a gold sentence with
    three or more operands give (gold `60 - 15 - 25 = 20`, written `15 + 25 = 40`). Such a sentence
    is neither good nor bad here; it is left out."""
    for step in steps[place:-1]:
        operands = arithmetic.numbers(step["text"].rpartition("=")[0])
        if value is None or not 3 <= len(operands) <= 8:
            continue
        for a, b in combinations(operands, 2):
            results = [a + b, a - b, b - a, a * b, *(x / y for x, y in ((a, b), (b, a)) if y)]
            if any(arithmetic.close(value, result) for result in results):
                return True
    return False


def reached(sentence: str, steps: list[dict[str, Any]], place: int) -> int:
    """The place after a good sentence: behind the gold step whose value it has."""
    value = arithmetic.value(sentence)
    for later in range(place, len(steps)):
        gold = steps[later]["value"]
        if value is not None and gold is not None and arithmetic.close(value, gold):
            return later + 1
    return place + 1


def after(opening: str, sentence: str) -> str:
    """A correction: the annotator's opening, then the gold sentence without its capital."""
    first, _, rest = sentence.partition(" ")
    if opening and first.lower() in COMMON:
        sentence = f"{first.lower()} {rest}"
    return opening + sentence


def without(opening: str, sentence: str) -> str:
    """The sentence that follows the opening."""
    return sentence.removeprefix(opening)
