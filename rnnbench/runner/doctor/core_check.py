"""How often something disturbs a core, measured by the canary of a worker.

The worker takes turns of two small layers as in a run, and reports how many of its
calls were disturbed and how long it waited for a calm core.
"""

from rnnbench.model.case import Case
from rnnbench.model.condition import Condition, ConditionLevel
from rnnbench.model.machine import physical_cores
from rnnbench.model.status import Status
from rnnbench.runner.worker_env import Setting
from rnnbench.runner.worker_process import Worker, WorkerDeathError
from rnnbench.worker.protocol import Measured, Prepare, Report, Rounds, Start

_SECONDS = 2.0
_LIMIT = 60.0
_PAIR = tuple(
    Case(layer=layer, input_size=32, hidden_size=32, seq_len=16, batch_size=4)
    for layer in ("lstm", "gru")
)
# Shares of turns, and of the time, beyond which measuring takes clearly longer.
_MOST_DISTURBED, _MOST_WAITING = 0.1, 0.2


async def check_core(command: tuple[str, ...] = ()) -> Condition:
    """The condition of one core, measured for about two seconds."""
    cores = physical_cores()[-1:]
    rounds = Rounds(seed=1, seconds=_SECONDS, least=5, most=1000)
    try:
        async with await Worker.start(Setting(), Start(cores=cores), command) as worker:
            prepared = await worker.ask(
                Prepare(cases=_PAIR, check=True), Report, limit=_LIMIT
            )
            failed = [o for o in prepared.outcomes if o.status is not Status.OK]
            if failed:
                return _unknown(failed[0].reason)
            return judge_core(await worker.ask(rounds, Measured, limit=_LIMIT))
    except WorkerDeathError as death:
        return _unknown(death.reason)


def judge_core(measured: Measured) -> Condition:
    """The condition that a worker's turns tell."""
    turns = sum(len(member.seconds) for member in measured.turns)
    disturbed = sum(member.rough for member in measured.turns)
    repeated = sum(member.retaken for member in measured.turns)
    spent = measured.inside_turns + measured.waited
    waiting = measured.waited / spent if spent else 0.0
    state = (
        f"{disturbed} of {turns} turns disturbed, {repeated} calls repeated, "
        f"{waiting:.0%} of the time spent waiting for a calm core"
    )
    is_calm = disturbed <= _MOST_DISTURBED * turns and waiting <= _MOST_WAITING
    if is_calm:
        return Condition(name="core", level=ConditionLevel.OK, state=state)
    return Condition(
        name="core",
        level=ConditionLevel.WARNING,
        state=state,
        effect="a run takes longer, and its intervals are wider",
        fix="stop other programs, or wait until the machine is idle",
    )


def _unknown(reason: str) -> Condition:
    return Condition(name="core", level=ConditionLevel.UNKNOWN, state=reason)
