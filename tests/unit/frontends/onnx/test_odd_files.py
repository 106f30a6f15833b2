"""Odd files that onnxruntime runs: never called malformed, and mostly built."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper
from onnx_graphs import Node, assert_as_onnxruntime, constant, floats, model, saved, value
from onnx_node import node_model

from edgec.errors import EdgecError
from edgec.frontends.onnx.load import load_onnx

RELU = Node("Relu", ["x"], ["y"])
ADD = Node("Add", ["x", "w"], ["y"])
W = floats("w", 1, 2, 3, 4)


def unsorted() -> Any:
    return model([Node("Relu", ["b"], ["y"]), Node("Neg", ["a"], ["b"]), Node("Abs", ["x"], ["a"])])


def without_graph_name() -> Any:
    made = model([RELU])
    made.graph.name = ""
    return made


def output_without_type() -> Any:
    output = onnx.ValueInfoProto()
    output.name = "y"
    return model([RELU], outputs=[output])


def one_name_for_two_constants() -> Any:
    return model([ADD], [W, floats("w", 5, 6, 7, 8)])


def constant_without_name() -> Any:
    return model([RELU], [floats("", 1)])


def undeclared_domain() -> Any:
    return model([Node("Gelu", ["x"], ["y"], domain="com.microsoft")])


def domain_by_its_long_name() -> Any:
    return model([Node("Relu", ["x"], ["y"], domain="ai.onnx")])


def old_version_with_free_constants() -> Any:
    made = model([ADD], [W])
    made.ir_version = 3
    return made


def sparse(name: str, places: Any) -> Any:
    return helper.make_sparse_tensor(floats(name, 2, 3), constant("places", places), [4])


def sparse_constant() -> Any:
    node = Node("Constant", [], ["w"], sparse_value=sparse("", np.array([0, 3], np.int64)))
    return model([node, ADD])


def sparse_initializer() -> Any:
    made = model([ADD])
    made.graph.sparse_initializer.append(sparse("w", np.array([[1], [2]], np.int64)))
    return made


def normalization_in_an_old_opset() -> Any:
    node = Node("LayerNormalization", ["x", "w", "w"], ["y"], axis=-1)
    return model([node], [W], opset=11)


def unread_nodes_and_constants() -> Any:
    return model([RELU, Node("Neg", ["y"], ["z"])], [constant("empty", np.zeros(0, np.float32))])


def wrong_shapes_of_values() -> Any:
    made = model([Node("Abs", ["x"], ["a"]), Node("Relu", ["a"], ["y"])], outputs=[value("y", [9])])
    made.graph.value_info.append(value("a", [1, 7]))
    return made


def constant_as_input_too() -> Any:
    made = model([ADD], [W])
    made.graph.input.append(value("w", [4]))
    return made


def absent_optional_inputs() -> Any:
    return model([Node("Clip", ["x", "", ""], ["c"]), Node("Dropout", ["c", "", ""], ["y"])])


def test_names_that_nobody_reads_may_be_no_text(tmp_path: Path) -> None:
    made = model([RELU])
    made.graph.name = "some graph"
    path = tmp_path / "model.onnx"
    path.write_bytes(made.SerializeToString().replace(b"some graph", b"\xffome graph"))
    assert load_onnx(path).outputs == ("y",)


MAKERS: list[Callable[[], Any]] = [
    unsorted,
    without_graph_name,
    output_without_type,
    one_name_for_two_constants,
    constant_without_name,
    undeclared_domain,
    domain_by_its_long_name,
    old_version_with_free_constants,
    sparse_constant,
    sparse_initializer,
    normalization_in_an_old_opset,
    unread_nodes_and_constants,
    wrong_shapes_of_values,
    constant_as_input_too,
    absent_optional_inputs,
]


@pytest.mark.parametrize("make", MAKERS)
def test_what_onnxruntime_runs_is_read(make: Callable[[], Any], tmp_path: Path) -> None:
    assert_as_onnxruntime(make(), tmp_path)


ANY = (2, 3, 4)
IMAGE = (1, 4, 6, 6)
NODES: list[tuple[str, tuple[int, ...], list[Any], int, dict[str, Any]]] = [
    ("ThresholdedRelu", ANY, [], 9, {}),
    ("MeanVarianceNormalization", (1, 3, 4, 4), [], 8, {}),
    ("MeanVarianceNormalization", (2, 5), [], 13, {}),
    ("LayerNormalization", ANY, [np.ones(4, np.float32)], 7, {}),
    ("Pad", IMAGE, [np.array([0, 0, -1, 0, 0, 0, 0, -2], np.int64)], 13, {"mode": "reflect"}),
    ("PRelu", ANY, [np.ones((1, 1, 1, 1), np.float32)], 16, {}),
    ("Pow", ANY, [np.ones((1, 1, 1, 1), np.float32)], 13, {}),
    ("Einsum", (2, 3), [], 12, {"equation": "ij->"}),
    ("Squeeze", (1, 1), [], 13, {}),
    ("Gemm", (3, 4), [np.ones((4, 5), np.float32), np.ones((3, 1), np.float32)], 13, {}),
    ("Tile", (3, 2), [np.array([1, 2], np.int64)], 13, {}),
    ("Slice", (4, 6), [np.array([5]), np.array([-100]), np.array([1]), np.array([-3])], 13, {}),
    ("Upsample", IMAGE, [np.array([1, 1, 2, 3], np.float32)], 9, {"mode": "linear"}),
    ("Hardmax", ANY, [], 13, {}),
    ("Div", ANY, [np.zeros(1, np.float32)], 13, {}),
    ("BatchNormalization", ANY, [np.ones(3, np.float32)] * 3 + [-np.ones(3, np.float32)], 13, {}),
    ("Einsum", (1, 3), [np.ones((2, 3), np.float32)], 12, {"equation": "ij,ij->ij"}),
    ("Trilu", (3, 3), [], 14, {}),
    ("Det", (3, 3), [], 13, {}),
    ("RandomUniformLike", (1, 4), [], 11, {}),
    ("RandomNormalLike", ANY, [], 13, {}),
    ("LRN", IMAGE, [], 13, {"size": 3}),
]


@pytest.mark.parametrize(("op", "shape", "constants", "opset", "attributes"), NODES)
def test_what_onnxruntime_runs_is_not_called_malformed(
    op: str,
    shape: tuple[int, ...],
    constants: list[Any],
    opset: int,
    attributes: dict[str, Any],
    tmp_path: Path,
) -> None:
    made = node_model(op, [shape], constants, opset=opset, **attributes)
    path = saved(made, tmp_path)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    onnxruntime.InferenceSession(path, options).run(None, {"x0": np.ones(shape, np.float32)})
    try:
        load_onnx(path)
    except EdgecError as error:
        assert {each.code for each in error.problems()} <= {  # noqa: PT017 - it may be built too
            "unsupported-operator",
            "unsupported-attribute",
            "unsupported-shape",
        }


REFUSED = [
    ("RandomNormalLike", "draws random numbers"),
    ("Det", "linear algebra"),
    ("StringNormalizer", "works on texts"),
    ("NonMaxSuppression", "how many boxes"),
    ("GridSample", "where it reads depends on the data"),
    ("ScatterND", "writes to places"),
]


@pytest.mark.parametrize(("op", "why"), REFUSED)
def test_operators_are_refused_with_a_reason(op: str, why: str, tmp_path: Path) -> None:
    """Also where the node is not what the standard says; what reads its result is not named."""
    nodes = [Node(op, ["x"], ["a"]), Node("Relu", ["a"], ["b"]), Node("Add", ["b", "a"], ["y"])]
    with pytest.raises(EdgecError) as caught:
        load_onnx(saved(model(nodes), tmp_path))
    (problem,) = [each for each in caught.value.problems() if each.code != "malformed-model"] or [
        caught.value
    ]
    assert len(caught.value.problems()) == 1
    if problem.code == "unsupported-operator":
        assert why in problem.message


def test_every_problem_is_named_once_and_none_at_second_hand(tmp_path: Path) -> None:
    nodes = [
        Node("Det", ["x"], ["a"]),
        Node("NonZero", ["x"], ["b"]),
        Node("Relu", ["a"], ["c"]),
        Node("Resize", ["x", "", "factors"], ["d"], mode="linear", antialias=1),
        Node("Sum", ["c", "d"], ["e"]),
        Node("Own", ["e", "b"], ["y"], domain="a.tool"),
    ]
    made = model(nodes, [floats("factors", 2, 2)], x=(3, 3), opset=18)
    with pytest.raises(EdgecError) as caught:
        load_onnx(saved(made, tmp_path))
    found = [each.message for each in caught.value.problems()]
    assert [each.split(" is not")[0] for each in found] == [
        "operator Det",
        "operator NonZero",
        "operator a.tool::Own",
        "Resize: antialias = 1",
    ]
