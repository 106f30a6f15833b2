"""Functions of one element against onnxruntime, and what their importers refuse."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx_node import assert_equals_onnxruntime, imported, node_model, node_names
from ops.case import int8

from edgec.errors import EdgecError
from edgec.exporters import write_tflite
from edgec.ir import GraphBuilder, Signature, TensorType, evaluate
from edgec.ops.activations.elu import Elu
from edgec.ops.functions.log import Log
from edgec.ops.functions.pow import Pow
from edgec.ops.functions.reciprocal import Reciprocal
from edgec.ops.functions.unary import lookup_table

FUNCTIONS: list[tuple[str, dict[str, Any]]] = [
    ("Abs", {}),
    ("Atan", {}),
    ("Ceil", {}),
    ("Celu", {"alpha": 0.7}),
    ("Cos", {}),
    ("Elu", {}),
    ("Elu", {"alpha": 0.3}),
    ("Erf", {}),
    ("Exp", {}),
    ("Floor", {}),
    ("HardSigmoid", {}),
    ("HardSigmoid", {"alpha": 0.3, "beta": 0.4}),
    ("Mish", {}),
    ("Neg", {}),
    ("Reciprocal", {}),
    ("Round", {}),
    ("Selu", {}),
    ("Selu", {"alpha": 1.1, "gamma": 0.9}),
    ("Shrink", {"bias": 0.3, "lambd": 0.4}),
    ("Sign", {}),
    ("Sin", {}),
    ("Softplus", {}),
    ("Softsign", {}),
    ("ThresholdedRelu", {"alpha": 0.4}),
]


@pytest.mark.parametrize(("op", "attributes"), FUNCTIONS, ids=str)
def test_function_equals_onnxruntime(op: str, attributes: dict[str, Any], tmp_path: Path) -> None:
    opset = 18 if op == "Mish" else 17
    assert_equals_onnxruntime(node_model(op, [(2, 3, 50)], opset=opset, **attributes), tmp_path)


@pytest.mark.parametrize("form", ["none", "tanh"])
def test_gelu_equals_onnxruntime(form: str, tmp_path: Path) -> None:
    model = node_model("Gelu", [(3, 70)], opset=20, approximate=form)
    assert_equals_onnxruntime(model, tmp_path)


@pytest.mark.skipif(onnx.defs.onnx_opset_version() < 24, reason="Swish came with opset 24")
def test_swish_is_x_times_sigmoid_of_alpha_x(tmp_path: Path) -> None:
    graph = imported(node_model("Swish", [(3, 7)], opset=24, alpha=1.5), tmp_path)
    x = np.linspace(-4, 4, 21, dtype=np.float32).reshape(3, 7)
    (y,) = evaluate(graph, {graph.inputs[0]: x}).values()
    np.testing.assert_allclose(y, x / (1 + np.exp(-1.5 * x)), rtol=1e-6)


@pytest.mark.parametrize("op", ["Log", "Sqrt"])
def test_function_of_positive_numbers_equals_onnxruntime(op: str, tmp_path: Path) -> None:
    square = onnx.helper.make_node("Mul", ["x0", "x0"], ["square"])
    model = node_model(op, [(3, 70)])
    model.graph.node[0].input[0] = "square"
    model.graph.node.insert(0, square)
    assert_equals_onnxruntime(model, tmp_path)


@pytest.mark.parametrize("exponent", [2.0, 3.0, 0.0, -1.0])
def test_pow_equals_onnxruntime(exponent: float, tmp_path: Path) -> None:
    model = node_model("Pow", [(3, 70)], [np.array(exponent, np.float32)])
    graph = assert_equals_onnxruntime(model, tmp_path)
    assert [node.op for node in graph.nodes] == [Pow(exponent=exponent)]


def test_pow_with_an_integer_exponent(tmp_path: Path) -> None:
    model = node_model("Pow", [(3, 70)], [np.array([2], np.int64)])
    assert node_names(assert_equals_onnxruntime(model, tmp_path)) == ["pow"]


def test_pow_with_several_exponents_is_refused(tmp_path: Path) -> None:
    model = node_model("Pow", [(2, 2)], [np.array([1.0, 2.0], np.float32)])
    with pytest.raises(EdgecError, match="exponents differ") as caught:
        imported(model, tmp_path)
    assert caught.value.code == "unsupported-attribute"


def test_pow_with_a_computed_exponent_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EdgecError, match="computed at run time"):
        imported(node_model("Pow", [(2, 2), (2, 2)]), tmp_path)


def test_tables_saturate_where_the_function_is_infinite_or_undefined() -> None:
    kinds = int8((256,), 1.0, 0), int8((256,), 0.1, 5)
    signature = Signature((kinds[0],), (kinds[1],))
    logarithms, inverses = (lookup_table(op, signature) for op in (Log(), Reciprocal()))
    assert logarithms[128] == -128  # log(0)
    assert inverses[128] == 127  # 1 / 0
    assert inverses[129] == 15  # 1 / 1 at scale 0.1, zero point 5
    roots = lookup_table(Pow(exponent=0.5), signature)
    assert roots[0] == 5  # not a number: the zero point


def test_table_of_other_types_is_not_exported() -> None:
    g = GraphBuilder("g")
    y = g.add1(Elu(), g.input("x", TensorType((1, 4))), name="elu")
    with pytest.raises(EdgecError) as caught:
        write_tflite(g.build([y]))
    assert caught.value.code == "cannot-export"
    assert "'elu'" in str(caught.value.place)
