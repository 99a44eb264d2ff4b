"""The feed of changes (RSS 2.0), and badges (shields.io's endpoint schema)."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.etree import ElementTree as ET

from rnnbench.analysis.labels import layer_name
from rnnbench.model.formatting import counted, for_terminal, significant
from rnnbench.report.site import addresses
from rnnbench.report.site.entries import ListedRun, Machine, News
from rnnbench.report.tokens import COLOURS, DIM, hue_of

_MOST_ITEMS = 100


def feed(machines: Iterable[Machine], base: str) -> bytes:
    """What changed on which machine and night, the latest first.

    `base`: the address of the site. Without it the links are relative, which most
    readers resolve and the specification does not allow.
    """
    rss = ET.Element("rss", version="2.0")
    channel = ET.SubElement(rss, "channel")
    _add(channel, "title", "rnnbench: changes")
    _add(channel, "link", f"{base}{addresses.INDEX}")
    _add(channel, "description", "Changes of recurrent layers' speed and memory")
    news = [(piece, machine) for machine in machines for piece in machine.nights.news]
    latest = sorted(news, key=lambda each: (each[0].created, each[1].id), reverse=True)
    for piece, machine in latest[:_MOST_ITEMS]:
        _add_item(channel, piece, machine, base)
    ET.indent(rss, " ")
    text = ET.tostring(rss, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def _add_item(channel: ET.Element, piece: News, machine: Machine, base: str) -> None:
    item = ET.SubElement(channel, "item")
    title = f"{machine.name}: {counted(piece.count, 'change')}, {piece.says}"
    _add(item, "title", title)
    _add(item, "link", f"{base}{addresses.machine_page(machine.id)}#changes")
    guid = _add(item, "guid", f"rnnbench:{machine.id}:{piece.created}")
    guid.set("isPermaLink", "false")
    if date := _date(piece.created):
        _add(item, "pubDate", date)


def _add(parent: ET.Element, name: str, text: str) -> ET.Element:
    child = ET.SubElement(parent, name)
    # XML has no way to hold control characters, and a name may.
    child.text = for_terminal(text)
    return child


def _date(created: str) -> str:
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return ""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return format_datetime(moment)


def badge(run: ListedRun | None) -> bytes:
    """The mean ratios of a run, in the colour of the layer that wins them all."""
    means = [each for each in run.phases if each.mean is not None] if run else []
    message = ", ".join(
        f"{significant(each.mean or 0, 2)}× {each.phase}" for each in means
    )
    winners = {_winner(run, each.mean or 1) for each in means} if run else set()
    colour = COLOURS[hue_of(*winners)] if len(winners) == 1 else DIM
    content = {
        "schemaVersion": 1,
        "label": " ÷ ".join(map(layer_name, run.layers)) if run else "GRU ÷ LSTM",
        "message": message or "not measured",
        "color": colour.light.removeprefix("#"),
    }
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def _winner(run: ListedRun, mean: float) -> str:
    return run.layers[0] if mean < 1 else run.layers[1]
