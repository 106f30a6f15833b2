"""Exponential linear unit: all inputs, several alphas."""

from ops.unary import rescaling_cases

from edgec.ops.activations.elu import Elu

TARGETS = [(0.05, 0), (0.0235, -100), (0.31, 17)]
OPS = {"one": Elu(alpha=1.0), "third": Elu(alpha=0.3), "negative": Elu(alpha=-1.5)}

CASES = [case for name, op in OPS.items() for case in rescaling_cases(f"elu_{name}", op, TARGETS)]
