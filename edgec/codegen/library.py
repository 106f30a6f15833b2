"""Program + memory plan -> the self-contained C library: header, model, weights, kernels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

from edgec import __version__
from edgec.backends.backend import Backend, backend_named
from edgec.backends.runtime_sources import HEADER
from edgec.backends.runtime_sources import closure as runtime_closure
from edgec.codegen.c_names import identifier, symbols
from edgec.codegen.emit import Names, array_body, body_lines, c_type, number, uses_arena
from edgec.codegen.render import comment, render
from edgec.codegen.source_tree import SourceTree
from edgec.ir import DType
from edgec.memory.deployment import Deployment
from edgec.memory.planner import ALIGNMENT, MemoryPlan, aligned
from edgec.program import ConstantArray, Port, Program, StateStorage, Step
from edgec.resources import license_text
from edgec.targets.cpu import CpuCore
from edgec.targets.target import Target

ABI_VERSION = 1
_MODEL_FILES = {  # template -> file of a model
    "model.h.j2": "{}.h",
    "model.c.j2": "{}.c",
    "weights.h.j2": "{}_weights.h",
    "weights.c.j2": "{}_weights.c",
}
_SUFFIXES = {DType.INT8: "s8", DType.UINT8: "u8", DType.INT16: "s16"}


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
    constant: str  # the symbol of an output that is always the same; else empty
    suffix: str  # of the kernels that convert floats; empty where there are none
    quantizer: str  # the kernel that makes integers of floats
    quantized: bool


@dataclass(frozen=True, slots=True)
class ConstantView:
    """A constant array: its declaration and its elements."""

    declaration: str
    lines: tuple[str, ...]
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
class ThirdPartyView:
    """Files of somebody else's library: their folder, its name, C files and include folders."""

    folder: str
    title: str
    sources: tuple[str, ...]
    include_folders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CMakeView:
    """For CMakeLists.txt.j2."""

    version: str
    name: str
    model_sources: tuple[str, ...]
    sources: tuple[str, ...]
    third_parties: tuple[ThirdPartyView, ...]


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
    excluded_macros: tuple[str, ...]
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


def library_tree(
    program: Program, memory: MemoryPlan, target: Target, origin: Origin
) -> SourceTree:
    """Return the folder ``<name>/``: everything a C project needs to run the model."""
    return deployment_tree(Deployment.of_one(program, memory), target, [origin])


def deployment_tree(
    deployment: Deployment, target: Target, origins: Sequence[Origin]
) -> SourceTree:
    """Return one folder for all models of a deployment, with the union of their kernels."""
    programs = [each.program for each in deployment.models]
    kernels = _kernel_files(programs, target)
    files: dict[str, bytes] = {}
    for each, origin in zip(deployment.models, origins, strict=True):
        view = _view(each.program, each.memory, target.core, origin)
        for template, name in _MODEL_FILES.items():
            files[name.format(view.name)] = render(f"model/{template}", view)
    cmake = _cmake_view(deployment.name, programs, list(kernels))
    files["CMakeLists.txt"] = render("model/CMakeLists.txt.j2", cmake)
    files["LICENSE"] = license_text()
    return SourceTree({**files, **{f"kernels/{path}": data for path, data in kernels.items()}})


def _kernel_files(programs: Sequence[Program], target: Target) -> dict[str, bytes]:
    """Return the kernels' sources, only those needed; the helpers of the API come with them."""
    own = {function for each in programs for function in _port_helpers(each)}
    others: list[tuple[Backend, set[str]]] = []
    for backend in _used_backends(programs):
        functions = {
            call.function
            for program in programs
            for step in program.steps
            if step.backend == backend.name
            for call in step.calls
        }
        if HEADER in backend.headers:  # runtime_c's: one header has the prototypes of all
            own |= functions
        else:
            others.append((backend, functions))
    files = dict(runtime_closure(own))
    for backend, functions in others:
        files.update(backend.sources(functions, target))
    return files


def _used_backends(programs: Sequence[Program]) -> list[Backend]:
    names = {step.backend for program in programs for step in program.steps}
    return [backend_named(name) for name in sorted(names)]


def _port_helpers(program: Program) -> set[str]:
    read = {_quantizer(port) for port in program.inputs if _suffix(port)}
    made = {f"edgec_dequantize_{suffix}_f32" for suffix in map(_suffix, program.outputs) if suffix}
    return read | made


def _suffix(port: Port) -> str:
    """Return how kernels call a quantized port's type, nothing for any other port."""
    return "" if port.type.qparams is None else _SUFFIXES.get(port.type.dtype, "")


def _quantizer(port: Port) -> str:
    """Return the kernel that makes a port's integers of floats."""
    even = port.halves_to_even and port.type.dtype.bytes == 1
    return f"edgec_quantize_{'even_' if even else ''}f32_{_suffix(port)}"


def _view(program: Program, memory: MemoryPlan, cpu: CpuCore, origin: Origin) -> LibraryView:
    name = identifier(program.name)
    names = Names(symbols(name, program.constants), memory.offsets)
    return LibraryView(
        version=__version__,
        origin=origin,
        title=comment(program.name),
        name=name,
        macro=name.upper(),
        abi_version=ABI_VERSION,
        cpu=cpu.name,
        required_macros=cpu.required_macros,
        excluded_macros=_other_plans(program, cpu),
        model_hash=", ".join(f"0x{byte:02x}" for byte in bytes.fromhex(origin.model_sha256)[:8]),
        inputs=_port_views(program.inputs, f"{name.upper()}_INPUT", names),
        outputs=_port_views(program.outputs, f"{name.upper()}_OUTPUT", names),
        arena_size=memory.size,
        arena_align=ALIGNMENT,
        macs=sum(step.macs for step in program.steps),
        headers=_headers(program),
        constants=tuple(_constant_view(each, names) for each in program.constants.values()),
        nodes=tuple(_node_view(index, step, names) for index, step in enumerate(program.steps)),
        arena_map=_arena_map(memory),
        states=tuple(_state_view(program, each, memory) for each in program.states),
    )


def _cmake_view(name: str, programs: Sequence[Program], kernels: Sequence[str]) -> CMakeView:
    sources = [path for path in kernels if path.endswith(".c")]
    third_parties = _third_parties(programs, sources)
    theirs = {path for each in third_parties for path in each.sources}
    models = [identifier(each.name) for each in programs]
    return CMakeView(
        version=__version__,
        name=identifier(name),
        model_sources=tuple(f"{each}{end}" for each in models for end in (".c", "_weights.c")),
        sources=tuple(sorted(path for path in sources if path not in theirs)),
        third_parties=third_parties,
    )


def _third_parties(
    programs: Sequence[Program], sources: Sequence[str]
) -> tuple[ThirdPartyView, ...]:
    return tuple(
        ThirdPartyView(
            each.folder,
            each.title,
            tuple(sorted(path for path in sources if path.startswith(f"{each.folder}/"))),
            each.include_folders,
        )
        for each in _used_backends(programs)
        if each.folder
    )


def _headers(program: Program) -> tuple[str, ...]:
    headers = [header for each in _used_backends([program]) for header in each.headers]
    return tuple(dict.fromkeys((HEADER, *headers)))


def _other_plans(program: Program, cpu: CpuCore) -> tuple[str, ...]:
    """Return the macros under which kernels would not be those that were planned."""
    return tuple(macro for each in _used_backends([program]) for macro in each.other_plans(cpu.isa))


def _port_views(ports: Sequence[Port], macro: str, names: Names) -> tuple[PortView, ...]:
    return tuple(_port_view(i, port, f"{macro}_{i}", names) for i, port in enumerate(ports))


def _port_view(index: int, port: Port, macro: str, names: Names) -> PortView:
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
        offset=names.offsets[port.view.storage] + port.view.offset if port.view else 0,
        constant=names.symbols[port.constant] if port.constant else "",
        suffix=_suffix(port),
        quantizer=_quantizer(port),
        quantized=quantization is not None,
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
        tuple(array_body(constant.data).splitlines()),
        comment(f"{constant.name} {'x'.join(map(str, constant.data.shape))}"),
    )


def _state_view(program: Program, state: StateStorage, memory: MemoryPlan) -> StateView:
    size = program.storages[state.storage].size
    return StateView(memory.offsets[state.storage], size, state.fill % 256, comment(state.storage))


def _node_view(index: int, step: Step, names: Names) -> NodeView:
    lines = tuple(body_lines(step.calls, names))
    return NodeView(
        index,
        comment(step.comment),
        f"{step.backend}: {step.function}",
        lines,
        uses_arena(step.calls),
    )


def _arena_map(memory: MemoryPlan) -> tuple[ArenaRow, ...]:
    key: Callable[[ArenaRow], tuple[int, int]] = lambda row: (row.first, row.offset)  # noqa: E731
    rows = [
        ArenaRow(memory.offsets[e.name], aligned(e.size), e.first, e.last, comment(e.name))
        for e in memory.ranges
    ]
    return tuple(sorted(rows, key=key))
