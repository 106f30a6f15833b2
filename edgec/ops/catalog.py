"""Which operators there are: every class of edgec.ops that has a name."""

import sys

from edgec.ops import registry
from edgec.ops.operator import Operator


def operators() -> list[type[Operator]]:
    """Return every operator class of edgec.ops, sorted by name."""
    registry.load_all()
    base: type[Operator] = Operator  # type: ignore[type-abstract]
    found = [each for each in _subclasses(base) if each.__module__.startswith("edgec.ops.")]
    return sorted(found, key=lambda each: each.name)


def _subclasses(base: type[Operator]) -> list[type[Operator]]:
    """Return the named classes below ``base``; slots make dataclasses leave drafts behind."""
    found: list[type[Operator]] = []
    for each in base.__subclasses__():
        module = sys.modules[each.__module__]
        if getattr(module, each.__name__, None) is each and hasattr(each, "name"):
            found.append(each)
        found += _subclasses(each)
    return found
