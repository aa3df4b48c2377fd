"""Makes alpacaEval.json: counts of AlpacaEval's published annotations beside its published tables.

python alpacaEval.py <clone of https://github.com/tatsu-lab/alpaca_eval>

For each model and judge: how often each preference was given (1: the baseline is better, 2: the model
is, 0 or 1.5: neither; of weighted judges the probability of the model, rounded to three digits), and
what the published table says. Commit used: cd543a1.
"""

import collections
import csv
import json
import pathlib
import sys

repo = pathlib.Path(sys.argv[1])
judges = {
    "alpaca_eval_gpt4": (
        "data_AlpacaEval/alpaca_eval_gpt4_leaderboard.csv",
        ["alpaca-7b", "claude-2", "gpt4", "phi-2", "falcon-7b-instruct", "Yi-34B-Chat"],
    ),
    "weighted_alpaca_eval_gpt4_turbo": (
        "data_AlpacaEval_2/weighted_alpaca_eval_gpt4_turbo_leaderboard.csv",
        ["alpaca-7b", "claude-2.1", "NullModel"],
    ),
}
tables = []
for judge, (table, models) in judges.items():
    path = repo / "src/alpaca_eval/leaderboards" / table
    published = {row[""]: row for row in csv.DictReader(path.open())}
    for model in models:
        annotations = json.loads((repo / "results" / model / judge / "annotations.json").read_text())
        given = [row["preference"] for row in annotations if row["preference"] is not None]
        weighted = judge.startswith("weighted")
        values = [round(p - 1, 3) if weighted else p for p in given]
        counts = sorted(collections.Counter(values).items())
        row = published[model]
        tables.append(
            {
                "model": model,
                "judge": judge,
                "weighted": weighted,
                "counts": [[value, count] for value, count in counts],
                "winRate": float(row["win_rate"]),
                "standardError": float(row["standard_error"]),
                "wins": int(row["n_wins"]),
                "losses": int(row["n_wins_base"]),
                "ties": int(row["n_draws"]),
                "n": int(row["n_total"]),
            }
        )
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(tables) + "\n")
