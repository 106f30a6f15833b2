import pytest
from equivalence import assert_equivalent, assert_untouched, check_pass, floats, graph_of

from edgec.ir import Graph, GraphBuilder, ValueName
from edgec.ops.functions.abs import Abs
from edgec.ops.movement.concatenation import Concatenation
from edgec.ops.movement.slice import Slice
from edgec.passes.folding.fold_slice_of_concat import FoldSliceOfConcat


def sliced(start: int, size: int, step: int = 1, first: int = 0) -> Graph:
    """Return a slice of a [2,3] and a [2,5] put together along the last axis."""

    def build(g: GraphBuilder) -> list[ValueName]:
        parts = [g.add1(Abs(), g.input(n, floats(2, size)), name=f"{n}2") for n, size in PARTS]
        y = g.add1(Concatenation(axis=1), *parts, name="y")
        op = Slice(starts=(first, start), sizes=(2 - first, size), steps=(1, step))
        return [g.add1(op, y, name="z")]

    return graph_of(build)


PARTS = (("a", 3), ("b", 5))


def test_a_slice_of_one_operand_is_taken_from_there() -> None:
    check_pass(
        FoldSliceOfConcat(),
        sliced(4, 2, first=1),
        """
graph g
  input a: float32[2x3]
  input b: float32[2x5]
  b2 = abs()(b): float32[2x5]
  z = slice(starts=(1, 1), sizes=(1, 2), steps=(1, 1))(b2): float32[1x2]
  output z
""",
    )


@pytest.mark.parametrize(("start", "size", "step"), [(0, 3, 1), (3, 5, 1), (7, 3, -2), (2, 2, -1)])
def test_the_results_stay(start: int, size: int, step: int) -> None:
    before = sliced(start, size, step)
    after = FoldSliceOfConcat().run(before)
    assert "concatenation" not in {node.op.name for node in after.nodes}
    assert_equivalent(before, after)


@pytest.mark.parametrize(("start", "size", "step"), [(2, 2, 1), (0, 8, 1), (3, 2, -1), (3, 0, 1)])
def test_what_lies_in_both_or_nowhere_stays(start: int, size: int, step: int) -> None:
    assert_untouched(FoldSliceOfConcat(), sliced(start, size, step))
