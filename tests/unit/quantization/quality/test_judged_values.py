"""Which values stand for the outputs of a model."""

import pytest
from equivalence import floats, graph_of

from edgec.ir import DType, GraphBuilder, QParams, TensorType, ValueName
from edgec.ops.activations.softmax import Softmax
from edgec.ops.reductions.arg_max import ArgMax
from edgec.quantization.quality.sqnr import judged_values

INT8 = TensorType((1, 4), DType.INT8, QParams.per_tensor(0.5, 3))


@pytest.mark.parametrize("kind", [floats(1, 4), INT8])
def test_what_comes_before_a_softmax_or_an_arg_max(kind: TensorType) -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", kind)
        likely = QParams.per_tensor(1 / 256, -128) if kind.qparams else None
        (p,) = g.add(Softmax(), [x], name="softmax", qparams=[likely])
        return [p, g.add1(ArgMax(axis=1, dtype=DType.INT32), x, name="largest")]

    assert judged_values(graph_of(build)) == ("x",)
