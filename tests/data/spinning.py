"""A GRU that does nothing for a share of each call's own time, after the call."""

import time

from torch import nn


class Spinning(nn.GRU):
    """nn.GRU, and then a wait of `share` of what it took."""

    share = 0.0

    def forward(self, *arguments):
        """As nn.GRU does."""
        began = time.perf_counter()
        output = super().forward(*arguments)
        end = time.perf_counter() + self.share * (time.perf_counter() - began)
        while time.perf_counter() < end:
            pass
        return output


class Slow(Spinning):
    """Takes twenty times as long: a busy machine cannot hide it."""

    share = 19.0


gru, slow_gru = Spinning, Slow
