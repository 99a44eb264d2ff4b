import math

import pytest

from rnnbench.model.metric import PEAK_MEMORY, TIME


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (2.41e-4, "241 µs"),
        (0.0123, "12.3 ms"),
        (1.5, "1.50 s"),
        (1234.5, "1234 s"),
        (9.999e-4, "1.00 ms"),
        (3.2e-9, "3.20 ns"),
        (5e-12, "0.00500 ns"),
        (0.0, "0 ns"),
        (math.nan, "not a number"),
        (math.inf, "not a number"),
    ],
)
def test_a_time_is_scaled_once_to_three_digits(seconds, text):
    assert TIME.format(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (512, "512 B"),
        (1536, "1.50 KiB"),
        (62 * 2**20, "62.0 MiB"),
        (3 * 2**40, "3.00 TiB"),
        (-2048, "-2.00 KiB"),
    ],
)
def test_memory_is_scaled_by_1024(count, text):
    assert PEAK_MEMORY.format(count) == text
