"""Opens what `aligner-lab extract --states states.safetensors` wrote, in pandas and PyTorch.

    pip install torch pandas safetensors numpy
    python bench/states/open.py states.safetensors

Checks that there is a line of the index for every row, that rows and lines agree, and that a probe on
the rows of the last layer tells the labels apart, as it does in the lab.
"""

import sys

import pandas as pd
from safetensors.torch import load_file

path = sys.argv[1]

# The two lines.
states = load_file(path)["states"]
index = pd.read_json(path.replace(".safetensors", ".jsonl"), lines=True)

assert states.ndim == 2 and len(index) == len(states), (states.shape, len(index))
assert (index["row"] == range(len(index))).all()
assert states.isfinite().all()
layers = index["layer"].max() + 1
keys = index[["stimulus", "layer", "position"]]
assert not keys.duplicated().any()
assert (index.groupby("stimulus").size() % layers == 0).all()

# The last layer at the boundary token: the half that directions are made from tells the other half.
last = index[index["layer"] == layers - 1]
last = last.loc[last.groupby("stimulus")["position"].idxmax()]
positive = last["label"].isin(["correct", "positive"])
train = last["half"] == "train"


def rows(some):
    return states[last.index[some]]


difference = rows(train & positive).mean(0) - rows(train & ~positive).mean(0)
middle = (rows(train & positive).mean(0) + rows(train & ~positive).mean(0)) / 2
told = ((rows(~train) - middle) @ difference > 0).numpy() == positive[~train].to_numpy()
print(f"{len(states)} states of width {states.shape[1]}, {layers} layers, {len(last)} stimuli")
print(f"the mean difference tells {told.mean():.3f} of {len(told)} held-out stimuli at layer {layers - 1}")
assert told.mean() > 0.6
