"""Values that should be as the labels say, by the definitions of MAE, RMSE and R2."""

import numpy as np
import pytest
from answer_nets import measured, metrics, net
from hypothesis import given
from hypothesis import strategies as st
from metric_definitions import errors

from edgec.ir import Array


@given(st.integers(1, 8), st.sampled_from([(1,), (3,), (2, 2)]), st.integers(0, 2**32))
def test_figures(rows: int, shape: tuple[int, ...], seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.choice([0.1, -2.5, 3.0], (rows, *shape))
    values = (labels + rng.normal(0, 0.5, labels.shape)).astype(np.float32)
    mae, rmse, r2 = errors(values.reshape(rows, -1).astype(float), labels.reshape(rows, -1))
    found = measured(net(shape), [values], target=labels)
    assert found.value == pytest.approx(mae)
    assert found.more["RMSE"] == pytest.approx(rmse)
    assert found.more["R2"] == (None if r2 is None else pytest.approx(r2))
    again = measured(net(shape), [values], "r2", target=labels)
    assert again.value == found.more["R2"]
    assert again.more["MAE"] == pytest.approx(mae)


@pytest.mark.parametrize("label", [0.1, 1e-30, 7.0, 1 / 3])
def test_labels_that_are_all_the_same_have_no_r2(label: float) -> None:
    """The mean of equal numbers is not always that number: no division by what is left."""
    labels = np.full((11, 1), label)
    found = measured(net((1,)), [np.zeros((11, 1), np.float32)], target=labels)
    assert found.value == pytest.approx(label)
    assert found.more["R2"] is None
    (metric,) = metrics(net((1,)), "r2", target=labels)
    assert metric.problem == "all samples have the same label: R2 has no meaning"


@pytest.mark.parametrize("key", ["target", "label"])
def test_which_way_is_better(key: str) -> None:
    labels = np.array([0.5, 1.5])
    for name, higher, unit in (
        ("mae", False, "output"),
        ("rmse", False, "output"),
        ("r2", True, "ratio"),
    ):
        (metric,) = metrics(net((1,)), name, **{key: labels})
        assert (metric.higher_is_better, metric.unit, metric.is_share) == (higher, unit, False)
    assert metrics(net((1,)), **{key: labels})[0].name == "mae"


@pytest.mark.parametrize(
    "labels", [np.array([0.5, 2]), np.array([[0.5], [2]]), np.array([[[0.5]], [[2.0]]])]
)
@pytest.mark.parametrize("shape", [(1,), (1, 1)])
def test_axes_of_one_do_not_matter(labels: Array, shape: tuple[int, ...]) -> None:
    values = np.array([1, 2], np.float32).reshape(2, *shape)
    assert measured(net(shape), [values], target=labels).value == 0.25
