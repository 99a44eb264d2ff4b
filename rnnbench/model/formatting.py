"""Text from elsewhere, made so that it does nothing where it is shown."""

import re
from collections.abc import Sequence

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~$-])")


def for_markdown(text: str) -> str:
    """No markup, no tag, no mention of a person, no link, on one line."""
    line = " ".join(text.split())
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = _SPECIAL.sub(r"\\\1", line).replace("@", "&#64;")
    return line.replace("://", "&#58;//").replace("www.", "www&#46;")


def for_terminal(text: str) -> str:
    """One line, without what would move the cursor or change a colour."""
    line = " ".join(text.split())
    return "".join(letter if letter.isprintable() else "?" for letter in line)


def align(table: Sequence[Sequence[str]]) -> list[str]:
    """Rows of text as lines with aligned columns, safe for a terminal.

    >>> align([("case", "time"), ("gru", "1 ms")])
    ['case  time', 'gru   1 ms']
    """
    plain = [[for_terminal(cell) for cell in row] for row in table]
    widths = [max(map(len, column)) for column in zip(*plain, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in plain
    ]
