"""The example of docs/c-api.md compiles against a generated library without a warning, and runs."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from edgec.codegen.library import Origin, library_tree
from edgec.driver.compile.compile import lower_graph, target_of
from edgec.ir import DType, GraphBuilder, QParams, TensorType
from edgec.memory.planner import MemoryPlan
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.program import Program
from edgec.targets.board import load_board

TARGET = target_of(load_board("qemu-m0"), "portable")
DOC = Path(__file__).parents[2] / "docs" / "c-api.md"
MAIN = """
#include <stdio.h>
int main(void)
{
    const float features[KWS_INPUT_0_SIZE] = {0.0f, 1.0f};
    printf("%d\\n", classify(features));
    return 0;
}
"""
STRICT = [
    "-std=c99",
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wconversion",
    "-Wsign-conversion",
    "-Wshadow",
    "-Werror",
]


def program() -> tuple[Program, MemoryPlan]:
    """Return a model named kws of which output i is i for an input whose second element is 1."""
    g = GraphBuilder("kws")
    act = QParams.per_tensor(1 / 16)
    x = g.input("features", TensorType((1, 4), DType.INT8, act))
    weights = np.zeros((3, 4), np.int8)
    weights[:, 1] = [0, 1, 2]
    matrix = g.constant("w", weights, QParams.per_tensor(1.0))
    y = g.add1(FullyConnected(), x, matrix, name="scores", qparams=act)
    return lower_graph(g.build([y]), TARGET, "portable")


@pytest.mark.cc
def test_example_compiles_and_runs(tmp_path: Path) -> None:
    lowered, memory = program()
    library_tree(lowered, memory, TARGET, Origin("00" * 32, "host", "")).write(tmp_path)
    (example,) = re.findall(
        r"<!-- a test compiles exactly this -->\n```c\n(.*?)```", DOC.read_text(), re.DOTALL
    )
    (tmp_path / "example.c").write_text(example + MAIN)
    sources = [str(path) for path in tmp_path.rglob("*.c")]
    includes = ["-I.", "-Ikernels"]
    command = [str(shutil.which("cc")), *STRICT, *includes, *sources, "-lm", "-o", "example"]
    built = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert built.returncode == 0, built.stderr
    ran = subprocess.run(
        [str(tmp_path / "example")], capture_output=True, text=True, check=True, timeout=20
    )
    assert ran.stdout == "2\n"


def test_macros_in_the_document_exist(tmp_path: Path) -> None:
    lowered, memory = program()
    tree = library_tree(lowered, memory, TARGET, Origin("00" * 32, "m0", ""))
    texts = b"\n".join(tree.files.values()).decode()
    named = set(re.findall(r"`-?D?((?:KWS|EDGEC)_[A-Z_0-9]*[A-Z0-9])\b", DOC.read_text()))
    assert len(named) > 10
    assert [each for each in sorted(named) if each not in texts] == []
