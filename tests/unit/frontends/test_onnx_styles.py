"""Models as other converters write them: tf2onnx (channels last, shape chains), skl2onnx (MLPs)."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper
from onnx_models import OnnxBuilder, assert_close

from edgec.frontends.onnx import load_onnx
from edgec.ir import Graph, evaluate
from edgec.ops.transpose import Transpose
from edgec.pipelines import optimize_float

NCHW, NHWC = [0, 3, 1, 2], [0, 2, 3, 1]


def tf2onnx_cnn(opset: int) -> onnx.ModelProto:
    """Return a Keras net: transposes around layers, SAME padding, shapes computed at run time."""
    b = OnnxBuilder(opset)
    x = b.add("Transpose", b.input("image:0", ["unk__7", 9, 7, 3]), perm=NCHW)
    x = b.add("Conv", x, b.random(4, 3, 3, 3), b.random(4), auto_pad="SAME_UPPER", strides=[2, 2])
    x = b.add("Transpose", b.add("Relu", x), perm=NHWC)
    x = b.add("Pad", x, b.ints(0, 0, 0, 0, 0, 1, 1, 0)) if opset > 10 else x
    x = b.add("Transpose", x, perm=NCHW)
    x = b.add("Conv", x, b.random(4, 1, 3, 3), group=4, auto_pad="VALID", strides=[1, 1])
    x = b.add("Transpose", b.batch_norm(x, 4), perm=NHWC)
    x = b.add("Clip", x, b.weight(np.float32(0)), b.weight(np.float32(6))) if opset > 10 else x
    mean = b.add("ReduceMean", x, axes=[1, 2], keepdims=1)
    shape = b.add("Shape", mean)
    if opset > 10:
        batch = b.add("Slice", shape, b.ints(0), b.ints(1), b.ints(0))
    else:
        batch = b.add("Slice", shape, axes=[0], starts=[0], ends=[1])
    target = b.add("Concat", batch, b.ints(-1), axis=0)
    x = b.add("Reshape", mean, b.add("Cast", target, to=TensorProto.INT64))
    x = b.add("Add", b.add("MatMul", x, b.random(4, 5)), b.random(5))
    b.add("Softmax", x, output="Identity:0", axis=1)
    return b.model("Identity:0")


def skl2onnx_mlp() -> onnx.ModelProto:
    """Return a scaler and an MLP, with the probabilities cast and reshaped as skl2onnx does."""
    b = OnnxBuilder(opset=15)
    x = b.input("X", [None, 6])
    b.nodes.append(
        helper.make_node(
            "Scaler",
            [x],
            ["scaled"],
            domain="ai.onnx.ml",
            offset=[0.1 * i for i in range(6)],
            scale=[1.0 / (i + 1) for i in range(6)],
        )
    )
    y = b.add("Cast", "scaled", to=TensorProto.FLOAT)
    y = b.add("Relu", b.add("Add", b.add("MatMul", y, b.random(6, 8)), b.random(1, 8)))
    y = b.add("Add", b.add("MatMul", y, b.random(8, 3)), b.random(1, 3))
    b.add("Reshape", b.add("Softmax", y, axis=1), b.ints(-1, 3), output="probabilities")
    model = b.model("probabilities", shapes=[[None, 3]])
    model.opset_import.append(helper.make_opsetid("ai.onnx.ml", 1))
    return model


def loaded(model: onnx.ModelProto, folder: Path) -> Graph:
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return optimize_float(load_onnx(path))


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        *((tf2onnx_cnn(opset), (1, 9, 7, 3)) for opset in (9, 11, 13, 17)),
        (skl2onnx_mlp(), (1, 6)),
    ],
    ids=["tf2onnx 9", "tf2onnx 11", "tf2onnx 13", "tf2onnx 17", "skl2onnx"],
)
def test_the_same_results_and_nothing_left_over(
    model: onnx.ModelProto, shape: tuple[int, ...], tmp_path: Path
) -> None:
    graph = loaded(model, tmp_path)
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    name = model.graph.input[0].name
    (wanted,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {name: x})
    (actual,) = evaluate(graph, {graph.inputs[0]: x}).values()
    assert_close(actual, wanted)
    assert not graph.layouts
    assert not [node for node in graph.nodes if isinstance(node.op, Transpose)]
    assert {"pad", "batch_norm"}.isdisjoint(node.op.name for node in graph.nodes)
