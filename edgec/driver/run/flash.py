"""``edgec flash``: a build onto its board, and the board's own word that it is well."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from edgec.driver.output import OutputInfo, open_output
from edgec.driver.progress import Progress, Quiet
from edgec.errors import EdgecError, ExitCode, Place
from edgec.firmware.emulate import Session
from edgec.firmware.flash_tools import FlashPlan, flash_board, plan_flash
from edgec.firmware.protocol import SelfTest
from edgec.firmware.serial_port import serial_session


@dataclass(frozen=True, slots=True)
class FlashResult:
    """What was done, or would be; the self-test where a port was given, its ticks of the clock."""

    board: str
    plan: FlashPlan
    self_test: SelfTest | None
    clock_hz: int


def flash(
    folder: Path,
    tool: str = "",
    port: str = "",
    progress: Progress | None = None,
    *,
    dry_run: bool = False,
) -> FlashResult:
    """Write the firmware of ``folder``; with ``port``, ask the board for its self-test.

    Raises ``self-test-failed`` where the board finds its weights or outputs wrong.
    """
    progress = progress or Quiet()
    built = open_output(folder)
    plan = plan_flash(built.board, tool, pretend=dry_run)
    result = FlashResult(built.board.id, plan, None, built.board.clock_hz)
    if dry_run:
        return result
    progress.stage(f"writing with {plan.tool}")
    flash_board(folder, built.board, plan)
    if not port:
        return result
    progress.stage("waiting for the self-test")
    with board_session(built, port) as session:
        test = require_self_test(built, session)
    return FlashResult(built.board.id, plan, test, built.board.clock_hz)


def require_self_test(built: OutputInfo, session: Session) -> SelfTest:
    """Have the firmware test itself. Raises ``self-test-failed``."""
    test = session.self_test()
    if not test.passed:
        raise _failed(built, test)
    return test


@contextmanager
def board_session(built: OutputInfo, port: str, timeout: float = 60.0) -> Iterator[Session]:
    """Talk to the board at a serial port. Raises ``other-firmware`` where it runs another model."""
    with serial_session(port, built.board.console.baud, timeout) as session:
        expected = str(built.report["model"]["sha256"])[:16]
        found = session.describe().model_hash.hex()
        if found != expected:
            raise EdgecError(
                "other-firmware",
                f"the board runs another model: {found}…, this build is {expected}…",
                place=Place(port),
                help=f"write this one first: edgec flash {quote(str(built.folder))}",
                exit_code=ExitCode.TOOL,
            )
        yield session


def _failed(built: OutputInfo, test: SelfTest) -> EdgecError:
    wrong = [
        *([f"the CRC of its code is {test.code_crc:08x}"] if test.code_ok is False else []),
        *([] if test.weights_ok else [f"the CRC of its weights is {test.weights_crc:08x}"]),
        *(["the outputs of its run are wrong"] if test.outputs_ok is False else []),
    ]
    return EdgecError(
        "self-test-failed",
        f"{built.board.id} fails its self-test: {' and '.join(wrong)}",
        help="write it again; if it stays, the flash is damaged or the clock set up wrongly",
        exit_code=ExitCode.MISMATCH,
    )
