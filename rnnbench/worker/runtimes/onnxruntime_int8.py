"""ONNX Runtime with weights that are quantized to eight bits."""

import tempfile
import time
from pathlib import Path

from onnxruntime.quantization import QuantType, quantize_dynamic

from rnnbench.worker.runtimes.onnx_graph import onnx_model
from rnnbench.worker.runtimes.onnxruntime import in_session
from rnnbench.worker.runtimes.prepared import Prepared, Source


def prepare(source: Source) -> Prepared:
    """The graph with its weights quantized, in a session of its own."""
    began = time.monotonic()
    model = onnx_model(source.case, source.module, has_state=bool(source.states))
    with tempfile.TemporaryDirectory() as folder:
        plain, quantized = Path(folder) / "plain.onnx", Path(folder) / "int8.onnx"
        plain.write_bytes(model)
        quantize_dynamic(plain, quantized, weight_type=QuantType.QInt8)
        return in_session(source, quantized.read_bytes(), time.monotonic() - began)
