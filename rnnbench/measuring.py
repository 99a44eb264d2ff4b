"""A digest of the code that measures: samples of two of them do not belong together."""

import ast
import hashlib
from pathlib import Path

# What a sample's value depends on, and what is constant in it. The rest of the house
# may change without a calibration being begun anew.
MODULES = (
    *("calibration_cells", "setting", "stats", "timing", "precision"),
    *("worker/blocks", "worker/clock", "worker/floor", "worker/inputs"),
    *("worker/layers", "worker/slowed", "worker/step", "worker/turn"),
    *("worker/turns", "worker/watch", "worker/yardstick"),
)


def digest() -> str:
    """The same as long as none of that code changes but in its words or its form."""
    folder = Path(__file__).parent
    sources = ((folder / f"{name}.py").read_text("utf-8") for name in MODULES)
    codes = "\n".join(map(code_of, sources))
    return hashlib.sha256(codes.encode()).hexdigest()[:12]


def code_of(source: str) -> str:
    """What `source` says to the machine, without comments and docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (
            ast.get_docstring(node) is not None
        ):
            del node.body[0]
    return ast.dump(tree)
