"""The check of a case in its runtime, and the facts that are recorded of it."""

import os
from dataclasses import dataclass

from rnnbench.model.case import Case
from rnnbench.model.runtime_facts import MOST_LETTERS_OF_A_NOTE, RuntimeFacts
from rnnbench.model.runtimes import RUNTIMES
from rnnbench.worker.layers.check import check
from rnnbench.worker.layers.step import Step
from rnnbench.worker.runtimes.agreement import agreement
from rnnbench.worker.runtimes.busy_threads import running_threads, too_many_threads


def threads_allowed(case: Case) -> int:
    """How many threads the runtime of `case` may keep busy.

    Those of its own count only where they can't take a core that the case does not
    have.
    """
    runtime = RUNTIMES.get(case.runtime)
    usable = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))(0)
    if runtime is None or len(usable) > case.threads:
        return case.threads
    return case.threads + runtime.own_threads


@dataclass(frozen=True, slots=True)
class RuntimeCheck:
    """What is wrong with a case, "" if nothing; in other runtimes also its facts."""

    wrong: str
    facts: RuntimeFacts | None = None


def check_step(step: Step) -> RuntimeCheck:
    """Check a layer in eager, or compare a runtime with eager and count its threads."""
    prepared = step.prepared
    if prepared is None:
        return RuntimeCheck(check(step))
    found = agreement(step, prepared)
    if found.wrong:
        return RuntimeCheck(found.wrong)
    threads = running_threads(step)
    if wrong := too_many_threads(threads, threads_allowed(step.case)):
        return RuntimeCheck(wrong)
    # A runtime of the user's may give another type of number.
    loaded, saved = prepared.load_seconds, prepared.artefact_bytes
    facts = RuntimeFacts(
        build_seconds=float(prepared.build_seconds or 0),
        load_seconds=None if loaded is None else float(loaded),
        artefact_bytes=None if saved is None else int(saved),
        error=found.error,
        threads=threads,
        note=str(prepared.note)[:MOST_LETTERS_OF_A_NOTE],
    )
    return RuntimeCheck("", facts)
