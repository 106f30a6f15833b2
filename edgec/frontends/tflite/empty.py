"""Empty tensors that nobody reads: Keras splits the weights of old GRU layers into such."""

from collections.abc import Collection
from dataclasses import replace

from edgec.frontends.tflite.reader import FileModel, FileOperator


def without_empty_parts(model: FileModel) -> FileModel:
    """Return the model without the last outputs of SPLIT_V that are empty and unread."""
    read = {number for each in model.operators for number in each.inputs}
    read.update(model.outputs)
    operators = tuple(
        _shortened(each, model, read) if each.op == "SPLIT_V" else each for each in model.operators
    )
    return model if operators == model.operators else replace(model, operators=operators)


def _shortened(
    operator: FileOperator, model: FileModel, read: Collection[int | None]
) -> FileOperator:
    outputs = list(operator.outputs)
    while len(outputs) > 1 and outputs[-1] not in read and 0 in model.tensors[outputs[-1]].shape:
        outputs.pop()
    return replace(operator, outputs=tuple(outputs))
