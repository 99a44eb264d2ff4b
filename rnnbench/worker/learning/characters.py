"""Characters: predict each next character of a text.

Source: a small form of the character models of Graves 2013 (arXiv 1308.0850) and
Karpathy, Johnson & Li 2015 (arXiv 1506.02078), on the help topics of Python 3.11.

Input (seq_len, batch, 103), one-hot, times 8: windows at random places of the text.
Output: 103 classes at each step, from a state of zeros at the start of a window. Held
out: 128 windows, evenly spread over the blocks that are not trained on. The best
constant answer gives the entropy of single characters, the answer from the current one
that of pairs: both are computed. Target and budget: `model/task_table.py`.
"""

import torch
from torch import Tensor

from rnnbench.model.task_table import TASKS
from rnnbench.worker.learning import frozen_text
from rnnbench.worker.learning.task import Batch, Task, integers, one_hot

_TEST_WINDOWS = 128
# PyTorch's initial weights are for many inputs of size 1; here a single one is not 0.
# With 8, a symbol moves the gates as an embedding in 64 dimensions would. Without it a
# GRU needed 480 steps in place of 260 to 2.367 bits.
_SCALE = 8.0


def make_task(seq_len: int) -> Task:
    """The task with windows of `seq_len` characters."""
    text = frozen_text.characters()
    count = len(text.symbols)

    def windows(stream: Tensor, starts: Tensor) -> Batch:
        places = starts.unsqueeze(0) + torch.arange(seq_len + 1).unsqueeze(-1)
        symbols = stream[places]
        return Batch(_SCALE * one_hot(symbols[:-1], count), symbols[1:])

    def sample(generator: torch.Generator, size: int) -> Batch:
        starts = integers(generator, len(text.trained) - seq_len, (size,))
        return windows(text.trained, starts)

    last = len(text.held_out) - seq_len - 1
    starts = torch.linspace(0, last, _TEST_WINDOWS).long()
    return Task(
        **TASKS["characters"].facts(seq_len),
        source="Karpathy et al. 2015, arXiv 1506.02078, on Python's help topics",
        output_size=count,
        sample=sample,
        test=windows(text.held_out, starts),
        each_step=True,
        data=text.digest,
    )
