"""The learning part of a run, made from a seed: what it says is known beforehand."""

import math
import random
from dataclasses import replace

from rnnbench.model.case import Case, Phase
from rnnbench.model.learning import (
    Learning,
    LearningCase,
    LearningResult,
    LearningTask,
    Match,
    Quality,
    RateTrial,
    SeedRun,
)
from rnnbench.model.status import Status

LAYERS = ("rnn_tanh", "gru", "lstm")
SEEDS = 5
PARAMETERS = {"rnn_tanh": 1_185, "gru": 3_489, "lstm": 4_641}


def make_task(name="adding", seq_len=50, **values):
    """The adding problem, but for what is given."""
    whole = {
        "input_size": 2,
        "output_size": 1,
        "batch_size": 32,
        "question": "Can the layer add two numbers that are far apart?",
        "source": "Hochreiter & Schmidhuber 1997",
        "quality": Quality.SQUARED_ERROR,
        "chance": 0.167,
        "order_free": None,
        "linear": None,
        "target": 0.05,
        "budget": 1000,
        "evaluate_every": 10,
    }
    return LearningTask(name=name, seq_len=seq_len, **(whole | values))


def make_seed_run(task, seed, steps, **values):
    """A curve from chance to the target at `steps`; None: it never gets there."""
    draw = random.Random(f"{task.id} {seed} {steps}")
    every, chance = task.evaluate_every, task.chance or 1.0
    target = task.target if task.target is not None else chance / 3
    last = task.budget if steps is None else min(steps + every, task.budget)
    floor = 0.9 * chance if steps is None else 0.8 * target
    values_ = tuple(
        floor
        + (chance - floor) * math.exp(-3 * step / last) * (0.9 + 0.1 * draw.random())
        if steps is None or step < steps
        else floor
        for step in range(every, last + 1, every)
    )
    whole = {
        "values": tuple(float(f"{value:.6g}") for value in values_),
        "reached": steps,
        "diverged": False,
        "digest": f"{seed:064x}",
    }
    return SeedRun(seed=seed, rate=0.01, every=every, **(whole | values))


def make_result(task, layer, steps, *, size=32, seeds=(), **axes):
    """A result whose seeds reach the target at `steps`, one for each seed."""
    case = LearningCase(
        task=task.name, seq_len=task.seq_len, layer=layer, hidden_size=size, **axes
    )
    trial = RateTrial(
        rate=0.01, seeds=(100, 101), solved=2, mean_steps=100.0, mean_value=None
    )
    factor = 1 + case.bidirectional + 2 * (case.num_layers - 1)
    same = case.match is Match.PARAMETERS
    return LearningResult(
        case=case,
        status=Status.OK,
        hidden_size=size,
        parameters=PARAMETERS["lstm"] if same else PARAMETERS[layer] * factor,
        timed_by=tuple(each.id for each in step_cases(task, case)),
        search=(trial, replace(trial, rate=0.03)),
        seeds=seeds or tuple(make_seed_run(task, n, s) for n, s in enumerate(steps)),
    )


def step_cases(task, case):
    """The cases that give its step time: an LSTM's with oneDNN on, and off."""
    timed = Case(
        layer=case.layer,
        input_size=task.input_size,
        hidden_size=case.hidden_size,
        num_layers=case.num_layers,
        bidirectional=case.bidirectional,
        dropout=case.dropout,
        seq_len=task.seq_len,
        batch_size=task.batch_size,
        phase=Phase.STEP,
    )
    is_fused = case.layer == "lstm"
    return (timed, replace(timed, onednn=False)) if is_fused else (timed,)


def profile(factor, lags=50):
    """A gradient that shrinks by `factor` a step."""
    return tuple(factor**lag for lag in range(lags))


def steps_around(middle, seed, seeds=SEEDS, spread=0.12):
    """Steps that are a multiple of 10, around `middle`."""
    draw = random.Random(f"{middle} {seed}")
    return [
        10 * round(middle * math.exp(draw.gauss(0, spread)) / 10) for _ in range(seeds)
    ]


def make_learning(seed=1):
    """Tasks of every kind, and results whose answer is known.

    The GRU needs a fifth of the LSTM's steps on adding 50; the RNN never gets there. On
    `tags_depth` nothing differs. On `tags_assignment` only both directions get there.
    """
    tasks = {
        "adding10": make_task(seq_len=10, budget=600),
        "adding": make_task(longer=(100, 200)),
        "tags": make_task(
            *("tags_assignment", 64),
            quality=Quality.ERROR_RATE,
            chance=0.5,
            order_free=0.2,
            budget=150,
            question="Is this name assigned to? The answer stands to its right.",
        ),
        "depth": make_task(
            *("tags_depth", 64),
            quality=Quality.ERROR_RATE,
            chance=0.6,
            order_free=0.3,
            target=0.02,
            budget=250,
            control=True,
            question="How deep are the brackets? The answer stands to its left.",
        ),
        "sunspots": make_task(
            *("sunspots", 36),
            chance=0.9,
            order_free=0.4,
            linear=0.35,
            target=None,
            budget=300,
            question="How many sunspots will there be in six months?",
        ),
        "gradient": make_task(
            *("gradient_profile", 50),
            quality=Quality.GRADIENT,
            chance=None,
            target=None,
            question="How far back does the gradient reach?",
        ),
    }
    found = [
        _rated(tasks["adding10"], seed, rnn_tanh=380, gru=60, lstm=170),
        _rated(tasks["adding"], seed, rnn_tanh=None, gru=110, lstm=520),
        [
            make_result(
                tasks["tags"],
                layer,
                [None] * SEEDS
                if one_way
                else steps_around(25 + 7 * place, seed + place),
                bidirectional=not one_way,
                match=Match.HIDDEN if one_way and layer == "lstm" else Match.PARAMETERS,
            )
            for place, layer in enumerate(LAYERS)
            for one_way in (True, False)
        ],
        _rated(tasks["depth"], seed, gru=150, lstm=150),
        [make_result(tasks["sunspots"], layer, [None] * SEEDS) for layer in LAYERS],
        [_gradients(tasks["gradient"], layer) for layer in LAYERS],
    ]
    results = tuple(result for of_task in found for result in of_task)
    return Learning(tuple(tasks.values()), results)


def _rated(task, seed, **middles):
    found = []
    for place, (layer, middle) in enumerate(middles.items()):
        steps = [None] * SEEDS if middle is None else steps_around(middle, seed + place)
        longer = tuple(
            (length, task.target * length / task.seq_len) for length in task.longer
        )
        runs = tuple(
            make_seed_run(task, number, each, longer=longer)
            for number, each in enumerate(steps)
        )
        found.append(make_result(task, layer, steps, seeds=runs))
    return found


def _gradients(task, layer):
    factors = {"rnn_tanh": (0.59, 0.52), "gru": (0.64, 0.98), "lstm": (0.64, 1.0)}
    first, after = factors[layer]
    runs = tuple(
        SeedRun(
            seed=number,
            rate=0.01,
            values=(),
            every=task.evaluate_every,
            reached=None,
            diverged=False,
            digest=f"{number:064x}",
            gradient=profile(first * (1 + 0.002 * number)),
            gradient_trained=profile(after * (1 - 0.001 * number)),
        )
        for number in range(SEEDS)
    )
    return make_result(task, layer, (), seeds=runs)
