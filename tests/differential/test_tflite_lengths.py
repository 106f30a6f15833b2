"""--shape of TFLite files with open axes: what the interpreter makes of a resized input."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracle import require
from tflite_files import Change, OddLayout, constant, conv, conv_tensors, file, q, tensor

from edgec.errors import EdgecError
from edgec.exporters.flatbuffer import FileOperator, FileTensor
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import evaluate
from edgec.pipelines import optimize_integer

SIGNATURE = (-1, -1, 4, 2)


def opened(signature: Sequence[int]) -> Change:
    def change(layout: OddLayout, fields: dict[str, Any]) -> dict[str, Any]:
        return fields | {"ShapeSignature": layout._numbers(signature, np.int32)}

    return change


def written(tensors: Sequence[FileTensor], operators: Sequence[FileOperator], folder: Path) -> Path:
    """Return a file whose four-axis tensors, the input among them, leave two axes open."""
    path = folder / "model.tflite"
    data = file(tensors, operators, [0], [len(tensors) - 1], Tensor=opened(SIGNATURE))
    path.write_bytes(data)
    return path


def convolution(folder: Path) -> Path:
    return written(conv_tensors(), [conv()], folder)


@pytest.mark.oracle
@pytest.mark.parametrize("shape", [(1, 4, 4, 2), (3, 4, 4, 2), (1, 9, 4, 2), (2, 1, 4, 2)])
def test_open_axes_are_as_long_as_asked(shape: tuple[int, ...], tmp_path: Path) -> None:
    path = convolution(tmp_path)
    module = require(exact=True)
    kind = module.OpResolverType.BUILTIN_REF
    judge = module.Interpreter(model_path=str(path), experimental_op_resolver_type=kind)
    judge.resize_tensor_input(judge.get_input_details()[0]["index"], shape)
    judge.allocate_tensors()
    x = np.random.default_rng(0).integers(-128, 128, shape, np.int8)
    judge.set_tensor(judge.get_input_details()[0]["index"], x)
    judge.invoke()
    wanted = judge.get_tensor(judge.get_output_details()[0]["index"])
    graph = optimize_integer(load_tflite(path, {"x": shape}))
    (name,), (output,) = graph.inputs, graph.outputs
    assert np.array_equal(evaluate(graph, {name: x})[output], wanted)


def test_other_axes_are_fixed(tmp_path: Path) -> None:
    with pytest.raises(EdgecError, match="whose shape is fixed") as caught:
        load_tflite(convolution(tmp_path), {"x": (1, 4, 5, 2)})
    assert caught.value.code == "invalid-shape"


def test_a_file_that_holds_the_old_length_says_so(tmp_path: Path) -> None:
    x, shape = tensor("x", (1, 4, 4, 2)), constant("shape", np.array([1, 32], np.int32))
    y = tensor("y", (1, 32), q=x.kind.qparams or q(1.0))
    view = FileOperator("RESHAPE", 1, [0, 1], [2], "", {})
    path = written([x, shape, y], [view], tmp_path)
    assert load_tflite(path).inputs == ("x",)
    with pytest.raises(EdgecError, match="the model cannot run with it: RESHAPE") as caught:
        load_tflite(path, {"x": (1, 5, 4, 2)})
    assert caught.value.code == "invalid-shape"
