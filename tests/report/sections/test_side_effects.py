"""A layer that changed its process is named on the page, and where a run ends."""

import pytest

from rnnbench.report.markdown import render_markdown
from rnnbench.report.run_page import render_page
from rnnbench.report.terminal import summary
from rnnbench.report.view import view


@pytest.fixture
def meddling(make_case, make_result, make_run):
    changes = {"lstm": (), "my:Layer": ("grad mode", "threads of Python")}
    results = [
        make_result(make_case(layer=layer, hidden_size=size), process_changes=changed)
        for layer, changed in changes.items()
        for size in (16, 32)
    ]
    return view(make_run(results))


@pytest.fixture
def clean(make_case, make_result, make_run):
    results = [make_result(make_case(layer=layer)) for layer in ("lstm", "my:Layer")]
    return view(make_run(results))


@pytest.mark.parametrize(
    "render", [render_page, render_markdown, lambda seen: "\n".join(summary(seen))]
)
def test_a_layer_that_changed_its_process_is_named_with_what_it_changed(
    render, meddling, clean
):
    shown = render(meddling)

    assert "grad mode" in shown
    assert "threads of Python" in shown
    assert "grad mode" not in render(clean)


def test_the_page_counts_the_cases_of_each_change(meddling):
    page = render_page(meddling)

    assert "Side effects in 1 process" in page
    assert "2 cases" in page


def test_a_runtime_is_named_in_place_of_the_layer_that_it_ran(
    make_case, make_result, make_run
):
    case = make_case(layer="gru", runtime="onnxruntime")
    seen = view(make_run([make_result(case, process_changes=("grad mode",))]))

    for shown in (render_markdown(seen), "\n".join(summary(seen))):
        assert "ONNX Runtime" in shown
        assert "grad mode" in shown
    assert "ONNX Runtime changed state of its process" in render_markdown(seen)


def test_many_changes_do_not_push_out_the_answer(make_case, make_result, make_run):
    changed = tuple(f"environment variable A{number}" for number in range(1000))
    results = [
        make_result(make_case(layer=f"my:L{number}"), process_changes=changed)
        for number in range(20)
    ]
    seen = view(make_run(results))

    lines = summary(seen, [("Report", "page.html")])

    assert len(lines) <= 25
    assert lines[-1] == "  Report  page.html"
    assert "992 more" in render_markdown(seen)
    assert len(render_markdown(seen)) < 10_000
