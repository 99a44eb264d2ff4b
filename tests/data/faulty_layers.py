"""Layers of a user's that are wrong, each in one way: none may cost another's cell.

Named `tests.data.faulty_layers:NAME` from the root of the repository.
"""

import ctypes
import os
import sys
import time

import torch
from torch import nn

# More than any machine here has.
HUGE = 100_000_000_000


class _Layer(nn.GRU):
    """A GRU that does something else, too, when it is called."""

    def fault(self, output, state):
        return output, state

    def forward(self, *arguments):
        return self.fault(*super().forward(*arguments))


class Right(_Layer):
    """Nothing is wrong with this one."""


class WrongShape(_Layer):
    def fault(self, output, state):
        return output[..., :-1], state


class WrongState(_Layer):
    def fault(self, output, state):
        return output, state[..., :-1]


class OutputAlone(_Layer):
    def fault(self, output, state):
        return output


class NotFinite(_Layer):
    def fault(self, output, state):
        return output * float("nan"), state


class NotFiniteGradient(_Layer):
    """Finite itself; its gradient is that of sqrt at 0."""

    def fault(self, output, state):
        return output + (output - output).sqrt(), state


class WrongType(_Layer):
    def fault(self, output, state):
        return output.double(), state


class WrongStateType(_Layer):
    def fault(self, output, state):
        return output, state.to(torch.int32)


class NotFiniteLater(_Layer):
    """Finite for its first 40 calls."""

    calls = 0

    def fault(self, output, state):
        self.calls += 1
        return output * (float("inf") if self.calls > 40 else 1), state


class ChangesInput(_Layer):
    def forward(self, given, *state):
        answer = super().forward(given, *state)
        with torch.no_grad():
            given.mul_(2)
        return answer


class Raises(_Layer):
    def fault(self, output, state):
        raise ValueError("this layer\nraises, on two lines")


class RaisesLater(_Layer):
    """Right for its first 40 calls, so beyond every check and all warming."""

    calls = 0

    def fault(self, output, state):
        self.calls += 1
        if self.calls > 40:
            raise ValueError("this layer raises late")
        return output, state


class RaisesWhenBuilt(_Layer):
    def __init__(self, **_):
        raise KeyError("hidden")


class Exits(_Layer):
    def fault(self, output, state):
        sys.exit("this layer has had enough")


class ExitsAtOnce(_Layer):
    def fault(self, output, state):
        os._exit(7)


class Hangs(_Layer):
    def fault(self, output, state):
        while True:
            time.sleep(0.1)


class Segfaults(_Layer):
    def fault(self, output, state):
        ctypes.string_at(0)
        return output, state


class Kills(_Layer):
    """What the kernel does to the largest process when memory runs out."""

    def fault(self, output, state):
        os.kill(os.getpid(), 9)
        return output, state


class Allocates(_Layer):
    def fault(self, output, state):
        return output + torch.ones(HUGE, dtype=torch.uint8)[0], state


class Prints(_Layer):
    """On the channel that was the protocol's, and into the input that was."""

    def fault(self, output, state):
        sys.stdout.write('{"kind": "Report"}\n')
        os.write(1, b"not a line of the protocol")
        sys.stdin.read()
        return output, state


class Meddles(_Layer):
    """Sets what belongs to the process."""

    def fault(self, output, state):
        torch.set_num_threads(2)
        torch._C._set_mkldnn_enabled(False)
        return output, state


class DiesWhenBuilt(_Layer):
    def __init__(self, **_):
        os._exit(9)


class SetsGradMode(_Layer):
    def __init__(self, **arguments):
        super().__init__(**arguments)
        torch.set_grad_enabled(False)


class SetsDefaultDtype(_Layer):
    def fault(self, output, state):
        torch.set_default_dtype(torch.float64)
        return output, state


class SetsAnomalyMode(_Layer):
    def fault(self, output, state):
        torch.autograd.set_detect_anomaly(True)
        return output, state


class PatchesLSTM(_Layer):
    """Every LSTM of the process does nothing from then on."""

    def fault(self, output, state):
        torch.nn.LSTM.forward = lambda self, x, hx=None: (x, (x, x))
        return output, state


class AddsGlobalHook(_Layer):
    def __init__(self, **arguments):
        super().__init__(**arguments)
        torch.nn.modules.module.register_module_forward_hook(lambda *_: None)


class SetsRounding(_Layer):
    def fault(self, output, state):
        ctypes.CDLL(None).fesetround(0x800)  # up, on x86; <fenv.h>
        return output, state


class SetsEnvironment(_Layer):
    def fault(self, output, state):
        os.environ["RNNBENCH_FAULTY"] = "1"
        return output, state


class PatchesClock(_Layer):
    """Makes everything that is timed in this process 100 times as fast."""

    def fault(self, output, state):
        real = time.perf_counter_ns
        time.perf_counter_ns = lambda: real() // 100
        return output, state


class PatchesHarness(_Layer):
    def fault(self, output, state):
        from rnnbench.worker.timing import clock  # noqa: PLC0415 - on purpose, late

        clock.HostClock.time = lambda *_: 1e-9
        return output, state


def not_a_module(**_):
    """A factory that gives no nn.Module."""
    return "a layer"
