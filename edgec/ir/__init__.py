"""The tensor-level representation: immutable graphs of typed values. Import IR names from here."""

from edgec.ir.builder import GraphBuilder
from edgec.ir.evaluate import evaluate, evaluate_all, evaluate_runs
from edgec.ir.graph import FixedOutput, Graph, Node, Op, Signature, State, ValueName
from edgec.ir.names import Names
from edgec.ir.room import LARGEST_VALUE, Room, TooLargeError
from edgec.ir.types import Array, Door, DType, QParams, QuantizationError, TensorType
from edgec.ir.verify import InvalidGraphError, verify

__all__ = [
    "LARGEST_VALUE",
    "Array",
    "DType",
    "Door",
    "FixedOutput",
    "Graph",
    "GraphBuilder",
    "InvalidGraphError",
    "Names",
    "Node",
    "Op",
    "QParams",
    "QuantizationError",
    "Room",
    "Signature",
    "State",
    "TensorType",
    "TooLargeError",
    "ValueName",
    "evaluate",
    "evaluate_all",
    "evaluate_runs",
    "verify",
]
