"""Program + memory plan -> the self-contained C library: header, model, weights, kernels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

from edgec import __version__
from edgec.backends.cmsis_nn import source as cmsis_nn_source
from edgec.backends.portable_c import source as portable_source
from edgec.codegen.emit import Names, array_body, c_type, call_lines, number, uses_arena
from edgec.codegen.render import comment, identifier, identifiers, render
from edgec.codegen.source_tree import SourceTree
from edgec.ir import DType
from edgec.lir import ConstantArray, Port, Program, StateBuffer, Step
from edgec.memory.planner import ALIGNMENT, MemoryPlan, aligned
from edgec.resources import license_text
from edgec.targets.cpu import CpuCore

ABI_VERSION = 1
_SUFFIXES = {DType.INT8: "s8", DType.INT16: "s16"}


@dataclass(frozen=True, slots=True)
class Origin:
    """What a generated file says of where it comes from."""

    model_sha256: str
    board: str
    options: str


@dataclass(frozen=True, slots=True)
class PortView:
    """A model input or output as the header shows it."""

    index: int
    name: str
    macro: str
    shape: str
    rank: int
    size: int
    bytes: int
    c_type: str
    dtype: str
    scale: str
    zero_point: int
    layout: str
    offset: int
    suffix: str  # of the kernels that convert floats; empty where the port is not quantized
    quantizer: str  # the kernel that makes integers of floats


@dataclass(frozen=True, slots=True)
class ConstantView:
    """A constant array: its declaration and its elements."""

    declaration: str
    body: str
    comment: str


@dataclass(frozen=True, slots=True)
class NodeView:
    """One step: the lines of the function that runs it."""

    index: int
    comment: str
    kernel: str
    lines: tuple[str, ...]
    uses_arena: bool


@dataclass(frozen=True, slots=True)
class ArenaRow:
    """One line of the arena map."""

    offset: int
    size: int
    first: int
    last: int
    name: str


@dataclass(frozen=True, slots=True)
class StateView:
    """Bytes of the arena that keep their content between runs, and what a reset fills them with."""

    offset: int
    bytes: int
    fill: int
    name: str


@dataclass(frozen=True, slots=True)
class LibraryView:
    """Everything the templates of the library may show."""

    version: str
    origin: Origin
    title: str
    name: str
    macro: str
    abi_version: int
    cpu: str
    required_macros: tuple[str, ...]
    model_hash: str
    inputs: tuple[PortView, ...]
    outputs: tuple[PortView, ...]
    arena_size: int
    arena_align: int
    macs: int
    headers: tuple[str, ...]
    constants: tuple[ConstantView, ...]
    nodes: tuple[NodeView, ...]
    arena_map: tuple[ArenaRow, ...]
    states: tuple[StateView, ...]
    sources: tuple[str, ...]
    third_party_sources: tuple[str, ...]
    third_party_include: str
    has_third_party: bool


def library_tree(
    program: Program,
    memory: MemoryPlan,
    cpu: CpuCore,
    origin: Origin,
    *,
    cmsis_nn: Path | None = None,
) -> SourceTree:
    """Return the folder ``<name>/``: everything a C project needs to run the model."""
    kernels = _kernel_files(program, cmsis_nn)
    view = _view(program, memory, cpu, origin, kernels)
    name = view.name
    files = {
        f"{name}.h": render("model/model.h.j2", view),
        f"{name}.c": render("model/model.c.j2", view),
        f"{name}_weights.h": render("model/weights.h.j2", view),
        f"{name}_weights.c": render("model/weights.c.j2", view),
        "CMakeLists.txt": render("model/CMakeLists.txt.j2", view),
        "LICENSE": license_text(),
        **{f"kernels/{path}": data for path, data in kernels.items()},
    }
    return SourceTree(files)


def _kernel_files(program: Program, cmsis_nn: Path | None) -> dict[str, bytes]:
    """Return the kernels' sources, only those needed; the helpers of the API come with them."""
    used: dict[str, set[str]] = {}
    for step in program.steps:
        used.setdefault(step.backend, set()).add(step.call.function)
    portable = used.get("portable_c", set()) | _port_helpers(program)
    files = dict(portable_source.closure(portable))
    if "cmsis_nn" in used:
        library = cmsis_nn_source.find(cmsis_nn)
        chosen = library.closure(sorted(used["cmsis_nn"]))
        files.update({f"cmsis_nn/{path}": data for path, data in chosen.items()})
    return files


def _port_helpers(program: Program) -> set[str]:
    read = {_quantizer(port) for port in program.inputs if _suffix(port)}
    made = {f"edgec_dequantize_{suffix}_f32" for suffix in map(_suffix, program.outputs) if suffix}
    return read | made


def _suffix(port: Port) -> str:
    """Return how kernels call a quantized port's type, nothing for any other port."""
    return "" if port.type.qparams is None else _SUFFIXES.get(port.type.dtype, "")


def _quantizer(port: Port) -> str:
    """Return the kernel that makes a port's integers of floats."""
    even = port.halves_to_even and port.type.dtype is DType.INT8
    return f"edgec_quantize_{'even_' if even else ''}f32_{_suffix(port)}"


def _view(
    program: Program, memory: MemoryPlan, cpu: CpuCore, origin: Origin, kernels: dict[str, bytes]
) -> LibraryView:
    name = identifier(program.name)
    symbols = identifiers(f"{name}_{each}" for each in program.constants)
    names = Names({each: symbols[f"{name}_{each}"] for each in program.constants}, memory.offsets)
    sources = [path for path in kernels if path.endswith(".c")]
    third_party = tuple(sorted(path for path in sources if path.startswith("cmsis_nn/")))
    return LibraryView(
        version=__version__,
        origin=origin,
        title=comment(program.name),
        name=name,
        macro=name.upper(),
        abi_version=ABI_VERSION,
        cpu=cpu.name,
        required_macros=cpu.required_macros,
        model_hash=", ".join(f"0x{byte:02x}" for byte in bytes.fromhex(origin.model_sha256)[:8]),
        inputs=_port_views(program.inputs, f"{name.upper()}_INPUT", memory),
        outputs=_port_views(program.outputs, f"{name.upper()}_OUTPUT", memory),
        arena_size=memory.size,
        arena_align=ALIGNMENT,
        macs=sum(step.macs for step in program.steps),
        headers=_headers(program),
        constants=tuple(_constant_view(each, names) for each in program.constants.values()),
        nodes=tuple(_node_view(index, step, names) for index, step in enumerate(program.steps)),
        arena_map=_arena_map(memory),
        states=tuple(_state_view(program, each, memory) for each in program.states),
        sources=tuple(sorted(path for path in sources if path not in third_party)),
        third_party_sources=third_party,
        third_party_include="cmsis_nn/Include",
        has_third_party=bool(third_party),
    )


def _headers(program: Program) -> tuple[str, ...]:
    headers = ['"edgec_kernels.h"']
    if any(step.backend == "cmsis_nn" for step in program.steps):
        headers.append('"arm_nnfunctions.h"')
    return tuple(headers)


def _port_views(ports: Sequence[Port], macro: str, memory: MemoryPlan) -> tuple[PortView, ...]:
    return tuple(_port_view(i, port, f"{macro}_{i}", memory) for i, port in enumerate(ports))


def _port_view(index: int, port: Port, macro: str, memory: MemoryPlan) -> PortView:
    kind = port.type
    quantization = kind.qparams
    return PortView(
        index=index,
        name=comment(port.name),
        macro=macro,
        shape=", ".join(map(str, kind.shape)) or "1",
        rank=max(kind.rank, 1),
        size=prod(kind.shape),
        bytes=kind.bytes,
        c_type=c_type(kind.dtype.value),
        dtype=kind.dtype.value.upper(),
        scale=number(float(quantization.scale)) if quantization else "1.0f",
        zero_point=quantization.zero_point if quantization else 0,
        layout=layout_name(port),
        offset=memory.offsets[port.buffer],
        suffix=_suffix(port),
        quantizer=_quantizer(port),
    )


def layout_name(port: Port) -> str:
    """Name the order of a port's axes: channels last where the rank says so."""
    by_rank = {4: "NHWC", 3: "NWC", 2: "NC"}
    return by_rank.get(port.type.rank, "ROW_MAJOR")


def _constant_view(constant: ConstantArray, names: Names) -> ConstantView:
    symbol = names.symbols[constant.name]
    kind = c_type(constant.data.dtype.name)
    return ConstantView(
        f"const {kind} {symbol}[{max(constant.data.size, 1)}]",
        array_body(constant.data),
        comment(f"{constant.name} {'x'.join(map(str, constant.data.shape))}"),
    )


def _state_view(program: Program, state: StateBuffer, memory: MemoryPlan) -> StateView:
    size = program.buffers[state.buffer].size
    return StateView(memory.offsets[state.buffer], size, state.fill % 256, comment(state.buffer))


def _node_view(index: int, step: Step, names: Names) -> NodeView:
    lines = tuple(call_lines(step.call, names))
    return NodeView(
        index,
        comment(step.comment),
        f"{step.backend}: {step.call.function}",
        lines,
        uses_arena(step.call),
    )


def _arena_map(memory: MemoryPlan) -> tuple[ArenaRow, ...]:
    key: Callable[[ArenaRow], tuple[int, int]] = lambda row: (row.first, row.offset)  # noqa: E731
    rows = [
        ArenaRow(memory.offsets[e.name], aligned(e.size), e.first, e.last, comment(e.name))
        for e in memory.ranges
    ]
    return tuple(sorted(rows, key=key))
