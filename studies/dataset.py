"""The committed example of the data set, and its data card, from the reference runs.

    python -m studies.dataset

Writes `launches.parquet` and `README.md` into `results/dataset/`.
"""

import sys
from collections import Counter
from pathlib import Path

from rnnbench.analysis.launch_rows import COLUMNS, SCHEMA, launch_rows
from rnnbench.storage.files import write_text
from rnnbench.storage.parquet_file import write_parquet
from rnnbench.storage.results_file import load_run
from studies.markdown import table

RESULTS = Path(__file__).parents[1] / "results"
FOLDER = RESULTS / "dataset"
NAMES = ("quick-epyc-2-cores", "quick-epyc-avx2-2-cores", "uses-epyc-2-cores")
NAMES += ("cuda-h200",)

CARD = """# Data card

Written by `python -m studies.dataset`.

**Content.** Times of PyTorch's recurrent layers, one row for each case and launch, from
{runs} committed runs on {machines} kinds of machines: {rows:,} rows. The columns are
described in the file's schema and in [The data set](../../docs/dataset.md).

**Collection.** Each run was measured by rnnbench: layers take turns in fresh processes
on cores of their own, results are checked before timing, and disturbed calls are
repeated ([Method](../../docs/method.md)).

**Uses.** To compare layers within a launch, to study noise between launches and turns,
and to try models of cost. Rows of your own runs, written by `rnnbench export`, can be
appended.

**Limits.** Few machines, none of them idle hardware of its own: the CPUs are virtual
machines. Sizes are those of the sweeps and no sample of what is used in practice.
Times hold for the versions of PyTorch in the rows. Cases that were not measured are
there, with their status.

**People.** No data about persons. Names of hosts are opaque.

**License.** MIT, as the repository.

{table}
"""


def card(rows: list[dict[str, object]]) -> str:
    """The data card of those rows, as Markdown."""
    runs = Counter((str(r["created"])[:10], r["sweep"], r["machine"]) for r in rows)
    cases = Counter(
        (day, sweep, machine)
        for day, sweep, machine, _ in {
            (str(r["created"])[:10], r["sweep"], r["machine"], r["case"]) for r in rows
        }
    )
    lines = table(
        ("measured", "sweep", "machine", "cases", "rows"),
        [(*map(str, key), str(cases[key]), str(runs[key])) for key in sorted(runs)],
        3,
    )
    return CARD.format(
        runs=len({row["run"] for row in rows}),
        machines=len({row["machine"] for row in rows}),
        rows=len(rows),
        table="\n".join(lines),
    )


def example_rows() -> list[dict[str, object]]:
    """The rows of the reference runs that the example is made of."""
    paths = [RESULTS / "reference" / f"{name}.json" for name in NAMES]
    return [row for path in paths for row in launch_rows(load_run(path))]


def main() -> None:
    """Write both files."""
    rows = example_rows()
    target = FOLDER / "launches.parquet"
    write_parquet(target, COLUMNS, rows, {"rnnbench_schema": str(SCHEMA)})
    write_text(FOLDER / "README.md", card(rows))
    sys.stdout.write(f"{len(rows)} rows written to {target}\n")


if __name__ == "__main__":
    main()
