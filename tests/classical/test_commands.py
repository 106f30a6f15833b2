"""What the commands say of models that need no samples: labels, accuracies, notes."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from classical.test_recognized import LABELLED, graph_model, nearest_nodes, points_of, vote_nodes
from classical.tree_models import TEXT_CLASSIFIER, RandomTrees, ml_model, weighted

from edgec.cli import main
from edgec.ir import Array

Captured = pytest.CaptureFixture[str]


def neighbors(folder: Path) -> tuple[Path, Array]:
    """Return a file of the nearest of 60 points, whose classes are 0, 1, 2, and the points."""
    points = points_of(0)
    constants = {
        "points": points,
        "k": np.array([1]),
        "worth": np.arange(60) % 3,
        "shape": np.array([-1, 1]),
        "axis": np.array([1]),
        "labels": np.array([0, 1, 2]),
        "flat_shape": np.array([-1]),
        **{f"class{each}": np.array([each]) for each in range(3)},
    }
    nodes = [*nearest_nodes("Scan"), *vote_nodes(3, weighted_votes=False)]
    onnx.save(graph_model(nodes, constants, LABELLED), folder / "neighbors.onnx")
    return folder / "neighbors.onnx", points


def trees(folder: Path) -> Path:
    """Return a file of trees whose classes are texts."""
    made = RandomTrees(np.random.default_rng(0), 4, depth=3, on_grid=False).grow(3)
    weights = weighted(made, "class", [0])
    weights["class_ids"] = [each % 3 for each in range(len(weights["class_ids"]))]
    texts = {"classlabels_strings": ["cat", "dog", "owl"]}
    attributes = made.attributes()
    model = ml_model("TreeEnsembleClassifier", 4, TEXT_CLASSIFIER, texts, attributes, weights)
    onnx.save(model, folder / "trees.onnx")
    return folder / "trees.onnx"


def test_labels_of_neighbors_are_judged(tmp_path: Path, capsys: Captured) -> None:
    model, points = neighbors(tmp_path)
    labels = np.arange(60) % 3
    labels[:15] = (labels[:15] + 1) % 3
    np.savez(tmp_path / "data.npz", x=points, labels=labels)
    code = main(["eval", str(model), "--data", str(tmp_path / "data.npz")])
    shown = capsys.readouterr()
    assert (code, shown.err) == (0, "")
    assert "accuracy (top-1) of 'label': 75.00%" in shown.out
    assert "dB" not in shown.out


def test_what_is_no_fault_is_a_note(tmp_path: Path, capsys: Captured) -> None:
    assert main(["check", str(trees(tmp_path))]) == 0
    told = capsys.readouterr().err
    assert told == "note: output 'label' has the place of the label in the list: cat, dog, owl\n"


@pytest.mark.qemu
def test_a_label_is_shown_as_a_number_and_a_build_has_notes(
    tmp_path: Path, capsys: Captured
) -> None:
    model, points = neighbors(tmp_path)
    out = str(tmp_path / "out")
    assert main(["build", str(model), "--board", "qemu-m0", "-o", out]) == 0
    told = capsys.readouterr().err
    assert "note: no .tflite file beside this build" in told
    assert "warning" not in told
    np.savez(tmp_path / "x.npz", x=points[:3])
    assert main(["run", out, "--on", "host", "--input", str(tmp_path / "x.npz")]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    labels = [line[2:] for line in lines if line[1:2] == ["label"]]
    assert labels == [["1", "0"], ["1", "1"], ["1", "2"]]  # shape, value
