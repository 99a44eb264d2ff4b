"""Layers of a user's whose output, error or process is not what it seems.

Named `tests.data.odd_layers:NAME` from the root of the repository.
"""

import json
import os
import struct

import torch

from tests.data.meddling_layers import MeddlingLayer


class PayloadNan(MeddlingLayer):
    """A signalling NaN with a payload in one place."""

    def fault(self, output, state):
        bits = struct.unpack("i", struct.pack("I", 0x7F800001))[0]
        output = output.clone()
        output.view(-1)[0] = torch.tensor(bits, dtype=torch.int32).view(torch.float32)
        return output, state


class Sparse(MeddlingLayer):
    def fault(self, output, state):
        return output.to_sparse(), state


class OnMeta(MeddlingLayer):
    def fault(self, output, state):
        return output.to("meta"), state


class LyingTensor(torch.Tensor):
    """A tensor that says that it has another shape, and raises where it is shown."""

    @property
    def shape(self):
        raise RuntimeError("no shape")

    def __repr__(self):
        raise RuntimeError("no repr")


class ReturnsLyingTensor(MeddlingLayer):
    def fault(self, output, state):
        return output.as_subclass(LyingTensor), state


class DeadlyError(Exception):
    def __str__(self):  # noqa: PLE0307 - it never returns
        os._exit(0)


class RaisesDeadly(MeddlingLayer):
    """An exception that ends the process when it is printed."""

    def fault(self, output, state):
        raise DeadlyError


class RaisesGroup(MeddlingLayer):
    def fault(self, output, state):
        inner = ValueError("inner")
        for _ in range(60):
            inner = ExceptionGroup("many", [inner, inner])
        raise inner


class ExitsZero(MeddlingLayer):
    """Ends as if all were well."""

    def fault(self, output, state):
        os._exit(0)


class PatchesJson(MeddlingLayer):
    def __init__(self, **arguments):
        super().__init__(**arguments)
        json.dumps = lambda *_, **__: "{}"
