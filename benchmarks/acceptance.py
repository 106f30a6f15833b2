"""Which models of a collection edgec takes: a Markdown table by source, and what stops the others.

Run it from the repository: python benchmarks/acceptance.py FOLDER ... [--board B]
A source is a folder below FOLDER, by its first name. Nothing is built: `edgec check` is asked.
"""

import argparse
import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path, PurePath

from edgec.driver.compile.check_many import FileCheck, blockers, check_many, counts, model_files
from edgec.errors import EdgecError


def sources_table(answers: Sequence[FileCheck]) -> str:
    """Return a Markdown table: files and states by source, and the sum."""
    states = counts([])
    lines = [f"| source | files | {' | '.join(states)} |", "|---|---:|" + "---:|" * len(states)]
    ordered = sorted(answers, key=_source)
    groups = [(name, list(each)) for name, each in groupby(ordered, key=_source)]
    for name, group in [*groups, ("**all**", ordered)]:
        cells = [len(group), *counts(group).values()]
        lines.append(f"| {_cell(name)} | {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def blockers_table(answers: Sequence[FileCheck]) -> str:
    """Return a Markdown table: what stops how many files, and how many of them alone."""
    lines = ["| what stops files | files | nothing else |", "|---|---:|---:|"]
    lines += [f"| {_cell(each.what)} | {each.files} | {each.alone} |" for each in blockers(answers)]
    return "\n".join(lines)


def _source(answer: FileCheck) -> str:
    return (PurePath(answer.source).parts or (".",))[0]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main() -> int:
    """Check all files of the folders on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--board", default="")
    arguments = parser.parse_args()
    try:
        answers = check_many(model_files(arguments.folders), arguments.board)
    except EdgecError as error:
        sys.stderr.write(f"{error}\n")
        return int(error.exit_code)
    sys.stdout.write(f"{sources_table(answers)}\n\n{blockers_table(answers)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
