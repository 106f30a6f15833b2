"""Einsum of one and two tensors against onnxruntime."""

from pathlib import Path

import numpy as np
import pytest
from onnx_node import assert_equals_onnxruntime, imported, node_model, node_names

from edgec.errors import EdgecError
from edgec.pipelines import optimize_float

EXTENTS = {"a": 2, "b": 3, "c": 4, "d": 5, "h": 6}
RNG = np.random.default_rng(2)


def shape(term: str) -> tuple[int, ...]:
    return tuple(EXTENTS[letter] for letter in term)


@pytest.mark.parametrize(
    "equation",
    [
        "abc,cd->abd",
        "abc,adc->abd",
        "bhac,bhdc->bhad",
        "ab,cd->abcd",
        "abc,abc->ab",
        "abc,bd->ca",
        "abc,cd",
        "abc -> cab",
        "abc->b",
        "ab->",
        "ab,bc,cd->ad",
        "ab,bc,cd,dh->ha",
        "ab,ab,ab->b",
    ],
)
@pytest.mark.parametrize("constant", [False, True])
def test_equations(equation: str, constant: bool, tmp_path: Path) -> None:
    terms = equation.partition("->")[0].replace(" ", "").split(",")
    data = terms[:1] if constant else terms
    weights = [RNG.normal(size=shape(each)).astype(np.float32) for each in terms[len(data) :]]
    model = node_model("Einsum", [shape(each) for each in data], weights, equation=equation)
    assert_equals_onnxruntime(model, tmp_path)


def test_a_product_with_a_constant_is_a_layer(tmp_path: Path) -> None:
    weights = [RNG.normal(size=(4, 5)).astype(np.float32)]
    model = node_model("Einsum", [(1, 3, 4)], weights, equation="abc,cd->abd")
    names = node_names(optimize_float(imported(model, tmp_path)))
    assert [name for name in names if name != "reshape"] == ["fully_connected"]


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("...ab,...bc->...ac", [(2, 3, 4), (2, 4, 5)]),
        ("...ab,...bc", [(2, 3, 4), (2, 4, 5)]),
        ("...a,ab->...b", [(2, 3, 4), (4, 5)]),
        ("...a->a...", [(2, 3, 4)]),
        ("a...,...->...a", [(2, 3, 4), (3, 4)]),
        ("...ab->...a", [(3, 4)]),
    ],
)
def test_dots_stand_for_axes(equation: str, shapes: list[tuple[int, ...]], tmp_path: Path) -> None:
    assert_equals_onnxruntime(node_model("Einsum", shapes, equation=equation), tmp_path)


@pytest.mark.parametrize("equation", ["aa->a", "ab,bb->a"])
def test_others_are_rejected(equation: str, tmp_path: Path) -> None:
    model = node_model("Einsum", [(2, 2)] * (1 + equation.count(",")), equation=equation)
    with pytest.raises(EdgecError, match="equation") as caught:
        imported(model, tmp_path)
    assert "MatMul" in caught.value.help
