"""Generated pages are fresh, and what the hand-written ones say exists."""

import re
from pathlib import Path

import pytest

import edgec
from edgec.cli.reports import markdown

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


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


@pytest.mark.parametrize("page", pages(), ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("page", pages(), ids=lambda path: path.name)
def test_files_named_in_code_exist(page: Path) -> None:
    """Paths in backticks that start at the root of the repository."""
    starts = "edgec|runtime_c|templates|tests|boards|scripts|docs|examples"
    named = re.findall(rf"`((?:{starts})/[\w./*-]+)`", page.read_text())
    missing = [each for each in named if not list(ROOT.glob(each.rstrip("/").rstrip(".")))]
    assert not missing


def test_architecture_names_every_package() -> None:
    text = (DOCS / "ARCHITECTURE.md").read_text()
    package = Path(edgec.__file__).parent
    parts = [
        path.stem
        for path in package.iterdir()
        if (path.is_dir() and (path / "__init__.py").is_file()) or path.suffix == ".py"
    ]
    unexplained = [each for each in parts if f"edgec.{each}" not in text]
    assert sorted(unexplained) == ["__init__", "__main__", "tflite_schema"]
