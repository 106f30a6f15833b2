"""Estimated cycles of offers: from the table where it has a function, from medians where not."""

from pathlib import Path

import pytest
from lowering import lowered, target
from ops.case import case_modules, cases_of, int8, op_case

from edgec.backends.cost import CoreRates, Rates, Work, core_rates
from edgec.backends.kernel import Kernel
from edgec.backends.offer import Offer
from edgec.backends.request import Request
from edgec.driver import BuildOptions, build
from edgec.ir import QParams
from edgec.ops.activations.softmax import Softmax
from edgec.program import Call, Scalar
from edgec.targets.cpu import CPUS

DIGITS = Path(__file__).parents[3] / "examples" / "digits"
SOFTMAX = op_case("s", Softmax(), [int8((3, 10), 0.1)], [QParams.per_tensor(1 / 256, -128)])


def test_every_core_but_the_host_has_rates() -> None:
    assert set(core_rates()) == set(CPUS) - {"host"}
    for each in core_rates().values():
        assert 0.5 < each.cycles_per_instruction < 2
        assert set(each.functions) == {"cmsis_nn", "edgec", "portable_c"}


@pytest.mark.parametrize("kernels", ["auto", "portable", "edgec"])
def test_nearly_all_functions_of_the_cases_were_measured(kernels: str) -> None:
    """A kernel that is new has the median of its backend; many such mean: measure again."""
    known = core_rates()["cortex-m4"].functions
    used = {
        (step.backend, step.function)
        for module in case_modules()
        for case in cases_of(module)[::7]
        for step in lowered(case.graph, "cortex-m4", kernels).steps
    }
    unknown = [each for each in used if each[1] not in known[each[0]]]
    assert len(unknown) <= len(used) // 10, unknown


def test_what_was_not_measured_has_medians() -> None:
    rates = [Rates(10, 1, 5), Rates(20, 4, 0), Rates(60, 2, 7)]
    functions = {"mine": dict(zip("abc", rates, strict=True)), "other": {"d": Rates(0, 0, 0)}}
    core = CoreRates(1.5, functions)
    assert core.of("mine", "b") == rates[1]
    assert core.of("mine", "new") == Rates(20, 2, 5)
    assert core.of("unheard", "new") == Rates(15, 1.5, 2.5)
    assert rates[1].instructions(Work(calls=2, reads=3, outputs=9)) == 52


def offer(function: str, core: str, elements: int = 10) -> Offer:
    case = op_case("s", Softmax(), [int8((3, elements), 0.1)], [QParams.per_tensor(1 / 256, -128)])
    made = Kernel("portable_c", Softmax, (), lambda _: Call(function, [Scalar(1)]))
    said = made.offer(Request.of(case.graph.nodes[0], case.graph, target(core)))
    assert isinstance(said, Offer)
    return said


def test_a_new_kernel_has_a_cost_without_being_listed() -> None:
    assert (offer("edgec_brand_new_s8", "cortex-m4").cycles or 0) > 0
    assert offer("edgec_softmax_s8", "host").cycles is None


def test_cost_grows_with_shapes_and_falls_with_better_cores() -> None:
    known = [offer("edgec_softmax_s8", core).cycles or 0 for core in ("cortex-m0", "cortex-m4")]
    assert known[0] > known[1] > 0
    assert (offer("edgec_softmax_s8", "cortex-m4", 100).cycles or 0) > 5 * known[1]


def test_offers_say_which_kernel_is_cheaper() -> None:
    (step,) = lowered(SOFTMAX.graph, "cortex-m4", "edgec").steps
    cycles = {each.backend: each.cycles or 0 for each in step.considered if each.cycles}
    assert set(cycles) == {"edgec", "cmsis_nn", "portable_c"}
    assert cycles["edgec"] == min(cycles.values())


@pytest.mark.qemu
@pytest.mark.parametrize(("kernels", "factor"), [("auto", 2), ("edgec", 2), ("portable", 2.5)])
def test_estimates_of_a_real_model_are_near(kernels: str, factor: float, tmp_path: Path) -> None:
    """Against the cycles of the instructions that QEMU ran, layer by layer.

    Plain C is slow with one channel: the first convolution takes 2.01 times what is estimated.
    """
    options = BuildOptions(
        model=str(DIGITS / "digits.onnx"),
        calib=str(DIGITS / "calib.npz"),
        board="stm32",
        kernels=kernels,
        effort="fast",
        output=str(tmp_path / "out"),
    )
    layers = build(options).report["layers"]
    assert len(layers) > 5
    ratios = {
        each["name"]: offer["cycles"] / each["cycles_estimate"]
        for each in layers
        for offer in each["offers"]
        if offer["chosen"]
    }
    assert {name: ratio for name, ratio in ratios.items() if not 1 / factor < ratio < factor} == {}
