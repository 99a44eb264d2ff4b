"""Sunspots: the number of the next year from those of the years before.

Source: Yule 1927 (Philosophical Transactions A 226), who introduced autoregression with
these numbers; Box & Jenkins 1970. The yearly numbers from 1700 to 2008 are those of
statsmodels (`datasets.sunspots`), which the user's own installation provides:
`pip install rnnbench[sunspots]`.

Input (seq_len, batch, 1): standardized by the mean and deviation of the years that are
trained on. Output: one number after the last year, standardized, so that the constant
answer would have a mean squared error of 1 if later cycles were no higher. Held out:
every year after 1939. The linear
model of all years in order is an autoregression. There is no target, because layers and
autoregression come out alike: they are reported, not ranked. Budget:
`model/task_table.py`.
"""

import hashlib
import importlib

import torch
from torch import Tensor

from rnnbench.model.task_table import TASKS
from rnnbench.worker.learning.task import Batch, Task, integers

_FIRST_YEAR, _LAST_TRAINED = 1700, 1939


def make_task(seq_len: int) -> Task:
    """The task with windows of `seq_len` years."""
    # Imported by name: it is no dependency of the package.
    module = importlib.import_module("statsmodels.datasets.sunspots")
    found = module.load_pandas().data["SUNACTIVITY"].to_numpy()
    numbers = torch.tensor(found, dtype=torch.float32)
    trained = _LAST_TRAINED - _FIRST_YEAR + 1
    if not 1 <= seq_len < trained:
        raise ValueError(f"sunspots: seq_len {seq_len} is not below {trained}")
    known = numbers[:trained]
    numbers = (numbers - known.mean()) / known.std()

    def windows(starts: Tensor) -> Batch:
        places = starts.unsqueeze(0) + torch.arange(seq_len + 1).unsqueeze(-1)
        years = numbers[places].unsqueeze(-1)
        return Batch(years[:-1], years[-1])

    def sample(generator: torch.Generator, count: int) -> Batch:
        return windows(integers(generator, trained - seq_len, (count,)))

    return Task(
        **TASKS["sunspots"].facts(seq_len),
        source="Yule 1927; Box & Jenkins 1970; numbers of statsmodels",
        output_size=1,
        sample=sample,
        test=windows(torch.arange(trained - seq_len, len(numbers) - seq_len)),
        data=hashlib.sha256(found.tobytes()).hexdigest(),
    )
