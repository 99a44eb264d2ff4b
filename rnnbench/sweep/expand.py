"""From the rules of a sweep to its cases: products, exclusions, collapse, twins."""

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
from rnnbench.model.workload import Workload, group

# A sweep of more could not be measured in a week; it is a slip of the pen.
MOST_CASES = 200_000
# How far the number of parameters of a twin may be from the LSTM's.
MATCH_WITHIN = 0.01

Values = Mapping[str, tuple[Any, ...]]
# The keys and indices that lead to a place in the file.
Route = tuple[str | int, ...]


class Inapplicable(StrEnum):
    """What becomes of an axis that means nothing for a case (see `case.applies`)."""

    COLLAPSE = "collapse"  # it is set to its default, and multiplies no cases
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a sweep says about its cases; the values of each axis in its order.

    Where there are uses, the axes are what each of them starts from, and no product.
    """

    axes: Values
    compare: tuple[str, ...]
    include: tuple[Values, ...] = ()
    uses: tuple[Values, ...] = ()
    exclude: tuple[Values, ...] = ()
    match_parameters: bool = False
    inapplicable: Inapplicable = Inapplicable.COLLAPSE

    def products(self) -> tuple[tuple[Route, Values], ...]:
        """What gives cases: the place of each product, and what it says of its own."""
        own: list[tuple[Route, Values]] = [] if self.uses else [(("axes",), {})]
        for key, rules in (("include", self.include), ("uses", self.uses)):
            own += [((key, number), rule) for number, rule in enumerate(rules)]
        return tuple(own)


@dataclass(slots=True)
class Expansion:
    """The cases, or what is wrong with the rules, each fault with its place.

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
    """One point of a product: as it is written, and the case that it comes to.

    `rule` is the place of its product, and `own` what that says beside the axes.
    `collapsed`: axes that mean nothing here and were not at their default.
    """

    rule: Route
    own: Values
    written: Mapping[str, Any]
    case: Case
    collapsed: tuple[str, ...]
    fault: str = ""


def expand(rules: Rules) -> Expansion:
    """Build every case once, in the order of the products."""
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
    if rules.inapplicable is Inapplicable.REFUSE:
        _refuse_collapsed(points, expansion)
    cases: Iterable[Case] = dict.fromkeys(point.case for point in points)
    if rules.match_parameters:
        cases = _with_twins(cases, expansion)
    expansion.cases = tuple(cases)
    expansion.uses = tuple(
        tuple(dict.fromkeys(one.case for one in points if one.rule == ("uses", number)))
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
    # Each value was checked alone: a proj_size can still be too large for the
    # hidden_size. That is no fault where it means nothing, so it comes in last.
    case, fault = Case(**{**written, "proj_size": 0}), ""
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


def _route(axis: str, point: _Point) -> Route:
    """Where the file gives `axis` the values that the point's product takes."""
    return (*point.rule, axis) if axis in point.own else ("axes", axis)


def _exclude(points: list[_Point], rules: Rules, expansion: Expansion) -> list[_Point]:
    """Leave out what matches a rule, as it is written or as the case it comes to."""
    for number, rule in enumerate(rules.exclude):
        kept = [point for point in points if not _matches(point, rule)]
        if len(kept) == len(points):
            expansion.refuse(("exclude", number), "matches no case")
        points = kept
    if not points:
        expansion.refuse(("exclude",), "leaves no case")
    return points


def _matches(point: _Point, rule: Values) -> bool:
    as_written = all(point.written[axis] in values for axis, values in rule.items())
    # A point with a fault comes to no case.
    return as_written or (
        not point.fault
        and all(getattr(point.case, axis) in values for axis, values in rule.items())
    )


def _refuse_collapsed(points: list[_Point], expansion: Expansion) -> None:
    idle: dict[Route, list[_Point]] = {}
    for point in points:
        for axis in point.collapsed:
            idle.setdefault(_route(axis, point), []).append(point)
    for route, found in idle.items():
        what = f"means nothing for {counted(len(found), 'case')}, as {found[0].case.id}"
        expansion.refuse(route, what)


def _with_twins(cases: Iterable[Case], expansion: Expansion) -> Iterator[Case]:
    """Beside each case the twin that has as many parameters as the LSTM of its size."""
    cases = list(cases)
    if not any(case.layer == "lstm" for case in cases):
        expansion.refuse(("match",), "there is no lstm to match the parameters of")
    sized: dict[Case, int] = {}
    unknown = sorted({case.layer for case in cases} - set(TORCH_LAYERS))
    for layer in unknown:
        expansion.notes.append(f"{layer}: not matched, its parameters are not known")
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
    """What of a case its number of parameters depends on."""
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
    """A case is found again by its id: no two may share one."""
    counts = Counter(case.id for case in expansion.cases)
    for name, count in counts.items():
        if count > 1:
            expansion.refuse(("axes",), f"{count} cases have the same id {name}")


def _note(points: list[_Point], rules: Rules, expansion: Expansion) -> None:
    """Say what was collapsed, and what is not compared because of it."""
    notes = expansion.notes
    idle = Counter(axis for point in points for axis in point.collapsed)
    for axis, count in idle.items():
        value = str(DEFAULTS[axis]).lower()
        notes.append(
            f"{axis} means nothing for {counted(count, 'combination')}: set to {value}"
        )
        if axis not in rules.compare:
            notes.append(
                f"{axis} is not in compare: those cases stand beside {value} alone"
            )
    distinct = len({point.case for point in points})
    if distinct < len(points):
        notes.append(f"{len(points)} combinations come to {distinct} different cases")
    if twins := sum(case.parameters_of > 0 for case in expansion.cases):
        notes.append(f"{counted(twins, 'twin')} of equal parameters added")
    if alone := sum(len(one.members) == 1 for one in expansion.workloads):
        of = f"{alone} of {counted(len(expansion.workloads), 'workload')}"
        notes.append(f"{of} with one member: nothing is compared there")
