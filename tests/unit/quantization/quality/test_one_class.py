"""One class: told by labels, or by what the float model makes of the samples."""

import numpy as np
from equivalence import floats
from small_nets import class_labels, dense_net, samples_of

from edgec.ir import Graph, GraphBuilder
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.quantization.quality.one_class import about_one_class, class_of_all
from edgec.quantization.samples.batch_evaluator import BatchEvaluator
from edgec.quantization.samples.samples import Samples

NET = dense_net()
SAMPLES = samples_of(NET, 600)
(X,) = SAMPLES.arrays
ANSWERS = BatchEvaluator(NET).run(SAMPLES.arrays)[NET.outputs[0]].reshape(600, -1).argmax(axis=1)
ALIKE = SAMPLES.arrays[X][ANSWERS == 1][:20]


def test_by_labels() -> None:
    assert class_of_all(NET, Samples({X: SAMPLES.arrays[X]}, class_labels(np.full(600, 3)))) == 3


def test_by_what_the_model_says() -> None:
    assert class_of_all(NET, Samples({X: ALIKE})) == 1
    (warning,) = about_one_class(NET, Samples({X: ALIKE}))
    assert "all 20 samples are of class 1" in warning


def test_labels_that_differ_count_more_than_answers_that_do_not() -> None:
    labels = np.arange(len(ALIKE)) % 2
    assert class_of_all(NET, Samples({X: ALIKE}, class_labels(labels))) is None


def test_several_classes_and_few_samples_are_no_such_thing() -> None:
    assert class_of_all(NET, SAMPLES) is None
    assert class_of_all(NET, Samples({X: ALIKE[:7]})) is None
    assert not list(about_one_class(NET, SAMPLES))


def measuring_net(offset: float) -> Graph:
    """Return two numbers that are no scores: one of them is always the larger."""
    rng = np.random.default_rng(5)
    g = GraphBuilder("measuring")
    x = g.input("x", floats(1, 6))
    w = g.constant("w", rng.standard_normal((2, 6)).astype(np.float32))
    bias = g.constant("bias", np.array([offset, 0], np.float32))
    return g.build([g.add1(FullyConnected(), x, w, bias)])


def test_measurements_beside_each_other_are_no_classes() -> None:
    net = measuring_net(100)
    samples = samples_of(net, 100)
    assert class_of_all(net, Samples(dict(samples.arrays))) is None
    quiet = {name: 0.01 * array + np.float32(0.5) for name, array in samples.arrays.items()}
    near = measuring_net(5)  # not far from being equal: as scores of classes are
    loud = Samples({name: 50 * array for name, array in samples.arrays.items()})
    assert class_of_all(near, Samples(quiet)) is None
    assert class_of_all(near, loud) is None
