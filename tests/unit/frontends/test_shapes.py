"""``--shape``: open axes of inputs are filled in; everything that does not fit is named."""

from pathlib import Path

import numpy as np
import pytest
from onnx_models import OnnxBuilder
from tflite_files import file

from edgec.errors import EdgecError, ExitCode
from edgec.frontends import load
from edgec.frontends.shapes import joined, parse_shapes
from edgec.ir import Array, evaluate


def open_model(folder: Path) -> Path:
    """Return a model that flattens an image of unknown size by arithmetic on its own shape."""
    b = OnnxBuilder()
    x = b.input("image", ["batch", 2, "height", None])
    shape = b.add("Shape", x)
    first = b.add("Gather", shape, b.ints(0), axis=0)
    rest = b.add("Slice", shape, b.ints(1), b.ints(4))
    size = b.add("ReduceProd", rest, keepdims=1)
    target = b.add("Concat", first, b.add("Cast", size, to=7), axis=0)
    y = b.add("Reshape", b.add("Relu", x), target)
    b.add("Mul", y, b.add("ConstantOfShape", target), output="y")
    path = folder / "model.onnx"
    path.write_bytes(b.model("y").SerializeToString())
    return path


def error(text: str, path: Path) -> EdgecError:
    with pytest.raises(EdgecError) as caught:
        load(path, parse_shapes(text))
    assert caught.value.help
    return caught.value


def test_open_axes_are_filled_in_and_shape_arithmetic_folds_away(tmp_path: Path) -> None:
    graph = load(open_model(tmp_path), parse_shapes("image=1,2,3,4")).graph
    x: Array = np.ones((1, 2, 3, 4), np.float32)
    (y,) = evaluate(graph, {graph.inputs[0]: x}).values()
    assert y.shape == (1, 24)
    assert {node.op.name for node in graph.nodes} == {"relu", "reshape", "mul"}


def test_a_batch_may_be_asked_for(tmp_path: Path) -> None:
    graph = load(open_model(tmp_path), parse_shapes("image=5,2,3,4")).graph
    assert graph.types[graph.outputs[0]].shape == (5, 24)


def test_an_open_axis_that_is_not_the_batch_needs_a_shape(tmp_path: Path) -> None:
    problem = error("", open_model(tmp_path))
    assert problem.code == "dynamic-shape"
    assert "--shape image=1,2,?,?" in problem.help


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("image=1,3,3,4", "whose shape is (?,2,?,?)"),
        ("image=1,2,3", "whose shape is (?,2,?,?)"),
        ("picture=1,2,3,4", "no input 'picture'"),
    ],
)
def test_shapes_that_do_not_fit(text: str, says: str, tmp_path: Path) -> None:
    problem = error(text, open_model(tmp_path))
    assert (problem.code, problem.exit_code) == ("invalid-shape", ExitCode.USAGE)
    assert says in problem.message


@pytest.mark.parametrize("text", ["image", "image=", "=1,2", "image=1,x", "image=1,0", "a=1;a=2"])
def test_texts_that_are_no_shapes(text: str) -> None:
    with pytest.raises(EdgecError) as caught:
        parse_shapes(text)
    assert caught.value.code == "invalid-shape"


def test_names_may_hold_anything_but_a_semicolon() -> None:
    parts = ["serving_default/x=y:0=1,28", "b=3"]
    assert parse_shapes(joined(parts)) == {"serving_default/x=y:0": (1, 28), "b": (3,)}


def test_tflite_shapes_are_fixed(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(file())
    assert load(path, {"x": (1, 4, 4, 2)}).graph.inputs == ("x",)
    assert error("x=1,8,8,2", path).code == "invalid-shape"
    assert error("z=1,8,8,2", path).code == "invalid-shape"


def test_an_input_of_unknown_rank_needs_a_shape(tmp_path: Path) -> None:
    b = OnnxBuilder()
    b.add("Relu", b.input("x", []), output="y")
    model = b.model("y")
    for each in (*model.graph.input, *model.graph.output):
        each.type.tensor_type.ClearField("shape")
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    assert error("", path).code == "dynamic-shape"
    graph = load(path, {"x": (1, 5)}).graph
    assert graph.types[graph.outputs[0]].shape == (1, 5)
