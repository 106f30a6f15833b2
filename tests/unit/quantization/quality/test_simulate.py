"""Simulation of an integer graph in floats: what becomes of changes between scales and numbers."""

import numpy as np

from edgec.ir import DType, GraphBuilder, QParams, TensorType, ValueName
from edgec.ops.conversion.dequantize import Dequantize
from edgec.ops.numbers.cast import Cast
from edgec.quantization.quality.simulate import Simulation


def test_a_value_that_becomes_an_index() -> None:
    """Keras' Embedding behind a float input: a cast of the number, not of its steps."""
    g = GraphBuilder("g")
    x = g.input("x", TensorType((1, 4), DType.INT8, QParams.per_tensor(0.25, -28)))
    number = g.add1(Dequantize(), x, name="number")
    index = g.add1(Cast(dtype=DType.INT32), number, name="index")
    samples = np.array([[[0.0, 1.1, 2.9, 19.0]], [[3.0, 30.0, 7.5, 0.7]]], np.float32)
    values = Simulation.of(g.build([index])).run({ValueName("x"): samples})
    np.testing.assert_array_equal(values[index], [[[0, 1, 3, 19]], [[3, 30, 7, 0]]])
