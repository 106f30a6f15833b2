"""Features of all kinds brought to one range, in floats: what stands before quantization."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, Node, Signature, TensorType
from edgec.ops.operator import Operator, is_float
from edgec.ops.registry import TfliteEmitter, exporter


@dataclass(frozen=True, slots=True, kw_only=True)
class Standardize(Operator):
    """x [...,C], offset [C], gain [C] -> [...,C]: (x - offset) * gain.

    All is float32, each step rounded. The quantizer makes it where one int8 scale cannot hold all
    features of an input.
    Source: edgec's own; written as TFLite SUB and MUL of floats.
    """

    name: ClassVar[str] = "standardize"
    is_internal: ClassVar[bool] = True

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        x, offset, gain = inputs
        fits = x.rank and offset.shape == gain.shape == x.shape[-1:]
        if not fits or not all(map(is_float, inputs)):
            message = f"{self.name} of {x} with {offset} and {gain}"
            raise ValueError(message)
        return (x,)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        x, offset, gain = inputs
        with np.errstate(all="ignore"):
            return (np.asarray((x - offset) * gain, np.float32),)


@exporter(Standardize)
def _to_tflite(op: Standardize, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    x, offset, gain = node.inputs
    centered = out.temporary(f"{node.name}/centered", signature.output)
    out.emit("SUB", [x, offset], [centered], "SubOptions", PotScaleInt16=False)
    out.emit("MUL", [centered, gain], node.outputs, "MulOptions")
