"""A float ONNX model with QuantizeLinear and DequantizeLinear around all: activations and constants.

What quantizers do to a layer's weights is done to every other constant too, so that each operator
meets the parameters that it takes as integers of a file.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from edgec.ir import Array

_CONSTANT_STEPS = 127  # of the largest value of a constant


def marked(model: onnx.ModelProto, samples: list[dict[str, Array]]) -> onnx.ModelProto:
    """Return the model with each float value of it marked, by the ranges seen on samples."""
    model = onnx.shape_inference.infer_shapes(model)
    ranges = _ranges(model, samples)
    graph = model.graph
    result = onnx.ModelProto()
    result.CopyFrom(model)
    del result.graph.node[:], result.graph.initializer[:], result.graph.value_info[:]
    add, weights = result.graph.node.append, result.graph.initializer
    names = {}
    for each in graph.initializer:
        array = numpy_helper.to_array(each)
        if array.dtype != np.float32 or not array.any():
            weights.append(each)
            continue
        scale = np.float32(np.abs(array).max() / _CONSTANT_STEPS)
        integers = np.rint(array / scale).astype(np.int8)
        names[each.name] = _stored(each.name, integers, scale, result)
    for name in [each.name for each in graph.input]:
        names[name] = _around(name, ranges[name], result)
    ends = {each.name for each in graph.output}
    for node in graph.node:
        renamed = [names.get(name, name) for name in node.input]
        made = [f"{name}.made" if name in ends else name for name in node.output]
        changed = onnx.NodeProto()
        changed.CopyFrom(node)
        del changed.input[:], changed.output[:]
        changed.input.extend(renamed)
        changed.output.extend(made)
        add(changed)
        for name, own in zip(node.output, made, strict=True):
            if name in ranges:
                names[name] = _around(own, ranges[name], result, name if name in ends else "")
    onnx.checker.check_model(result)
    return result


def _around(
    name: str, seen: tuple[float, float], model: onnx.ModelProto, output: str = ""
) -> str:
    low, high = min(seen[0], 0.0), max(seen[1], 0.0, seen[0] + 1e-6)
    scale = np.float32((high - low) / 255)
    zero = np.int8(np.clip(np.rint(-128 - low / scale), -128, 127))
    parameters = _parameters(name, scale, zero, model)
    result = output or f"{name}.dequantized"
    for op, source, target in (
        ("QuantizeLinear", name, f"{name}.quantized"),
        ("DequantizeLinear", f"{name}.quantized", result),
    ):
        model.graph.node.append(
            helper.make_node(op, [source, *parameters], [target], name=f"{target}/node")
        )
    return result


def _stored(name: str, integers: Array, scale: Array, model: onnx.ModelProto) -> str:
    parameters = _parameters(name, scale, np.int8(0), model)
    model.graph.initializer.append(numpy_helper.from_array(integers, f"{name}.integers"))
    node = helper.make_node(
        "DequantizeLinear", [f"{name}.integers", *parameters], [f"{name}.numbers"], name=f"{name}/dq"
    )
    model.graph.node.append(node)
    return f"{name}.numbers"


def _parameters(name: str, scale: Array, zero: Array, model: onnx.ModelProto) -> list[str]:
    pairs = {f"{name}.scale": np.float32(scale), f"{name}.zero": np.int8(zero)}
    for key, array in pairs.items():
        model.graph.initializer.append(numpy_helper.from_array(np.asarray(array), key))
    return list(pairs)


def _ranges(
    model: onnx.ModelProto, samples: list[dict[str, Array]]
) -> Mapping[str, tuple[float, float]]:
    """Return the smallest and the largest number of each float value."""
    seen = onnx.ModelProto()
    seen.CopyFrom(model)
    kinds = {each.name: each.type.tensor_type.elem_type for each in model.graph.value_info}
    kinds |= {each.name: each.type.tensor_type.elem_type for each in model.graph.output}
    inner = [n for n, kind in kinds.items() if kind == TensorProto.FLOAT]
    del seen.graph.output[:]
    seen.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in inner)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(seen.SerializeToString(), options)
    rows = [dict(x) | dict(zip(inner, session.run(inner, x), strict=True)) for x in samples]
    return {
        name: (
            min(float(row[name].min()) for row in rows),
            max(float(row[name].max()) for row in rows),
        )
        for name in rows[0]
    }
