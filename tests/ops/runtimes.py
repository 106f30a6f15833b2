"""The runtimes that every operator case runs on. A batch of cases becomes one graph, one build."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from lowering import target
from ops.case import Case

from edgec.backends.backend import preferred
from edgec.backends.selection import lower
from edgec.codegen.c_names import identifier
from edgec.codegen.firmware import FirmwareModel, firmware_tree
from edgec.codegen.library import Origin, library_tree
from edgec.codegen.source_tree import SourceTree
from edgec.firmware.emulate import Emulator, Session
from edgec.firmware.host import HostProcess
from edgec.firmware.image import build_firmware
from edgec.ir import Array, Graph, Node, ValueName, verify
from edgec.memory.liveness import live_ranges
from edgec.memory.planner import plan
from edgec.targets.board import load_board
from edgec.targets.target import Target

SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g")
Outputs = list[list[Array]]  # [sample][output]


@dataclass(frozen=True)
class Runtime:
    """Where a case runs: ``board`` in QEMU, or this machine (``host``)."""

    board: str
    kernels: str

    def __str__(self) -> str:
        return f"{self.board}-{self.kernels}"

    @property
    def target(self) -> Target:
        core = "host" if self.board == "host" else load_board(self.board).cpu
        return target(core, self.kernels)

    def run(self, graph: Graph, samples: Sequence[dict[ValueName, Array]], folder: Path) -> Outputs:
        """Build ``graph`` in ``folder`` and run every sample."""
        tree, name = compile_graph(graph, self.target, self.kernels)
        ports = (len(graph.inputs), len(graph.outputs))
        if self.board == "host":
            with HostProcess(tree, name, ports, flags=SANITIZERS) as session:
                return _run_all(session, graph, samples)
        board = load_board(self.board)
        firmware = firmware_tree(board, FirmwareModel(name, *ports))
        tree.under(name).merge(firmware.under("firmware")).write(folder)
        image = build_firmware(folder, name, board)
        with Emulator(board, image.elf, timeout=120) as session:
            return _run_all(session, graph, samples)


def compile_graph(graph: Graph, made_for: Target, kernels: str) -> tuple[SourceTree, str]:
    """Lower, plan and print a graph; return the library's files and its C name.

    Libraries for Cortex-M stay away from this machine.
    """
    on_host = made_for.core.name == "host"
    backends = [each for each in preferred(kernels) if not (on_host and each.library)]
    program = lower(graph, made_for, backends)
    origin = Origin("00" * 32, "test", kernels)
    tree = library_tree(program, plan(live_ranges(program)), made_for, origin)
    return tree, identifier(graph.name)


def _run_all(session: Session, graph: Graph, samples: Sequence[dict[ValueName, Array]]) -> Outputs:
    results = []
    kinds = [graph.types[name] for name in graph.outputs]
    for sample in samples:
        data = session.run([sample[name].tobytes() for name in graph.inputs]).outputs
        results.append(
            [
                np.frombuffer(raw, kind.dtype.numpy).reshape(kind.shape)
                for raw, kind in zip(data, kinds, strict=True)
            ]
        )
    return results


def merge(name: str, cases: Sequence[Case]) -> Graph:
    """Return one graph with all cases side by side; values are prefixed with the case's number."""
    parts = [_prefixed(case.graph, f"case{number}") for number, case in enumerate(cases)]
    merged = Graph(
        name,
        tuple(value for part in parts for value in part.inputs),
        tuple(value for part in parts for value in part.outputs),
        tuple(node for part in parts for node in part.nodes),
        {value: kind for part in parts for value, kind in part.types.items()},
        {value: data for part in parts for value, data in part.constants.items()},
    )
    verify(merged)
    return merged


def merged_samples(graph: Graph, cases: Sequence[Case]) -> list[dict[ValueName, Array]]:
    """Return the samples of all cases, zipped; a case with fewer repeats its last one."""
    drawn = [case.inputs() for case in cases]
    longest = max(len(each) for each in drawn)
    return [
        {
            prefixed(f"case{number}", name): array
            for number, samples in enumerate(drawn)
            for name, array in samples[min(index, len(samples) - 1)].items()
        }
        for index in range(longest)
    ]


def prefixed(prefix: str, value: str) -> ValueName:
    return ValueName(f"{prefix}/{value}")


def _prefixed(graph: Graph, prefix: str) -> Graph:
    def rename(values: Sequence[ValueName]) -> tuple[ValueName, ...]:
        return tuple(prefixed(prefix, value) for value in values)

    def rename_node(node: Node) -> Node:
        return replace(
            node,
            name=f"{prefix}/{node.name}",
            inputs=rename(node.inputs),
            outputs=rename(node.outputs),
        )

    return Graph(
        graph.name,
        rename(graph.inputs),
        rename(graph.outputs),
        tuple(rename_node(node) for node in graph.nodes),
        {prefixed(prefix, value): kind for value, kind in graph.types.items()},
        {prefixed(prefix, value): data for value, data in graph.constants.items()},
    )
