"""States between runs: kept in the arena, zero at first and after a reset, on every runtime."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lowering import lowered, target
from ops.case import int8, random_array
from ops.runtimes import SANITIZERS, compile_graph

from edgec.codegen.firmware import FirmwareModel, firmware_tree
from edgec.errors import EdgecError
from edgec.firmware.emulate import Emulator, Session
from edgec.firmware.host import HostProcess
from edgec.firmware.image import build_firmware
from edgec.ir import (
    Array,
    Graph,
    GraphBuilder,
    InvalidGraphError,
    State,
    ValueName,
    evaluate_runs,
    verify,
)
from edgec.memory.liveness import live_ranges
from edgec.ops.elementwise.add import Add
from edgec.ops.functions.neg import Neg
from edgec.ops.movement.reshape import Reshape
from edgec.targets.board import load_board

KIND = int8((1, 6), 0.05, zero_point=-7)
RUNS = 5


def accumulator() -> Graph:
    """Return y = sum - x of two runs ago, where the sum and the last two x are states."""
    g = GraphBuilder("accumulator")
    q = KIND.quantization
    x, total, last, older = (g.input(name, KIND) for name in ("x", "sum", "last", "older"))
    new = g.add1(Add(), x, total, name="new", qparams=q)
    y = g.add1(Add(), new, older, name="y", qparams=q)
    again = g.add1(Reshape(shape=(1, 6)), last, name="again")
    kept = g.add1(Neg(), x, name="kept", qparams=q)
    graph = g.build([y, new, kept, again])
    pairs = (("last", kept), ("older", again), ("sum", new))
    return replace(graph, states=tuple(State(ValueName(a), b) for a, b in pairs))


def samples() -> list[dict[ValueName, Array]]:
    rng = np.random.default_rng(0)
    return [{ValueName("x"): random_array(rng, KIND)} for _ in range(RUNS)]


def expected(graph: Graph) -> list[bytes]:
    return [each[ValueName("y")].tobytes() for each in evaluate_runs(graph, samples())]


def run_twice(session: Session) -> list[list[bytes]]:
    """Run all samples, reset, and run them again."""

    def outputs() -> list[bytes]:
        return [session.run([x.tobytes() for x in each.values()]).outputs[0] for each in samples()]

    first = outputs()
    session.reset()
    return [first, outputs()]


def test_states_start_from_zero_and_are_carried_on() -> None:
    graph = accumulator()
    verify(graph)
    x = [each[ValueName("x")].astype(np.float32) * 0.05 + 0.35 for each in samples()]
    total, wanted = np.zeros((1, 6)), []
    for now, older in zip(x, [*np.zeros((2, 1, 6)), *x], strict=False):
        total = np.clip(total + now, -6.05, 6.7)
        wanted.append(np.clip(total + np.clip(-older, -6.05, 6.7), -6.05, 6.7))
    got = [each[ValueName("y")] * 0.05 + 0.35 for each in evaluate_runs(graph, samples())]
    np.testing.assert_allclose(np.stack(got), np.stack(wanted), atol=0.1)


@pytest.mark.cc
def test_host_keeps_states_and_resets_them() -> None:
    graph = accumulator()
    tree, name = compile_graph(graph, target("host", "portable"), "portable")
    with HostProcess(tree, name, (1, 1), flags=SANITIZERS) as session:
        assert run_twice(session) == [expected(graph)] * 2


@pytest.mark.qemu
@pytest.mark.parametrize("kernels", ["auto", "portable"])
def test_firmware_keeps_states_and_resets_them(kernels: str, tmp_path: Path) -> None:
    graph, board = accumulator(), load_board("qemu-m4")
    tree, name = compile_graph(graph, target(board.cpu, kernels), kernels)
    firmware = firmware_tree(board, FirmwareModel(name, 1, 1))
    tree.under(name).merge(firmware.under("firmware")).write(tmp_path)
    image = build_firmware(tmp_path, name, board)
    with Emulator(board, image.elf, timeout=120) as session:
        assert run_twice(session) == [expected(graph)] * 2


def test_states_have_their_memory_all_the_time() -> None:
    program = lowered(accumulator(), "host", "portable")
    kept = {each.storage for each in program.states}
    ranges = [each for each in live_ranges(program) if each.name in kept]
    assert [(each.first, each.last) for each in ranges] == [(-1, len(program.steps))] * 3
    assert [port.name for port in (*program.inputs, *program.outputs)] == ["x", "y"]


def swapped(pairs: Sequence[tuple[str, str]]) -> Graph:
    g = GraphBuilder("swapped")
    x, a, b = (g.input(name, KIND) for name in ("x", "a", "b"))
    y = g.add1(Add(), x, g.add1(Add(), a, b, qparams=KIND.quantization), qparams=KIND.quantization)
    views = [g.add1(Reshape(shape=(1, 6)), value, name=f"{value}_again") for value in (a, b)]
    graph = g.build([y, *views])
    return replace(graph, states=tuple(State(ValueName(i), ValueName(o)) for i, o in pairs))


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([("a", "b_again"), ("b", "a_again")], "exchange"),
        ([("a", "b_again")], "as it was before"),
    ],
)
def test_states_that_would_be_overwritten_are_refused(
    pairs: list[tuple[str, str]], said: str
) -> None:
    with pytest.raises(EdgecError, match=said) as caught:
        lowered(swapped(pairs), "host", "portable")
    assert caught.value.code == "unsupported-state"


def test_a_state_that_stays_needs_no_copy() -> None:
    graph = swapped([("a", "a_again"), ("b", "b_again")])
    assert "state" not in [step.op for step in lowered(graph, "host", "portable").steps]


@pytest.mark.parametrize(
    "state", [("x", "y"), ("nothing", "y"), ("a", "nothing")], ids=["unlike", "input", "output"]
)
def test_states_are_verified(state: tuple[str, str]) -> None:
    g = GraphBuilder("g")
    x = g.input("x", int8((1, 6), 0.1))
    graph = g.build([g.add1(Add(), x, g.input("a", KIND), name="y", qparams=KIND.quantization)])
    broken = replace(graph, states=(State(ValueName(state[0]), ValueName(state[1])),))
    with pytest.raises(InvalidGraphError, match="state"):
        verify(broken)
