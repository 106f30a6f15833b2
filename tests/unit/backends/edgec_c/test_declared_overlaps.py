"""How far an output may lie over an operand: kernels run on every placement that they declare.

And on the next one, which has to go wrong: what is declared is as much as there is.
"""

import ctypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from host_kernels import host_kernel
from lowering import lowered
from ops.case import Case, int8, op_case

from edgec.ir import Array, QParams, ValueName, evaluate
from edgec.ops.activations.softmax import Softmax
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.sub import Sub
from edgec.program import ArenaRef, Argument, Call, ConstantRef, Program, Scalar

A, B, Y = (0.051734, 3), (0.083177, -11), (0.117913, 7)
MARGIN = 160  # bytes around everything
Placement = dict[str, int]


def sum_case(name: str, op: Add | Sub, a: tuple[int, ...], b: tuple[int, ...]) -> Case:
    return op_case(name, op, [int8(a, *A), int8(b, *B)], [QParams.per_tensor(*Y)])


CASES = [
    sum_case("add", Add(), (1, 7, 9), (1, 7, 9)),
    sum_case("sub", Sub(), (5, 4), (5, 4)),
    sum_case("bias", Add(), (1, 6, 5), (5,)),
    sum_case("bias_first", Add(), (5,), (1, 6, 5)),
    op_case("softmax", Softmax(), [int8((5, 9), 0.1)], [QParams.per_tensor(1 / 256, -128)]),
]


@dataclass(frozen=True)
class Bench:
    """A program of one call, and the kernel that runs it with storages anywhere in a memory."""

    program: Program
    kernel: Callable[..., None]

    def run(self, at: Placement, inputs: Mapping[ValueName, Array]) -> bytes:
        """Return the bytes of the output."""
        memory = (ctypes.c_uint8 * (8 * MARGIN))(*[0xA5] * (8 * MARGIN))
        for name, data in inputs.items():
            ctypes.memmove(ctypes.addressof(memory) + at[name], data.tobytes(), data.nbytes)
        (call,) = self.program.steps[0].calls
        self.kernel(*self._arguments(call, at, ctypes.addressof(memory)))
        (output,) = self.program.outputs
        (storage,) = self.program.port_storages([output])
        start = at[storage]
        return bytes(memory)[start : start + output.type.bytes]

    def _arguments(self, call: Call, at: Placement, memory: int) -> list[object]:
        return [self._argument(each, at, memory) for each in call.args]

    def _argument(self, each: Argument, at: Placement, memory: int) -> object:
        match each:
            case ArenaRef(storage=storage, offset=offset):
                return ctypes.c_void_p(memory + at[storage] + offset)
            case ConstantRef(array=array):
                return self.program.constants[array].data.ctypes.data_as(ctypes.c_void_p)
            case Scalar(value=value):
                return int(value)
        raise AssertionError(each)


def bench(case: Case, folder: Path) -> Bench:
    program = lowered(case.graph, "host", "edgec")
    assert program.steps[0].backend == "edgec"
    return Bench(program, host_kernel(program.steps[0].function, folder))


@pytest.mark.cc
@pytest.mark.parametrize("case", CASES, ids=str)
def test_outputs_are_right_up_to_the_lag_and_wrong_behind_it(case: Case, tmp_path: Path) -> None:
    made = bench(case, tmp_path)
    inputs = case.inputs()[:3]
    (output,) = case.graph.outputs
    expected = [evaluate(case.graph, each)[output].tobytes() for each in inputs]
    apart: Placement = {name: MARGIN * (2 * n + 1) for n, name in enumerate(case.graph.inputs)}
    declared = list(made.program.steps[0].may_overlap())
    assert [read for read, _, _ in declared] == list(case.graph.inputs)
    for read, written, lag in declared:
        largest = max(case.graph.types[ValueName(read)].bytes, case.graph.types[output].bytes)
        last = apart[read] - lag
        for start in range(last - largest - 4, last + 1):
            got = [made.run({**apart, written: start}, each) for each in inputs]
            assert got == expected, start - last
        assert [made.run({**apart, written: last + 1}, each) for each in inputs] != expected
