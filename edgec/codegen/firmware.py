"""Board and model to ``firmware/``: start-up code, linker script, main, Makefile.

The folder needs its sibling, the model's library, and nothing of edgec to be built again.
:class:`BuildRecipe` is the one place that says how; the Makefile and edgec's own build both use it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from edgec.backends.backend import backends
from edgec.codegen.c_names import identifier
from edgec.codegen.render import render
from edgec.codegen.source_tree import SourceTree
from edgec.memory.deployment import Deployment
from edgec.memory.planner import ALIGNMENT
from edgec.resources import data_folder
from edgec.targets.architecture import Architecture
from edgec.targets.board import Board
from edgec.targets.this_machine import HOST

DEFAULT_STACK_BYTES = 4096
SEMIHOSTING = "semihosting"
WARNING_FLAGS = (
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wconversion",
    "-Wsign-conversion",
    "-Wshadow",
    "-Wcast-align",
)
_COMMON_FLAGS = (
    "-std=c99",
    "-O3",
    "-DNDEBUG",
    "-DEDGEC_PROFILE",
    "-DEDGEC_SECTIONS",
    "-ffunction-sections",
    "-fdata-sections",
    "-fno-common",
)
_HEADERS = ("edgec/runner.h", "edgec/port.h")


@dataclass(frozen=True, slots=True)
class FirmwareModel:
    """What the firmware must know of a model library: its C prefix and its numbers of tensors."""

    name: str
    input_count: int
    output_count: int


@dataclass(frozen=True, slots=True)
class FirmwareModels:
    """The models of a firmware, in a folder called ``name``, and the arena that they share."""

    name: str
    models: tuple[FirmwareModel, ...]
    arena_starts: tuple[int, ...]
    arena_size: int

    @classmethod
    def of(cls, deployment: Deployment) -> "FirmwareModels":
        """Return what the firmware of a deployment must know."""
        models = tuple(
            FirmwareModel(
                identifier(each.program.name), len(each.program.inputs), len(each.program.outputs)
            )
            for each in deployment.models
        )
        name = identifier(deployment.name)
        return cls(name, models, deployment.arena_starts, deployment.arena_size)


@dataclass(frozen=True, slots=True)
class BuildRecipe:
    """Compiler and linker arguments; all paths are relative to OUT, where commands run."""

    board_name: str
    name: str
    compiler: str
    cross: str
    third_parties: tuple[str, ...]
    cpu_flags: tuple[str, ...]
    common_flags: tuple[str, ...]
    warning_flags: tuple[str, ...]
    include_flags: tuple[str, ...]
    link_flags: tuple[str, ...]
    bin_flags: tuple[str, ...]

    def compile_flags(self, source: str) -> tuple[str, ...]:
        """Return the arguments that compile ``source``; third-party code is not warned about."""
        is_ours = not source.startswith(third_party_folders(self.name))
        warnings = self.warning_flags if is_ours else ("-w",)
        return (*self.cpu_flags, *self.common_flags, *warnings, *self.include_flags)


def build_recipe(board: Board, name: str) -> BuildRecipe:
    """Return how the firmware of model ``name`` is compiled and linked for ``board``."""
    folders = ("firmware/include", name, *kernel_includes(name))
    return BuildRecipe(
        board_name=board.name,
        name=name,
        compiler=board.architecture.tools["compiler"].program,
        cross=board.architecture.cross,
        third_parties=tuple(f"kernels/{each.folder}" for each in backends() if each.folder),
        cpu_flags=board.core.flags,
        common_flags=_COMMON_FLAGS,
        warning_flags=WARNING_FLAGS,
        include_flags=tuple(f"-I{folder}" for folder in folders),
        link_flags=(
            "-nostartfiles",
            "-Lfirmware",
            "-Tfirmware/linker.ld",
            "-Wl,--gc-sections",
            "-Wl,--strip-debug",
            "-Wl,--fatal-warnings",
            "-Wl,-Map=firmware.map",
            "-lm",
        ),
        bin_flags=_bin_flags(board),
    )


def third_party_folders(name: str) -> tuple[str, ...]:
    """Return the folders of third-party kernels that model ``name`` may have, below OUT."""
    return tuple(f"{name}/kernels/{each.folder}/" for each in backends() if each.folder)


def kernel_includes(name: str) -> tuple[str, ...]:
    """Return where compilers find the headers of kernels of model ``name``, below OUT."""
    libraries = [path for each in backends() for path in each.include_folders]
    return (f"{name}/kernels", *(f"{name}/kernels/{path}" for path in libraries))


def firmware_tree(
    board: Board,
    model: FirmwareModel | FirmwareModels,
    *,
    stack_bytes: int = DEFAULT_STACK_BYTES,
) -> SourceTree:
    """Return ``firmware/`` for a model or several on ``board`` (paths relative to it)."""
    rendered = {
        "main.c": render("firmware/main.c.j2", _main_view(board.name, board.architecture, model)),
        "include/edgec/board.h": render("firmware/board.h.j2", _board_view(board, _count(model))),
        "linker.ld": render("firmware/linker.ld.j2", _linker_view(board)),
        "stack.ld": stack_script(stack_bytes, "edgec's default"),
        "self_test.ld": self_test_script(NOTHING_LINKED, None, "nothing yet"),
        "Makefile": render("firmware/Makefile.j2", build_recipe(board, model.name)),
    }
    boot = (f"boot_{board.boot}.c",) if board.boot else ()
    drivers = (f"{board.console.driver}.c", *boot)
    return SourceTree({**rendered, **_copied_files(board.architecture, drivers)})


def host_tree(name: str, input_count: int, output_count: int) -> SourceTree:
    """Return ``firmware/`` for a process on the host: the runner on standard input and output."""
    model = FirmwareModel(name, input_count, output_count)
    rendered = {
        "main.c": render("firmware/main.c.j2", _main_view(_HOST_BOARD.board_name, HOST, model)),
        "include/edgec/board.h": render("firmware/board.h.j2", _HOST_BOARD),
    }
    return SourceTree({**rendered, **_copied_files(HOST, ())})


def stack_script(size: int, origin: str) -> bytes:
    """Return ``stack.ld``: ``size`` bytes of stack, and in words where the figure comes from."""
    return render("firmware/stack.ld.j2", StackView(size, origin))


class ImageSums(NamedTuple):
    """CRC-32 of the weights in flash, and of all else that a firmware has there."""

    weights: int
    code: int


NOTHING_LINKED = ImageSums(0, 0)


def self_test_script(sums: ImageSums, output_crc: int | None, origin: str) -> bytes:
    """Return ``self_test.ld``: what the self-test expects, and in words where that comes from."""
    weights, code, output = (f"0x{crc or 0:08X}" for crc in (*sums, output_crc))
    view = SelfTestView(weights, code, output, int(output_crc is not None), origin)
    return render("firmware/self_test.ld.j2", view)


@dataclass(frozen=True, slots=True)
class MainModelView:
    """One of the models that main.c serves; ``suffix`` tells its C names from the others'."""

    name: str
    macro: str
    suffix: str
    input_bytes: tuple[str, ...]
    output_bytes: tuple[str, ...]
    arena: str
    arena_bytes: str
    self_test: str


@dataclass(frozen=True, slots=True)
class MainView:
    """For main.c.j2; sizes are C expressions."""

    board_name: str
    section_macro: str
    arena_bytes: str
    arena_align: str
    models: tuple[MainModelView, ...]


@dataclass(frozen=True, slots=True)
class BoardView:
    """For board.h.j2; numbers are C literals without suffix."""

    board_name: str
    clock_hz: int
    console_base: str
    console_clock_hz: int
    console_baud: int
    console_irq: int
    setup: tuple[tuple[str, ...], ...]
    caches: int = 0
    is_serial: int = 0
    model_count: int = 1


@dataclass(frozen=True, slots=True)
class RegionView:
    """One line of the linker script's MEMORY."""

    name: str
    origin: str
    size: str


@dataclass(frozen=True, slots=True)
class LinkerView:
    """For linker.ld.j2; each content names the region that holds it."""

    board_name: str
    entry: str
    unwind_sections: tuple[str, ...]
    regions: tuple[RegionView, ...]
    text: str
    weights: str
    data: str
    arena: str
    stack: str


@dataclass(frozen=True, slots=True)
class StackView:
    """For stack.ld.j2."""

    size: int
    origin: str


@dataclass(frozen=True, slots=True)
class SelfTestView:
    """For self_test.ld.j2; numbers are C literals."""

    weights_crc: str
    code_crc: str
    output_crc: str
    has_outputs: int
    origin: str


_HOST_BOARD = BoardView("the host", 0, "0x0", 0, 0, 0, ())


def _count(model: FirmwareModel | FirmwareModels) -> int:
    return 1 if isinstance(model, FirmwareModel) else len(model.models)


def _main_view(
    board_name: str, architecture: Architecture, model: FirmwareModel | FirmwareModels
) -> MainView:
    macro = architecture.section_macro
    if isinstance(model, FirmwareModel) or len(model.models) == 1:
        one = model if isinstance(model, FirmwareModel) else model.models[0]
        view = _main_model_view(one, "", "arena", "sizeof arena", "SELF_TEST")
        size, align = (f"{view.macro}_ARENA_{each}" for each in ("SIZE", "ALIGN"))
        return MainView(board_name, macro, size, align, (view,))
    views = tuple(
        _main_model_view(
            each,
            f"_{index}",
            f"arena + {start}",
            f"{each.name.upper()}_ARENA_SIZE",
            "0" if index else "SELF_TEST",
        )
        for index, (each, start) in enumerate(zip(model.models, model.arena_starts, strict=True))
    )
    return MainView(board_name, macro, str(model.arena_size), str(ALIGNMENT), views)


def _main_model_view(
    model: FirmwareModel, suffix: str, arena: str, arena_bytes: str, self_test: str
) -> MainModelView:
    macro = model.name.upper()
    return MainModelView(
        name=model.name,
        macro=macro,
        suffix=suffix,
        input_bytes=tuple(f"{macro}_INPUT_{i}_BYTES" for i in range(model.input_count)),
        output_bytes=tuple(f"{macro}_OUTPUT_{i}_BYTES" for i in range(model.output_count)),
        arena=arena,
        arena_bytes=arena_bytes,
        self_test=self_test,
    )


def _board_view(board: Board, model_count: int) -> BoardView:
    return BoardView(
        board_name=board.name,
        clock_hz=board.clock_hz,
        console_base=f"0x{board.console.base:08X}",
        console_clock_hz=board.console.clock_hz,
        console_baud=board.console.baud,
        console_irq=board.console.irq,
        setup=tuple(_register_write(step) for step in board.setup),
        caches=int(board.caches),
        is_serial=int(board.console.driver != SEMIHOSTING),
        model_count=model_count,
    )


def _register_write(step: tuple[int, ...]) -> tuple[str, ...]:
    """Return one row of the table: four numbers, and the bytes of the register."""
    address, clear, to_set, wait, *width = step
    return (*(f"0x{each:08X}u" for each in (address, clear, to_set, wait)), f"{(*width, 4)[0]}u")


def _linker_view(board: Board) -> LinkerView:
    return LinkerView(
        board_name=board.name,
        entry=board.architecture.entry,
        unwind_sections=board.architecture.unwind_sections,
        regions=tuple(
            RegionView(each.name, f"0x{each.origin:08X}", f"0x{each.size:X}")
            for each in board.memory
        ),
        text=board.region_of("text").name,
        weights=board.region_of("weights").name,
        data=board.region_of("data").name,
        arena=board.region_of("arena").name,
        stack=board.region_of("stack").name,
    )


def _bin_flags(board: Board) -> tuple[str, ...]:
    """Leave weights in a memory of their own out of the flat image: it cannot show the gap."""
    apart = board.region_of("weights") != board.region_of("text")
    return ("-O", "binary", *(("--remove-section=.edgec_weights",) if apart else ()))


def _copied_files(architecture: Architecture, drivers: tuple[str, ...]) -> dict[str, bytes]:
    """Return what is the same for every model: headers, the runner, and the port with drivers."""
    runtime = data_folder("runtime_c")
    files = {f"include/{name}": runtime / "include" / name for name in _HEADERS}
    for name in (*architecture.port_files, *drivers):
        files[f"port/{name}"] = architecture.port_folder / name
    files.update({f"runner/{path.name}": path for path in _runner_files(runtime)})
    return {name: path.read_bytes() for name, path in files.items()}


def _runner_files(runtime: Path) -> list[Path]:
    return sorted(path for path in (runtime / "runner").iterdir() if path.suffix in {".c", ".h"})
