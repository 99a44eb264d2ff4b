"""How much time does a run of sixty workloads take, and how much of it is measuring?

    python -m studies.speed results/reference/sixty-epyc-2-cores.json

Reads the run's own file and judges three goals: wall time, the width of the intervals
of time ratios, and the share of the wall time inside turns.
"""

import argparse
import sys
from pathlib import Path

from rnnbench.analysis.ratio import ratios
from rnnbench.model.errors import RnnbenchError
from rnnbench.model.metric import TIME
from rnnbench.model.run import Run
from rnnbench.storage.results_file import load_run

# Goals for configs/sixty.yaml on two cores.
WALL_SECONDS, WIDTH, SHARE_INSIDE = 300.0, 0.02, 0.8


def table(run: Run) -> list[str]:
    """A line for each goal."""
    widths = [
        ratio.interval.half_width / ratio.interval.estimate
        for ratio in ratios(run)
        if ratio.metric is TIME
    ]
    narrow = sum(width <= WIDTH for width in widths)
    wall, share = run.effort.wall, run.effort.share_inside_turns
    widest = f"the widest is ±{max(widths, default=0):.1%}"
    return [
        _line(
            f"wall time {wall:.0f} s, goal at most {WALL_SECONDS:.0f} s",
            is_met=wall <= WALL_SECONDS,
        ),
        _line(
            f"{narrow} of {len(widths)} time ratios within ±{WIDTH:.0%}, goal all; "
            f"{widest}",
            is_met=narrow == len(widths),
        ),
        _line(
            f"{share:.1%} of the wall time inside turns, goal at least "
            f"{SHARE_INSIDE:.0%}",
            is_met=share >= SHARE_INSIDE,
        ),
    ]


def _line(text: str, *, is_met: bool) -> str:
    return f"{'met' if is_met else 'MISSED'}: {text}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", type=Path, help="a results file")
    try:
        lines = table(load_run(parser.parse_args().results))
    except RnnbenchError as error:
        sys.exit(str(error))
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
