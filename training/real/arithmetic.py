"""What a sentence of a solution claims: its value, and whether its equations hold.

Works on plain text, without GSM8K's calculator annotations, since an upstream writes none.
"""

import ast
import operator
import re
from itertools import pairwise

NUMBER = re.compile(r"(?<![\w.])-?\$?-?(?:\d[\d,]*(?:\.\d+)?|\.\d+)")
# The arithmetic that ends before, or starts after, an equals sign.
ARITHMETIC = r"[\d\s.,()+\-*/x×÷\u2212\u2013$%]"
BEFORE = re.compile(ARITHMETIC + r"*$")
AFTER = re.compile(ARITHMETIC + r"*")
OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
}
# GSM8K rounds money to cents, and sometimes more roughly.
ABSOLUTE, RELATIVE = 0.0051, 0.002


def to_number(text: str) -> float | None:
    """A number as written, with its dollar sign and its commas."""
    try:
        return float(text.replace("$", "").replace(",", "").rstrip("."))
    except ValueError:
        return None


def same(left: float, right: float) -> bool:
    """Equal values, as written in answers."""
    return abs(left - right) <= 1e-6 * max(1.0, abs(left), abs(right))


def close(left: float, right: float) -> bool:
    """Equal up to the rounding usual in solutions."""
    return abs(left - right) <= max(ABSOLUTE, RELATIVE * abs(right))


def _evaluate(node: ast.AST) -> float:
    if isinstance(node, ast.Expression):
        return _evaluate(node.body)
    if isinstance(node, ast.Constant):
        return float(node.value)
    if isinstance(node, ast.UnaryOp) and type(node.op) in OPERATORS:
        return OPERATORS[type(node.op)](_evaluate(node.operand))
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        return OPERATORS[type(node.op)](_evaluate(node.left), _evaluate(node.right))
    raise ValueError("no arithmetic")


def evaluate(text: str, percent: bool) -> float | None:
    """The value of an expression, None where it is none; a per cent counts as 1/100 or as 1."""
    text = text.strip().lstrip(",").rstrip(".,").replace("$", "").replace(",", "").strip()
    if not text or text[0] in "+*/x×÷":
        return None
    text = re.sub(
        r"[x×]", "*", text.replace("÷", "/").replace("\u2212", "-").replace("\u2013", "-")
    )
    text = re.sub(r"([\d.]+)\s*%", r"(\1/100)" if percent else r"\1", text)
    # A leading zero ("05") is no Python number; a dot that ends a sentence is none either.
    text = re.sub(r"(?<![\d.])0+(?=\d)", "", text)
    try:
        return _evaluate(ast.parse(text, mode="eval"))
    except (SyntaxError, ValueError, ZeroDivisionError, OverflowError, RecursionError):
        return None


def _holds(left: str, right: str) -> bool | None:
    """Whether two sides are equal in any reading of per cent; None where one is no arithmetic."""
    pairs = [(evaluate(left, p), evaluate(right, q)) for p in (False, True) for q in (False, True)]
    if any(a is None or b is None for a, b in pairs):
        return None
    return any(close(a, b) for a, b in pairs)


def equations(sentence: str) -> list[bool]:
    """For each equals sign between two arithmetic sides, whether it holds."""
    parts = sentence.split("=")
    found = []
    for left, right in pairwise(parts):
        before, after = BEFORE.search(left), AFTER.match(right)
        known = before.group().strip() if before else ""
        # What begins with an operator continues something that is no number (`6c + 7 =`).
        known = "" if known[:1] in tuple("-\u2212\u2013") else known
        verdict = _holds(known, after.group() if after else "")
        if verdict is not None:
            found.append(verdict)
    return found


def numbers(text: str) -> list[float]:
    """All numbers of a text."""
    found = (to_number(match) for match in NUMBER.findall(text))
    return [number for number in found if number is not None]


def value(sentence: str) -> float | None:
    """The number after the last equals sign, else the last number of the sentence."""
    head, sign, tail = sentence.rpartition("=")
    if sign:
        first = NUMBER.search(tail)
        if first:
            return to_number(first.group())
    numbers = NUMBER.findall(sentence if not sign else head)
    return to_number(numbers[-1]) if numbers else None
