"""Bits never depend on the schedule: random orders and tilings of one program, on this machine."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ops.case import int8, random_array
from ops.runtimes import SANITIZERS

from edgec.backends.backend import backend_named
from edgec.backends.selection import lower
from edgec.codegen.library import Origin, library_tree
from edgec.codegen.source_tree import SourceTree
from edgec.firmware.host import HostProcess
from edgec.ir import Array, Graph, GraphBuilder, QParams, ValueName, evaluate
from edgec.memory.liveness import live_ranges
from edgec.memory.planner import plan
from edgec.memory.schedule import Schedule, dependencies
from edgec.ops.activations.softmax import Softmax
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.sub import Sub
from edgec.program import Program
from edgec.targets.target import Target

HOST = Target.of_core("host")
SEEDS = range(4)


def branches() -> Graph:
    """Return four branches that meet: sums of equal shapes, with a row, with a constant."""
    rng = np.random.default_rng(11)
    g = GraphBuilder("branches")
    x = g.input("x", int8((6, 5, 3), 0.0413, 3))
    y = g.input("y", int8((6, 5, 3), 0.0529, -8))
    row = g.input("row", int8((3,), 0.0377, 9))
    fixed = rng.integers(-128, 128, (6, 5, 3)).astype(np.int8)
    kept = g.constant("kept", fixed, QParams.per_tensor(0.0611, -1))

    def to(scale: float) -> QParams:
        return QParams.per_tensor(scale, 5)

    a = g.add1(Add(), x, y, name="a", qparams=to(0.0917))
    b = g.add1(Sub(), y, kept, name="b", qparams=to(0.1073))
    c = g.add1(Add(), x, row, name="c", qparams=to(0.0763))
    d = g.add1(Add(), kept, x, name="d", qparams=to(0.0991))
    e = g.add1(Sub(), a, b, name="e", qparams=to(0.1931))
    f = g.add1(Add(), c, d, name="f", qparams=to(0.1627))
    total = g.add1(Add(), e, f, name="total", qparams=to(0.3361))
    soft = g.add1(Softmax(), total, name="soft", qparams=QParams.per_tensor(1 / 256, -128))
    return g.build([soft, e])


def program() -> Program:
    return lower(branches(), HOST, [backend_named("edgec"), backend_named("portable_c")])


def random_schedule(made: Program, seed: int) -> Schedule:
    """Draw any valid order, and for most steps parts of their rows in any order."""
    rng = random.Random(seed)
    before: dict[int, set[int]] = {number: set() for number in range(len(made.steps))}
    for first, later in dependencies(made.steps):
        before[later].add(first)
    order: list[int] = []
    while len(order) < len(made.steps):
        ready = [n for n, needs in before.items() if n not in order and needs <= set(order)]
        order.append(rng.choice(ready))
    tiles = {
        number: parts(rng, step.rows)
        for number, step in enumerate(made.steps)
        if step.rows > 1 and rng.random() < 0.8
    }
    return Schedule(tuple(order), tiles)


def parts(rng: random.Random, rows: int) -> tuple[range, ...]:
    cuts = sorted(rng.sample(range(1, rows), rng.randint(1, rows - 1)))
    made = [range(a, b) for a, b in zip([0, *cuts], [*cuts, rows], strict=True)]
    if rng.random() < 0.5:
        rng.shuffle(made)
    return tuple(made)


def samples() -> list[dict[ValueName, Array]]:
    graph, rng = branches(), np.random.default_rng(3)
    return [{x: random_array(rng, graph.types[x]) for x in graph.inputs} for _ in range(3)]


def expected() -> list[list[bytes]]:
    graph = branches()
    runs = [evaluate(graph, each) for each in samples()]
    return [[run[name].tobytes() for name in graph.outputs] for run in runs]


def library(made: Program) -> SourceTree:
    return library_tree(made, plan(live_ranges(made)), HOST, Origin("00" * 32, "test", "edgec"))


def outputs(made: Program) -> list[list[bytes]]:
    inputs = branches().inputs
    with HostProcess(library(made), "branches", (3, 2), flags=SANITIZERS) as session:
        return [session.run([each[x].tobytes() for x in inputs]).outputs for each in samples()]


@pytest.mark.cc
@pytest.mark.parametrize("seed", SEEDS)
def test_any_schedule_gives_the_same_bits(seed: int) -> None:
    made = program()
    assert {step.backend for step in made.steps} == {"edgec"}
    assert outputs(random_schedule(made, seed).applied_to(made)) == expected()


def test_the_schedules_that_run_differ() -> None:
    """They have other orders, other parts, other plans, and all kinds of parts occur."""
    made = program()
    drawn = [random_schedule(made, seed) for seed in SEEDS]
    assert len({each.order for each in drawn}) > 1
    trees = {library(each.applied_to(made)).digest() for each in drawn}
    assert len(trees) == len(SEEDS)
    tiled = [tiles for each in drawn for tiles in each.tiles.values()]
    ascending = [list(tiles) == sorted(tiles, key=lambda part: part.start) for tiles in tiled]
    assert set(ascending) == {True, False}


@given(st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_valid_orders_apply_and_swapped_ones_do_not(seed: int) -> None:
    made = program()
    schedule = random_schedule(made, seed)
    applied = schedule.applied_to(made)
    assert [each.node for each in applied.steps] == [made.steps[n].node for n in schedule.order]
    first, later = random.Random(seed).choice(dependencies(made.steps))
    order = list(schedule.order)
    one, other = order.index(first), order.index(later)
    order[one], order[other] = order[other], order[one]
    with pytest.raises(ValueError, match="cannot run before"):
        Schedule(tuple(order)).applied_to(made)


def test_overlaps_hold_for_parts_in_ascending_order_only() -> None:
    """A kernel that walks backward would write over operands that it has not read yet."""
    made = program()
    up, down = (range(3), range(3, 6)), (range(3, 6), range(3))
    kept = Schedule.as_lowered(made)
    assert replace(kept, tiles={0: up}).applied_to(made).steps[0].overlaps
    assert not replace(kept, tiles={0: down}).applied_to(made).steps[0].overlaps


@pytest.mark.parametrize(
    "tiles",
    [
        (range(3),),
        (range(4), range(3, 6)),
        (range(7),),
        (range(0, 6, 2), range(1, 6, 2)),
        (range(6), range(6, 6)),
    ],
    ids=["too few", "twice", "too many", "every other", "empty"],
)
def test_parts_have_to_be_all_rows_once(tiles: tuple[range, ...]) -> None:
    made = program()
    with pytest.raises(ValueError, match="cannot be run in parts"):
        replace(Schedule.as_lowered(made), tiles={0: tiles}).applied_to(made)
