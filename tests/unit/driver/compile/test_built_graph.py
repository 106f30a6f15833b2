"""The graph of a build, read back from its folder."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from edgec.driver.compile.built_graph import built_graph
from edgec.driver.ports import PortInfo
from edgec.ir import DType, GraphBuilder, QParams, TensorType
from edgec.ops.conversion.quantize import Quantize
from edgec.ops.elementwise.standardize import Standardize
from edgec.target_file import write_target


def test_features_that_the_device_standardizes(tmp_path: Path) -> None:
    """They are one operator, which TFLite has to say in two that no kernel computes."""
    g = GraphBuilder("g")
    middle, gain = (
        g.constant(name, np.array([1, 2, 3], np.float32)) for name in ("middle", "gain")
    )
    x = g.add1(Standardize(), g.input("x", TensorType((1, 3))), middle, gain, name="s")
    y = g.add1(Quantize(dtype=DType.INT8), x, name="q", qparams=QParams.per_tensor(0.1))
    file = tmp_path / "model.edgec"
    file.write_bytes(write_target(g.build([y])))
    before = PortInfo("x", (1, 3), "float32", None, None, None, float_source=True)
    after = PortInfo("q", (1, 3), "int8", 0.1, 0, None, float_source=True)
    built: Any = SimpleNamespace(target_file=file, inputs=[before], outputs=[after])
    assert [node.op.name for node in built_graph(built).nodes] == ["standardize", "quantize"]
