"""Scripts and style sheets without the space and the comments that say nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.report.explorer.assets import squeeze_style
from rnnbench.report.explorer.squeeze import squeeze_script


@pytest.mark.parametrize(
    ("text", "squeezed"),
    [
        ("const a  =  1;\n\n  let b;", "let a=1;let b;"),
        ("f(a, [b, c,], { d, });", "f(a,[b,c],{d});"),
        ("() => { f(); g(); }", "()=>{f();g()}"),
        ("a + +b - -c / d;", "a+ +b- -c/d;"),
        ("x = a ++ + b;", "x=a++ +b;"),
        ('f("a  // b", `c /* ${ d } */`);', 'f("a  // b",`c /* ${ d } */`);'),
        ("/** A comment. */\nf(); // Another.\ng();", "f();g();"),
        ("return /\\s+ \"'[/ ]/g.test(a) / 2;", "return/\\s+ \"'[/ ]/g.test(a)/2;"),
        ("if (a in b) return typeof c;", "if(a in b)return typeof c;"),
        ("a = b / c / d; e(/[\"' ]/);", "a=b/c/d;e(/[\"' ]/);"),
        ("x\n  ? y\n  : z;", "x?y:z;"),
    ],
)
def test_a_script_keeps_its_tokens(text, squeezed):
    assert squeeze_script(text) == squeezed


@given(st.text("ab$1 +-/\"'\\\n", max_size=30))
def test_what_is_squeezed_stays_as_it_is(text):
    once = squeeze_script(text)

    assert squeeze_script(once) == once or '"' in text or "'" in text or "/" in text


@given(st.lists(st.text(st.characters(exclude_characters='"\\\n\r'), max_size=9)))
def test_a_string_keeps_every_letter(texts):
    quoted = [f'"{text}"' for text in texts]

    squeezed = squeeze_script("f( " + " ,  ".join(quoted) + " ) ;")

    assert squeezed == f"f({','.join(quoted)});"


@pytest.mark.parametrize(
    ("text", "squeezed"),
    [
        ("/* Tokens. */\na { color: red; }\n", "a{color:red}"),
        (":is(a, b):hover :focus { margin: calc(1px + 2px) auto; }",
         ":is(a,b):hover :focus{margin:calc(1px + 2px) auto}"),
        ("@media (min-width: 40rem) {\n  a > b { c: d }\n}",
         "@media (min-width:40rem){a > b{c:d}}"),
        ('a::after { content: " ▲"; }', 'a::after{content:" ▲"}'),
    ],
)  # fmt: skip
def test_a_style_sheet_keeps_what_means_something(text, squeezed):
    assert squeeze_style(text) == squeezed
