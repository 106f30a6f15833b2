"""Prints the table of docs/compression-tools.md: what becomes of each file that is kept.

Run it from the repository, with the environment of edgec:
python benchmarks/compression_tools/table.py
"""

import sys
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from compression.tool_files import NETS, files, outcome


def main() -> None:
    """Print one row per tool and variant, one column per network."""
    rows: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for path in files():
        net, rest = path.name.split(".", maxsplit=1)
        with TemporaryDirectory() as folder:
            rows[path.parent.name, rest][net] = outcome(path, Path(folder)).said
    print("| file | " + " | ".join(NETS) + " |")
    print("|---|" + "---|" * len(NETS))
    for (tool, rest), cells in rows.items():
        print(f"| {tool}/*.{rest} | " + " | ".join(cells.get(net, "-") for net in NETS) + " |")


if __name__ == "__main__":
    main()
