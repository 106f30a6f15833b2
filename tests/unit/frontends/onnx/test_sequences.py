"""Sequences whose length is known at import, against onnxruntime; and the others."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper
from onnx_graphs import (
    BOOL,
    FLOAT,
    INT64,
    Node,
    assert_as_onnxruntime,
    constant,
    model,
    saved,
    value,
)

from edgec.errors import EdgecError
from edgec.frontends.onnx.load import load_onnx
from edgec.frontends.onnx.sequences import Sequences

X = (2, 6)
ALL = Node("SplitToSequence", ["x"], ["s"], axis=1)


def at(place: int) -> list[Any]:
    return [constant("p", np.int64(place))]


OPSETS = pytest.mark.parametrize("opset", [11, 13, 17])


@OPSETS
@pytest.mark.parametrize("keepdims", [0, 1])
@pytest.mark.parametrize("place", [0, -2])
def test_an_element_of_a_split_tensor(
    opset: int, keepdims: int, place: int, tmp_path: Path
) -> None:
    nodes = [
        Node("SplitToSequence", ["x"], ["s"], axis=1, keepdims=keepdims),
        Node("SequenceAt", ["s", "p"], ["y"]),
    ]
    assert_as_onnxruntime(model(nodes, at(place), x=X, opset=opset), tmp_path)


@OPSETS
@pytest.mark.parametrize("sizes", [np.array([2, 4], np.int64), np.int64(4)])
def test_parts_of_stated_sizes(opset: int, sizes: Any, tmp_path: Path) -> None:
    nodes = [
        Node("SplitToSequence", ["x", "sizes"], ["s"], axis=1),
        Node("SequenceAt", ["s", "p"], ["y"]),
    ]
    constants = [*at(1), constant("sizes", sizes)]
    assert_as_onnxruntime(model(nodes, constants, x=X, opset=opset), tmp_path)


@OPSETS
@pytest.mark.parametrize("new_axis", [0, 1])
def test_a_sequence_is_concatenated(opset: int, new_axis: int, tmp_path: Path) -> None:
    nodes = [
        Node("Relu", ["x"], ["r"]),
        Node("SequenceConstruct", ["x", "r"], ["a"]),
        Node("SequenceInsert", ["a", "x", "p"], ["b"]),
        Node("SequenceErase", ["b"], ["c"]),
        Node("Identity", ["c"], ["d"]) if opset > 13 else Node("SequenceErase", ["b"], ["d"]),
        Node("ConcatFromSequence", ["d"], ["y"], axis=1, new_axis=new_axis),
    ]
    assert_as_onnxruntime(model(nodes, at(0), x=X, opset=opset), tmp_path)


def test_the_length_of_a_sequence_is_a_number(tmp_path: Path) -> None:
    nodes = [
        ALL,
        Node("SequenceLength", ["s"], ["n"]),
        Node("Cast", ["n"], ["f"], to=1),
        Node("Mul", ["x", "f"], ["y"]),
    ]
    assert_as_onnxruntime(model(nodes, x=X), tmp_path)


def test_a_loop_may_collect_a_sequence(tmp_path: Path) -> None:
    """As PyTorch exports a list that is appended to."""
    collecting = helper.make_graph(
        [Node("Identity", ["go"], ["goes"]), Node("SequenceInsert", ["list", "x"], ["longer"])],
        "body",
        [
            value("i", [], INT64),
            value("go", [], BOOL),
            helper.make_tensor_sequence_value_info("list", FLOAT, None),
        ],
        [
            value("goes", [], BOOL),
            helper.make_tensor_sequence_value_info("longer", FLOAT, None),
        ],
    )
    nodes = [
        Node("SequenceEmpty", [], ["empty"]),
        Node("Loop", ["m", "", "empty"], ["s"], body=collecting),
        Node("ConcatFromSequence", ["s"], ["y"], axis=0),
    ]
    assert_as_onnxruntime(model(nodes, [constant("m", np.int64(3))], x=X), tmp_path)


def test_optional_values_that_are_there(tmp_path: Path) -> None:
    nodes = [
        Node("Optional", ["x"], ["o"]),
        Node("OptionalHasElement", ["o"], ["has"]),
        Node("OptionalGetElement", ["o"], ["z"]),
        Node("Cast", ["has"], ["f"], to=1),
        Node("Add", ["z", "f"], ["y"]),
    ]
    assert_as_onnxruntime(model(nodes, x=X), tmp_path)


def test_a_sequence_as_output_is_left_out_with_a_remark(tmp_path: Path) -> None:
    sequence = helper.make_tensor_sequence_value_info("s", FLOAT, None)
    made = model([ALL, Node("Relu", ["x"], ["y"])], x=X, outputs=[value("y"), sequence])
    graph = assert_as_onnxruntime(made, tmp_path)
    assert graph.remarks == ("output 's' is left out: it is a sequence of tensors, not one",)


def problem(made: Any, folder: Path) -> EdgecError:
    with pytest.raises(EdgecError) as caught:
        load_onnx(saved(made, folder))
    (found,) = caught.value.problems()
    return found


def test_a_position_at_run_time_is_refused_by_name(tmp_path: Path) -> None:
    made = model([ALL, Node("SequenceAt", ["s", "p"], ["y"])], x=X)
    made.graph.input.append(value("p", []))
    found = problem(made, tmp_path)
    assert found.code == "unsupported-operator"
    assert "the position ('p') is computed at run time" in found.message
    assert "stack or concatenate" in found.help


def test_other_readers_of_a_sequence_are_refused_by_name(tmp_path: Path) -> None:
    found = problem(model([ALL, Node("Relu", ["s"], ["y"])], x=X), tmp_path)
    assert "Relu: it reads a sequence" in found.message


def test_a_place_outside_of_a_sequence_is_malformed(tmp_path: Path) -> None:
    made = model([ALL, Node("SequenceAt", ["s", "p"], ["y"])], at(6), x=X)
    assert problem(made, tmp_path).code == "malformed-model"


def test_nothing_is_spelled_behind_too_many_nodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list of many names that is stacked again and again is a few bytes."""
    spelled, taken = Sequences.spelled, list[str]()

    def counted(self: Sequences, node: Any, *rest: Any) -> Any:
        taken.append(node.op_type)
        return spelled(self, node, *rest)

    monkeypatch.setattr(Sequences, "spelled", counted)
    stacked = [Node("ConcatFromSequence", ["s"], [f"y{i}"], axis=0, new_axis=1) for i in range(20)]
    outputs = [value(each.output[0]) for each in stacked]
    made = model([Node("SequenceConstruct", ["x"] * 4000, ["s"]), *stacked], outputs=outputs)
    assert problem(made, tmp_path).code == "model-too-large"
    assert taken == ["SequenceConstruct", "ConcatFromSequence", "ConcatFromSequence"]
