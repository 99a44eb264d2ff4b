"""How verdicts and layers look on a page."""

from rnnbench.analysis.labels import layer_name, limits
from rnnbench.analysis.ratio import Ratio, Verdict
from rnnbench.model.formatting import significant
from rnnbench.report.content import Cell, Tone

# The colours' order: a layer keeps its colour from page to page.
_STYLES = {"gru": 0, "rnn_tanh": 1, "rnn_relu": 2, "lstm": 3}


def style_of(layer: str, number: int = 0) -> int:
    """The colour of a layer; of the user's own the `number`-th."""
    return _STYLES.get(layer, 4 + number % 2)


def sentence(text: str) -> str:
    """With a capital, whatever it begins with."""
    return text[:1].upper() + text[1:]


def verdict_cell(ratio: Ratio) -> Cell:
    """The verdict as a word, tinted."""
    return Cell(ratio.verdict, _TONES[ratio.verdict])


def tone_of(verdict: Verdict) -> Tone:
    """The tint that goes with the word."""
    return _TONES[verdict]


def winner_cell(ratio: Ratio) -> Cell:
    """Which of two layers to take, with the ratio that says so."""
    names = {
        Tone.FIRST: layer_name(ratio.pair.candidate.layer),
        Tone.SECOND: layer_name(ratio.pair.baseline.layer),
    }
    tone = _TONES[ratio.verdict]
    text = f"{names.get(tone, ratio.verdict)} {significant(ratio.interval.estimate)}"
    return Cell(text, tone, limits(ratio.interval))


_TONES = {
    Verdict.FASTER: Tone.FIRST,
    Verdict.LESS: Tone.FIRST,
    Verdict.SLOWER: Tone.SECOND,
    Verdict.MORE: Tone.SECOND,
    Verdict.TIE: Tone.EVEN,
    Verdict.UNDECIDED: Tone.OPEN,
}
