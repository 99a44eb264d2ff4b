"""The answer of a run that learned: a headline, and up to six sentences."""

from collections.abc import Iterable, Sequence

from rnnbench.analysis.gradient_decay import factor_interval
from rnnbench.analysis.learning_cells import BackendState, LearningCell
from rnnbench.analysis.learning_ratios import LearningRatio, LearningVerdict
from rnnbench.analysis.stats import Interval
from rnnbench.model.formatting import counted, significant
from rnnbench.model.learning import LearningTask
from rnnbench.report.sections.learning_forest import MainPair, main_pair, side_of
from rnnbench.report.sections.learning_words import task_name
from rnnbench.report.sentences import (
    Phrase,
    Sentence,
    from_to,
    listed,
    named,
    say,
)
from rnnbench.report.view import RunView

# Names of tasks in one sentence; more are counted.
_MOST_NAMES = 3


def learning_headline(view: RunView) -> Sentence:
    """Which layer needs fewer steps, and whether seconds say the same."""
    pair = main_pair(view)
    if not any(cell.result.seeds for cell in view.learning.cells):
        return say("Nothing was trained.")
    if pair is None:
        tasks = counted(len(view.learning.tasks()), "task")
        return say(
            "This run trained on {tasks} and compares no two layers.", tasks=tasks
        )
    ratios = [one for one in pair.of_first_kind() if not one.candidate.task.control]
    wins = [sum(pair.winner(one) == layer for one in ratios) for layer in pair.layers]
    if not any(wins):
        both = listed([named(layer) for layer in pair.layers])
        return say(
            "No difference found between {both} in steps to the target.", both=both
        )
    layer = pair.layers[wins[1] > wins[0]]
    if len(set(wins)) == 1:
        return say("Which layer learns in fewer steps depends on the task.")
    return say(
        "The {layer} learns in fewer steps{where}{seconds}.",
        layer=named(layer),
        where=""
        if max(wins) == len(ratios)
        else f" on {max(wins)} of {counted(len(ratios), 'task')}",
        seconds=_seconds_clause(pair, layer),
    )


def learning_lead(view: RunView) -> tuple[Sentence, ...]:
    """Steps, seconds, what was not reached, where nothing differs, the gradient."""
    pair = main_pair(view)
    if pair is None:
        return ()
    found = [
        *_steps_sentences(pair),
        _seconds_sentence(pair),
        _missed_sentence(view.learning.cells, pair.layers),
        _alike_sentence(pair),
        gradient_sentence(view.learning.cells),
    ]
    return tuple(sentence for sentence in found if sentence)


def seeds_sentence(view: RunView) -> Sentence:
    """How many seeds the steps come from, and how the learning rate was chosen."""
    counts = {len(cell.result.seeds) for cell in view.learning.cells if cell.steps}
    if not counts:
        return ()
    number = " to ".join(str(each) for each in sorted({min(counts), max(counts)}))
    searched = any(cell.result.search for cell in view.learning.cells)
    return say(
        "Steps come from {number} seeds for each layer and task{searched}.",
        number=number,
        searched=", with the learning rate that was best on other seeds"
        if searched
        else "",
    )


def gradient_sentence(cells: Iterable[LearningCell]) -> Sentence:
    """The factor by which the gradient changes from step to step, before training."""
    factors: dict[str, Interval] = {}
    for cell in cells:
        if cell.case.forget_bias is None and cell.case.num_layers == 1:
            found = factor_interval([run.gradient for run in cell.result.seeds])
            if found:
                factors.setdefault(cell.case.layer, found)
    if not factors:
        return ()
    parts = [
        say(
            "{factor} ({layer})",
            factor=Phrase(significant(one.estimate, 2), strong=True),
            layer=named(layer),
        )
        for layer, one in factors.items()
    ]
    return say(
        "Before training, the gradient changes by a factor of {parts} for each step "
        "back.",
        parts=listed(parts),
    )


def _seconds_clause(pair: MainPair, layer: str) -> Sentence:
    """What the headline adds about seconds to the layer that needs fewer steps."""
    by_state = [{side_of(each) for each in found} - {0} for _, found in _seconds(pair)]
    sides = set().union(*by_state)
    if not by_state:
        return ()
    if not sides:
        return say("; no difference in seconds is certain")
    if len(sides) == 1:
        faster = pair.layers[sides == {1}]
        if faster == layer:
            return say(" and in fewer seconds")
        return say("; in seconds the {other} is ahead", other=named(faster))
    mixed = any(len(state) > 1 for state in by_state)
    words = ["backend"] if len(by_state) > 1 else []
    on = " and the ".join([*words, "task"] if mixed else words)
    return say("; in seconds it depends on the {on}", on=on)


def _seconds(pair: MainPair) -> tuple[tuple[BackendState, tuple[Interval, ...]], ...]:
    """For each state of the backend, the ratios of seconds of the tasks."""
    found: dict[BackendState, list[Interval]] = {}
    for ratio in pair.of_first_kind():
        for state, interval in ratio.seconds:
            found.setdefault(state, []).append(interval)
    return tuple((state, tuple(each)) for state, each in found.items())


def _steps_sentences(pair: MainPair) -> list[Sentence]:
    """The ratio of steps, of the tasks that each layer wins with every seed."""
    found = []
    sides = (LearningVerdict.FEWER, LearningVerdict.MORE)
    for layer, verdict in zip(pair.layers, sides, strict=True):
        won = [one for one in pair.of_first_kind() if one.verdict is verdict]
        values = [
            one.steps.estimate
            if verdict is LearningVerdict.FEWER
            else 1 / one.steps.estimate
            for one in won
            if one.steps
        ]
        if values:
            other = next(each for each in pair.layers if each != layer)
            found.append(
                say(
                    "To the target the {layer} needs {range} the steps of the {other} "
                    "on {tasks}.",
                    layer=named(layer),
                    range=from_to(min(values), max(values)),
                    other=named(other),
                    tasks=_tasks([one for one in won if one.steps]),
                )
            )
    return found


def _seconds_sentence(pair: MainPair) -> Sentence:
    parts = [
        say(
            "{range}{state}",
            range=from_to(*_range(found)),
            state=f" with {state.words}" if state.words else "",
        )
        for state, found in _seconds(pair)
    ]
    if not parts:
        return ()
    return say(
        "In seconds, {layer} ÷ {other} is {parts}.",
        layer=named(pair.layers[0]),
        other=named(pair.layers[1]),
        parts=listed(parts),
    )


def _range(intervals: Sequence[Interval]) -> tuple[float, float]:
    values = [interval.estimate for interval in intervals]
    return min(values), max(values)


def _missed_sentence(cells: Iterable[LearningCell], first: Sequence[str]) -> Sentence:
    """Which layers never reach a target within the budget, and where."""
    missed: dict[str, list[LearningCell]] = {}
    for cell in cells:
        if cell.steps and not cell.steps.solved and not cell.case.bidirectional:
            missed.setdefault(cell.case.layer, []).append(cell)
    if not missed:
        return ()
    alike: dict[str, list[str]] = {}
    for layer in sorted(missed, key=lambda layer: layer in first):
        alike.setdefault(_names(cell.task for cell in missed[layer]), []).append(layer)
    parts = [
        say(
            "{layers} on {tasks}",
            layers=listed([named(each) for each in layers]),
            tasks=tasks,
        )
        for tasks, layers in alike.items()
    ]
    whole = parts[0]
    for part in parts[1:]:
        whole = say("{whole}; {part}", whole=whole, part=part)
    return say("Not within the budget in any seed: {parts}.", parts=whole)


def _alike_sentence(pair: MainPair) -> Sentence:
    alike = [
        one
        for one in pair.of_first_kind()
        if one.verdict is LearningVerdict.NO_DIFFERENCE
    ]
    if not alike:
        return ()
    return say("No difference found on {tasks}.", tasks=_tasks(alike))


def _tasks(ratios: Sequence[LearningRatio]) -> str:
    return _names([one.candidate.task for one in ratios])


def _names(tasks: Iterable[LearningTask]) -> str:
    unique = list(dict.fromkeys(map(task_name, tasks)))
    if len(unique) > _MOST_NAMES:
        return f"{len(unique)} tasks"
    return " and ".join(unique) if len(unique) < 3 else "; ".join(unique)
