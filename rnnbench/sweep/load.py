"""Loading a sweep file: its cases, or every fault with its line and column."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnbench.model.case import TORCH_LAYERS, Case
from rnnbench.model.errors import SweepError
from rnnbench.model.layer_arguments import PREFIX
from rnnbench.model.policy import Policy
from rnnbench.model.run import References, SweepRecord, Use
from rnnbench.model.serving import Part
from rnnbench.model.workload import DEFAULT_COMPARE, Workload
from rnnbench.sweep.expand import Expansion, Rules, Values, expand
from rnnbench.sweep.learning_schema import plan_of
from rnnbench.sweep.schema import USE_WORDS, SweepFile, check
from rnnbench.sweep.yaml_file import (
    MOST_FAULTS,
    Document,
    Place,
    SweepFault,
    nearest,
    read_text,
    read_yaml,
)

_QUESTION = "the first line must be a comment: the question that the sweep answers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """The cases to measure; `notes` say what was collapsed, added or is alone."""

    record: SweepRecord
    workloads: tuple[Workload, ...]
    cases: tuple[Case, ...]
    notes: tuple[str, ...]


def load_sweep(path: Path) -> Sweep:
    """The sweep in a file; SweepError has a line `file:line:column: fault` for each."""
    try:
        text, faults = read_text(path)
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or error
        raise SweepError(f"{path}: can't be read: {what}") from error
    if faults:
        raise _error(path, Document(faults=faults))
    document = read_yaml(text)
    # Text that is no YAML has no sections to check.
    is_yaml = not document.faults or bool(document.values)
    question = _question(text, document)
    sweep = build_sweep(path.stem, question, document) if is_yaml else None
    if sweep is None or document.faults:
        raise _error(path, document)
    return sweep


def build_sweep(name: str, question: str, document: Document) -> Sweep | None:
    """The sweep that a document describes; None if a fault was added to it."""
    file = check(document)
    if file and file.learning:
        return _learning_sweep(name, question, file, document)
    expansion = _expand(file, document) if file and file.axes else Expansion()
    references = _references(file, expansion, document) if file else ()
    if file is None or document.faults:
        return None
    policy = Policy(**file.policy.model_dump(exclude_unset=True))
    return Sweep(
        record=SweepRecord(
            name=name,
            question=question,
            digest=_digest(expansion.cases, tuple(file.compare)),
            compare=tuple(file.compare),
            policy=policy,
            uses=_uses(file, expansion),
            references=references,
        ),
        workloads=expansion.workloads,
        cases=expansion.cases,
        notes=(
            *_machine_notes(file, document),
            *_policy_notes(policy, expansion.cases),
            *expansion.notes,
        ),
    )


def _policy_notes(policy: Policy, cases: Iterable[Case]) -> Iterator[str]:
    for part in Part:
        pattern = getattr(policy, part)
        if pattern != "none" and not any(policy.reads(part, case) for case in cases):
            yield f"{part}: {pattern} matches no case that it applies to"


def _learning_sweep(
    name: str, question: str, file: SweepFile, document: Document
) -> Sweep | None:
    """The sweep of a learning section; its steps are timed beside each other."""
    plan = plan_of(file.learning, document)
    if document.faults:
        return None
    varied = tuple(
        axis
        for axis in ("bidirectional", "num_layers", "dropout")
        if len({getattr(case, axis) for case in plan.cases}) > 1
    )
    compare = (*DEFAULT_COMPARE, *varied)
    content = "\n".join((",".join(compare), *sorted(case.id for case in plan.cases)))
    return Sweep(
        record=SweepRecord(
            name=name,
            question=question,
            digest=hashlib.sha256(content.encode()).hexdigest(),
            compare=compare,
            policy=Policy(**file.policy.model_dump(exclude_unset=True)),
            learning=plan,
        ),
        workloads=(),
        cases=(),
        notes=(),
    )


def _question(text: str, document: Document) -> str:
    """The question in the first line; its absence is a fault."""
    first = text.split("\n", 1)[0].strip()
    question = " ".join(first.strip("# ").split())
    if not first.startswith("#") or not question:
        document.faults.append(SweepFault(Place(), _QUESTION))
    return question


def _expand(file: SweepFile, document: Document) -> Expansion:
    """The cases; faults in the rules are added to those of the document."""
    written = document.data
    expansion = expand(
        Rules(
            axes=_values(file.axes, written["axes"]),
            compare=tuple(file.compare),
            include=tuple(map(_values, file.include, written.get("include", ()))),
            uses=tuple(map(_values, file.uses, written.get("uses", ()))),
            exclude=tuple(map(_values, file.exclude, written.get("exclude", ()))),
            match_parameters=file.match is not None,
            inapplicable=file.inapplicable,
        )
    )
    document.faults += [
        SweepFault(document.value(route), what, route)
        for route, what in expansion.faults
    ]
    return expansion


def _references(
    file: SweepFile, expansion: Expansion, document: Document
) -> References:
    """Each layer of the user's with its reference; what can't be one is a fault."""
    if expansion.faults:
        return ()
    layers = dict.fromkeys(case.layer for case in expansion.cases)
    own = [layer for layer in layers if layer not in TORCH_LAYERS]
    if (for_all := file.reference.get("")) is not None:
        found = tuple((layer, for_all) for layer in own if layer != for_all)
        if not found:
            what = "there is no layer of your own that could be compared with it"
            document.faults.append(_reference_fault(document, (), what))
        return found
    for layer, reference in file.reference.items():
        if layer not in own:
            what = f"is no layer of your own in this sweep{nearest(layer, own)}"
        elif layer == reference:
            what = "is the layer itself"
        else:
            continue
        document.faults.append(_reference_fault(document, (layer,), what))
    return tuple(file.reference.items())


def _reference_fault(
    document: Document, layer: tuple[str, ...], what: str
) -> SweepFault:
    route = ("reference", *layer)
    place = document.key(route) if layer else document.value(route)
    return SweepFault(place, what, route)


def _values(section: Any, written: dict[str, object]) -> Values:
    """The values of the axes that are named, in the file's order."""
    values: dict[str, tuple[Any, ...]] = {}
    for axis in written:
        if axis == "args":
            named = section.args.items()
            values |= {f"{PREFIX}{name}": tuple(found) for name, found in named}
        elif axis not in USE_WORDS:
            values[axis] = tuple(getattr(section, axis))
    return values


def _uses(file: SweepFile, expansion: Expansion) -> tuple[Use, ...]:
    """The uses of the file, each with the ids of its cases."""
    return tuple(
        Use(
            name=use.name,
            said_of=use.said_of,
            source=use.source or use.our_choice,
            our_choice=bool(use.our_choice),
            cases=tuple(case.id for case in cases),
            why=use.why,
        )
        for use, cases in zip(file.uses, expansion.uses, strict=True)
    )


def _digest(cases: tuple[Case, ...], compare: tuple[str, ...]) -> str:
    """A digest of the cases; the same for every file that gives the same cases."""
    content = "\n".join((",".join(compare), *sorted(case.id for case in cases)))
    return hashlib.sha256(content.encode()).hexdigest()


def _machine_notes(file: SweepFile, document: Document) -> Iterator[str]:
    """Notes on values that depend on the machine that reads the file."""
    written = document.data
    sections = [written["axes"], *written.get("include", ()), *written.get("uses", ())]
    read = [file.axes, *file.include, *file.uses]
    for section, values in zip(sections, read, strict=True):
        if "all" in str(section.get("threads", "")):
            yield f"threads: all is {max(values.threads)} on this machine"
            return


def _error(path: Path, document: Document) -> SweepError:
    """One line for each of the first faults, in the order of their places."""
    ordered = sorted(document.faults, key=lambda fault: (fault.place, str(fault)))
    lines = [
        f"{path}:{fault.place.line}:{fault.place.column}: {fault}"
        for fault in ordered[:MOST_FAULTS]
    ]
    if more := len(ordered) + document.unlisted - len(lines):
        lines.append(f"{path}: and {more} more faults")
    return SweepError("\n".join(lines))
