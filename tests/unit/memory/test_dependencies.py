"""Dependencies of steps: the pairs that touch the same bytes, found without comparing all pairs."""

from unittest.mock import Mock

import pytest

from edgec.memory import schedule
from edgec.memory.schedule import dependencies
from edgec.program import Access, Step, View


def step(*accesses: Access) -> Step:
    return Mock(spec=Step, accesses=accesses)


def access(storage: str, *, writes: bool, offset: int = 0, size: int = 4) -> Access:
    return Access("", View(storage, offset), size, writes)


def test_steps_that_touch_the_same_bytes_keep_their_order() -> None:
    steps = [
        step(access("a", writes=True, size=8)),
        step(access("a", writes=False), access("b", writes=True)),
        step(access("a", writes=False, offset=4), access("c", writes=True)),
        step(access("b", writes=False), access("c", writes=False), access("a", writes=True)),
    ]
    assert dependencies(steps) == [(0, 1), (0, 2), (0, 3), (1, 3), (2, 3)]


def test_a_chain_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def conflict(one: Access, other: Access) -> bool:
        asked.append(one)
        return one.writes or other.writes

    monkeypatch.setattr(schedule, "_conflict", conflict)
    count = 200
    steps = [
        step(access(f"v{i}", writes=False), access(f"v{i + 1}", writes=True)) for i in range(count)
    ]
    assert dependencies(steps) == [(i, i + 1) for i in range(count - 1)]
    assert len(asked) == count - 1
