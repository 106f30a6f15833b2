"""Trees of all depths, NaN and what lies on thresholds, every way to merge, leaves of lists."""

from dataclasses import dataclass

import numpy as np
from ops.case import Case, Constant, Operand, op_case

from edgec.ir import Array, TensorType
from edgec.ops.classical.tree_ensemble import Merge, TreeEnsemble
from edgec.ops.classical.tree_table import Leaf, Test, Tree, packed
from edgec.ops.numerics.float_bits import bits_of, place_of

VALUES = (0.0, -0.0, 0.1, -3.5, 1e-42, 1e20, -1e20, 0.01)  # among them a subnormal one


@dataclass
class Grown:
    """Random trees over some features."""

    rng: np.random.Generator
    features: int
    targets: int
    listed: bool

    def tree(self, depth: int) -> Tree:
        rng = self.rng
        if not depth or rng.random() < 0.1:
            count = int(rng.integers(0, 4)) if self.listed else 1
            return Leaf(
                tuple((int(rng.integers(self.targets)), self.value()) for _ in range(count))
            )
        place = place_of(rng.normal() * 3)
        feature, nan = int(rng.integers(self.features)), bool(rng.integers(2))
        return Test(feature, place, nan, self.tree(depth - 1), self.tree(depth - 1))

    def value(self) -> float:
        return float(self.rng.choice(VALUES)) if self.rng.random() < 0.3 else self.rng.normal()


def tables(trees: list[Tree], base: Array) -> list[Operand]:
    table = packed(trees)
    arrays = (table.nodes, table.roots, table.leaves, bits_of(base))
    return [Constant(each) for each in arrays]


def trees_case(
    name: str, shape: tuple[int, ...], trees: int, depth: int, seed: int, **how: object
) -> Case:
    rng = np.random.default_rng(seed)
    targets = int(how.pop("targets", 1))  # type: ignore[call-overload]
    grown = Grown(rng, shape[-1], targets, bool(how.pop("listed", False)))
    base = np.array([grown.value() for _ in range(targets)], np.float32) + np.float32(0)
    made = [grown.tree(depth) for _ in range(trees)]
    op = TreeEnsemble(depth=depth, **how)  # type: ignore[arg-type]
    operands = [TensorType(shape), *tables(made, base)]
    return op_case(f"trees_{name}", op, operands, samples=6, oracle=False)  # TFLite has no trees


def two_ways() -> Case:
    """A branch that two comparisons lead to, as in equality."""
    hit, miss = Leaf(((0, 1.0),)), Leaf(((0, 2.0),))
    at_most = Test(0, 0, False, hit, miss)
    below = Test(0, -1, True, miss, at_most)
    operands = [TensorType((1, 1)), *tables([below], np.zeros(1, np.float32))]
    return op_case("trees_equal_to_zero", TreeEnsemble(depth=2), operands, oracle=False)


CASES = [
    trees_case("stump", (1, 1), 1, 1, 0),
    trees_case("leaf_alone", (1, 3), 1, 0, 1),
    trees_case("deep", (1, 4), 3, 9, 2),
    trees_case("forest", (1, 7), 40, 4, 3),
    trees_case("rows", (4, 5), 6, 3, 4, targets=2),
    trees_case("classes", (1, 5), 9, 4, 5, targets=4, listed=True),
    trees_case("unseen", (2, 3), 2, 2, 6, targets=5, listed=True, marks=True),
    trees_case("average", (1, 6), 7, 4, 7, targets=2, merge=Merge.AVERAGE),
    trees_case("average_of_one", (1, 6), 1, 4, 8, merge=Merge.AVERAGE),
    trees_case("least", (1, 4), 5, 3, 9, targets=3, merge=Merge.MIN),
    trees_case("largest", (1, 4), 5, 3, 10, targets=2, merge=Merge.MAX, listed=True),
    two_ways(),
]
