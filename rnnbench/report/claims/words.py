"""The article's claims in our words, and the rules of their verdicts in a sentence."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """What is claimed, and by which rule that is judged."""

    text: str
    rule: str


_UNTIL = "Decided by learning results alone; until a run holds some, not measured."
_SIDES = (
    "supported where every interval lies on the claimed side of 1 and beyond 2 % of "
    "it, contradicted where every one lies on the other side, depends otherwise; not "
    "measured where none decides."
)

WORDS = {
    "C1": Words(
        text="Of the three layers a plain RNN is built most simply.",
        rule=(
            "Parameters and FLOPs by closed form; the verdict is of its time "
            f"against an LSTM's and a GRU's: {_SIDES}"
        ),
    ),
    "C2": Words(
        text="The gradients of a plain RNN vanish or explode.",
        rule=_UNTIL,
    ),
    "C3": Words(
        text="A plain RNN fails where sequences are long.",
        rule=_UNTIL,
    ),
    "C4": Words(
        text="An LSTM keeps what lies far back, and copes with long sequences.",
        rule=_UNTIL,
    ),
    "C5": Words(
        text="An LSTM takes more computing than the other layers.",
        rule=(
            "Parameters and FLOPs by closed form; the verdict is of the time of"
            f" the other layers against its own: {_SIDES}"
        ),
    ),
    "C6": Words(
        text=(
            "With fewer gates and no cell state, a GRU computes more cheaply "
            "than an LSTM."
        ),
        rule=(
            "Parameters by closed form; the verdict is of its time against an "
            f"LSTM's of the same hidden_size: {_SIDES}"
        ),
    ),
    "C7": Words(
        text="A GRU, too, keeps what lies far back.",
        rule=_UNTIL,
    ),
    "C8": Words(
        text=("On hard tasks with long sequences a GRU may learn less than an LSTM."),
        rule=_UNTIL,
    ),
    "C9": Words(
        text=("A bidirectional layer knows what stands before and what stands after."),
        rule=_UNTIL,
    ),
    "C10": Words(
        text="A bidirectional layer costs more than one of a single direction.",
        rule=(
            f"Of its time and its peak memory against those of one direction: {_SIDES}"
        ),
    ),
    "C11": Words(
        text="Stacked layers learn patterns that are more intricate.",
        rule=_UNTIL,
    ),
    "C12": Words(
        text=(
            "Dropout acts on stacked layers in training alone, and keeps them "
            "from overfitting."
        ),
        rule=(
            "Overfitting is decided by learning results alone, and the claim is"
            " one; what dropout costs where it acts is told beside."
        ),
    ),
    "C13": Words(
        text=(
            "proj_size makes the state of an LSTM smaller, and its parameters fewer."
        ),
        rule=(
            "Supported where every pair measured has fewer parameters and a "
            "smaller output, contradicted where none has, depends otherwise."
        ),
    ),
    "C14": Words(
        text=(
            "batch_first exchanges two dimensions, and the last dimension of "
            "the output is input_size."
        ),
        rule=(
            "The order is checked before a case is timed; the output's last "
            "dimension is held against input_size: two halves that end "
            "differently make depends."
        ),
    ),
    "C15": Words(
        text="The bias can be left out; with it a layer has more freedom.",
        rule=(
            "Freedom is the number of parameters: supported where every layer "
            "measured without bias has fewer, contradicted where none has, "
            "depends otherwise."
        ),
    ),
    "C16": Words(
        text=(
            "A GRU suits uses that are short of computing, such as streams; a "
            "plain RNN short sequences, an LSTM long ones."
        ),
        rule=(
            "Of the named uses that are streams (one step of one sequence), a "
            f"GRU's time against an LSTM's: {_SIDES}"
        ),
    ),
}
