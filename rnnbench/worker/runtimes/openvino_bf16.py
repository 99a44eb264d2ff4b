"""OpenVINO in bfloat16, its own choice on CPUs that have it."""

import openvino as ov

from rnnbench.worker.runtimes.openvino import in_precision
from rnnbench.worker.runtimes.prepared import Prepared, Source


def prepare(source: Source) -> Prepared:
    """The graph in bfloat16."""
    return in_precision(source, ov.Type.bf16)
