"""The claims of the article in our words, and the rules of their verdicts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """A claim, and the rule by which a run supports or contradicts it."""

    text: str
    rule: str


_LEARNING = "Needs learning results."
_SIDES = (
    "supported if every interval lies on the claimed side of 1, contradicted if every "
    "one lies on the other side, otherwise depends. A tie is on neither side."
)

WORDS = {
    "C1": Words(
        "A plain RNN is the simplest of the three layers.",
        f"Its time against an LSTM’s and a GRU’s: {_SIDES}",
    ),
    "C2": Words("The gradients of a plain RNN vanish or explode.", _LEARNING),
    "C3": Words("A plain RNN does badly on long sequences.", _LEARNING),
    "C4": Words("An LSTM captures long-distance dependencies.", _LEARNING),
    "C5": Words(
        "An LSTM costs more to compute than the other layers.",
        f"The time of the other layers against its own: {_SIDES}",
    ),
    "C6": Words(
        "With fewer gates and no cell state, a GRU is cheaper to compute than an LSTM.",
        f"Its time against an LSTM’s of the same hidden size: {_SIDES}",
    ),
    "C7": Words("A GRU captures long-distance dependencies, too.", _LEARNING),
    "C8": Words(
        "On hard tasks with long sequences a GRU can be worse than an LSTM.", _LEARNING
    ),
    "C9": Words("A bidirectional layer uses context from both sides.", _LEARNING),
    "C10": Words(
        "A bidirectional layer costs more than one of a single direction.",
        f"Its time and peak memory against those of one direction: {_SIDES}",
    ),
    "C11": Words("Stacked layers learn more complex patterns.", _LEARNING),
    "C12": Words(
        "Dropout acts only between stacked layers in training, and prevents "
        "overfitting.",
        f"{_LEARNING} What dropout costs is measured.",
    ),
    "C13": Words(
        "proj_size makes the state of an LSTM smaller and its parameters fewer.",
        "Supported if every measured pair has fewer parameters and a smaller output, "
        "contradicted if none has, otherwise depends.",
    ),
    "C14": Words(
        "batch_first exchanges two dimensions; the last dimension of the output is "
        "input_size.",
        "The order is checked before a case is timed, and the last dimension is "
        "compared with input_size. If only one half of the claim holds: depends.",
    ),
    "C15": Words(
        "The bias can be left out; with it a layer is more flexible.",
        "Flexibility is the number of parameters: supported if every layer measured "
        "without bias has fewer, contradicted if none has, otherwise depends.",
    ),
    "C16": Words(
        "A GRU suits uses with little computing power, such as streams; a plain RNN "
        "short sequences, an LSTM long ones.",
        "Of the named uses that are streams (one step of one sequence), a GRU’s time "
        f"against an LSTM’s: {_SIDES}",
    ),
}
