"""What keeps the code readable: short functions and files, telling names, imports one way."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

import edgec

ROOT = Path(__file__).parents[2]
PACKAGE = Path(edgec.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES, LONGEST_FUNCTION, MEDIAN_FUNCTION = 400, 60, 8
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "misc", "common", "tools"}


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield name and length of every function, nested ones too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            start = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            yield node.name, (node.end_lineno or node.lineno) - start + 1


def test_functions_are_short() -> None:
    lengths = {(path.name, name): length for path in MODULES for name, length in functions(path)}
    assert {key: n for key, n in lengths.items() if n > LONGEST_FUNCTION} == {}
    assert median(lengths.values()) <= MEDIAN_FUNCTION


@pytest.mark.parametrize("folder", ["edgec", "tests", "runtime_c", "templates", "examples"])
def test_files_are_short(folder: str) -> None:
    suffixes = {".py", ".c", ".h", ".j2"}
    files = [path for path in (ROOT / folder).rglob("*") if path.suffix in suffixes]
    assert files
    long = {
        str(path): n for path in files if (n := len(path.read_text().splitlines())) > MOST_LINES
    }
    assert long == {}


def test_names_say_something() -> None:
    stems = {path.stem for path in MODULES} | {path.parent.name for path in MODULES}
    assert stems & FORBIDDEN_NAMES == set()


def test_every_module_says_what_it_is() -> None:
    silent = [path for path in MODULES if not ast.get_docstring(ast.parse(path.read_text()))]
    assert [path for path in silent if path.read_text().strip()] == []


def test_the_library_never_prints() -> None:
    printing = []
    for path in MODULES:
        calls = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
        if any(getattr(call.func, "id", "") == "print" for call in calls):
            printing.append(path)
    assert printing == []


def test_imports_point_one_way() -> None:
    """Run the contracts of pyproject.toml: layers, formats at the door, who may start processes."""
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    ended = subprocess.run(
        [sys.executable, "-c", program, "--no-logo", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "0 broken" in ended.stdout
