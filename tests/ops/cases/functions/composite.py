"""Composite: functions of several operators, undefined and infinite ones among them."""

from ops.unary import rescaling_cases

from edgec.ops.activations.tanh import Tanh
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.mul import Mul
from edgec.ops.functions.composite import Composite, Part
from edgec.ops.functions.log import Log
from edgec.ops.functions.reciprocal import Reciprocal
from edgec.ops.operator import Activation

TARGETS = [(0.05, 0), (0.0235, -100), (0.31, 17)]
SQUARED_TANH = (Part(Mul(), (0, 0)), Part(Tanh(), (1,)))
BOUNDED_SUM = (Part(Add(activation=Activation.RELU6), (0, 0.7)), Part(Mul(), (1, 0)))
UNDEFINED = (Part(Reciprocal(), (0,)), Part(Log(), (1,)), Part(Mul(), (2, 0)))

CASES = [
    *rescaling_cases("composite_tanh", Composite(parts=SQUARED_TANH), TARGETS),
    *rescaling_cases("composite_sum", Composite(parts=BOUNDED_SUM), TARGETS),
    *rescaling_cases("composite_undefined", Composite(parts=UNDEFINED), TARGETS),
]
