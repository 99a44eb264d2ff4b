"""The colours of the page: text that can be read, hues that can be told apart."""

import math
import re
from itertools import combinations, product

import pytest

from rnnbench.report.explorer.assets import style
from rnnbench.report.tokens import COLOURS, KINDS, PARTS, WASHES, Colour

TOKEN = re.compile(r"--([\w-]+):light-dark\((#[0-9a-f]{6}),(#[0-9a-f]{6})\)")
THEMES = ("light", "dark")
LAYERS = ("gru", "lstm", "rnn", "relu", "own")
# What text stands on.
PAPERS = ("bg", "card", "sunk")

# How a dichromat sees linear RGB: Machado, Oliveira and Fernandes 2009, severity 1.
SIGHTS = {
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


@pytest.fixture(scope="module")
def colours():
    """Linear RGB of each token in each theme."""
    found = TOKEN.findall(style())
    return {
        theme: {name: linear(values[place]) for name, *values in found}
        for place, theme in enumerate(THEMES)
    }


def linear(text):
    parts = [int(text[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    ]


def contrast(one, other):
    """The ratio of WCAG 2."""
    dark, light = sorted(
        0.2126 * red + 0.7152 * green + 0.0722 * blue
        for red, green, blue in (one, other)
    )
    return (light + 0.05) / (dark + 0.05)


def oklab(colour, sight):
    red, green, blue = (
        min(1, max(0, sum(a * b for a, b in zip(row, colour, strict=True))))
        for row in SIGHTS[sight]
    )
    lms = [
        (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3),
        (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3),
        (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3),
    ]
    rows = (
        (0.2104542553, 0.7936177850, -0.0040720468),
        (1.9779984951, -2.4285922050, 0.4505937099),
        (0.0259040371, 0.7827717662, -0.8086757660),
    )
    return [sum(a * b for a, b in zip(row, lms, strict=True)) for row in rows]


def test_black_on_white_has_the_greatest_contrast():
    assert contrast(linear("#000000"), linear("#ffffff")) == pytest.approx(21)


@pytest.mark.parametrize("theme", THEMES)
def test_text_can_be_read_wherever_it_stands(colours, theme):
    tokens = colours[theme]
    poor = {
        (text, paper): contrast(tokens[text], tokens[paper])
        for text, paper in product(("ink", "dim", "bad", *LAYERS), PAPERS)
        if contrast(tokens[text], tokens[paper]) < 4.5
    }

    assert poor == {}


@pytest.mark.parametrize("theme", THEMES)
def test_the_edge_of_a_control_can_be_seen(colours, theme):
    tokens = colours[theme]

    assert min(contrast(tokens["edge"], tokens[paper]) for paper in PAPERS) >= 3


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("theme", THEMES)
def test_layers_are_told_apart_by_every_kind_of_eye(colours, theme, sight):
    seen = {name: oklab(colours[theme][name], sight) for name in LAYERS}
    apart = {
        pair: 100 * math.dist(seen[pair[0]], seen[pair[1]])
        for pair in combinations(LAYERS, 2)
    }

    assert apart["gru", "lstm"] >= 21
    assert min(apart.values()) >= 10


def test_the_style_sheet_has_the_colours_of_the_figures():
    found = {name: Colour(*values) for name, *values in TOKEN.findall(style())}
    variables = dict(re.findall(r"\.(p\d)\{fill:var\(--(k\d)\)\}", style()))

    assert {hue: found[hue] for hue in COLOURS} == COLOURS
    assert {hue: found[f"{hue}-wash"] for hue in WASHES} == WASHES
    assert [found[f"k{place}"] for place in range(len(KINDS))] == [*KINDS.values()]
    parts = [found[variables[f"p{place}"]] for place in range(len(PARTS))]
    assert parts == [*PARTS.values()]
