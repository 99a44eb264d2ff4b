"""Jobs of a service on real layers, small and short."""

import pytest

from rnnbench.model.case import Phase
from rnnbench.model.status import Status
from rnnbench.worker.service_jobs import ServeStreams, TakeCard, TimeSteps
from rnnbench.worker.serving.handlers import ServiceHandler


@pytest.fixture
def stream(make_case):
    return make_case(layer="gru", phase=Phase.STREAM, seq_len=1, batch_size=1)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_light_load_is_served_on_every_thread(stream, threads):
    handler = ServiceHandler()
    job = ServeStreams(
        cases=(stream,), threads=threads, streams=2, period=0.05, periods=2
    )

    found = handler.answer(job)

    assert (found.status, found.calls) == (Status.OK, 2 * 2 * threads)
    assert found.seconds > 0


def test_a_server_is_built_once_for_many_trials(stream):
    handler = ServiceHandler()
    job = ServeStreams(cases=(stream,), threads=1)

    handler.answer(job)
    first = handler.server
    handler.answer(job)

    assert handler.server is first


def test_a_card_has_what_a_fresh_process_took(make_case):
    case = make_case(layer="lstm", runtime="cell_loop")

    found = ServiceHandler().answer(TakeCard(cases=(case,), launch=2))

    assert found.status is Status.OK
    assert found.card.launch == 2
    assert found.card.error < 1e-5
    assert found.card.first_call > 0


def test_the_artefact_of_eager_is_its_weights(make_case):
    card = ServiceHandler().answer(TakeCard(cases=(make_case(),), launch=0)).card

    assert card.artefact > 4 * 4 * 16 * (8 + 16)
    assert card.error is None


@pytest.mark.parametrize("job", [TakeCard, TimeSteps, ServeStreams])
def test_a_case_that_fails_is_an_answer_with_its_reason(make_case, job):
    case = make_case(layer="no.such:layer", phase=Phase.STREAM)
    more = {
        TakeCard: {"launch": 0},
        TimeSteps: {"launch": 0, "seconds": 0.1},
        ServeStreams: {"threads": 1},
    }

    found = ServiceHandler().answer(job(cases=(case,), **more[job]))

    assert found.status is Status.ERROR
    assert "no" in found.reason
