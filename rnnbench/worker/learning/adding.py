"""Adding: the sum of two marked numbers in a sequence of random numbers.

Source: Hochreiter & Schmidhuber 1997, Neural Computation 9(8), experiment 4, as in Le,
Jaitly & Hinton 2015 (arXiv 1504.00941): one mark in each half.

Input (seq_len, batch, 2): a number from 0 to 1, and 1 where it is marked. Output: one
number after the last step. The best constant answer, 1, has a mean squared error of
1/6; so has any answer from the sorted inputs. Target and budget: `model/task_table.py`.
"""

import torch

from rnnbench.model.task_table import TASKS
from rnnbench.worker.learning.task import Batch, Task, held_out, integers


def make_task(seq_len: int) -> Task:
    """The task at a sequence length of at least 2."""

    def sample(generator: torch.Generator, count: int) -> Batch:
        numbers = torch.rand((seq_len, count), generator=generator)
        half = seq_len // 2
        first = integers(generator, half, (1, count))
        second = half + integers(generator, seq_len - half, (1, count))
        places = torch.cat([first, second])
        marks = torch.zeros(seq_len, count).scatter(0, places, 1.0)
        total = numbers.gather(0, places).sum(0)
        return Batch(torch.stack([numbers, marks], dim=-1), total.unsqueeze(-1))

    return Task(
        **TASKS["adding"].facts(seq_len),
        source="Hochreiter & Schmidhuber 1997; Le et al. 2015, arXiv 1504.00941",
        output_size=1,
        sample=sample,
        test=held_out(sample),
        gradient=True,
    )
