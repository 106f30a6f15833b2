"""Labels at the end of classifiers (ai.onnx.ml, skl2onnx): left out, the scores stay.

A label is the place of the largest score, looked up in the list of classes; the list is told.
"""

from collections.abc import Sequence

import numpy as np

from edgec.ir import GraphBuilder, ValueName
from edgec.ops.registry import IMPORTERS, Format, SourceNode, importer

_LAST = -1
_SHOWN = 20  # classes
_LONGEST = 100  # characters of a label


def labels(classes: Sequence[object]) -> str:
    """Return why labels are left out, naming the classes in their order."""
    shown = shown_classes(classes)
    return f"a label is the class with the largest score; the classes in order: {shown}"


def _looked_up(numbers: int) -> str:
    """Return why values are left out that are no labels: there are as many in the table."""
    return (
        f"it is looked up in a table of {numbers} numbers at a place that is computed at run time, "
        "which is not supported"
    )


def _may_be_labels(values: Sequence[object]) -> bool:
    """Tell whether values may be the classes of a classifier: texts or whole numbers, each once."""
    return len(set(values)) == len(values) and all(
        not isinstance(each, float) or each.is_integer() for each in values
    )


def shown_classes(classes: Sequence[object]) -> str:
    """Return the first classes, and how many there are where these are not all; long ones cut."""
    texts = [str(each) for each in classes[:_SHOWN]]
    cut = [each if len(each) <= _LONGEST else f"{each[:_LONGEST]}..." for each in texts]
    shown = ", ".join(cut)
    more = f", ... ({len(classes)} in all)" if len(classes) > _SHOWN else ""
    return f"{shown}{more}"


@importer(Format.ONNX, "ai.onnx.ml::ZipMap")
def _zip_map(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """A table from class to score becomes the tensor of the scores."""
    node.ignore("classlabels_int64s", "classlabels_strings")
    return [node.input(0)]


@importer(Format.ONNX, "ai.onnx.ml::LabelEncoder")
def _label_encoder(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    names = ("values_strings", "values_int64s", "values_floats")
    classes = [each for name in names for each in node.attrs.get(name, ())]
    node.ignore(*node.attrs)
    is_label = _may_be_labels(classes) and not node.has("keys_floats")
    node.leave_out(0, labels(classes) if is_label else _looked_up(len(classes)))
    return [node.input(0)]


@importer(Format.ONNX, "ai.onnx.ml::ArrayFeatureExtractor")
def _features(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Import the selection of features as Gather along the last axis; one of classes is a label."""
    classes = g.constant_value(node.input(0))
    if classes is not None and g.constant_value(node.input(1)) is None:
        listed = classes.reshape(-1).tolist()
        is_label = _may_be_labels(listed)
        node.leave_out(0, labels(listed) if is_label else _looked_up(len(listed)))
        return [node.input(0)]
    indices = node.constant(g, 1).reshape(-1).astype(np.int64)
    gather = SourceNode(
        node.format,
        "Gather",
        node.name,
        (node.input(0), g.constant(f"{node.name}.indices", indices)),
        node.outputs,
        {"axis": _LAST},
        node.place,
        version=node.version,
    )
    return IMPORTERS[Format.ONNX, "Gather"](gather, g)
