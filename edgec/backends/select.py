"""Chooses a kernel for every node and lowers the graph to a program."""

from collections.abc import Sequence

from edgec.backends.base import Kernel, LoweringContext, Request, kernels_for
from edgec.backends.state_steps import keep_states, state_buffers
from edgec.errors import EdgecError, Place, raise_all
from edgec.ir import Graph, Node, ValueName
from edgec.lir import Buffer, ConstantArray, Port, Program, Step
from edgec.ops.operator import Operator
from edgec.targets.cpu import CpuCore

BACKENDS_BY_CHOICE = {
    "auto": ("cmsis_nn", "portable_c"),
    "cmsis-nn": ("cmsis_nn", "portable_c"),
    "portable": ("portable_c",),
}
"""What ``--kernels`` means: backends in order of preference."""


def lower(graph: Graph, cpu: CpuCore, backends: Sequence[str]) -> Program:
    """Return the program of ``graph`` on ``cpu``.

    Raises :class:`EdgecError` ``no-kernel`` naming every node that no backend can run, and
    ``unsupported-state``.
    """
    names = _buffer_names(graph)
    buffers: dict[str, Buffer] = {
        name: Buffer(name, graph.types[ValueName(name)].bytes) for name in names.values()
    }
    constants: dict[str, ConstantArray] = {}
    chosen = _choose_all(graph, cpu, backends)
    steps = tuple(_lower_node(request, kernel, names, constants) for request, kernel in chosen)
    scratch = {step.scratch.name: step.scratch for step in steps if step.scratch}
    return Program(
        graph.name,
        cpu.name,
        tuple(_port(graph, value, names) for value in graph.without_states(graph.inputs)),
        tuple(_port(graph, value, names) for value in graph.without_states(graph.outputs)),
        {**buffers, **scratch},
        constants,
        (*steps, *keep_states(graph, names)),
        states=state_buffers(graph, names),
    )


def _port(graph: Graph, value: ValueName, names: dict[ValueName, str]) -> Port:
    layout = graph.layouts.get(value)
    return Port(value, graph.types[value], names[value], layout, graph.halves_to_even)


def _buffer_names(graph: Graph) -> dict[ValueName, str]:
    """Name the buffer of every value; a view shares the buffer of what it views."""
    names: dict[ValueName, str] = {value: value for value in graph.inputs}
    for node in graph.nodes:
        for value in node.outputs:
            names[value] = names[node.inputs[0]] if _is_elided(graph, node) else value
    return names


def _is_elided(graph: Graph, node: Node) -> bool:
    """Tell whether a node costs nothing: its output is its input's buffer."""
    op = node.op
    return isinstance(op, Operator) and op.is_view and node.inputs[0] not in graph.constants


def _choose_all(
    graph: Graph, cpu: CpuCore, backends: Sequence[str]
) -> list[tuple[Request, Kernel]]:
    chosen: list[tuple[Request, Kernel]] = []
    errors: list[EdgecError] = []
    for node in (each for each in graph.nodes if not _is_elided(graph, each)):
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
        for kernel in kernels_for(backend, type(request.op)):
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
