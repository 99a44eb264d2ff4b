"""Bits per character of a long character model, and what moves them.

    python -m studies.characters [--arm NAME ...] [--steps 2500] [--save FILE]

Trains the shipped task `characters` for more steps than its budget, with the training
code of the task, and prints held-out bits per character beside those of tables of the
last characters. Each arm changes one thing. An arm takes one to three minutes; the file
of `--save` is written after each arm, and keeps the arms that it has already.
"""

import argparse
import gzip
import json
import math
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from rnnbench.model.learning import LearningCase
from rnnbench.worker.learning import baselines, characters, frozen_text
from rnnbench.worker.learning.frozen_text import SymbolText
from rnnbench.worker.learning.task import NOT_SCORED, Batch, Task, integers, one_hot
from rnnbench.worker.learning.training import Trainee, train
from studies.freeze_texts import FOLDER
from studies.markdown import table

# The pilot's value of an LSTM after 2,500 steps, and its steps to two values, at most.
PILOT, PILOT_STEPS = 1.81, {2.367: 170, 2.1: 350}
# No sweep has this seed, and no target was chosen with it.
SEED = 5000
# A table of the last n characters, for each of these n.
ORDERS = range(6)
# Weight of the shorter context in a table, in counts. With 1 the last two characters
# give the 2.367 bits of the pilot, on the tail of the text.
_PRIOR, _PILOT_PRIOR = 5.0, 1.0
_EVERY = 10
# Windows whose first characters warm the state up and are not scored.
_WARM_UP, _WARM_WINDOW = 64, 512
_EMBEDDING = 64


@dataclass(frozen=True)
class Arm:
    """A setting of the model; the defaults are those of a sweep."""

    rate: float = 0.01
    layer: str = "lstm"
    hidden_size: int = 64
    seq_len: int = 64
    batch_size: int = 32
    scale: float = 8.0
    text: str = "blocks"
    seed: int = SEED


ARMS = {
    "usual": Arm(),
    "rate_0.003": Arm(rate=0.003),
    "rate_0.03": Arm(rate=0.03),
    "seed_2": Arm(seed=SEED + 1),
    "seed_3": Arm(seed=SEED + 2),
    "unscaled": Arm(scale=1.0),
    "unscaled_rate_0.03": Arm(scale=1.0, rate=0.03),
    "embedding": Arm(layer="studies.characters:embedded_lstm", scale=1.0),
    "seq_len_128": Arm(seq_len=128),
    "batch_64": Arm(batch_size=64),
    "hidden_128": Arm(hidden_size=128),
    "tail": Arm(text="tail"),
    "tail_rate_0.03": Arm(text="tail", rate=0.03),
    "tail_embedding": Arm(
        text="tail", layer="studies.characters:embedded_lstm", scale=1.0
    ),
}


class EmbeddedLstm(nn.Module):
    """An LSTM whose input is an embedding of each symbol, not its one-hot vector."""

    def __init__(self, *, input_size: int, **parameters: Any) -> None:
        super().__init__()
        self.embedding = nn.Embedding(input_size, _EMBEDDING)
        self.inner = nn.LSTM(_EMBEDDING, **parameters)

    def forward(self, sequence: Tensor) -> tuple[Tensor, Any]:
        output, state = self.inner(self.embedding(sequence.argmax(-1)))
        return output, state


def embedded_lstm(**parameters: Any) -> nn.Module:
    """The layer, as a sweep would name it."""
    return EmbeddedLstm(**parameters)


@cache
def text_of(name: str) -> SymbolText:
    """The shipped text, or with its last twentieth held out (`tail`)."""
    text = frozen_text.characters()
    if name == "blocks":
        return text
    whole = gzip.decompress((FOLDER / "topics.txt.gz").read_bytes()).decode()
    numbers = {symbol: number for number, symbol in enumerate(text.symbols)}
    stream = torch.tensor([numbers[symbol] for symbol in whole])
    cut = len(stream) * 19 // 20
    return replace(text, trained=stream[:cut], held_out=stream[cut:])


def task_of(arm: Arm, steps: int) -> Task:
    """The shipped task, for `steps` steps, with what the arm changes.

    `longer` has all of the held-out text twice: in windows as trained, and in long
    windows of which only what follows the first characters is scored.
    """
    shipped, text = characters.make_task(arm.seq_len), text_of(arm.text)
    factor = arm.scale / Arm.scale
    tested = _windows(text.held_out, arm.seq_len)
    warm = _windows(text.held_out, _WARM_WINDOW)
    warm.targets[:_WARM_UP] = NOT_SCORED

    def sample(generator: torch.Generator, size: int) -> Batch:
        if arm.text == "blocks":
            batch = shipped.sample(generator, size)
        else:
            starts = integers(generator, len(text.trained) - arm.seq_len, (size,))
            batch = _batch(text.trained, starts, arm.seq_len)
        return _scaled(batch, factor)

    return replace(
        shipped,
        sample=sample,
        test=_scaled(shipped.test if arm.text == "blocks" else tested, factor),
        target=None,
        budget=steps,
        evaluate_every=_EVERY,
        batch_size=arm.batch_size,
        longer={
            arm.seq_len: _scaled(tested, factor),
            _WARM_WINDOW: _scaled(warm, factor),
        },
    )


def _windows(stream: Tensor, seq_len: int) -> Batch:
    """Windows that cover `stream`, one after the other."""
    return _batch(stream, torch.arange(0, len(stream) - seq_len, seq_len), seq_len)


def _batch(stream: Tensor, starts: Tensor, seq_len: int) -> Batch:
    symbols = stream[starts.unsqueeze(0) + torch.arange(seq_len + 1).unsqueeze(-1)]
    count = len(frozen_text.characters().symbols)
    return Batch(Arm.scale * one_hot(symbols[:-1], count), symbols[1:])


def _scaled(batch: Batch, factor: float) -> Batch:
    return batch if factor == 1 else Batch(factor * batch.inputs, batch.targets)


def measured(arm: Arm, steps: int) -> dict[str, Any]:
    """What the arm reaches: bits per character, unless a name says otherwise."""
    case = LearningCase(
        task="characters",
        seq_len=arm.seq_len,
        layer=arm.layer,
        hidden_size=arm.hidden_size,
    )
    trainee = Trainee(
        case=case, hidden_size=arm.hidden_size, seed=arm.seed, rate=arm.rate
    )
    run = train(task_of(arm, steps), trainee)
    whole = dict(run.longer)
    return {
        **asdict(arm),
        "steps": steps,
        "bits": run.values[-1],
        "best": min(run.values),
        "whole_text": whole.get(arm.seq_len),
        "warm_state": whole.get(_WARM_WINDOW),
        "steps_to": {str(bits): steps_to(run.values, bits) for bits in PILOT_STEPS},
        "curve": run.values[9::10],
    }


def steps_to(values: tuple[float, ...], bits: float) -> int | None:
    """The step of the first of two evaluations in a row that are at `bits`."""
    for place, pair in enumerate(pairwise(values)):
        if max(pair) <= bits:
            return _EVERY * (place + 1)
    return None


def table_bits(text: SymbolText, order: int, prior: float = _PRIOR) -> float:
    """Held-out bits per character of a table of the last `order` characters.

    The counts of each context are smoothed with the shares of the next shorter one,
    as in MacKay & Peto 1995, and those of no context with equal shares.
    """
    trained, held_out = (
        "".join(map(chr, stream.tolist())) for stream in (text.trained, text.held_out)
    )
    counts = [
        Counter(trained[at : at + size] for at in range(len(trained) - size + 1))
        for size in range(order + 2)
    ]
    bits = 0.0
    for at in range(max(ORDERS), len(held_out)):
        share = 1 / len(text.symbols)
        for size in range(order + 1):
            context = held_out[at - size : at]
            found = counts[size + 1][context + held_out[at]]
            share = (found + prior * share) / (counts[size][context] + prior)
        bits -= math.log2(share)
    return bits / (len(held_out) - max(ORDERS))


def baseline_bits() -> dict[str, Any]:
    """Bits per character without a recurrent layer, for each split of the text."""
    shipped = characters.make_task(Arm.seq_len)
    return {
        "chance": baselines.chance(shipped),
        "order_free": baselines.order_free(shipped),
        "tables": {
            name: {order: table_bits(text_of(text), order, prior) for order in ORDERS}
            for name, text, prior in (
                ("blocks", "blocks", _PRIOR),
                ("tail", "tail", _PRIOR),
                ("tail of the pilot", "tail", _PILOT_PRIOR),
            )
        },
    }


def report(found: dict[str, Any]) -> Iterator[str]:
    """The tables of a file, as Markdown."""
    known = found["baselines"]
    yield f"The best constant answer gives {known['chance']:.2f} bits, the order-free "
    yield f"baseline of the task {known['order_free']:.2f}."
    yield ""
    headings = ("table of the last", *known["tables"])
    rows = [
        (
            f"{order} characters",
            *(f"{known['tables'][n][order]:.2f}" for n in known["tables"]),
        )
        for order in known["tables"]["blocks"]
    ]
    yield from table(headings, rows, 1)
    yield ""
    columns = ("bits", "best", "whole_text", "warm_state")
    steps = [f"steps to {bits}" for bits in PILOT_STEPS]
    rows = [
        (
            name,
            str(arm["steps"]),
            *("–" if arm[each] is None else f"{arm[each]:.3f}" for each in columns),
            *(str(arm["steps_to"][str(bits)] or "–") for bits in PILOT_STEPS),
        )
        for name, arm in found["arms"].items()
    ]
    pilot = ("the pilot", "2500", f"{PILOT:.2f}", "–", "–", "–")
    rows.append((*pilot, *(f"at most {steps}" for steps in PILOT_STEPS.values())))
    names = ("arm", "steps", "bits", "best", "all held-out text", "warm state", *steps)
    yield from table(names, rows, 1)


def main() -> None:
    """Measure the arms, print the tables and save them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arm", nargs="+", choices=ARMS, default=[*ARMS])
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--save", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    found = {"torch": torch.__version__, "arms": {}}
    if options.save and options.save.exists():
        found = json.loads(options.save.read_text("utf-8"))
    if "baselines" not in found:
        # As a file has them: the keys of tables are text.
        found["baselines"] = json.loads(json.dumps(baseline_bits()))
    for name in options.arm:
        found["arms"][name] = measured(ARMS[name], options.steps)
        if options.save:
            options.save.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    sys.stdout.write("\n".join([*report(found), ""]))


if __name__ == "__main__":
    main()
