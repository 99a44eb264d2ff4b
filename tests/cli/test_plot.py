import pytest

from rnnbench.report.charts.gallery import FIGURES
from rnnbench.storage.results_file import attach, empty_document, write_document


@pytest.fixture(scope="module")
def results(make_sweep, simulate, tmp_path_factory):
    measured = simulate(
        make_sweep(layer=["lstm", "gru"], hidden_size=[16, 32]),
        lambda case: 1e-6 * case.hidden_size,
    )
    document = empty_document()
    attach(document, measured)
    path = tmp_path_factory.mktemp("results") / "run.json"
    write_document(path, document)
    return path


def test_figures_are_explained_without_a_run(run):
    status, out, _ = run("plot", "--list")

    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == list(FIGURES)
    assert all(kind.question in out for kind in FIGURES.values())


def test_list_says_which_figures_a_run_lacks_data_for(run, results):
    status, out, _ = run("plot", results, "--list")

    assert status == 0
    lines = out.splitlines()
    assert lines[0].startswith("forest ")
    assert lines[1].startswith("ratio ")
    assert out.count("not in this run: ") == 9
    assert "no profiles" in out


@pytest.mark.parametrize(
    ("suffix", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")]
)
def test_figure_is_saved_as_its_suffix_says(run, results, tmp_path, suffix, start):
    target = tmp_path / "deep" / f"x.{suffix}"

    status, out, _ = run("plot", results, "forest", "-o", target)

    assert (status, out) == (0, f"{target} written\n")
    assert target.read_bytes().startswith(start)


def test_figure_goes_to_a_file_of_its_name_without_an_option(
    run, results, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)

    status, _, _ = run("plot", results, "ratio")

    assert status == 0
    assert (tmp_path / "ratio.svg").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nope",), "no figure 'nope'; there are forest, ratio, tradeoff"),
        (("forest", "-o", "x.gif"), "no figures as 'gif', but as svg, png, pdf"),
        ((), "give a results file and a figure"),
        (
            ("operators", "-o", "x.svg"),
            "no figure 'operators' of this run: this run has no",
        ),
        (("forest", "-o", "/dev/null/x.svg"), "can't be written"),
    ],
)
def test_bad_input_is_answered_in_one_line_with_status_2(run, results, arguments, said):
    status, out, err = run("plot", results, *arguments)

    assert (status, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1
