from equivalence import assert_untouched, check_pass, floats, graph_of, random_array

from edgec.ir import GraphBuilder, ValueName
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.transpose import Transpose
from edgec.passes.folding.fold_flatten import FoldFlatten

TO_FIRST = Transpose(perm=(0, 3, 1, 2))


def test_the_columns_of_the_weights_are_reordered_instead() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.add1(TO_FIRST, g.input("x", floats(1, 2, 3, 4)), name="t")
        x = g.add1(Reshape(shape=(1, 24)), x, name="flat")
        w, b = g.constant("w", random_array(5, 24)), g.constant("b", random_array(5))
        return [g.add1(FullyConnected(), x, w, b, name="y")]

    check_pass(
        FoldFlatten(),
        graph_of(build),
        """
graph g
  input x: float32[1x2x3x4]
  const b: float32[5]
  const w.hwc: float32[5x24]
  flat.2 = reshape(shape=(1, 24))(x): float32[1x24]
  y = fully_connected()(flat.2, w.hwc, b): float32[1x5]
  output y""",
    )


def test_layers_that_share_the_flatten_each_get_their_columns() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.add1(TO_FIRST, g.input("x", floats(1, 2, 3, 4)), name="t")
        x = g.add1(Reshape(shape=(1, 24)), x, name="flat")
        w = g.constant("w", random_array(5, 24))
        return [g.add1(FullyConnected(), x, w, name=name) for name in ("y", "z")]

    check_pass(
        FoldFlatten(),
        graph_of(build),
        """
graph g
  input x: float32[1x2x3x4]
  const w.hwc: float32[5x24]
  const w.hwc.2: float32[5x24]
  flat.2 = reshape(shape=(1, 24))(x): float32[1x24]
  y = fully_connected()(flat.2, w.hwc): float32[1x5]
  flat.3 = reshape(shape=(1, 24))(x): float32[1x24]
  z = fully_connected()(flat.3, w.hwc.2): float32[1x5]
  output y
  output z""",
    )


def test_rows_that_are_not_whole_samples_stay() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.add1(TO_FIRST, g.input("x", floats(1, 2, 3, 4)))
        x = g.add1(Reshape(shape=(4, 6)), x)
        return [g.add1(FullyConnected(), x, g.constant("w", random_array(5, 6)))]

    assert_untouched(FoldFlatten(), graph_of(build))
