"""ONNX Einsum: transposes around sums and products of matrices, two tensors at a time."""

import string
from collections.abc import Sequence
from dataclasses import replace
from math import prod

from edgec.ir import GraphBuilder, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.transpose import Transpose
from edgec.ops.reductions.sum import Sum
from edgec.ops.registry import IMPORTERS, Format, SourceNode, importer

_SPARE = string.ascii_uppercase + string.ascii_lowercase  # letters for what ... stands for
_HELP = "write it as MatMul with a constant, or as nn.Linear"


@importer(Format.ONNX, "Einsum")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    left, arrow, result = node.text("equation").replace(" ", "").partition("->")
    terms = left.split(",")
    letters = left.replace(",", "").replace(".", "")
    if not arrow:
        once = sorted(each for each in set(letters) if letters.count(each) == 1)
        result = ("..." if "..." in left else "") + "".join(once)
    terms, result = _without_dots(node, g, terms, result)
    _check(node, g, terms, result)
    plain, x = replace(node, attrs={}), list(node.present_inputs())
    while len(terms) > 2:  # noqa: PLR2004 - the first two become one
        kept = _ordered(terms[0] + terms[1], "".join(terms[2:]) + result)
        part = plain.part(suffix=f"of_{len(terms)}")
        x[:2] = _of_two(part, g, x[:2], terms[:2], kept)
        terms[:2] = [kept]
    return _of_two(plain, g, x, terms, result)


def _ordered(letters: str, wanted: str) -> str:
    """Return the letters that are wanted, each once."""
    return "".join(each for each in dict.fromkeys(letters) if each in wanted)


def _without_dots(
    node: SourceNode, g: GraphBuilder, terms: Sequence[str], result: str
) -> tuple[list[str], str]:
    """Give the axes that ... stands for letters of their own, counted from the last."""
    shapes = [g.type(value).shape for value in node.present_inputs()]
    free = [each for each in _SPARE if each not in "".join(terms)]
    pairs = zip(terms, shapes, strict=False)
    counts = [len(shape) - len(term) + 3 for term, shape in pairs if "..." in term]
    if not counts or max(counts) > len(free):
        return list(terms), result
    names = "".join(free[: max(counts)])
    tails = iter(names[len(names) - max(0, count) :] for count in counts)
    spelled = [term.replace("...", next(tails)) if "..." in term else term for term in terms]
    return spelled, result.replace("...", names)


def _of_two(
    plain: SourceNode, g: GraphBuilder, x: list[ValueName], terms: list[str], result: str
) -> Sequence[ValueName]:
    x, terms = list(x), list(terms)
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
        if repeated or len(term) != len(shape):
            raise node.reject(f"equation {node.text('equation')!r}", help=_HELP)
        for letter, extent in zip(term, shape, strict=True):
            if extents.setdefault(letter, extent) != extent:
                both = (extents[letter], extent)
                message = f"axis {letter!r} has {both[0]} and {both[1]} elements"
                if 1 in both:  # onnxruntime repeats it
                    raise node.reject(message, help="repeat the axis of 1 with Expand before it")
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
    if term == wanted:
        return add_or_fold(node, g, Reshape(shape=g.type(x).shape), [x])
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
