"""Tables and sections of the Markdown that studies write."""

from collections.abc import Iterable, Sequence


def table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], words: int
) -> list[str]:
    """The lines of a table; the first `words` columns hold text, the others numbers."""
    marks = ["---" if place < words else "--:" for place in range(len(headings))]
    return [_row(headings), _row(marks), *map(_row, rows)]


def section(title: str, *blocks: str | list[str]) -> list[str]:
    """The lines of a section: a heading, then paragraphs and tables."""
    lines = [f"## {title}", ""]
    for block in blocks:
        lines += [block] if isinstance(block, str) else block
        lines.append("")
    return lines


def _row(cells: Sequence[str]) -> str:
    escaped = (cell.replace("|", r"\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"
