"""Chooses a kernel for every node and lowers the graph to a program."""

from collections.abc import Sequence

from edgec.backends.base import KERNELS, Kernel, LoweringContext, Request
from edgec.errors import EdgecError, Place, raise_all
from edgec.ir import Graph, Node, ValueName
from edgec.lir import Buffer, ConstantArray, Port, Program, Step
from edgec.targets.cpu import CpuCore

BACKENDS_BY_CHOICE = {
    "auto": ("cmsis_nn", "portable_c"),
    "cmsis-nn": ("cmsis_nn", "portable_c"),
    "portable": ("portable_c",),
}
"""What ``--kernels`` means: backends in order of preference."""


def lower(graph: Graph, cpu: CpuCore, backends: Sequence[str]) -> Program:
    """Return the program of ``graph`` on ``cpu``.

    Raises :class:`EdgecError` ``no-kernel`` naming every node that no backend can run.
    """
    buffers = {
        value: Buffer(value, kind.bytes)
        for value, kind in graph.types.items()
        if value not in graph.constants
    }
    names = {value: buffer.name for value, buffer in buffers.items()}
    constants: dict[str, ConstantArray] = {}
    chosen = _choose_all(graph, cpu, backends)
    steps = tuple(_lower_node(request, kernel, names, constants) for request, kernel in chosen)
    scratch = {ValueName(step.scratch.name): step.scratch for step in steps if step.scratch}
    return Program(
        graph.name,
        cpu.name,
        tuple(_port(graph, value) for value in graph.inputs),
        tuple(_port(graph, value) for value in graph.outputs),
        {**buffers, **scratch},
        constants,
        steps,
    )


def _port(graph: Graph, value: ValueName) -> Port:
    return Port(value, graph.types[value], value, graph.layouts.get(value))


def _choose_all(
    graph: Graph, cpu: CpuCore, backends: Sequence[str]
) -> list[tuple[Request, Kernel]]:
    chosen: list[tuple[Request, Kernel]] = []
    errors: list[EdgecError] = []
    for node in graph.nodes:
        request = Request(node, node.op, graph.signature(node), graph, cpu)
        try:
            chosen.append((request, choose(request, backends)))
        except EdgecError as error:
            errors.append(error)
    raise_all(errors)
    return chosen


def choose(request: Request, backends: Sequence[str]) -> Kernel:
    """Return the first kernel without a rejection, in the order of ``backends``."""
    notes: list[str] = []
    for backend in backends:
        for kernel in KERNELS.get((backend, type(request.op)), []):
            rejections = kernel.rejections(request)
            if not rejections:
                return kernel
            notes += [f"{backend} {kernel.lower.__name__}: requires: {why}" for why in rejections]
    raise EdgecError(
        "no-kernel",
        f"{request.op} has no kernel for {', '.join(map(str, request.signature.inputs))}",
        place=Place(request.graph.name, f"node {request.node.name!r}"),
        help="`edgec ops` lists what each kernel needs; `edgec check` shows the whole model",
        notes=notes,
    )


def _lower_node(
    request: Request,
    kernel: Kernel,
    buffers: dict[ValueName, str],
    constants: dict[str, ConstantArray],
) -> Step:
    context = LoweringContext(request, buffers, constants)
    call = kernel.lower(context)
    node, signature = request.node, request.signature
    return Step(
        node=node.name,
        op=node.op.name,
        comment=_comment(node, request),
        backend=kernel.backend,
        call=call,
        reads=tuple(buffers[value] for value in node.inputs if value in buffers),
        writes=tuple(buffers[value] for value in node.outputs),
        scratch=context.scratch,
        macs=node.op.macs(signature),
        weights_bytes=context.weights_bytes,
        inputs=signature.inputs,
        outputs=signature.outputs,
    )


def _comment(node: Node, request: Request) -> str:
    shapes = ["x".join(map(str, kind.shape)) for kind in request.signature.inputs[:1]]
    shapes += ["x".join(map(str, kind.shape)) for kind in request.signature.outputs]
    return f"{node.name}: {node.op} {' -> '.join(shapes)}"
