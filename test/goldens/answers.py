"""Verdicts on pairs of answers, as goldens of the judge of final answers.

The pairs are ours. The verdicts are those of two authorities:

- Math-Verify (Hugging Face), `verify(parse(gold), parse(answer))`, answers in a box;
- the MATH benchmark's `is_equiv` (Hendrycks et al. 2021), as lm-evaluation-harness ships it.

    python3 -m venv venv && venv/bin/pip install math-verify==0.9.0 antlr4-python3-runtime==4.13.2
    venv/bin/pip install --no-deps lm-eval==0.4.9
    venv/bin/python test/goldens/answers.py > test/goldens/answers.json
"""

import importlib.util
import json
import logging
import sys
import types
from pathlib import Path

from math_verify import parse, verify

logging.disable(logging.CRITICAL)


def benchmark():
    """The benchmark's file alone: the package around it wants much that nobody asks for here."""
    sys.modules["datasets"] = types.SimpleNamespace(Dataset=object)
    package = Path(importlib.util.find_spec("lm_eval").origin).parent
    spec = importlib.util.spec_from_file_location("math", package / "tasks/hendrycks_math/utils.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MATH = benchmark()

# kind: gold, then answers to judge
ANSWERS = {
    "integer": {
        "7": ["7", " 7 ", "7.", "7.0", "07", "+7", "-7", "8", "seven", "70", "7.00"],
        "-4": ["-4", "\u22124", "- 4", "4", "-4.0", "(-4)"],
        "0": ["0", "-0", "0.0", "00", "1"],
        "123456789": ["123456789", "123456788", "123,456,789"],
    },
    "decimal": {
        "0.5": [".5", "0.50", "1/2", "\\frac{1}{2}", "\\frac12", "5", "0.05", "0.51"],
        "3.14": ["3.14", "3.140", "314", "3.1", "\\frac{157}{50}", "3.15"],
        "-0.25": ["-.25", "-\\frac{1}{4}", "\\frac{-1}{4}", "0.25", "-1/4"],
        "0.1": ["1", "0.10", "1/10", "10^{-1}"],
    },
    "thousands": {
        "12345": ["12,345", "12{,}345", "12\\!,345", "12\\,345", "12, 345", "1,2345", "12345.0", "12.345"],
        "1200": ["1,200", "1200.00", "1,200.00", "1 200", "1,20", "12,00", "\\$1,200"],
        "1000000": ["1,000,000", "1{,}000{,}000", "10^6", "1,000,00", "1000,000"],
        "2,500": ["2500", "2.5", "2,500.0", "(2,500)"],
    },
    "fraction": {
        "\\frac{3}{4}": ["3/4", "\\dfrac{3}{4}", "\\tfrac34", "\\frac34", "0.75", "6/8", "\\frac{6}{8}", "4/3", "\\frac{3}{5}", "-\\frac{3}{4}", "75\\%", "3 / 4"],
        "\\frac{1}{72}": ["\\frac1{72}", "1/72", "\\frac{1}{7}2", "0.0138888888888889"],
        "-\\frac{7}{2}": ["\\frac{-7}{2}", "\\frac{7}{-2}", "-3.5", "-7/2", "\\frac{7}{2}", "-(7/2)"],
        "1/3": ["0.333", "0.3333333333", "\\frac{2}{6}", "0.33", "1/0"],
        "\\frac{11}{2}": ["5.5", "5 \\frac{1}{2}", "5\\frac12", "11/2", "1 1/2"],
    },
    "mixed number": {
        "1 1/2": ["1.5", "3/2", "11/2", "1\\frac{1}{2}", "1 \\frac12", "\\frac{3}{2}"],
        "2\\frac{1}{4}": ["9/4", "2.25", "2 1/4", "2 + 1/4", "\\frac{21}{4}", "\\frac{2}{4}"],
        "-1\\frac{1}{2}": ["-1.5", "-\\frac{3}{2}", "-0.5", "-1 1/2", "1.5"],
        "3\\frac{3}{5}": ["3.6", "\\frac{18}{5}", "\\frac{9}{5}", "3\\dfrac{3}{5}"],
        "4 \\frac{2}{3}": ["\\frac{14}{3}", "42/3", "4\\tfrac{2}{3}", "8/3"],
    },
    "percent": {
        "50\\%": ["50%", "50", "0.5", "50 \\%", "5\\%", "\\frac{1}{2}", "50 percent"],
        "12.5%": ["12.5\\%", "12.5", "0.125", "125", "1/8"],
        "25": ["25\\%", "25%", "0.25", "2.5"],
    },
    "currency": {
        "\\$3.50": ["3.50", "3.5", "\\$3.5", "$3.50", "350", "3.50 dollars", "-3.5"],
        "18": ["\\$18", "$18", "\\$18.00", "18 dollars", "\u20ac18", "\u00a318", "1.8", "\\$81"],
        "-\\$20": ["-20", "-\\$20.00", "20", "\\$-20"],
    },
    "unit": {
        "12": ["12 apples", "12\\text{ cm}", "12 \\text{ cm}", "12\\,\\text{cm}", "12 cm", "12\\mathrm{~cm}", "12\\text{ square units}", "12\\text{ cm}^2", "12 \\mbox{ inches}", "1 2", "12m", "13 apples", "apples", "12 hours"],
        "5\\text{ km}": ["5", "5 km", "5\\text{ m}", "5\\text{ miles}", "6\\text{ km}"],
        "30^\\circ": ["30", "30^{\\circ}", "30\u00b0", "30 degrees", "30 \\text{ degrees}", "\\frac{\\pi}{6}", "3"],
        "7:30": ["7:30", "730", "7.30"],
    },
    "equation": {
        "5": ["x = 5", "x=5", "n = 5.0", "x = 6", "5 = x", "y=5"],
        "x = 3": ["3", "x=3", "x = -3", "x = 3.0"],
        "x=\\frac{1}{2}": ["\\frac{1}{2}", "0.5", "x = 1/2", "2"],
    },
    "power": {
        "30000": ["3 \\times 10^4", "3 \\times 10^{4}", "3 \\cdot 10^4", "3e4", "3*10^4", "3 \\times 10^5"],
        "0.0015": ["1.5 \\times 10^{-3}", "1.5e-3", "1.5 \\times 10^{3}"],
        "2^{10}": ["1024", "2^10", "10^2", "2^{11}"],
        "x^2": ["x^{2}", "x^3", "x*x", "x\\cdot x"],
        "10^{-2}": ["0.01", "1/100", "-100"],
    },
    "root": {
        "\\sqrt{2}": ["\\sqrt2", "\\sqrt 2", "1.41421356", "2^{1/2}", "\\sqrt{3}", "sqrt(2)"],
        "3\\sqrt{5}": ["3 \\sqrt{5}", "3\\sqrt5", "\\sqrt{45}", "5\\sqrt{3}", "3\\cdot\\sqrt{5}"],
        "\\frac{\\sqrt{3}}{2}": ["\\frac{\\sqrt3}{2}", "\\sqrt{3}/2", "\\frac{1}{2}\\sqrt{3}", "\\frac{\\sqrt{2}}{3}", "\\dfrac{\\sqrt{3}}{2}"],
        "\\sqrt{16}": ["4", "\\sqrt{4}"],
    },
    "constant": {
        "\\pi": ["\\pi", "3.14", "3.141592653589793", "\u03c0", "2\\pi"],
        "2\\pi": ["2 \\pi", "2\\cdot\\pi", "\\pi 2", "\\pi^2", "2\u03c0"],
        "\\frac{\\pi}{4}": ["\\pi/4", "\\dfrac{\\pi}{4}", "\\frac{\\pi}{2}", "\\frac14\\pi"],
        "\\infty": ["\\infty", "-\\infty", "+\\infty"],
    },
    "expression": {
        "x^2+1": ["x^2 + 1", "$x^2+1$", "1+x^2", "x^2+2", "x^{2}+1", "x^2 - 1"],
        "2x+3": ["3+2x", "2x + 3", "2*x+3", "2y+3", "2x-3", "2\\cdot x+3"],
        "(x+1)(x-1)": ["x^2-1", "(x - 1)(x + 1)", "(x+1)(x+1)"],
        "\\frac{x}{2}": ["x/2", "\\frac{1}{2}x", "0.5x", "\\frac{2}{x}"],
        "2+3": ["5", "3+2", "6"],
        "a-b": ["b-a", "a - b", "-b+a"],
    },
    "list": {
        "1, 2, 3": ["1,2,3", "1, 2, 3.", "3, 2, 1", "1, 2", "123", "1,2,4", "1, 2 \\text{ and } 3", "1 and 2 and 3"],
        "2, -2": ["2,-2", "-2, 2", "\\pm 2", "2", "2 \\text{ and } -2", "2, -2.0", "2 \\text{ or } -2"],
        "12, 345": ["12345", "12,345", "345, 12", "12, 345.0"],
        "\\frac{1}{2}, 3": ["0.5, 3", "1/2,3", "\\frac12, 3", "\\frac{1}{2}"],
        "x = 1, x = 2": ["1, 2", "1,2", "x=1,x=2", "x = 2, x = 1", "1"],
    },
    "tuple": {
        "(1, 2)": ["(1,2)", "\\left( 1, 2 \\right)", "(2, 1)", "1, 2", "(1, 3)", "(1.0, 2)", "(1,2,3)", "(x, y) = (1, 2)"],
        "(\\frac{1}{2}, 3)": ["(0.5, 3)", "(1/2,3)", "\\left(\\frac12,3\\right)", "(3, \\frac{1}{2})"],
        "(1,200)": ["(1200)", "(1, 200)", "1200"],
        "(3, \\frac{\\pi}{2})": ["\\left( 3, \\frac{\\pi}{2} \\right)", "(3,\\pi/2)", "(3, \\pi)"],
    },
    "set": {
        "\\{1, 2\\}": ["\\{1,2\\}", "\\{2, 1\\}", "\\left\\{1, 2\\right\\}", "\\{1, 3\\}", "1, 2", "\\{1\\}"],
        "\\{0.5, 3\\}": ["\\{\\frac{1}{2}, 3\\}", "\\{3, 0.5\\}"],
        "\\emptyset": ["\\emptyset", "\\{\\}", "0"],
    },
    "interval": {
        "[0, 1)": ["[0,1)", "\\left[0, 1\\right)", "(0, 1)", "[0, 1]", "[0,2)"],
        "(-\\infty, 3]": ["(-\\infty,3]", "\\left(-\\infty, 3\\right]", "(-\\infty, 3)"],
        "(0,1)\\cup(2,3)": ["(0, 1) \\cup (2, 3)", "(2,3)\\cup(0,1)", "(0,1)"],
        "x > 3": ["x>3", "3 < x", "x < 3", "x \\geq 3", "(3,\\infty)"],
    },
    "matrix": {
        "\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}": ["\\begin{pmatrix}1\\\\2\\end{pmatrix}", "\\begin{pmatrix} 1 \\\\ 3 \\end{pmatrix}", "\\begin{bmatrix} 1 \\\\ 2 \\end{bmatrix}"],
    },
    "words": {
        "\\text{Yes}": ["Yes", "yes", "\\text{yes}", "No", "\\text{No}", "\\textbf{Yes}", "\\mathrm{Yes}"],
        "\\text{(A)}": ["(A)", "A", "(B)", "\\text{A}", "\\textbf{(A)}"],
        "\\text{Evelyn}": ["Evelyn", "evelyn", "\\text{ Evelyn}", "Evan"],
        "\\text{even}": ["even", "odd", "\\text{Even}"],
    },
    "equation of more": {
        "y=2x+1": ["2x+1", "y=1+2x", "y=2x+2"],
        "x^2+y^2=1": ["y^2+x^2=1", "x^2+y^2=2"],
        "18": ["9*2 = 18", "9*2 = 17", "\\approx 18", "18x", "x + 18"],
        "k=4": ["4", "k = 2^2", "-4"],
    },
    "function": {
        "3": ["\\log_2 8", "|-3|", "|3|", "|{-3}|", "\\sqrt{9}", "\\log_2 9"],
        "1": ["\\cos 0", "\\ln e", "\\sin 0", "0!"],
        "720": ["6!", "5!"],
        "2 + \\sqrt{3}": ["\\sqrt{3}+2", "2 - \\sqrt{3}"],
        "\\frac{x+1}{x}": ["1+\\frac{1}{x}", "\\frac{x}{x+1}"],
    },
    "plus or minus": {
        "1 \\pm \\sqrt{2}": ["1+\\sqrt{2}, 1-\\sqrt{2}", "1+\\sqrt{2}", "1\\pm\\sqrt{3}"],
    },
    "ratio": {
        "3:4": ["3:4", "6:8", "4:3", "\\frac{3}{4}"],
    },
    "pairs in a list": {
        "(2,3),(4,5)": ["(4,5),(2,3)", "(2,3),(5,4)", "(2,3)"],
        "\\text{A, B}": ["A, B", "A, C"],
    },
    "rate": {
        "60\\text{ km/h}": ["60", "60\\text{ miles per hour}", "61\\text{ km/h}"],
        "150\\%": ["1.5", "150", "15\\%", "50\\%"],
        "10\\%": ["0.1", "10", "0.01"],
    },
    "base": {
        "1011_2": ["1011_2", "1011_{2}", "1011", "1010_2"],
    },
}

# kind: gold, then texts whose final answer is judged
TEXTS = {
    "boxed": {
        "18": [
            "So we get $\\boxed{18}$.",
            "\\boxed{18}",
            "First \\boxed{17}, no: \\boxed{18}.",
            "The total is $\\boxed{18\\text{ dollars}}$",
            "Hence \\boxed{\\$18}.",
            "\\[\\boxed{18}\\]",
            "So $\\boxed 18$",
            "\\fbox{18}",
            "So \\boxed{19}.",
            "18 is the start, then \\boxed{20}.",
            "$$\\boxed{18.00}$$",
            "**\\boxed{18}**",
        ],
        "\\frac{1}{2}": ["Thus \\boxed{\\frac{1}{2}}.", "Thus $\\boxed{\\dfrac12}$", "\\boxed{0.5}", "\\boxed{\\frac{1}{3}}"],
        "\\{1, 2\\}": ["It is \\boxed{\\{1, 2\\}}", "It is \\boxed{\\{1, 3\\}}"],
    },
    "phrase": {
        "18": [
            "The answer is 18.",
            "The answer is $18$.",
            "The answer is: 18",
            "The final answer is 18.",
            "The final answer is $\\boxed{18}$.",
            "So the answer is \\$18.",
            "So the answer is $18.",
            "Answer: 18",
            "Final answer: 18",
            "**Answer**: 18",
            "**Answer:** 18",
            "**Answer: 18**",
            "**Final Answer**: **18**",
            "### Answer\n18",
            "Answer: $18",
            "answer: 18.0",
            "The answer is **18**.",
            "The answer is 18 dollars.",
            "The answer is 18 apples.",
            "The answer is 19.",
            "**Answer**: 19",
            "The answer is 1,8.",
            "The answer is -18.",
            "Therefore, the answer is 18 cm.",
            "The answer is x = 18.",
            "The correct answer is 18.",
            "The answer would be 18.",
            "The answer is not 17 but 18.",
            "The answer is (18).",
            "Final Answer: The final answer is $18$. I hope it is correct.",
            "So 18 is the answer.",
            "The answer is 18, since 9 * 2 = 18.",
            "The answer is 18 because she has 9 * 2.",
            "#### Step 1\nAdd 9 and 9.\n#### Result\nThe answer is 18.",
            "**The answer is: 18 dollars**",
            "*Answer*: 18",
            "Answer:\n18",
            "__Answer__: 18",
            "The answer is \\(18\\).",
            "The answer is about 18.",
        ],
        "1,250": ["The answer is 1250.", "The answer is 1,250.", "The answer is $1{,}250$.", "The answer is 1,250.00.", "The answer is 1.25."],
        "3.5": ["The answer is 3.5.", "The answer is 3.50. Good.", "The answer is 7/2.", "The answer is 3."],
        "1.5": ["The answer is 1 1/2.", "The answer is $1\\frac{1}{2}$.", "The answer is 11/2."],
        "50\\%": ["The answer is 50%.", "The answer is 50\\%.", "The answer is 5%."],
    },
    "hashes": {
        "18": [
            "She has 9 * 2 = 18.\n#### 18",
            "#### 18.",
            "#### $18",
            "#### 18 dollars",
            "#### 1\n#### 18",
            "####18",
            "#### 17",
            "#### **18**",
            "#### \\$18.00",
        ],
        "1250": ["#### 1,250", "#### 1,250.", "#### 125"],
    },
}


def harness(gold, answer):
    return bool(MATH.is_equiv(answer, gold))


def math_verify(gold, answer):
    return bool(verify(parse(gold), parse(answer)))


def boxed(answer):
    return "\\boxed{" + answer + "}"


def final(text):
    """The box's content where there is one: the benchmark knows nothing else."""
    found = MATH.last_boxed_only_string(text)
    try:
        return None if found is None else MATH.remove_boxed(found)
    except AssertionError:  # It finds an \\fbox and does not read it.
        return None


def main():
    rows = []
    for kind, table in ANSWERS.items():
        for gold, answers in table.items():
            for answer in answers:
                verdicts = [math_verify(boxed(gold), boxed(answer)), harness(gold, answer)]
                rows.append(["answer", kind, gold, answer, *verdicts])
    for kind, table in TEXTS.items():
        for gold, texts in table.items():
            for text in texts:
                content = final(text)
                verdict = None if content is None else harness(gold, content)
                rows.append(["text", kind, gold, text, math_verify(boxed(gold), text), verdict])
    lines = ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in rows)
    print("[\n" + lines + "\n]")


main()
