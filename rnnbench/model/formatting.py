"""Text for people: digits, plurals, columns, and foreign text made harmless."""

import math
import re
from collections.abc import Collection, Iterable, Sequence

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|~$-])")


def significant(value: float, digits: int = 3) -> str:
    """`value` with that many significant digits and no exponent: 1234, 12.3, 0.0123."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    # The exponent after rounding: 9.999 is 10.0, not 10.00.
    exponent = int(f"{value:.{digits - 1}e}".partition("e")[2])
    decimals = max(digits - 1 - exponent, 0)
    return f"{value:.{decimals}f}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """A count with its noun: `1 case`, `2 cases`, `1,436 operators`."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def align(rows: Iterable[Sequence[str]], *, right: Collection[int] = ()) -> list[str]:
    """A line for each row, its cells in columns two spaces apart.

    Cells are made harmless with `for_terminal`. Columns are align to the left; those
    whose index is in `right`, to the right. All rows have the same number of cells.
    """
    cells = [[for_terminal(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table; its cells are escaped with `for_markdown`."""
    cells = [[for_markdown(cell) for cell in row] for row in rows]
    lines = [headings, ["---"] * len(headings), *cells]
    return [f"| {' | '.join(line)} |" for line in lines]


def for_markdown(text: str) -> str:
    """`text` as `for_terminal` leaves it, without markup, tags, links or mentions."""
    line = for_terminal(text).replace("&", "&amp;")
    line = line.replace("<", "&lt;").replace(">", "&gt;")
    line = _MARKUP.sub(r"\\\1", line).replace("@", "&#64;")
    return line.replace("://", "&#58;//").replace("www.", "www&#46;")


def for_terminal(text: str) -> str:
    """`text` on one line, without control characters, escape sequences or surrogates.

    Each unprintable character becomes `?`: none can move the cursor, change a colour
    or reorder what is shown.
    """
    return _printable(" ".join(text.split()))


def lines_for_terminal(text: str) -> str:
    """`text` as `for_terminal` leaves it, line by line; indentation is kept."""
    return "\n".join(_printable(line) for line in text.split("\n"))


def _printable(line: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in line)
