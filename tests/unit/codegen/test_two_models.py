"""Two models, each built on its own, in one program: sources over each other, or two libraries."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from lowering import target
from ops.case import int8
from ops.runtimes import compile_graph

from edgec.codegen.source_tree import SourceTree
from edgec.ir import Graph, GraphBuilder, QParams
from edgec.ops.activations.softmax import Softmax
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.mul import Mul
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.targets.cpu import CPUS

MAIN = """
#include "first.h"
#include "second.h"

static first_t one;
static second_t two;
static int8_t arena[FIRST_ARENA_SIZE + SECOND_ARENA_SIZE + 64] __attribute__((aligned(16)));

#ifdef EDGEC_PROFILE
static uint32_t nodes;

void edgec_on_node(uint32_t node)
{
    nodes += node + 1;
}
#endif

int main(void)
{
    if (first_init(&one, arena, FIRST_ARENA_SIZE).code != EDGEC_OK) { return 1; }
    if (second_init(&two, arena, SECOND_ARENA_SIZE).code != EDGEC_OK) { return 2; }
    if (first_run(&one).code != EDGEC_OK) { return 3; }
    return second_run(&two).code == EDGEC_OK ? 0 : 4;
}
"""
FLAGS = ("-std=c99", "-O1", "-Wall", "-Wextra", "-Werror")
BARE = ("--specs=nosys.specs", "-Wl,--no-warnings")


def dense(name: str) -> Graph:
    g = GraphBuilder(name)
    x = g.input("x", int8((1, 8), 0.1))
    matrix = g.constant("weights", np.eye(8, dtype=np.int8), QParams.per_tensor(0.01))
    y = g.add1(FullyConnected(), x, matrix, qparams=QParams.per_tensor(0.1))
    return g.build([g.add1(Softmax(), y, qparams=QParams.per_tensor(1 / 256, -128))])


def sums(name: str) -> Graph:
    g = GraphBuilder(name)
    x = g.input("x", int8((1, 8), 0.1))
    fixed = g.constant("weights", np.arange(8, dtype=np.int8)[None], QParams.per_tensor(0.1))
    y = g.add1(Add(), x, fixed, qparams=QParams.per_tensor(0.2))
    z = g.add1(
        FullyConnected(),
        y,
        g.constant("m", np.eye(8, dtype=np.int8), QParams.per_tensor(1)),
        qparams=QParams.per_tensor(0.2),
    )
    return g.build([g.add1(Mul(), y, z, qparams=QParams.per_tensor(0.2))])


def models(core: str, kernels: str) -> tuple[SourceTree, SourceTree]:
    """Return the folders of two builds that share some kernels and have others of their own."""
    made = target(core, kernels)
    first, second = (compile_graph(g, made, kernels)[0] for g in (dense("first"), sums("second")))
    own = [{path for path in tree.files if path.endswith(".c")} for tree in (first, second)]
    assert all((own[0] & own[1], own[0] - own[1], own[1] - own[0]))
    return first, second


def run(folder: Path, program: str, *arguments: str) -> None:
    command = [str(shutil.which(program)), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:3000]


def sources(folder: Path, *below: str) -> list[str]:
    places = [folder / each for each in below] or [folder]
    return sorted(str(c.relative_to(folder)) for each in places for c in each.rglob("*.c"))


def includes(*folders: str) -> list[str]:
    inside = ("", "/kernels", "/kernels/cmsis_nn/Include")
    return [f"-I{folder}{each}" for folder in folders for each in inside]


PLACES = [
    pytest.param("cc", "host", "portable", (), marks=pytest.mark.cc),
    pytest.param("arm-none-eabi-gcc", "cortex-m4", "auto", BARE, marks=pytest.mark.qemu),
    pytest.param("arm-none-eabi-gcc", "cortex-m55", "auto", BARE, marks=pytest.mark.qemu),
]


@pytest.mark.parametrize("profiled", [(), ("-DEDGEC_PROFILE",)], ids=["plain", "profiled"])
@pytest.mark.parametrize(("compiler", "core", "kernels", "bare"), PLACES)
def test_sources_of_both_with_one_folder_of_kernels(
    compiler: str,
    core: str,
    kernels: str,
    bare: Sequence[str],
    profiled: Sequence[str],
    tmp_path: Path,
) -> None:
    """Copied over each other, in either order, as one would into a project."""
    for order in (1, -1):
        folder = tmp_path / str(order)
        for tree in models(core, kernels)[::order]:
            tree.write(folder)
        (folder / "main.c").write_text(MAIN)
        flags = [*FLAGS, *profiled, *CPUS[core].flags, *includes(".")]
        run(folder, compiler, *flags, *sources(folder), "-lm", "-o", "program", *bare)
        if core == "host":
            run(folder, str(folder / "program"))


@pytest.mark.parametrize(("compiler", "core", "kernels", "bare"), PLACES)
def test_two_static_libraries(
    compiler: str, core: str, kernels: str, bare: Sequence[str], tmp_path: Path
) -> None:
    flags = [*FLAGS, *CPUS[core].flags]
    for name, tree in zip(("first", "second"), models(core, kernels), strict=True):
        tree.under(name).write(tmp_path)
        (tmp_path / f"{name}_obj").mkdir()
        for number, each in enumerate(sources(tmp_path, name)):
            target_file = f"{name}_obj/{number}_{Path(each).stem}.o"
            run(tmp_path, compiler, *flags, *includes(name), "-c", each, "-o", target_file)
        objects = [f"{name}_obj/{each.name}" for each in (tmp_path / f"{name}_obj").iterdir()]
        run(tmp_path, "ar", "rcs", f"lib{name}.a", *sorted(objects))
    (tmp_path / "main.c").write_text(MAIN)
    for libraries in (("libfirst.a", "libsecond.a"), ("libsecond.a", "libfirst.a")):
        both = [*flags, *includes("first", "second"), "main.c", *libraries, "-lm", "-o", "program"]
        run(tmp_path, compiler, *both, *bare)
        if core == "host":
            run(tmp_path, str(tmp_path / "program"))
