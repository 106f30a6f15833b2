"""Whatever labels are: they are refused with an error of edgec's own, or give finite figures."""

import json
from typing import Any

import numpy as np
import pytest
from answer_nets import X, net
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edgec.driver.compile.labelled import figure_json
from edgec.errors import EdgecError
from edgec.ir import Array
from edgec.ops.activations.logistic import Logistic
from edgec.quantization.quality.metrics.choice import NAMES, chosen
from edgec.quantization.quality.metrics.metric import Accuracy
from edgec.quantization.quality.model_checks import about_labels
from edgec.quantization.samples.sample_labels import KEYS, Labels

ROWS = 3
GRAPHS = [
    net((1,)),
    net((1,), last=[Logistic()]),
    net((4,)),
    net((6,)),
    net((2, 3)),
    net((2, 3, 4), (4,), (1,)),
    net((5, 4), (5, 2)),
    net((6, 5)),
]
TYPES = ["f2", "f4", "f8", "i1", "u1", "i4", "i8", "u8", "?", "c8", "U3", "S2", "M8[s]"]
IMAGES = [(2, 3), (2, 4), (1, 4), (2, 3, 1), (2, 3, 4)]
SHAPES = st.sampled_from([*IMAGES, (1,), (2,), (4,), (6,), (0,), ()])


@st.composite
def labels(draw: st.DrawFn) -> Labels:
    def array(last: tuple[int, ...]) -> Array:
        kind = np.dtype(draw(st.sampled_from(TYPES)))
        small = st.integers(0, 3) if kind.kind in "iuf" and draw(st.booleans()) else None
        found: Array = draw(arrays.arrays(kind, (ROWS, *last), elements=small))
        return found

    key = draw(st.sampled_from(KEYS))
    values = array(draw(SHAPES))
    classes = array(draw(st.sampled_from([(2,), (1,), ()]))) if draw(st.booleans()) else None
    return Labels(key, values, "", classes if key.startswith("boxes") else None)


@settings(max_examples=200)
@given(labels(), st.sampled_from(GRAPHS), st.sampled_from(["", *NAMES]), st.integers(0, 99))
@pytest.mark.filterwarnings("error")
def test_refused_or_finite(given_: Labels, graph: Any, wanted: str, seed: int) -> None:
    choice = chosen(graph, [given_], wanted, "t.npz")
    if not choice.metrics:
        with pytest.raises(EdgecError) as caught:
            choice.check()
        assert caught.value.code in {"labels-unfit", "invalid-option"}
        return
    choice.check()
    rng = np.random.default_rng(seed)
    seen = {X: rng.standard_normal((ROWS, 6)).astype(np.float32)}
    for output in graph.outputs:
        shape = graph.types[output].shape[1:]
        seen[output] = rng.standard_normal((ROWS, *shape)).astype(np.float32)
    found = []
    for metric in choice.metrics:
        verdicts = metric.verdicts(seen)
        score = metric.measure(verdicts)
        accuracy = Accuracy.of(metric, score, score)
        if accuracy is not None:
            found.append(accuracy)
            json.dumps(figure_json(accuracy), allow_nan=False)
            assert accuracy.loss == 0
        share = metric.agreement(verdicts, verdicts)
        assert share in (None, 1.0)
    told = [*choice.warnings, *about_labels(found, choice.metrics)]
    assert found or told  # no figure without a reason
