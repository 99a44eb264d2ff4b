"""The claims of the article in our words, and the rules of their verdicts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """A claim, and the rule by which a run supports or contradicts it."""

    text: str
    rule: str


_SIDES = (
    "supported if every interval lies on the claimed side of 1, contradicted if every "
    "one lies on the other side, otherwise depends. A tie is on neither side."
)

_LONG = "the tasks adding, copy, recall and digits of length 25 or more"
_REACHED = (
    f"On {_LONG}: supported if every seed reaches every target, contradicted if none "
    "reaches any, otherwise depends."
)
_STEPS = (
    "in steps to the target on each task: supported if every interval lies on the "
    "claimed side, contradicted if none does and one lies on the other, no difference "
    "found if none lies on either, otherwise depends."
)

WORDS = {
    "C1": Words(
        "A plain RNN is the simplest of the three layers.",
        f"Its time against an LSTM’s and a GRU’s: {_SIDES}",
    ),
    "C2": Words(
        "The gradients of a plain RNN vanish or explode.",
        "Gradient by lag before training: supported if an RNN’s falls below 1/1000 or "
        "grows a thousandfold and no gated layer’s does, depends if one does as well, "
        "contradicted if the RNN’s does neither.",
    ),
    "C3": Words(
        "A plain RNN does badly on long sequences.",
        f"Against an LSTM on {_LONG}, {_STEPS}",
    ),
    "C4": Words(
        "An LSTM captures long-distance dependencies.",
        _REACHED,
    ),
    "C5": Words(
        "An LSTM costs more to compute than the other layers.",
        f"The time of the other layers against its own: {_SIDES}",
    ),
    "C6": Words(
        "With fewer gates and no cell state, a GRU is cheaper to compute than an LSTM.",
        f"Its time against an LSTM’s of the same hidden size: {_SIDES}",
    ),
    "C7": Words(
        "A GRU captures long-distance dependencies, too.",
        _REACHED,
    ),
    "C8": Words(
        "On hard tasks with long sequences a GRU can be worse than an LSTM.",
        "Tasks of length 25 or more: supported if the LSTM needs fewer steps on one of "
        "them, or every seed of the GRU is worse at longer sequences; contradicted if "
        "the GRU needs fewer steps on one and is worse on none.",
    ),
    "C9": Words(
        "A bidirectional layer uses context from both sides.",
        f"Against one direction, at equal parameters if possible, {_STEPS} Tasks whose "
        "answer stands to the left are controls.",
    ),
    "C10": Words(
        "A bidirectional layer costs more than one of a single direction.",
        f"Its time and peak memory against those of one direction: {_SIDES}",
    ),
    "C11": Words(
        "Stacked layers learn more complex patterns.",
        f"Against one layer, {_STEPS}",
    ),
    "C12": Words(
        "Dropout acts only between stacked layers in training, and prevents "
        "overfitting.",
        f"Held-out quality with dropout against none, {_STEPS}",
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
