"""Tree ensembles of ai.onnx.ml: forests, boosted trees, single trees, isolation forests."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgec.frontends.onnx.operators.classical.classes import Classes, add_label, classes_of
from edgec.frontends.onnx.operators.classical.features import Prepared, prepared
from edgec.frontends.onnx.operators.classical.fixed import add_projection, is_projected
from edgec.frontends.onnx.operators.classical.tree_nodes import Branch, linked, mode_of
from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.classical.class_scores import ClassScores, Pair, Transform
from edgec.ops.classical.tree_ensemble import Merge, TreeEnsemble
from edgec.ops.classical.tree_table import (
    Leaf,
    Tree,
    largest_feature,
    largest_target,
    leaves_of,
    packed,
    with_leaves,
    without_zeros,
)
from edgec.ops.movement.reshape import Reshape
from edgec.ops.numerics.float_bits import bits_of
from edgec.ops.registry import Format, SourceNode, importer

_PAIR = 2  # classes
_MERGES = (Merge.AVERAGE, Merge.SUM, Merge.MIN, Merge.MAX)  # by their numbers in ai.onnx.ml 5
# As onnxruntime numbers them:
_TRANSFORMS = ("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO", "PROBIT")
_MOST_TARGETS = 1 << 16
_ZERO = Leaf(((0, 0.0),))


@dataclass(frozen=True)
class Forest:
    """The trees of a node of the file, and what is done with what they say."""

    roots: tuple[Tree, ...]
    base: tuple[float, ...]
    targets: int
    merge: Merge = Merge.SUM
    marks: bool = False


@importer(Format.ONNX, "ai.onnx.ml::TreeEnsembleRegressor")
def _regressor(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Sums, means, the least or largest of what the trees say, per target."""
    targets = _targets(node)
    merge = _merge(node, node.text("aggregate_function", default="SUM"))
    base = _base(node, targets)
    roots = _trees(node, "target")
    if targets == 1:  # a leaf without a weight says 0
        roots = tuple(
            with_leaves(each, lambda leaf: leaf if leaf.weights else _ZERO) for each in roots
        )
    else:
        _check_base(node, roots, base, targets)
    transform = _transform(node, node.text("post_transform", default="NONE"))
    forest = Forest(roots, base, targets, merge)
    return [_add_values(node, g, forest, transform)]


def _add_values(
    node: SourceNode, g: GraphBuilder, forest: Forest, transform: Transform
) -> ValueName:
    """Add the values of targets; onnxruntime leaves a single one as it is."""
    kept = transform if forest.targets > 1 else Transform.NONE
    return _add_scores(node.part(), g, _add(node, g, forest), ClassScores(transform=kept))


@importer(Format.ONNX, "ai.onnx.ml::TreeEnsemble")
def _ensemble(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """The operator of ai.onnx.ml 5: trees whose leaves have lists of their own."""
    targets = _targets(node)
    number = node.integer("aggregate_function", default=1)
    if not 0 <= number < len(_MERGES):
        raise node.reject(f"aggregate_function = {number}")
    kind = node.integer("post_transform", default=0)
    name = _TRANSFORMS[kind] if 0 <= kind < len(_TRANSFORMS) else str(kind)
    transform = _transform(node, name)
    forest = Forest(_listed_trees(node), (0.0,) * targets, targets, _MERGES[number])
    return [_add_values(node, g, forest, transform)]


@importer(Format.ONNX, "ai.onnx.ml::TreeEnsembleClassifier")
def _classifier(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """The label, and the scores of all classes, as onnxruntime makes them of the sums."""
    classes = classes_of(node, "classlabels_int64s")
    roots = _trees(node, "class")
    transform = _transform(node, node.text("post_transform", default="NONE"))
    base = _numbers(node, "base_values")
    if len(base) not in {0, 1, classes.count} or (len(base) == 1 and classes.count > _PAIR):
        raise node.reject(f"{len(base)} base_values for {classes.count} classes")
    if classes.count <= _PAIR:
        return _pair(node, g, classes, _Said.of(roots, base), transform)
    whole = base or (0.0,) * classes.count
    marks = not base and not _says(roots, range(classes.count))
    sums = _add(node, g, Forest(roots, whole, classes.count, marks=marks))
    label = add_label(node, g, classes, sums)
    return [label, *_second(node, g, sums, ClassScores(transform=transform))]


@dataclass(frozen=True)
class _Said:
    """What the trees of a classifier of one or two classes say, and of which."""

    roots: tuple[Tree, ...]
    base: tuple[float, ...]
    named: frozenset[int]
    is_positive: bool

    @classmethod
    def of(cls, roots: tuple[Tree, ...], base: tuple[float, ...]) -> "_Said":
        weights = [each for root in roots for leaf in leaves_of(root) for each in leaf.weights]
        named = frozenset(target for target, _ in weights)
        return cls(roots, base, named, all(value >= 0 for _, value in weights))


def _pair(
    node: SourceNode, g: GraphBuilder, classes: Classes, said: _Said, transform: Transform
) -> Sequence[ValueName]:
    """Two classes: where the trees speak of one alone, its score makes the other's.

    onnxruntime has rules of its own for each way in which the file may say so.
    """
    one = len(said.named) <= 1
    threshold = 0.5 if one and said.is_positive and classes.count == _PAIR else 0.0
    told = classes if one or classes.names else Classes((0, 1))
    if classes.count == 1:
        told, threshold = Classes((0, 1)), 0.0
    forest, column, scores = _pair_rule(node, classes, said, transform)
    sums = _add(node, g, forest)
    label = add_label(node, g, told, sums, column, threshold)
    return [label, *_second(node, g, sums, scores)]


def _pair_rule(
    node: SourceNode, classes: Classes, said: _Said, transform: Transform
) -> tuple[Forest, int, ClassScores]:
    """Return the trees, the sum that decides on the label, and how scores are made of sums."""
    base, roots, both = said.base, said.roots, len(said.named) > 1
    if 1 not in said.named and len(base) <= 1:  # one sum, of class 0: the second class has it
        # The score of one class alone stays as it is, whatever the transform.
        forest = Forest(roots, base or (0.0,), 1)
        logistic = transform is Transform.LOGISTIC
        pair = Pair.COMPLEMENT if said.is_positive and not logistic else Pair.OPPOSITE
        pair = pair if classes.count == _PAIR else Pair.NONE
        _check_base(node, roots, base, 1)
        kept = transform if logistic and pair is not Pair.NONE else Transform.NONE
        return forest, 0, ClassScores(pair=pair, transform=kept)
    if both and not _says(roots, [1]):
        raise node.reject(
            "trees of two classes some leaves of which do not speak of the second",
            help="export with a weight for each class in every leaf, zeros included",
        )
    if len(base) == _PAIR and both:  # what the trees say of the second class is not looked at
        first = tuple(_only_first(each) for each in roots)
        return Forest(first, base[1:], 1), 0, ClassScores(pair=Pair.OPPOSITE, transform=transform)
    if len(base) == _PAIR and 1 in said.named:
        raise node.reject(
            "two base_values, and trees that speak of the second class alone: onnxruntime leaves "
            "the trees out",
            help="export with one base value, or with the trees' weights for class 0",
        )
    offset = base[0] if base and 0 in said.named else 0.0
    _check_base(node, roots, (offset,), 1)
    return Forest(roots, (offset, 0.0), 2), int(1 in said.named), ClassScores(transform=transform)


def _only_first(root: Tree) -> Tree:
    """Return a tree with the weights of target 0 alone."""
    return with_leaves(root, lambda leaf: Leaf(tuple(e for e in leaf.weights if e[0] == 0)))


def _says(roots: Sequence[Tree], targets: Sequence[int]) -> bool:
    """Tell whether each target is spoken of in every leaf of some tree."""
    always: set[int] = set()
    for root in roots:
        said = [{target for target, _ in leaf.weights} for leaf in leaves_of(root)]
        always |= set.intersection(*said)
    return {*targets} <= always


def _add(node: SourceNode, g: GraphBuilder, forest: Forest) -> ValueName:
    """Add the trees; zeros that change nothing are left out of their leaves."""
    x = prepared(g, node.input(0))
    shape = g.type(node.input(0)).shape
    value = x.source
    if is_projected(g, value):  # a projection: in floats, as the thresholds are
        value = add_projection(node, g)
        x = Prepared(value, (), np.arange(shape[-1]))
    features = g.type(value).shape[-1:]
    rows = (*(shape[:-1] or (1,)), *features)
    if g.type(value).shape != rows:
        value = g.add1(Reshape(shape=rows), value, name=f"{node.name}/rows")
    keeps = forest.marks or forest.merge in {Merge.MIN, Merge.MAX}
    roots = forest.roots if keeps else tuple(map(without_zeros, forest.roots))
    largest = largest_feature(roots)
    if largest >= shape[-1]:
        raise node.reject(f"trees that look at feature {largest} of an input of {shape[-1]}")
    target = largest_target(roots)
    if target >= len(forest.base):
        raise node.reject(f"a weight for target {target} of {len(forest.base)}")
    try:
        table = packed(roots, x.places, x.columns)
    except ValueError as error:
        raise node.reject(str(error), help="export fewer or smaller trees") from error
    base = bits_of(np.array(forest.base, np.float32) + np.float32(0))
    tables = {"nodes": table.nodes, "roots": table.roots, "leaves": table.leaves, "base": base}
    op = TreeEnsemble(merge=forest.merge, marks=forest.marks, depth=table.depth)
    values = [g.constant(f"{node.name}/{key}", array) for key, array in tables.items()]
    sums = f"{node.outputs[0]}/sums"
    return g.add(op, [value, *values], name=f"{node.name}/sums", outputs=[sums])[0]


def _add_scores(part: SourceNode, g: GraphBuilder, sums: ValueName, op: ClassScores) -> ValueName:
    if op == ClassScores() and not _marks(g, sums):
        return sums
    return g.add(op, [sums], name=part.name, outputs=part.outputs)[0]


def _second(
    node: SourceNode, g: GraphBuilder, sums: ValueName, scores: ClassScores
) -> Sequence[ValueName]:
    """Add the scores as output 1 of a classifier, where anything reads them."""
    return [_add_scores(node.part(1), g, sums, scores)] if len(node.outputs) > 1 else []


def _marks(g: GraphBuilder, sums: ValueName) -> bool:
    maker = g.producer(sums)
    return maker is not None and isinstance(maker.op, TreeEnsemble) and maker.op.marks


def _merge(node: SourceNode, name: str) -> Merge:
    if name not in {each.value for each in Merge}:
        raise node.reject(f"aggregate_function = {name}")
    return Merge(name)


def _transform(node: SourceNode, name: str) -> Transform:
    if name not in {each.value for each in Transform}:
        raise node.reject(f"post_transform = {name}", help="export with NONE, SOFTMAX or LOGISTIC")
    return Transform(name)


def _check_base(
    node: SourceNode, roots: Sequence[Tree], base: Sequence[float], targets: int
) -> None:
    """Reject a base value that a row may miss: onnxruntime adds none where no tree speaks."""
    if any(base) and not _says(roots, range(targets)):
        raise node.reject(
            "base_values of targets that trees do not speak of in every leaf",
            help="export with a weight for each target in every leaf, zeros included",
        )


def _targets(node: SourceNode) -> int:
    targets = node.integer("n_targets", default=1)
    if not 0 < targets < _MOST_TARGETS:
        raise node.reject(f"n_targets = {targets}")
    return targets


def _base(node: SourceNode, targets: int) -> tuple[float, ...]:
    base = _numbers(node, "base_values")
    if len(base) not in {0, targets}:
        raise node.reject(f"{len(base)} base_values for {targets} targets")
    return base or (0.0,) * targets


def _numbers(node: SourceNode, name: str) -> tuple[float, ...]:
    """Return an attribute that is a list of floats, or a tensor in newer files."""
    array = node.tensor(f"{name}_as_tensor")
    if array is not None:
        return tuple(float(each) for each in np.asarray(array, np.float32).reshape(-1))
    return node.numbers(name, default=())


def _trees(node: SourceNode, kind: str) -> tuple[Tree, ...]:
    """Return the trees of a node; ``kind`` is what its weights are of: class or target."""
    trees, ids = node.integers("nodes_treeids"), node.integers("nodes_nodeids")
    keys = list(zip(trees, ids, strict=True))
    weights: dict[object, list[tuple[int, float]]] = {}
    places = (node.integers(f"{kind}_{each}") for each in ("treeids", "nodeids", "ids"))
    for tree, leaf, target, value in zip(*places, _numbers(node, f"{kind}_weights"), strict=True):
        weights.setdefault((tree, leaf), []).append((target, value))
    _check_weights(node, weights)
    branches = _branches(node, keys)
    leaves: dict[object, Leaf] = {
        key: Leaf(tuple(weights.get(key, ()))) for key in keys if key not in branches
    }
    below = {each for branch in branches.values() for each in (branch.holds, branch.fails)}
    roots: dict[int, object] = {}
    for key in keys:
        if key not in below:
            roots.setdefault(key[0], key)
    return _linked(node, branches, leaves, [roots.get(tree) for tree in dict.fromkeys(trees)])


def _branches(node: SourceNode, keys: Sequence[tuple[int, int]]) -> dict[object, Branch]:
    node.ignore("nodes_hitrates", "nodes_hitrates_as_tensor")
    modes = node.attrs.get("nodes_modes", ())
    node.ignore("nodes_modes")
    nan = _tracks(node, len(keys))
    columns = (
        modes,
        node.integers("nodes_featureids"),
        _numbers(node, "nodes_values"),
        node.integers("nodes_truenodeids"),
        node.integers("nodes_falsenodeids"),
        nan,
    )
    rows = zip(keys, *columns, strict=True)
    return {
        key: Branch(mode, feature, value, (key[0], holds), (key[0], fails), track == 1)
        for key, mode, feature, value, holds, fails, track in rows
        if mode_of(node, mode) != "LEAF"
    }


def _tracks(node: SourceNode, count: int) -> tuple[int, ...]:
    """Return where NaN goes at each node; those that the list does not reach have no say."""
    given = node.integers("nodes_missing_value_tracks_true", default=())
    return (*given, *(0,) * count)[:count]


def _listed_trees(node: SourceNode) -> tuple[Tree, ...]:
    """Return the trees of ai.onnx.ml 5: nodes and leaves are numbered in lists of their own."""
    node.ignore("nodes_hitrates")
    modes = [mode_of(node, int(each)) for each in _array(node, "nodes_modes")]
    nan = _tracks(node, len(modes))
    sets = _member_sets(node)
    columns = (
        modes,
        node.integers("nodes_featureids"),
        [float(each) for each in _array(node, "nodes_splits").astype(np.float32)],
        node.integers("nodes_truenodeids"),
        node.integers("nodes_trueleafs"),
        node.integers("nodes_falsenodeids"),
        node.integers("nodes_falseleafs"),
        nan,
    )
    branches: dict[object, Branch] = {}
    for index, row in enumerate(zip(*columns, strict=True)):
        mode, feature, value, holds, holds_leaf, fails, fails_leaf, track = row
        members = next(sets, ()) if mode == "BRANCH_MEMBER" else ()
        ends = (bool(holds_leaf), holds), (bool(fails_leaf), fails)
        branches[False, index] = Branch(mode, feature, value, *ends, track == 1, members)
    targets, values = node.integers("leaf_targetids"), _array(node, "leaf_weights")
    pairs = [(target, float(value)) for target, value in zip(targets, values, strict=True)]
    _check_weights(node, {None: pairs})
    leaves: dict[object, Leaf] = {(True, i): Leaf((pair,)) for i, pair in enumerate(pairs)}
    for key, branch in list(branches.items()):  # a tree that is one leaf leads there either way
        if branch.holds == branch.fails and branch.holds in leaves:
            leaves[key] = leaves[branch.holds]
            del branches[key]
    return _linked(node, branches, leaves, [(False, each) for each in node.integers("tree_roots")])


def _member_sets(node: SourceNode) -> Iterator[tuple[float, ...]]:
    """Yield the sets that nodes compare with, which NaN parts in the list of the file."""
    values, found = node.tensor("membership_values"), list[float]()
    for each in () if values is None else np.asarray(values, np.float32).reshape(-1).tolist():
        if np.isnan(each):
            yield tuple(found)
            found = []
        else:
            found.append(each)
    if found:
        yield tuple(found)


def _array(node: SourceNode, name: str) -> Array:
    array = node.tensor(name)
    if array is None:
        raise node.reject(f"attribute {name!r} is missing", code="malformed-model")
    return np.asarray(array).reshape(-1)


def _check_weights(node: SourceNode, weights: Mapping[object, Sequence[tuple[int, float]]]) -> None:
    for key, pairs in weights.items():
        if any(not 0 <= target < _MOST_TARGETS for target, _ in pairs):
            raise node.reject(f"a weight of node {key} for target {pairs[0][0]}")
        if not np.isfinite([value for _, value in pairs]).all():
            raise node.reject(f"a weight of node {key} that is no finite number")


def _linked(
    node: SourceNode,
    branches: Mapping[object, Branch],
    leaves: Mapping[object, Leaf],
    roots: Sequence[object],
) -> tuple[Tree, ...]:
    try:
        return tuple(linked(branches, leaves, root) for root in roots)
    except LookupError as error:
        raise node.reject(f"no tree: {error}", code="malformed-model") from error
