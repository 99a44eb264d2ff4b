import json
from xml.etree import ElementTree as ET

import pytest

from rnnbench.regression.history import add
from rnnbench.regression.history_store import load
from rnnbench.report.site.build import SiteOptions
from rnnbench.report.site.trend_figure import trend_figure
from rnnbench.report.site.trends import (
    LEAST_NIGHTS,
    followed_series,
    history_trends,
    run_trends,
)


@pytest.fixture(scope="module")
def followed(long_history):
    history = load(long_history)
    (own,) = followed_series(history).values()
    return history, own


def test_the_largest_change_comes_first(followed):
    history, own = followed

    trends = history_trends(history, own, most=24)

    assert trends[0].changes
    assert trends[0].changes[0].place == 8
    assert 0.05 < trends[0].changes[0].share < 0.15
    assert not trends[-1].changes
    assert len(trends[0].points) == 16 >= LEAST_NIGHTS
    for point in trends[0].points:
        assert point.low < point.level < point.high


def test_levels_are_named_with_what_changed(followed):
    history, own = followed

    trend = history_trends(history, own)[0]

    start, _, end = trend.says.partition(", then ")
    assert start.endswith("× for 8 nights")
    assert end.endswith("PyTorch 2.13.0+cpu to 2.14.0+cpu, from 2026-10-09 on")


def test_memory_that_never_changed_has_no_trend(followed):
    history, own = followed

    assert not any(
        "memory" in trend.title for trend in history_trends(history, own, 99)
    )


def test_few_nights_are_no_trend(tmp_path, night):
    for number in (1, 2):
        add(night(number), tmp_path)
    history = load(tmp_path)
    (own,) = followed_series(history).values()

    assert history_trends(history, own) == ()


def test_a_figure_has_a_dot_a_night_and_a_line_a_level(followed):
    figure = trend_figure(history_trends(*followed)[0])

    assert len(figure.nights) == 16
    assert [(level.start, level.end) for level in figure.levels] == [(0, 50), (50, 100)]
    assert figure.levels[0].y > figure.levels[1].y
    assert [x for x, _, _ in figure.changes] == [50]
    assert (figure.first, figure.last) == ("2026-10-01", "2026-10-16")
    for night in figure.nights:
        assert 0 <= night.high <= night.y <= night.low <= 100


def test_runs_of_one_sweep_are_a_trend_of_their_mean(
    tmp_path, night, save_run, make_site
):
    for number in range(1, 17):
        factor = 1.2 if number < 9 else 1.32
        save_run(tmp_path / f"{number}.json", night(number, factor))

    site = make_site(tmp_path, tmp_path / "reports")

    (trend,) = run_trends(site.runs)
    assert trend.title == "GRU ÷ LSTM, inference, quick"
    assert [change.place for change in trend.changes] == [8]
    assert trend.says.startswith("1.20× for 8 nights, then 1.3")
    assert "commit c8 to c9" in trend.says
    text = (tmp_path / "reports" / "index.html").read_text(encoding="utf-8")
    assert trend.says in text


def test_fewer_runs_than_nights_of_a_trend_are_none(
    tmp_path, night, save_run, make_site
):
    for number in range(1, LEAST_NIGHTS):
        save_run(tmp_path / f"{number}.json", night(number))

    assert run_trends(make_site(tmp_path, tmp_path / "reports").runs) == ()


@pytest.fixture(scope="module")
def site_folder(long_history, tmp_path_factory, make_site):
    output = tmp_path_factory.mktemp("site")
    options = SiteOptions(base="https://example.org/rnnbench/")
    make_site(long_history.parent, output, options)
    return output


def test_a_machine_without_runs_has_a_page_of_its_nights(site_folder):
    (machine,) = json.loads((site_folder / "index.json").read_text())["machines"]

    text = (site_folder / machine["url"]).read_text(encoding="utf-8")

    assert machine["nights"]["nights"] == 16
    assert machine["nights"]["changes"] >= 1
    assert "PyTorch 2.13.0+cpu to 2.14.0+cpu, from 2026-10-09 on" in text
    assert 'id="changes"' in text


def test_the_feed_has_a_piece_of_news_for_each_night_of_changes(site_folder):
    channel = ET.parse(site_folder / "feed.xml").getroot().find("channel")

    items = channel.findall("item")
    assert channel.find("link").text == "https://example.org/rnnbench/index.html"
    dates = [item.find("pubDate").text for item in items]
    assert "Fri, 09 Oct 2026 02:00:00 +0000" in dates
    item = items[dates.index("Fri, 09 Oct 2026 02:00:00 +0000")]
    assert item.find("title").text.startswith("Example CPU 9000: ")
    link = item.find("link").text
    assert link.startswith("https://example.org/rnnbench/machines/example-cpu-9000-")
    assert link.endswith("/index.html#changes")
    assert len({item.find("guid").text for item in items}) == len(items)


def test_the_guid_of_news_stays_when_nights_are_added(
    site_folder, long_history, tmp_path, night, make_site
):
    store = tmp_path / "history"
    store.mkdir()
    for path in long_history.rglob("*.parquet"):
        target = store / path.relative_to(long_history)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(path.read_bytes())
    for number in (17, 18):
        add(night(number, 1.1), store)

    make_site(tmp_path, tmp_path / "reports")

    guids = [
        {item.text for item in ET.parse(folder / "feed.xml").iter("guid")}
        for folder in (site_folder, tmp_path / "reports")
    ]
    first = next(guid for guid in guids[0] if "2026-10-09" in guid)
    assert first in guids[1]


def test_badges_follow_the_endpoint_schema(results, tmp_path, make_site):
    output = tmp_path / "reports"

    site = make_site(results, output)

    for machine, label in zip(site.machines, ("0.5", "1.2"), strict=True):
        path = output / "machines" / machine.id / "badge.json"
        badge = json.loads(path.read_text(encoding="utf-8"))
        assert set(badge) == {"schemaVersion", "label", "message", "color"}
        assert badge["schemaVersion"] == 1
        assert badge["label"] == "GRU ÷ LSTM"
        assert badge["message"].startswith(label)
    root = json.loads((output / "badge.json").read_text(encoding="utf-8"))
    assert root["color"] == "c2410c"
