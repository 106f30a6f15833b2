"""Power: all inputs, whole, broken and negative exponents."""

from ops.unary import rescaling_cases

from edgec.ops.functions.pow import Pow

TARGETS = [(0.05, 0), (0.0235, -100), (0.31, 17)]
OPS = {
    "square": Pow(exponent=2.0),
    "cube": Pow(exponent=3.0),
    "half": Pow(exponent=0.5),
    "minus": Pow(exponent=-1.0),
}

CASES = [case for name, op in OPS.items() for case in rescaling_cases(f"pow_{name}", op, TARGETS)]
