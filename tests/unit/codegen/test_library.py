"""The promises of the generated header: what init refuses, which tensors there are, which core."""

import subprocess
from pathlib import Path

import pytest
from c_program import run_c
from lowering import target
from ops.case import int8
from ops.runtimes import compile_graph

from edgec.ir import Graph, GraphBuilder, QParams
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.mul import Mul
from edgec.targets.cpu import CPUS, CpuCore

MVE_VECTOR_BYTES = 16
PROGRAM = """
#include <stdio.h>
#include <string.h>
#include "two.h"

static _Alignas(64) int8_t memory[TWO_ARENA_SIZE + 64];

static void say(int what)
{
    printf("%d\\n", what);
}

int main(void)
{
    two_t model;
    float floats[TWO_INPUT_0_SIZE] = {0.0f};
    memset(&model, 0, sizeof model);
    say((int)two_run(&model).code);
    say(two_input(&model, 0) == NULL);
    say((int)two_init(NULL, memory, sizeof memory).code);
    say((int)two_init(&model, NULL, sizeof memory).code);
    say((int)two_init(&model, memory, TWO_ARENA_SIZE - 1).code);
    for (int offset = 1; offset < TWO_ARENA_ALIGN; offset++) {
        say((int)two_init(&model, memory + offset, TWO_ARENA_SIZE).code);
        say((int)two_run(&model).code);
    }
    say((int)two_init(&model, memory + TWO_ARENA_ALIGN, TWO_ARENA_SIZE).code);
    const uint32_t beyond[] = {2, 3, 100, UINT32_MAX};
    for (int i = 0; i < 4; i++) {
        say(two_input(&model, beyond[i]) == NULL);
        say(two_output(&model, beyond[i]) == NULL);
        say((int)two_quantize_input(&model, beyond[i], floats).code);
        say((int)two_dequantize_output(&model, beyond[i], floats).code);
    }
    for (uint32_t i = 0; i < 2; i++) {
        const int8_t *input = two_input(&model, i);
        const int8_t *output = two_output(&model, i);
        say(input >= memory && input + TWO_INPUT_0_BYTES <= memory + sizeof memory);
        say(output >= memory && output + TWO_OUTPUT_0_BYTES <= memory + sizeof memory);
    }
    say(two_input(&model, 0) != two_input(&model, 1));
    say(two_output(&model, 0) != two_output(&model, 1));
    say((int)two_run(&model).code);
    say((int)two_init(&model, memory, 1).code);
    say((int)two_run(&model).code);
    return 0;
}
"""
OK, SIZE, ALIGNMENT, ARGUMENT, NOT_READY = 0, 1, 2, 3, 5


def two_by_two() -> Graph:
    g = GraphBuilder("two")
    a, b = (g.input(name, int8((1, 5), 0.1)) for name in "ab")
    q = QParams.per_tensor(0.2)
    return g.build([g.add1(Add(), a, b, qparams=q), g.add1(Mul(), a, b, qparams=q)])


@pytest.mark.cc
def test_what_the_functions_refuse(tmp_path: Path) -> None:
    tree, _ = compile_graph(two_by_two(), target("host"), "portable")
    files: dict[str, str | bytes] = {**tree.files, "main.c": PROGRAM}
    said = [int(word) for word in run_c(tmp_path, files, [".", "kernels"])]
    assert said == [
        *(NOT_READY, 1),
        *(ARGUMENT, ARGUMENT, SIZE),
        *(ALIGNMENT, NOT_READY) * (MVE_VECTOR_BYTES - 1),
        OK,
        *(1, 1, ARGUMENT, ARGUMENT) * 4,
        *(1, 1) * 2,
        *(1, 1),
        OK,
        *(SIZE, NOT_READY),
    ]


PLANNED = [core for core in CPUS.values() if core.required_macros]
LESS = {"dsp": ("-mcpu=cortex-m3",), "mve": ("-mcpu=cortex-m55+nomve", "-mfloat-abi=soft")}


def preprocess(folder: Path, flags: tuple[str, ...]) -> str:
    """Return what the compiler complains of in the model's file."""
    includes = ["-I.", "-Ikernels", "-Ikernels/cmsis_nn/Include"]
    command = ["arm-none-eabi-gcc", *flags, "-mthumb", "-E", *includes, "two.c"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == (not done.stderr)
    return done.stderr


@pytest.mark.qemu
@pytest.mark.parametrize("core", PLANNED, ids=lambda core: core.name)
def test_code_for_a_core_is_refused_by_a_lesser_one(core: CpuCore, tmp_path: Path) -> None:
    tree, _ = compile_graph(two_by_two(), target(core.name), "portable")
    tree.write(tmp_path)
    assert preprocess(tmp_path, core.flags) == ""
    complaint = preprocess(tmp_path, LESS[core.isa])
    missing = {"dsp": "__ARM_FEATURE_DSP", "mve": "__ARM_FEATURE_MVE"}[core.isa]
    assert f'#error "two was planned for {core.name}:' in complaint
    assert f"({missing} is not defined)" in complaint


@pytest.mark.qemu
def test_code_for_a_plain_core_compiles_on_any(tmp_path: Path) -> None:
    tree, _ = compile_graph(two_by_two(), target("cortex-m3"), "portable")
    tree.write(tmp_path)
    assert preprocess(tmp_path, ("-mcpu=cortex-m3",)) == ""
    assert preprocess(tmp_path, CPUS["cortex-m55"].flags) == ""


OTHERS = [
    ("cortex-m3", "cortex-m4", "ARM_MATH_DSP"),
    ("cortex-m0", "cortex-m33", "ARM_MATH_DSP"),
    ("cortex-m3", "cortex-m55", "ARM_MATH_MVEI"),
    ("cortex-m4", "cortex-m55", "ARM_MATH_MVEI"),
    ("cortex-m33", "cortex-m85", "ARM_MATH_MVEI"),
]


@pytest.mark.qemu
@pytest.mark.parametrize(("planned", "compiled", "macro"), OTHERS)
def test_kernels_that_choose_by_macros_are_refused_by_a_greater_core(
    planned: str, compiled: str, macro: str, tmp_path: Path
) -> None:
    """CMSIS-NN would take variants whose scratch was not planned."""
    tree, _ = compile_graph(two_by_two(), target(planned), "auto")
    tree.write(tmp_path)
    assert preprocess(tmp_path, CPUS[planned].flags) == ""
    complaint = preprocess(tmp_path, CPUS[compiled].flags)
    assert f'#error "two was planned for {planned}, where kernels are others:' in complaint
    assert f"{macro} is defined" in complaint


@pytest.mark.qemu
@pytest.mark.parametrize(
    ("planned", "compiled"),
    [
        ("cortex-m0", "cortex-m0plus"),
        ("cortex-m3", "cortex-m0"),
        ("cortex-m4", "cortex-m33"),
        ("cortex-m55", "cortex-m85"),
    ],
)
def test_kernels_that_choose_alike_are_taken_by_another_core(
    planned: str, compiled: str, tmp_path: Path
) -> None:
    tree, _ = compile_graph(two_by_two(), target(planned), "auto")
    tree.write(tmp_path)
    assert preprocess(tmp_path, CPUS[compiled].flags) == ""


@pytest.mark.qemu
@pytest.mark.parametrize("core", ["cortex-m3", "cortex-m4", "cortex-m55"])
def test_another_rounding_of_cmsis_nn_is_refused(core: str, tmp_path: Path) -> None:
    tree, _ = compile_graph(two_by_two(), target(core), "auto")
    tree.write(tmp_path)
    complaint = preprocess(tmp_path, (*CPUS[core].flags, "-DCMSIS_NN_USE_SINGLE_ROUNDING"))
    assert "CMSIS_NN_USE_SINGLE_ROUNDING is defined" in complaint
