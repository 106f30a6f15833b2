"""If, Loop and Scan of which the way is known at import, against onnxruntime; and the others."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper
from onnx_graphs import (
    Node,
    assert_as_onnxruntime,
    body,
    branch,
    constant,
    floats,
    model,
    saved,
    value,
)
from onnx_node import node_names

from edgec.errors import EdgecError
from edgec.frontends.onnx.load import load_onnx

ADD = branch([Node("Add", ["x", "k"], ["t"])], ["t"], [floats("k", 1, 2, 3, 4)])
NEGATE = branch([Node("Neg", ["x"], ["t"])], ["t"])
TRUE, HALF = constant("c", np.array(True)), floats("w", 0.5)
KEEP = Node("Identity", ["go"], ["goes"])
TIMES = Node("Mul", ["v", "w"], ["next"])
HALVE = body([KEEP, TIMES], ["i", "go", "v"], ["goes", "next"])


def either(name: str = "y", then: Any = ADD, otherwise: Any = NEGATE) -> Any:
    return Node("If", ["c"], [name], then_branch=then, else_branch=otherwise)


@pytest.mark.parametrize("taken", [True, False])
def test_the_branch_that_is_taken_is_written_out(taken: bool, tmp_path: Path) -> None:
    graph = assert_as_onnxruntime(model([either()], [constant("c", np.array(taken))]), tmp_path)
    assert node_names(graph) == ["add" if taken else "neg", "reshape"]


def test_a_condition_on_shapes_is_folded(tmp_path: Path) -> None:
    """As PyTorch exports squeeze(0) where shapes are open."""
    nodes = [
        Node("Shape", ["x"], ["s"]),
        Node("Gather", ["s", "first"], ["extent"]),
        Node("Equal", ["extent", "one"], ["c"]),
        either(
            then=branch([Node("Squeeze", ["x", "axes"], ["t"])], ["t"]),
            otherwise=branch([Node("Identity", ["x"], ["t"])], ["t"]),
        ),
    ]
    numbers = [constant("first", np.int64(0)), constant("one", np.int64(1))]
    axes = constant("axes", np.array([0], np.int64))
    graph = assert_as_onnxruntime(model(nodes, [*numbers, axes]), tmp_path)
    assert graph.types[graph.outputs[0]].shape == (4,)
    two = load_onnx(saved(model(nodes, [*numbers, axes], x=("n", 4)), tmp_path), {"x": (2, 4)})
    assert two.types[two.outputs[0]].shape == (2, 4)


def test_branches_inside_branches_see_all_around_them(tmp_path: Path) -> None:
    inner = branch([Node("Mul", ["relu", "x"], ["t"])], ["t"])
    outer = branch([Node("Relu", ["x"], ["relu"]), either("t", then=inner)], ["t"])
    assert_as_onnxruntime(model([either(then=outer)], [TRUE]), tmp_path)


def test_two_branches_of_the_same_names_do_not_meet(tmp_path: Path) -> None:
    nodes = [either("a"), either("b"), Node("Add", ["a", "b"], ["y"])]
    assert_as_onnxruntime(model(nodes, [TRUE]), tmp_path)


def test_a_branch_may_return_several_values_and_constants(tmp_path: Path) -> None:
    then = branch([Node("Relu", ["x"], ["p"])], ["p", "k"], [floats("k", 1, 2, 3, 4)])
    otherwise = branch([Node("Relu", ["x"], ["p"]), Node("Abs", ["x"], ["q"])], ["p", "q"])
    taken = Node("If", ["c"], ["a", "b"], then_branch=then, else_branch=otherwise)
    for condition in (True, False):
        constants = [constant("c", np.array(condition))]
        made = model([taken, Node("Add", ["a", "b"], ["y"])], constants)
        assert_as_onnxruntime(made, tmp_path)


def test_fused_operators_in_branches_are_spelled_out(tmp_path: Path) -> None:
    gelu = Node("FastGelu", ["x"], ["t"], domain="com.microsoft")
    made = model([either(then=branch([gelu], ["t"]))], [TRUE], domains=["com.microsoft"])
    assert "gelu" in node_names(assert_as_onnxruntime(made, tmp_path))


def test_a_loop_is_its_turns(tmp_path: Path) -> None:
    scanned = body(
        [KEEP, TIMES, Node("Identity", ["next"], ["each"])],
        ["i", "go", "v"],
        ["goes", "next", "each"],
    )
    outputs = [value("last"), value("y")]
    loop = Node("Loop", ["m", "c", "x"], ["last", "y"], body=scanned)
    made = model([loop], [constant("m", np.int64(3)), TRUE, HALF], outputs=outputs)
    graph = assert_as_onnxruntime(made, tmp_path)
    assert node_names(graph).count("mul") == 3


@pytest.mark.parametrize("opset", [11, 13, 17])
def test_a_loop_ends_where_its_condition_does(opset: int, tmp_path: Path) -> None:
    nodes = [
        Node("Less", ["i", "two"], ["goes"]),
        Node("Cast", ["i"], ["f"], to=1),
        Node("Add", ["v", "f"], ["next"]),
    ]
    counted = body(nodes, ["i", "go", "v"], ["goes", "next"], [constant("two", np.int64(2))])
    loop = Node("Loop", ["m", "", "x"], ["y"], body=counted)
    made = model([loop], [constant("m", np.int64(9))], opset=opset)
    assert node_names(assert_as_onnxruntime(made, tmp_path)).count("add") == 3


def test_a_loop_of_no_turn_passes_its_values_on(tmp_path: Path) -> None:
    loop = Node("Loop", ["m", "", "x"], ["y"], body=HALVE)
    assert_as_onnxruntime(model([loop], [constant("m", np.int64(0)), HALF]), tmp_path)


@pytest.mark.parametrize("backwards", [0, 1])
def test_a_scan_is_a_turn_for_each_element(backwards: int, tmp_path: Path) -> None:
    vectors = [value(name, [4]) for name in ("s", "e", "sum", "out")]
    nodes = [Node("Add", ["s", "e"], ["sum"]), Node("Relu", ["sum"], ["out"])]

    graph = helper.make_graph(nodes, "body", vectors[:2], vectors[2:])
    scan = Node(
        "Scan",
        ["zero", "x"],
        ["last", "y"],
        body=graph,
        num_scan_inputs=1,
        scan_input_directions=[backwards],
        scan_output_directions=[backwards],
        scan_output_axes=[backwards],
    )
    outputs = [value("last"), value("y")]
    made = model([scan], [floats("zero", 0, 0, 0, 0)], x=(5, 4), outputs=outputs)
    assert_as_onnxruntime(made, tmp_path)


@pytest.mark.parametrize(
    ("node", "says"),
    [
        (either(), "If: its condition ('c') is computed at run time"),
        (Node("Loop", ["m", "", "x"], ["y"], body=HALVE), "the number of turns ('m')"),
        (Node("Loop", ["", "c", "x"], ["y"], body=HALVE), "Loop: its condition ('c')"),
    ],
)
def test_what_is_decided_at_run_time_is_refused_by_name(
    node: Any, says: str, tmp_path: Path
) -> None:
    """``c`` and ``m`` are the model's inputs."""
    made = model([node], [HALF])
    made.graph.input.extend([value("c", []), value("m", [])])
    with pytest.raises(EdgecError) as caught:
        load_onnx(saved(made, tmp_path))
    (problem,) = caught.value.problems()
    assert problem.code == "unsupported-operator"
    assert says in problem.message
    assert "onnxsim" in problem.help


def test_a_loop_of_too_many_turns_is_refused(tmp_path: Path) -> None:
    loop = Node("Loop", ["m", "", "x"], ["y"], body=HALVE)
    with pytest.raises(EdgecError) as caught:
        load_onnx(saved(model([loop], [constant("m", np.int64(1 << 40)), HALF]), tmp_path))
    assert caught.value.code == "model-too-large"


EMPTY = body([], ["i", "go", "v"], ["go", "v"])
ROUNDS = body(
    [Node("Loop", ["m", "", "v"], ["next"], body=HALVE)], ["i", "go", "v"], ["go", "next"]
)


@pytest.mark.parametrize(("turns", "held"), [(1 << 62, EMPTY), (4000, ROUNDS)])
def test_loops_of_nothing_and_loops_in_loops_are_counted(
    turns: int, held: Any, tmp_path: Path
) -> None:
    loop = Node("Loop", ["m", "", "x"], ["y"], body=held)
    with pytest.raises(EdgecError) as caught:
        load_onnx(saved(model([loop], [constant("m", np.int64(turns)), HALF]), tmp_path))
    assert {each.code for each in caught.value.problems()} == {"model-too-large"}


def test_graphs_that_do_not_fit_are_malformed(tmp_path: Path) -> None:
    two = body([KEEP], ["i", "go"], ["goes"])
    loop = Node("Loop", ["m", "", "x"], ["y"], body=two)
    with pytest.raises(EdgecError) as caught:
        load_onnx(saved(model([loop], [constant("m", np.int64(2))]), tmp_path))
    assert caught.value.code == "malformed-model"


def test_nothing_is_said_of_what_comes_behind_a_refused_branch(tmp_path: Path) -> None:
    nodes = [Node("Det", ["x"], ["c"]), either("a"), Node("Relu", ["a"], ["y"])]
    with pytest.raises(EdgecError) as caught:
        load_onnx(saved(model(nodes, x=(3, 3)), tmp_path))
    assert len(caught.value.problems()) == 1


LONG = branch([Node("Relu", ["v"], [f"t{i}"]) for i in range(500)], ["t0"])
SHORT = branch([Node("Relu", ["v"], ["t"])], ["t"])
CHOOSING = body(
    [Node("If", ["c"], ["next"], then_branch=LONG, else_branch=SHORT)],
    ["i", "go", "v"],
    ["go", "next"],
)


def test_branches_that_no_turn_takes_are_counted(tmp_path: Path) -> None:
    """Each turn is a copy of the body, with all that stands in it."""
    loop = Node("Loop", ["m", "", "x"], ["y"], body=CHOOSING)
    numbers = [constant("c", np.array(False)), constant("m", np.int64(900))]
    with pytest.raises(EdgecError) as caught:
        load_onnx(saved(model([loop], numbers), tmp_path))
    assert caught.value.code == "model-too-large"
    assert "copy 200298 nodes with their branches" in caught.value.message
