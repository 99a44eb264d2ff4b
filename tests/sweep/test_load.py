"""A sweep is read, or every fault in it is named with its line and column."""

import re
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from rnnbench.model import machine
from rnnbench.model.case import AXES, Case, Device, Dtype, InitialState, Phase
from rnnbench.model.cost import parameters
from rnnbench.model.errors import SweepError
from rnnbench.model.policy import Policy
from rnnbench.model.workload import DEFAULT_COMPARE
from rnnbench.sweep import value_types
from rnnbench.sweep.load import load_sweep

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "configs").glob("*.yaml"))
SMOKE = ROOT / "tests" / "data" / "smoke.yaml"
PLAIN = """\
# Why?
axes:
  layer: [lstm, gru]
  input_size: 10
  hidden_size: [20, 40]
  seq_len: 5
  batch_size: 3
"""


NO_LAYER = (
    "axes.layer: 'gruu' is none of rnn_tanh, rnn_relu, lstm, gru, and no "
    "package.module:factory (gru?)"
)
NO_DTYPE = (
    "axes.dtype: 'flot32' is none of float32, float64, bfloat16, float16, "
    "autocast_bfloat16, autocast_float16 (float32?)"
)


@pytest.fixture
def load(tmp_path):
    def load_text(text):
        path = tmp_path / "some.yaml"
        path.write_text(text, encoding="utf-8")
        return load_sweep(path)

    return load_text


@pytest.fixture
def faults(load):
    """The faults of a text, less the file's name."""

    def faults_of(text):
        with pytest.raises(SweepError) as caught:
            load(text)
        return [
            re.fullmatch(r".*some\.yaml:(\d+:\d+: .+)", line).group(1)
            for line in str(caught.value).splitlines()
        ]

    return faults_of


def test_a_sweep_is_its_cases_and_its_record(load):
    sweep = load(PLAIN)

    assert sweep.record.name == "some"
    assert sweep.record.question == "Why?"
    assert sweep.record.compare == DEFAULT_COMPARE
    assert sweep.record.policy == Policy()
    assert sweep.cases == tuple(
        Case(layer=layer, input_size=10, hidden_size=size, seq_len=5, batch_size=3)
        for layer in ("lstm", "gru")
        for size in (20, 40)
    )
    assert len(sweep.workloads) == 2


def test_every_axis_can_be_said(load):
    sweep = load(
        PLAIN
        + """\
  num_layers: 2
  bias: false
  batch_first: true
  dropout: 0.25
  bidirectional: true
  initial_state: given
  lengths: full
  phase: step
  optimizer: sgd
  dtype: autocast_bfloat16
  device: cuda
  cudnn: false
  onednn: true
  deterministic: true
  tf32: true
  flatten: false
  threads: 2
  allocator: system
include: [{layer: lstm, proj_size: 7}]
compare: [layer, proj_size]
policy: {precision: 0.05, launches: 3, budget: 10, time_limit: 7.5}
"""
    )

    case = sweep.cases[-1]
    assert (case.proj_size, case.dropout, case.threads) == (7, 0.25, 2)
    assert (case.device, case.phase) == (Device.CUDA, Phase.STEP)
    assert case.dtype is Dtype.AUTOCAST_BFLOAT16
    assert sweep.record.compare == ("layer", "proj_size")
    assert sweep.record.policy == Policy(
        precision=0.05, launches=3, budget=10.0, time_limit=7.5
    )


def test_all_faults_of_a_file_come_at_once(faults):
    text = """\
axes:
  layer: [gruu, lstm]
  hiden_size: 3
  hidden_size: [64, yes]
  seq_len: 0
  seq_len: 3
  dtype: flot32
  bias: 1
  batch_size: []
compar: [layer]
policy:
  precision: 2
  budgett: 3
exclude:
  - {}
"""

    assert faults(text) == [
        "1:1: the first line must be a comment: the question that the sweep answers",
        "2:3: axes.input_size: is missing",
        "2:11: " + NO_LAYER,
        "3:3: axes.hiden_size: no such axis (hidden_size?)",
        "4:21: axes.hidden_size: 'yes' is not a whole number",
        "5:12: axes.seq_len: 0 is less than 1",
        "6:3: 'seq_len' is there twice: also at 5:3",
        "7:10: " + NO_DTYPE,
        "8:9: axes.bias: 1 is not true or false",
        "9:15: axes.batch_size: is an empty list",
        "10:1: compar: no such key (compare?)",
        "12:14: policy.precision: 2 is more than 0.999",
        "13:3: policy.budgett: no such setting (budget?)",
        "15:5: exclude: names no axis",
    ]


def test_faults_of_the_rules_come_with_those_of_other_parts(faults):
    text = PLAIN + "exclude: [{layer: rnn_tanh}]\ncompare: [layr]\n"

    assert faults(text) == [
        "8:11: exclude: matches no case",
        "9:11: compare: 'layr': no such axis (layer?)",
    ]


@pytest.mark.parametrize(
    ("added", "fault"),
    [
        ("  dropout: 1.5\n", "8:12: axes.dropout: 1.5 is more than 1.0"),
        ("  dropout: .nan\n", "8:12: axes.dropout: '.nan' is not a number"),
        ("  threads: some\n", "8:12: axes.threads: 'some' is not a whole number"),
        ("  num_layers: 1.0\n", "8:15: axes.num_layers: 1.0 is not a whole number"),
        ("  num_layers: true\n", "8:15: axes.num_layers: True is not a whole number"),
        ("  num_layers:\n", "8:3: axes.num_layers: nothing is not a whole number"),
        ("  num_layers: [1, 2, 1]\n", "8:15: axes.num_layers: 1 is there twice"),
        ("  num_layers: [[1]]\n", "8:16: axes.num_layers: [1] is not a whole number"),
        ("  bias: yes\n", "8:9: axes.bias: 'yes' is not true or false"),
        ("  device: gpu\n", "8:11: axes.device: 'gpu' is none of cpu, cuda (cpu?)"),
        ("  parameters_of: 3\n", "8:3: axes.parameters_of: no such axis"),
        ("reference: gruu\n", "8:12: reference: 'gruu' is none of"),
        ("reference: 3\n", "8:12: reference: 3 is not a mapping"),
        ("reference: {}\n", "8:12: reference: is empty"),
        (
            "reference: gru\n",
            "8:12: reference: there is no layer of your own that could be compared",
        ),
        (
            "reference: {gru: lstm}\n",
            "8:13: reference.gru: is no layer of your own in this sweep",
        ),
        (
            'reference: {"a:b": gruu}\n',
            "8:20: reference.'a:b': 'gruu' is none of",
        ),
        ("  args: 3\n", "8:9: axes.args: 3 is not a mapping"),
        ("  args: {}\n", "8:9: axes.args: is empty"),
        ("  args: {a: []}\n", "8:13: axes.args.a: is an empty list"),
        ("  args: {a: [1, 2, 1]}\n", "8:13: axes.args.a: 1 is there twice"),
        ("  args: {bias: 1}\n", "8:10: axes.args.bias: bias is an axis itself"),
        (
            "  args: {a-b: 1}\n",
            "8:10: axes.args.'a-b': 'a-b' is not the name of an argument",
        ),
        (
            "  args: {a: [1, x y]}\n",
            "8:17: axes.args.a: 'x y' is not a number, a plain name, true or false",
        ),
        (
            "  args: {a: 1}\n",
            "8:13: axes.args.a: no case has it: only layers of your own take arguments",
        ),
        (
            "  proj_size: 20\n",
            "8:14: axes.proj_size: 20 is not less than hidden_size 20",
        ),
        (
            "  num_layers: 99999999999999999999999\n",
            "8:15: axes.num_layers: 99999999999999999999999 is more than 1048576",
        ),
        (
            "compare: [layer, threads]\n",
            "8:18: compare: threads: a process has one, so its values can't take turns",
        ),
        ("compare: [layer, layer]\n", "8:10: compare: layer is there twice"),
        ("compare: layer\n", "8:10: compare: 'layer' is not a list"),
        ("compare: []\n", "8:10: compare: is an empty list"),
        ("include: {bias: false}\n", "8:10: include: {'bias': False} is not a list"),
        ("include: [bias]\n", "8:11: include: 'bias' is not a mapping"),
        ("include: [{bais: false}]\n", "8:12: include.bais: no such axis (bias?)"),
        ("match: layers\n", "8:8: match: 'layers' is none of parameters"),
        ("match:\n", "8:1: match: nothing is none of parameters"),
        (
            "inapplicable: ask\n",
            "8:15: inapplicable: 'ask' is none of collapse, refuse",
        ),
        ("policy: {launches: 0}\n", "8:20: policy.launches: 0 is less than 1"),
        ("policy: {budget: 0}\n", "8:18: policy.budget: 0 is less than 0.001"),
        ("policy: fast\n", "8:9: policy: 'fast' is not a mapping"),
        ("'a\\nb': 1\n", "8:1: 'a\\\\nb': no such key"),
    ],
)
def test_a_fault_is_named_with_its_place(faults, added, fault):
    (found,) = faults(PLAIN + added)
    assert found == fault or found.startswith(f"{fault} ")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("# Why?\n", "1:1: nothing is not a mapping"),
        ("# Why?\n- 1\n", "2:1: [1] is not a mapping"),
        (PLAIN.removeprefix("# Why?\n"), "1:1: the first line must be a comment"),
        ("#  #\n" + PLAIN, "1:1: the first line must be a comment"),
    ],
)
def test_a_file_without_a_question_or_without_axes_is_refused(faults, text, fault):
    assert any(line.startswith(fault) for line in faults(text))


@pytest.mark.parametrize("content", [b"# \xff", b"", b"# why\x00", b"\xff\xfea"])
def test_a_file_that_is_no_text_is_refused(tmp_path, content):
    path = tmp_path / "some.yaml"
    path.write_bytes(content)

    with pytest.raises(SweepError, match=r"some\.yaml:1:\d"):
        load_sweep(path)


@pytest.mark.parametrize("name", ["missing.yaml", ".", "nul\0.yaml", "x" * 5000])
def test_a_file_that_can_t_be_read_is_refused(tmp_path, name):
    with pytest.raises(SweepError, match="can't be read"):
        load_sweep(tmp_path / name)


def test_all_threads_are_the_cores_of_this_machine(load, monkeypatch):
    monkeypatch.setattr(machine, "physical_cores", lambda: (0, 2, 4, 6))

    some = load(PLAIN + "  threads: [1, all]\n")
    same = load(PLAIN + "  threads: [1, 4, all]\n")

    assert {case.threads for case in some.cases} == {1, 4}
    assert [case.threads for case in same.cases[:2]] == [1, 4]
    assert "threads: all is 4 on this machine" in some.notes


def test_without_pinning_all_threads_are_what_the_system_counts(load, monkeypatch):
    monkeypatch.setattr(machine, "physical_cores", lambda: ())
    monkeypatch.setattr(machine.os, "cpu_count", lambda: 3)

    assert load(PLAIN + "  threads: all\n").cases[0].threads == 3


def test_a_layer_of_the_user_s_own_is_taken_by_its_path(load):
    sweep = load(PLAIN.replace("gru]", "package.module:make_gru]"))

    assert sweep.cases[-1].layer == "package.module:make_gru"


def test_a_layer_that_a_package_brings_is_taken_by_its_name(load, monkeypatch):
    brought = EntryPoint("brought", "package.module:factory", value_types.ENTRY_POINTS)
    monkeypatch.setattr(value_types, "entry_points", lambda group: [brought])

    sweep = load(PLAIN.replace("gru]", "brought]"))

    assert sweep.cases[-1].layer == "brought"


@pytest.mark.parametrize("name", ["<b>:x", "a b:c", "a:b:c", "../x:y", "torch.nn.GRU"])
def test_a_name_that_is_none_is_refused(faults, name):
    (fault,) = faults(PLAIN.replace("gru]", f"'{name}']"))

    assert fault.startswith("3:17: axes.layer: ")


def test_the_digest_tells_cases_apart_not_words(load):
    plain = load(PLAIN).record.digest

    same = "# Another question\n" + "".join(
        reversed(PLAIN.splitlines(keepends=True)[2:])
    )
    same = same.replace("Another question\n", "Another question\naxes:\n")
    assert load(same.replace("[20, 40]", "[40, 20]")).record.digest == plain
    assert load(PLAIN + "policy: {budget: 3}\n").record.digest == plain
    assert load(PLAIN + "  bias: true\n").record.digest == plain
    assert load(PLAIN + "  bias: false\n").record.digest != plain
    assert load(PLAIN + "compare: [layer]\n").record.digest != plain


def try_to_load(path, content):
    path.write_bytes(content)
    try:
        sweep = load_sweep(path)
    except SweepError as error:
        lines = str(error).splitlines()
        assert all(re.search(r"some\.yaml:\d+:\d+: .", line) for line in lines), lines
    else:
        assert sweep.cases or sweep.record.learning.cases


one_file = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@one_file
@given(st.one_of(st.binary(), st.text().map(lambda text: f"# q\n{text}".encode())))
def test_any_file_is_a_sweep_or_a_clean_error(tmp_path, content):
    try_to_load(tmp_path / "some.yaml", content)


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["lstm", "gru", "all", "train", "cuda", "collapse", "parameters"]),
)
keys = st.one_of(
    st.sampled_from(
        [*AXES, "axes", "compare", "include", "exclude", "match", "policy"]
    ),
    st.text(max_size=8),
)
structures = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=12,
)


def as_yaml(path, structure):
    with path.open("w", encoding="utf-8") as file:
        file.write("# q\n")
        YAML(typ="safe", pure=True).dump(structure, file)
    return path.read_bytes()


@one_file
@given(structures, st.dictionaries(keys, structures, max_size=6))
def test_any_structure_is_a_sweep_or_a_clean_error(tmp_path, structure, sections):
    path = tmp_path / "some.yaml"

    try_to_load(path, as_yaml(path, structure))
    try_to_load(path, as_yaml(path, {"axes": sections, **sections}))


@one_file
@given(
    st.sampled_from([*SHIPPED, SMOKE]),
    st.floats(0, 1),
    st.integers(0, 30),
    st.text("ab:-[]{},\n 01.#&*!'\"tT", max_size=4),
)
def test_a_damaged_sweep_is_a_sweep_or_a_clean_error(tmp_path, path, at, cut, put):
    text = path.read_text(encoding="utf-8")
    place = int(at * len(text))

    damaged = text[:place] + put + text[place + cut :]

    try_to_load(tmp_path / "some.yaml", damaged.encode())


def shipped(name):
    return load_sweep(ROOT / "configs" / f"{name}.yaml")


def values(sweep, axis):
    return {getattr(case, axis) for case in sweep.cases}


@pytest.mark.parametrize("path", [*SHIPPED, SMOKE], ids=lambda path: path.stem)
def test_a_shipped_sweep_is_whole_and_asks_a_question(path):
    sweep = load_sweep(path)

    assert sweep.record.question.endswith("?")
    assert len({case.id for case in sweep.cases}) == len(sweep.cases)
    assert sum(len(one.members) for one in sweep.workloads) == len(sweep.cases)
    assert all(len(one.members) > 1 and one.pairs() for one in sweep.workloads)


def test_the_sweeps_of_the_project_are_all_there():
    assert {path.stem for path in SHIPPED} >= {
        *("quick", "article", "backends", "knobs", "parameters", "packed", "dtypes"),
        *("threads", "cuda", "nightly"),
    }


def test_quick_looks_at_sizes_lengths_layers_and_phases_within_three_minutes():
    quick = shipped("quick")

    assert len(quick.workloads) == 24
    assert values(quick, "layer") == {"rnn_tanh", "gru", "lstm"}
    assert len(values(quick, "hidden_size")) == 4
    assert len(values(quick, "seq_len")) == 3
    assert values(quick, "num_layers") == {1, 2}
    assert values(quick, "phase") == {Phase.INFERENCE, Phase.TRAIN}
    assert values(quick, "onednn") == {True, False}
    assert quick.record.policy.budget <= 180


def test_article_is_its_four_examples_to_the_number():
    article = shipped("article")

    examples = {("rnn_tanh", False), ("lstm", False), ("gru", False), ("lstm", True)}
    assert len(article.cases) == 8
    for phase in (Phase.INFERENCE, Phase.TRAIN):
        found = [case for case in article.cases if case.phase is phase]
        assert {(case.layer, case.bidirectional) for case in found} == examples
    for case in article.cases:
        assert (case.input_size, case.hidden_size, case.num_layers) == (10, 20, 1)
        assert (case.seq_len, case.batch_size, case.batch_first) == (5, 3, False)
        assert (case.initial_state, case.dtype) == (InitialState.GIVEN, Dtype.FLOAT32)
    assert article.record.policy.budget < 60


def test_backends_switches_each_backend_where_it_means_something():
    backends = shipped("backends")

    on_cuda = [case for case in backends.cases if case.device is Device.CUDA]
    assert {case.cudnn for case in on_cuda} == {True, False}
    assert values(backends, "allocator") == {"steady", "system"}
    assert {case.layer for case in backends.cases if not case.onednn} == {"lstm"}


def test_knobs_has_a_plain_twin_for_each_knob_at_the_articles_values():
    knobs = shipped("knobs")

    pairs = [pair for workload in knobs.workloads for pair in workload.pairs()]
    assert {pair.axis for pair in pairs} == set(knobs.record.compare)
    lstm = [case for case in knobs.cases if case.layer == "lstm"]
    assert {case.proj_size for case in lstm} == {0, 64}
    assert values(knobs, "dropout") == {0.0, 0.2}
    assert values(knobs, "input_size") == {300, 50}
    for case in knobs.cases:
        assert (case.hidden_size, case.seq_len, case.batch_size) == (128, 10, 32)
    layouts = [case.batch_first for case in knobs.cases if case.input_size == 50]
    assert layouts.count(True) == layouts.count(False) == 6


def test_parameters_has_twins_within_a_percent():
    sweep = shipped("parameters")

    twins = 0
    for workload in sweep.workloads:
        (lstm,) = [
            case for case in workload.members if case.layer == "lstm" and case.onednn
        ]
        for case in workload.members:
            if case.parameters_of:
                twins += 1
                assert case.parameters_of == lstm.hidden_size
                assert parameters(case) == pytest.approx(parameters(lstm), rel=0.01)
    assert twins == 2 * len(sweep.workloads)


def test_packed_holds_every_spread_against_padded_input():
    packed = shipped("packed")

    for workload in packed.workloads:
        candidates = {
            pair.candidate.lengths
            for pair in workload.pairs()
            if pair.axis == "lengths"
        }
        assert len(candidates) == 7


def test_dtypes_holds_every_type_against_float32():
    dtypes = shipped("dtypes")

    for workload in dtypes.workloads:
        pairs = [pair for pair in workload.pairs() if pair.axis == "dtype"]
        assert {pair.candidate.dtype for pair in pairs} == set(Dtype) - {Dtype.FLOAT32}


def test_threads_has_one_two_and_all(monkeypatch):
    monkeypatch.setattr(machine, "physical_cores", lambda: tuple(range(16)))

    assert values(shipped("threads"), "threads") == {1, 2, 16}


def test_cuda_lies_on_both_sides_of_each_threshold():
    cuda = shipped("cuda")

    assert values(cuda, "device") == {Device.CUDA}
    assert values(cuda, "hidden_size") >= {64, 128, 129, 192, 193, 4096}
    assert values(cuda, "batch_size") >= {7, 8, 9, 63, 64, 65}
    assert values(cuda, "dtype") == {Dtype.FLOAT32, Dtype.BFLOAT16, Dtype.FLOAT16}
    assert values(cuda, "cudnn") == {True, False}
    assert values(cuda, "phase") == {Phase.INFERENCE, Phase.TRAIN}


def test_nightly_is_wide_and_ends_in_forty_minutes():
    nightly = shipped("nightly")

    assert len(nightly.workloads) >= 150
    assert nightly.record.policy.budget < 2400


def test_smoke_turns_every_knob_at_tiny_sizes():
    smoke = load_sweep(SMOKE)

    assert 200 <= len(smoke.cases) <= 600
    varied = {axis for axis in AXES if len(values(smoke, axis)) > 1}
    sizes = {"input_size", "hidden_size", "seq_len", "batch_size"}
    # These two mean something on CUDA alone.
    assert varied == set(AXES) - sizes - {"tf32", "flatten"}
    for axis in ("lengths", "dtype", "phase", "optimizer", "initial_state"):
        kind = type(getattr(smoke.cases[0], axis))
        assert values(smoke, axis) == set(kind)


def test_planning_needs_no_torch():
    program = (
        "import sys; sys.modules['torch'] = None; from pathlib import Path;"
        "from rnnbench.sweep.load import load_sweep; load_sweep(Path(sys.argv[1]))"
    )

    subprocess.run([sys.executable, "-c", program, str(SMOKE)], check=True)


def test_a_reading_that_no_case_can_have_is_noted(load):
    sweep = load(PLAIN + "policy: {serve: all, deploy: -b1-}\n")

    assert "serve: all matches no case that it applies to" in sweep.notes
    assert not any(note.startswith("stream:") for note in sweep.notes)
