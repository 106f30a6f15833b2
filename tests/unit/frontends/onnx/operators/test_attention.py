"""Attention of opset 23 against onnxruntime: masks, heads that share keys, what came before."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx_node import assert_equals_onnxruntime, imported, node_model, node_names, random_weights

from edgec.errors import EdgecError
from edgec.ir import Array

OPSET = 23
APART = (1, 4, 6, 5)  # batch, heads, places, features
CACHED = [(1, 2, 4, 5), (1, 2, 4, 5), (1, 2, 4, 5)]


def attention(*shapes: tuple[int, ...], mask: Array | None = None, **more: Any) -> onnx.ModelProto:
    constants = [] if mask is None else [mask]
    return node_model("Attention", shapes, constants, opset=OPSET, **more)


def float_mask() -> Array:
    mask = random_weights(6, 6)
    mask[:, 4:] = -np.inf
    return mask


@pytest.mark.parametrize(
    ("shapes", "mask", "attributes"),
    [
        ([APART] * 3, None, {}),
        ([APART] * 3, None, {"is_causal": 1, "scale": 0.3}),
        ([APART] * 3, None, {"softcap": 0.5}),
        ([APART] * 3, np.tri(6, 6, 2, dtype=np.bool_), {}),
        ([APART] * 3, float_mask(), {}),
        ([APART, (1, 2, 6, 5), (1, 2, 6, 3)], None, {}),
        ([(1, 6, 8), (1, 7, 8), (1, 7, 12)], None, {"q_num_heads": 2, "kv_num_heads": 2}),
        ([(1, 6, 8), (1, 6, 4), (1, 6, 4)], None, {"q_num_heads": 4, "kv_num_heads": 2}),
    ],
    ids=["plain", "causal", "capped", "truths", "numbers", "shared", "joined", "joined_shared"],
)
def test_like_onnxruntime(
    shapes: list[tuple[int, ...]], mask: Array | None, attributes: dict[str, Any], tmp_path: Path
) -> None:
    graph = assert_equals_onnxruntime(attention(*shapes, mask=mask, **attributes), tmp_path)
    assert "softmax" in node_names(graph)


@pytest.mark.parametrize("causal", [0, 1])
def test_keys_of_earlier_runs_come_first(causal: int, tmp_path: Path) -> None:
    past = [(1, 2, 3, 5), (1, 2, 3, 5)]
    model = attention(*CACHED, *past, outputs=["y", "keys", "values"], is_causal=causal)
    node = model.graph.node[0]
    inputs = [*node.input[:3], "", *node.input[3:]]  # there is no mask
    del node.input[:]
    node.input.extend(inputs)
    assert_equals_onnxruntime(onnx.shape_inference.infer_shapes(model), tmp_path)


def test_heads_that_do_not_divide_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EdgecError, match="3 heads of"):
        imported(attention(*[(1, 6, 8)] * 3, q_num_heads=3, kv_num_heads=3), tmp_path)
