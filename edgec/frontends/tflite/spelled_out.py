"""What edgec's own exporter spells out because TFLite has no operator for it: read as one.

So a file that edgec wrote can be built again, to the same bytes.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from edgec.frontends.tflite.reader import FileModel, FileOperator, FileTensor
from edgec.ir import DType

Pattern = tuple["str | int | Pattern", ...]
"""An operator and its inputs: another pattern, a constant number, or the name of any tensor."""
Found = Mapping[str, FileTensor]

_PLACE: Pattern = ("ADD", ("CAST", "x"), 32768)
_INDEX: Pattern = ("FLOOR_DIV", _PLACE, 128)
_RISE: Pattern = ("MUL", ("GATHER", "slopes", _INDEX), ("FLOOR_MOD", _PLACE, 128))
_SUM: Pattern = ("ADD", ("GATHER", "starts", _INDEX), _RISE)

# Normalization: edgec.exporters.operators.normalization writes it.
_X: Pattern = ("RESHAPE", ("CAST", "x"), "runs")
_TOTAL: Pattern = ("SUM", _X, "axes")
_SQUARES: Pattern = ("SUM", ("MUL", _X, _X), "the same axes")
_SPREAD: Pattern = ("SUB", ("MUL", _SQUARES, "count"), ("MUL", _TOTAL, _TOTAL))
_VARIANCE: Pattern = ("ADD", ("MUL", _SPREAD, "fine"), "epsilon")
_ROOT: Pattern = ("MUL", ("RSQRT", ("CAST", _VARIANCE)), "unit")
_INVERSE: Pattern = ("CAST", ("MINIMUM", _ROOT, "largest root"))
_NORMAL: Pattern = ("MUL", ("SUB", ("MUL", _X, "count"), _TOTAL), _INVERSE)
_SCALED: Pattern = ("ADD", ("MUL", _NORMAL, "gains"), "offsets")
_LIMITED: Pattern = ("MINIMUM", ("MAXIMUM", _SCALED, "lowest"), "highest")
_WHOLE: Pattern = ("CAST", ("SUB", _LIMITED, ("FLOOR_MOD", _LIMITED, "steps")))
_NORMALIZED: Pattern = ("CAST", ("RESHAPE", ("MUL", _WHOLE, "fraction"), "shape"))


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern, the operator that stands for it, and what its tensors have to be.

    Without ``stand_in`` the last operator stays, on other inputs.
    """

    pattern: Pattern
    fits: Callable[[Found], bool]
    inputs: tuple[str, ...]
    stand_in: str = ""


def _is_table(found: Found) -> bool:
    return _is_constant(found["table"], (256,), DType.INT8) and found["x"].dtype is DType.INT8


def _are_samples(found: Found) -> bool:
    both = all(_is_constant(found[each], (512,), DType.INT32) for each in ("starts", "slopes"))
    return both and found["x"].dtype is DType.INT16


def _is_constant(tensor: FileTensor, shape: tuple[int, ...], dtype: DType) -> bool:
    return (tensor.shape, tensor.dtype) == (shape, dtype) and tensor.data is not None


def _is_int16(found: Found) -> bool:
    return found["x"].dtype is DType.INT16


def _is_normalization(found: Found) -> bool:
    """Tell whether all is constant but the input, and the rest what it is in every such file."""
    fraction, steps = found["fraction"].data, found["steps"].data
    if fraction is None or steps is None or fraction.size != 1 or steps.size != 1:
        return False
    axes, same = (
        [] if 0 in tensor.shape or tensor.data is None else tensor.data.tolist()
        for tensor in (found["axes"], found["the same axes"])
    )
    constant = all(
        tensor.data is not None or 0 in tensor.shape  # of no axes there are no bytes
        for name, tensor in found.items()
        if name != "x"
    )
    is_quantized = found["x"].dtype in {DType.INT8, DType.INT16}
    return constant and is_quantized and axes == same and fraction.item() * steps.item() == 1.0


RULES = (
    Rule(
        ("GATHER", "table", ("ADD", ("CAST", "x"), 128)), _is_table, ("x", "table"), "EDGEC_TABLE"
    ),
    Rule(
        ("CAST", ("FLOOR_DIV", _SUM, 128)),
        _are_samples,
        ("x", "starts", "slopes"),
        "EDGEC_SAMPLES",
    ),
    Rule(
        _NORMALIZED,
        _is_normalization,
        ("x", "runs", "axes", "count", "fine", "epsilon", "unit", "gains", "offsets", "steps"),
        "EDGEC_NORMALIZATION",
    ),
    Rule(("ARG_MAX", ("CAST", "x"), "axis"), _is_int16, ("x", "axis")),
    Rule(("ARG_MIN", ("CAST", "x"), "axis"), _is_int16, ("x", "axis")),
)


def with_tables(model: FileModel) -> FileModel:
    """Return the model with each match of a rule as one operator; other operators stay."""
    matches = _Matches(model)
    for operator in model.operators:
        matches.add_ending_in(operator)
    if not matches.joined:
        return model
    kept = (each for each in model.operators if id(each) not in matches.gone)
    return replace(model, operators=tuple(matches.joined.get(id(each), each) for each in kept))


@dataclass(eq=False)
class _Match:
    """One attempt: the operators of a pattern, and the numbers of the tensors it names."""

    operators: list[FileOperator] = field(default_factory=list)
    named: dict[str, int] = field(default_factory=dict)


class _Matches:
    """Matches in a model; what any other operator reads as well is inside of none."""

    def __init__(self, model: FileModel) -> None:
        self._model = model
        self._makers = {out: each for each in model.operators for out in each.outputs}
        self._reads = Counter(number for each in model.operators for number in each.inputs)
        self._reads.update(model.outputs)
        self.joined: dict[int, FileOperator] = {}
        self.gone: set[int] = set()

    def add_ending_in(self, last: FileOperator) -> None:
        for rule in RULES:
            match = _Match()
            if self._operator_fits(last, rule.pattern, match) and self._is_whole(match, rule):
                inputs = tuple(match.named[name] for name in rule.inputs)
                attrs = {} if rule.stand_in else last.attrs
                op, version = (rule.stand_in, 1) if rule.stand_in else (last.op, last.version)
                joined = FileOperator(op, version, inputs, last.outputs, attrs)
                self.joined[id(last)] = joined
                self.gone.update(id(each) for each in match.operators if each is not last)

    def _is_whole(self, match: _Match, rule: Rule) -> bool:
        """Tell whether nothing else reads what is inside, and the named tensors fit."""
        operators = {id(each): each for each in match.operators}.values()
        reads = Counter(number for each in operators for number in each.inputs)
        inner = [out for each in operators for out in each.outputs]
        last = match.operators[0].outputs
        private = all(self._reads[out] == reads[out] for out in inner if out not in last)
        return private and rule.fits({k: self._model.tensors[n] for k, n in match.named.items()})

    def _operator_fits(self, operator: FileOperator, pattern: Pattern, match: _Match) -> bool:
        name, *inputs = pattern
        if operator.op != name or len(operator.inputs) != len(inputs) or not _is_plain(operator):
            return False
        match.operators.append(operator)
        pairs = zip(operator.inputs, inputs, strict=True)
        return all(n is not None and self._input_fits(n, each, match) for n, each in pairs)

    def _input_fits(self, number: int, wanted: "str | int | Pattern", match: _Match) -> bool:
        if isinstance(wanted, str):
            return match.named.setdefault(wanted, number) == number
        if isinstance(wanted, int):
            data = self._model.tensors[number].data
            return data is not None and data.size == 1 and int(data.flat[0]) == wanted
        maker = self._makers.get(number)
        return maker is not None and self._operator_fits(maker, wanted, match)


def _is_plain(operator: FileOperator) -> bool:
    """Tell whether an operator has no options that change what it does."""
    axes: Sequence[object] = (operator.attrs.get("axis", 0), operator.attrs.get("batch_dims", 0))
    activation = operator.attrs.get("fused_activation_function", "NONE")
    return tuple(axes) == (0, 0) and activation == "NONE" and not operator.oddity
