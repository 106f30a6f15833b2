"""Markers that need tools: locally they skip and say what to install, in CI they fail."""

import os
import shutil
from pathlib import Path

import pytest

TOOLS = {
    "cc": (["cc"], "apt install gcc"),
    "qemu": (
        ["arm-none-eabi-gcc", "qemu-system-arm"],
        "apt install gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm",
    ),
}
NOT_IN_CI = {
    "riscv": (
        ["riscv64-unknown-elf-gcc", "qemu-system-riscv32"],
        "apt install gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf qemu-system-misc",
    ),
}
"""Tools of markers that CI does not install: their tests skip there as well."""
SHARED = Path(__file__).parents[2] / "shared"


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, (programs, install) in {**TOOLS, **NOT_IN_CI}.items():
        missing = [each for each in programs if shutil.which(each) is None]
        if item.get_closest_marker(marker) and missing:
            skip = pytest.skip if marker in NOT_IN_CI else _unavailable
            skip(f"{', '.join(missing)} not found: {install}")
    if item.get_closest_marker("oracle") and not _has_oracle():
        _unavailable("no TFLite interpreter: pip install 'edgec[oracle]'")
    if item.get_closest_marker("shared") and not SHARED.is_dir():
        pytest.skip(f"the shared models are not at {SHARED}")


def _unavailable(reason: str) -> None:
    if os.environ.get("EDGEC_REQUIRE_TOOLS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def _has_oracle() -> bool:
    from importlib.util import find_spec  # noqa: PLC0415 - only where a test asks

    return any(find_spec(name) is not None for name in ("tflite_runtime", "ai_edge_litert"))
