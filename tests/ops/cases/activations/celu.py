"""Celu: all inputs, several alphas."""

from ops.unary import rescaling_cases

from edgec.ops.activations.celu import Celu

TARGETS = [(0.05, 0), (0.0235, -100), (0.31, 17)]
OPS = {"one": Celu(alpha=1.0), "third": Celu(alpha=0.3), "two": Celu(alpha=2.0)}

CASES = [case for name, op in OPS.items() for case in rescaling_cases(f"celu_{name}", op, TARGETS)]
