"""One list of operator cases, every runtime, bit for bit."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from lowering import lowered
from ops.case import Case, case_modules, cases_of
from ops.runtimes import Runtime, merge, merged_samples
from oracle import run_tflite

from edgec.backends.backend import load_all
from edgec.backends.kernel import KERNELS, kernels_for
from edgec.exporters.tflite import write_tflite
from edgec.ir import Array, DType, ValueName, evaluate

load_all()
MODULES = case_modules()
BATCH = 60  # cases in one build: the runner's protocol counts inputs and outputs in a byte
HOST = [Runtime("host", "portable")]
EMULATED = [
    Runtime("qemu-m0", "auto"),
    Runtime("qemu-m0", "portable"),
    Runtime("qemu-m3", "auto"),
    Runtime("qemu-m4", "auto"),
    Runtime("qemu-m55", "auto"),
]
OWN = "edgec"  # the backend, and what --kernels calls it
EMULATED_OWN = [
    Runtime("qemu-m0", OWN),
    Runtime("qemu-m4", OWN),
]


def own_cases() -> list[Case]:
    """Return the cases of operators that our own backend has kernels for, as far as they are int8.

    Where these make no offer, others run a case: all of it goes through one build.
    """
    return [case for module in MODULES for case in cases_of(module) if _is_own(case)]


def _is_own(case: Case) -> bool:
    return any(
        kernels_for(OWN, type(node.op)) and case.graph.types[node.inputs[0]].dtype is DType.INT8
        for node in case.graph.nodes
    )


def check(runtime: Runtime, cases: list[Case], folder: Path) -> None:
    """Run a batch on a runtime and compare every output with the NumPy reference."""
    for start in range(0, len(cases), BATCH):
        batch = cases[start : start + BATCH]
        graph = merge("batch", batch)
        samples = merged_samples(graph, batch)
        results = runtime.run(graph, samples, folder / str(start))
        wrong = []
        for number, (sample, outputs) in enumerate(zip(samples, results, strict=True)):
            expected = evaluate(graph, sample)
            for value, actual in zip(graph.outputs, outputs, strict=True):
                case = batch[int(value.split("/")[0].removeprefix("case"))]
                if not case.agrees(expected[value], actual):
                    differ = int(np.sum(expected[value] != actual))
                    wrong.append(f"{case} sample {number}: {differ} of {actual.size} differ")
        assert not wrong, "\n".join(wrong[:20])


@pytest.mark.cc
@pytest.mark.parametrize("runtime", HOST, ids=str)
@pytest.mark.parametrize("module", MODULES)
def test_host_equals_reference(module: str, runtime: Runtime, tmp_path: Path) -> None:
    check(runtime, cases_of(module), tmp_path)


@pytest.mark.cc
def test_own_kernels_on_the_host_equal_the_reference(tmp_path: Path) -> None:
    check(Runtime("host", OWN), own_cases(), tmp_path)


@pytest.mark.qemu
@pytest.mark.parametrize("runtime", EMULATED_OWN, ids=str)
def test_own_kernels_in_qemu_equal_the_reference(runtime: Runtime, tmp_path: Path) -> None:
    check(runtime, own_cases(), tmp_path)


def test_every_own_kernel_is_chosen_by_many_cases() -> None:
    kernels = [each for (of, _), known in KERNELS.items() for each in known if of == OWN]
    chosen = Counter(
        offer.kernel
        for case in own_cases()
        for step in lowered(case.graph, "cortex-m4", OWN).steps
        for offer in step.considered
        if offer.chosen and offer.backend == OWN
    )
    assert set(chosen) == {each.name for each in kernels}
    assert min(chosen.values()) >= 20


@pytest.mark.qemu
@pytest.mark.parametrize("runtime", EMULATED, ids=str)
def test_qemu_equals_reference(runtime: Runtime, tmp_path: Path) -> None:
    check(runtime, [case for module in MODULES for case in cases_of(module)], tmp_path)


def test_case_names_are_unique() -> None:
    names = [case.name for module in MODULES for case in cases_of(module)]
    assert len(names) == len(set(names))


@pytest.mark.oracle
@pytest.mark.parametrize("module", MODULES)
def test_reference_equals_tflite(module: str) -> None:
    """The NumPy reference against TFLite's own kernels, through the exported model."""
    wrong = [
        f"{case} sample {number}"
        for case in cases_of(module)
        if case.oracle
        for number, sample in enumerate(case.inputs())
        if not _agrees(case, sample)
    ]
    assert not wrong, "\n".join(wrong[:20])


def _agrees(case: Case, sample: dict[ValueName, Array]) -> bool:
    expected = evaluate(case.graph, sample)
    actual = run_tflite(write_tflite(case.graph), sample)
    return all(case.agrees(expected[name], actual[name]) for name in case.graph.outputs)
