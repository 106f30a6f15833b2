"""Names and comments: whatever a model calls its nodes, the C stays C."""

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgec.codegen.render import C_KEYWORDS, MAX_IDENTIFIER, comment, identifier, identifiers


@given(st.text(max_size=200))
def test_identifier_is_a_c_identifier(text: str) -> None:
    name = identifier(text)
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert name not in C_KEYWORDS
    assert len(name) <= MAX_IDENTIFIER + 2


@given(st.lists(st.text(max_size=60), unique=True, max_size=40))
def test_identifiers_are_injective(texts: list[str]) -> None:
    names = identifiers(texts)
    assert len(set(names.values())) == len(texts)


@given(st.text(max_size=200))
def test_comment_cannot_end_early(text: str) -> None:
    line = comment(text)
    assert "*/" not in line
    assert "/*" not in line
    assert "\n" not in line
    assert not line.endswith("\\")
    assert line.isascii()


@pytest.mark.parametrize("text", ["int", "2x", "", "***", "Größe", "for"])
def test_awkward_names(text: str) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", identifier(text))


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
