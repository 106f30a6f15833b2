"""OUT with sources to firmware.elf, .bin, .hex and .map, and what is in them."""

import os
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edgec.codegen.firmware import (
    NOTHING_LINKED,
    BuildRecipe,
    ImageSums,
    build_recipe,
    self_test_script,
    stack_script,
)
from edgec.errors import EdgecError, ExitCode, Place, raise_all
from edgec.firmware.image_sums import image_sums
from edgec.firmware.sizes import FirmwareSizes, measure_elf
from edgec.firmware.stack import StackUse, read_call_graph, worst_case
from edgec.firmware.toolchain import ToolFailedError, find_tool, run_tool
from edgec.scratch import scratch_folder
from edgec.targets.architecture import Architecture
from edgec.targets.board import Board

JOBS = 2
_STACK_GRAIN = 64
_STACK_MARGIN = 64
_OVERFLOW = re.compile(r"region `(\w+)' overflowed by (\d+) bytes?")
_ABSOLUTE_FOLDER = re.compile(r"(?<![\w.])/(?:[^\s/()]+/)+")


@dataclass(frozen=True, slots=True)
class FirmwareImage:
    """A built firmware. ``stack`` is the static worst case; ``sizes`` come from the ELF."""

    elf: Path
    sizes: FirmwareSizes
    stack: StackUse


def build_firmware(
    out: Path,
    name: str,
    board: Board,
    *,
    stack_bytes: int | None = None,
    output_crc: int | None = None,
) -> FirmwareImage:
    """Compile and link the sources in ``out/firmware`` and ``out/<name>``; leave the images there.

    Reserves the worst-case stack, or ``stack_bytes`` where given. The self-test compares the
    outputs of its run with ``output_crc``. Same sources, same bytes, in any
    folder. Raises ``missing-tool``, ``tool-failed``, ``does-not-fit``, ``stack-too-small``.
    """
    recipe, architecture = build_recipe(board, name), board.architecture
    with _workshop(out, name) as shop:
        objects = _compile_all(shop, recipe, architecture)
        graph = read_call_graph(sorted((shop / "obj").rglob("*.ci")))
        frame = architecture.interrupt_frame(has_fpu=board.core.has_fpu)
        stack = worst_case(graph, frame, architecture.first_function)
        _write_stack_script(out, stack, stack_bytes)
        _write_self_test_script(out, NOTHING_LINKED, output_crc)
        _link(shop, recipe, objects, board)
        linked = image_sums(shop / "firmware.elf")
        _write_self_test_script(out, linked, output_crc)
        _link(shop, recipe, objects, board)
        _convert(shop, recipe, architecture)
        _neutral_map(shop / "firmware.map")
        for suffix in ("elf", "bin", "hex", "map"):
            shutil.copyfile(shop / f"firmware.{suffix}", out / f"firmware.{suffix}")
    elf = out / "firmware.elf"
    return FirmwareImage(elf, measure_elf(elf, architecture), stack)


@contextmanager
def _workshop(out: Path, name: str) -> Iterator[Path]:
    """Yield a temporary folder that sees OUT's sources under their relative names."""
    with scratch_folder("build") as shop:
        for each in ("firmware", name):
            (shop / each).symlink_to((out / each).resolve(), target_is_directory=True)
        yield shop


def _sources(shop: Path, name: str) -> list[str]:
    found = (
        Path(folder) / file
        for root in ("firmware", name)
        for folder, _, files in os.walk(shop / root)
        for file in files
    )
    return sorted(path.relative_to(shop).as_posix() for path in found if path.suffix == ".c")


def _compile_all(shop: Path, recipe: BuildRecipe, architecture: Architecture) -> list[str]:
    gcc = find_tool(architecture.tools["compiler"])
    sources = _sources(shop, recipe.name)
    with ThreadPoolExecutor(JOBS) as pool:
        return list(pool.map(lambda source: _compile(shop, gcc, recipe, source), sources))


def _compile(shop: Path, gcc: Path, recipe: BuildRecipe, source: str) -> str:
    target = f"obj/{source.removesuffix('.c')}.o"
    (shop / target).parent.mkdir(parents=True, exist_ok=True)
    flags = (*recipe.compile_flags(source), "-fcallgraph-info=su")
    object_file = shop / target
    made = [object_file, object_file.with_suffix(".ci")]
    run_tool([gcc, *flags, "-c", source, "-o", target], cwd=shop, makes=made)
    return target


def _write_stack_script(out: Path, stack: StackUse, asked: int | None) -> None:
    needed = -(-(stack.bytes + _STACK_MARGIN) // _STACK_GRAIN) * _STACK_GRAIN
    if asked is not None and asked < stack.bytes:
        raise EdgecError(
            "stack-too-small",
            f"the stack needs {stack.bytes} bytes, {asked} are reserved",
            notes=(f"deepest calls: {' > '.join(stack.chain)}",),
            help="reserve more, or leave the size to edgec",
        )
    origin = "asked for" if asked is not None else "worst case from the call graph, and a margin"
    size = needed if asked is None else asked
    (out / "firmware" / "stack.ld").write_bytes(stack_script(size, origin))


def _write_self_test_script(out: Path, sums: ImageSums, output_crc: int | None) -> None:
    """Note the CRCs of what was linked; nothing that they are of depends on this note."""
    script = self_test_script(sums, output_crc, "of this very build")
    (out / "firmware" / "self_test.ld").write_bytes(script)


def _link(shop: Path, recipe: BuildRecipe, objects: list[str], board: Board) -> None:
    arguments = (*recipe.cpu_flags, *objects, *recipe.link_flags, "-o", "firmware.elf")
    compiler = find_tool(board.architecture.tools["compiler"])
    made = [shop / "firmware.elf", shop / "firmware.map"]
    try:
        run_tool([compiler, *arguments], cwd=shop, makes=made)
    except ToolFailedError as error:
        overflows = _OVERFLOW.findall(error.stderr)
        raise_all([RegionTooSmallError(board, name, int(excess)) for name, excess in overflows])
        raise


class RegionTooSmallError(EdgecError):
    """The linker found a memory of the board too small, by ``excess`` bytes."""

    def __init__(self, board: Board, region: str, excess: int) -> None:
        memory = next(each for each in board.memory if each.name == region)
        super().__init__(
            "does-not-fit",
            f"{region} is {excess:,} bytes too small: {memory.size + excess:,} bytes are needed, "
            f"{board.id} has {memory.size:,} for {', '.join(memory.holds)}",
            place=Place(board.file, region),
            help="choose a smaller model or a larger board (`edgec boards`)",
            exit_code=ExitCode.MISMATCH,
        )
        self.region = region
        self.excess = excess


def _convert(shop: Path, recipe: BuildRecipe, architecture: Architecture) -> None:
    objcopy = find_tool(architecture.tools["objcopy"])
    for name, flags in (("firmware.bin", recipe.bin_flags), ("firmware.hex", ("-O", "ihex"))):
        run_tool([objcopy, *flags, "firmware.elf", name], cwd=shop, makes=[shop / name])


def _neutral_map(path: Path) -> None:
    """Leave only the names of the toolchain's files in the map, not where they are installed."""
    text = path.read_text(encoding="utf-8", errors="replace")
    path.write_text(_ABSOLUTE_FOLDER.sub("", text), encoding="utf-8")
