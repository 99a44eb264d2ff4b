"""Self-checks of known truth: no worker, no clock."""

import random
from math import exp

import pytest

from rnnbench.calibration.check_shapes import known_shapes
from rnnbench.calibration.self_check import CheckedMember, CheckedShape, SelfCheck
from rnnbench.model.run import Turns

ROUNDS = 5


def _member(member, launches, noise, draw, truth):
    seconds = truth * (1.5 if member.case.layer == "gru" else 1) * (1 + member.slowdown)
    turns = tuple(
        Turns(launch, (seconds * exp(draw.gauss(0, noise)),) * ROUNDS)
        for launch in launches
    )
    return CheckedMember(
        name=member.name, case=member.case, slowdown=member.slowdown, turns=turns
    )


@pytest.fixture(scope="session")
def make_self_check(make_run):
    def make(*, launches=60, noise=0.004, seed=1, **values):
        draw = random.Random(seed)
        shapes = tuple(
            CheckedShape(
                tuple(
                    _member(member, range(launches), noise, draw, 1e-3)
                    for member in shape
                )
            )
            for shape in known_shapes()
        )
        facts = {
            "created": "2026-11-29T12:00:00+00:00",
            "version": "0.1.0",
            "command": "rnnbench calibrate",
            "environment": make_run().environment,
            "seconds": 180.0,
            "set_launches": 6,
            "shapes": shapes,
        }
        return SelfCheck(**(facts | values))

    return make
