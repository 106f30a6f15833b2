"""Doubts: samples that do not suit the model, or other samples."""

import numpy as np
from small_nets import dense_net, samples_of

from edgec.ir import Array, GraphBuilder, TensorType, ValueName
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.numbers.compare import Compare, Relation
from edgec.quantization.quality.metrics.choice import chosen
from edgec.quantization.quality.metrics.metric import Accuracy
from edgec.quantization.quality.model_checks import about_labels, indifferent, unlike
from edgec.quantization.samples.sample_labels import Labels
from edgec.quantization.samples.samples import Samples

X = ValueName("x")
ZERO = np.array(0.0, np.float32)


def trained_on_bytes(rng: np.random.Generator) -> GraphBuilder:
    """Return a classifier whose weights suit inputs from 0 to 255, beside biases of about 1."""
    g = GraphBuilder("bytes")
    x = g.input("x", TensorType((1, 6)))
    w = g.constant("w", (rng.standard_normal((4, 6)) / 255).astype(np.float32))
    b = g.constant("b", np.array([1, -1, 0.5, 2], np.float32))
    g.add1(FullyConnected(), x, w, b, name="a")
    return g


def test_a_model_whose_biases_decide() -> None:
    rng = np.random.default_rng(0)
    g = trained_on_bytes(rng)
    graph = g.build([ValueName("a")])
    pixels = rng.integers(0, 256, (40, 1, 6)).astype(np.float32)
    assert list(indifferent(graph, Samples({X: pixels}))) == []
    (warning,) = indifferent(graph, Samples({X: pixels / 2550}))
    assert "are the samples scaled as in training?" in warning


def test_decisions_say_nothing_of_how_scores_vary() -> None:
    g = trained_on_bytes(np.random.default_rng(0))
    above = g.add1(Compare(relation=Relation.LESS), g.constant("least", ZERO), ValueName("a"))
    pixels = np.random.default_rng(1).random((40, 1, 6)).astype(np.float32)
    assert list(indifferent(g.build([above]), Samples({X: pixels}))) == []


def test_data_unlike_the_calibration_samples() -> None:
    known = samples_of(dense_net(), 40)
    assert list(unlike(samples_of(dense_net(), 40, seed=1), known)) == []
    louder = Samples({name: 255 * x for name, x in known.arrays.items()})
    for pair in ((louder, known), (known, louder)):
        (warning,) = unlike(*pair)
        assert "are both scaled as in training?" in warning


def told(accuracy: Accuracy | None, labels: Array) -> list[str]:
    metrics = chosen(dense_net(), [Labels("label", labels)]).metrics
    return list(about_labels([] if accuracy is None else [accuracy], metrics))


def top_1(original: float | None, quantized: float) -> Accuracy:
    return Accuracy(original, quantized, "top-1", key="label")


def test_a_model_that_guesses() -> None:
    labels = np.arange(100) % 4
    assert told(top_1(0.9, 0.9), labels) == []
    (warning,) = told(top_1(0.25, 0.9), labels)
    assert warning.startswith("the float model is right on 25.0%, always the most frequent label")
    (warning,) = told(top_1(None, 0.25), labels)
    assert warning.startswith("the model is right on 25.0%")
    assert told(top_1(0.25, 0.9), labels[:5]) == []


def test_a_model_that_knows_rare_labels_does_not_guess() -> None:
    labels = np.zeros(100, np.int64)
    labels[0] = 1
    assert told(top_1(1.0, 1.0), labels) == []


def test_labels_that_no_class_has() -> None:
    labels = np.arange(100) % 4
    (warning,) = told(None, labels + 1)
    assert "from 1 to 4, the model's classes from 0 to 3; do they count from 1?" in warning
    (warning,) = told(None, labels + 90)
    assert warning == "labels go from 90 to 93, the model's classes from 0 to 3"
    assert told(None, np.array(["a", "b"])) == []


def test_truth_values_are_no_scores() -> None:
    g = GraphBuilder("g")
    x = g.input("x", TensorType((1, 4)))
    zero = g.constant("zero", np.zeros(1, np.float32))
    graph = g.build([g.add1(Compare(relation=Relation.LESS), zero, x)])
    data = Samples({ValueName("x"): np.ones((20, 1, 4), np.float32)})
    assert list(indifferent(graph, data)) == []
