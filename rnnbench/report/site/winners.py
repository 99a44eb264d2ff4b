"""The winning layer of a machine's run, and the site's sentences about it."""

from collections.abc import Sequence

from rnnbench.report.sentences import Sentence, named, say
from rnnbench.report.site.entries import ListedRun, Machine, PhaseRatio
from rnnbench.report.tokens import Hue, hue_of


def winner(run: ListedRun, phase: PhaseRatio) -> str:
    """The layer that is faster at more than half of the sizes of a phase, if any."""
    for wins, layer in zip(phase.wins, run.layers, strict=True):
        if 2 * wins > phase.count:
            return layer
    return ""


def winners(run: ListedRun) -> set[str]:
    """The winners of all phases of a run; an empty name where a phase has none."""
    return {winner(run, phase) for phase in run.phases}


def hue_of_mean(run: ListedRun, phase: PhaseRatio) -> Hue:
    """The hue of the layer that wins the mean of a phase, or a neutral hue."""
    if phase.mean is None or phase.low is None or phase.high is None:
        return Hue.EVEN
    if phase.high < 1:
        return hue_of(run.layers[0])
    return hue_of(run.layers[1]) if phase.low > 1 else Hue.EVEN


def verdict(run: ListedRun) -> Sentence:
    """The sentence that says which layer is faster in a run, without the machine."""
    found = winners(run)
    if len(found) == 1 and (layer := found.pop()):
        everywhere = all(phase.count in phase.wins for phase in run.phases)
        where = "" if everywhere else " at most sizes"
        return say("The {layer} is faster{where}", layer=named(layer), where=where)
    return say("It depends on the size")


def headline(machines: Sequence[Machine]) -> Sentence:
    """The site's answer over all machines that have one."""
    runs = [machine.best for machine in machines if machine.best]
    if not runs:
        learned = (run for machine in machines for run in machine.runs if run.learned)
        if first := next(learned, None):
            return first.headline
        return say("No run here compares two layers yet.")
    found = set.union(*map(winners, runs))
    if len(found) == 1 and (layer := found.pop()):
        where = "on every machine" if len(runs) > 1 else "on this machine"
        return say("The {layer} is faster {where}.", layer=named(layer), where=where)
    if len(runs) == 1:
        return runs[0].headline
    return say("GRU or LSTM? It depends on the machine.")
