"""Live ranges: when storages are needed, and the conditions under which an output may lie over."""

from dataclasses import replace

import pytest

from edgec.ir import DType, TensorType, ValueName
from edgec.memory.liveness import LiveRange, live_ranges
from edgec.program import (
    Access,
    Overlap,
    Port,
    Program,
    StateStorage,
    Step,
    Storage,
    View,
)

KIND = TensorType((64,), DType.INT8)
IN_PLACE = (Overlap("in0", "out0", 4), Overlap("in1", "out0"))


def step(name: str, reads: list[View], writes: list[View], *overlaps: Overlap) -> Step:
    read = [Access(f"in{i}", view, 64, writes=False) for i, view in enumerate(reads)]
    written = [Access(f"out{i}", view, 64, writes=True) for i, view in enumerate(writes)]
    return Step(name, "op", "", "none", (), (*read, *written), (), 0, 0, (), (), overlaps)


def program(
    *steps: Step, outputs: tuple[str, ...] = ("z",), states: tuple[str, ...] = ()
) -> Program:
    names = dict.fromkeys(access.view.storage for each in steps for access in each.accesses)

    def port(name: str) -> Port:
        return Port(ValueName(name), KIND, View(name))

    return Program(
        "p",
        "host",
        (port("x"),),
        tuple(map(port, outputs)),
        {name: Storage(name, 64) for name in names},
        {},
        steps,
        states=tuple(StateStorage(name, 0) for name in states),
    )


def over(made: Program, name: str = "y") -> tuple[tuple[str, int], ...]:
    (found,) = (each for each in live_ranges(made) if each.name == name)
    return found.over


X, W, Y, Z = (View(name) for name in "xwyz")
LAST = step("last", [Y], [Z])


def test_ranges_go_from_the_first_use_to_the_last() -> None:
    made = program(step("a", [X], [Y]), step("b", [X], [W]), step("c", [Y, W], [Z]))
    assert live_ranges(made) == [
        LiveRange("x", 64, -1, 1),
        LiveRange("y", 64, 0, 2),
        LiveRange("w", 64, 1, 2),
        LiveRange("z", 64, 2, 3),
    ]


def test_an_output_may_lie_over_all_operands_that_end() -> None:
    made = program(step("w", [X], [W]), step("sum", [X, W], [Y], *IN_PLACE), LAST)
    assert over(made) == (("x", 4), ("w", 0))


def test_nothing_lies_over_what_is_read_later() -> None:
    later = step("last", [Y, X], [Z])
    made = program(step("w", [X], [W]), step("sum", [X, W], [Y], *IN_PLACE), later)
    assert over(made) == (("w", 0),)


def test_nothing_lies_over_an_output_of_the_model() -> None:
    made = program(step("sum", [X], [Y], *IN_PLACE), LAST, outputs=("z", "x"))
    assert over(made) == ()


def test_nothing_lies_over_a_state() -> None:
    made = program(step("sum", [X, W], [Y], *IN_PLACE), LAST, states=("w",))
    assert over(made) == (("x", 4),)


def test_an_output_that_was_begun_before_lies_over_nothing() -> None:
    made = program(step("early", [X], [Y]), step("sum", [X], [Y], *IN_PLACE), LAST)
    assert over(made) == ()


def test_an_output_that_is_a_state_lies_over_nothing() -> None:
    made = program(step("sum", [X], [Y], *IN_PLACE), LAST, states=("y",))
    assert over(made) == ()


def test_all_reads_of_a_storage_have_to_allow_it() -> None:
    twice = program(step("sum", [X, X], [Y], *IN_PLACE), LAST)
    assert over(twice) == (("x", 4),)  # the larger lag holds for both
    once = program(step("sum", [X, X], [Y], IN_PLACE[0]), LAST)
    assert over(once) == ()


@pytest.mark.parametrize("part", ["x", "y"])
def test_parts_of_storages_stay_apart(part: str) -> None:
    reads = [View("x", 16 if part == "x" else 0)]
    writes = [View("y", 16 if part == "y" else 0)]
    made = program(step("sum", reads, writes, *IN_PLACE), LAST)
    assert over(made) == ()


def test_an_overlap_with_a_constant_says_nothing() -> None:
    """An operand in flash is no access: its role is missing."""
    made = program(step("sum", [X], [Y], *IN_PLACE), LAST)
    assert over(made) == (("x", 4),)


def test_nothing_may_overlap_where_no_kernel_says_so() -> None:
    made = program(step("sum", [X], [Y]), LAST)
    assert over(made) == ()
    again = replace(made, steps=(step("sum", [X], [Y], *IN_PLACE), LAST))
    assert over(again) == (("x", 4),)
