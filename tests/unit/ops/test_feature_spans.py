"""Golden vectors of models that need no samples lie where the model tells features apart."""

from pathlib import Path

import numpy as np
import onnx
from classical.tree_models import REGRESSOR, RandomTrees, ml_model, weighted

from edgec.frontends.onnx.load import load_onnx
from edgec.ir import Graph, Node, Signature
from edgec.ops.classical.spans import feature_spans
from edgec.ops.classical.tree_ensemble import TreeEnsemble, is_sound
from edgec.pipelines import optimize_float


def test_random_inputs_reach_most_leaves(tmp_path: Path) -> None:
    """Thresholds lie about 1000, where no normal number is; two features are unread."""
    made = RandomTrees(np.random.default_rng(0), 3, depth=4, on_grid=False, whole=True).grow(5)
    attributes = made.attributes()
    attributes["nodes_values"] = [1000 + 3 * each for each in attributes["nodes_values"]]
    weights = weighted(made, "target", [0])
    model = ml_model("TreeEnsembleRegressor", 5, REGRESSOR, {"n_targets": 1}, attributes, weights)
    onnx.save(model, tmp_path / "model.onnx")
    graph = optimize_float(load_onnx(tmp_path / "model.onnx"))
    span = feature_spans(graph, graph.inputs[0])
    assert span is not None
    assert [each[unread] for each in span for unread in range(3, 5)] == [0, 0, 1, 1]
    middle, half = (each[:3] for each in span)
    assert ((middle > 990) & (middle < 1010)).all()
    drawn = np.zeros((20, 5))
    drawn[:, :3] = made.rng.normal(size=(20, 3)) * half + middle
    (node,) = (each for each in graph.nodes if isinstance(each.op, TreeEnsemble))
    tables = [graph.constants[each] for each in node.inputs[1:]]
    (found,) = node.op.evaluate([drawn.astype(np.float32), *tables], _rows(graph, node, 20))
    assert len(np.unique(found)) > 10


def _rows(graph: Graph, node: Node, count: int) -> Signature:
    signature = graph.signature(node)
    return Signature(signature.inputs, (signature.output.with_shape((count, 1)),))


def test_tables_that_lead_astray_are_seen(tmp_path: Path) -> None:
    nodes = np.array([[5, 2], [7, 1 << 17], [8, 1 << 17]], np.int32)
    roots, leaves, base = np.zeros(1, np.int32), np.zeros((1, 2), np.int32), np.zeros(1, np.int32)
    assert is_sound(1, nodes, roots, leaves, base)
    for place, value in (((0, 1), 3), ((0, 1), 0), ((0, 1), 2 | 1 << 19), ((2, 1), 1 << 17 | 1)):
        wrong = nodes.copy()
        wrong[place] = value
        assert not is_sound(1, wrong, roots, leaves, base)
    assert not is_sound(1, nodes, roots + 3, leaves, base)
    assert not is_sound(1, nodes, roots, leaves + 1, base)
    listed = nodes.copy()
    listed[2] = (1, 1 << 17 | 1 << 18 | 1)
    assert not is_sound(1, listed, roots, leaves, base)
