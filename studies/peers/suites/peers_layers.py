"""The slowdown that every tool should find: nn.LSTM that takes 3 % longer.

A foreign layer, `peers_layers:lstm_slow` in sweep.yaml. In training it waits for 3 % of
the whole call, at the end of the backward pass, and costs a hook of about 3 µs, which
is the same for every tool.
"""

import time

from torch import nn
from torch.autograd import Variable

SLOWER = 0.03


class lstm_slow(nn.LSTM):  # noqa: N801 - it is named as torch.nn's layers are in a sweep
    """nn.LSTM, and then nothing for a share of what that took."""

    def forward(self, *arguments):
        """As nn.LSTM does."""
        began = time.perf_counter()
        output = super().forward(*arguments)
        if not output[0].requires_grad:
            spin(began)
            return output

        def at_its_end(_):
            # Runs when the engine has done the last node, so after all gradients.
            Variable._execution_engine.queue_callback(lambda: spin(began))

        output[0].register_hook(at_its_end)
        return output


def spin(began):
    end = time.perf_counter()
    end += SLOWER * (end - began)
    while time.perf_counter() < end:
        pass
