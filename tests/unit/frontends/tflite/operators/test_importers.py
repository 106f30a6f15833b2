"""What the importers of convolutions, fully connected layers, pools and means refuse or ignore."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from ops.case import int8

from edgec.errors import EdgecError, Place
from edgec.exporters import write_tflite
from edgec.frontends.tflite.reader import read_model
from edgec.ir import DType, GraphBuilder, QParams, TensorType, ValueName
from edgec.ops.layers.depthwise_conv2d import DepthwiseConv2D
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.layers.windows import Window
from edgec.ops.pooling.average_pool2d import AveragePool2D
from edgec.ops.pooling.max_pool2d import MaxPool2D
from edgec.ops.registry import IMPORTERS, Format, SourceNode, load_all

load_all()
POOL = {
    "padding": "VALID",
    "stride_h": 2,
    "stride_w": 2,
    "filter_height": 2,
    "filter_width": 2,
    "fused_activation_function": "NONE",
}


def run_importer(
    g: GraphBuilder,
    op: str,
    inputs: list[ValueName],
    attrs: Mapping[str, Any],
    qparams: QParams | None = None,
) -> tuple[TensorType, SourceNode]:
    node = SourceNode(
        Format.TFLITE, op, "node", tuple(inputs), ("y",), attrs, Place("m", "node"), (qparams,)
    )
    (value,) = IMPORTERS[(Format.TFLITE, op)](node, g)
    return g.type(value), node


@pytest.mark.parametrize("op", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
@pytest.mark.parametrize(
    ("output", "accepted"),
    [
        (QParams.per_tensor(0.1, 3), True),
        (QParams.per_tensor(0.1000005, 3), True),
        (QParams.per_tensor(0.101, 3), False),
        (QParams.per_tensor(0.1, 4), False),
    ],
    ids=str,
)
def test_pools_keep_their_quantization(op: str, output: QParams, accepted: bool) -> None:
    g = GraphBuilder("g")
    x = g.input("x", int8((1, 4, 4, 3), 0.1, 3))
    if accepted:
        kind, node = run_importer(g, op, [x], POOL, output)
        assert kind == TensorType((1, 2, 2, 3), kind.dtype, output)
        assert not node.unread()
    else:
        with pytest.raises(EdgecError) as caught:
            run_importer(g, op, [x], POOL, output)
        assert caught.value.code == "unsupported-quantization"


def dense(g: GraphBuilder, qparams: QParams) -> list[ValueName]:
    weights = g.constant("w", np.ones((2, 4), np.int8), qparams)
    return [g.input("x", int8((1, 4), 0.1)), weights]


def test_shuffled_weights_are_refused() -> None:
    g = GraphBuilder("g")
    attrs = {"fused_activation_function": "NONE", "weights_format": "SHUFFLED4x16INT8"}
    with pytest.raises(EdgecError, match="SHUFFLED4x16INT8") as caught:
        run_importer(g, "FULLY_CONNECTED", dense(g, QParams.per_tensor(0.1)), attrs)
    assert caught.value.code == "unsupported-attribute"


def test_fully_connected_with_a_scale_per_output_stays_so() -> None:
    g = GraphBuilder("g")
    attrs = {"fused_activation_function": "NONE"}
    rows = QParams.per_channel([0.1, 0.2], 0)
    kind, _ = run_importer(g, "FULLY_CONNECTED", dense(g, rows), attrs, QParams.per_tensor(0.3))
    assert kind == TensorType((1, 2), DType.INT8, QParams.per_tensor(0.3))
    assert g.type(ValueName("w")).qparams == rows


def test_kept_axes_with_a_scale_per_output_are_exported_as_a_matrix() -> None:
    """TFLite 2.14 takes every output of such a layer for a matrix, and leaves most of it."""
    g = GraphBuilder("g")
    x = g.input("x", int8((2, 3, 4), 0.1))
    w = g.constant("w", np.ones((2, 4), np.int8), QParams.per_channel([0.1, 0.2], 0))
    op = FullyConnected(keep_num_dims=True)
    (y,) = g.add(op, [x, w], name="y", qparams=[QParams.per_tensor(0.3)])
    file = read_model(write_tflite(g.build([y])), Place("y.tflite"))
    assert [each.op for each in file.operators] == ["FULLY_CONNECTED", "RESHAPE"]
    shapes = [file.tensors[each.outputs[0]].shape for each in file.operators]
    assert shapes == [(6, 2), (2, 3, 2)]


def test_mean_axes_may_be_negative_and_repeated() -> None:
    g = GraphBuilder("g")
    x = g.input("x", int8((1, 4, 5, 3), 0.1))
    axes = g.constant("axes", np.array([2, -3, 1], np.int32))
    kind, node = run_importer(g, "MEAN", [x, axes], {"keep_dims": True}, QParams.per_tensor(0.2))
    assert kind.shape == (1, 1, 1, 3)
    assert not node.unread()


def test_mean_axis_outside_the_tensor_does_not_fit() -> None:
    g = GraphBuilder("g")
    axes = g.constant("axes", np.array([4], np.int32))
    with pytest.raises(EdgecError) as caught:
        run_importer(g, "MEAN", [g.input("x", int8((1, 4, 5, 3), 0.1)), axes], {})
    assert caught.value.code == "operator-misfit"


@pytest.mark.parametrize(
    "op",
    [
        AveragePool2D(window=Window((3, 3), pads=(1, 0, 1, 1))),
        AveragePool2D(window=Window((3, 3), dilations=(2, 2))),
        MaxPool2D(window=Window((3, 3), dilations=(2, 2))),
    ],
    ids=str,
)
def test_pools_that_tflite_cannot_spell_are_not_exported(op: AveragePool2D | MaxPool2D) -> None:
    g = GraphBuilder("g")
    x = int8((1, 6, 6, 2), 0.1)
    y = g.add1(op, g.input("x", x), name="pool", qparams=x.qparams)
    with pytest.raises(EdgecError, match="TFLite has no") as caught:
        write_tflite(g.build([y]))
    assert caught.value.code == "cannot-export"
    assert "'pool'" in str(caught.value.place)


@pytest.mark.parametrize(
    "op",
    [
        AveragePool2D(window=Window((2, 2), pads=(2, 0, 0, 0))),
        MaxPool2D(window=Window((2, 2), pads=(0, 2, 0, 0))),
        MaxPool2D(window=Window((1, 2), dilations=(1, 8), pads=(0, 0, 2, 6))),
        MaxPool2D(window=Window((5000, 1), pads=(5000, 5000, 0, 0))),
    ],
    ids=str,
)
def test_window_over_nothing_but_padding_is_refused(op: AveragePool2D | MaxPool2D) -> None:
    with pytest.raises(ValueError, match=r"padding|larger"):
        op.infer([TensorType((1, 4, 4, 3))])


@pytest.mark.parametrize(
    ("weights", "bias"),
    [((1, 3, 3, 7), 7), ((2, 3, 3, 6), 6), ((1, 2, 3, 6), 6), ((1, 3, 3, 6), 3)],
    ids=str,
)
def test_depthwise_shapes_that_do_not_fit(weights: tuple[int, ...], bias: int) -> None:
    op = DepthwiseConv2D(window=Window((3, 3)))
    kinds = [TensorType((1, 5, 5, 3)), TensorType(weights), TensorType((bias,))]
    with pytest.raises(ValueError, match=r"channels|window|bias"):
        op.infer(kinds)
