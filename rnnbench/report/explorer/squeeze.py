"""Scripts without comments and without space that means nothing."""

import re

_TOKEN = re.compile(
    r"""
    (?P<string> "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' | `(?:[^`\\]|\\.)*` )
    | (?P<comment> /\*.*?\*/ | //[^\n]* )
    | (?P<space> \s+ )
    | (?P<word> [\w$]+ )
    | (?P<mark> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_PATTERN = re.compile(r"/(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/\w*")
# After these an operand is expected, and a slash begins a regular expression.
_BEFORE_OPERAND = frozenset([*"(,=:?&|!{;[>", "return"])


def squeeze_script(text: str) -> str:
    """The script with the same tokens, and a space only where two would run together.

    Every statement must end with a semicolon or a brace, and no template may hold
    another one: the modules are formatted so.
    """
    pieces: list[str] = [""]
    at, gap = 0, False
    while found := _TOKEN.match(text, at):
        piece = found[0]
        if piece == "/" and pieces[-1].strip() in _BEFORE_OPERAND:
            piece = (_PATTERN.match(text, at) or found)[0]
        at += len(piece)
        if found.lastgroup in {"space", "comment"}:
            gap = True
            continue
        if gap and _run_together(pieces[-1][-1:], piece[0]):
            piece = f" {piece}"
        pieces.append(piece)
        gap = False
    return "".join(pieces)


def _run_together(last: str, first: str) -> bool:
    if last in {"+", "-", "/"} and first in {"+", "-", "/"}:
        return True
    return _is_of_word(last) and _is_of_word(first)


def _is_of_word(letter: str) -> bool:
    return letter.isalnum() or letter in {"_", "$"}
