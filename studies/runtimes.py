"""Does measuring a runtime add to its calls, and is a runtime equal to itself?

    python -m studies.runtimes --output results/reference/runtime-checks

Overhead: in a few fresh processes, our call and a bare loop over the runtime's own
interface take turns. The ratio of their medians has a 95 % interval over processes;
the goal is a ratio below 1.02.

A/A: `rnnbench gate` with this interpreter on both sides, so that each runtime is
compared with itself. Each case should be unchanged.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from math import log
from pathlib import Path
from statistics import median
from typing import Any

from rnnbench.analysis.labels import layer_name
from rnnbench.analysis.stats import Interval, ratio_interval
from rnnbench.model.case import Case
from rnnbench.model.runtimes import RUNTIMES, reason_against, runtime_label
from rnnbench.regression.gate_decision import Judgement
from rnnbench.regression.gate_run import GateSides, run_gate
from rnnbench.regression.version_source import WorkerPlace
from rnnbench.runner.worker_env import Setting
from rnnbench.storage.files import write_text
from rnnbench.sweep.arguments import sweep_of_axes
from rnnbench.worker.layers.step import Step, build
from studies.markdown import table

SIZE = {"input_size": 64, "hidden_size": 128, "seq_len": 32, "batch_size": 1}
LAYERS = ("lstm", "gru")
# The code of `compile_rnn` and `aoti` takes half a minute for each case to build, and
# is called as that of `compile` and `torchscript`.
SLOW_TO_BUILD = ("compile_rnn", "aoti")
MEASURED = tuple(name for name in RUNTIMES if name not in SLOW_TO_BUILD)
# Calls of a turn, and turns of each side.
CALLS, TURNS = 50, 20


def _module(step: Step) -> Callable[[], Any]:
    """PyTorch's own runtimes: the module that the runtime has made, called as it is."""
    assert step.prepared is not None
    module: Any = step.prepared.module
    given = step.kept.given
    return lambda: module(*given)


def _onnxruntime(step: Step) -> Callable[[], Any]:
    assert step.prepared is not None
    calls: Any = step.prepared.call
    run, binding = calls._run, calls._binding
    return lambda: run(binding)


def _openvino(step: Step) -> Callable[[], Any]:
    assert step.prepared is not None
    calls: Any = step.prepared.call
    infer: Callable[[], Any] = calls._request.infer
    return infer


def _jax(step: Step) -> Callable[[], Any]:
    import jax  # noqa: PLC0415 - an extra, and only here

    assert step.prepared is not None
    calls: Any = step.prepared.call
    own = calls.__self__
    compiled, arguments = own.forward, (own.weights, own.numbers, own.states)
    return lambda: jax.block_until_ready(compiled(*arguments))


BARE: Mapping[str, Callable[[Step], Callable[[], Any]]] = {
    **dict.fromkeys(("torchscript", "compile", "int8_dynamic", "cell_loop"), _module),
    "onnxruntime": _onnxruntime,
    "openvino": _openvino,
    "jax": _jax,
}


def overhead(case: Case, turns: int = TURNS) -> float:
    """The median of our calls over that of bare calls, in this process."""
    step = build(case)
    sides = {"ours": step.call, "bare": BARE[case.runtime](step)}
    taken: dict[str, list[float]] = {name: [] for name in sides}
    step.enter()
    with step.context():
        for turn in range(turns):
            for name in sorted(sides, reverse=bool(turn % 2)):
                began = time.perf_counter()
                for _ in range(CALLS):
                    sides[name]()
                taken[name].append((time.perf_counter() - began) / CALLS)
    return median(taken["ours"]) / median(taken["bare"])


def overheads(processes: int) -> dict[str, dict[str, list[float]]]:
    """For each runtime and layer the ratios of all processes."""
    found: dict[str, dict[str, list[float]]] = {
        runtime: {layer: [] for layer in LAYERS} for runtime in BARE
    }
    for _ in range(processes):
        for runtime, by_layer in found.items():
            command = [sys.executable, "-m", "studies.runtimes", "--child", runtime]
            done = subprocess.run(
                command,
                env=Setting().variables(os.environ),
                stdout=subprocess.PIPE,
                check=True,
            )
            for layer, ratio in json.loads(done.stdout.splitlines()[-1]).items():
                by_layer[layer].append(ratio)
    return found


def same_with_itself(seconds: float) -> tuple[Judgement, ...]:
    """The gate's verdict on each runtime and layer, with this interpreter twice."""
    sweep = sweep_of_axes({"layer": list(LAYERS), "runtime": list(MEASURED), **SIZE})
    here = WorkerPlace(sys.executable)
    sides = GateSides(baseline=here, candidate=here)
    return run_gate(sweep, sides, seconds, lambda _: None).judgements


def overhead_table(found: Mapping[str, Mapping[str, Sequence[float]]]) -> list[str]:
    """A row for each runtime, a column for each layer."""
    rows = [
        (
            runtime_label(runtime),
            *(_span(ratio_interval([*map(log, by_layer[layer])])) for layer in LAYERS),
        )
        for runtime, by_layer in found.items()
    ]
    heads = ("our call ÷ a bare call", *map(layer_name, LAYERS))
    return table(heads, rows, words=1)


def same_table(judgements: Sequence[Judgement]) -> list[str]:
    """A row for each runtime and layer: the verdict and the ratio."""
    rows = [
        (
            runtime_label(one.pair.candidate.runtime),
            layer_name(one.pair.candidate.layer),
            str(one.verdict),
            _span(one.first) if one.first else _why(one),
        )
        for one in judgements
    ]
    heads = ("a runtime against itself", "layer", "verdict", "ratio (98 % interval)")
    return table(heads, rows, words=3)


def _why(one: Judgement) -> str:
    return reason_against(one.pair.candidate) or one.reason


def _span(ratio: Interval) -> str:
    return f"{ratio.estimate:.3f} ({ratio.low:.3f} to {ratio.high:.3f})"


def main() -> None:
    """Measure, print both tables and, with --output, write them to a folder."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--processes", type=int, default=4, help="for the overhead")
    parser.add_argument("--seconds", type=float, default=330, help="at most, for A/A")
    parser.add_argument("--output", type=Path, help="folder for tables.md")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        found = {
            layer: overhead(Case(layer=layer, runtime=options.child, **SIZE))
            for layer in LAYERS
        }
        sys.stdout.write(json.dumps(found))
        return
    lines = overhead_table(overheads(options.processes))
    lines += ["", *same_table(same_with_itself(options.seconds))]
    text = "\n".join(lines) + "\n"
    sys.stdout.write(text)
    if options.output:
        options.output.mkdir(parents=True, exist_ok=True)
        write_text(options.output / "tables.md", text)


if __name__ == "__main__":
    main()
