"""Brevitas: layers that quantize while they train, exported as QONNX and as QDQ.

pip install torch onnx onnxscript onnxruntime brevitas qonnx; python with_brevitas.py
"""

import copy
import io
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import brevitas.nn as qnn
import numpy as np
import torch
from brevitas.export import export_onnx_qcdq, export_qonnx
from brevitas.quant import (
    Int8ActPerTensorFloat,
    Int8Bias,
    Int8WeightPerChannelFloat,
    Int8WeightPerTensorFloat,
    ShiftedUint8ActPerTensorFloat,
    Uint8ActPerTensorFloat,
)
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.infer_shapes import InferShapes
from samples import CLASSES, Array, keep, written
from torch import nn
from torch_nets import example, keep_onnx, test_samples, trained

_TOOL = "brevitas"


class Cnn(nn.Module):
    def __init__(self, weights, bits: int) -> None:
        super().__init__()
        given = {"weight_quant": weights, "weight_bit_width": bits}
        self.door = qnn.QuantIdentity(act_quant=Int8ActPerTensorFloat, return_quant_tensor=True)
        self.first = qnn.QuantConv2d(1, 8, 3, padding=1, **given)
        self.relu = qnn.QuantReLU(act_quant=Uint8ActPerTensorFloat, bit_width=bits)
        self.depth = qnn.QuantConv2d(8, 8, 3, stride=2, padding=1, groups=8, **given)
        self.relu2 = qnn.QuantReLU(act_quant=Uint8ActPerTensorFloat, bit_width=bits)
        self.point = qnn.QuantConv2d(8, 8, 1, **given)
        self.relu3 = qnn.QuantReLU(act_quant=Uint8ActPerTensorFloat, bit_width=bits)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.mark = qnn.QuantIdentity(act_quant=Int8ActPerTensorFloat)
        self.last = qnn.QuantLinear(8, CLASSES, bias=True, **given)
        self.end = qnn.QuantIdentity(act_quant=Int8ActPerTensorFloat)

    def forward(self, x):
        x = self.relu2(self.depth(self.relu(self.first(self.door(x)))))
        x = self.relu3(self.point(x))
        x = self.mark(torch.flatten(self.pool(x), 1))
        return self.end(self.last(x))


class Mlp(nn.Sequential):
    def __init__(self, weights, bits: int, *, bias: bool = False) -> None:
        given = {"weight_quant": weights, "weight_bit_width": bits}
        if bias:
            given["bias_quant"] = Int8Bias
        super().__init__(
            qnn.QuantIdentity(act_quant=ShiftedUint8ActPerTensorFloat, return_quant_tensor=True),
            qnn.QuantLinear(16, 24, bias=True, **given),
            qnn.QuantReLU(
                act_quant=Uint8ActPerTensorFloat, bit_width=bits, return_quant_tensor=True
            ),
            qnn.QuantLinear(24, 16, bias=True, **given),
            qnn.QuantReLU(
                act_quant=Uint8ActPerTensorFloat, bit_width=bits, return_quant_tensor=True
            ),
            qnn.QuantLinear(16, CLASSES, bias=True, **given),
            qnn.QuantIdentity(act_quant=Int8ActPerTensorFloat),
        )


class Lstm(nn.Module):
    def __init__(self, **given) -> None:
        super().__init__()
        self.lstm = qnn.QuantLSTM(8, 8, batch_first=True, **given)
        self.last = qnn.QuantLinear(8, CLASSES, bias=True)

    def forward(self, x):
        steps, _ = self.lstm(x)
        return self.last(steps[:, -1])


class Attention(nn.Module):
    def __init__(self, weights, bits: int) -> None:
        super().__init__()
        given = {"weight_quant": weights, "weight_bit_width": bits}
        self.door = qnn.QuantIdentity(act_quant=Int8ActPerTensorFloat)
        self.query, self.key, self.value, self.out = (
            qnn.QuantLinear(16, 16, bias=True, **given) for _ in range(4)
        )
        self.marks = nn.ModuleList(
            qnn.QuantIdentity(act_quant=Int8ActPerTensorFloat) for _ in range(8)
        )
        self.probabilities = qnn.QuantIdentity(act_quant=Uint8ActPerTensorFloat)
        self.last = qnn.QuantLinear(16, CLASSES, bias=True, **given)

    def forward(self, x):
        m = self.marks
        x = self.door(x)
        q, k, v = m[0](self.query(x)), m[1](self.key(x)), m[2](self.value(x))
        scores = m[3](torch.matmul(q, k.transpose(1, 2)) * 0.25)
        mixed = m[4](torch.matmul(self.probabilities(torch.softmax(scores, dim=-1)), v))
        x = m[5](x + m[5](self.out(mixed)))
        return m[7](self.last(m[6](x.mean(dim=1))))


FILES: Sequence[tuple[str, str, Callable[[], nn.Module]]] = (
    ("cnn", "channels", lambda: Cnn(Int8WeightPerChannelFloat, 8)),
    ("cnn", "int4", lambda: Cnn(Int8WeightPerChannelFloat, 4)),
    ("mlp", "int8", lambda: Mlp(Int8WeightPerTensorFloat, 8)),
    ("mlp", "int4", lambda: Mlp(Int8WeightPerTensorFloat, 4)),
    ("mlp", "bias", lambda: Mlp(Int8WeightPerTensorFloat, 8, bias=True)),
    ("lstm", "all", Lstm),
    ("attention", "int8", lambda: Attention(Int8WeightPerTensorFloat, 8)),
)


def main() -> None:
    """Write every file."""
    for net, variant, make in FILES:
        model = trained(net, make())
        name = f"{net}.{variant}"
        keep_onnx(_TOOL, f"{name}.qdq.onnx", partial(_exported, export_onnx_qcdq, model, net))
        if net == "attention":
            continue  # too large to keep twice
        make_qonnx = partial(_exported, export_qonnx, model, net)
        data = written(_TOOL, f"{name}.qonnx.onnx", make_qonnx)
        keep(_TOOL, f"{name}.qonnx.onnx", data, test_samples(net), qonnx_answers)


def _exported(export: Callable[..., Any], model: nn.Module, net: str) -> bytes:
    """Return what one of Brevitas' exporters writes of a copy: it leaves marks in the model."""
    file = io.BytesIO()
    export(
        copy.deepcopy(model),
        args=example(net),
        export_path=file,
        opset_version=17,
        dynamo=False,
        input_names=["x"],
        output_names=["y"],
    )
    return file.getvalue()


def qonnx_answers(data: bytes, x: Array) -> Array:
    """Return what QONNX's own executor makes of samples, one at a time."""
    model = ModelWrapper(data).transform(InferShapes())
    name, result = model.graph.input[0].name, model.graph.output[0].name
    shape = model.get_tensor_shape(name)
    rows = [execute_onnx(model, {name: row.reshape(shape)})[result] for row in x]
    return np.concatenate(rows)


if __name__ == "__main__":
    main()
