"""How a run was measured: enough to judge it, and to repeat it."""

from collections import Counter
from dataclasses import fields

from rnnbench.model.formatting import counted
from rnnbench.model.metric import PEAK_MEMORY, TIME
from rnnbench.model.run import MEASURED, Run, Status
from rnnbench.report.content import Block, Cell, Column, Section, Table, Text


def method(
    run: Run, calibration: tuple[str, ...] = (), calibration_link: str = ""
) -> Section:
    """Command, policy, effort, what was not measured and why, the environment.

    `calibration`: what is known of this machine's own errors, in finished sentences.
    """
    blocks: list[Block] = [
        Text(run.command, "Command"),
        Text(_again(run), "To repeat it"),
        Text(_how(run)),
        _pairs("The run", _facts(run)),
    ]
    blocks += [ends for ends in (_not_measured(run), _memory_unread(run)) if ends]
    blocks += _calibration(calibration, calibration_link)
    blocks.append(_pairs("The machine and the libraries", _environment(run)))
    return Section("method", "How it was measured", tuple(blocks))


def _again(run: Run) -> str:
    commit = f" at commit {run.commit}" if run.commit else ""
    return (
        f"rnnbench {run.version}{commit}, torch {run.environment.torch}, "
        f"Python {run.environment.python}; then the command above."
    )


def _calibration(lines: tuple[str, ...], link: str) -> list[Block]:
    if not lines and not link:
        return []
    rows = [(Cell(str(number)), Cell(line)) for number, line in enumerate(lines, 1)]
    if link:
        rows.append((Cell("all of it"), Cell("calibration of this machine", link=link)))
    columns = (Column("of the harness itself"), Column("what was found"))
    return [Table("Calibration of this machine", columns, tuple(rows))]


def _how(run: Run) -> str:
    counts = Counter(result.status for result in run.results)
    ends = ", ".join(
        f"{counts[status]} {status.replace('_', ' ')}"
        for status in Status
        if counts[status]
    )
    return (
        f"{len(run.results)} cases: {ends or 'none'}. Each launch is a fresh process "
        "that measures the members of a workload turn by turn, in shuffled order. A "
        f"ratio is taken within each launch, of the {run.turn} calls of the lower "
        "third of the turns of each: what disturbs a call only adds to it. It is then "
        "averaged over launches with a 95 % Student t interval on the logarithms. "
        "Timed calls that something else on the core disturbed were taken again. "
        "Threads and allocators are set for a process, so such pairs are compared "
        "between launches."
    )


def _facts(run: Run) -> list[tuple[str, str]]:
    policy, effort = run.sweep.policy, run.effort
    return [
        ("sweep", f"{run.sweep.name} ({run.sweep.digest[:12]})"),
        ("measured side by side", ", ".join(run.sweep.compare)),
        ("precision asked for", f"{policy.precision:.1%} of each ratio"),
        ("launches, at most", str(policy.launches)),
        ("launches, made", str(effort.launches)),
        ("budget", TIME.format(policy.budget)),
        ("time limit of a member", TIME.format(policy.time_limit)),
        ("wall time of measuring", TIME.format(effort.wall)),
        ("launches at a time", f"{effort.lanes:.2g}"),
        ("share of that time inside turns", f"{effort.share_inside_turns:.0%}"),
        ("share spent waiting for a calm core", f"{effort.share_waiting:.0%}"),
        ("disturbed by what else ran on the core", _disturbed(run)),
        ("time for profiles and ceilings", TIME.format(effort.profiling)),
        ("energy", _energy(run)),
        ("made", run.created),
        ("rnnbench", run.version),
        ("commit", run.commit or "unknown"),
    ]


def _disturbed(run: Run) -> str:
    turns = [each for result in run.results for each in result.turns]
    whole = sum(len(each.seconds) for each in turns)
    if not whole:
        return "no turn was taken"
    rough = sum(each.rough for each in turns)
    retaken = sum(each.retaken for each in turns)
    left_out = sum(not each.is_calm for each in turns)
    return (
        f"{retaken:,} timed calls were taken again; {rough / whole:.1%} of the turns "
        f"stayed disturbed, and {left_out / len(turns):.1%} of the launches of a case, "
        "which count only where they are the rule"
    )


def _energy(run: Run) -> str:
    """What it holds, and why cases lack it: a guess from a rating is no measurement."""
    measured = [result for result in run.results if result.status in MEASURED]
    read = sum(result.energy is not None for result in measured)
    reasons = Counter(
        result.energy_reason or "no reason is held"
        for result in measured
        if result.energy is None
    )
    found = [f"{_of_cases(count)}: {reason}" for reason, count in reasons.most_common()]
    if not read:
        why = next(iter(reasons), "no case was measured")
        return f"not measured: {why if len(found) < 2 else '; '.join(found)}"
    told = (
        f"{_of_cases(read)}: NVML's counter of the whole GPU, while calls run back to "
        "back; the power that the GPU takes when idle is part of it"
    )
    return "; not measured of ".join([told, *found])


def _of_cases(count: int) -> str:
    return counted(count, "case")


def _not_measured(run: Run) -> Table | None:
    """Reasons, each with how many cases it ended."""
    reasons = Counter(
        (result.status.replace("_", " "), result.reason)
        for result in run.results
        if result.status not in MEASURED
    )
    if not reasons:
        return None
    return Table(
        "Not measured, and why",
        (Column("status"), Column("cases", number=True), Column("reason")),
        tuple(
            (Cell(status), Cell(str(count)), Cell(reason))
            for (status, reason), count in reasons.most_common(200)
        ),
    )


def _memory_unread(run: Run) -> Table | None:
    """Why memory is missing where time is there."""
    reasons = Counter(
        result.memory_reason or "no reason is held"
        for result in run.results
        if result.status in MEASURED and result.peak_memory is None
    )
    if not reasons:
        return None
    return Table(
        "Peak memory not read, and why",
        (Column("cases", number=True), Column("reason")),
        tuple(
            (Cell(str(count)), Cell(reason))
            for reason, count in reasons.most_common(200)
        ),
    )


def _environment(run: Run) -> list[tuple[str, str]]:
    rows = []
    for field in fields(run.environment):
        value = getattr(run.environment, field.name)
        if field.name.endswith("_bytes") and value is not None:
            value = PEAK_MEMORY.format(value)
        name = field.name.replace("_bytes", "").replace("_", " ")
        rows.append((name, "unknown" if value is None else str(value)))
    return rows


def _pairs(title: str, rows: list[tuple[str, str]]) -> Table:
    return Table(
        title,
        (Column("what"), Column("value")),
        tuple((Cell(name), Cell(value)) for name, value in rows),
    )
