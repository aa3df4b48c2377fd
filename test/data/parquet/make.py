"""Writes the parquet files of this folder and what they hold, as Apache Arrow has it.

    pip install pyarrow==26.0.1 && python test/data/parquet/make.py

The rows have the columns of data sets of the hub, and values that a reader may lose: letters beyond
ASCII, white space at the ends, nulls, empty lists, whole numbers beyond 2**53, several row groups.
"""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

here = Path(__file__).parent

solutions = [
    {"question": f"How many are {n} + {n}?", "answer": f"It is {n} + {n} = <<{n}+{n}={2 * n}>>{2 * n}.\n#### {2 * n}"}
    for n in range(1, 8)
]
chats = [
    {
        "chosen": [{"role": "user", "content": "Wie heißt „Nuss“?"}, {"role": "assistant", "content": " nut\n"}],
        "rejected": [{"role": "user", "content": "Wie heißt „Nuss“?"}, {"role": "assistant", "content": "nuts"}],
        "score": 0.5,
    },
    {"chosen": [], "rejected": [], "score": None},
]
labelled = [
    {
        "prompt": f"Prompt {n}",
        "response": "Yes.  " if n % 2 else "No.",
        "is_safe": n % 3 > 0,
        "category": {"violence": n % 3 == 0, "theft": False},
        "number": 2**60 if n == 2 else n,
        "nothing": None if n < 3 else "x",
    }
    for n in range(5)
]

files = {
    "gsm8k-snappy": (solutions, {"compression": "snappy", "row_group_size": 3}),
    "chats-zstd": (chats, {"compression": "zstd", "data_page_version": "2.0"}),
    "labelled-gzip": (labelled, {"compression": "gzip", "row_group_size": 2}),
    "labelled-brotli": (labelled, {"compression": "brotli", "use_dictionary": False}),
    "labelled-plain": (labelled, {"compression": "none"}),
}
expected = {}
for name, (rows, options) in files.items():
    pq.write_table(pa.Table.from_pylist(rows), here / f"{name}.parquet", **options)
    expected[name] = pq.read_table(here / f"{name}.parquet").to_pylist()
text = json.dumps(expected, ensure_ascii=False, indent=1)
(here / "expected.json").write_text(text + "\n", encoding="utf-8")
