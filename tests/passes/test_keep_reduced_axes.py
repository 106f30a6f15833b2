from equivalence import assert_untouched, check_pass, floats, graph_of

from edgec.ir import GraphBuilder, ValueName
from edgec.ops.reductions.mean import Mean
from edgec.passes.layout.keep_reduced_axes import KeepReducedAxes


def test_a_mean_that_drops_axes_keeps_them_for_a_reshape() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        return [g.add1(Mean(axes=(2, 3)), g.input("x", floats(1, 4, 3, 2)), name="y")]

    check_pass(
        KeepReducedAxes(),
        graph_of(build),
        """
graph g
  input x: float32[1x4x3x2]
  y.2 = mean(axes=(2, 3), keep_dims=True)(x): float32[1x4x1x1]
  y = reshape(shape=(1, 4))(y.2): float32[1x4]
  output y""",
    )


def test_a_mean_that_keeps_its_axes_stays() -> None:
    mean = Mean(axes=(1,), keep_dims=True)
    graph = graph_of(lambda g: [g.add1(mean, g.input("x", floats(1, 4)))])
    assert_untouched(KeepReducedAxes(), graph)
