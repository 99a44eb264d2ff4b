"""Modules of the page's script, joined into one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.report.explorer.modules import ScriptError, join_modules

MAIN = 'import { one } from "./a.js";\none();\n'


def test_a_module_stands_after_all_that_it_imports():
    joined = join_modules(
        {
            "main.js": 'import { b } from "./b.js";\n'
            'import { a } from "./a.js";\nb(a);\n',
            "b.js": 'import { a } from "./a.js";\nexport const b = () => a;\n',
            "a.js": "export const a = 1;\n",
            "unused.js": "throw new Error();\n",
        },
        "main.js",
    )

    places = [joined.index(text) for text in ("const a =", "const b =", "b(a)")]
    assert places == sorted(places)
    assert "import" not in joined
    assert "export" not in joined
    assert "throw" not in joined


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        ({"main.js": MAIN}, r"a\.js: there is no such module"),
        ({"main.js": MAIN, "a.js": "const one = 1;\n"}, "does not export 'one'"),
        (
            {"main.js": MAIN,
             "a.js": MAIN.replace("a.", "b.") + "export const one = 1;\n",
             "b.js": MAIN + "export const other = 1;\n"},
            r"import each other: .*\.js",
        ),
        (
            {"main.js": MAIN + "const two = 2;\n",
             "a.js": "export const one = 1;\nconst two = 2;\n"},
            r"two: in a\.js and in main\.js",
        ),
        ({"main.js": 'import one from "./a.js";\n'}, "can't join 'import one"),
        ({"main.js": 'import * as a from "./a.js";\n'}, r"can't join 'import \*"),
        ({"main.js": 'import { a } from "elsewhere";\n'}, "can't join"),
        ({"main.js": "export default 1;\n"}, "can't join 'export default"),
        ({"main.js": "export { a };\n"}, "can't join 'export {"),
        ({"main.js": "export let a = 1;\n"}, "can't join 'export let"),
        (
            {"main.js": 'import { one as two } from "./a.js";\n',
             "a.js": "export const one = 1;\n"},
            "does not export 'one as two'",
        ),
    ],
)  # fmt: skip
def test_what_joining_does_not_know_is_an_error(modules, message):
    with pytest.raises(ScriptError, match=message):
        join_modules(modules, "main.js")


@given(st.data())
def test_any_order_of_files_gives_the_same_script(data):
    names = data.draw(st.permutations([f"m{letter}.js" for letter in "abcd"]))
    texts = {
        "ma.js": 'import { b } from "./mb.js";\nimport { c } from "./mc.js";\nb(c);\n',
        "mb.js": 'import { d } from "./md.js";\nexport const b = d;\n',
        "mc.js": "export const c = 1;\n",
        "md.js": "export const d = 1;\n",
    }

    joined = join_modules({name: texts[name] for name in names}, "ma.js")

    assert joined == join_modules(texts, "ma.js")
