"""YAML as plain values with their places; tags, anchors and aliases are refused."""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    NodeEvent,
)
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from rnnbench.storage.files import read_limited

# A sweep that a person writes is far smaller.
MOST_BYTES = 1 << 20
MOST_DEPTH = 8
MOST_FAULTS = 100

# The keys and indices that lead from the document to a value in it.
Route = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in the text; line and column are counted from 1, as in editors."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True, order=True)
class SweepFault:
    """One fault: its place, its description, and the keys that lead to it."""

    place: Place
    what: str
    route: Route = ()

    def __str__(self) -> str:
        """The description after the names of the keys: `axes.layer: is missing`."""
        names = [
            key if key.isidentifier() else repr(key)
            for key in self.route
            if isinstance(key, str)
        ]
        return f"{'.'.join(names)}: {self.what}" if names else self.what


@dataclass(slots=True)
class Document:
    """The content of a text: plain values, their places, and faults.

    `keys` has the places of the keys of mappings, `values` those of values, both by
    route. `unlisted`: number of faults that are not in `faults`.
    """

    data: Any = None
    keys: dict[Route, Place] = field(default_factory=dict)
    values: dict[Route, Place] = field(default_factory=dict)
    faults: list[SweepFault] = field(default_factory=list)
    unlisted: int = 0

    def key(self, path: Route) -> Place:
        """The place of the key at `path`, or of the nearest value around it."""
        return self.keys.get(path) or self.value(path)

    def value(self, path: Route) -> Place:
        """The place of the value at `path`, or of the nearest value around it."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, Place())


def nearest(name: str, known: Iterable[str]) -> str:
    """The name that was probably meant, as the end of a message: ` (hidden_size?)`."""
    found = get_close_matches(name.lower(), list(known), n=1)
    return f" ({found[0]}?)" if found else ""


def read_text(path: Path) -> tuple[str, list[SweepFault]]:
    """Read the text of a file; OSError or ValueError if it can't be read."""
    content = read_limited(path, MOST_BYTES)
    try:
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig", errors="replace")
        place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
        return "", [SweepFault(place, f"byte {content[error.start]:#04x} is not UTF-8")]


def read_yaml(text: str) -> Document:
    """The document in a text. It is YAML 1.2: `yes` is a text, `1e3` is a number."""
    document = Document()
    try:
        # The events come first: the composer, which calls itself for each level, never
        # sees a deep document or an alias.
        events = YAML(typ="rt").parse(text)
        document.faults.extend(islice(_not_plain(events), MOST_FAULTS))
        if document.faults:
            return document
        node = YAML(typ="rt").compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place()
        what = error.problem or error.context or "can't be read as YAML"
        document.faults.append(SweepFault(place, one_line(what)))
        return document
    except ReaderError as error:
        before = text[: error.position]
        place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
        character = f"the character {error.character!r} is not allowed in YAML"
        document.faults.append(SweepFault(place, character))
        return document
    except YAMLError as error:
        document.faults.append(SweepFault(Place(), one_line(str(error))))
        return document
    if node is not None:
        document.data = _plain(node, (), document)
    return document


def plain_scalar(text: str) -> Any:
    """A scalar as YAML 1.2 reads it where it stands without quotes.

    >>> [plain_scalar(text) for text in ("8", "0.5", "true", "gru")]
    [8, 0.5, True, 'gru']
    """
    resolver = YAML(typ="rt").resolver
    tag = str(resolver.resolve(ScalarNode, text, (True, False)))
    return _SCALARS.get(tag.rpartition(":")[2], str)(text)


def one_line(text: str) -> str:
    """`text` with its white space reduced to single spaces."""
    return " ".join(text.split())


def _not_plain(events: Iterator[Event]) -> Iterator[SweepFault]:
    depth = documents = 0
    for event in events:
        place = _place(event)
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None) is not None:
            yield SweepFault(
                place, "anchors and aliases are not supported: write the value out"
            )
        if isinstance(event, NodeEvent) and getattr(event, "tag", None):
            yield SweepFault(place, "tags are not supported")
        if isinstance(event, DocumentStartEvent):
            documents += 1
            if documents > 1:
                yield SweepFault(place, "a second document: a sweep has only one")
            if event.version or event.tags:
                yield SweepFault(place, "directives (%) are not supported")
        if isinstance(event, CollectionStartEvent):
            depth += 1
            if depth > MOST_DEPTH:
                yield SweepFault(place, f"more than {MOST_DEPTH} levels deep")
                return
        if isinstance(event, CollectionEndEvent):
            depth -= 1


def _place(item: Event | Node) -> Place:
    mark = item.start_mark
    return Place(mark.line + 1, mark.column + 1) if mark else Place()


def _plain(node: Node, path: Route, document: Document) -> Any:
    document.values[path] = _place(node)
    if isinstance(node, SequenceNode):
        return [
            _plain(item, (*path, index), document)
            for index, item in enumerate(node.value)
        ]
    if isinstance(node, MappingNode):
        return _mapping(node, path, document)
    return _SCALARS.get(str(node.tag).rpartition(":")[2], str)(node.value)


def _mapping(node: MappingNode, path: Route, document: Document) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        place = _place(key)
        if not isinstance(key, ScalarNode):
            document.faults.append(SweepFault(place, "a key must be a plain word"))
            continue
        here = (*path, key.value)
        if key.value in found:
            first = document.keys[here]
            what = f"{key.value!r} is there twice: also at {first.line}:{first.column}"
            document.faults.append(SweepFault(place, what))
            continue
        document.keys[here] = place
        found[key.value] = _plain(value, here, document)
        if found[key.value] is None:
            # YAML puts a missing value where the next token begins.
            document.values[here] = place
    return found


def _integer(text: str) -> int | str:
    # Decimal digits only: 0x10, 0o17, 1_000 and very long numbers stay texts, which are
    # refused where a number is needed.
    return int(text) if re.fullmatch(r"[-+]?[0-9]{1,30}", text) else text


def _float(text: str) -> float | str:
    try:
        value = float(text)
    except ValueError:
        return text
    return value if math.isfinite(value) else text


_SCALARS: dict[str, Any] = {
    "null": lambda _text: None,
    "bool": lambda text: text.lower() == "true",
    "int": _integer,
    "float": _float,
}
