"""The first layer of a firmware whose output differs from the reference.

In the emulator its tensors are read out of memory; a board answers with checksums of them.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgec.driver.compile.built_graph import built_graph
from edgec.driver.output import OutputInfo
from edgec.driver.run.run import open_session
from edgec.driver.tolerance import tolerance_of
from edgec.errors import EdgecError
from edgec.firmware.debugger import NodeWatcher, Region
from edgec.firmware.emulate import Emulator
from edgec.firmware.sizes import symbol_address
from edgec.ir import Array, Graph, Node, ValueName, evaluate_all
from edgec.ir.evaluate import zeros
from edgec.ops.operator import Operator
from edgec.program import STATE
from edgec.targets.board import Board

_TIMEOUT = 300.0


@dataclass(frozen=True, slots=True)
class LayerDifference:
    """A layer, and the first element of its output that is not what the reference has.

    Of a board only the layer is known: the element and its values are None.
    """

    number: int
    name: str
    op: str
    kernel: str
    index: tuple[int, ...] | None = None
    expected: int | float | None = None
    actual: int | float | None = None


def first_different_layer(
    built: OutputInfo, sample: Sequence[bytes], on: str = "emulator"
) -> LayerDifference | None:
    """Run one sample and compare every tensor inside; None where all layers are right.

    States are zero: the sample is the first after a reset.

    Raises ``damaged-output`` where the folder's target graph and its firmware do not fit together.
    """
    graph = built_graph(built)
    nodes = [node for node in graph.nodes if not _is_view(node, graph)]
    if len(nodes) != sum(layer["op"] != STATE for layer in built.report["layers"]):
        raise _does_not_match()
    arrays = {
        name: np.frombuffer(raw, graph.types[name].dtype.numpy).reshape(graph.types[name].shape)
        for name, raw in zip(graph.without_states(graph.inputs), sample, strict=True)
    }
    states = {each.input: zeros(graph.types[each.input]) for each in graph.states}
    expected = evaluate_all(graph, {**arrays, **states})
    tensors = _tensors(built, graph, nodes)
    tensors += [[] for _ in range(len(built.report["layers"]) - len(nodes))]  # states are kept last
    if on != "emulator":
        return _first_by_checksum(built, sample, on, tensors, expected)
    inputs = _inputs(built, graph, sample)
    contents = _watch(built, sample, inputs, tensors)
    for number, (found, seen) in enumerate(zip(tensors, contents, strict=True)):
        for (name, _), raw in zip(found, seen, strict=True):
            want = expected[name]
            have = np.frombuffer(raw, want.dtype).reshape(want.shape)
            if tolerance_of(graph.types[name].dtype).differs(want, have).any():
                return _difference(built, number, want, have)
    return None


Tensor = tuple[ValueName, Region]


def _first_by_checksum(
    built: OutputInfo,
    sample: Sequence[bytes],
    on: str,
    tensors: list[list[Tensor]],
    expected: Mapping[ValueName, Array],
) -> LayerDifference | None:
    """Run the sample once for each tensor, until one is wrong."""
    with open_session(built, on, _TIMEOUT) as session:
        for number, found in enumerate(tensors):
            for name, region in found:
                session.reset()
                if session.crc_after(sample, number, region) != zlib.crc32(
                    expected[name].tobytes()
                ):
                    return LayerDifference(number, *_title(built, number))
    return None


def _title(built: OutputInfo, number: int) -> tuple[str, str, str]:
    layer = built.report["layers"][number]
    return layer["name"], layer["op"], layer["kernel"]


def _is_view(node: Node, graph: Graph) -> bool:
    """Tell whether a node is no layer: its output is its input, seen otherwise."""
    op = node.op
    return isinstance(op, Operator) and op.is_view and node.inputs[0] not in graph.constants


def _inputs(built: OutputInfo, graph: Graph, sample: Sequence[bytes]) -> list[tuple[Region, bytes]]:
    """Return where the inputs lie in the arena, and what a run of this sample finds there."""
    plan = _plan(built)
    names = graph.without_states(graph.inputs)
    return [
        ((plan[name], len(raw)), raw)
        for name, raw in zip(names, sample, strict=True)
        if name in plan
    ]


def _plan(built: OutputInfo) -> dict[str, int]:
    return {each["tensor"]: each["offset"] for each in built.report["memory"]["plan"]}


def _tensors(built: OutputInfo, graph: Graph, nodes: Sequence[Node]) -> list[list[Tensor]]:
    """Return where the outputs of each node lie in the arena; those without a place are left out.

    Regions count from the start of the arena.
    """
    plan = _plan(built)
    return [
        [
            (value, (plan[value], graph.types[value].bytes))
            for value in node.outputs
            if value in plan
        ]
        for node in nodes
    ]


def _watch(
    built: OutputInfo,
    sample: Sequence[bytes],
    inputs: list[tuple[Region, bytes]],
    tensors: list[list[Tensor]],
) -> list[list[bytes]]:
    board, elf = built.emulated
    arena = _address(board, elf, "arena")
    regions = [[(arena + at, size) for _, (at, size) in node] for node in tensors]
    run, hook = _address(board, elf, f"{built.name}_run"), _address(board, elf, "edgec_on_node")
    kind = board.architecture.breakpoint_bytes
    placed = [((arena + at, size), raw) for (at, size), raw in inputs]
    with NodeWatcher(run, hook, placed, regions, kind) as watcher:
        _run(board, elf, watcher, sample)
    if len(watcher.contents) != len(tensors):
        raise _does_not_match()
    return watcher.contents


def _run(board: Board, elf: Path, watcher: NodeWatcher, sample: Sequence[bytes]) -> None:
    with Emulator(board, elf, timeout=_TIMEOUT, debugger=watcher.remote) as session:
        session.run(sample)


def _address(board: Board, elf: Path, symbol: str) -> int:
    address = symbol_address(elf, symbol, board.architecture)
    if address is None:
        raise _does_not_match()
    return address


def _difference(built: OutputInfo, number: int, want: Array, have: Array) -> LayerDifference:
    index = tuple(int(axis[0]) for axis in np.nonzero(want != have))
    values = (want[index].item(), have[index].item())
    return LayerDifference(number, *_title(built, number), index, *values)


def _does_not_match() -> EdgecError:
    return EdgecError(
        "damaged-output",
        "the firmware and the target graph in this folder have not the same layers",
        help="build again",
    )
