"""The optional helpers of the C interface: floats in, floats out, for int8 and int16 models."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lowering import lowered, target

from edgec.codegen.library import Origin, library_tree
from edgec.ir import Array, DType, Graph, GraphBuilder, QParams, TensorType, evaluate
from edgec.memory.liveness import live_ranges
from edgec.memory.planner import plan
from edgec.ops.activations.relu import Relu
from edgec.ops.conversion.dequantize import dequantized
from edgec.ops.conversion.quantize import quantize_floats
from edgec.ops.numbers.cast import Cast
from edgec.ops.operator import Activation

VALUES = np.array([-1e9, -3.3, -0.5, 0.0, 0.00017, 1.0, 5.99, 1e9], np.float32)
PROGRAM = """
#include <stdio.h>
#include "relu.h"
static _Alignas(16) int8_t arena[RELU_ARENA_SIZE];
int main(void)
{
    const float in[RELU_INPUT_0_SIZE] = {%s};
    float out[RELU_OUTPUT_0_SIZE];
    relu_t model;
    if (relu_init(&model, arena, sizeof arena).code != EDGEC_OK) return 1;
    if (relu_quantize_input(&model, 0, in).code != EDGEC_OK) return 2;
    if (relu_run(&model).code != EDGEC_OK) return 3;
    if (relu_dequantize_output(&model, 0, out).code != EDGEC_OK) return 4;
    if (relu_quantize_input(&model, 1, in).code != EDGEC_ERROR_ARGUMENT) return 5;
    for (int i = 0; i < RELU_OUTPUT_0_SIZE; i++) printf("%%a\\n", (double)out[i]);
    return 0;
}
"""


NUMBERS = """
#include "count.h"
static _Alignas(16) int8_t arena[COUNT_ARENA_SIZE];
int main(void)
{
    float real[COUNT_OUTPUT_0_SIZE] = {0};
    count_t model;
    if (count_init(&model, arena, sizeof arena).code != EDGEC_OK) return 1;
    if (count_quantize_input(&model, 0, real).code != EDGEC_ERROR_ARGUMENT) return 2;
    COUNT_INPUT_0_TYPE *const in = count_input(&model, 0);
    for (int i = 0; i < COUNT_INPUT_0_SIZE; i++) in[i] = 3 * i - 7;
    if (count_run(&model).code != EDGEC_OK) return 3;
    const COUNT_OUTPUT_0_TYPE *const out = count_output(&model, 0);
    for (int i = 0; i < COUNT_OUTPUT_0_SIZE; i++) {
        if (out[i] != (float)(3 * i - 7)) return 4;
    }
    return count_dequantize_output(&model, 0, real).code == EDGEC_ERROR_ARGUMENT ? 0 : 5;
}
"""


def relu_model(dtype: DType, source: QParams, target: QParams) -> Graph:
    g = GraphBuilder("relu")
    x = g.input("x", TensorType(VALUES.shape, dtype, source))
    y = g.add1(Relu(activation=Activation.RELU6), x, name="y", qparams=target)
    return g.build([y])


@pytest.mark.cc
@pytest.mark.parametrize(
    ("dtype", "source", "target"),
    [
        (DType.INT8, QParams.per_tensor(0.06, -7), QParams.per_tensor(0.0235, -128)),
        (DType.INT16, QParams.per_tensor(3.1e-4), QParams.per_tensor(1.9e-4)),
    ],
    ids=["int8", "int16"],
)
def test_floats_in_and_out(dtype: DType, source: QParams, target: QParams, tmp_path: Path) -> None:
    graph = relu_model(dtype, source, target)
    quantized = quantize_floats(VALUES, graph.types[graph.inputs[0]])
    (expected,) = evaluate(graph, {graph.inputs[0]: quantized}).values()
    reals = dequantized(expected, graph.types[graph.outputs[0]])
    np.testing.assert_array_equal(run_in_c(graph, VALUES, tmp_path), reals)


@pytest.mark.cc
@pytest.mark.parametrize("halves_to_even", [False, True])
def test_halves(halves_to_even: bool, tmp_path: Path) -> None:
    """Inputs of quantized ONNX models go to the even integer, all others away from zero."""
    q = QParams.per_tensor(0.5, -60)
    model = relu_model(DType.INT8, q, QParams.per_tensor(0.5, -128))
    graph = replace(model, halves_to_even=halves_to_even)
    values = np.array([0.25, 0.75, 1.25, 1.75, 2.25, 2.7, 1e9, -0.25], np.float32)
    steps = [0, 2, 2, 4, 4, 5, 12, 0] if halves_to_even else [1, 2, 3, 4, 5, 5, 12, 0]
    np.testing.assert_array_equal(run_in_c(graph, values, tmp_path), np.array(steps) / 2)
    kind = graph.types[graph.inputs[0]]
    quantized = quantize_floats(values, kind, halves_to_even=halves_to_even).astype(int) + 60
    np.testing.assert_array_equal(np.clip(quantized, 0, 12), steps)


@pytest.mark.cc
def test_what_stands_for_itself_is_written_and_read_as_it_is(tmp_path: Path) -> None:
    """int32 in, float32 out; the functions that convert floats refuse both."""
    g = GraphBuilder("count")
    x = g.input("x", TensorType((8,), DType.INT32))
    graph = g.build([g.add1(Cast(dtype=DType.FLOAT32), x, name="y")])
    assert run_program(graph, NUMBERS, tmp_path) == ""


def run_in_c(graph: Graph, values: Array, folder: Path) -> Array:
    """Compile the library with a main program that passes floats; return the floats it prints."""
    numbers = ", ".join(f"{float(each)!r}f" for each in values)
    printed = run_program(graph, PROGRAM % numbers, folder)
    return np.array([float.fromhex(line) for line in printed.split()], np.float32)


def run_program(graph: Graph, main: str, folder: Path) -> str:
    """Compile the library of a graph with a main program, and return what that prints."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler: apt-get install gcc")
    program = lowered(graph, "host", "portable")
    origin = Origin("00" * 32, "test", "")
    library_tree(program, plan(live_ranges(program)), target("host", "portable"), origin).write(
        folder
    )
    (folder / "main.c").write_text(main)
    sources = [str(path) for path in sorted(folder.rglob("*.c"))]
    includes = [f"-I{folder}", f"-I{folder / 'kernels'}"]
    binary = folder / "main"
    subprocess.run(
        [compiler, "-std=c11", "-Wall", "-Werror", *includes, *sources, "-o", str(binary)],
        check=True,
    )
    return subprocess.run([str(binary)], check=True, capture_output=True, text=True).stdout
