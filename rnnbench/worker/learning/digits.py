"""Digits: a handwritten digit from its 64 pixels, one per step.

Source: the pixel-by-pixel task of Le, Jaitly & Hinton 2015 (arXiv 1504.00941), with the
digits of scikit-learn (`load_digits`; Alpaydin & Kaynak 1998), which the user's own
installation provides: `pip install rnnbench[digits]`.

Input (64, batch, 1): a pixel from 0 to 1. Output: 10 classes after the last one. Every
fifth image is held out. A constant answer is wrong in nine of ten cases; the linear
model of all pixels, which knows their places, in about one of twelve, and the one of
sorted pixels is the order-free baseline. Target and budget: `model/task_table.py`.
"""

import hashlib
import importlib

import torch
from torch import Tensor

from rnnbench.model.task_table import TASKS
from rnnbench.worker.learning.task import Batch, Task, integers

_PIXELS, _CLASSES = 64, 10
_WHITE = 16.0
_HELD_OUT_EVERY = 5


def make_task(seq_len: int) -> Task:
    """The task; it has one sequence length."""
    if seq_len != _PIXELS:
        raise ValueError(f"digits: seq_len is {_PIXELS}, not {seq_len}")
    # Imported by name: it is no dependency of the package.
    found = importlib.import_module("sklearn.datasets").load_digits()
    images = torch.tensor(found.data, dtype=torch.float32) / _WHITE
    classes = torch.tensor(found.target, dtype=torch.int64)
    is_test = torch.arange(len(images)) % _HELD_OUT_EVERY == 0

    def batch(chosen: Tensor) -> Batch:
        return Batch(images[chosen].T.unsqueeze(-1).contiguous(), classes[chosen])

    trained = (~is_test).nonzero().squeeze(-1)

    def sample(generator: torch.Generator, count: int) -> Batch:
        return batch(trained[integers(generator, len(trained), (count,))])

    return Task(
        **TASKS["digits"].facts(seq_len),
        source="Le et al. 2015, arXiv 1504.00941, on scikit-learn's digits",
        output_size=_CLASSES,
        sample=sample,
        test=batch(is_test.nonzero().squeeze(-1)),
        data=hashlib.sha256(found.data.tobytes()).hexdigest(),
    )
