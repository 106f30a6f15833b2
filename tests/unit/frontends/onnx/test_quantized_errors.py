"""Quantized ONNX models that cannot be compiled as they are: each gets its own advice."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto
from qdq_models import QdqBuilder, integers

from edgec.errors import EdgecError
from edgec.frontends.onnx.load import load_onnx
from edgec.ir import QParams
from edgec.pipelines import optimize_float
from edgec.quantization.prequantized.prequantized import Prequantized
from edgec.quantization.ranges.observers import Range

IN, OUT = 0.03, 0.11


def error(path: Path) -> EdgecError:
    with pytest.raises(EdgecError) as caught:
        integers(path)
    assert caught.value.help
    return caught.value


def silent_model(folder: Path) -> Path:
    """Return a model whose second layer has no quantization behind it."""
    b = QdqBuilder()
    x = b.qdq(b.input("x", [1, 8]), IN)
    w = b.stored(b.integers(8, 5), np.array(0.01), np.array(0, np.int8))
    y = b.qdq(b.add("MatMul", x, w), OUT)
    v = b.stored(b.integers(5, 3), np.array(0.01), np.array(0, np.int8))
    return b.file(folder, b.add("MatMul", y, v))


def test_what_is_left_in_float_is_named(tmp_path: Path) -> None:
    problem = error(silent_model(tmp_path))
    assert problem.code == "incomplete-quantization"
    assert "fully_connected" in problem.message
    assert "--calib" in problem.help


def test_what_is_left_in_float_is_calibrated(tmp_path: Path) -> None:
    stated = Prequantized.of(optimize_float(load_onnx(silent_model(tmp_path))))
    assert not stated.is_complete()
    (output,) = stated.annotated.graph.outputs
    completed = stated.completed({output: Range(-1.0, 1.55)})
    graph = completed.integers()
    assert completed.is_complete()
    assert graph.types[output].quantization == QParams.per_tensor(0.01, -28)


def test_other_scales_at_both_ends_are_rejected(tmp_path: Path) -> None:
    b = QdqBuilder()
    q = b.quantized(b.input("x", [1, 8]), IN)
    problem = error(b.file(tmp_path, b.dequantized(q, 0.5)))
    assert problem.code == "unsupported-quantization"


def test_other_scales_behind_a_pool_of_integers_are_rejected(tmp_path: Path) -> None:
    b = QdqBuilder()
    q = b.quantized(b.input("image", (1, 4, 6, 5)), IN)
    q = b.add("MaxPool", q, kernel_shape=[2, 2])
    assert error(b.file(tmp_path, b.dequantized(q, 0.5))).code == "unsupported-quantization"


def test_scales_per_channel_that_no_layer_takes_leave_a_value_in_float(tmp_path: Path) -> None:
    b = QdqBuilder()
    x = b.input("x", [1, 8])
    scales, zeros = b.weight(np.ones(8, np.float32)), b.weight(np.zeros(8, np.int8))
    q = b.add("QuantizeLinear", x, scales, zeros)
    problem = error(b.file(tmp_path, b.add("DequantizeLinear", q, scales, zeros)))
    assert {each.code for each in problem.problems()} == {"incomplete-quantization"}
    assert "input 'x'" in problem.message


def test_an_integer_input_without_a_meaning_is_rejected(tmp_path: Path) -> None:
    b = QdqBuilder()
    x = b.input("x", [1, 8], TensorProto.INT8)
    path = b.file(tmp_path, b.add("Reshape", x, b.ints(8)), kind=TensorProto.INT8)
    assert error(path).code == "unsupported-dtype"


def test_dynamic_quantization_gets_advice(tmp_path: Path) -> None:
    b = QdqBuilder()
    q = b.add("DynamicQuantizeLinear", b.input("x", [1, 8]), outputs=3)
    path = b.file(tmp_path, q, kind=TensorProto.UINT8)
    problem = error(path)
    assert problem.code == "unsupported-operator"
    assert "quantize_static" in problem.help
