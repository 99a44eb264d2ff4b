"""The JSON lines between a campaign and a worker."""

import json

import pytest

from rnnbench.model.case import Device, Dtype
from rnnbench.model.profile import Ceiling, Kind, MemoryPart, Operator, Profile, Span
from rnnbench.model.runtime_facts import RuntimeFacts
from rnnbench.model.status import Status
from rnnbench.worker.protocol import (
    Burn,
    Burnt,
    Climb,
    Climbed,
    Measured,
    MemberTurns,
    Memory,
    Outcome,
    Prepare,
    Profiled,
    Ready,
    Report,
    Rounds,
    Start,
    Survey,
    TakeProfile,
    TakeTurn,
    decode_answer,
    decode_job,
    encode,
)

PROFILE = Profile(
    seconds=2e-3,
    operators=(
        Operator(
            name="aten::addmm",
            kind=Kind.MATRIX,
            calls=3,
            host_seconds=1e-3,
            device_seconds=0.0,
            allocated_bytes=64,
        ),
    ),
    kinds=((Kind.MATRIX, 1e-3), (Kind.FRAMEWORK, 1e-3)),
    memory=((MemoryPart.PARAMETERS, 128), (MemoryPart.OTHER, 64)),
    unseen="what libraries keep",
    seen=("aten::gru",),
    timeline=(
        Span(
            lane="thread 1",
            name="aten::addmm",
            kind=Kind.MATRIX,
            start=0.0,
            seconds=1e-3,
        ),
    ),
    left_out=2,
    device_memory=(("max_memory_allocated", 4096),),
    trace="case/rnnbench.1.pt.trace.json.gz",
)
FACTS = RuntimeFacts(
    build_seconds=30.5,
    load_seconds=0.1,
    artefact_bytes=4096,
    error=1e-7,
    threads=0.9,
    note="graphs compiled: 1",
)
CEILING = Ceiling(
    device="cpu",
    dtype="float32",
    threads=1,
    flops=1e11,
    shape=(512, 512, 512),
    bytes=4e10,
    product="aten::mm",
)


def test_every_job_is_read_as_it_was_written(make_case):
    cases = (make_case(), make_case(layer="gru", proj_size=0, dropout=0.5))
    jobs = [
        Start(threads=2, cores=(0, 1), data_limit=1 << 30),
        Start(),
        Survey(cases=cases),
        Prepare(cases=cases, check=True),
        Rounds(seed=7, seconds=0.8, least=4, most=12),
        TakeTurn(member=1),
        Memory(cases=cases),
        TakeProfile(cases=cases, folder="traces/of a run", trace_limit=1 << 20),
        TakeProfile(cases=cases, folder=None, trace_limit=0),
        Climb(device=Device.CPU, dtypes=(Dtype.FLOAT32, Dtype.BFLOAT16), threads=2),
        Burn(seconds=5.0),
    ]

    read = [decode_job(encode(job)) for job in jobs]

    assert read == jobs


def test_every_answer_is_read_as_it_was_written(make_run):
    turns = MemberTurns(seconds=(0.1, 0.2), faults=(0, 3), back_to_back=(0.05,))
    failed = Outcome(status=Status.ERROR, reason="check: h_n is not finite")
    answers = [
        Ready(schema=1, environment=make_run().environment),
        Report(outcomes=(failed, Outcome(status=Status.OK, peak_memory=4096))),
        Measured(
            outcomes=(
                Outcome(status=Status.OK, call=0.1, first_call=0.4, facts=FACTS),
                failed,
            ),
            turns=(turns, MemberTurns()),
            yardstick=turns,
            inside_turns=1.5,
        ),
        Profiled(
            outcomes=(Outcome(status=Status.OK), failed), profiles=(PROFILE, None)
        ),
        Climbed(ceilings=(CEILING,)),
        Burnt(outcomes=(failed,)),
        Burnt(
            outcomes=(Outcome(status=Status.OK),), calls=7, seconds=5.1, gpu="GPU-1-2"
        ),
    ]

    read = [decode_answer(encode(answer)) for answer in answers]

    assert read == answers


def test_a_message_is_one_line(make_case):
    message = Outcome(status=Status.ERROR, reason="two\nlines")

    line = encode(Report(outcomes=(message,)))

    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")


def test_a_time_that_is_no_number_is_not_written():
    answer = Report(outcomes=(Outcome(status=Status.OK, call=float("nan")),))

    with pytest.raises(ValueError, match="not JSON compliant"):
        encode(answer)


@pytest.mark.parametrize(
    ("turns", "yardstick", "why"),
    [
        ((), (0.1,), "turns of 0 of 1 members"),
        (((0.1, 0.2),), (0.1,), "not as many turns"),
        (((0.1,),), (float("inf"),), "no positive and finite time"),
        (((-0.1,),), (0.1,), "no positive and finite time"),
    ],
)
def test_turns_that_no_rounds_give_are_refused(turns, yardstick, why):
    with pytest.raises(ValueError, match=why):
        Measured(
            outcomes=(Outcome(status=Status.OK),),
            turns=tuple(MemberTurns(seconds=seconds) for seconds in turns),
            yardstick=MemberTurns(seconds=yardstick),
            inside_turns=0.0,
        )


def test_a_profile_of_no_case_is_refused():
    with pytest.raises(ValueError, match="1 profiles, 0 outcomes"):
        Profiled(outcomes=(), profiles=(PROFILE,))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null\n",
        b"[]\n",
        b'"Start"\n',
        b"not json\n",
        b"\xff\xfe\n",
        b'{"kind":"Nothing"}\n',
        b'{"kind":"TakeTurn"}\n',
        b'{"kind":"TakeTurn","member":1,"more":2}\n',
        b'{"kind":["TakeTurn"],"member":1}\n',
        b'{"kind":"Rounds","seed":1,"seconds":NaN,"least":1,"most":2}\n',
        b'{"kind":"Memory","cases":[{"layer":"lstm"}]}\n',
        b'{"kind":"Memory","cases":7}\n',
        b'{"kind":"TakeTurn","member":"1"}\n',
        b'{"kind":"TakeTurn","member":true}\n',
        b'{"kind":"Climb","device":"tpu","dtypes":["float32"],"threads":1}\n',
        b'{"kind":"Climb","device":"cpu","dtypes":"float32","threads":1}\n',
        b'{"kind":"TakeProfile","cases":[],"folder":7,"trace_limit":1}\n',
        b"[" * 100_000 + b"\n",
    ],
)
def test_a_line_that_is_no_job_is_refused_in_one_way(line):
    with pytest.raises(ValueError, match="no message of the protocol"):
        decode_job(line)


def test_an_answer_is_no_job():
    line = encode(Report(outcomes=()))

    with pytest.raises(ValueError, match="no message of the protocol"):
        decode_job(line)


def test_an_unknown_status_is_refused():
    line = encode(Report(outcomes=(Outcome(status=Status.OK),)))
    body = json.loads(line)
    body["outcomes"][0]["status"] = "splendid"

    with pytest.raises(ValueError, match="splendid"):
        decode_answer(json.dumps(body).encode())


def test_a_profile_is_read_as_strictly_as_it_is_written():
    body = json.loads(
        encode(Profiled(outcomes=(Outcome(status=Status.OK),), profiles=(PROFILE,)))
    )
    body["profiles"][0]["kinds"][0][0] = "magic"

    with pytest.raises(ValueError, match="magic"):
        decode_answer(json.dumps(body).encode())
