import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from studies import states

ROOT = Path(__file__).parents[2]


@pytest.mark.slow_study
def test_a_launch_reads_every_canary_beside_each_training_step():
    done = subprocess.run(
        [sys.executable, "-m", "studies.states", "--launch", "0"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )

    told = json.loads(done.stdout)
    assert set(told["cells"]) == set(states.steps())
    assert len(told["cells"]) == 2
    for logs in told["cells"].values():
        # Seconds of a call, in logarithms.
        assert set(logs) == {"gru", "lstm"}
        assert all(-12 < log < 0 for log in logs.values())
    assert set(told["canaries"]) == set(states.canaries())
    assert all(-14 < log < 0 for log in told["canaries"].values())
    assert told["calm"] > 0


def test_the_table_tells_the_canary_that_goes_with_the_ratio():
    draw = np.random.default_rng(1)
    slow = draw.normal(0, 0.05, 400)
    found = [
        {
            "cells": {"a step": {"gru": over + own, "lstm": own}},
            "canaries": {"sees": over, "does not": own, "never moves": -9.0},
        }
        for over, own in zip(slow, draw.normal(-6, 0.01, 400), strict=True)
    ]

    first, *lines = states.table(found)

    assert first == f"a step: 400 launches, the ratio varies by {slow.std():.1%}"
    by_name = {line.split("varies")[0].strip(): float(line[-5:]) for line in lines}
    assert by_name["sees"] == 1
    assert abs(by_name["does not"]) < 0.15
    assert by_name["never moves"] == 0
    assert by_name["its GRU"] > 0.9
