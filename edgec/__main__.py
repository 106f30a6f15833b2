"""``python -m edgec``: the command line without an installed script."""

import sys

from edgec.cli import main

sys.exit(main())
