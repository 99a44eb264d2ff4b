"""The overhead of a wrapper, and the tables of the study."""

from rnnbench.analysis.stats import Interval
from rnnbench.model.case import Case
from rnnbench.regression.case_pair import CasePair
from rnnbench.regression.gate_decision import GateVerdict, Judgement
from studies.runtimes import BARE, LAYERS, SIZE, overhead, overhead_table, same_table


def test_the_bare_call_of_a_module_is_that_of_the_runtime():
    case = Case(layer="gru", runtime="cell_loop", **{**SIZE, "hidden_size": 8})

    assert overhead(case, turns=2) > 0


def test_each_runtime_has_its_ratio_with_an_interval():
    ratios = {layer: [1.0, 1.02, 1.01] for layer in LAYERS}
    found = dict.fromkeys(BARE, ratios)

    lines = overhead_table(found)

    assert len(lines) == 2 + len(BARE)
    assert "| ONNX Runtime | 1.010 (0.985 to 1.035) |" in "\n".join(lines)


def test_a_verdict_stands_with_its_ratio_and_a_refusal_with_its_reason():
    cases = [Case(layer=layer, runtime="openvino", **SIZE) for layer in LAYERS]
    same = Interval(1.001, 0.997, 1.005, 7)
    judged = [
        Judgement(CasePair(cases[0], cases[0]), GateVerdict.UNCHANGED, same),
        Judgement(CasePair(cases[1], cases[1]), GateVerdict.UNMEASURED, reason="why"),
    ]

    lines = same_table(judged)

    assert lines[2] == "| OpenVINO | LSTM | unchanged | 1.001 (0.997 to 1.005) |"
    assert lines[3] == "| OpenVINO | GRU | unmeasured | why |"
