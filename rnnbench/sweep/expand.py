"""Expansion of a sweep into cases: products, exclusions, collapsed axes, twins."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import product
from math import prod
from typing import Any

from rnnbench.model.case import AXES, DEFAULTS, TORCH_LAYERS, Case, applies
from rnnbench.model.cost import matched_hidden_size, parameters
from rnnbench.model.formatting import counted
from rnnbench.model.layer_arguments import PREFIX, value_of
from rnnbench.model.workload import Workload, group

# A larger sweep could not be measured in a week: it is a mistake.
MOST_CASES = 200_000
# Largest distance of a twin's number of parameters from the LSTM's, as a share.
MATCH_WITHIN = 0.01

Values = Mapping[str, tuple[Any, ...]]
# The keys and indices that lead to a place in the file.
Route = tuple[str | int, ...]


class Inapplicable(StrEnum):
    """Treatment of an axis that does not apply to a case: collapsed, or refused."""

    COLLAPSE = "collapse"  # set to its default, so that it multiplies no cases
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of a sweep; the values of each axis are in the order of the file.

    Where there are uses, `axes` has the values that each use starts from, and gives no
    cases by itself.
    """

    axes: Values
    compare: tuple[str, ...]
    include: tuple[Values, ...] = ()
    uses: tuple[Values, ...] = ()
    exclude: tuple[Values, ...] = ()
    match_parameters: bool = False
    inapplicable: Inapplicable = Inapplicable.COLLAPSE

    def products(self) -> tuple[tuple[Route, Values], ...]:
        """The place of each product of axes, and the axes that it sets itself."""
        own: list[tuple[Route, Values]] = [] if self.uses else [(("axes",), {})]
        for key, rules in (("include", self.include), ("uses", self.uses)):
            own += [((key, number), rule) for number, rule in enumerate(rules)]
        return tuple(own)


@dataclass(slots=True)
class Expansion:
    """The cases and workloads of a sweep, or the faults in its rules with their places.

    `uses`: the cases of each use, in the order of the rules.
    """

    cases: tuple[Case, ...] = ()
    uses: tuple[tuple[Case, ...], ...] = ()
    workloads: tuple[Workload, ...] = ()
    notes: list[str] = field(default_factory=list)
    faults: dict[tuple[Route, str], None] = field(default_factory=dict)

    def refuse(self, route: Route, what: str) -> None:
        """Add a fault, once."""
        self.faults[route, what] = None


@dataclass(frozen=True, slots=True)
class _Point:
    """One point of a product: its values as written, and the case that they give.

    `rule` is the place of its product, and `own` the axes that the product sets itself.
    `collapsed`: axes that do not apply here and were not at their default.
    """

    rule: Route
    own: Values
    written: Mapping[str, Any]
    case: Case
    collapsed: tuple[str, ...]
    fault: str = ""


def expand(rules: Rules) -> Expansion:
    """Every case of the sweep once, in the order of the products; or its faults."""
    expansion = Expansion()
    products = rules.products()
    count = sum(prod(map(len, {**rules.axes, **own}.values())) for _, own in products)
    if count * (1 + rules.match_parameters) > MOST_CASES:
        what = f"{count} combinations are more than {MOST_CASES}"
        expansion.refuse(("axes",), what)
        return expansion
    points = _exclude(list(_points(products, rules.axes)), rules, expansion)
    for point in points:
        if point.fault:
            expansion.refuse(_route("proj_size", point), point.fault)
    _refuse_unused_arguments(points, rules, expansion)
    if rules.inapplicable is Inapplicable.REFUSE:
        _refuse_collapsed(points, expansion)
    cases: Iterable[Case] = dict.fromkeys(point.case for point in points)
    if rules.match_parameters:
        cases = _with_twins(cases, expansion)
    expansion.cases = tuple(cases)
    expansion.uses = tuple(
        tuple(dict.fromkeys(p.case for p in points if p.rule == ("uses", number)))
        for number in range(len(rules.uses))
    )
    _check_ids(expansion)
    if not expansion.faults:
        expansion.workloads = group(expansion.cases, rules.compare)
        _note(points, rules, expansion)
    return expansion


def _points(products: Iterable[tuple[Route, Values]], axes: Values) -> Iterator[_Point]:
    for rule, own in products:
        values = {**axes, **own}
        for combination in product(*values.values()):
            named = dict(zip(values, combination, strict=True))
            yield _point(rule, own, {**DEFAULTS, **named})


def _point(rule: Route, own: Values, written: Mapping[str, Any]) -> _Point:
    # Each value was checked alone, but a proj_size can be too large for the
    # hidden_size. That is no fault where proj_size does not apply, so it is set last.
    case, fault = _case({**written, "proj_size": 0}), ""
    if applies("proj_size", case):
        try:
            case = replace(case, proj_size=written["proj_size"])
        except ValueError as error:
            fault = str(error).removeprefix("proj_size: ")
    idle = {
        axis: DEFAULTS[axis]
        for axis in AXES
        if axis in DEFAULTS
        and written[axis] != DEFAULTS[axis]
        and not applies(axis, case)
    }
    case = replace(case, **idle) if idle else case
    return _Point(rule, own, written, case, tuple(idle), fault)


def _case(written: Mapping[str, Any]) -> Case:
    """The case of a point; only a layer of the user's gets the arguments."""
    values = {
        axis: value for axis, value in written.items() if not axis.startswith(PREFIX)
    }
    arguments = {
        axis.removeprefix(PREFIX): value
        for axis, value in written.items()
        if axis.startswith(PREFIX)
    }
    if arguments and values["layer"] not in TORCH_LAYERS:
        values["args"] = tuple(sorted(arguments.items()))
    return Case(**values)


def _route(axis: str, point: _Point) -> Route:
    """Place in the file of the values of `axis` that the point's product takes."""
    return (*point.rule, axis) if axis in point.own else ("axes", axis)


def _exclude(points: list[_Point], rules: Rules, expansion: Expansion) -> list[_Point]:
    """Remove points that match a rule, as written or as the case that they give."""
    for number, rule in enumerate(rules.exclude):
        kept = [point for point in points if not _matches(point, rule)]
        if len(kept) == len(points):
            expansion.refuse(("exclude", number), "matches no case")
        points = kept
    if not points:
        expansion.refuse(("exclude",), "leaves no case")
    return points


def _matches(point: _Point, rule: Values) -> bool:
    written = point.written
    as_written = all(written.get(axis) in values for axis, values in rule.items())
    # A point with a fault gives no case.
    return as_written or (
        not point.fault
        and all(value_of(point.case, axis) in values for axis, values in rule.items())
    )


def _refuse_unused_arguments(
    points: list[_Point], rules: Rules, expansion: Expansion
) -> None:
    """Add a fault for each argument that no case has."""
    for route, values in ((("axes",), rules.axes), *rules.products()):
        for axis in values:
            if axis.startswith(PREFIX) and not any(
                applies(axis, p.case) for p in points
            ):
                what = "no case has it: only layers of your own take arguments"
                expansion.refuse((*route, *axis.split(".", 1)), what)


def _refuse_collapsed(points: list[_Point], expansion: Expansion) -> None:
    idle: dict[Route, list[_Point]] = {}
    for point in points:
        for axis in point.collapsed:
            idle.setdefault(_route(axis, point), []).append(point)
    for route, found in idle.items():
        what = f"does not apply to {counted(len(found), 'case')}, as {found[0].case.id}"
        expansion.refuse(route, what)


def _with_twins(cases: Iterable[Case], expansion: Expansion) -> Iterator[Case]:
    """Each case, and its twin with as many parameters as the LSTM of its size."""
    cases = list(cases)
    if not any(case.layer == "lstm" for case in cases):
        expansion.refuse(
            ("match",), "there is no lstm whose parameters could be matched"
        )
    sized: dict[Case, int] = {}
    unknown = sorted({case.layer for case in cases} - set(TORCH_LAYERS))
    for layer in unknown:
        expansion.notes.append(
            f"{layer}: not matched, since its number of parameters is unknown"
        )
    for case in cases:
        yield case
        if case.layer not in unknown and applies("parameters_of", case):
            shape = _shape(case)
            if shape not in sized:
                sized[shape] = _twin_size(shape, expansion)
            yield replace(
                case, hidden_size=sized[shape], parameters_of=case.hidden_size
            )


def _shape(case: Case) -> Case:
    """The fields of a case that its number of parameters depends on."""
    return Case(
        layer=case.layer,
        input_size=case.input_size,
        hidden_size=case.hidden_size,
        num_layers=case.num_layers,
        bias=case.bias,
        bidirectional=case.bidirectional,
        seq_len=1,
        batch_size=1,
    )


def _twin_size(shape: Case, expansion: Expansion) -> int:
    wanted = parameters(replace(shape, layer="lstm")) or 0
    hidden_size, off = matched_hidden_size(shape, wanted)
    if off > MATCH_WITHIN:
        what = (
            f"{shape.layer} with input_size {shape.input_size}, num_layers "
            f"{shape.num_layers}: no hidden_size comes within {MATCH_WITHIN:.0%} of "
            f"the {wanted} parameters of the lstm with hidden_size "
            f"{shape.hidden_size} (nearest: {hidden_size}, {off:.1%} off)"
        )
        expansion.refuse(("match",), what)
    return hidden_size


def _check_ids(expansion: Expansion) -> None:
    """Add a fault for each id that two cases share."""
    counts = Counter(case.id for case in expansion.cases)
    for name, count in counts.items():
        if count > 1:
            expansion.refuse(("axes",), f"{count} cases have the same id {name}")


def _note(points: list[_Point], rules: Rules, expansion: Expansion) -> None:
    """Add notes on what was collapsed, and on what is not compared because of it."""
    notes = expansion.notes
    idle = Counter(axis for point in points for axis in point.collapsed)
    for axis, count in idle.items():
        value = str(DEFAULTS[axis]).lower()
        notes.append(
            f"{axis} does not apply to {counted(count, 'combination')}: set to {value}"
        )
        if axis not in rules.compare:
            notes.append(
                f"{axis} is not in compare: those cases are measured at {value} only"
            )
    distinct = len({point.case for point in points})
    if distinct < len(points):
        notes.append(f"{len(points)} combinations give {distinct} different cases")
    if twins := sum(case.parameters_of > 0 for case in expansion.cases):
        notes.append(f"{counted(twins, 'twin')} of equal parameters added")
    if alone := sum(len(each.members) == 1 for each in expansion.workloads):
        of = f"{alone} of {counted(len(expansion.workloads), 'workload')}"
        notes.append(f"{of} with one member: nothing is compared there")
