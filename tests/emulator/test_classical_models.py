"""Trees, support vectors and neighbours, end to end: built without samples, tested, profiled.

docs/classical.md has a table of what they take; it is compared with what is measured here.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from classical.batches import by_onnxruntime
from classical.test_recognized import (
    BAYES,
    LABELLED,
    bayes_nodes,
    graph_model,
    nearest_nodes,
    points_of,
    vote_nodes,
)
from classical.test_support_vectors import machine
from classical.tree_models import CLASSIFIER, REGRESSOR, RandomTrees, ml_model, weighted
from elftools.elf.elffile import ELFFile
from onnx import helper

from edgec.driver import BuildOptions, build, run, run_regression
from edgec.driver.run.eval import evaluate_model
from edgec.ir import Array

pytestmark = pytest.mark.qemu

DOCS = Path(__file__).parents[2] / "docs" / "classical.md"
ROW = re.compile(r"^\| (?P<name>[^|]+) \| (?P<arena>[\d,]+) \| (?P<flash>[\d,]+) \| "
                 r"(?P<m0>[\d,]+) \| (?P<m4>[\d,]+) \|$", re.MULTILINE)  # fmt: skip
FOREST_RAM = 200  # bytes
SOFT_FLOAT = re.compile(r"__aeabi_([fd]|.*2[fd]$|u?[il]2)|__(add|sub|mul|div)[sd]f3|__float|__fix")
NEAR = 0.1  # of instructions: compilers differ


def forest(trees: int = 100) -> tuple[onnx.ModelProto, Array]:
    made = RandomTrees(np.random.default_rng(0), 4, depth=6, on_grid=False, whole=True).grow(trees)
    labels = {"classlabels_int64s": [0, 1, 2]}
    weights = weighted(made, "class", [0], positive=True)
    ids = made.rng.integers(0, 3, len(made.leaves))
    weights["class_ids"] = [int(each) for each in ids]
    weights["class_weights"] = [0.01] * len(ids)
    model = ml_model("TreeEnsembleClassifier", 4, CLASSIFIER, labels, made.attributes(), weights)
    return model, made.rng.normal(size=(20, 4)).astype(np.float32)


def boosted() -> tuple[onnx.ModelProto, Array]:
    made = RandomTrees(np.random.default_rng(1), 8, depth=4, on_grid=False).grow(100)
    attributes = made.attributes(), weighted(made, "target", [0])
    model = ml_model("TreeEnsembleRegressor", 8, REGRESSOR, {"n_targets": 1}, *attributes)
    return model, made.rng.normal(size=(20, 8)).astype(np.float32)


def support_vectors() -> tuple[onnx.ModelProto, Array]:
    attributes, x = machine("RBF", 3)
    return ml_model("SVMClassifier", 4, CLASSIFIER, attributes), x[:20]


def neighbors() -> tuple[onnx.ModelProto, Array]:
    points = points_of(0, count=150)
    constants = {
        "points": points,
        "k": np.array([5]),
        "worth": np.arange(150) % 3,
        "shape": np.array([-1, 5]),
        "axis": np.array([1]),
        "labels": np.array([0, 1, 2]),
        "flat_shape": np.array([-1]),
        **{f"class{each}": np.array([each]) for each in range(3)},
    }
    nodes = [*nearest_nodes("Scan"), *vote_nodes(3, weighted_votes=False)]
    return graph_model(nodes, constants, LABELLED), points[:20] + np.float32(0.3)


def bayes() -> tuple[onnx.ModelProto, Array]:
    rng = np.random.default_rng(0)
    constants = {
        **BAYES,
        "chances": np.log(rng.dirichlet(np.ones(4) * 9, 3)).T.astype(np.float32),
        "prior": np.log(np.array([[0.2, 0.5, 0.3]], np.float32)),
    }
    nodes = [
        helper.make_node("MatMul", ["x", "chances"], ["product"]),
        helper.make_node("Add", ["product", "prior"], ["joint"]),
        *bayes_nodes(),
    ]
    return graph_model(nodes, constants, LABELLED), rng.poisson(9, (20, 4)).astype(np.float32)


MODELS = {
    "100 trees of depth 6, 4 features, 3 classes": forest,
    "100 trees of depth 4 at most, 8 features, one value": boosted,
    "support vectors (RBF): 16 of 4 features, 3 classes": support_vectors,
    "5 nearest of 150 points of 4 features, 3 classes": neighbors,
    "multinomial naive Bayes: 4 features, 3 classes": bayes,
}


@dataclass(frozen=True)
class Measured:
    """What a build takes, and where it is."""

    folder: Path
    arena: int
    flash: int
    instructions: int


def measured(name: str, board: str, folder: Path) -> Measured:
    model, _ = MODELS[name]()
    path = folder / "model.onnx"
    onnx.save(model, path)
    out = folder / board
    report: dict[str, Any] = build(
        BuildOptions(model=str(path), board=board, output=str(out))
    ).report
    memory = report["memory"]
    counted = report["instructions_total"]
    return Measured(out, memory["arena_bytes"], memory["weights_bytes"], counted)


def documented() -> dict[str, dict[str, int]]:
    """Return the rows of the table in the docs."""
    rows = ROW.finditer(DOCS.read_text())
    numbers = ("arena", "flash", "m0", "m4")
    return {r["name"]: {n: int(r[n].replace(",", "")) for n in numbers} for r in rows}


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_the_figures_in_the_docs(name: str, tmp_path: Path) -> None:
    small, large = (measured(name, board, tmp_path) for board in ("qemu-m0", "qemu-m4"))
    said = documented()[name]
    assert (said["arena"], said["flash"]) == (small.arena, small.flash)
    assert small.instructions == pytest.approx(said["m0"], rel=NEAR)
    assert large.instructions == pytest.approx(said["m4"], rel=NEAR)


@pytest.mark.parametrize("name", MODELS)
def test_a_build_has_no_float_arithmetic_and_answers_as_onnxruntime(
    name: str, tmp_path: Path
) -> None:
    made = measured(name, "qemu-m0", tmp_path)
    with (made.folder / "firmware.elf").open("rb") as file:
        symbols = ELFFile(file).get_section_by_name(".symtab")
        names = [each.name for each in symbols.iter_symbols()]
    assert [each for each in names if SOFT_FLOAT.search(each)] == []
    result = run_regression(made.folder)
    assert (result.samples, result.mismatches) == (20, 0)
    model, x = MODELS[name]()
    np.savez(tmp_path / "x.npz", x=x)
    wanted, got = by_onnxruntime(model, x), run(made.folder, tmp_path / "x.npz").outputs
    for output, value in wanted.items():
        found = got[output].reshape(value.shape)
        if value.dtype.kind == "f":
            np.testing.assert_allclose(found, value, rtol=0, atol=1e-5)
        else:
            np.testing.assert_array_equal(found, value)


def test_a_hundred_trees_take_little_memory(tmp_path: Path) -> None:
    name = next(each for each, make in MODELS.items() if make is forest)
    assert measured(name, "qemu-m0", tmp_path).arena <= FOREST_RAM


def test_eval_judges_labels(tmp_path: Path) -> None:
    model, x = forest(20)
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    label = by_onnxruntime(model, x)["label"]
    np.savez(tmp_path / "data.npz", x=x, label=label)
    result = evaluate_model(BuildOptions(model=str(path)), tmp_path / "data.npz")
    found = result.evaluation.accuracy
    assert found is not None
    assert "label" in found.output
