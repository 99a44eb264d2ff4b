"""One training run: a layer with a linear readout, from a seed to its target.

Adam, gradient norms clipped to 1, PyTorch's default initialisation. On one machine with
one version of PyTorch a run is bitwise the same in every process.
"""

import hashlib
import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from rnnbench.model.case import Device
from rnnbench.model.learning import LearningCase, Quality, SeedRun
from rnnbench.worker.layers.factory import factory
from rnnbench.worker.learning.gradient_profile import gradient_by_lag
from rnnbench.worker.learning.task import NOT_SCORED, Batch, Task

_CLIP = 1.0
# Data and weights of a run have generators of their own.
_DATA_SEED = 10**6
# Digits of a value in the file; its digest has all of them.
_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainee:
    """What is trained: the case with its own hidden_size, from a seed, at a rate."""

    case: LearningCase
    hidden_size: int
    seed: int
    rate: float


class Learner(nn.Module):
    """A recurrent layer and the linear readout of its outputs."""

    def __init__(self, case: LearningCase, hidden_size: int, task: Task) -> None:
        super().__init__()
        self.layer = make_layer(case, hidden_size, task.test.inputs.shape[-1])
        width = hidden_size * (2 if case.bidirectional else 1)
        self.readout = nn.Linear(width, task.output_size)
        self.each_step = task.each_step

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The answers that are scored, and their targets."""
        output = self.layer(batch.inputs)[0]
        if not self.each_step:
            return self.readout(output[-1]), batch.targets
        if batch.targets.is_floating_point():
            return self.readout(output), batch.targets
        scored = batch.targets != NOT_SCORED
        return self.readout(output[scored]), batch.targets[scored]


def make_layer(case: LearningCase, hidden_size: int, input_size: int) -> nn.Module:
    """The layer of a case, with its forget bias if that is set."""
    layer: object = factory(case.layer)(
        input_size=input_size,
        hidden_size=hidden_size,
        num_layers=case.num_layers,
        bias=True,
        batch_first=False,
        dropout=case.dropout,
        bidirectional=case.bidirectional,
    )
    if not isinstance(layer, nn.Module):
        raise TypeError(f"{case.layer} gives a {type(layer).__name__}, not a Module")
    if case.forget_bias is not None:
        _set_forget_bias(layer, case.forget_bias)
    return layer


def _set_forget_bias(layer: nn.Module, value: float) -> None:
    """Let the forget gates start from `value`: PyTorch adds two biases, one is 0 then.

    PyTorch orders the gates of an LSTM as input, forget, cell, output.
    """
    if not isinstance(layer, nn.LSTM):
        raise TypeError("forget_bias: only nn.LSTM has a forget gate with a bias")
    forget = slice(layer.hidden_size, 2 * layer.hidden_size)
    with torch.no_grad():
        for name, bias in layer.named_parameters():
            if name.startswith("bias_"):
                bias[forget] = value if name.startswith("bias_ih") else 0.0


def train(
    task: Task, trainee: Trainee, alive: Callable[[], None] = lambda: None
) -> SeedRun:
    """Train until the target is reached twice in a row, or the budget ends.

    `alive` is called at each evaluation. A run whose loss or value is not finite ends
    as diverged.
    """
    device = trainee.case.device
    torch.manual_seed(trainee.seed)
    learner = Learner(trainee.case, trainee.hidden_size, task).to(device.value)
    test = _on(task.test, device)
    before = gradient_by_lag(learner.layer, test) if task.gradient else ()
    values, diverged = _learn(task, trainee, learner, alive)
    exact = struct.pack(f"<{len(values)}d", *values)
    reached = step_reached(values, task)
    trained = bool(values) and not diverged
    return SeedRun(
        seed=trainee.seed,
        rate=trainee.rate,
        values=tuple(float(f"{value:.{_DIGITS}g}") for value in values),
        every=task.evaluate_every,
        reached=reached,
        diverged=diverged,
        digest=hashlib.sha256(exact).hexdigest(),
        longer=_longer(task, learner, device) if trained else (),
        gradient=before,
        gradient_trained=(
            gradient_by_lag(learner.layer, test) if task.gradient and trained else ()
        ),
    )


def step_reached(values: list[float], task: Task) -> int | None:
    """The step of the first of two evaluations in a row at the target, or None."""
    if task.target is None:
        return None
    for place in range(len(values) - 1):
        if max(values[place : place + 2]) <= task.target:
            return task.evaluate_every * (place + 1)
    return None


def _learn(
    task: Task, trainee: Trainee, learner: Learner, alive: Callable[[], None]
) -> tuple[list[float], bool]:
    """The value at each evaluation, and whether the run diverged."""
    device = trainee.case.device
    generator = torch.Generator().manual_seed(_DATA_SEED + trainee.seed)
    optimizer = torch.optim.Adam(learner.parameters(), lr=trainee.rate)
    test = _on(task.test, device)
    values: list[float] = []
    for step in range(1, task.budget + 1):
        learner.train()
        batch = _on(task.sample(generator, task.batch_size), device)
        loss = loss_of(*learner(batch))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(learner.parameters(), _CLIP)
        optimizer.step()
        if step % task.evaluate_every:
            continue
        alive()
        value = evaluate(learner, test, task.quality)
        if not math.isfinite(value) or not math.isfinite(float(loss.detach())):
            return values, True
        values.append(value)
        if step_reached(values[-2:], task) is not None:
            break
    return values, False


def loss_of(answers: Tensor, targets: Tensor) -> Tensor:
    """The loss that is trained: squared error for numbers, else cross entropy."""
    if targets.is_floating_point():
        return functional.mse_loss(answers, targets)
    return functional.cross_entropy(answers, targets)


def evaluate(learner: nn.Module, batch: Batch, quality: Quality) -> float:
    """The quality of the answers to `batch`, with dropout off."""
    learner.eval()
    with torch.no_grad():
        answers, targets = learner(batch)
        return score(answers, targets, quality)


def score(answers: Tensor, targets: Tensor, quality: Quality) -> float:
    """The quality of answers: logits where targets are classes."""
    return float(_SCORES[quality](answers, targets))


def _error_rate(answers: Tensor, targets: Tensor) -> Tensor:
    return (answers.argmax(-1) != targets).double().mean()


def _bits(answers: Tensor, targets: Tensor) -> Tensor:
    return functional.cross_entropy(answers, targets) / math.log(2)


_SCORES: Mapping[Quality, Callable[[Tensor, Tensor], Tensor]] = {
    Quality.SQUARED_ERROR: functional.mse_loss,
    Quality.ERROR_RATE: _error_rate,
    Quality.BITS: _bits,
}


def _longer(
    task: Task, learner: Learner, device: Device
) -> tuple[tuple[int, float], ...]:
    found = [
        (length, evaluate(learner, _on(batch, device), task.quality))
        for length, batch in sorted(task.longer.items())
    ]
    return tuple((length, value) for length, value in found if math.isfinite(value))


def _on(batch: Batch, device: Device) -> Batch:
    if device is Device.CPU:
        return batch
    return Batch(batch.inputs.to(device.value), batch.targets.to(device.value))
