"""Other plugins of pytest beside ours, really installed, from the wheel.

Run by `tox run -e neighbours`. The environment takes the dependencies of the wheel from
this one, by a path file; the plugins are installed in it. Workers are fakes, except
where coverage must not reach one.
"""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.neighbours, pytest.mark.slow]

FAKE = str(Path(__file__).parents[1] / "data" / "fake_worker.py")
PLUGINS = (
    *("pytest-xdist", "pytest-timeout", "pytest-randomly", "pytest-cov"),
    *("pytest-rerunfailures", "pytest-profiling", "pygal", "pygaljs"),
)
SWEEP = """\
# Which layer?
axes: {layer: [lstm, gru], input_size: 8, hidden_size: 8, seq_len: 4, batch_size: 2}
policy: {launches: 2}
"""
SUITE = """
import pytest

@pytest.mark.sweep(phase="inference")
def test_inference(case, measure):
    measure(case)
"""
START = """\
import sys
import pytest
from rnnbench.runner import worker_process
if sys.argv[1] == "fake":
    worker_process.COMMAND = (sys.executable, {fake!r})
sys.exit(pytest.main(sys.argv[2:]))
"""
# Options of a neighbour, and whether the sweep is measured beside it.
MEASURED = (
    ["-p", "randomly"],
    ["--timeout=600"],
    ["--cov=rnnbench"],
    ["--reruns=1"],
    ["-p", "profiling"],
    ["--benchmark-histogram=histogram"],
    ["--benchmark-autosave"],
)
REFUSED = (
    (["-n", "2"], "xdist: processes side by side disturb each other's times"),
    (["--profile"], "use --rnn-profile=all"),
    (["--timeout=0.001"], "--timeout: measuring may take"),
    (["--benchmark-min-rounds=3"], "--benchmark-min-rounds: it has no effect"),
    (["--benchmark-warmup=on"], "--benchmark-warmup: it has no effect"),
    (["--benchmark-disable-gc"], "--benchmark-disable-gc: it has no effect"),
    (["--benchmark-calibration-precision=9"], "it has no effect"),
)


@pytest.fixture(scope="module")
def python(tmp_path_factory, wheel):
    """An interpreter with the wheel, its dependencies and the neighbours."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    own = folder / "bin" / "python"
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = subprocess.check_output([own, "-c", ask], text=True).strip()
    paths = [path for path in sys.path if path.endswith("site-packages")]
    Path(site, "dependencies.pth").write_text("\n".join(paths))
    install = [own, "-m", "pip", "install", "--quiet"]
    subprocess.run([*install, "--no-deps", "--no-index", wheel], check=True)
    subprocess.run([*install, *PLUGINS], check=True)
    return own


@pytest.fixture
def bench(python, tmp_path):
    """A folder with a sweep, in which pytest runs with the given options."""
    (tmp_path / "rnn_sweep.yaml").write_text(SWEEP)
    (tmp_path / "test_rnn.py").write_text(SUITE)
    (tmp_path / "start.py").write_text(START.format(fake=FAKE))
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}

    def run(*options, worker="fake", **variables):
        mine = [
            "test_rnn.py",
            "--rnn-sweep=rnn_sweep.yaml",
            "--benchmark-json=out.json",
        ]
        return subprocess.run(
            [python, "start.py", worker, *mine, "-p", "no:cacheprovider", *options],
            cwd=tmp_path,
            env={**kept, "FAKE_NOISE": "0.0001", **variables},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.mark.parametrize("options", MEASURED, ids=shlex.join)
def test_a_sweep_is_measured_beside_a_neighbour(bench, tmp_path, options):
    done = bench(*options)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
    document = json.loads((tmp_path / "out.json").read_text("utf-8"))
    results = document["rnnbench"]["results"]
    assert len(results) == 2
    assert len(document["benchmarks"]) == 2


@pytest.mark.parametrize(("options", "line"), REFUSED, ids=str)
def test_what_would_not_measure_is_refused_in_a_line(bench, tmp_path, options, line):
    done = bench(*options)

    lines = [text for text in done.stderr.splitlines() if text.strip()]
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert len(lines) == 1, done.stderr
    assert line in lines[0]
    assert not (tmp_path / "out.json").exists()


def test_coverage_does_not_start_in_a_worker(bench, python, tmp_path):
    # As `coverage` advises: each Python process that sees the variable is measured.
    (tmp_path / "coverage.ini").write_text(
        "[run]\nparallel = true\npatch = subprocess\n"
    )
    probe = "import sys; print('coverage' in sys.modules)"
    hook = {"COVERAGE_PROCESS_START": str(tmp_path / "coverage.ini")}
    site = "import sysconfig; print(sysconfig.get_path('purelib'))"
    folder = subprocess.check_output([python, "-c", site], text=True).strip()
    Path(folder, "hook.pth").write_text("import coverage; coverage.process_startup()\n")
    try:
        seen = subprocess.run(
            [python, "-c", probe],
            env=hook,
            cwd=tmp_path,
            capture_output=True,
            check=True,
        )
        for file in tmp_path.glob(".coverage.*"):
            file.unlink()
        done = bench("--rnn-launches=1", "-p", "no:cov", worker="real", **hook)
    finally:
        Path(folder, "hook.pth").unlink()

    assert seen.stdout.strip() == b"True"
    assert done.returncode == 0, done.stdout + done.stderr
    # The data of pytest's own process, which has the variable; none of a worker.
    found = [file.read_bytes() for file in tmp_path.glob(".coverage.*")]
    assert found
    assert [data for data in found if b"worker/serve.py" in data] == []
