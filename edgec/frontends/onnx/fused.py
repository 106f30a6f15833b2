"""Operators that onnxruntime's optimizer fuses, in domain com.microsoft, as the standard's own.

Forms: `ContribOperators.md` of onnxruntime.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from edgec.frontends.onnx.spelling import MICROSOFT, Forms, Spell, Spelling

_ACTIVATIONS: Mapping[str, tuple[str, ...]] = {  # the attributes that parameters stand for
    "Relu": (),
    "Sigmoid": (),
    "Tanh": (),
    "LeakyRelu": ("alpha",),
    "HardSigmoid": ("alpha", "beta"),
    "Clip": ("min", "max"),
}
_QUICK_ALPHA, _EPSILON = 1.702, 1e-12  # defaults of QuickGelu and SkipLayerNormalization


def _conv(s: Spelling) -> Iterator[Any]:
    """Inputs: x, weights, bias, what is added to the result; then comes an activation."""
    added = s.input(3)
    product = s.own("product") if added else s.own("sum")
    inputs = [s.input(index) for index in range(3)]
    yield s.operator("Conv", inputs, "activation", "activation_params", output=product)
    if added:
        yield s.make("Add", [product, added], s.own("sum"))
    yield from _activated(s, list(s.attribute("activation_params", [])))


def _gemm(s: Spelling) -> Iterator[Any]:
    """Gemm with an activation."""
    names = [f"activation_{each}" for each in ("alpha", "beta", "gamma")]
    inputs = [s.input(index) for index in range(3)]
    yield s.operator("Gemm", inputs, "activation", *names, output=s.own("sum"))
    given = [s.attribute(each, None) for each in names]
    yield from _activated(s, [each for each in given if each is not None])


def _activated(s: Spelling, parameters: list[float]) -> Iterator[Any]:
    """Make the output from the value called ``sum``."""
    name = s.attribute("activation", b"").decode()
    attributes = dict(zip(_ACTIVATIONS.get(name, ()), parameters, strict=False))
    total = s.own("sum")
    if name == "Clip":
        bounds = [s.number(value, bound) for bound, value in attributes.items()]
        yield from bounds
        yield s.make("Clip", [total, *(each.output[0] for each in bounds)], s.output(0))
    else:
        yield s.make(name or "Identity", [total], s.output(0), **attributes)


def _standard(op: str, **attributes: Any) -> Spell:
    """Spell an operator of which the standard has the same."""

    def spell(s: Spelling) -> Iterator[Any]:
        yield s.make(op, list(s.node.input), s.output(0), **attributes)

    return spell


def _biased_gelu(approximate: str) -> Spell:
    """Spell Gelu of x + bias, the bias being optional."""

    def spell(s: Spelling) -> Iterator[Any]:
        x = s.input(0)
        if s.input(1):
            x = s.own("sum")
            yield s.make("Add", [s.input(0), s.input(1)], x)
        yield s.make("Gelu", [x], s.output(0), approximate=approximate)

    return spell


def _quick_gelu(s: Spelling) -> Iterator[Any]:
    """X * sigmoid(alpha x)."""
    alpha = s.number(s.attribute("alpha", _QUICK_ALPHA), "alpha")
    yield alpha
    yield s.make("Mul", [s.input(0), alpha.output[0]], s.own("scaled"))
    yield s.make("Sigmoid", [s.own("scaled")], s.own("gate"))
    yield s.make("Mul", [s.input(0), s.own("gate")], s.output(0))


def _skip_normalization(s: Spelling) -> Iterator[Any]:
    """Inputs: x, what is added to it, gamma, beta, bias; output 3 is the sum that is normalized."""
    total = s.output(3) or s.own("sum")
    first = s.own("skipped") if s.input(4) else total
    yield s.make("Add", [s.input(0), s.input(1)], first)
    if s.input(4):
        yield s.make("Add", [first, s.input(4)], total)
    epsilon = s.attribute("epsilon", _EPSILON)
    inputs = [total, s.input(2), s.input(3)]
    yield s.make("LayerNormalization", inputs, s.output(0), axis=-1, epsilon=epsilon)


def _skip_root_mean_square(s: Spelling) -> Iterator[Any]:
    """Inputs: x, what is added to it, gain, bias; output 3 is the sum that is normalized."""
    total = s.output(3) or s.own("sum")
    first = s.own("skipped") if s.input(3) else total
    yield s.make("Add", [s.input(0), s.input(1)], first)
    if s.input(3):
        yield s.make("Add", [first, s.input(3)], total)
    epsilon = s.attribute("epsilon", _EPSILON)
    inputs = [total, s.input(2)]
    yield s.make("RMSNormalization", inputs, s.output(0), axis=-1, epsilon=epsilon)


def _root_mean_square(s: Spelling) -> Iterator[Any]:
    """Spell the form that onnxruntime had before the standard."""
    yield s.operator("RMSNormalization", [s.input(0), s.input(1)], output=s.output(0))


FUSED_FORMS: Forms = {
    (MICROSOFT, "BiasGelu"): _biased_gelu("none"),
    (MICROSOFT, "FastGelu"): _biased_gelu("tanh"),
    (MICROSOFT, "FusedConv"): _conv,
    (MICROSOFT, "FusedGemm"): _gemm,
    (MICROSOFT, "Gelu"): _standard("Gelu", approximate="none"),
    (MICROSOFT, "QuickGelu"): _quick_gelu,
    (MICROSOFT, "SkipLayerNormalization"): _skip_normalization,
    (MICROSOFT, "SimplifiedLayerNormalization"): _root_mean_square,
    (MICROSOFT, "SkipSimplifiedLayerNormalization"): _skip_root_mean_square,
    ("", "SimplifiedLayerNormalization"): _root_mean_square,
}
