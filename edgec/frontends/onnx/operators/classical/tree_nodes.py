"""Attributes of ONNX-ML tree ensembles -> trees of comparisons and leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgec.ops.classical.tree_table import Leaf, Test, Tree
from edgec.ops.numerics.float_bits import LOWEST, place_of
from edgec.ops.registry import SourceNode

_MODES = (
    "BRANCH_LEQ",
    "BRANCH_LT",
    "BRANCH_GTE",
    "BRANCH_GT",
    "BRANCH_EQ",
    "BRANCH_NEQ",
    "BRANCH_MEMBER",
)
"""In the order of their numbers in TreeEnsemble of ai.onnx.ml 5."""


@dataclass(frozen=True)
class Branch:
    """A node of the file that compares: what it leads to has keys of the file's own."""

    mode: str
    feature: int
    value: float
    holds: object
    fails: object
    nan_holds: bool
    members: tuple[float, ...] = ()


def linked(branches: Mapping[object, Branch], leaves: Mapping[object, Leaf], root: object) -> Tree:
    """Return the tree below ``root``; ``LookupError`` for what leads nowhere or in a circle."""
    made: dict[object, Tree] = {}
    open_keys: set[object] = set()
    waiting = [root]
    while waiting:
        key = waiting[-1]
        if key in made:
            waiting.pop()
            continue
        if key not in branches:
            made[key] = leaves[key]
            continue
        branch = branches[key]
        missing = [each for each in (branch.holds, branch.fails) if each not in made]
        if not missing:
            made[key] = _compared(branch, made[branch.holds], made[branch.fails])
        elif key in open_keys:
            message = f"the nodes of a tree go round in a circle at {key}"
            raise LookupError(message)
        else:
            waiting += missing
        open_keys.add(key)
    return made[root]


def _compared(branch: Branch, holds: Tree, fails: Tree) -> Tree:
    """Return a node of the file as comparisons of places: feature <= place."""
    if branch.mode == "BRANCH_MEMBER":
        return _member(branch, branch.members, holds, fails)
    place, is_nan = place_of(branch.value), bool(np.isnan(branch.value))
    if branch.mode in {"BRANCH_EQ", "BRANCH_NEQ"}:
        # NaN is unequal to everything, itself included
        if branch.mode == "BRANCH_EQ":
            return _member(branch, () if is_nan else (branch.value,), holds, fails)
        flipped = Branch("", branch.feature, 0.0, None, None, nan_holds=False)
        return _member(flipped, () if is_nan else (branch.value,), fails, holds)
    turned = branch.mode in {"BRANCH_GTE", "BRANCH_GT"}
    below = place - (branch.mode in {"BRANCH_LT", "BRANCH_GTE"})
    if is_nan:  # such a comparison never holds
        turned, below = False, LOWEST
    first, second = (fails, holds) if turned else (holds, fails)
    return Test(branch.feature, below, branch.nan_holds is not turned, first, second)


def _member(branch: Branch, members: Sequence[float], holds: Tree, fails: Tree) -> Tree:
    """Return comparisons that tell whether a feature is one of some values."""
    places = sorted({place_of(each) for each in members if not np.isnan(each)}, reverse=True)
    if not places:
        return Test(branch.feature, LOWEST, branch.nan_holds, holds, fails)
    rest = fails
    for place in places:
        at_most = Test(branch.feature, place, branch.nan_holds, holds, rest)
        rest = Test(branch.feature, place - 1, not branch.nan_holds, fails, at_most)
    return rest


def mode_of(node: SourceNode, mode: int | str) -> str:
    """Return the name of a mode, which ai.onnx.ml 5 numbers."""
    name = _MODES[mode] if isinstance(mode, int) and 0 <= mode < len(_MODES) else str(mode)
    if name not in {*_MODES, "LEAF"}:
        raise node.reject(f"a node of mode {mode!r}")
    return name
