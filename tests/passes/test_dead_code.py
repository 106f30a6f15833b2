from equivalence import assert_untouched, check_pass, floats, graph_of

from edgec.ir import GraphBuilder, ValueName
from edgec.ops.activations.relu import Relu
from edgec.ops.activations.tanh import Tanh
from edgec.passes.cleanup.dead_code import DeadCode


def test_chains_that_reach_no_output_go_and_inputs_stay() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x, z = g.input("x", floats(1, 2)), g.input("z", floats(1, 2))
        g.add1(Tanh(), g.add1(Tanh(), z, name="dead"), name="dead_too")
        return [g.add1(Relu(), x, name="y")]

    check_pass(
        DeadCode(),
        graph_of(build),
        """
graph g
  input x: float32[1x2]
  input z: float32[1x2]
  y = relu()(x): float32[1x2]
  output y""",
    )


def test_a_living_graph_is_left_alone() -> None:
    assert_untouched(DeadCode(), graph_of(lambda g: [g.add1(Relu(), g.input("x", floats(2)))]))
