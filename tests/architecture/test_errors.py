"""Every error code has a page and a test, and every page a code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import edgec
from edgec.error_catalog import AREAS, CATALOG
from edgec.quantization.quality.metrics.choice import NAMES as METRICS

PACKAGE = Path(edgec.__file__).parent
TESTS = Path(__file__).parents[1]
OTHER_WORDS = {
    *("cmsis-nn", "aidge-export-arm-cortexm", "tflite-runtime", "ai-edge-litert"),
    *(
        "arm-cortex-m",
        "arm-none-eabi-gcc",
        "arm-none-eabi-objcopy",
        "arm-none-eabi-objdump",
        "binutils-arm-none-eabi",
        "qemu-system-arm",
    ),
    *("st-flash", "probe-rs", "stlink-tools", "probe-rs-tools"),
    *("multiply-accumulates", "careful-tail", "moving-average"),
    *METRICS,
}
"""Literals in the source that look like codes and are none."""


def literals() -> Iterator[tuple[str, str]]:
    """Yield (literal, file) of every text in the source that is spelt like a code."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if "error_catalog" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and re.fullmatch(r"[a-z]+(-[a-z]+)+", text):
                yield text, path.relative_to(PACKAGE).as_posix()


def single_words() -> set[str]:
    """Return the codes of one word, given as first argument to EdgecError."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "EdgecError":
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and "-" not in str(first.value):
                    found.add(str(first.value))
    return found


RAISED = {word for word, _ in literals()} - OTHER_WORDS | single_words()


def test_every_raised_code_has_a_page() -> None:
    missing = [each for each in literals() if each[0] in RAISED - set(CATALOG)]
    assert not missing


def test_every_page_has_a_code_in_the_source() -> None:
    assert sorted(set(CATALOG) - RAISED) == []


def test_no_code_has_two_pages() -> None:
    codes = [page.code for pages in AREAS.values() for page in pages]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("code", sorted(CATALOG))
def test_page_says_something(code: str) -> None:
    page = CATALOG[code]
    for text in (page.title, page.meaning, page.example, page.remedy):
        assert text.strip()
        assert "TODO" not in text
    assert page.title[0].islower() or page.title.startswith("QEMU")
    assert not page.title.endswith(".")


def test_every_code_is_provoked_by_a_test() -> None:
    others = [path for path in TESTS.rglob("*.py") if "architecture" not in path.parts]
    words = set(re.findall(r"[\w-]+", "\n".join(path.read_text() for path in others)))
    assert sorted(set(CATALOG) - words) == []
