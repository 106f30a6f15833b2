"""One operator case: a small graph and its inputs, run on every runtime (test_runtimes.py)."""

import importlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgec.driver.tolerance import tolerance_of
from edgec.ir import Array, DType, Graph, GraphBuilder, Op, QParams, TensorType, ValueName


@dataclass(frozen=True)
class Case:
    """A graph with one node under test.

    ``samples`` random full-range inputs are drawn, seeded by the name; two more hold only the
    smallest and only the largest value, so that every clamp saturates once.
    """

    name: str
    graph: Graph
    samples: int = 3
    oracle: bool = True  # False where TFLite cannot express the case; say why beside it
    close: bool = False  # floats by functions of the C library: within what `edgec test` allows

    def agrees(self, expected: Array, actual: Array) -> bool:
        """Tell whether an output is what it has to be: the same bytes, or near enough."""
        if not self.close:
            return expected.tobytes() == actual.tobytes()
        return not tolerance_of(DType.of(expected)).differs(expected, actual).any()

    def inputs(self) -> list[dict[ValueName, Array]]:
        rng = np.random.default_rng(zlib.crc32(self.name.encode()))
        kinds = {name: self.graph.types[name] for name in self.graph.inputs}
        drawn = [{n: random_array(rng, k) for n, k in kinds.items()} for _ in range(self.samples)]
        return drawn + [
            {n: extreme(k, largest=top) for n, k in kinds.items()} for top in (False, True)
        ]

    def __str__(self) -> str:
        return self.name


def random_array(rng: np.random.Generator, kind: TensorType) -> Array:
    """Draw from the whole range of an integer type, from a normal distribution for floats."""
    if kind.dtype is DType.FLOAT32:
        return (rng.standard_normal(kind.shape) * 3).astype(np.float32)
    if kind.dtype is DType.BOOL:
        return rng.integers(0, 2, kind.shape).astype(np.bool_)
    limits = np.iinfo(kind.dtype.numpy)
    return rng.integers(limits.min, limits.max + 1, size=kind.shape, dtype=kind.dtype.numpy)


def extreme(kind: TensorType, *, largest: bool) -> Array:
    """Fill a tensor with the largest or smallest value of its type (floats: +-1000)."""
    if kind.dtype is DType.FLOAT32:
        return np.full(kind.shape, 1000.0 if largest else -1000.0, np.float32)
    if kind.dtype is DType.BOOL:
        return np.full(kind.shape, largest)
    limits = np.iinfo(kind.dtype.numpy)
    return np.full(kind.shape, limits.max if largest else limits.min, kind.dtype.numpy)


def int8(shape: Sequence[int], scale: float, zero_point: int = 0) -> TensorType:
    """Return the type of a quantized activation."""
    return TensorType(tuple(shape), DType.INT8, QParams.per_tensor(scale, zero_point))


def int16(shape: Sequence[int], scale: float) -> TensorType:
    """Return the type of an activation of the 16x8 scheme."""
    return TensorType(tuple(shape), DType.INT16, QParams.per_tensor(scale, 0))


@dataclass(frozen=True)
class Constant:
    """A constant operand of a case."""

    data: Array
    qparams: QParams | None = None


Operand = TensorType | Constant
"""What a node under test reads: an input, or a constant."""


def op_case(
    name: str,
    op: Op,
    inputs: Sequence[Operand],
    outputs: Sequence[QParams | None] = (),
    *,
    samples: int = 3,
    oracle: bool = True,
    close: bool = False,
) -> Case:
    """Return a case of one node; ``outputs`` are the quantizations of its results."""
    g = GraphBuilder(name)
    values = [
        g.constant(f"c{index}", each.data, each.qparams)
        if isinstance(each, Constant)
        else g.input(f"x{index}", each)
        for index, each in enumerate(inputs)
    ]
    results = g.add(op, values, name="node", qparams=tuple(outputs))
    return Case(name, g.build(results), samples, oracle, close)


def case_modules() -> list[str]:
    """Return the modules of cases, as ``family.operator``, sorted by operator."""
    folders = importlib.import_module("ops.cases").__path__  # more than one where some are added
    once = dict.fromkeys(folders)  # a worker of pytest-xdist has tests/ on its path twice
    files = [file for folder in once for file in Path(folder).glob("*/*.py")]
    return [f"{each.parent.name}.{each.stem}" for each in sorted(files, key=lambda file: file.stem)]


def cases_of(module: str) -> list[Case]:
    """Return the cases of a module that :func:`case_modules` names."""
    cases: list[Case] = importlib.import_module(f"ops.cases.{module}").CASES
    return cases
