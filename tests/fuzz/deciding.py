"""Files that mutants are made of: what decides and counts, and what only other tools write.

Trees, machines, neighbours and branches of ONNX; sparse constants and the scheme before int8 of
TFLite; files of compression tools.
"""

from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import numpy as np
import onnx
from fuzz.mutant import Form, Specimen

DATA = Path(__file__).parents[1] / "data" / "compression_tools"
_SMALL = 1 << 14  # bytes of a tool's file: with larger ones a mutant takes seconds


def specimens() -> Iterator[Specimen]:
    """Yield a few files of each kind; what makes them are the tests of these kinds."""
    for name, model in (*_trees(), *_machines(), *_recognized(), *_lines(), *_turns()):
        yield Specimen(name, Form.ONNX, model.SerializeToString(deterministic=True))
    yield from _tflite()
    for path in sorted(DATA.rglob("*.*")):
        if path.suffix in {".onnx", ".tflite"} and path.stat().st_size <= _SMALL:
            form = Form.ONNX if path.suffix == ".onnx" else Form.TFLITE
            yield Specimen(path.relative_to(DATA).as_posix(), form, path.read_bytes())


def _trees() -> Iterator[tuple[str, onnx.ModelProto]]:
    from classical import tree_models as trees  # noqa: PLC0415 - takes seconds, as all below
    from classical.tree_models import Attributes  # noqa: PLC0415

    rng = np.random.default_rng(0)
    for modes in (trees.MODES[:1], trees.MODES):
        made = trees.RandomTrees(rng, 5, modes, tracks=True, depth=3).grow(3)
        labels = {"classlabels_int64s": [4, -2, 9]}
        said = trees.weighted(made, "class", [0, 1, 2])
        given = (made.attributes(), said, labels)
        name = f"trees_{len(modes)}"
        yield name, trees.ml_model("TreeEnsembleClassifier", 5, trees.CLASSIFIER, *given)
        said = trees.weighted(made, "target", [0, 1])
        mean: Attributes = {"n_targets": 2, "aggregate_function": "AVERAGE"}
        parts = (made.attributes(), said, mean)
        yield f"{name}_mean", trees.ml_model("TreeEnsembleRegressor", 5, trees.REGRESSOR, *parts)
    made = trees.RandomTrees(rng, 5, (*trees.MODES, "BRANCH_MEMBER"), depth=3).grow(3)
    attributes = trees.listed(made, 2)
    yield "trees_5", trees.ml_model("TreeEnsemble", 5, trees.REGRESSOR, attributes, version=5)


def _machines() -> Iterator[tuple[str, onnx.ModelProto]]:
    from classical import test_support_vectors as machines  # noqa: PLC0415
    from classical.tree_models import CLASSIFIER, TEXT_CLASSIFIER, ml_model  # noqa: PLC0415

    for kernel in machines.KERNELS:
        attributes, _ = machines.machine(kernel, 3)
        yield f"machine_{kernel}", ml_model("SVMClassifier", 4, CLASSIFIER, attributes)
    attributes, _ = machines.machine("RBF", 3)
    odds = {"prob_a": [-1.3, -0.7, -2.0], "prob_b": [0.1] * 3}
    yield "machine_odds", ml_model("SVMClassifier", 4, CLASSIFIER, attributes, odds)
    kept = {name: value for name, value in attributes.items() if name != "classlabels_ints"}
    texts = {"classlabels_strings": ["b", 'c"<&', "a\n"]}
    yield "machine_texts", ml_model("SVMClassifier", 4, TEXT_CLASSIFIER, kept, texts)


def _recognized() -> Iterator[tuple[str, onnx.ModelProto]]:
    """Yield what tests compare, and compare nothing."""
    from classical import test_recognized as tests  # noqa: PLC0415

    nowhere, labelled = Path(), tests.LABELLED
    with mock.patch.object(tests, "compare") as compared:
        tests.test_neighbors_vote("CDist", 3, weighted_votes=True, tmp_path=nowhere)
        tests.test_neighbors_vote("city", 3, weighted_votes=False, tmp_path=nowhere)
        tests.test_neighbors_make_a_mean(2, nowhere)
        tests.test_clusters(labelled, nowhere)
        tests.test_gaussian_bayes(nowhere)
        tests.test_multinomial_bayes_of_large_counts(nowhere)
        tests.test_isolation_forest([3, 1], nowhere)
    for number, call in enumerate(compared.call_args_list):
        yield f"recognized_{number}", call.args[0]


def _lines() -> Iterator[tuple[str, onnx.ModelProto]]:
    from differential.test_plain_numbers import MODELS  # noqa: PLC0415
    from ops.number_models import lines_model  # noqa: PLC0415

    for name, each in MODELS.items():
        given = (each.text, each.inputs, each.outputs, each.constants, each.attributes)
        yield name, lines_model(*given)


def _turns() -> Iterator[tuple[str, onnx.ModelProto]]:
    import onnx_graphs as g  # noqa: PLC0415
    from unit.frontends.onnx import test_control_flow as tests  # noqa: PLC0415

    numbers = [g.constant("m", np.int64(3)), tests.TRUE, tests.HALF]
    loop = g.Node("Loop", ["m", "c", "x"], ["y"], body=tests.HALVE)
    yield "loop", g.model([loop], numbers)
    loop = g.Node("Loop", ["m", "", "x"], ["y"], body=tests.ROUNDS)
    yield "loops", g.model([loop], numbers)
    yield "either", g.model([tests.either()], [tests.TRUE])
    split = [
        g.Node("SplitToSequence", ["x", "two"], ["s"], axis=1),
        g.Node("SequenceAt", ["s", "one"], ["part"]),
        g.Node("SequenceInsert", ["s", "part", "one"], ["longer"]),
        g.Node("ConcatFromSequence", ["longer"], ["y"], axis=1),
    ]
    places = [g.constant("two", np.int64(2)), g.constant("one", np.int64(1))]
    yield "sequence", g.model(split, places)
    sizes = [g.constant("sizes", np.array([1, 1, 5, 9], np.int64)), g.floats("roi")]
    resize = g.Node("Resize", ["x", "", "", "sizes"], ["y"], mode="cubic")
    yield "resize", g.model([resize], sizes, x=(1, 1, 4, 4), outputs=[g.value("y")])


def _tflite() -> Iterator[Specimen]:
    from differential import test_tflite_unsigned as old  # noqa: PLC0415
    from unit.frontends.tflite import test_sparse as sparse  # noqa: PLC0415

    for number, (shape, how) in enumerate(sparse.CASES.values()):
        data = sparse.densified(sparse.numbers(shape, np.int8), how)
        yield Specimen(f"sparse_{number}", Form.TFLITE, data)
    for code in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
        data = old.convolution(code, (3, 120, 250), (0.1, 0.02, 0.5), 0)
        yield Specimen(f"old_{code}", Form.TFLITE, data)
