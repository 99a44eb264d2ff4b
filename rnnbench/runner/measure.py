"""One invocation: from an order to a run, and to its file."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import rnnbench
from rnnbench.analysis import summary
from rnnbench.analysis.ratio import ratios
from rnnbench.model.case import Case
from rnnbench.model.machine import machine_parts, machine_text
from rnnbench.model.run import Effort, Environment, Result, Run, SweepRecord, TurnValue
from rnnbench.runner.journal import Header, Journal
from rnnbench.runner.launch import Order
from rnnbench.runner.results import Outcome
from rnnbench.runner.scheduler import Campaign, Progress, survey
from rnnbench.storage.results_file import attach, empty_document, write_document

# Lines of ratios on the terminal: what is more is read in the report.
MOST_LINES = 60


@dataclass(slots=True, kw_only=True)
class Session:
    """Measures an order once, and answers for it from then on.

    `written` and `fault`: what was written, and what went wrong at the end, for the
    terminal.
    """

    order: Order
    sweep: SweepRecord
    command: str
    commit: str | None
    journal_path: Path | None
    resume: bool
    ran: bool = False
    fault: str = ""
    written: str = ""
    _environment: Environment | None = None
    _campaign: Campaign | None = None
    _unmeasured: str = ""
    _results: dict[Case, Result] = field(default_factory=dict)
    _document: dict[str, Any] | None = None

    def run(self, show: Callable[[Progress], None]) -> None:
        """Measure. RnnbenchError where it can't begin; what was done stays done."""
        self.ran = True
        self._unmeasured = "interrupted before it was measured"
        asyncio.run(self._measure(show))
        self._unmeasured = (
            "not begun: a case had failed (-x)"
            if self._campaign and self._campaign.stopped
            else f"not begun: the budget of {self.order.policy.budget:g} s had ended"
        )

    def result(self, case: Case) -> Result:
        """What came of `case`."""
        if not self._results:
            self._results = {one.case: one for one in self._outcome().results}
        return self._results[case]

    def attach(self, document: dict[str, Any]) -> None:
        """Put our block into their document, and keep the first one to write."""
        for benchmark in document["benchmarks"]:
            if case := benchmark["extra_info"].get("case"):
                # They can't write a Case, and would put UNSERIALIZABLE[...] there.
                benchmark["params"] = {"case": case}
        if self._environment is not None and not self.order.smoke:
            attach(document, self._run(self._environment))
            self._document = self._document or document

    def write(self, target: Path) -> None:
        """Write the results file, and let go of the journal if all is in it."""
        if self._environment is None or self.order.smoke:
            return
        if self._document is None:
            # Where nothing was measured, pytest-benchmark makes no document.
            self.attach(empty_document())
        if self._document is not None:
            write_document(target, self._document)
            self.written = f"{target}: {self._counts()}"
        if self._campaign and self._campaign.finished:
            self._campaign.journal.discard()

    def summary(self) -> list[str]:
        """The ratios in words, a line each."""
        if self._environment is None or self.order.smoke:
            return []
        lines = summary.lines(ratios(self._run(self._environment)))
        left = len(lines) - MOST_LINES
        more = [f"... and {left} more: see `rnnbench report`"] if left > 0 else []
        return [*lines[:MOST_LINES], *more]

    async def _measure(self, show: Callable[[Progress], None]) -> None:
        environment, reasons = await survey(self.order.cases, self.order.command)
        header = _header(self, environment)
        path = None if self.order.smoke else self.journal_path
        with Journal.start(path, header, resume=self.resume) as journal:
            if not self.resume:
                self._clear_traces()
            self._environment = environment
            self._campaign = Campaign(self.order, environment, journal, show)
            await self._campaign.run(reasons)

    def _clear_traces(self) -> None:
        """Remove what traces an earlier run of the same name left."""
        if self.order.traces is not None and not self.order.smoke:
            for trace in Path(self.order.traces).glob("*/*.pt.trace.json.gz"):
                trace.unlink()

    def _counts(self) -> str:
        """How many cases ended how: 96 cases, 90 ok, 6 imprecise."""
        results = self._outcome().results
        counts = Counter(result.status for result in results)
        parts = (f"{count} {status}" for status, count in counts.items())
        return ", ".join([f"{len(results)} cases", *parts])

    def _outcome(self) -> Outcome:
        journal = self._campaign.journal if self._campaign else Journal(None)
        return Outcome(order=self.order, journal=journal, unmeasured=self._unmeasured)

    def _run(self, environment: Environment) -> Run:
        outcome = self._outcome()
        nothing = Effort(wall=0, lanes=1, inside_turns=0, launches=0, profiling=0)
        return Run(
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            version=rnnbench.__version__,
            commit=self.commit,
            command=self.command,
            sweep=self.sweep,
            environment=environment,
            effort=self._campaign.effort if self._campaign else nothing,
            results=outcome.results,
            yardsticks=outcome.yardsticks,
            ceilings=outcome.ceilings,
            turn=TurnValue.FASTEST,
        )


def _header(session: Session, environment: Environment) -> Header:
    """What must be the same for a journal to be gone on with."""
    ids = "\n".join(sorted(case.id for case in session.order.cases))
    policy = session.order.policy
    machine = (
        machine_text(machine_parts(environment)),
        f"Python {environment.python}",
        f"torch {environment.torch}",
    )
    return Header(
        sweep=session.sweep.name,
        digest=hashlib.sha256(ids.encode()).hexdigest(),
        policy=f"precision {policy.precision:g}",
        machine=", ".join(machine),
    )
