import pytest

from rnnbench.model.errors import SweepError
from rnnbench.model.learning import Match
from rnnbench.sweep.arguments import sweep_of_task
from rnnbench.sweep.load import load_sweep

FAULTY = """\
# A question?
learning:
  seedz: 5
  cases:
    - {task: addin, seq_len: 0, layer: [gruu]}
    - {task: tags_depth, hiden_size: 3}
policy: {budgt: 3}
"""
SENSELESS = """\
# A question?
learning:
  cases:
    - {task: adding, bidirectional: true}
    - {task: "my.module:make_task"}
    - {task: characters, target: 2.0}
    - {task: characters, target: 3.0}
"""


@pytest.fixture
def faults(tmp_path):
    def found(text):
        path = tmp_path / "some.yaml"
        path.write_text(text)
        with pytest.raises(SweepError) as error:
            load_sweep(path)
        return str(error.value).replace(str(path), "some.yaml").splitlines()

    return found


def test_every_fault_is_reported_with_its_place_and_the_nearest_name(faults):
    places = [line.split(": ", 1) for line in faults(FAULTY)]

    assert [place for place, _ in places] == [
        f"some.yaml:{place}"
        for place in ("3:3", "5:14", "5:30", "5:41", "6:26", "7:10")
    ]
    for name, (_, what) in zip(
        ("seeds", "adding", "0 is less than 1", "gru", "hidden_size", "budget"),
        places,
        strict=True,
    ):
        assert name in what


def test_values_that_make_no_sense_for_a_task_are_faults(faults):
    said = "\n".join(faults(SENSELESS))

    assert "adding reads the last output" in said
    assert "seq_len: is missing: my.module:make_task has no usual length" in said
    assert "some.yaml:7:34: learning.cases.target: characters has another" in said


def test_axes_do_not_go_with_learning(faults):
    text = "# A question?\naxes: {}\nlearning: {cases: [{task: adding}]}\n"

    assert "axes: does not go with learning" in "\n".join(faults(text))


def test_what_does_not_apply_multiplies_no_cases():
    sweep = sweep_of_task(
        {
            "task": "tags_depth",
            "layer": ["gru", "lstm"],
            "forget_bias": ["default", 1],
            "dropout": [0.0, 0.5],
            "match": ["hidden", "parameters"],
        }
    )

    plan = sweep.record.learning
    # A GRU has no forget bias, one layer has no dropout, and the LSTM is the measure.
    assert [(c.layer, c.forget_bias, c.match) for c in plan.cases] == [
        ("gru", None, Match.HIDDEN),
        ("gru", None, Match.PARAMETERS),
        ("lstm", None, Match.HIDDEN),
        ("lstm", 1.0, Match.HIDDEN),
    ]


def test_seeds_of_runs_and_of_the_search_differ_from_each_other_and_the_pilots():
    plan = sweep_of_task({"task": "adding", "seeds": 900, "search_seeds": 900})
    plan = plan.record.learning

    assert not {*plan.seeds} & {*plan.search_seeds}
    assert min(*plan.seeds, *plan.search_seeds) > 101


def test_a_runtime_that_does_not_train_is_refused_by_name(faults):
    section = "  runtimes: [cell_loop, {}]\n  cases: [{{task: adding}}]\n"
    text = f"# A question?\nlearning:\n{section}"

    (inference,) = faults(text.format("openvino"))
    (unknown,) = faults(text.format("jaxx"))

    assert inference.startswith("some.yaml:3:25: learning.runtimes")
    assert "OpenVINO does not train: it has no backward pass" in inference
    assert "(jax?)" in unknown


def test_runtimes_are_part_of_the_plan():
    plan = sweep_of_task({"task": "adding", "runtimes": ["torchscript", "jax"]})

    assert plan.record.learning.runtimes == ("torchscript", "jax")
