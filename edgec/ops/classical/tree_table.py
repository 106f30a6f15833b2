"""Trees laid out as the table that :class:`TreeEnsemble` walks: two words a node."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from edgec.ir import Array
from edgec.ops.classical.tree_ensemble import FEATURE_SHIFT, HAS_LIST, LEAF, LOW, NAN_IS_NEXT
from edgec.ops.numerics.float_bits import LOWEST, bits_of

MOST_FEATURES = 1 << (32 - FEATURE_SHIFT)


@dataclass(eq=False)
class Leaf:
    """What is added: pairs of a target and a float32."""

    weights: tuple[tuple[int, float], ...]


@dataclass(eq=False)
class Test:
    """A comparison: whether the place of a feature in the floats' order is at most ``place``.

    ``nan`` tells whether NaN goes where the comparison holds.
    """

    feature: int
    place: int
    nan: bool
    holds: "Test | Leaf"
    fails: "Test | Leaf"


Tree = Test | Leaf
Places = Callable[[Array, Array], tuple[Array, Array]]
"""(features, places) -> (places, whether the comparison is turned round) of what is before."""


@dataclass(frozen=True)
class TreeTable:
    """The constants of an ensemble: nodes [n,2], roots [t], leaves [m,2], and the depth."""

    nodes: Array
    roots: Array
    leaves: Array
    depth: int


def as_they_are(features: Array, places: Array) -> tuple[Array, Array]:
    """Return the places of features that nothing is done to before the trees."""
    return places, np.zeros(places.shape, bool)


def packed(
    roots: Sequence[Tree], places: Places = as_they_are, columns: Array | None = None
) -> TreeTable:
    """Return the table of trees; ``ValueError`` for what is too large for one.

    ``columns`` [features] are the places of the trees' features in what the table is used on.
    """
    tests = [each for root in roots for each in in_order(root) if isinstance(each, Test)]
    features = np.array([each.feature for each in tests], np.int64)
    wanted = np.array([each.place for each in tests], np.int64)
    if features.size and features.min() < 0:
        message = f"a tree looks at feature {features.min()}"
        raise ValueError(message)
    read = features if columns is None else np.asarray(columns, np.int64)[features]
    if read.size and read.max() >= MOST_FEATURES:
        message = f"{read.max() + 1} features, {MOST_FEATURES} at most"
        raise ValueError(message)
    found, turned = places(features, wanted)
    rows = zip(tests, found, turned, read, strict=True)
    work = _Layout({id(t): (int(p), bool(f), int(r)) for t, p, f, r in rows})
    starts = [work.add(root) for root in roots]
    nodes = np.array(work.words, np.int64).reshape(-1, 2)
    return TreeTable(
        nodes.astype(np.uint32).view(np.int32),
        np.array(starts, np.int32),
        np.array(work.leaves or [(0, 0)], np.int32),
        max(map(_depth, roots), default=0),
    )


def in_order(root: Tree) -> list[Tree]:
    """Return the nodes of a tree, each once, none before one that leads there."""
    found: dict[int, Tree] = {}
    waiting: list[tuple[Tree, bool]] = [(root, False)]
    while waiting:
        node, is_done = waiting.pop()
        if is_done:
            found.setdefault(id(node), node)
        elif id(node) not in found:
            waiting.append((node, True))
            if isinstance(node, Test):
                waiting += [(node.fails, False), (node.holds, False)]
    return list(reversed(found.values()))


def leaves_of(root: Tree) -> list[Leaf]:
    """Return the leaves of a tree."""
    return [each for each in in_order(root) if isinstance(each, Leaf)]


def largest_feature(roots: Sequence[Tree]) -> int:
    """Return the largest number of a feature that is looked at; -1 where none is."""
    tests = (each for root in roots for each in in_order(root))
    return max((each.feature for each in tests if isinstance(each, Test)), default=-1)


def largest_target(roots: Sequence[Tree]) -> int:
    """Return the largest number of a target that is added to; -1 where none is."""
    found = (pair for root in roots for leaf in leaves_of(root) for pair in leaf.weights)
    return max((target for target, _ in found), default=-1)


def with_leaves(root: Tree, change: Callable[[Leaf], Leaf]) -> Tree:
    """Return a tree with other leaves."""
    made: dict[int, Tree] = {}
    for node in reversed(in_order(root)):
        if isinstance(node, Leaf):
            made[id(node)] = change(node)
        else:
            holds, fails = made[id(node.holds)], made[id(node.fails)]
            made[id(node)] = Test(node.feature, node.place, node.nan, holds, fails)
    return made[id(root)]


def without_zeros(root: Tree) -> Tree:
    """Return a tree whose leaves have no weights of zero: they add nothing."""
    return with_leaves(root, lambda leaf: Leaf(tuple(e for e in leaf.weights if e[1] != 0)))


def _depth(root: Tree) -> int:
    """Return how many comparisons lead to the deepest leaf."""
    depths = {id(root): 0}
    for node in in_order(root):  # none before one that leads there
        if isinstance(node, Test):
            below = depths[id(node)] + 1
            for each in (node.holds, node.fails):
                depths[id(each)] = max(depths.get(id(each), 0), below)
    return max(depths.values())


@dataclass(eq=False)
class _Layout:
    """Nodes in an order in which one of a node's branches is next, the other behind it."""

    conditions: dict[int, tuple[int, bool, int]]  # place, whether turned round, column
    words: list[tuple[int, int]] = field(default_factory=list)
    leaves: list[tuple[int, int]] = field(default_factory=list)
    _lists: dict[tuple[tuple[int, float], ...], int] = field(default_factory=dict)

    def add(self, root: Tree) -> int:
        """Add a tree; return its first node."""
        start, waiting = len(self.words), [root]
        open_ends: dict[int, list[int]] = {}
        left = _references(root)
        while waiting:
            node: Tree | None = waiting.pop()
            while node is not None:
                self._close(open_ends.pop(id(node), []))
                node = self._place(node, waiting, open_ends, left)
        return start

    def _place(
        self, node: Tree, waiting: list[Tree], open_ends: dict[int, list[int]], left: dict[int, int]
    ) -> Tree | None:
        """Add a node; return the one that has to follow, None where any may."""
        if isinstance(node, Leaf):
            self.words.append(self._leaf(node))
            return None
        place, turned, column = self.conditions[id(node)]
        following, other = (node.fails, node.holds) if turned else (node.holds, node.fails)
        flag = NAN_IS_NEXT if node.nan is not turned else 0
        here = len(self.words)
        self.words.append((place & 0xFFFFFFFF, column << FEATURE_SHIFT | flag))
        self._refer(other, here, waiting, open_ends, left)
        if left[id(following)] == 1:
            return following
        self.words.append((LOWEST & 0xFFFFFFFF, 0))  # nothing is below: on to the other branch
        self._refer(following, here + 1, waiting, open_ends, left)
        return None

    def _refer(
        self,
        node: Tree,
        here: int,
        waiting: list[Tree],
        open_ends: dict[int, list[int]],
        left: dict[int, int],
    ) -> None:
        """Remember that a node's other branch is ``node``, which comes after all who lead there."""
        open_ends.setdefault(id(node), []).append(here)
        left[id(node)] -= 1
        if not left[id(node)]:
            waiting.append(node)

    def _close(self, ends: Sequence[int]) -> None:
        for each in ends:
            distance = len(self.words) - each
            if distance > LOW:
                message = f"a branch of {distance} nodes, {LOW} at most"
                raise ValueError(message)
            first, second = self.words[each]
            self.words[each] = first, second | distance

    def _leaf(self, leaf: Leaf) -> tuple[int, int]:
        if len(leaf.weights) == 1:
            target, value = leaf.weights[0]
            return _bits(value) & 0xFFFFFFFF, LEAF | target
        if leaf.weights not in self._lists:
            self._lists[leaf.weights] = len(self.leaves)
            self.leaves += [(target, _bits(value)) for target, value in leaf.weights]
        return self._lists[leaf.weights], LEAF | HAS_LIST | len(leaf.weights)


def _references(root: Tree) -> dict[int, int]:
    """Return how many branches lead to each node."""
    counts: dict[int, int] = {id(root): 1}
    for node in in_order(root):
        if isinstance(node, Test):
            for each in (node.holds, node.fails):
                counts[id(each)] = counts.get(id(each), 0) + 1
    return counts


def _bits(value: float) -> int:
    return int(bits_of(np.array([value + 0.0], np.float32))[0])  # -0 becomes 0
