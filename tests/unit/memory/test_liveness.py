"""Live ranges: from the step that writes a storage to the last that reads it, both included."""

import numpy as np
from lowering import lowered
from ops.case import int8

from edgec.ir import GraphBuilder, QParams
from edgec.memory.liveness import LiveRange, live_ranges
from edgec.memory.planner import lower_bound, plan
from edgec.ops.activations.relu import Relu
from edgec.ops.elementwise.add import Add
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.windows import Window
from edgec.program import Program

Q = QParams.per_tensor(0.1)


def skipping() -> Program:
    """Return x -> a -> b -> c = b + a -> d."""
    g = GraphBuilder("skipping")
    x = g.input("x", int8((1, 40), 0.1))
    a = g.add1(Relu(), x, name="a", qparams=Q)
    b = g.add1(Relu(), a, name="b", qparams=Q)
    c = g.add1(Add(), b, a, name="c", qparams=Q)
    d = g.add1(Relu(), c, name="d", qparams=Q)
    return lowered(g.build([d]), "cortex-m0", "portable")


def test_from_the_writer_to_the_last_reader() -> None:
    spans = {each.name: (each.first, each.last) for each in live_ranges(skipping())}
    assert spans == {"x": (-1, 0), "a": (0, 2), "b": (1, 2), "c": (2, 3), "d": (3, 4)}


def test_a_step_never_writes_where_it_reads() -> None:
    ranges = {each.name: each for each in live_ranges(skipping())}
    assert ranges["x"].overlaps(ranges["a"])
    assert ranges["a"].overlaps(ranges["x"])
    assert ranges["c"].overlaps(ranges["d"])
    assert not ranges["x"].overlaps(ranges["b"])
    assert not ranges["d"].overlaps(ranges["a"])
    assert plan(list(ranges.values())).size == lower_bound(list(ranges.values())) == 3 * 48


def test_scratch_is_needed_during_its_step_beside_its_operands() -> None:
    g = GraphBuilder("scratch")
    x = g.input("x", int8((1, 6, 6, 3), 0.1))
    w = g.constant("w", np.ones((4, 3, 3, 3), np.int8), QParams.per_tensor(0.01))
    y = g.add1(Conv2D(window=Window((3, 3))), x, w, name="y", qparams=Q)
    program = lowered(g.build([y]), "cortex-m4")
    (step,) = program.steps
    (storage,) = step.scratch
    ranges = {each.name: each for each in live_ranges(program)}
    scratch = ranges[storage.name]
    assert (scratch.first, scratch.last) == (0, 0)
    assert all(scratch.overlaps(each) for each in ranges.values())


def test_ranges_that_meet_in_one_step_overlap() -> None:
    one, other = LiveRange("one", 4, 0, 3), LiveRange("other", 4, 3, 5)
    assert one.overlaps(other)
    assert other.overlaps(one)
    assert not one.overlaps(LiveRange("later", 4, 4, 5))
