"""Isolation forests as skl2onnx writes them: trees that tell leaves, tables of how deep these are.

What the nodes behind a tree make of each of its leaves becomes the leaf's value; the trees become
one ensemble, whose sum is all that is left to compute a score of.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import helper

from edgec.frontends.onnx.recognized.wiring import Wiring, attribute, node
from edgec.ir import Array

# fmt: off
_DEPTHS = frozenset({
    "Add", "Cast", "Constant", "Div", "Equal", "Greater", "Identity", "LabelEncoder", "Log", "Max",
    "Mul", "Neg", "Reshape", "Sub", "Where",
})
# fmt: on
_SCORES = frozenset(
    {"Add", "Cast", "Constant", "Div", "Identity", "Less", "Mul", "Neg", "Pow", "Sub"}
)
_PROBES = np.linspace(0.0, 1.0, 41)
_NEAR = 1e-5
_FEWEST = 2  # sums


def recognize_isolation(model: Any) -> None:
    """Replace the nodes of an isolation forest by one ensemble of trees and its score."""
    wiring = Wiring(model)
    for total in wiring.of_type("Sum", "Mean"):
        trees = [_tree_of(wiring, each) for each in total.input]
        if total.op_type == "Sum" and trees and all(each is not None for each in trees):
            _replace(wiring, total, trees)
            return


def _tree_of(wiring: Wiring, value: str) -> Any:
    """Return the one tree that a value is made of; None where it is made of anything else."""
    found: dict[int, Any] = {}
    waiting = [value]
    while waiting:
        maker = wiring.makers.get(waiting.pop())
        if maker is None:
            continue
        if maker.op_type == "TreeEnsembleRegressor":
            found[id(maker)] = maker
        elif maker.op_type in _DEPTHS:
            waiting += list(maker.input)
        else:
            return None
    return next(iter(found.values())) if len(found) == 1 else None


def _replace(wiring: Wiring, total: Any, trees: Sequence[Any]) -> None:
    merged = _merged(wiring, total, trees)
    sources = {name for each in trees for name in [_source(wiring, each)]}
    outputs = [e for e in wiring.outputs if wiring.between([e], [total.output[0]], _SCORES)]
    if merged is None or len(sources) != 1 or not outputs:
        return
    (source,) = sources
    least, most = merged.pop("least"), merged.pop("most")
    sums = (least + (most - least) * _PROBES).astype(np.float32).reshape(-1, 1)
    nodes = wiring.between(outputs, [total.output[0]], _SCORES)
    found = wiring.run(nodes or [], {total.output[0]: sums}, outputs)
    if found is None or nodes is None:
        return
    scores = [place for place, each in enumerate(found) if each.dtype.kind == "f"]
    if len(scores) != 1:
        return
    fitted = _fitted(sums.reshape(-1), found[scores[0]].reshape(-1))
    labels = [each.reshape(-1) for each in found if each.dtype.kind != "f"]
    signs = np.where(found[scores[0]].reshape(-1) < 0, -1, 1)
    if fitted is None or any((each != signs).any() for each in labels):
        return
    name = f"{total.output[0]}/trees"
    made = [
        helper.make_node(
            "TreeEnsembleRegressor", [source], [name], name=name, domain="ai.onnx.ml", **merged
        ),
        node("AnomalyScore", [name], [outputs[scores[0]]], rate=fitted[0], offset=fitted[1]),
    ]
    for output, each in zip(outputs, found, strict=True):
        if each.dtype.kind != "f":
            made.append(node("AnomalyLabel", [outputs[scores[0]]], [output]))
    behind = wiring.between(
        outputs, [source], [*_SCORES, *_DEPTHS, "Gather", "Sum", trees[0].op_type]
    )
    wiring.replace(behind or nodes, made)


def _source(wiring: Wiring, tree: Any) -> str:
    """Return what a tree's features are chosen from."""
    maker = wiring.makers.get(tree.input[0])
    return str(maker.input[0] if maker is not None and maker.op_type == "Gather" else tree.input[0])


def _merged(wiring: Wiring, total: Any, trees: Sequence[Any]) -> dict[str, Any] | None:
    """Return the attributes of one ensemble, whose leaves are worth what is made of them."""
    made: dict[str, list[Any]] = {}
    least = most = 0.0
    for number, (tree, value) in enumerate(zip(trees, total.input, strict=True)):
        table = {e.name: helper.get_attribute_value(e) for e in tree.attribute}
        ids = np.array(table["target_weights"], np.float32)
        nodes = wiring.between([value], [tree.output[0]], _DEPTHS)
        depths = wiring.run(nodes or [], {tree.output[0]: ids.reshape(-1, 1)}, [value])
        chosen = _chosen(wiring, tree)
        if depths is None or depths[0].size != ids.size or table.get("n_targets", 1) != 1:
            return None
        worth = depths[0].reshape(-1).astype(np.float32)
        least, most = least + float(worth.min()), most + float(worth.max())
        table["target_weights"] = worth.tolist()
        if chosen is not None:
            table["nodes_featureids"] = [int(chosen[e]) for e in table["nodes_featureids"]]
        for name in ("nodes_treeids", "target_treeids"):
            table[name] = [number] * len(table[name])
        for name, each in table.items():
            if isinstance(each, list):
                made.setdefault(name, []).extend(each)
    return {**made, "n_targets": 1, "least": least, "most": most}


def _chosen(wiring: Wiring, tree: Any) -> Array | None:
    """Return the features that a tree gets; None for all."""
    maker = wiring.makers.get(tree.input[0])
    if maker is None or maker.op_type != "Gather" or attribute(maker, "axis", 0) != 1:
        return None
    places = wiring.constant(maker.input[1])
    return None if places is None else places.reshape(-1)


def _fitted(sums: Array, scores: Array) -> tuple[float, float] | None:
    """Return rate and offset where scores are offset - exp(-rate * sums)."""
    wide, given = sums.astype(np.float64), scores.astype(np.float64)
    middle = len(wide) // 2
    for offset in np.unique(np.round(_offsets(wide, given), 7)):
        powers = offset - given
        if (powers <= 0).any():
            continue
        rate = -np.log(powers[middle]) / wide[middle]
        if np.abs(offset - np.exp(-rate * wide) - given).max() < _NEAR:
            return float(rate), float(offset)
    return None


def _offsets(sums: Array, scores: Array) -> Array:
    """Return what the offset may be: three sums at equal distances tell, by the powers' ratios."""
    first, second, third = scores[0], scores[len(sums) // 2], scores[-1]
    below = first + third - 2 * second
    return np.array([(first * third - second**2) / below]) if below else np.array([])
