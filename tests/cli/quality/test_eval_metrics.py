"""eval by labels of every kind, on small models: which metric, why, and figures by definition.

What a figure has to be is computed from onnxruntime's outputs by ``metric_definitions``.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli.conftest import Cli
from cli.quality.eval_cases import ROWS, Case, dense, detector, image, noisy, two_heads
from metric_definitions import (
    average_precision,
    errors,
    f1_of_labels,
    intersections_over_unions,
)

from edgec.ir import Array
from edgec.quantization.quality.metrics.choice import NAMES
from edgec.quantization.samples.sample_labels import CLASSES, KEYS


def test_segmentation(cli: Cli, tmp_path: Path) -> None:
    case = Case(tmp_path, image(4))
    said = case.said[0].argmax(axis=1)
    mask = noisy(said, 4).astype(np.uint8)
    mask[:, 0] = 255
    found = case.accuracy(cli, mask=mask)
    single = intersections_over_unions(said, mask, 255)
    assert (found["metric"], found["name"]) == ("mean IoU", "iou")
    assert (found["unit"], found["higher_is_better"]) == ("share", True)
    assert found["float"] == pytest.approx(sum(single.values()) / len(single))
    assert abs(found["loss"]) < 0.05
    assert "'mask' has a class number for each of 48 positions (255, at 16.7% of" in found["why"]
    assert "has 4 scores at each (axis 0 of (4, 6, 8))" in found["why"]
    right = float((said == mask)[mask != 255].mean())
    assert found["more"]["pixel accuracy"]["float"] == pytest.approx(right)
    assert {each["class"]: each["float"] for each in found["per_class"]} == pytest.approx(single)
    found = case.accuracy(cli, "--metric", "pixel-accuracy", mask=mask)
    assert found["metric"] == "pixel accuracy"
    assert found["float"] == pytest.approx(right)


def test_segmentation_of_one_class(cli: Cli, tmp_path: Path) -> None:
    case = Case(tmp_path, image(1, "Sigmoid"))
    said = case.said[0][:, 0] >= 0.5
    mask = noisy(said.astype(int), 2)
    found = case.accuracy(cli, mask=mask)
    assert found["metric"] == "IoU of class 1"
    assert found["float"] == pytest.approx(intersections_over_unions(said + 0, mask, 255)[1])
    ended = case.eval(cli, "--json", mask=255 * mask)
    assert ended.json["accuracy"] is None
    assert ended.json["agreement"]["metric"] == "class at every position"
    assert any("save mask // 255" in text for text in ended.json["warnings"])


@pytest.mark.parametrize(("key", "outputs"), [("target", 3), ("label", 1), ("y", 1)])
def test_regression(key: str, outputs: int, cli: Cli, tmp_path: Path) -> None:
    """A tensor of the model is called y as well: then the array is no label."""
    case = Case(tmp_path, dense(outputs))
    labels = case.said[0] + np.random.default_rng(6).normal(0, 0.3, case.said[0].shape)
    labels = labels[:, 0] if outputs == 1 else labels
    if key == "y":
        assert case.eval(cli, "--json", y=labels).json["accuracy"] is None
        return
    found = case.accuracy(cli, **{key: labels})
    mae, rmse, r2 = errors(case.said[0].astype(float), labels.reshape(ROWS, -1))
    assert (found["metric"], found["higher_is_better"], found["unit"]) == ("MAE", False, "output")
    assert found["float"] == pytest.approx(mae, rel=1e-4)
    assert found["more"]["RMSE"]["float"] == pytest.approx(rmse, rel=1e-4)
    assert found["more"]["R2"]["float"] == pytest.approx(r2, rel=1e-4)
    assert -0.05 < found["loss"] < 0.05
    found = case.accuracy(cli, "--metric", "r2", **{key: labels})
    assert (found["metric"], found["higher_is_better"], found["unit"]) == ("R2", True, "ratio")
    assert found["float"] == pytest.approx(r2, rel=1e-4)


def test_a_loss_is_positive_where_the_quantized_model_is_worse(cli: Cli, tmp_path: Path) -> None:
    """Labels that are what the float model says: it has no error at all."""
    case = Case(tmp_path, dense(3))
    for name, higher in (("mae", False), ("rmse", False), ("r2", True)):
        found = case.accuracy(cli, "--metric", name, target=case.said[0])
        assert found["higher_is_better"] is higher
        assert found["float"] == pytest.approx(float(higher), abs=1e-5)
        assert found["loss"] > 1e-5
    shown = case.eval(cli, target=case.said[0]).out
    assert "MAE of 'y': float " in shown
    assert "lower is better" in shown
    assert ", loss 0." in shown


def test_r2_of_constant_targets_is_null(cli: Cli, tmp_path: Path) -> None:
    case = Case(tmp_path, dense(1))
    ended = case.eval(cli, "--json", target=np.full(ROWS, 0.1))
    assert ended.json["accuracy"]["more"]["R2"] == {"float": None, "quantized": None}
    ended = case.eval(cli, "--json", "--metric", "r2", target=np.full(ROWS, 0.1))
    assert ended.json["accuracy"] is None
    assert any("R2 has no meaning" in text for text in ended.json["warnings"])


def test_several_labels_that_do_not_exclude_each_other(cli: Cli, tmp_path: Path) -> None:
    case = Case(tmp_path, dense(4, "Sigmoid"))
    said = case.said[0] >= 0.5
    labels = noisy(said.astype(int), 2)
    found = case.accuracy(cli, label=labels)
    single = f1_of_labels(said, labels == 1)
    assert (found["metric"], found["name"]) == ("mean F1", "f1")
    assert found["float"] == pytest.approx(sum(single.values()) / len(single))
    exact = found["more"]["exact match"]["float"]
    assert exact == pytest.approx(float((said == labels).all(axis=1).mean()))
    assert "values are probabilities: 0.5 and more is yes" in found["why"]


@pytest.mark.parametrize("joined", [False, True])
def test_boxes(joined: bool, cli: Cli, tmp_path: Path) -> None:
    outputs = ("y",) if joined else ("boxes_out", "scores")
    case = Case(tmp_path, detector(joined), *outputs)
    boxes, scores = (
        (case.said[0][..., :4], case.said[0][..., 4:]) if joined else (case.said[0], case.said[1])
    )
    best = scores[:, :, :2].reshape(ROWS, 16, 2).max(axis=2).argsort(axis=1)[:, -3:]
    wanted = np.take_along_axis(boxes, best[:, :, None], axis=1).astype(np.float64)
    wanted[::2, 2] = np.nan
    classes = np.take_along_axis(scores, best[:, :, None], axis=1).argmax(axis=2)
    found = case.accuracy(cli, boxes=wanted, classes=classes)
    there = ~np.isnan(wanted).any(axis=2)
    single = {
        int(number): average_precision(
            boxes.astype(np.float64),
            scores[:, :, number],
            [wanted[i][there[i] & (classes[i] == number)] for i in range(ROWS)],
        )
        for number in np.unique(classes[there])
    }
    assert (found["metric"], found["name"]) == ("mean AP at IoU 0.5", "ap")
    near = 2e-3  # scores that differ by a rounding change places
    assert found["float"] == pytest.approx(sum(single.values()) / len(single), abs=near)
    by_class = {each["class"]: each["float"] for each in found["per_class"]}
    assert by_class == pytest.approx(single, abs=near)
    found = case.accuracy(cli, boxes=wanted)
    assert found["metric"] == "mean box IoU"
    assert found["float"] == pytest.approx(1.0, abs=1e-6)


def test_every_output_has_labels_of_its_own(cli: Cli, tmp_path: Path) -> None:
    case = Case(tmp_path, two_heads(), "kind", "size")
    kinds = noisy(case.said[0].argmax(axis=1), 3)
    sizes = case.said[1][:, 0] + 0.25
    ended = case.eval(cli, "--json", label=kinds, target__size=sizes)
    first, second = ended.json["accuracies"]
    assert (first["output"], first["metric"], first["labels"]) == ("kind", "top-1", "label")
    assert (second["output"], second["metric"]) == ("size", "MAE")
    assert second["labels"] == "target:size"
    assert second["float"] == pytest.approx(0.25, rel=1e-4)
    assert ended.json["accuracy"] == first  # the share
    shown = case.eval(cli, label=kinds, target__size=sizes).out
    assert "accuracy (top-1) of 'kind'" in shown
    assert "MAE of 'size'" in shown


def test_an_output_that_no_sample_changes(cli: Cli, tmp_path: Path) -> None:
    made = dense(1)
    weight = made.weight(np.arange(4, dtype=np.float32)[None])
    made.add("Add", weight, weight, output="same")
    case = Case(tmp_path, made, "y", "same")
    plain = case.eval(cli, "--json")
    assert plain.json["agreement"] is None
    assert not any("of class 3" in text for text in plain.json["warnings"])
    ended = case.eval(cli, "--json", label__same=np.arange(ROWS) % 4)
    assert ended.code == 1
    (problem,) = ended.json["error"]
    assert problem["code"] == "labels-unfit"
    assert "an output that is a constant" in problem["message"]


def test_all_labels_that_fit_nothing_are_told_before_any_work(cli: Cli, tmp_path: Path) -> None:
    case = Case(tmp_path, two_heads(), "kind", "size")
    bad = np.full(ROWS, 0.5)
    bad[3] = np.nan
    ended = case.eval(
        cli, "--json", target__size=bad, mask=np.zeros((ROWS, 5, 5), int), label=np.full(ROWS, "a")
    )
    assert ended.code == 1
    assert [(each["code"], each["place"]["inside"]) for each in ended.json["error"]] == [
        ("labels-unfit", "array 'label'"),
        ("labels-unfit", "array 'mask'"),
        ("labels-unfit", "array 'target:size'"),
    ]
    assert "1 of them NaN or infinite" in ended.json["error"][2]["message"]


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({"label": np.zeros(7, int)}, "'x' has 48, 'label' has 7"),
        ({"mask": np.array(3)}, "the labels are a single number, 3"),
        ({"classes": np.zeros((5, 2)), "boxes": np.zeros((ROWS, 2, 4))}, "'classes' has 5"),
    ],
)
def test_labels_of_another_length(
    labels: dict[str, Array], said: str, cli: Cli, tmp_path: Path
) -> None:
    ended = Case(tmp_path, dense(3)).eval(cli, **labels)
    assert ended.code == 1
    assert said in ended.err


def test_a_metric_that_does_not_suit(cli: Cli, tmp_path: Path) -> None:
    case = Case(tmp_path, dense(3))
    ended = case.eval(cli, "--metric", "iou", label=np.arange(ROWS) % 3)
    assert ended.code == 2
    assert "--metric iou does not suit the labels 'label'" in ended.err
    assert "they can be judged by top-1; without --metric it is the first" in ended.err
    ended = case.eval(cli, "--metric", "top1", label=np.arange(ROWS) % 3)
    assert ended.code == 2
    assert "'top1' is none of top-1, top-5, accuracy" in ended.err
    ended = case.eval(cli, "--metric", "iou")
    assert ended.code == 1
    assert "--metric iou: the file has no labels to judge by" in ended.err


def test_points_of_a_metric_that_is_no_share_are_refused(cli: Cli, tmp_path: Path) -> None:
    case = Case(tmp_path, dense(1))
    ended = case.eval(cli, "--max-drop", "1", target=case.said[0][:, 0])
    assert ended.code == 2
    assert "--max-drop 1: MAE of 'target' has no points" in ended.err
    assert "ask for dB" in ended.err
    ended = case.eval(cli, "--max-drop", "20dB", target=case.said[0][:, 0])
    assert ended.code == 0, ended.err


def test_points_of_iou(cli: Cli, tmp_path: Path) -> None:
    case = Case(tmp_path, image(4))
    mask = case.said[0].argmax(axis=1)  # what the float model says: its IoU is 1
    ended = case.eval(cli, "--max-drop", "0.01", "--json", "--quantize", "int8", mask=mask)
    lost = 100 * ended.json["accuracy"]["loss"]
    assert lost > 0.01
    assert ended.code == 4
    finding = ended.json["max_drop"]["findings"][0]
    assert (ended.json["max_drop"]["unit"], finding["met"]) == ("points", False)
    assert finding["reached"] == pytest.approx(lost)


def test_the_documentation_names_all_metrics_keys_and_figures(cli: Cli, tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "quantization.md").read_text()
    section = text.split("### Labels and metrics")[1].split("### Decibels")[0]
    for name in (*NAMES, *KEYS, CLASSES):
        assert f"`{name}`" in section or f"`{name}:" in section, name
    case = Case(tmp_path, image(4))
    found = case.accuracy(cli, mask=case.said[0].argmax(axis=1))
    start = section.index('{"metric"')
    shown = json.loads(section[start : section.index("\n\n", start)])
    assert list(shown) == list(found)
    assert shown["more"].keys() == found["more"].keys()
    assert shown["per_class"][0].keys() == found["per_class"][0].keys()


def build(cli: Cli, case: Case, out: Path, *options: str, **labels: Array) -> dict[str, Any]:
    data = case.data(**labels)
    fast = ("--effort", "fast", "--board", "qemu-m4", *options)
    ended = cli("build", case.model, "-o", out, "--calib", data, *fast)
    assert ended.code == 0, ended.err
    report: dict[str, Any] = json.loads((out / "report.json").read_text())
    return report


@pytest.mark.qemu
def test_a_build_reports_the_metric_and_compare_knows_which_way_is_better(
    cli: Cli, tmp_path: Path
) -> None:
    case = Case(tmp_path, dense(2))
    old, new = tmp_path / "old", tmp_path / "new"
    found = build(cli, case, old, target=case.said[0])["accuracy"]
    assert (found["metric"], found["higher_is_better"]) == ("MAE", False)
    assert found["loss"] > 0
    assert found["measured_on"] == "48 calibration samples"
    assert "MAE" in (old / "report.html").read_text()
    worse = build(cli, case, new, target=case.said[0] + 1)["accuracy"]
    assert worse["quantized"] == pytest.approx(1, abs=0.1)
    limit = ("--fail-if", "accuracy<-0.005")
    ended = cli("compare", old, new, *limit, "--json")
    assert (ended.code, ended.json["failed"]) == (4, ["accuracy<-0.005"])
    (row,) = (each for each in ended.json["rows"] if each["metric"] == "accuracy")
    assert (row["by_new"], row["higher_is_better"]) == ("MAE", False)
    assert row["change"] > 0.5
    assert cli("compare", new, old, *limit).code == 0
    assert "accuracy (MAE, lower is better)" in cli("compare", old, new).out
    shown = cli("test", old, "--data", case.data(target=case.said[0])).out
    assert f"MAE {found['quantized']:.4g} over 48 labelled samples (MAE of 'y')" in shown
    ended = cli("test", old, "--data", case.data(target=case.said[0]), "--json")
    assert ended.json["accuracies"][0]["metric"] == "MAE"
    assert ended.json["accuracy"] == pytest.approx(found["quantized"], rel=1e-3)


@pytest.mark.qemu
def test_a_build_does_without_labels_that_fit_nothing(cli: Cli, tmp_path: Path) -> None:
    case = Case(tmp_path, dense(2))
    report = build(cli, case, tmp_path / "out", mask=np.zeros((ROWS, 9, 9), int))
    assert (report["accuracy"], report["accuracies"]) == (None, [])
    assert any("fit no output of the model" in text for text in report["warnings"])


def test_the_file_that_quantize_writes_is_judged_by_the_same_metric(
    cli: Cli, tmp_path: Path
) -> None:
    case = Case(tmp_path, image(3))
    mask = noisy(case.said[0].argmax(axis=1), 3)
    data, out = case.data(mask=mask), tmp_path / "m.tflite"
    made = cli("quantize", case.model, "--calib", data, "-o", out, "--effort", "fast", "--json")
    assert made.code == 0, made.err
    nhwc = tmp_path / "nhwc.npz"
    np.savez(nhwc, x=case.x.transpose(0, 2, 3, 1), mask=mask)
    found = cli("eval", out, "--data", nhwc, "--json").json["accuracy"]
    assert (found["float"], found["loss"]) == (None, None)
    assert found["quantized"] == pytest.approx(made.json["accuracy"]["quantized"])
    assert found["metric"] == made.json["accuracy"]["metric"] == "mean IoU"
