"""Cells that each tool measures: one for each layer of each workload of a sweep."""

import json
from dataclasses import dataclass
from pathlib import Path

from rnnbench.model.case_codec import encode_case
from rnnbench.sweep.load import load_sweep

# The three of sweep.yaml go by their size. Calls of about 0.1 to 0.2 ms, of 1 to 2 ms
# and of 3 to 8 ms.
SIZES = {
    "inference-i64-h64-l1-t16-b4-cpu": "small",
    "train-i64-h64-l1-t16-b4-cpu": "middle",
    "train-i64-h128-l2-t32-b4-cpu": "large",
}
TWIN = "twin"
LAYERS = {"torch.nn:LSTM": TWIN, "peers_layers:lstm_slow": "lstm_slow"}


@dataclass(frozen=True)
class Work:
    """A sweep for rnnbench; the file and the names of its cells for other tools."""

    sweep: Path
    file: Path
    cells: tuple[str, ...]


def cell_of(workload, layer):
    return f"{SIZES.get(workload, workload)}/{LAYERS.get(layer, layer)}"


def cases_of(sweep, every=1):
    """The case of each cell of every `every`-th workload, without rnnbench's twin."""
    return {
        cell_of(workload.id, case.layer): encode_case(case)
        for workload in load_sweep(sweep).workloads[::every]
        for case in workload.members
        if LAYERS.get(case.layer) != TWIN
    }


def work_in(folder, sweep, every=1):
    """Write the cells of `sweep` to a file in `folder`, one a line."""
    cases = cases_of(sweep, every)
    lines = (f"{json.dumps(cell)}:{json.dumps(case)}" for cell, case in cases.items())
    file = folder / f"cells-{len(cases)}.json"
    file.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return Work(sweep, file, tuple(cases))
