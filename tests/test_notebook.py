"""The example notebook runs from its first cell to its last."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[1] / "examples" / "gru-or-lstm.ipynb"

# In a process of its own: a kernel client brings warnings that are not ours.
EXECUTE = """
import sys
import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], as_version=4)
for cell in notebook.cells:
    if "parameters" in cell.metadata.get("tags", ()):
        cell.source = "BUDGET, LAUNCHES = 120, 2"
NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[2])
"""


def cells():
    return json.loads(NOTEBOOK.read_text("utf-8"))["cells"]


def test_it_is_kept_without_outputs():
    code = [cell for cell in cells() if cell["cell_type"] == "code"]

    assert [cell["outputs"] for cell in code] == [[]] * len(code)
    assert sum("parameters" in cell["metadata"].get("tags", ()) for cell in code) == 1


@pytest.mark.slow
@pytest.mark.skipif(
    not (importlib.util.find_spec("nbclient") and importlib.util.find_spec("ipykernel"))
    and "CI" not in os.environ,
    reason="needs the extra `test`: nbclient and ipykernel",
)
def test_it_runs_and_shows_an_answer_a_table_and_a_figure(tmp_path):
    executed = tmp_path / "executed.ipynb"

    done = subprocess.run(
        [sys.executable, "-c", EXECUTE, str(NOTEBOOK), str(executed)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    outputs = [
        output.get("data", {})
        for cell in json.loads(executed.read_text("utf-8"))["cells"]
        for output in cell.get("outputs", ())
    ]
    kinds = [kind for data in outputs for kind in data]
    assert kinds.count("image/svg+xml") == 1
    assert kinds.count("text/html") >= 4
    assert (tmp_path / "gru-or-lstm" / "index.html").exists()
