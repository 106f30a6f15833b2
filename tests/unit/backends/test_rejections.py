"""Where no kernel fits: every node and every reason is named."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from lowering import lowered, target
from ops.case import case_modules, cases_of

from edgec.backends.backend import preferred
from edgec.backends.cmsis_nn import source
from edgec.backends.offer import Offer
from edgec.backends.request import Request
from edgec.errors import EdgecError, ExitCode
from edgec.ir import DType, GraphBuilder, QParams, TensorType
from edgec.ops.activations.softmax import Softmax
from edgec.ops.layers.l2_normalization import L2Normalization


def test_all_nodes_without_kernel_are_named() -> None:
    g = GraphBuilder("wide")
    scale = QParams.per_tensor(0.01)
    x = g.input("x", TensorType((1, 4), DType.INT16, scale))
    y = g.add1(Softmax(), x, name="first", qparams=scale)
    graph = g.build([g.add1(Softmax(), y, name="second", qparams=scale)])
    with pytest.raises(EdgecError) as caught:
        lowered(graph, "cortex-m4")
    problems = caught.value.problems()
    assert [each.code for each in problems] == ["no-kernel"] * 2
    assert [each.place.inside for each in problems] == ["node 'first'", "node 'second'"]
    notes = "\n".join(problems[0].notes)
    assert "cmsis_nn softmax" in notes
    assert "portable_c softmax" in notes
    assert "are int8" in notes


def test_a_function_that_the_library_lacks() -> None:
    with pytest.raises(EdgecError, match="no function arm_imagined_s8") as caught:
        source.find().closure(["arm_imagined_s8"])
    assert caught.value.code == "cmsis-nn-function-missing"
    assert caught.value.exit_code is ExitCode.TOOL


@pytest.fixture
def _fresh_sources() -> Iterator[None]:
    """Forget the library before and after, so that the pin is compared anew."""
    source._pinned.cache_clear()
    yield
    source._pinned.cache_clear()


@pytest.mark.usefixtures("_fresh_sources")
def test_other_sources_than_the_pinned_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EDGEC_CMSIS_NN", raising=False)
    monkeypatch.setattr(source, "PINNED_SHA256", "00" * 32)
    with pytest.raises(EdgecError) as caught:
        source.find()
    assert caught.value.code == "cmsis-nn-changed"
    assert "pip install" in caught.value.help


def test_a_folder_without_the_library(tmp_path: Path) -> None:
    with pytest.raises(EdgecError) as caught:
        source.find(tmp_path)
    assert caught.value.code == "cmsis-nn-missing"


@pytest.mark.parametrize("module", case_modules())
@pytest.mark.parametrize("dtype", [DType.FLOAT32, DType.INT8])
def test_what_is_not_quantized_is_rejected_in_words(module: str, dtype: DType) -> None:
    """No kernel of quantized integers falls over floats, or over integers without a scale."""
    graph = cases_of(module)[0].graph
    types = {
        value: kind if value in graph.constants else TensorType(kind.shape, dtype)
        for value, kind in graph.types.items()
    }
    plain = replace(graph, types=types)
    m55 = target("cortex-m55", "edgec")
    for node in plain.nodes:
        for backend in preferred("edgec"):
            for said in backend.offers_for(Request.of(node, plain, m55)):
                assert isinstance(said, Offer) or all(said.reasons)


def test_floats_without_a_kernel() -> None:
    g = GraphBuilder("m")
    x = g.input("x", TensorType((1, 10)))
    with pytest.raises(EdgecError, match="has no kernel for float32") as caught:
        lowered(g.build([g.add1(L2Normalization(), x, name="scores")]), "cortex-m4")
    assert "not quantized" in "".join(caught.value.notes)
