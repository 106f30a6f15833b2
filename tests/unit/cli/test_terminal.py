"""What is printed: tables that fit, names that cannot steer a terminal, bars, progress."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from edgec.cli.compile.layers import layer_table, shapes
from edgec.cli.terminal import bar, plain, print_json, progress, short
from edgec.driver.progress import Quiet

LAYERS = [
    {
        "name": "model/block_1/depthwise/BiasAdd;model/block_1/depthwise;other",
        "op": "depthwise_conv2d",
        "kernel": "arm_depthwise_conv_3x3_s8",
        "out": [[1, 25, 5, 64]],
        "macs": 72_000,
        "weights_bytes": 1_344,
        "instructions": 599_574,
    },
    {
        "name": "softmax",
        "op": "softmax",
        "kernel": "arm_softmax_s8",
        "out": [[1, 12]],
        "macs": 0,
        "weights_bytes": 0,
        "instructions": 1_481,
    },
]


def drawn(width: int, layers: list[dict[str, object]]) -> list[str]:
    target = io.StringIO()
    Console(file=target, width=width).print(layer_table(layers, width))
    return target.getvalue().splitlines()


@pytest.mark.parametrize("width", [72, 80, 100, 120, 200])
def test_layer_table_has_one_line_per_layer_and_whole_cells(width: int) -> None:
    lines = drawn(width, LAYERS)
    assert len(lines) == 1 + len(LAYERS)
    assert max(map(len, lines)) <= width
    assert "arm_depthwise_conv_3x3_s8" in lines[1]
    assert "599,574" in lines[1]


def test_wide_tables_say_more() -> None:
    assert "1x25x5x64" in drawn(200, LAYERS)[1]
    assert "8.33" in drawn(200, LAYERS)[1]
    assert "1x25x5x64" not in drawn(80, LAYERS)[1]


def test_without_counts_there_are_no_columns_of_counts() -> None:
    uncounted = [{**each, "instructions": None} for each in LAYERS]
    assert "instr" not in drawn(200, uncounted)[0]
    assert drawn(200, []) == drawn(200, [])


@given(st.text())
def test_plain_text_has_no_control_characters(text: str) -> None:
    assert all(char.isprintable() for char in plain(text))
    assert len(plain(text)) == len(text)


@given(st.text(min_size=1), st.integers(min_value=8, max_value=60))
def test_short_names_fit(name: str, room: int) -> None:
    assert len(short(name, room)) <= room


def test_short_names_keep_their_end() -> None:
    assert short("a/b/conv;x/y;z") == "a/b/conv;…"
    assert short("very/long/path/to/the/layer", 10) == "…the/layer"


@pytest.mark.parametrize(
    ("used", "filled"),
    [(0, 0), (50, 12), (100, 24), (1000, 24)],
    ids=["none", "half", "all", "over"],
)
def test_bar_is_filled_by_share(used: int, filled: int) -> None:
    console = Console(file=io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    assert bar(console, used, 100).plain == "█" * filled + "░" * (24 - filled)


def test_bar_in_ascii() -> None:
    console = Console(file=io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert bar(console, 50, 100).plain == "#" * 12 + "." * 12


def test_progress_is_silent_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as shown:
        assert isinstance(shown, Quiet)
        shown.stage("work")
        shown.advance(1, 2)
    assert capsys.readouterr() == ("", "")


def test_shapes() -> None:
    assert shapes([[1, 2, 3], []]) == "1x2x3, scalar"


def test_json_has_null_for_what_json_cannot_say(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": [1.5, float("nan")], "b": (float("inf"), "é")})
    text = capsys.readouterr().out
    assert json.loads(text) == {"a": [1.5, None], "b": [None, "é"]}
    assert text.isascii()
