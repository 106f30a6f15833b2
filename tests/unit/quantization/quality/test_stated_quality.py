"""What of a stated quantization is blamed: noise beyond the file's own steps."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from qdq_models import QdqBuilder

from edgec.frontends.onnx.load import load_onnx
from edgec.ir import Array, Graph, QParams, TensorType, ValueName
from edgec.pipelines import optimize_float, optimize_integer
from edgec.quantization.prequantized.prequantized import Prequantized
from edgec.quantization.quality.stated_quality import StatedQuality, stated_quality
from edgec.quantization.samples.range_samples import MANNERS, range_samples

STEP = 0.1


@pytest.fixture
def stated(tmp_path: Path) -> Prequantized:
    """Return x -> neg: what is less than half a step becomes 0."""
    b = QdqBuilder()
    y = b.add("Neg", b.qdq(b.input("x", [1, 64]), STEP / 8))
    return Prequantized.of(optimize_float(load_onnx(b.file(tmp_path, b.qdq(y, STEP)))))


def measured(stated: Prequantized, *amplitudes: float, drawn: bool = False) -> StatedQuality:
    """Compare on one sample of each amplitude, each a group of its own."""
    rows = [amplitude * np.linspace(0.5, 1, 64) for amplitude in amplitudes]
    x = np.stack(rows)[:, np.newaxis].astype(np.float32)
    graph = optimize_integer(stated.integers())
    groups = len(amplitudes)
    samples: dict[ValueName, Array] = {graph.inputs[0]: x}
    return stated_quality(stated.annotated, graph, samples, groups=groups, drawn=drawn)


def test_an_output_that_real_samples_leave_quiet_is_blamed(stated: Prequantized) -> None:
    worst = measured(stated, STEP / 4).worst
    assert worst is not None
    assert worst.is_output
    assert worst.db == pytest.approx(0, abs=0.1)


def test_an_output_that_drawn_samples_leave_quiet_is_excused(stated: Prequantized) -> None:
    found = measured(stated, STEP / 4, drawn=True)
    assert found.worst is None
    assert found.output_db == pytest.approx(0, abs=0.1)  # said as it is all the same


def test_silence_is_no_noise(stated: Prequantized) -> None:
    assert measured(stated, 0.0).worst is None


def test_the_group_that_suits_best_judges(stated: Prequantized) -> None:
    found = measured(stated, STEP / 4, 15 * STEP, STEP / 4)
    assert found.output_db > 30


def test_noise_beyond_the_steps_is_blamed_wherever_it_begins(stated: Prequantized) -> None:
    """The integers of another scale stand for something else."""
    graph = optimize_integer(stated.integers())
    wrong = _with_other_input_scale(graph)
    x = {graph.inputs[0]: np.linspace(-1, 1, 64, dtype=np.float32).reshape(1, 1, 64)}
    found = stated_quality(stated.annotated, wrong, x, drawn=True)
    assert found.worst is not None
    assert found.worst.db < 10
    assert found.first_below(10) == found.worst


def _with_other_input_scale(graph: Graph) -> Graph:
    (name,) = graph.inputs
    kind = graph.types[name]
    other = TensorType(kind.shape, kind.dtype, QParams.per_tensor(STEP / 100))
    return replace(graph, types={**graph.types, name: other})


def test_drawn_samples_fill_the_stated_range_and_are_always_the_same(stated: Prequantized) -> None:
    graph = optimize_integer(stated.integers())
    (x,) = range_samples(graph, 5).values()
    (again,) = range_samples(graph, 5).values()
    np.testing.assert_array_equal(x, again)
    assert x.shape == (5 * MANNERS, 1, 64)
    low, high = -128 * STEP / 8, 127 * STEP / 8
    assert (x.min(), x.max()) >= (np.float32(low), 0.9 * high)
    assert x.max() <= np.float32(high)
    for rows in np.split(x, MANNERS):
        assert np.ptp(rows) > 0.6 * (high - low)
