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
# A comma there adds no element, a semicolon ends no statement that a brace does not.
_NEEDLESS = frozenset({",)", ",]", ",}", ";}"})


def squeeze_script(text: str) -> str:
    """The script in fewer bytes, with the same meaning.

    A space stands only where two tokens would run together; a comma or a semicolon
    before a closing bracket goes; `const` is `let`, which is shorter, since the type
    checker has seen that no constant changes. Every statement must end with a
    semicolon or a brace, and no template may hold another one: the modules are
    formatted so.
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
        if pieces[-1] + piece in _NEEDLESS:
            pieces.pop()
        if piece == "const":
            piece = "let"
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
