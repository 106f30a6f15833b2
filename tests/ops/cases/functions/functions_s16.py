"""Functions of one int16 by a table of samples: smooth ones, jumps, poles, undefined places."""

from itertools import product

from ops.case import Case, int16, op_case
from ops.cases.functions.composite import BOUNDED_SUM, SQUARED_TANH, UNDEFINED

from edgec.ir import QParams
from edgec.ops.activations.elu import Elu
from edgec.ops.activations.gelu import Gelu
from edgec.ops.activations.hard_swish import HardSwish
from edgec.ops.activations.swish import Swish
from edgec.ops.functions.abs import Abs
from edgec.ops.functions.composite import Composite
from edgec.ops.functions.exp import Exp
from edgec.ops.functions.log import Log
from edgec.ops.functions.neg import Neg
from edgec.ops.functions.reciprocal import Reciprocal
from edgec.ops.functions.round import Round
from edgec.ops.functions.rsqrt import Rsqrt
from edgec.ops.functions.sqrt import Sqrt
from edgec.ops.functions.unary import Unary

SCALES = [(2e-4, 2e-4), (3.1e-4, 1.3e-4), (1.7e-5, 4e-3), (2e-3, 6e-4)]
FUNCTIONS: dict[str, Unary] = {
    "abs": Abs(),
    "neg": Neg(),
    "exp": Exp(),
    "log": Log(),
    "sqrt": Sqrt(),
    "rsqrt": Rsqrt(),
    "elu": Elu(alpha=1.3),
    "gelu": Gelu(),
    "swish": Swish(),
    "hard_swish": HardSwish(),
    "round": Round(),
    "reciprocal": Reciprocal(),
    "composite_tanh": Composite(parts=SQUARED_TANH),
    "composite_sum": Composite(parts=BOUNDED_SUM),
    "composite_undefined": Composite(parts=UNDEFINED),
}


def function_case(name: str, op: Unary, source: float, target: float) -> Case:
    kind = int16((1, 1500), source)
    return op_case(f"{name}_s16", op, [kind], [QParams.per_tensor(target)], samples=2)


CASES = [
    *(
        function_case(f"{name}_{i}", op, *scales)
        for (name, op), (i, scales) in product(FUNCTIONS.items(), enumerate(SCALES))
    ),
    function_case("exp_steep", Exp(), 2e-3, 0.5),
    function_case("exp_beyond_int32", Exp(), 2e-3, 1e-8),
    function_case("exp_infinite", Exp(), 0.1, 1.0),
    function_case("exp_vanishes", Exp(), 2e-4, 50.0),
]
