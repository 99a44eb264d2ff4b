"""Fill the figures of README.md and docs/ in from committed results.

A figure stands between two comments, the first of which says what it is:

    <!-- figure: mean quick-epyc-2-cores onednn=true phase=train -->3.15<!-- / -->

The words after `figure:` are a row of `FIGURES` and its arguments. In running text a
marker must not begin a line: Markdown would end the paragraph there. Run this file to
bring every figure up to date; `--check` changes nothing and exits with 1 where a
figure is stale. A figure whose run is not committed yet is left as it stands, and
listed.
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import calibration_figures
import learning_figures
import peer_figures
import run_figures
import runtime_figures
import study_figures

from rnnbench.model.errors import RnnbenchError

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "docs/**/*.md")

FIGURES: dict[str, Callable[..., str]] = {
    "mean": run_figures.mean,
    "interval": run_figures.interval,
    "range": run_figures.span_of_sizes,
    "widths": run_figures.widths,
    "launches": run_figures.launches,
    "seconds": run_figures.seconds,
    "cases": run_figures.cases,
    "by-backend": run_figures.by_backend,
    "by-size": run_figures.by_size,
    "by-use": run_figures.by_use,
    "answers": run_figures.answers,
    "terminal": run_figures.terminal,
    "provenance": run_figures.provenance,
    "versions": run_figures.versions,
    "learning-steps": learning_figures.steps,
    "learning-claims": learning_figures.verdicts,
    "character-bits": learning_figures.character_bits,
    "character-table": learning_figures.character_table,
    "peer": peer_figures.value,
    "peers": peer_figures.table,
    "peers-sixty": peer_figures.sixty,
    "peers-farthest": peer_figures.farthest,
    "calibration": calibration_figures.table,
    "calibration-date": calibration_figures.provenance,
    "calibration-met": calibration_figures.met,
    "peers-date": peer_figures.provenance,
    "study-table": study_figures.table,
    "host-coverage": study_figures.host_coverage,
    "layers-by-runtime": runtime_figures.layers_by_runtime,
    "runtime-gain": runtime_figures.gain,
    "runtime-gain-range": runtime_figures.gain_range,
    "step-latencies": runtime_figures.latencies,
    "streams-per-core": runtime_figures.capacities,
    "deployment-cards": runtime_figures.cards,
}

_FIGURE = re.compile(
    r"(?P<start>^[ \t]*)?"
    r"(?P<open><!-- figure: (?P<words>[^>]+?) -->)(?P<text>.*?)(?P<close><!-- / -->)",
    re.DOTALL | re.MULTILINE,
)


def pages() -> Iterator[Path]:
    """Every Markdown file that may hold figures."""
    for pattern in PAGES:
        yield from sorted(ROOT.glob(pattern))


def filled(text: str) -> str:
    """`text` with each of its figures as the committed results have it.

    A figure of a run that is not committed yet stays as it is.

    ValueError where a marker names no figure, or arguments that it does not take.
    """
    return _FIGURE.sub(_filled, text)


def pending(text: str) -> Iterator[tuple[str, str]]:
    """The figures whose run is not committed yet, each with the reason."""
    for found in _FIGURE.finditer(text):
        name, *words = found["words"].split()
        try:
            FIGURES[name](*words)
        except runtime_figures.NotCommittedError as error:
            yield found["words"], str(error)


def _filled(found: re.Match[str]) -> str:
    name, *words = found["words"].split()
    if name not in FIGURES:
        known = ", ".join(FIGURES)
        raise ValueError(f"{found['words']!r}: {name!r} is none of {known}")
    try:
        value = FIGURES[name](*words)
    except runtime_figures.NotCommittedError:
        return found[0]
    except (TypeError, LookupError, AttributeError, OSError, RnnbenchError) as error:
        raise ValueError(f"{found['words']!r}: {error}") from error
    is_table = "\n" in value
    if is_table != (found["start"] is not None):
        where = "begin" if is_table else "not begin"
        raise ValueError(f"{found['words']!r}: the marker must {where} its line")
    # A table needs its own paragraph: a blank line on both sides.
    block = f"\n\n{value}\n\n" if is_table else value
    return f"{found['start'] or ''}{found['open']}{block}{found['close']}"


def main(arguments: list[str]) -> int:
    """Write every stale page, or list them; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="list stale files only")
    check = parser.parse_args(arguments).check
    stale = []
    for page in pages():
        text = page.read_text(encoding="utf-8")
        if (new := filled(text)) != text:
            stale.append(page)
            if not check:
                page.write_text(new, encoding="utf-8")
    for page in pages():
        for words, why in pending(page.read_text(encoding="utf-8")):
            print(f"{page.relative_to(ROOT)}: {words}: left as it is: {why}")
    for page in stale:
        print(page.relative_to(ROOT), "is stale" if check else "written")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
