"""States of TFLite's recurrent operators: variable tensors, which an operator reads and writes."""

from edgec.ir import GraphBuilder, Node, Signature, ValueName
from edgec.ops.registry import TfliteEmitter


def keep_state(g: GraphBuilder, state: ValueName, after: ValueName) -> None:
    """Say what a variable holds behind the operator, and at the next run where it is not filled."""
    if g.is_input(state):
        g.keep(state, after)
    else:
        g.overwrite(state, after)


def emit_variable(
    node: Node, signature: Signature, out: TfliteEmitter, place: int, after: int
) -> ValueName:
    """Return the variable for the state that is input ``place`` and becomes output ``after``.

    What is no state of the graph fills the variable at every run.
    """
    state = node.inputs[place]
    if out.keeps(state, node.outputs[after]):
        out.variable(state)
        return state
    variable = out.temporary(f"{node.name}/state", signature.outputs[after], variable=True)
    _copy(out, state, variable)
    return variable


def emit_result(out: TfliteEmitter, variable: ValueName, after: ValueName) -> None:
    """Copy what an operator leaves in a variable, where anything needs it."""
    if out.is_read(after):
        _copy(out, variable, after)


def _copy(out: TfliteEmitter, source: ValueName, target: ValueName) -> None:
    """Copy by an operator that interpreters neither fold nor run in place."""
    out.emit("MINIMUM", [source, source], [target], "MaximumMinimumOptions")
