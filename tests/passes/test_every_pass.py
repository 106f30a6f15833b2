"""Every pass is called like its file, is frozen, has a test file, and runs in some pipeline."""

import inspect
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from onnx_models import MODELS, save

import edgec.passes
from edgec.discovery import import_all
from edgec.frontends.onnx.load import load_onnx
from edgec.passes.pipeline import Fixpoint, Pass
from edgec.pipelines import FLOAT_PASSES, INTEGER_PASSES, LAYOUT, TARGET_PASSES, optimize_float


def passes() -> list[type]:
    """Return the pass classes: those with a ``name`` of their own and ``run``."""
    import_all(edgec.passes)
    found = []
    for module in sorted(name for name in sys.modules if name.startswith("edgec.passes.")):
        members = vars(sys.modules[module]).values()
        here = [each for each in members if inspect.isclass(each) and each.__module__ == module]
        found += [
            each
            for each in here
            if isinstance(vars(each).get("name"), str) and hasattr(each, "run")
        ]
    return found


@pytest.mark.parametrize("each", passes(), ids=lambda each: each.__name__)
def test_it_is_named_like_its_file_and_tested(each: type) -> None:
    stem = each.__module__.rpartition(".")[2]
    assert vars(each)["name"] == stem
    assert (Path(__file__).parent / f"test_{stem}.py").is_file()


def test_instances_are_frozen() -> None:
    for each in (*FLOAT_PASSES, *LAYOUT, *INTEGER_PASSES, *TARGET_PASSES):
        with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
            each.run = None  # type: ignore[assignment, method-assign]


def test_pipelines_use_passes_of_this_package() -> None:
    listed: list[Pass] = [*FLOAT_PASSES, *LAYOUT, *INTEGER_PASSES, *TARGET_PASSES]
    names = {each.name for each in listed if not isinstance(each, Fixpoint)}
    assert names <= {vars(each)["name"] for each in passes()}


EXPECTED = {
    "torchscript": "conv2d depthwise_conv2d conv2d add mean reshape fully_connected",
    "dynamo": "conv2d max_pool2d mean reshape fully_connected softmax",
    "lenet": "conv2d max_pool2d reshape fully_connected fully_connected",
    "signal": "reshape conv2d max_pool2d conv2d add mean reshape fully_connected",
}


@pytest.mark.parametrize("name", EXPECTED)
def test_what_the_float_pipeline_leaves(name: str, tmp_path: Path) -> None:
    graph = optimize_float(load_onnx(save(MODELS[name], tmp_path)))
    assert " ".join(node.op.name for node in graph.nodes) == EXPECTED[name]
