"""All importers of operators: those in the operators' own files, and those of one format only."""

import edgec.frontends.onnx.operators
import edgec.frontends.tflite.operators
from edgec.discovery import import_all
from edgec.ops import registry


def load_importers() -> None:
    """Fill :data:`edgec.ops.registry.IMPORTERS`."""
    registry.load_all()
    import_all(edgec.frontends.onnx.operators)
    import_all(edgec.frontends.tflite.operators)
