"""The label of a machine of one class: the sign of its score."""

from typing import Any

from edgec.frontends.onnx.recognized.wiring import Wiring, node

_VIEWS = frozenset({"Cast", "Identity"})


def recognize_signs(model: Any) -> None:
    """Replace the sign of what an SVMRegressor computes, as an integer, by a label."""
    wiring = Wiring(model)
    for sign in wiring.of_type("Sign"):
        source = sign.input[0]
        while (maker := wiring.makers.get(source)) is not None and maker.op_type in _VIEWS:
            source = maker.input[0]
        if maker is None or maker.op_type != "SVMRegressor":
            continue
        for cast in wiring.of_type("Cast"):
            if cast.input[0] == sign.output[0]:
                label = node("AnomalyLabel", [source], [cast.output[0]])
                wiring.replace([sign, cast], [label])
                return
