"""What a signal asks for waits for what must be finished first."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from edgec import scratch
from edgec.cli.ending import EndedError, ends_tidily, raise_if_told
from edgec.signals import act, finished_first


@pytest.fixture(autouse=True)
def plain() -> Iterator[None]:
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGTERM, before)


def end_me() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def test_it_acts_at_once_outside() -> None:
    done: list[int] = []
    act(lambda: done.append(1))
    assert done == [1]


def test_it_waits_for_the_outermost_block() -> None:
    done: list[int] = []
    with finished_first():
        with finished_first():
            act(lambda: done.append(1))
            act(lambda: done.append(2))
        assert done == []
    assert done == [1]


def test_another_thread_holds_nothing_up() -> None:
    done: list[int] = []

    def work() -> None:
        with finished_first():
            act(lambda: done.append(1))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [1]


@pytest.mark.parametrize("step", ["_locked", "_remove"])
def test_a_folder_is_made_or_removed_whole(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signal comes when the folder is there and its name is not yet known, or half removed."""
    real = getattr(scratch, step)

    def interrupted(*arguments: object) -> object:
        if step == "_remove":
            end_me()
        value = real(*arguments)
        end_me()
        return value

    monkeypatch.setattr(scratch, step, interrupted)
    with pytest.raises(EndedError), ends_tidily(), scratch.scratch_folder("x", tmp_path / "OUT"):
        assert step == "_remove"
    assert list(tmp_path.iterdir()) == []


def test_a_signal_counts_where_its_exception_gets_lost() -> None:
    """Code in C that imports a module makes an ImportError of what a handler raises."""
    with ends_tidily():
        raise_if_told()
        with suppress(BaseException):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        with pytest.raises(EndedError) as caught:
            raise_if_told()
    assert caught.value.exit_code == 128 + signal.SIGTERM
    with ends_tidily():
        raise_if_told()
