"""Generated C: reproducible, without heap, stdio, time or paths, whatever names a model has."""

import re
from pathlib import Path

import numpy as np
import pytest

from edgec.codegen.library import Origin, library_tree
from edgec.codegen.source_tree import SourceTree
from edgec.driver.compile.compile import lower_graph, target_of
from edgec.ir import DType, Graph, GraphBuilder, QParams, TensorType
from edgec.ops.activations.softmax import Softmax
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.targets.board import load_board

HOSTILE = [
    "plain",
    "*/ int evil(void); /*",
    'quote " and \\ backslash',
    "line\nbreak",
    "// ??/\ncontinued",
    "#include </etc/passwd>",
    "__attribute__((constructor))",
    "naïve-名前-\u202e",
    "",
]
FORBIDDEN_CALLS = ("malloc", "calloc", "realloc", "free", "printf", "sprintf", "time", "alloca")
FORBIDDEN_TEXTS = ("__DATE__", "__TIME__", "__FILE__", "/home/", "/tmp/", "/root/", "/work/")


def graph(name: str) -> Graph:
    rng = np.random.default_rng(3)
    g = GraphBuilder(name or "unnamed")
    act = QParams.per_tensor(0.05, 1)
    x = g.input(f"in {name}", TensorType((1, 12), DType.INT8, act))
    weights = rng.integers(-127, 128, (7, 12)).astype(np.int8)
    matrix = g.constant(f"w {name}", weights, QParams.per_tensor(0.01))
    y = g.add1(FullyConnected(), x, matrix, name=f"dense {name}", qparams=act)
    fixed = QParams.per_tensor(1 / 256, -128)
    return g.build([g.add1(Softmax(), y, name=f"soft {name}", qparams=fixed)])


def library(name: str, kernels: str = "auto") -> SourceTree:
    board = load_board("stm32")
    target = target_of(board, kernels)
    program, memory = lower_graph(graph(name), target, kernels)
    return library_tree(program, memory, target, Origin("00" * 32, "stm32", name))


def own_text(tree: SourceTree) -> dict[str, str]:
    """Return the generated files and our kernels, without comments; CMSIS-NN is not ours."""
    texts = {
        path: data.decode()
        for path, data in tree.files.items()
        if path.endswith((".c", ".h")) and "cmsis" not in path.lower() and "arm_" not in path
    }
    comments = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
    return {path: comments.sub(" ", text) for path, text in texts.items()}


@pytest.mark.parametrize("kernels", ["auto", "portable"])
@pytest.mark.parametrize("name", HOSTILE)
def test_same_model_same_bytes(name: str, kernels: str) -> None:
    assert library(name, kernels).digest() == library(name, kernels).digest()


@pytest.mark.parametrize("name", HOSTILE)
def test_no_heap_no_stdio_no_places(name: str) -> None:
    for path, text in own_text(library(name, "portable")).items():
        for call in FORBIDDEN_CALLS:
            assert not re.search(rf"\b{call}\s*\(", text), (path, call)
        for forbidden in FORBIDDEN_TEXTS:
            assert forbidden not in text, (path, forbidden)
        assert "<stdio.h>" not in text
        assert "<stdlib.h>" not in text


@pytest.mark.parametrize("name", HOSTILE[1:])
def test_names_stay_inside_comments_and_identifiers(name: str) -> None:
    """Without comments, the code of a hostile model differs from a tame one in identifiers only."""

    def skeleton(of: str) -> list[str]:
        texts = own_text(library(of, "portable"))
        joined = "\n".join(text for path, text in sorted(texts.items()) if "kernels/" not in path)
        return re.sub(r"\b[A-Za-z_]\w*\b", "id", joined).split()

    assert sorted(skeleton(name)) == sorted(skeleton("plain"))


def test_only_needed_kernels_are_copied() -> None:
    names = {Path(path).name for path in library("plain", "portable").files}
    assert "edgec_softmax_s8.c" in names
    assert "edgec_fully_connected_s8.c" in names
    assert "edgec_conv2d_s8.c" not in names
