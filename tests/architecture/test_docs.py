"""Generated pages are fresh, and what the hand-written ones say exists."""

import ast
import importlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import edgec
from edgec.cli.reports import markdown

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PACKAGE = Path(edgec.__file__).parent
STARTS = "edgec|runtime_c|templates|tests|boards|scripts|docs|examples|benchmarks"
FILES_CALLED_EDGEC = {"edgec.toml", "edgec.h"}
FOR_ALL = {"ir", "errors", "discovery", "resources", "reading"}
SOURCES = [path for path in ROOT.rglob("*.py") if path.relative_to(ROOT).parts[0] != ".venv"]


@pytest.mark.parametrize(
    ("file", "page", "command"),
    [
        ("SUPPORTED_OPS.md", markdown.operators_page, "edgec ops --markdown"),
        ("boards.md", markdown.boards_page, "edgec boards list --markdown"),
        ("errors.md", markdown.errors_page, "edgec explain --markdown"),
    ],
)
def test_generated_page_is_fresh(file: str, page: object, command: str) -> None:
    assert callable(page)
    assert (DOCS / file).read_text() == page(), f"run: {command} > docs/{file}"


def pages() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]


every_page = pytest.mark.parametrize("page", pages(), ids=lambda path: path.name)


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing


@every_page
def test_files_named_in_code_exist(page: Path) -> None:
    """Paths in backticks that start at the root of the repository; ``<name>`` is any name."""
    named = re.findall(rf"`((?:{STARTS})/[\w./{{}},*<>-]+)", page.read_text())
    paths = [re.sub(r"<\w+>", "*", each).rstrip("/.,") for each in named]
    missing = [each for path in paths for each in alternatives(path) if not list(ROOT.glob(each))]
    assert not missing


@every_page
def test_modules_named_in_code_exist(page: Path) -> None:
    """Python files in backticks without their folders, or with the last of them."""
    named = re.findall(r"`([\w./{},-]+\.py)`", page.read_text())
    known = [f"/{path.relative_to(ROOT).as_posix()}" for path in SOURCES]
    missing = [
        each
        for path in named
        for each in alternatives(path)
        if not any(path.endswith(f"/{each}") for path in known)
    ]
    assert not missing


@every_page
def test_names_of_python_exist(page: Path) -> None:
    """All that is written ``edgec.x.y``, in texts and in examples, and what examples import."""
    text = page.read_text()
    assert [each for each in dotted_names(text) if not exists(each)] == []
    imports = re.findall(r"^ *from (edgec[\w.]*) import ([\w, ]+)$", text, re.MULTILINE)
    named = [f"{module}.{each.strip()}" for module, what in imports for each in what.split(",")]
    assert [each for each in named if not exists(each)] == []


def test_stale_names_are_noticed() -> None:
    assert exists("edgec.driver.build")
    assert exists("edgec.program.Step.calls")
    assert exists("edgec.ops.numerics.fixed_point")
    assert not exists("edgec.lir")
    assert not exists("edgec.driver.profile")
    assert not exists("edgec.program.Step.call")
    assert dotted_names("see edgec.lir.Call, edgec.toml, tests/edgec.x") == ["edgec.lir.Call"]
    assert alternatives("a/{b,c}.py") == ["a/b.py", "a/c.py"]


@pytest.mark.parametrize("folder", ["edgec", "scripts", "benchmarks", "examples"])
def test_docstrings_name_what_exists(folder: str) -> None:
    """Paths and ``edgec.x.y`` in docstrings, and in the comments beside them."""
    stale = []
    for path in (ROOT / folder).rglob("*.py"):
        for text in texts(path):
            named = re.findall(rf"(?<![\w/.])((?:{STARTS})/[\w./-]+\.(?:py|md|toml|j2))", text)
            stale += [(path.name, each) for each in named if not (ROOT / each).exists()]
            stale += [(path.name, each) for each in dotted_names(text) if not exists(each)]
    assert not stale


def texts(path: Path) -> Iterator[str]:
    """Yield the docstrings of a module, and its comments."""
    source = path.read_text()
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, kinds):
            yield ast.get_docstring(node) or ""
    yield from re.findall(r"# .*", source)


def dotted_names(text: str) -> list[str]:
    found = re.findall(r"(?<![\w./<>-])(edgec(?:\.\w+)+)", text)
    return [each for each in dict.fromkeys(found) if each not in FILES_CALLED_EDGEC]


def exists(name: str) -> bool:
    """Tell whether a dotted name is a module, or something in one, however deep."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        return holds(found, parts[length:])
    return False


def holds(found: object, names: list[str]) -> bool:
    """Tell whether a module has what names lead to: attributes, or fields of its classes."""
    for each in names:
        if not hasattr(found, each) and each not in getattr(found, "__dataclass_fields__", {}):
            return False
        found = getattr(found, each, None)
    return True


def alternatives(path: str) -> list[str]:
    """Return what a path with braces stands for: ``a/{b,c}.py`` for two."""
    found = re.search(r"\{([^}]*)\}", path)
    if found is None:
        return [path]
    before, after = path[: found.start()], path[found.end() :]
    return [each for part in found[1].split(",") for each in alternatives(before + part + after)]


def package_table() -> dict[str, str]:
    """Return package -> what it may import, of docs/ARCHITECTURE.md, in the order of its rows."""
    rows = re.findall(r"^\| (`edgec\..*?) \|.*\| ?(.*?) \|$", architecture(), re.MULTILINE)
    return {name: may for names, may in rows for name in re.findall(r"`edgec\.(\w+)`", names)}


def architecture() -> str:
    return (DOCS / "ARCHITECTURE.md").read_text()


def test_architecture_names_every_package() -> None:
    parts = {
        path.stem
        for path in PACKAGE.iterdir()
        if (path.is_dir() and (path / "__init__.py").is_file()) or path.suffix == ".py"
    }
    assert parts - package_table().keys() == {"__init__", "__main__"}


def test_packages_stand_in_the_order_of_layers() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    level = {
        each.strip().removeprefix("edgec."): number
        for number, layer in enumerate(layers)
        for each in layer.split("|")
    }
    rows = [level[each] for each in package_table() if each in level]
    assert len(rows) == len(level)
    assert rows == sorted(rows)


@pytest.mark.parametrize("package", package_table())
def test_packages_import_what_their_rows_name(package: str) -> None:
    table = package_table()
    may = table[package]
    rows = list(table)
    allowed = set(rows[rows.index(package) :]) if may == "all below" else set(may.split(", "))
    assert imported(package) - {package} <= allowed | FOR_ALL


def imported(package: str) -> set[str]:
    """Return the parts of edgec that a part of it imports."""
    file = PACKAGE / f"{package}.py"
    files = [file] if file.is_file() else (PACKAGE / package).rglob("*.py")
    pattern = re.compile(r"^\s*(?:from|import) edgec\.(\w+)", re.MULTILINE)
    return {module for path in files for module in pattern.findall(path.read_text())}


def test_recipes_are_short() -> None:
    recipes = re.findall(
        r"^\*\*(add .*?)\*\*(.*?)(?=^\*\*|\Z)", architecture(), re.MULTILINE | re.DOTALL
    )
    steps = {name: re.findall(r"^(\d+)\. ", text, re.MULTILINE) for name, text in recipes}
    assert len(steps) == 7
    for name, numbers in steps.items():
        assert [int(each) for each in numbers] == list(range(1, len(numbers) + 1)), name
        assert 0 < len(numbers) <= 6, name
