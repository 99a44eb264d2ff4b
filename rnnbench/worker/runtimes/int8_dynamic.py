"""PyTorch's dynamic quantization: weights in eight bits, activations on the fly."""

import io
import time
import warnings

import torch
from torch import nn

from rnnbench.worker.runtimes.prepared import Prepared, Source
from rnnbench.worker.runtimes.torch_module import call_first, prepare_module


def prepare(source: Source) -> Prepared:
    """The quantized layer."""
    began = time.monotonic()
    with warnings.catch_warnings():
        # PyTorch has deprecated this module in favour of torchao, which has no layers.
        warnings.simplefilter("ignore")
        whole = torch.ao.quantization.quantize_dynamic(  # type: ignore[no-untyped-call]
            nn.Sequential(source.module), {nn.LSTM, nn.GRU}, dtype=torch.qint8
        )
    built = time.monotonic()
    saved = io.BytesIO()
    torch.save(whole.state_dict(), saved)
    prepared = prepare_module(
        source,
        whole[0],
        artefact_bytes=len(saved.getvalue()),
        build_seconds=built - began,
    )
    return call_first(source.case, prepared)
