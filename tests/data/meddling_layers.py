"""Layers of a user's that give right results, and do something to their process.

They change state of the whole process, start threads and processes, and print. None may
change what is measured of another, and nothing of them may be left. Named
`tests.data.meddling_layers:NAME` from the root of the repository.
"""

import atexit
import ctypes
import gc
import os
import subprocess
import sys
import threading
import time
import warnings

import torch
from torch import nn


class MeddlingLayer(nn.GRU):
    """A GRU that does something else, too, when it is called."""

    def fault(self, output, state):
        return output, state

    def forward(self, *arguments):
        return self.fault(*super().forward(*arguments))


class _WhenBuilt(MeddlingLayer):
    """A GRU that does something else when it is built."""

    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.meddle()


class Meddles(MeddlingLayer):
    """Sets what belongs to the process."""

    def fault(self, output, state):
        torch.set_num_threads(2)
        torch._C._set_mkldnn_enabled(False)
        return output, state


class SetsGradMode(MeddlingLayer):
    def __init__(self, **arguments):
        super().__init__(**arguments)
        torch.set_grad_enabled(False)


class SetsDefaultDtype(MeddlingLayer):
    def fault(self, output, state):
        torch.set_default_dtype(torch.float64)
        return output, state


class SetsAnomalyMode(MeddlingLayer):
    def fault(self, output, state):
        torch.autograd.set_detect_anomaly(True)
        return output, state


class PatchesLSTM(MeddlingLayer):
    """Every LSTM of the process does nothing from then on."""

    def fault(self, output, state):
        torch.nn.LSTM.forward = lambda self, x, hx=None: (x, (x, x))
        return output, state


class AddsGlobalHook(MeddlingLayer):
    def __init__(self, **arguments):
        super().__init__(**arguments)
        torch.nn.modules.module.register_module_forward_hook(lambda *_: None)


class SetsRounding(MeddlingLayer):
    def fault(self, output, state):
        ctypes.CDLL(None).fesetround(0x800)  # up, on x86; <fenv.h>
        return output, state


class SetsEnvironment(MeddlingLayer):
    def fault(self, output, state):
        os.environ["RNNBENCH_FAULTY"] = "1"
        return output, state


class PatchesClock(MeddlingLayer):
    """Makes everything that is timed in this process 100 times as fast."""

    def fault(self, output, state):
        real = time.perf_counter_ns
        time.perf_counter_ns = lambda: real() // 100
        return output, state


class PatchesHarness(MeddlingLayer):
    def fault(self, output, state):
        from rnnbench.worker.timing import clock  # noqa: PLC0415 - on purpose, late

        clock.HostClock.time = lambda *_: 1e-9
        return output, state


class SetsMatmulPrecision(_WhenBuilt):
    def meddle(self):
        torch.set_float32_matmul_precision("medium")


class FlushesDenormals(_WhenBuilt):
    def meddle(self):
        torch.set_flush_denormal(True)


class PatchesLinear(_WhenBuilt):
    def meddle(self):
        torch.nn.functional.linear = lambda x, *_: x


class PatchesCode(_WhenBuilt):
    """The function stays the same object."""

    def meddle(self):
        def forward(self, input, hx=None):  # noqa: A002 - as PyTorch calls it
            return input, (input, input)

        nn.LSTM.forward.__code__ = forward.__code__
        nn.LSTM.forward.__defaults__ = (None,)


class OverridesOperator(_WhenBuilt):
    """Every sigmoid of the process."""

    def meddle(self):
        library = torch.library.Library("aten", "IMPL")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            library.impl("sigmoid", lambda x: x.clone(), "CPU")
        # It holds for as long as this lives.
        OverridesOperator.library = library


class ChangesFolder(_WhenBuilt):
    def meddle(self):
        os.chdir("/")


class TunesCollector(_WhenBuilt):
    def meddle(self):
        gc.set_threshold(1, 1, 1)


class MovesToAnotherCore(_WhenBuilt):
    def meddle(self):
        os.sched_setaffinity(0, range(os.cpu_count()))


class LowersPriority(_WhenBuilt):
    def meddle(self):
        os.nice(10)


class SetsSwitchInterval(_WhenBuilt):
    def meddle(self):
        sys.setswitchinterval(1e-6)


class Traces(_WhenBuilt):
    def meddle(self):
        sys.setprofile(lambda *_: None)


class ClosesOutput(_WhenBuilt):
    def meddle(self):
        sys.stdout, sys.stderr = None, None
        os.closerange(1, 3)


class PrintsAlways(MeddlingLayer):
    def fault(self, output, state):
        os.write(2, b"a call\n" * 1000)
        return output, state


class HangsAtExit(_WhenBuilt):
    def meddle(self):
        atexit.register(time.sleep, 3600)


class StartsThread(_WhenBuilt):
    """Which keeps the interpreter busy."""

    def meddle(self):
        threading.Thread(target=_spin, daemon=True).start()


def _spin():
    while True:
        pass


# The worker's last argument marks all of its processes, for a test to find.
def _child(code, **options):
    return subprocess.Popen([sys.executable, "-c", code, sys.argv[-1]], **options)


class StartsBusyProcesses(_WhenBuilt):
    def meddle(self):
        for _ in range(4):
            _child("while True: pass")


class StartsSession(_WhenBuilt):
    """A process that nothing ties to the worker but its descent."""

    def meddle(self):
        _child("while True: pass", env={}, start_new_session=True, close_fds=True)


class StartsDaemon(_WhenBuilt):
    """A process whose parent ends at once."""

    def meddle(self):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                while True:
                    time.sleep(1)
            os._exit(0)
        os.wait()


class Forks(_WhenBuilt):
    """And both go on."""

    def meddle(self):
        os.fork()


class ForksOften(_WhenBuilt):
    """Each child forks again: 63 processes."""

    def meddle(self):
        for _ in range(6):
            if os.fork() == 0:
                self.is_child = True
        while getattr(self, "is_child", False):
            time.sleep(1)


class ForksAndExits(_WhenBuilt):
    """Its child holds every descriptor open."""

    def meddle(self):
        if os.fork() == 0:
            while True:
                time.sleep(1)
        os._exit(7)
