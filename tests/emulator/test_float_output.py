"""A target graph with a float output: built from its own file, compared within a tolerance."""

from pathlib import Path

import numpy as np
import pytest

from edgec.driver import BuildOptions, build, open_output, run_regression
from edgec.driver.compile.golden import golden_file, golden_of
from edgec.ir import DType, Graph, GraphBuilder, QParams, TensorType
from edgec.ops.activations.relu import Relu
from edgec.ops.conversion.dequantize import Dequantize
from edgec.target_file import write_target


def graph() -> Graph:
    g = GraphBuilder("floats")
    q = QParams.per_tensor(0.05, 3)
    x = g.input("x", TensorType((1, 12), DType.INT8, q))
    y = g.add1(Relu(), x, name="r", qparams=q)
    return g.build([g.add1(Dequantize(), y, name="d")])


@pytest.mark.qemu
def test_floats_are_compared_within_their_tolerance(tmp_path: Path) -> None:
    path, out = tmp_path / "floats.edgec", tmp_path / "out"
    path.write_bytes(write_target(graph()))
    build(BuildOptions(model=str(path), board="qemu-m3", output=str(out)))
    opened = open_output(out)
    assert opened.outputs[0].type.dtype is DType.FLOAT32
    assert run_regression(out).mismatches == 0
    inputs, outputs = golden_of(opened)
    for factor, mismatches in ((1 + 2e-6, 0), (1 + 1e-3, len(outputs))):
        changed = [
            [(np.frombuffer(raw, np.float32) * np.float32(factor)).tobytes() for raw in sample]
            for sample in outputs
        ]
        ports = opened.inputs, opened.outputs
        opened.golden.write_bytes(golden_file(ports, inputs, changed))
        assert run_regression(out).mismatches == mismatches
