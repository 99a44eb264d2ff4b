"""Layers of a user's that are right in their forward pass, and fail in backward.

Named `tests.data.backward_layers:NAME` from the root of the repository.
"""

import ctypes
import os
import time

import torch

from tests.data.meddling_layers import MeddlingLayer


class _InBackward(torch.autograd.Function):
    """The identity, with a fault where the gradient is computed."""

    @staticmethod
    def forward(ctx, value, fault):
        ctx.fault = fault
        return value.clone()

    @staticmethod
    def backward(ctx, gradient):
        return ctx.fault(gradient), None


class _FaultyBackward(MeddlingLayer):
    calls = 0

    def backward_fault(self, gradient):
        return gradient

    def fault(self, output, state):
        return _InBackward.apply(output, self.backward_fault), state


class RaisesInBackward(_FaultyBackward):
    def backward_fault(self, gradient):
        raise ArithmeticError("backward fails")


class InterruptsBackward(_FaultyBackward):
    def backward_fault(self, gradient):
        raise KeyboardInterrupt


class ExitsInBackward(_FaultyBackward):
    def backward_fault(self, gradient):
        os._exit(7)


class SegfaultsInBackward(_FaultyBackward):
    def backward_fault(self, gradient):
        ctypes.string_at(0)


class ClosesAllInBackward(_FaultyBackward):
    def backward_fault(self, gradient):
        os.closerange(0, 4096)
        return gradient


class HangsInBackward(_FaultyBackward):
    def backward_fault(self, gradient):
        while True:
            time.sleep(1)


class PrintsInBackward(_FaultyBackward):
    """Without an end."""

    def backward_fault(self, gradient):
        while True:
            os.write(2, b"still here\n" * 10_000)
            time.sleep(0.01)


class NanGradient(_FaultyBackward):
    def backward_fault(self, gradient):
        return gradient * float("nan")


class NanGradientLater(_FaultyBackward):
    """Right for its first 40 calls."""

    def backward_fault(self, gradient):
        self.calls += 1
        return gradient * (float("nan") if self.calls > 40 else 1)


class WrongGradientShape(_FaultyBackward):
    def backward_fault(self, gradient):
        return gradient[..., :-1]


class NoGradient(MeddlingLayer):
    """Its output is no part of the graph."""

    def fault(self, output, state):
        return output.detach(), state


class ChangesGradientInPlace(_FaultyBackward):
    """The gradient of the output, which the caller keeps for its next call."""

    def backward_fault(self, gradient):
        return gradient.mul_(2)


class PatchesClockInBackward(_FaultyBackward):
    def backward_fault(self, gradient):
        time.perf_counter_ns = time.monotonic_ns
        return gradient


class SetsFlagsInBackward(_FaultyBackward):
    """Flags of the process, and of the thread."""

    def backward_fault(self, gradient):
        torch.set_float32_matmul_precision("medium")
        torch.autograd.set_detect_anomaly(True)
        torch.set_grad_enabled(False)
        return gradient
