"""The work that is measured: the same callable for every tool.

It is built as rnnbench's worker builds it, from the same seeds, so that nothing but the
measuring differs.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from names import CASES

from rnnbench.model.case_codec import decode_case
from rnnbench.worker.layers.step import build


def make(cell):
    """The step of a cell: `call`, and `context()` that it is called under."""
    torch.set_num_threads(1)
    return build(decode_case(CASES[cell]))
