"""Every operator is complete: definition, importer, kernel, exporter, cases, a row in the docs."""

from pathlib import Path

import pytest
from ops.case import case_modules, cases_of

from edgec.backends.kernel import KERNELS, kernels_for
from edgec.driver.about.supported import supported_operators
from edgec.exporters.tflite import load_exporters
from edgec.ops.catalog import operators
from edgec.ops.operator import Operator
from edgec.ops.registry import exporter_of

ROOT = Path(__file__).parents[2]
OPERATORS = operators()
NAMES = [each.name for each in OPERATORS]


def operators_with_cases() -> set[str]:
    cases = [case for module in case_modules() for case in cases_of(module)]
    return {node.op.name for case in cases for node in case.graph.nodes}


TESTED = operators_with_cases()
load_exporters()


def test_names_are_unique() -> None:
    assert len(NAMES) == len(set(NAMES))


@pytest.mark.parametrize("op", OPERATORS, ids=NAMES)
def test_operator_is_complete(op: type[Operator]) -> None:
    assert op.__doc__
    (support,) = [each for each in supported_operators() if each.name == op.name]
    assert bool(support.onnx or support.tflite) is not op.is_internal, "no source format has it"
    assert f"[{op.name}](#{op.name})" in (ROOT / "docs" / "SUPPORTED_OPS.md").read_text()
    if op.is_replaced:
        return
    assert kernels_for("portable_c", op), "portable_c runs every operator"
    assert exporter_of(op), "no way to write it to .tflite"
    assert op.name in TESTED, "no cases in tests/ops/cases"


@pytest.mark.parametrize("op", OPERATORS, ids=NAMES)
def test_docstring_states_shapes_and_source(op: type[Operator]) -> None:
    """Its first line leads from the inputs' shapes to the outputs, a later one says whose it is."""
    first, *others = [line.strip() for line in (op.__doc__ or "").splitlines()]
    assert "[" in first, "no shapes"
    assert "->" in first, "no outputs"
    assert any(line.startswith("Source: ") for line in others), "no source"


def test_constraints_are_sentences() -> None:
    supported_operators()
    for kernels in KERNELS.values():
        for kernel in kernels:
            for constraint in kernel.requires:
                text = (constraint.__doc__ or "").strip()
                assert text[:1].isupper(), constraint
                assert text.splitlines()[0].endswith("."), constraint


@pytest.mark.parametrize("path", sorted((ROOT / "runtime_c/src/kernels").glob("*/*.c")), ids=str)
def test_one_public_function_per_kernel_file(path: Path) -> None:
    """The file is named like its function, and the function has its comment."""
    text = path.read_text()
    assert text.count(f"\nvoid {path.stem}(") + text.count(f"\nedgec_status_t {path.stem}(") == 1
    public = [
        line
        for line in text.splitlines()
        if line.startswith(("void edgec_", "int32_t edgec_", "edgec_status_t edgec_"))
    ]
    assert len(public) == 1
    assert "///" in text


BODIES = sorted((ROOT / "runtime_c/src/support/bodies").glob("*.h"))


@pytest.mark.parametrize("path", BODIES, ids=str)
def test_a_shared_body_has_an_int8_and_an_int16_kernel(path: Path) -> None:
    """The body is named like both, and each includes its element before it."""
    for kind in ("s8", "s16"):
        (kernel,) = (ROOT / "runtime_c/src/kernels").glob(f"*/edgec_{path.stem}_{kind}.c")
        element, body = f'"support/element_{kind}.h"', f'"support/bodies/{path.name}"'
        included = [line.split()[1] for line in kernel.read_text().splitlines() if "#incl" in line]
        assert included.index(element) < included.index(body)
