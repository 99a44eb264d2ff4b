"""Flip-flop: the bit that was written last, at each read.

Source: Liu et al. 2023 (arXiv 2306.00946), with their shares of instructions: 80 %
ignore, 10 % write, 10 % read; the first is a write and the last a read.

Input (seq_len, batch, 5), one-hot: write 0, write 1, ignore 0, ignore 1, read. Output:
2 classes at each read. A constant answer and an answer from the current input, which is
always "read", are wrong half of the time. Target and budget: `model/task_table.py`.
"""

import torch
from torch import Tensor

from rnnbench.model.task_table import TASKS
from rnnbench.worker.learning.task import (
    NOT_SCORED,
    Batch,
    Sampler,
    Task,
    held_out,
    held_out_longer,
    integers,
    one_hot,
)

_WRITE, _IGNORE, _READ = 0, 2, 4
_SHARE = 0.1


def make_task(seq_len: int) -> Task:
    """The task, with test sequences up to 8 times as long."""
    sample = _sampler(seq_len)
    return Task(
        **TASKS["flip_flop"].facts(seq_len),
        source="Liu et al. 2023, arXiv 2306.00946",
        output_size=2,
        sample=sample,
        test=held_out(sample),
        each_step=True,
        longer=held_out_longer(_sampler, seq_len),
    )


def _sampler(seq_len: int) -> Sampler:
    def sample(generator: torch.Generator, count: int) -> Batch:
        bits = integers(generator, 2, (seq_len, count))
        chance = torch.rand((seq_len, count), generator=generator)
        is_write, is_read = chance < _SHARE, chance > 1 - _SHARE
        is_write[0], is_read[0], is_write[-1], is_read[-1] = True, False, False, True
        symbols = torch.where(is_write, _WRITE + bits, _IGNORE + bits)
        symbols = torch.where(is_read, _READ, symbols)
        targets = torch.where(is_read, _last_written(bits, is_write), NOT_SCORED)
        return Batch(one_hot(symbols, _READ + 1), targets)

    return sample


def _last_written(bits: Tensor, is_write: Tensor) -> Tensor:
    """At each step, the bit of the last write up to there."""
    places = torch.arange(len(bits)).unsqueeze(-1) * is_write
    return bits.gather(0, places.cummax(0).values)
