"""Sentences whose words remember what they name, so that each format can mark them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from string import Formatter

from rnnbench.analysis.labels import layer_name
from rnnbench.model.formatting import significant


@dataclass(frozen=True, slots=True)
class Phrase:
    """Some words; `layer`: the layer that they name; `strong`: what is to be seen."""

    text: str
    layer: str = ""
    strong: bool = False


Sentence = tuple[Phrase, ...]


def say(pattern: str, **parts: str | Phrase | Sentence) -> Sentence:
    """Fill in the pattern; each word in a field keeps its layer and emphasis.

    >>> plain(say("A {layer} takes {ratio}.", layer=named("gru"), ratio=times(2.267)))
    'A GRU takes 2.3×.'
    """
    found: list[Phrase] = []
    for text, field, _, _ in Formatter().parse(pattern):
        if text:
            found.append(Phrase(text))
        if field is not None:
            found += _phrases(parts[field])
    return tuple(found)


def plain(sentence: Iterable[Phrase]) -> str:
    """The words alone."""
    return "".join(phrase.text for phrase in sentence)


def listed(items: Sequence[str | Phrase | Sentence]) -> Sentence:
    """The items in a row: "a, b and c"."""
    found: list[Phrase] = []
    for place, item in enumerate(items):
        if place:
            found.append(Phrase(" and " if place == len(items) - 1 else ", "))
        found += _phrases(item)
    return tuple(found)


def named(layer: str) -> Phrase:
    """The name of a layer."""
    return Phrase(layer_name(layer), layer, strong=True)


def with_article(layer: str) -> Sentence:
    """The name of a layer with its article; a layer of the user's own has none."""
    name = layer_name(layer)
    if name == layer:
        return (named(layer),)
    # As they are spoken: an LSTM, an RNN, a GRU.
    return (Phrase("an " if name[0] in "LR" else "a "), named(layer))


def times(value: float, digits: int = 2) -> Phrase:
    """A ratio as a factor: two digits in a sentence, three beside an interval."""
    return Phrase(f"{significant(value, digits)}×", strong=True)


def from_to(low: float, high: float, digits: int = 2) -> Sentence:
    """A range of factors, or one factor where both round to it."""
    ends = times(low, digits), times(high, digits)
    if ends[0] == ends[1]:
        return ends[:1]
    return say("{low} to {high}", low=ends[0], high=ends[1])


def capitalized(sentence: Sentence) -> Sentence:
    """The sentence with a capital at its beginning, unless a name begins it."""
    first, *rest = sentence
    if first.layer:
        return sentence
    return (
        Phrase(first.text[:1].upper() + first.text[1:], first.layer, first.strong),
        *rest,
    )


def _phrases(part: str | Phrase | Sentence) -> Sentence:
    if isinstance(part, str):
        return (Phrase(part),)
    return (part,) if isinstance(part, Phrase) else part
