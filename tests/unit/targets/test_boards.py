"""Every board folder is valid; every mistake in a board file is named, all at once."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgec.errors import EdgecError, ExitCode
from edgec.resources import data_folder
from edgec.targets.board import CONTENTS, Board, board_aliases, board_names, load_board

FOLDERS = sorted(path.name for path in data_folder("boards").iterdir() if path.is_dir())
GOOD = (data_folder("boards") / "stm32f405" / "board.toml").read_text()


def write(folder: Path, text: str) -> Path:
    path = folder / "my_board.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(folder: Path, text: str) -> dict[str, str]:
    """Return place -> whole message of each problem that loading ``text`` reports."""
    with pytest.raises(EdgecError) as caught:
        load_board(write(folder, text))
    assert all(each.exit_code == ExitCode.MODEL for each in caught.value.problems())
    return {each.place.inside: str(each) for each in caught.value.problems()}


@pytest.mark.parametrize("name", FOLDERS)
def test_every_folder_is_a_valid_board(name: str) -> None:
    board = load_board(name)
    assert board.id == name
    assert {board.region_of(content).name for content in CONTENTS}
    assert board.flash_bytes > 0
    assert board.ram_bytes > 0
    assert len((data_folder("boards") / name / "board.toml").read_text().splitlines()) <= 40


@pytest.mark.parametrize("name", FOLDERS)
def test_an_instruction_takes_at_least_two_ticks_and_no_more_than_needed(name: str) -> None:
    emulator = load_board(name).emulator
    if emulator is not None:
        ticks = (1 << emulator.icount_shift) * emulator.tick_hz / 1e9
        assert 2 <= ticks < 4


def test_all_boards_are_listed() -> None:
    assert list(board_names()) == FOLDERS


def test_aliases_are_unique_and_no_ids() -> None:
    written = [alias for name in board_names() for alias in load_board(name).aliases]
    assert len(written) == len(board_aliases())
    assert not set(written) & set(board_names())


def test_stm32_is_the_stm32f405() -> None:
    board = load_board("stm32")
    assert board.id == "stm32f405"
    assert board.flash_bytes == 1 << 20
    assert board.ram_bytes == 128 << 10
    assert board.core.isa == "dsp"


def test_own_file(tmp_path: Path) -> None:
    board = load_board(write(tmp_path, GOOD))
    assert (board.id, board.file) == ("my_board", str(tmp_path / "my_board.toml"))


@pytest.mark.parametrize("name", ["stm32f4", "nonsense", "", "../boards/stm32f405", "STM32"])
def test_unknown_board(name: str) -> None:
    with pytest.raises(EdgecError) as caught:
        load_board(name)
    assert caught.value.code == "unknown-board"
    assert caught.value.exit_code == ExitCode.MODEL
    assert "edgec boards" in caught.value.help


def test_unknown_board_names_the_nearest() -> None:
    with pytest.raises(EdgecError, match="qemu-m44") as caught:
        load_board("qemu-m44")
    assert "qemu-m4" in caught.value.help


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(EdgecError) as caught:
        load_board(tmp_path / "none.toml")
    assert caught.value.code == "unreadable-file"


def test_syntax_error(tmp_path: Path) -> None:
    with pytest.raises(EdgecError) as caught:
        load_board(write(tmp_path, "schema = = 1"))
    assert caught.value.code == "invalid-toml"
    assert "line 1" in caught.value.message


POWER = "[power]\nvolts = {}\nmilliamperes = 1\n\n[console]"
MISTAKES = [
    ("size = 0x0002_0000", 'size = "128K"', "memory[1].size", 'expected an integer, got "128K"'),
    ("clock_hz = 168_000_000", "clok_hz = 1", "clok_hz", "did you mean `clock_hz`?"),
    ("clock_hz = 168_000_000", "clok_hz = 1", "clock_hz", "is missing"),
    ("schema = 1", "schema = 2", "schema", "must be 1, got 2"),
    ('"cortex-m4"', '"cortex-m44"', "cpu", "did you mean `cortex-m4"),
    ('"cortex-m4"', '"host"', "cpu", "unknown value 'host'"),
    ("0x2000_0000", "0x080F_0000", "memory", "'flash' and 'sram' overlap"),
    ('["text", "weights"]', '["text"]', "memory", "'weights' is held by no region"),
    ('["text", "weights"]', '["text", "weights", "data"]', "memory", "held by flash, sram"),
    ('["text", "weights"]', '["txt", "weights"]', "memory[0].holds", "did you mean `text`?"),
    ('"usart_stm32"', '"usart_stm23"', "console.driver", "did you mean `usart_stm32`?"),
    ('"usart_stm32"', '"startup"', "console.driver", "known: lpuart_imxrt, "),
    ("icount_shift = 4", "icount_shift = 2", "emulator.icount_shift", "too small to count"),
    ('"netduinoplus2"', '"x,y=1"', "emulator.machine", "not a plain name"),
    ('"sram"', '"Sram; }"', "memory[1].name", "not a lower-case identifier"),
    ('"sram"', '"flash"', "memory", "two regions are named 'flash'"),
    ("0x0010_0000", "0xFFFF_FFFF", "memory[0]", "32-bit address space"),
    ("aliases = [", "aliases = [1, ", "aliases[0]", "expected a string, got 1"),
    ("0x4002_3844, 0, 0x0000_0010, ", "0x4002_3844, ", "setup[5]", "[address, clear, set, wait]"),
    ("[console]", "[[console]]", "console", "expected a table"),
    ("[console]", POWER.format("1" + 400 * "0"), "power.volts", "at most 1,000,000"),
    ("[console]", POWER.format("inf"), "power.volts", "at most 1,000,000"),
    ("[console]", POWER.format("-1.0"), "power.volts", "must be positive"),
    ("tick_hz = 168_000_000", f"tick_hz = 1{400 * '0'}", "emulator.tick_hz", "32 bits"),
    ("base = 0x4001_1000", "base = true", "console.base", "expected an integer, got True"),
]


@pytest.mark.parametrize(("old", "new", "place", "message"), MISTAKES)
def test_mistake(tmp_path: Path, old: str, new: str, place: str, message: str) -> None:
    assert old in GOOD
    found = problems(tmp_path, GOOD.replace(old, new))
    assert message in found[place]
    assert "my_board.toml" in found[place]


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("0x0002_0000", '"4M"').replace("schema", "shema").replace("baud", "x")
    assert set(problems(tmp_path, text)) == {"memory[1].size", "shema", "schema"}


def test_overlap_and_unknown_cpu_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("0x2000_0000", "0x0800_0000").replace('"cortex-m4"', '"z80"')
    assert set(problems(tmp_path, text)) == {"memory", "cpu"}


VALUES = st.recursive(
    st.integers() | st.booleans() | st.text(max_size=5).map(lambda text: text.replace("\x00", "")),
    lambda each: st.lists(each, max_size=3),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_changed_file_loads_or_is_explained(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lines = GOOD.splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    key = lines[at].split("=")[0].strip() or "x"
    value = data.draw(VALUES)
    shown = str(value).lower() if isinstance(value, bool) else repr(value)
    lines[at] = data.draw(st.sampled_from([f"{key} = {shown}", "", lines[at][:-2], shown]))
    path = write(tmp_path_factory.getbasetemp(), "\n".join(lines))
    with contextlib.suppress(EdgecError):
        assert isinstance(load_board(path), Board)
