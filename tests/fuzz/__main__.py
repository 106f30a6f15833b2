"""`python -m tests.fuzz`: see `command.py`."""

import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as it is imported; mutants are forks
os.environ["EDGEC_DEBUG"] = "1"  # tracebacks to stderr
sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz.command import main

if __name__ == "__main__":
    sys.exit(main())
