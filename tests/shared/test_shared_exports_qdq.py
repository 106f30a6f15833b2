"""Models exported by today's tools and quantized by onnxruntime: edgec loses no more than that."""

from pathlib import Path

import numpy as np
import pytest
from qdq_models import judge, run_integers

from edgec.driver import BuildOptions
from edgec.driver.compile.compile import integer_model
from edgec.driver.progress import Quiet
from edgec.errors import EdgecError
from edgec.frontends import load
from edgec.ir import Array, evaluate
from edgec.quantization.prequantized.annotations import read_annotations

SHARED = Path(__file__).parents[3] / "shared"
MARGIN = 3.0  # dB that edgec may lose beside onnxruntime
pytestmark = pytest.mark.shared


def sqnr(wanted: Array, got: Array) -> float:
    return float(10 * np.log10(np.square(wanted).sum() / np.square(wanted - got).sum()))


@pytest.mark.parametrize("name", ["mini_lin.qdq", "mini_ln.qdq", "kwt.qdq_u8"])
def test_it_is_as_good_as_onnxruntime(name: str) -> None:
    path = SHARED / "models" / "exports" / f"{name}.onnx"
    made = integer_model(BuildOptions(model=str(path)), Quiet())
    assert made.warnings == ()
    assert made.meaning is not None
    floats = read_annotations(made.meaning).graph
    rng = np.random.default_rng(0)
    rows: dict[str, list[Array]] = {"wanted": [], "theirs": [], "ours": []}
    for _ in range(8):
        (port,) = floats.inputs
        assert port not in floats.layouts
        x = rng.standard_normal(floats.types[port].shape).astype(np.float32)
        (wanted,) = evaluate(floats, {port: x}).values()
        rows["wanted"].append(wanted)
        rows["theirs"] += judge(path, {port: x})
        rows["ours"] += run_integers(made.graph, {port: x})
    wanted, theirs, ours = (np.stack(each) for each in rows.values())
    assert sqnr(wanted, theirs) > 20
    assert sqnr(wanted, ours) > sqnr(wanted, theirs) - MARGIN


def test_the_open_time_axis_is_asked_for() -> None:
    with pytest.raises(EdgecError, match="it is the time axis: LSTM") as caught:
        load(SHARED / "cases" / "open_time_axis.onnx")
    assert (caught.value.code, "--shape x=16,1,6" in caught.value.help) == ("dynamic-shape", True)
