"""Tables of Markdown, written and read."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with these heads; a bar inside a cell is escaped."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(_line(cells) for cells in lines)


def rows_of(text: str, first_heads: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """The rows of the one table whose heads begin with `first_heads`, by head."""
    lines = iter(text.splitlines())
    for line in lines:
        heads = _cells(line)
        if tuple(heads[: len(first_heads)]) == tuple(first_heads):
            break
    else:
        raise LookupError(f"no table begins with {', '.join(first_heads)}")
    next(lines)
    for line in lines:
        if not line.startswith("|"):
            return
        yield dict(zip(heads, _cells(line), strict=True))


def _line(cells: Sequence[str]) -> str:
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|").removesuffix("|")
    cells = re.split(r"(?<!\\)\|", inner)
    return [cell.strip().replace("\\|", "|") for cell in cells]
