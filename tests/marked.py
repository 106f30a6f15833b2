"""A float ONNX model with QuantizeLinear and DequantizeLinear around all that is float.

What quantizers do to a layer's weights is done to every other constant too, so that each operator
meets parameters that a file gives as integers.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from edgec.ir import Array

_STEPS = 127  # of the largest value of a constant
_Range = tuple[float, float]


def marked(model: onnx.ModelProto, samples: Sequence[Mapping[str, Array]]) -> onnx.ModelProto:
    """Return the model with each float value marked as int8, by the ranges seen on samples."""
    inferred = onnx.shape_inference.infer_shapes(model)
    return _Marker(inferred, _ranges(inferred, samples)).run()


class _Marker:
    def __init__(self, model: onnx.ModelProto, ranges: Mapping[str, _Range]) -> None:
        self.source, self.ranges = model.graph, ranges
        self.made = onnx.ModelProto()
        self.made.CopyFrom(model)
        self.names: dict[str, str] = {}  # what stands for a value of the source
        for part in (self._graph.node, self._graph.initializer, self._graph.value_info):
            del part[:]

    def run(self) -> onnx.ModelProto:
        for each in self.source.initializer:
            self._constant(each)
        for port in self.source.input:
            self.names[port.name] = self._around(port.name, self.ranges[port.name])
        for node in self.source.node:
            self._node(node)
        onnx.checker.check_model(self.made)
        return self.made

    @property
    def _graph(self) -> onnx.GraphProto:
        return self.made.graph

    def _constant(self, tensor: onnx.TensorProto) -> None:
        array, name = numpy_helper.to_array(tensor), tensor.name
        if array.dtype != np.float32:
            self._graph.initializer.append(tensor)
            return
        scale = float(np.float32(np.abs(array).max(initial=0.0) / _STEPS or 1.0))
        self._store(f"{name}.integers", np.rint(array / scale).astype(np.int8))
        parameters = self._parameters(name, scale, 0)
        self._add("DequantizeLinear", [f"{name}.integers", *parameters], f"{name}.numbers")
        self.names[name] = f"{name}.numbers"

    def _node(self, node: onnx.NodeProto) -> None:
        ends = {each.name for each in self.source.output}
        changed = onnx.NodeProto()
        changed.CopyFrom(node)
        del changed.input[:], changed.output[:]
        changed.input.extend(self.names.get(name, name) for name in node.input)
        changed.output.extend(f"{name}.made" if name in ends else name for name in node.output)
        self._graph.node.append(changed)
        for name, own in zip(node.output, changed.output, strict=True):
            if name in self.ranges:
                end = name if name in ends else ""
                self.names[name] = self._around(own, self.ranges[name], end)

    def _around(self, name: str, seen: _Range, output: str = "") -> str:
        low, high = min(seen[0], 0.0), max(seen[1], 0.0, seen[0] + 1e-6)
        scale = float(np.float32((high - low) / 255))
        zero = int(np.clip(np.rint(-128 - low / scale), -128, 127))
        parameters = self._parameters(name, scale, zero)
        self._add("QuantizeLinear", [name, *parameters], f"{name}.quantized")
        result = output or f"{name}.dequantized"
        self._add("DequantizeLinear", [f"{name}.quantized", *parameters], result)
        return result

    def _parameters(self, name: str, scale: float, zero: int) -> list[str]:
        self._store(f"{name}.scale", np.asarray(scale, np.float32))
        self._store(f"{name}.zero", np.asarray(zero, np.int8))
        return [f"{name}.scale", f"{name}.zero"]

    def _store(self, name: str, array: Array) -> None:
        self._graph.initializer.append(numpy_helper.from_array(array, name))

    def _add(self, op: str, inputs: list[str], output: str) -> None:
        self._graph.node.append(helper.make_node(op, inputs, [output], name=f"{output}/{op}"))


def _ranges(model: onnx.ModelProto, samples: Sequence[Mapping[str, Array]]) -> Mapping[str, _Range]:
    """Return the smallest and the largest number of each float value."""
    seen = onnx.ModelProto()
    seen.CopyFrom(model)
    values = [*model.graph.value_info, *model.graph.output]
    kinds = {each.name: each.type.tensor_type.elem_type for each in values}
    inner = [name for name, kind in kinds.items() if kind == TensorProto.FLOAT]
    del seen.graph.output[:]
    seen.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in inner)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(seen.SerializeToString(), options)
    rows = [{**x, **dict(zip(inner, session.run(inner, x), strict=True))} for x in samples]
    return {
        name: (min(float(r[name].min()) for r in rows), max(float(r[name].max()) for r in rows))
        for name in rows[0]
    }
