"""Tags, the control: the depth of brackets after each token of Python.

Source: our own; nested brackets as in Suzgun et al. 2019 (arXiv 1911.03329), on the
text of `token_windows`. Left context alone decides, so that a second direction is not
expected to help.

Input (seq_len, batch, 84), one-hot tokens without names and numbers; a window begins
with a statement. Output: 4 classes at each step: depth 0, 1, 2, or more. The baselines
are computed: the most frequent depth, and the most frequent one for the current token.
Target and budget: `model/task_table.py`.
"""

from torch import Tensor

from rnnbench.model.task_table import TASKS
from rnnbench.worker.learning.task import Task
from rnnbench.worker.learning.token_windows import TokenWindows

_DEEPEST = 3


def make_task(seq_len: int) -> Task:
    """The task with windows of `seq_len` tokens."""
    return TokenWindows(seq_len, _tags).task(
        **TASKS["tags_depth"].facts(seq_len), output_size=_DEEPEST + 1
    )


def _tags(windows: TokenWindows, symbols: Tensor) -> Tensor:
    """The depth after each of (seq_len, batch) tokens."""
    return windows.depth(symbols).clamp(0, _DEEPEST)
