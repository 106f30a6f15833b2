"""Comments: whatever a model calls its nodes, the C stays C."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgec.codegen.render import comment, render


@given(st.text(max_size=200))
def test_comment_cannot_end_early(text: str) -> None:
    line = comment(text)
    assert "*/" not in line
    assert "/*" not in line
    assert "\n" not in line
    assert not line.endswith("\\")
    assert line.isascii()


@pytest.mark.cc
def test_hostile_comments_compile(tmp_path: Path) -> None:
    hostile = [
        "*/ int main(void){return 1;} /*",
        "end\\",
        "??/",
        "// x",
        "\"';%s",
        "\u2028\x00\r\n",
    ]
    lines = [
        f"/* {comment(each)} */\n/// {comment(each)}\nextern int v{i};"
        for i, each in enumerate(hostile)
    ]
    source = tmp_path / "hostile.c"
    source.write_text("\n".join(lines) + "\nint main(void) { return 0; }\n")
    flags = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wcomment", "-trigraphs", "-Werror"]
    subprocess.run(["cc", *flags, "-c", str(source), "-o", str(tmp_path / "h.o")], check=True)


@dataclass(frozen=True)
class View:
    board_name: str
    size: int = 1
    origin: str = "x"


@pytest.mark.parametrize("text", ["two\nlines", "\x00", "naïve", "\u2028"])
def test_what_was_not_escaped_makes_no_file(text: str) -> None:
    with pytest.raises(AssertionError, match="not escaped"):
        render("firmware/stack.ld.j2", View("board", 1, text))
