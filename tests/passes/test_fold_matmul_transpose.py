import pytest
from equivalence import assert_untouched, check_pass, floats, graph_of

from edgec.ir import Graph, GraphBuilder, ValueName
from edgec.ops.layers.batch_matmul import BatchMatMul
from edgec.ops.movement.transpose import Transpose
from edgec.passes.folding.fold_matmul_transpose import FoldMatmulTranspose


def product(perm: tuple[int, ...], shape: tuple[int, ...], *, shared: bool = False) -> Graph:
    """Return x [2,3,4] times the transposed y; ``shared`` makes the transpose an output as well."""

    def build(g: GraphBuilder) -> list[ValueName]:
        x, y = g.input("x", floats(2, 3, 4)), g.input("y", floats(*shape))
        turned = g.add1(Transpose(perm=perm), y, name="turned")
        z = g.add1(BatchMatMul(), x, turned, name="z")
        return [z, turned] if shared else [z]

    return graph_of(build)


def test_turned_matrices_are_read_the_other_way() -> None:
    check_pass(
        FoldMatmulTranspose(),
        product((0, 2, 1), (2, 5, 4)),
        """
graph g
  input x: float32[2x3x4]
  input y: float32[2x5x4]
  z = batch_matmul(adj_y=True)(x, y): float32[2x3x5]
  output z""",
    )


def test_other_axes_stay_permuted() -> None:
    check_pass(
        FoldMatmulTranspose(),
        product((1, 2, 0), (5, 2, 4)),
        """
graph g
  input x: float32[2x3x4]
  input y: float32[5x2x4]
  turned.2 = transpose(perm=(1, 0, 2))(y): float32[2x5x4]
  z = batch_matmul(adj_y=True)(x, turned.2): float32[2x3x5]
  output z""",
    )


@pytest.mark.parametrize("side", [0, 1])
def test_a_second_turn_undoes_the_first(side: int) -> None:
    op = BatchMatMul(adj_x=side == 0, adj_y=side == 1)

    def build(g: GraphBuilder) -> list[ValueName]:
        x, y = g.input("x", floats(3, 4)), g.input("y", floats(4, 5))
        operands = [x, y]
        operands[side] = g.add1(Transpose(perm=(1, 0)), operands[side], name="turned")
        return [g.add1(op, *operands, name="z")]

    check_pass(
        FoldMatmulTranspose(),
        graph_of(build),
        """
graph g
  input x: float32[3x4]
  input y: float32[4x5]
  z = batch_matmul()(x, y): float32[3x5]
  output z""",
    )


def test_what_would_copy_twice_stays() -> None:
    assert_untouched(FoldMatmulTranspose(), product((1, 2, 0), (5, 2, 4), shared=True))


def test_rows_that_stay_rows_stay() -> None:
    assert_untouched(FoldMatmulTranspose(), product((1, 0, 2), (4, 2, 5)))
