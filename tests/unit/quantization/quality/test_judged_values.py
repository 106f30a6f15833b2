"""Which values stand for the outputs of a model."""

import numpy as np
import pytest
from equivalence import floats, graph_of

from edgec.ir import DType, GraphBuilder, QParams, TensorType, ValueName
from edgec.ops.activations.softmax import Softmax
from edgec.ops.numbers.compare import Compare, Relation
from edgec.ops.numbers.select import Select
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


@pytest.mark.parametrize("backwards", [False, True])
def test_what_a_mask_is_made_from(backwards: bool) -> None:
    """Neither the limit that scores are compared with nor what is chosen between."""

    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", floats(1, 4))
        limit = g.constant("limit", np.array(0.2, np.float32))
        one, two = (g.constant(f"{n}", np.array(n, np.int32)) for n in (1, 2))
        pair = [limit, x] if backwards else [x, limit]
        truth = g.add1(Compare(relation=Relation.LESS), *pair, name="truth")
        return [g.add1(Select(), truth, one, two, name="chosen")]

    assert judged_values(graph_of(build)) == ("x",)
