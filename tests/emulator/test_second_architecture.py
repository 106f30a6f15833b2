"""RISC-V, defined in this file alone: what edgec knows of an architecture is in `Architecture`.

Its port is in the folder riscv beside this file. A small model is built, run, tested, profiled and
debugged on it by the code that does so for every board.
"""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.conftest import small_graph
from elftools.elf.elffile import ELFFile

from edgec.driver import BuildOptions, build, open_output, run_regression
from edgec.driver.compile.golden import golden_of
from edgec.driver.output import OutputInfo
from edgec.driver.run.first_layer import first_different_layer
from edgec.driver.run.profile import profile
from edgec.errors import EdgecError
from edgec.exporters.tflite import write_tflite
from edgec.firmware.image import build_firmware
from edgec.firmware.sizes import symbol_address
from edgec.targets.architecture import Architecture, Role, TickCounter, ToolSpec
from edgec.targets.board import load_board
from edgec.targets.cpu import ARCHITECTURES, CPUS, CpuCore, architecture_added
from edgec.targets.instruction_class import Kind, Timing

pytestmark = pytest.mark.riscv

PORT = Path(__file__).parent / "riscv"
INSTALL = "apt install gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf qemu-system-misc"
CROSS = "riscv64-unknown-elf-"
FAULT = b"\x00\x00"  # c.unimp
HANG = b"\x01\xa0"  # j .
KERNEL = "edgec_fully_connected_s8"

RULES = (
    (r"(c\.)?l[bhw]u?(sp)?", Kind.LOAD),
    (r"(c\.)?s[bhw](sp)?", Kind.STORE),
    (r"mulh?(su|u)?", Kind.MULTIPLY),
    (r"(div|rem)u?", Kind.DIVIDE),
    (r"jal|jalr|call", Kind.CALL),
    (r"b(eq|ne|lt|ge|gt|le)u?z?|j|jr|ret|tail", Kind.BRANCH),
)


def classify(mnemonic: str, operands: str) -> tuple[Kind, int]:
    """Sort what binutils prints for RV32IMAC."""
    kind = next((kind for rule, kind in RULES if re.fullmatch(rule, mnemonic)), Kind.ALU)
    return kind, int(kind in {Kind.LOAD, Kind.STORE})


def tool(name: str) -> ToolSpec:
    return ToolSpec(f"{CROSS}{name}", f"EDGEC_RISCV_{name.upper()}", "gcc-riscv64-unknown-elf", "")


TOOLS: dict[Role, ToolSpec] = {
    "compiler": tool("gcc"),
    "objcopy": tool("objcopy"),
    "objdump": tool("objdump"),
}
RISCV = Architecture(
    name="riscv",
    tools=TOOLS,
    cross=CROSS,
    optional="only for RISC-V",
    port=str(PORT),
    port_files=("startup.c", "ticks.c"),
    entry="edgec_entry",
    emulators=(ToolSpec("qemu-system-riscv32", "EDGEC_QEMU_RISCV", "qemu-system-misc", "qemu"),),
    emulator_flags=("-bios", "none"),
    ticks=TickCounter(functions=("edgec_ticks", "cycles")),
    classify=classify,
    timings={"rv32imac": Timing(load=2, load_next=2, costs={Kind.DIVIDE: 32})},
)
CORE = CpuCore(
    "rv32imac",
    "scalar",
    (
        "-march=rv32imac",
        "-mabi=ilp32",
        "-misa-spec=2.2",
        "-mcmodel=medany",
        "-msmall-data-limit=0",
        "--specs=picolibc.specs",
    ),
    ("__riscv_mul",),
    unaligned_ok=False,
    architecture="riscv",
)


def has_c_library() -> bool:
    """Tell whether gcc finds picolibc; it answers with a path then. Without gcc nothing runs."""
    if shutil.which(f"{CROSS}gcc") is None:
        return False
    command = [f"{CROSS}gcc", "-print-file-name=picolibc.specs"]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    return Path(found).is_absolute()


@pytest.fixture(scope="module", autouse=True)
def known() -> Iterator[None]:
    if not has_c_library():
        pytest.skip(f"picolibc not found: {INSTALL}")
    with architecture_added(RISCV, CORE):
        yield
    assert "riscv" not in ARCHITECTURES
    assert "rv32imac" not in CPUS


def build_small(folder: Path, kernels: str) -> Path:
    """Build a small int8 model for the board of this test."""
    (folder / "small.tflite").write_bytes(write_tflite(small_graph()))
    options = BuildOptions(
        model=str(folder / "small.tflite"),
        board=str(PORT / "board.toml"),
        output=str(folder / "out"),
        kernels=kernels,
    )
    return build(options).folder


@pytest.fixture(scope="module")
def built(known: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the output folder of the small model with plain C kernels."""
    return build_small(tmp_path_factory.mktemp("riscv"), "portable")


def patched(built: Path, folder: Path, symbol: str, code: bytes) -> Path:
    """Return a copy of the build with other bytes where ``symbol`` is."""
    shutil.copytree(built, folder)
    elf = folder / "firmware.elf"
    address = symbol_address(elf, symbol, RISCV)
    assert address is not None
    with elf.open("rb") as file:
        (at,) = ELFFile(file).address_offsets(address)
    data = bytearray(elf.read_bytes())
    assert data[at : at + len(code)] != code
    data[at : at + len(code)] = code
    elf.write_bytes(data)
    return folder


def golden(built: OutputInfo) -> list[bytes]:
    return list(golden_of(built)[0][0])


def test_it_is_risc_v_code(built: Path) -> None:
    with (built / "firmware.elf").open("rb") as file:
        elf = ELFFile(file)
        assert elf["e_machine"] == "EM_RISCV"
        assert elf["e_entry"] == elf.get_section_by_name(".text")["sh_addr"] == 0x8000_0000
        names = {each.name for each in elf.iter_sections()}
    assert {".edgec_weights", ".edgec_arena", ".edgec_stack"} <= names
    assert ".ARM.exidx" not in names


def test_outputs_are_those_of_the_reference(built: Path) -> None:
    result = run_regression(built)
    assert (result.samples, result.mismatches) == (20, 0)


def test_the_scalar_code_of_cmsis_nn_runs_too(tmp_path: Path) -> None:
    folder = build_small(tmp_path, "auto")
    kernels = [layer["kernel"] for layer in open_output(folder).report["layers"]]
    assert "arm_fully_connected_s8" in kernels
    assert run_regression(folder).mismatches == 0


def test_the_stack_is_counted_from_the_first_c_function(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built, tmp_path / "out")
    image = build_firmware(tmp_path / "out", "small", load_board(PORT / "board.toml"))
    assert image.stack.chain[0] == "edgec_reset"
    assert "small_run" in image.stack.chain
    assert image.sizes.stack_reserved_bytes > image.stack.bytes > 100


def test_instructions_are_exact(built: Path) -> None:
    opened = open_output(built)
    found = profile(built)
    counted = sum(layer.instructions for layer in found.layers)
    assert found.instructions_total == opened.report["instructions_total"]
    assert 0 < found.instructions_total - counted < 100
    assert KERNEL in {each.name for each in found.functions}
    traced = sum(each.instructions for each in found.functions)
    assert abs(found.instructions_total - traced) <= 3  # where the model begins and ends
    assert found.cycles_estimate_total > found.instructions_total


def test_a_changed_weight_is_found_through_the_debugger(built: Path, tmp_path: Path) -> None:
    assert first_different_layer(open_output(built), golden(open_output(built))) is None
    folder = patched(built, tmp_path / "out", "small__matrix", bytes(700))
    opened = open_output(folder)
    difference = first_different_layer(opened, golden(opened))
    assert difference is not None
    assert (difference.number, difference.name, difference.kernel) == (1, "dense", KERNEL)


def test_a_fault_names_its_function(built: Path, tmp_path: Path) -> None:
    folder = patched(built, tmp_path / "out", KERNEL, FAULT)
    with pytest.raises(EdgecError, match=KERNEL) as caught:
        run_regression(folder)
    assert caught.value.code == "firmware-fault"


def test_a_hang_names_its_function(built: Path, tmp_path: Path) -> None:
    folder = patched(built, tmp_path / "out", KERNEL, HANG)
    began = time.monotonic()
    with pytest.raises(EdgecError, match=KERNEL) as caught:
        run_regression(folder, timeout=3)
    assert caught.value.code == "firmware-timeout"
    assert time.monotonic() - began < 30


def test_the_makefile_builds_the_same(built: Path, tmp_path: Path) -> None:
    if shutil.which("make") is None:
        pytest.skip("make not found: apt install make")
    shutil.copytree(built, tmp_path / "out")
    (tmp_path / "out" / "firmware.elf").unlink()
    subprocess.run(["make"], cwd=tmp_path / "out" / "firmware", check=True, capture_output=True)
    made, first = ((folder / "firmware.elf").read_bytes() for folder in (tmp_path / "out", built))
    assert made == first


def test_a_board_may_not_mix_architectures(tmp_path: Path) -> None:
    text = (PORT / "board.toml").read_text()
    wrong = text.replace('"semihosting"', '"usart_stm32"').replace("riscv32", "arm")
    (tmp_path / "wrong.toml").write_text(wrong)
    with pytest.raises(EdgecError) as caught:
        load_board(tmp_path / "wrong.toml")
    problems = {each.place.inside: each for each in caught.value.problems()}
    assert set(problems) == {"console.driver", "emulator.program"}
    assert "known: semihosting" in problems["console.driver"].help
    assert "qemu-system-riscv32" in problems["emulator.program"].help
