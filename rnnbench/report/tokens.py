"""Colours and marks of pages and figures: a hue means a layer, all else is grey.

GRU and LSTM stay apart for protan, deutan and tritan viewers (by 21 or more in OKLab
times 100), any two hues by 10 or more. Operator kinds and parts of memory keep away
from the hues of layers.
"""

from dataclasses import dataclass
from enum import StrEnum

from rnnbench.model.profile import Kind, MemoryPart


class Hue(StrEnum):
    """A layer's name among the colours: the suffix of its CSS classes."""

    GRU = "gru"
    LSTM = "lstm"
    RNN = "rnn"
    RELU = "relu"
    OWN = "own"  # a layer that is not torch.nn's
    EVEN = "even"  # no layer wins


@dataclass(frozen=True, slots=True)
class Colour:
    """One colour in both themes, as #rrggbb."""

    light: str
    dark: str


COLOURS = {
    Hue.GRU: Colour("#c2410c", "#ff9d5c"),
    Hue.LSTM: Colour("#1d5fbf", "#7db4ff"),
    Hue.RNN: Colour("#02504f", "#b5e0ca"),
    Hue.RELU: Colour("#4c137b", "#fd528c"),
    Hue.OWN: Colour("#a2527f", "#fefe9a"),
    Hue.EVEN: Colour("#6b7078", "#9aa2ad"),
}
# By matplotlib's names: a disc, a diamond, a square, two triangles.
MARKERS = {
    Hue.GRU: "o",
    Hue.LSTM: "D",
    Hue.RNN: "s",
    Hue.RELU: "^",
    Hue.OWN: "v",
    Hue.EVEN: "o",
}
WASHES = {
    Hue.GRU: Colour("#fdf1e8", "#261b14"),
    Hue.LSTM: Colour("#edf3fb", "#151e2a"),
}
INK = Colour("#15181d", "#eceef1")
DIM = Colour("#575e68", "#a4acb7")
LINE = Colour("#e5e2dc", "#2a2f37")
KINDS: dict[str, Colour] = {
    Kind.MATRIX: Colour("#3c4653", "#aeb8c6"),
    Kind.POINTWISE: Colour("#c39a17", "#e0bb45"),
    Kind.LAYOUT: Colour("#9c9488", "#7d766b"),
    Kind.FUSED: Colour("#7a3aa3", "#c793ee"),
    Kind.FRAMEWORK: Colour("#d9d5cd", "#454b55"),
    Kind.IDLE: Colour("#eeebe5", "#2b3038"),
}
PARTS: dict[str, Colour] = {
    MemoryPart.PARAMETERS: Colour("#3c4653", "#aeb8c6"),
    MemoryPart.GRADIENTS: Colour("#c39a17", "#e0bb45"),
    MemoryPart.OPTIMIZER: Colour("#9c9488", "#7d766b"),
    MemoryPart.INPUT: Colour("#d9d5cd", "#454b55"),
    MemoryPart.OUTPUT: Colour("#c9b7a6", "#5f564d"),
    MemoryPart.SAVED: Colour("#7a3aa3", "#c793ee"),
    MemoryPart.OTHER: Colour("#eeebe5", "#2b3038"),
}

_HUES = {
    "gru": Hue.GRU,
    "lstm": Hue.LSTM,
    "rnn_tanh": Hue.RNN,
    "rnn_relu": Hue.RELU,
}


def hue_of(layer: str) -> Hue:
    """The hue of a layer by its name in a case."""
    return _HUES.get(layer, Hue.OWN)
