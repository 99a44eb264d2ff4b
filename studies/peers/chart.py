"""A chart of the spread of each tool's ratio against its wall time."""

import math
from statistics import fmean

import matplotlib.pyplot as plt
from matplotlib import rc_context
from matplotlib.ticker import LogLocator, NullFormatter

from studies.peers.counts import TARGET, groups, spread, workloads_of
from studies.peers.rules import first_estimate

# Colours of Okabe & Ito (2008), which colour-blind readers can tell apart; shapes, too.
STYLES = {
    "rnnbench": ("#000000", "*"),
    "pytest-benchmark": ("#E69F00", "o"),
    "pytest-benchmark --benchmark-precision": ("#E69F00", "s"),
    "torch blocked_autorange": ("#56B4E9", "o"),
    "torch adaptive_autorange": ("#56B4E9", "s"),
    "pyperf --fast": ("#009E73", "D"),
    "asv": ("#CC79A7", "^"),
    "benchmatrix": ("#D55E00", "v"),
}


def points(lines):
    """For each load and tool: seconds, spreads of the workloads, number of repeats."""
    for name, tool, own in groups(lines):
        estimate = first_estimate(tool)
        spreads = [spread(own, estimate, w)[0] for w in workloads_of(own)]
        if len(own) > 1 and min(spreads) > 0:
            wall = fmean(line["wall"] for line in own) / len(spreads)
            yield name, tool, wall, sorted(spreads), len(own)


def draw(lines, path):
    found = list(points(lines))
    loads = list(dict.fromkeys(name for name, *_ in found)) or ["idle"]
    # Text stays text, and the same lines give the same bytes.
    settings = {"svg.fonttype": "none", "svg.hashsalt": "peers", "font.size": 9}
    with rc_context(settings):
        size = (6 * len(loads), 5)
        figure, planes = plt.subplots(
            1, len(loads), figsize=size, sharex=True, sharey=True, squeeze=False
        )
        for plane, name in zip(planes[0], loads, strict=True):
            draw_load(plane, name, [one for one in found if one[0] == name])
        planes[0][0].set_ylabel("spread of GRU / LSTM over repeats (sd, %)")
        figure.tight_layout()
        figure.savefig(path, metadata={"Date": None, "Creator": None})
        plt.close(figure)


def draw_load(plane, name, found):
    plane.set(xscale="log", yscale="log", title=name, xlabel="wall seconds a ratio")
    plane.grid(visible=True, which="major", color="#dddddd", linewidth=0.6)
    plane.axhline(100 * TARGET / 1.96, color="#888888", linewidth=0.8, linestyle="--")
    plane.annotate(
        "±2 % by one run",
        (0.01, 100 * TARGET / 1.96),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        xytext=(0, 3),
        color="#666666",
        fontsize=7,
    )
    heights = label_heights({one[1]: 100 * one[3][-1] for one in found})
    most = max((one[4] for one in found), default=0)
    for _, tool, wall, spreads, repeats in found:
        colour, shape = STYLES[tool]
        percent = [100 * value for value in spreads]
        plane.plot([wall, wall], [percent[0], percent[-1]], color=colour, linewidth=1)
        plane.plot([wall], [percent[-1]], shape, color=colour, markersize=7)
        plane.annotate(
            tool.replace("--benchmark-", "--")
            + (f" ({repeats} repeats)" if repeats < most else ""),
            (wall, percent[-1]),
            xytext=(1.03, heights[tool]),
            textcoords=("axes fraction", "data"),
            verticalalignment="center",
            fontsize=8,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.5},
        )
    plane.margins(x=0.15, y=0.2)
    for axis in (plane.xaxis, plane.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter("{x:g}")
        # Within a decade they would have labels of their own, one over the other.
        axis.set_minor_formatter(NullFormatter())


def label_heights(spreads, apart=1.2):
    """The height of each label, right of all points: that of its point, or lower."""
    heights, last = {}, math.inf
    for tool in sorted(spreads, key=spreads.get, reverse=True):
        last = heights[tool] = min(spreads[tool], last / apart)
    return heights
