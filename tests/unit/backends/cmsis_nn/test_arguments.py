"""Calls by the names of the linked version's parameters; what is not known makes no offer."""

from collections.abc import Callable, Mapping

import cmsis_nn_copies as copies
import pytest
from lowering import target
from ops.case import Case, int8, op_case
from ops.cases.layers.conv2d import conv_case
from ops.cases.layers.conv2d_s16 import conv_case as conv_case_s16
from ops.cases.layers.depthwise_conv2d import depthwise_case
from ops.cases.layers.fully_connected import fully_connected_case

from edgec.backends.backend import preferred
from edgec.backends.cmsis_nn.arguments import has, named, positional
from edgec.backends.cmsis_nn.source import CmsisNn, find
from edgec.backends.offer import NotOfferedError, OfferContext
from edgec.backends.request import Request
from edgec.backends.selection import lower
from edgec.ir import QParams
from edgec.ops.elementwise.add import Add
from edgec.program import Call, Null, Scalar, Step
from edgec.targets.target import Target

ONE, TWO = Scalar(1), Scalar(2)
CONV = conv_case("conv", (5, 5, 2), 4)
DENSE = fully_connected_case("dense", (1, 9), 5)
Edit = Callable[[copies.Files], None]


def context(header: str) -> OfferContext:
    """Return the context of some node, for a library that consists of a header."""
    revision = f"$Revision: V.99.0\n*/\n{header}"
    library = CmsisNn({"Include/arm_nnfunctions.h": f"/* {revision}".encode()}, "test")
    (node,) = DENSE.graph.nodes
    linked = Target.of_core("cortex-m4", library)
    return OfferContext(Request.of(node, DENSE.graph, linked), range(1))


def step(case: Case, files: Mapping[str, str], core: str) -> Step:
    """Return the step that a copy of CMSIS-NN makes of a case."""
    library = CmsisNn({path: text.encode() for path, text in files.items()}, "test")
    program = lower(case.graph, Target.of_core(core, library), preferred("auto"))
    (only,) = program.steps
    return only


def edited(edit: Edit) -> copies.Files:
    files = copies.bundled()
    edit(files)
    return files


def reason(refused: Step, kernel: str) -> str:
    """Return why a kernel of CMSIS-NN was not offered, and that plain C was."""
    assert refused.backend == "portable_c"
    theirs = (each for each in refused.considered if each.backend == "cmsis_nn")
    (found,) = (each for each in theirs if each.kernel == kernel)
    return found.reason


def test_arguments_go_by_name() -> None:
    ctx = context("void arm_f(int b, const int8_t *a);")
    assert named(ctx, "arm_f", {"a": ONE, "b": TWO}, {}) == [TWO, ONE]
    assert named(ctx, "arm_f", {"a": ONE, "b": TWO}, {"a": "const int8_t *"}) == [TWO, ONE]
    assert has(ctx, "arm_f")
    assert not has(ctx, "arm_g")


def test_what_other_layers_need_is_null() -> None:
    ctx = context("void arm_f(int a, const cmsis_nn_dims *upscale_dims, int b);")
    assert named(ctx, "arm_f", {"a": ONE, "b": TWO}, {}) == [ONE, Null(), TWO]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("void arm_f(int a, x_t *weight_sum_ctx, int b);", "not weight_sum_ctx"),
        ("void arm_f(int c, int d, int a, int b);", "not c, d"),
        ("void arm_f(int a);", "not b"),
        ("void arm_g(int a, int b);", "CMSIS-NN V.99.0 has arm_f"),
        ("void arm_f(int64_t a, int b);", "a of arm_f is int .in CMSIS-NN V.99.0: int64_t"),
    ],
    ids=["unknown", "two unknown", "missing", "no function", "type"],
)
def test_what_is_not_known_makes_no_offer(header: str, message: str) -> None:
    with pytest.raises(NotOfferedError, match=message):
        named(context(header), "arm_f", {"a": ONE, "b": TWO}, {"a": "int"})


@pytest.mark.parametrize(
    "header", ["void arm_f(int a, int b, int c);", "void arm_g(int a, int b);"]
)
def test_arguments_by_position_are_counted(header: str) -> None:
    assert positional(context("void arm_f(int a, int b);"), "arm_f", [ONE, TWO]) == [ONE, TWO]
    with pytest.raises(NotOfferedError, match="has arm_f with 2 parameters"):
        positional(context(header), "arm_f", [ONE, TWO])


def test_without_the_library_there_is_no_offer() -> None:
    (node,) = DENSE.graph.nodes
    bare = OfferContext(Request.of(node, DENSE.graph, Target.of_core("cortex-m4")), range(1))
    with pytest.raises(NotOfferedError, match="CMSIS-NN is linked"):
        has(bare, "arm_f")


def test_a_convolution_of_a_later_version_gets_a_null_pointer_and_more_memory() -> None:
    """A column of 18 bytes takes 24 of the pinned version's memory and 32 of later ones'."""
    old, new = (step(CONV, files, "cortex-m55") for files in (copies.bundled(), copies.version_8()))
    (before,), (after,) = old.calls, new.calls
    assert (before.function, after.function) == ("arm_convolve_s8",) * 2
    assert list(after.args[9:]) == [Null(), *before.args[9:]]
    assert (old.scratch_bytes, new.scratch_bytes) == (4 * 24, 4 * 32)


def test_kernel_sums_by_version() -> None:
    def sums(files: copies.Files) -> object:
        library = CmsisNn({path: text.encode() for path, text in files.items()}, "test")
        linked = Target.of_core("cortex-m55", library)
        program = lower(DENSE.graph, linked, preferred("auto"))
        call: Call = program.steps[0].calls[0]
        (array,) = (each for each in program.constants if each.endswith("kernel_sums"))
        assert call.function == "arm_fully_connected_s8"
        return program.constants[array].data.tolist()

    plain, v6, v8 = map(sums, (copies.bundled(), copies.version_6(), copies.version_8()))
    assert v6 == v8 != plain


@pytest.mark.parametrize(
    ("pattern", "new", "shown"),
    [
        (r"const int8_t \*vector_data\);", "const int8_t *vector_data, int x);", "vector_data, x"),
        (r"arm_cmsis_nn_status arm_vector_sum_s8\([^;]*;", "", "is not there"),
    ],
)
def test_kernel_sums_of_an_unknown_kind_are_refused_where_they_are_needed(
    pattern: str, new: str, shown: str
) -> None:
    files = edited(lambda files: copies.replace(files, copies.FUNCTIONS, pattern, new, 1))
    assert shown in reason(step(DENSE, files, "cortex-m55"), "fully_connected_s8")
    assert step(DENSE, files, "cortex-m4").function == "arm_fully_connected_s8"


def test_a_fork_with_a_parameter_of_its_own_is_refused() -> None:
    def fork(files: copies.Files) -> None:
        pattern = r"(\barm_convolve_s8\(const cmsis_nn_context \*ctx,)"
        new = r"\1 const cmsis_nn_context *weight_sum_ctx,"
        copies.replace(files, copies.FUNCTIONS, pattern, new, 1)

    assert "not weight_sum_ctx" in reason(step(CONV, edited(fork), "cortex-m4"), "convolve_s8")


def test_an_elementwise_function_with_another_count_is_refused() -> None:
    def longer(files: copies.Files) -> None:
        pattern = r"(\barm_elementwise_add_s8\([^;]*)\);"
        copies.replace(files, copies.FUNCTIONS, pattern, r"\1, int more);", 1)

    operands = [int8((1, 6), 0.05, 3), int8((1, 6), 0.08, -11)]
    case = op_case("add", Add(), operands, [QParams.per_tensor(0.11, 7)])
    assert step(case, copies.bundled(), "cortex-m4").function == "arm_elementwise_add_s8"
    refused = step(case, edited(longer), "cortex-m4")
    assert "has arm_elementwise_add_s8 with 16 parameters" in reason(refused, "elementwise_add_s8")


def test_the_mve_block_of_depthwise_convolutions_is_the_linked_versions() -> None:
    case = depthwise_case("depthwise", (5, 6, 8))

    def block(new: str) -> copies.Files:
        old = r"#define CH_IN_BLOCK_MVE \(124\)"
        return edited(lambda files: copies.replace(files, copies.SUPPORT, old, new, 1))

    larger = block("#define CH_IN_BLOCK_MVE (252)")
    assert step(case, larger, "cortex-m55").scratch_bytes == 4 * 252 * 9
    nameless = block("")
    refused = reason(step(case, nameless, "cortex-m55"), "depthwise_conv_s8")
    assert "CMSIS-NN defines CH_IN_BLOCK_MVE" in refused
    assert step(case, nameless, "cortex-m4").backend == "cmsis_nn"


@pytest.mark.parametrize("core", ["cortex-m3", "cortex-m4", "cortex-m55"])
def test_int16_convolutions_of_later_versions_are_refused(core: str) -> None:
    case = conv_case_s16("wide", (5, 5, 4), 4)
    refused = step(case, copies.version_8(), core)
    assert "has arm_convolve_fast_s16 (V.18.0.0 does not" in reason(refused, "convolve_s16")

    struct_alone = copies.bundled()
    pattern = r"(\barm_convolve(?:_fast)?_s16\([^;{}()]*)const int64_t \*bias_data"
    new = r"\1const cmsis_nn_bias_data *bias_data"
    copies.replace(struct_alone, copies.FUNCTIONS, pattern, new, 2)
    refused = step(case, struct_alone, core)
    assert "const cmsis_nn_bias_data *" in reason(refused, "convolve_s16")


def test_the_row_kernel_is_taken_of_the_pinned_sources_only() -> None:
    """A copy that says the pinned revision, but is not it, does without."""
    case = conv_case("row", (1, 16, 4), 4, (1, 3), pads=(0, 0, 1, 1))
    assert step(case, copies.bundled(), "cortex-m55").function == "arm_convolve_1_x_n_s8"
    touched = copies.bundled()
    touched[copies.VECTOR_SUM] += "\n"
    assert step(case, touched, "cortex-m55").function == "arm_convolve_s8"


def test_the_bundled_library_is_what_targets_get() -> None:
    (library,) = target("cortex-m4").libraries
    assert library is find()
    assert (library.name, library.revision) == ("CMSIS-NN", "V.12.5.1")
