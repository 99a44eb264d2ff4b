"""What the memory of a call consists of at its peak."""

from collections.abc import Sequence

from rnnbench.model.formatting import significant
from rnnbench.model.metric import PEAK_MEMORY
from rnnbench.model.profile import MemoryPart
from rnnbench.report.content import (
    Bar,
    BarPanel,
    Bars,
    Block,
    Cell,
    Column,
    Stretch,
    Table,
    Text,
)
from rnnbench.report.sections.profiled import Group, Member

# A part keeps its place and its colour on every page; what has no name is grey.
_STYLES: dict[str, int] = {
    MemoryPart.PARAMETERS: 1,
    MemoryPart.GRADIENTS: 0,
    MemoryPart.OPTIMIZER: 4,
    MemoryPart.INPUT: 5,
    MemoryPart.OUTPUT: 2,
    MemoryPart.SAVED: 3,
    MemoryPart.OTHER: 6,
}


def memory_blocks(groups: Sequence[Group], charted: Sequence[Group]) -> list[Block]:
    """Bars by part, what the method can't see, and the numbers of all."""
    members = [member for group in groups for member in group.members]
    there = {name for each in members for name, size in each.profile.memory if size}
    names = [*(part for part in _STYLES if part in there), *sorted(there - {*_STYLES})]
    if not names:
        return []
    unseen = dict.fromkeys(each.profile.unseen for each in members)
    blocks: list[Block] = [_bars(charted, names)]
    if words := "; ".join(filter(None, unseen)):
        blocks.append(Text(f"{words}.", "Not seen by this method"))
    return [*blocks, _table(groups, names)]


def _bars(groups: Sequence[Group], names: list[str]) -> Bars:
    return Bars(
        "why-memory",
        "What the memory of one call consists of at its peak",
        "Everything that is held at that moment, with the weights and the input; the "
        "parts sum to the peak. The charts of memory above show what a call adds.",
        tuple((_style(name), name) for name in names),
        tuple(_panel(group, names) for group in groups),
    )


def _panel(group: Group, names: list[str]) -> BarPanel:
    factor, unit = PEAK_MEMORY.scale(max(_peak(each) for each in group.members))
    bars = [
        Bar(
            member.label,
            tuple(
                Stretch(_style(name), size / factor, significant(size / factor))
                for name in names
                if (size := dict(member.profile.memory).get(name))
            ),
        )
        for member in group.members
    ]
    return BarPanel(group.title, f"memory at the peak, {unit}", tuple(bars))


def _table(groups: Sequence[Group], names: list[str]) -> Table:
    members = [member for group in groups for member in group.members]
    # What a GPU's allocator and its driver say beside the parts.
    readings = list(
        dict.fromkeys(
            name for each in members for name, _ in each.profile.device_memory
        )
    )
    rows = [
        (
            Cell(group.title),
            Cell(member.label),
            Cell(PEAK_MEMORY.format(_peak(member))),
            *(
                Cell(PEAK_MEMORY.format(dict(member.profile.memory).get(name, 0)))
                for name in names
            ),
            *(_reading(member, name) for name in readings),
        )
        for group in groups
        for member in group.members
    ]
    return Table(
        f"Memory at the peak, by part: {len(rows)} cases",
        (
            Column("workload"),
            Column("layer"),
            *(Column(title, number=True) for title in ("peak", *names, *readings)),
        ),
        tuple(rows),
        folded=True,
    )


def _reading(member: Member, name: str) -> Cell:
    size = dict(member.profile.device_memory).get(name)
    return Cell("" if size is None else PEAK_MEMORY.format(size))


def _style(name: str) -> int:
    return _STYLES.get(name, _STYLES[MemoryPart.OTHER])


def _peak(member: Member) -> int:
    return sum(size for _, size in member.profile.memory)
