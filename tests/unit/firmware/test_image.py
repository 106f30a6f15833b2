"""The stack that an image reserves: worst case and a margin, what was asked for, never less."""

import re
from pathlib import Path

import pytest

from edgec.errors import EdgecError
from edgec.firmware.image import _write_stack_script
from edgec.firmware.stack import LIBRARY_FRAME_BYTES, StackUse
from edgec.targets.arm_cortex_m import ARM_CORTEX_M
from edgec.targets.cpu import CPUS

WORST = StackUse(1000, ("edgec_reset", "main"))


def reserved(folder: Path, asked: int | None) -> int:
    (folder / "firmware").mkdir(exist_ok=True)
    _write_stack_script(folder, WORST, asked)
    found = re.search(r"edgec_stack_size = (\d+);", (folder / "firmware" / "stack.ld").read_text())
    assert found
    return int(found[1])


def test_the_worst_case_gets_a_margin_and_whole_lines(tmp_path: Path) -> None:
    assert reserved(tmp_path, None) == 1088


@pytest.mark.parametrize("asked", [1000, 1001, 5000])
def test_what_suffices_is_reserved_as_asked(asked: int, tmp_path: Path) -> None:
    assert reserved(tmp_path, asked) == asked


def test_one_byte_too_few_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EdgecError) as caught:
        reserved(tmp_path, 999)
    assert caught.value.code == "stack-too-small"
    assert "needs 1000 bytes, 999 are reserved" in caught.value.message


@pytest.mark.parametrize(
    ("core", "size"), [("cortex-m0", 0x20 + 4), ("cortex-m3", 0x20 + 4), ("cortex-m4", 0x68 + 4)]
)
def test_an_interrupt_pushes_the_frame_of_the_architecture(core: str, size: int) -> None:
    """Armv7-M's manual: 0x20 bytes, 0x68 with floating-point registers, and 4 to align."""
    assert ARM_CORTEX_M.interrupt_frame(has_fpu=CPUS[core].has_fpu) == size


def test_a_library_function_may_save_all_registers() -> None:
    """r4 to r11 and lr, and what aligns them: no less may be taken for one."""
    assert LIBRARY_FRAME_BYTES >= 9 * 4 + 4
