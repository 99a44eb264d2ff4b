"""Names of what is measured, for processes without torch.

PEERS_CELLS names the file that run.py writes: of each cell, "workload/layer", the case.
"""

import json
import os
import sys
from pathlib import Path

if "PEERS_CELLS" not in os.environ:
    sys.exit("PEERS_CELLS is not set: it names cells.json, which run.py has written")
CASES = json.loads(Path(os.environ["PEERS_CELLS"]).read_text("utf-8"))
CELLS = tuple(CASES)
WORKLOADS, LAYERS = (
    tuple(dict.fromkeys(cell.split("/")[place] for cell in CELLS)) for place in (0, 1)
)
