"""Graph -> .tflite -> graph -> .tflite: all that is written is read, and written to the same bytes.

It computes the same, too.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest
from ops.case import Case, case_modules, cases_of, int8, int16, op_case
from oracle import Oracle

from edgec.errors import EdgecError
from edgec.exporters import proof, write_tflite
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import DType, Graph, Op, evaluate, verify
from edgec.ops.activations.clip import Clip
from edgec.ops.activations.elu import Elu
from edgec.ops.activations.hard_swish import HardSwish
from edgec.ops.activations.prelu import Prelu
from edgec.ops.activations.softmax import Softmax
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.extremum import Extremum
from edgec.ops.elementwise.mul import Mul
from edgec.ops.elementwise.squared_difference import SquaredDifference
from edgec.ops.elementwise.sub import Sub
from edgec.ops.layers.batch_matmul import BatchMatMul
from edgec.ops.movement.pad import Pad
from edgec.ops.movement.slice import Slice
from edgec.ops.movement.tile import Tile
from edgec.ops.movement.transpose import Transpose
from edgec.ops.reductions.mean import Mean
from edgec.pipelines import optimize_integer

# Graphs that no importer makes: it reads what they export in a simpler form of them.
_SIMPLER = {
    "cast_": "one to the same type is none, int64 is int32, numbers at the door are real inside",
    "gather_one": "one index is a slice",
    "shifted_dense_33_1_2": "weights that fit int8 without a zero point have none",
    "slice_whole": "a slice of all is a reshape",
}
_BEYOND = "gather_rows_wraps"  # TFLite's GATHER knows no index below 0
_OURS_ALONE = "classical."  # no operator of these modules is in TFLite
_NOT_IN_TFLITE = {
    "arg_max_last",
    "arg_max_last_smallest",
    "arg_max_s16_last",
    "arithmetic_bitwise_and_numbers",
    "arithmetic_bitwise_and_small",
    "arithmetic_bitwise_or_numbers",
    "arithmetic_bitwise_or_small",
    "arithmetic_remainder_edges",
    "arithmetic_remainder_numbers",
    "arithmetic_remainder_small",
    "average_pool2d_dilated",
    "average_pool2d_explicit_pads",
    "average_pool2d_pads_one_side",
    "average_pool2d_s16_dilated",
    "average_pool2d_s16_pads",
    "cum_sum_axis0_False_False",
    "cum_sum_axis0_False_True",
    "cum_sum_axis0_True_False",
    "cum_sum_axis0_True_True",
    "cum_sum_axis1_False_False",
    "cum_sum_axis1_False_True",
    "cum_sum_axis1_True_False",
    "cum_sum_axis1_True_True",
    "cum_sum_axis2_False_False",
    "cum_sum_axis2_False_True",
    "cum_sum_axis2_True_False",
    "cum_sum_axis2_True_True",
    "cum_sum_int16_False_False",
    "cum_sum_int16_False_True",
    "cum_sum_int16_True_False",
    "cum_sum_int16_True_True",
    "cum_sum_scale0",
    "cum_sum_scale1",
    "cum_sum_scale2",
    "depthwise_conv2d_s16_no_bias",
    "max_pool2d_dilated",
    "max_pool2d_s16_dilated",
    "svdf_int8_state",
    "svdf_int8_state_of_a_batch",
    "svdf_int8_state_of_rank_4",
    "svdf_int8_state_saturates",
    "svdf_int8_state_without_a_past",
    "svdf_int8_state_without_bias",
    "top_k_int16_1_True",
    "top_k_int16_4_True",
    "top_k_int16_9_True",
    "top_k_int32_1_True",
    "top_k_int32_4_True",
    "top_k_int32_9_True",
    "top_k_int8_1_True",
    "top_k_int8_4_True",
    "top_k_int8_9_True",
}


MODULES = [each for each in case_modules() if not each.startswith(_OURS_ALONE)]


@pytest.mark.parametrize("module", MODULES)
def test_every_operator_case(module: str, tmp_path: Path) -> None:
    problems = [_trip(case, tmp_path) for case in cases_of(module) if case.graph.inputs]
    assert not [each for each in problems if each]


def test_what_tflite_cannot_say_is_known() -> None:
    refused = set()
    for module in MODULES:
        for case in cases_of(module):
            try:
                write_tflite(case.graph)
            except EdgecError as error:
                refused.update([case.name] if error.code == "cannot-export" else [str(error)])
    assert refused == _NOT_IN_TFLITE


@pytest.mark.parametrize("module", [each for each in case_modules() if each not in MODULES])
def test_what_is_ours_alone_is_refused_by_the_export(module: str) -> None:
    for case in cases_of(module):
        with pytest.raises(EdgecError) as caught:
            write_tflite(case.graph)
        assert {each.code for each in caught.value.problems()} == {"cannot-export"}


def _trip(case: Case, folder: Path) -> str:
    """Return what is wrong with a case, nothing where all is well."""
    graph = optimize_integer(case.graph)
    if case.name in _NOT_IN_TFLITE:
        return ""
    try:
        again = _through_file(graph, folder)
    except EdgecError as error:
        return f"{case}: {error}"
    if case.name.startswith(tuple(_SIMPLER)):
        graph, again = again, _through_file(again, folder)
    if write_tflite(again) != write_tflite(graph):
        return f"{case} is written to other bytes the second time"
    for given in () if case.name.startswith(_BEYOND) else case.inputs():
        sample = {name: given[name].astype(graph.types[name].dtype.numpy) for name in graph.inputs}
        before, after = evaluate(graph, sample), evaluate(again, sample)
        if any(before[name].tobytes() != after[name].tobytes() for name in graph.outputs):
            return f"{case} computes something else"
    return ""


def _through_file(graph: Graph, folder: Path) -> Graph:
    path = folder / f"{graph.name}.tflite"
    path.write_bytes(write_tflite(graph))
    back = optimize_integer(load_tflite(path))
    verify(back)
    return back


Shapes = tuple[tuple[int, ...], ...]
FIVE, SIX, SEVEN = (2, 3, 2, 3, 4), (2, 2, 3, 2, 3, 4), (2, 1, 2, 3, 2, 3, 4)
TWO_OPERANDS: Sequence[Shapes] = (
    (FIVE, FIVE),
    (FIVE, (1, 3, 1, 3, 1)),
    (FIVE, (1,)),
    (FIVE, ()),
    (FIVE, (4,)),
    (FIVE, (2, 3, 4)),
    ((1, 3, 2, 1, 1), (1, 1, 2, 3, 4)),
    (SIX, SIX),
    (SIX, (2, 1, 3, 1, 3, 1)),
    ((2, 1, 2, 1, 2, 1), (1, 2, 1, 2, 1, 2)),
    ((2, 1, 2, 1, 2, 1, 2), (1, 2, 1, 2, 1, 2, 1)),
)


def _on(shape: tuple[int, ...]) -> list[Op]:
    """Return operators of one operand."""
    rank = len(shape)
    pads = ((0, 0), (1, 2), *((0, 0),) * (rank - 2))
    whole = Slice.whole(shape)
    return [
        Clip(low=0.0, high=3.0),
        Elu(),
        HardSwish(),
        Softmax(),
        Mean(axes=(1, 3), keep_dims=True),
        Pad(paddings=pads),
        Pad(paddings=pads, value=1.0),
        whole.along(2, 1, 1),
        whole.along(0, 1, 2, -1).along(rank - 1, 1, 2),
        Tile(repeats=(1, 2, *(1,) * (rank - 2))),
        Transpose(perm=tuple(reversed(range(rank)))),
        Transpose(perm=(*range(2, rank), 0, 1)),
    ]


MANY_AXES: Sequence[tuple[Op, Shapes]] = (
    *(
        (op, shapes)
        for op in (Add(), Sub(), Mul(), SquaredDifference(), Extremum(largest=True))
        for shapes in TWO_OPERANDS
    ),
    *((op, (shape,)) for shape in (FIVE, SIX, SEVEN) for op in _on(shape)),
    *((BatchMatMul(), ((*s, 4), (*s[:-1], 4, 3))) for s in ((2, 1, 2, 3), (2, 3, 2, 2, 3))),
    (BatchMatMul(), ((2, 3, 2, 2, 3, 4), (1, 1, 1, 1, 4, 3))),
    (Prelu(), (FIVE, (1, 1, 2, 3, 4))),
)


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", [DType.INT8, DType.INT16], ids=lambda each: each.value)
def test_many_axes_are_written_on_as_many_as_the_interpreter_takes(
    dtype: DType, tmp_path: Path
) -> None:
    """Kernels of TFLite 2.14 abort the process beyond 4 to 6 axes, so a child runs them."""
    assert not [
        problem
        for number, (op, shapes) in enumerate(MANY_AXES)
        if (problem := _many_axes(_case(f"axes{number}", op, shapes, dtype), tmp_path))
    ]


def _case(name: str, op: Op, shapes: Shapes, dtype: DType) -> Case:
    kinds = [int8(s, 0.05, 3) if dtype is DType.INT8 else int16(s, 1e-3) for s in shapes]
    result = op.prescribed(dtype) if isinstance(op, Softmax) else kinds[0].qparams
    return op_case(name, op, kinds, [result])


def _many_axes(case: Case, folder: Path) -> str:
    wrong = _trip(case, folder) or proof._in_a_fork(lambda: _differs(case))
    return f"{case.graph}: {wrong}" if wrong else ""


def _differs(case: Case) -> str:
    """Return what differs where the interpreter runs a case."""
    oracle = Oracle(write_tflite(case.graph), exact=True)
    for sample in case.inputs():
        wanted = evaluate(case.graph, sample)[case.graph.outputs[0]]
        (actual,) = oracle.run(sample).values()
        if actual.tobytes() != wanted.tobytes():
            return "the interpreter computes something else"
    return ""
