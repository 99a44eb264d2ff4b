"""Layers of a user's that fail, each in one way: none may cost another its result.

Named `tests.data.faulty_layers:NAME` from the root of the repository.
"""

import ctypes
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

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


class ChangesInputUnseen(_Layer):
    """Past PyTorch's count of changes."""

    def forward(self, given, *state):
        answer = super().forward(given, *state)
        given.data.add_(1)
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


class DiesWhenBuilt(_Layer):
    def __init__(self, **_):
        os._exit(9)


class ExitsWhenBuilt(_Layer):
    def __init__(self, **_):
        sys.exit("not today")


class DiesAtItsSecondBuild(_Layer):
    """In a process, and after a build in another one before it."""

    def __init__(self, **arguments):
        super().__init__(**arguments)
        marker = Path(os.environ["RNNBENCH_TEST_MARKER"])
        if marker.exists():
            os.write(2, b"many words\n" * 50_000)
            os._exit(5)
        marker.touch()


class HangsWhenBuilt(_Layer):
    def __init__(self, **_):
        while True:
            time.sleep(0.1)


class SegfaultsWhenBuilt(_Layer):
    def __init__(self, **_):
        ctypes.string_at(0)


class TakesNoArguments(nn.Module):
    def __init__(self):
        super().__init__()


class NoForward(nn.Module):
    def __init__(self, **_):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))


class SaysNotSupported(_Layer):
    """In PyTorch's own words for a path that it lacks."""

    def fault(self, output, state):
        raise RuntimeError("this layer is not supported")


class SaysNotImplemented(_Layer):
    def fault(self, output, state):
        raise NotImplementedError("addmm not implemented for 'Half'")


class RaisesBaseException(_Layer):
    def fault(self, output, state):
        raise GeneratorExit


class RaisesInterrupt(_Layer):
    def fault(self, output, state):
        raise KeyboardInterrupt


class UnprintableError(RuntimeError):
    def __str__(self):
        raise RuntimeError("no words")


class RaisesUnprintable(_Layer):
    def fault(self, output, state):
        raise UnprintableError


class RaisesAtLength(_Layer):
    def fault(self, output, state):
        raise ValueError("long " * 1_000_000)


class RaisesEscapes(_Layer):
    def fault(self, output, state):
        raise ValueError("\x1b[2J\x1b]0;title\x07 \u202e \ud800 <script>")


class Recurses(_Layer):
    def fault(self, output, state):
        return self.fault(output, state)


class ReturnsNone(_Layer):
    def fault(self, output, state):
        return None


class ReturnsText(_Layer):
    def fault(self, output, state):
        return "an output", "a state"


class StateIsNone(_Layer):
    def fault(self, output, state):
        return output, None


class HangsHoldingTheInterpreter(_Layer):
    """No other thread of the process runs, so no watchdog within it would."""

    def fault(self, output, state):
        ctypes.PyDLL(None).sleep(3600)
        return output, state


class HangsDeafToSignals(_Layer):
    def fault(self, output, state):
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_IGN)
        while True:
            time.sleep(0.1)


class HangsPrinting(_Layer):
    def fault(self, output, state):
        while True:
            os.write(2, b"still here\n" * 10_000)
            time.sleep(0.01)


class HangsPrintingAnnouncements(_Layer):
    """In the form in which workers once announced where they are."""

    def fault(self, output, state):
        for number in range(10**9):
            os.write(2, b"\nrnnbench-at turn %d\n" % (number % 3))
            time.sleep(0.01)


class HangsWritingEverywhere(_Layer):
    """Into every descriptor but pipes, which are the protocol's."""

    def fault(self, output, state):
        while True:
            for entry in Path("/proc/self/fd").iterdir():
                with suppress(OSError):
                    if not entry.readlink().name.startswith("pipe"):
                        os.write(int(entry.name), b"0" * 64)
            time.sleep(0.01)


class StopsItself(_Layer):
    def fault(self, output, state):
        os.kill(os.getpid(), signal.SIGSTOP)
        time.sleep(3600)
        return output, state


class Aborts(_Layer):
    def fault(self, output, state):
        os.abort()


class Divides(_Layer):
    def fault(self, output, state):
        signal.raise_signal(signal.SIGFPE)
        return output, state


class PrintsMuchAndExits(_Layer):
    def fault(self, output, state):
        os.write(2, b"many words\n" * 50_000)
        os._exit(7)


class PrintsMuchAndSegfaults(_Layer):
    def fault(self, output, state):
        os.write(2, b"many words\n" * 50_000)
        ctypes.string_at(0)
        return output, state


class AnnouncesAnotherAndExits(_Layer):
    def fault(self, output, state):
        os.write(2, b"\nrnnbench-at check 0\n")
        os._exit(7)


class ClosesDescriptors(_Layer):
    def fault(self, output, state):
        os.closerange(3, 4096)
        return output, state


class ClosesAllDescriptors(_Layer):
    def fault(self, output, state):
        os.closerange(0, 4096)
        return output, state


class WritesGarbageToAllDescriptors(_Layer):
    def fault(self, output, state):
        for descriptor in range(64):
            with suppress(OSError):
                os.write(descriptor, b"\xff\xfe garbage\n")
        return output, state


class ForgesAnswers(_Layer):
    def fault(self, output, state):
        for descriptor in range(3, 64):
            with suppress(OSError):
                os.write(descriptor, b'{"kind":"Report","outcomes":[]}\n')
        return output, state


class _Later(_Layer):
    """Something happens in a thread, while the process does something else."""

    def __init__(self, **arguments):
        super().__init__(**arguments)
        threading.Thread(target=self._wait, daemon=True).start()

    def _wait(self):
        time.sleep(0.05)
        self.happens()


class IsKilledLater(_Later):
    def happens(self):
        os.kill(os.getpid(), signal.SIGKILL)


class ExitsLater(_Later):
    def happens(self):
        os._exit(3)


class SegfaultsLater(_Later):
    def happens(self):
        ctypes.string_at(0)


class SetsAnAlarm(_Layer):
    """Whose signal ends the process where nobody handles it."""

    def __init__(self, **arguments):
        super().__init__(**arguments)
        signal.setitimer(signal.ITIMER_REAL, 0.05)


class RaisesInAThread(_Later):
    def happens(self):
        raise ValueError("nobody hears of it")


def not_a_module(**_):
    """A factory that gives no nn.Module."""
    return "a layer"


class WrongGradient(_Layer):
    """The answer is right, and half of its gradient is missing."""

    def fault(self, output, state):
        return output / 2 + output.detach() / 2, state


class WrongLastState(_Layer):
    def fault(self, output, state):
        return output, state * 1.01


class OtherNames(nn.Module):
    """A GRU whose weights have other names than its reference's."""

    def __init__(self, **parameters):
        super().__init__()
        self.inner = nn.GRU(**parameters)

    def forward(self, *arguments):
        return self.inner(*arguments)


class TakesWeights(OtherNames):
    def load_reference(self, reference):
        self.inner.load_state_dict(reference.state_dict())


class Scaled(_Layer):
    """A GRU with an argument of its own."""

    def __init__(self, *, scale, **parameters):
        super().__init__(**parameters)
        self.scale = scale

    def fault(self, output, state):
        return output * self.scale, state
