"""TFLite PACK: tensors side by side along a new axis, as reshapes and a concatenation."""

from collections.abc import Sequence

from edgec.ir import GraphBuilder, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.movement.concatenation import Concatenation
from edgec.ops.movement.reshape import Reshape
from edgec.ops.numbers.plain import in_32_bits
from edgec.ops.reductions.axes import checked_axis
from edgec.ops.registry import Format, SourceNode, importer
from edgec.ops.tflite_operators import TfliteOperator, Types, describe_tflite

describe_tflite("PACK", says=TfliteOperator(types=Types.ANY))


@importer(Format.TFLITE, "PACK")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    shapes = {g.type(value).shape for value in node.present_inputs()}
    scales = {g.type(value).qparams for value in node.present_inputs()} | set(node.qparams)
    if len(shapes) != 1 or node.integer("values_count") != len(node.inputs):
        raise node.reject(f"{len(node.inputs)} inputs of {shapes}", code="malformed-model")
    if len(scales) > 1:
        raise node.reject(
            "inputs and output differ in quantization: "
            + ", ".join(sorted(f"{{{each}}}" for each in scales)),
            code="unsupported-quantization",
            help="TFLite's int8 PACK needs one scale; convert the model again",
        )
    shape = shapes.pop()
    axis = checked_axis(node, node.integer("axis", 0), len(shape) + 1)
    op = Reshape(shape=(*shape[:axis], 1, *shape[axis:]))
    mixed = len({g.type(value).dtype for value in node.present_inputs()}) > 1
    parts: list[ValueName] = []
    for index, given in enumerate(node.present_inputs()):
        value = in_32_bits(g, given) if mixed else given
        parts += add_or_fold(node.part(suffix=f"row_{index}"), g, op, [value])
    return add_or_fold(node, g, Concatenation(axis=axis), parts)
