from equivalence import assert_untouched, check_pass, floats, graph_of, random_array

from edgec.ir import GraphBuilder, ValueName
from edgec.ops.elementwise.add import Add
from edgec.ops.movement.transpose import Transpose
from edgec.passes.folding.fold_constants import FoldConstants


def test_what_depends_on_constants_only_is_computed() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", floats(1, 3, 2))
        w = g.add1(Transpose(perm=(1, 0)), g.constant("w", random_array(2, 3)), name="turned")
        return [g.add1(Add(), x, g.add1(Add(), w, w, name="doubled"), name="y")]

    after = check_pass(
        FoldConstants(),
        graph_of(build),
        """
graph g
  input x: float32[1x3x2]
  const doubled: float32[3x2]
  y = add()(x, doubled): float32[1x3x2]
  output y""",
    )
    assert (after.constants[ValueName("doubled")] == 2 * random_array(2, 3).T).all()


def test_an_output_of_the_model_stays_a_node() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        return [g.add1(Transpose(perm=(1, 0)), g.constant("w", random_array(2, 3)), name="y")]

    assert_untouched(FoldConstants(), graph_of(build))
