"""What CMSIS-NN's elementwise functions demand."""

from edgec.backends.request import Request


def equal_shapes(request: Request) -> bool:
    """Both operands have the shape of the output (no broadcasting)."""
    shape = request.signature.output.shape
    return all(kind.shape == shape for kind in request.signature.inputs)
