"""Outputs over operands that end: less memory, the same bits, with dead bytes poisoned too."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lowering import lowered
from ops.case import cases_of, int8, random_array
from ops.runtimes import SANITIZERS, Runtime, merge, merged_samples

from edgec.backends.backend import backend_named
from edgec.backends.selection import lower
from edgec.codegen.library import Origin, library_tree
from edgec.firmware.host import HostProcess
from edgec.ir import Array, Graph, GraphBuilder, QParams, ValueName, evaluate
from edgec.memory.liveness import live_ranges
from edgec.memory.planner import MemoryPlan, plan
from edgec.ops.activations.softmax import Softmax
from edgec.ops.elementwise.add import Add
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.windows import Window
from edgec.ops.operator import Activation
from edgec.program import ArenaRef, Call, ConstantArray, ConstantRef, Program, Scalar
from edgec.targets.target import Target

OUTPUT = QParams.per_tensor(1 / 256, -128)
SHAPE = (1, 8, 8, 4)
TENSOR = 256  # bytes
Samples = list[dict[ValueName, Array]]


def residual_net() -> Graph:
    """Return two convolutions, their sum, and a softmax over its channels."""
    rng = np.random.default_rng(5)
    g = GraphBuilder("residual")
    x = g.input("x", int8(SHAPE, 0.0413, 3))

    def conv(value: ValueName, name: str, scale: float) -> ValueName:
        weights = rng.integers(-127, 128, (4, 3, 3, 4)).astype(np.int8)
        w = g.constant(f"{name}.w", weights, QParams.per_tensor(0.003))
        op = Conv2D(window=Window((3, 3), pads=(1, 1, 1, 1)), activation=Activation.NONE)
        return g.add1(op, value, w, name=name, qparams=QParams.per_tensor(scale, -7))

    a = conv(x, "a", 0.0517)
    b = conv(a, "b", 0.0831)
    total = g.add1(Add(), a, b, name="sum", qparams=QParams.per_tensor(0.1179, 7))
    return g.build([g.add1(Softmax(), total, name="softmax", qparams=OUTPUT)])


def samples(graph: Graph, count: int = 4) -> Samples:
    rng = np.random.default_rng(1)
    return [{x: random_array(rng, graph.types[x]) for x in graph.inputs} for _ in range(count)]


def memory_of(kernels: str) -> MemoryPlan:
    return plan(live_ranges(lowered(residual_net(), "cortex-m4", kernels)))


def test_the_sum_takes_the_place_of_an_operand() -> None:
    apart, in_place = memory_of("auto"), memory_of("edgec")
    assert apart.size == apart.lower_bound == 3 * TENSOR
    assert in_place.size == in_place.lower_bound < apart.size
    operands = {in_place.offsets["a"], in_place.offsets["b"]}
    assert in_place.offsets["sum"] in operands
    assert in_place.offsets["softmax"] == in_place.offsets["sum"]


@pytest.mark.qemu
def test_firmware_in_place_equals_the_reference(tmp_path: Path) -> None:
    graph = residual_net()
    results = Runtime("qemu-m4", "edgec").run(graph, samples(graph), tmp_path)
    assert [each[0].tobytes() for each in results] == expected(graph, samples(graph))


def expected(graph: Graph, given: Samples) -> list[bytes]:
    """Return the bytes of all outputs, one after the other, for each sample."""
    runs = [evaluate(graph, each) for each in given]
    return [b"".join(run[name].tobytes() for name in graph.outputs) for run in runs]


def poisoned(program: Program, memory: MemoryPlan) -> Program:
    """Return the program with all bytes overwritten, before and after every step, that are free."""
    noise = np.random.default_rng(2).integers(-128, 128, memory.size).astype(np.int8)
    first, *later = (
        replace(each, calls=(*each.calls, *_noise(memory, moment)))
        for moment, each in enumerate(program.steps)
    )
    before = _noise(memory, -1)
    steps = (replace(first, calls=(*before, *first.calls)), *later)
    constants = {**program.constants, "noise": ConstantArray("noise", noise)}
    return replace(program, steps=steps, constants=constants)


def _noise(memory: MemoryPlan, moment: int) -> tuple[Call, ...]:
    base, at = next(iter(memory.offsets.items()))
    return tuple(
        Call(
            "edgec_copy",
            [ConstantRef("noise"), Scalar(len(each)), ArenaRef(base, each.start - at)],
        )
        for each in _free(memory, moment)
    )


def _free(memory: MemoryPlan, moment: int) -> Iterator[range]:
    """Yield the runs of bytes that nothing needs behind a moment."""
    start = 0
    alive = [each for each in memory.ranges if each.first <= moment < each.last]
    for each in sorted(alive, key=lambda each: memory.offsets[each.name]):
        if memory.offsets[each.name] > start:
            yield range(start, memory.offsets[each.name])
        start = max(start, memory.offsets[each.name] + each.size)
    if start < memory.size:
        yield range(start, memory.size)


def run_poisoned(graph: Graph, given: Samples, program: Program, memory: MemoryPlan) -> list[bytes]:
    """Run a program on this machine, the bytes of which are poisoned once they are dead."""
    made = poisoned(program, memory)
    tree = library_tree(made, memory, Target.of_core("host"), Origin("00" * 32, "test", "edgec"))
    ports = (len(graph.inputs), len(graph.outputs))
    with HostProcess(tree, graph.name, ports, flags=SANITIZERS) as session:
        runs = [session.run([each[name].tobytes() for name in graph.inputs]) for each in given]
    return [b"".join(each.outputs) for each in runs]


@pytest.mark.cc
def test_dead_bytes_are_not_read_again() -> None:
    graph = residual_net()
    program = lowered_here(graph)
    memory = plan(live_ranges(program))
    assert memory.size < 3 * TENSOR
    assert run_poisoned(graph, samples(graph), program, memory) == expected(graph, samples(graph))


@pytest.mark.cc
def test_poison_finds_a_range_that_ends_too_early() -> None:
    """The test of the test: an operand said to die before the sum reads it."""
    graph = residual_net()
    program = lowered_here(graph)
    memory = plan(live_ranges(program))
    short = [replace(each, last=each.last - (each.name == "a")) for each in memory.ranges]
    damaged = replace(memory, ranges=tuple(short))
    given = samples(graph)
    assert run_poisoned(graph, given, program, damaged) != expected(graph, given)


@pytest.mark.cc
@pytest.mark.parametrize("module", ["elementwise.add", "activations.softmax"])
def test_cases_in_place_with_poison_equal_the_reference(module: str) -> None:
    cases = cases_of(module)[-24:]
    graph = merge("batch", cases)
    program = lowered_here(graph)
    memory = plan(live_ranges(program))
    assert any(each.over for each in memory.ranges)
    given = merged_samples(graph, cases)[:2]
    assert run_poisoned(graph, given, program, memory) == expected(graph, given)


def lowered_here(graph: Graph) -> Program:
    """Return the program for this machine: our own kernels, then plain C."""
    backends = [backend_named("edgec"), backend_named("portable_c")]
    return lower(graph, Target.of_core("host"), backends)
