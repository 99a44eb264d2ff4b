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


def not_a_module(**_):
    """A factory that gives no nn.Module."""
    return "a layer"
