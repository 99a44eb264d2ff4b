"""A learning task of your own: the first number of a sequence.

Name it in a sweep, from the directory above, as `task: examples.own_task:make_task`
with a `seq_len`; or in Python:

    rnnbench.run(task="examples.own_task:make_task", seq_len=20, layer=["gru", "lstm"])
"""

import torch

from rnnbench.model.learning import Quality
from rnnbench.worker.learning.task import Batch, Task, held_out


def make_task(seq_len: int) -> Task:
    """The task at a sequence length: input (seq_len, batch, 1), output one number."""

    def sample(generator: torch.Generator, count: int) -> Batch:
        numbers = torch.rand((seq_len, count, 1), generator=generator)
        return Batch(inputs=numbers, targets=numbers[0])

    return Task(
        question="Can it keep the first number of a sequence?",
        source="an example",
        quality=Quality.SQUARED_ERROR,
        output_size=1,
        sample=sample,
        test=held_out(sample, 256),
        target=0.01,
        budget=500,
    )
