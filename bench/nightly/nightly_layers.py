"""A package of layers, of which a night has a version: its GRU may have become slower.

`simulate.py` puts it into each interpreter, and SLOWER into that of one night.
"""

import time

from torch import nn

# A share of each call's own time, at one size alone.
SLOWER = 0.0
AT = 128


class gru(nn.GRU):  # noqa: N801 - it is named as torch.nn's layers are in a sweep
    """nn.GRU, and then nothing for a share of what that took."""

    def forward(self, *arguments):
        """As nn.GRU does."""
        began = time.perf_counter()
        output = super().forward(*arguments)
        share = SLOWER if self.hidden_size == AT else 0.0
        end = time.perf_counter() + share * (time.perf_counter() - began)
        while time.perf_counter() < end:
            pass
        return output
