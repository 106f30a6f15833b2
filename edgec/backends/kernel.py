"""Kernels: which there are, what they demand, and the offers they make."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from edgec.backends.cost import estimated_cycles
from edgec.backends.offer import (
    Lowering,
    NotOfferedError,
    Offer,
    OfferContext,
    Rejection,
    make_offer,
)
from edgec.backends.request import Request
from edgec.ir import Op, QuantizationError

__all__ = ["Kernel", "NotOfferedError", "OfferContext", "kernel"]

Constraint = Callable[[Request], bool]
"""True where the kernel can do it. The docstring is the sentence users read where it cannot."""

Rows = Callable[[Request], int]
"""In how many parts a node can be run, one after the other."""


def one_row(request: Request) -> int:
    """Return 1: the node is run as a whole."""
    return 1


@dataclass(frozen=True, slots=True)
class Kernel:
    """A way to run one operator: constraints, and the function that makes the calls.

    ``rows`` says in how many parts it can be run.
    """

    backend: str
    op: type[Op]
    requires: tuple[Constraint, ...]
    lower: Lowering
    rows: Rows = one_row

    @property
    def name(self) -> str:
        return self.lower.__name__

    def offer(self, request: Request) -> Offer | Rejection:
        """Return the kernel's offer, or the sentences of the constraints that are not met."""
        try:
            reasons = tuple(sentence(each) for each in self.requires if not each(request))
            if reasons:
                return Rejection(self.name, self.backend, reasons)
            cost = partial(estimated_cycles, request, self.backend)
            made = make_offer(
                self.name, self.backend, request, self.lower, self.rows(request), cost
            )
        except (NotOfferedError, QuantizationError) as error:
            return Rejection(self.name, self.backend, (str(error),))
        return made


def sentence(constraint: Constraint) -> str:
    """Return the user-facing sentence of a constraint: the first line of its docstring."""
    return (constraint.__doc__ or constraint.__name__).strip().splitlines()[0].rstrip(".")


KERNELS: dict[tuple[str, type[Op]], list[Kernel]] = {}


def kernel(
    backend: str, op: type[Op], *, requires: Sequence[Constraint] = (), rows: Rows = one_row
) -> Callable[[Lowering], Lowering]:
    """Register ``function(context) -> Call`` (or several) as a kernel of ``backend`` for ``op``."""

    def register(function: Lowering) -> Lowering:
        made = Kernel(backend, op, tuple(requires), function, rows)
        KERNELS.setdefault((backend, op), []).append(made)
        return function

    return register


def kernels_for(backend: str, op: type[Op]) -> list[Kernel]:
    """Return the kernels of a backend for an operator, its own before those of classes above it."""
    return [each for base in op.__mro__ for each in KERNELS.get((backend, base), [])]


def registered_offers(backend: str, request: Request) -> list[Offer | Rejection]:
    """Return what each registered kernel of a backend says to a request, in its order."""
    return [each.offer(request) for each in kernels_for(backend, type(request.op))]
