"""The answers of a self-check in words: for a terminal, and for a page's section."""

from collections.abc import Iterator
from dataclasses import dataclass

from rnnbench.analysis.stats import Interval
from rnnbench.calibration.answers import CLOSE, Answers, Repeats, answers_of
from rnnbench.calibration.self_check import SelfCheck
from rnnbench.model.formatting import significant
from rnnbench.model.machine import machine_parts
from rnnbench.model.run import Environment

TITLE = "Can rnnbench be trusted on this machine?"
HEADINGS = ("claim", "found", "trials", "share", "lower end", "upper end")
# The share of 95 % intervals that miss a true ratio of 1 by chance.
_BY_CHANCE = 0.05
# A difference is found reliably where at least this share of trials finds it.
_RELIABLE = 0.95

Row = tuple[str, int, int, float, float, float]


@dataclass(frozen=True, slots=True)
class CheckSection:
    """A section of a page as plain data.

    `rows`: as `headings`; shares and the ends of their 95 % intervals are from 0 to 1.
    """

    title: str
    sentences: tuple[str, ...]
    headings: tuple[str, ...]
    rows: tuple[Row, ...]


def section_of(
    check: SelfCheck, environment: Environment | None = None
) -> CheckSection:
    """The section for the report of a run; `environment`: the run's.

    It says so if the self-check was made on another machine than the run.
    """
    answers = answers_of(check)
    sentences = [*_conclusions(answers), *_shifts(answers), _provenance(check)]
    if environment is not None and not _is_same_machine(check, environment):
        sentences.insert(0, "This self-check was made on another machine than the run.")
    rows = tuple(
        (claim, round(rate.estimate * rate.count), rate.count, *_ends(rate))
        for claim, rate in _rates(answers)
    )
    return CheckSection(TITLE, tuple(sentences), HEADINGS, rows)


def text_of(check: SelfCheck) -> list[str]:
    """The answers as a dozen lines for a terminal, and one for each number of lanes."""
    answers = answers_of(check)
    lines = [*_conclusions(answers)]
    lines += [
        f"{claim}: {round(rate.estimate * rate.count)} of {rate.count} "
        f"({_percent(rate.low)} to {_percent(rate.high)} %)"
        for claim, rate in _rates(answers)
    ]
    if answers.repeats is not None:
        lines.append(_spread(answers.repeats))
    lines += _shifts(answers)
    return [*lines, _provenance(check)]


def _conclusions(answers: Answers) -> Iterator[str]:
    if answers.different is None:
        yield "Too few launches were measured for an answer."
        return
    if answers.different.low > _BY_CHANCE:
        yield (
            "Equal layers are called different too often on this machine: something "
            "disturbs it, and small differences in its reports may be noise."
        )
    else:
        yield "Equal layers are not called different more often than by chance."
    if reliable := _reliable(answers):
        yield f"Differences of {_share(reliable)} and more are found reliably."
    else:
        most = max((share for share, _ in answers.found), default=0.0)
        yield (
            f"No difference up to {_share(most)} is found reliably in so few launches: "
            "the machine is busy, or a run needs more of them."
        )


def _reliable(answers: Answers) -> float | None:
    """The smallest slowdown such that it and all larger ones are found reliably."""
    smallest = None
    for share, rate in reversed(answers.found):
        if rate.estimate < _RELIABLE:
            break
        smallest = share
    return smallest


def _rates(answers: Answers) -> Iterator[tuple[str, Interval]]:
    if answers.different is not None:
        yield "equal layers called different", answers.different
    for share, rate in answers.found:
        yield f"slowdowns of {_share(share)} called slower", rate
    if answers.repeats is not None:
        yield (
            f"repeated ratios within {_share(CLOSE)} of each other",
            answers.repeats.close,
        )


def _spread(repeats: Repeats) -> str:
    return (
        "half of the repeated ratios differ by less than "
        f"{_percent(repeats.median)} %, the furthest by {_percent(repeats.largest)} %"
    )


def _shifts(answers: Answers) -> Iterator[str]:
    """A sentence for each number of lanes beyond one."""
    for shift in answers.shifts:
        verdict = "" if shift.is_sound else ", which is too much"
        yield (
            f"With {shift.lanes} lanes busy, ratios shift by "
            f"a median of {_percent(shift.median)} % and "
            f"by at most {_percent(shift.largest)} %{verdict}."
        )


def _provenance(check: SelfCheck) -> str:
    environment = check.environment
    machine = environment.cpu_model or environment.machine
    return (
        f"{check.launches} launches in {check.seconds:.0f} s on {machine}, "
        f"{check.created}. Each verdict uses {check.set_launches} launches, the "
        "minimum of a run. Intervals are 95 % (Clopper and Pearson)."
    )


def _ends(rate: Interval) -> tuple[float, float, float]:
    return rate.estimate, rate.low, rate.high


def _share(share: float) -> str:
    return f"{100 * share:g} %"


def _percent(share: float) -> str:
    return significant(100 * share, 2)


def _is_same_machine(check: SelfCheck, environment: Environment) -> bool:
    return machine_parts(check.environment) == machine_parts(environment)
