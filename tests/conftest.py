"""Markers that need tools: locally they skip and say what to install, in CI they fail.

Every run ends with what was skipped, by reason. In CI (EDGEC_REQUIRE_TOOLS=1) a skip fails the run
unless :func:`allowed_skips` names its reason, whoever skipped: a marker, an importorskip, a module.
"""

import os
import re
import shutil
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter

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


def allowed_skips() -> dict[str, str]:
    """Return why a test may be skipped in CI: name -> pattern of the reason."""
    allowed = {"platform: root writes everywhere": r"root may write everywhere"}
    if not SHARED.is_dir():
        absent = r"shared models are not at|shared/models\S* is not there|got empty parameter set"
        allowed["no ../shared"] = absent
    allowed["not in CI"] = "|".join(re.escape(install) for _, install in NOT_IN_CI.values())
    if sys.version_info[:2] != (3, 11) or sys.platform != "linux":
        allowed["platform: tflite-runtime has no wheel"] = r"tflite-runtime 2\.14 is not installed"
    if sys.platform != "linux":
        allowed["platform: Debian's name of gdb"] = r"gdb-multiarch not found"
    return allowed


def pytest_configure(config: pytest.Config) -> None:
    """Link the bundled CMSIS-NN, whatever the developer's environment names."""
    os.environ.pop("EDGEC_CMSIS_NN", None)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, (programs, install) in {**TOOLS, **NOT_IN_CI}.items():
        missing = [each for each in programs if shutil.which(each) is None]
        if item.get_closest_marker(marker) and missing:
            skip = pytest.skip if marker in NOT_IN_CI else _unavailable
            skip(f"{', '.join(missing)} not found: {install}")
    if item.get_closest_marker("oracle") and not _has_any("tflite_runtime", "ai_edge_litert"):
        _unavailable("no TFLite interpreter: pip install 'edgec[oracle]'")
    if item.get_closest_marker("svd") and not _has_any("pyocd"):
        _unavailable("no register descriptions: pip install 'edgec[flash]'")
    if item.get_closest_marker("shared") and not SHARED.is_dir():
        pytest.skip(f"the shared models are not at {SHARED}")


def _unavailable(reason: str) -> None:
    if _is_ci():
        pytest.fail(reason)
    pytest.skip(reason)


def _is_ci() -> bool:
    return os.environ.get("EDGEC_REQUIRE_TOOLS") == "1"


def _has_any(*modules: str) -> bool:
    return any(find_spec(name) is not None for name in modules)


def _skipped(config: pytest.Config) -> Counter[str]:
    """Return how many tests and modules were skipped, by reason."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reports = reporter.stats.get("skipped", []) if isinstance(reporter, TerminalReporter) else []
    return Counter(_reason(each.longrepr) for each in reports)


def _reason(why: object) -> str:
    text = str(why[2]) if isinstance(why, tuple) else str(why)
    return text.removeprefix("Skipped: ").replace("\n", " ")


def _permission(reason: str) -> str:
    """Return the name of what allows a reason in CI; empty where nothing does."""
    found = (name for name, pattern in allowed_skips().items() if re.search(pattern, reason))
    return next(found, "")


def _not_allowed(config: pytest.Config) -> list[str]:
    return [reason for reason in _skipped(config) if not _permission(reason)]


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if _is_ci() and session.exitstatus == pytest.ExitCode.OK and _not_allowed(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    skipped = _skipped(config)
    if not skipped:
        return
    terminalreporter.section("skipped, by reason")
    for reason, count in sorted(skipped.items(), key=lambda each: (-each[1], each[0])):
        permission = _permission(reason)
        forbidden = _is_ci() and not permission
        note = "NOT ALLOWED IN CI: " if forbidden else f"({permission}) " if permission else ""
        terminalreporter.line(f"{count:5d}  {note}{reason}", red=forbidden)
    count = sum(skipped.values())
    terminalreporter.line(f"{count:5d}  skipped in all, for {len(skipped)} reasons")
