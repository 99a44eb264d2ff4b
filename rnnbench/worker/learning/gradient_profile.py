"""Gradient profile: how fast the gradient shrinks with the distance in time.

Source: Hochreiter 1991; Bengio, Simard & Frasconi 1994 (IEEE Transactions on Neural
Networks 5(2)); Pascanu, Mikolov & Bengio 2013 (arXiv 1211.5063).

Input (seq_len, batch, 2): the sequences of `adding`. Nothing is trained: the budget is
0 steps, and the quality is the factor by which the gradient changes per step, the mean
over the lags where float32 can show it. There is no answer, and so no chance value and
no baseline. Tasks that ask for it have the same profile after training.
"""

import math
from dataclasses import replace

import torch
from torch import nn

from rnnbench.model.task_table import TASKS
from rnnbench.worker.learning import adding
from rnnbench.worker.learning.task import Batch, Task

# Sequences that the profile is a mean of.
_SEQUENCES = 32
# Beyond it the profile is not kept: 100 steps decide.
MOST_LAGS = 100
_PROJECTION_SEED = 20261129


def make_task(seq_len: int) -> Task:
    """The task on sequences of `seq_len`."""
    facts = TASKS["gradient_profile"].facts(seq_len)
    source = "Bengio et al. 1994; Pascanu et al. 2013, arXiv 1211.5063"
    return replace(adding.make_task(seq_len), **facts, source=source)


def gradient_by_lag(layer: nn.Module, batch: Batch) -> tuple[float, ...]:
    """Norm of the gradient of the last output by the input k steps before, from k = 0.

    As a share of that at k = 0. The last output is projected on a random direction for
    each sequence, which estimates the norm of its Jacobian.
    """
    inputs = batch.inputs[:, :_SEQUENCES].clone().requires_grad_()
    generator = torch.Generator().manual_seed(_PROJECTION_SEED)
    output = layer(inputs)[0][-1]
    direction = torch.randn(output.shape, generator=generator).to(output.device)
    (gradient,) = torch.autograd.grad(output, inputs, direction)
    norms = gradient.double().square().sum((1, 2)).sqrt().flip(0).tolist()
    first = norms[0]
    if not first or not all(map(math.isfinite, norms)):
        return ()
    return tuple(float(f"{norm / first:.4g}") for norm in norms[: MOST_LAGS + 1])
