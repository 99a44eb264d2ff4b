"""The verdict of a run on each claim of the source article."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from rnnbench.analysis.ratio import Ratio
from rnnbench.model.case import EAGER, Case
from rnnbench.model.formatting import significant
from rnnbench.model.metric import PEAK_MEMORY, TIME
from rnnbench.model.status import MEASURED
from rnnbench.report.claims.learning_rules import (
    can_be_worse,
    captures,
    does_badly,
    gradients,
    of_variant,
)
from rnnbench.report.claims.rules import (
    LESS,
    MORE,
    SIMPLE,
    Finding,
    Standing,
    agree,
    counts_of,
    example,
    of_axis,
    of_layers,
    of_metric,
    time_and_memory,
    weigh,
    weights_of,
)
from rnnbench.report.claims.words import WORDS
from rnnbench.report.view import RunView

# The sizes of the article's own examples.
EXAMPLE = Case(layer="lstm", input_size=10, hidden_size=20, seq_len=5, batch_size=3)
PROJECTED = replace(EXAMPLE, input_size=300, hidden_size=128, proj_size=64)

Rule = Callable[[RunView], Finding]


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim in our own words, the rule that judges it, and its result.

    `section`: the id of the part of the page that has it in full, or nothing.
    """

    id: str
    text: str
    rule: str
    standing: Standing
    evidence: tuple[str, ...]
    section: str


def claims(view: RunView) -> tuple[Claim, ...]:
    """C1 to C16, each once, each by its rule.

    They are about PyTorch's layers: ratios in other runtimes are not evidence.
    """
    view = _of_eager(view)
    judged = []
    for name, said in WORDS.items():
        came = _RULES[name](view)
        judged.append(
            Claim(
                id=name,
                text=said.text,
                rule=said.rule,
                standing=came.standing,
                evidence=came.evidence,
                section=came.section,
            )
        )
    return tuple(judged)


def _of_eager(view: RunView) -> RunView:
    results = view.run.results
    eager = tuple(one for one in results if one.case.runtime == EAGER)
    if len(eager) == len(results):
        return view
    return RunView(replace(view.run, results=eager))


def _finding(
    standing: Standing, evidence: Iterable[str], pairs: Sequence[Ratio], section: str
) -> Finding:
    """With a link if the page shows evidence, otherwise with the reason why not."""
    sentences = tuple(evidence)
    if not pairs:
        return Finding(standing, (*sentences, "This run measured no such pair."))
    return Finding(standing, sentences, section)


def _simplest(view: RunView) -> Finding:
    lstm = of_layers(view.ratios, SIMPLE)
    times, gru = of_metric(lstm, TIME), view.rnn_to_gru
    evidence = (
        example(EXAMPLE),
        *counts_of("Time of a plain RNN against an LSTM's", times),
        *counts_of("Time of a plain RNN against a GRU's", gru),
        *counts_of("Peak memory against an LSTM's", of_metric(lstm, PEAK_MEMORY)),
    )
    return _finding(weigh([*times, *gru], LESS), evidence, [*times, *gru], "explore")


def _lstm_costs(view: RunView) -> Finding:
    rnn = of_metric(of_layers(view.ratios, SIMPLE), TIME)
    gru = of_metric(of_layers(view.ratios, ("gru",)), TIME)
    evidence = (
        example(EXAMPLE),
        *counts_of("Time of a plain RNN against an LSTM's", rnn),
        *counts_of("Time of a GRU against an LSTM's", gru),
    )
    return _finding(weigh([*rnn, *gru], LESS), evidence, [*rnn, *gru], "explore")


def _gru_is_cheaper(view: RunView) -> Finding:
    pairs = of_layers(view.ratios, ("gru",))
    times = of_metric(pairs, TIME)
    gru = weights_of(replace(EXAMPLE, layer="gru"))
    share = significant(gru / weights_of(EXAMPLE), 2)
    evidence = (
        f"By closed form a GRU has {share}× the parameters of an LSTM.",
        *counts_of("Time of a GRU against an LSTM's", times),
        *counts_of("Peak memory against an LSTM's", of_metric(pairs, PEAK_MEMORY)),
    )
    return _finding(weigh(times, LESS), evidence, times, "explore")


def _both_ways_cost(view: RunView) -> Finding:
    pairs = of_axis(view.ratios, "bidirectional")
    evidence = time_and_memory(pairs, "two directions against one")
    return _finding(weigh(pairs, MORE), evidence, pairs, "settings")


def _with_cost(axis: str, what: str) -> Rule:
    """A claim about learning by a setting, with what the setting costs."""
    learned = of_variant(axis)

    def rule(view: RunView) -> Finding:
        finding, pairs = learned(view), of_axis(view.ratios, axis)
        evidence = (*finding.evidence, *time_and_memory(pairs, what))
        section = finding.section or ("settings" if pairs else "")
        return Finding(finding.standing, evidence, section)

    return rule


def _projects(view: RunView) -> Finding:
    pairs = of_axis(view.ratios, "proj_size")
    smaller = [
        weights_of(ratio.pair.candidate) < weights_of(ratio.pair.baseline)
        and ratio.pair.candidate.output_size < ratio.pair.baseline.output_size
        for ratio in pairs
    ]
    plain = replace(PROJECTED, proj_size=0)
    before, after = weights_of(plain), weights_of(PROJECTED)
    exact = (
        f"By closed form, with input_size {plain.input_size} and hidden_size "
        f"{plain.hidden_size}: {before:,} parameters, and with proj_size "
        f"{PROJECTED.proj_size} {after:,}; the output's last dimension goes from "
        f"{plain.output_size} to {PROJECTED.output_size}."
    )
    evidence = (
        exact,
        *time_and_memory(pairs, "a projected LSTM against a plain one"),
    )
    return _finding(agree(smaller), evidence, pairs, "settings")


def _layouts(view: RunView) -> Finding:
    cases = [
        result.case
        for result in view.run.results
        if result.status in MEASURED and result.case.batch_first
    ]
    other = [case for case in cases if case.output_size != case.input_size]
    evidence = []
    if cases:
        evidence.append(
            f"The output's last dimension is not input_size in {len(other)} of "
            f"{len(cases)} cases measured batch first; it is directions times "
            "proj_size or hidden_size."
        )
    if other:
        one = other[0]
        evidence.append(f"Input of {one.input_size}: output of {one.output_size}.")
    pairs = of_axis(view.ratios, "batch_first")
    evidence += counts_of(
        "Time of batch first against sequence first", of_metric(pairs, TIME)
    )
    # The order of the dimensions holds wherever a case was measured: it was checked.
    halves = [True, not other] if cases else []
    if cases and not pairs:
        return Finding(agree(halves), tuple(evidence), "explore")
    return _finding(agree(halves), evidence, pairs, "settings")


def _biases(view: RunView) -> Finding:
    pairs = of_axis(view.ratios, "bias")
    fewer = [
        weights_of(ratio.pair.candidate) < weights_of(ratio.pair.baseline)
        for ratio in pairs
    ]
    with_bias, without = (
        weights_of(EXAMPLE),
        weights_of(replace(EXAMPLE, bias=False)),
    )
    exact = (
        f"By closed form the article's LSTM has {with_bias:,} parameters with bias, "
        f"{without:,} without."
    )
    evidence = (
        exact,
        *time_and_memory(pairs, "no bias against bias"),
    )
    return _finding(agree(fewer), evidence, pairs, "settings")


def _suits(view: RunView) -> Finding:
    times = of_metric(of_layers(view.ratios, ("gru", *SIMPLE)), TIME)
    named = {case for use in view.run.sweep.uses for case in use.cases}
    streams = {
        ratio.pair.candidate.id: ratio
        for ratio in times
        if ratio.pair.candidate.id in named
        and ratio.pair.candidate.seq_len == ratio.pair.candidate.batch_size == 1
    }
    gru = [one for one in streams.values() if one.pair.candidate.layer == "gru"]
    rnn = [one for one in streams.values() if one.pair.candidate.layer != "gru"]
    if not gru:
        reason = "This run measured no stream of the named uses."
        return Finding(Standing.NOT_MEASURED, (reason,))
    evidence = (
        *counts_of("Time of a GRU against an LSTM's, one step of one sequence", gru),
        *counts_of("Time of a plain RNN", rnn),
        "Which layer answers better is another question: see C3, C4 and C7.",
    )
    return Finding(weigh(gru, LESS), evidence, "uses")


_RULES: dict[str, Rule] = {
    "C1": _simplest,
    "C2": gradients,
    "C3": does_badly,
    "C4": captures("lstm"),
    "C5": _lstm_costs,
    "C6": _gru_is_cheaper,
    "C7": captures("gru"),
    "C8": can_be_worse,
    "C9": _with_cost("bidirectional", "two directions against one"),
    "C10": _both_ways_cost,
    "C11": _with_cost("num_layers", "more layers against the fewest"),
    "C12": _with_cost("dropout", "dropout against none"),
    "C13": _projects,
    "C14": _layouts,
    "C15": _biases,
    "C16": _suits,
}
