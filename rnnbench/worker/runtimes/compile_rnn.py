"""torch.compile with `allow_rnn`: the loop over time is unrolled and compiled."""

import torch

from rnnbench.worker.runtimes.compile import compiled
from rnnbench.worker.runtimes.prepared import Prepared, Source


def prepare(source: Source) -> Prepared:
    """The layer compiled for its sequence length."""
    settings = torch._dynamo.config.patch(allow_rnn=True)  # noqa: SLF001
    return compiled(source, settings)
