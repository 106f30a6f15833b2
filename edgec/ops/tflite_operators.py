"""What TFLite's own kernels demand of an operator: stated in the file of the operator, used by all.

The importer checks it before it reads an operator, the exporter asks for the version. Interpreters
refuse a version they do not know, so a file asks for the lowest that covers what is in use.
Source: TensorFlow's registration tables and op_version as of 2.14.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from edgec.ir import TensorType

Asked = Callable[[Sequence[TensorType], Mapping[str, Any]], bool]
"""Whether the types that an operator reads, or its options, ask for a version."""
_RANK_4 = 4


class Types(Enum):
    """Which types the inputs of an operator may have."""

    COMPUTED = "float32, int8 or int16"
    ANY = "any: elements are moved or converted"
    OWN = "what the importer checks itself"


@dataclass(frozen=True, slots=True)
class Weights:
    """Of a layer: which axis of the weights has scales, and where x, weights and bias are."""

    channel_axis: int
    order: tuple[int, int, int] = (0, 1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class TfliteOperator:
    """What TFLite says of one operator; what is left out is as it is with most.

    Versions are those for int8 and int16 (1 for float32), raised by what ``since`` finds asked for.
    """

    int8: int = 1
    int16: int = 1
    since: tuple[tuple[int, Asked], ...] = ()
    types: Types = Types.COMPUTED
    alike: bool = False  # all inputs have the type of the first
    weights: Weights | None = None
    integers: str = ""  # "inputs" or "outputs": where a conversion has integers, also uint8
    has_states: bool = False  # reads variables
    own_activation: bool = False  # the importer checks it
    options: str = ""  # the table, where it is not called like the operator


TFLITE_OPERATORS: dict[str, TfliteOperator] = {}
_USUAL = TfliteOperator()


def describe_tflite(*codes: str, says: TfliteOperator) -> None:
    """State what TFLite says of operators, in the file that imports or writes them."""
    for code in codes:
        if TFLITE_OPERATORS.setdefault(code, says) != says:
            message = f"two descriptions of TFLite's {code}"
            raise ValueError(message)


def tflite_operator(code: str) -> TfliteOperator:
    """Return what is stated of an operator, once all operators are loaded."""
    return TFLITE_OPERATORS.get(code, _USUAL)


def has_option(*names: str) -> Asked:
    """Return a test whether one of the options is on."""
    return lambda _, options: any(options.get(name) for name in names)


def reads(count: int) -> Asked:
    """Return a test for the number of inputs."""
    return lambda inputs, _: len(inputs) == count


def beyond_rank_4(inputs: Sequence[TensorType], _: Mapping[str, Any]) -> bool:
    return inputs[0].rank > _RANK_4
