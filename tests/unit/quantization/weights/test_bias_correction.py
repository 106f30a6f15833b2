"""Corrected biases: outputs keep their means, layer by layer, and the whole gets better by it."""

import numpy as np
import pytest
from small_nets import dense_net, samples_of, uneven_net

from edgec.driver.progress import Quiet
from edgec.ir import DType, Graph
from edgec.ops.conversion.dequantize import dequantized
from edgec.quantization.best import quantize_best
from edgec.quantization.quality.sqnr import integer_values
from edgec.quantization.recipe import Recipe
from edgec.quantization.samples.batch_evaluator import BatchEvaluator

PLAIN = Recipe.plain()


def shift_and_error(graph: Graph, recipe: Recipe) -> tuple[float, float]:
    """Return the squared mean and the mean square of the outputs' errors on fresh samples."""
    fresh = samples_of(graph, 256, seed=11).arrays
    made = quantize_best(graph, samples_of(graph, 64), recipe, Quiet()).graph
    (y,) = graph.outputs
    got = dequantized(integer_values(made, fresh)[y], made.types[y])
    error = (got - BatchEvaluator(graph).run(fresh)[y]).reshape(256, -1).astype(np.float64)
    return float(np.square(error.mean(axis=0)).sum()), float(np.square(error).mean())


@pytest.mark.parametrize("activations", [DType.INT8, DType.INT16])
@pytest.mark.parametrize("graph", [uneven_net(), dense_net()], ids=["uneven", "dense"])
def test_means_are_kept_and_errors_smaller(graph: Graph, activations: DType) -> None:
    corrected = Recipe.plain(activations=activations)
    rounded = Recipe.plain(activations=activations, correct_bias=False)
    shift, error = shift_and_error(graph, corrected)
    shift_before, error_before = shift_and_error(graph, rounded)
    assert shift < shift_before
    assert error < error_before


def test_weights_are_the_nearest() -> None:
    graph = dense_net()
    samples = samples_of(graph, 64)
    made = [
        quantize_best(graph, samples, Recipe.plain(correct_bias=each), Quiet()).graph
        for each in (False, True)
    ]
    for name in graph.constants:
        one, other = (each.constants[name] for each in made)
        assert np.array_equal(one, other) == name.endswith(".w")
