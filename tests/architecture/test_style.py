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


MOST_MODULES = 25
MIRRORS = (
    (
        "edgec/ops",
        "edgec/backends",
        "edgec/frontends/onnx/operators",
        "edgec/frontends/tflite/operators",
        "edgec/exporters/operators",
    ),
    ("edgec/driver", "edgec/cli"),
    ("edgec/frontends/onnx", "edgec/frontends/tflite"),
    ("edgec/error_catalog", "edgec"),
)
"""Places where a module is called like one of the others because it is the same thing there."""


def test_folders_are_small() -> None:
    folders = {
        path: len([each for each in path.glob("*.py") if each.stem != "__init__"])
        for root in ("edgec", "tests", "scripts", "benchmarks")
        for path in (ROOT / root, *(ROOT / root).rglob("*"))
        if path.is_dir()
    }
    assert {str(path): count for path, count in folders.items() if count > MOST_MODULES} == {}


def test_a_name_is_used_once_but_where_one_mirrors_the_other() -> None:
    places: dict[str, list[str]] = {}
    for path in MODULES:
        if path.stem not in {"__init__", "__main__"}:
            places.setdefault(path.stem, []).append(path.relative_to(ROOT).as_posix())
    twice = {stem: files for stem, files in places.items() if len(files) > 1}
    assert {stem: files for stem, files in twice.items() if not _mirror(files)} == {}


def _mirror(files: list[str]) -> bool:
    return any(
        all(any(file.startswith(f"{root}/") for root in roots) for file in files)
        for roots in MIRRORS
    )
