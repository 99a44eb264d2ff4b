"""A page as a summary for a pull request: the answer, without charts."""

from collections.abc import Iterable

from rnnbench.model.formatting import for_markdown
from rnnbench.report.content import Cell, Listing, Page, Table, Text

# A comment on a pull request holds 65,536 characters; the page holds the rest.
_MOST_ROWS = 40
_MOST_CHARACTERS = 60_000
# A traceback, or what the CPU can do: the page has it whole.
_MOST_IN_CELL = 300
# Sections that are read in a pull request, in the order of the page.
_READ = frozenset({"answer", "backend", "knobs", "claims", "method"})


def render(page: Page) -> str:
    """GitHub's Markdown, with everything in it escaped."""
    parts = [f"# {for_markdown(page.title)}", for_markdown(page.subtitle)]
    for section in page.sections:
        if section.id in _READ:
            parts.append(f"## {for_markdown(section.title)}")
            parts += [_block(block) for block in section.blocks]
    parts = [part for part in parts if part]
    kept: list[str] = []
    left = False
    for part in parts:
        # What failed stands last and is short: it has its place behind a long table.
        if sum(map(len, kept)) + len(part) > _MOST_CHARACTERS:
            left = True
        else:
            kept.append(part)
    if left:
        kept.append("The rest is on the page.")
    return "\n\n".join(kept) + "\n"


def _block(block: object) -> str:
    match block:
        case Text():
            return _text(block)
        case Listing():
            return "\n".join(f"* {_text(item)}" for item in block.items)
        case Table(folded=False):
            return _table(block)
        case _:
            return ""


def _text(text: Text) -> str:
    label = f"**{for_markdown(text.label)}**: " if text.label else ""
    return f"{label}{for_markdown(text.text)}"


def _table(table: Table) -> str:
    lines = [
        _row(Cell(column.title) for column in table.columns),
        "|" + "|".join("--:" if one.number else "---" for one in table.columns) + "|",
    ]
    lines += [_row(row) for row in table.rows[:_MOST_ROWS]]
    more = len(table.rows) - _MOST_ROWS
    rest = f"\n\n{more} more rows are on the page." if more > 0 else ""
    return f"**{for_markdown(table.title)}**\n\n" + "\n".join(lines) + rest


def _row(cells: Iterable[Cell]) -> str:
    return "| " + " | ".join(map(_cell, cells)) + " |"


def _cell(cell: Cell) -> str:
    text = f"{cell.text} ({cell.note})" if cell.note else cell.text
    if len(text) > _MOST_IN_CELL:
        text = f"{text[:_MOST_IN_CELL]}…"
    return for_markdown(text)
