"""Windows of Python's tokens, for the tasks that tag them.

The text has the tokens of 64 modules of the standard library, a window begins with a
statement. Held out: 256 windows, evenly spread over the blocks that are not trained on.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from rnnbench.worker.learning.frozen_text import NEWLINE, SymbolText, tokens
from rnnbench.worker.learning.task import Batch, Task, integers, one_hot

_TEST_WINDOWS = 256
_LAYOUT = ("INDENT", "DEDENT")


@dataclass(frozen=True, slots=True, eq=False)
class TokenWindows:
    """Windows of `seq_len` tokens; `tags` gives the targets of (seq_len, batch)."""

    seq_len: int
    tags: Callable[["TokenWindows", Tensor], Tensor]
    text: SymbolText = field(default_factory=tokens)

    def task(self, **facts: Any) -> Task:
        """The task of these windows."""
        trained = self._starts(self.text.trained)
        held_out = self._starts(self.text.held_out)
        places = torch.linspace(0, len(held_out) - 1, _TEST_WINDOWS).long()

        def sample(generator: torch.Generator, count: int) -> Batch:
            chosen = trained[integers(generator, len(trained), (count,))]
            return self._batch(self.text.trained, chosen)

        return Task(
            **facts,
            source="our own, on tokens of Python's standard library",
            sample=sample,
            test=self._batch(self.text.held_out, held_out[places]),
            each_step=True,
            data=self.text.digest,
        )

    def is_in(self, symbols: Tensor, names: Collection[str]) -> Tensor:
        """Whether each symbol is one of `names`."""
        table = torch.tensor([symbol in names for symbol in self.text.symbols])
        return table[symbols]

    def is_newline(self, symbols: Tensor) -> Tensor:
        """Whether each symbol ends a statement."""
        return self.is_in(symbols, {NEWLINE})

    def begins(self, symbols: Tensor) -> Tensor:
        """Whether each is the first token of a statement, after any indentation."""
        before = torch.ones_like(symbols[:1], dtype=torch.bool)
        passes = [*_LAYOUT, NEWLINE]
        return torch.cat([before, self.is_in(symbols[:-1], passes)])

    def depth(self, symbols: Tensor) -> Tensor:
        """The depth of brackets after each token."""
        opened = self.is_in(symbols, "([{").long()
        return (opened - self.is_in(symbols, ")]}").long()).cumsum(0)

    def _starts(self, stream: Tensor) -> Tensor:
        """The places at which a statement begins and a window fits."""
        places = self.is_newline(stream[: -self.seq_len]).nonzero().squeeze(-1)
        return places + 1

    def _batch(self, stream: Tensor, starts: Tensor) -> Batch:
        places = starts.unsqueeze(0) + torch.arange(self.seq_len).unsqueeze(-1)
        symbols = stream[places]
        count = len(self.text.symbols)
        return Batch(one_hot(symbols, count), self.tags(self, symbols))
