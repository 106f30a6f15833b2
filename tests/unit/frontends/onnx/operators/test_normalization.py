"""Normalizations against onnxruntime; what their importers refuse; int8 against floats."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx_node import (
    assert_equals_onnxruntime,
    imported,
    node_model,
    node_names,
    random_weights,
)
from ops.case import int8

from edgec.errors import EdgecError
from edgec.exporters import write_tflite
from edgec.ir import Array, GraphBuilder, QParams, Signature, TensorType, evaluate
from edgec.ops.layers.normalization import Normalization
from edgec.pipelines import optimize_float


@pytest.mark.parametrize(("axis", "shape"), [(-1, (5,)), (1, (4, 5)), (2, (5,)), (0, (3, 4, 5))])
def test_layer_normalization(axis: int, shape: tuple[int, ...], tmp_path: Path) -> None:
    parameters = [random_weights(*shape), random_weights(*shape)]
    model = node_model("LayerNormalization", [(3, 4, 5)], parameters, axis=axis, epsilon=1e-3)
    assert node_names(assert_equals_onnxruntime(model, tmp_path)) == ["normalization"]


def test_layer_normalization_without_offset(tmp_path: Path) -> None:
    model = node_model("LayerNormalization", [(3, 5)], [random_weights(5)])
    assert_equals_onnxruntime(model, tmp_path)


@pytest.mark.parametrize("shape", [(2, 3, 7), (2, 3, 4, 5)], ids=str)
def test_instance_normalization(shape: tuple[int, ...], tmp_path: Path) -> None:
    parameters = [random_weights(3), random_weights(3)]
    model = node_model("InstanceNormalization", [shape], parameters, epsilon=0.01)
    graph = assert_equals_onnxruntime(model, tmp_path)
    assert node_names(optimize_float(graph)) == ["normalization"]


def grouped(groups: int) -> onnx.ModelProto:
    """Return a group normalization; ONNX does not infer the shape of its output."""
    parameters = [random_weights(6), random_weights(6)]
    shape = (2, 6, 4, 5)
    model = node_model("GroupNormalization", [shape], parameters, opset=21, num_groups=groups)
    model.graph.output[0].type.CopyFrom(model.graph.input[0].type)
    return model


@pytest.mark.parametrize("groups", [1, 2, 6])
def test_group_normalization(groups: int, tmp_path: Path) -> None:
    assert_equals_onnxruntime(grouped(groups), tmp_path)


def test_groups_that_do_not_divide_the_channels_are_malformed(tmp_path: Path) -> None:
    with pytest.raises(EdgecError, match="6 channels in 4 groups") as caught:
        imported(grouped(4), tmp_path)
    assert caught.value.code == "malformed-model"


@pytest.mark.parametrize("axes", [None, [1, 2]])
def test_mean_variance_normalization(axes: list[int] | None, tmp_path: Path) -> None:
    model = node_model("MeanVarianceNormalization", [(2, 3, 4, 5)], axes=axes)
    assert_equals_onnxruntime(model, tmp_path)


def test_a_second_output_is_refused(tmp_path: Path) -> None:
    outputs = ("y", "mean")
    model = node_model("LayerNormalization", [(3, 5)], [random_weights(5)], outputs=outputs)
    with pytest.raises(EdgecError, match="mean and deviation") as caught:
        imported(model, tmp_path)
    assert caught.value.code == "unsupported-output"


def normalized(size: int, scale: float, kind: TensorType, x: Array) -> tuple[Array, Array]:
    """Return the int8 result and the float one, both as real numbers."""
    op = Normalization(axes=(1,))
    gain, offset = random_weights(1, size), random_weights(size + 1)[:size].reshape(1, size)
    source = int8(x.shape, scale, 7)
    parameters = (TensorType(gain.shape), TensorType(gain.shape))
    (steps,) = op.evaluate([x, gain, offset], Signature((source, *parameters), (kind,)))
    real = ((x.astype(np.float32) - 7) * np.float32(scale)).astype(np.float32)
    floats = Signature((TensorType(x.shape), *parameters), (TensorType(x.shape),))
    (wanted,) = op.evaluate([real, gain, offset], floats)
    return (steps - kind.quantization.zero_point) * kind.quantization.scale, wanted


@pytest.mark.parametrize("size", [2, 16, 100, 1000])
@pytest.mark.parametrize("scale", [1e-3, 0.05, 3.0])
def test_int8_is_within_half_a_step(size: int, scale: float) -> None:
    x = np.random.default_rng(size).integers(-128, 128, (20, size)).astype(np.int8)
    kind = int8(x.shape, 0.07, 3)
    actual, wanted = normalized(size, scale, kind, x)
    inside = (wanted > -130 * 0.07) & (wanted < 123 * 0.07)
    assert np.abs(actual - wanted)[inside].max() <= 0.07 * 0.501


def test_rows_of_one_number_give_the_offset() -> None:
    x = np.full((1, 9), 100, np.int8)
    actual, _ = normalized(9, 0.05, int8(x.shape, 0.07, 3), x)
    offset = random_weights(10)[:9].reshape(1, 9)
    assert np.abs(actual - offset).max() <= 0.07 * 0.501


def test_parameters_stay_floats_when_a_model_is_quantized() -> None:
    from edgec.quantization.quantizer import quantize  # noqa: PLC0415
    from edgec.quantization.ranges.observers import Range  # noqa: PLC0415

    g = GraphBuilder("g")
    x = g.input("x", TensorType((2, 6)))
    values = [g.constant(name, random_weights(1, 6)) for name in ("gain", "offset")]
    y = g.add1(Normalization(axes=(1,)), x, *values, name="y")
    graph = quantize(g.build([y]), {x: Range(-1, 1), y: Range(-2, 2)})
    (node,) = graph.nodes
    kinds = [graph.types[value].dtype.value for value in (*node.inputs, *node.outputs)]
    assert kinds == ["int8", "float32", "float32", "int8"]


def test_more_than_four_runs_of_axes_are_not_exported() -> None:
    g = GraphBuilder("g")
    x = g.input("x", int8((2, 3, 2, 3, 2), 0.1))
    values = [g.constant("p", random_weights(1, 1, 1, 1, 1)) for _ in range(2)]
    op = Normalization(axes=(1, 3))
    y = g.add1(op, x, *values, name="norm", qparams=QParams.per_tensor(0.1))
    graph = g.build([y])
    assert evaluate(graph, {x: np.zeros((2, 3, 2, 3, 2), np.int8)})[y].shape == (2, 3, 2, 3, 2)
    with pytest.raises(EdgecError, match="runs of axes") as caught:
        write_tflite(graph)
    assert caught.value.code == "cannot-export"
