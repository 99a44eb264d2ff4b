"""Tags: whether a statement of Python is an assignment, asked at its first name.

Source: our own, in the manner of part-of-speech tagging with both contexts (Graves &
Schmidhuber 2005, Neural Networks 18(5-6)); the text is that of `token_windows`.

Input (seq_len, batch, 84), one-hot tokens without names and numbers. Output: 2 classes
at the first token of each statement that begins with a name and ends in the window. The
answer is in the tokens that follow, which a single direction has not read: a constant
answer is wrong in a quarter of the cases, and left context helps little. Target and
budget: `model/task_table.py`.
"""

import torch
from torch import Tensor

from rnnbench.model.task_table import TASKS
from rnnbench.worker.learning.task import NOT_SCORED, Task
from rnnbench.worker.learning.token_windows import TokenWindows

_AUGMENTED = ("+=", "-=", "*=", "/=", "//=", "%=", "&=", "|=", "^=", "<<=", ">>=")
_ASSIGN = frozenset({"=", *_AUGMENTED})


def make_task(seq_len: int) -> Task:
    """The task with windows of `seq_len` tokens."""
    return TokenWindows(seq_len, _tags).task(
        **TASKS["tags_assignment"].facts(seq_len), output_size=2
    )


def _tags(windows: TokenWindows, symbols: Tensor) -> Tensor:
    """The tag of each first name in windows of (seq_len, batch) tokens."""
    depth = windows.depth(symbols)
    assigns = windows.is_in(symbols, _ASSIGN) & (depth == 0)
    ends = windows.is_newline(symbols)
    targets = torch.full_like(symbols, NOT_SCORED)
    first = windows.is_in(symbols, {"NAME"}) & windows.begins(symbols)
    found = torch.zeros_like(symbols[0], dtype=torch.bool)
    ended = torch.zeros_like(found)
    # From the last token to the first: what a statement has between here and its end.
    for step in reversed(range(len(symbols))):
        found = torch.where(ends[step], False, found | assigns[step])  # noqa: FBT003
        ended = ended | ends[step]
        scored = first[step] & ended
        targets[step] = torch.where(scored, found.long(), targets[step])
    return targets
