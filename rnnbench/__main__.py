"""`python -m rnnbench`: the same as the `rnnbench` command."""

import sys

from rnnbench.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
