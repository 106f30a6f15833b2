"""Calls of CMSIS-NN's functions, made for the version that is linked.

What a function takes differs between versions: parameters were added (``upscale_dims``) and changed
their types (the bias of int16 layers). So arguments go by the names that the library's own header
gives them; what we do not know makes no offer.
"""

from collections.abc import Mapping

from edgec.backends.cmsis_nn.source import CmsisNn
from edgec.backends.offer import NotOfferedError, OfferContext
from edgec.program import Argument, Null

_ABSENT = frozenset({"upscale_dims"})
"""Parameters of later versions for what only other layers do: the null pointer turns it off."""


def linked(ctx: OfferContext) -> CmsisNn:
    """Return the library of the target; no offer is made where there is none."""
    library = ctx.target.library(CmsisNn)
    if library is None:
        message = "CMSIS-NN is linked"
        raise NotOfferedError(message)
    return library


def has(ctx: OfferContext, function: str) -> bool:
    """Tell whether the linked version has a function."""
    return linked(ctx).parameters(function) is not None


def is_pinned(ctx: OfferContext) -> bool:
    """Tell whether the linked copy is the one that our tests know every kernel of."""
    return linked(ctx).is_pinned


def named(
    ctx: OfferContext, function: str, values: Mapping[str, Argument], types: Mapping[str, str]
) -> list[Argument]:
    """Return the arguments of a function in the order that the linked version wants.

    ``types`` are those that parameters must have, for what versions disagree about.
    """
    library = linked(ctx)
    parameters = library.parameters(function)
    if parameters is None:
        message = f"CMSIS-NN {library.revision} has {function}"
        raise NotOfferedError(message)
    known = {**values, **{each: Null() for each in _ABSENT}}
    unknown = [each for each in parameters if each not in known]
    missing = [each for each in values if each not in parameters]
    if unknown or missing:
        shown = ", ".join(unknown or missing)
        message = f"{function} of CMSIS-NN {library.revision} takes what edgec knows, not {shown}"
        raise NotOfferedError(message)
    for name, kind in types.items():
        if parameters[name] != kind:
            message = (
                f"{name} of {function} is {kind} (in CMSIS-NN {library.revision}: "
                f"{parameters[name]})"
            )
            raise NotOfferedError(message)
    return [known[each] for each in parameters]


def positional(ctx: OfferContext, function: str, values: list[Argument]) -> list[Argument]:
    """Return the arguments of a function whose parameters have stayed; their number is checked."""
    library = linked(ctx)
    parameters = library.parameters(function)
    if parameters is None or len(parameters) != len(values):
        message = f"CMSIS-NN {library.revision} has {function} with {len(values)} parameters"
        raise NotOfferedError(message)
    return values
