"""No file, whatever is in it, costs more than one line: not a traceback, not minutes.

Each fuzz test draws a seed, which `-v` and a failure show; RNNBENCH_FUZZ_SEED repeats
one.
"""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from rnnbench.analysis.ratio import ratios
from rnnbench.model.errors import ResultsError, SweepError
from rnnbench.model.policy import Policy
from rnnbench.model.run import Run
from rnnbench.storage.results_file import load_run, save_run
from rnnbench.sweep.load import load_sweep

ROOT = Path(__file__).parents[2]
SEED = int(os.environ.get("RNNBENCH_FUZZ_SEED") or random.randrange(2**32))
PLAIN = """\
# Why?
axes:
  layer: [lstm, gru]
  input_size: 10
  hidden_size: 20
  seq_len: 5
  batch_size: 3
"""
NASTY = [
    *(None, True, False, "", "x" * 100_000, "\x1b[31mred\x07", "\ufeff", "\u202e"),
    *(0, -1, 1, 2**31, 2**63 - 1, 2**64, 10**400),
    *(0.0, -0.0, 5e-324, 1e-300, 1e308, -1.5, 0.5),
    *([], {}, [[]], [0], {"": 0}, ["a", 1]),
]


@pytest.fixture
def chance(record_property):
    """A random generator with the seed of this invocation, which is recorded."""
    record_property("seed", SEED)
    print(f"RNNBENCH_FUZZ_SEED={SEED}")  # noqa: T201 - pytest shows it on failure
    return random.Random(SEED)


@pytest.fixture(scope="module")
def text(tmp_path_factory, make_case, make_result, make_run, make_profile):
    """A results file with all that a small run can hold."""
    path = tmp_path_factory.mktemp("run") / "run.json"
    results = [
        make_result(make_case(layer=layer), profile=make_profile(layer), energy=0.5)
        for layer in ("lstm", "gru")
    ]
    save_run(path, make_run(results))
    return path.read_text(encoding="utf-8")


def places(value, place=()):
    """Every place in nested lists and dicts, as the keys that lead there."""
    if place:
        yield place
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in pairs:
            yield from places(inner, (*place, key))


def damage_values(text, chance):
    """JSON in which up to three values are replaced, removed or repeated."""
    document = json.loads(text)
    for _ in range(chance.randint(1, 3)):
        found = list(places(document))
        if not found:
            break
        *way, last = chance.choice(found)
        spot = document
        for key in way:
            spot = spot[key]
        change = chance.choice(("replace", "remove", "repeat"))
        if change == "remove":
            del spot[last]
        elif change == "repeat" and isinstance(spot, list):
            spot.append(spot[last])
        else:
            spot[last] = chance.choice(NASTY)
    return json.dumps(document).encode()


def damage_bytes(text, chance):
    """`text` with bytes cut out, put in or repeated, or cut short."""
    content = bytearray(text.encode())
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(content) + 1)
        end = start + chance.choice((0, 1, 1, 5, 50))
        put = chance.choice(
            (b"", b"[", b"}", b'"', b"\\", b"\0", b"\xff", b"\n", b"e999", b": ", b"- ")
        )
        content[start:end] = put * chance.choice((1, 1, 1, 300))
    if chance.random() < 0.2:
        del content[chance.randrange(len(content) + 1) :]
    return bytes(content)


def fault_of(read, path, content=None):
    """The message of the error that a reader raises; "" where it raises none."""
    if content is not None:
        path.write_bytes(content)
    try:
        read(path)
    except (ResultsError, SweepError) as error:
        return str(error)
    return ""


def assert_is_short(fault, path, lines=1):
    if fault:
        assert fault.startswith(f"{path}:")
        assert fault.count("\n") < lines
        assert len(fault) < 500 * lines


@pytest.mark.parametrize("damage", [damage_values, damage_bytes])
def test_a_damaged_results_file_is_a_run_or_one_line(tmp_path, text, chance, damage):
    path = tmp_path / "run.json"

    def read(path):
        run = load_run(path)
        ratios(run)
        return run

    for _ in range(500):
        assert_is_short(fault_of(read, path, damage(text, chance)), path)


def test_a_damaged_sweep_is_a_sweep_or_its_faults(tmp_path, chance):
    path = tmp_path / "some.yaml"
    sweeps = [file.read_text("utf-8") for file in (ROOT / "configs").glob("*.yaml")]

    for _ in range(100):
        content = damage_bytes(chance.choice(sweeps), chance)
        assert_is_short(fault_of(load_sweep, path, content), path, lines=102)


@pytest.mark.parametrize("read", [load_run, load_sweep])
@pytest.mark.parametrize("kind", ["fifo", "folder", "device", "socket"])
def test_what_is_no_regular_file_is_not_waited_for(tmp_path, read, kind):
    path = tmp_path / "x"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path = Path("/dev/zero")
    else:
        bind = "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])"
        subprocess.run([sys.executable, "-c", bind, path], check=True)

    assert_is_short(fault := fault_of(read, path), path)
    assert fault


def change(text, way, value):
    """The results file with the value at `way` replaced by `value`."""
    document = json.loads(text)
    *before, last = way
    spot = document["rnnbench"]
    for key in before:
        spot = spot[key]
    spot[last] = value
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("way", "value", "fault"),
    [
        (("results", 0, "peak_memory"), -1, "-1 is less than 0"),
        (("results", 0, "energy"), -0.5, "-0.5 is less than 0"),
        (("results", 0, "energy"), 5e-324, "5e-324 is out of range"),
        (("results", 0, "energy"), 1e308, "1e+308 is out of range"),
        (("results", 0, "turns"), [], "without turns"),
        (("environment", "cpu_model"), "x" * 1_000_000, "1000000 characters"),
        (("sweep", "policy", "budget"), 1e308, "out of range"),
        (("sweep", "policy", "precision"), 5e-324, "out of range"),
        (("usual", "turns"), {str(key): 0 for key in range(1000)}, "1000 keys"),
    ],
    ids=str,
)
def test_an_impossible_value_is_refused(tmp_path, text, way, value, fault):
    path = tmp_path / "run.json"

    found = fault_of(load_run, path, change(text, way, value))

    assert fault in found
    assert_is_short(found, path)


def test_a_launch_that_is_there_twice_is_refused(tmp_path, text):
    document = json.loads(text)
    launches = document["rnnbench"]["results"][0]["turns"]["launch"]
    launches[1] = launches[0]
    path = tmp_path / "run.json"

    found = fault_of(load_run, path, json.dumps(document).encode())

    assert "a launch is there twice" in found


@pytest.mark.parametrize("pattern", ["(a+)+$", "a{99999999999999999999}", "((" * 5000])
def test_a_pattern_in_a_results_file_is_never_matched(tmp_path, text, pattern):
    content = change(text, ("sweep", "policy", "profile"), pattern)

    assert fault_of(load_run, tmp_path / "run.json", content) == ""


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("policy: {profile: 'a{99999999999999999999}'}", "is not supported"),
        (f"policy: {{profile: '{'(' * 5000}'}}", "more than 500 characters"),
        (f"policy: {{profile: '{'(' * 400}'}}", "more than 20 levels"),
        ("policy: {precision: 5.0e-324}", "is less than 1e-06"),
        ("policy: {budget: 1.0e+308}", "is more than 100000000.0"),
        ("  dropout: 5.0e-324", "is neither 0 nor between"),
        ("  num_layers: 2147483647", "is more than"),
        ("  threads: 2147483647", "is more than"),
        (f"uses: {'[' * 100_000}", "more than 8 levels deep"),
        (f"uses: {'{a: ' * 100_000}", "more than 8 levels deep"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_value_of_a_sweep_that_could_harm_is_refused(tmp_path, line, fault):
    path = tmp_path / "some.yaml"

    found = fault_of(load_sweep, path, f"{PLAIN}{line}\n".encode())

    assert fault in found
    assert_is_short(found, path)


def test_of_many_faults_the_first_are_listed(tmp_path):
    path = tmp_path / "some.yaml"
    content = PLAIN + "".join(f"  axis_{number}: 1\n" for number in range(3_000))

    found = fault_of(load_sweep, path, content.encode())

    assert "axis_0: no such axis" in found
    assert found.endswith(f"{path}: and 2900 more faults")
    assert_is_short(found, path, lines=102)


# Not ru_maxrss: a child starts with the peak of the process that forked it.
READ_LARGE = """
import re, sys
from pathlib import Path
from rnnbench.model.errors import ResultsError
from rnnbench.storage.results_file import load_run

try:
    load_run(Path(sys.argv[1]))
except ResultsError as error:
    print(error)
status = Path("/proc/self/status").read_text()
print(1024 * int(re.search(r"VmHWM:\\s*(\\d+)", status)[1]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc")
@pytest.mark.parametrize("item", ["[],", "0,", '{"":0},'])
def test_a_large_file_takes_little_memory(tmp_path, item):
    path = tmp_path / "large.json"
    with path.open("w", encoding="ascii") as file:
        file.write("[")
        for _ in range(200):
            file.write(item * (1_000_000 // len(item)))
        file.write("0]")

    done = subprocess.run(
        [sys.executable, "-c", READ_LARGE, path],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )

    fault, peak = done.stdout.splitlines()
    assert "more than 10,000,000 values" in fault
    assert int(peak) < 600_000_000


def test_huge_sizes_cost_no_time_and_no_memory(make_case):
    from rnnbench.model.cost import least_bytes, lengths_of, parameters  # noqa: PLC0415

    case = make_case(num_layers=2**20, batch_size=2**20, lengths="tail")

    assert parameters(case) > 2**20
    assert least_bytes(case) > 2**20
    assert len(lengths_of(case)) == 2**20


def test_a_policy_is_its_own_measure_of_what_is_sensible():
    with pytest.raises(ValueError, match="precision"):
        Policy(precision=5e-324)


def test_a_run_that_was_read_is_a_run(tmp_path, text):
    path = tmp_path / "run.json"
    path.write_text(text, encoding="utf-8")

    assert isinstance(load_run(path), Run)
