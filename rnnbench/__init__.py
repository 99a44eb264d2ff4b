"""Compare the recurrent layers of torch.nn on this machine, side by side.

    import rnnbench

    run = rnnbench.run(layer=["lstm", "gru"], hidden_size=[128, 256], phase="train")
    run.ratios()[["hidden_size", "candidate", "baseline", "ratio", "low", "high"]]
    run.save("gru.json")
    rnnbench.load("gru.json").report("page")

The names below are imported when they are first used: importing rnnbench is fast and
needs no torch, and a results file can be read where torch is not installed.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rnnbench.api import Comparison, Picture, Results, compare, load, run

__version__ = "0.1.0"
__all__ = ["Comparison", "Picture", "Results", "compare", "load", "run"]


def __getattr__(name: str) -> Any:
    """The name from `rnnbench.api`, which imports pandas and more (PEP 562)."""
    if name in __all__:
        return getattr(import_module("rnnbench.api"), name)
    raise AttributeError(f"module 'rnnbench' has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names, for completion in a notebook."""
    return sorted({*__all__, "__version__"})
