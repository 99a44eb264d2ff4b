"""Recall: name the first symbol of a sequence after random distractors.

Source: the latching task of Bengio, Simard & Frasconi 1994 (IEEE Transactions on Neural
Networks 5(2)) and the "2-sequence problem" of Hochreiter & Schmidhuber 1997, with 8
symbols.

Input (seq_len, batch, 16), one-hot: one of 8 symbols, then distractors out of 8 others.
Output: 8 classes after the last step. A constant answer is wrong in 7 of 8 cases. The
linear models find the symbol wherever it is, in order or not: the task asks for memory
and not for order. Target and budget: `model/task_table.py`.
"""

import torch

from rnnbench.model.task_table import TASKS
from rnnbench.worker.learning.task import Batch, Task, held_out, integers, one_hot

_SYMBOLS = 8


def make_task(seq_len: int) -> Task:
    """The task: one symbol to recall, and `seq_len` - 1 distractors."""

    def sample(generator: torch.Generator, count: int) -> Batch:
        symbols = integers(generator, _SYMBOLS, (seq_len, count))
        asked = symbols[0].clone()
        symbols[1:] += _SYMBOLS
        return Batch(one_hot(symbols, 2 * _SYMBOLS), asked)

    return Task(
        **TASKS["recall"].facts(seq_len),
        source="Bengio et al. 1994; Hochreiter & Schmidhuber 1997",
        output_size=_SYMBOLS,
        sample=sample,
        test=held_out(sample),
    )
