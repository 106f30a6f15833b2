"""Models as other converters write them: tf2onnx (channels last, shape chains), skl2onnx (MLPs)."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper
from onnx_models import OnnxBuilder, assert_close

from edgec.frontends.onnx.load import load_onnx
from edgec.ir import Graph, evaluate
from edgec.ops.movement.transpose import Transpose
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


class KerasBuilder(OnnxBuilder):
    """Spells layers on channels-last data as tf2onnx does."""

    def conv(self, x: str, inputs: int, outputs: int, stride: int = 1) -> str:  # type: ignore[override]
        """Add a 3x3 layer: transposed there and back, the bias added behind."""
        w, strides = self.random(outputs, inputs, 3, 3), [stride, stride]
        y = self.add("Transpose", x, perm=NCHW)
        y = self.add("Conv", y, w, auto_pad="SAME_UPPER", strides=strides)
        y = self.add("Transpose", y, perm=NHWC)
        return self.add("Relu", self.add("Add", y, self.random(1, 1, 1, outputs)))

    def conv1d(self, x: str, channels: tuple[int, int], kernel: int, **options: Any) -> str:
        """Add a layer on [N, T, C]: an axis comes and goes."""
        w = self.random(channels[1], channels[0], 1, kernel)
        y = self.add("Transpose", self.add("Unsqueeze", x, self.ints(1)), perm=NCHW)
        y = self.add("Conv", y, w, kernel_shape=[1, kernel], **options)
        y = self.add("Squeeze", self.add("Transpose", y, perm=NHWC), self.ints(1))
        return self.add("Relu", self.add("Add", y, self.random(channels[1])))


def keras_conv1d() -> onnx.ModelProto:
    """Return causal layers, one of them dilated by way of a batch, and the last step's scores."""
    b = KerasBuilder(13)
    y = b.conv1d(b.input("x", ["N", 16, 3]), (3, 8), 5, auto_pad="SAME_UPPER")
    y = b.add("Pad", y, b.ints(0, 4, 0, 0, 0, 0))
    y = b.conv1d(y, (8, 8), 3, auto_pad="VALID", dilations=[1, 2])
    y = b.add("Pad", y, b.ints(0, 4, 0, 0, 0, 0))
    y = b.add("Transpose", b.add("Reshape", y, b.ints(1, 10, 2, 8)), perm=[2, 0, 1, 3])
    y = b.conv1d(b.add("Reshape", y, b.ints(2, 10, 8)), (8, 8), 3, auto_pad="VALID")
    y = b.add("Transpose", b.add("Reshape", y, b.ints(2, 1, 8, 8)), perm=[1, 2, 0, 3])
    y = b.add("Reshape", y, b.ints(1, 16, 8))
    y = b.add("Slice", y, b.ints(-1), b.ints(2**31 - 1), b.ints(1), b.ints(1))
    y = b.add("MatMul", b.add("Squeeze", y, b.ints(1)), b.random(8, 4))
    b.add("Softmax", b.add("Add", y, b.random(4)), output="y", axis=-1)
    return b.model("y")


def keras_unet() -> onnx.ModelProto:
    """Return a layer at half the resolution, resized and put beside the first one."""
    b = KerasBuilder(13)
    full = b.conv(b.input("x", ["N", 8, 8, 2]), 2, 4)
    y = b.add("Transpose", b.conv(full, 4, 8, stride=2), perm=NCHW)
    scales = b.weight(np.array([1, 1, 2, 2], np.float32))
    y = b.add(
        "Resize",
        y,
        "",
        scales,
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    y = b.add("Transpose", y, perm=NHWC)
    b.add("Sigmoid", b.conv(b.add("Concat", y, full, axis=3), 12, 3), output="y")
    return b.model("y")


def keras_flatten() -> onnx.ModelProto:
    """Return a dense layer behind a Flatten whose shape is computed in the file."""
    b = KerasBuilder(13)
    y = b.conv(b.input("x", ["N", 8, 8, 2]), 2, 4, stride=2)
    shape = b.add("Cast", b.add("Shape", y), to=TensorProto.INT32)
    batch = b.add("Slice", shape, b.ints(0), b.ints(1), b.ints(0))
    others = b.add("Slice", shape, b.ints(1), b.ints(4), b.ints(0))
    count = b.add("ReduceProd", others, axes=[0], keepdims=1)
    target = b.add("Cast", b.add("Concat", batch, count, axis=0), to=TensorProto.INT64)
    b.add("MatMul", b.add("Reshape", y, target), b.random(64, 3), output="y")
    return b.model("y")


KERAS = {
    "conv1d": (keras_conv1d(), (1, 16, 3), 2),  # two transposes: into batches and back
    "unet": (keras_unet(), (1, 8, 8, 2), 0),
    "flatten": (keras_flatten(), (1, 8, 8, 2), 0),
}


@pytest.mark.parametrize("name", KERAS)
def test_channels_last_nets_lose_their_transposes(name: str, tmp_path: Path) -> None:
    model, shape, transposes = KERAS[name]
    graph = loaded(model, tmp_path)
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    (wanted,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})
    (actual,) = evaluate(graph, {graph.inputs[0]: x}).values()
    assert_close(actual, wanted)
    assert not graph.layouts
    assert sum(isinstance(node.op, Transpose) for node in graph.nodes) == transposes
