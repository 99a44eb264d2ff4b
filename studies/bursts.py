"""Run a command under the load in bursts that `rnnbench calibrate` makes.

    python studies/bursts.py pytest bench/ --rnn-sweep configs/sixty.yaml --benchmark-json=F

Its exit status is the command's. A results file does not know of the load: keep what
was measured so apart from other runs.
"""

import subprocess
import sys

from studies.calibration.burst import bursts


def main(command):
    with bursts():
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
