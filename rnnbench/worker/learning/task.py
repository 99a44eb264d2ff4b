"""A task: batches to train on, a held-out batch, and the facts that describe it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from rnnbench.model.learning import Quality

# A target of this value is not scored: torch's cross_entropy ignores it by default.
NOT_SCORED = -100
# Seed of held-out data: no training seed is as large.
TEST_SEED = 2**31


@dataclass(frozen=True, slots=True)
class Batch:
    """Sequences with their answers.

    Attributes:
        inputs: (seq_len, batch, input_size), float32.
        targets: classes as int64, or numbers as float32. (batch,) or (batch,
            output_size) where the last output is read; (seq_len, batch) where each is,
            with NOT_SCORED where nothing is asked.

    """

    inputs: Tensor
    targets: Tensor


Sampler = Callable[[torch.Generator, int], Batch]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task at one sequence length; a function of the user's may return one.

    Attributes:
        question, source: what the task asks, in a sentence, and where it comes from.
        quality: of an evaluation. Classes are trained by cross entropy, numbers by the
            squared error.
        output_size: number of classes, or of numbers to be given.
        sample: gives so many new sequences, by a generator.
        test: held-out sequences, always the same.
        target, budget: quality to be reached, or None; steps after which a run ends.
        each_step: whether every output is read, or the last one only.
        evaluate_every, batch_size: steps between evaluations; sequences of a step.
        control: whether layers are expected not to differ.
        data: SHA-256 of data that are not generated.
        longer: held-out sequences of greater lengths, by length.
        gradient: whether the gradient by lag is read before and after training.

    """

    question: str
    source: str
    quality: Quality
    output_size: int
    sample: Sampler
    test: Batch
    target: float | None
    budget: int
    each_step: bool = False
    evaluate_every: int = 10
    batch_size: int = 32
    control: bool = False
    data: str = ""
    longer: Mapping[int, Batch] = field(default_factory=dict)
    gradient: bool = False


def held_out(sample: Sampler, count: int = 512) -> Batch:
    """`count` sequences that no training seed gives."""
    return sample(torch.Generator().manual_seed(TEST_SEED), count)


def held_out_longer(
    sampler: Callable[[int], Sampler], seq_len: int
) -> Mapping[int, Batch]:
    """Held-out sequences up to 8 times as long; fewer of them, since they take long."""
    lengths = (2 * seq_len, 4 * seq_len, 8 * seq_len)
    return {length: held_out(sampler(length), 128) for length in lengths}


def one_hot(symbols: Tensor, count: int) -> Tensor:
    """Symbols as vectors with a single 1: (..., count), float32."""
    return torch.nn.functional.one_hot(symbols, count).float()


def integers(generator: torch.Generator, count: int, shape: tuple[int, ...]) -> Tensor:
    """Uniform random integers from 0 to `count` - 1."""
    return torch.randint(count, shape, generator=generator)
