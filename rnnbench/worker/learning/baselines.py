"""Baselines of a task without recurrence, fitted to the same data as the layers.

A constant answer; one that ignores order; a linear model of all inputs in their order.
A task that the order-free one solves does not need a recurrent layer.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from rnnbench.worker.learning.task import NOT_SCORED, Batch, Task
from rnnbench.worker.learning.training import loss_of, score

# Sequences that a baseline is fitted to, and the steps of L-BFGS.
_SEQUENCES, _STEPS = 2048, 60
# Penalty on the squared weights: with more inputs than sequences a fit means nothing.
_PENALTY = 1e-3
# Added to each count of a table, so that what was never seen is not impossible.
_SMOOTHING = 0.1
_SEED = 20261130

Features = Callable[[Batch], Tensor]


def chance(task: Task) -> float:
    """Quality of the best constant answer."""
    if task.each_step:
        return _table(task, lambda batch: batch.inputs[..., :1] * 0.0)
    return _linear_fit(task, lambda batch: batch.inputs[0, :, :0])


def order_free(task: Task) -> float:
    """Quality of the best answer that ignores order.

    Where every output is read: the most frequent answer for the current input. Else a
    linear model of each input feature in sorted order, and of its mean over time.
    """
    if task.each_step:
        return _table(task, lambda batch: batch.inputs)

    def without_order(batch: Batch) -> Tensor:
        in_order = batch.inputs.sort(0).values.transpose(0, 1).flatten(1)
        return torch.cat([in_order, batch.inputs.mean(0)], dim=-1)

    return _linear_fit(task, without_order)


def linear(task: Task) -> float | None:
    """Quality of a linear model of all inputs; None where every output is read."""
    if task.each_step:
        return None
    return _linear_fit(task, lambda batch: batch.inputs.transpose(0, 1).flatten(1))


def _fitted_on(task: Task) -> Batch:
    return task.sample(torch.Generator().manual_seed(_SEED), _SEQUENCES)


def _linear_fit(task: Task, features: Features) -> float:
    """The held-out quality of a linear model of `features`."""
    known = _fitted_on(task)
    given = features(known)
    weights = torch.zeros(given.shape[-1], task.output_size, requires_grad=True)
    bias = torch.zeros(task.output_size, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [weights, bias], max_iter=_STEPS, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        penalty = _PENALTY * weights.square().sum()
        loss = loss_of(given @ weights + bias, known.targets) + penalty
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        answers = features(task.test) @ weights + bias
        return score(answers, task.test.targets, task.quality)


def _table(task: Task, features: Features) -> float:
    """The held-out quality of the mean answer for each distinct value of `features`.

    The logarithm of the smoothed share of each class, where targets are classes.
    """
    known, test = _fitted_on(task), task.test
    rows, targets = _scored(known, features(known))
    asked, answers = _scored(test, features(test))
    numbers = _numbers(torch.cat([rows, asked]))
    values, places = torch.unique(numbers, return_inverse=True)
    fitted, wanted = places[: len(rows)], places[len(rows) :]
    if targets.is_floating_point():
        sums = torch.zeros(len(values), task.output_size).index_add(0, fitted, targets)
        counts = torch.bincount(fitted, minlength=len(values)).unsqueeze(-1)
        table = torch.where(counts > 0, sums / counts, targets.mean(0))
    else:
        flat = fitted * task.output_size + targets
        size = len(values) * task.output_size
        counts = torch.bincount(flat, minlength=size).view(len(values), -1)
        shares = counts + _SMOOTHING
        table = (shares / shares.sum(-1, keepdim=True)).log()
    return score(table[wanted], answers, task.quality)


def _scored(batch: Batch, values: Tensor) -> tuple[Tensor, Tensor]:
    """Features and targets of what is scored: (answers, ...)."""
    if batch.targets.is_floating_point():
        return values.flatten(0, 1), batch.targets.flatten(0, 1)
    scored = batch.targets != NOT_SCORED
    return values[scored], batch.targets[scored]


def _numbers(rows: Tensor) -> Tensor:
    """One number for each row, equal where rows are: a projection, rounded."""
    generator = torch.Generator().manual_seed(_SEED)
    direction = torch.rand(rows.shape[-1], generator=generator, dtype=torch.float64)
    return (rows.double() @ direction).mul(1e9).round()
