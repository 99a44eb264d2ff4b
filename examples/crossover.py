"""From which sequence length on a layer beats the baseline: `crossover.py RESULTS`.

    rnnbench run examples/min_rnn.yaml --output min_rnn.json
    python examples/crossover.py min_rnn.json

A layer beats the baseline at a length if the whole 95 % interval of the ratio of their
times is below 1. It counts from the first length after which that holds at every one.
"""

import sys

import pandas as pd

import rnnbench


def crossovers(ratios: pd.DataFrame) -> pd.DataFrame:
    """The shortest such `seq_len` of each layer and phase; missing without one."""
    times = ratios.query("metric == 'time' and axis == 'layer'")
    rows = []
    for (phase, layer), group in times.groupby(["phase", "candidate"], sort=False):
        ordered = group.sort_values("seq_len", ascending=False)
        # From the longest down, as long as the interval is below 1.
        wins = ordered[(ordered["high"] < 1).cummin()]
        first = wins["seq_len"].min() if len(wins) else pd.NA
        rows.append({"phase": phase, "layer": layer, "faster from seq_len": first})
    return pd.DataFrame(rows)


if __name__ == "__main__":
    sys.stdout.write(crossovers(rnnbench.load(sys.argv[1]).ratios()).to_string() + "\n")
