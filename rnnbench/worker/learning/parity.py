"""Parity: whether the number of ones so far is odd, after every bit.

Source: Minsky & Papert 1969; as a test of recurrent networks, Hahn 2020 (Transactions
of the ACL 8) and Deletang et al. 2023 (arXiv 2207.02098), which also test sequences
that are longer than those of training.

Input (seq_len, batch, 1): a bit as -1 or 1. Output: 2 classes at each step. A constant
answer and an answer from the current bit are both wrong half of the time. Target and
budget: `model/task_table.py`.
"""

import torch

from rnnbench.model.task_table import TASKS
from rnnbench.worker.learning.task import (
    Batch,
    Sampler,
    Task,
    held_out,
    held_out_longer,
    integers,
)


def make_task(seq_len: int) -> Task:
    """The task, with test sequences up to 8 times as long."""
    sample = _sampler(seq_len)
    return Task(
        **TASKS["parity"].facts(seq_len),
        source="Deletang et al. 2023, arXiv 2207.02098",
        output_size=2,
        sample=sample,
        test=held_out(sample),
        each_step=True,
        longer=held_out_longer(_sampler, seq_len),
    )


def _sampler(seq_len: int) -> Sampler:
    def sample(generator: torch.Generator, count: int) -> Batch:
        bits = integers(generator, 2, (seq_len, count))
        return Batch((2.0 * bits - 1.0).unsqueeze(-1), bits.cumsum(0) % 2)

    return sample
