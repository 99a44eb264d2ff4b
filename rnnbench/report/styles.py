"""Styles that a strict policy lets through: in one sheet, known by its hash."""

import re
from html import unescape

_TAG = re.compile(r"<[a-zA-Z][^<>]*>")
_STYLE = re.compile(r'\sstyle="([^"]*)"')
# What matplotlib and our own colours are written with; nothing that could end a rule.
_PLAIN = re.compile(r"[\w\s:;#.,()'%-]*")


class Styles:
    """Takes the style attributes out of drawings; each different one becomes a class.

    A policy without 'unsafe-inline' ignores style attributes. Drawings repeat a few
    dozen of them thousands of times, so the page gets smaller by it, too.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def taken_from(self, svg: str) -> str:
        """The drawing with classes in place of styles."""
        # The text of a drawing holds no `<`, so each match is a tag of its own.
        return _TAG.sub(lambda tag: _STYLE.sub(self._as_class, tag[0]), svg)

    def sheet(self) -> str:
        """The rules of all classes so far."""
        return "".join(
            f".{name} {{ {rule} }}\n" for rule, name in self._names.items() if rule
        )

    def _as_class(self, found: re.Match[str]) -> str:
        rule = unescape(found[1])
        if not _PLAIN.fullmatch(rule):
            return ""
        name = self._names.setdefault(rule, f"s{len(self._names)}")
        return f' class="{name}"'
