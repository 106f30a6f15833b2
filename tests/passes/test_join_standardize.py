from pathlib import Path

import numpy as np
import pytest
from equivalence import assert_untouched, check_pass, floats, graph_of, random_array

from edgec.exporters import write_tflite
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import Array, DType, Graph, GraphBuilder, QParams, ValueName
from edgec.ops.conversion.quantize import Quantize
from edgec.ops.elementwise.mul import Mul
from edgec.ops.elementwise.standardize import Standardize
from edgec.ops.elementwise.sub import Sub
from edgec.ops.operator import Activation
from edgec.passes.fusion.join_standardize import JoinStandardize
from edgec.pipelines import optimize_integer, optimize_target

PLAIN, RELU = Activation.NONE, Activation.RELU


def features(offset: Array, gain: Array, activation: Activation = PLAIN) -> Graph:
    def build(g: GraphBuilder) -> list[ValueName]:
        x, c = g.input("x", floats(2, 4)), g.constant("c", offset)
        y = g.add1(Sub(activation=activation), x, c, name="s")
        return [g.add1(Mul(), y, g.constant("d", gain), name="m")]

    return graph_of(build)


def test_a_difference_times_a_factor() -> None:
    check_pass(
        JoinStandardize(),
        features(random_array(4), random_array(4)),
        """
graph g
  input x: float32[2x4]
  const c: float32[4]
  const d: float32[4]
  m = standardize()(x, c, d): float32[2x4]
  output m""",
    )


@pytest.mark.parametrize(
    "graph",
    [
        features(random_array(1), random_array(4)),
        features(random_array(4), random_array(2, 1)),
        features(random_array(4), random_array(4), RELU),
    ],
    ids=["one number", "per row", "rectified"],
)
def test_others_stay(graph: Graph) -> None:
    assert_untouched(JoinStandardize(), graph)


def test_a_file_that_edgec_wrote_is_read_back(tmp_path: Path) -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x, c = g.input("x", floats(1, 4)), g.constant("c", random_array(4))
        y = g.add1(Standardize(), x, c, g.constant("d", random_array(4)), name="m")
        q = QParams.per_tensor(0.02, 3)
        return [g.add1(Quantize(dtype=DType.INT8), y, name="q", qparams=q)]

    path = tmp_path / "model.tflite"
    path.write_bytes(write_tflite(graph_of(build)))
    graph = optimize_target(optimize_integer(load_tflite(path)))
    assert [node.op.name for node in graph.nodes] == ["standardize", "quantize"]
    assert np.float32(graph.types[graph.outputs[0]].quantization.scale) == np.float32(0.02)
