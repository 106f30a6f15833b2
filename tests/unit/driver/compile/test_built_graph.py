"""The graph of a build, read back from its folder."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from edgec.driver.compile.built_graph import built_graph
from edgec.exporters import write_tflite
from edgec.ir import DType, GraphBuilder, QParams, TensorType
from edgec.ops.conversion.quantize import Quantize
from edgec.ops.elementwise.standardize import Standardize


def test_features_that_the_device_standardizes(tmp_path: Path) -> None:
    """They are two float operators in the file, which no kernel computes on their own."""
    g = GraphBuilder("g")
    middle, gain = (g.constant(name, np.float32([1, 2, 3])) for name in ("middle", "gain"))
    x = g.add1(Standardize(), g.input("x", TensorType((1, 3))), middle, gain, name="s")
    y = g.add1(Quantize(dtype=DType.INT8), x, name="q", qparams=QParams.per_tensor(0.1))
    file = tmp_path / "model.tflite"
    file.write_bytes(write_tflite(g.build([y])))
    built: Any = SimpleNamespace(tflite=file, report={"model": {}})
    assert [node.op.name for node in built_graph(built).nodes] == ["standardize", "quantize"]
