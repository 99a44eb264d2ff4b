"""The method of a run, in enough detail to judge and repeat it."""

from collections import Counter
from dataclasses import dataclass

from rnnbench.analysis.labels import layer_name, machine_name
from rnnbench.calibration.check_section import CheckSection
from rnnbench.model.condition import by_importance
from rnnbench.model.formatting import counted
from rnnbench.model.machine import environment_facts
from rnnbench.model.metric import TIME
from rnnbench.model.run import Run
from rnnbench.model.status import FAILED, MEASURED, Status
from rnnbench.report.content import Cell, Column, Fold, Table, Tone, cases_by, titled
from rnnbench.report.sections.hosts import host_sentence, hosts_fold
from rnnbench.report.sections.limits import ceiling_name
from rnnbench.report.sections.precision import share
from rnnbench.report.sentences import Phrase, Sentence, say
from rnnbench.report.view import RunView

_MOST_REASONS = 200

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Method:
    """The facts of the last section of a page, in words."""

    steps: tuple[tuple[str, str], ...]
    counts: tuple[tuple[str, str, int], ...]
    wall: str
    training: str  # empty without training runs
    inside: str
    folds: tuple[Fold, ...]


def method(view: RunView, check: CheckSection | None = None) -> Method:
    """The method of the run in `view`. `check`: the self-check of that machine."""
    run = view.run
    folds = (
        _failures(run),
        hosts_fold(view.host_effect),
        _conditions(run),
        _self_check(check) if check else None,
        _memory_unread(run),
        _machine(run),
        _rules(run),
    )
    return Method(
        steps=_steps(view),
        counts=status_counts(run),
        wall=duration(run.effort.wall),
        training=duration(run.effort.training) if run.effort.training else "",
        inside=f"{run.effort.share_inside_turns:.0%}",
        folds=tuple(fold for fold in folds if fold),
    )


def status_counts(run: Run) -> tuple[tuple[str, str, int], ...]:
    """Each status that occurs: its key, its words, and its number of cases."""
    counts = Counter(result.status for result in run.results)
    return tuple(
        (str(status), str(status).replace("_", " "), counts[status])
        for status in Status
        if counts[status]
    )


def failure_sentence(run: Run) -> Sentence:
    """How many cases failed, and the most common reason; empty if none failed."""
    failed = [one for one in run.outcomes if one.status in FAILED]
    if not failed:
        return ()
    reasons = Counter((one.status, one.reason) for one in failed)
    (status, reason), _ = reasons.most_common(1)[0]
    first = " ".join(reason.split())
    return say(
        "{count} of {all} failed. {which}: {status}{reason}",
        count=f"{len(failed):,}",
        all=counted(len(run.outcomes), "case"),
        which="Most often" if len(reasons) > 1 else "The reason",
        status=str(status).replace("_", " "),
        reason=f", {first[:160]}" if first else ".",
    )


def duration(seconds: float) -> str:
    """A duration for people: 89 s, or 11 min."""
    return f"{seconds:.0f} s" if seconds < 180 else f"{seconds / 60:.0f} min"


def environment_pairs(run: Run) -> Pairs:
    """The facts about the machine and its libraries, without the list of flags."""
    return tuple(
        (name.replace("_", " "), text)
        for name, text in environment_facts(run.environment)
        if name != "cpu_flags"
    )


def _steps(view: RunView) -> tuple[tuple[str, str], ...]:
    layers = map(layer_name, view.main.layers) if view.main else ("The layers",)
    side = " and ".join(layers)
    count = counted(view.run.effort.launches, "launch", "launches")
    hosts = host_sentence(view.host_effect)
    return (
        (
            "Side by side.",
            f"{side} take turns in one process, so what disturbs one disturbs both.",
        ),
        (
            "In fresh processes.",
            f"{count}; intervals are taken over launches, never over repeats.",
        ),
        *([("By host.", hosts)] if hosts else ()),
        ("Undisturbed.", _disturbed(view.run)),
        (
            "By its fastest turns.",
            "Noise only slows calls down, so the fastest third of the turns counts.",
        ),
        (
            "Checked first.",
            "A layer is timed only if shapes, values and all backends' results agree.",
        ),
    )


def _disturbed(run: Run) -> str:
    turns = [each for result in run.results for each in result.turns]
    whole = sum(len(each.seconds) for each in turns)
    if not whole:
        return "No turn was measured."
    retaken = sum(each.retaken for each in turns)
    rough = sum(each.rough for each in turns)
    waiting = run.effort.share_waiting
    if not retaken and not rough:
        return "A turn waits for a calm core. No call was disturbed."
    return (
        f"A turn waits for a calm core, {waiting:.1%} of the time. "
        f"{counted(retaken, 'disturbed call')} were repeated, and {rough / whole:.1%} "
        "of the turns stayed disturbed."
    )


def _failures(run: Run) -> Fold | None:
    """Each reason with its number of cases; failures before skipped cases."""
    reasons = cases_by(
        ((result.status, result.reason), result.case.id)
        for result in run.results
        if result.status not in MEASURED
    )
    if not reasons:
        return None
    ordered = sorted(reasons, key=lambda item: item[0][0] not in FAILED)
    rows = tuple(
        (
            Cell(
                str(status).replace("_", " "),
                Tone.BAD if status in FAILED else Tone.PLAIN,
            ),
            Cell(str(len(cases))),
            Cell(reason),
            Cell(cases[0]),
        )
        for (status, reason), cases in ordered[:_MOST_REASONS]
    )
    columns = (
        *(Column("status"), Column("cases", number=True)),
        *(Column("reason"), Column("first case")),
    )
    failed = sum(result.status in FAILED for result in run.results)
    return Fold(
        "failures",
        "Not measured, and why",
        tables=(Table("Cases without a result", columns, rows),),
        is_open=failed > 0,
    )


def _conditions(run: Run) -> Fold | None:
    """The state of the machine at the run; unfolded if something could disturb it."""
    if not run.conditions:
        return None
    off = [each for each in run.conditions if each.is_off]
    rows = tuple(
        (
            Cell(each.name, Tone.BAD if each.is_off else Tone.PLAIN),
            Cell(each.state, note=str(each.level)),
            Cell(each.effect, note=each.fix),
        )
        for each in by_importance(run.conditions)
    )
    columns = (Column("condition"), Column("state"), Column("effect, and what helps"))
    return Fold(
        "conditions",
        f"Conditions of the machine: {len(off)} of {len(run.conditions)} were off",
        tables=(Table("Conditions as the run found them", columns, rows),),
        is_open=bool(off),
    )


def _self_check(check: CheckSection) -> Fold:
    """Whether the harness is right on this machine."""
    rows = tuple(
        (
            Cell(claim),
            Cell(f"{found} of {trials}"),
            Cell(f"{share_of:.0%}", note=f"{low:.0%} to {high:.0%}"),
        )
        for claim, found, trials, share_of, low, high in check.rows
    )
    columns = titled(("claim",), ("found", "share"))
    return Fold(
        "self-check",
        check.title,
        tuple((Phrase(sentence),) for sentence in check.sentences),
        tables=(Table("How often, with 95 % intervals", columns, rows),)
        if rows
        else (),
    )


def _memory_unread(run: Run) -> Fold | None:
    """Why memory or energy is missing for cases that have a time."""
    measured = [result for result in run.results if result.status in MEASURED]
    reasons: Counter[tuple[str, str]] = Counter()
    for result in measured:
        if result.peak_memory is None:
            reasons["peak memory", result.memory_reason or "no reason is recorded"] += 1
        if result.energy is None:
            reasons["energy", result.energy_reason or "no reason is recorded"] += 1
    if not reasons:
        return None
    columns = (Column("what"), Column("cases", number=True), Column("reason"))
    rows = tuple(
        (Cell(what), Cell(str(count)), Cell(reason))
        for (what, reason), count in reasons.most_common(_MOST_REASONS)
    )
    table = Table("Figures that were not read, and why", columns, rows)
    return Fold("unread", "Memory and energy that were not read", tables=(table,))


def _machine(run: Run) -> Fold:
    environment = run.environment
    ceilings = tuple(
        (
            f"best matrix product, best copy ({ceiling_name(one)})",
            f"{one.flops / 1e9:.0f} GFLOP/s, {one.bytes / 1e9:.1f} GB/s",
        )
        for one in run.ceilings
    )
    flags = (("CPU flags", environment.cpu_flags),) if environment.cpu_flags else ()
    return Fold(
        "machine",
        f"Machine and versions: {machine_name(environment)}, "
        f"PyTorch {environment.torch}",
        notes=(*environment_pairs(run), *ceilings, *flags),
    )


def _rules(run: Run) -> Fold:
    policy, effort = run.sweep.policy, run.effort
    facts = (
        ("question", run.sweep.question),
        ("sweep", f"{run.sweep.name} ({run.sweep.digest[:12]})"),
        ("measured side by side", ", ".join(run.sweep.compare)),
        ("time of a turn", f"the {run.turn} of its calls"),
        ("precision asked for", f"{share(policy.precision)} of each ratio"),
        ("launches", f"{effort.launches} made, {policy.launches} a workload at most"),
        ("launches at a time", f"{effort.lanes:.2g}"),
        ("budget", TIME.format(policy.budget)),
        ("time limit of a case", TIME.format(policy.time_limit)),
        ("profiles and ceilings", TIME.format(effort.profiling)),
        ("faster, slower", "the whole interval lies below 1, above 1"),
        ("tie", "the whole interval lies within ±2 % of 1"),
        ("undecided", "the interval holds 1 and is wider than a tie"),
        (
            "average",
            "geometric mean over the sizes of this run; its interval is over launches",
        ),
        (
            "threads, allocator",
            "set for a whole process, so such pairs are compared between launches",
        ),
    )
    return Fold(
        "rules",
        f"Rules of this run: sweep {run.sweep.name}, up to {policy.launches} launches, "
        f"{duration(policy.budget)}",
        notes=tuple((name, text) for name, text in facts if text),
    )
