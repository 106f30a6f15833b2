"""ONNX Attention (opset 23): what PyTorch's dynamo exporter writes for its own of that name.

Products, a mask and a softmax, as each is written alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, ValueName
from edgec.ops.activations.softmax import Softmax
from edgec.ops.activations.tanh import Tanh
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.mul import Mul
from edgec.ops.layers.batch_matmul import BatchMatMul
from edgec.ops.movement.concatenation import Concatenation
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.transpose import Transpose
from edgec.ops.numbers.select import Select
from edgec.ops.operator import Operator
from edgec.ops.registry import IMPORTERS, Format, SourceNode, importer

_HEADS_APART = 4  # axes: batch, head, place, feature
_MASK, _PAST, _LENGTHS = 3, 4, 6  # inputs


@dataclass(frozen=True)
class _Steps:
    """Adds operators that stand for one node."""

    node: SourceNode
    g: GraphBuilder

    def add(self, op: Operator, what: str, *inputs: ValueName) -> ValueName:
        return add_or_fold(self.node.part(suffix=what), self.g, op, list(inputs))[0]

    def reshaped(self, x: ValueName, what: str, *shape: int) -> ValueName:
        return self.add(Reshape(shape=shape), what, x)

    def numbers(self, what: str, array: Array) -> ValueName:
        return self.g.constant(f"{self.node.name}/{what}", array)

    def shape(self, x: ValueName) -> tuple[int, ...]:
        return self.g.type(x).shape

    def gathered(self, x: ValueName, what: str, places: Array, axis: int) -> ValueName:
        part = self.node.part(suffix=what)
        inputs = (x, self.numbers(what, places))
        gather = replace(part, op="Gather", inputs=inputs, attrs={"axis": axis})
        return IMPORTERS[Format.ONNX, "Gather"](gather, self.g)[0]


@importer(Format.ONNX, "Attention")
def _attention(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """softmax(scale Q K' + mask) V; queries that share keys find them repeated."""
    _check(node)
    steps = _Steps(node, g)
    joined = g.type(node.input(0)).rank < _HEADS_APART
    q, k, v = _heads(steps)
    present = k, v = _after_the_past(steps, k, v)
    keys, values = (_for_all_heads(steps, each, q) for each in (k, v))
    scale = node.number("scale", default=float(1 / np.sqrt(steps.shape(q)[-1])))
    turned = steps.add(Transpose(perm=(0, 1, 3, 2)), "turned", keys)
    root = steps.numbers("scale", np.array(scale, np.float32))
    scores = steps.add(BatchMatMul(), "product", steps.add(Mul(), "scaled", q, root), turned)
    scores = _masked(steps, _capped(steps, scores))
    shares = steps.add(Softmax(), "softmax", scores)
    result = steps.add(BatchMatMul(), "joined" if joined else "output", shares, values)
    if joined:
        batch, heads, places, features = steps.shape(result)
        result = steps.add(Transpose(perm=(0, 2, 1, 3)), "places", result)
        result = steps.reshaped(result, "output", batch, places, heads * features)
    return [result, *present][: len(node.outputs)]


def _check(node: SourceNode) -> None:
    node.ignore("softmax_precision", "qk_matmul_output_mode")
    if len(node.inputs) > _LENGTHS and node.inputs[_LENGTHS] is not None:
        raise node.reject("lengths of keys (nonpad_kv_seqlen)", help="give a mask in their place")
    most = 3  # what comes next are the scores
    if any(node.outputs[most:]):
        raise node.reject("the scores as an output", help="leave output 3 out")


def _heads(steps: _Steps) -> list[ValueName]:
    """Return queries, keys and values as [batch, head, place, feature]."""
    node, found = steps.node, []
    counts = [node.integer(f"{each}_num_heads", default=0) for each in ("q", "kv", "kv")]
    for index, count in enumerate(counts):
        x, name = node.input(index), "qkv"[index]
        shape = steps.shape(x)
        if len(shape) != _HEADS_APART:
            if len(shape) != _HEADS_APART - 1 or count < 1 or shape[-1] % count:
                raise node.reject(f"{count} heads of {shape}")
            x = steps.reshaped(x, f"{name}/heads", *shape[:2], count, shape[2] // count)
            x = steps.add(Transpose(perm=(0, 2, 1, 3)), name, x)
        found.append(x)
    return found


def _after_the_past(steps: _Steps, k: ValueName, v: ValueName) -> tuple[ValueName, ValueName]:
    """Return keys and values behind those of earlier runs."""
    inputs = (*steps.node.inputs, *(None,) * _LENGTHS)
    before = inputs[_PAST], inputs[_PAST + 1]
    k, v = (
        x if past is None else steps.add(Concatenation(axis=2), f"{name}/all", past, x)
        for past, x, name in zip(before, (k, v), "kv", strict=True)
    )
    return k, v


def _for_all_heads(steps: _Steps, x: ValueName, q: ValueName) -> ValueName:
    """Repeat keys or values that several heads of queries share."""
    wanted, heads = steps.shape(q)[1], steps.shape(x)[1]
    if wanted == heads:
        return x
    if wanted % heads:
        raise steps.node.reject(f"{wanted} heads of queries for {heads} of keys")
    return steps.gathered(x, f"{x}/repeated", np.arange(wanted) // (wanted // heads), 1)


def _capped(steps: _Steps, scores: ValueName) -> ValueName:
    cap = steps.node.number("softcap", default=0.0)
    if cap == 0:
        return scores
    inverse, back = (np.array(each, np.float32) for each in (1 / cap, cap))
    scores = steps.add(Mul(), "capped/in", scores, steps.numbers("inverse", inverse))
    scores = steps.add(Tanh(), "capped/tanh", scores)
    return steps.add(Mul(), "capped", scores, steps.numbers("cap", back))


def _masked(steps: _Steps, scores: ValueName) -> ValueName:
    node, g = steps.node, steps.g
    low = steps.numbers("low", np.array(-np.inf, np.float32))
    if node.flag("is_causal", default=False):
        queries, keys = steps.shape(scores)[-2:]
        past = (*node.inputs, *(None,) * _LENGTHS)[_PAST]
        seen = np.tri(queries, keys, 0 if past is None else steps.shape(past)[2], dtype=bool)
        scores = steps.add(Select(), "causal", steps.numbers("seen", seen), scores, low)
    mask = node.inputs[_MASK] if len(node.inputs) > _MASK else None
    if mask is None:
        return scores
    if g.type(mask).dtype is DType.BOOL:
        return steps.add(Select(), "masked", mask, scores, low)
    return steps.add(Add(), "masked", scores, mask)
