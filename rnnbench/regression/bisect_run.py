"""The comparisons of a bisection: the gate, with a file of what is known already."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from rnnbench.model.codec import reader
from rnnbench.model.errors import RnnbenchError
from rnnbench.regression.bisect_search import VersionComparison
from rnnbench.regression.gate_decision import GateDecision, GateVerdict, Judgement
from rnnbench.regression.gate_run import GateSides, run_gate
from rnnbench.regression.version_source import VersionSource
from rnnbench.runner.scheduler import Progress
from rnnbench.storage.files import read_json, write_text
from rnnbench.sweep.load import Sweep

# Some hundred bytes for each comparison, of which there are few.
_MOST_BYTES = 10**6


@dataclass(slots=True)
class GateComparer:
    """Compares versions by the gate, each pair once; `known` is kept in `journal`.

    The first comparison judges every case of the sweep, the later ones only the case
    that is worst in it. `budget`: the most seconds of one comparison.
    """

    sweep: Sweep
    source: VersionSource
    budget: float
    journal: Path
    say: Callable[[str], object]
    show: Callable[[Progress], None]
    known: list[VersionComparison] = field(default_factory=list)

    def resume(self) -> int:
        """Read the comparisons of an earlier run, and return their number."""
        if not self.journal.exists():
            return 0
        try:
            document = read_json(self.journal, _MOST_BYTES)
            self.known = list(reader(tuple[VersionComparison, ...])(document))
        except (OSError, ValueError, RecursionError) as error:
            raise RnnbenchError(
                f"{self.journal}: can't be resumed: use --restart"
            ) from error
        return len(self.known)

    def compare(self, baseline: str, candidate: str) -> VersionComparison:
        """The verdict of `candidate` over `baseline`, measured or known."""
        for one in self.known:
            if (one.baseline, one.candidate) == (baseline, candidate):
                return one
        found = self._measure(baseline, candidate)
        ratio = f", {found.ratio.estimate:.3f}×" if found.ratio else ""
        why = f" ({found.reason})" if found.reason else ""
        self.say(f"{self._over(baseline, candidate)}: {found.verdict}{ratio}{why}")
        self.known.append(found)
        text = json.dumps([asdict(one) for one in self.known], indent=1)
        write_text(self.journal, text + "\n")
        return found

    def _measure(self, baseline: str, candidate: str) -> VersionComparison:
        try:
            places = self.source.place(baseline), self.source.place(candidate)
            sides = GateSides(baseline=places[0], candidate=places[1])
            decision = run_gate(self._narrowed(), sides, self.budget, self.show)
        except RnnbenchError as error:
            # Without its ends a range can't be searched; a version within it that can't
            # be installed or started is left out.
            if not self.known:
                raise
            return _comparison(baseline, candidate, reason=" ".join(str(error).split()))
        return judged(baseline, candidate, decision)

    def _narrowed(self) -> Sweep:
        """The sweep with the case to bisect alone, once that is known."""
        if not self.known:
            return self.sweep
        cases = [case for case in self.sweep.cases if case.id == self.known[0].case]
        return replace(self.sweep, cases=tuple(cases))

    def _over(self, baseline: str, candidate: str) -> str:
        return f"{self.source.name(candidate)} over {self.source.name(baseline)}"


def judged(baseline: str, candidate: str, decision: GateDecision) -> VersionComparison:
    """The worst case of a gate as a comparison; of equally bad ones, the slowest.

    Where nothing is worse it is the fastest case, because a change for the better can
    be searched for as well.
    """

    def badness(one: Judgement) -> tuple[int, float]:
        interval = one.confirmed or one.first
        size = interval.estimate if interval else 0.0
        is_worse = one.verdict in (GateVerdict.REGRESSION, GateVerdict.BROKEN)
        return _PRIORITY.get(one.verdict, 2), -size if is_worse else size

    worst = min(decision.judgements, key=badness)
    others = [
        one.pair.candidate.id
        for one in decision.judgements
        if one.verdict is worst.verdict and one is not worst
    ]
    return VersionComparison(
        baseline=baseline,
        candidate=candidate,
        case=worst.pair.candidate.id,
        verdict=worst.verdict,
        ratio=worst.confirmed or worst.first,
        reason=worst.reason,
        others=tuple(others) if worst.verdict in _PRIORITY else (),
    )


# Changes, before what did not change or could not be judged.
_PRIORITY = {
    GateVerdict.REGRESSION: 0,
    GateVerdict.BROKEN: 0,
    GateVerdict.IMPROVEMENT: 1,
}


def _comparison(baseline: str, candidate: str, *, reason: str) -> VersionComparison:
    return VersionComparison(
        baseline=baseline,
        candidate=candidate,
        case="",
        verdict=GateVerdict.UNMEASURED,
        ratio=None,
        reason=reason,
        others=(),
    )


def journal_path(cache: Path, *facts: str) -> Path:
    """The file of a bisection that is described by `facts`."""
    digest = hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]
    return cache / "bisect" / f"{digest}.json"
