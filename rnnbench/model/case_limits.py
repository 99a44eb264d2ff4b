"""Limits of the sizes of a case, most of which are torch.nn's own."""

from typing import Any

# The largest value of each size. No tensor has more than 2**31 - 1 in one dimension; of
# layers and sequences there are lists, which take time and memory.
SIZE_LIMITS = {
    "input_size": 2**31 - 1,
    "hidden_size": 2**31 - 1,
    "num_layers": 2**20,
    "seq_len": 2**31 - 1,
    "batch_size": 2**20,
    "threads": 2**16,
}
# A smaller one drops nothing, and its square is 0 in float32.
LEAST_DROPOUT = 1e-6


def check_limits(case: Any) -> None:
    """ValueError names the field of `case` that torch.nn would not accept.

    `case` is a Case, whose module imports this one.
    """
    for name, most in SIZE_LIMITS.items():
        if getattr(case, name) < 1:
            raise ValueError(f"{name}: {getattr(case, name)} is less than 1")
        if getattr(case, name) > most:
            raise ValueError(f"{name}: {getattr(case, name)} is more than {most}")
    if case.dropout and not LEAST_DROPOUT <= case.dropout <= 1:
        limits = f"neither 0 nor between {LEAST_DROPOUT} and 1"
        raise ValueError(f"dropout: {case.dropout} is {limits}")
    if case.proj_size < 0:
        raise ValueError("proj_size is 0 or more")
    # It is a hidden_size, that of the layer with which the parameters are equal.
    if not 0 <= case.parameters_of <= SIZE_LIMITS["hidden_size"]:
        raise ValueError(f"parameters_of: {case.parameters_of} is no hidden size")
    if case.proj_size and case.proj_size >= case.hidden_size:
        raise ValueError(
            f"proj_size: {case.proj_size} is not less than "
            f"hidden_size {case.hidden_size}"
        )
