"""Freeze the texts of the learning tasks from the standard library of this Python.

    python -m studies.freeze_texts

Writes `topics.txt.gz` (the help topics of `pydoc`) and `tokens.txt.gz` (the tokens of
some modules, without names, numbers and strings) to `rnnbench/worker/learning/data`.
Both differ between versions of Python, so the package ships those of 3.11. A new text
is a new task: its hash changes, and results are no longer comparable.
"""

import gzip
import importlib.util
import io
import keyword
import token as tokens
import tokenize
from collections.abc import Iterator
from pathlib import Path
from pydoc_data.topics import topics

FOLDER = Path(__file__).parents[1] / "rnnbench" / "worker" / "learning" / "data"
MODULES = (
    *("argparse", "ast", "asyncio.base_events", "bdb", "calendar", "cgi", "cmd"),
    *("collections", "concurrent.futures.process", "configparser", "copy"),
    *("csv", "dataclasses", "datetime", "decimal", "difflib", "dis", "doctest"),
    *("email.message", "enum", "fractions", "ftplib", "functools", "gettext"),
    *("heapq", "http.client", "http.server", "imaplib", "inspect", "ipaddress"),
    *("json.decoder", "locale", "logging", "mailbox", "optparse", "pathlib", "pdb"),
    *("pickle", "platform", "plistlib", "pprint", "pydoc", "random", "shutil"),
    *("smtplib", "socket", "ssl", "statistics", "string", "subprocess", "tarfile"),
    *("tempfile", "textwrap", "threading", "tokenize", "trace", "traceback", "typing"),
    *("unittest.case", "unittest.mock", "urllib.request", "uuid", "weakref"),
    *("xml.etree.ElementTree", "zipfile"),
)
_LEFT_OUT = {tokens.COMMENT, tokens.NL, tokens.ENCODING, tokens.ENDMARKER}


def write(name: str, text: str) -> None:
    """Write `text` so that its bytes depend on nothing else."""
    content = gzip.compress(text.encode(), mtime=0)
    (FOLDER / name).write_bytes(content)


def statements() -> Iterator[str]:
    """The statements of each module: a line of token names each."""
    for name in MODULES:
        spec = importlib.util.find_spec(name)
        source = Path(spec.origin).read_text(encoding="utf-8")
        line = []
        for found in tokenize.generate_tokens(io.StringIO(source).readline):
            if found.type == tokens.NEWLINE:
                yield " ".join(line)
                line = []
            elif found.type not in _LEFT_OUT:
                is_word = found.type == tokens.OP or keyword.iskeyword(found.string)
                line.append(found.string if is_word else tokens.tok_name[found.type])


if __name__ == "__main__":
    write("topics.txt.gz", "\n".join(topics[name] for name in sorted(topics)))
    write("tokens.txt.gz", "\n".join(statements()) + "\n")
