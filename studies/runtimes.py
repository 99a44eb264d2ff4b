"""Does measuring a runtime add to its calls, and is a runtime equal to itself?

    python -m studies.runtimes

prints, for each runtime with an interface of its own, the median of our call and of a
bare loop over that interface, in turns in one process. The goal is a ratio below 1.02.

A runtime against itself (A/A), with intervals, each side in a process of its own:

    rnnbench run --layer lstm,gru --compare runtime \\
        --runtime onnxruntime,studies.runtimes:onnxruntime
"""

import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from rnnbench.model.case import Case
from rnnbench.model.runtimes import RUNTIMES
from rnnbench.worker.layers.step import build
from rnnbench.worker.runtimes.prepare import Maker, maker_of
from rnnbench.worker.runtimes.prepared import Prepared

CALLS, TURNS = 50, 40


def __getattr__(name: str) -> Maker:
    """The runtime of this name, as if it were the user's own."""
    if name not in RUNTIMES:
        raise AttributeError(name)
    return maker_of(name)


def _onnxruntime(prepared: Prepared) -> Callable[[], Any]:
    calls: Any = prepared.call
    run, binding = calls._run, calls._binding
    return lambda: run(binding)


def _openvino(prepared: Prepared) -> Callable[[], Any]:
    calls: Any = prepared.call
    infer: Callable[[], Any] = calls._request.infer
    return infer


def _jax(prepared: Prepared) -> Callable[[], Any]:
    import jax  # noqa: PLC0415 - an extra, and only here

    calls: Any = prepared.call
    own = calls.__self__
    compiled, arguments = own.forward, (own.weights, own.numbers, own.states)
    return lambda: jax.block_until_ready(compiled(*arguments))


_BARE = {"onnxruntime": _onnxruntime, "openvino": _openvino, "jax": _jax}


def overhead(case: Case) -> float:
    """The median of our calls over that of bare calls."""
    step = build(case)
    assert step.prepared is not None
    sides = {"ours": step.call, "bare": _BARE[case.runtime](step.prepared)}
    taken: dict[str, list[float]] = {name: [] for name in sides}
    with step.context():
        for turn in range(TURNS):
            for name in sorted(sides, reverse=bool(turn % 2)):
                began = time.perf_counter()
                for _ in range(CALLS):
                    sides[name]()
                taken[name].append((time.perf_counter() - began) / CALLS)
    return median(taken["ours"]) / median(taken["bare"])


def main() -> None:
    """Print a table."""
    for runtime in _BARE:
        for layer in ("lstm", "gru"):
            case = Case(
                layer=layer,
                input_size=64,
                hidden_size=128,
                seq_len=32,
                batch_size=1,
                runtime=runtime,
            )
            sys.stdout.write(f"{layer} in {runtime}: {overhead(case):.3f}\n")


if __name__ == "__main__":
    main()
