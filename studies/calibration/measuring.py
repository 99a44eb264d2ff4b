"""A digest of the code that measures: samples of two of them do not belong together.

Each part of a calibration has its own, so that a change voids what depends on it alone.
"""

import ast
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from studies.calibration.calibration import Part

# What every sample's value depends on, and what is constant in it. The rest of the
# house may change without a calibration being begun anew.
COMMON = (
    *("calibration_cells", "reduction", "setting", "timing"),
    *("worker/clock", "worker/inputs", "worker/layers", "worker/step", "worker/turn"),
    *("worker/turns", "worker/watch", "worker/yardstick"),
)
# And what the samples of one part depend on besides.
OWN: Mapping[Part, tuple[str, ...]] = {
    Part.AA: (),
    Part.INJECTED: ("worker/slowed",),
    Part.SETTLE: ("worker/blocks",),
    Part.FLOOR: ("worker/floor",),
    # A whole re-run ends when its intervals are narrow.
    Part.REPEAT: ("looks", "precision", "stats"),
}


def digests() -> dict[Part, str]:
    """Of each part; the same as long as its code changes but in words or form."""
    common = _codes(COMMON)
    return {
        part: hashlib.sha256("\n".join(common + _codes(own)).encode()).hexdigest()[:12]
        for part, own in OWN.items()
    }


def code_of(source: str) -> str:
    """What `source` says to the machine, without comments and docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (
            ast.get_docstring(node) is not None
        ):
            del node.body[0]
    return ast.dump(tree)


def _codes(modules: Iterable[str]) -> list[str]:
    folder = Path(__file__).parent
    return [code_of((folder / f"{name}.py").read_text("utf-8")) for name in modules]
