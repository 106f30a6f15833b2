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


def run_in_c(graph: Graph, values: Array, folder: Path) -> Array:
    """Compile the library with a main program that passes floats; return the floats it prints."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler: apt-get install gcc")
    program = lowered(graph, "host", "portable")
    origin = Origin("00" * 32, "test", "")
    library_tree(program, plan(live_ranges(program)), target("host", "portable"), origin).write(
        folder
    )
    numbers = ", ".join(f"{float(each)!r}f" for each in values)
    (folder / "main.c").write_text(PROGRAM % numbers)
    sources = [str(path) for path in sorted(folder.rglob("*.c"))]
    includes = [f"-I{folder}", f"-I{folder / 'kernels'}"]
    binary = folder / "main"
    subprocess.run(
        [compiler, "-std=c11", "-Wall", "-Werror", *includes, *sources, "-o", str(binary)],
        check=True,
    )
    done = subprocess.run([str(binary)], check=True, capture_output=True, text=True)
    return np.array([float.fromhex(line) for line in done.stdout.split()], np.float32)
