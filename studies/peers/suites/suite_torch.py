"""torch.utils.benchmark: `python suite_torch.py blocked_autorange OUTPUT.json`."""

import json
import sys
from pathlib import Path

from names import CELLS
from torch.utils.benchmark import Timer
from work import make


def main():
    method, output = sys.argv[1:]
    values = {}
    for cell in CELLS:
        step = make(cell)
        with step.context():
            timer = Timer("call()", globals={"call": step.call}, num_threads=1)
            read = getattr(timer, method)()
        values[cell] = {"median": read.median, "mean": read.mean, "iqr": read.iqr}
        values[cell]["blocks"] = len(read.times)
    Path(output).write_text(json.dumps(values), encoding="utf-8")


if __name__ == "__main__":
    main()
