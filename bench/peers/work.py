"""The work that is measured: the same callable for every tool.

It is built as rnnbench's worker builds it, from the same seeds, so that nothing but the
measuring differs.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

from rnnbench.case import Case, Phase
from rnnbench.worker.step import build

# Calls of about 0.1 to 0.2 ms, of 1 to 2 ms and of 3 to 8 ms.
WORKLOADS = {
    "small": {"hidden_size": 64, "seq_len": 16, "phase": Phase.INFERENCE},
    "middle": {"hidden_size": 64, "seq_len": 16, "phase": Phase.TRAIN},
    "large": {
        "hidden_size": 128,
        "num_layers": 2,
        "seq_len": 32,
        "phase": Phase.TRAIN,
    },
}
LAYERS = {"lstm": "lstm", "gru": "gru", "lstm_slow": "peers_layers:lstm_slow"}


def case_of(cell):
    workload, _, layer = cell.partition("/")
    return Case(layer=LAYERS[layer], input_size=64, batch_size=4, **WORKLOADS[workload])


def make(cell):
    """The step of a cell: `call`, and `context()` that it is called under."""
    torch.set_num_threads(1)
    return build(case_of(cell))
