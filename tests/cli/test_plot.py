import sys

import pytest

from rnnbench.cli import main as cli
from rnnbench.storage.results_file import attach, empty_document, write_document


@pytest.fixture(scope="module")
def results(make_sweep, simulate, tmp_path_factory):
    run = simulate(
        make_sweep(layer=["lstm", "gru"], hidden_size=[16, 32]),
        lambda case: 1e-6 * case.hidden_size,
    )
    document = empty_document()
    attach(document, run)
    path = tmp_path_factory.mktemp("results") / "run.json"
    write_document(path, document)
    return path


@pytest.fixture
def rnnbench(monkeypatch, capsys):
    def rnnbench(*arguments):
        monkeypatch.setattr(sys, "argv", ["rnnbench", *map(str, arguments)])
        status = cli.main()
        said = capsys.readouterr()
        return status, said.out, said.err

    return rnnbench


def test_the_charts_of_a_run_are_listed_with_their_titles(rnnbench, results):
    status, out, _ = rnnbench("plot", results, "--list")

    assert status == 0
    name, title = out.splitlines()[0].split(maxsplit=1)
    assert name == "tradeoff-0"
    assert title.startswith("Time of a layer")


def test_a_chart_is_saved_as_its_suffix_says(rnnbench, results, tmp_path):
    target = tmp_path / "deep" / "x.svg"

    status, out, _ = rnnbench("plot", results, "tradeoff", "-o", target)

    assert (status, out) == (0, f"{target} written\n")
    assert target.read_text(encoding="utf-8").startswith("<?xml")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nope", "-o", "x.svg"), "nope: no such chart in this run; it has tradeoff-0"),
        (("tradeoff", "-o", "x.gif"), "x.gif: name a file of svg, png, pdf"),
        (("tradeoff",), "--output: name a file of svg, png, pdf"),
        ((), "name a chart, or ask for --list"),
        (("tradeoff", "-o", "/dev/null/x.svg"), "can't be written"),
    ],
)
def test_what_a_user_can_mend_is_one_line_and_a_two(rnnbench, results, arguments, said):
    status, out, err = rnnbench("plot", results, *arguments)

    assert (status, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1
