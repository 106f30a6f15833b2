"""docs/follow-a-model.md: commands print its excerpts, what it names exists."""

import contextlib
import importlib
import inspect
import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edgec.cli import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "follow-a-model.md").read_text()
OMITTED = "..."


@dataclass(frozen=True)
class Example:
    """A command or a program of the page, and what the page says that it prints."""

    language: str
    code: str
    excerpt: str


def examples() -> list[Example]:
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    starts = [index for index, (language, _) in enumerate(blocks) if language in {"sh", "python"}]
    found = []
    for index in starts:
        follows = index + 1 < len(blocks) and index + 1 not in starts
        language, code = blocks[index]
        found.append(Example(language, code, blocks[index + 1][1] if follows else ""))
    assert len(blocks) == sum(1 + bool(each.excerpt) for each in found), "an excerpt of nothing"
    return found


def run(example: Example) -> str:
    """Run a command as the reader would; those of edgec in this process, which is faster."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        if example.language == "python":
            exec(compile(example.code, "follow-a-model.md", "exec"), {})
        elif example.code.startswith("edgec "):
            assert main(shlex.split(example.code)[1:]) == 0
        else:
            printed.write(shell(example.code))
    return printed.getvalue()


def shell(command: str) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        ["/bin/sh", "-c", command],
        env={**os.environ, "PATH": path, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return ended.stdout


def is_excerpt(excerpt: str, printed: str) -> bool:
    """Tell whether text is what was printed, with ``...`` for lines that are left out."""
    parts = re.split(rf"^{re.escape(OMITTED)}$\n?", excerpt, flags=re.MULTILINE)
    pattern = r"(?:^.*\n)*?".join(map(re.escape, parts))
    return re.fullmatch(pattern, printed, re.MULTILINE) is not None


def test_excerpts_are_compared_line_by_line() -> None:
    printed = "a\nb\nc\nd\n"
    assert is_excerpt("a\n...\nd\n", printed)
    assert is_excerpt("...\nb\nc\n...\n", printed)
    assert not is_excerpt("a\n...\nc\n", printed)
    assert not is_excerpt("a\nc\nd\n", printed)
    assert not is_excerpt("...\nb", printed)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Go to a folder that looks like the root of the repository to the page's commands."""
    folder = tmp_path_factory.mktemp("clone")
    (folder / "examples").symlink_to(ROOT / "examples", target_is_directory=True)
    with contextlib.chdir(folder):
        yield folder


@pytest.mark.qemu
def test_commands_print_what_the_page_says(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EDGEC_CMSIS_NN", raising=False)
    made = examples()
    assert len(made) >= 8
    for each in made:
        printed = run(each)
        shown = f"{each.code}\nprints\n{printed}\nand not\n{each.excerpt}"
        assert not each.excerpt or is_excerpt(each.excerpt, printed), shown
    report = json.loads((clone / "build" / "digits" / "report.json").read_text())
    for layer in report["layers"]:
        offers = layer["offers"]
        assert [each["reason"] for each in offers if each["chosen"]] == [""], layer["name"]
        assert all(each["reason"] for each in offers if not each["chosen"]), layer["name"]


def member(name: str, file: str) -> Any:
    """Return what a file defines under a name, which may have dots."""
    assert (ROOT / file).is_file(), file
    path = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    found: Any = importlib.import_module(path)
    for part in name.split("."):
        assert hasattr(found, part), f"{file} has no {name}"
        found = getattr(found, part)
    return found


NAMED = re.findall(r"`([\w.]+)`\s+in\s+`(edgec/[\w/]+\.py)`", PAGE)


@pytest.mark.parametrize(("name", "file"), NAMED)
def test_named_functions_are_in_their_files(name: str, file: str) -> None:
    found = member(name, file)
    home = getattr(found, "__module__", None)
    path = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    assert home in {None, path}, f"{name} is defined in {home}"


ROWS = re.findall(
    r"^\| [^|]+ \| `([\w.]+)` \| `([\w/.]+)` \| ([^|]+) \| `(\w+)` \|$", PAGE, re.MULTILINE
)


def test_the_page_names_enough() -> None:
    assert len(ROWS) == PAGE.count("\n| ") - 1  # but the head
    assert len(NAMED) > 10


@pytest.mark.parametrize(("function", "file", "taken", "given"), ROWS)
def test_stages_take_and_give_these_types(function: str, file: str, taken: str, given: str) -> None:
    signature = inspect.signature(member(function, file))
    assert last_name(signature.return_annotation) == given
    kinds = " ".join(str(each.annotation) for each in signature.parameters.values())
    for wanted in re.findall(r"`(\w+)`", taken):
        assert re.search(rf"\b{wanted}\b", kinds), f"{function} takes {kinds}"


def last_name(annotation: object) -> str:
    return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
