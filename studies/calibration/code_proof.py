"""A proof that restructured code measures as the code of an earlier commit did.

Definition by definition, the code of that commit is compared with today's, after the
renames of `RENAMED`. Where nothing differs but what `ACCEPTED` names with a reason, the
digests of a calibration that the earlier code measured may be replaced by today's.
"""

import ast
import hashlib
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rnnbench.model.errors import ResultsError
from studies.calibration.code_digest import (
    COMMON,
    OWN,
    Source,
    code_of,
    digests,
    measuring_code,
)
from studies.calibration.samples import Calibration

# The last commit before the package was divided into folders.
BASE = "6780c86"
# The files of that commit which hold what the modules of `code_digest` hold today. A
# module that is new since then has no line: its definitions came from the others.
BASE_FILES = {
    "rnnbench.analysis.launch_estimate": ("rnnbench/reduction.py",),
    "rnnbench.analysis.stats": ("rnnbench/stats.py",),
    "rnnbench.runner.stop_rule": ("rnnbench/precision.py", "rnnbench/looks.py"),
    "rnnbench.runner.timing": ("rnnbench/timing.py",),
    "rnnbench.runner.worker_env": ("rnnbench/setting.py",),
    "rnnbench.worker.layers.factory": ("rnnbench/worker/layers.py",),
    "rnnbench.worker.layers.inputs": ("rnnbench/worker/inputs.py",),
    "rnnbench.worker.layers.step": ("rnnbench/worker/step.py",),
    "rnnbench.worker.timing.blocks": ("rnnbench/worker/blocks.py",),
    "rnnbench.worker.timing.canary": ("rnnbench/worker/watch.py",),
    "rnnbench.worker.timing.clock": ("rnnbench/worker/clock.py",),
    "rnnbench.worker.timing.floor": ("rnnbench/worker/floor.py",),
    "rnnbench.worker.timing.rounds": ("rnnbench/worker/turns.py",),
    "rnnbench.worker.timing.slowdown": ("rnnbench/worker/slowed.py",),
    "rnnbench.worker.timing.turn": ("rnnbench/worker/turn.py",),
    "rnnbench.worker.timing.yardstick": ("rnnbench/worker/yardstick.py",),
    "studies.calibration.cells": ("rnnbench/calibration_cells.py",),
}
# Names of the base that have another name today: modules, functions, classes, fields.
RENAMED: Mapping[str, str] = {
    "Block": "TimedBlock",
    "Field": "PreparedWorkload",
    "_Sheet": "_TurnRecord",
    "entrants": "prepared",
    "know": "adopt",
    "play": "take",
    "_LONG_CALL": "LONG_CALL",
    "looks": "interim_looks",
    "reference": "baseline",
    "_Parts": "Parts",
    "_backward": "backward_of",
    "_forward": "forward_of",
    "_optimizer": "optimizer_of",
}
# Definitions whose code differs from the base on purpose: the fingerprint of today's
# code, and the reason why it changes no measurement.
_TURN_PLAN = "the calls of a turn come from one table; a test compares all of them"
_ROUNDS = "one function for worker and estimate; a test compares all of its results"
_CACHED = "the same expression, whose results are kept"
_RUNTIMES = "another runtime goes another way; eager's calls are made as before"
_EXACT = "the standard deviation of `statistics`, bit for bit, by integers"
_WELCH = "the variance of `statistics`, bit for bit, by integers"
_WIDTHS = "the same widths, which a merge of runs asks for, too"
_STREAM = "another phase; the calls of the others are the same"
ACCEPTED: Mapping[str, tuple[str, str]] = {
    "TurnPlan": ("b15bf925", _TURN_PLAN),
    "TurnPlan.calls": ("0f8a5b92", _TURN_PLAN),
    "_BY_SECONDS": ("cb004a45", _TURN_PLAN),
    "_CALLS": ("450260d0", _STREAM),
    "Parts": ("18a6fc78", _STREAM),
    "median_interval": ("ef4ff7d6", "of services; no time, ratio or verdict uses it"),
    "_call_stream": ("4587082d", _STREAM),
    "Step.context": ("b83cc573", _STREAM),
    "context_of": ("e965b8e8", _STREAM),
    "make_layer": ("b04d8e8e", _STREAM),
    "make_state": ("5ee2e540", _STREAM),
    "_LONG": ("d8d1416a", _TURN_PLAN),
    "_LONGER": ("e0a31936", _TURN_PLAN),
    "plan": ("5ee1251b", _TURN_PLAN),
    "turn_plan": ("7fc59446", _TURN_PLAN),
    "rounds_that_fit": ("14c2f893", _ROUNDS),
    "take_rounds": ("7ccd5bf8", _ROUNDS),
    "_lower_third": ("9ddb336e", _CACHED),
    "launch_log": ("f1cb4fdd", _CACHED),
    "reach": ("22a67095", _CACHED),
    "stdev": ("6aecb5e7", _EXACT),
    "_exact_variance": ("6baafad7", _EXACT),
    "welch": ("b267d9f2", _WELCH),
    "member_widths": ("36a585df", _WIDTHS),
    "widths_of": ("47befad4", _WIDTHS),
    "_arguments": ("47e81326", "further arguments of a user's layer; others have none"),
    "Setting.variables": (
        "286db049",
        "removes more variables, none of which was set in a calibration",
    ),
    "_root": ("0aeda800", _EXACT),
    "_odd_root": ("dfa68ae9", _EXACT),
    "Step": ("0a56968a", _RUNTIMES),
    "build": ("73cbcd81", _RUNTIMES),
    "call_of": ("08b03d69", _RUNTIMES),
    "is_narrow": (
        "fe805e78",
        "the comparison of a width with the precision, now written once",
    ),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """A definition of the measuring code that is not the base's.

    `fingerprint`: of its code today; empty where there is none.
    """

    name: str
    kind: str  # "changed", "added" or "removed"
    fingerprint: str = ""

    @property
    def reason(self) -> str:
        """Why it changes no measurement; empty where that is not known of this code."""
        fingerprint, reason = ACCEPTED.get(self.name, ("", ""))
        return reason if fingerprint == self.fingerprint else ""


def source_at(commit: str) -> Source:
    """Sources as they were at `commit`, whose files are where the base's are."""
    return lambda module: "\n".join(
        _shown(f"{commit}:{path}") for path in BASE_FILES.get(module, ())
    )


def _shown(name: str) -> str:
    """A file of an earlier commit; ResultsError where the clone does not have it."""
    command = ["git", "-C", str(Path(__file__).parent), "show", name]
    try:
        done = subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise ResultsError(f"{name}: git can't show it: {error}") from error
    return done.stdout.decode("utf-8")


def renamed(source: str, names: Mapping[str, str]) -> str:
    """A source in which names, as whole words, are replaced by their new ones."""
    if not names:
        return source
    words = "|".join(map(re.escape, names))
    return re.sub(rf"\b(?:{words})\b", lambda found: names[found[0]], source)


def differences(
    before: Mapping[str, list[str]], now: Mapping[str, list[str]]
) -> Iterator[Difference]:
    """Definitions that two versions do not share, by name."""
    for name in sorted(before.keys() | now.keys()):
        if name not in now:
            yield Difference(name, "removed")
        elif name not in before:
            yield Difference(name, "added", _fingerprint(now[name]))
        elif before[name] != now[name]:
            yield Difference(name, "changed", _fingerprint(now[name]))


def _fingerprint(code: list[str]) -> str:
    return hashlib.sha256("\n".join(code).encode()).hexdigest()[:8]


def codes(found: Iterable[tuple[str, ast.AST]]) -> dict[str, list[str]]:
    """The code of every definition by its name; modules may share a name."""
    code: dict[str, list[str]] = {}
    for name, node in found:
        code.setdefault(name, []).append(code_of(node))
    return {name: sorted(each) for name, each in code.items()}


_BASE_SOURCE = source_at(BASE)


def compare_with_base(base: Source = _BASE_SOURCE) -> tuple[Difference, ...]:
    """All differences of today's measuring code from the base's."""
    entries = [*COMMON, *(entry for part in OWN.values() for entry in part)]
    before = measuring_code(entries, lambda module: renamed(base(module), RENAMED))
    return tuple(differences(codes(before), codes(measuring_code(entries))))


def restamped(
    calibration: Calibration, measured: Source, base: Source = _BASE_SOURCE
) -> Calibration:
    """The calibration with today's digests for parts that the base's code measured.

    `measured`: the sources that measured it. ResultsError where today's code is not the
    base's.
    """
    found = [one for one in compare_with_base(base) if not one.reason]
    if found:
        names = ", ".join(f"{one.name} ({one.kind})" for one in found)
        raise ResultsError(f"the measuring code differs from {BASE}: {names}")
    same, today = digests(base), digests()
    try:
        own = digests(measured)
    except ResultsError:
        # Of another layout, so of another code.
        own = {}
    measuring = {
        part: today[part] if own.get(part) == same[part] else digest
        for part, digest in calibration.measuring.items()
    }
    return replace(calibration, measuring=measuring)
