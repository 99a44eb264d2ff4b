"""Five nights, once as they are and once with a layer that is 5 % slower in the third.

What `.github/workflows/nightly.yml` runs each night, here on a small sweep. The nights
differ by their interpreter alone, which has its own copy of `nightly_layers.py`. Exit
status 0: the gate flagged exactly the one case on the one night, and nothing else.
"""

import json
import shutil
import subprocess
import sys
import sysconfig
import time
import venv
from pathlib import Path

HERE = Path(__file__).parent
CASE = "nightly_layers:gru-inference-i64-h128-l1-t16-b8-cpu"
SLOWER = 0.05
NIGHTS, SLOW_NIGHT = 5, 3
RNNBENCH = str(Path(sys.executable).with_name("rnnbench"))


def interpreter(folder: Path, slower: float = 0.0) -> str:
    """An interpreter that has all that ours has, and layers of its own."""
    venv.create(folder, symlinks=True, clear=True)
    python = folder / "bin" / "python"
    site = Path(
        subprocess.check_output(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            text=True,
        ).strip()
    )
    ours = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    lines = [f"import site; site.addsitedir({path!r})\n" for path in sorted(ours)]
    (site / "ours.pth").write_text("".join(lines), encoding="utf-8")
    text = (HERE / "nightly_layers.py").read_text("utf-8")
    text = text.replace("SLOWER = 0.0", f"SLOWER = {slower}")
    (site / "nightly_layers.py").write_text(text, encoding="utf-8")
    return str(python)


def night(folder: Path, base: str, candidate: str, store: Path, past: Path) -> int:
    """One night, as the workflow runs it."""
    sweep = str(HERE / "sweep.yaml")
    command = [sys.executable, str(HERE / "night.py"), "--base", base]
    command += ["--candidate", candidate, "--sweep", sweep, "--gate", sweep]
    command += ["--store", str(store), "--output", str(folder)]
    command += ["--previous", str(past / "run.json")]
    return subprocess.run(command, check=False).returncode


def flags(folder: Path) -> dict[str, str]:
    """What the gate did not find unchanged, or better, and how it called it."""
    path = folder / "gate.json"
    if not path.exists():
        return {"": "no answer"}
    decision = json.loads(path.read_text("utf-8"))
    return {
        one["case"]: one["verdict"]
        for one in decision["judgements"]
        if one["verdict"] not in ("unchanged", "improvement", "cleared")
    }


def simulate(work: Path) -> list[str]:
    """Run the nights; a line for each that ended otherwise than it should have."""
    base = interpreter(work / "base")
    slow = interpreter(work / "slow", SLOWER)
    store, other = work / "history", work / "history-slow"
    wrong = []

    def expect(name: str, candidate: str, store: Path, past: Path) -> None:
        began = time.monotonic()
        folder = work / name
        status = night(folder, base, candidate, store, past)
        found = flags(folder)
        due = {CASE: "regression"} if candidate == slow else {}
        # What stays too wide on a busy machine is said to be so, and flagged it is not.
        told = {case: one for case, one in found.items() if one != "inconclusive"}
        right = told == due and status == len(due)
        took = f"{time.monotonic() - began:.0f} s"
        line = f"{name}: exit status {status}, flagged {found or 'nothing'}, {took}"
        sys.stdout.write(f"== {line}: {'as it should' if right else 'WRONG'}\n")
        if not right:
            wrong.append(line)

    for number in range(1, NIGHTS + 1):
        same = interpreter(work / f"candidate-{number}")
        past = work / f"night-{number - 1}"
        if number == SLOW_NIGHT:
            if store.exists():
                shutil.copytree(store, other)
            expect(f"night-{number}-slow", slow, other, past)
        expect(f"night-{number}", same, store, past)
    wrong += remembered(work, store, other)
    return wrong


def remembered(work: Path, store: Path, other: Path) -> list[str]:
    """Both histories hold five nights; a line for each thing that they don't."""
    wrong = []
    for number in (4, 5):
        run = str(work / f"night-{number}" / "run.json")
        command = [RNNBENCH, "history", "add", run, "--store", str(other)]
        subprocess.run(command, check=False)
    for held in (store, other):
        command = [RNNBENCH, "history", "show", CASE, "--store", str(held)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        sys.stdout.write(f"{held.name}:\n{done.stdout}")
        files = list(held.rglob("*.parquet"))
        if done.returncode or len(files) != NIGHTS:
            wrong.append(f"{held.name}: {len(files)} nights, not {NIGHTS}")
        command = [RNNBENCH, "history", "changes", "--store", str(held)]
        if subprocess.run(command, check=False).returncode:
            wrong.append(f"{held.name}: its changes could not be searched")
    return wrong


def main() -> int:
    """Simulate in the folder that is named, which is emptied first."""
    work = Path(sys.argv[1]).absolute()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    wrong = simulate(work)
    for line in wrong:
        sys.stdout.write(f"{line}\n")
    sys.stdout.write("wrong\n" if wrong else "exactly the slow case was flagged\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
