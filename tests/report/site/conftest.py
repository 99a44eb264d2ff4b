"""Folders of results, nights and sites for the tests of the site."""

from dataclasses import replace

import pytest

from rnnbench.regression.history import add
from rnnbench.report.site.build import build
from rnnbench.storage.results_file import attach, empty_document, write_document


def write_run(path, run):
    document = empty_document()
    attach(document, run)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_document(path, document)


@pytest.fixture(scope="session")
def save_run():
    return write_run


@pytest.fixture(scope="session")
def make_site():
    def make_site(results, output, options=None):
        return build(results, output, lambda _name: None, options)

    return make_site


@pytest.fixture(scope="session")
def contents():
    """Every file in a folder, by its name."""

    def contents(folder):
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    return contents


@pytest.fixture(scope="session")
def night(make_sweep, simulate):
    """The run of a night; a GRU takes `factor` times as long as an LSTM."""
    cases = make_sweep(layer=["lstm", "gru"])

    def night(number=1, factor=1.2, **values):
        run = simulate(
            cases,
            lambda case: 1e-3 * (factor if case.layer == "gru" else 1),
            memory=lambda _case: 4096,
            seed=1000 * number,
            noise=0.01,
        )
        created = f"2026-10-{number:02d}T02:00:00+00:00"
        return replace(run, created=created, commit=f"c{number}", **values)

    return night


@pytest.fixture
def results(tmp_path, night):
    """Two runs of two machines, one of them a reference run."""
    folder = tmp_path / "results"
    other = replace(night().environment, cpu_model="Other CPU")
    write_run(folder / "latest.json", night(1))
    write_run(folder / "reference" / "other.json", night(2, 0.5, environment=other))
    return folder


@pytest.fixture(scope="session")
def long_history(tmp_path_factory, night):
    """Sixteen nights; from the ninth on a GRU is a tenth slower, with a new torch."""
    store = tmp_path_factory.mktemp("results") / "history"
    for number in range(1, 17):
        is_new = number >= 9
        run = night(number, 1.1 if is_new else 1.0)
        torch = "2.14.0+cpu" if is_new else "2.13.0+cpu"
        add(replace(run, environment=replace(run.environment, torch=torch)), store)
    return store
