"""The status and the reason of a failure."""

import pytest
import torch

from rnnbench.model.status import Status
from rnnbench.worker.failure import (
    LONGEST_REASON,
    DeviceLostError,
    attempt,
    is_unsupported,
    reason,
)


class UnprintableError(Exception):
    def __str__(self):
        raise RuntimeError("no words")


class UnprintableRuntimeError(RuntimeError):
    def __str__(self):
        raise RuntimeError("no words")


@pytest.fixture
def cuda(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    return monkeypatch


def failing(error):
    def action():
        raise error

    return action


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError("hidden"), Status.ERROR),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), Status.ERROR),
        (SystemExit("enough"), Status.ERROR),
        (SystemExit(0), Status.ERROR),
        (RecursionError("too deep"), Status.ERROR),
        (MemoryError(), Status.OUT_OF_MEMORY),
        (torch.OutOfMemoryError("CUDA out of memory"), Status.OUT_OF_MEMORY),
        (
            RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"),
            Status.OUT_OF_MEMORY,
        ),
        (RuntimeError("DefaultCPUAllocator: not enough memory"), Status.OUT_OF_MEMORY),
        (RuntimeError("std::bad_alloc"), Status.OUT_OF_MEMORY),
        (ValueError("proj_size is not supported"), Status.ERROR),
        (UnprintableError(), Status.ERROR),
        (UnprintableRuntimeError(), Status.ERROR),
        (GeneratorExit(), Status.ERROR),
    ],
)
def test_an_error_has_its_status(error, status):
    for may_skip in (False, True):
        outcome = attempt(failing(error), may_skip=may_skip)

        assert outcome.status is status
        assert outcome.reason.startswith(type(error).__name__)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("\"addmm\" not implemented for 'Half'"),
        RuntimeError("RNN: dtype is not supported"),
        RuntimeError("could not create a primitive descriptor for the LSTM"),
        NotImplementedError("no such kernel"),
    ],
)
def test_a_path_that_pytorch_lacks_is_a_reason_to_skip_its_own_layers_alone(error):
    assert attempt(failing(error), may_skip=True).status is Status.SKIPPED
    assert attempt(failing(error)).status is Status.ERROR


def test_a_real_allocation_that_fails_is_out_of_memory():
    outcome = attempt(lambda: torch.empty(1 << 60, dtype=torch.uint8))

    assert outcome.status is Status.OUT_OF_MEMORY


def test_what_does_not_fail_is_given():
    assert attempt(lambda: 7) == 7


def test_an_interrupt_is_no_members_failure():
    with pytest.raises(KeyboardInterrupt):
        attempt(failing(KeyboardInterrupt()))


def test_a_reason_is_one_printable_line_of_bounded_length():
    error = ValueError("a\nb\t\x1b[31m\u202e \ud800 " + "long " * 200)

    line = reason(error)

    assert line.startswith("ValueError: a b ?[31m? ? long")
    assert line.isprintable()
    assert len(line) == LONGEST_REASON
    assert line.endswith("...")


@pytest.mark.parametrize(
    "words", ["CUDA error: an illegal memory access", "CUDA error"]
)
def test_a_cuda_error_that_stays_ends_the_worker(cuda, words):
    cuda.setattr(torch.cuda, "synchronize", failing(RuntimeError(words)))

    with pytest.raises(DeviceLostError, match=words):
        attempt(failing(RuntimeError(words)))


def test_a_typed_cuda_error_that_stays_ends_the_worker(cuda):
    error = torch.AcceleratorError("device-side assert")
    cuda.setattr(torch.cuda, "synchronize", failing(error))

    with pytest.raises(DeviceLostError, match="device-side assert"):
        attempt(failing(error))


def test_a_cuda_error_that_passes_costs_its_member_alone(cuda):
    cuda.setattr(torch.cuda, "synchronize", lambda: None)

    outcome = attempt(failing(RuntimeError("CUDA error: invalid configuration")))

    assert outcome.status is Status.ERROR


def test_other_errors_do_not_touch_the_device(cuda):
    touched = []
    cuda.setattr(torch.cuda, "synchronize", lambda: touched.append(1))

    attempt(failing(ValueError("hidden")))

    assert touched == []


def test_without_a_device_its_errors_are_words_alone():
    outcome = attempt(failing(RuntimeError("CUDA error: no kernel image")))

    assert outcome.status is Status.ERROR


def test_a_users_own_refusal_is_no_lack_of_this_machine():
    assert not is_unsupported(ValueError("bidirectional is not supported"))


def test_a_group_of_errors_in_many_levels_is_named_without_reading_it():
    error = ValueError("inner")
    for _ in range(60):
        error = ExceptionGroup("many", [error, error])

    assert reason(error) == "ExceptionGroup: many (2 sub-exceptions)"
