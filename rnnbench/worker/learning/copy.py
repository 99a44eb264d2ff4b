"""Copy: repeat the first symbols of a sequence after a delay.

Source: Hochreiter & Schmidhuber 1997; Arjovsky, Shah & Bengio 2016 (arXiv 1511.06464).

Input (seq_len, batch, 6), one-hot: 3 symbols of 4, then blanks, then 3 marks that ask
for the symbols. Output: 4 classes at each mark. A constant answer is wrong in 3 of 4
cases, and so is any answer from the current input, which is the same mark each time.
Target and budget: `model/task_table.py`.
"""

import torch

from rnnbench.model.task_table import TASKS
from rnnbench.worker.learning.task import (
    NOT_SCORED,
    Batch,
    Task,
    held_out,
    integers,
    one_hot,
)

_LENGTH, _SYMBOLS = 3, 4
_BLANK, _MARK = _SYMBOLS, _SYMBOLS + 1


def make_task(seq_len: int) -> Task:
    """The task; the delay is what `seq_len` leaves beside symbols and marks."""
    if seq_len < 2 * _LENGTH:
        raise ValueError(f"copy: seq_len {seq_len} is less than {2 * _LENGTH}")

    def sample(generator: torch.Generator, count: int) -> Batch:
        symbols = integers(generator, _SYMBOLS, (_LENGTH, count))
        inputs = torch.full((seq_len, count), _BLANK)
        inputs[:_LENGTH] = symbols
        inputs[-_LENGTH:] = _MARK
        targets = torch.full((seq_len, count), NOT_SCORED)
        targets[-_LENGTH:] = symbols
        return Batch(one_hot(inputs, _SYMBOLS + 2), targets)

    return Task(
        **TASKS["copy"].facts(seq_len),
        source="Arjovsky et al. 2016, arXiv 1511.06464",
        output_size=_SYMBOLS,
        sample=sample,
        test=held_out(sample),
        each_step=True,
    )
