"""One class: told by labels, or by what the float model makes of the samples."""

import numpy as np
from small_nets import class_labels, dense_net, samples_of

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
