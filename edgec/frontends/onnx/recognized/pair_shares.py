"""What skl2onnx puts behind an SVMClassifier of three classes or more: one score per class."""

from math import isqrt
from typing import Any

import numpy as np

from edgec.frontends.onnx.recognized.wiring import Wiring, node
from edgec.ops.classical.pair_shares import shares

# fmt: off
_TYPES = frozenset({
    "Abs", "Add", "ArrayFeatureExtractor", "Cast", "Concat", "Constant", "Div", "Identity", "Less",
    "Mul", "Neg", "Sum",
})
# fmt: on
_PROBES = 64


def recognize_pair_shares(model: Any) -> None:
    """Replace scikit-learn's ``decision_function_shape='ovr'`` by one node."""
    wiring = Wiring(model)
    for machine in wiring.of_type("SVMClassifier"):
        if len(machine.output) > 1:
            _replace(wiring, machine)


def _replace(wiring: Wiring, machine: Any) -> None:
    decisions = machine.output[1]
    for output in wiring.outputs:
        nodes = wiring.between([output], [decisions], _TYPES)
        if nodes is None or not any(each.op_type == "Less" for each in nodes):
            continue
        pairs = sum(each.op_type == "ArrayFeatureExtractor" for each in nodes) // 2
        classes = (1 + isqrt(1 + 8 * pairs)) // 2
        probes = np.random.default_rng(0).normal(size=(_PROBES, pairs)).astype(np.float32) * 2
        found = wiring.run(nodes, {decisions: probes}, [output])
        if found is None or found[0].shape != (_PROBES, classes):
            continue
        if np.allclose(found[0], shares(probes, classes), rtol=0, atol=1e-5):
            wiring.replace(nodes, [node("PairShares", [decisions], [output], classes=classes)])
            return
