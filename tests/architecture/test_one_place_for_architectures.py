"""Outside edgec/targets no code names a family of processors: it asks the architecture."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import edgec
from edgec.resources import data_folder
from edgec.targets.cpu import ARCHITECTURES, CPUS

PACKAGE = Path(edgec.__file__).parent
FAMILY = re.compile(
    r"(?<![a-z])arm(?![a-z])|cortex|thumb|systick|nvic|risc-?v|qemu-system|none-eabi|\bR15\b",
    re.IGNORECASE,
)
EXCEPTIONS = {
    "targets": "the one place",
    "backends/cmsis_nn": "kernels that Arm wrote, with their names",
    "error_catalog/builds.py": "pages for people: examples, and what to install for the boards",
    "error_catalog/firmware.py": "a page for people: an error code of CMSIS-NN as an example",
    "cli/app.py": "what edgec is, in the first line of its help",
    "firmware/protocol.py": "the protocol's numbers for two tick sources, SYSTICK and DWT",
}
"""Path in the package -> why it may name one."""


def words(path: Path) -> Iterator[str]:
    """Yield every name and every text of a module but its docstrings."""
    tree = ast.parse(path.read_text())
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str | bytes) and id(node) not in docs:
            yield str(text)
        for field in ("id", "attr", "name", "module", "arg"):
            if isinstance(found := getattr(node, field, None), str):
                yield found


def named() -> dict[str, list[str]]:
    """Return module -> the words in it that name a family."""
    modules = {path.relative_to(PACKAGE).as_posix(): path for path in PACKAGE.rglob("*.py")}
    found = {
        name: [word for word in words(path) if FAMILY.search(word)]
        for name, path in modules.items()
    }
    return {name: hits for name, hits in sorted(found.items()) if hits}


def excused(name: str) -> list[str]:
    return [each for each in EXCEPTIONS if name == each or name.startswith(f"{each}/")]


def test_modules_name_no_family() -> None:
    assert {name: hits for name, hits in named().items() if not excused(name)} == {}


def test_every_exception_is_needed() -> None:
    needed = {each for name in named() for each in excused(name)}
    assert needed == set(EXCEPTIONS)


def test_templates_name_no_family() -> None:
    for path in data_folder("templates").rglob("*.j2"):
        assert FAMILY.findall(path.read_text()) == [], path


def test_the_pattern_finds_what_it_should() -> None:
    for text in ("arm-none-eabi-gcc", "__arm__", ".ARM.exidx", "ARM_GCC", "cortex_m", "SysTick"):
        assert FAMILY.search(text), text
    for text in ("alarm", "harmless", "charm", "sarm_x", "swarm"):
        assert not FAMILY.search(text), text


@pytest.mark.parametrize("name", list(CPUS))
def test_every_core_has_an_architecture(name: str) -> None:
    assert CPUS[name].architecture in ARCHITECTURES


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_an_architecture_is_complete(name: str) -> None:
    each = ARCHITECTURES[name]
    assert each.name == name
    assert "compiler" in each.tools
    for file in each.port_files:
        assert (each.port_folder / file).is_file()
    assert each.console_drivers
    if not each.is_hosted:
        assert set(each.tools) == {"compiler", "objcopy", "objdump"}
        assert each.tools["compiler"].program == f"{each.cross}gcc"
        assert each.emulators
        assert set(each.timings) == {c.name for c in CPUS.values() if c.architecture == name}
