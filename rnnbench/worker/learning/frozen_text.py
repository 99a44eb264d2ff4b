"""The texts that are shipped with the package, as numbered symbols.

Both are of CPython 3.11.7; `data/README.md` has their origin and license.
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

_FOLDER = Path(__file__).with_name("data")
# Every tenth block of so many symbols is held out and never trained on: topics and
# modules are in alphabetical order, and the last ones are no sample of them.
_BLOCK, _HELD_OUT_EVERY = 4096, 10
NEWLINE = "NEWLINE"


@dataclass(frozen=True, slots=True, eq=False)
class SymbolText:
    """A text as the indices of its symbols.

    `trained`, `held_out`: its blocks, one after the other. `digest`: SHA-256 of the
    text before compression.
    """

    symbols: tuple[str, ...]
    trained: Tensor
    held_out: Tensor
    digest: str


@cache
def characters() -> SymbolText:
    """The help topics of Python, by character."""
    text = _read("topics.txt.gz")
    return _numbered(list(text), text)


@cache
def tokens() -> SymbolText:
    """The tokens of modules of the standard library, with a NEWLINE per statement."""
    text = _read("tokens.txt.gz")
    return _numbered(text.replace("\n", f" {NEWLINE} ").split(), text)


def _read(name: str) -> str:
    return gzip.decompress((_FOLDER / name).read_bytes()).decode()


def _numbered(items: list[str], text: str) -> SymbolText:
    symbols = tuple(sorted(set(items)))
    numbers = {symbol: number for number, symbol in enumerate(symbols)}
    stream = torch.tensor([numbers[item] for item in items])
    block = torch.arange(len(stream)) // _BLOCK
    is_held_out = block % _HELD_OUT_EVERY == _HELD_OUT_EVERY - 1
    digest = hashlib.sha256(text.encode()).hexdigest()
    return SymbolText(symbols, stream[~is_held_out], stream[is_held_out], digest)
