"""Recurrent layers of ONNX: written out step by step, they compute what onnxruntime computes."""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx_node import assert_equals_onnxruntime, imported, node_names, random_weights

from edgec.errors import EdgecError
from edgec.ir import Array, evaluate

STEPS, BATCH, INPUTS, HIDDEN = 5, 2, 3, 4
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
DIRECTIONS = ("forward", "reverse", "bidirectional")


def model(
    op: str,
    *,
    shape: tuple[int, int, int] = (STEPS, BATCH, INPUTS),
    biased: bool = True,
    states: str = "",
    lengths: Array | None = None,
    peepholes: Array | None = None,
    **attributes: Any,
) -> onnx.ModelProto:
    """Return one layer; ``states`` are constants (``zero``, ``given``), ``inputs`` or absent."""
    directions = 2 if attributes.get("direction") == "bidirectional" else 1
    rows, batch_first = GATES[op] * HIDDEN, attributes.get("layout", 0) == 1
    batch = shape[0] if batch_first else shape[1]
    state = (batch, directions, HIDDEN) if batch_first else (directions, batch, HIDDEN)
    inputs: dict[str, Array | None] = {
        "W": random_weights(directions, rows, shape[2]),
        "R": random_weights(directions, rows, HIDDEN) * np.float32(0.5),
        "B": random_weights(directions, 2 * rows) if biased else None,
        "lengths": lengths,
    }
    kinds = ("initial_h", "initial_c") if op == "LSTM" else ("initial_h",)
    for name in kinds:
        inputs[name] = random_weights(*state) * np.float32(states != "zero") if states else None
    inputs["P"] = peepholes
    graph_inputs = {"x": shape} | (dict.fromkeys(kinds, state) if states == "inputs" else {})
    names = [name if array is not None else "" for name, array in inputs.items()]
    while not names[-1]:
        names.pop()
    outputs = ["Y", "Y_h", "Y_c"][: 3 if op == "LSTM" else 2]
    node = onnx.helper.make_node(
        op, ["x", *names], outputs, name="node", hidden_size=HIDDEN, **attributes
    )
    weights = [
        onnx.numpy_helper.from_array(array, name)
        for name, array in inputs.items()
        if array is not None and name not in graph_inputs
    ]
    full = (*_leading(shape, directions, batch_first), HIDDEN)
    shapes = {"Y": full, "Y_h": state, "Y_c": state}
    graph = onnx.helper.make_graph(
        [node],
        "model",
        [_info(name, each) for name, each in graph_inputs.items()],
        [_info(name, shapes[name]) for name in outputs],
        weights,
    )
    imports = [onnx.helper.make_opsetid("", 14)]
    return onnx.helper.make_model(graph, opset_imports=imports, ir_version=8)


def _leading(shape: tuple[int, ...], directions: int, batch_first: bool) -> tuple[int, ...]:
    first, second = shape[:2]
    return (first, second, directions) if batch_first else (first, directions, second)


def _info(name: str, shape: tuple[int, ...]) -> onnx.ValueInfoProto:
    return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)


@pytest.mark.parametrize(("op", "direction"), list(product(GATES, DIRECTIONS)))
@pytest.mark.parametrize("states", ["", "zero", "given", "inputs"])
def test_layers_compute_what_onnxruntime_computes(
    op: str, direction: str, states: str, tmp_path: Path
) -> None:
    assert_equals_onnxruntime(model(op, direction=direction, states=states), tmp_path)


@pytest.mark.parametrize(
    ("direction", "states"), list(product(DIRECTIONS, ["", "given", "inputs"]))
)
def test_a_gru_may_reset_behind_the_product(direction: str, states: str, tmp_path: Path) -> None:
    made = model("GRU", direction=direction, states=states, linear_before_reset=1)
    assert_equals_onnxruntime(made, tmp_path)


@pytest.mark.parametrize("op", GATES)
def test_layers_need_no_bias(op: str, tmp_path: Path) -> None:
    assert_equals_onnxruntime(model(op, biased=False), tmp_path)


@pytest.mark.parametrize(
    ("op", "names"),
    [("LSTM", ["Sigmoid", "Softsign", "Relu"]), ("GRU", ["Sigmoid", "Relu"]), ("RNN", ["Relu"])],
)
def test_activations_of_a_model_are_used(op: str, names: list[str], tmp_path: Path) -> None:
    assert_equals_onnxruntime(model(op, activations=names), tmp_path)


def test_each_direction_has_its_own_activations(tmp_path: Path) -> None:
    made = model("RNN", direction="bidirectional", activations=["Relu", "Tanh"])
    assert_equals_onnxruntime(made, tmp_path)


@pytest.mark.parametrize("op", GATES)
def test_full_lengths_and_zero_peepholes_change_nothing(op: str, tmp_path: Path) -> None:
    lengths = np.full(BATCH, STEPS, np.int32)
    peepholes = np.zeros((1, 3 * HIDDEN), np.float32) if op == "LSTM" else None
    assert_equals_onnxruntime(model(op, lengths=lengths, peepholes=peepholes), tmp_path)


@pytest.mark.parametrize(("op", "direction"), list(product(GATES, DIRECTIONS)))
def test_batch_first_is_the_same_layer_turned(op: str, direction: str, tmp_path: Path) -> None:
    """onnxruntime does not run layout 1; layout 0, which it does run, is judged above."""
    made = model(op, shape=(BATCH, STEPS, INPUTS), direction=direction, states="given", layout=1)
    turned = model(op, shape=(STEPS, BATCH, INPUTS), direction=direction, states="given")
    x = np.random.default_rng(1).standard_normal((BATCH, STEPS, INPUTS)).astype(np.float32)
    _equal_states(made, turned)
    graph, plain = imported(made, tmp_path), imported(turned, tmp_path)
    got = list(evaluate(graph, {graph.inputs[0]: x}).values())
    wanted = list(evaluate(plain, {plain.inputs[0]: x.transpose(1, 0, 2).copy()}).values())
    np.testing.assert_array_equal(got[0], wanted[0].transpose(2, 0, 1, 3))
    for ours, other in zip(got[1:], wanted[1:], strict=True):
        np.testing.assert_array_equal(ours, other.transpose(1, 0, 2))


def _equal_states(made: onnx.ModelProto, other: onnx.ModelProto) -> None:
    """Give a batch-first model the states of the other, turned."""
    known = {each.name: each for each in other.graph.initializer}
    for each in made.graph.initializer:
        if each.name.startswith("initial"):
            array = onnx.numpy_helper.to_array(known[each.name]).transpose(1, 0, 2)
            each.CopyFrom(onnx.numpy_helper.from_array(array.copy(), each.name))


def test_weights_are_there_once(tmp_path: Path) -> None:
    graph = imported(model("LSTM", activations=["Sigmoid", "Tanh", "Relu"]), tmp_path)
    products = [node for node in graph.nodes if node.op.name == "fully_connected"]
    assert len(products) == STEPS  # of all inputs at once, and of the hidden state but at first
    assert len({node.inputs[1] for node in products}) == 2


@pytest.mark.parametrize(("direction", "layers"), [("reverse", 1), ("bidirectional", 2)])
def test_an_lstm_is_one_node_for_each_direction(
    direction: str, layers: int, tmp_path: Path
) -> None:
    graph = imported(model("LSTM", shape=(300, 1, INPUTS), direction=direction), tmp_path)
    assert [node.op.name for node in graph.nodes].count("lstm") == layers
    assert len(graph.nodes) < 25


def test_a_zero_state_costs_nothing(tmp_path: Path) -> None:
    absent, zero = (imported(model("LSTM", states=each), tmp_path) for each in ("", "zero"))
    assert node_names(absent) == node_names(zero)


@pytest.mark.parametrize(
    ("op", "arguments", "code", "said"),
    [
        ("LSTM", {"clip": 1.0}, "unsupported-attribute", "clip"),
        ("LSTM", {"input_forget": 1}, "unsupported-attribute", "input_forget"),
        ("LSTM", {"direction": "up"}, "malformed-model", "direction 'up'"),
        ("GRU", {"activations": ["Sigmoid", "Affine"]}, "unsupported-attribute", "Affine"),
        ("GRU", {"activations": ["Sigmoid"]}, "unsupported-attribute", "activations"),
        ("RNN", {"lengths": np.array([1, 2], np.int32)}, "unsupported-attribute", "sequence_lens"),
        ("LSTM", {"peepholes": np.ones((1, 12), np.float32)}, "unsupported-attribute", "peepholes"),
        ("RNN", {"shape": (300, 1, 3)}, "unsupported-shape", "300 steps"),
    ],
)
def test_what_is_not_supported_is_refused(
    op: str, arguments: dict[str, Any], code: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(EdgecError) as caught:
        imported(model(op, **arguments), tmp_path)
    assert caught.value.code == code
    assert said in caught.value.message


def test_weights_of_another_size_are_malformed(tmp_path: Path) -> None:
    made = model("GRU")
    made.graph.initializer[1].CopyFrom(
        onnx.numpy_helper.from_array(random_weights(1, 5, HIDDEN), "R")
    )
    with pytest.raises(EdgecError) as caught:
        imported(made, tmp_path)
    assert caught.value.code == "malformed-model"
