"""The interpreter that proves a file runs apart: whatever becomes of it, a build goes on."""

import os
import signal
import time

import pytest

from edgec.exporters import proof

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="platform: no fork")


def aborting() -> str:
    os.kill(os.getpid(), signal.SIGABRT)
    return "never"


def test_what_it_says_comes_back() -> None:
    assert proof._in_a_fork(lambda: "a scale of 1") == "a scale of 1"
    assert proof._in_a_fork(lambda: "") == ""


def test_an_abort_is_told_of() -> None:
    assert proof._in_a_fork(aborting) == "it ends with SIGABRT"


def test_one_that_hangs_is_ended_and_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "_PATIENCE", 0.05)
    ended, kill = list[int](), os.kill

    def killed(child: int, number: int) -> None:
        ended.append(child)
        kill(child, number)

    monkeypatch.setattr(os, "kill", killed)

    def waiting() -> str:
        time.sleep(600)
        return "never"

    assert proof._in_a_fork(waiting) == ""
    (child,) = ended
    with pytest.raises(ChildProcessError):  # nothing is left of it
        os.waitpid(child, os.WNOHANG)
