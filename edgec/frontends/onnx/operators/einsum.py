"""ONNX Einsum of one or two tensors: transposes around a sum or a product of matrices."""

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from edgec.ir import GraphBuilder, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.transpose import Transpose
from edgec.ops.reductions.sum import Sum
from edgec.ops.registry import IMPORTERS, Format, SourceNode, importer

_OPERANDS = 2  # at most
_HELP = "write it as MatMul with a constant, or as nn.Linear"


@importer(Format.ONNX, "Einsum")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    left, arrow, result = node.text("equation").replace(" ", "").partition("->")
    terms = left.split(",")
    letters = left.replace(",", "")
    if not arrow:
        result = "".join(sorted(each for each in set(letters) if letters.count(each) == 1))
    _check(node, g, terms, result)
    plain, x = replace(node, attrs={}), list(node.present_inputs())
    for i, term in enumerate(terms):
        others = result + "".join(terms[:i] + terms[i + 1 :])
        x[i], terms[i] = _summed(plain.part(suffix=f"sum_{i}"), g, x[i], term, others)
    if len(terms) == 1:
        return _arranged(plain, g, x[0], terms[0], result)
    return _product(plain, g, x, terms, result)


def _check(node: SourceNode, g: GraphBuilder, terms: Sequence[str], result: str) -> None:
    shapes = [g.type(value).shape for value in node.present_inputs()]
    extents: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=False):
        repeated = len(set(term)) < len(term) or not term.isalpha()
        if repeated or len(term) != len(shape) or len(terms) > _OPERANDS:
            raise node.reject(f"equation {node.text('equation')!r}", help=_HELP)
        for letter, extent in zip(term, shape, strict=True):
            if extents.setdefault(letter, extent) != extent:
                message = f"axis {letter!r} has {extents[letter]} and {extent} elements"
                raise node.reject(message, code="malformed-model")
    if len(terms) != len(shapes) or not set(result) <= extents.keys():
        message = f"equation {node.text('equation')!r} for {len(shapes)} tensors"
        raise node.reject(message, code="malformed-model")


def _summed(
    node: SourceNode, g: GraphBuilder, x: ValueName, term: str, others: str
) -> tuple[ValueName, str]:
    """Sum over the axes that nothing else has; return what is left."""
    axes = tuple(i for i, letter in enumerate(term) if letter not in others)
    if axes:
        (x,) = add_or_fold(node, g, Sum(axes=axes), [x])
    return x, "".join(letter for letter in term if letter in others)


def _arranged(
    node: SourceNode, g: GraphBuilder, x: ValueName, term: str, wanted: str
) -> Sequence[ValueName]:
    return add_or_fold(node, g, Transpose(perm=tuple(map(term.index, wanted))), [x])


def _product(
    node: SourceNode, g: GraphBuilder, x: Sequence[ValueName], terms: Sequence[str], result: str
) -> Sequence[ValueName]:
    """Bring both operands to [batch, rows, columns], multiply, and bring the result in order."""
    a, b = terms
    both = [letter for letter in a if letter in b]
    batch = "".join(letter for letter in both if letter in result)
    inner = "".join(letter for letter in both if letter not in result)
    rows = "".join(letter for letter in a if letter not in b)
    columns = "".join(letter for letter in b if letter not in a)
    extents = {
        letter: extent
        for value, term in zip(x, terms, strict=True)
        for letter, extent in zip(term, g.type(value).shape, strict=True)
    }
    operands: list[ValueName] = []
    for i, groups in enumerate(((batch, rows, inner), (batch, inner, columns))):
        part = node.part(suffix=f"operand_{i}")
        (turned,) = _arranged(part.part(suffix="turned"), g, x[i], terms[i], "".join(groups))
        shape = [prod(extents[letter] for letter in group) for group in groups]
        kept = Reshape(shape=tuple(shape if batch else shape[1:]))
        operands += add_or_fold(part, g, kept, [turned])
    matmul = IMPORTERS[Format.ONNX, "MatMul"]
    product = matmul(replace(node.part(suffix="product"), inputs=tuple(operands)), g)
    made = batch + rows + columns
    spread = Reshape(shape=tuple(extents[letter] for letter in made))
    (y,) = add_or_fold(node.part(suffix="spread"), g, spread, list(product))
    return _arranged(node, g, y, made, result)
