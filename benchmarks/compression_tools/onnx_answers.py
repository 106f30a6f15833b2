"""What onnxruntime answers."""

import numpy as np
import onnxruntime
from samples import Array


def onnxruntime_answers(data: bytes, x: Array) -> Array:
    """Return what onnxruntime makes of samples, one at a time, node by node as the file has it.

    Its own optimizations round otherwise, and not alike on all processors.
    """
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    (source,) = session.get_inputs()
    shape = [each if isinstance(each, int) else 1 for each in source.shape]
    kind = np.float16 if source.type == "tensor(float16)" else np.float32
    rows = [row.reshape(shape).astype(kind) for row in x]
    return np.concatenate([session.run(None, {source.name: row})[0] for row in rows])
